"""The SQL of retention: which accounts keep closed alerts for a while only, and the removal of what is past it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tocsin.db import Tx


@dataclass(frozen=True, slots=True)
class Retention:
    """An account that keeps closed alerts for `reach`; nothing is removed before `purge_from`."""

    account_id: int
    reach: timedelta
    purge_from: datetime


async def find(tx: Tx, account_id: int) -> Retention | None:
    return await tx.find(
        Retention,
        "select account_id, reach, purge_from from retention where account_id = %(account_id)s",
        account_id=account_id,
    )


async def save(tx: Tx, retention: Retention, due_at: datetime) -> None:
    await tx.execute(
        """
        insert into retention (account_id, reach, purge_from, due_at)
        values (%(account_id)s, %(reach)s, %(purge_from)s, %(due_at)s)
        on conflict (account_id) do update
          set reach = excluded.reach, purge_from = excluded.purge_from, due_at = excluded.due_at
        """,
        account_id=retention.account_id,
        reach=retention.reach,
        purge_from=retention.purge_from,
        due_at=due_at,
    )


async def forget(tx: Tx, account_id: int) -> None:
    """The account keeps everything."""
    await tx.execute("delete from retention where account_id = %(account_id)s", account_id=account_id)


async def claim_due(tx: Tx, now: datetime, again_at: datetime) -> Retention | None:
    """One account whose time has come, looked at again at `again_at`."""
    return await tx.find(
        Retention,
        """
        update retention set due_at = %(again_at)s
         where account_id = (select account_id from retention where due_at <= %(now)s
                              order by due_at limit 1 for update skip locked)
        returning account_id, reach, purge_from
        """,
        now=now,
        again_at=again_at,
    )


async def earliest_due(tx: Tx) -> datetime | None:
    found: datetime | None = await tx.value("select min(due_at) from retention")
    return found


async def without_retention(tx: Tx, plans: Sequence[str], limit: int) -> list[int]:
    """Accounts on one of these plans that are not looked after yet: those that began on it."""
    return await tx.values(
        """
        select s.account_id from subscriptions s
         where s.plan = any(%(plans)s) and s.standing not in ('granted', 'trialing', 'deleting', 'deleted')
           and not exists (select from retention r where r.account_id = s.account_id)
         limit %(limit)s
        """,
        plans=list(plans),
        limit=limit,
    )


async def count_hidden(tx: Tx, account_id: int, before: datetime) -> int:
    """How many closed alerts are older than that."""
    return int(
        await tx.value(
            """
            select count(*) from alerts
             where account_id = %(account_id)s and status = 'closed' and created_at < %(before)s
            """,
            account_id=account_id,
            before=before,
        )
    )


PARTS = ("alert_log", "alert_notes", "escalation_runs", "alert_attachments", "search_queue")


async def remove_closed(tx: Tx, account_id: int, before: datetime, limit: int) -> int:
    """Remove at most `limit` closed alerts from before that instant, with all that belongs to them; how many."""
    ids = await tx.values(
        """
        select id from alerts where account_id = %(account_id)s and status = 'closed' and created_at < %(before)s
         order by created_at limit %(limit)s for update skip locked
        """,
        account_id=account_id,
        before=before,
        limit=limit,
    )
    if not ids:
        return 0
    await tx.execute(
        """
        delete from attempts where (account_id, notification_id) in (
          select account_id, id from notifications where account_id = %(account_id)s and alert_id = any(%(ids)s))
        """,
        account_id=account_id,
        ids=ids,
    )
    for table in ("notifications", *PARTS):
        await tx.execute(
            f"delete from {table} where account_id = %(account_id)s and alert_id = any(%(ids)s)",
            account_id=account_id,
            ids=ids,
        )
    return await tx.execute(
        "delete from alerts where account_id = %(account_id)s and id = any(%(ids)s)", account_id=account_id, ids=ids
    )
