from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from tests.unit.schedules.makers import instant
from tests.unit.schedules.test_oracle import restrictions

from tocsin.errors import Invalid
from tocsin.schedules.base_layer import stretches
from tocsin.schedules.restrictions import Restriction, as_json, from_json, is_open, openings
from tocsin.schedules.rotation import Participant, ParticipantKind, Rotation, RotationKind

BERLIN = ZoneInfo("Europe/Berlin")
ANA, BO = (Participant(ParticipantKind.USER, name) for name in ("ana", "bo"))


def daily(start_hour: int, start_min: int, end_hour: int, end_min: int) -> dict[str, Any]:
    span = {"startHour": start_hour, "startMin": start_min, "endHour": end_hour, "endMin": end_min}
    return {"type": "time-of-day", "restriction": span}


def weekly(*spans: tuple[str, int, str, int]) -> dict[str, Any]:
    listed = [
        {"startDay": start, "startHour": begins, "startMin": 0, "endDay": end, "endHour": ends, "endMin": 0}
        for start, begins, end, ends in spans
    ]
    return {"type": "weekday-and-time-of-day", "restrictions": listed}


def made(value: object) -> Restriction:
    restriction = from_json(value)
    assert restriction is not None
    return restriction


def hours_open(value: object, starts: str, ends: str, zone: ZoneInfo = BERLIN) -> list[tuple[str, str]]:
    """The openings that touch the window, as the wall clock shows them."""
    found = openings(made(value), zone, instant(starts, zone), instant(ends, zone))
    return [(f"{a.astimezone(zone):%a %H:%M}", f"{b.astimezone(zone):%a %H:%M}") for a, b in found]


@pytest.mark.parametrize(
    "value",
    [
        daily(9, 0, 17, 30),
        daily(20, 0, 8, 0),
        daily(18, 0, 24, 0),
        daily(18, 0, 0, 0),
        daily(8, 0, 8, 0),
        daily(0, 0, 24, 0),
        weekly(("monday", 9, "friday", 17)),
        weekly(("friday", 17, "monday", 9), ("tuesday", 0, "tuesday", 24)),
        weekly(("sunday", 22, "monday", 0)),
        weekly(("monday", 0, "monday", 0)),
    ],
)
def test_what_the_api_was_given_it_gives_back(value: dict[str, Any]) -> None:
    assert as_json(made(value)) == value


@given(restriction=restrictions())
def test_any_restriction_survives_the_way_over_the_wire(restriction: Restriction) -> None:
    assert set(made(as_json(restriction)).windows) == set(restriction.windows)


@pytest.mark.parametrize("value", [None, {}, {"type": "time-of-day", "restriction": {}}, {"restrictions": []}])
def test_an_empty_restriction_is_none(value: object) -> None:
    assert from_json(value) is None
    assert is_open(None, BERLIN, datetime(2026, 1, 1, tzinfo=UTC))


def test_an_empty_entry_beside_the_list_is_passed_over() -> None:
    value = weekly(("monday", 9, "friday", 17))

    assert as_json(made({**value, "restriction": {}})) == value


def test_minutes_snap_to_the_nearest_half_hour_and_up_from_the_middle() -> None:
    assert as_json(made(daily(9, 14, 17, 45))) == daily(9, 0, 18, 0)
    assert as_json(made(daily(9, 15, 17, 44))) == daily(9, 30, 17, 30)
    assert hours_open(daily(9, 0, 23, 50), "2026-01-05T12:00", "2026-01-05T13:00") == [("Mon 09:00", "Tue 00:00")]


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ("nights", "timeRestriction"),
        ({"type": "monthly", "restriction": {"startHour": 1, "endHour": 2}}, "timeRestriction.type"),
        ({"type": "time-of-day", "restrictions": "9-17"}, "timeRestriction.restrictions"),
        ({"type": "time-of-day", "restriction": "9-17"}, "timeRestriction.restriction"),
        (daily(25, 0, 8, 0), "timeRestriction.startHour"),
        (daily(24, 30, 8, 0), "timeRestriction.startHour"),
        (daily(8, 0, 9, 60), "timeRestriction.endMin"),
        ({"type": "time-of-day", "restriction": {"startHour": 9}}, "timeRestriction.endHour"),
        ({"type": "time-of-day", "restriction": {"startHour": True, "endHour": 2}}, "timeRestriction.startHour"),
        (weekly(("mon", 9, "friday", 17)), "timeRestriction.startDay"),
        (weekly(*[("monday", 1, "monday", 2)] * 51), "timeRestriction.restrictions"),
    ],
)
def test_what_is_wrong_is_named(value: object, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        from_json(value)

    assert set(refused.value.errors) == {field}


def test_equal_times_mean_the_whole_day_or_the_whole_week() -> None:
    assert made(daily(8, 0, 8, 0)).always
    assert made(weekly(("wednesday", 12, "wednesday", 12))).always
    assert made(weekly(("monday", 0, "thursday", 0), ("thursday", 0, "monday", 0))).always
    assert not made(weekly(("monday", 0, "thursday", 0), ("friday", 0, "monday", 0))).always


def test_a_window_over_midnight_or_over_the_weeks_end_is_one() -> None:
    assert hours_open(daily(20, 0, 8, 0), "2026-01-05T21:00", "2026-01-06T21:00") == [
        ("Mon 20:00", "Tue 08:00"),
        ("Tue 20:00", "Wed 08:00"),
    ]
    weekend = weekly(("friday", 17, "monday", 9))
    assert hours_open(weekend, "2026-01-04T12:00", "2026-01-10T12:00") == [
        ("Fri 17:00", "Mon 09:00"),
        ("Fri 17:00", "Mon 09:00"),
    ]


def test_windows_that_touch_are_one() -> None:
    value = weekly(("monday", 9, "monday", 12), ("monday", 12, "monday", 15), ("monday", 14, "monday", 18))

    assert hours_open(value, "2026-01-05T00:00", "2026-01-06T00:00") == [("Mon 09:00", "Mon 18:00")]


def test_a_window_that_the_clock_skips_is_absent_and_one_it_cuts_is_shorter() -> None:
    assert hours_open(daily(2, 0, 3, 0), "2026-03-29T00:00", "2026-03-29T12:00") == []
    [span] = openings(
        made(daily(1, 0, 4, 0)), BERLIN, *[instant(f"2026-03-29T{hour}:00", BERLIN) for hour in ("00", 12)]
    )
    assert span[1] - span[0] == timedelta(hours=2)


def test_what_has_closed_before_the_clock_goes_back_stays_closed() -> None:
    value = made(daily(1, 0, 2, 30))
    second_two = datetime(2026, 10, 25, 1, 0, tzinfo=UTC)  # 02:00 for the second time

    assert is_open(value, BERLIN, second_two - timedelta(minutes=31))
    assert not is_open(value, BERLIN, second_two - timedelta(minutes=30))
    assert not is_open(value, BERLIN, second_two)


def test_what_opened_at_midnight_stays_open_though_the_clock_goes_back_over_it() -> None:
    st_johns = ZoneInfo("America/St_Johns")
    value = made(weekly(("sunday", 0, "sunday", 12)))
    after = datetime(2010, 11, 7, 2, 31, tzinfo=UTC)  # 00:01 became 23:01 of Saturday

    assert f"{after.astimezone(st_johns):%a %H:%M}" == "Sat 23:01"
    assert not is_open(value, st_johns, after - timedelta(minutes=2))
    assert is_open(value, st_johns, after - timedelta(minutes=1))
    assert is_open(value, st_johns, after)


def test_a_handoff_inside_an_open_window_happens_there() -> None:
    rotation = Rotation(
        "r1", "Nights", (ANA, BO), instant("2026-01-05T00:00", BERLIN), None, RotationKind.DAILY, 1,
        made(daily(20, 0, 8, 0)),
    )  # fmt: skip

    found = list(stretches(rotation, BERLIN, instant("2026-01-05T12:00", BERLIN), instant("2026-01-06T12:00", BERLIN)))

    assert [(it.participant, f"{it.starts_at.astimezone(BERLIN):%a %H:%M}") for it in found] == [
        (ANA, "Mon 20:00"),
        (BO, "Tue 00:00"),
    ]
