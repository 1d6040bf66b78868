"""A registry of VAT ids on a port of its own, as VIES answers on the wire."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass
class VatRegistry:
    """Which numbers are in force. `broken` is sent instead of an answer: an error's name, or text that is no JSON."""

    valid: set[str] = field(default_factory=set)
    broken: str = ""
    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    on_question: Callable[[], Awaitable[object]] | None = None  # happens once, before the answer

    async def take(self, request: web.Request) -> web.Response:
        question = await request.json()
        self.asked.append(question)
        if self.on_question is not None:
            happens, self.on_question = self.on_question, None
            await happens()
        if self.broken == "html":
            return web.Response(text="<html>Sorry</html>", status=502, content_type="text/html")
        if self.broken:
            return web.json_response({"actionSucceed": False, "errorWrappers": [{"error": self.broken}]})
        vat_id = question["countryCode"] + question["vatNumber"]
        return web.json_response(
            {
                **question,
                "requestDate": "2026-03-24T12:00:00.000Z",
                "valid": vat_id in self.valid,
                "requestIdentifier": f"WAPI{len(self.asked):04}",
                "name": "BEISPIEL GMBH",
                "address": "---",
            }
        )


@asynccontextmanager
async def vat_registry(*valid: str) -> AsyncIterator[VatRegistry]:
    """A registry that runs in this event loop and knows these numbers."""
    registry = VatRegistry(set(valid))
    app = web.Application()
    app.router.add_post("/rest-api/check-vat-number", registry.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]  # a Server
    registry.url = f"http://127.0.0.1:{port}/rest-api"
    try:
        yield registry
    finally:
        await runner.cleanup()
