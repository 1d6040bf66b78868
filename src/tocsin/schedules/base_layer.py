"""The base layer: a rotation's turns within the hours of its restriction. Pure; every instant is UTC.

Restrictions only hide parts of turns: counting goes on behind them, and a handoff inside an open window happens there.
Source: on-call semantics, "Restrictions"
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from tocsin.schedules.restrictions import openings
from tocsin.schedules.rotation import Participant, ParticipantKind, Rotation, turns

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Stretch:
    """`participant`, never nobody, is on duty for all of [starts_at, ends_at)."""

    participant: Participant
    starts_at: datetime
    ends_at: datetime


def stretch_at(rotation: Rotation, zone: ZoneInfo, at: datetime) -> Stretch | None:
    """Who is on duty at `at` by the rotation alone; None where nobody is."""
    for stretch in _of_day(rotation, zone, at.toordinal()):
        if stretch.starts_at <= at:
            if at < stretch.ends_at:
                return stretch
        else:
            break
    return None


def stretches(rotation: Rotation, zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[Stretch]:
    """The stretches that touch [start, end), in order and whole: not clipped to it."""
    if rotation.restriction is None or rotation.restriction.always:
        for turn in turns(rotation, zone, start, end):
            if turn.participant.kind is not ParticipantKind.NONE:
                yield Stretch(turn.participant, turn.starts_at, turn.ends_at)
        return
    spans = openings(rotation.restriction, zone, start, end)
    span = next(spans, None)
    for turn in turns(rotation, zone, start, end):
        while span is not None and span[0] < turn.ends_at:
            starts_at, ends_at = max(span[0], turn.starts_at), min(span[1], turn.ends_at)
            in_window = starts_at < min(ends_at, end) and ends_at > start
            if in_window and turn.participant.kind is not ParticipantKind.NONE:
                yield Stretch(turn.participant, starts_at, ends_at)
            if span[1] > turn.ends_at:
                break  # the next turn has a part of it too
            span = next(spans, None)


@lru_cache(maxsize=1 << 14)
def _of_day(rotation: Rotation, zone: ZoneInfo, day: int) -> tuple[Stretch, ...]:
    """The stretches that touch the UTC day of that number; asked for by every alert of it."""
    start = datetime.fromordinal(day).replace(tzinfo=UTC)
    return tuple(stretches(rotation, zone, start, start + DAY))
