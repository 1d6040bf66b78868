"""What is done to one alert from its page or from the list: each a form, each answered by the page it was on."""

from datetime import timedelta
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from tocsin.accounts.directory import Reference
from tocsin.accounts.pages_access import PageContext, page
from tocsin.accounts.rights import Action
from tocsin.alerts import fields, transitions
from tocsin.alerts import service as alerts_service
from tocsin.alerts import store as alerts_store
from tocsin.alerts.model import RequestResult
from tocsin.alerts.service import Decide
from tocsin.errors import Invalid
from tocsin.escalations import service
from tocsin.escalations.pages.common import Responding, back, call, names_by_username, outcome
from tocsin.i18n import N_

router = APIRouter()

SNOOZE_LIMIT = 60 * 24 * 30  # minutes
KINDS = {"team", "user", "schedule", "escalation"}
Acknowledge = Annotated[PageContext, Depends(page(Action.ACKNOWLEDGE))]
Unacknowledge = Annotated[PageContext, Depends(page(Action.UNACKNOWLEDGE))]
Close = Annotated[PageContext, Depends(page(Action.CLOSE))]
Snooze = Annotated[PageContext, Depends(page(Action.SNOOZE))]
AddNote = Annotated[PageContext, Depends(page(Action.ADD_NOTE))]
Escalate = Annotated[PageContext, Depends(page(Action.ESCALATE))]
EditPriority = Annotated[PageContext, Depends(page(Action.EDIT_PRIORITY))]
EditTags = Annotated[PageContext, Depends(page(Action.EDIT_TAGS))]
EditDetails = Annotated[PageContext, Depends(page(Action.EDIT_DETAILS))]
Execute = Annotated[PageContext, Depends(page(Action.EXECUTE))]


async def _answer(ctx: PageContext, alert_id: str, result: RequestResult) -> Response:
    """Back to the page that the form was on, saying what the action came to."""
    async with ctx.db.transaction() as tx:
        alert = await alerts_store.find(tx, ctx.account_id, alert_id, "id")
        names = await names_by_username(tx, ctx.account_id)
    tone, text = outcome(ctx.words, result, alert, names)
    return ctx.redirect(back(ctx, f"/alerts/{alert_id}"), tone, text)


async def _act(ctx: PageContext, alert_id: str, action: str, decide: Decide) -> Response:
    return await _answer(ctx, alert_id, await alerts_service.act(ctx.db, call(ctx, alert_id), action, decide))


@router.post("/alerts/{alert_id}/acknowledge")
async def post_acknowledge(ctx: Acknowledge, alert_id: str) -> Response:
    """I am looking into it."""
    return await _answer(ctx, alert_id, await service.acknowledge(ctx.db, call(ctx, alert_id)))


@router.post("/alerts/{alert_id}/unacknowledge")
async def post_unacknowledge(ctx: Unacknowledge, alert_id: str) -> Response:
    """Nobody is looking any more."""
    return await _answer(ctx, alert_id, await service.unacknowledge(ctx.db, call(ctx, alert_id)))


@router.post("/alerts/{alert_id}/close")
async def post_close(ctx: Close, alert_id: str) -> Response:
    """The problem is over."""
    return await _answer(ctx, alert_id, await service.close(ctx.db, call(ctx, alert_id)))


@router.post("/alerts/{alert_id}/snooze")
async def post_snooze(ctx: Snooze, alert_id: str) -> Response:
    """Quiet for so many `minutes`."""
    minutes = ctx.form.text("minutes")
    if not minutes.isdecimal() or not 0 < int(minutes) <= SNOOZE_LIMIT:
        raise Invalid(N_("Choose for how long: one minute to 30 days."))
    until = ctx.at + timedelta(minutes=int(minutes))
    return await _answer(ctx, alert_id, await service.snooze(ctx.db, call(ctx, alert_id), until))


@router.post("/alerts/{alert_id}/notes")
async def post_note(ctx: AddNote, alert_id: str) -> Response:
    """Write something about it."""
    note = fields.clean(ctx.form.text("note"))[: fields.NOTE_LIMIT]
    if not note:
        raise Invalid(N_("Write something first."))
    return await _answer(ctx, alert_id, await service.add_note(ctx.db, call(ctx, alert_id, note)))


@router.post("/alerts/{alert_id}/assign")
async def post_assign(ctx: Responding, alert_id: str) -> Response:
    """Put somebody in charge."""
    owner = Reference("user", name=ctx.form.text("owner"))
    ctx.require(Action.TAKE_OWNERSHIP if owner.name == ctx.user.username else Action.ASSIGN)
    return await _answer(ctx, alert_id, await service.assign(ctx.db, call(ctx, alert_id), owner))


@router.post("/alerts/{alert_id}/responders")
async def post_responder(ctx: Responding, alert_id: str) -> Response:
    """Tell somebody else as well; the field is `type:id`."""
    kind, _, ident = ctx.form.text("responder").partition(":")
    if kind not in KINDS:
        raise Invalid(N_("Choose who is told as well."))
    ctx.require(Action.ADD_TEAM if kind == "team" else Action.ADD_RESPONDER)
    reference = Reference(kind, id=ident)
    return await _answer(ctx, alert_id, await service.add_responder(ctx.db, call(ctx, alert_id), reference))


@router.post("/alerts/{alert_id}/escalate")
async def post_escalate(ctx: Escalate, alert_id: str) -> Response:
    """The escalation's next step, now."""
    escalation = Reference("escalation", id=ctx.form.text("escalation"))
    return await _answer(ctx, alert_id, await service.escalate(ctx.db, call(ctx, alert_id), escalation))


@router.post("/alerts/{alert_id}/priority")
async def post_priority(ctx: EditPriority, alert_id: str) -> Response:
    """Change the priority."""
    priority = fields.PRIORITIES.get(ctx.form.text("priority"))
    if priority is None:
        raise Invalid(N_("Choose a priority from P1 to P5."))
    decide = partial(transitions.set_priority, priority=priority, at=ctx.at)
    return await _act(ctx, alert_id, "Update Priority", decide)


@router.post("/alerts/{alert_id}/tags")
async def post_tags(ctx: EditTags, alert_id: str) -> Response:
    """Add tags, several with commas between them."""
    given = [fields.clean(tag).strip()[: fields.TAG_LIMIT] for tag in ctx.form.text("tags").split(",")]
    tags = [tag for tag in given if tag]
    if not tags:
        raise Invalid(N_("Write at least one tag."))
    return await _act(ctx, alert_id, "Add Tags", partial(transitions.add_tags, tags=tags, at=ctx.at))


@router.post("/alerts/{alert_id}/untag")
async def post_untag(ctx: EditTags, alert_id: str) -> Response:
    """Remove a tag."""
    tags = ctx.form.all("tag")
    return await _act(ctx, alert_id, "Remove Tags", partial(transitions.remove_tags, tags=tags, at=ctx.at))


@router.post("/alerts/{alert_id}/details")
async def post_detail(ctx: EditDetails, alert_id: str) -> Response:
    """Add a detail, or overwrite the one of that name."""
    key, value = fields.clean(ctx.form.text("key")), fields.clean(ctx.form.text("value"))
    if not key or not value:
        raise Invalid(N_("A detail has a name and a value."))
    decide = partial(transitions.add_details, details={key: value}, at=ctx.at)
    return await _act(ctx, alert_id, "Add Details", decide)


@router.post("/alerts/{alert_id}/undetail")
async def post_undetail(ctx: EditDetails, alert_id: str) -> Response:
    """Remove a detail."""
    decide = partial(transitions.remove_details, keys=ctx.form.all("key"), at=ctx.at)
    return await _act(ctx, alert_id, "Remove Details", decide)


@router.post("/alerts/{alert_id}/execute")
async def post_execute(ctx: Execute, alert_id: str) -> Response:
    """One of the alert's own actions."""
    decide = partial(transitions.execute, action=ctx.form.raw("action"), at=ctx.at)
    return await _act(ctx, alert_id, "Execute Custom Action", decide)
