"""Quotes of an annual order on an invoice: the lines and sums of the invoice that accepting it would make."""

from datetime import date

import pytest
from tests.support.billing_histories import PAID, History, always
from tests.support.documents import POLISH

from tocsin.billing.commands import AcceptOfflineOrder, Order
from tocsin.billing.quotes import quote
from tocsin.errors import Conflict, Invalid
from tocsin.licensing.model import Interval, Target

Y, M = Interval.YEAR, Interval.MONTH


def test_r4_2_a_quote_is_what_its_order_is_invoiced_at() -> None:
    history = History("2026-03-10 09:00", buyer=POLISH)
    history.until("2026-03-25")

    offered = quote(history.billing, "standard", 25, "4500-77", history.instant("2026-03-25 10:00"), history.context)
    history.do("2026-03-25 10:00", AcceptOfflineOrder(Target("standard", Y, 25), "4500-77"))

    document, invoice = offered.document, history.last()
    assert (document.net_minor, document.tax_minor, document.gross_minor) == (570_000, 131_100, 701_100)
    assert (document.lines, document.taxes, document.po_number) == (invoice.lines, invoice.taxes, "4500-77")
    assert (document.dated_on, offered.valid_until) == (date(2026, 3, 25), date(2026, 4, 24))


def test_r3_2_in_a_trial_it_quotes_the_year_that_follows_and_leaves_the_trial_alone() -> None:
    history = History("2026-03-10 09:00", buyer=POLISH)
    before = history.billing

    offered = quote(history.billing, "standard", 25, "", history.instant("2026-03-12 10:00"), history.context)

    [line] = offered.document.lines
    assert (line.starts_on, line.ends_on) == (date(2026, 3, 25), date(2027, 3, 25))
    assert (offered.document.gross_minor, offered.document.dated_on) == (701_100, date(2026, 3, 12))
    assert history.billing == before


def test_a_monthly_subscriber_is_quoted_the_year_less_what_is_unused() -> None:
    history = History("2026-03-10 09:00", charger=always(PAID))
    history.do("2026-03-10 10:00", Order(Target("standard", M, 10), start_today=True))

    offered = quote(history.billing, "standard", 10, "", history.instant("2026-03-24 10:00"), history.context)

    assert [line.amount_minor for line in offered.document.lines] == [-12_613, 228_000]


def test_the_same_order_on_the_same_day_has_the_same_number_and_another_has_another() -> None:
    history = History("2026-03-10 09:00", buyer=POLISH)

    def number(seats: int, po_number: str) -> str | None:
        at = history.instant("2026-03-12 10:00")
        return quote(history.billing, "standard", seats, po_number, at, history.context).document.number

    assert number(25, "4500-77") == number(25, "4500-77")
    assert len({number(25, "4500-77"), number(26, "4500-77"), number(25, "4500-78")}) == 3
    assert str(number(25, "")).startswith("Q-42-20260312-")


def test_what_cannot_be_ordered_is_not_quoted() -> None:
    history = History("2026-03-10 09:00", buyer=POLISH)
    history.until("2026-03-25")
    at = history.instant("2026-03-25 10:00")

    with pytest.raises(Invalid):
        quote(history.billing, "free", 5, "", at, history.context)

    history.do("2026-03-25 10:00", AcceptOfflineOrder(Target("standard", Y, 25)))
    with pytest.raises(Conflict, match="nothing to quote"):
        quote(history.billing, "standard", 25, "", history.instant("2026-03-26 10:00"), history.context)
