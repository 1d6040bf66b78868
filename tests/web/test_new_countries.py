"""SMS that suddenly go to a new country: told once, to the owners and to whoever runs the server. Source: R11.2"""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from tests.support.billing_accounts import at
from tests.support.browsing import Browsing, add_person, browsing, give_password
from tests.support.customer import Customer, customer
from tests.support.mailbox import mails
from tests.support.makers import START, Tenant, make_tenant

from tocsin.accounts import store as accounts_store
from tocsin.billing import metered
from tocsin.db import Databases
from tocsin.licensing.quota import Allowed
from tocsin.licensing.usage import UsageKind, make_record
from tocsin.settings import Settings

INBOX = "/operator/inbox"
BRAZIL, POLAND, TUVALU, AMERICA = "+5511961234567", "+48512345678", "+688901234", "+12125550123"


@pytest.fixture
async def ana(settings: Settings, database_url: str, databases: Databases, tenant: Tenant) -> AsyncIterator[Customer]:
    """The owner of an account on Standard since 10 March 2026, in Warsaw and billed in the US."""
    async with customer(settings, database_url, databases, tenant) as made:
        await made.add_card()
        await made.order(plan="standard", interval="month", seats=10, startToday=True)
        yield made


@pytest.fixture
async def server(databases: Databases) -> Tenant:
    """The server's own account, whose owner is an operator."""
    made = await make_tenant(databases, "server")
    async with databases.engine.transaction() as tx:
        await accounts_store.insert_operator(tx, made.account_id, made.owner.id, START)
    return made


@pytest.fixture
async def operator(ana: Customer, databases: Databases, server: Tenant) -> AsyncIterator[Browsing]:
    async with browsing(ana.url) as opened:
        await opened.sign_in(await give_password(databases, server.owner))
        yield opened


async def send(ana: Customer, number: str, count: int, since: str, name: str = "a") -> None:
    """So many SMS, a minute apart, reported one by one as providers do."""
    account_id = ana.tenant.account_id
    for n in range(count):
        sent = at(since) + timedelta(minutes=n)
        record = make_record(account_id, f"{name}{n}{number}", UsageKind.SMS, sent, sent, number)
        async with ana.databases.engine.transaction() as tx:
            await metered.record(tx, account_id, [record], ana.url)


async def test_a_new_country_that_is_used_a_lot_at_once_is_told_once(
    ana: Customer, databases: Databases, server: Tenant, operator: Browsing
) -> None:
    bo = await add_person(databases, ana.tenant)
    await send(ana, TUVALU, 20, "2026-03-11 10:00")
    quiet = await mails(ana.tenant, "new-country")
    await send(ana, TUVALU, 30, "2026-03-11 12:00", "b")
    await send(ana, AMERICA, 40, "2026-03-11 14:00")  # where it is billed
    await send(ana, POLAND, 40, "2026-03-11 14:00")  # whose time it has
    told, to_operators = await mails(ana.tenant, "new-country"), await mails(server, "new-country-used")
    inbox = await operator.get(INBOX)

    assert quiet == []
    assert [it.to_address for it in told] == [ana.tenant.owner.username]
    assert bo.username not in {it.to_address for it in told}
    assert told[0].subject == "SMS and calls suddenly go to a new country: Tuvalu"
    assert "and now 21 SMS and calls within a day" in told[0].text_body
    assert [it.to_address for it in to_operators] == [server.owner.username]
    assert f"({ana.tenant.account_id})" in to_operators[0].text_body
    assert inbox.text.count(f'id="country-{ana.tenant.account_id}-') == 1
    assert "SMS and calls suddenly go to a new country: Tuvalu" in inbox


async def test_slow_use_of_a_new_country_is_told_to_nobody(ana: Customer) -> None:
    await send(ana, TUVALU, 10, "2026-03-11 10:00")
    await send(ana, TUVALU, 30, "2026-03-12 10:00", "b")

    assert await mails(ana.tenant, "new-country") == []


async def test_what_a_sender_is_told_of_by_the_carrier_counts_too(ana: Customer) -> None:
    account_id = ana.tenant.account_id
    for n in range(21):
        sent = at("2026-03-11 10:00") + timedelta(minutes=n)
        record = make_record(account_id, f"unit {n}", UsageKind.SMS, sent, sent, BRAZIL)
        async with ana.databases.engine.transaction() as tx:
            assert isinstance(await metered.reserve(tx, record), Allowed)
        async with ana.databases.engine.transaction() as tx:
            await metered.confirm(tx, account_id, record.id, ana.url)

    [told] = await mails(ana.tenant, "new-country")
    assert told.subject.endswith("Brazil")


async def test_an_operator_is_done_with_it_and_it_is_listed_no_more(ana: Customer, operator: Browsing) -> None:
    await send(ana, TUVALU, 21, "2026-03-11 10:00")
    where = f"{INBOX}/countries/{ana.tenant.account_id}/TV/done"

    before = await operator.get(INBOX)
    done = await operator.post(where)
    await operator.get(INBOX)
    again = await operator.post(where)
    await ana.owner.get("/settings/usage")
    by_the_owner = await ana.owner.post(where)
    await send(ana, TUVALU, 30, "2026-03-11 12:00", "b")

    assert "Done: it is not listed any more." in done
    assert f"country-{ana.tenant.account_id}-TV" in before.text
    assert f"country-{ana.tenant.account_id}-TV" not in done.text
    assert again.status == 404
    assert by_the_owner.status in {403, 404}
    assert len(await mails(ana.tenant, "new-country")) == 1
