"""`localstripe` (GPL), a second opinion on Stripe, in a process of its own on a free port of 127.0.0.1.

Its own launcher listens on every address and keeps its state in one file for all runs; this one does neither. What our
driver says in words that localstripe does not know yet (it speaks Stripe of 2017 to 2024) is left out on the way in.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

KEY = "sk_test_localstripe"
UNKNOWN_TO_IT = frozenset({"allowed_payment_method_types", "description", "return_url"})


@asynccontextmanager
async def localstripe() -> AsyncIterator[str]:
    """The address of a fresh localstripe, ended with the block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert process.stdout is not None
    try:
        port = (await asyncio.wait_for(process.stdout.readline(), 60)).decode().strip()
        assert port, "localstripe did not start"
        yield f"http://127.0.0.1:{port}"
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def main() -> None:
    """The other process."""
    from collections.abc import Awaitable, Callable

    from aiohttp import web
    from localstripe.resources import store
    from localstripe.server import app
    from multidict import MultiDict, MultiDictProxy

    type(store).dump_to_disk = lambda _: None

    @web.middleware
    async def translated(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if request.method == "POST":
            kept = [
                (name, value)
                for name, value in (await request.post()).items()
                if name.partition("[")[0] not in UNKNOWN_TO_IT
            ]
            request._post = MultiDictProxy(MultiDict(kept))
        return await handler(request)

    async def run() -> None:
        app.middlewares.insert(0, translated)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        assert site._server is not None
        print(site._server.sockets[0].getsockname()[1], flush=True)  # type: ignore[attr-defined]  # noqa: T201
        await asyncio.Event().wait()

    asyncio.run(run())


if __name__ == "__main__":
    main()
