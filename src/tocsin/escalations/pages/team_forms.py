"""What is changed on a team's page: each a form, each answered by that page."""

from collections.abc import Awaitable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from fastapi import APIRouter, Response

from tocsin.accounts import store as accounts_store
from tocsin.accounts import team_service, team_store
from tocsin.accounts.directory import Directory
from tocsin.accounts.pages_access import PageContext, path_uuid
from tocsin.accounts.team_rights import ADMIN, USER, TeamRight
from tocsin.errors import Conflict, Forbidden, Invalid
from tocsin.escalations import config_service, config_store
from tocsin.escalations.config_service import RuleForm
from tocsin.escalations.escalation import Condition, NotifyType, RecipientKind
from tocsin.escalations.pages.common import Configuring, Removing, Responding
from tocsin.escalations.pages.teams import may_in_team
from tocsin.i18n import N_
from tocsin.schedules import service as schedules_service
from tocsin.schedules import store as schedules_store
from tocsin.schedules.forms import OverrideForm, RotationForm
from tocsin.schedules.rotation import NOBODY, Participant, ParticipantKind, RotationKind

router = APIRouter()

NOT_YOURS = N_("Only admins of the team, and owners and admins of the account, may change this.")


async def done(ctx: PageContext, to: str, change: Awaitable[object], text: str) -> Response:
    """Back to the page; what was not acceptable is said there."""
    try:
        await change
    except (Invalid, Conflict) as error:
        return ctx.redirect(to, "danger", ctx.say(error))
    return ctx.redirect(to, "success", text)


async def check_team(
    ctx: PageContext, team_id: UUID | None, right: TeamRight | None = None, *, members_too: bool = False
) -> str:
    """The address of the team's page. Raises: Forbidden, NotFound, PlanRequired while an invoice is long unpaid.

    A role of the team may grant `right`; without one it takes an admin.

    With `members_too` it is about who stands in, which goes on whatever is unpaid.
    """
    async with ctx.db.transaction() as tx:
        members = [it for it in await accounts_store.list_team_members(tx, ctx.account_id) if it.team_id == team_id]
        roles = await team_store.list_roles(tx, ctx.account_id, team_id) if team_id else []
    is_member = members_too and any(it.user_id == ctx.user.id for it in members)
    if not may_in_team(ctx, members, roles, right) and not is_member:
        raise Forbidden(NOT_YOURS)
    if not members_too:
        await ctx.require_configurable()
    return f"/teams/{team_id}" if team_id else "/teams"


@router.post("/teams")
async def post_teams(ctx: Configuring) -> Response:
    """A new team, with me as its admin."""
    _ = ctx.words
    name, members = ctx.form.text("name"), [(ctx.user.id, "admin")]
    try:
        team = await config_service.make_team(
            ctx.db, ctx.gate, ctx.actor, name, ctx.form.text("description"), members, ctx.account.time_zone
        )
    except (Invalid, Conflict) as error:
        return ctx.redirect("/teams", "danger", ctx.say(error))
    text = _("%(name)s is ready. Change who takes turns, and add the others.", name=team.name)
    return ctx.redirect(f"/teams/{team.id}", "success", text)


@router.post("/teams/{team_id}")
async def post_team(ctx: Responding, team_id: str) -> Response:
    """Another name or description."""
    ident = path_uuid(team_id)
    to = await check_team(ctx, ident)
    change = team_service.rename_team(ctx.db, ctx.actor, ident, ctx.form.text("name"), ctx.form.text("description"))
    _ = ctx.words
    return await done(ctx, to, change, _("Saved."))


@router.post("/teams/{team_id}/members")
async def post_member(ctx: Responding, team_id: str) -> Response:
    """Take somebody in, or change their role."""
    ident, user_id, role = path_uuid(team_id), path_uuid(ctx.form.text("user")), ctx.form.text("role")
    to = await check_team(ctx, ident, await _right_over(ctx, ident, user_id, role))
    _ = ctx.words
    change = team_service.set_member(ctx.db, ctx.actor, ident, user_id, role)
    return await done(ctx, f"{to}#members", change, _("Saved."))


@router.post("/teams/{team_id}/members/remove")
async def post_remove_member(ctx: Removing, team_id: str) -> Response:
    """Let somebody go."""
    ident, user_id = path_uuid(team_id), path_uuid(ctx.form.text("user"))
    to = await check_team(ctx, ident, await _right_over(ctx, ident, user_id))
    _ = ctx.words
    change = team_service.remove_member(ctx.db, ctx.actor, ident, user_id)
    return await done(ctx, f"{to}#members", change, _("Removed."))


async def _right_over(ctx: PageContext, team_id: UUID, user_id: UUID, role: str = USER) -> TeamRight | None:
    """What it takes to give somebody this role or to let them go: more than a user's part is an admin's to give, and
    an admin's to take from an admin.
    """
    async with ctx.db.transaction() as tx:
        members = await accounts_store.list_team_members(tx, ctx.account_id)
    is_admin = any(it.team_id == team_id and it.user_id == user_id and it.role == ADMIN for it in members)
    return None if is_admin or role != USER else TeamRight.MANAGE_MEMBERS


async def _schedule_page(ctx: PageContext, schedule_id: UUID, *, members_too: bool = False) -> str:
    """The page that shows the schedule. Raises: NotFound, Forbidden."""
    async with ctx.db.transaction() as tx:
        schedule = await schedules_store.lock_schedule(tx, ctx.account_id, schedule_id)
    to = await check_team(ctx, schedule.team_id, TeamRight.EDIT_SCHEDULES, members_too=members_too)
    return f"{to}#schedule-{schedule_id}"


@router.post("/schedules/{schedule_id}")
async def post_schedule(ctx: Responding, schedule_id: str) -> Response:
    """Name, zone, on or off."""
    ident = path_uuid(schedule_id)
    to = await _schedule_page(ctx, ident)
    name, time_zone, enabled = ctx.form.text("name"), ctx.form.text("time_zone"), ctx.form.has("enabled")
    change = schedules_service.change_schedule(
        ctx.db, ctx.actor, ident, lambda form: replace(form, name=name, time_zone=time_zone, enabled=enabled)
    )
    _ = ctx.words
    return await done(ctx, to, change, _("Saved."))


@router.post("/schedules/{schedule_id}/rotations")
async def post_rotation(ctx: Responding, schedule_id: str) -> Response:
    """A new rotation."""
    ident = path_uuid(schedule_id)
    to = await _schedule_page(ctx, ident)
    _ = ctx.words
    return await done(ctx, to, _add_rotation(ctx, ident), _("The rotation is there."))


async def _add_rotation(ctx: PageContext, schedule_id: UUID) -> None:
    await schedules_service.add_rotation(ctx.db, ctx.actor, schedule_id, await rotation_form(ctx))


@router.post("/schedules/{schedule_id}/rotations/{rotation_id}")
async def post_change_rotation(ctx: Responding, schedule_id: str, rotation_id: str) -> Response:
    """The same rotation, otherwise."""
    ident = path_uuid(schedule_id)
    to = await _schedule_page(ctx, ident)
    _ = ctx.words
    return await done(ctx, to, _change_rotation(ctx, ident, path_uuid(rotation_id)), _("Saved."))


async def _change_rotation(ctx: PageContext, schedule_id: UUID, rotation_id: UUID) -> None:
    form = await rotation_form(ctx)
    await schedules_service.change_rotation(
        ctx.db, ctx.actor, schedule_id, rotation_id,
        lambda before: replace(form, ends=before.ends, restriction=before.restriction),
    )  # fmt: skip


@router.post("/schedules/{schedule_id}/rotations/{rotation_id}/remove")
async def post_remove_rotation(ctx: Removing, schedule_id: str, rotation_id: str) -> Response:
    """Without that rotation."""
    ident = path_uuid(schedule_id)
    to = await _schedule_page(ctx, ident)
    _ = ctx.words
    change = schedules_service.remove_rotation(ctx.db, ctx.actor, ident, path_uuid(rotation_id))
    return await done(ctx, to, change, _("Removed."))


@router.post("/schedules/{schedule_id}/overrides")
async def post_override(ctx: Responding, schedule_id: str) -> Response:
    """Somebody stands in for a while; a member of the team may arrange that."""
    ident = path_uuid(schedule_id)
    to = await _schedule_page(ctx, ident, members_too=True)
    _ = ctx.words
    return await done(ctx, to, _add_override(ctx, ident), _("The override is there."))


async def _add_override(ctx: PageContext, schedule_id: UUID) -> None:
    user = ctx.form.text("user")
    user_id = path_uuid(user) if user else None
    if user_id is not None:
        async with ctx.db.transaction() as tx:
            await accounts_store.get_user(tx, ctx.account_id, user_id)
    starts, ends = wall_field(ctx, "starts"), wall_field(ctx, "ends")
    await schedules_service.add_override(ctx.db, ctx.actor, schedule_id, OverrideForm(user_id, starts, ends))


@router.post("/schedules/{schedule_id}/overrides/remove")
async def post_remove_override(ctx: Removing, schedule_id: str) -> Response:
    """The rotations decide again."""
    ident = path_uuid(schedule_id)
    to = await _schedule_page(ctx, ident)
    _ = ctx.words
    change = schedules_service.remove_override(ctx.db, ctx.actor, ident, ctx.form.text("alias"))
    return await done(ctx, to, change, _("Removed."))


async def _escalation_page(ctx: PageContext, escalation_id: UUID) -> str:
    """The page that shows the escalation. Raises: NotFound, Forbidden."""
    async with ctx.db.transaction() as tx:
        escalation = await config_store.lock_escalation(tx, ctx.account_id, escalation_id)
    return f"{await check_team(ctx, escalation.team_id, TeamRight.EDIT_ESCALATIONS)}#escalation-{escalation_id}"


@router.post("/escalations/{escalation_id}/rules")
async def post_rule(ctx: Responding, escalation_id: str) -> Response:
    """A new rule."""
    ident = path_uuid(escalation_id)
    to = await _escalation_page(ctx, ident)
    _ = ctx.words
    return await done(ctx, to, _add_rule(ctx, ident), _("The rule is there."))


async def _add_rule(ctx: PageContext, escalation_id: UUID) -> None:
    await config_service.add_rule(ctx.db, ctx.actor, escalation_id, await rule_form(ctx))


@router.post("/escalations/{escalation_id}/rules/{position}")
async def post_change_rule(ctx: Responding, escalation_id: str, position: int) -> Response:
    """The same rule, otherwise."""
    ident = path_uuid(escalation_id)
    to = await _escalation_page(ctx, ident)
    _ = ctx.words
    return await done(ctx, to, _change_rule(ctx, ident, position), _("Saved."))


async def _change_rule(ctx: PageContext, escalation_id: UUID, position: int) -> None:
    await config_service.change_rule(ctx.db, ctx.actor, escalation_id, position, await rule_form(ctx))


@router.post("/escalations/{escalation_id}/rules/{position}/remove")
async def post_remove_rule(ctx: Removing, escalation_id: str, position: int) -> Response:
    """Without that rule."""
    ident = path_uuid(escalation_id)
    to = await _escalation_page(ctx, ident)
    _ = ctx.words
    change = config_service.remove_rule(ctx.db, ctx.actor, ident, position)
    return await done(ctx, to, change, _("Removed."))


async def rotation_form(ctx: PageContext) -> RotationForm:
    """The rotation that a form describes. Raises: Invalid, NotFound."""
    kind, length = ctx.form.text("kind"), ctx.form.text("length")
    if kind not in set(RotationKind):
        raise Invalid(N_("Choose days, weeks or hours."))
    if not length.isdecimal() or len(length) > 4:
        raise Invalid(N_("A turn lasts 1 to 365 units."))
    async with ctx.db.transaction() as tx:
        directory = await accounts_store.load_directory(tx, ctx.account_id)
    participants = tuple(_participant(value, directory) for value in ctx.form.all("participant") if value)
    return RotationForm(ctx.form.text("name"), RotationKind(kind), int(length), wall_field(ctx, "starts"), participants)


def _participant(value: str, directory: Directory) -> Participant:
    kind, _, ident = value.partition(":")
    if kind == ParticipantKind.NONE:
        return NOBODY
    if kind not in set(ParticipantKind) or directory.entry(kind, ident) is None:
        raise Invalid(N_("Choose who takes turns."))
    return Participant(ParticipantKind(kind), ident)


def wall_field(ctx: PageContext, name: str) -> datetime:
    """What a clock shows, from a field of type datetime-local. Raises: Invalid."""
    try:
        wall = datetime.fromisoformat(ctx.form.text(name))
    except ValueError:
        raise Invalid(N_("Give day and time, as in 2026-11-22T08:00.")) from None
    if not 1970 <= wall.year <= 2200:
        raise Invalid(N_("Give a year between 1970 and 2200."))
    return wall.replace(tzinfo=None)


async def rule_form(ctx: PageContext) -> RuleForm:
    """The rule that a form describes. Raises: Invalid, NotFound."""
    minutes, condition = ctx.form.text("minutes"), ctx.form.text("condition")
    if not minutes.isdecimal() or len(minutes) > 6:
        raise Invalid(N_("A rule's delay is at most 48 hours."))
    kind, _, rest = ctx.form.text("recipient").partition(":")
    ident, _, notify_type = rest.partition(":")
    if kind not in set(RecipientKind) or notify_type not in set(NotifyType) or condition not in set(Condition):
        raise Invalid(N_("Choose who is told."))
    form = RuleForm(
        timedelta(minutes=int(minutes)), Condition(condition), NotifyType(notify_type), RecipientKind(kind),
        path_uuid(ident),
    )  # fmt: skip
    async with ctx.db.transaction() as tx:
        directory = await accounts_store.load_directory(tx, ctx.account_id)
    if directory.entry(kind, ident) is None:
        raise Invalid(N_("Choose who is told."))
    return form
