"""The SQL of the audit log."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tocsin.db import Tx


@dataclass(frozen=True, slots=True)
class Entry:
    """One change: who, when, what, and how it was before and after."""

    account_id: int
    id: int
    at: datetime
    actor: str
    actor_id: UUID | None
    action: str
    object_type: str
    object_id: str
    object_name: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    address: str
    request_id: UUID | None


ENTRY = """account_id, id, at, actor, actor_id, action, object_type, object_id, object_name, before, after, address,
           request_id"""


async def insert_entry(tx: Tx, **entry: Any) -> None:
    """Write an entry; the arguments are the fields of `Entry` but its id."""
    await tx.execute(
        """
        insert into audit_log (account_id, at, actor, actor_id, action, object_type, object_id, object_name, before,
                               after, address, request_id)
        values (%(account_id)s, %(at)s, %(actor)s, %(actor_id)s, %(action)s, %(object_type)s, %(object_id)s,
                %(object_name)s, %(before)s, %(after)s, %(address)s, %(request_id)s)
        """,
        **entry,
    )


async def list_entries(
    tx: Tx,
    account_id: int,
    limit: int,
    *,
    before_id: int | None = None,
    after_id: int | None = None,
    since: datetime | None = None,
) -> list[Entry]:
    """Entries, newest first: those older than `before_id`, or the oldest of those newer than `after_id`.

    Those before `since` are left out: the plan reaches back no further.
    """
    direction = "asc" if after_id is not None else "desc"
    entries = await tx.all(
        Entry,
        f"""
        select {ENTRY} from audit_log
         where account_id = %(account_id)s
           and (%(before_id)s::bigint is null or id < %(before_id)s)
           and (%(after_id)s::bigint is null or id > %(after_id)s)
           and (%(since)s::timestamptz is null or at >= %(since)s)
         order by id {direction} limit %(limit)s
        """,
        account_id=account_id,
        limit=limit,
        before_id=before_id,
        after_id=after_id,
        since=since,
    )
    return sorted(entries, key=lambda entry: entry.id, reverse=True)


async def list_of_object(
    tx: Tx,
    account_id: int,
    object_type: str,
    object_id: str,
    *,
    newest_first: bool,
    limit: int,
    offset: int,
    since: datetime | None,
) -> list[Entry]:
    """What was done to one thing, from the entry number `offset` on; nothing before `since`."""
    return await tx.all(
        Entry,
        f"""
        select {ENTRY} from audit_log
         where account_id = %(account_id)s and object_type = %(object_type)s and object_id = %(object_id)s
           and (%(since)s::timestamptz is null or at >= %(since)s)
         order by id {"desc" if newest_first else "asc"} limit %(limit)s offset %(offset)s
        """,
        account_id=account_id,
        object_type=object_type,
        object_id=object_id,
        since=since,
        limit=limit,
        offset=offset,
    )
