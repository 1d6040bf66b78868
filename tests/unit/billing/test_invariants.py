"""What holds of every history of an account: the requirements' invariants, on random commands and random cards."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.billing_histories import HARD, PAID, SOFT, History
from tests.support.books import requirements_book

from tocsin.billing.commands import (
    AddNumber,
    Cancel,
    CardAdded,
    Command,
    DropScheduled,
    Order,
    ReleaseNumber,
    RequestDeletion,
    Resume,
    UndoDeletion,
)
from tocsin.billing.decide import decide
from tocsin.billing.model import DocumentKind, LineKind
from tocsin.errors import TocsinError
from tocsin.licensing.model import Interval, Standing, Target
from tocsin.licensing.pricebook import seat_price

START = date(2027, 1, 29)
PLANS = st.sampled_from(["essentials", "standard", "enterprise"])
SEATS = st.integers(1, 130)
INTERVALS = st.sampled_from(list(Interval))
ORDERS = st.builds(
    Order,
    st.builds(Target, PLANS, st.none() | INTERVALS, st.none() | SEATS) | st.builds(Target, st.none(), st.none(), SEATS),
)
NUMBERS = st.integers(1, 3)
COMMANDS = st.one_of(
    ORDERS,
    ORDERS,
    st.builds(lambda n: AddNumber(UUID(int=n), f"+4822000000{n}"), NUMBERS),
    st.builds(lambda n: ReleaseNumber(UUID(int=n)), NUMBERS),
    st.builds(Cancel, st.booleans()),
    st.sampled_from([Resume(), DropScheduled(), CardAdded(UUID(int=9)), RequestDeletion(), UndoDeletion()]),
)


@dataclass(frozen=True)
class Past:
    """Commands with the hours between them, and what the card says, in turn."""

    commands: tuple[tuple[int, Command], ...]
    answers: tuple[str, ...]


PASTS = st.builds(
    Past,
    st.lists(st.tuples(st.integers(0, 900), COMMANDS), min_size=1, max_size=10).map(tuple),
    st.lists(st.sampled_from([PAID, PAID, PAID, SOFT, HARD]), min_size=1, max_size=8).map(tuple),
)


def begin(past: Past) -> History:
    history = History(f"{START} 10:00")
    asked = 0

    def answer(charge: object, at: object) -> str:
        nonlocal asked
        asked += 1
        return past.answers[asked % len(past.answers)]

    history.charger = answer
    return history


def played(past: Past, *, step: timedelta | None = None) -> History:
    """The history after its commands and another 100 days; with `step` the clock moves no further at once."""
    history = begin(past)
    for hours, command in past.commands:
        move(history, history.now + timedelta(hours=hours), step)
        history.attempt(history.now.astimezone(history.zone).replace(tzinfo=None).isoformat(), command)
    move(history, history.now + timedelta(days=100), step)
    return history


def move(history: History, end: datetime, step: timedelta | None) -> None:
    while step is not None and history.now + step < end:
        history.until(history.now + step)
    history.until(end)


def documents_of(history: History) -> list[object]:
    return [history.documents[key] for key in sorted(history.documents, key=str)]


@settings(max_examples=60)
@given(PASTS)
def test_invariant_2_nothing_is_credited_beyond_what_was_debited(past: Past) -> None:
    history = played(past)
    debited = {line.id: line for one in history.finals() for line in one.lines}
    credited: dict[UUID | None, int] = {}
    for one in [*history.finals(), *history.finals(DocumentKind.CREDIT_NOTE)]:
        for line in one.lines:
            if line.credits is not None:
                credited[line.credits] = credited.get(line.credits, 0) + abs(line.amount_minor)
    for key, amount in credited.items():
        assert amount <= debited[key].amount_minor


@settings(max_examples=60)
@given(PASTS)
def test_invariant_9_numbers_have_no_gap_and_rise_with_time(past: Past) -> None:
    history = played(past)
    for kind, prefix in ((DocumentKind.INVOICE, "INV"), (DocumentKind.CREDIT_NOTE, "CN")):
        for year in (2027, 2028, 2029):
            numbers = [one.number for one in history.finals(kind) if one.dated_on.year == year]
            assert numbers == [f"{prefix}/{year}/{number:05}" for number in range(1, len(numbers) + 1)]


@settings(max_examples=40)
@given(PASTS)
def test_invariant_10_a_preview_is_its_invoice(past: Past) -> None:
    history = begin(past)
    for hours, command in past.commands:
        history.until(history.now + timedelta(hours=hours))
        at = history.now
        try:
            preview = decide(history.billing, command, at, history.context)
        except TocsinError:
            continue
        local = at.astimezone(history.zone).replace(tzinfo=None).isoformat()
        history.charger = lambda charge, now: PAID
        done = history.do(local, command)
        assert done is not None
        assert (done.documents, done.first, done.letters) == (preview.documents, preview.first, preview.letters)


@settings(max_examples=40)
@given(PASTS)
def test_invariant_11_one_jump_of_the_clock_is_many_small_steps(past: Past) -> None:
    jump, steps = played(past), played(past, step=timedelta(hours=7))

    assert documents_of(jump) == documents_of(steps)
    assert jump.billing.subscription == steps.billing.subscription
    assert jump.billing.terms == steps.billing.terms


@settings(max_examples=60)
@given(PASTS)
def test_invariant_12_no_invoice_is_for_a_day_on_free(past: Past) -> None:
    history = played(past)
    terms = history.billing.terms
    for one in history.finals():
        for line in one.lines:
            if line.kind is LineKind.SEATS and line.amount_minor > 0 and line.starts_on is not None:
                begins = history.instant(f"{line.starts_on} 23:59")
                in_force = [term for term in terms if term.starts_at <= begins]
                that_day = [term for term in terms if term.starts_at.astimezone(history.zone).date() == line.starts_on]
                assert any(term.standing is not Standing.FREE for term in [*in_force[-1:], *that_day])


@settings(max_examples=60)
@given(PASTS)
def test_no_document_is_below_zero_or_for_nothing_and_what_is_owed_adds_up(past: Past) -> None:
    history = played(past)
    for one in [*history.finals(), *history.finals(DocumentKind.CREDIT_NOTE)]:
        assert one.gross_minor > 0
        assert one.net_minor == sum(line.amount_minor for line in one.lines)
        assert 0 <= one.paid_minor <= one.gross_minor
    assert history.owed() == sum(one.owed_minor for one in history.finals())


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
