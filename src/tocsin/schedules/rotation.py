"""Rotations: whose turn it is, and until when. Pure; every instant is UTC."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from tocsin.errors import Invalid
from tocsin.schedules.restrictions import Restriction
from tocsin.wall import wall_clock, wall_instant

FAR = datetime(9999, 1, 1, tzinfo=UTC)  # stands for "no end": a turn that would hand off later never does

# A clock change hides at most a calendar day, which is this many of the shortest turns.
ABSENT_IN_A_ROW = 25


class ParticipantKind(StrEnum):
    USER = "user"
    TEAM = "team"
    ESCALATION = "escalation"
    NONE = "none"


class RotationKind(StrEnum):
    DAILY = "daily"
    WEEKLY = "weekly"
    HOURLY = "hourly"


UNIT = {
    RotationKind.DAILY: timedelta(days=1),
    RotationKind.WEEKLY: timedelta(weeks=1),
    RotationKind.HOURLY: timedelta(hours=1),
}


@dataclass(frozen=True, slots=True)
class Participant:
    """Who takes a turn; `none` has no id and its turns are nobody's."""

    kind: ParticipantKind
    id: str | None = None


NOBODY = Participant(ParticipantKind.NONE)


@dataclass(frozen=True, slots=True)
class Rotation:
    """Participants take turns of `length` units on the schedule's wall clock, from `starts_at` on.

    `ends_at` cuts the last turn and does not change the counting; `restriction` hides what is outside of its
    hours, and neither turns nor their neighbours know of it (see base_layer). Raises: Invalid without participants,
    or for a length below 1.
    """

    id: str
    name: str
    participants: tuple[Participant, ...]
    starts_at: datetime
    ends_at: datetime | None
    kind: RotationKind
    length: int = 1
    restriction: Restriction | None = None
    turn_length: timedelta = field(init=False, repr=False, compare=False)  # as the wall clock shows it
    _hash: int = field(init=False, repr=False, compare=False)  # kept: rotations are cache keys

    def __post_init__(self) -> None:
        if not self.participants:
            raise Invalid("A rotation needs at least one participant.", {"participants": "must not be empty"})
        if self.length < 1:
            raise Invalid("A rotation's length is at least 1.", {"length": "must be at least 1"})
        try:
            turn_length = self.length * UNIT[self.kind]
        except OverflowError:
            turn_length = timedelta.max
        object.__setattr__(self, "turn_length", turn_length)
        object.__setattr__(self, "_hash", hash((self.id, self.starts_at, self.ends_at, self.participants)))

    def __hash__(self) -> int:
        return self._hash

    def participant_of(self, number: int) -> Participant:
        return self.participants[number % len(self.participants)]


@dataclass(frozen=True, slots=True)
class Turn:
    """`participant` has the turn for [starts_at, ends_at); `number` counts from 0 at the rotation's start."""

    participant: Participant
    starts_at: datetime
    ends_at: datetime
    number: int


def turn_at(rotation: Rotation, zone: ZoneInfo, at: datetime) -> Turn | None:
    """The turn that covers `at`; None before the rotation starts and from its end on."""
    if at < rotation.starts_at or (rotation.ends_at is not None and at >= rotation.ends_at):
        return None
    return _turn(rotation, zone, _number_at(rotation, zone, at))


def turns(rotation: Rotation, zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[Turn]:
    """The turns that touch [start, end), in order and whole: not clipped to the window.

    A turn that a clock change leaves no time for is absent; its number is skipped.
    """
    at = max(start, rotation.starts_at)
    stop = end if rotation.ends_at is None else min(end, rotation.ends_at)
    while at < stop:
        turn = _turn(rotation, zone, _number_at(rotation, zone, at))
        yield turn
        at = turn.ends_at


def turn_after(rotation: Rotation, zone: ZoneInfo, turn: Turn) -> Turn:
    """The nearest later turn of somebody else; `turn` itself where there is nobody else.

    `none` is nobody. Participants come round in a circle, so the rotation's start and end do not
    matter: "next" has an answer in the last week too.
    """
    return _neighbour(rotation, zone, turn, +1)


def turn_before(rotation: Rotation, zone: ZoneInfo, turn: Turn) -> Turn:
    """The nearest earlier turn of somebody else; `turn` itself where there is nobody else.

    In the first round the circle is counted backwards past the start.
    """
    return _neighbour(rotation, zone, turn, -1)


def _neighbour(rotation: Rotation, zone: ZoneInfo, turn: Turn, direction: int) -> Turn:
    passed_over = {turn.participant, NOBODY}
    if passed_over.issuperset(rotation.participants):
        return turn
    for distance in range(1, len(rotation.participants) + ABSENT_IN_A_ROW + 1):
        number = turn.number + direction * distance
        participant = rotation.participant_of(number)
        if participant in passed_over:
            continue
        starts_at, ends_at = _handoff(rotation, zone, number), _handoff(rotation, zone, number + 1)
        if number >= 0:  # the very first turns may be marked before the start, in a fold's first showing
            starts_at = max(starts_at, rotation.starts_at)
        if starts_at < ends_at:
            return Turn(participant, starts_at, ends_at, number)
    return turn


# Asked for the same few turns and instants over and over, by every alert and every page.
@lru_cache(maxsize=1 << 14)
def _turn(rotation: Rotation, zone: ZoneInfo, number: int) -> Turn:
    starts_at = max(_handoff(rotation, zone, number), rotation.starts_at)
    ends_at = _handoff(rotation, zone, number + 1)
    if rotation.ends_at is not None:
        ends_at = min(ends_at, rotation.ends_at)
    return Turn(rotation.participant_of(number), starts_at, ends_at, number)


def _number_at(rotation: Rotation, zone: ZoneInfo, at: datetime) -> int:
    """The last turn whose handoff has come by `at`, which is not before the rotation's start.

    Outside a fold's second showing that is plain arithmetic on what the clock shows; in the second
    showing the clock has been further ahead already, and what it handed over stays handed over.
    """
    local = at.astimezone(zone)
    number = (local.replace(tzinfo=None) - _wall_clock(rotation.starts_at, zone)) // rotation.turn_length
    if local.fold:
        while _handoff(rotation, zone, number + 1) <= at:
            number += 1
    return number


def _handoff(rotation: Rotation, zone: ZoneInfo, number: int) -> datetime:
    """When turn `number` begins: the first instant when the clock shows its time or a later one."""
    try:
        return _wall_instant(_wall_clock(rotation.starts_at, zone) + number * rotation.turn_length, zone)
    except OverflowError:
        return FAR if number > 0 else rotation.starts_at


_wall_clock = lru_cache(maxsize=1 << 14)(wall_clock)


@lru_cache(maxsize=1 << 16)
def _wall_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    return FAR if wall.year >= FAR.year else wall_instant(wall.date(), wall.time(), zone)
