"""The SQL of mails."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tocsin.db import Tx
from tocsin.mail.attachment import Attachment


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail in the outbox. `due_at` is the next try, or where it is being sent the end of the lease.

    Copies of one letter to an account's owners have the same `letter_id`.
    """

    account_id: int
    id: int
    purpose: str
    to_address: str
    subject: str
    text_body: str
    html_body: str
    status: str
    reason: str
    attempts: int
    due_at: datetime | None
    created_at: datetime
    ended_at: datetime | None
    letter_id: UUID | None = None


MAIL = """account_id, id, purpose, to_address, subject, text_body, html_body, status, reason, attempts, due_at,
          created_at, ended_at, letter_id"""


async def insert_mail(
    tx: Tx,
    account_id: int,
    purpose: str,
    to_address: str,
    subject: str,
    text_body: str,
    html_body: str,
    at: datetime,
    *,
    failed_because: str = "",
    letter_id: UUID | None = None,
) -> int:
    """The id of the new mail: due at once, or with `failed_because` at its end from the start."""
    mail_id: int = await tx.value(
        """
        insert into mails (account_id, purpose, to_address, subject, text_body, html_body, status, reason, due_at,
                           created_at, ended_at, letter_id)
        values (%(account_id)s, %(purpose)s, %(to_address)s, %(subject)s, %(text_body)s, %(html_body)s,
                case when %(reason)s = '' then 'due' else 'failed' end, %(reason)s,
                case when %(reason)s = '' then %(at)s end, %(at)s, case when %(reason)s <> '' then %(at)s end,
                %(letter_id)s)
        returning id
        """,
        account_id=account_id, purpose=purpose, to_address=to_address, subject=subject, text_body=text_body,
        html_body=html_body, at=at, reason=failed_because, letter_id=letter_id,
    )  # fmt: skip
    if not failed_because:
        await tx.value("select pg_notify('tocsin_due', 'mails')")
    return mail_id


async def insert_attachments(tx: Tx, account_id: int, mail_id: int, attachments: Sequence[Attachment]) -> None:
    """The files that the mail takes along, in their order."""
    await tx.execute(
        """
        insert into mail_attachments (account_id, mail_id, place, name, media_type, content)
        select %(account_id)s, %(mail_id)s, f.place, f.name, f.media_type, f.content
          from unnest(%(names)s::text[], %(media_types)s::text[], %(contents)s::bytea[])
               with ordinality as f (name, media_type, content, place)
        """,
        account_id=account_id,
        mail_id=mail_id,
        names=[each.name for each in attachments],
        media_types=[each.media_type for each in attachments],
        contents=[each.content for each in attachments],
    )


async def attachments_of(tx: Tx, mails: Sequence[Mail]) -> dict[tuple[int, int], list[Attachment]]:
    """The files of each of these mails that has any, by its account and id."""
    rows = await tx.dicts(
        """
        select a.account_id, a.mail_id, a.name, a.media_type, a.content
          from unnest(%(accounts)s::bigint[], %(mails)s::bigint[]) as m (account_id, mail_id)
          join mail_attachments a using (account_id, mail_id)
         order by a.account_id, a.mail_id, a.place
        """,
        accounts=[mail.account_id for mail in mails],
        mails=[mail.id for mail in mails],
    )
    found: dict[tuple[int, int], list[Attachment]] = {}
    for row in rows:
        file = Attachment(row["name"], row["media_type"], row["content"])
        found.setdefault((row["account_id"], row["mail_id"]), []).append(file)
    return found


async def erase_attachments(tx: Tx, account_id: int, mail_id: int) -> None:
    """The mail is sent: what it took along is not kept here."""
    await tx.execute(
        "delete from mail_attachments where account_id = %(account_id)s and mail_id = %(mail_id)s",
        account_id=account_id,
        mail_id=mail_id,
    )


async def erase_old_attachments(tx: Tx, before: datetime) -> None:
    """Erase what mails that ended before that instant would have taken along; the engine role asks."""
    await tx.execute(
        """
        delete from mail_attachments a using mails m
         where m.account_id = a.account_id and m.id = a.mail_id and m.ended_at < %(before)s
        """,
        before=before,
    )


async def claim_due(tx: Tx, now: datetime, leased_until: datetime, limit: int) -> list[Mail]:
    """Due mails of every account, now being sent by the caller until `leased_until`; the engine role asks."""
    return await tx.all(
        Mail,
        f"""
        update mails set status = 'sending', due_at = %(leased_until)s, attempts = attempts + 1
         where (account_id, id) in (select account_id, id from mails
                                     where due_at <= %(now)s order by due_at limit %(limit)s
                                       for update skip locked)
        returning {MAIL}
        """,
        now=now,
        leased_until=leased_until,
        limit=limit,
    )


async def end_mail(
    tx: Tx, account_id: int, mail_id: int, attempts: int, *, status: str, reason: str, at: datetime
) -> bool:
    """The mail is at its end; an accepted one loses its body. False where another worker took it meanwhile."""
    ended = await tx.execute(
        """
        update mails
           set status = %(status)s, reason = %(reason)s, due_at = null, ended_at = %(at)s,
               text_body = case when %(status)s = 'accepted' then '' else text_body end,
               html_body = case when %(status)s = 'accepted' then '' else html_body end
         where account_id = %(account_id)s and id = %(mail_id)s and status = 'sending' and attempts = %(attempts)s
        """,
        account_id=account_id, mail_id=mail_id, attempts=attempts, status=status, reason=reason, at=at,
    )  # fmt: skip
    return ended > 0


async def retry_mail(tx: Tx, account_id: int, mail_id: int, attempts: int, *, reason: str, due_at: datetime) -> bool:
    """The mail will be tried again at `due_at`. False where another worker took it meanwhile."""
    retried = await tx.execute(
        """
        update mails set status = 'retrying', reason = %(reason)s, due_at = %(due_at)s
         where account_id = %(account_id)s and id = %(mail_id)s and status = 'sending' and attempts = %(attempts)s
        """,
        account_id=account_id, mail_id=mail_id, attempts=attempts, reason=reason, due_at=due_at,
    )  # fmt: skip
    return retried > 0


async def lock_letters(tx: Tx, letter_ids: Sequence[UUID]) -> None:
    """Wait until no other worker ends copies of these letters; none ends any until this transaction does."""
    for letter_id in sorted(set(letter_ids)):
        await tx.value("select pg_advisory_xact_lock(hashtextextended(%(id)s::text, 0))", id=letter_id)


async def copies_of(tx: Tx, account_id: int, letter_id: UUID) -> dict[str, bool]:
    """The addresses that a letter went to, and whether it failed there for good."""
    rows = await tx.dicts(
        """
        select to_address, bool_and(status = 'failed') as failed from mails
         where account_id = %(account_id)s and letter_id = %(letter_id)s group by to_address
        """,
        account_id=account_id,
        letter_id=letter_id,
    )
    return {row["to_address"]: row["failed"] for row in rows}


async def earliest_due(tx: Tx) -> datetime | None:
    """When the next mail of any account is due, or None; the engine role asks."""
    due: datetime | None = await tx.value("select min(due_at) from mails where due_at is not null")
    return due


async def erase_bodies(tx: Tx, before: datetime) -> int:
    """How many mails that ended before that instant lost their text now; the engine role asks."""
    return await tx.execute(
        """
        update mails set text_body = '', html_body = ''
         where ended_at < %(before)s and text_body <> ''
        """,
        before=before,
    )


async def list_mails(tx: Tx, account_id: int, limit: int, before_id: int | None = None) -> list[Mail]:
    """Mails of the account, newest first; with `before_id` those older than it."""
    return await tx.all(
        Mail,
        f"""
        select {MAIL} from mails
         where account_id = %(account_id)s and (%(before_id)s::bigint is null or id < %(before_id)s)
         order by id desc limit %(limit)s
        """,
        account_id=account_id,
        limit=limit,
        before_id=before_id,
    )


async def get_mail(tx: Tx, account_id: int, mail_id: int) -> Mail:
    """The mail. Raises: NotFound."""
    return await tx.one(
        Mail,
        f"select {MAIL} from mails where account_id = %(account_id)s and id = %(mail_id)s",
        account_id=account_id,
        mail_id=mail_id,
        missing="There is no such mail.",
    )
