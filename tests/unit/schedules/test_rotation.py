from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.schedules.makers import ANA, BO, CY, NONE, instant, make_rotation, placed_rotations

from tocsin.errors import Invalid
from tocsin.schedules.rotation import (
    Participant,
    Rotation,
    RotationKind,
    turn_after,
    turn_at,
    turn_before,
    turns,
)
from tocsin.wall import wall_clock

BERLIN = ZoneInfo("Europe/Berlin")
QUARTER = timedelta(minutes=15)
HOURS = {RotationKind.HOURLY: 1, RotationKind.DAILY: 24, RotationKind.WEEKLY: 168}


def walk(rotation: Rotation, zone: ZoneInfo, end: datetime) -> Iterator[tuple[datetime, Participant]]:
    """The slow way: watch the clock by the quarter hour and hand on whenever it reaches the next mark."""
    mark = wall_clock(rotation.starts_at, zone)
    shown = max(wall_clock(rotation.starts_at - n * QUARTER, zone) for n in range(9))
    number = -1
    at = rotation.starts_at
    while at < (end if rotation.ends_at is None else min(end, rotation.ends_at)):
        shown = max(shown, wall_clock(at, zone))
        while shown >= mark:
            number += 1
            mark += timedelta(hours=rotation.length * HOURS[rotation.kind])
        yield at, rotation.participants[number % len(rotation.participants)]
        at += QUARTER


@given(placed=placed_rotations())
def test_every_quarter_hour_has_the_turn_that_watching_the_clock_gives(
    placed: tuple[Rotation, ZoneInfo],
) -> None:
    rotation, zone = placed
    end = rotation.starts_at + timedelta(days=23)

    expected = dict(walk(rotation, zone, end))

    at = rotation.starts_at - timedelta(hours=3)
    while at < end:
        turn = turn_at(rotation, zone, at)
        assert (turn and turn.participant) == expected.get(at), at
        assert turn is None or turn.starts_at <= at < turn.ends_at
        at += QUARTER


@given(placed=placed_rotations(), skip=st.integers(-50, 500), hours=st.integers(0, 900))
def test_turns_follow_one_another_without_gap_or_overlap(
    placed: tuple[Rotation, ZoneInfo], skip: int, hours: int
) -> None:
    rotation, zone = placed
    start = rotation.starts_at + timedelta(hours=skip)
    end = start + timedelta(hours=hours)

    found = list(turns(rotation, zone, start, end))

    assert all(one.ends_at == other.starts_at for one, other in pairwise(found))
    assert all(one.number < other.number for one, other in pairwise(found))
    assert all(turn.starts_at < end and turn.ends_at > start for turn in found)
    assert all(turn == turn_at(rotation, zone, turn.starts_at) for turn in found)
    live_from = max(start, rotation.starts_at)
    live_to = min(end, rotation.ends_at or end)
    assert bool(found) == (live_from < live_to)
    if found:
        assert found[0].starts_at <= live_from
        assert found[-1].ends_at >= live_to


def test_nine_in_the_morning_stays_nine_in_the_morning() -> None:
    rotation = make_rotation("2026-03-27T09:00", BERLIN, kind=RotationKind.DAILY)

    found = list(turns(rotation, BERLIN, rotation.starts_at, rotation.starts_at + timedelta(days=3)))

    assert [wall_clock(turn.starts_at, BERLIN).hour for turn in found] == [9, 9, 9, 9]
    assert [turn.ends_at - turn.starts_at for turn in found] == [
        timedelta(hours=24),
        timedelta(hours=23),
        timedelta(hours=24),
        timedelta(hours=24),
    ]


@pytest.mark.parametrize(
    ("hours", "days"), [(24, RotationKind.DAILY), (168, RotationKind.WEEKLY)], ids=["daily", "weekly"]
)
def test_as_many_hours_equal_a_day_or_a_week(hours: int, days: RotationKind) -> None:
    hourly = make_rotation("2026-03-02T02:30", BERLIN, kind=RotationKind.HOURLY, length=hours)
    calendar = replace(hourly, kind=days, length=1)
    start, end = hourly.starts_at, hourly.starts_at + timedelta(days=400)

    assert list(turns(hourly, BERLIN, start, end)) == list(turns(calendar, BERLIN, start, end))


def test_a_half_day_rotation_stays_at_eight_and_twenty() -> None:
    rotation = make_rotation("2026-03-28T08:00", BERLIN, kind=RotationKind.HOURLY, length=12)

    found = list(turns(rotation, BERLIN, rotation.starts_at, rotation.starts_at + timedelta(days=3)))

    assert {wall_clock(turn.starts_at, BERLIN).hour for turn in found} == {8, 20}
    assert found[1].ends_at - found[1].starts_at == timedelta(hours=11)


def test_the_hour_that_the_clock_skips_has_no_turn() -> None:
    rotation = make_rotation("2026-03-29T00:00", BERLIN, kind=RotationKind.HOURLY)

    found = list(turns(rotation, BERLIN, rotation.starts_at, rotation.starts_at + timedelta(hours=4)))

    assert [turn.number for turn in found] == [0, 1, 3, 4]
    assert [turn.participant for turn in found] == [ANA, BO, BO, ANA]


def test_the_hour_that_the_clock_repeats_is_one_long_turn() -> None:
    rotation = make_rotation("2026-10-25T00:00", BERLIN, kind=RotationKind.HOURLY)

    found = list(turns(rotation, BERLIN, rotation.starts_at, rotation.starts_at + timedelta(hours=5)))

    assert [turn.ends_at - turn.starts_at for turn in found] == [
        timedelta(hours=1),
        timedelta(hours=1),
        timedelta(hours=2),
        timedelta(hours=1),
    ]


def test_what_was_handed_over_before_the_clock_goes_back_stays_handed_over() -> None:
    rotation = make_rotation("2026-10-25T01:30", BERLIN, kind=RotationKind.HOURLY)
    first_half_past_two = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)

    quarters = [turn_at(rotation, BERLIN, first_half_past_two + n * QUARTER) for n in range(9)]

    assert [turn and turn.number for turn in quarters] == [1] * 8 + [2]


def test_a_rotation_that_starts_in_the_repeated_hour_starts_then() -> None:
    starts_at = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)  # 02:30 for the second time
    rotation = replace(make_rotation("2026-10-25T00:00", BERLIN, kind=RotationKind.DAILY), starts_at=starts_at)

    turn = turn_at(rotation, BERLIN, starts_at)

    assert turn_at(rotation, BERLIN, starts_at - QUARTER) is None
    assert turn is not None
    assert (turn.number, turn.starts_at, turn.ends_at) == (0, starts_at, datetime(2026, 10, 26, 1, 30, tzinfo=UTC))
    second = turn_at(rotation, BERLIN, turn.ends_at)
    assert second is not None
    assert turn_before(rotation, BERLIN, second) == turn


def test_next_passes_over_a_turn_that_the_clock_skips() -> None:
    rotation = make_rotation("2026-03-29T00:00", BERLIN, kind=RotationKind.HOURLY, who=(ANA, BO, CY))
    turn = turn_at(rotation, BERLIN, instant("2026-03-29T01:00", BERLIN))
    assert turn is not None

    assert turn.participant == BO
    assert turn_after(rotation, BERLIN, turn).participant == ANA


def test_next_looks_past_a_whole_day_that_was_skipped() -> None:
    apia = ZoneInfo("Pacific/Apia")
    rotation = make_rotation("2011-12-29T00:00", apia, kind=RotationKind.HOURLY)
    turn = turn_at(rotation, apia, instant("2011-12-29T23:00", apia))
    assert turn is not None

    following = turn_after(rotation, apia, turn)

    assert (turn.participant, following.participant) == (BO, ANA)
    assert following.number == turn.number + 25


def test_a_calendar_day_that_was_skipped_drops_its_turn() -> None:
    apia = ZoneInfo("Pacific/Apia")
    at_midnight = make_rotation("2011-12-29T00:00", apia, kind=RotationKind.DAILY, who=(ANA, BO, CY))
    at_nine = make_rotation("2011-12-29T09:00", apia, kind=RotationKind.DAILY, who=(ANA, BO, CY))
    end = datetime(2012, 1, 1, tzinfo=UTC)

    dropped = list(turns(at_midnight, apia, at_midnight.starts_at, end))
    shortened = list(turns(at_nine, apia, at_nine.starts_at, end))

    assert [turn.participant for turn in dropped][:2] == [ANA, CY]
    assert [turn.participant for turn in shortened][:3] == [ANA, BO, CY]
    assert [turn.ends_at - turn.starts_at for turn in shortened][:2] == [
        timedelta(hours=15),
        timedelta(hours=9),
    ]


def test_the_end_date_cuts_a_turn_and_leaves_the_counting_alone() -> None:
    rotation = make_rotation("2026-01-05T09:00", BERLIN)
    ends_at = rotation.starts_at + timedelta(days=10)
    ended = replace(rotation, ends_at=ends_at)

    last = turn_at(ended, BERLIN, ends_at - timedelta(seconds=1))

    assert last is not None
    assert (last.participant, last.ends_at, last.number) == (BO, ends_at, 1)
    assert turn_at(ended, BERLIN, ends_at) is None


def test_a_turn_too_long_for_the_calendar_never_ends() -> None:
    rotation = make_rotation("2026-01-05T09:00", BERLIN, length=10**12)

    turn = turn_at(rotation, BERLIN, datetime(2500, 1, 1, tzinfo=UTC))

    assert turn is not None
    assert (turn.participant, turn.ends_at.year) == (ANA, 9999)


@given(placed=placed_rotations(), hours=st.integers(0, 400))
def test_next_is_the_first_other_person_met_walking_forward(placed: tuple[Rotation, ZoneInfo], hours: int) -> None:
    rotation, zone = placed
    endless = replace(rotation, ends_at=None)
    at = rotation.starts_at + timedelta(hours=hours)
    turn = turn_at(endless, zone, at)
    assert turn is not None

    later = turns(endless, zone, turn.ends_at, at + timedelta(weeks=4 * 3 * 8))
    expected = next((it for it in later if it.participant not in {turn.participant, NONE}), turn)

    assert turn_after(rotation, zone, turn) == expected


@given(placed=placed_rotations(), hours=st.integers(0, 400))
def test_previous_undoes_next_where_two_people_alternate(placed: tuple[Rotation, ZoneInfo], hours: int) -> None:
    rotation, zone = placed
    pair = replace(rotation, participants=(ANA, BO), ends_at=None)
    turn = turn_at(pair, zone, rotation.starts_at + timedelta(hours=hours))
    assert turn is not None

    following = turn_after(pair, zone, turn)
    back = turn_before(pair, zone, following)

    assert following.participant != turn.participant
    assert back.participant == turn.participant
    assert back.ends_at <= following.starts_at


@given(placed=placed_rotations(), hours=st.integers(0, 400))
def test_previous_is_the_last_other_person_met_before(placed: tuple[Rotation, ZoneInfo], hours: int) -> None:
    rotation, zone = placed
    endless = replace(rotation, ends_at=None)
    turn = turn_at(endless, zone, rotation.starts_at + timedelta(hours=hours))
    assert turn is not None

    earlier = [
        it
        for it in turns(endless, zone, rotation.starts_at, turn.starts_at)
        if it.participant not in {turn.participant, NONE}
    ]

    if earlier:
        assert turn_before(rotation, zone, turn) == earlier[-1]
    else:
        others = set(rotation.participants) - {turn.participant, NONE}
        assert (turn_before(rotation, zone, turn).participant in others) == bool(others)


def test_in_the_first_week_the_previous_person_is_the_last_of_the_circle() -> None:
    rotation = make_rotation("2026-01-05T09:00", BERLIN, who=(ANA, BO, CY, NONE))
    first = turn_at(rotation, BERLIN, rotation.starts_at)
    assert first is not None

    assert turn_before(rotation, BERLIN, first).participant == CY


def test_a_person_alone_is_their_own_neighbour() -> None:
    rotation = make_rotation("2026-01-05T09:00", BERLIN, who=(ANA, NONE, ANA))
    first = turn_at(rotation, BERLIN, rotation.starts_at)
    assert first is not None

    assert turn_after(rotation, BERLIN, first) == first
    assert turn_before(rotation, BERLIN, first) == first


def test_a_rotation_without_participants_or_length_is_refused() -> None:
    with pytest.raises(Invalid, match="participant"):
        make_rotation("2026-01-05T09:00", BERLIN, who=())
    with pytest.raises(Invalid, match="length"):
        make_rotation("2026-01-05T09:00", BERLIN, length=0)
