from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from tocsin.licensing.periods import Period, boundary, day_of, midnight, period_of

DAYS = st.dates(date(2020, 1, 1), date(2040, 12, 31))


def test_inv_5_a_boundary_depends_on_the_anchor_alone() -> None:
    anchor = date(2027, 1, 31)
    found = [boundary(anchor, n) for n in (1, 2, 3, 11, 12, 13)]
    assert found == [
        date(2027, 2, 28), date(2027, 3, 31), date(2027, 4, 30),
        date(2027, 12, 31), date(2028, 1, 31), date(2028, 2, 29),
    ]  # fmt: skip
    leap = date(2028, 2, 29)
    assert [boundary(leap, 12 * n) for n in (1, 2, 3, 4)] == [
        date(2029, 2, 28), date(2030, 2, 28), date(2031, 2, 28), date(2032, 2, 29),
    ]  # fmt: skip
    assert Period(date(2027, 5, 1), boundary(date(2027, 5, 1), 12)).days == 366


@given(anchor=DAYS, on=DAYS, months=st.sampled_from([1, 12]))
def test_a_day_lies_in_the_one_period_that_is_cut_from_the_anchor(anchor: date, on: date, months: int) -> None:
    period = period_of(anchor, months, on)
    assert period.starts_on <= on < period.ends_on
    assert period_of(anchor, months, period.ends_on).starts_on == period.ends_on
    assert 1 <= period.days_left(on) <= period.days


@given(anchor=DAYS, n=st.integers(0, 500))
def test_boundaries_only_grow(anchor: date, n: int) -> None:
    assert boundary(anchor, n) < boundary(anchor, n + 1)


def test_midnight_is_local() -> None:
    warsaw = ZoneInfo("Europe/Warsaw")
    assert midnight(date(2026, 3, 18), warsaw) == datetime(2026, 3, 17, 23, tzinfo=UTC)
    assert midnight(date(2026, 4, 4), warsaw) == datetime(2026, 4, 3, 22, tzinfo=UTC)
    assert day_of(datetime(2026, 3, 17, 23, tzinfo=UTC), warsaw) == date(2026, 3, 18)
