"""A webhook receiver on a port of its own that verifies signatures and keeps what it gets; cheap enough for load."""

import asyncio
import base64
import hashlib
import hmac
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import httptools
import msgspec

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"


@dataclass
class WebhookSink:
    """What arrived: how often each notification, and when each alias was first heard of (the loop's time)."""

    secret: bytes
    url: str = ""
    notifications: Counter[int] = field(default_factory=Counter)
    first: dict[str, float] = field(default_factory=dict)
    arrivals: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)  # what was not signed as the Standard Webhooks specification says

    @property
    def duplicates(self) -> int:
        """How many requests brought a notification that had arrived before."""
        return self.notifications.total() - len(self.notifications)

    def take(self, headers: dict[bytes, bytes], body: bytes, at: float) -> None:
        """Keep one request; `at` is when its first byte came."""
        name, sent_at = headers[b"webhook-id"], headers[b"webhook-timestamp"]
        digest = hmac.digest(self.secret, b".".join((name, sent_at, body)), hashlib.sha256)
        if headers[b"webhook-signature"] != b"v1," + base64.b64encode(digest):
            self.wrong.append(name.decode())
            return
        data: dict[str, Any] = msgspec.json.decode(body)["data"]
        if name != f"ntf_{data['notificationId']}".encode():
            self.wrong.append(name.decode())
        self.arrivals.append(at)
        self.notifications[int(data["notificationId"])] += 1
        self.first.setdefault(data["alert"]["alias"], at)


class _Connection(asyncio.Protocol):
    def __init__(self, sink: WebhookSink) -> None:
        self.sink = sink
        self.loop = asyncio.get_running_loop()
        self.parser = httptools.HttpRequestParser(self)
        self._forget()

    def _forget(self) -> None:
        self.headers: dict[bytes, bytes] = {}
        self.body = b""
        self.began_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.received_at = self.loop.time()
        self.parser.feed_data(data)

    def on_message_begin(self) -> None:
        self.began_at = self.received_at

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.lower()] = value

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.sink.take(self.headers, self.body, self.began_at)
        self._forget()
        self.transport.write(ANSWER)


@asynccontextmanager
async def webhook_sink(secret: bytes) -> AsyncIterator[WebhookSink]:
    """A sink that runs in this event loop; `url` fits a webhook contact whose signing secret is `secret`."""
    sink = WebhookSink(secret)
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(sink), "127.0.0.1", 0)
    sink.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/page"
    try:
        yield sink
    finally:
        server.close()
