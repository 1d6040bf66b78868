"""Telling people that turns start or end, account by account: claim, decide (pure), put into the outbox."""

from datetime import datetime, timedelta
from uuid import UUID

import psycopg
import structlog

from tocsin.db import Db
from tocsin.escalations.snapshot_store import Snapshots
from tocsin.notifications import store as outbox
from tocsin.notifications.model import NewNotification
from tocsin.on_call import turns_store
from tocsin.on_call.turns import Notice, next_at, notices, wanted

log = structlog.get_logger("tocsin.on_call")

SET = 50
PUT_OFF = timedelta(minutes=30)


async def advance_due(db: Db, snapshots: Snapshots, now: datetime, limit: int = SET) -> int:
    """Tell what has come due since each account was looked at; how many were. Any number of workers may run this.

    An account that cannot be worked out is looked at again a while later; the others are told.
    """
    async with db.transaction() as tx:
        due = await turns_store.claim_due(tx, now, limit)
        if not due:
            return 0
        rows: list[NewNotification] = []
        looked: list[tuple[int, datetime]] = []
        over: list[int] = []
        for account_id, through in due.items():
            try:
                async with tx.savepoint():
                    snapshot = (await snapshots.get(tx, [account_id]))[account_id]
                if not wanted(snapshot):
                    over.append(account_id)
                    continue
                found = notices(snapshot, through, now) if through is not None else []
                following = next_at(snapshot, now)
            except psycopg.OperationalError:
                raise
            except Exception as error:  # one account's boundary: it must not keep the others from being told
                log.error("turns_failed", account_id=account_id, error=repr(error), exc_info=True)
                await turns_store.put_off(tx, account_id, now + PUT_OFF)
                continue
            looked.append((account_id, following))
            rows += [row for notice in found for row in _rows(account_id, notice)]
        await turns_store.forget(tx, over)
        await turns_store.save(tx, looked, now)
        await outbox.enqueue(tx, rows, now, outbox.NO_LEASE, claim=False)
        if rows:
            await outbox.wake_engine(tx)
    return len(due)


async def earliest_due(db: Db) -> datetime | None:
    """When an account is to be looked at next, or None."""
    async with db.statements() as tx:
        return await turns_store.earliest_due(tx)


def _rows(account_id: int, notice: Notice) -> list[NewNotification]:
    key = f"turn:{notice.action_type}:{notice.schedule_id}:{notice.boundary.timestamp():.0f}:{notice.time}"
    reason = {
        "turn": {
            "schedule_id": notice.schedule_id,
            "schedule": notice.schedule,
            "at": notice.boundary.isoformat(),
        },
        "rule": {"id": notice.plan.rule.id, "name": notice.plan.rule.name},
    }
    return [
        NewNotification(
            account_id=account_id,
            key=f"{key}:{planned.step.id}",
            alert_id=None,
            user_id=UUID(notice.user_id),
            contact_id=UUID(planned.contact.id),
            method=planned.contact.method,
            address=planned.contact.address,
            action_type=notice.action_type.value,
            reason=reason,
            told_at=notice.at,
            due_at=planned.due_at,
        )
        for planned in notice.plan.notifications
    ]
