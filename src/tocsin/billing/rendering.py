"""Files of finalised documents: made once, kept, and announced to the invoice recipients.

Each download is the same bytes (R7.1). Making one loads large libraries and takes a while, so it is done in a thread,
outside of any transaction, by workers or by whoever asks first.
"""

import asyncio
import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import structlog

from tocsin import i18n
from tocsin.billing import documents_store, files_store, letters_store
from tocsin.billing.files_store import ToRender
from tocsin.billing.letters_store import Reader
from tocsin.billing.model import Document, DocumentKind
from tocsin.db import Db, Tx
from tocsin.i18n import N_, Translator
from tocsin.mail import outbox
from tocsin.mail.attachment import LARGEST_BYTES, Attachment
from tocsin.mail.letter import Button, Letter, written

log = structlog.get_logger("tocsin.billing")

Format = Literal["pdf", "xml"]
TRIES = 5
ATTACHED = N_("The document is attached: a PDF that holds its structured form too.")
READY = N_("The document is ready as a PDF that holds its structured form too.")
TRY_AGAIN = timedelta(minutes=10)


async def render_due(db: Db, base_url: str, now: datetime, *, lease: timedelta, limit: int = 8) -> int:
    """Make the files of finalised documents and mail their recipients; returns how many documents there were."""
    async with db.transaction() as tx:
        claimed = await files_store.claim_due(tx, now, now + lease, limit)
    for one in claimed:
        try:
            await _render(db, base_url, one, now)
        except Exception as error:  # noqa: BLE001  # one document's files: the others are made all the same
            log.error("rendering_failed", account_id=one.account_id, document=str(one.id), error=repr(error))
            async with db.transaction() as tx:
                again_at = now + TRY_AGAIN if one.tries < TRIES else None
                await files_store.end_rendering(tx, one.account_id, one.id, again_at)
    return len(claimed)


async def earliest_due(db: Db) -> datetime | None:
    async with db.transaction() as tx:
        return await files_store.earliest_due(tx)


async def file(db: Db, account_id: int, document_id: UUID, format_: Format, at: datetime) -> bytes:
    """The finished file; made and kept now if no worker did so yet. Raises: NotFound, Invalid for a draft."""
    async with db.transaction() as tx:
        found = await files_store.find_file(tx, account_id, document_id, format_)
        document = await documents_store.get_document(tx, account_id, document_id)
    if found is not None:
        return found
    made = await asyncio.to_thread(_made, document)
    async with db.transaction() as tx:
        await _keep(tx, document, made, at)
        kept = await files_store.find_file(tx, account_id, document_id, format_)
    return kept if kept is not None else made[format_]


async def _render(db: Db, base_url: str, one: ToRender, now: datetime) -> None:
    async with db.transaction() as tx:
        document = await documents_store.get_document(tx, one.account_id, one.id)
    made = await asyncio.to_thread(_made, document)
    async with db.transaction() as tx:
        await _keep(tx, document, made, now)
        if await files_store.end_rendering(tx, one.account_id, one.id, None):
            pdf = await files_store.find_file(tx, one.account_id, one.id, "pdf")
            await _announce(tx, document, pdf or made["pdf"], base_url, now)


def _made(document: Document) -> dict[Format, bytes]:
    from tocsin.billing.documents import einvoice

    return {"pdf": einvoice.facturx_pdf(document, document.buyer.locale), "xml": einvoice.xml(document)}


async def _keep(tx: Tx, document: Document, made: Mapping[Format, bytes], at: datetime) -> None:
    for format_, content in made.items():
        digest = hashlib.sha256(content).digest()
        await files_store.insert_file(tx, document.account_id, document.id, format_, content, digest, at)


async def _announce(tx: Tx, document: Document, pdf: bytes, base_url: str, at: datetime) -> None:
    """Mail the kept PDF to the invoice recipients, or to the owners where none are named.

    One that is too large for a mail is only told of: the pages have it.
    """
    attached = [Attachment(file_name(document, "pdf"), "application/pdf", pdf)] if len(pdf) <= LARGEST_BYTES else []
    owners = (await letters_store.readers(tx, [document.account_id])).get(document.account_id, [])
    zone = ZoneInfo(document.zone)
    named = [Reader(address, document.buyer.locale, zone) for address in document.buyer.emails]
    letter_id = uuid4()
    for reader in named or owners:
        letter = announcement(document, reader.locale, base_url, attached=bool(attached))
        text, html = written(letter, locale=reader.locale, zone=reader.zone, at=at)
        purpose = "invoice" if document.kind is DocumentKind.INVOICE else "credit-note"
        await outbox.enqueue(
            tx, document.account_id, purpose, reader.address, letter.subject, text, html, at, attached, letter_id
        )


def file_name(document: Document, format_: Format) -> str:
    """The name under which a finalised document's file is handed out."""
    return f"{(document.number or str(document.id)).replace('/', '-')}.{format_}"


def announcement(document: Document, locale: str, base_url: str, *, attached: bool) -> Letter:
    """The mail that a new invoice or credit note is there."""
    _ = Translator(locale)
    is_invoice = document.kind is DocumentKind.INVOICE
    number = document.number
    subject = _("Invoice %(number)s", number=number) if is_invoice else _("Credit note %(number)s", number=number)
    total = i18n.money(locale, document.gross_minor, document.currency)
    facts = [(_("Total"), total), (_("Date"), i18n.date_in_full(locale, document.dated_on))]
    if is_invoice:
        owed = i18n.money(locale, document.owed_minor, document.currency)
        facts.append((_("To be paid"), owed))
        if document.owed_minor and document.collection == "invoice" and document.due_on is not None:
            facts.append((_("Due date"), i18n.date_in_full(locale, document.due_on)))
    if document.po_number:
        facts.append((_("Purchase order"), document.po_number))
    return Letter(
        subject=subject,
        heading=subject,
        paragraphs=(_(ATTACHED if attached else READY),),
        facts=tuple(facts),
        buttons=(Button(_("See the invoices"), f"{base_url}/settings/subscriptions/invoices"),),
    )
