"""Where the card provider tells what happened by itself. Its signature is its only credential."""

from fastapi import APIRouter, Request, Response

from tocsin.billing import provider_events
from tocsin.billing.keeping import Rails
from tocsin.db import Databases
from tocsin.errors import NotFound, TooLarge

router = APIRouter(include_in_schema=False)
EVENT_BYTES = 1_000_000


@router.post("/v1/billing/stripe/webhook")
async def post_event(request: Request) -> Response:
    """200 once everything that follows is done: until then the provider tells again.

    Raises: NotFound without a provider, Invalid for a signature that is not the provider's or too old.
    """
    rails: Rails = request.app.state.rails
    databases: Databases = request.app.state.databases
    if rails.gateway is None:
        raise NotFound("This server has no card provider.")
    payload = await request.body()
    if len(payload) > EVENT_BYTES:
        raise TooLarge("An event has at most 1 MB.")
    now = request.app.state.clock.now()
    event = rails.gateway.read_event(payload, request.headers.get("stripe-signature", ""), now)
    await provider_events.take(databases.engine, rails, event, now)
    return Response("ok\n", media_type="text/plain")
