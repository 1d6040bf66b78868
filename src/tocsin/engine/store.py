"""The SQL of forgetting: rows that are kept for a while only."""

from datetime import datetime

from tocsin.db import Tx

BATCH = 5_000


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
