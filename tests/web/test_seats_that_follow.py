"""Seats that follow people, from the owner's switch and the mailed invitation to the invoice. Source: R8.2, S22"""

from collections.abc import AsyncIterator

import pytest
from tests.support.browsing import add_person
from tests.support.customer import Customer, customer
from tests.support.makers import Tenant

from tocsin.accounts.model import User
from tocsin.db import Databases
from tocsin.settings import Settings


@pytest.fixture
async def ana(settings: Settings, database_url: str, databases: Databases, tenant: Tenant) -> AsyncIterator[Customer]:
    """The owner of an account on trial since 10 March 2026, with a card."""
    async with customer(settings, database_url, databases, tenant) as made:
        await made.add_card()
        await made.comes_to("2026-03-10 10:00")
        yield made


async def follow_seats(ana: Customer) -> list[User]:
    """Ten people on Standard × 10 since 10 March; on day D the owner lets seats follow people."""
    people = [await add_person(ana.databases, ana.tenant) for _ in range(9)]
    await ana.order(plan="standard", interval="month", seats=10, startToday=True)
    await ana.comes_to("2026-03-24 10:00")
    await ana.owner.get("/settings/subscriptions")
    await ana.owner.post("/settings/subscriptions/do/expand-on", key="on")
    return people


async def seats(ana: Customer) -> tuple[int, int]:
    """How many there are, and how many are taken."""
    found = await ana.subscription()
    return found["seats"], found["responders"]


async def test_r8_2_accept_three_who_come_and_go_on_a_day_cost_nothing_where_seats_follow(ana: Customer) -> None:
    people = await follow_seats(ana)

    for name in ("one", "two", "three"):
        await ana.join(f"{name}@example.com")
    grown = await seats(ana)
    for person in people[:3]:
        await ana.suspend(person.id)
    back = await seats(ana)
    await ana.comes_to("2026-04-10 01:00")

    assert (grown, back) == ((13, 13), (10, 10))
    assert await ana.nets() == [23_000, 23_000]


async def test_r8_2_three_who_stay_are_invoiced_at_midnight_where_seats_follow(ana: Customer) -> None:
    await follow_seats(ana)

    for name in ("one", "two", "three"):
        await ana.join(f"{name}@example.com")
    await ana.comes_to("2026-03-24 23:59")
    that_day = await ana.nets()
    await ana.comes_to("2026-03-25 00:01")

    assert that_day == [23_000]
    assert await ana.nets() == [23_000, 3_784]


async def test_r8_2_an_invitation_buys_no_seat_before_it_is_accepted(ana: Customer) -> None:
    await follow_seats(ana)

    await ana.invite("one@example.com")

    assert await seats(ana) == (10, 10)
