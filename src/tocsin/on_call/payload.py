"""What a payload says of a schedule, a rotation or an override. Pure.

Source: reference, schedules (fields, overrides), conventions (leniency list)
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from tocsin.accounts.directory import Directory, Reference
from tocsin.alerts import fields
from tocsin.alerts.fields import Errors
from tocsin.errors import Invalid
from tocsin.schedules import forms
from tocsin.schedules.forms import OverrideForm, RotationForm, ScheduleForm
from tocsin.schedules.model import RotationRow
from tocsin.schedules.restrictions import from_json
from tocsin.schedules.rotation import NOBODY, Participant, ParticipantKind, RotationKind

TEXT_LIMIT = 10_000
PARTICIPANTS = frozenset({"user", "team", "escalation"})
UNNAMED = "Rotation"


def schedule_form(payload: Mapping[str, Any], directory: Directory, before: ScheduleForm) -> ScheduleForm:
    """The schedule as the payload has it; what it leaves out is as in `before`. Raises: Invalid."""
    errors: Errors = {}
    name = fields.text(payload, "name", forms.NAME_LIMIT + 1, errors) or before.name
    zone = fields.text(payload, "timezone", TEXT_LIMIT, errors) or before.time_zone
    description = before.description
    if payload.get("description") is not None:
        description = fields.text(payload, "description", forms.DESCRIPTION_LIMIT + 1, errors)
    team_id = before.team_id
    if payload.get("ownerTeam"):
        team_id = _team(payload["ownerTeam"], directory, errors)
    rotations = None
    if payload.get("rotations") is not None:
        rotations = _rotations(payload["rotations"], directory, errors)
    enabled = _flag(payload, "enabled", before.enabled, errors)
    fields.check(errors)
    fields.required("name", name)
    return ScheduleForm(name, zone, description, enabled, team_id, rotations)


def rotation_form(
    payload: Mapping[str, Any], directory: Directory, before: RotationForm | None, number: int = 1
) -> RotationForm:
    """The rotation as the payload has it; what it leaves out is as in `before`. Raises: Invalid."""
    errors: Errors = {}
    kind = _kind(payload, errors) or (before.kind if before else None)
    starts = _instant(payload, "startDate", errors) or (before.starts if before else None)
    ends = before.ends if before else None
    if "endDate" in payload:
        ends = _instant(payload, "endDate", errors)
    participants = before.participants if before else ()
    if payload.get("participants") is not None:
        participants = _participants(payload["participants"], directory, errors)
    restriction = before.restriction if before else None
    if "timeRestriction" in payload:
        try:
            restriction = from_json(payload["timeRestriction"])
        except Invalid as wrong:
            errors.update(wrong.errors)
    length = _length(payload, before.length if before else 1, errors)
    name = fields.text(payload, "name", forms.NAME_LIMIT + 1, errors) or (before.name if before else "")
    fields.check(errors)
    fields.required("type", kind)
    fields.required("startDate", starts)
    fields.required("participants", participants)
    if kind is None or starts is None:
        raise fields.empty("rotation")
    return RotationForm(name or f"{UNNAMED} {number}", kind, length, starts, participants, ends, restriction)


def override_form(payload: Mapping[str, Any], directory: Directory, rotations: list[RotationRow]) -> OverrideForm:
    """The override as the payload has it; `rotations` are the schedule's. Raises: Invalid."""
    errors: Errors = {}
    starts, ends = (_instant(payload, name, errors) for name in ("startDate", "endDate"))
    user_id = _override_user(payload.get("user"), directory, errors)
    rotation_ids = _rotation_ids(payload.get("rotations"), rotations, errors)
    alias = fields.text(payload, "alias", forms.ALIAS_LIMIT + 1, errors)
    fields.check(errors)
    if starts is None or ends is None:
        raise fields.empty("startDate" if starts is None else "endDate")
    return OverrideForm(user_id, starts, ends, rotation_ids, alias)


def _team(value: object, directory: Directory, errors: Errors) -> UUID | None:
    named = fields.reference(value, "ownerTeam", frozenset({"team"}), errors, default_type="team")
    found = directory.find(named) if named is not None else None
    if named is not None and found is None:
        errors["ownerTeam"] = f"Team does not exist: {named.text}"
    return found.id if found is not None else None


def _rotations(value: object, directory: Directory, errors: Errors) -> tuple[RotationForm, ...]:
    if not isinstance(value, list):
        errors["rotations"] = "Property [rotations] should be a list."
        return ()
    forms = []
    for number, item in enumerate(value, 1):
        if not item:
            continue
        if not isinstance(item, dict):
            errors[f"rotations[{number - 1}]"] = "should be an object."
            continue
        try:
            forms.append(rotation_form(item, directory, None, number))
        except Invalid as wrong:
            errors.update({f"rotations[{number - 1}].{name}": text for name, text in wrong.errors.items()})
    return tuple(forms)


def _kind(payload: Mapping[str, Any], errors: Errors) -> RotationKind | None:
    text = fields.text(payload, "type", TEXT_LIMIT, errors).lower()
    if text and text not in set(RotationKind):
        errors["type"] = "Type should be one of [daily, weekly, hourly]."
        return None
    return RotationKind(text) if text else None


def _length(payload: Mapping[str, Any], otherwise: int, errors: Errors) -> int:
    value = payload.get("length")
    if value is None or value == 0:  # a client that leaves it unset sends zero
        return otherwise
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    errors["length"] = "Property [length] should be a whole number."
    return otherwise


def _instant(payload: Mapping[str, Any], field: str, errors: Errors) -> datetime | None:
    return fields.instant(payload, field, errors) if payload.get(field) else None


def _flag(payload: Mapping[str, Any], field: str, otherwise: bool, errors: Errors) -> bool:
    value = payload.get(field)
    if value is None:
        return otherwise
    if not isinstance(value, bool):
        errors[field] = f"Property [{field}] should be true or false."
        return otherwise
    return value


def _participants(value: object, directory: Directory, errors: Errors) -> tuple[Participant, ...]:
    if not isinstance(value, list):
        errors["participants"] = "Property [participants] should be a list."
        return ()
    found = []
    for item in value:
        if isinstance(item, dict) and str(item.get("type", "")).lower() == ParticipantKind.NONE:
            found.append(NOBODY)
            continue
        named = fields.reference(item, "participants", PARTICIPANTS, errors)
        if named is None:
            continue
        entry = directory.find(named)
        if entry is None:
            errors["participants"] = f"{named.type.capitalize()} does not exist: {named.text}"
        else:
            found.append(Participant(ParticipantKind(entry.type), str(entry.id)))
    return tuple(found)


def _override_user(value: object, directory: Directory, errors: Errors) -> UUID | None:
    """Who stands in; None for nobody, which has to be said."""
    if isinstance(value, dict) and str(value.get("type", "")).lower() == ParticipantKind.NONE:
        return None
    named = fields.reference(value, "user", frozenset({"user"}), errors, default_type="user")
    if named is None:
        errors.setdefault("user", "Property [user] cannot be empty.")
        return None
    entry = directory.find(Reference("user", named.id, named.name))
    if entry is None:
        errors["user"] = f"User does not exist: {named.text}"
    return entry.id if entry is not None else None


def _rotation_ids(value: object, rotations: list[RotationRow], errors: Errors) -> tuple[UUID, ...]:
    if not value:
        return ()
    if not isinstance(value, list):
        errors["rotations"] = "Property [rotations] should be a list."
        return ()
    found = []
    for item in value:
        ident, name = (str(item.get(key) or "") for key in ("id", "name")) if isinstance(item, dict) else ("", "")
        if not ident and not name:
            continue
        row = next((it for it in rotations if str(it.id) == ident.lower() or (not ident and it.name == name)), None)
        if row is None:
            errors["rotations"] = f"Rotation does not exist: {ident or name}"
        else:
            found.append(row.id)
    return tuple(dict.fromkeys(found))


def of_team(form: ScheduleForm, team_id: UUID | None) -> ScheduleForm:
    """What a team's key makes is the team's."""
    return form if team_id is None else replace(form, team_id=team_id)
