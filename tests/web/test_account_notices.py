"""What owners read above every page about trial, debts and limits. Source: R3.1, R9.3, §4"""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from tests.support.billing_accounts import at
from tests.support.browsing import add_person, browsing, give_password
from tests.support.customer import Customer, customer
from tests.support.mailbox import mails
from tests.support.makers import Tenant, make_tenant

from tocsin.accounts.model import Role
from tocsin.billing import metered
from tocsin.billing.commands import Cancel
from tocsin.db import Databases
from tocsin.licensing.usage import UsageKind, make_record
from tocsin.settings import Settings


@pytest.fixture
async def ana(settings: Settings, database_url: str, databases: Databases, tenant: Tenant) -> AsyncIterator[Customer]:
    """The owner of an account on trial since 10 March 2026."""
    async with customer(settings, database_url, databases, tenant) as made:
        yield made


def notices_in(page: str) -> str:
    """The notices of a page."""
    return page.partition('aria-label="Notices"')[2].partition("</section>")[0]


async def banners(ana: Customer, path: str = "/alerts") -> str:
    """The notices that the owner sees."""
    return notices_in((await ana.owner.get(path)).text)


async def banners_of_others(ana: Customer, databases: Databases) -> list[str]:
    """The notices that somebody else sees: for an admin, a user, and the owner of another account without billing."""
    found = []
    others = [await add_person(databases, ana.tenant, role=role) for role in (Role.ADMIN, Role.USER)]
    stranger = await make_tenant(databases)
    others.append(await give_password(databases, stranger.owner))
    for person in others:
        async with browsing(ana.url) as browser:
            await browser.sign_in(person)
            page = await browser.get("/alerts")
            assert page.status == 200
            found.append(notices_in(page.text))
    return found


async def test_an_owner_on_trial_reads_on_every_page_how_long_it_goes_on(ana: Customer, databases: Databases) -> None:
    first, settings_too = await banners(ana), await banners(ana, "/profile")
    await ana.comes_to("2026-03-23 10:00")
    one = await banners(ana)
    await ana.comes_to("2026-03-24 10:00")
    last = await banners(ana)
    await ana.add_card()
    await ana.order(plan="standard", interval="month", seats=2)
    chosen = await banners(ana)
    others = await banners_of_others(ana, databases)

    assert "Your trial goes on for 14 days. Then the account is on Free, unless you choose a plan." in first
    assert 'href="/settings/subscriptions"' in first
    assert "14 days" in settings_too
    assert "Your trial goes on for 1 day." in one
    assert "This is the last day of your trial." in last
    assert "Then Standard begins." in chosen
    assert not any("trial" in it for it in others)


async def test_r3_1_one_mail_at_nine_tells_of_the_trials_end_and_what_rests(
    ana: Customer, databases: Databases
) -> None:
    for _ in range(6):
        await add_person(databases, ana.tenant, role=Role.USER)
    await ana.comes_to("2026-03-25 10:00")
    ended, moved = await mails(ana.tenant, "trial-ended"), await mails(ana.tenant, "moved-to-free")

    [letter] = ended
    assert moved == []
    assert letter.created_at == at("2026-03-25 09:00")
    assert "Your account is on Free now." in letter.text_body
    assert "Free has switched off: Responders: 2 of 7" in letter.text_body
    assert "Free has switched off: Voice calls" in letter.text_body
    assert f"{ana.url}/settings/active" in letter.text_body


async def test_s16_after_the_days_of_grace_one_mail_at_nine_tells_what_rests(
    ana: Customer, databases: Databases
) -> None:
    for _ in range(6):
        await add_person(databases, ana.tenant, role=Role.USER)
    await ana.add_card("pm_card_chargeCustomerFail")
    await ana.order(plan="standard", interval="month", seats=7)
    await ana.comes_to("2026-03-28 10:00")
    [ended] = await mails(ana.tenant, "trial-ended")
    [moved] = await mails(ana.tenant, "moved-to-free")

    assert "What you have chosen follows: Standard, 7 seats, paid by the month." in ended.text_body
    assert "Free has switched off" not in ended.text_body
    assert moved.created_at == at("2026-03-28 09:00")
    assert "Free has switched off: Responders: 2 of 7" in moved.text_body


async def test_s16_an_owner_whose_first_payment_failed_reads_until_when_he_may_pay(
    ana: Customer, databases: Databases
) -> None:
    await ana.add_card("pm_card_chargeCustomerFail")
    await ana.order(plan="standard", interval="month", seats=2)
    await ana.comes_to("2026-03-25 10:00")
    in_grace = await banners(ana)
    others = await banners_of_others(ana, databases)
    await ana.comes_to("2026-03-28 10:00")
    on_free = await banners(ana)

    assert "The first payment for your plan failed. Everything works until 28" in in_grace
    assert 'href="/settings/billing/information/card"' in in_grace
    assert "overdue" not in in_grace  # nothing is owed: no invoice was made
    assert not any("payment" in it for it in others)
    assert "payment" not in on_free
    assert "overdue" not in on_free


async def test_an_owner_who_owes_reads_how_much_and_where_to_pay(ana: Customer, databases: Databases) -> None:
    await ana.add_card()
    await ana.order(plan="standard", interval="month", seats=10, startToday=True)
    paid = await banners(ana)
    await ana.add_card("pm_card_chargeCustomerFail")
    await ana.comes_to("2026-04-10 10:00")
    late, late_for_others = await banners(ana), await banners_of_others(ana, databases)
    await ana.comes_to("2026-04-24 10:00")
    restricted, restricted_for_others = await banners(ana), await banners_of_others(ana, databases)
    await ana.comes_to("2026-05-08 10:00")
    on_free = await banners(ana)

    assert "overdue" not in paid
    assert "230.00\N{NO-BREAK SPACE}USD is overdue." in late
    assert 'href="/settings/subscriptions/invoices"' in late
    assert "230.00\N{NO-BREAK SPACE}USD is long overdue: nothing can be configured until it is paid." in restricted
    assert "214.67\N{NO-BREAK SPACE}USD is overdue." in on_free
    assert not any("overdue" in it for it in (*late_for_others, *restricted_for_others))


async def test_r9_3_at_the_limit_of_free_a_notice_and_a_mail_offer_a_plan(ana: Customer, databases: Databases) -> None:
    await ana.subscriber.do("2026-03-10 10:00", Cancel(now=True))
    await ana.comes_to("2026-03-12 10:00")
    before = await banners(ana)
    account_id, noon = ana.tenant.account_id, at("2026-03-12 09:00")
    sent = [
        make_record(
            account_id, f"u{n}", UsageKind.SMS, noon + timedelta(seconds=n), noon + timedelta(seconds=n), "+12125550123"
        )
        for n in range(100)
    ]
    async with databases.engine.transaction() as tx:
        await metered.record(tx, account_id, sent, ana.url)
    at_limit, others = await banners(ana), await banners_of_others(ana, databases)
    letter = (await mails(ana.tenant, "usage-pool-used"))[-1]
    await ana.comes_to("2026-04-10 10:00")

    assert "used up" not in before
    assert "The SMS that Free includes are used up: until 10 April 2026 people are told by push and e-mail." in at_limit
    assert 'href="/settings/subscriptions"' in at_limit
    assert not any("used up" in it for it in others)
    assert "With a plan more is sent at once: Essentials / Standard / Enterprise." in letter.text_body
    assert f"{ana.url}/settings/subscriptions" in letter.text_body
    assert "used up" not in await banners(ana)  # the next window
