"""A worker says that it lives: a row that it touches every few seconds, for `/readyz`, `/metrics` and `tocsin doctor`.

It shows a worker that is missing even while nothing is due, before the first page is late.
"""

import asyncio
import os
import socket
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from tocsin.clock import Clock
from tocsin.db import Db
from tocsin.engine import store

SAID_EVERY = 5.0  # seconds
KEEP_SILENT = timedelta(days=1)  # how long a worker that is gone is remembered
PATIENCE_SECONDS = 2.0  # with the database, when the worker stops
log = structlog.get_logger("tocsin.engine")


@dataclass(frozen=True, slots=True)
class Presence:
    """One worker process and the row that stands for it."""

    db: Db
    clock: Clock
    id: UUID

    async def say(self) -> None:
        """This worker lives now. Forgets those that have long been gone. Raises: psycopg.Error, PoolTimeout."""
        now = self.clock.now()
        async with self.db.transaction() as tx:
            await store.say_alive(tx, self.id, socket.gethostname(), os.getpid(), now)
            await store.forget_workers(tx, now - KEEP_SILENT)

    async def keep(self, stopping: asyncio.Event) -> None:
        """Say it again and again until `stopping` is set; a database that does not answer is asked again."""
        while not stopping.is_set():
            try:
                await self.say()
            except (psycopg.Error, PoolTimeout) as error:
                log.warning("presence_unsaid", error=str(error))
            with suppress(TimeoutError):
                async with asyncio.timeout(SAID_EVERY):
                    await stopping.wait()

    async def leave(self) -> None:
        """This worker stops as it should. Where the database does not answer, its silence will say so."""
        with suppress(psycopg.Error, PoolTimeout, TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS), self.db.transaction() as tx:
                await store.say_stopped(tx, self.id, self.clock.now())


def make_presence(db: Db, clock: Clock) -> Presence:
    """The presence of this process, as yet unsaid."""
    return Presence(db, clock, uuid4())
