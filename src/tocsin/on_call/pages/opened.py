"""The schedule that a page is about, and what its reader may do to it."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from tocsin import crypto
from tocsin.accounts import store as accounts_store
from tocsin.accounts import team_store
from tocsin.accounts.model import User, UserStatus
from tocsin.accounts.pages_access import PageContext, path_uuid, zone_of
from tocsin.accounts.rights import Action
from tocsin.accounts.team_rights import TeamRight
from tocsin.db import Tx
from tocsin.errors import Forbidden, NotFound
from tocsin.escalations.on_call_view import Names
from tocsin.escalations.pages.common import snapshot
from tocsin.escalations.pages.on_call import names_for
from tocsin.escalations.pages.teams import may_in_team
from tocsin.i18n import N_
from tocsin.on_call.chart import Clocks
from tocsin.schedules import store
from tocsin.schedules.model import OverrideRow, RotationRow, ScheduleRow
from tocsin.schedules.on_call import Schedule

UNDO_LASTS = timedelta(minutes=30)
NOT_YOURS = N_("Only admins of the team, and owners and admins of the account, may change this.")
NOT_A_MEMBER = N_("Only the team's members, and owners and admins of the account, may arrange an override.")


@dataclass(frozen=True, slots=True)
class Rights:
    """What the reader may do to a team's schedules."""

    edit: bool
    remove: bool
    override: bool


@dataclass(frozen=True, slots=True)
class Opened:
    """One schedule, as a page shows it."""

    row: ScheduleRow
    schedule: Schedule
    rotations: list[RotationRow]
    overrides: list[OverrideRow]  # those that are not over
    users: list[User]
    names: Names
    clocks: Clocks
    rights: Rights
    team: str

    @property
    def base(self) -> str:
        return f"/schedules/{self.row.id}"

    @property
    def zone(self) -> ZoneInfo:
        return self.schedule.zone


async def opened(ctx: PageContext, schedule_id: str) -> Opened:
    """The schedule that a path names. Raises: NotFound."""
    async with ctx.db.transaction() as tx:
        row = await store.find_schedule(tx, ctx.account_id, str(path_uuid(schedule_id)))
        if row is None:
            raise NotFound(N_("There is no such schedule."))
        configuration = await snapshot(ctx.request, tx, ctx.account_id)
        teams = {it.id: it.name for it in await accounts_store.list_teams(tx, ctx.account_id)}
        return Opened(
            row=row,
            schedule=configuration.directory.schedules[str(row.id)],
            rotations=await store.list_rotations(tx, ctx.account_id, row.id),
            overrides=await store.list_overrides(tx, ctx.account_id, row.id, ctx.at),
            users=await accounts_store.list_users(tx, ctx.account_id),
            names=await names_for(tx, ctx, configuration),
            clocks=Clocks(row.zone, zone_of(ctx.user.time_zone), ctx.viewer.locale),
            rights=await rights_in(tx, ctx, row.team_id),
            team=teams.get(row.team_id, "") if row.team_id else "",
        )


async def rights_in(tx: Tx, ctx: PageContext, team_id: UUID | None) -> Rights:
    """What the reader may do to the schedules of that team, or of none."""
    members = [it for it in await accounts_store.list_team_members(tx, ctx.account_id) if it.team_id == team_id]
    roles = await team_store.list_roles(tx, ctx.account_id, team_id) if team_id else []
    edit = may_in_team(ctx, members, roles, TeamRight.EDIT_SCHEDULES)
    is_member = any(it.user_id == ctx.user.id for it in members)
    return Rights(
        edit=edit,
        remove=may_in_team(ctx, members, roles, TeamRight.DELETE_SCHEDULES) and ctx.may(Action.DELETE_CONFIGURATION),
        override=edit or (is_member and ctx.may(Action.RESPOND)),
    )


async def editable(ctx: PageContext, schedule_id: str) -> Opened:
    """The same, to change it. Raises: NotFound, Forbidden, PlanRequired while an invoice is long unpaid."""
    found = await opened(ctx, schedule_id)
    if not found.rights.edit:
        raise Forbidden(NOT_YOURS)
    await ctx.require_configurable()
    return found


async def overridable(ctx: PageContext, schedule_id: str) -> Opened:
    """The same, to say who stands in, which goes on whatever is unpaid. Raises: NotFound, Forbidden."""
    found = await opened(ctx, schedule_id)
    if not found.rights.override:
        raise Forbidden(NOT_A_MEMBER)
    return found


def people(users: list[User], names: Names) -> list[tuple[str, str]]:
    """Whom alerts may reach, as (id, name), by name; the reader first."""
    directory = names.directory
    found = [
        (str(user.id), user.full_name or user.username)
        for user in users
        if user.status is not UserStatus.SUSPENDED and directory.is_told(str(user.id))
    ]
    return sorted(found, key=lambda it: (it[0] != names.me, it[1].casefold()))


def undo_token(ctx: PageContext, schedule_id: UUID, facts: dict[str, object]) -> str:
    """What was removed, sealed against change, for whoever removed it."""
    payload = json.dumps({"schedule": str(schedule_id), "user": str(ctx.user.id), **facts}, default=str)
    return crypto.sign(ctx.settings.key, "undo", payload, ctx.at + UNDO_LASTS)


def read_undo(ctx: PageContext, schedule_id: UUID, token: str) -> dict[str, Any]:
    """The facts again. Raises: NotFound for what is too old, or not the reader's, or of another schedule."""
    facts: dict[str, Any] = json.loads(crypto.unsign(ctx.settings.key, "undo", token, ctx.at))
    if facts["schedule"] != str(schedule_id) or facts["user"] != str(ctx.user.id):
        raise NotFound(N_("There is nothing to undo."))
    return facts
