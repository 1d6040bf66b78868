"""The SQL of the operator's page: it looks across accounts, so the engine role asks, for operators only."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tocsin.db import Tx


@dataclass(frozen=True, slots=True)
class AccountLine:
    """An account as the operator sees it: how big, since when; nothing of what is in it."""

    id: int
    name: str
    created_at: datetime
    users: int
    last_seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody who runs the server."""

    account_id: int
    user_id: UUID
    username: str
    full_name: str
    account_name: str
    status: str
    created_at: datetime


async def list_accounts(tx: Tx) -> list[AccountLine]:
    """Every account that was not deleted, oldest first."""
    return await tx.all(
        AccountLine,
        """
        select a.id, a.name, a.created_at,
               (select count(*) from users u where u.account_id = a.id and u.status <> 'suspended') as users,
               (select max(s.last_seen_at) from sessions s where s.account_id = a.id) as last_seen_at
          from accounts a where a.deleted_at is null order by a.id
        """,
    )


async def list_operators(tx: Tx) -> list[Operator]:
    """Every operator, who has been one for longest first."""
    return await tx.all(
        Operator,
        """
        select o.account_id, o.user_id, u.username, u.full_name, a.name as account_name, u.status, o.created_at
          from operators o
          join users u on u.account_id = o.account_id and u.id = o.user_id
          join accounts a on a.id = o.account_id
         order by o.created_at, u.username
        """,
    )


async def lock_operators(tx: Tx) -> list[tuple[int, UUID]]:
    """Whose operators can sign in, locked: two operators cannot remove each other at once."""
    rows = await tx.dicts(
        """
        select o.account_id, o.user_id
          from operators o join users u on u.account_id = o.account_id and u.id = o.user_id
         where u.status = 'active' order by o.account_id, o.user_id for update of o
        """
    )
    return [(row["account_id"], row["user_id"]) for row in rows]


async def delete_operator(tx: Tx, account_id: int, user_id: UUID) -> int:
    """How many were removed: one, or none."""
    return await tx.execute(
        "delete from operators where account_id = %(account_id)s and user_id = %(user_id)s",
        account_id=account_id,
        user_id=user_id,
    )
