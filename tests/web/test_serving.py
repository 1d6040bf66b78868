"""The API process stops: what is under way is finished, streams end, nobody waits for them."""

import asyncio
import signal
import socket

import aiohttp
import uvicorn
from starlette.types import Receive, Scope, Send

from tocsin.serving import Drain, DrainingServer


class TinyApp:
    """/stream never ends by itself; /slow answers when `finish` is set; everything else at once."""

    def __init__(self) -> None:
        self.asked, self.finish = asyncio.Event(), asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            while (await receive())["type"] != "lifespan.shutdown":
                await send({"type": "lifespan.startup.complete"})
            await send({"type": "lifespan.shutdown.complete"})
            return
        stream = scope["path"] == "/stream"
        kind = b"text/event-stream" if stream else b"text/plain"
        if scope["path"] == "/slow":
            self.asked.set()
            await self.finish.wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]})
        if stream:
            await send({"type": "http.response.body", "body": b": hello\n\n", "more_body": True})
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        await send({"type": "http.response.body", "body": b"done"})


async def test_stopping_finishes_requests_ends_streams_and_says_close() -> None:
    app = TinyApp()
    drain = Drain(app)
    listener = socket.create_server(("127.0.0.1", 0))
    base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = DrainingServer(uvicorn.Config(drain, lifespan="on", log_config=None, timeout_graceful_shutdown=60), drain)
    serving = asyncio.create_task(server.serve([listener]))
    timeout = aiohttp.ClientTimeout(30)
    async with aiohttp.ClientSession(base_url, timeout=timeout) as http, http.get("/stream") as stream:
        assert await stream.content.readline() == b": hello\n"
        slow = asyncio.create_task(http.get("/slow"))
        await app.asked.wait()

        signal.raise_signal(signal.SIGTERM)

        async with http.get("/") as response:
            assert response.headers["Connection"] == "close"
        assert await stream.content.read() == b"\n"
        assert not serving.done()
        app.finish.set()
        assert await (await slow).text() == "done"
        await serving
    assert not server.force_exit
