"""The scratch server of rehearsals: its own folder, nothing written through to the disk, gone at the end.

What takes long to import is imported where it is used: the server starts meanwhile.
"""

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from tocsin.postgres import EmbeddedServer

# Rows that are due at one instant are taken in the order in which they lie: nothing may move them meanwhile.
SETTINGS = {"autovacuum": "off", "shared_buffers": "32MB", "max_connections": "20"}


@dataclass(slots=True)
class Scratch:
    """A migrated database of our own. `lock` is held by the one rehearsal that uses it."""

    url: str
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _used: bool = False

    async def clear(self) -> None:
        """Forget the rehearsal before: everything is counted from 1 again, and comes out the same."""
        from tocsin.db import connect
        from tocsin.rehearsal import store

        async with await connect(self.url, "tocsin_owner") as owner:
            if self._used:
                await store.empty_every_table(owner)
            else:
                await store.index_log(owner)
        self._used = True


@contextmanager
def scratch_server() -> Iterator[Scratch]:
    """A server to rehearse on, until the block ends. Raises: ServerFailed."""
    with scratch_soon() as scratch:
        yield scratch()


@contextmanager
def scratch_soon() -> Iterator[Callable[[], Scratch]]:
    """The same, which starts while the block goes on: to be called when it is needed. The call raises ServerFailed."""
    folder = Path(tempfile.mkdtemp(prefix="tocsin-rehearsal-"))
    folder.chmod(0o711)  # the server's own user passes through, and reads nothing
    given_up = Event()
    try:
        server = EmbeddedServer(folder, durable=False, settings=SETTINGS)
        # The server ends with the thread that starts it, and so with us: the pool keeps the thread.
        with ThreadPoolExecutor(1) as thread:
            started = thread.submit(_start, server, given_up)
            try:
                yield started.result
            finally:
                given_up.set()
                started.exception()  # it is started, or will never be
                server.stop(patience=0)  # there is nothing to keep
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _start(server: EmbeddedServer, given_up: Event) -> Scratch:
    server.start(given_up.is_set)
    if not given_up.is_set():
        from tocsin.migrate import migrate

        migrate(server.url())
    return Scratch(server.url())
