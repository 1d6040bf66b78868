"""Notification rules as Opsgenie's JSON writes them, and what a payload says of one. Pure.

Source: reference, notification rules
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from tocsin.accounts.directory import Directory, Reference
from tocsin.accounts.model import TELEPHONE, Contact
from tocsin.alerts import criteria, fields
from tocsin.alerts.fields import Errors
from tocsin.escalations.people import contacts_json
from tocsin.escalations.people.payload import limited
from tocsin.licensing.numbers import undashed
from tocsin.notifications.plan import ActionType, NotificationTime
from tocsin.notifications.rules import NAME_LIMIT, Draft, RuleRow, StepDraft, StepRow
from tocsin.schedules import restrictions

MINUTE = timedelta(minutes=1)
UNITS = {
    "seconds": timedelta(seconds=1),
    "minutes": MINUTE,
    "hours": timedelta(hours=1),
    "days": timedelta(days=1),
}
DELAYED = {ActionType.CREATE_ALERT, ActionType.ASSIGNED_ALERT}
"""The kinds of rules whose steps have to say after how long."""

KINDS = {it.value: frozenset({it}) for it in ActionType} | {
    "all": frozenset(ActionType),
    "new-alert": frozenset({ActionType.CREATE_ALERT}),
}
"""What may be copied, by its name there."""

MOST_MINUTES = 60 * 24 * 365


def action_type(payload: Mapping[str, Any]) -> ActionType | None:
    """What the rule is about; None where the payload does not say. Raises: Invalid."""
    text = str(payload.get("actionType") or "").strip().lower()
    if not text:
        return None
    try:
        return ActionType(text)
    except ValueError:
        errors = {"actionType": f"Action type should be one of [{', '.join(ActionType)}]."}
        fields.check(errors)
        raise


def change(payload: Mapping[str, Any], directory: Directory) -> Callable[[Draft], Draft]:
    """What the payload makes of a rule; what it leaves out, or has empty, stays. Raises: Invalid."""
    errors: Errors = {}
    found: dict[str, Any] = {
        "name": limited(payload, "name", NAME_LIMIT, errors),
        "action_type": action_type(payload),
        "enabled": _flag(payload, "enabled", errors),
        "times": _times(payload, errors) or None,
    }
    if payload.get("criteria"):
        found["criteria"] = criteria.from_json(payload["criteria"])
    restriction = payload.get("timeRestriction")
    if payload.get("schedules") is not None:
        found["schedule_ids"] = _schedules(payload, directory, errors)
    if payload.get("repeat"):
        found |= _repeat(payload["repeat"], errors)
    fields.check(errors)
    changes = {name: value for name, value in found.items() if value is not None}
    if restriction:
        changes["restriction"] = restrictions.from_json(restriction)
    return lambda draft: replace(draft, **changes)


def steps(payload: Mapping[str, Any], kind: ActionType, contacts: Sequence[Contact]) -> list[StepDraft] | None:
    """The steps that the payload lists; None where it has none. Raises: Invalid."""
    given = payload.get("steps")
    if given is None:
        return None
    errors: Errors = {}
    if not isinstance(given, list):
        errors["steps"] = "Property [steps] should be a list."
        given = []
    found = [_step(it, f"steps[{place}].", kind, contacts, errors) for place, it in enumerate(given)]
    fields.check(errors)
    return [it for it in found if it is not None]


def step(payload: Mapping[str, Any], kind: ActionType, contacts: Sequence[Contact]) -> StepDraft:
    """One new step. Raises: Invalid."""
    errors: Errors = {}
    found = _step(payload, "", kind, contacts, errors)
    fields.check(errors)
    if found is None:
        raise fields.empty("contact")
    return found


def step_change(payload: Mapping[str, Any], contacts: Sequence[Contact]) -> Callable[[StepDraft], StepDraft]:
    """What the payload makes of a step; what it leaves out stays. Raises: Invalid."""
    errors: Errors = {}
    found: dict[str, Any] = {"enabled": _flag(payload, "enabled", errors)}
    if payload.get("contact"):
        found["contact_id"] = _contact(payload["contact"], "contact", contacts, errors)
    if payload.get("sendAfter"):
        found["after"] = _delay(payload["sendAfter"], "sendAfter", errors)
    fields.check(errors)
    changes = {name: value for name, value in found.items() if value is not None}
    return lambda was: replace(was, **changes)


def order(payload: Mapping[str, Any]) -> int | None:
    """The place among the rules about the same, from 0; None where the payload does not say. Raises: Invalid."""
    value = payload.get("order")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        fields.check({"order": "Property [order] should be a whole number from 0."})
    return int(value)


def _step(value: object, place: str, kind: ActionType, contacts: Sequence[Contact], errors: Errors) -> StepDraft | None:
    if not isinstance(value, Mapping):
        errors[place.rstrip(".") or "step"] = "A step should be an object with contact and sendAfter."
        return None
    contact_id = _contact(value.get("contact"), f"{place}contact", contacts, errors)
    delay = value.get("sendAfter")
    if not delay and kind in DELAYED:
        errors[f"{place}sendAfter"] = f"Property [{place}sendAfter] cannot be empty."
    after = _delay(delay, f"{place}sendAfter", errors) if delay else timedelta(0)
    enabled = _flag(value, "enabled", errors)
    if contact_id is None or after is None:
        return None
    return StepDraft(contact_id, after, True if enabled is None else enabled)


def _contact(value: object, place: str, contacts: Sequence[Contact], errors: Errors) -> UUID | None:
    if not isinstance(value, Mapping) or not value.get("method"):
        errors[place] = f"Property [{place}] should be an object with method and to."
        return None
    method, address = str(value["method"]).strip().lower(), str(value.get("to") or "").strip()
    own = [it for it in contacts if it.method == method]
    if not address and len(own) == 1:
        return own[0].id
    wanted = undashed(address) if method in TELEPHONE else address
    for it in own:
        if it.address.lower() == wanted.lower():
            return it.id
    errors[place] = f"The user has no contact {method} {address}".rstrip() + "."
    return None


def _delay(value: object, place: str, errors: Errors) -> timedelta | None:
    if isinstance(value, Mapping):
        amount, unit = value.get("timeAmount") or 0, str(value.get("timeUnit") or "minutes").strip().lower()
        whole = isinstance(amount, int) and not isinstance(amount, bool)
        if whole and 0 <= amount <= MOST_MINUTES and unit in UNITS:
            delay: timedelta = amount * UNITS[unit]
            return delay
    errors[place] = f"Property [{place}] should have a timeAmount and a timeUnit of [{', '.join(UNITS)}]."
    return None


def _flag(payload: Mapping[str, Any], field: str, errors: Errors) -> bool | None:
    value = payload.get(field)
    if value is not None and not isinstance(value, bool):
        errors[field] = f"Property [{field}] should be true or false."
        return None
    return value


def _times(payload: Mapping[str, Any], errors: Errors) -> tuple[NotificationTime, ...]:
    given = payload.get("notificationTime") or []
    given = given if isinstance(given, list) else [given]
    try:
        found = [NotificationTime(str(it).strip().lower()) for it in given]
    except ValueError:
        errors["notificationTime"] = f"Notification time should be of [{', '.join(NotificationTime)}]."
        return ()
    return tuple(dict.fromkeys(found))


def _schedules(payload: Mapping[str, Any], directory: Directory, errors: Errors) -> tuple[UUID, ...]:
    given = [it if not isinstance(it, str) else {"type": "schedule", "id": it} for it in payload.get("schedules") or []]
    wanted = fields.references({"schedules": given}, "schedules", frozenset({"schedule"}), errors)
    found = []
    for it in wanted:
        entry = directory.find(Reference("schedule", it.id, it.name))
        if entry is None:
            errors["schedules"] = f"Schedule does not exist: [{it.text}]"
        else:
            found.append(entry.id)
    return tuple(found)


def _repeat(value: object, errors: Errors) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        errors["repeat"] = "Property [repeat] should be an object with loopAfter and enabled."
        return {}
    after, enabled = value.get("loopAfter"), _flag(value, "enabled", errors)
    if after is not None and (isinstance(after, bool) or not isinstance(after, int) or not 0 <= after <= MOST_MINUTES):
        errors["repeat.loopAfter"] = "Property [repeat.loopAfter] should be a whole number of minutes."
        return {}
    return {
        "repeat_after": after * MINUTE if after else None,
        "repeat_enabled": bool(after) if enabled is None else enabled,
    }


def short(row: RuleRow, place: int) -> dict[str, Any]:
    """A rule as a list shows it; `place` counts from 0 among those about the same."""
    return {
        "id": str(row.id),
        "name": row.name,
        "actionType": row.action_type,
        "order": place,
        "enabled": row.enabled,
    }


def whole(
    row: RuleRow, place: int, own: Sequence[StepRow], contacts: Sequence[Contact], directory: Directory
) -> dict[str, Any]:
    """A rule as it is shown alone."""
    shown = short(row, place) | {
        "criteria": row.criteria,
        "notificationTime": row.times,
        "schedules": [
            {"type": "schedule", "id": str(it), "name": directory.label("schedule", str(it))} for it in row.schedule_ids
        ],
        "steps": [step_json(row, it, contacts) for it in own],
    }
    if row.restriction is not None:
        shown["timeRestriction"] = row.restriction
    if row.repeat_after is not None:
        shown["repeat"] = {"loopAfter": row.repeat_after // MINUTE, "enabled": row.repeat_enabled}
    return shown


def step_json(row: RuleRow, it: StepRow, contacts: Sequence[Contact]) -> dict[str, Any]:
    """A step, with the rule that it is of."""
    contact = next(one for one in contacts if one.id == it.contact_id)
    return {
        "_parent": {"id": str(row.id), "name": row.name},
        "id": str(it.id),
        "sendAfter": {"timeAmount": it.after // MINUTE, "timeUnit": "minutes"},
        "contact": {"method": contact.method.value, "to": contacts_json.to(contact)},
        "enabled": it.enabled,
    }
