"""The ingest path: `POST /v2/alerts` as a plain ASGI function, many requests to one commit, 202 after it.

Whatever waits while a batch is being written goes into the next one: the busier, the larger the batches, and no
request waits for a timer. What does not fit into the queue is refused at once, so that the sender tries again.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from time import monotonic, perf_counter
from typing import Any
from uuid import UUID

import msgspec
import psycopg
import structlog
from psycopg import AsyncConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from tocsin import arrays, metrics
from tocsin.accounts.key_rights import check_right
from tocsin.accounts.keys import KeyRing
from tocsin.accounts.model import Integration, Right
from tocsin.alerts.create import NewAlert, parse_create
from tocsin.clock import Clock
from tocsin.db import connect
from tocsin.errors import Forbidden, Malformed, Throttled, TocsinError, TooLarge, Unauthenticated, Unavailable
from tocsin.escalations.ingest_store import Batch, is_written, write_batch
from tocsin.escalations.responders import NOBODY, Directories, Named, as_json, responders_of

log = structlog.get_logger("tocsin.ingest")

PATHS = frozenset({"/v2/alerts", "/v2/alerts/"})
BATCH_LIMIT = 1_000
BODY_LIMIT = 1_000_000
TRIES = 20
UNSURE_SECONDS = 5.0  # how long senders wait to learn what became of their batch when the connection broke
SETTINGS_KEY = "To perform this action, use an API key from an API integration."
# Another process closed an alert, or wrote the same ones in another order, in the same moment.
IN_THE_WAY = (psycopg.errors.DeadlockDetected, psycopg.errors.DivisionByZero, psycopg.errors.UniqueViolation)
_decode = msgspec.json.Decoder(dict[str, Any]).decode
_encode = msgspec.json.encode


@dataclass(slots=True)
class Request:
    """A create request that waits for its commit."""

    id: str
    integration: Integration
    alert: NewAlert
    address: str
    at: datetime
    done: asyncio.Future[None]


class Ingest:
    """The queue, and the task that empties it. `open` before the first request, `close` after the last."""

    def __init__(
        self,
        database_url: str,
        directories: Directories,
        clock: Clock,
        *,
        queue_limit: int,
        make_id: Callable[[datetime], str] | None = None,
    ) -> None:
        self._url = database_url
        self._directories = directories
        self._clock = clock
        self._limit = queue_limit
        self._make_id = make_id or new_id  # a rehearsal's ids are the same each time
        self._waiting: list[Request] = []
        self._by_account: Counter[int] = Counter()
        self._wake = asyncio.Event()
        self._closing = False
        self._task: asyncio.Task[None] | None = None
        self._conn: AsyncConnection[Any] | None = None

    async def open(self) -> None:
        self._task = asyncio.create_task(self._run(), name="ingest")

    async def close(self) -> None:
        """Write what waits, then stop."""
        self._closing = True
        self._wake.set()
        if self._task is not None:
            await self._task
        if self._conn is not None:
            await self._conn.close()

    def submit(self, request: Request) -> asyncio.Future[None]:
        """Resolved after the commit. Raises: Unavailable when the queue is full, Throttled for half of it by one."""
        waiting = len(self._waiting)
        if waiting >= self._limit or self._closing:
            metrics.INGEST_REFUSED.labels("queue").inc()
            raise Unavailable("The server is at capacity. Please try again later.")
        account_id = request.integration.account_id
        if waiting >= self._limit // 2 and self._by_account[account_id] >= self._limit // 2:
            metrics.INGEST_REFUSED.labels("account").inc()
            raise Throttled(
                "You are making too many requests! To avoid errors, we recommend you limit requests.",
                reason="ACCOUNT",
                period_seconds=1,
            )
        self._waiting.append(request)
        self._by_account[account_id] += 1
        self._wake.set()
        return request.done

    async def _run(self) -> None:
        while not (self._closing and not self._waiting):
            if not self._waiting:
                self._wake.clear()
                await self._wake.wait()
                continue
            requests, self._waiting = self._waiting[:BATCH_LIMIT], self._waiting[BATCH_LIMIT:]
            self._by_account.subtract(request.integration.account_id for request in requests)
            if not self._waiting:
                self._by_account.clear()
            metrics.INGEST_BATCH_SIZE.observe(len(requests))
            await self._write(requests)

    async def _write(self, requests: list[Request]) -> None:
        try:
            created = await self._commit(requests)
        except psycopg.DataError as error:
            if len(requests) == 1:
                log.error("alert_refused", error=str(error), request_id=requests[0].id)
                _fail(requests, TocsinError("The alert could not be stored."))
            else:  # one of them is bad: the others must not suffer
                for request in requests:
                    await self._write([request])
            return
        except Exception as error:
            log.error("batch_failed", error=repr(error), requests=len(requests), exc_info=True)
            metrics.INGEST_REFUSED.labels("database").inc(len(requests))
            _fail(requests, Unavailable("The database cannot be reached at the moment. Please try again."))
            return
        metrics.INGEST_ACCEPTED.inc(created)
        metrics.INGEST_DEDUPLICATED.inc(len(requests) - created)
        for request in requests:
            if not request.done.done():
                request.done.set_result(None)

    async def _commit(self, requests: list[Request]) -> int:
        """Write the batch, again while another process is in the way. How many alerts are new.

        Where the connection breaks while a batch is written, it may have been committed: that is found out before it
        is written again, else alerts without an alias would be there twice.
        """
        await self._directories.refresh({request.integration.account_id for request in requests})
        tries, unsure_until = 0, 0.0
        while True:
            sent = False
            try:
                conn = await self._connection()
                if unsure_until and await is_written(conn, requests[0].integration.account_id, UUID(requests[0].id)):
                    return 0
                sent = True
                return await write_batch(conn, self._batch(requests))
            except IN_THE_WAY:
                tries += 1
                if tries == TRIES:
                    raise
            except psycopg.OperationalError:
                await self._disconnect()
                if sent and not unsure_until:
                    unsure_until = monotonic() + UNSURE_SECONDS
                if monotonic() >= unsure_until:
                    raise
                await asyncio.sleep(0.05)

    async def _connection(self) -> AsyncConnection[Any]:
        if self._conn is None or self._conn.closed:
            self._conn = await connect(self._url, "tocsin_engine")
            await self._conn.execute("set plan_cache_mode = force_generic_plan")
        return self._conn

    async def _disconnect(self) -> None:
        if self._conn is not None:
            await self._conn.close()
            self._conn = None

    def _batch(self, requests: list[Request]) -> Batch:
        batch = Batch()
        ids: dict[UUID, str] = {}  # the integrations' own, as text
        defaults: dict[UUID, _Named] = {}  # of requests that leave it to their integration whom to tell
        for request in requests:
            integration, alert, at = request.integration, request.alert, request.at
            alert_id = f"{self._make_id(at)}-{int(at.timestamp() * 1000)}"
            alias = alert.alias or alert_id
            by = ids.get(integration.id) or ids.setdefault(integration.id, str(integration.id))
            at_text = str(at)
            ord_ = batch.add(integration.account_id, alias, request.id, by, at_text)
            if ord_ is None:
                continue
            whom = None if alert.responders or alert.visible_to else defaults.get(integration.id)
            if whom is None:
                whom = self._named(request)
                if not (alert.responders or alert.visible_to):
                    defaults[integration.id] = whom
            _describe(batch, (ord_, integration.account_id, alias, alert_id), request, by, at_text, whom)
        return batch

    def _named(self, request: Request) -> "_Named":
        """Whom the request names, also as the columns of a batch keep it."""
        integration = request.integration
        named = responders_of(integration, request.alert, self._directories.of(integration.account_id))
        created = _encode(named.created_data(integration.name)).decode()
        return _Named(named, as_json(named.responders), as_json(named.visible_to), created)


@dataclass(frozen=True, slots=True)
class _Named:
    """Whom an alert names, with the JSON texts of it."""

    named: Named
    responders: str
    visible_to: str
    created: str


def _describe(
    batch: Batch, key: tuple[int, int, str, str], request: Request, integration_id: str, at: str, whom: _Named
) -> None:
    """Fill in the columns of a group that is new in the batch; `key` is its number, account, alias and alert id."""
    alert, columns, named, ord_ = request.alert, batch.columns, whom.named, key[0]
    by = alert.user or request.integration.name
    values = (
        *key, 1, alert.message, alert.description, alert.entity,
        alert.source or request.address, alert.priority, arrays.texts(alert.tags), arrays.texts(alert.actions),
        _encode(alert.details).decode(), whom.responders, whom.visible_to, named.owner_team_id, integration_id,
        whom.created, by, at,
    )  # fmt: skip
    for column, value in zip(batch.group_columns, values, strict=True):
        column.append(value)
    for kind, responder_id in named.responders or named.nowhere:
        columns["run_ord"].append(ord_)
        columns["run_type"].append(kind)
        columns["run_id"].append(responder_id or NOBODY)
    for reference in named.unknown:
        columns["unknown_ord"].append(ord_)
        columns["unknown"].append(_encode({"type": reference.type, "name": reference.text}).decode())
    if alert.note:
        columns["note_ord"].append(ord_)
        columns["note"].append(alert.note)


def _fail(requests: list[Request], error: TocsinError) -> None:
    for request in requests:
        if not request.done.done():
            request.done.set_exception(error)


class OrderedIds:
    """UUIDs (version 7) as text: random, and in the order of time.

    So each goes to the end of the indexes that it is in, where one that is random from its first digit goes to a page
    of its own. Made without the cost of the class, and with one system call for many.
    """

    def __init__(self) -> None:
        self._millis = self._count = 0
        self._tails: list[str] = []

    def __call__(self, at: datetime) -> str:
        millis = int(at.timestamp() * 1000)
        if millis > self._millis:
            self._millis, self._count = millis, 0
        elif self._count < 0xFFF:
            self._count += 1
        else:
            self._millis, self._count = self._millis + 1, 0
        if not self._tails:
            raw = os.urandom(8 * MADE_AT_ONCE).hex()
            self._tails = [
                f"{VARIANT[raw[i]]}{raw[i + 1 : i + 4]}-{raw[i + 4 : i + 16]}" for i in range(0, len(raw), 16)
            ]
        stamp = f"{self._millis:012x}"
        return f"{stamp[:8]}-{stamp[8:]}-7{self._count:03x}-{self._tails.pop()}"


MADE_AT_ONCE = 64
VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
new_id = OrderedIds()


class IngestFront:
    """Answers `POST /v2/alerts` itself; everything else goes on to the application behind."""

    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        self.app = app
        self._clock = clock
        self.ingest: Ingest | None = None  # set while the application runs
        self.keys: KeyRing | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"] in PATHS:
            await self._create(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _create(self, scope: Scope, receive: Receive, send: Send) -> None:
        started, at = perf_counter(), self._clock.now()
        request_id = new_id(at)
        try:
            await self._accept(scope, receive, request_id, at)
            status, body, extra = 202, {"result": "Request will be processed"}, [OK]
        except TocsinError as error:
            status, body, extra = error.status, _error_body(error), _error_headers(error)
        took = round(perf_counter() - started, 6)
        payload = _encode({**body, "took": took, "requestId": request_id})
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(payload)).encode()),
            (b"x-request-id", request_id.encode()),
            (b"x-response-time", f"{took:.6f}".encode()),
            *extra,
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": payload})

    async def _accept(self, scope: Scope, receive: Receive, request_id: str, at: datetime) -> None:
        """Return after the commit. Raises: TocsinError."""
        ingest, keys = self.ingest, self.keys
        if ingest is None or keys is None:
            raise Unavailable("The server is starting or stopping. Please try again.")
        body = await _body(receive)
        authorization = next((v for k, v in scope["headers"] if k == b"authorization"), b"").decode("latin-1")
        if not authorization:
            raise Unauthenticated("Could not authenticate: send the header `Authorization: GenieKey <API key>`.")
        integration = keys.remembered(authorization) or await keys.authenticate(authorization)
        check_right(integration, Right.WRITE)
        if integration.type != "API":
            raise Forbidden(SETTINGS_KEY)
        try:
            payload = _decode(body)
        except (msgspec.DecodeError, RecursionError):
            raise Malformed("Request body is not a valid JSON object.") from None
        client = scope.get("client")
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        request = Request(request_id, integration, parse_create(payload), client[0] if client else "", at, done)
        await ingest.submit(request)


OK = (b"x-ratelimit-state", b"OK")


def _error_body(error: TocsinError) -> dict[str, Any]:
    body: dict[str, Any] = {"message": error.message}
    if error.code is not None:
        body["code"] = error.code
    if error.errors:
        body["errors"] = error.errors
    return body


def _error_headers(error: TocsinError) -> list[tuple[bytes, bytes]]:
    if not isinstance(error, Throttled):
        return [OK]
    return [
        (b"x-ratelimit-state", b"THROTTLED"),
        (b"x-ratelimit-reason", error.reason.encode()),
        (b"x-ratelimit-period-in-sec", str(error.period_seconds).encode()),
    ]


async def _body(receive: Receive) -> bytes:
    """The request's body. Raises: Malformed when it is larger than any alert can be, Unavailable when it breaks off."""
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
        if len(body) > BODY_LIMIT:
            raise TooLarge("Request body is too large: at most 1,000,000 bytes.")
    if message["type"] == "http.disconnect":
        raise Unavailable("The request broke off.")
    return body
