"""People who are meant to be told and cannot be, or by one channel alone. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from tocsin.alerts.criteria import MATCH_ALL
from tocsin.escalations.directory import Directory
from tocsin.escalations.escalation import Recipient, RecipientKind
from tocsin.escalations.snapshot import Snapshot
from tocsin.notifications.plan import ActionType, Contact, NotificationRule, Plan, by_rule
from tocsin.on_call.lint.coverage import runs_within
from tocsin.on_call.lint.findings import Code, Finding, ObjectType, Severity
from tocsin.schedules.on_call import Schedule
from tocsin.schedules.rotation import ParticipantKind

Place = tuple[ObjectType, str, str]  # what names somebody: its type, id and name


def findings(snapshot: Snapshot, start: datetime, end: datetime) -> Iterator[Finding]:
    """Of schedules and escalations that name somebody who is told nothing, and of those who are meant to be told."""
    directory = snapshot.directory
    meant: dict[str, list[Place]] = {}  # by user id
    for schedule in directory.schedules.values():
        if schedule.enabled and schedule.id not in directory.inactive:
            named = _in_schedule(schedule, start, end)
            yield from _told_nothing(directory, ObjectType.SCHEDULE, schedule.id, schedule.name, named)
            _remember(meant, directory, named, (ObjectType.SCHEDULE, schedule.id, schedule.name))
    for escalation in directory.escalations.values():
        if escalation.id not in directory.inactive:
            named = [rule.recipient for rule in escalation.in_due_order()]
            yield from _told_nothing(directory, ObjectType.ESCALATION, escalation.id, escalation.name, named)
            _remember(meant, directory, named, (ObjectType.ESCALATION, escalation.id, escalation.name))
    for team in directory.teams.values():
        _remember(meant, directory, [Recipient(RecipientKind.TEAM, team.id)], (ObjectType.TEAM, team.id, team.name))
    for user_id, places in meant.items():
        if directory.is_told(user_id):
            yield from _reachable(snapshot, user_id, tuple(places), start)


def _in_schedule(schedule: Schedule, start: datetime, end: datetime) -> list[Recipient]:
    """Whom its rotations and overrides name within the time."""
    found = [
        Recipient(RecipientKind(it.kind.value), it.id or "")
        for rotation in schedule.rotations if runs_within(rotation, start, end)
        for it in rotation.participants if it.kind is not ParticipantKind.NONE
    ]  # fmt: skip
    found += [
        Recipient(RecipientKind.USER, it.user_id) for it in schedule.overrides
        if it.user_id is not None and it.starts_at < end and it.ends_at > start
    ]  # fmt: skip
    return found


def _remember(meant: dict[str, list[Place]], directory: Directory, named: Sequence[Recipient], where: Place) -> None:
    for recipient in named:
        if recipient.kind is RecipientKind.USER:
            _add(meant, recipient.id, where)
        if recipient.kind is RecipientKind.TEAM and recipient.id in directory.teams:
            for member in directory.teams[recipient.id].members:
                _add(meant, member.user_id, where)


def _add(meant: dict[str, list[Place]], user_id: str, where: Place) -> None:
    places = meant.setdefault(user_id, [])
    if where not in places:
        places.append(where)


def _told_nothing(
    directory: Directory, kind: ObjectType, ident: str, name: str, named: Sequence[Recipient]
) -> Iterator[Finding]:
    for recipient in dict.fromkeys(named):
        reason = _why_nothing(directory, recipient)
        if reason is not None:
            facts = {"reason": reason, "kind": recipient.kind.value, "who": recipient.id}
            yield Finding(Code.TOLD_NOTHING, Severity.ERROR, kind, ident, name, facts)


def _why_nothing(directory: Directory, recipient: Recipient) -> str | None:
    """Why nobody is told by that name, ever; None where somebody may be."""
    there = {
        RecipientKind.USER: directory.people, RecipientKind.TEAM: directory.teams,
        RecipientKind.SCHEDULE: directory.schedules, RecipientKind.ESCALATION: directory.escalations,
    }  # fmt: skip
    if recipient.id not in there[recipient.kind]:
        return "deleted"
    if recipient.kind is RecipientKind.USER:
        person = directory.people[recipient.id]
        reasons = ((person.suspended, "suspended"), (person.stakeholder, "stakeholder"), (person.over_limit, "plan"))
        return next((reason for holds, reason in reasons if holds), None)
    if recipient.kind is RecipientKind.ESCALATION and recipient.id in directory.inactive:
        return "plan"
    return None


def _reachable(snapshot: Snapshot, user_id: str, where: tuple[Place, ...], at: datetime) -> Iterator[Finding]:
    contacts = [it for it in snapshot.contacts.get(user_id, ()) if it.enabled and it.verified]
    facts: dict[str, object] = {"where": where}
    if not contacts:
        yield _finding(snapshot, Code.NO_CONTACT, Severity.ERROR, user_id, facts)
        return
    if not tells_of_alerts(snapshot.rules.get(user_id, ()), contacts, at):
        yield _finding(snapshot, Code.NO_RULE, Severity.ERROR, user_id, facts)
    methods = sorted({it.method for it in contacts})
    if len(methods) == 1:
        yield _finding(snapshot, Code.ONE_CHANNEL, Severity.HINT, user_id, {**facts, "method": methods[0]})


def tells_of_alerts(rules: Sequence[NotificationRule], contacts: Sequence[Contact], at: datetime) -> bool:
    """May any new alert lead to a notification? The first rule that fits decides, whatever it leads to."""
    of_alerts = [it for it in rules if it.enabled and it.action_type is ActionType.CREATE_ALERT]
    for rule in sorted(of_alerts, key=lambda it: it.position):
        if isinstance(by_rule(rule, contacts, at), Plan):
            return True
        if rule.criteria == MATCH_ALL and (rule.restriction is None or rule.restriction.always):
            return False
    return False


def _finding(snapshot: Snapshot, code: Code, severity: Severity, user_id: str, facts: Mapping[str, object]) -> Finding:
    return Finding(code, severity, ObjectType.USER, user_id, snapshot.directory.people[user_id].username, facts)
