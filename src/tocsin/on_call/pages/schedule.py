"""Pages: one schedule: its timeline, rotations and overrides; what is changed about the schedule itself."""

from collections.abc import Awaitable
from dataclasses import replace
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Response

from tocsin import i18n
from tocsin.accounts.pages_access import PageContext, path_uuid
from tocsin.db import Tx
from tocsin.errors import Conflict, Forbidden, InUse, Invalid, NotFound, PlanRequired
from tocsin.escalations import rule_words
from tocsin.escalations.on_call_view import now_of
from tocsin.escalations.pages.common import ConfigurationViewing, Removing, Responding
from tocsin.on_call.chart import VIEWS, chart, instant_text, query, read_instant, window_of
from tocsin.on_call.pages.opened import NOT_YOURS, Opened, editable, opened, read_undo, undo_token
from tocsin.on_call.pages.schedules import editable_teams, zones
from tocsin.on_call.store import needing
from tocsin.schedules import service
from tocsin.schedules.forms import OverrideForm
from tocsin.schedules.model import RotationRow
from tocsin.schedules.restriction_words import restriction_in_words
from tocsin.schedules.rotation import Rotation

router = APIRouter()

LONGEST_UNDO = 6000  # characters: an address carries no more everywhere


@router.get("/schedules/{schedule_id}")
async def get_schedule(
    ctx: ConfigurationViewing, schedule_id: str, view: str = "", date: str = "", undo: str = ""
) -> Response:
    """The timeline of a day, a week, two weeks or a month, and what it comes of."""
    found = await opened(ctx, schedule_id)
    window = window_of(view, date, ctx.at, found.zone)
    async with ctx.db.transaction() as tx:
        teams = await editable_teams(tx, ctx) if found.rights.edit else []
    _, base = ctx.words, found.base
    today = ctx.at.astimezone(found.zone).date()
    return ctx.html(
        "on_call/schedule.html",
        it=found,
        now=now_of(found.schedule, ctx.at, found.names),
        chart=chart(
            found.schedule, window, found.names, found.clocks, ctx.at, base, may_override=found.rights.override
        ),
        views=[
            (query(base, view=it.value, date=str(_kept_day(window.days, today))), _(text), it is window.view)
            for it, text in VIEWS.items()
        ],
        previous=query(base, view=window.view.value, date=str(window.previous)),
        today=query(base, view=window.view.value),
        next=query(base, view=window.view.value, date=str(window.next)),
        here=query(base, view=window.view.value, date=str(window.days[0])),
        rotations=[_rotation_view(ctx, found, it) for it in found.schedule.rotations],
        overrides=_override_views(ctx, found),
        teams=teams,
        zones=zones(),
        undo=undo if _can_undo(ctx, found, undo) else "",
    )


def _kept_day(days: tuple[object, ...], today: object) -> object:
    """The day to go on with in another view: today while it is seen, else the first."""
    return today if today in days else days[0]


def _can_undo(ctx: PageContext, found: Opened, token: str) -> bool:
    if not token:
        return False
    try:
        read_undo(ctx, found.row.id, token)
    except NotFound:
        return False
    return True


def _rotation_view(ctx: PageContext, found: Opened, rotation: Rotation) -> dict[str, object]:
    locale = ctx.viewer.locale
    return {
        "id": rotation.id,
        "name": rotation.name,
        "turns": rule_words.turns_in_words(rotation.kind, rotation.length, locale),
        "people": [found.names.of(it) for it in rotation.participants],
        "restriction": restriction_in_words(rotation.restriction, locale) if rotation.restriction else "",
        "starts": i18n.instant(locale, found.zone, rotation.starts_at),
        "ends": i18n.instant(locale, found.zone, rotation.ends_at) if rotation.ends_at else "",
    }


def _override_views(ctx: PageContext, found: Opened) -> list[dict[str, object]]:
    _ = ctx.words
    rotations = {it.id: it.name for it in found.rotations}
    return [
        {
            "alias": it.alias,
            "who": found.names.full_names.get(str(it.user_id), _("(deleted)")) if it.user_id else _("nobody"),
            "span": found.clocks.span(it.starts_at, it.ends_at),
            "rotations": [rotations[ident] for ident in it.rotation_ids if ident in rotations],
        }
        for it in found.overrides
    ]


async def finished(ctx: PageContext, to: str, change: Awaitable[object], text: str) -> Response:
    """Back to the page; what was not acceptable is said there."""
    try:
        await change
    except (Invalid, Conflict, InUse, PlanRequired) as error:
        return ctx.redirect(to, "danger", ctx.say(error))
    return ctx.redirect(to, "success", text)


@router.post("/schedules/{schedule_id}/settings")
async def post_settings(ctx: Responding, schedule_id: str) -> Response:
    """Name, description, zone, team, on or off."""
    found = await editable(ctx, schedule_id)
    team = ctx.form.text("team")
    async with ctx.db.transaction() as tx:
        if team not in {ident for ident, _name in await editable_teams(tx, ctx)}:
            raise Forbidden(NOT_YOURS)
    name, time_zone, description = ctx.form.text("name"), ctx.form.text("time_zone"), ctx.form.text("description")
    enabled, team_id = ctx.form.has("enabled"), path_uuid(team) if team else None
    change = service.change_schedule(
        ctx.db, ctx.actor, found.row.id,
        lambda form: replace(
            form, name=name, time_zone=time_zone, description=description, enabled=enabled, team_id=team_id
        ),
    )  # fmt: skip
    _ = ctx.words
    return await finished(ctx, found.base, change, _("Saved."))


@router.post("/schedules/{schedule_id}/delete")
async def post_delete(ctx: Removing, schedule_id: str) -> Response:
    """Without that schedule, unless something needs it."""
    found = await opened(ctx, schedule_id)
    if not found.rights.remove:
        raise Forbidden(NOT_YOURS)
    await ctx.require_configurable()
    _ = ctx.words

    async def check(tx: Tx) -> None:
        users = await needing(tx, ctx.account_id, found.row.id)
        if users:
            raise InUse(_("It is still used by: %(users)s. Change them first.", users=", ".join(users)))

    try:
        await service.remove_schedule(ctx.db, ctx.gate, ctx.actor, found.row.id, check)
    except InUse as error:
        return ctx.redirect(found.base, "danger", error.message)
    return ctx.redirect("/schedules", "success", _("%(name)s is deleted.", name=found.row.name))


@router.post("/schedules/{schedule_id}/rotations/{rotation_id}/delete")
async def post_delete_rotation(ctx: Removing, schedule_id: str, rotation_id: str) -> Response:
    """Nobody is on call by it any more; it can be taken back for half an hour."""
    found = await editable(ctx, schedule_id)
    row = await service.remove_rotation(ctx.db, ctx.actor, found.row.id, path_uuid(rotation_id))
    token = undo_token(
        ctx, found.row.id,
        {
            "kind": "rotation", "id": row.id, "name": row.name, "position": row.position, "turns": row.kind,
            "length": row.length, "starts_at": row.starts_at, "ends_at": row.ends_at,
            "participants": row.participants, "restriction": row.restriction,
        },
    )  # fmt: skip
    _ = ctx.words
    text = _("The rotation %(name)s is removed.", name=row.name)
    return ctx.redirect(query(found.base, undo=token if len(token) <= LONGEST_UNDO else ""), "success", text)


@router.post("/schedules/{schedule_id}/overrides/delete")
async def post_delete_override(ctx: Removing, schedule_id: str) -> Response:
    """The rotations decide again; it can be taken back for half an hour."""
    found = await editable(ctx, schedule_id)
    row = await service.remove_override(ctx.db, ctx.actor, found.row.id, ctx.form.text("alias"))
    token = undo_token(
        ctx, found.row.id,
        {
            "kind": "override", "alias": row.alias, "user_id": row.user_id, "rotations": row.rotation_ids,
            "starts_at": instant_text(row.starts_at), "ends_at": instant_text(row.ends_at),
        },
    )  # fmt: skip
    _ = ctx.words
    return ctx.redirect(query(found.base, undo=token), "success", _("The override is removed."))


@router.post("/schedules/{schedule_id}/undo")
async def post_undo(ctx: Responding, schedule_id: str) -> Response:
    """What was removed is there again."""
    found = await editable(ctx, schedule_id)
    facts = read_undo(ctx, found.row.id, ctx.form.text("undo"))
    _ = ctx.words
    return await finished(ctx, found.base, _undo(ctx, found, facts), _("It is there again."))


async def _undo(ctx: PageContext, found: Opened, facts: dict[str, Any]) -> None:
    if facts["kind"] == "override":
        form = OverrideForm(
            path_uuid(facts["user_id"]) if facts["user_id"] else None,
            read_instant(facts["starts_at"]), read_instant(facts["ends_at"]),
            tuple(path_uuid(ident) for ident in facts["rotations"]), facts["alias"],
        )  # fmt: skip
        await service.add_override(ctx.db, ctx.actor, found.row.id, form)
        return
    row = RotationRow(
        path_uuid(facts["id"]), found.row.id, facts["name"], facts["position"], facts["turns"], facts["length"],
        datetime.fromisoformat(facts["starts_at"]),
        datetime.fromisoformat(facts["ends_at"]) if facts["ends_at"] else None,
        facts["participants"], facts["restriction"],
    )  # fmt: skip
    await service.restore_rotation(ctx.db, ctx.actor, row)


@router.post("/schedules/{schedule_id}/rotations/{rotation_id}/move")
async def post_move_rotation(ctx: Responding, schedule_id: str, rotation_id: str) -> Response:
    """Earlier or later among the others."""
    found = await editable(ctx, schedule_id)
    by = -1 if ctx.form.text("to") == "up" else 1
    await service.move_rotation(ctx.db, ctx.actor, found.row.id, path_uuid(rotation_id), by)
    _ = ctx.words
    return ctx.redirect(f"{found.base}#rotation-{rotation_id}", "success", _("Moved."))
