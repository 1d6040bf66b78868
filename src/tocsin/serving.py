"""The two processes that work: the API, which stops without cutting a request, and the worker."""

import asyncio
import gc
import math
import os
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from types import FrameType

import psycopg
import structlog
import uvicorn
import uvloop
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tocsin import logs, metrics
from tocsin.app import create_app
from tocsin.clock import SystemClock
from tocsin.db import Tx, connect
from tocsin.listener import take_again, take_no_more, waiting
from tocsin.server_key import WrongKey, check_key
from tocsin.settings import Settings
from tocsin.supervisor import BACKLOG, LISTEN_FD, READY_FD, SUPERVISED, CannotServe, open_listener

DRAIN_SECONDS = 1.0  # how long clients are told to close their connections while everything is still answered
LATECOMER_SECONDS = 1.0  # how long who connected just before the end has to ask
PATIENCE_SECONDS = 15  # for requests that take long
GC_THRESHOLDS = (50_000, 20, 100)  # of the garbage collector: a pause for each few thousand requests, not for each ten
SAY_AGAIN_SECONDS = 10.0  # that the database does not answer
log = structlog.get_logger("tocsin.serving")


class Drain:
    """ASGI middleware. While the server drains it asks clients to close; when it stops it ends event streams."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.draining = False
        self.stopping = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or (scope["method"] != "GET" and not self.draining):
            await self.app(scope, receive, send)  # the fast path: nothing is wrapped
            return
        streaming, complete = False, False

        async def sending(message: Message) -> None:
            nonlocal streaming, complete
            if message["type"] == "http.response.body":
                complete = not message.get("more_body", False)
            if message["type"] == "http.response.start":
                headers = message.get("headers", [])
                streaming = any(name == b"content-type" and b"event-stream" in value for name, value in headers)
                if self.draining:
                    message["headers"] = [*headers, (b"connection", b"close")]
            await send(message)

        async def receiving() -> Message:
            """What the client sent, or, in an event stream when the server stops, that it is over."""
            message = asyncio.ensure_future(receive())
            stopping = asyncio.ensure_future(self.stopping.wait())
            try:
                await asyncio.wait((message, stopping), return_when=asyncio.FIRST_COMPLETED)
                if streaming and not message.done():
                    return {"type": "http.disconnect"}
                return await message
            finally:
                message.cancel()
                stopping.cancel()

        await self.app(scope, receiving, sending)
        if streaming and not complete and self.stopping.is_set():
            await send({"type": "http.response.body", "body": b"", "more_body": False})


class WholeAnswers(asyncio.Transport):
    """A connection that sends an answer's head together with the body that follows it.

    uvicorn writes them one after the other, and each write of its own wakes the client and costs as much as all the
    rest of a small answer. A head that nothing follows is sent once everything else that is ready has run.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__()
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._head: bytes | bytearray | memoryview = b""
        self.get_extra_info = transport.get_extra_info  # type: ignore[method-assign]
        self.is_closing = transport.is_closing  # type: ignore[method-assign]
        self.pause_reading = transport.pause_reading  # type: ignore[method-assign]
        self.resume_reading = transport.resume_reading  # type: ignore[method-assign]

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._head:
            head, self._head = self._head, b""
            self._transport.write(b"".join((head, data)))
        elif data[-4:] == b"\r\n\r\n":
            self._head = data
            self._loop.call_soon(self._flush)
        else:
            self._transport.write(data)

    def _flush(self) -> None:
        if self._head:
            head, self._head = self._head, b""
            self._transport.write(head)

    def close(self) -> None:
        self._flush()
        self._transport.close()


class Connection(HttpToolsProtocol):
    """uvicorn's protocol, with whole answers."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(WholeAnswers(transport))


class DrainingServer(uvicorn.Server):
    """On SIGTERM: `Connection: close` on each answer for a second, then no new connections, then the end.

    uvicorn alone cuts connections that a client is about to use. A second signal stops at once.
    """

    def __init__(self, config: uvicorn.Config, drain: Drain) -> None:
        super().__init__(config)
        self._drain = drain
        self._draining: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        _freeze()
        if READY_FD in os.environ:
            os.write(int(os.environ[READY_FD]), b"1")
            os.close(int(os.environ[READY_FD]))
        log.info("api_started", pid=os.getpid())

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._drain.draining:
            self.should_exit = self.force_exit = True
            return
        self._drain.draining = True
        asyncio.get_running_loop().call_later(DRAIN_SECONDS, self._stop_listening)

    def _stop_listening(self) -> None:
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        listeners = sockets or []
        for listener in listeners:
            take_no_more(listener)
        await self._until(lambda: not any(waiting(listener) for listener in listeners))
        for server in self.servers:
            server.close()
        for listener in listeners:
            listener.close()
        self._drain.stopping.set()
        await self._until(lambda: all(self._has_asked(connection) for connection in self.server_state.connections))
        await super().shutdown()
        log.info("api_stopped", pid=os.getpid())

    async def _until(self, condition: Callable[[], bool]) -> None:
        """Wait for `condition`, within reason."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LATECOMER_SECONDS):
                while not condition() and not self.force_exit:  # noqa: ASYNC110 - the kernel sets no event
                    await asyncio.sleep(0.02)

    @staticmethod
    def _has_asked(connection: object) -> bool:
        """Has a request come in on it? Whoever has just connected is about to ask, and would be cut off."""
        return getattr(connection, "cycle", None) is not None


def serve_api(settings: Settings, database_url: str) -> None:
    """Run the API until SIGTERM. The listening socket is the supervisor's, else opened at TOCSIN_HOST and _PORT.

    Raises: CannotServe.
    """
    logs.configure(settings.log_level, settings.log_format)
    listener = _inherited_listener() or open_listener(settings.host, settings.port)
    take_again(listener)
    asyncio.run(_check_database(settings, database_url))
    drain = Drain(create_app(settings, database_url, SystemClock()))
    config = uvicorn.Config(
        drain,
        loop="uvloop",
        http=Connection,
        ws="none",
        interface="asgi3",
        lifespan="on",
        backlog=BACKLOG,
        access_log=False,  # http.py writes our own
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=PATIENCE_SECONDS,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies,
    )
    DrainingServer(config, drain).run([listener])


def serve_worker(settings: Settings, database_url: str) -> None:
    """Run the engine until SIGTERM; what is under way is finished or given back. Raises: CannotServe."""
    from tocsin.engine import worker  # the API never loads it

    logs.configure(settings.log_level, settings.log_format)
    asyncio.run(_check_database(settings, database_url))
    if settings.worker_metrics_port is not None:
        metrics.listen(settings.host, settings.worker_metrics_port)

    async def work() -> None:
        stopping = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopping.set)
        _freeze()
        await worker.run(settings, database_url, SystemClock(), stopping)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work())


async def _check_database(settings: Settings, database_url: str) -> None:
    """The database answers, is migrated, and belongs to our secret key. Raises: CannotServe.

    Under a supervisor a database that does not answer is on its way back: to start anew would take longer than to wait.
    """
    said_at = -math.inf
    while True:
        try:
            return await _check_once(settings, database_url)
        except psycopg.OperationalError as error:
            if SUPERVISED not in os.environ:
                raise CannotServe(f"The database does not answer: {str(error).strip()}") from None
            if monotonic() >= said_at + SAY_AGAIN_SECONDS:
                said_at = monotonic()
                log.warning("database_awaited", error=str(error).strip())
        await asyncio.sleep(0.1)


async def _check_once(settings: Settings, database_url: str) -> None:
    """Raises: CannotServe, psycopg.OperationalError."""
    try:
        async with await connect(database_url, "tocsin_engine") as conn:
            await check_key(Tx(conn), settings.key)
    except psycopg.errors.UndefinedTable:
        raise CannotServe("The database is not migrated: run `tocsin migrate` first.") from None
    except (psycopg.errors.UndefinedObject, psycopg.errors.InvalidParameterValue):
        raise CannotServe("Tocsin's roles are missing in the database: run `tocsin migrate` first.") from None
    except WrongKey as error:
        raise CannotServe(str(error)) from None


def _inherited_listener() -> socket.socket | None:
    descriptor = os.environ.get(LISTEN_FD)
    return socket.socket(fileno=int(descriptor)) if descriptor else None


def _freeze() -> None:
    """What start-up made will live as long as we do: the garbage collector need not look at it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
