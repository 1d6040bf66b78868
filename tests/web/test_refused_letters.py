"""Letters to owners whose address bounces. Source: R3.1"""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from tests.support.billing_accounts import at
from tests.support.browsing import add_person
from tests.support.customer import Customer, customer
from tests.support.mailbox import mails
from tests.support.makers import Tenant
from tests.support.smtp import SmtpSink, smtp_sink, text_of

from tocsin.accounts.model import Role
from tocsin.billing import letters_store, rendering
from tocsin.db import Databases
from tocsin.mail import outbox
from tocsin.mail.smtp import SmtpTransport, parse_smtp_url
from tocsin.settings import Settings


@pytest.fixture
async def ana(settings: Settings, database_url: str, databases: Databases, tenant: Tenant) -> AsyncIterator[Customer]:
    """The owner of an account on trial from 10 to 25 March 2026."""
    async with customer(settings, database_url, databases, tenant) as made:
        yield made


@pytest.fixture
async def sink() -> AsyncIterator[SmtpSink]:
    async with smtp_sink() as running:
        yield running


async def send(databases: Databases, sink: SmtpSink, when: str) -> None:
    """Send all that is due at an instant."""
    transport = SmtpTransport(parse_smtp_url(sink.url))
    try:
        while await outbox.send_due(
            databases.engine, at(when), transport, "tocsin@localhost", lease=timedelta(minutes=1), limit=99,
            readers=letters_store.stand_ins,
        ):  # fmt: skip
            pass
    finally:
        await transport.close()


def subjects(sink: SmtpSink, address: str) -> list[str]:
    return [str(mail["Subject"]) for mail in sink.to(address)]


async def test_an_admin_gets_what_the_only_owners_address_refuses(
    ana: Customer, databases: Databases, sink: SmtpSink
) -> None:
    admin = await add_person(databases, ana.tenant, role=Role.ADMIN)
    member = await add_person(databases, ana.tenant)
    sink.unknown.add(ana.tenant.owner.username)

    await ana.comes_to("2026-03-25 10:00")
    await send(databases, sink, "2026-03-25 10:00")

    assert subjects(sink, admin.username).count("Your trial has ended") == 1
    assert subjects(sink, member.username) == []
    [ended] = [mail for mail in sink.to(admin.username) if mail["Subject"] == "Your trial has ended"]
    assert "Free has switched off" in text_of(ended)
    [refused, passed_on] = await mails(ana.tenant, "trial-ended")
    assert (refused.status, passed_on.status) == ("failed", "accepted")
    assert "no such mailbox" in refused.reason


async def test_another_owner_who_has_it_is_enough(ana: Customer, databases: Databases, sink: SmtpSink) -> None:
    bo = await add_person(databases, ana.tenant, role=Role.OWNER)
    admin = await add_person(databases, ana.tenant, role=Role.ADMIN)
    sink.unknown.add(ana.tenant.owner.username)

    await ana.comes_to("2026-03-25 10:00")
    await send(databases, sink, "2026-03-25 10:00")

    assert subjects(sink, bo.username).count("Your trial has ended") == 1
    assert subjects(sink, admin.username) == []


async def test_an_owner_who_came_since_gets_it_before_any_admin(
    ana: Customer, databases: Databases, sink: SmtpSink
) -> None:
    admin = await add_person(databases, ana.tenant, role=Role.ADMIN)
    sink.unknown.add(ana.tenant.owner.username)
    await ana.comes_to("2026-03-25 08:00")
    bo = await add_person(databases, ana.tenant, role=Role.OWNER)

    await send(databases, sink, "2026-03-25 10:00")

    assert "Your trial has ended" in subjects(sink, bo.username)
    assert subjects(sink, admin.username) == []


async def test_it_ends_where_every_address_refuses_it(ana: Customer, databases: Databases, sink: SmtpSink) -> None:
    bo = await add_person(databases, ana.tenant, role=Role.OWNER)
    admin = await add_person(databases, ana.tenant, role=Role.ADMIN)
    sink.unknown |= {ana.tenant.owner.username, bo.username, admin.username}

    await ana.comes_to("2026-03-25 10:00")
    await send(databases, sink, "2026-03-25 10:00")
    await send(databases, sink, "2026-03-27 10:00")

    tried = await mails(ana.tenant, "trial-ended")
    assert sorted(it.to_address for it in tried) == sorted(sink.unknown)
    assert {it.status for it in tried} == {"failed"}
    assert [mail for address in sink.unknown for mail in sink.to(address)] == []


async def test_an_invoice_goes_from_its_recipient_to_the_owner_to_the_admin_with_its_file(
    ana: Customer, databases: Databases, sink: SmtpSink
) -> None:
    admin = await add_person(databases, ana.tenant, role=Role.ADMIN)
    sink.unknown |= {"bills@acme.example", ana.tenant.owner.username}
    await ana.add_card()
    await ana.order(plan="standard", interval="month", seats=10, startToday=True)
    while await rendering.render_due(databases.engine, ana.url, at("2026-03-10 11:00"), lease=timedelta(minutes=1)):
        pass

    await send(databases, sink, "2026-03-10 11:00")

    [invoice] = [mail for mail in sink.to(admin.username) if list(mail.iter_attachments())]
    assert invoice["Subject"].startswith("Invoice ")
    assert [file.get_content_type() for file in invoice.iter_attachments()] == ["application/pdf"]


async def test_a_mail_that_signs_one_person_in_is_passed_on_to_nobody(
    ana: Customer, databases: Databases, sink: SmtpSink
) -> None:
    await add_person(databases, ana.tenant, role=Role.ADMIN)
    sink.unknown.add(ana.tenant.owner.username)
    async with ana.tenant.app.transaction() as tx:
        await outbox.enqueue(
            tx, ana.tenant.account_id, "password-reset", ana.tenant.owner.username, "Reset", "a link", "<p>a link</p>",
            at("2026-03-10 10:00"),
        )  # fmt: skip

    await send(databases, sink, "2026-03-10 11:00")

    assert [it.status for it in await mails(ana.tenant, "password-reset")] == ["failed"]
    assert [mail for mail in sink.mails if mail["Subject"] == "Reset"] == []
