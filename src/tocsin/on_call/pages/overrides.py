"""Pages: somebody stands in: an override by its form, and a shift that is given or taken."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import APIRouter, Response

from tocsin.accounts.model import User
from tocsin.accounts.pages_access import PageContext, path_uuid
from tocsin.accounts.people.letters import Address
from tocsin.errors import Conflict, Forbidden, Invalid, NotFound, PlanRequired
from tocsin.escalations.pages.common import ConfigurationViewing, Responding
from tocsin.i18n import N_
from tocsin.on_call.chart import instant_text, query, read_instant, why_of
from tocsin.on_call.pages.opened import NOT_A_MEMBER, Opened, opened, overridable, people
from tocsin.on_call.rotation_draft import FIELD, wall_of
from tocsin.on_call.swap import Handover, Swap, hand_over, shift_at
from tocsin.schedules import service
from tocsin.schedules.forms import OverrideForm
from tocsin.schedules.on_call import Shift
from tocsin.schedules.rotation import ParticipantKind

router = APIRouter()

HOUR = timedelta(hours=1)
NOBODY = "none"
CHANGED = N_("This shift has changed meanwhile, or is over. Look again at who has it.")


@dataclass(frozen=True, slots=True)
class OverrideDraft:
    """The fields of the form, as text."""

    user: str
    starts: str
    ends: str
    rotations: tuple[str, ...]


@router.get("/schedules/{schedule_id}/overrides/new")
async def get_new(
    ctx: ConfigurationViewing, schedule_id: str, start: str = "", end: str = "", rotation: str = "", user: str = ""
) -> Response:
    """The form, filled in with the stretch that was chosen; without one with the eight hours to come."""
    found = await overridable(ctx, schedule_id)
    begins = ctx.at.replace(minute=0, second=0, microsecond=0)
    starts, ends = begins, begins + 8 * HOUR
    if start and end:
        starts, ends = read_instant(start), read_instant(end)
    texts = [it.astimezone(found.zone).strftime(FIELD) for it in (starts, ends)]
    chosen = user or str(ctx.user.id)
    return _page(ctx, found, OverrideDraft(chosen, texts[0], texts[1], (rotation,) if rotation else ()))


@router.post("/schedules/{schedule_id}/overrides/new")
async def post_new(ctx: Responding, schedule_id: str) -> Response:
    """Somebody, or nobody, in the place of all rotations or of some, for a while."""
    found = await overridable(ctx, schedule_id)
    form = ctx.form
    draft = OverrideDraft(form.text("user"), form.text("starts"), form.text("ends"), tuple(form.all("rotation")))
    if draft.user not in {NOBODY, *dict(people(found.users, found.names))}:
        raise NotFound(N_("There is no such person, or alerts do not reach them."))
    try:
        wanted = OverrideForm(
            None if draft.user == NOBODY else path_uuid(draft.user), wall_of(draft.starts), wall_of(draft.ends),
            tuple(path_uuid(it) for it in draft.rotations),
        )  # fmt: skip
        await service.add_override(ctx.db, ctx.actor, found.row.id, wanted)
    except (Invalid, Conflict, PlanRequired) as error:
        return _page(ctx, found, draft, ctx.say(error))
    _ = ctx.words
    to = query(found.base, view=form.text("view"), date=draft.starts[:10])
    return ctx.redirect(to, "success", _("The override is there."))


def _page(ctx: PageContext, found: Opened, draft: OverrideDraft, error: str = "") -> Response:
    _ = ctx.words
    return ctx.html(
        "on_call/override.html",
        it=found,
        draft=draft,
        people=[*people(found.users, found.names), (NOBODY, _("nobody"))],
        error=error,
        status_code=422 if error else 200,
    )


@router.get("/schedules/{schedule_id}/shift")
async def get_shift(ctx: ConfigurationViewing, schedule_id: str, at: str = "", rotation: str = "") -> Response:
    """One shift: who, from when to when, why; and what the reader may do with it."""
    found = await opened(ctx, schedule_id)
    shift = _shift(found, read_instant(at), rotation)
    is_mine = _is_mine(ctx, shift)
    is_over = shift.ends_at <= ctx.at
    return ctx.html(
        "on_call/shift.html",
        it=found,
        shift=shift,
        who=found.names.of(shift.participant),
        why=why_of(shift, found.names),
        at=instant_text(shift.starts_at),
        rotation=rotation,
        is_mine=is_mine,
        is_over=is_over,
        may_give=is_mine and not is_over,
        may_take=found.rights.override and not is_mine and not is_over,
        people=[it for it in people(found.users, found.names) if it[0] != str(ctx.user.id)],
        override=query(
            f"{found.base}/overrides/new", start=instant_text(shift.starts_at), end=instant_text(shift.ends_at),
            rotation=rotation,
        ),
    )  # fmt: skip


@router.post("/schedules/{schedule_id}/shift")
async def post_shift(ctx: Responding, schedule_id: str) -> Response:
    """Give my shift to somebody, or take somebody's."""
    found = await opened(ctx, schedule_id)
    rotation = ctx.form.text("rotation")
    shift = _shift(found, read_instant(ctx.form.text("at")), rotation)
    page = query(f"{found.base}/shift", at=instant_text(shift.starts_at), rotation=rotation)
    if ctx.form.text("who") != (shift.participant.id or "") or shift.ends_at <= ctx.at:
        return ctx.redirect(page, "warning", ctx.say(CHANGED))
    handover = _handover(ctx, found, shift)
    where = Address(ctx.account.name, ctx.settings.base_url)
    try:
        await hand_over(ctx.db, ctx.actor, handover, where)
    except (Invalid, PlanRequired) as error:
        return ctx.redirect(page, "danger", ctx.say(error))
    _ = ctx.words
    name = handover.to.full_name or handover.to.username
    given = handover.kind is Swap.GIVEN
    text = _("%(who)s has the shift now, and is told by mail.", who=name) if given else _("The shift is yours now.")
    to = query(found.base, date=str(shift.starts_at.astimezone(found.zone).date()))
    return ctx.redirect(to, "success", text)


def _handover(ctx: PageContext, found: Opened, shift: Shift) -> Handover:
    """What the form asks for. Raises: NotFound, Forbidden."""
    users = {str(user.id): user for user in found.users}
    if ctx.form.text("do") == "give":
        if not _is_mine(ctx, shift):
            raise Forbidden(N_("This is not your shift."))
        chosen = ctx.form.text("user")
        if chosen not in dict(people(found.users, found.names)):
            raise NotFound(N_("There is no such person, or alerts do not reach them."))
        receiver = users[chosen]
        return Handover(Swap.GIVEN, found.row, shift, ctx.user, receiver, receiver)
    if not found.rights.override:
        raise Forbidden(NOT_A_MEMBER)
    before: User | None = None
    if shift.participant.kind is ParticipantKind.USER and not _is_mine(ctx, shift):
        before = users.get(shift.participant.id or "")
    return Handover(Swap.TAKEN, found.row, shift, ctx.user, ctx.user, before)


def _is_mine(ctx: PageContext, shift: Shift) -> bool:
    return shift.participant.kind is ParticipantKind.USER and shift.participant.id == str(ctx.user.id)


def _shift(found: Opened, at: datetime, rotation_id: str) -> Shift:
    """Raises: NotFound."""
    shift = shift_at(found.schedule, found.names.directory.standing_in, at, rotation_id)
    if shift is None:
        raise NotFound(N_("Nobody is on call there any more. Look again at the schedule."))
    return shift
