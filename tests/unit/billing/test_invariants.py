"""What the requirements' invariants say of cases that a walk (`test_invariant_machine.py`) broke, and of prices."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.billing_histories import History
from tests.support.billing_walks import Walk, spells, usage_minor
from tests.support.books import requirements_book

from tocsin.billing.commands import (
    AddNumber,
    Cancel,
    ChangeZone,
    Order,
    ReleaseNumber,
    RequestDeletion,
    SetUsageBilling,
    UndoDeletion,
)
from tocsin.licensing.model import FREE, Interval, Target
from tocsin.licensing.pricebook import Zone, seat_price
from tocsin.licensing.usage import UsageKind, UsageRecord
from tocsin.licensing.windows import in_force

PLANS = st.sampled_from(["essentials", "standard", "enterprise"])
SEATS = st.integers(1, 130)
INTERVALS = st.sampled_from(list(Interval))
DAY = timedelta(days=1)
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


@given(SEATS, SEATS, PLANS, INTERVALS)
def test_r1_1_more_seats_never_cost_less_nor_more_each(one: int, more: int, plan: str, interval: Interval) -> None:

    fewer, many = sorted((one, one + more))
    low = seat_price(requirements_book(), plan, interval, "USD", fewer)
    high = seat_price(requirements_book(), plan, interval, "USD", many)
    assert high >= low
    assert high * fewer <= low * many


@settings(max_examples=60)
@given(st.lists(SEATS, min_size=1, max_size=4), st.integers(0, 30))
def test_invariant_3_seats_raised_step_by_step_cost_what_one_raise_costs(raises: list[int], day: int) -> None:
    """To within one minor unit a line. Source: S31"""
    local = f"{date(2027, 3, 10) + timedelta(days=day)} 10:00"
    at_once, by_steps = (History("2027-03-10 09:00") for _ in range(2))
    for history in (at_once, by_steps):
        history.do("2027-03-10 10:00", Order(Target("standard", Interval.MONTH, 5), start_today=True))
    seats = 5
    for more in raises:
        seats += more
        by_steps.do(local, Order(Target(seats=seats)))
    at_once.do(local, Order(Target(seats=seats)))

    assert abs(sum(one.net_minor for one in by_steps.finals()) - sum(one.net_minor for one in at_once.finals())) <= len(
        raises
    )


def subscribed(plan: str) -> Walk:
    walk = Walk(NOON, "UTC")
    walk.ask(Order(Target(plan, Interval.MONTH, 1), start_today=True))
    return walk


def call(walk: Walk, minutes: int, at: datetime) -> None:
    seconds = minutes * 60
    walk.deliver(
        UsageRecord(42, str(at), UsageKind.CALL_LEG, at, at, "+48123456789", "PL", Zone.OTHER, seconds=seconds)
    )


def test_invariant_6_the_last_bill_of_a_paid_time_waits_for_those_before_it() -> None:
    walk = subscribed("standard")
    for number in (1, 2):
        walk.ask(AddNumber(UUID(int=number), f"+4822000000{number}"))
        walk.ask(ReleaseNumber(UUID(int=number)))
    call(walk.on(DAY), 10, walk.now)

    walk.until(datetime(2026, 4, 10, 12, tzinfo=UTC))  # the month's invoice waits, and no number is left
    walk.ask(Cancel(now=True))
    walk.on(9 * DAY)

    assert usage_minor(walk) == 350


def test_invariant_6_a_deletion_while_an_invoice_waits_bills_what_was_used_once() -> None:
    walk = subscribed("essentials")
    walk.ask(AddNumber(UUID(int=1), "+48220000001"))
    call(walk.on(DAY), 20, walk.now)
    walk.until(datetime(2026, 4, 10, 12, tzinfo=UTC))
    walk.ask(RequestDeletion())

    assert usage_minor(walk) == 700


def test_invariant_7_what_fell_due_during_a_deletion_is_so_once_that_is_undone() -> None:
    walk = subscribed("standard")
    walk.ask(Cancel())
    walk.until(datetime(2026, 4, 9, 22, tzinfo=UTC))
    walk.ask(RequestDeletion())
    walk.on(DAY / 2)
    walk.ask(UndoDeletion())
    walk.on(DAY)

    by_time = sorted(walk.billing.terms, key=lambda term: term.starts_at)
    term = in_force(by_time, walk.now)
    assert [*walk.billing.terms] == by_time
    assert term is not None
    assert term.plan == FREE


def test_invariant_6_use_after_a_deletion_was_undone_beyond_a_boundary_is_billed() -> None:
    walk = subscribed("standard")
    walk.ask(AddNumber(UUID(int=1), "+48220000001"))
    walk.until(datetime(2026, 4, 9, 22, tzinfo=UTC))
    walk.ask(RequestDeletion())
    walk.on(DAY / 2)
    walk.ask(UndoDeletion())
    call(walk.on(DAY), 20, walk.now)

    walk.on(60 * DAY)

    assert usage_minor(walk) == 700


def test_invariant_12_a_call_at_the_instant_of_the_way_to_free_costs_nothing() -> None:
    walk = subscribed("standard")
    walk.on(DAY)
    call(walk, 10, walk.now)
    walk.ask(Cancel(now=True))
    walk.on(9 * DAY)

    assert usage_minor(walk) == 0


def test_invariant_3_of_numbers_rented_at_one_instant_all_but_the_first_are_charged() -> None:
    for pair in ((1, 2), (2, 1)):
        walk = subscribed("standard")
        for number in pair:
            walk.ask(AddNumber(UUID(int=number), f"+4822000000{number}"))
        assert [one.net_minor for one in walk.finals()] == [2_300, 1_000]


def test_invariant_1_who_leaves_while_it_is_tomorrow_in_his_next_zone_has_back_the_days_of_the_old_one() -> None:
    walk = Walk(NOON, "America/New_York")
    walk.ask(Order(Target("standard", Interval.YEAR, 10), start_today=True))
    walk.ask(SetUsageBilling(True, NOON.date()))
    walk.ask(ChangeZone("Asia/Beirut"))
    walk.until(datetime(2026, 5, 20, 23, tzinfo=UTC))  # the 20th in New York, the 21st in Beirut

    assert walk.ask(Cancel(refund_unused=True)) is not None

    assert walk.subscription.zone == "Asia/Beirut"
    assert all(spell.is_right for spell in spells(walk, 1))
