"""Who is on call, the slow and obvious way: watch the clock on the wall, minute by minute, and do what it says.

Written apart from the program, in whole minutes since 1970: no instants of boundaries are ever computed. A boundary has
come once the clock has shown its time or a later one, and what has come does not go back; so all that is asked of the
clock is the latest time that it has shown yet.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tocsin.schedules.forwarding import Forwarding
from tocsin.schedules.on_call import Schedule
from tocsin.schedules.overrides import Override
from tocsin.schedules.restrictions import Restriction, RestrictionKind
from tocsin.schedules.rotation import ParticipantKind, Rotation, RotationKind

MINUTES = {RotationKind.HOURLY: 60, RotationKind.DAILY: 1440, RotationKind.WEEKLY: 10080}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MONDAY = 4 * 1440  # 1970-01-05
WARM_UP = 3 * 1440  # no clock was ever put back further

Lane = tuple[str | None, str | None]  # rotation, and who is on call in it


def minute_of(at: datetime) -> int:
    return (at - EPOCH) // timedelta(minutes=1)


def shown_at(zone: ZoneInfo, minute: int) -> int:
    """What the clock shows, as minutes since it showed the beginning of 1970."""
    at = EPOCH + timedelta(minutes=minute)
    offset = at.astimezone(zone).utcoffset() or timedelta(0)
    return minute + offset // timedelta(minutes=1)


def watch(
    schedule: Schedule, forwardings: Sequence[Forwarding], start: datetime, minutes: int
) -> Iterator[tuple[datetime, list[Lane]]]:
    """For each minute from `start` on, who is on call by each rotation that has somebody."""
    first = minute_of(start)
    latest = max(shown_at(schedule.zone, first - back) for back in range(0, WARM_UP, 5))
    begins = {it.id: shown_at(schedule.zone, minute_of(it.starts_at)) for it in schedule.rotations}
    for minute in range(first, first + minutes):
        latest = max(latest, shown_at(schedule.zone, minute))
        at = EPOCH + timedelta(minutes=minute)
        found: list[Lane] = []
        for rotation in schedule.rotations or (None,):
            person = _on_duty(rotation, begins, at, latest) if rotation else None
            for override in _oldest_first(schedule.overrides):
                if override.starts_at <= at < override.ends_at and _means(override, rotation):
                    person = override.user_id
            if person is not None:
                found.append((rotation.id if rotation else None, _reached(person, forwardings, at)))
        yield at, found


def _on_duty(rotation: Rotation, begins: dict[str, int], at: datetime, latest: int) -> str | None:
    if at < rotation.starts_at or (rotation.ends_at is not None and at >= rotation.ends_at):
        return None
    if rotation.restriction is not None and not _is_open(rotation.restriction, latest):
        return None
    turn = (latest - begins[rotation.id]) // (rotation.length * MINUTES[rotation.kind])
    participant = rotation.participants[turn % len(rotation.participants)]
    return None if participant.kind is ParticipantKind.NONE else participant.id


def _is_open(restriction: Restriction, latest: int) -> bool:
    cycle = 1440 if restriction.kind is RestrictionKind.TIME_OF_DAY else 10080
    into = (latest - MONDAY) % cycle
    for window in restriction.windows:
        opens, lasts = window.start // timedelta(minutes=1), window.length // timedelta(minutes=1)
        if (into - opens) % cycle < lasts:
            return True
    return False


def _oldest_first(overrides: Sequence[Override]) -> list[Override]:
    return sorted(overrides, key=lambda it: (it.created_at, it.alias))


def _means(override: Override, rotation: Rotation | None) -> bool:
    return not override.rotation_ids or (rotation is not None and rotation.id in override.rotation_ids)


def _reached(person: str, forwardings: Sequence[Forwarding], at: datetime) -> str:
    passed = [person]
    while True:
        rules = [it for it in forwardings if it.from_user_id == passed[-1] and it.starts_at <= at < it.ends_at]
        if not rules:
            return passed[-1]
        to = max(rules, key=lambda it: (it.created_at, it.id)).to_user_id
        if to in passed:
            return passed[-1]
        passed.append(to)
