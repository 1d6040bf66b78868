"""Files of documents: made once after they are final, the same bytes at each download, announced to the recipients."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from tests.support.billing_accounts import advance, at, make_standard, make_subscriber
from tests.support.billing_histories import AMERICAN
from tests.support.makers import make_tenant
from tests.support.smtp import smtp_sink, text_of
from tests.support.stripe_fake import StripeFake

from tocsin.billing import rendering
from tocsin.billing.commands import AcceptOfflineOrder
from tocsin.billing.keeping import Rails
from tocsin.db import Databases
from tocsin.errors import NotFound
from tocsin.licensing.model import Interval, Target
from tocsin.mail import outbox
from tocsin.mail.smtp import SmtpTransport, parse_smtp_url

NOW = at("2026-03-10 11:00")
LEASE = timedelta(minutes=5)


async def test_r7_1_each_download_is_the_same_bytes(databases: Databases, rails: Rails, fake: StripeFake) -> None:
    ana = await make_standard(databases, rails, fake)
    [invoice] = await ana.documents()
    first = await rendering.file(ana.tenant.app, ana.tenant.account_id, invoice.id, "pdf", NOW)

    while await rendering.render_due(databases.engine, rails.base_url, NOW, lease=LEASE):
        pass

    again = await rendering.file(ana.tenant.app, ana.tenant.account_id, invoice.id, "pdf", NOW + timedelta(days=400))
    xml = await rendering.file(ana.tenant.app, ana.tenant.account_id, invoice.id, "xml", NOW)
    assert first == again
    assert first.startswith(b"%PDF")
    assert b"INV/2026/" in xml
    assert f"Invoice {invoice.number}" in await ana.mails()


async def test_a_document_is_announced_once(databases: Databases, rails: Rails, fake: StripeFake) -> None:
    ana = await make_standard(databases, rails, fake)
    [invoice] = await ana.documents()

    for _ in range(3):
        while await rendering.render_due(databases.engine, rails.base_url, NOW, lease=LEASE):
            pass

    assert (await ana.mails()).count(f"Invoice {invoice.number}") == 1


async def test_invoices_and_credit_notes_are_mailed_with_the_kept_pdf(databases: Databases, rails: Rails) -> None:
    recipients = (f"{uuid4()}@acme.example", f"{uuid4()}@books.example")
    ana = await make_subscriber(databases, rails, buyer=replace(AMERICAN, emails=recipients))
    order = AcceptOfflineOrder(Target("standard", Interval.YEAR, 25), "4500-77")
    await ana.do("2026-03-24 00:00", order)
    async with smtp_sink() as sink:
        transport = SmtpTransport(parse_smtp_url(sink.url))

        async def work(until: str) -> None:
            await advance(ana, until)
            while await rendering.render_due(databases.engine, rails.base_url, at(until), lease=LEASE):
                pass
            while await outbox.send_due(databases.engine, at(until), transport, "T <t@t.example>", lease=LEASE):
                pass

        await work("2026-03-25 00:00")
        await work("2026-06-01 00:00")
        await transport.close()

    invoice, credit_note = await ana.documents()
    for recipient in recipients:
        told = [mail for mail in sink.to(recipient) if str(mail["Subject"]).endswith(f" {invoice.number}")]
        given_back = [mail for mail in sink.to(recipient) if f" {credit_note.number}" in str(mail["Subject"])]
        for document, [mail] in ((invoice, told), (credit_note, given_back)):
            [attached] = mail.iter_attachments()
            kept = await rendering.file(ana.tenant.app, ana.tenant.account_id, document.id, "pdf", NOW)
            assert document.number is not None
            assert attached.get_filename() == f"{document.number.replace('/', '-')}.pdf"
            assert attached.get_content_type() == "application/pdf"
            assert attached.get_payload(decode=True) == kept
            assert "The document is attached" in text_of(mail)
            assert "Purchase order: 4500-77" in text_of(mail)


async def test_nobody_downloads_another_accounts_invoice(databases: Databases, rails: Rails, fake: StripeFake) -> None:
    ana = await make_standard(databases, rails, fake)
    eve = await make_tenant(databases)
    [invoice] = await ana.documents()

    with pytest.raises(NotFound):
        await rendering.file(eve.app, eve.account_id, invoice.id, "pdf", NOW)
    with pytest.raises(NotFound):
        await rendering.file(eve.app, ana.tenant.account_id, invoice.id, "pdf", NOW)
