"""The SQL of calendar feeds."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tocsin.db import Tx


@dataclass(frozen=True, slots=True)
class Feed:
    """A link of a person, as lists show it; `schedule` is the name, None for the person's own shifts."""

    id: UUID
    user_id: UUID
    schedule_id: UUID | None
    schedule: str | None
    created_at: datetime
    last_read_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReadFeed:
    """A feed that may be read, with whose it is and in which language it is written."""

    account_id: int
    id: UUID
    user_id: UUID
    schedule_id: UUID | None
    name: str
    locale: str


async def find_readable(tx: Tx, token_hash: bytes) -> ReadFeed | None:
    """The feed of that link; None for one that is unknown or revoked, whose person is suspended, over the plan or told
    of no alerts, whose schedule the plan does not include, or whose account is gone. The engine role asks.
    """
    return await tx.find(
        ReadFeed,
        """
        select f.account_id, f.id, f.user_id, f.schedule_id,
               coalesce(s.name, nullif(u.full_name, ''), u.username) as name, u.locale
          from calendar_feeds f
          join users u on u.account_id = f.account_id and u.id = f.user_id
          join accounts a on a.id = f.account_id
          left join schedules s on s.account_id = f.account_id and s.id = f.schedule_id
         where f.token_hash = %(token_hash)s and u.status = 'active' and u.inactive_since is null
           and u.role <> 'stakeholder' and a.deleted_at is null and s.inactive_since is null
        """,
        token_hash=token_hash,
    )


async def list_feeds(tx: Tx, account_id: int, user_id: UUID) -> list[Feed]:
    """The person's links, the oldest first."""
    return await tx.all(
        Feed,
        """
        select f.id, f.user_id, f.schedule_id, s.name as schedule, f.created_at, f.last_read_at
          from calendar_feeds f
          left join schedules s on s.account_id = f.account_id and s.id = f.schedule_id
         where f.account_id = %(account_id)s and f.user_id = %(user_id)s order by f.created_at, f.id
        """,
        account_id=account_id,
        user_id=user_id,
    )


async def insert_feed(
    tx: Tx, account_id: int, feed_id: UUID, user_id: UUID, schedule_id: UUID | None, token_hash: bytes, at: datetime
) -> None:
    await tx.execute(
        """
        insert into calendar_feeds (account_id, id, user_id, schedule_id, token_hash, created_at)
        values (%(account_id)s, %(id)s, %(user_id)s, %(schedule_id)s, %(token_hash)s, %(at)s)
        """,
        account_id=account_id, id=feed_id, user_id=user_id, schedule_id=schedule_id, token_hash=token_hash, at=at,
    )  # fmt: skip


async def touch_feed(tx: Tx, account_id: int, feed_id: UUID, at: datetime) -> None:
    """It was read."""
    await tx.execute(
        "update calendar_feeds set last_read_at = %(at)s where account_id = %(account_id)s and id = %(id)s",
        account_id=account_id,
        id=feed_id,
        at=at,
    )


async def delete_feed(tx: Tx, account_id: int, feed_id: UUID, user_id: UUID) -> int:
    """How many of the person's links were deleted: one, or none."""
    return await tx.execute(
        "delete from calendar_feeds where account_id = %(account_id)s and id = %(id)s and user_id = %(user_id)s",
        account_id=account_id,
        id=feed_id,
        user_id=user_id,
    )
