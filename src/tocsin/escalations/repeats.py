"""Advancing repeats, set by set: claim what is due, decide (pure), put the notifications into the outbox."""

from dataclasses import replace
from datetime import datetime, timedelta

import psycopg
import structlog

from tocsin.alerts.facts import AlertFacts
from tocsin.db import Db, Tx
from tocsin.escalations import repeats_store
from tocsin.escalations.repeat import Repeat, begin_again
from tocsin.escalations.snapshot import Snapshot
from tocsin.escalations.snapshot_store import Snapshots
from tocsin.notifications import store as outbox
from tocsin.notifications.model import NewNotification

SET = 400
PUT_OFF = timedelta(minutes=30)
log = structlog.get_logger("tocsin.escalations")


async def advance_due(db: Db, snapshots: Snapshots, now: datetime, limit: int = SET) -> int:
    """Begin again what is due at `now`; how many there were. Any number of workers may run this."""
    async with db.transaction() as tx:
        due = await repeats_store.claim_due(tx, now, limit)
        if not due:
            return 0
        alerts = await repeats_store.alert_facts(tx, due)
        configurations, unread = await _configurations(tx, snapshots, {it.account_id for it in due})
        rows: list[NewNotification] = []
        goes_on: list[Repeat] = []
        over: list[Repeat] = []
        for it in due:
            if it.account_id in unread:
                goes_on.append(replace(it, due_at=now + PUT_OFF))
                continue
            alert = alerts.get((it.account_id, it.alert_id), AlertFacts(closed=True))
            found, following = begin_again(it, alert, configurations[it.account_id], now)
            rows += found
            if following is not None:
                goes_on.append(following)
            else:
                over.append(it)
        fresh = await repeats_store.without_doubles(tx, rows, now) if rows else []
        await repeats_store.save(tx, goes_on, over)
        await outbox.enqueue(tx, fresh, now, outbox.NO_LEASE, claim=False)
        if fresh:
            await outbox.wake_engine(tx)
    return len(due)


async def _configurations(tx: Tx, snapshots: Snapshots, account_ids: set[int]) -> tuple[dict[int, Snapshot], set[int]]:
    """The accounts' configurations, and those that cannot be read: they wait, and keep nobody else waiting."""
    found: dict[int, Snapshot] = {}
    unread: set[int] = set()
    for account_id in sorted(account_ids):
        try:
            async with tx.savepoint():
                found |= await snapshots.get(tx, [account_id])
        except psycopg.OperationalError:
            raise
        except Exception as error:
            log.error("repeats_failed", account_id=account_id, error=repr(error), exc_info=True)
            unread.add(account_id)
    return found, unread


async def earliest_due(db: Db) -> datetime | None:
    """When the next one begins again, or None."""
    async with db.statements() as tx:
        return await repeats_store.earliest_due(tx)
