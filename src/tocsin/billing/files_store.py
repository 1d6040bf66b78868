"""The SQL of finished files: which documents want them, and the bytes as they were made once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tocsin.db import Tx


@dataclass(frozen=True, slots=True)
class ToRender:
    """A finalised document without its files. `tries` counts this one."""

    account_id: int
    id: UUID
    tries: int


async def claim_due(tx: Tx, now: datetime, leased_until: datetime, limit: int) -> list[ToRender]:
    """Documents whose files are to be made, the caller's until the lease ends."""
    return await tx.all(
        ToRender,
        """
        update documents set render_at = %(leased_until)s, render_tries = render_tries + 1
         where (account_id, id) in (select account_id, id from documents
                                     where render_at <= %(now)s order by render_at limit %(limit)s
                                       for update skip locked)
        returning account_id, id, render_tries as tries
        """,
        now=now,
        leased_until=leased_until,
        limit=limit,
    )


async def earliest_due(tx: Tx) -> datetime | None:
    found: datetime | None = await tx.value("select min(render_at) from documents where render_at is not null")
    return found


async def end_rendering(tx: Tx, account_id: int, document_id: UUID, again_at: datetime | None) -> bool:
    """The files are made, or it is tried again; whether the document still waited for them."""
    return bool(
        await tx.execute(
            """
            update documents set render_at = %(again_at)s
             where account_id = %(account_id)s and id = %(id)s and render_at is not null
            """,
            account_id=account_id,
            id=document_id,
            again_at=again_at,
        )
    )


async def insert_file(
    tx: Tx, account_id: int, document_id: UUID, format_: str, content: bytes, sha256: bytes, at: datetime
) -> None:
    """Keep a file; the first that was kept stays."""
    await tx.execute(
        """
        insert into document_files (account_id, document_id, format, content, sha256, created_at)
        values (%(account_id)s, %(document_id)s, %(format)s, %(content)s, %(sha256)s, %(at)s)
            on conflict do nothing
        """,
        account_id=account_id, document_id=document_id, format=format_, content=content, sha256=sha256, at=at,
    )  # fmt: skip


async def find_file(tx: Tx, account_id: int, document_id: UUID, format_: str) -> bytes | None:
    found: bytes | None = await tx.value(
        """
        select content from document_files
         where account_id = %(account_id)s and document_id = %(document_id)s and format = %(format)s
        """,
        account_id=account_id,
        document_id=document_id,
        format=format_,
    )
    return found


async def list_files(tx: Tx, account_id: int, format_: str) -> Sequence[tuple[str, bytes]]:
    """Number and bytes of every document that has such a file, in the order of their numbers."""
    rows = await tx.dicts(
        """
        select d.number, f.content
          from document_files f join documents d on d.account_id = f.account_id and d.id = f.document_id
         where f.account_id = %(account_id)s and f.format = %(format)s
         order by d.kind desc, d.series_year, d.series_number
        """,
        account_id=account_id,
        format=format_,
    )
    return [(row["number"], row["content"]) for row in rows]
