"""A scratch PostgreSQL server for a test run, and the application on a port of its own."""

import asyncio
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Literal

import uvicorn
from starlette.types import ASGIApp

from tocsin.accounts.rate_limits import LimitsOf
from tocsin.app import create_app
from tocsin.clock import Clock
from tocsin.migrate import migrate
from tocsin.postgres import EmbeddedServer
from tocsin.settings import Settings


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder that the database server's own user may pass through, removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="tocsin-test-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def scratch_database(*, durable: bool = False) -> Iterator[str]:
    """The address of a migrated database on a server of its own, stopped at the end."""
    with scratch_folder() as folder:
        server = EmbeddedServer(folder, durable=durable)
        server.start()
        try:
            migrate(server.url())
            yield server.url()
        finally:
            server.stop()


@asynccontextmanager
async def serve(
    settings: Settings, database_url: str, clock: Clock, limits_of: LimitsOf | None = None
) -> AsyncIterator[str]:
    """The application on a free port of 127.0.0.1; yields its base URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        app = create_app(settings.model_copy(update={"port": port}), database_url, clock, limits_of)
        async with serve_app(app, listener):
            yield f"http://127.0.0.1:{port}"


@asynccontextmanager
async def serve_app(
    app: ASGIApp, listener: socket.socket, lifespan: Literal["on", "off"] = "on"
) -> AsyncIterator[None]:
    """Any ASGI application behind `listener` until the block ends."""
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan=lifespan, timeout_graceful_shutdown=2))
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    await server.startup(sockets=[listener])
    try:
        ticking = asyncio.create_task(server.main_loop())
        yield
        server.should_exit = True
        await ticking
    finally:
        await server.shutdown(sockets=[listener])
