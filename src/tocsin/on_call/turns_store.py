"""The SQL of whom to tell of turns. The engine role works here, over many accounts at once."""

from collections.abc import Sequence
from datetime import datetime

from tocsin.db import Tx


async def claim_due(tx: Tx, now: datetime, limit: int) -> dict[int, datetime | None]:
    """Accounts that are to be looked at, locked until the transaction ends: through when that was done before."""
    rows = await tx.dicts(
        """
        select account_id, looked_through from turn_notices
         where due_at <= %(now)s order by due_at, account_id limit %(limit)s for update skip locked
        """,
        now=now,
        limit=limit,
    )
    return {row["account_id"]: row["looked_through"] for row in rows}


async def save(tx: Tx, looked: Sequence[tuple[int, datetime]], now: datetime) -> None:
    """Everything through `now` is told; look at each account again at its instant."""
    await tx.execute_many(
        """
        update turn_notices set looked_through = greatest(looked_through, %(now)s), due_at = %(due_at)s
         where account_id = %(account_id)s
        """,
        [{"account_id": account_id, "due_at": due_at, "now": now} for account_id, due_at in looked],
    )


async def put_off(tx: Tx, account_id: int, due_at: datetime) -> None:
    """Look at the account again then; what has not been told waits for that."""
    await tx.execute(
        "update turn_notices set due_at = %(due_at)s where account_id = %(account_id)s",
        account_id=account_id,
        due_at=due_at,
    )


async def forget(tx: Tx, account_ids: Sequence[int]) -> None:
    """Nobody in these accounts wants to be told any more; a rule that says otherwise makes the row anew."""
    await tx.execute("delete from turn_notices where account_id = any(%(ids)s)", ids=list(account_ids))


async def earliest_due(tx: Tx) -> datetime | None:
    """When an account is to be looked at next, or None."""
    due: datetime | None = await tx.value("select greatest(min(due_at), '1970-01-01Z') from turn_notices")
    return due
