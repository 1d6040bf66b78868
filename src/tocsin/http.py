"""Request context, response envelope, error mapping: what every door shares.

The envelope is Opsgenie's: a JSON object with `took` and `requestId`, whatever happens.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter
from typing import Any
from urllib.parse import unquote
from uuid import UUID, uuid4

import msgspec
import structlog
from fastapi import Request, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tocsin.clock import Clock
from tocsin.errors import Malformed, NotFound, Throttled, TocsinError, TooLarge

BODY_LIMIT = 10 * 1024 * 1024  # bytes of a JSON body
API_PREFIXES = ("/v1/", "/v2/")
log = structlog.get_logger("tocsin.http")


@dataclass(frozen=True, slots=True)
class RequestInfo:
    """What was settled about a request before anybody looked at it: its id, when it came, from where."""

    id: UUID
    at: datetime
    started: float  # perf_counter seconds
    address: str

    def took(self) -> float:
        """Seconds since the request came."""
        return round(perf_counter() - self.started, 6)


def info(request: Request) -> RequestInfo:
    """The request's id, instant and address."""
    found: RequestInfo = request.scope["tocsin.request"]
    return found


class RequestMiddleware:
    """Gives each request its id and instant, keeps percent-encoded path segments apart, and stamps the answer.

    The router sees the path still encoded, so that an identifier may hold `%2F`; `text_of` decodes it. A trailing
    slash is dropped without a redirect, for clients do not follow one with a body.
    """

    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        self.app = app
        self.clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        client = scope.get("client")
        request = RequestInfo(uuid4(), self.clock.now(), perf_counter(), client[0] if client else "")
        scope["tocsin.request"] = request
        path = scope.get("raw_path", scope["path"].encode()).decode("latin-1")
        if path.startswith(API_PREFIXES):
            scope["path"] = path.rstrip("/")

        status, complete = 0, False

        async def stamped(message: Message) -> None:
            nonlocal status, complete
            if message["type"] == "http.response.body":
                complete = not message.get("more_body", False)
            if message["type"] == "http.response.start":
                status = message["status"]
                message.setdefault("headers", [])
                message["headers"] = [
                    *message["headers"],
                    (b"x-request-id", str(request.id).encode()),
                    (b"x-response-time", f"{request.took():.6f}".encode()),
                ]
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=str(request.id)):
            try:
                await self.app(scope, receive, stamped)
            except Exception:
                log.exception("request_failed", method=scope["method"], path=scope["path"])
                if status and not complete:
                    raise  # half an answer is on its way: all that is left is to cut the connection
                if not status:
                    await failure(Request(scope), TocsinError("Internal server error."))(scope, receive, stamped)
            write = log.debug if 200 <= status < 300 else log.info
            write(
                "request",
                method=scope["method"],
                path=scope["path"],
                status=status,
                took=request.took(),
                address=request.address,
            )


class HeadAsGet:
    """Answers HEAD as GET, without the body; so a route need not know of it, and a stream ends after its headers."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return
        asked = ended = False
        answered = asyncio.Event()

        async def receiving() -> Message:
            nonlocal asked
            if not asked:
                asked = True
                return await receive()
            await answered.wait()
            return {"type": "http.disconnect"}

        async def sending(message: Message) -> None:
            nonlocal ended
            if message["type"] == "http.response.start":
                await send(message)
                answered.set()
            elif not ended:
                ended = True
                await send({"type": "http.response.body", "body": b"", "more_body": False})

        await self.app({**scope, "method": "GET"}, receiving, sending)


def text_of(segment: str) -> str:
    """A path segment as the client meant it."""
    return unquote(segment)


def base_url(request: Request) -> str:
    """Scheme and host as the client used them, without a trailing slash: links in an answer lead back the same way."""
    host = request.headers.get("host") or request.url.netloc
    return f"{request.url.scheme}://{host}"


def to_json(value: object) -> bytes:
    """JSON with instants as Opsgenie writes them: UTC, milliseconds, trailing zeros trimmed."""
    return msgspec.json.encode(value, enc_hook=_encode_more)


def _encode_more(value: object) -> object:
    raise TypeError(f"{type(value).__name__} does not belong into an answer")


def answer(
    request: Request,
    *,
    data: object = None,
    result: str | None = None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **more: object,
) -> Response:
    """The envelope around `data` or `result`, with `took` and `requestId`. What is None is left out."""
    asked = info(request)
    body: dict[str, object] = {}
    if result is not None:
        body["result"] = result
    if data is not None:
        body["data"] = data
    body.update({key: value for key, value in more.items() if value is not None})
    body["took"] = asked.took()
    body["requestId"] = str(asked.id)
    return Response(
        to_json(body),
        status_code=status,
        media_type="application/json",
        headers={"X-RateLimit-State": "OK", **(headers or {})},
    )


def failure(request: Request, error: TocsinError) -> Response:
    """The envelope of an error: `message`, `errors` and `code` where there are any."""
    headers = {}
    if isinstance(error, Throttled):
        headers = {
            "X-RateLimit-State": "THROTTLED",
            "X-RateLimit-Reason": error.reason,
            "X-RateLimit-Period-In-Sec": str(error.period_seconds),
        }
    return answer(
        request,
        status=error.status,
        headers=headers,
        message=error.message,
        code=error.code,
        errors=error.errors or None,
    )


def limited(request: Request, limit: int) -> Receive:
    """The request's channel, which raises TooLarge once its body is known to have more than `limit` bytes."""
    announced = request.headers.get("content-length", "")
    received = int(announced) if announced.isdecimal() else 0
    counting = not received

    async def receive() -> Message:
        nonlocal received
        message = await request.receive() if received <= limit else {}
        received += len(message.get("body", b"")) if counting else 0
        if received > limit:
            raise TooLarge(f"Request body is too large: the limit is {limit} bytes.")
        return message

    return receive


async def body_object(request: Request) -> dict[str, Any]:
    """The body as a JSON object; none or an empty one is an empty object. Raises: Malformed, TooLarge."""
    raw = await Request(request.scope, limited(request, BODY_LIMIT)).body()
    if not raw.strip() or raw.strip() == b'""':
        return {}
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        raise Malformed("Request body is not valid JSON.") from None
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Malformed("Request body is not a JSON object.")
    return value


def no_route(request: Request) -> NotFound:
    """Opsgenie's answer to a path that nobody serves."""
    return NotFound(f"No handler found for {request.method} {unquote(request.scope['path'])}")
