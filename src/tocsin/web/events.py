"""GET /events: what a live page listens to."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from tocsin.accounts.pages_access import PageContext, page
from tocsin.accounts.rights import Action
from tocsin.web.event_stream import EventStream
from tocsin.web.feed import Feed

router = APIRouter()


@router.get("/events")
async def get_events(ctx: Annotated[PageContext, Depends(page(Action.VIEW))], request: Request) -> Response:
    """Changes of the account's alerts, or of one `alert`, from `since` or the header Last-Event-ID on."""
    feed: Feed = request.app.state.feed
    known = request.headers.get("last-event-id") or request.query_params.get("since", "")
    alert_id = request.query_params.get("alert", "")
    return EventStream(feed, feed.subscribe(ctx.account_id, str(ctx.session.id), known, alert_id))
