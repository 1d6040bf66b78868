"""Who takes a seat, and what people and seats cost, from the owner's pages to the invoice. Source: R8"""

from collections.abc import AsyncIterator

import pytest
from tests.support.browsing import PASSWORD, add_person, browsing
from tests.support.customer import Customer, customer
from tests.support.makers import Tenant

from tocsin.accounts.model import Role
from tocsin.db import Databases
from tocsin.settings import Settings

BOUGHT, DAY_D = "2026-03-10 10:00", "2026-03-24 10:00"


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
