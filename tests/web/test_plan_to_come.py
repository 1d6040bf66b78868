"""Who and what stays with the plan to come, and what a change takes and gives. Source: R3, R6.1"""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
from tests.support.browsing import add_person
from tests.support.customer import Customer, customer
from tests.support.mailbox import link_in, mails
from tests.support.makers import Tenant

from tocsin.accounts.model import User
from tocsin.billing.commands import AddNumber
from tocsin.db import Databases
from tocsin.settings import Settings

HERE = "/settings/active"
TRIAL_ENDS = "2026-03-25 00:30"


@pytest.fixture
async def ana(settings: Settings, database_url: str, databases: Databases, tenant: Tenant) -> AsyncIterator[Customer]:
    """The owner of an account on trial since 10 March 2026, with a card."""
    async with customer(settings, database_url, databases, tenant) as made:
        await made.add_card()
        yield made


@pytest.fixture
async def people(ana: Customer, databases: Databases) -> list[User]:
    """Seven more, the first one the oldest."""
    return [await add_person(databases, ana.tenant) for _ in range(7)]


async def resting(ana: Customer) -> set[UUID]:
    async with ana.tenant.app.transaction() as tx:
        found = await tx.values(
            "select id from users where account_id = %(id)s and inactive_since is not null", id=ana.tenant.account_id
        )
    return {*found}


async def keep(ana: Customer, people: list[User], **plan: str) -> str:
    chosen = [str(ana.tenant.owner.id), *(str(it.id) for it in people)]
    return (await ana.owner.post(HERE, kind="responder", keep=chosen, **plan)).text


def ticked(page: str) -> int:
    return page.count(" checked")


async def test_r3_4_in_the_trial_the_owner_chooses_who_stays_on_free(ana: Customer, people: list[User]) -> None:
    before = (await ana.owner.get(HERE)).text
    said = await keep(ana, people[3:], plan="free")
    during, after = await resting(ana), (await ana.owner.get(HERE)).text
    await ana.comes_to(TRIAL_ENDS)

    assert "The plan Free comes on 25 March 2026 and includes less than there is." in before
    assert "at most 5 of 8" in before
    assert ticked(before) == 5  # by default
    assert "Saved. That holds from 25 March 2026 on." in said
    assert during == set()  # nothing rests before
    assert ticked(after) == 5
    assert await resting(ana) == {it.id for it in people[:3]}


async def test_r3_3_a_plan_chosen_in_the_trial_with_fewer_seats_offers_the_same_choice(
    ana: Customer, people: list[User]
) -> None:
    await ana.order(plan="standard", interval="month", seats=3)
    page = (await ana.owner.get(HERE)).text

    await keep(ana, people[5:], plan="standard", seats="3")
    await ana.comes_to(TRIAL_ENDS)

    assert "The plan Standard comes on 25 March 2026" in page
    assert "at most 3 of 8" in page
    assert await resting(ana) == {it.id for it in people[:5]}


async def test_r6_4_before_a_scheduled_reduction_the_owner_chooses_who_stays(ana: Customer, people: list[User]) -> None:
    await ana.order(plan="standard", interval="month", seats=8, startToday=True)
    preview = await ana.owner.get("/settings/subscriptions/change?billing=monthly&users=2&plan=standard")
    wished = (await ana.owner.get(f"{HERE}?plan=standard&seats=2")).text
    settled = (await ana.owner.get(HERE)).text
    await ana.order(seats=2)
    await keep(ana, people[6:], plan="standard", seats="2")
    before = await resting(ana)
    await ana.comes_to("2026-04-10 00:30")

    assert 'href="/settings/active?plan=standard&amp;seats=2"' in preview.text
    assert "Responders: 6 of 8" in preview
    assert "The plan Standard, from 10 April 2026 on, would include less than there is." in wished
    assert "Everything is active" in settled
    assert "would include" not in settled
    assert before == set()
    assert await resting(ana) == {it.id for it in people[:6]}


async def test_a_choice_beyond_the_plan_to_come_or_for_none_is_refused(ana: Customer, people: list[User]) -> None:
    await ana.owner.get(HERE)
    mine = str(ana.tenant.owner.id)

    many = await ana.owner.post(HERE, kind="responder", keep=[mine, *(str(it.id) for it in people)], plan="free")
    unknown = await ana.owner.post(HERE, kind="responder", keep=[mine], plan="gold")

    assert (many.status, unknown.status) == (422, 422)
    assert "That is more than the plan includes" in many
    assert "There is no plan" in unknown


async def test_r3_1_the_reminder_and_the_page_to_cancel_lead_to_the_choice(ana: Customer, people: list[User]) -> None:
    await ana.comes_to("2026-03-18 10:00")
    [reminder] = await mails(ana.tenant, "trial-reminder")
    cancel = await ana.owner.get("/settings/subscriptions/cancel")

    assert link_in(reminder, "/settings/active") == "/settings/active"
    for said in ("Responders: 3 of 8", "Audit log reaches back: 365 days → 7 days", "Voice calls"):
        assert said in reminder.text_body
        assert said in cancel
    assert 'href="/settings/active?plan=free"' in cancel.text


async def test_r13_2_the_page_to_cancel_counts_the_numbers_that_would_be_lost(ana: Customer) -> None:
    await ana.order(plan="standard", interval="month", seats=1, startToday=True)
    before = await ana.owner.get("/settings/subscriptions/cancel")
    for last in "12":
        await ana.subscriber.do("2026-03-10 10:30", AddNumber(uuid4(), f"+4822000000{last}"))
    with_numbers = await ana.owner.get("/settings/subscriptions/cancel")
    to_essentials = await ana.owner.get("/settings/subscriptions/change?billing=monthly&users=1&plan=essentials")

    assert "Rented numbers" not in before
    assert "Rented numbers: 2 of 2" in with_numbers
    assert "Rented numbers" not in to_essentials  # which rents them, too


async def test_r6_1_a_change_tells_what_is_gained_and_what_is_less(ana: Customer) -> None:
    await ana.order(plan="essentials", interval="month", seats=1, startToday=True)
    up = await ana.owner.get("/settings/subscriptions/change?billing=monthly&users=1&plan=enterprise")
    await ana.order(plan="enterprise")
    down = await ana.owner.get("/settings/subscriptions/change?billing=monthly&users=1&plan=essentials")

    gained = ("Audit log reaches back: 30 days → 365 days", "SMS and voice calls included in a month: 100 → No limit")
    lost = ("Audit log reaches back: 365 days → 30 days", "SMS and voice calls included in a month: No limit → 100")
    assert "What you gain" in up
    assert "What rests, or is less" not in up
    assert all(said in up for said in (*gained, "Stakeholders: none → No limit"))
    assert "What rests, or is less" in down
    assert "What you gain" not in down
    assert all(said in down for said in lost)


async def test_s4_before_day_28_of_a_debt_the_owner_chooses_who_stays_on_free(
    ana: Customer, people: list[User]
) -> None:
    await ana.order(plan="standard", interval="month", seats=8, startToday=True)
    calm = (await ana.owner.get(HERE)).text
    await ana.add_card("pm_card_chargeCustomerFail")
    await ana.comes_to("2026-04-26 00:30")  # restricted since 24 April
    page, overview = (await ana.owner.get(HERE)).text, (await ana.owner.get("/settings/subscriptions")).text
    [restricted_letter] = [it.text_body for it in await mails(ana.tenant, "restricted")]

    said = await keep(ana, people[3:], plan="free")
    during = await resting(ana)
    await ana.comes_to("2026-05-08 00:30")

    assert "The plan Free comes" not in calm
    letter = restricted_letter
    assert "If it is not paid, the account moves to Free on 8 May 2026." in letter
    assert "Free switches off" in letter
    assert f"{HERE}" in letter
    assert "The plan Free comes on 8 May 2026 and includes less than there is." in page
    assert "That is so unless the open invoices are paid before." in page
    assert "at most 5 of 8" in page
    assert "If it is not paid, the account moves to Free on 8 May 2026." in overview
    assert "Saved. That holds from 8 May 2026 on." in said
    assert during == set()
    assert await resting(ana) == {it.id for it in people[:3]}


async def test_what_is_paid_brings_no_plan_any_more(ana: Customer, people: list[User]) -> None:
    await ana.order(plan="standard", interval="month", seats=8, startToday=True)
    await ana.add_card("pm_card_chargeCustomerFail")
    await ana.comes_to("2026-04-12 00:30")
    owing = (await ana.owner.get(HERE)).text

    await ana.add_card()

    assert "The plan Free comes on 8 May 2026" in owing
    assert "The plan Free comes" not in (await ana.owner.get(HERE)).text


async def test_s4_while_the_account_is_restricted_nobody_rests_or_wakes_at_once(
    ana: Customer, people: list[User]
) -> None:
    await ana.order(plan="standard", interval="month", seats=8, startToday=True)
    await ana.add_card("pm_card_chargeCustomerFail")
    await ana.comes_to("2026-04-26 00:30")

    refused = await keep(ana, people[3:])

    assert "nothing can be configured until it is paid" in refused
    assert await resting(ana) == set()
