"""When an account's use of a new country is sudden. Source: licensing requirements R11.2"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.books import REQUIREMENTS

from tocsin.licensing.new_countries import WITHIN, CountryUse, by_country, is_sudden, with_units
from tocsin.licensing.places import country_of_zone
from tocsin.licensing.pricebook_document import parse_book
from tocsin.licensing.usage import UsageKind, make_record

START = datetime(2026, 3, 10, 8, tzinfo=UTC)


def use(units: int, country: str = "TV", alerted_at: datetime | None = None) -> CountryUse:
    return CountryUse(1, country, START, units, alerted_at)


@pytest.mark.parametrize(("units", "sudden"), [(0, False), (20, False), (21, True), (500, True)])
def test_more_than_so_many_in_the_first_day_is_sudden(units: int, sudden: bool) -> None:
    assert is_sudden(use(units), {"PL"}, 20) is sudden


def test_a_country_where_the_account_is_at_home_never_is_and_others_are_told_once() -> None:
    assert not is_sudden(use(500, country="PL"), {"PL"}, 20)
    assert not is_sudden(use(500, alerted_at=START), {"PL"}, 20)


@pytest.mark.parametrize(("zone", "country"), [("Europe/Warsaw", "PL"), ("America/New_York", "US"), ("UTC", "")])
def test_a_time_zone_says_where_an_account_is_at_home(zone: str, country: str) -> None:
    assert country_of_zone(zone) == country


def test_only_the_first_day_counts() -> None:
    counted = with_units(use(0), [START, START + WITHIN - timedelta(seconds=1), START + WITHIN])

    assert counted.units == 2


def test_calls_that_came_in_are_left_out() -> None:
    kinds = (UsageKind.SMS, UsageKind.VOICE, UsageKind.VERIFICATION, UsageKind.CALL_LEG)
    records = [make_record(1, kind.value, kind, START, START, "+48512345678") for kind in kinds]

    assert by_country(records) == {"PL": [START] * 3}


instants = st.lists(st.integers(0, 3 * 86_400).map(lambda it: START + timedelta(seconds=it)), min_size=1, max_size=60)


@given(sent=instants, most=st.integers(0, 30), cuts=st.sets(st.integers(0, 60), max_size=8))
def test_however_use_is_cut_into_reports_it_is_told_once_and_only_where_the_first_day_holds_more(
    sent: list[datetime], most: int, cuts: set[int]
) -> None:
    sent = sorted(sent)
    edges = [0, *sorted(it for it in cuts if 0 < it < len(sent)), len(sent)]
    counted, told = CountryUse(1, "TV", sent[0]), 0
    for first, last in pairwise(edges):
        counted = with_units(counted, sent[first:last])
        if is_sudden(counted, {"PL"}, most):
            counted, told = replace(counted, alerted_at=sent[last - 1]), told + 1

    first_day = sum(it < sent[0] + WITHIN for it in sent)
    assert told == (1 if first_day > most else 0)
    assert counted.units == first_day


def test_the_price_book_says_how_many_go_unremarked_and_an_older_one_says_nothing() -> None:
    older = REQUIREMENTS.replace("  new_country_units: 20\n", "")
    newer = older.replace("  normal_windows: 2\n", "  normal_windows: 2\n  new_country_units: 0\n")

    assert older != newer
    assert parse_book(older, 1).fair_use.new_country_units == 20
    assert parse_book(newer, 1).fair_use.new_country_units == 0
