"""The scratch server of rehearsals: its own folder, nothing written through to the disk, gone at the end."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tocsin.db import connect
from tocsin.migrate import migrate
from tocsin.postgres import EmbeddedServer
from tocsin.rehearsal import store

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
        async with await connect(self.url, "tocsin_owner") as owner:
            if self._used:
                await store.empty_every_table(owner)
            else:
                await store.index_log(owner)
        self._used = True


@contextmanager
def scratch_server() -> Iterator[Scratch]:
    """A server to rehearse on, until the block ends. Raises: ServerFailed."""
    folder = Path(tempfile.mkdtemp(prefix="tocsin-rehearsal-"))
    folder.chmod(0o711)  # the server's own user passes through, and reads nothing
    server = EmbeddedServer(folder, durable=False, settings=SETTINGS)
    try:
        server.start()
        migrate(server.url())
        yield Scratch(server.url())
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
