"""Who takes a seat, and what people and seats cost, from the owner's pages to the invoice. Source: R8"""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from tests.support.billing_accounts import at
from tests.support.books import REQUIREMENTS, sell_by
from tests.support.browsing import PASSWORD, add_person, browsing
from tests.support.customer import Customer, customer
from tests.support.makers import Tenant

from tocsin.accounts.model import Role
from tocsin.billing.commands import AcceptOfflineOrder
from tocsin.db import Databases
from tocsin.licensing.model import Interval, Target
from tocsin.settings import Settings

BOUGHT, DAY_D = "2026-03-10 10:00", "2026-03-24 10:00"
BOOKS = at(BOUGHT)


@pytest.fixture
async def ana(settings: Settings, database_url: str, databases: Databases, tenant: Tenant) -> AsyncIterator[Customer]:
    """The owner of an account on trial since 10 March 2026, with a card."""
    async with customer(settings, database_url, databases, tenant) as made:
        await made.add_card()
        await made.comes_to(BOUGHT)
        yield made


async def buy(ana: Customer, plan: str, seats: int, interval: str = "month") -> None:
    await ana.order(plan=plan, interval=interval, seats=seats, startToday=True)


async def test_r8_1_accept_an_admin_takes_a_seat_and_a_stakeholder_none(ana: Customer) -> None:
    await buy(ana, "enterprise", 2)
    alone = await ana.people()

    await ana.join("adam@example.com", "admin")
    with_admin = await ana.people()
    await ana.join("stella@example.com", "stakeholder")
    with_stakeholder = await ana.people()
    another = await ana.invite("aron@example.com", "admin")

    assert (alone, with_admin, with_stakeholder) == ((1, 0), (2, 0), (2, 1))
    assert another.status == 402
    assert "Every seat of 2 is taken. Buy 1 more" in another
    assert await ana.nets() == [7_000]


async def test_r8_5_accept_400_stakeholders_of_enterprise_cost_nothing_and_rest_on_standard(
    ana: Customer, databases: Databases
) -> None:
    stella, *_ = [await add_person(databases, ana.tenant, role=Role.STAKEHOLDER) for _ in range(400)]
    await buy(ana, "enterprise", 20, "year")
    lines = [(it["kind"], it["quantity"], it["amountMinor"]) for it in (await ana.documents())[-1]["lines"]]

    await ana.order(plan="standard")
    await ana.comes_to("2027-03-09 23:00")
    before = await resting(ana)
    await ana.comes_to("2027-03-10 01:00")
    async with browsing(ana.url) as browser:
        await browser.get("/sign-in")
        refused = await browser.post("/sign-in", username=stella.username, password=PASSWORD)

    assert lines == [("seats", 20, 696_000), ("stakeholders", 400, 0)]
    assert (before, await resting(ana)) == (0, 400)
    assert await ana.people() == (1, 400)  # none is deleted
    assert refused.status == 402
    assert await ana.nets() == [696_000, 20 * 22_800]


async def test_r8_5_stakeholders_of_enterprise_end_at_what_is_fair(ana: Customer, databases: Databases) -> None:
    async with databases.engine.transaction() as tx:
        await sell_by(tx, REQUIREMENTS.replace("stakeholders_fair_limit: 10000", "stakeholders_fair_limit: 2"), BOOKS)
    await buy(ana, "enterprise", 1)
    for _ in range(2):
        await add_person(databases, ana.tenant, role=Role.STAKEHOLDER)

    refused = await ana.invite("stella@example.com", "stakeholder")

    assert refused.status == 402
    assert "An account has room for 2 stakeholders: that is fair use." in refused
    assert await ana.people() == (1, 2)


async def test_r8_5_an_operator_opens_a_plan_to_some_stakeholders(ana: Customer, databases: Databases) -> None:
    standard, rest = REQUIREMENTS.split("\n  standard:", 1)
    opened = f"{standard}\n  standard:{rest.replace('stakeholders: 0', 'stakeholders: 1', 1)}"
    async with databases.engine.transaction() as tx:
        await sell_by(tx, opened, BOOKS)
    await buy(ana, "standard", 1)
    await ana.join("stella@example.com", "stakeholder")

    refused = await ana.invite("stefan@example.com", "stakeholder")

    assert refused.status == 402
    assert "Stakeholders: your plan, Standard, includes 1, and you have 1. More have: Enterprise." in refused


async def resting(ana: Customer) -> int:
    async with ana.tenant.app.transaction() as tx:
        found: int = await tx.value(
            "select count(*) from users where account_id = %(id)s and inactive_since is not null",
            id=ana.tenant.account_id,
        )
    return found


@pytest.mark.parametrize(("lowered", "renewal"), [(False, 46_000), (True, 34_500)])
async def test_r8_6_accept_five_who_leave_give_nothing_back_and_whoever_comes_uses_a_free_seat(
    ana: Customer, databases: Databases, lowered: bool, renewal: int
) -> None:
    people = [await add_person(databases, ana.tenant) for _ in range(19)]
    await buy(ana, "standard", 20)
    await ana.comes_to(DAY_D)
    for person in people[:5]:
        await ana.suspend(person.id)
    if lowered:
        assert await ana.order(seats=15) == []

    await ana.comes_to("2026-04-01 10:00")
    await ana.join("hired@example.com")
    hired = (await ana.people(), await ana.nets())
    await ana.comes_to("2026-04-10 01:00")

    assert hired == ((16, 0), [46_000])
    assert await ana.nets() == [46_000, renewal]


async def switch_on(ana: Customer) -> None:
    await ana.owner.get("/settings/subscriptions")
    page = await ana.owner.post("/settings/subscriptions/do/expand-on", key="on")
    assert "From now on a person too many buys a seat" in page


async def test_r8_2_seats_that_follow_people_are_invoiced_at_the_midnight_that_ends_the_day(
    ana: Customer, databases: Databases
) -> None:
    for _ in range(9):
        await add_person(databases, ana.tenant)
    await buy(ana, "standard", 10)
    await ana.comes_to(DAY_D)
    refused = await ana.invite("early@example.com")
    await switch_on(ana)

    invited = await ana.invite("adam@example.com")
    before = (await ana.subscription())["seats"]
    for name in ("bea", "cy", "dora"):
        await ana.join(f"{name}@example.com")
    day = ((await ana.subscription())["seats"], await ana.people(), await ana.nets())
    await ana.comes_to("2026-03-25 00:30")
    line = (await ana.documents())[-1]["lines"][0]
    midnight = await ana.nets()
    await ana.comes_to("2026-04-10 00:30")

    assert refused.status == 402
    assert "Every seat of 10 is taken. Buy 1 more" in refused
    assert "is invited by mail" in invited
    assert before == 10  # an invitation takes no seat yet
    assert day == (13, (13, 0), [23_000])
    assert midnight == [23_000, 3_784]
    assert (line["quantity"], line["amountMinor"]) == (3, 3_784)
    assert await ana.nets() == [23_000, 3_784, 29_900]


async def test_invariant_4_three_who_come_and_go_on_one_day_cost_nothing(ana: Customer) -> None:
    await buy(ana, "standard", 1)
    await ana.comes_to(DAY_D)
    await switch_on(ana)

    for name in ("adam", "bea", "cy"):
        await ana.join(f"{name}@example.com")
    high = (await ana.subscription())["seats"]
    adam, bea, cy = await ids_of(ana, "adam@example.com", "bea@example.com", "cy@example.com")
    await ana.suspend(adam)
    await ana.suspend(bea)
    middle = (await ana.subscription())["seats"]
    await ana.suspend(cy)
    low = (await ana.subscription())["seats"]
    await ana.owner.post(f"/settings/users/{adam}/reactivate")
    again = (await ana.subscription())["seats"]
    await ana.suspend(adam)
    await ana.comes_to("2026-03-25 00:30")

    assert (high, middle, low, again) == (4, 2, 1, 2)
    assert await ana.nets() == [2_300]
    assert (await ana.subscription())["seats"] == 1


async def ids_of(ana: Customer, *usernames: str) -> list[UUID]:
    async with ana.tenant.app.transaction() as tx:
        found = await tx.dicts(
            "select username, id from users where account_id = %(account_id)s", account_id=ana.tenant.account_id
        )
    ids = {row["username"]: row["id"] for row in found}
    return [ids[username] for username in usernames]


async def test_s02_seats_of_the_day_before_stay_when_somebody_leaves(ana: Customer) -> None:
    await buy(ana, "standard", 1)
    await ana.comes_to(DAY_D)
    await switch_on(ana)
    await ana.join("adam@example.com")
    await ana.comes_to("2026-03-25 10:00")

    await ana.suspend((await ids_of(ana, "adam@example.com"))[0])

    assert (await ana.subscription())["seats"] == 2
    assert await ana.nets() == [2_300, 1_261]  # 23.00 × 17/31


async def test_r4_2_seats_follow_on_an_invoice_as_far_as_the_purchase_order_covers_them(ana: Customer) -> None:
    target = Target("standard", Interval.YEAR, 1)
    await ana.subscriber.do(BOUGHT, AcceptOfflineOrder(target, "PO-7", ceiling_minor=50_000))
    await ana.comes_to("2026-03-25 10:00")
    await switch_on(ana)

    await ana.join("adam@example.com")
    refused = await ana.join("bea@example.com")
    await ana.comes_to("2026-03-26 00:30")

    assert "The purchase order does not cover so many seats" in refused
    assert refused.status == 409
    assert await ana.people() == (2, 0)
    assert await ana.nets() == [22_800, 22_800]
    assert (await ana.documents())[-1]["status"] == "open"  # paid on an invoice, not by a card


async def test_s23_no_seat_follows_while_something_is_overdue(ana: Customer) -> None:
    await buy(ana, "standard", 1)
    await switch_on(ana)
    await ana.add_card("pm_card_chargeCustomerFail")
    await ana.comes_to("2026-04-10 10:00")

    refused = await ana.join("adam@example.com")

    assert refused.status == 409
    assert "Pay the open invoices first" in refused
    assert await ana.people() == (1, 0)
