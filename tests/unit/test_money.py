from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.errors import Invalid
from tocsin.money import Money, prorate, share


@pytest.mark.parametrize(
    ("minor", "part", "whole", "expected"),
    [
        (23_000, 17, 31, 12_613),
        (11_000, 17, 31, 6_032),
        (1_000, 17, 31, 548),
        (1, 1, 2, 1),
        (-1, 1, 2, -1),
        (0, 3, 7, 0),
    ],
)
def test_a_share_is_rounded_half_away_from_zero(minor: int, part: int, whole: int, expected: int) -> None:
    assert share(minor, part, whole) == expected


@given(minor=st.integers(-(10**9), 10**9), part=st.integers(0, 400), whole=st.integers(1, 400))
def test_a_share_is_never_more_than_half_a_unit_off(minor: int, part: int, whole: int) -> None:
    assert abs(Fraction(minor * part, whole) - share(minor, part, whole)) <= Fraction(1, 2)
    assert share(-minor, part, whole) == -share(minor, part, whole)


@pytest.mark.parametrize(("days_left", "days"), [(-1, 31), (32, 31), (0, 0)])
def test_days_outside_the_period_are_refused(days_left: int, days: int) -> None:
    with pytest.raises(Invalid):
        prorate(1_000, days_left, days)


def test_amounts_of_two_currencies_do_not_meet() -> None:
    assert Money(5, "EUR") + Money(3, "EUR") - Money(1, "EUR") == Money(7, "EUR")
    with pytest.raises(Invalid, match="USD cannot be added to EUR"):
        Money(5, "EUR") + Money(3, "USD")
