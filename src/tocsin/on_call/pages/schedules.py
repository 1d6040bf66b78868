"""Pages: every schedule by team, with who is on call; a new one."""

from uuid import UUID
from zoneinfo import available_timezones

from fastapi import APIRouter, Response

from tocsin.accounts import store as accounts_store
from tocsin.accounts.pages_access import PageContext, path_uuid
from tocsin.accounts.rights import Action
from tocsin.db import Tx
from tocsin.errors import Conflict, Forbidden, Invalid, NotFound, PlanRequired
from tocsin.escalations.on_call_view import now_of
from tocsin.escalations.pages.common import ConfigurationViewing, Responding, snapshot
from tocsin.escalations.pages.on_call import names_for
from tocsin.i18n import N_
from tocsin.on_call.pages.opened import NOT_YOURS, rights_in
from tocsin.schedules import service, store
from tocsin.schedules.forms import ScheduleForm

router = APIRouter()


@router.get("/schedules")
async def get_schedules(ctx: ConfigurationViewing) -> Response:
    """The schedules of each team, those without a team last."""
    async with ctx.db.transaction() as tx:
        rows = await store.list_schedules(tx, ctx.account_id)
        configuration = await snapshot(ctx.request, tx, ctx.account_id)
        names = await names_for(tx, ctx, configuration)
        teams = await editable_teams(tx, ctx)
    known = configuration.directory
    groups: dict[str, list[object]] = {}
    for row in rows:
        now = now_of(known.schedules[str(row.id)], ctx.at, names)
        groups.setdefault(str(row.team_id or ""), []).append({"row": row, "now": now})
    titled = [
        (ident, known.teams[ident].name if ident in known.teams else "", found) for ident, found in groups.items()
    ]
    return ctx.html(
        "on_call/schedules.html",
        groups=sorted(titled, key=lambda it: (not it[1], it[1].casefold())),
        may_add=bool(teams),
    )


@router.get("/schedules/new")
async def get_new(ctx: ConfigurationViewing, team: str = "") -> Response:
    """The form for a new schedule."""
    return await _new_page(ctx, ScheduleForm("", ctx.account.time_zone), team)


@router.post("/schedules")
async def post_schedules(ctx: Responding) -> Response:
    """A new schedule, without a rotation yet: that is its next page."""
    team = ctx.form.text("team")
    form = ScheduleForm(
        ctx.form.text("name"), ctx.form.text("time_zone"), ctx.form.text("description"),
        team_id=path_uuid(team) if team else None, rotations=(),
    )  # fmt: skip
    await _check_team(ctx, form.team_id)
    try:
        schedule_id = await service.create_schedule(ctx.db, ctx.gate, ctx.actor, form)
    except (Invalid, Conflict, PlanRequired) as error:
        return await _new_page(ctx, form, team, ctx.say(error))
    _ = ctx.words
    text = _("%(name)s is there. Now say who takes turns.", name=form.name)
    return ctx.redirect(f"/schedules/{schedule_id}/rotations/new", "success", text)


async def _check_team(ctx: PageContext, team_id: UUID | None) -> None:
    """Raises: NotFound, Forbidden, PlanRequired while an invoice is long unpaid."""
    async with ctx.db.transaction() as tx:
        if team_id and team_id not in {it.id for it in await accounts_store.list_teams(tx, ctx.account_id)}:
            raise NotFound(N_("There is no such team."))
        rights = await rights_in(tx, ctx, team_id)
    if not rights.edit:
        raise Forbidden(NOT_YOURS)
    await ctx.require_configurable()


async def editable_teams(tx: Tx, ctx: PageContext) -> list[tuple[str, str]]:
    """The teams whose schedules the reader may change, as (id, name); with ("", …) where one without a team is fine."""
    _ = ctx.words
    teams = await accounts_store.list_teams(tx, ctx.account_id)
    if ctx.may(Action.CONFIGURE):
        return [*((str(it.id), it.name) for it in teams), ("", _("no team"))]
    members = await accounts_store.list_team_members(tx, ctx.account_id)
    mine = {it.team_id for it in members if it.user_id == ctx.user.id}
    return [(str(it.id), it.name) for it in teams if it.id in mine and (await rights_in(tx, ctx, it.id)).edit]


def zones() -> list[str]:
    """The time zones that there are."""
    return sorted(it for it in available_timezones() if "/" in it or it == "UTC")


async def _new_page(ctx: PageContext, form: ScheduleForm, team: str, error: str = "") -> Response:
    async with ctx.db.transaction() as tx:
        teams = await editable_teams(tx, ctx)
    if not teams:
        raise Forbidden(NOT_YOURS)
    return ctx.html(
        "on_call/new_schedule.html", form=form, team=team or teams[0][0], teams=teams, zones=zones(), error=error,
        status_code=422 if error else 200,
    )  # fmt: skip
