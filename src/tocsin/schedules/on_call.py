"""On call: who is, why, until when, and who comes next. Pure; every instant is UTC."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from tocsin.schedules.overrides import Override, override_at
from tocsin.schedules.rotation import (
    NOBODY,
    Participant,
    ParticipantKind,
    Rotation,
    Turn,
    turn_after,
    turn_at,
    turn_before,
    turns,
)

YEAR = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Rotations and overrides, read on one zone's wall clock; a disabled one has nobody on call."""

    id: str
    name: str
    zone: ZoneInfo
    enabled: bool = True
    rotations: tuple[Rotation, ...] = ()
    overrides: tuple[Override, ...] = ()


@dataclass(frozen=True, slots=True)
class OnCall:
    """`participant` is on call for [starts_at, ends_at) by a rotation's turn, or by `override`.

    The span is that of the turn or of the override that decided, whatever else may cut into it.
    `rotation` is None only for an override in a schedule that has no rotations.
    """

    participant: Participant
    starts_at: datetime
    ends_at: datetime
    rotation: Rotation | None
    override: Override | None = None


@dataclass(frozen=True, slots=True)
class Shift:
    """A stretch of the timeline: `participant` is on call for all of [starts_at, ends_at)."""

    participant: Participant
    starts_at: datetime
    ends_at: datetime
    rotation: Rotation | None
    override: Override | None = None


def on_call_at(schedule: Schedule, at: datetime) -> tuple[OnCall, ...]:
    """Who is on call at `at`, in the rotations' order; one person may be there by two rotations.

    Participants are as configured: a team or an escalation is not opened to its people here.
    """
    if not schedule.enabled:
        return ()
    active = [override for override in schedule.overrides if override.is_active(at)]
    found = (_on_call(schedule, rotation, active, at) for rotation in _lanes(schedule))
    return tuple(on_call for on_call in found if on_call is not None)


def on_call_next(schedule: Schedule, at: datetime) -> tuple[OnCall, ...]:
    """Whom the rule "next on call" means: per rotation on duty, who takes over from its turn.

    Counted from the rotations, not from overrides. A rotation whose only person is on duty gives
    that person; so does an override in a schedule without rotations.
    """
    return _neighbours(schedule, at, +1)


def on_call_previous(schedule: Schedule, at: datetime) -> tuple[OnCall, ...]:
    """Whom the rule "previous on call" means: as `on_call_next`, backwards."""
    return _neighbours(schedule, at, -1)


def silencing_override(schedule: Schedule, at: datetime) -> Override | None:
    """An override by nobody that keeps a rotation empty at `at`; None where nothing was silenced."""
    for rotation in _lanes(schedule):
        override = override_at(schedule.overrides, _id(rotation), at)
        if override is not None and override.user_id is None:
            return override
    return None


def shifts(schedule: Schedule, start: datetime, end: datetime) -> Iterator[Shift]:
    """The timeline of [start, end), rotation by rotation, overrides applied, clipped to the window.

    Stretches of the same participant by the same cause are one shift; where nobody is on call
    there is none. A disabled schedule still shows its plan.
    """
    for rotation in _lanes(schedule):
        yield from _lane_shifts(schedule, rotation, start, end)


def next_change_at(schedule: Schedule, at: datetime, within: timedelta = YEAR) -> datetime | None:
    """The first instant after `at` when other participants are on call than at `at`, in any rotation.

    A handoff from one person to the same person is no change. None where nothing changes `within`.
    """
    if not schedule.enabled:
        return None
    present = _who(schedule, at)
    until = at + within
    moment = _boundary_after(schedule, at)
    while moment is not None and moment <= until:
        if _who(schedule, moment) != present:
            return moment
        moment = _boundary_after(schedule, moment)
    return None


def _lanes(schedule: Schedule) -> tuple[Rotation | None, ...]:
    return schedule.rotations or (None,)


def _id(rotation: Rotation | None) -> str | None:
    return None if rotation is None else rotation.id


def _participant(override: Override) -> Participant:
    return NOBODY if override.user_id is None else Participant(ParticipantKind.USER, override.user_id)


def _on_call(schedule: Schedule, rotation: Rotation | None, active: list[Override], at: datetime) -> OnCall | None:
    if active:
        override = override_at(active, _id(rotation), at)
        if override is not None:
            if override.user_id is None:
                return None
            return OnCall(_participant(override), override.starts_at, override.ends_at, rotation, override)
    turn = None if rotation is None else turn_at(rotation, schedule.zone, at)
    if turn is None or turn.participant.kind is ParticipantKind.NONE:
        return None
    return OnCall(turn.participant, turn.starts_at, turn.ends_at, rotation)


def _neighbours(schedule: Schedule, at: datetime, direction: int) -> tuple[OnCall, ...]:
    if not schedule.enabled:
        return ()
    if not schedule.rotations:
        return on_call_at(schedule, at)
    look = turn_after if direction > 0 else turn_before
    found = []
    for rotation in schedule.rotations:
        turn = turn_at(rotation, schedule.zone, at)
        if turn is not None:
            neighbour = look(rotation, schedule.zone, turn)
            if neighbour.participant.kind is not ParticipantKind.NONE:
                found.append(OnCall(neighbour.participant, neighbour.starts_at, neighbour.ends_at, rotation))
    return tuple(found)


def _lane_shifts(schedule: Schedule, rotation: Rotation | None, start: datetime, end: datetime) -> Iterator[Shift]:
    overrides = [
        override
        for override in schedule.overrides
        if override.starts_at < end and override.ends_at > start and override.applies_to(_id(rotation))
    ]
    base = [] if rotation is None else list(turns(rotation, schedule.zone, start, end))
    shift: Shift | None = None
    for piece in _pieces(rotation, base, overrides, start, end):
        if shift is not None and _continues(shift, piece):
            shift = replace(shift, ends_at=piece.ends_at)
            continue
        if shift is not None:
            yield shift
        shift = piece
    if shift is not None:
        yield shift


def _continues(shift: Shift, piece: Shift) -> bool:
    return (
        shift.ends_at == piece.starts_at and shift.participant == piece.participant and shift.override is piece.override
    )


def _pieces(
    rotation: Rotation | None, base: list[Turn], overrides: list[Override], start: datetime, end: datetime
) -> Iterator[Shift]:
    """[start, end) cut at every boundary, with who is on call in each piece; pieces of nobody left out."""
    edges = {start, end}
    edges.update(edge for turn in base for edge in (turn.starts_at, turn.ends_at))
    edges.update(edge for override in overrides for edge in (override.starts_at, override.ends_at))
    cuts = sorted(edge for edge in edges if start <= edge <= end)
    remaining = iter(base)
    current = next(remaining, None)
    for starts_at, ends_at in pairwise(cuts):
        while current is not None and current.ends_at <= starts_at:
            current = next(remaining, None)
        override = override_at(overrides, _id(rotation), starts_at)
        if override is not None:
            participant = _participant(override)
        elif current is not None and current.starts_at <= starts_at:
            participant = current.participant
        else:
            continue
        if participant.kind is not ParticipantKind.NONE:
            yield Shift(participant, starts_at, ends_at, rotation, override)


def _who(schedule: Schedule, at: datetime) -> list[tuple[str | None, Participant]]:
    return [(_id(on_call.rotation), on_call.participant) for on_call in on_call_at(schedule, at)]


def _boundary_after(schedule: Schedule, at: datetime) -> datetime | None:
    """The next instant after `at` when a turn or an override begins or ends."""
    edges = [edge for override in schedule.overrides for edge in (override.starts_at, override.ends_at)]
    edges += [edge for rotation in schedule.rotations for edge in _rotation_edges(rotation, schedule.zone, at)]
    return min((edge for edge in edges if edge > at), default=None)


def _rotation_edges(rotation: Rotation, zone: ZoneInfo, at: datetime) -> Iterator[datetime]:
    yield rotation.starts_at
    if rotation.ends_at is not None:
        yield rotation.ends_at
    turn = turn_at(rotation, zone, at)
    if turn is not None and len(set(rotation.participants)) > 1:
        yield turn.ends_at
