from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.schedules.makers import ANA, BO, CY, NONE, instant, make_rotation, schedules

from tocsin.schedules.on_call import (
    Schedule,
    next_change_at,
    on_call_at,
    on_call_next,
    on_call_previous,
    shifts,
)
from tocsin.schedules.overrides import Override
from tocsin.schedules.rotation import Participant, ParticipantKind, Rotation, RotationKind, turn_at

BERLIN = ZoneInfo("Europe/Berlin")
QUARTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)
DEE = Participant(ParticipantKind.USER, "dee")


def make_override(
    starts: str,
    ends: str,
    user_id: str | None = "dee",
    *,
    alias: str = "o1",
    created: str = "2026-01-01T00:00",
    rotation_ids: frozenset[str] = frozenset(),
) -> Override:
    return Override(
        alias,
        user_id,
        instant(starts, BERLIN),
        instant(ends, BERLIN),
        instant(created, BERLIN),
        rotation_ids,
    )


def make_schedule(*overrides: Override, enabled: bool = True) -> Schedule:
    """Ana and Bo by the week, Cy and nobody by the day, in Berlin from Monday 2026-01-05 09:00."""
    weekly = make_rotation("2026-01-05T09:00", BERLIN, id="weekly")
    daily = make_rotation("2026-01-05T09:00", BERLIN, id="daily", kind=RotationKind.DAILY, who=(CY, NONE))
    return Schedule("s1", "Schedule", BERLIN, enabled, (weekly, daily), overrides)


def who(schedule: Schedule, at: datetime) -> list[tuple[str | None, str | None]]:
    return [(name_of(it.rotation), it.participant.id) for it in on_call_at(schedule, at)]


def name_of(rotation: Rotation | None) -> str | None:
    return rotation.name if rotation else None


def slow_who(schedule: Schedule, at: datetime) -> list[tuple[str | None, str | None]]:
    """The rule read out loud: per rotation, the youngest active override, else the turn."""
    if not schedule.enabled:
        return []
    found: list[tuple[str | None, str | None]] = []
    for rotation in schedule.rotations or (None,):
        decided = turn_at(rotation, schedule.zone, at) if rotation else None
        person = decided.participant.id if decided else None
        for override in sorted(schedule.overrides, key=lambda it: (it.created_at, it.alias)):
            names = override.rotation_ids
            meant = len(names) == 0 or (rotation is not None and rotation.id in names)
            if meant and override.starts_at <= at and at < override.ends_at:
                person = override.user_id
        if person is not None:
            found.append((name_of(rotation), person))
    return found


@given(made=schedules())
def test_at_every_quarter_hour_the_youngest_override_or_the_turn_decides(
    made: tuple[Schedule, datetime],
) -> None:
    schedule, around = made

    for quarter in range(-300, 800, 3):
        at = around + quarter * QUARTER
        assert who(schedule, at) == slow_who(schedule, at), at


@given(made=schedules(), start=st.integers(-300, 300), length=st.integers(0, 600))
def test_the_timeline_shows_at_every_quarter_hour_who_is_on_call(
    made: tuple[Schedule, datetime], start: int, length: int
) -> None:
    schedule, around = made
    window = around + start * QUARTER, around + (start + length) * QUARTER

    found = list(shifts(schedule, *window))

    for quarter in range(length):
        at = window[0] + quarter * QUARTER
        shown = [(name_of(it.rotation), it.participant.id) for it in found if it.starts_at <= at < it.ends_at]
        assert shown == slow_who(schedule, at), at
    assert all(window[0] <= it.starts_at < it.ends_at <= window[1] for it in found)
    for one, other in pairwise(found):
        assert (one.ends_at, one.rotation, one.participant, one.override) != (
            other.starts_at,
            other.rotation,
            other.participant,
            other.override,
        )


@given(made=schedules(), start=st.integers(-300, 500))
def test_the_next_change_is_the_first_quarter_hour_with_other_people(
    made: tuple[Schedule, datetime], start: int
) -> None:
    schedule, around = made
    at = around + start * QUARTER
    within = timedelta(days=12)

    walked = (at + n * QUARTER for n in range(1, within // QUARTER + 1))
    expected = next((it for it in walked if slow_who(schedule, it) != slow_who(schedule, at)), None)

    assert next_change_at(schedule, at, within) == expected


def test_every_answer_says_which_turn_decided() -> None:
    [weekly, _] = on_call_at(make_schedule(), instant("2026-01-13T12:00", BERLIN))

    assert weekly.participant == BO
    assert weekly.rotation is not None
    assert weekly.rotation.id == "weekly"
    assert weekly.starts_at == instant("2026-01-12T09:00", BERLIN)
    assert weekly.ends_at == instant("2026-01-19T09:00", BERLIN)
    assert weekly.override is None


def test_an_override_names_itself_and_its_own_span() -> None:
    override = make_override("2026-01-07T18:00", "2026-01-08T06:00", rotation_ids=frozenset({"weekly"}))
    schedule = make_schedule(override)

    [weekly, daily] = on_call_at(schedule, instant("2026-01-07T20:00", BERLIN))

    assert (weekly.participant, weekly.override) == (DEE, override)
    assert (weekly.starts_at, weekly.ends_at) == (override.starts_at, override.ends_at)
    assert (daily.participant, daily.override) == (CY, None)


def test_when_the_younger_override_ends_the_older_one_shows_again() -> None:
    wide = make_override("2026-01-06T00:00", "2026-01-10T00:00", "dee", alias="wide")
    narrow = make_override("2026-01-07T10:00", "2026-01-07T11:00", "bo", alias="narrow", created="2026-01-02T00:00")
    schedule = make_schedule(narrow, wide)

    people = [
        {it.participant.id for it in on_call_at(schedule, instant(f"2026-01-07T{hour}:00", BERLIN))}
        for hour in ("09", "10", "11")
    ]

    assert people == [{"dee"}, {"bo"}, {"dee"}]


def test_an_older_narrow_override_does_not_cut_into_a_younger_wide_one() -> None:
    narrow = make_override("2026-01-07T10:00", "2026-01-07T11:00", "bo", alias="narrow")
    wide = make_override("2026-01-06T00:00", "2026-01-10T00:00", "dee", alias="wide", created="2026-01-02T00:00")

    found = on_call_at(make_schedule(narrow, wide), instant("2026-01-07T10:30", BERLIN))

    assert {it.participant for it in found} == {DEE}


def test_an_override_holds_where_nobody_would_be_on_call() -> None:
    override = make_override("2026-01-01T00:00", "2026-01-03T00:00")

    found = on_call_at(make_schedule(override), instant("2026-01-02T00:00", BERLIN))

    assert [it.participant for it in found] == [DEE, DEE]


def test_an_override_by_nobody_empties_the_rotation() -> None:
    override = make_override("2026-01-06T00:00", "2026-01-08T00:00", None)

    assert on_call_at(make_schedule(override), instant("2026-01-07T12:00", BERLIN)) == ()


def test_a_schedule_without_rotations_has_its_override_on_call() -> None:
    override = make_override("2026-01-06T00:00", "2026-01-08T00:00")
    bound = replace(override, alias="bound", user_id="bo", rotation_ids=frozenset({"gone"}))
    schedule = replace(make_schedule(override, bound), rotations=())
    at = instant("2026-01-07T12:00", BERLIN)

    [found] = on_call_at(schedule, at)

    assert (found.participant, found.rotation, found.override) == (DEE, None, override)
    assert on_call_next(schedule, at) == on_call_previous(schedule, at) == (found,)


def test_a_disabled_schedule_has_nobody_on_call_but_still_shows_its_plan() -> None:
    schedule = make_schedule(enabled=False)
    at = instant("2026-01-07T12:00", BERLIN)

    assert on_call_at(schedule, at) == on_call_next(schedule, at) == on_call_previous(schedule, at) == ()
    assert next_change_at(schedule, at) is None
    assert [it.participant for it in shifts(schedule, at, at + QUARTER)] == [ANA, CY]


def test_next_and_previous_count_from_the_rotations_and_not_from_overrides() -> None:
    override = make_override("2026-01-06T00:00", "2026-01-08T00:00", "bo")
    at = instant("2026-01-07T12:00", BERLIN)

    following = on_call_next(make_schedule(override), at)

    assert [it.participant for it in following] == [BO, CY]
    assert following[0].starts_at == instant("2026-01-12T09:00", BERLIN)
    assert following == on_call_next(make_schedule(), at)


def test_a_rotation_that_is_not_on_duty_has_no_next() -> None:
    early = datetime(2026, 1, 1, tzinfo=UTC)

    assert on_call_next(make_schedule(make_override("2025-12-31T00:00", "2026-01-03T00:00")), early) == ()


def test_a_handoff_to_the_same_person_is_no_change() -> None:
    alone = make_rotation("2026-01-05T09:00", BERLIN, kind=RotationKind.HOURLY, who=(ANA, ANA))
    ends_at = instant("2026-05-01T00:00", BERLIN)
    schedule = Schedule("s1", "Schedule", BERLIN, True, (replace(alone, ends_at=ends_at),))

    assert next_change_at(schedule, instant("2026-01-07T12:00", BERLIN)) == ends_at


def test_the_timeline_tells_an_override_by_the_same_person_apart() -> None:
    override = make_override("2026-01-07T10:00", "2026-01-07T11:00", "ana", rotation_ids=frozenset({"weekly"}))
    start = instant("2026-01-07T09:00", BERLIN)

    found = [it for it in shifts(make_schedule(override), start, start + 3 * HOUR) if it.participant == ANA]

    assert [(it.starts_at - start, it.override) for it in found] == [
        (0 * HOUR, None),
        (1 * HOUR, override),
        (2 * HOUR, None),
    ]


def test_a_change_is_looked_for_through_the_end_of_the_span_and_no_further() -> None:
    schedule = make_schedule()
    at, change = instant("2026-01-07T12:00", BERLIN), instant("2026-01-08T09:00", BERLIN)

    assert next_change_at(schedule, at, change - at) == change
    assert next_change_at(schedule, at, change - at - timedelta(seconds=1)) is None


@pytest.mark.parametrize("days", [0, -1])
def test_an_empty_window_has_no_shifts(days: int) -> None:
    at = instant("2026-01-07T12:00", BERLIN)

    assert list(shifts(make_schedule(), at, at + timedelta(days=days))) == []
