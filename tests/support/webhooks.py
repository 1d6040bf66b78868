"""A webhook receiver that checks signatures as a customer would, on a port of its own."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass
class WebhookSink:
    """What arrived, in order. `statuses` are answered instead of 200 to the next requests; `silent` answers nothing."""

    secret: bytes
    url: str = ""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    location: str = ""
    silent: bool = False
    forged: int = 0
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        if not self.signed(request, raw):
            self.forged += 1
        self.bodies.append(json.loads(raw))
        self.arrived.set()
        if self.silent:
            await asyncio.Event().wait()
        status = self.statuses.pop(0) if self.statuses else 200
        return web.Response(status=status, headers={"location": self.location} if self.location else {})

    def signed(self, request: web.Request, raw: bytes) -> bool:
        """By the text of the Standard Webhooks specification, not by our own code."""
        content = b".".join(
            (request.headers["webhook-id"].encode(), request.headers["webhook-timestamp"].encode(), raw)
        )
        wanted = base64.b64encode(hmac.new(self.secret, content, hashlib.sha256).digest()).decode()
        return hmac.compare_digest(request.headers["webhook-signature"], f"v1,{wanted}")


@asynccontextmanager
async def webhook_sink(secret: bytes = b"a signing secret") -> AsyncIterator[WebhookSink]:
    """A sink that runs in this event loop."""
    sink = WebhookSink(secret)
    app = web.Application()
    app.router.add_post("/{tail:.*}", sink.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    sink.url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}/hook"  # type: ignore[attr-defined]  # a Server
    try:
        yield sink
    finally:
        await runner.cleanup()
