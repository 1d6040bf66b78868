"""What a payload says of a person. Pure.

Source: reference, users (create fields), conventions (leniency list)
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from tocsin import i18n
from tocsin.accounts.model import ADDRESS_FIELDS, Particulars
from tocsin.alerts import fields
from tocsin.alerts.fields import Errors
from tocsin.wire import wire_time

USERNAME_LIMIT = 100
NAME_LIMIT = 512
SKYPE_LIMIT = 100
ADDRESS_LIMIT = 200
TAGS_LIMIT, TAG_LIMIT = 50, 100
DETAILS_LIMIT, DETAIL_LIMIT = 50, 1000  # names, and values of each; characters of each
REGIONS = {"en": "en_US", "pl": "pl_PL"}
_TAG = re.compile(r"[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8}){0,3}")


@dataclass(frozen=True, slots=True)
class Written:
    """The fields that a payload has; what it leaves out, or has empty, is None."""

    username: str | None
    full_name: str | None
    role: tuple[str, str] | None  # id, name: one of the two may be empty
    time_zone: str | None
    language_tag: str | None
    skype_username: str | None
    address: dict[str, str] | None
    tags: list[str] | None
    details: dict[str, list[str]] | None
    invitation_disabled: bool


def written(payload: Mapping[str, Any]) -> Written:
    """What the payload says. Raises: Invalid, naming the fields that cannot be."""
    errors: Errors = {}
    zone_field = "timeZone" if payload.get("timeZone") else "timezone"
    found = Written(
        username=limited(payload, "username", USERNAME_LIMIT, errors),
        full_name=limited(payload, "fullName", NAME_LIMIT, errors),
        role=_role(payload, errors),
        time_zone=limited(payload, zone_field, USERNAME_LIMIT, errors),
        language_tag=limited(payload, "locale", USERNAME_LIMIT, errors),
        skype_username=_text(payload, "skypeUsername", SKYPE_LIMIT, errors),
        address=_address(payload, errors),
        tags=fields.texts(payload, "tags", TAGS_LIMIT, TAG_LIMIT, errors) if payload.get("tags") is not None else None,
        details=_details(payload, errors),
        invitation_disabled=_flag(payload, "invitationDisabled", errors),
    )
    if found.time_zone is not None and found.time_zone not in available_timezones():
        errors["timeZone"] = "There is no such time zone. One looks like Europe/Berlin."
    if found.language_tag is not None and not _TAG.fullmatch(found.language_tag):
        errors["locale"] = "This is not a locale. One looks like en_US."
    fields.check(errors)
    return found


def limited(payload: Mapping[str, Any], field: str, limit: int, errors: Errors) -> str | None:
    """The text, None where it is absent or empty; one that is too long is an error, for a cut one is another."""
    found = fields.text(payload, field, limit + 1, errors)
    if len(found) > limit:
        errors[field] = f"Property [{field}] should have at most {limit} characters."
    return found or None


def language_of(tag: str) -> str:
    """Which of our languages a person of that locale reads; English where we do not speak his."""
    language = re.split("[_-]", tag)[0].lower()
    return language if language in i18n.LOCALES else i18n.DEFAULT_LOCALE


def tag_of(locale: str, tag: str) -> str:
    """The locale as the API spells it: as it was given, while it still fits the language that the person chose."""
    return tag if tag and language_of(tag) == locale else REGIONS.get(locale, locale)


def _text(payload: Mapping[str, Any], field: str, limit: int, errors: Errors) -> str | None:
    """The text, empty where it was given so; None where it is absent."""
    return limited(payload, field, limit, errors) or "" if payload.get(field) is not None else None


def _role(payload: Mapping[str, Any], errors: Errors) -> tuple[str, str] | None:
    value = payload.get("role")
    if not value:
        return None
    if isinstance(value, str):
        return "", value.strip()[:NAME_LIMIT]
    if not isinstance(value, dict):
        errors["role"] = "Property [role] should hold an id or a name."
        return None
    ident, name = (str(value.get(it) or "").strip()[:NAME_LIMIT] for it in ("id", "name"))
    return (ident, name) if ident or name else None


def _address(payload: Mapping[str, Any], errors: Errors) -> dict[str, str] | None:
    value = payload.get("userAddress")
    if value is None:
        return None
    if not isinstance(value, dict):
        errors["userAddress"] = f"Property [userAddress] should be an object of {', '.join(ADDRESS_FIELDS)}."
        return None
    return {name: fields.text(value, name, ADDRESS_LIMIT, errors) for name in ADDRESS_FIELDS if value.get(name)}


def _details(payload: Mapping[str, Any], errors: Errors) -> dict[str, list[str]] | None:
    value = payload.get("details")
    if value is None:
        return None
    if not isinstance(value, dict):
        errors["details"] = "Property [details] should be a map of lists of texts."
        return None
    kept = {}
    for name, item in list(value.items())[:DETAILS_LIMIT]:
        texts = {"details": item if isinstance(item, list) else [item]}
        kept[fields.clean(name)[:DETAIL_LIMIT]] = fields.texts(texts, "details", DETAILS_LIMIT, DETAIL_LIMIT, errors)
    return kept


def _flag(payload: Mapping[str, Any], field: str, errors: Errors) -> bool:
    """True or false, also as a text: one client sends "true"."""
    value = payload.get(field)
    text = str(value).strip().lower()
    if value is None or text in {"", "false"}:
        return False
    if text != "true":
        errors[field] = f"Property [{field}] should be true or false."
    return True


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person as the API shows him."""

    account_id: int
    id: UUID
    username: str
    full_name: str
    role: str
    role_id: UUID | None
    role_name: str | None  # of a custom role
    status: str
    verified: bool
    time_zone: str
    locale: str
    created_at: datetime
    muted_until: datetime | None
    skype_username: str
    address: dict[str, str]
    tags: list[str]
    details: dict[str, list[str]]
    language_tag: str

    @property
    def particulars(self) -> Particulars:
        return Particulars(self.skype_username, self.address, self.tags, self.details, self.language_tag)


def as_json(person: PersonRow, at: datetime) -> dict[str, Any]:
    """A person as Opsgenie's JSON writes him, at `at`."""
    shown: dict[str, Any] = {
        "blocked": person.status == "suspended",
        "verified": person.verified,
        "id": str(person.id),
        "username": person.username,
        "fullName": person.full_name,
        "role": role_json(person),
        "timeZone": person.time_zone,
        "locale": tag_of(person.locale, person.language_tag),
        "userAddress": {name: person.address.get(name, "") for name in ADDRESS_FIELDS},
        "createdAt": wire_time(person.created_at),
        "tags": person.tags,
        "details": person.details,
    }
    if person.muted_until is not None and person.muted_until > at:
        shown["mutedUntil"] = wire_time(person.muted_until)
    if person.skype_username:
        shown["skypeUsername"] = person.skype_username
    return shown


def role_json(person: PersonRow) -> dict[str, str]:
    """The role's id and name; for a built-in one both are its name, with a capital."""
    if person.role_id is not None and person.role_name is not None:
        return {"id": str(person.role_id), "name": person.role_name}
    return {"id": person.role.capitalize(), "name": person.role.capitalize()}
