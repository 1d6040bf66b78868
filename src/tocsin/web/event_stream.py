"""A response that never ends by itself: server-sent events from a subscription."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tocsin.web.feed import Feed, Subscription

HEARTBEAT_SECONDS = 15.0  # proxies and phones drop what is silent for longer
GATHER_SECONDS = 0.3  # after a message, so that a storm is one message and not thousands
STREAM_SECONDS = 900.0  # then the page connects again, and its session is looked at again


class EventStream(Response):
    """Messages of one subscription until the reader leaves, the feed closes or its time is up.

    Without a subscription it answers 204, which tells the page not to try again at once.
    """

    media_type = "text/event-stream"

    def __init__(self, feed: Feed, subscribing: AbstractContextManager[Subscription | None]) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        self.feed = feed
        self.subscribing = subscribing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self.subscribing as subscription:
            if subscription is None:
                await Response(status_code=204)(scope, receive, send)
                return
            headers = [header for header in self.raw_headers if header[0] != b"content-length"]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            sending = asyncio.create_task(self._send(subscription, send))
            leaving = asyncio.create_task(_gone(receive))
            try:
                await asyncio.wait((sending, leaving), timeout=STREAM_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (sending, leaving):
                    task.cancel()
                await asyncio.gather(sending, leaving, return_exceptions=True)
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send(self, subscription: Subscription, send: Send) -> None:
        async for message in self._messages(subscription):
            await send({"type": "http.response.body", "body": message.encode(), "more_body": True})

    async def _messages(self, subscription: Subscription) -> AsyncIterator[str]:
        yield f"retry: 1000\nid: {self.feed.position(subscription.seen)}\n\n"
        while not self.feed.closed.is_set():
            try:
                await asyncio.wait_for(subscription.wake.wait(), HEARTBEAT_SECONDS)
            except TimeoutError:
                yield ": still here\n\n"
                continue
            waiting = subscription.take()
            if waiting is not None:
                event, data = waiting
                yield f"id: {self.feed.position(subscription.seen)}\nevent: {event}\ndata: {data}\n\n"
                await asyncio.sleep(GATHER_SECONDS)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
