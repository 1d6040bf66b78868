"""A webhook receiver that costs next to nothing: answers 200, and writes down when each alert's first byte came.

Run as `python -m benchmarks.sink PORT`. `GET /seen` answers `{"count": n, "first": {alias: seconds}}`, `GET /reset`
forgets.
"""

import asyncio
import json
import re
import sys
import time
from typing import ClassVar, cast

import uvloop

ALIAS = re.compile(rb'"alias":"([^"]+)"')


class Sink(asyncio.Protocol):
    """Just enough HTTP/1.1 for a client that sends a content-length."""

    seen: ClassVar[dict[str, float]] = {}
    count = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while b"\r\n\r\n" in self.buffer:
            head, _, rest = self.buffer.partition(b"\r\n\r\n")
            found = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
            length = int(found.group(1)) if found else 0
            if len(rest) < length:
                return
            self.buffer = rest[length:]
            self.answer(head, rest[:length])

    def answer(self, head: bytes, body: bytes) -> None:
        payload = b"{}"
        if head.startswith(b"GET /seen"):
            payload = json.dumps({"count": Sink.count, "first": Sink.seen}).encode()
        elif head.startswith(b"GET /reset"):
            Sink.seen, Sink.count = {}, 0
        else:
            Sink.count += 1
            now = time.monotonic()
            for alias in ALIAS.findall(body):
                Sink.seen.setdefault(alias.decode(), now)
        self.transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(payload), payload))


async def serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
