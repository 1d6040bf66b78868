"""Bills of usage as lines: the last one of a paid time takes any amount, whoever knows yet that it ends. Source: S07"""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from tests.support.billing_histories import AMERICAN, History
from tests.support.books import requirements_book, shipped_book

from tocsin.billing.account import AccountBilling, ClosedWindow, UsageAsked
from tocsin.billing.model import LineKind
from tocsin.billing.usage_bills import billed
from tocsin.licensing.metering import Carried, Facts
from tocsin.licensing.model import Interval, Standing, Term
from tocsin.licensing.pricebook import Zone
from tocsin.licensing.tariff import Tariff
from tocsin.licensing.usage import UsageKind, UsageRecord

STARTED = datetime(2026, 3, 9, 23, tzinfo=UTC)  # 10 March in Warsaw
USED = datetime(2026, 3, 14, 9, tzinfo=UTC)
NOW = datetime(2026, 3, 14, 10, tzinfo=UTC)
WINDOW = ClosedWindow(STARTED, NOW)


def standard(*records: UsageRecord) -> dict[int, Facts]:
    """Standard from 10 March on; no fact says that it ends."""
    facts: dict[str, Any] = {"anchor_on": date(2026, 3, 10), "zone": "Europe/Warsaw"}
    term = Term(42, STARTED, Standing.ACTIVE, "standard", 10, Interval.MONTH, 1, **facts)
    return {42: Facts([term], {1: Tariff(requirements_book(), "USD")}, records)}


def account() -> AccountBilling:
    return AccountBilling(History("2026-03-10 09:00").subscription, AMERICAN)


LEG = UsageRecord(42, "1", UsageKind.CALL_LEG, USED, USED, "+48123456789", "PL", Zone.OTHER, 59)


def test_the_last_bill_takes_a_single_minute() -> None:
    bill = billed(standard(LEG), account(), UsageAsked((WINDOW,), NOW, Carried(), final=True, currency="USD"))

    assert [(line.kind, line.item, line.quantity, line.amount_minor) for line in bill.lines] == [
        (LineKind.MINUTES, "other", 1, 35)
    ]
    assert not bill.carried.minor


@pytest.mark.parametrize(("currency", "minor"), [("USD", 35), ("PLN", 140)])
def test_m12_use_costs_what_it_does_in_the_currency_of_its_bill(currency: str, minor: int) -> None:
    tariffs = {1: Tariff(shipped_book(), "PLN")}  # the account's, when the bill that waited is made
    facts = {42: replace(standard(LEG)[42], tariffs=tariffs)}

    bill = billed(facts, account(), UsageAsked((WINDOW,), NOW, Carried(), final=True, currency=currency))

    assert [line.amount_minor for line in bill.lines] == [minor]


def test_any_other_bill_carries_it_on() -> None:
    bill = billed(standard(LEG), account(), UsageAsked((WINDOW,), NOW, Carried(), final=False, currency="USD"))

    assert bill.lines == ()
    assert bill.carried == Carried(35, 1)


@pytest.mark.parametrize("facts", [standard(), {}])
def test_the_last_bill_takes_what_was_carried_though_no_window_is_left(facts: dict[int, Facts]) -> None:
    bill = billed(facts, account(), UsageAsked((), NOW, Carried(120, 2), final=True, currency="USD"))

    assert [(line.kind, line.amount_minor) for line in bill.lines] == [(LineKind.CARRIED, 120)]
    assert not bill.carried.minor
