"""The SQL that reads the ledger: what became of the notifications of an alert."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tocsin.db import Tx


@dataclass(frozen=True, slots=True)
class Delivery:
    """One notification and how it stands, with the last attempt's detail."""

    id: int
    user_id: UUID
    username: str
    full_name: str
    method: str
    address: str
    action_type: str
    reason: dict[str, Any]
    told_at: datetime
    status: str
    status_reason: str
    attempts: int
    due_at: datetime | None
    ended_at: datetime | None


async def list_deliveries(tx: Tx, account_id: int, alert_id: str) -> list[Delivery]:
    """Every notification of the alert, in the order in which they were decided."""
    return await tx.all(
        Delivery,
        """
        select n.id, n.user_id, coalesce(u.username, '') as username, coalesce(u.full_name, '') as full_name,
               n.method, n.address, n.action_type, n.reason, n.told_at, n.status, n.status_reason, n.attempts,
               n.due_at, n.ended_at
          from notifications n left join users u on u.account_id = n.account_id and u.id = n.user_id
         where n.account_id = %(account_id)s and n.alert_id = %(alert_id)s
         order by n.told_at, n.id
        """,
        account_id=account_id,
        alert_id=alert_id,
    )


async def get_notification_user(tx: Tx, account_id: int, notification_id: int) -> UUID | None:
    """Whose notification that is, or None when it is gone."""
    found: UUID | None = await tx.value(
        "select user_id from notifications where account_id = %(account_id)s and id = %(notification_id)s",
        account_id=account_id,
        notification_id=notification_id,
    )
    return found
