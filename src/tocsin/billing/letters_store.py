"""The SQL of who reads an account's letters about billing."""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from tocsin.db import Tx
from tocsin.mail.stand_ins import Readers


@dataclass(frozen=True, slots=True)
class Reader:
    """An address, and how its reader's language and clock are."""

    address: str
    locale: str
    zone: ZoneInfo


async def readers(tx: Tx, account_ids: Sequence[int]) -> dict[int, list[Reader]]:
    """The active owners of each account."""
    rows = await tx.dicts(
        """
        select u.account_id, u.username, u.locale, u.time_zone
          from users u
         where u.account_id = any(%(ids)s) and u.role = 'owner' and u.status = 'active'
         order by u.account_id, u.created_at, u.username
        """,
        ids=list(account_ids),
    )
    found: dict[int, list[Reader]] = {}
    for row in rows:
        reader = Reader(row["username"], row["locale"], ZoneInfo(row["time_zone"]))
        found.setdefault(row["account_id"], []).append(reader)
    return found


async def stand_ins(tx: Tx, account_id: int) -> Readers:
    """Who may get a letter that an address refuses: the active owners and admins, oldest first."""
    rows = await tx.dicts(
        """
        select u.username, u.role from users u
         where u.account_id = %(account_id)s and u.role in ('owner', 'admin') and u.status = 'active'
         order by u.created_at, u.username
        """,
        account_id=account_id,
    )
    by_role: dict[str, list[str]] = {"owner": [], "admin": []}
    for row in rows:
        by_role[row["role"]].append(row["username"])
    return Readers(by_role["owner"], by_role["admin"])
