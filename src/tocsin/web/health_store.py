"""The SQL of health: is the schema current, and what is due? The engine role asks, across all accounts."""

from dataclasses import dataclass
from datetime import datetime

from tocsin.db import Tx


@dataclass(frozen=True, slots=True)
class Due:
    """The rows of one kind whose time has come, and since when the oldest waits."""

    kind: str
    rows: int
    oldest_at: datetime | None


async def list_due(tx: Tx, now: datetime) -> list[Due]:
    """One entry for each kind of work; a row under a lease is due when the lease ends."""
    return await tx.all(
        Due,
        """
        select 'escalation_runs' as kind, count(*) as rows, min(due_at) as oldest_at
          from escalation_runs where due_at is not null and due_at <= %(now)s
        union all
        select 'notification_repeats', count(*), min(due_at)
          from notification_repeats where due_at <= %(now)s
        union all
        select 'notifications', count(*), min(due_at)
          from notifications where due_at is not null and due_at <= %(now)s
        union all
        select 'mails', count(*), min(due_at)
          from mails where due_at is not null and due_at <= %(now)s
        """,
        now=now,
    )


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker process of the last day. One that is silent and did not stop has died."""

    host: str
    pid: int
    seen_at: datetime
    stopped_at: datetime | None

    def runs(self, now: datetime, within_seconds: float) -> bool:
        """Has it been seen within so many seconds, and not been stopped?"""
        return self.stopped_at is None and (now - self.seen_at).total_seconds() <= within_seconds


async def list_workers(tx: Tx) -> list[Worker]:
    """Who has worked lately, the last seen first."""
    return await tx.all(Worker, "select host, pid, seen_at, stopped_at from workers order by seen_at desc")


async def list_applied_migrations(tx: Tx) -> set[str]:
    """The names of the migrations that the database has."""
    return set(await tx.values("select migration_id from _yoyo_migration"))
