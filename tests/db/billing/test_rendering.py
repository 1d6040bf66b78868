"""Files of documents: made once after they are final, the same bytes at each download, announced to the recipients."""

from datetime import timedelta

import pytest
from tests.support.billing_accounts import at, make_standard
from tests.support.makers import make_tenant
from tests.support.stripe_fake import StripeFake

from tocsin.billing import rendering
from tocsin.billing.keeping import Rails
from tocsin.db import Databases
from tocsin.errors import NotFound

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


async def test_nobody_downloads_another_accounts_invoice(databases: Databases, rails: Rails, fake: StripeFake) -> None:
    ana = await make_standard(databases, rails, fake)
    eve = await make_tenant(databases)
    [invoice] = await ana.documents()

    with pytest.raises(NotFound):
        await rendering.file(eve.app, eve.account_id, invoice.id, "pdf", NOW)
    with pytest.raises(NotFound):
        await rendering.file(eve.app, ana.tenant.account_id, invoice.id, "pdf", NOW)
