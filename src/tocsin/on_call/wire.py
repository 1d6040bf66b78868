"""Schedules, rotations and overrides as Opsgenie's JSON writes them. Pure.

Source: reference, schedules (fields, overrides)
"""

from collections.abc import Sequence
from typing import Any

from tocsin.accounts.directory import Directory
from tocsin.schedules.model import OverrideRow, RotationRow, ScheduleRow
from tocsin.wire import wire_time

EXPANDABLE = ["rotation"]


def parent(schedule: ScheduleRow) -> dict[str, Any]:
    """The schedule, as what belongs to it names it."""
    return {"id": str(schedule.id), "name": schedule.name, "enabled": schedule.enabled}


def whole(schedule: ScheduleRow, rotations: Sequence[RotationRow], directory: Directory) -> dict[str, Any]:
    """A schedule with these rotations."""
    shown: dict[str, Any] = {
        "id": str(schedule.id),
        "name": schedule.name,
        "description": schedule.description,
        "timezone": schedule.time_zone,
        "enabled": schedule.enabled,
    }
    if schedule.team_id is not None:
        ident = str(schedule.team_id)
        shown["ownerTeam"] = {"id": ident, "name": directory.label("team", ident)}
    shown["rotations"] = [rotation(row, directory) for row in rotations]
    return shown


def rotation(row: RotationRow, directory: Directory) -> dict[str, Any]:
    """One rotation."""
    return {
        "id": str(row.id),
        "name": row.name,
        "startDate": wire_time(row.starts_at),
        "endDate": wire_time(row.ends_at) if row.ends_at is not None else None,
        "type": row.kind,
        "length": row.length,
        "participants": [participant(it["type"], it.get("id"), directory) for it in row.participants],
        "timeRestriction": row.restriction,
    }


def participant(kind: str, ident: str | None, directory: Directory) -> dict[str, str]:
    """Who takes turns: a user with the username, a team or an escalation with its name, or nobody."""
    if ident is None:
        return {"type": kind}
    entry = directory.entry(kind, ident)
    shown = {"type": kind, "id": ident}
    if entry is not None:
        shown["username" if kind == "user" else "name"] = entry.name
    return shown


def override(
    row: OverrideRow, schedule: ScheduleRow, rotations: Sequence[RotationRow], directory: Directory
) -> dict[str, Any]:
    """One override; without rotations of its own it replaces them all."""
    names = {it.id: it.name for it in rotations}
    kind, ident = ("user", str(row.user_id)) if row.user_id is not None else ("none", None)
    return {
        "_parent": parent(schedule),
        "alias": row.alias,
        "user": participant(kind, ident, directory),
        "startDate": wire_time(row.starts_at),
        "endDate": wire_time(row.ends_at),
        "rotations": [{"id": str(it), "name": names[it]} for it in row.rotation_ids if it in names],
    }
