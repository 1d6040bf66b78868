"""The SQL of the loop: when something is due next, and what is kept for a while only."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tocsin.db import Tx

BATCH = 5_000


class Kind(StrEnum):
    """The kinds of due rows, in the order in which they are advanced at one instant."""

    SNOOZE = "snooze"
    RUN = "run"
    REPEAT = "repeat"
    TURN = "turn"
    NOTIFICATION = "notification"
    SUBSCRIPTION = "subscription"
    USAGE = "usage"
    CHARGE = "charge"
    DELETION = "deletion"
    RETENTION = "retention"
    DOCUMENT = "document"
    MAIL = "mail"


async def earliest(tx: Tx) -> dict[Kind, datetime]:
    """When each kind is due next, in the order of kinds; those of which nothing is due are absent."""
    [row] = await tx.dicts(
        """
        select (select min(snoozed_until) from alerts where snoozed_until is not null) as snooze,
               (select min(due_at) from escalation_runs where due_at is not null) as run,
               (select min(due_at) from notification_repeats) as repeat,
               (select greatest(min(due_at), '1970-01-01Z') from turn_notices) as turn,
               (select min(due_at) from notifications where due_at is not null) as notification,
               (select min(due_at) from mails where due_at is not null) as mail,
               (select min(due_at) from subscriptions where due_at is not null and pending_key is null) as subscription,
               (select min(review_at) from usage_windows where review_at is not null) as usage,
               (select min(due_at) from charges where due_at is not null) as charge,
               (select min(due_at) from retention) as retention,
               (select min(due_at) from deletions) as deletion,
               (select min(render_at) from documents where render_at is not null) as document
        """
    )
    return {kind: row[kind] for kind in Kind if row[kind] is not None}


async def forget_old(tx: Tx, now: datetime, requests_before: datetime) -> int:
    """Delete a batch of what is past its time; how many rows."""
    requests = await tx.execute(
        """
        delete from alert_requests where (account_id, id) in (
          select account_id, id from alert_requests where processed_at < %(before)s order by processed_at limit %(n)s)
        """,
        before=requests_before, n=BATCH,
    )  # fmt: skip
    sessions = await tx.execute(
        """
        delete from sessions where (account_id, id) in (
          select account_id, id from sessions where expires_at < %(now)s order by expires_at limit %(n)s)
        """,
        now=now, n=BATCH,
    )  # fmt: skip
    failures = await tx.execute("delete from sign_in_failures where failed_at < %(before)s", before=requests_before)
    return requests + sessions + failures


async def say_alive(tx: Tx, worker_id: UUID, host: str, pid: int, at: datetime) -> None:
    """The worker lives at `at`."""
    await tx.execute(
        """
        insert into workers (id, host, pid, started_at, seen_at) values (%(id)s, %(host)s, %(pid)s, %(at)s, %(at)s)
        on conflict (id) do update set seen_at = excluded.seen_at
        """,
        id=worker_id, host=host, pid=pid, at=at,
    )  # fmt: skip


async def say_stopped(tx: Tx, worker_id: UUID, at: datetime) -> None:
    """The worker was told to stop, and did at `at`."""
    await tx.execute("update workers set seen_at = %(at)s, stopped_at = %(at)s where id = %(id)s", id=worker_id, at=at)


async def forget_workers(tx: Tx, seen_before: datetime) -> None:
    """Delete the workers that were last seen before an instant."""
    await tx.execute("delete from workers where seen_at < %(before)s", before=seen_before)
