"""Pages: a new rotation and one that is changed: one form, whose buttons work without a script."""

from fastapi import APIRouter, Response

from tocsin.accounts import store as accounts_store
from tocsin.accounts.pages_access import PageContext, path_uuid
from tocsin.errors import Conflict, Invalid, NotFound, PlanRequired
from tocsin.escalations.pages.common import ConfigurationViewing, Responding
from tocsin.escalations.pages.teams import KINDS, wall_text
from tocsin.i18n import N_, weekday
from tocsin.on_call.chart import Chart, View, chart, span_of_days
from tocsin.on_call.pages.opened import Opened, editable, people
from tocsin.on_call.rotation_draft import NO_RESTRICTION, RotationDraft, as_rotation, draft_from, draft_of
from tocsin.schedules import service
from tocsin.schedules.forms import RotationForm
from tocsin.schedules.on_call import Schedule
from tocsin.schedules.restriction_words import restriction_in_words
from tocsin.schedules.restrictions import WEEKDAYS, RestrictionKind
from tocsin.schedules.rotation import RotationKind

router = APIRouter()

RESTRICTIONS = {
    NO_RESTRICTION: N_("Round the clock"),
    RestrictionKind.TIME_OF_DAY.value: N_("At some hours of every day"),
    RestrictionKind.WEEKDAY_AND_TIME_OF_DAY.value: N_("At some hours of some weekdays"),
}
FIELDS = ("name", "kind", "length", "starts", "ends", "restriction")
LISTS = ("participant", "window_start_day", "window_start", "window_end_day", "window_end")
PREVIEW_DAYS = 14
SAVE, PREVIEW = "save", "preview"


@router.get("/schedules/{schedule_id}/rotations/new")
async def get_new(ctx: ConfigurationViewing, schedule_id: str) -> Response:
    """The form for a new rotation: weekly, from this hour on."""
    found = await editable(ctx, schedule_id)
    _ = ctx.words
    name = _("Rotation %(number)s", number=len(found.rotations) + 1)
    starts = wall_text(ctx.at.astimezone(found.zone))
    return await _page(ctx, found, RotationDraft(name, RotationKind.WEEKLY.value, "1", starts, "", ("", "")))


@router.post("/schedules/{schedule_id}/rotations/new")
async def post_new(ctx: Responding, schedule_id: str) -> Response:
    """A new rotation, or the form again with one line more or less, or with a preview."""
    return await _post(ctx, await editable(ctx, schedule_id), "")


@router.get("/schedules/{schedule_id}/rotations/{rotation_id}/edit")
async def get_edit(ctx: ConfigurationViewing, schedule_id: str, rotation_id: str) -> Response:
    """The form of a rotation that is there."""
    found = await editable(ctx, schedule_id)
    rotation = next((it for it in found.schedule.rotations if it.id == str(path_uuid(rotation_id))), None)
    if rotation is None:
        raise NotFound(N_("There is no such rotation."))
    return await _page(ctx, found, draft_of(rotation, found.zone), rotation.id)


@router.post("/schedules/{schedule_id}/rotations/{rotation_id}/edit")
async def post_edit(ctx: Responding, schedule_id: str, rotation_id: str) -> Response:
    """The same rotation otherwise, or the form again."""
    found = await editable(ctx, schedule_id)
    ident = str(path_uuid(rotation_id))
    if ident not in {it.id for it in found.schedule.rotations}:
        raise NotFound(N_("There is no such rotation."))
    return await _post(ctx, found, ident)


async def _post(ctx: PageContext, found: Opened, rotation_id: str) -> Response:
    draft = draft_from({it: ctx.form.text(it) for it in FIELDS}, {it: ctx.form.all(it) for it in LISTS})
    do = ctx.form.text("do") or SAVE
    if do not in {SAVE, PREVIEW}:
        return await _page(ctx, found, draft.changed(do), rotation_id)
    async with ctx.db.transaction() as tx:
        directory = await accounts_store.load_directory(tx, ctx.account_id)
    try:
        form = draft.form(directory)
        if do == PREVIEW:
            return await _page(ctx, found, draft, rotation_id, preview=form)
        if rotation_id:
            await service.change_rotation(ctx.db, ctx.actor, found.row.id, path_uuid(rotation_id), lambda _before: form)
        else:
            await service.add_rotation(ctx.db, ctx.actor, found.row.id, form)
    except (Invalid, Conflict, PlanRequired) as error:
        return await _page(ctx, found, draft, rotation_id, error=ctx.say(error))
    _ = ctx.words
    text = _("Saved.") if rotation_id else _("The rotation is there.")
    return ctx.redirect(found.base, "success", text)


async def _page(
    ctx: PageContext,
    found: Opened,
    draft: RotationDraft,
    rotation_id: str = "",
    *,
    preview: RotationForm | None = None,
    error: str = "",
) -> Response:
    _, directory, locale = ctx.words, found.names.directory, ctx.viewer.locale
    by_name = [
        sorted(((it.id, it.name) for it in things.values()), key=lambda it: it[1].casefold())
        for things in (directory.teams, directory.escalations)
    ]
    shown = _preview(ctx, found, preview) if preview else None
    return ctx.html(
        "on_call/rotation.html",
        it=found,
        draft=draft,
        action=f"{found.base}/rotations/{rotation_id}/edit" if rotation_id else f"{found.base}/rotations/new",
        is_new=not rotation_id,
        people=people(found.users, found.names),
        teams=by_name[0],
        escalations=by_name[1],
        kinds=[(kind.value, _(text)) for kind, text in KINDS],
        restrictions=[(kind, _(text)) for kind, text in RESTRICTIONS.items()],
        weekdays=[(name, weekday(locale, number)) for number, name in enumerate(WEEKDAYS)],
        preview=shown,
        hours=restriction_in_words(preview.restriction, locale) if preview and preview.restriction else "",
        error=error,
        status_code=422 if error else 200,
    )


def _preview(ctx: PageContext, found: Opened, form: RotationForm) -> Chart:
    """Two weeks of the rotation alone, from today or from its start."""
    rotation = as_rotation(form, found.zone)
    alone = Schedule(found.schedule.id, found.schedule.name, found.zone, rotations=(rotation,))
    first = max(ctx.at, rotation.starts_at).astimezone(found.zone).date()
    window = span_of_days(View.FORTNIGHT, first, PREVIEW_DAYS, found.zone)
    return chart(alone, window, found.names, found.clocks, ctx.at, "", may_override=False)
