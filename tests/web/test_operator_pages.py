from collections.abc import AsyncIterator

import pytest
from tests.support.browsing import Browsing, add_person, give_password
from tests.support.mailbox import mails
from tests.support.makers import START, Tenant, make_tenant

from tocsin.accounts import operators_store, store
from tocsin.accounts.model import Role, User
from tocsin.clock import SetClock
from tocsin.db import Databases
from tocsin.engine.engine import make_engine
from tocsin.mail import outbox
from tocsin.mail import store as mail_store
from tocsin.mail.attachment import Attachment
from tocsin.settings import Settings


@pytest.fixture
async def operator(databases: Databases, tenant: Tenant) -> AsyncIterator[User]:
    """The only operator of the server while the test runs."""
    owner = await give_password(databases, tenant.owner)
    async with databases.engine.transaction() as tx:
        before = await operators_store.list_operators(tx)
        for one in before:
            await operators_store.delete_operator(tx, one.account_id, one.user_id)
        await store.insert_operator(tx, tenant.account_id, owner.id, START)
    yield owner
    async with databases.engine.transaction() as tx:
        for one in await operators_store.list_operators(tx):
            await operators_store.delete_operator(tx, one.account_id, one.user_id)
        for one in before:
            await store.insert_operator(tx, one.account_id, one.user_id, one.created_at)


async def test_the_operator_sees_every_account_and_nothing_in_it(
    browser: Browsing, databases: Databases, tenant: Tenant, operator: User
) -> None:
    other = await make_tenant(databases, "somebody else's account")
    await browser.sign_in(operator)

    page = await browser.get("/operator")

    assert "somebody else's account" in page
    assert other.owner.username not in page


async def test_to_everybody_else_the_page_does_not_exist(
    browser: Browsing, databases: Databases, tenant: Tenant
) -> None:
    await browser.sign_in(await give_password(databases, tenant.owner))

    assert (await browser.get("/operator")).status == 404
    assert (await browser.post("/operator/operators", account="1", username="x@example.com")).status == 404


async def test_operators_are_named_and_removed_but_never_the_last_one(
    browser: Browsing, databases: Databases, tenant: Tenant, operator: User
) -> None:
    ana = await add_person(databases, tenant)
    await browser.sign_in(operator)
    own = f"/operator/operators/{tenant.account_id}/{operator.id}/remove"

    last = await browser.post(own)
    nobody = await browser.post("/operator/operators", account=str(tenant.account_id), username="nobody@example.com")
    named = await browser.post("/operator/operators", account=str(tenant.account_id), username=ana.username)
    twice = await browser.post("/operator/operators", account=str(tenant.account_id), username=ana.username)
    removed = await browser.send("POST", own)

    assert "The server needs an operator" in last
    assert (nobody.status, twice.status) == (422, 409)
    assert f"{ana.username} is an operator from now on." in named
    assert removed.status == 303
    assert (await browser.get("/operator")).status == 404
    async with databases.engine.transaction() as tx:
        assert [one.user_id for one in await operators_store.list_operators(tx)] == [ana.id]


async def test_the_last_operator_cannot_be_suspended(
    browser: Browsing, databases: Databases, tenant: Tenant, operator: User
) -> None:
    bo = await add_person(databases, tenant, role=Role.OWNER)
    await browser.sign_in(bo)

    answer = await browser.post(f"/settings/users/{operator.id}/suspend")

    assert "The server needs an operator" in answer


async def test_without_a_mail_server_the_mails_are_read_here_and_every_page_says_so(
    browser: Browsing, databases: Databases, tenant: Tenant, settings: Settings, clock: SetClock
) -> None:
    await browser.sign_in(await give_password(databases, tenant.owner))
    await browser.post("/settings/users", email="chloe@example.com", role="user", time_zone="UTC", locale="en")
    engine = make_engine(settings, databases.engine, clock)
    while await engine.send_mails(START):
        pass
    [mail] = await mails(tenant)

    box = await browser.get("/mailbox")
    page = await browser.get(f"/mailbox/{mail.id}")
    text = await browser.get(f"/mailbox/{mail.id}?as=text")
    html = await browser.send("GET", f"/mailbox/{mail.id}/html")

    assert "You are invited to edge on Tocsin" in box
    assert "Kept here" in box
    assert "No mail server is set (TOCSIN_SMTP_URL), so it reached nobody." in page
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page.text
    assert "/invitation/" in text
    assert "sandbox" in html.headers["Content-Security-Policy"]
    assert "script-src" not in html.headers["Content-Security-Policy"]
    for path in ("/profile", "/settings/users", "/no-such-page"):
        shown = await browser.get(path)
        assert "No mail server is set, so nobody outside is reached by mail." in shown
        assert 'href="/mailbox"' in shown.text


async def test_who_may_not_read_mails_is_told_without_the_link(
    browser: Browsing, databases: Databases, tenant: Tenant
) -> None:
    await browser.sign_in(await add_person(databases, tenant))

    page = await browser.get("/profile")

    assert "No mail server is set" in page
    assert 'href="/mailbox"' not in page.text


async def test_the_files_of_a_mail_that_reached_nobody_are_fetched_from_the_mailbox(
    browser: Browsing, databases: Databases, tenant: Tenant
) -> None:
    await browser.sign_in(await give_password(databases, tenant.owner))
    async with tenant.app.transaction() as tx:
        mail_id = await outbox.keep(tx, tenant.account_id, "invoice", "a@example.com", "Invoice", "t", "<p>", START)
        await mail_store.insert_attachments(
            tx, tenant.account_id, mail_id, [Attachment("INV-2026-1.pdf", "application/pdf", b"%PDF")]
        )

    page = await browser.get(f"/mailbox/{mail_id}")
    file = await browser.send("GET", f"/mailbox/{mail_id}/attachments/1")
    none = await browser.send("GET", f"/mailbox/{mail_id}/attachments/2")

    assert f'href="/mailbox/{mail_id}/attachments/1">INV-2026-1.pdf' in page.text
    assert (file.text, file.headers["Content-Type"]) == ("%PDF", "application/pdf")
    assert "INV-2026-1.pdf" in file.headers["Content-Disposition"]
    assert none.status == 404
