"""Who is on call, as people read it: now, next, and for the next two weeks. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from tocsin.escalations.directory import Directory
from tocsin.escalations.resolve import everybody
from tocsin.i18n import Translator
from tocsin.schedules.on_call import Schedule, Shift, shifts
from tocsin.schedules.rotation import Participant, ParticipantKind
from tocsin.wall import wall_instant

DAYS = 14
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Names:
    """What people read instead of ids, and who reads."""

    directory: Directory
    full_names: Mapping[str, str]
    me: str
    locale: str

    def of(self, participant: Participant) -> str:
        """A person's name, "team Web", "escalation Web_escalation"."""
        _ = Translator(self.locale)
        ident = participant.id or ""
        match participant.kind:
            case ParticipantKind.USER:
                return self.full_names.get(ident) or _("(deleted)")
            case ParticipantKind.TEAM:
                team = self.directory.teams.get(ident)
                return _("team %(team)s", team=team.name) if team else _("(deleted)")
            case ParticipantKind.ESCALATION:
                escalation = self.directory.escalations.get(ident)
                return _("escalation %(escalation)s", escalation=escalation.name) if escalation else _("(deleted)")
            case ParticipantKind.NONE:
                return _("nobody")

    def behind(self, participant: Participant, at: datetime) -> tuple[str, ...]:
        """Whom a team or an escalation means at `at`, by name; nobody where it is a person."""
        if participant.kind in {ParticipantKind.USER, ParticipantKind.NONE}:
            return ()
        people = everybody(participant, self.directory, at)
        return tuple(self.full_names.get(it.user_id) or it.username for it in people)

    def is_me(self, participant: Participant) -> bool:
        """Is it the reader, or a team of theirs?"""
        if participant.kind is ParticipantKind.TEAM:
            team = self.directory.teams.get(participant.id or "")
            return team is not None and any(member.user_id == self.me for member in team.members)
        return participant.kind is ParticipantKind.USER and participant.id == self.me


@dataclass(frozen=True, slots=True)
class Turn:
    """One person's stretch. `until` is None where nothing changes within the next two weeks.

    `people` are those whom a team or an escalation means; `instead_of` is whoever forwards to `who`.
    """

    who: str
    is_me: bool
    rotation: str
    until: datetime | None
    by_override: bool
    then: str = ""  # who follows; empty: nobody, or nobody that soon
    then_at: datetime | None = None
    people: tuple[str, ...] = ()
    instead_of: str = ""
    is_opened: bool = False  # `who` is a team or an escalation


@dataclass(frozen=True, slots=True)
class Now:
    """One schedule at an instant. Nobody on call in an enabled schedule is a gap; `next` is who ends it.

    `change_at` is when others are on call; None where that is more than two weeks away.
    """

    id: str
    name: str
    enabled: bool
    has_rotations: bool
    turns: tuple[Turn, ...]
    next: str = ""
    next_at: datetime | None = None
    change_at: datetime | None = None

    @property
    def is_gap(self) -> bool:
        return self.enabled and not self.turns

    @property
    def is_mine(self) -> bool:
        return any(turn.is_me for turn in self.turns)


def now_of(schedule: Schedule, at: datetime, names: Names) -> Now:
    """Who is on call at `at`, until when, and who follows."""
    horizon = at + timedelta(days=DAYS)
    found: list[Turn] = []
    first: Shift | None = None
    lanes = _lanes(schedule, at, horizon, names)
    for lane in lanes:
        if lane[0].starts_at <= at:
            found.append(_turn(lane, horizon, names, at))
        elif first is None or lane[0].starts_at < first.starts_at:
            first = lane[0]
    if not schedule.enabled:
        return Now(schedule.id, schedule.name, False, bool(schedule.rotations), ())
    change_at = _change_at(lanes, at, horizon)
    if found or first is None:
        return Now(schedule.id, schedule.name, True, bool(schedule.rotations), tuple(found), change_at=change_at)
    who = names.of(first.participant)
    return Now(schedule.id, schedule.name, True, bool(schedule.rotations), (), who, first.starts_at, change_at)


def _lanes(schedule: Schedule, start: datetime, end: datetime, names: Names) -> list[list[Shift]]:
    """The shifts of each rotation, overrides and forwardings applied."""
    found = shifts(schedule, start, end, names.directory.standing_in)
    return [list(lane) for _, lane in groupby(found, key=lambda shift: shift.rotation.id if shift.rotation else "")]


def _change_at(lanes: Sequence[Sequence[Shift]], at: datetime, horizon: datetime) -> datetime | None:
    """The first instant after `at` when others are on call, in any rotation; None where that is beyond the horizon."""

    def who(then: datetime) -> list[tuple[int, Participant]]:
        return [
            (number, shift.participant)
            for number, lane in enumerate(lanes)
            for shift in lane
            if shift.starts_at <= then < shift.ends_at
        ]

    edges = {edge for lane in lanes for shift in lane for edge in (shift.starts_at, shift.ends_at)}
    present = who(at)
    return next((edge for edge in sorted(edges) if at < edge < horizon and who(edge) != present), None)


def _turn(lane: Sequence[Shift], horizon: datetime, names: Names, at: datetime) -> Turn:
    shift = lane[0]
    following = lane[1] if len(lane) > 1 else None
    follows = following is not None and following.starts_at == shift.ends_at
    return Turn(
        who=names.of(shift.participant),
        is_me=names.is_me(shift.participant),
        rotation=shift.rotation.name if shift.rotation else "",
        until=shift.ends_at if shift.ends_at < horizon else None,
        by_override=shift.override is not None,
        then=names.of(following.participant) if following is not None and follows else "",
        then_at=following.starts_at if following is not None else None,
        is_opened=shift.participant.kind in {ParticipantKind.TEAM, ParticipantKind.ESCALATION},
        people=names.behind(shift.participant, at),
        instead_of=names.of(_forwarding(shift)) if shift.forwarded else "",
    )


def _forwarding(shift: Shift) -> Participant:
    """Who would be on call without the forwarding."""
    return Participant(ParticipantKind.USER, shift.forwarded[0].from_user_id)


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of the timeline; `x` and `width` are minutes from its start."""

    x: int
    width: int
    who: str
    is_me: bool
    starts_at: datetime
    ends_at: datetime
    by_override: bool = False


@dataclass(frozen=True, slots=True)
class Lane:
    """One rotation's row."""

    name: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """The next two weeks, from the beginning of the reader's day. `width` is in minutes, clock changes included."""

    width: int
    now_x: int
    days: tuple[tuple[int, datetime], ...]  # where each begins, and the day
    lanes: tuple[Lane, ...]
    gaps: tuple[Bar, ...]


def timeline(schedule: Schedule, at: datetime, zone: ZoneInfo, names: Names) -> Timeline:
    """Two weeks of a schedule as bars, with the stretches when nobody is on call."""
    today = at.astimezone(zone).date()
    starts = [wall_instant(today + timedelta(days=day), time(0), zone) for day in range(DAYS + 1)]
    start, end = starts[0], starts[-1]
    lanes = _lanes(schedule, start, end, names)
    return Timeline(
        width=(end - start) // MINUTE,
        now_x=(at - start) // MINUTE,
        days=tuple(((day - start) // MINUTE, day) for day in starts[:-1]),
        lanes=tuple(
            Lane(
                lane[0].rotation.name if lane[0].rotation else "",
                tuple(_bar(shift.participant, shift.starts_at, shift.ends_at, start, names, shift) for shift in lane),
            )
            for lane in lanes
        ),
        gaps=tuple(_gaps(lanes, start, end)) if schedule.enabled else (),
    )


def _bar(
    participant: Participant, starts_at: datetime, ends_at: datetime, start: datetime, names: Names, shift: Shift
) -> Bar:
    x, end = (starts_at - start) // MINUTE, (ends_at - start) // MINUTE
    who, is_me = names.of(participant), names.is_me(participant)
    return Bar(x, max(end - x, 1), who, is_me, starts_at, ends_at, shift.override is not None)


def _gaps(lanes: Iterable[Iterable[Shift]], start: datetime, end: datetime) -> Iterable[Bar]:
    """When nobody is on call in any rotation."""
    covered = sorted((shift.starts_at, shift.ends_at) for lane in lanes for shift in lane)
    reached = start
    for starts_at, ends_at in [*covered, (end, end)]:
        if starts_at > reached:
            x = (reached - start) // MINUTE
            yield Bar(x, (starts_at - reached) // MINUTE, "", False, reached, starts_at)
        reached = max(reached, ends_at)
