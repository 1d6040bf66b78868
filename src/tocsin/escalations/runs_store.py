"""The SQL that reads an alert's runs, for whoever looks at it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tocsin.db import Tx


@dataclass(frozen=True, slots=True)
class PendingRun:
    """A run that has something to do yet."""

    escalation_id: UUID | None
    started_at: datetime
    round_started_at: datetime | None
    due_at: datetime


async def list_pending(tx: Tx, account_id: int, alert_id: str) -> list[PendingRun]:
    """The runs of the alert that are not over, the next one first."""
    return await tx.all(
        PendingRun,
        """
        select escalation_id, started_at, round_started_at, due_at from escalation_runs
         where account_id = %(account_id)s and alert_id = %(alert_id)s and due_at is not null
         order by due_at, id
        """,
        account_id=account_id,
        alert_id=alert_id,
    )
