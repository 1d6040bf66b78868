"""Pages: the teams, and one team: who is in it, who is on call, who is told when."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Response

from tocsin.accounts import store as accounts_store
from tocsin.accounts import team_store
from tocsin.accounts.model import Team, TeamMember, User, UserStatus
from tocsin.accounts.pages_access import PageContext, path_uuid, zone_of
from tocsin.accounts.rights import Action
from tocsin.accounts.team_rights import ADMIN, USER, TeamRight, allows
from tocsin.accounts.team_store import TeamIntegration, TeamRole
from tocsin.db import Tx
from tocsin.errors import NotFound
from tocsin.escalations import config_store, routing_store, rule_words
from tocsin.escalations.config_store import EscalationRow
from tocsin.escalations.escalation import Condition, EscalationRule, NotifyType, RecipientKind
from tocsin.escalations.on_call_view import Names, now_of, timeline
from tocsin.escalations.pages import routing_view
from tocsin.escalations.pages.common import ConfigurationViewing, snapshot
from tocsin.escalations.pages.on_call import names_for
from tocsin.escalations.routing_store import RoutingRow
from tocsin.escalations.snapshot import Snapshot
from tocsin.i18n import N_
from tocsin.schedules import store as schedules_store
from tocsin.schedules.model import OverrideRow, ScheduleRow
from tocsin.schedules.restriction_words import restriction_in_words
from tocsin.schedules.rotation import Rotation, RotationKind

router = APIRouter()

KINDS = (
    (RotationKind.WEEKLY, N_("weeks")),
    (RotationKind.DAILY, N_("days")),
    (RotationKind.HOURLY, N_("hours")),
)
TEAM_ROLES = {ADMIN: N_("Team admin"), USER: N_("Member")}


@dataclass(frozen=True, slots=True)
class Known:
    """All that a team's page reads."""

    team: Team
    members: list[TeamMember]
    roles: list[TeamRole]  # the team's own
    users: list[User]
    schedules: list[ScheduleRow]
    overrides: dict[UUID, list[OverrideRow]]
    escalations: list[EscalationRow]
    routing: list[RoutingRow]
    integrations: list[TeamIntegration]
    configuration: Snapshot
    names: Names


@router.get("/teams")
async def get_teams(ctx: ConfigurationViewing) -> Response:
    """Every team with who is on call for it; mine first."""
    async with ctx.db.transaction() as tx:
        teams = await accounts_store.list_teams(tx, ctx.account_id)
        members = await accounts_store.list_team_members(tx, ctx.account_id)
        schedules = await schedules_store.list_schedules(tx, ctx.account_id)
        configuration = await snapshot(ctx.request, tx, ctx.account_id)
        names = await names_for(tx, ctx, configuration)
    found = []
    for team in teams:
        people = [it for it in members if it.team_id == team.id]
        nows = [
            now_of(configuration.directory.schedules[str(it.id)], ctx.at, names)
            for it in schedules
            if it.team_id == team.id
        ]
        is_mine = any(it.user_id == ctx.user.id for it in people)
        found.append({"team": team, "people": people, "nows": nows, "is_mine": is_mine})
    return ctx.html(
        "escalations/teams.html",
        teams=sorted(found, key=lambda it: not it["is_mine"]),
        may_configure=ctx.may(Action.CONFIGURE),
    )


@router.get("/teams/{team_id}")
async def get_team(ctx: ConfigurationViewing, team_id: str) -> Response:
    """The team."""
    async with ctx.db.transaction() as tx:
        known = await _read(tx, ctx, path_uuid(team_id))
    directory, locale = known.configuration.directory, ctx.viewer.locale
    roles = {it.name: it.name for it in known.roles} | {role: ctx.words(label) for role, label in TEAM_ROLES.items()}
    may_edit = may_in_team(ctx, known.members, known.roles)
    return ctx.html(
        "escalations/team.html",
        team=known.team,
        base=f"/teams/{known.team.id}",
        members=sorted(known.members, key=lambda it: (it.full_name or it.username).casefold()),
        roles=roles,
        own_roles=[it.name for it in known.roles],
        given_roles=[*reversed(roles.items())] if may_edit else [(USER, roles[USER])],
        others=_others(known),
        schedules=[_schedule_view(ctx, known, row) for row in known.schedules],
        escalations=[_escalation_view(ctx, known, row) for row in known.escalations],
        routing=routing_view.rules_of(known.routing, directory, ctx.account.time_zone, locale),
        may_edit_routing=may_in_team(ctx, known.members, known.roles, TeamRight.EDIT_ROUTING_RULES),
        may_delete_routing=may_in_team(ctx, known.members, known.roles, TeamRight.DELETE_ROUTING_RULES),
        account_zone=ctx.account.time_zone,
        may_edit=may_edit,
        may_manage=may_in_team(ctx, known.members, known.roles, TeamRight.MANAGE_MEMBERS),
        may_edit_schedules=may_in_team(ctx, known.members, known.roles, TeamRight.EDIT_SCHEDULES),
        may_edit_escalations=may_in_team(ctx, known.members, known.roles, TeamRight.EDIT_ESCALATIONS),
        may_delete_escalations=may_in_team(ctx, known.members, known.roles, TeamRight.DELETE_ESCALATIONS),
        may_dissolve=ctx.may(Action.CONFIGURE) and ctx.may(Action.DELETE_CONFIGURATION),
        integrations=known.integrations,
        is_member=any(it.user_id == ctx.user.id for it in known.members),
        **_choices(ctx, known),
        **routing_view.choices(directory, locale),
    )


def may_in_team(
    ctx: PageContext, members: list[TeamMember], roles: list[TeamRole], right: TeamRight | None = None
) -> bool:
    """Owners and admins of the account may, the team's own admins, and whom a role of the team grants `right`."""
    if ctx.may(Action.CONFIGURE):
        return True
    mine = next((it.role for it in members if it.user_id == ctx.user.id), None)
    return ctx.may(Action.RESPOND) and allows(mine, {it.name: it.rights for it in roles}, right)


async def _read(tx: Tx, ctx: PageContext, team_id: UUID) -> Known:
    teams = {team.id: team for team in await accounts_store.list_teams(tx, ctx.account_id)}
    if team_id not in teams:
        raise NotFound(N_("There is no such team."))
    configuration = await snapshot(ctx.request, tx, ctx.account_id)
    schedules = [it for it in await schedules_store.list_schedules(tx, ctx.account_id) if it.team_id == team_id]
    return Known(
        team=teams[team_id],
        members=[it for it in await accounts_store.list_team_members(tx, ctx.account_id) if it.team_id == team_id],
        roles=await team_store.list_roles(tx, ctx.account_id, team_id),
        users=await accounts_store.list_users(tx, ctx.account_id),
        schedules=schedules,
        overrides={it.id: await schedules_store.list_overrides(tx, ctx.account_id, it.id, ctx.at) for it in schedules},
        escalations=[it for it in await config_store.list_escalations(tx, ctx.account_id) if it.team_id == team_id],
        routing=await routing_store.list_of_team(tx, ctx.account_id, team_id),
        integrations=await team_store.list_integrations(tx, ctx.account_id, team_id),
        configuration=configuration,
        names=await names_for(tx, ctx, configuration),
    )


def _others(known: Known) -> list[tuple[str, str]]:
    """Who could be taken into the team."""
    inside = {it.user_id for it in known.members}
    people = [
        (str(user.id), user.full_name or user.username)
        for user in known.users
        if user.id not in inside and user.status is not UserStatus.SUSPENDED
    ]
    return sorted(people, key=lambda it: it[1].casefold())


def _schedule_view(ctx: PageContext, known: Known, row: ScheduleRow) -> dict[str, object]:
    schedule = known.configuration.directory.schedules[str(row.id)]
    zone = zone_of(ctx.user.time_zone)
    _ = ctx.words
    return {
        "row": row,
        "base": f"/schedules/{row.id}",
        "now": now_of(schedule, ctx.at, known.names),
        "timeline": timeline(schedule, ctx.at, zone, known.names),
        "rotations": [_rotation_view(ctx, known, rotation, schedule.zone) for rotation in schedule.rotations],
        "overrides": [
            {
                "alias": it.alias,
                "who": known.names.full_names.get(str(it.user_id), _("(deleted)")) if it.user_id else _("nobody"),
                "starts_at": it.starts_at,
                "ends_at": it.ends_at,
            }
            for it in known.overrides[row.id]
        ],
        "soon": wall_text(ctx.at.astimezone(schedule.zone)),
        "later": wall_text((ctx.at + timedelta(hours=8)).astimezone(schedule.zone)),
        "new_rotation": {
            "name": _("Rotation %(number)s", number=len(schedule.rotations) + 1),
            "kind": RotationKind.WEEKLY.value,
            "length": 1,
            "starts": wall_text(ctx.at.astimezone(schedule.zone)),
            "participants": [""] * 3,
        },
    }


def wall_text(at: datetime) -> str:
    """For a field of type datetime-local: the hour that has begun, on that clock."""
    return at.strftime("%Y-%m-%dT%H:00")


def _rotation_view(ctx: PageContext, known: Known, rotation: Rotation, zone: ZoneInfo) -> dict[str, object]:
    participants = [f"{it.kind.value}:{it.id or ''}" for it in rotation.participants]
    return {
        "id": rotation.id,
        "name": rotation.name,
        "turns": rule_words.turns_in_words(rotation.kind, rotation.length, ctx.viewer.locale),
        "people": [known.names.of(it) for it in rotation.participants],
        "hours": restriction_in_words(rotation.restriction, ctx.viewer.locale) if rotation.restriction else "",
        "kind": rotation.kind.value,
        "length": rotation.length,
        "starts": rotation.starts_at.astimezone(zone).strftime("%Y-%m-%dT%H:%M"),
        "starts_at": rotation.starts_at,
        "participants": [*participants, "", ""],
    }


def _escalation_view(ctx: PageContext, known: Known, row: EscalationRow) -> dict[str, object]:
    directory, locale = known.configuration.directory, ctx.viewer.locale
    escalation = directory.escalations[str(row.id)]
    return {
        "row": row,
        "base": f"/escalations/{row.id}",
        "rules": [
            {
                "position": rule.position,
                "text": rule_words.rule_in_words(rule, directory, known.names.full_names, locale),
                "minutes": rule.delay // timedelta(minutes=1),
                "condition": rule.condition.value,
                "recipient": recipient_value(rule),
            }
            for rule in escalation.in_due_order()
        ],
        "wait_minutes": row.repeat_wait // timedelta(minutes=1),
        "repeat": rule_words.repeat_in_words(escalation.repeat, locale) if escalation.repeat else "",
    }


def recipient_value(rule: EscalationRule) -> str:
    """The value of the recipient's choice: `schedule:<id>:next`."""
    return f"{rule.recipient.kind.value}:{rule.recipient.id}:{rule.notify_type.value}"


def _choices(ctx: PageContext, known: Known) -> dict[str, Any]:
    """What the forms offer."""
    _, directory = ctx.words, known.configuration.directory
    members = {str(it.user_id) for it in known.members}
    people = sorted(known.names.full_names.items(), key=lambda it: (it[0] not in members, it[1].casefold()))
    teams = sorted(((it.id, it.name) for it in directory.teams.values()), key=lambda it: it[1].casefold())
    schedules = sorted(((it.id, it.name) for it in directory.schedules.values()), key=lambda it: it[1].casefold())
    by_kind = {RecipientKind.SCHEDULE: schedules, RecipientKind.TEAM: teams}
    recipients = [
        (f"{kind.value}:{ident}:{notify_type.value}", _(text, name=name))
        for (kind, notify_type), text in rule_words.RECIPIENTS.items()
        if kind in by_kind
        for ident, name in by_kind[kind]
    ]
    recipients += [(f"user:{ident}:{NotifyType.DEFAULT.value}", name) for ident, name in people]
    return {
        "participants": [
            ("", "–"),
            *((f"user:{ident}", name) for ident, name in people),
            *((f"team:{ident}", _("team %(team)s", team=name)) for ident, name in teams),
            ("none:", _("nobody")),
        ],
        "override_people": [*people, ("", _("nobody"))],
        "recipients": recipients,
        "conditions": [(it.value, _(text)) for it, text in rule_words.CONDITIONS.items()],
        "kinds": [(kind.value, _(text)) for kind, text in KINDS],
        "default_condition": Condition.IF_NOT_ACKED.value,
    }
