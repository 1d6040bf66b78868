"""The SQL of what is sent in the place of an SMS or a call that there was no room for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tocsin import arrays
from tocsin.db import Tx
from tocsin.notifications.model import NewNotification, Notification


@dataclass(frozen=True, slots=True)
class FreeContact:
    """A contact that costs nothing to use."""

    id: UUID
    method: str
    address: str


async def find_free_contact(tx: Tx, account_id: int, user_id: UUID) -> FreeContact | None:
    """A person's first push contact, else their first e-mail contact, that is in use."""
    return await tx.find(
        FreeContact,
        """
        select id, method, address from contacts
         where account_id = %(account_id)s and user_id = %(user_id)s and method in ('push', 'email')
           and enabled and verified_at is not null
         order by method = 'email', created_at, id limit 1
        """,
        account_id=account_id,
        user_id=user_id,
    )


async def reached_anyway(tx: Tx, rows: Sequence[NewNotification]) -> set[tuple[int, str | None, UUID | None, datetime]]:
    """Which of these contacts the same telling has a notification for that has not failed."""
    found = await tx.dicts(
        """
        select n.account_id, n.alert_id, n.contact_id, n.told_at
          from unnest(%(account_id)s::bigint[], %(alert_id)s::text[], %(contact_id)s::uuid[],
                      %(told_at)s::timestamptz[])
               as i(account_id, alert_id, contact_id, told_at)
          join notifications n on n.account_id = i.account_id and n.alert_id = i.alert_id
           and n.contact_id = i.contact_id and n.told_at = i.told_at
         where n.status in ('due', 'sending', 'retrying', 'accepted', 'delivered')
        """,
        account_id=arrays.plain([row.account_id for row in rows]),
        alert_id=arrays.texts([row.alert_id for row in rows]),
        contact_id=arrays.plain([row.contact_id for row in rows]),
        told_at=arrays.plain([row.told_at for row in rows]),
    )
    return {(row["account_id"], row["alert_id"], row["contact_id"], row["told_at"]) for row in found}


async def names(tx: Tx, notifications: Sequence[Notification]) -> dict[UUID, str]:
    """The usernames of those whom these are for."""
    rows = await tx.dicts(
        """
        select distinct u.id, u.username
          from unnest(%(account_id)s::bigint[], %(id)s::uuid[]) as i(account_id, id)
          join users u on u.account_id = i.account_id and u.id = i.id
        """,
        account_id=arrays.plain([it.account_id for it in notifications]),
        id=arrays.plain([it.user_id for it in notifications]),
    )
    return {row["id"]: row["username"] for row in rows}
