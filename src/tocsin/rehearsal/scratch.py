"""The scratch server of rehearsals: its own folder, nothing written through to the disk, gone at the end.

What takes long to import is imported where it is used: the server starts meanwhile.
"""

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

import platformdirs

from tocsin.postgres import EmbeddedServer
from tocsin.rehearsal.template import Template, template_in

# Rows that are due at one instant are taken in the order in which they lie: nothing may move them meanwhile.
# No more of its own log is kept than it needs, for what is kept of it is copied each time.
SETTINGS = {
    "autovacuum": "off",
    "shared_buffers": "32MB",
    "max_connections": "20",
    "wal_recycle": "off",
    "wal_init_zero": "off",
}


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


def cache_folder() -> Path:
    """Where the cluster that rehearsals begin with is kept: ~/.cache/tocsin, or as XDG_CACHE_HOME has it."""
    return platformdirs.user_cache_path("tocsin")


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
    given_up, filled = Event(), Event()
    try:
        server = EmbeddedServer(folder, durable=False, settings=SETTINGS)
        # The server ends with the thread that starts it, and so with us: the pool keeps the thread.
        with ThreadPoolExecutor(1) as thread:
            started = thread.submit(_start, server, given_up, filled)
            try:
                filled.wait()  # a thousand small files take one thread a moment, and long beside another one at work
                yield started.result
            finally:
                given_up.set()
                started.exception()  # it is started, or will never be
                server.stop(patience=0)  # there is nothing to keep
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _start(server: EmbeddedServer, given_up: Event, filled: Event) -> Scratch:
    """Begin with the cluster that was kept; else make it, and keep it for the next time."""
    try:
        template = template_in(cache_folder())
        kept = _begin(server, given_up, template, filled)
        if not kept and not given_up.is_set():
            from tocsin.migrate import migrate

            migrate(server.url())
            if template is not None and server.stop():
                with suppress(OSError):  # it is made each time, then
                    template.keep(server.cluster)
                server.start(given_up.is_set)
        return Scratch(server.url())
    finally:
        filled.set()


def _begin(server: EmbeddedServer, given_up: Event, template: Template | None, filled: Event) -> bool:
    """Start the server; whether it began with what was kept. `filled` is set once the files lie there, or will not."""
    kept = False

    def fill(cluster: Path) -> bool:
        nonlocal kept
        try:
            kept = template is not None and template.fill(cluster)
        finally:
            filled.set()
        return kept

    server.start(given_up.is_set, fill)
    return kept
