"""The next twelve invoices: what is told is what comes, and nothing is told that does not."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from hypothesis import given, settings
from tests.support.billing_histories import LONG_AGO, PAID, History, TestBooks
from tests.support.billing_pasts import PASTS, Past, begin
from tests.support.books import requirements_book
from tests.support.metered import TARIFF, US, unit

from tocsin.billing.commands import AddNumber, Cancel, CardAdded, Grant, Order, RequestDeletion
from tocsin.billing.forecast import End, Forecast, forecast, period_of
from tocsin.billing.model import Document, DocumentStatus, LineKind
from tocsin.licensing.metering import Facts
from tocsin.licensing.model import Collection, Interval, Target
from tocsin.licensing.periods import Period
from tocsin.licensing.pricebook import PriceBook, Tier

STANDARD = Target("standard", Interval.MONTH, 10)


def told(history: History, facts: Facts | None = None) -> Forecast:
    return forecast(history.billing, history.books, facts, history.now)


def sums(found: Forecast) -> list[tuple[str, int]]:
    """Date and total of each."""
    return [(one.dated_on.isoformat(), one.gross_minor) for one in found.invoices]


def bought(target: Target = STANDARD, books: TestBooks | None = None) -> History:
    """Since 10 March 2026, paid by card."""
    history = History("2026-03-10 09:00", books=books)
    history.do("2026-03-10 10:00", Order(target, start_today=True))
    return history.until("2026-03-20")


def test_a_scheduled_smaller_plan_is_in_the_second_period() -> None:
    history = bought()
    before = told(history)
    history.do("2026-03-21 10:00", Order(Target("essentials")))

    after = told(history)

    months = [f"{2026 + (month > 12)}-{(month - 1) % 12 + 1:02}-10" for month in range(4, 16)]
    assert sums(before) == [(day, 23_000) for day in months]
    assert sums(after) == [(day, 11_000) for day in months]
    assert (after.end, after.ends_on) == (None, None)
    assert {line.item for line in after.invoices[0].lines} == {"essentials"}


def test_an_invoice_says_its_period_and_when_it_is_due() -> None:
    [first, *_] = told(bought()).invoices

    assert period_of(first) == Period(date(2026, 4, 10), date(2026, 5, 10))
    assert (first.dated_on, first.due_on) == (date(2026, 4, 10), date(2026, 4, 10))
    assert (first.status, first.number, first.paid_minor) == (DocumentStatus.OPEN, None, 0)


def test_a_trial_with_a_chosen_plan_begins_with_the_first_charge() -> None:
    history = History("2026-03-10 09:00")
    history.do("2026-03-12 10:00", Order(STANDARD))

    found = told(history)

    assert sums(found)[:2] == [("2026-03-25", 23_000), ("2026-04-25", 23_000)]
    assert len(found.invoices) == 12


def test_a_trial_without_a_plan_comes_to_nothing_and_says_why() -> None:
    history = History("2026-03-10 09:00")

    assert told(history) == Forecast((), End.TRIAL, date(2026, 3, 25))
    history.until("2026-04-01")
    assert told(history) == Forecast((), End.FREE)


def test_a_cancelled_subscription_has_no_next_invoice() -> None:
    history = bought()
    history.do("2026-03-21 10:00", Cancel())

    assert told(history) == Forecast((), End.CANCELED, date(2026, 4, 10))


def test_accounts_that_are_never_billed_say_so() -> None:
    granted, leaving = History("2026-03-10 09:00"), bought()
    granted.do("2026-03-21 10:00", Grant())
    leaving.do("2026-03-21 10:00", RequestDeletion())

    assert told(granted) == Forecast((), End.GRANTED)
    assert told(leaving) == Forecast((), End.DELETING)


def test_numbers_of_an_annual_subscription_come_by_the_month_and_seats_by_the_year() -> None:
    history = bought(Target("essentials", Interval.YEAR, 10))
    history.do("2026-03-20 10:00", AddNumber(UUID(int=1), "+48220000001"))

    found = told(history)

    assert len(found.invoices) == 12
    kinds = [{line.kind for line in one.lines} for one in found.invoices]
    assert kinds == [{LineKind.NUMBER}] * 11 + [{LineKind.SEATS, LineKind.NUMBER}]
    assert found.invoices[-1].dated_on == date(2027, 3, 10)


def test_an_annual_subscription_alone_has_one_invoice_a_year() -> None:
    assert [day for day, _ in sums(told(bought(Target("standard", Interval.YEAR, 10))))] == ["2027-03-10"]


def dearer(book: PriceBook, factor: int) -> PriceBook:
    """Version 2: every seat costs `factor` times as much."""
    plans = {
        key: replace(
            plan,
            seat_prices={
                interval: {
                    code: tuple(Tier(tier.from_seat, tier.minor * factor) for tier in tiers)
                    for code, tiers in by_currency.items()
                }
                for interval, by_currency in plan.seat_prices.items()
            },
        )
        for key, plan in book.plans.items()
    }
    return replace(book, version=2, plans=plans)


def test_an_announced_rise_is_in_the_first_renewal_that_has_it() -> None:
    """Announced on 1 April: 30 days later, so not in the renewal of 10 April but in that of 10 May."""
    first = requirements_book()
    announced = datetime(2026, 4, 1, tzinfo=UTC)
    history = bought(books=TestBooks({1: first, 2: dearer(first, 2)}, {1: LONG_AGO, 2: announced}))
    history.until("2026-04-02")

    assert sums(told(history))[:3] == [("2026-04-10", 23_000), ("2026-05-10", 46_000), ("2026-06-10", 46_000)]


def test_a_balance_pays_first_and_what_is_left_is_to_be_paid() -> None:
    history = bought()
    history.billing = replace(history.billing, subscription=replace(history.billing.subscription, balance_minor=30_000))

    owed = [one.owed_minor for one in told(history).invoices]

    assert owed[:3] == [0, 16_000, 23_000]


def test_an_invoice_by_transfer_is_due_after_its_days() -> None:
    history = bought(Target("standard", Interval.YEAR, 10))
    offline = replace(history.billing.subscription, collection=Collection.INVOICE)
    history.billing = replace(history.billing, subscription=offline)

    [one] = told(history).invoices

    assert (one.dated_on, one.due_on) == (date(2027, 3, 10), date(2027, 4, 9))


def test_usage_so_far_is_on_the_next_invoice_and_on_no_other() -> None:
    """1,100 of 1,000 included SMS at 0.10 each: 10.00."""
    history = bought(Target("essentials", Interval.MONTH, 10))
    start = history.instant("2026-03-12 08:00")
    records = [replace(unit(f"u{n:04}", start + timedelta(seconds=n), US), account_id=42) for n in range(1_100)]
    facts = Facts(history.billing.terms, {1: TARIFF}, records)

    found = told(history, facts)

    assert [total for _, total in sums(found)][:3] == [11_000 + 1_000, 11_000, 11_000]
    assert [line.kind for line in found.invoices[0].lines] == [LineKind.SEATS, LineKind.MESSAGES]
    assert (found.invoices[0].dated_on, found.invoices[0].due_on) == (date(2026, 4, 10), date(2026, 4, 12))


def test_little_usage_is_carried_three_times_and_billed_at_the_fourth_window_s_end() -> None:
    history = bought(Target("essentials", Interval.MONTH, 10))
    start = history.instant("2026-03-12 08:00")
    records = [replace(unit(f"u{n:04}", start + timedelta(seconds=n), US), account_id=42) for n in range(1_010)]

    found = told(history, Facts(history.billing.terms, {1: TARIFF}, records))

    assert [total for _, total in sums(found)][:5] == [11_000, 11_000, 11_000, 11_100, 11_000]


def open_again(document: Document) -> Document:
    """As it was when it was finalised, before its number and its payment."""
    return replace(document, number=None, paid_minor=0, status=DocumentStatus.OPEN)


@settings(max_examples=60)
@given(PASTS)
def test_what_is_told_is_what_the_engine_makes_when_nobody_interferes(past: Past) -> None:
    """From wherever an account has come, once what it owes is paid: the same invoices, to the last field."""
    history = begin(past)
    for hours, command in past.commands:
        history.until(history.now + timedelta(hours=hours))
        history.attempt(history.now.astimezone(history.zone).replace(tzinfo=None).isoformat(), command)
    history.charger = lambda charge, at: PAID
    history.attempt(history.now.astimezone(history.zone).replace(tzinfo=None).isoformat(), CardAdded(UUID(int=9)))
    before = {one.id for one in history.finals()}
    found = told(history)

    history.until(history.now + timedelta(days=430))

    made = [open_again(one) for one in history.finals() if one.id not in before]
    assert [open_again(one) for one in found.invoices] == made[: len(found.invoices)]
    if found.end is not None:
        assert len(made) == len(found.invoices)
    elif len(found.invoices) < 12:
        assert found.invoices
