"""The commands of a scenario: the Alert API's calls by name, with its fields. Pure.

Source: reference, alerts (endpoints; create payload)
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from tocsin.accounts.directory import Reference
from tocsin.alerts import fields as payload_fields
from tocsin.alerts import transitions
from tocsin.alerts.create import NewAlert, parse_create
from tocsin.alerts.model import Alert
from tocsin.alerts.transitions import Change, Refusal
from tocsin.errors import Invalid
from tocsin.licensing.usage import LEG_LIMIT, UsageKind, UsageRecord, make_record
from tocsin.rehearsal import subscription_commands as subscription
from tocsin.rehearsal.subscription_commands import SubscriptionAction
from tocsin.yaml_tree import Node, suggestion


@dataclass(frozen=True, slots=True)
class Create:
    """`integration` is the name of the one that the alert comes by; empty: the account's first."""

    alert: NewAlert
    integration: str


@dataclass(frozen=True, slots=True)
class Plain:
    """acknowledge, unacknowledge, close or delete."""

    verb: str


@dataclass(frozen=True, slots=True)
class Snooze:
    until: datetime


@dataclass(frozen=True, slots=True)
class Escalate:
    escalation: Reference


@dataclass(frozen=True, slots=True)
class Assign:
    owner: Reference


@dataclass(frozen=True, slots=True)
class AddResponder:
    """`action` is Opsgenie's name for it: as a team it is another endpoint."""

    responder: Reference
    action: str


@dataclass(frozen=True, slots=True)
class Edit:
    """What changes the alert alone; `action` is Opsgenie's name for it."""

    action: str
    decide: Callable[[Alert], Change | Refusal]


@dataclass(frozen=True, slots=True)
class Use:
    """So many SMS, calls or answered call legs besides those that alerts cause, all at one instant."""

    kind: UsageKind
    number: str
    count: int
    seconds: int
    record_id: str
    cost_minor: int | None = None  # what the carrier asks for each

    def records(self, account_id: int, at: datetime) -> list[UsageRecord]:
        """One a unit."""
        ids = [self.record_id] if self.count == 1 else [f"{self.record_id}-{n}" for n in range(1, self.count + 1)]
        seconds, cost = self.seconds, self.cost_minor
        return [
            make_record(account_id, it, self.kind, at, at, self.number, seconds=seconds, cost_minor=cost) for it in ids
        ]


Action = Create | Plain | Snooze | Escalate | Assign | AddResponder | Edit | Use | SubscriptionAction


@dataclass(frozen=True, slots=True)
class Command:
    """One call at one instant. `alert` is an alias or, with a leading #, a tiny id; empty for create-alert."""

    at: datetime
    name: str
    place: str  # where it stands in the file, for an error while it runs
    action: Action
    alert: str = ""
    user: str = ""
    source: str = ""
    note: str = ""


CREATE = "create-alert"
CREATE_FIELDS = (
    "message", "alias", "description", "responders", "visibleTo", "actions", "tags", "details", "entity", "source",
    "priority", "user", "note", "teams", "integration",
)  # fmt: skip
COMMON = ("alert", "user", "source", "note")
OWN_FIELDS: Mapping[str, tuple[str, ...]] = {
    "acknowledge": (),
    "unacknowledge": (),
    "close": (),
    "delete": (),
    "snooze": ("endTime",),
    "escalate": ("escalation",),
    "assign": ("owner",),
    "add-team": ("team",),
    "add-responder": ("responder",),
    "add-note": (),
    "add-tags": ("tags",),
    "remove-tags": ("tags",),
    "add-details": ("details",),
    "remove-details": ("keys",),
    "update-priority": ("priority",),
    "update-message": ("message",),
    "update-description": ("description",),
    "execute-action": ("action",),
}
USAGE = "usage"
MOST_UNITS = 100_000
MOST_COST_MINOR = 1_000_000
NAMES = (CREATE, *OWN_FIELDS, USAGE, *subscription.NAMES)
REFERENCE = ("type", "id", "name", "username")
NAMED_LISTS = ("responders", "visibleTo")


def parse_command(node: Node, start: datetime) -> Command:
    """One item of `commands`: `at`, and a call by its name. Raises: Invalid, naming the place."""
    fields = node.fields("at", *NAMES)
    calls = [name for name in NAMES if name in fields.given]
    if len(calls) != 1:
        found = f"{' and '.join(calls)} are given" if calls else "none is given"
        raise node.refusal(f"A command is `at` and one call, e.g. create-alert: {found}.")
    at_node, name = fields.need("at"), calls[0]
    at = at_node.instant(start)
    if at < start:
        raise at_node.refusal("A command cannot come before the start.")
    given = fields.given[name]
    try:
        match name:
            case "create-alert":
                return _create(given, at)
            case "usage":
                return _usage(given, at)
            case _ if name in subscription.NAMES:
                return Command(at, name, given.path, subscription.parse_subscription_action(name, given))
            case _:
                return _call(name, given, at, start)
    except Invalid as error:
        if not error.errors:
            raise
        key, problem = next(iter(error.errors.items()))
        at_fault = given.value.get(key, given) if isinstance(given.value, dict) else given
        raise at_fault.refusal(problem) from None


def _create(node: Node, at: datetime) -> Command:
    fields = node.fields(*CREATE_FIELDS)
    for key in NAMED_LISTS:
        for item in fields.items(key):
            item.fields(*REFERENCE)
    action = Create(parse_create(node.plain()), fields.text("integration"))
    return Command(at, CREATE, node.path, action)


def _usage(node: Node, at: datetime) -> Command:
    fields = node.fields("kind", "number", "count", "seconds", "costMinor", "id")
    kind = UsageKind(fields.need("kind").choice(list(UsageKind), "kind of use"))
    number, count, seconds = fields.need("number"), fields.get("count"), fields.get("seconds")
    cost = fields.get("costMinor")
    action = Use(
        kind,
        number.text(),
        count.integer(1, MOST_UNITS) if count is not None else 1,
        seconds.integer(0, LEG_LIMIT) if seconds is not None else 0,
        fields.text("id", f"{node.path}@{at.isoformat()}"),
        cost.integer(0, MOST_COST_MINOR) if cost is not None else None,
    )
    try:
        action.records(0, at)
    except Invalid as error:
        raise number.refusal(error.message) from None
    return Command(at, USAGE, node.path, action)


def _call(name: str, node: Node, at: datetime, start: datetime) -> Command:
    fields = node.fields(*COMMON, *OWN_FIELDS[name])
    errors: payload_fields.Errors = {}
    payload = node.plain()
    user, source = (payload_fields.text(payload, key, payload_fields.NAME_LIMIT, errors) for key in ("user", "source"))
    note = payload_fields.text(payload, "note", payload_fields.NOTE_LIMIT, errors)
    payload_fields.check(errors)
    alert = fields.need("alert").text()
    action: Action
    match name:
        case "acknowledge" | "unacknowledge" | "close" | "delete":
            action = Plain(name)
        case "snooze":
            action = Snooze(_until(fields.need("endTime"), at, start))
        case "escalate":
            action = Escalate(_named(fields.need("escalation"), "escalation", frozenset({"escalation"})))
        case "assign":
            action = Assign(_named(fields.need("owner"), "owner", frozenset({"user"})))
        case "add-team":
            action = AddResponder(_named(fields.need("team"), "team", frozenset({"team"})), "Add Team")
        case "add-responder":
            responder = _named(fields.need("responder"), "responder", payload_fields.RESPONDER_TYPES)
            action = AddResponder(responder, "Add Responder")
        case _:
            if name == "add-note":
                fields.need("note")
            for key in OWN_FIELDS[name]:
                fields.need(key)
            action = _edit(name, payload, at)
    return Command(at, name, node.path, action, alert, user, source, note)


def _until(node: Node, at: datetime, start: datetime) -> datetime:
    until = node.instant(start)
    if until <= at:
        raise node.refusal("A snooze ends after its command; an offset counts from the start, not from the command.")
    return until


def _named(node: Node, field: str, kinds: frozenset[str]) -> Reference:
    node.fields(*REFERENCE)
    errors: payload_fields.Errors = {}
    found = payload_fields.reference(
        node.plain(), field, kinds, errors, default_type=next(iter(kinds)) if len(kinds) == 1 else ""
    )
    payload_fields.check(errors)
    if found is None:
        raise node.refusal(f"Nobody is named: write a {' or '.join(sorted(kinds))} by its name.")
    return found


def _edit(name: str, payload: Mapping[str, Any], at: datetime) -> Edit:
    """The calls that change the alert alone, as alerts/api.py has them."""
    errors: payload_fields.Errors = {}
    done = _EDITS[name](payload, at, errors)
    payload_fields.check(errors)
    return done


def _add_note(payload: Mapping[str, Any], at: datetime, errors: payload_fields.Errors) -> Edit:
    return Edit("Add Note", partial(transitions.add_note, at=at))


def _tags(payload: Mapping[str, Any], errors: payload_fields.Errors) -> list[str]:
    return payload_fields.texts(payload, "tags", payload_fields.TAGS_LIMIT, payload_fields.TAG_LIMIT, errors)


def _add_tags(payload: Mapping[str, Any], at: datetime, errors: payload_fields.Errors) -> Edit:
    return Edit("Add Tags", partial(transitions.add_tags, tags=_tags(payload, errors), at=at))


def _remove_tags(payload: Mapping[str, Any], at: datetime, errors: payload_fields.Errors) -> Edit:
    return Edit("Remove Tags", partial(transitions.remove_tags, tags=_tags(payload, errors), at=at))


def _add_details(payload: Mapping[str, Any], at: datetime, errors: payload_fields.Errors) -> Edit:
    details = payload_fields.details(payload, "details", errors)
    return Edit("Add Details", partial(transitions.add_details, details=details, at=at))


def _remove_details(payload: Mapping[str, Any], at: datetime, errors: payload_fields.Errors) -> Edit:
    keys = payload_fields.texts(payload, "keys", payload_fields.DETAILS_LIMIT, payload_fields.DETAILS_LIMIT, errors)
    return Edit("Remove Details", partial(transitions.remove_details, keys=keys, at=at))


def _update_priority(payload: Mapping[str, Any], at: datetime, errors: payload_fields.Errors) -> Edit:
    priority = payload_fields.priority(payload, errors) or payload_fields.DEFAULT_PRIORITY
    return Edit("Update Priority", partial(transitions.set_priority, priority=priority, at=at))


def _update_message(payload: Mapping[str, Any], at: datetime, errors: payload_fields.Errors) -> Edit:
    message = payload_fields.text(payload, "message", payload_fields.MESSAGE_LIMIT, errors)
    if not message and not errors:
        errors["message"] = "Message can not be empty."
    return Edit("Update Message", partial(transitions.set_message, message=message, at=at))


def _update_description(payload: Mapping[str, Any], at: datetime, errors: payload_fields.Errors) -> Edit:
    text = payload_fields.text(payload, "description", payload_fields.DESCRIPTION_LIMIT, errors)
    return Edit("Update Description", partial(transitions.set_description, description=text, at=at))


def _execute_action(payload: Mapping[str, Any], at: datetime, errors: payload_fields.Errors) -> Edit:
    action = payload_fields.text(payload, "action", payload_fields.ACTION_LIMIT, errors)
    return Edit("Execute Custom Action", partial(transitions.execute, action=action, at=at))


_EDITS: Mapping[str, Callable[[Mapping[str, Any], datetime, payload_fields.Errors], Edit]] = {
    "add-note": _add_note,
    "add-tags": _add_tags,
    "remove-tags": _remove_tags,
    "add-details": _add_details,
    "remove-details": _remove_details,
    "update-priority": _update_priority,
    "update-message": _update_message,
    "update-description": _update_description,
    "execute-action": _execute_action,
}


def check_alerts(commands: Sequence[tuple[Command, Node]]) -> None:
    """Every alias that a command names is that of an alert created no later. Raises: Invalid, naming the place."""
    created: dict[str, datetime] = {}
    for command, _ in commands:
        if isinstance(command.action, Create) and command.action.alert.alias:
            alias = command.action.alert.alias
            created[alias] = min(command.at, created.get(alias, command.at))
    for command, node in commands:
        if not command.alert or command.alert.startswith("#"):
            continue
        if command.alert not in created or created[command.alert] > command.at:
            near = suggestion(command.alert, (alias for alias, at in created.items() if at <= command.at))
            raise node.refusal(f"No create-alert up to then has the alias {command.alert!r}.{near}")
