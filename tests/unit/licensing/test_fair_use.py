from dataclasses import replace
from datetime import datetime
from uuid import UUID

import pytest
from tests.support.books import requirements_book
from tests.support.metered import make_term, warsaw

from tocsin.errors import Conflict
from tocsin.licensing import fair_use
from tocsin.licensing.fair_use import Case, CaseStatus, WindowCost, is_unusual, opens, returns
from tocsin.licensing.model import Interval
from tocsin.licensing.windows import next_start, window_at

RULES = requirements_book().fair_use


def month(number: int, cost_minor: int, *, median: int = 0, revenue_minor: int = 23_000) -> WindowCost:
    return WindowCost(warsaw(number, 10), warsaw(number + 1, 10), cost_minor, revenue_minor, 10, median)


def case(status: CaseStatus = CaseStatus.OPENED, effective_at: datetime | None = None) -> Case:
    return Case(1, UUID(int=7), status, warsaw(4, 12), warsaw(4, 10), effective_at)


def test_r11_3_two_windows_in_a_row_over_half_of_the_revenue_open_a_case() -> None:
    assert opens([month(2, 18_000), month(3, 14_000)], RULES, [])
    assert not opens([month(3, 18_000)], RULES, [])
    assert not opens([month(2, 18_000), month(3, 11_500)], RULES, [])  # exactly half
    assert not opens([month(2, 18_000), month(4, 14_000)], RULES, [])  # not in a row


def test_r11_3_so_does_more_than_ten_times_what_a_seat_of_the_plan_costs() -> None:
    assert is_unusual(month(2, 1_001, median=10), RULES)
    assert not is_unusual(month(2, 1_000, median=10), RULES)
    assert not is_unusual(month(2, 1_000, median=0), RULES)


def test_windows_that_a_case_was_about_are_not_held_against_anybody_again() -> None:
    dismissed = fair_use.dismiss(case())
    assert not opens([month(2, 18_000), month(3, 14_000)], RULES, [dismissed])
    assert not opens([month(3, 18_000), month(4, 14_000)], RULES, [dismissed])
    assert opens([month(4, 18_000), month(5, 14_000)], RULES, [dismissed])


@pytest.mark.parametrize("status", [CaseStatus.OPENED, CaseStatus.NOTICED, CaseStatus.EFFECTIVE])
def test_an_account_has_one_open_case(status: CaseStatus) -> None:
    assert not opens([month(4, 18_000), month(5, 14_000)], RULES, [case(status)])


def test_r11_3_approved_on_1_may_takes_effect_on_10_june() -> None:
    terms = [make_term("standard")]
    approved_at = warsaw(5, 1, 12)
    window = window_at(terms, approved_at)
    assert window is not None

    effective_at = next_start(window, terms, fair_use.earliest_effect(approved_at, RULES))

    assert effective_at == warsaw(6, 10)
    noticed = fair_use.approve(case(), effective_at)
    assert (noticed.status, noticed.effective_at) == (CaseStatus.NOTICED, warsaw(6, 10))
    assert fair_use.take_effect(noticed).status is CaseStatus.EFFECTIVE


def test_notice_that_ends_on_a_boundary_takes_effect_there() -> None:
    terms = [make_term("standard")]
    approved_at = warsaw(5, 11)
    window = window_at(terms, approved_at)
    assert window is not None
    assert next_start(window, terms, fair_use.earliest_effect(approved_at, RULES)) == warsaw(6, 10)


def test_r11_3_two_normal_windows_bring_unlimited_use_back() -> None:
    billed = case(CaseStatus.EFFECTIVE, warsaw(6, 10))
    assert not returns(billed, [month(4, 100), month(5, 100)], RULES)
    assert not returns(billed, [month(5, 100), month(6, 100)], RULES)
    assert not returns(billed, [month(6, 14_000), month(7, 100)], RULES)
    assert returns(billed, [month(6, 14_000), month(7, 100), month(8, 200)], RULES)
    assert fair_use.give_back(billed, warsaw(8, 10)) == replace(
        billed, status=CaseStatus.RETURNED, until=warsaw(8, 10)
    )  # fmt: skip


def test_a_case_is_decided_once() -> None:
    noticed = fair_use.approve(case(), warsaw(6, 10))
    for decided in (noticed, fair_use.dismiss(case()), fair_use.withdraw(noticed, warsaw(5, 20))):
        with pytest.raises(Conflict, match="This case has gone on"):
            fair_use.approve(decided, warsaw(7, 10))
        with pytest.raises(Conflict):
            fair_use.dismiss(decided)
    with pytest.raises(Conflict):
        fair_use.withdraw(fair_use.take_effect(noticed), warsaw(6, 20))


def test_s40_revenue_is_the_price_of_the_seats_for_a_month_and_a_twelfth_of_a_year() -> None:
    book = requirements_book()
    assert fair_use.revenue_of(make_term("standard"), book, "USD") == 23_000
    assert fair_use.revenue_of(make_term("standard", interval=Interval.YEAR), book, "USD") == 19_000
