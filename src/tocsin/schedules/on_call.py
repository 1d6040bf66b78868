"""On call: who is, why, until when, and who comes next. Pure; every instant is UTC."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from tocsin.schedules.base_layer import stretch_at, stretches
from tocsin.schedules.forwarding import Forwarding, chain, forwards_at
from tocsin.schedules.overrides import Override, deciding, override_at
from tocsin.schedules.restrictions import is_open
from tocsin.schedules.rotation import (
    NOBODY,
    Participant,
    ParticipantKind,
    Rotation,
    turn_after,
    turn_at,
    turn_before,
)

YEAR = timedelta(days=366)
TICK = timedelta(microseconds=1)
PIECE = timedelta(days=8)


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

    The span is that of the turn, as far as its restriction shows it, or of the override that decided, whatever else
    may cut into it.
    `rotation` is None only for an override in a schedule that has no rotations.
    """

    participant: Participant
    starts_at: datetime
    ends_at: datetime
    rotation: Rotation | None
    override: Override | None = None


@dataclass(frozen=True, slots=True)
class Shift:
    """A stretch of the timeline: `participant` is on call for all of [starts_at, ends_at).

    `forwarded` are the forwardings that led to the participant, from the one who would be on call otherwise.
    """

    participant: Participant
    starts_at: datetime
    ends_at: datetime
    rotation: Rotation | None
    override: Override | None = None
    forwarded: tuple[Forwarding, ...] = ()


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


def shifts(
    schedule: Schedule, start: datetime, end: datetime, forwardings: Iterable[Forwarding] = ()
) -> Iterator[Shift]:
    """The timeline of [start, end), rotation by rotation: overrides, then forwardings applied, clipped to the window.

    Stretches of the same participant by the same cause are one shift; where nobody is on call there is none. A
    disabled schedule still shows its plan. Forwardings reach people; a team's members are not looked at here.
    """
    relevant = [it for it in forwardings if it.starts_at < end and it.ends_at > start]
    for rotation in _lanes(schedule):
        lane: Iterable[Shift] = _overridden(schedule, rotation, start, end)
        if relevant:
            lane = (piece for shift in lane for piece in _forwarded(shift, relevant))
        yield from _joined(lane)


def base_shifts(schedule: Schedule, start: datetime, end: datetime) -> Iterator[Shift]:
    """The timeline as the rotations alone have it."""
    for rotation in schedule.rotations:
        yield from _joined(_base(schedule, rotation, start, end))


def override_shifts(schedule: Schedule, start: datetime, end: datetime) -> Iterator[Shift]:
    """The parts of the timeline that an override decides, those that make nobody on call included."""
    for rotation in _lanes(schedule):
        found = deciding(schedule.overrides, _id(rotation), start, end)
        yield from _joined(Shift(_participant(it), since, until, rotation, it) for since, until, it in found)


def next_change_at(schedule: Schedule, at: datetime, within: timedelta = YEAR) -> datetime | None:
    """The first instant after `at` when other participants are on call than at `at`, in any rotation.

    A handoff from one person to the same person is no change. None where nothing changes `within`.
    """
    if not schedule.enabled:
        return None
    present = _who(schedule, at)
    for edge in edges(schedule, at, at + within):
        if _who(schedule, edge) != present:
            return edge
    return None


def edges(schedule: Schedule, start: datetime, end: datetime) -> Iterator[datetime]:
    """Every instant in (start, end] when a turn, an opening or an override begins or ends, in order.

    Looked up piece by piece, so that whoever stops early does not pay for the rest.
    """
    piece = PIECE
    while start < end:
        until = min(start + piece, end)
        yield from sorted(_edges(schedule, start, until))
        start, piece = until, 4 * piece


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
    stretch = None if rotation is None else stretch_at(rotation, schedule.zone, at)
    if stretch is None:
        return None
    return OnCall(stretch.participant, stretch.starts_at, stretch.ends_at, rotation)


def _neighbours(schedule: Schedule, at: datetime, direction: int) -> tuple[OnCall, ...]:
    if not schedule.enabled:
        return ()
    if not schedule.rotations:
        return on_call_at(schedule, at)
    look = turn_after if direction > 0 else turn_before
    found = []
    for rotation in schedule.rotations:
        turn = turn_at(rotation, schedule.zone, at)
        if turn is not None and is_open(rotation.restriction, schedule.zone, at):
            neighbour = look(rotation, schedule.zone, turn)
            if neighbour.participant.kind is not ParticipantKind.NONE:
                found.append(OnCall(neighbour.participant, neighbour.starts_at, neighbour.ends_at, rotation))
    return tuple(found)


def _base(schedule: Schedule, rotation: Rotation, start: datetime, end: datetime) -> Iterator[Shift]:
    for it in stretches(rotation, schedule.zone, start, end):
        yield Shift(it.participant, max(it.starts_at, start), min(it.ends_at, end), rotation)


def _overridden(schedule: Schedule, rotation: Rotation | None, start: datetime, end: datetime) -> Iterator[Shift]:
    """A rotation's lane: where an override decides, its user or nobody; the base layer elsewhere."""
    base = iter([] if rotation is None else list(_base(schedule, rotation, start, end)))
    under = next(base, None)
    for since, until, override in deciding(schedule.overrides, _id(rotation), start, end):
        while under is not None and under.starts_at < since:
            if under.ends_at <= since:
                yield under
                under = next(base, None)
            else:
                yield replace(under, ends_at=since)
                under = replace(under, starts_at=since)
        if override.user_id is not None:
            yield Shift(_participant(override), since, until, rotation, override)
        while under is not None and under.ends_at <= until:
            under = next(base, None)
        if under is not None and under.starts_at < until:
            under = replace(under, starts_at=until)
    while under is not None:
        yield under
        under = next(base, None)


def _forwarded(shift: Shift, forwardings: list[Forwarding]) -> Iterator[Shift]:
    """The shift, cut wherever a forwarding begins or ends, each piece with whom it reaches."""
    if shift.participant.kind is not ParticipantKind.USER:
        yield shift
        return
    cuts = {shift.starts_at, shift.ends_at}
    cuts.update(
        edge for it in forwardings for edge in (it.starts_at, it.ends_at) if shift.starts_at < edge < shift.ends_at
    )
    for starts_at, ends_at in pairwise(sorted(cuts)):
        steps = chain(shift.participant.id or "", forwards_at(forwardings, starts_at))
        participant = Participant(ParticipantKind.USER, steps[-1].to_user_id) if steps else shift.participant
        yield replace(shift, participant=participant, starts_at=starts_at, ends_at=ends_at, forwarded=steps)


def _joined(pieces: Iterable[Shift]) -> Iterator[Shift]:
    shift: Shift | None = None
    for piece in pieces:
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
        shift.ends_at == piece.starts_at
        and shift.participant == piece.participant
        and shift.override is piece.override
        and shift.forwarded == piece.forwarded
    )


def _edges(schedule: Schedule, start: datetime, end: datetime) -> set[datetime]:
    found = {edge for override in schedule.overrides for edge in (override.starts_at, override.ends_at)}
    for rotation in schedule.rotations:
        for stretch in stretches(rotation, schedule.zone, start, end + TICK):
            found.update((stretch.starts_at, stretch.ends_at))
    return {edge for edge in found if start < edge <= end}


def _who(schedule: Schedule, at: datetime) -> list[tuple[str | None, Participant]]:
    return [(_id(on_call.rotation), on_call.participant) for on_call in on_call_at(schedule, at)]
