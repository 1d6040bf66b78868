"""What happens to accounts by itself, set by set: any number of workers may run it."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import psycopg
import structlog

from tocsin.billing import books, store
from tocsin.billing.account import AccountBilling, Change, Context
from tocsin.billing.books import PublishedBooks
from tocsin.billing.decide import advance, next_due
from tocsin.billing.keeping import Rails, context, keep
from tocsin.db import Db, Tx
from tocsin.errors import TocsinError

log = structlog.get_logger("tocsin.billing")

SET = 1_000
RETRY_AFTER = timedelta(hours=1)


async def advance_due(db: Db, rails: Rails, now: datetime, limit: int = SET) -> int:
    """Take the next step of each account that is due, one transaction for the set; returns how many there were.

    An account whose step fails is left for an hour with the reason noted; it stops nobody else.
    """
    async with db.transaction() as tx:
        published = await books.load(tx)
        await store.wake_for_prices(tx, published.newest(now), now, limit)
        claimed = await store.claim_due(tx, now, limit)
        if not claimed:
            return 0
        waiting = [account_id for account_id, billing in claimed.items() if billing.drafts]
        facts = await rails.usage.facts(tx, waiting, now) if waiting else {}
        changes = await _decided(tx, claimed, context(published, facts), now)
        await _kept(tx, rails, changes, published, now)
    return len(claimed)


async def earliest_due(db: Db) -> datetime | None:
    """When something happens next to any account."""
    async with db.transaction() as tx:
        return await store.earliest_due(tx)


async def _decided(tx: Tx, claimed: Mapping[int, AccountBilling], by: Context, now: datetime) -> list[Change]:
    changes = []
    for account_id, billing in claimed.items():
        try:
            due_at = next_due(billing, by)
            outcome = advance(billing, by) if due_at is not None and due_at <= now else None
        except Exception as error:  # noqa: BLE001  # one account's step: it must not stop the others'
            await _fail(tx, account_id, error, now)
            continue
        if outcome is None:
            await store.rest(tx, account_id, due_at)
        else:
            changes.append(Change(billing, outcome))
    return changes


async def _kept(tx: Tx, rails: Rails, changes: list[Change], published: PublishedBooks, now: datetime) -> None:
    """Write the set at once; if that fails, one by one."""
    if not changes:
        return
    try:
        async with tx.savepoint():
            await keep(tx, rails, changes, published, now)
    except (psycopg.Error, TocsinError) as error:
        if len(changes) == 1:
            await _fail(tx, changes[0].before.subscription.account_id, error, now)
            return
        for change in changes:
            await _kept(tx, rails, [change], published, now)


async def _fail(tx: Tx, account_id: int, error: Exception, now: datetime) -> None:
    log.error("billing_step_failed", account_id=account_id, error=repr(error))
    await store.fail(tx, account_id, str(error) or repr(error), now + RETRY_AFTER)
