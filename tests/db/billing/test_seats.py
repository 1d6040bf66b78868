"""Seats that follow people: who comes buys one, who goes again on the day costs nothing. Source: R8.2, CHOICE-39"""

import pytest
from tests.support.billing_accounts import Subscriber, advance, at, make_standard
from tests.support.makers import make_user
from tests.support.stripe_fake import StripeFake

from tocsin.accounts import store as accounts_store
from tocsin.accounts.model import User, UserStatus
from tocsin.accounts.people import store as people_store
from tocsin.billing.commands import SetAutoExpand
from tocsin.billing.keeping import Rails
from tocsin.db import Databases
from tocsin.errors import Conflict, PlanRequired
from tocsin.escalations.plan_limits import PlanLimits

GATE = PlanLimits(billing=True)
D = "2026-03-24 11:00"


@pytest.fixture
async def ana(databases: Databases, rails: Rails, fake: StripeFake) -> Subscriber:
    """Standard ×10, every seat taken, seats that follow people."""
    subscriber = await make_standard(databases, rails, fake)
    for _ in range(9):
        await insert(subscriber)
    await subscriber.do("2026-03-24 10:00", SetAutoExpand(True))
    return subscriber


async def insert(subscriber: Subscriber) -> User:
    user = make_user(subscriber.tenant.account_id)
    async with subscriber.databases.engine.transaction() as tx:
        await accounts_store.insert_user(tx, user, None)
    return user


async def come(subscriber: Subscriber, local: str, *, comes: bool = True) -> User:
    """One more person, as whoever lets people in does it."""
    account_id, user = subscriber.tenant.account_id, make_user(subscriber.tenant.account_id)
    async with subscriber.tenant.app.transaction() as tx:
        await GATE.require_room(tx, account_id, "responder", at(local), comes=comes)
        if comes:
            await accounts_store.insert_user(tx, user, None)
    return user


async def go(subscriber: Subscriber, user: User, local: str) -> None:
    async with subscriber.databases.engine.transaction() as tx:
        await people_store.set_status(tx, user.account_id, user.id, UserStatus.SUSPENDED)
        await GATE.settle(tx, user.account_id, at(local))


async def seats(subscriber: Subscriber) -> int:
    return (await subscriber.billing()).subscription.seats


async def nets(subscriber: Subscriber) -> list[int]:
    return [document.net_minor for document in await subscriber.documents()]


async def test_s22_three_people_more_are_let_in_and_invoiced_at_midnight(ana: Subscriber) -> None:
    for _ in range(3):
        await come(ana, D)

    assert await seats(ana) == 13
    assert await nets(ana) == [23_000]
    await advance(ana, "2026-03-25 00:01")
    assert await nets(ana) == [23_000, 3_784]


async def test_r8_2_accept_three_who_come_and_go_on_one_day_cost_nothing(ana: Subscriber) -> None:
    people = [await come(ana, D) for _ in range(3)]

    for user in people:
        await go(ana, user, "2026-03-24 15:00")

    assert await seats(ana) == 10
    await advance(ana, "2026-03-25 00:01")
    assert await nets(ana) == [23_000]


async def test_who_goes_the_day_after_leaves_a_seat_that_stays_bought(ana: Subscriber) -> None:
    user = await come(ana, D)
    await advance(ana, "2026-03-25 00:01")

    await go(ana, user, "2026-03-25 09:00")

    assert await seats(ana) == 11


async def test_choice_38_an_invitation_buys_no_seat(ana: Subscriber) -> None:
    await come(ana, D, comes=False)

    assert await seats(ana) == 10


async def test_nobody_comes_in_before_yesterdays_seats_are_invoiced(ana: Subscriber) -> None:
    await come(ana, D)

    with pytest.raises(Conflict, match="brought up to date"):
        await come(ana, "2026-03-25 00:00")

    await advance(ana, "2026-03-25 00:00")
    await come(ana, "2026-03-25 00:00")
    assert await seats(ana) == 12


async def test_without_the_switch_the_eleventh_is_refused(ana: Subscriber) -> None:
    await ana.do("2026-03-24 10:30", SetAutoExpand(False))

    with pytest.raises(PlanRequired, match="Every seat of 10 is taken"):
        await come(ana, D)

    assert await seats(ana) == 10


async def test_s23_nobody_buys_a_seat_while_something_is_overdue(ana: Subscriber, fake: StripeFake) -> None:
    await ana.add_card(fake, "2026-03-24 12:00", "pm_card_chargeCustomerFail")
    await advance(ana, "2026-04-10 00:01")

    with pytest.raises(Conflict, match="Pay the open invoices"):
        await come(ana, "2026-04-10 09:00")
