"""The SQL that counts open alerts, for the list's filters and the page's title."""

from dataclasses import dataclass

from tocsin.db import Tx


@dataclass(frozen=True, slots=True)
class OpenCounts:
    """How many alerts are open; of them, not acknowledged, and of one owner."""

    open: int
    unacknowledged: int
    mine: int


async def count_open(tx: Tx, account_id: int, username: str) -> OpenCounts:
    """Open alerts of the account; `mine` are those that this person owns."""
    return await tx.one(
        OpenCounts,
        """
        select count(*) as open,
               count(*) filter (where not acknowledged) as unacknowledged,
               count(*) filter (where owner = %(username)s) as mine
          from alerts where account_id = %(account_id)s and status = 'open'
        """,
        account_id=account_id,
        username=username,
    )


async def any_alert(tx: Tx, account_id: int) -> bool:
    """Was there ever an alert?"""
    return bool(
        await tx.value(
            "select exists (select from alerts where account_id = %(account_id)s)",
            account_id=account_id,
        )
    )
