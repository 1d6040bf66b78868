"""Schedules of every kind against watching the clock minute by minute."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from tests.unit.schedules.makers import ANA, BO, CY, NONE
from tests.unit.schedules.oracle import watch

from tocsin.schedules.forwarding import Forwarding
from tocsin.schedules.on_call import OnCall, Schedule, Shift, base_shifts, next_change_at, on_call_at, shifts
from tocsin.schedules.overrides import Override
from tocsin.schedules.restrictions import Restriction, RestrictionKind, Window
from tocsin.schedules.rotation import Rotation, RotationKind

HALF = timedelta(minutes=30)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
PEOPLE = ("ana", "bo", "cy", "dee")

# One day of a clock change for each family of quirks: by half an hour, at midnight, by two hours, in winter, a day left
# out, offsets of three quarters of an hour, a change of the offset itself; and clocks that never change.
CHANGES = [
    ("UTC", "2026-03-29"), ("Asia/Kolkata", "2026-03-29"), ("Asia/Kathmandu", "2026-03-29"),
    ("Europe/Berlin", "2026-03-29"), ("Europe/Berlin", "2026-10-25"), ("Europe/Dublin", "2026-10-25"),
    ("Europe/Warsaw", "2026-03-29"), ("America/New_York", "2026-03-08"), ("America/New_York", "2026-11-01"),
    ("America/St_Johns", "2026-03-08"), ("America/St_Johns", "2010-11-07"), ("America/Havana", "2026-03-08"),
    ("America/Havana", "2026-11-01"), ("America/Santiago", "2026-09-06"), ("America/Santiago", "2026-04-05"),
    ("America/Sao_Paulo", "2018-11-04"), ("America/Sao_Paulo", "2019-02-17"), ("America/Asuncion", "2024-10-06"),
    ("America/Caracas", "2007-12-09"), ("America/Caracas", "2016-05-01"), ("America/Scoresbysund", "2024-03-31"),
    ("Asia/Tehran", "2022-03-22"), ("Asia/Tehran", "2022-09-21"), ("Asia/Beirut", "2026-03-29"),
    ("Asia/Amman", "2022-02-25"), ("Asia/Pyongyang", "2015-08-15"), ("Asia/Pyongyang", "2018-05-05"),
    ("Africa/Casablanca", "2026-02-15"), ("Africa/Casablanca", "2026-03-22"), ("Africa/Cairo", "2026-04-24"),
    ("Africa/Cairo", "2026-10-30"), ("Antarctica/Troll", "2026-03-29"), ("Antarctica/Troll", "2026-10-25"),
    ("Australia/Lord_Howe", "2026-10-04"), ("Australia/Lord_Howe", "2026-04-05"), ("Australia/Adelaide", "2026-04-05"),
    ("Pacific/Chatham", "2026-09-27"), ("Pacific/Chatham", "2026-04-05"), ("Pacific/Apia", "2011-12-30"),
    ("Pacific/Kwajalein", "1993-08-21"), ("Pacific/Enderbury", "1994-12-31"), ("Pacific/Easter", "2026-04-04"),
]  # fmt: skip


def drawn(draw: st.DrawFn, low: int, high: int, step: timedelta) -> timedelta:
    return draw(st.integers(low, high)) * step


@st.composite
def restrictions(draw: st.DrawFn) -> Restriction:
    """Windows of a day or of a week on the half hour; some over midnight or the week's end, some of the whole of it."""
    kind = draw(st.sampled_from(RestrictionKind))
    halves = 48 if kind is RestrictionKind.TIME_OF_DAY else 336
    starts = st.integers(0, halves - 1) | st.integers(0, 6)
    windows = st.builds(Window, starts.map(lambda n: n * HALF), st.integers(1, halves).map(lambda n: n * HALF))
    return Restriction(kind, tuple(draw(st.lists(windows, min_size=1, max_size=3))))


@st.composite
def rotations(draw: st.DrawFn, around: datetime, ident: str) -> Rotation:
    """Any kind and length; begun long ago, or beginning or ending while one looks."""
    kind = draw(st.sampled_from(RotationKind))
    length = draw(st.sampled_from([1, 2, 3, 5, 12, 24, 168]) if kind is RotationKind.HOURLY else st.integers(1, 3))
    starts_at = around + draw(st.integers(-96, 96) | st.integers(-9000, 0)) * HALF
    ends_at = draw(st.none() | st.integers(1, 300).map(lambda n: around + n * timedelta(minutes=15)))
    if ends_at is not None and ends_at <= starts_at:
        ends_at = None
    who = draw(st.lists(st.sampled_from([ANA, BO, CY, NONE]), min_size=1, max_size=5))
    return Rotation(
        ident, f"Rotation {ident}", tuple(who), starts_at, ends_at, kind, length, draw(st.none() | restrictions())
    )


@st.composite
def overrides(draw: st.DrawFn, around: datetime, ids: tuple[str, ...]) -> Override:
    starts_at = around + drawn(draw, -2000, 4000, MINUTE)
    return Override(
        alias=draw(st.text("abcdef", min_size=4, max_size=4)),
        user_id=draw(st.sampled_from([*PEOPLE, None])),
        starts_at=starts_at,
        ends_at=starts_at + drawn(draw, 1, 3000, MINUTE),
        created_at=around + drawn(draw, 0, 3, DAY),
        rotation_ids=draw(st.frozensets(st.sampled_from([*ids, "gone"]), max_size=2)),
    )


@st.composite
def forwardings(draw: st.DrawFn, around: datetime) -> Forwarding:
    from_user, to_user = draw(st.permutations(PEOPLE))[:2]
    starts_at = around + drawn(draw, -2000, 4000, MINUTE)
    ident = draw(st.text("abcdef", min_size=4, max_size=4))
    ends_at = starts_at + drawn(draw, 1, 5000, MINUTE)
    created_at = around + drawn(draw, 0, 3, DAY)
    return Forwarding(ident, ident, from_user, to_user, starts_at, ends_at, created_at)


Made = tuple[Schedule, list[Forwarding], datetime, int]


@st.composite
def planned(draw: st.DrawFn, changes: list[tuple[str, str]], longest: int = 3 * 1440) -> Made:
    """A schedule, forwardings, and a window of up to `longest` minutes around a clock change, a handoff or an end."""
    name, day = draw(st.sampled_from(changes))
    zone = ZoneInfo(name)
    wall = datetime.fromisoformat(day) + drawn(draw, -4, 10, HALF)
    around = wall.replace(tzinfo=zone, fold=draw(st.integers(0, 1))).astimezone(UTC).replace(second=0, microsecond=0)
    ids = ("r1", "r2", "r3")[: draw(st.integers(0, 3))]
    lanes = tuple(draw(rotations(around, one)) for one in ids)
    cover = draw(st.lists(overrides(around, ids), max_size=4, unique_by=lambda it: it.alias))
    forward = draw(st.lists(forwardings(around), max_size=4, unique_by=lambda it: it.id))
    start = around - drawn(draw, 0, 2880, MINUTE)
    schedule = Schedule("s1", "Schedule", zone, True, lanes, tuple(cover))
    return schedule, forward, start, draw(st.integers(60, 1440) | st.integers(60, longest))


def lanes_of(found: list[Shift], start: datetime, minutes: int) -> list[list[tuple[str | None, str | None]]]:
    """The timeline spelled out: for each minute, who is on call by each rotation."""
    spelled: list[list[tuple[str | None, str | None]]] = [[] for _ in range(minutes)]
    for shift in found:
        entry = (shift.rotation.id if shift.rotation else None, shift.participant.id)
        first, last = -((start - shift.starts_at) // MINUTE), -((start - shift.ends_at) // MINUTE)
        for minute in range(max(first, 0), min(last, minutes)):
            spelled[minute].append(entry)
    return spelled


def check(made: Made) -> None:
    """Timeline and answers for an instant are what watching the clock gives, for every minute of the window."""
    schedule, forward, start, minutes = made
    end = start + minutes * MINUTE
    timeline = list(shifts(schedule, start, end, forward))
    spelled = lanes_of(timeline, start, minutes)
    bare = lanes_of(list(shifts(schedule, start, end)), start, minutes)
    looked = {minute for shift in timeline for minute in near((shift.starts_at - start) // MINUTE, minutes)}
    looked |= set(range(0, minutes, 97))
    for minute, (at, expected) in enumerate(watch(schedule, forward, start, minutes)):
        assert spelled[minute] == expected, at
        if minute in looked:
            assert [entry_of(it) for it in on_call_at(schedule, at)] == bare[minute], at
    check_shifts(made, timeline)


def near(minute: int, minutes: int) -> Iterator[int]:
    return (it for it in (minute - 1, minute, minute + 1) if 0 <= it < minutes)


def entry_of(on_call: OnCall) -> tuple[str | None, str | None]:
    return (on_call.rotation.id if on_call.rotation else None, on_call.participant.id)


def check_shifts(made: Made, timeline: list[Shift]) -> None:
    schedule, forward, start, minutes = made
    end = start + minutes * MINUTE
    named = {it.id for rotation in schedule.rotations for it in rotation.participants}
    named |= {it.user_id for it in schedule.overrides} | {it.to_user_id for it in forward}
    for _, found in groupby(timeline, key=lambda it: it.rotation):
        lane = list(found)
        assert all(start <= it.starts_at < it.ends_at <= end for it in lane)
        assert all(one.ends_at <= other.starts_at for one, other in pairwise(lane))
        assert all(it.participant.id in named for it in lane)
    middle = start + minutes // 2 * MINUTE
    parts = [*shifts(schedule, start, middle, forward), *shifts(schedule, middle, end, forward)]
    assert joined_at(parts, middle) == {*timeline}


def joined_at(parts: list[Shift], middle: datetime) -> set[Shift]:
    """The shifts of two windows that meet, those cut in two there put together again."""
    whole = {it for it in parts if middle not in (it.starts_at, it.ends_at)}
    ending = [it for it in parts if it.ends_at == middle]
    beginning = [it for it in parts if it.starts_at == middle]
    for one in ending:
        for other in beginning:
            if cause_of(one) == cause_of(other):
                beginning.remove(other)
                one = Shift(one.participant, one.starts_at, other.ends_at, one.rotation, one.override, one.forwarded)
                break
        whole.add(one)
    return whole | {*beginning}


def cause_of(shift: Shift) -> tuple[object, ...]:
    return (shift.participant, shift.rotation, shift.override, shift.forwarded)


@settings(max_examples=2000, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(made=planned(CHANGES))
def test_every_minute_is_as_watching_the_clock_has_it(made: Made) -> None:
    check(made)


@settings(max_examples=200, deadline=None)
@given(made=planned(CHANGES))
def test_the_next_change_is_the_first_minute_with_other_people(made: Made) -> None:
    schedule, _, start, minutes = made
    walked = [(at, found) for at, found in watch(schedule, (), start, minutes)]

    expected = next((at for at, found in walked if found != walked[0][1]), None)
    found = next_change_at(schedule, start, (minutes - 1) * MINUTE)

    assert found == expected


@settings(max_examples=200, deadline=None)
@given(made=planned(CHANGES))
def test_before_restrictions_the_turns_of_a_rotation_are_contiguous(made: Made) -> None:
    schedule, _, start, minutes = made
    for rotation in schedule.rotations:
        open_all_hours = Rotation(
            rotation.id, rotation.name, (ANA, BO), rotation.starts_at, None, rotation.kind, rotation.length
        )
        lane = list(
            base_shifts(Schedule("s", "S", schedule.zone, True, (open_all_hours,)), start, start + minutes * MINUTE)
        )
        assert all(one.ends_at == other.starts_at for one, other in pairwise(lane))
        assert lane == [] or lane[-1].ends_at == start + minutes * MINUTE


def changes_of(zone: ZoneInfo, year: int) -> list[str]:
    """The days of a year on which the clock of a zone is changed."""
    noon = datetime(year, 1, 1, 12, tzinfo=UTC)
    days = [noon + n * DAY for n in range(366)]
    return [
        f"{other.date()}" for one, other in pairwise(days)
        if one.astimezone(zone).utcoffset() != other.astimezone(zone).utcoffset()
    ]  # fmt: skip


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_soak_whole_weeks_in_every_zone() -> None:
    """50,000 schedules over up to a week, around every kind of clock change since 1972 and those announced."""
    number = random.SystemRandom().randrange(1 << 32)
    print(f"seed {number}")  # noqa: T201
    chosen = random.Random(number)
    zones = sorted(available_timezones() - {"localtime"})
    changes = [(name, day) for name in zones for day in changes_of(ZoneInfo(name), chosen.randrange(1975, 2038))]
    counted = 0

    @seed(number)
    @settings(max_examples=50_000, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(made=planned(changes, longest=7 * 1440))
    def compare(made: Made) -> None:
        nonlocal counted
        counted += 1
        check(made)

    compare()
    print(f"{counted} schedules compared in {len({name for name, _ in changes})} zones, differences: 0")  # noqa: T201
