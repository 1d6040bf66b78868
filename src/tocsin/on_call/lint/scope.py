"""Which findings concern a team: what its key is shown. Pure."""

from collections.abc import Iterable

from tocsin.escalations.directory import Directory
from tocsin.on_call.lint.findings import Finding, ObjectType
from tocsin.on_call.lint.words import Places


def of_team(findings: Iterable[Finding], team_id: str, directory: Directory, places: Places) -> list[Finding]:
    """Those about the team, its schedules, escalations and routing rules, and about its members."""
    team = directory.teams.get(team_id)
    members = {it.user_id for it in team.members} if team else set()
    return [it for it in findings if _owner(it, members, places, team_id) == team_id]


def _owner(finding: Finding, members: set[str], places: Places, team_id: str) -> str | None:
    """The team that a finding belongs to; of people, `team_id` where they are among `members`."""
    match finding.object_type:
        case ObjectType.SCHEDULE:
            return places.schedules.get(finding.object_id)
        case ObjectType.ESCALATION:
            return places.escalations.get(finding.object_id)
        case ObjectType.ROUTING_RULE:
            owner: str = finding.facts["team"]
            return owner
        case ObjectType.TEAM:
            return finding.object_id
        case ObjectType.USER:
            return team_id if finding.object_id in members else None
        case ObjectType.FORWARDING:
            return team_id if finding.facts["from_user"] in members else None
