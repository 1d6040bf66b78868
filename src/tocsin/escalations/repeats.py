"""Advancing repeats, set by set: claim what is due, decide (pure), put the notifications into the outbox."""

from datetime import datetime

from tocsin.alerts.facts import AlertFacts
from tocsin.db import Db
from tocsin.escalations import repeats_store
from tocsin.escalations.repeat import Repeat, begin_again
from tocsin.escalations.snapshot_store import Snapshots
from tocsin.notifications import store as outbox
from tocsin.notifications.model import NewNotification

SET = 400


async def advance_due(db: Db, snapshots: Snapshots, now: datetime, limit: int = SET) -> int:
    """Begin again what is due at `now`; how many there were. Any number of workers may run this."""
    async with db.transaction() as tx:
        due = await repeats_store.claim_due(tx, now, limit)
        if not due:
            return 0
        alerts = await repeats_store.alert_facts(tx, due)
        configurations = await snapshots.get(tx, (it.account_id for it in due))
        rows: list[NewNotification] = []
        goes_on: list[Repeat] = []
        over: list[Repeat] = []
        for it in due:
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


async def earliest_due(db: Db) -> datetime | None:
    """When the next one begins again, or None."""
    async with db.statements() as tx:
        return await repeats_store.earliest_due(tx)
