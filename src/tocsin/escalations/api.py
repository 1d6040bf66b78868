"""The Alert API, where an action also changes who is told; and who was.

Source: reference, alerts (endpoints; dedup and lifecycle)
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from tocsin.accounts.access import ApiContext, api
from tocsin.accounts.model import Right
from tocsin.alerts import fields
from tocsin.alerts.access import Asked, IdentifierTypeParam, asked, get_alert, named
from tocsin.alerts.model import Alert, AlertStatus
from tocsin.escalations import action_store, service
from tocsin.http import answer
from tocsin.wire import wire_time

router = APIRouter(tags=["Alerts"])

Reading = Annotated[ApiContext, Depends(api(Right.READ))]
Writing = Annotated[Asked, Depends(asked(Right.WRITE))]
Deleting = Annotated[Asked, Depends(asked(Right.DELETE))]


@router.post("/v2/alerts/{identifier}/acknowledge", status_code=202)
async def post_acknowledge(given: Writing) -> Response:
    """Somebody is looking."""
    await service.acknowledge(given.ctx.db, given.call)
    return given.accepted()


@router.post("/v2/alerts/{identifier}/unacknowledge", status_code=202)
async def post_unacknowledge(given: Writing) -> Response:
    """Nobody is looking any more."""
    await service.unacknowledge(given.ctx.db, given.call)
    return given.accepted()


@router.post("/v2/alerts/{identifier}/close", status_code=202)
async def post_close(given: Writing) -> Response:
    """The problem is over."""
    await service.close(given.ctx.db, given.call)
    return given.accepted()


@router.post("/v2/alerts/{identifier}/assign", status_code=202)
async def post_assign(given: Writing) -> Response:
    """Put a user in charge."""
    await service.assign(given.ctx.db, given.call, named(given, "owner", "user"))
    return given.accepted()


@router.post("/v2/alerts/{identifier}/notes", status_code=202)
async def post_note(given: Writing) -> Response:
    """Add a note."""
    fields.required("note", given.call.note)
    await service.add_note(given.ctx.db, given.call)
    return given.accepted()


@router.delete("/v2/alerts/{identifier}", status_code=202)
async def delete_alert(given: Deleting) -> Response:
    """Delete the alert."""
    await service.delete(given.ctx.db, given.call)
    return given.accepted()


@router.post("/v2/alerts/{identifier}/snooze", status_code=202)
async def post_snooze(given: Writing) -> Response:
    """Keep it quiet until `endTime`."""
    errors: fields.Errors = {}
    until = fields.instant(given.body, "endTime", errors)
    if until is not None and until <= given.call.at:
        errors["endTime"] = "Property [endTime] should be in the future."
    fields.check(errors)
    if until is not None:
        await service.snooze(given.ctx.db, given.call, until)
    return given.accepted()


@router.post("/v2/alerts/{identifier}/escalate", status_code=202)
async def post_escalate(given: Writing) -> Response:
    """Take the next step of an escalation now."""
    escalation = named(given, "escalation", "escalation")
    await service.escalate(given.ctx.db, given.call, escalation)
    return given.accepted()


@router.post("/v2/alerts/{identifier}/teams", status_code=202)
async def post_team(given: Writing) -> Response:
    """Add a team as responder."""
    team = named(given, "team", "team")
    await service.add_responder(given.ctx.db, given.call, team, "Add Team")
    return given.accepted()


@router.post("/v2/alerts/{identifier}/responders", status_code=202)
async def post_responder(given: Writing) -> Response:
    """Add a responder."""
    errors: fields.Errors = {}
    responder = fields.reference(given.body.get("responder"), "responder", fields.RESPONDER_TYPES, errors)
    fields.check(errors)
    if responder is None:
        raise fields.empty("responder")
    await service.add_responder(given.ctx.db, given.call, responder)
    return given.accepted()


@router.get("/v2/alerts/{identifier}/recipients")
async def get_recipients(ctx: Reading, identifier: str, identifier_type: IdentifierTypeParam = "id") -> Response:
    """Who was told about an alert, and what they did."""
    async with ctx.db.transaction() as tx:
        alert = await get_alert(tx, ctx, identifier, identifier_type)
        found = await action_store.list_recipients(tx, ctx.account_id, alert.id)
    return answer(ctx.request, data=[_recipient(it, alert) for it in found])


def _recipient(recipient: action_store.Recipient, alert: Alert) -> dict[str, Any]:
    state, method, at = "notactive", "", recipient.updated_at
    if alert.status is AlertStatus.CLOSED and alert.closed_by == recipient.username:
        state, method, at = "action", "Close", alert.closed_at or at
    elif alert.acknowledged and alert.acknowledged_by == recipient.username:
        state, method, at = "action", "Acknowledge", alert.acknowledged_at or at
    elif recipient.open:
        state = "processing"
    elif recipient.reached:
        state = "notified"
    return {
        "user": {"id": str(recipient.user_id), "username": recipient.username},
        "state": state,
        "method": method,
        "createdAt": wire_time(recipient.created_at),
        "updatedAt": wire_time(max(at, recipient.created_at)),
    }
