"""The fields of a payload, made to fit: Opsgenie cuts what is too long rather than refuse it. Pure.

A client that is down to its last retry must not lose a page to a long tag, so text is cut, surplus list items are
dropped, and scalars become text. What cannot be understood at all is named in `errors`, field by field, and the caller
raises `Invalid` with it. Source: reference, alerts (create payload), conventions (leniency list)
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tocsin.accounts.directory import Reference
from tocsin.errors import Invalid

MESSAGE_LIMIT = 130
ALIAS_LIMIT = 512
ENTITY_LIMIT = 512
DESCRIPTION_LIMIT = 15_000
NOTE_LIMIT = 25_000
NAME_LIMIT = 100  # user, source
RESPONDERS_LIMIT = 50
TAGS_LIMIT, TAG_LIMIT = 20, 50
ACTIONS_LIMIT, ACTION_LIMIT = 10, 50
DETAILS_LIMIT = 8_000  # characters of all keys and values together

RESPONDER_TYPES = frozenset({"team", "user", "escalation", "schedule"})
VIEWER_TYPES = frozenset({"team", "user"})
LEGACY_TYPES = frozenset({"all", "none", "group"})  # still in a client's enum; they name nobody here
PRIORITIES = {f"{letter}{number}": number for letter in "Pp" for number in range(1, 6)}
DEFAULT_PRIORITY = 3

NOT_PROCESSABLE = "Request body is not processable. Please check the errors."

Errors = dict[str, str]
_SURROGATES = re.compile("[\ud800-\udfff]")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:?\d\d)")


def check(errors: Errors) -> None:
    """Raises: Invalid when any field was wrong."""
    if errors:
        raise Invalid(NOT_PROCESSABLE, errors)


def empty(field: str) -> Invalid:
    """The error of a field that is needed and missing or empty."""
    return Invalid(NOT_PROCESSABLE, {field: f"Property [{field}] cannot be empty."})


def required(field: str, value: object) -> None:
    """Raises: Invalid when there is no value."""
    if not value:
        raise empty(field)


def clean(value: str) -> str:
    """`value` without what PostgreSQL's text cannot hold: NUL, and halves of surrogate pairs."""
    if "\x00" in value:
        value = value.replace("\x00", "")
    if value.isascii():
        return value
    return _SURROGATES.sub("\ufffd", value)


def scalar(value: object) -> str | None:
    """A JSON scalar as text (`true`, `4.5`); None for null, a list or an object."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return json.dumps(value)
    return None


def text(payload: Mapping[str, Any], field: str, limit: int, errors: Errors) -> str:
    """The field, trimmed and cut to `limit` characters; empty when absent or null."""
    value = payload.get(field)
    if value is None:
        return ""
    found = scalar(value)
    if found is None:
        errors[field] = f"Property [{field}] should be a text."
        return ""
    return found.strip()[:limit]


def texts(payload: Mapping[str, Any], field: str, count: int, limit: int, errors: Errors) -> list[str]:
    """The list of texts, each trimmed and cut, no empty and no repeated one, at most `count`."""
    value = payload.get(field)
    if not value:
        return []
    if not isinstance(value, list):
        errors[field] = f"Property [{field}] should be a list of texts."
        return []
    kept: dict[str, None] = {}
    for item in value:
        if item is None:
            continue
        found = scalar(item)
        if found is None:
            errors[field] = f"Property [{field}] should be a list of texts."
            return []
        found = found.strip()[:limit]
        if found:
            kept[found] = None
            if len(kept) == count:
                break
    return list(kept)


def details(payload: Mapping[str, Any], field: str, errors: Errors) -> dict[str, str]:
    """The map of texts: numbers and booleans as JSON writes them, nested values as JSON text, nulls left out.

    What goes past the limit of all keys and values together is cut.
    """
    value = payload.get(field)
    if not value:
        return {}
    if not isinstance(value, dict):
        errors[field] = f"Property [{field}] should be a map of texts."
        return {}
    kept: dict[str, str] = {}
    for name, item in value.items():
        key = clean(name).strip()
        if item is not None and key:
            found = scalar(item)
            kept[key] = nested(item) if found is None else found
    return fit_details(kept)


def fit_details(given: dict[str, str]) -> dict[str, str]:
    """`given`, cut where its keys and values together pass the limit."""
    kept: dict[str, str] = {}
    room = DETAILS_LIMIT
    for key, value in given.items():
        room -= len(key)
        if room < 0:
            break
        kept[key] = value[:room]
        room -= len(kept[key])
    return kept


def nested(value: object) -> str:
    """A list or object as compact JSON text; empty where it is nested beyond reason."""
    try:
        return clean(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
    except RecursionError:
        return ""


def priority(payload: Mapping[str, Any], errors: Errors) -> int | None:
    """1 for P1 … 5 for P5; None when absent or null."""
    value = payload.get("priority")
    if value is None:
        return None
    if isinstance(value, str):
        name = value.strip()
        if not name:
            return None
        known = PRIORITIES.get(name)
        if known is not None:
            return known
    errors["priority"] = "Priority should be one of [P1, P2, P3, P4, P5]."
    return None


def references(payload: Mapping[str, Any], field: str, types: frozenset[str], errors: Errors) -> list[Reference]:
    """Who is named in a list of `{type, id | name | username}`; empty objects are left out, at most 50 are kept."""
    value = payload.get(field)
    if not value:
        return []
    if not isinstance(value, list):
        errors[field] = f"Property [{field}] should be a list."
        return []
    kept: dict[Reference, None] = {}
    for item in value:
        found = reference(item, field, types, errors)
        if found is not None:
            kept[found] = None
            if len(kept) == RESPONDERS_LIMIT:
                break
    return list(kept)


def reference(
    value: object, field: str, types: frozenset[str], errors: Errors, default_type: str = ""
) -> Reference | None:
    """Who is named in one `{type, id | name | username}`; None for null and empty objects.

    Without a type it is `default_type`; a user name implies a user.
    """
    if value is None:
        return None
    if not isinstance(value, dict):
        errors[field] = f"Property [{field}] should hold a type and an id, name or username."
        return None
    parts = [scalar(value.get(name)) or "" for name in ("type", "id", "name", "username")]
    if not any(parts):
        return None
    kind, ident, name, username = (part.strip()[:512] for part in parts)
    kind = kind.lower() or default_type or ("user" if username else "")
    if kind in LEGACY_TYPES:
        return None
    if kind not in types:
        errors[field] = f"Type should be one of [{', '.join(sorted(types))}]."
        return None
    if not (ident or name or username):
        errors[field] = f"Property [{field}] names a {kind} without id, name or username."
        return None
    return Reference(kind, ident, (username or name) if kind == "user" else (name or username))


def instant(payload: Mapping[str, Any], field: str, errors: Errors) -> datetime | None:
    """The RFC 3339 instant in UTC; None, with an error, when absent or something else."""
    value = payload.get(field)
    if isinstance(value, str) and _INSTANT.fullmatch(value.strip()):
        try:
            return datetime.fromisoformat(value.strip().upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    errors[field] = f"Property [{field}] should be an instant like 2026-03-02T09:15:00Z."
    return None
