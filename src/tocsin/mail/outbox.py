"""The outbox: a mail is a row first, written with what it tells about, and leaves when it is due."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from tocsin.db import Db, Tx
from tocsin.i18n import N_
from tocsin.mail import store
from tocsin.mail.attachment import Attachment
from tocsin.mail.smtp import MailError, Transport, make_message
from tocsin.mail.stand_ins import Readers, stand_ins
from tocsin.mail.store import Mail

log = structlog.get_logger("tocsin.mail")

BATCH = 50
# The waits after the first, second, … failed try; after the last one the mail has failed, a good day after it was due.
BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (0.5, 2, 10, 30, 60, 180, 360, 720))
ReadersOf = Callable[[Tx, int], Awaitable[Readers]]
"""Who reads an account's letters; this room knows nobody."""
KEEP_BODIES = timedelta(days=14)
NO_SERVER = N_("No mail server is set: TOCSIN_SMTP_URL is empty. The mail can be read under /mailbox.")


async def enqueue(
    tx: Tx,
    account_id: int,
    purpose: str,
    to: str,
    subject: str,
    text: str,
    html: str,
    at: datetime,
    attachments: Sequence[Attachment] = (),
    letter_id: UUID | None = None,
) -> int:
    """The id of a mail that leaves after the commit. `purpose` is a word for the list, e.g. "invitation".

    What it takes along is at most `attachment.LARGEST_BYTES` a file; the database refuses more. Copies of one letter to
    the account's owners have one `letter_id`: where it is refused for good, others get it.
    """
    mail_id = await store.insert_mail(tx, account_id, purpose, to, subject, text, html, at, letter_id=letter_id)
    if attachments:
        await store.insert_attachments(tx, account_id, mail_id, attachments)
    return mail_id


async def keep(tx: Tx, account_id: int, purpose: str, to: str, subject: str, text: str, html: str, at: datetime) -> int:
    """The id of a mail that cannot leave, for want of a server: it has failed, and is readable under /mailbox."""
    return await store.insert_mail(tx, account_id, purpose, to, subject, text, html, at, failed_because=NO_SERVER)


async def send_due(
    db: Db,
    now: datetime,
    transport: Transport | None,
    sender: str,
    *,
    lease: timedelta,
    limit: int = BATCH,
    readers: ReadersOf | None = None,
) -> int:
    """Send what is due; returns how many mails were tried. Any number of workers may call it at once.

    Without a transport each mail ends as failed, with the reason. A mail whose sender died is due again when its
    `lease` is over, so a mail may be sent twice but is never lost. A letter that an owner's address refuses for good
    goes to others of the `readers`.
    """
    async with db.transaction() as tx:
        mails = await store.claim_due(tx, now, now + lease, limit)
        files = await store.attachments_of(tx, mails) if mails else {}
    outcomes = await asyncio.gather(
        *(_attempt(mail, files.get((mail.account_id, mail.id), ()), transport, sender) for mail in mails)
    )
    if mails:
        async with db.transaction() as tx:
            ended = [(mail, outcome) for mail, outcome in zip(mails, outcomes, strict=True)]
            lost = [mail for mail, outcome in ended if mail.letter_id and _is_lost(mail, outcome, now)]
            await store.lock_letters(tx, [mail.letter_id for mail in lost if mail.letter_id])
            for mail, outcome in ended:
                await _record(tx, mail, outcome, now)
            if readers is not None and transport is not None:
                for mail in lost:
                    await _pass_on(tx, mail, readers, files.get((mail.account_id, mail.id), ()), now)
    return len(mails)


async def erase_old(db: Db, now: datetime) -> int:
    """How many failed mails lost their text now, being old: it may hold a link that signs in."""
    async with db.transaction() as tx:
        await store.erase_old_attachments(tx, now - KEEP_BODIES)
        return await store.erase_bodies(tx, now - KEEP_BODIES)


def retry_at(attempts: int, now: datetime) -> datetime | None:
    """When a mail is tried again after `attempts` failures, or None: it was the last."""
    return now + BACK_OFF[attempts - 1] if attempts <= len(BACK_OFF) else None


async def _attempt(
    mail: Mail, attachments: Sequence[Attachment], transport: Transport | None, sender: str
) -> MailError | str:
    """The receipt, or what went wrong."""
    if transport is None:
        return MailError(NO_SERVER, retry=False)
    try:
        return await transport.send(
            make_message(
                sender=sender,
                to=mail.to_address,
                subject=mail.subject,
                text=mail.text_body,
                html=mail.html_body,
                at=mail.created_at,
                message_id=f"{mail.purpose}.{mail.account_id}.{mail.id}.{int(mail.created_at.timestamp())}",
                attachments=attachments,
            )
        )
    except MailError as error:
        return error


def _is_lost(mail: Mail, outcome: MailError | str, now: datetime) -> bool:
    """Whether the mail has failed for good."""
    return isinstance(outcome, MailError) and not (outcome.retry and retry_at(mail.attempts, now))


async def _pass_on(tx: Tx, mail: Mail, readers: ReadersOf, attachments: Sequence[Attachment], now: datetime) -> None:
    """Send the letter to who reads it instead of an address that refused it. Source: licensing requirements R3.1"""
    assert mail.letter_id is not None  # noqa: S101 - for the type checker
    failed = await store.copies_of(tx, mail.account_id, mail.letter_id)
    if not failed[mail.to_address]:
        return  # another worker sends it once more: this one had it for too long
    for address in stand_ins(failed, await readers(tx, mail.account_id)):
        log.info("letter passed on", account_id=mail.account_id, mail_id=mail.id)
        await enqueue(
            tx, mail.account_id, mail.purpose, address, mail.subject, mail.text_body, mail.html_body, now, attachments,
            mail.letter_id,
        )  # fmt: skip


async def _record(tx: Tx, mail: Mail, outcome: MailError | str, now: datetime) -> None:
    match outcome:
        case str():
            ended = await store.end_mail(
                tx, mail.account_id, mail.id, mail.attempts, status="accepted", reason=outcome, at=now
            )
            if ended:
                await store.erase_attachments(tx, mail.account_id, mail.id)
        case MailError(retry=True) if (due_at := retry_at(mail.attempts, now)) is not None:
            await store.retry_mail(tx, mail.account_id, mail.id, mail.attempts, reason=outcome.reason, due_at=due_at)
        case MailError():
            log.warning("mail failed", account_id=mail.account_id, mail_id=mail.id, reason=outcome.reason)
            await store.end_mail(
                tx, mail.account_id, mail.id, mail.attempts, status="failed", reason=outcome.reason, at=now
            )
