"""A load of alerts that does not wait for answers: so many a second, whatever becomes of those before.

An alert counts as accepted when its 202 has come. Where the connection breaks, or the answer is another one, it is
sent again with the same alias.
"""

import asyncio
import re
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

import httptools

TICK = 0.002  # seconds between looks at what is to be sent
RETRY_AFTER = 0.05
REQUEST_ID = re.compile(rb'"requestId":"([^"]+)"')


@dataclass(frozen=True, slots=True)
class Accepted:
    """One 202: instants are the loop's time."""

    request_id: str
    scheduled_at: float
    sent_at: float
    answered_at: float


@dataclass
class Load:
    """`run` sends alerts number 0, 1, 2 … to `base_url`; `body` makes the JSON of each."""

    base_url: str
    key: str
    body: Callable[[int], bytes]
    most_connections: int = 256
    accepted: dict[int, Accepted] = field(default_factory=dict)
    refused: Counter[int] = field(default_factory=Counter)  # by status
    broken: int = 0  # requests whose connection ended without an answer
    next: int = 0
    last_sent_at: float = 0.0  # when the latest one that was accepted was sent

    def __post_init__(self) -> None:
        address = urlsplit(self.base_url)
        self.host, self.port = address.hostname or "", address.port or 80
        self._head = (
            f"POST /v2/alerts HTTP/1.1\r\nhost: {address.netloc}\r\nauthorization: GenieKey {self.key}\r\n"
            "content-type: application/json\r\ncontent-length: "
        ).encode()
        self._stopping = False
        self._due: deque[tuple[int, float]] = deque()
        self._idle: list[_Connection] = []
        self._open: set[_Connection] = set()
        self._opening: set[asyncio.Task[None]] = set()

    async def run(self, rate: float, many: int = 0, trickle: float | None = None) -> None:
        """Until told to `stop`, send `rate` alerts a second; with `trickle`, as few as that after the first `many`."""
        loop, self._stopping = asyncio.get_running_loop(), False
        at, left = loop.time(), many
        while not self._stopping:
            while at <= loop.time():
                self._due.append((self.next, at))
                self.next, left = self.next + 1, left - 1
                at += 1 / (rate if trickle is None or left > 0 else trickle)
            self._send_due()
            await asyncio.sleep(TICK)

    def stop(self) -> None:
        """No more new alerts; those that are under way are followed up by `finish`."""
        self._stopping = True

    async def finish(self, seconds: float = 60.0) -> None:
        """Go on until every alert is accepted. Raises: TimeoutError."""
        async with asyncio.timeout(seconds):
            while len(self.accepted) < self.next:
                self._send_due()
                await asyncio.sleep(TICK)

    def close(self) -> None:
        for task in self._opening:
            task.cancel()
        for connection in self._open:
            connection.transport.close()

    def _send_due(self) -> None:
        while self._due and self._idle:
            number, scheduled_at = self._due.popleft()
            body = self.body(number)
            self._idle.pop().send(number, scheduled_at, b"%b%d\r\n\r\n%b" % (self._head, len(body), body))
        wanted = min(len(self._due), self.most_connections - len(self._open)) - len(self._opening)
        for _ in range(wanted):
            task = asyncio.create_task(self._connect())
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _connect(self) -> None:
        try:
            await asyncio.get_running_loop().create_connection(lambda: _Connection(self), self.host, self.port)
        except OSError:
            await asyncio.sleep(RETRY_AFTER)

    def opened(self, connection: "_Connection") -> None:
        self._open.add(connection)
        self._idle.append(connection)

    def answered(self, connection: "_Connection", status: int, body: bytes, keeps: bool) -> None:
        number, scheduled_at, sent_at = connection.number, connection.scheduled_at, connection.sent_at
        found = REQUEST_ID.search(body)
        if status == 202 and found:
            now = asyncio.get_running_loop().time()
            self.accepted[number] = Accepted(found[1].decode(), scheduled_at, sent_at, now)
            self.last_sent_at = max(self.last_sent_at, sent_at)
        else:
            self.refused[status] += 1
            asyncio.get_running_loop().call_later(RETRY_AFTER, self._due.append, (number, scheduled_at))
        connection.number = -1
        if keeps:
            self._idle.append(connection)
        else:
            connection.transport.close()

    def lost(self, connection: "_Connection") -> None:
        self._open.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        if connection.number >= 0:
            self.broken += 1
            self._due.append((connection.number, connection.scheduled_at))


class _Connection(asyncio.Protocol):
    """One request at a time; `number` is the alert under way, -1 for none."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.number = -1
        self.scheduled_at = self.sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.load.opened(self)

    def send(self, number: int, scheduled_at: float, request: bytes) -> None:
        self.number, self.scheduled_at = number, scheduled_at
        self.sent_at = asyncio.get_running_loop().time()
        self.body = b""
        self.parser = httptools.HttpResponseParser(self)
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.load.answered(self, self.parser.get_status_code(), self.body, self.parser.should_keep_alive())

    def connection_lost(self, exc: Exception | None) -> None:
        self.load.lost(self)
