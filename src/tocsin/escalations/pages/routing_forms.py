"""What is changed about a team's routing rules on its page: each a form, each answered by that page."""

from collections.abc import Awaitable
from typing import Literal
from uuid import UUID
from zoneinfo import available_timezones

from fastapi import APIRouter, Response

from tocsin.accounts.directory import Reference
from tocsin.accounts.pages_access import PageContext, path_uuid
from tocsin.accounts.team_rights import TeamRight
from tocsin.errors import Invalid
from tocsin.escalations import routing_service, routing_store
from tocsin.escalations.drafts import Notify, RoutingDraft
from tocsin.escalations.pages.common import Removing, Responding
from tocsin.escalations.pages.team_forms import check_team, done
from tocsin.escalations.routing import TargetKind
from tocsin.i18n import N_
from tocsin.notifications import form_rows, rule_form

router = APIRouter()

PATH = "/teams/{team_id}/routing-rules"
NO_ZONE = N_("There is no such time zone.")
NO_TARGET = N_("Choose where the alerts go.")


@router.post(PATH)
async def post_route(ctx: Responding, team_id: str) -> Response:
    """A new routing rule, after the others."""
    ident = path_uuid(team_id)
    to = await check_team(ctx, ident, TeamRight.EDIT_ROUTING_RULES)
    return await _done(ctx, to, _make(ctx, ident), ctx.words("The rule is there."))


async def _make(ctx: PageContext, team_id: UUID) -> None:
    await routing_service.make_rule(ctx.db, ctx.gate, ctx.actor, team_id, _draft(ctx))


@router.post(PATH + "/{route_id}/remove")
async def post_remove_route(ctx: Removing, team_id: str, route_id: str) -> Response:
    """Without that rule."""
    ident = path_uuid(team_id)
    to = await check_team(ctx, ident, TeamRight.DELETE_ROUTING_RULES)
    change = routing_service.delete_rule(ctx.db, ctx.gate, ctx.actor, ident, path_uuid(route_id))
    return await _done(ctx, to, change, ctx.words("Removed."))


@router.post(PATH + "/{route_id}")
async def post_change_route(ctx: Responding, team_id: str, route_id: str) -> Response:
    """The same rule, otherwise."""
    ident = path_uuid(team_id)
    to = await check_team(ctx, ident, TeamRight.EDIT_ROUTING_RULES)
    return await _done(ctx, to, _change(ctx, ident, path_uuid(route_id)), ctx.words("Saved."))


async def _change(ctx: PageContext, team_id: UUID, rule_id: UUID) -> None:
    is_default = ctx.form.has("default")
    draft = RoutingDraft(name=ctx.form.text("name"), notify=_target(ctx)) if is_default else _draft(ctx)
    await routing_service.change_rule(ctx.db, ctx.gate, ctx.actor, team_id, rule_id, draft)


@router.post(PATH + "/{route_id}/{change}")
async def post_move_route(ctx: Responding, team_id: str, route_id: str, change: Literal["up", "down"]) -> Response:
    """Tried earlier, or later."""
    ident, rule_id = path_uuid(team_id), path_uuid(route_id)
    to = await check_team(ctx, ident, TeamRight.EDIT_ROUTING_RULES)
    async with ctx.db.transaction() as tx:
        places = [it.id for it in await routing_store.list_of_team(tx, ctx.account_id, ident)]
    place = places.index(rule_id) if rule_id in places else 0
    order = max(place - 1, 0) if change == "up" else place + 1
    moving = routing_service.move_rule(ctx.db, ctx.gate, ctx.actor, ident, rule_id, order)
    return await _done(ctx, to, moving, ctx.words("Saved."))


async def _done(ctx: PageContext, to: str, change: Awaitable[object], text: str) -> Response:
    return await done(ctx, f"{to}#routing", change, text)


def _draft(ctx: PageContext) -> RoutingDraft:
    """The whole rule that the form describes. Raises: Invalid."""
    form = ctx.form
    zone = form.text("time_zone")
    if zone and zone not in available_timezones():
        raise Invalid(NO_ZONE, {"time_zone": "must be an IANA time zone"})
    hours = rule_form.hours_of(form_rows.hours_rows(form))
    return RoutingDraft(
        name=form.text("name"),
        time_zone=zone or None,
        drops_time_zone=not zone,
        criteria=rule_form.criteria_of(form.text("match"), form_rows.condition_rows(form)),
        restriction=hours,
        drops_restriction=hours is None,
        notify=_target(ctx),
    )


def _target(ctx: PageContext) -> Notify:
    kind, _, ident = ctx.form.text("target").partition(":")
    if kind not in set(TargetKind) or bool(ident) is (kind == TargetKind.NONE):
        raise Invalid(NO_TARGET, {"target": "must be one of those offered"})
    return Notify(TargetKind(kind), Reference(kind, ident) if ident else None)
