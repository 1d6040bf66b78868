"""Drafts: what a payload of the API wants a team, a rule, an escalation or a forwarding rule to become. Pure.

A field that is absent, empty or null is None here: it stays as it is. Everything that is wrong is named at once.
Source: reference, teams; escalations and forwarding rules; conventions (leniency list)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import available_timezones

from tocsin.accounts.directory import Reference
from tocsin.accounts.team_rights import TeamRight
from tocsin.alerts import fields
from tocsin.alerts.criteria import MATCH_ALL, Criteria
from tocsin.alerts.criteria import from_json as criteria_from_json
from tocsin.errors import Invalid
from tocsin.escalations.escalation import Condition, NotifyType, RecipientKind, Repeat
from tocsin.escalations.routing import TargetKind
from tocsin.schedules import restrictions
from tocsin.schedules.restrictions import Restriction

Payload = Mapping[str, Any]
T = TypeVar("T")

NAME_LIMIT = 100
DESCRIPTION_LIMIT = 10_000
ALIAS_LIMIT = 512
MEMBERS_LIMIT = 1000
RULES_LIMIT = 30
DELAY_LIMIT = timedelta(days=2)
REPEAT_LIMIT = 20
WAIT_LIMIT = timedelta(days=7)
UNITS = {"minutes": timedelta(minutes=1), "hours": timedelta(hours=1), "days": timedelta(days=1)}

ALLOWED: dict[RecipientKind, tuple[NotifyType, ...]] = {
    RecipientKind.USER: (NotifyType.DEFAULT,),
    RecipientKind.SCHEDULE: (NotifyType.DEFAULT, NotifyType.NEXT, NotifyType.PREVIOUS),
    RecipientKind.TEAM: (NotifyType.DEFAULT, NotifyType.ALL, NotifyType.ADMINS, NotifyType.USERS, NotifyType.RANDOM),
}
"""How each kind of recipient of a rule can be told."""


@dataclass(frozen=True, slots=True)
class MemberDraft:
    user: Reference
    role: str


@dataclass(frozen=True, slots=True)
class TeamDraft:
    """`members` are all of them; None leaves them."""

    name: str | None = None
    description: str | None = None
    members: tuple[MemberDraft, ...] | None = None


@dataclass(frozen=True, slots=True)
class Notify:
    """Where a routing rule sends; `target` is None for `none`."""

    kind: TargetKind
    target: Reference | None = None


@dataclass(frozen=True, slots=True)
class RoutingDraft:
    """`drops_restriction`: the rule shall hold at any time; `drops_time_zone`: its clock shall be the account's."""

    name: str | None = None
    order: int | None = None
    time_zone: str | None = None
    criteria: Criteria | None = None
    restriction: Restriction | None = None
    drops_restriction: bool = False
    drops_time_zone: bool = False
    notify: Notify | None = None


@dataclass(frozen=True, slots=True)
class RuleDraft:
    """A rule of an escalation."""

    delay: timedelta
    condition: Condition
    notify_type: NotifyType
    recipient: Reference


@dataclass(frozen=True, slots=True)
class EscalationDraft:
    """`rules` are all of them, in the order in which they shall be shown."""

    name: str | None = None
    description: str | None = None
    owner_team: Reference | None = None
    rules: tuple[RuleDraft, ...] | None = None
    repeat: Repeat | None = None


@dataclass(frozen=True, slots=True)
class ForwardingDraft:
    """A forwarding rule; without an `alias` it keeps the one it has, or gets one."""

    from_user: Reference
    to_user: Reference
    starts_at: datetime
    ends_at: datetime
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class RoleDraft:
    """A team role: its `rights`, each granted or not."""

    name: str | None = None
    rights: Mapping[str, bool] | None = None


def team(payload: Payload) -> TeamDraft:
    """Raises: Invalid, naming the fields."""
    errors: fields.Errors = {}
    draft = TeamDraft(
        _name(payload, errors),
        _text(payload, "description", DESCRIPTION_LIMIT, errors),
        _members(payload, errors),
    )
    fields.check(errors)
    return draft


def member(payload: Payload) -> MemberDraft:
    """Raises: Invalid, naming the fields."""
    errors: fields.Errors = {}
    found = _member(payload, "user", errors)
    fields.check(errors)
    return _there(found, "user")


def role(payload: Payload) -> RoleDraft:
    """Raises: Invalid, naming the fields."""
    errors: fields.Errors = {}
    draft = RoleDraft(_name(payload, errors), _rights(payload, errors))
    fields.check(errors)
    return draft


def routing_rule(payload: Payload) -> RoutingDraft:
    """Raises: Invalid, naming the fields."""
    errors: fields.Errors = {}
    draft = RoutingDraft(
        name=_name(payload, errors),
        order=_order(payload, errors),
        time_zone=_time_zone(payload, errors),
        criteria=_criteria(payload, errors),
        restriction=_restriction(payload, errors),
        drops_restriction="timeRestriction" in payload and payload["timeRestriction"] is None,
        notify=_notify(payload, errors),
    )
    fields.check(errors)
    return draft


def order(payload: Payload) -> int:
    """The place that a rule shall have, from 0. Raises: Invalid."""
    errors: fields.Errors = {}
    found = _order(payload, errors)
    fields.check(errors)
    return _there(found, "order")


def escalation(payload: Payload) -> EscalationDraft:
    """Raises: Invalid, naming the fields."""
    errors: fields.Errors = {}
    draft = EscalationDraft(
        name=_name(payload, errors),
        description=_text(payload, "description", DESCRIPTION_LIMIT, errors),
        owner_team=_reference(payload, "ownerTeam", "team", errors),
        rules=_rules(payload, errors),
        repeat=_repeat(payload, errors),
    )
    fields.check(errors)
    return draft


def forwarding(payload: Payload) -> ForwardingDraft:
    """Raises: Invalid, naming the fields: all but the alias are needed."""
    errors: fields.Errors = {}
    from_user, to_user = (_reference(payload, name, "user", errors) for name in ("fromUser", "toUser"))
    for name, found in (("fromUser", from_user), ("toUser", to_user)):
        if found is None:
            errors.setdefault(name, f"Property [{name}] cannot be empty.")
    starts_at, ends_at = (_second(payload, name, errors) for name in ("startDate", "endDate"))
    alias = _text(payload, "alias", ALIAS_LIMIT, errors)
    if starts_at and ends_at and ends_at <= starts_at:
        errors["endDate"] = "Property [endDate] should be later than [startDate]."
    fields.check(errors)
    return ForwardingDraft(
        _there(from_user, "fromUser"),
        _there(to_user, "toUser"),
        _there(starts_at, "startDate"),
        _there(ends_at, "endDate"),
        alias,
    )


def _there(value: T | None, name: str) -> T:
    if value is None:
        raise fields.empty(name)
    return value


def _name(payload: Payload, errors: fields.Errors) -> str | None:
    return _text(payload, "name", NAME_LIMIT, errors)


def _text(payload: Payload, name: str, limit: int, errors: fields.Errors) -> str | None:
    """Trimmed; one that is too long is refused, for a cut one would be another."""
    found = fields.text(payload, name, limit + 1, errors)
    if len(found) > limit:
        errors[name] = f"Property [{name}] should have at most {limit} characters."
    return found or None


def _reference(payload: Payload, name: str, kind: str, errors: fields.Errors) -> Reference | None:
    """`{id, name | username}`, whatever type it says; None for an empty one."""
    value = payload.get(name)
    if isinstance(value, Mapping):
        value = {key: value[key] for key in ("id", "name", "username") if value.get(key)}
    return fields.reference(value, name, frozenset({kind}), errors, default_type=kind)


def _members(payload: Payload, errors: fields.Errors) -> tuple[MemberDraft, ...] | None:
    given = payload.get("members")
    if given is None:
        return None
    if not isinstance(given, list) or len(given) > MEMBERS_LIMIT or not all(isinstance(it, Mapping) for it in given):
        errors["members"] = f"Property [members] should be a list of at most {MEMBERS_LIMIT} users with their roles."
        return None
    found = [_member(it, f"members[{index}].user", errors) for index, it in enumerate(given)]
    return tuple(it for it in found if it is not None)


def _member(payload: Payload, place: str, errors: fields.Errors) -> MemberDraft | None:
    user = _reference(payload, "user", "user", errors)
    if "user" in errors and place != "user":
        errors[place] = errors.pop("user")
    role_name = fields.text(payload, "role", NAME_LIMIT, errors) or "user"
    if user is None:
        errors.setdefault(place, f"Property [{place}] cannot be empty.")
        return None
    return MemberDraft(user, role_name)


def _rights(payload: Payload, errors: fields.Errors) -> Mapping[str, bool] | None:
    given = payload.get("rights")
    if given is None:
        return None
    found: dict[str, bool] = {}
    for index, it in enumerate(given if isinstance(given, list) else [None]):
        place = f"rights[{index}]"
        right, granted = (it.get("right"), it.get("granted")) if isinstance(it, Mapping) else (None, None)
        if right not in set(TeamRight):
            errors[place] = f"Property [{place}.right] should be one of [{', '.join(TeamRight)}]."
        elif not isinstance(granted, bool):
            errors[place] = f"Property [{place}.granted] should be true or false."
        else:
            found[right] = granted
    return found


def _order(payload: Payload, errors: fields.Errors) -> int | None:
    return _number(payload, "order", errors)


def _number(payload: Payload, name: str, errors: fields.Errors, most: int = 1_000_000, place: str = "") -> int | None:
    value = payload.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        errors[place or name] = f"Property [{place or name}] should be a whole number from 0 to {most}."
        return None
    return value


def _time_zone(payload: Payload, errors: fields.Errors) -> str | None:
    found = fields.text(payload, "timezone", NAME_LIMIT, errors)
    if found and found not in available_timezones():
        errors["timezone"] = f"Property [timezone] should be an IANA time zone, not [{found}]."
    return found or None


def _criteria(payload: Payload, errors: fields.Errors) -> Criteria | None:
    value = payload.get("criteria")
    if not value:
        return None
    try:
        return criteria_from_json(value)
    except Invalid as error:
        errors.update(error.errors)
        return MATCH_ALL


def _restriction(payload: Payload, errors: fields.Errors) -> Restriction | None:
    try:
        return restrictions.from_json(payload.get("timeRestriction"))
    except Invalid as error:
        errors.update(error.errors)
        return None


def _notify(payload: Payload, errors: fields.Errors) -> Notify | None:
    value = payload.get("notify")
    if not value:
        return None
    if not isinstance(value, Mapping):
        errors["notify"] = "Property [notify] should be an object with type and id or name."
        return None
    try:
        kind = TargetKind(str(value.get("type") or "").strip().lower())
    except ValueError:
        errors["notify.type"] = f"Property [notify.type] should be one of [{', '.join(TargetKind)}]."
        return None
    if kind is TargetKind.NONE:
        return Notify(kind)
    target = _reference(payload, "notify", kind.value, errors)
    if target is None:
        errors.setdefault("notify", f"Property [notify] names an {kind.value} without id or name.")
    return Notify(kind, target)


def _rules(payload: Payload, errors: fields.Errors) -> tuple[RuleDraft, ...] | None:
    given = payload.get("rules")
    if given is None:
        return None
    if not isinstance(given, list) or not 1 <= len(given) <= RULES_LIMIT:
        errors["rules"] = f"Property [rules] should be a list of 1 to {RULES_LIMIT} rules."
        return None
    found = [_rule(it, f"rules[{index}]", errors) for index, it in enumerate(given)]
    return tuple(it for it in found if it is not None)


def _rule(value: object, place: str, errors: fields.Errors) -> RuleDraft | None:
    if not isinstance(value, Mapping):
        errors[place] = f"Property [{place}] should be an object with condition, notifyType, delay and recipient."
        return None
    condition = _choice(Condition, value.get("condition"), f"{place}.condition", errors)
    notify_type = _choice(NotifyType, value.get("notifyType"), f"{place}.notifyType", errors)
    delay = _delay(value.get("delay"), f"{place}.delay", errors)
    recipient = _recipient(value.get("recipient"), f"{place}.recipient", errors)
    if condition is None or notify_type is None or delay is None or recipient is None:
        return None
    allowed = ALLOWED[RecipientKind(recipient.type)]
    if notify_type not in allowed:
        errors[f"{place}.notifyType"] = (
            f"Notify type [{notify_type}] does not fit a {recipient.type}: use one of [{', '.join(allowed)}]."
        )
        return None
    return RuleDraft(delay, condition, notify_type, recipient)


def _choice(enum: type[T], value: object, place: str, errors: fields.Errors) -> T | None:
    try:
        return enum(str(value or "").strip().lower())  # type: ignore[call-arg]  # it is a StrEnum
    except ValueError:
        errors[place] = f"Property [{place}] should be one of [{', '.join(enum)}]."  # type: ignore[arg-type]  # as above
        return None


def _delay(value: object, place: str, errors: fields.Errors) -> timedelta | None:
    if not isinstance(value, Mapping):
        errors[place] = f"Property [{place}] should be an object with timeAmount and timeUnit."
        return None
    amount = _number(value, "timeAmount", errors, place=f"{place}.timeAmount")
    unit = UNITS.get(str(value.get("timeUnit") or "minutes").strip().lower())
    if unit is None:
        errors[f"{place}.timeUnit"] = f"Property [{place}.timeUnit] should be one of [{', '.join(UNITS)}]."
    if amount is None:
        errors.setdefault(f"{place}.timeAmount", f"Property [{place}.timeAmount] cannot be empty.")
    if unit is None or amount is None:
        return None
    if amount * unit > DELAY_LIMIT:
        errors[place] = f"Property [{place}] should be at most {DELAY_LIMIT // UNITS['hours']} hours."
        return None
    return amount * unit


def _recipient(value: object, place: str, errors: fields.Errors) -> Reference | None:
    found: fields.Errors = {}
    recipient = fields.reference(value, "recipient", frozenset(ALLOWED), found)
    if found:
        errors[place] = found["recipient"].replace("[recipient]", f"[{place}]")
    elif recipient is None:
        errors[place] = f"Property [{place}] cannot be empty."
    return recipient


def _repeat(payload: Payload, errors: fields.Errors) -> Repeat | None:
    value = payload.get("repeat")
    if not value:
        return None
    if not isinstance(value, Mapping):
        errors["repeat"] = "Property [repeat] should be an object with waitInterval and count."
        return None
    most = WAIT_LIMIT // timedelta(minutes=1)
    wait = _number(value, "waitInterval", errors, most, "repeat.waitInterval") or 0
    count = _number(value, "count", errors, REPEAT_LIMIT, "repeat.count")
    flags = [_flag(value, name, errors) for name in ("resetRecipientStates", "closeAlertAfterAll")]
    return Repeat(timedelta(minutes=wait), 1 if count is None else count, flags[0], flags[1])


def _flag(value: Payload, name: str, errors: fields.Errors) -> bool:
    found = value.get(name) or False
    if not isinstance(found, bool):
        errors[f"repeat.{name}"] = f"Property [repeat.{name}] should be true or false."
    return bool(found)


def _second(payload: Payload, name: str, errors: fields.Errors) -> datetime | None:
    """An instant, kept to the second. Source: on-call semantics, "Rounding" """
    found = fields.instant(payload, name, errors)
    return found.replace(microsecond=0) if found else None
