from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.wall import wall_clock, wall_instant

ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/Chicago",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Chatham",
    "Pacific/Apia",
]
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("day", "at", "zone", "instant"),
    [
        ("2026-07-01", "09:00", "Europe/Berlin", "2026-07-01T07:00"),
        ("2026-03-29", "02:30", "Europe/Berlin", "2026-03-29T01:00"),  # gap: its end
        ("2026-03-29", "02:00", "Europe/Berlin", "2026-03-29T01:00"),  # the gap's own start
        ("2026-03-29", "03:00", "Europe/Berlin", "2026-03-29T01:00"),
        ("2026-10-25", "02:30", "Europe/Berlin", "2026-10-25T00:30"),  # fold: the first showing
        ("2026-10-25", "03:00", "Europe/Berlin", "2026-10-25T02:00"),
        ("2026-10-04", "02:15", "Australia/Lord_Howe", "2026-10-03T15:30"),  # a gap of half an hour
        ("2026-04-05", "01:45", "Australia/Lord_Howe", "2026-04-04T14:45"),
        ("2011-12-30", "00:00", "Pacific/Apia", "2011-12-30T10:00"),  # a day that never was
        ("2011-12-30", "17:30", "Pacific/Apia", "2011-12-30T10:00"),
        ("2011-12-31", "00:00", "Pacific/Apia", "2011-12-30T10:00"),
        ("2026-09-06", "00:30", "America/Santiago", "2026-09-06T04:00"),  # a gap at midnight
    ],
)
def test_a_wall_time_is_the_instant_the_clock_first_shows_it_or_a_later_one(
    day: str, at: str, zone: str, instant: str
) -> None:
    found = wall_instant(date.fromisoformat(day), time.fromisoformat(at), ZoneInfo(zone))

    assert found == datetime.fromisoformat(instant).replace(tzinfo=UTC)


def test_a_fraction_of_a_second_survives_and_a_gap_swallows_it() -> None:
    berlin = ZoneInfo("Europe/Berlin")

    plain = wall_instant(date(2026, 7, 1), time(9, 0, 0, 250_000), berlin)
    in_the_gap = wall_instant(date(2026, 3, 29), time(2, 59, 59, 999_999), berlin)

    assert plain == datetime(2026, 7, 1, 7, 0, 0, 250_000, tzinfo=UTC)
    assert in_the_gap == datetime(2026, 3, 29, 1, tzinfo=UTC)


@given(
    day=st.dates(date(2011, 12, 20), date(2012, 1, 10)) | st.dates(date(2024, 1, 1), date(2027, 12, 31)),
    minutes=st.integers(0, 24 * 60 - 1),
    zone=st.sampled_from(ZONES).map(ZoneInfo),
)
def test_walking_minute_by_minute_meets_the_same_instant(day: date, minutes: int, zone: ZoneInfo) -> None:
    at = time(minutes // 60, minutes % 60)
    wall = datetime.combine(day, at)

    minute = wall.replace(tzinfo=UTC) - timedelta(hours=40)  # well before any zone shows it
    while wall_clock(minute, zone) < wall:
        minute += MINUTE

    assert wall_instant(day, at, zone) == minute
