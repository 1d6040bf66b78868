"""The Alert API: one alert, its log, notes and requests, and what changes the alert alone.

What also starts or stops telling people is in escalations/api.py. Every write is done, and its status readable, when
its 202 is sent. Source: reference, alerts (endpoints)
"""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from tocsin.accounts.access import ApiContext, api
from tocsin.accounts.model import Right
from tocsin.accounts.store import load_integrations
from tocsin.alerts import fields, service, store, transitions, wire
from tocsin.alerts.access import Asked, IdentifierTypeParam, asked, get_alert
from tocsin.alerts.paging import Place, page, place
from tocsin.db import Tx
from tocsin.http import answer, text_of

router = APIRouter(tags=["Alerts"])

Reading = Annotated[ApiContext, Depends(api(Right.READ))]
Writing = Annotated[Asked, Depends(asked(Right.WRITE))]
Deleting = Annotated[Asked, Depends(asked(Right.DELETE))]


@router.get("/v2/alerts/requests/{request_id}")
async def get_request_status(ctx: Reading, request_id: str) -> Response:
    """What became of an asynchronous request; 404 of the kind that clients poll on while it is not known."""
    ident = store.as_uuid(text_of(request_id))
    async with ctx.db.transaction() as tx:
        found = await store.find_request(tx, ctx.account_id, ident) if ident is not None else None
        if found is not None and not await _may_see(tx, ctx, found.alert_id, found.integration_id):
            found = None
    if found is None:
        return answer(
            ctx.request,
            status=404,
            headers={"X-Opsgenie-Errortype": "RequestNotProcessed"},
            message="Request is not processed yet, or there is no such request.",
        )
    return answer(ctx.request, data=wire.request_status(found))


async def _may_see(tx: Tx, ctx: ApiContext, alert_id: str, integration_id: UUID | None) -> bool:
    """A team's key sees its own requests, and those about its team's alerts."""
    team_id = ctx.integration.team_id
    if team_id is None or integration_id == ctx.integration.id:
        return True
    alert = await store.find(tx, ctx.account_id, alert_id, "id")
    return alert is not None and alert.belongs_to_team(team_id)


@router.get("/v2/alerts/{identifier}")
async def get_one(ctx: Reading, identifier: str, identifier_type: IdentifierTypeParam = "id") -> Response:
    """An alert with all its fields."""
    async with ctx.db.transaction() as tx:
        alert = await get_alert(tx, ctx, identifier, identifier_type)
        integrations = await load_integrations(tx, ctx.account_id)
    return answer(ctx.request, data=wire.whole(alert, integrations, ctx.at))


@router.get("/v2/alerts/{identifier}/notes")
async def get_notes(
    ctx: Reading, at: Annotated[Place, Depends(place)], identifier: str, identifier_type: IdentifierTypeParam = "id"
) -> Response:
    """What was noted about an alert, page by page."""
    async with ctx.db.transaction() as tx:
        alert = await get_alert(tx, ctx, identifier, identifier_type)
        found = await store.list_notes(
            tx, ctx.account_id, alert.id, after=at.after, ascending=at.ascending, limit=at.limit + 1
        )
    return page(ctx.request, at, found, wire.note)


@router.get("/v2/alerts/{identifier}/logs")
async def get_logs(
    ctx: Reading, at: Annotated[Place, Depends(place)], identifier: str, identifier_type: IdentifierTypeParam = "id"
) -> Response:
    """What happened to an alert, page by page."""
    async with ctx.db.transaction() as tx:
        alert = await get_alert(tx, ctx, identifier, identifier_type)
        found = await store.list_log(
            tx, ctx.account_id, alert.id, after=at.after, ascending=at.ascending, limit=at.limit + 1
        )
    return page(ctx.request, at, found, wire.log_line)


async def _act(given: Asked, action: str, decide: service.Decide) -> Response:
    await service.act(given.ctx.db, given.call, action, decide)
    return given.accepted()


@router.post("/v2/alerts/{identifier}/tags", status_code=202)
async def post_tags(given: Writing) -> Response:
    """Add tags."""
    errors: fields.Errors = {}
    tags = fields.texts(given.body, "tags", fields.TAGS_LIMIT, fields.TAG_LIMIT, errors)
    fields.check(errors)
    fields.required("tags", tags)
    return await _act(given, "Add Tags", partial(transitions.add_tags, tags=tags, at=given.call.at))


@router.delete("/v2/alerts/{identifier}/tags", status_code=202)
async def delete_tags(given: Deleting, request: Request) -> Response:
    """Remove tags, named in the query with commas between them."""
    tags = _listed(request, "tags")
    return await _act(given, "Remove Tags", partial(transitions.remove_tags, tags=tags, at=given.call.at))


@router.post("/v2/alerts/{identifier}/details", status_code=202)
async def post_details(given: Writing) -> Response:
    """Add details; the same keys are overwritten."""
    errors: fields.Errors = {}
    details = fields.details(given.body, "details", errors)
    fields.check(errors)
    fields.required("details", details)
    return await _act(given, "Add Details", partial(transitions.add_details, details=details, at=given.call.at))


@router.delete("/v2/alerts/{identifier}/details", status_code=202)
async def delete_details(given: Deleting, request: Request) -> Response:
    """Remove details, their keys named in the query with commas between them."""
    keys = _listed(request, "keys")
    return await _act(given, "Remove Details", partial(transitions.remove_details, keys=keys, at=given.call.at))


def _listed(request: Request, field: str) -> list[str]:
    """A list in the query, as `a,b` or repeated. Raises: Invalid when empty."""
    parts = [part.strip() for value in request.query_params.getlist(field) for part in value.split(",")]
    named = [fields.clean(part) for part in parts if part]
    fields.required(field, named)
    return named


@router.put("/v2/alerts/{identifier}/priority", status_code=202)
@router.post("/v2/alerts/{identifier}/priority", status_code=202, include_in_schema=False)
async def put_priority(given: Writing) -> Response:
    """Change the priority."""
    errors: fields.Errors = {}
    priority = fields.priority(given.body, errors)
    fields.check(errors)
    if priority is None:
        raise fields.empty("priority")
    return await _act(given, "Update Priority", partial(transitions.set_priority, priority=priority, at=given.call.at))


@router.put("/v2/alerts/{identifier}/message", status_code=202)
@router.post("/v2/alerts/{identifier}/message", status_code=202, include_in_schema=False)
async def put_message(given: Writing) -> Response:
    """Change the message."""
    errors: fields.Errors = {}
    message = fields.text(given.body, "message", fields.MESSAGE_LIMIT, errors)
    fields.check(errors)
    fields.required("message", message)
    return await _act(given, "Update Message", partial(transitions.set_message, message=message, at=given.call.at))


@router.put("/v2/alerts/{identifier}/description", status_code=202)
@router.post("/v2/alerts/{identifier}/description", status_code=202, include_in_schema=False)
async def put_description(given: Writing) -> Response:
    """Change the description. None at all empties it: Alertmanager leaves an empty one out."""
    errors: fields.Errors = {}
    text = fields.text(given.body, "description", fields.DESCRIPTION_LIMIT, errors)
    fields.check(errors)
    return await _act(
        given, "Update Description", partial(transitions.set_description, description=text, at=given.call.at)
    )


@router.post("/v2/alerts/{identifier}/actions/{action}", status_code=202)
async def post_action(given: Writing, action: str) -> Response:
    """Execute one of the alert's own actions."""
    name = text_of(action)
    return await _act(given, "Execute Custom Action", partial(transitions.execute, action=name, at=given.call.at))
