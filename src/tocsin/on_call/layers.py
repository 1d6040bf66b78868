"""The timeline in layers: base, overrides, forwardings, and what comes of them. Pure.

Source: reference, schedules (timeline); on-call semantics, "Timeline window"
"""

from calendar import monthrange
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from tocsin.errors import Invalid
from tocsin.escalations.directory import Directory
from tocsin.escalations.resolve import everybody
from tocsin.schedules.on_call import Schedule, Shift, base_shifts, override_shifts, shifts
from tocsin.schedules.rotation import Participant, ParticipantKind, Rotation
from tocsin.wall import wall_clock, wall_instant
from tocsin.wire import wire_time


class IntervalUnit(StrEnum):
    DAYS = "days"
    WEEKS = "weeks"
    MONTHS = "months"


class Layer(StrEnum):
    BASE = "base"
    FORWARDING = "forwarding"
    OVERRIDE = "override"


MOST = {IntervalUnit.DAYS: 366, IntervalUnit.WEEKS: 53, IntervalUnit.MONTHS: 12}
LAYERS = [layer.value for layer in Layer]


def window(start: datetime, interval: int, unit: IntervalUnit, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """[start, start + interval) on the schedule's wall clock; a month's last days are those that it has.

    Raises: Invalid for an interval below 1 or of more than a year.
    """
    if not 1 <= interval <= MOST[unit]:
        raise Invalid(
            "Request body is not processable. Please check the errors.",
            {"interval": f"must be between 1 and {MOST[unit]} {unit.value}"},
        )
    wall = wall_clock(start, zone)
    if unit is IntervalUnit.MONTHS:
        end = _months_later(wall, interval)
    else:
        end = wall + interval * (timedelta(days=1) if unit is IntervalUnit.DAYS else timedelta(weeks=1))
    return start, wall_instant(end.date(), end.time(), zone)


def timeline(
    schedule: Schedule, directory: Directory, start: datetime, end: datetime, layers: Iterable[Layer]
) -> dict[str, Any]:
    """The final timeline of [start, end) and the layers asked for; gaps have no period."""
    shown: dict[str, Any] = {"startDate": wire_time(start), "endDate": wire_time(end)}
    final = list(shifts(schedule, start, end, directory.standing_in))
    shown["finalTimeline"] = _rotations(schedule, final, directory)
    found = {
        Layer.BASE: lambda: list(base_shifts(schedule, start, end)),
        Layer.OVERRIDE: lambda: list(override_shifts(schedule, start, end)),
        Layer.FORWARDING: lambda: [shift for shift in final if shift.forwarded],
    }
    for layer in layers:
        shown[f"{layer.value}Timeline"] = _rotations(schedule, found[layer](), directory)
    return shown


def _rotations(schedule: Schedule, found: list[Shift], directory: Directory) -> dict[str, Any]:
    """The shifts rotation by rotation; those of a schedule without rotations under its own name."""
    lanes: list[tuple[str, str, Rotation | None]] = [(it.id, it.name, it) for it in schedule.rotations]
    if not lanes and found:
        lanes = [(schedule.id, schedule.name, None)]
    return {
        "rotations": [
            {
                "id": ident,
                "name": name,
                "order": order,
                "periods": [_period(it, directory) for it in found if it.rotation is rotation],
            }
            for order, (ident, name, rotation) in enumerate(lanes)
        ]
    }


def _period(shift: Shift, directory: Directory) -> dict[str, Any]:
    kind = "forwarding" if shift.forwarded else "override" if shift.override is not None else "default"
    shown: dict[str, Any] = {
        "startDate": wire_time(shift.starts_at),
        "endDate": wire_time(shift.ends_at),
        "type": kind,
        "recipient": recipient(shift.participant, directory),
    }
    if shift.forwarded:
        shown["fromUser"] = recipient(Participant(ParticipantKind.USER, shift.forwarded[0].from_user_id), directory)
    if shift.participant.kind in {ParticipantKind.TEAM, ParticipantKind.ESCALATION}:
        shown["flattenedRecipients"] = _flattened(shift, directory)
    return shown


def recipient(participant: Participant, directory: Directory) -> dict[str, str]:
    """Who it is: id, name (a user's is the username) and type; nobody has a type alone."""
    ident = participant.id or ""
    if participant.kind is ParticipantKind.NONE:
        return {"type": "none"}
    if participant.kind is ParticipantKind.USER:
        person = directory.people.get(ident)
        name = person.username if person else ""
    else:
        things = directory.teams if participant.kind is ParticipantKind.TEAM else directory.escalations
        name = things[ident].name if ident in things else ""
    return {"id": ident, "name": name, "type": participant.kind.value}


def _flattened(shift: Shift, directory: Directory) -> list[dict[str, str]]:
    """The people whom a team or an escalation means when the shift begins."""
    people = everybody(shift.participant, directory, shift.starts_at)
    return [{"id": it.user_id, "name": it.username, "type": "user"} for it in people]


def _months_later(wall: datetime, months: int) -> datetime:
    year, month = divmod(wall.year * 12 + wall.month - 1 + months, 12)
    return wall.replace(year=year, month=month + 1, day=min(wall.day, monthrange(year, month + 1)[1]))
