"""Questions by the contact form: a row in the operator's inbox and a mail, and nothing of what was typed is lost."""

import re
from collections.abc import AsyncIterator

import pytest
from tests.support.billing_accounts import make_rails
from tests.support.billing_histories import AMERICAN
from tests.support.books import REQUIREMENTS, sell_by
from tests.support.browsing import Answer, Browsing, browsing, give_password
from tests.support.makers import START, Tenant, make_tenant
from tests.support.server import serve

from tocsin.accounts import store as accounts_store
from tocsin.billing import service as billing
from tocsin.billing.commands import AcceptOfflineOrder
from tocsin.clock import SetClock
from tocsin.db import Databases
from tocsin.licensing.model import Interval, Target
from tocsin.settings import Settings

QUESTION = {
    "about": "offline", "name": "Example Buyer", "email": "buyer@example.com",
    "message": "Standard for 25 people.\nOrder 4500-77.", "website": "",
}  # fmt: skip


@pytest.fixture
async def server(databases: Databases) -> AsyncIterator[Tenant]:
    """The account whose owner runs the server."""
    made = await make_tenant(databases, "server")
    async with databases.engine.transaction() as tx:
        await tx.execute("delete from sign_in_failures")
        await tx.execute("delete from inquiries")
        await tx.execute("delete from operators")  # what other tests left: the first operator's account writes mails
        await accounts_store.insert_operator(tx, made.account_id, made.owner.id, START)
    yield made
    async with databases.engine.transaction() as tx:
        await tx.execute("delete from operators where account_id = %(id)s", id=made.account_id)


async def ask(browser: Browsing, **other: str) -> Answer:
    form = await browser.get("/contact")
    key = re.search(r'name="key" value="([^"]+)"', form.text)
    assert key
    return await browser.post("/contact", **{"key": key.group(1), **QUESTION, **other})


async def test_r0_2_a_question_is_in_the_inbox_and_in_the_mail(
    settings: Settings, database_url: str, databases: Databases, server: Tenant
) -> None:
    helped = settings.model_copy(update={"support_email": "help@example.com"})
    async with serve(helped, database_url, SetClock(START)) as url, browsing(url) as visitor, browsing(url) as operator:
        sent = await ask(visitor)
        await operator.sign_in(await give_password(databases, server.owner))
        inbox = await operator.get("/operator/inbox")
        done = re.search(r'action="(/operator/inbox/[0-9a-f-]{36}/done)"', inbox.text)
        assert done
        after = await operator.post(done.group(1))
        again = await operator.post(done.group(1))
    async with databases.engine.transaction() as tx:
        mails = await tx.values(
            "select text_body from mails where account_id = %(id)s and to_address = 'help@example.com'",
            id=server.account_id,
        )

    assert "Your question has arrived" in sent
    assert "Order 4500-77." in inbox
    assert "buyer@example.com" in inbox
    assert "the question is removed" in after
    assert "Nobody waits for an answer" in after
    assert again.status == 404
    [mail] = mails
    assert "Standard for 25 people." in mail
    assert "buyer@example.com" in mail


async def test_what_is_wrong_is_said_by_the_field_and_what_was_typed_stays(browser: Browsing, server: Tenant) -> None:
    refused = await ask(browser, email="nobody", name="")

    assert refused.status == 422
    assert "Say who asks" in refused
    assert "Order 4500-77." in refused


async def test_the_same_form_twice_is_one_question_and_a_program_s_none(
    browser: Browsing, databases: Databases, server: Tenant
) -> None:
    form = await browser.get("/contact")
    key = re.search(r'name="key" value="([^"]+)"', form.text)
    assert key
    for _ in range(2):
        await browser.post("/contact", key=key.group(1), **QUESTION)
    await ask(browser, website="https://spam.example")

    async with databases.engine.transaction() as tx:
        assert await tx.value("select count(*) from inquiries") == 1


async def test_many_questions_of_one_address_have_to_wait(browser: Browsing, server: Tenant) -> None:
    answers = [await ask(browser) for _ in range(5)]

    assert answers[-1].status == 429
    assert "Order 4500-77." in answers[-1]


async def test_r0_2_accept_a_customers_question_says_which_account_plan_and_seats(
    settings: Settings, database_url: str, databases: Databases, server: Tenant, tenant: Tenant
) -> None:
    helped = settings.model_copy(update={"support_email": "help@example.com"})
    async with databases.engine.transaction() as tx:
        await sell_by(tx, REQUIREMENTS, START)
        await billing.start_free(tx, tenant.account_id, "Europe/Warsaw", "USD", START, AMERICAN)
    order = billing.Asked(AcceptOfflineOrder(Target("standard", Interval.YEAR, 10), "PO-1"), "order-1")
    await billing.perform(databases.engine, make_rails(), tenant.account_id, order, START)
    async with serve(helped, database_url, SetClock(START)) as url, browsing(url) as ana, browsing(url) as operator:
        await ana.sign_in(await give_password(databases, tenant.owner))
        await ask(ana)
        await operator.sign_in(await give_password(databases, server.owner))
        inbox = await operator.get("/operator/inbox")
    async with databases.engine.transaction() as tx:
        mail = await tx.value(
            "select text_body from mails where to_address = 'help@example.com' order by id desc limit 1"
        )

    said = f"account {tenant.account_id}, Standard, 10 seats"
    assert said in inbox
    assert said in mail


async def test_who_is_signed_in_types_no_name(browser: Browsing, databases: Databases, tenant: Tenant) -> None:
    await browser.sign_in(await give_password(databases, tenant.owner))

    page = await browser.get("/contact?about=offline")

    assert f'value="{tenant.owner.username}"' in page.text
    assert re.search(r'<option value="offline" selected', page.text)
