"""The SQL of deletions: across all tables of an account, so the engine role runs it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from psycopg.types.json import Jsonb

from tocsin.db import Tx

ARCHIVE = "fiscal_archive"


@dataclass(frozen=True, slots=True)
class Deletion:
    """A deletion under way."""

    account_id: int
    requested_at: datetime
    token_hash: bytes
    proof_to: str
    locale: str
    time_zone: str
    due_at: datetime


DELETION = "account_id, requested_at, token_hash, proof_to, locale, time_zone, due_at"


async def insert_deletion(tx: Tx, deletion: Deletion) -> None:
    """Note it; a second request of the same account changes nothing."""
    await tx.execute(
        f"""
        insert into deletions ({DELETION})
        values (%(account_id)s, %(requested_at)s, %(token_hash)s, %(proof_to)s, %(locale)s, %(time_zone)s, %(due_at)s)
        on conflict (account_id) do nothing
        """,
        **asdict(deletion),
    )


async def find_by_token(tx: Tx, token_hash: bytes) -> Deletion | None:
    return await tx.find(
        Deletion, f"select {DELETION} from deletions where token_hash = %(token_hash)s", token_hash=token_hash
    )


async def delete_deletion(tx: Tx, account_id: int) -> None:
    await tx.execute("delete from deletions where account_id = %(account_id)s", account_id=account_id)


async def close_account(tx: Tx, account_id: int, at: datetime) -> None:
    """Nobody signs in, and no key works, from here on."""
    await tx.execute("update accounts set deleted_at = %(at)s where id = %(account_id)s", account_id=account_id, at=at)
    await tx.execute("delete from sessions where account_id = %(account_id)s", account_id=account_id)


async def reopen_account(tx: Tx, account_id: int) -> None:
    await tx.execute("update accounts set deleted_at = null where id = %(account_id)s", account_id=account_id)


async def claim_due(tx: Tx, now: datetime, again_at: datetime) -> Deletion | None:
    """One deletion whose time has come, not to be claimed again before `again_at`."""
    return await tx.find(
        Deletion,
        f"""
        update deletions set due_at = %(again_at)s
         where account_id = (select account_id from deletions where due_at <= %(now)s
                              order by due_at limit 1 for update skip locked)
        returning {DELETION}
        """,
        now=now,
        again_at=again_at,
    )


async def postpone(tx: Tx, account_id: int, until: datetime) -> None:
    await tx.execute(
        "update deletions set due_at = %(until)s where account_id = %(account_id)s", until=until, account_id=account_id
    )


async def set_legal_hold(tx: Tx, account_id: int, held: bool) -> int:
    """How many accounts that changed: one, or none."""
    return await tx.execute(
        "update accounts set legal_hold = %(held)s where id = %(account_id)s", held=held, account_id=account_id
    )


async def earliest_due(tx: Tx) -> datetime | None:
    found: datetime | None = await tx.value("select min(due_at) from deletions")
    return found


async def is_held(tx: Tx, account_id: int) -> bool:
    """Has the operator put the account under legal hold?"""
    return bool(await tx.value("select legal_hold from accounts where id = %(account_id)s", account_id=account_id))


async def tables_of_accounts(tx: Tx) -> list[str]:
    """Every table with rows of accounts, those that refer to others first; without the archive and `accounts`.

    Read from the catalogue, so that a new table cannot be forgotten.
    """
    tables = await tx.values(
        """
        select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
          join pg_attribute a on a.attrelid = c.oid and a.attname = 'account_id' and not a.attisdropped
         where n.nspname = 'public' and c.relkind = 'r' and c.relname <> %(archive)s
         order by c.relname
        """,
        archive=ARCHIVE,
    )
    references = await tx.dicts(
        """
        select c.conrelid::regclass::text as from_table, c.confrelid::regclass::text as to_table
          from pg_constraint c where c.contype = 'f' and c.conrelid <> c.confrelid
        """
    )
    refers_to: dict[str, set[str]] = {table: set() for table in tables}
    for row in references:
        if row["from_table"] in refers_to and row["to_table"] in refers_to:
            refers_to[row["to_table"]].add(row["from_table"])
    ordered: list[str] = []
    while refers_to:
        free = sorted(table for table, before in refers_to.items() if not before & refers_to.keys())
        if not free:  # a circle of references: the database's own cascades decide
            free = sorted(refers_to)
        ordered += free
        for table in free:
            del refers_to[table]
    return ordered


async def erase_rows(tx: Tx, table: str, account_id: int, limit: int) -> int:
    """Erase at most `limit` rows of the account; how many they were."""
    await tx.value("select set_config('tocsin.erasing', 'on', true)")
    return await tx.execute(
        f"""
        delete from {table} where ctid in (
          select ctid from {table} where account_id = %(account_id)s limit %(limit)s)
        """,
        account_id=account_id,
        limit=limit,
    )


async def erase_traces(tx: Tx, server: int, addresses: Sequence[str]) -> int:
    """Erase what the server itself, whose account is `server`, has of these people: mails to and about them, questions
    of nobody's account, counted tries. What another account has of the same address is that account's.
    """
    return await tx.execute(
        """
        with them as (select distinct lower(unnest(%(addresses)s::text[])) as address),
             mailed as (
               delete from mails m using them
                where m.account_id = %(server)s
                  and (lower(m.to_address) = them.address
                       or m.purpose in ('inquiry', 'fair-use-case') and position(them.address in m.text_body) > 0)
               returning 1),
             asked as (delete from inquiries i using them
                      where i.account_id is null and lower(i.email) = them.address returning 1),
             tried as (
               delete from sign_in_failures f using them
                where right(f.subject, length(them.address) + 1) = ':' || them.address returning 1)
        select 1 from mailed union all select 1 from asked union all select 1 from tried
        """,
        server=server,
        addresses=list(addresses),
    )


async def erase_account(tx: Tx, account_id: int) -> int:
    """The account itself, once nothing refers to it."""
    return await tx.execute("delete from accounts where id = %(account_id)s", account_id=account_id)


async def addresses_of(tx: Tx, account_id: int) -> list[str]:
    """Every address under which somebody of the account was written to."""
    return await tx.values(
        """
        select username from users where account_id = %(account_id)s
        union select address from contacts where account_id = %(account_id)s and method = 'email'
        """,
        account_id=account_id,
    )


async def archive_documents(tx: Tx, account_id: int, keep_until: dict[str, date], otherwise: date) -> int:
    """Copy the final documents of the account into the archive; how many. `keep_until` goes by the buyer's country."""
    return await tx.execute(
        """
        insert into fiscal_archive (account_id, number, kind, issued_at, keep_until, document, payments, pdf, xml)
        select d.account_id, d.number, d.kind, d.issued_at,
               coalesce((%(keep_until)s::jsonb ->> (d.buyer ->> 'country'))::date, %(otherwise)s::date),
               to_jsonb(d) || jsonb_build_object('lines', coalesce(
                 (select jsonb_agg(to_jsonb(l) order by l.position) from document_lines l
                   where l.account_id = d.account_id and l.document_id = d.id), '[]')),
               coalesce((select jsonb_agg(to_jsonb(p)) from payments p
                          where p.account_id = d.account_id and p.document_id = d.id), '[]'),
               (select content from document_files f
                 where f.account_id = d.account_id and f.document_id = d.id and f.format = 'pdf'),
               (select content from document_files f
                 where f.account_id = d.account_id and f.document_id = d.id and f.format = 'xml')
          from documents d
         where d.account_id = %(account_id)s and d.number is not null
        on conflict (number) do nothing
        """,
        account_id=account_id,
        keep_until=Jsonb({country: day.isoformat() for country, day in keep_until.items()}),
        otherwise=otherwise,
    )


async def count_unrendered(tx: Tx, account_id: int) -> int:
    """How many documents still wait for their files."""
    return int(
        await tx.value(
            """
            select count(*) from documents d
             where d.account_id = %(account_id)s and d.number is not null and d.render_at is not null
            """,
            account_id=account_id,
        )
    )


async def insert_done(
    tx: Tx, requested_at: datetime, finished_at: datetime, rows_erased: int, documents_archived: int
) -> None:
    await tx.execute(
        """
        insert into deletions_done (requested_at, finished_at, rows_erased, documents_archived)
        values (%(requested_at)s, %(finished_at)s, %(rows_erased)s, %(documents_archived)s)
        """,
        requested_at=requested_at,
        finished_at=finished_at,
        rows_erased=rows_erased,
        documents_archived=documents_archived,
    )


async def forget_archived(tx: Tx, today: date) -> int:
    """Remove what the law does not want kept any longer."""
    return await tx.execute("delete from fiscal_archive where keep_until < %(today)s", today=today)


@dataclass(frozen=True, slots=True)
class Archived:
    """A kept document, as operators list it."""

    id: int
    account_id: int
    number: str
    kind: str
    issued_at: datetime
    keep_until: date


async def list_archived(tx: Tx, limit: int, before: int | None = None) -> list[Archived]:
    """The archive, newest first."""
    return await tx.all(
        Archived,
        """
        select id, account_id, number, kind, issued_at, keep_until from fiscal_archive
         where %(before)s::bigint is null or id < %(before)s order by id desc limit %(limit)s
        """,
        limit=limit,
        before=before,
    )


async def archived_pdf(tx: Tx, archived_id: int) -> bytes | None:
    found: bytes | None = await tx.value("select pdf from fiscal_archive where id = %(id)s", id=archived_id)
    return found


async def rows_of(tx: Tx, table: str, account_id: int) -> list[dict[str, Any]]:
    """Every row of the account in a table, as JSON has it; what is binary is written as text."""
    return [
        row["row"]
        for row in await tx.dicts(
            f"select to_jsonb(t) as row from {table} t where account_id = %(account_id)s", account_id=account_id
        )
    ]


async def erase_proofs(tx: Tx, ended_before: datetime) -> int:
    """The mails that said an account is gone name whose it was: they go too."""
    return await tx.execute(
        "delete from mails where purpose = 'deletion-proof' and ended_at is not null and "
        "(status = 'accepted' or ended_at < %(before)s)",
        before=ended_before,
    )
