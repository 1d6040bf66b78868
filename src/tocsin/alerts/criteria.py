"""Criteria: does an alert match what a rule asks for? Pure.

`matches` is a regular expression on the whole text. RE2 runs it: its time grows with the text alone, whatever the
pattern, for one that somebody wrote must not hold up everybody's alerts (ADR 20).
Source: reference, policies (conditions)
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as member
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeVar

from tocsin.alerts.facts import AlertContent
from tocsin.alerts.fields import NOT_PROCESSABLE, PRIORITIES, Errors, clean, scalar
from tocsin.errors import Invalid

E = TypeVar("E", bound=StrEnum)
CONDITIONS_LIMIT = 100
VALUE_LIMIT = 1000  # characters of an expected value or a key
MEMORY_LIMIT = 1 << 20  # bytes that a compiled pattern may take


class CriteriaType(StrEnum):
    MATCH_ALL = "match-all"  # every alert
    MATCH_ANY = "match-any-condition"
    MATCH_EACH = "match-all-conditions"


class Field(StrEnum):
    MESSAGE = "message"
    ALIAS = "alias"
    DESCRIPTION = "description"
    SOURCE = "source"
    ENTITY = "entity"
    TAGS = "tags"
    ACTIONS = "actions"
    RECIPIENTS = "recipients"
    RESPONDERS = "responders"
    TEAMS = "teams"
    DETAILS = "details"
    EXTRA_PROPERTIES = "extra-properties"
    PRIORITY = "priority"


class Operation(StrEnum):
    MATCHES = "matches"
    CONTAINS = "contains"
    STARTS_WITH = "starts-with"
    ENDS_WITH = "ends-with"
    EQUALS = "equals"
    EQUALS_IGNORE_WHITESPACE = "equals-ignore-whitespace"
    IS_EMPTY = "is-empty"
    CONTAINS_KEY = "contains-key"
    CONTAINS_VALUE = "contains-value"
    GREATER_THAN = "greater-than"
    LESS_THAN = "less-than"


_OF_TEXT = (
    Operation.MATCHES,
    Operation.CONTAINS,
    Operation.STARTS_WITH,
    Operation.ENDS_WITH,
    Operation.EQUALS,
    Operation.EQUALS_IGNORE_WHITESPACE,
    Operation.IS_EMPTY,
)
_OF_LIST = (Operation.CONTAINS, Operation.IS_EMPTY, Operation.MATCHES)
_OF_MAP = (Operation.CONTAINS, Operation.IS_EMPTY, Operation.CONTAINS_KEY, Operation.CONTAINS_VALUE)

OPERATIONS: Mapping[Field, tuple[Operation, ...]] = {
    Field.MESSAGE: _OF_TEXT,
    Field.ALIAS: _OF_TEXT,
    Field.DESCRIPTION: _OF_TEXT,
    Field.SOURCE: _OF_TEXT,
    Field.ENTITY: _OF_TEXT,
    Field.TAGS: _OF_LIST,
    Field.ACTIONS: _OF_LIST,
    Field.RECIPIENTS: _OF_LIST,
    Field.RESPONDERS: _OF_LIST,
    Field.TEAMS: _OF_LIST,
    Field.DETAILS: _OF_MAP,
    Field.EXTRA_PROPERTIES: (*_OF_TEXT, Operation.CONTAINS_KEY, Operation.CONTAINS_VALUE),
    Field.PRIORITY: (Operation.EQUALS, Operation.GREATER_THAN, Operation.LESS_THAN),
}
"""What can be asked of each field."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One question to an alert, turned round where `negated`.

    `key` narrows extra properties to one of them; `expected` is empty for is-empty, which compares with nothing.
    `order` is shown as it was given, for a client compares it with its own; it means nothing else.
    """

    field: Field
    operation: Operation
    expected: str = ""
    negated: bool = False
    key: str = ""
    order: int = member(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Criteria:
    """Conditions, in their order, and how many of them must hold; `match-all` has none."""

    type: CriteriaType = CriteriaType.MATCH_ALL
    conditions: tuple[Condition, ...] = ()

    @property
    def fields(self) -> frozenset[Field]:
        """What the conditions look at."""
        return frozenset(condition.field for condition in self.conditions)


MATCH_ALL = Criteria()


def from_json(value: object, name: str = "criteria") -> Criteria:
    """Criteria as a client wrote them; null and `{}` match every alert.

    `name` is what the client calls them ("filter" in policies). Raises: Invalid, naming each field that is wrong.
    """
    if value is None or value == {}:
        return MATCH_ALL
    errors: Errors = {}
    found = _read(value, name, errors)
    if errors:
        raise Invalid(NOT_PROCESSABLE, errors)
    return found


def stored(value: Mapping[str, Any]) -> Criteria:
    """Criteria as `as_json` wrote them, which were checked then."""
    return Criteria(
        CriteriaType(value["type"]),
        tuple(_stored_condition(it) for it in value.get("conditions", ())),
    )


def _stored_condition(value: Mapping[str, Any]) -> Condition:
    return Condition(
        field=Field(value["field"]),
        operation=Operation(value["operation"]),
        expected=value.get("expectedValue", ""),
        negated=value["not"],
        key=value.get("key", ""),
        order=value["order"],
    )


def as_json(criteria: Criteria) -> dict[str, Any]:
    """Criteria as clients read them."""
    if criteria.type is CriteriaType.MATCH_ALL:
        return {"type": criteria.type.value}
    return {
        "type": criteria.type.value,
        "conditions": [_condition_json(condition) for condition in criteria.conditions],
    }


def matches(criteria: Criteria, content: AlertContent) -> bool:
    """Does the alert match?"""
    match criteria.type:
        case CriteriaType.MATCH_ALL:
            return True
        case CriteriaType.MATCH_ANY:
            return any(holds(condition, content) for condition in criteria.conditions)
        case CriteriaType.MATCH_EACH:
            return all(holds(condition, content) for condition in criteria.conditions)


def holds(condition: Condition, content: AlertContent) -> bool:
    """Does the alert answer the question as the condition wants it? Upper and lower case differ."""
    return _answer(condition, content) is not condition.negated


def _answer(condition: Condition, content: AlertContent) -> bool:
    match condition.field:
        case Field.PRIORITY:
            return _priority_is(condition, content.priority)
        case Field.DETAILS | Field.EXTRA_PROPERTIES:
            return _map_answers(condition, content.details)
        case Field.TAGS:
            return _list_answers(condition, content.tags)
        case Field.ACTIONS:
            return _list_answers(condition, content.actions)
        case Field.RECIPIENTS | Field.RESPONDERS:
            return _list_answers(condition, [name for it in content.responders for name in (it.id, it.name)])
        case Field.TEAMS:
            teams = [it for it in content.responders if it.type == "team"]
            return _list_answers(condition, [name for it in teams for name in (it.id, it.name)])
        case Field.MESSAGE | Field.ALIAS | Field.DESCRIPTION | Field.SOURCE | Field.ENTITY:
            return _text_answers(condition, getattr(content, condition.field.value))


def _priority_is(condition: Condition, priority: int) -> bool:
    """The more urgent one is the greater: P1 is greater than P2."""
    expected = PRIORITIES[condition.expected]
    match condition.operation:
        case Operation.GREATER_THAN:
            return priority < expected
        case Operation.LESS_THAN:
            return priority > expected
        case _:
            return priority == expected


def _list_answers(condition: Condition, items: Iterable[str]) -> bool:
    items = [item for item in items if item]
    match condition.operation:
        case Operation.IS_EMPTY:
            return not items
        case Operation.CONTAINS:
            return condition.expected in items
        case _:
            return any(_is_whole_match(condition.expected, item) for item in items)


def _map_answers(condition: Condition, details: Mapping[str, str]) -> bool:
    """What is asked of a text is asked of each value; with a key, of that value alone."""
    if condition.key:
        details = {key: value for key, value in details.items() if key == condition.key and value}
    match condition.operation:
        case Operation.IS_EMPTY:
            return not details
        case Operation.CONTAINS_KEY:
            return condition.expected in details
        case Operation.CONTAINS_VALUE:
            return condition.expected in details.values()
        case _:
            return any(_text_answers(condition, value) for value in details.values())


def _text_answers(condition: Condition, text: str) -> bool:
    expected = condition.expected
    match condition.operation:
        case Operation.MATCHES:
            return _is_whole_match(expected, text)
        case Operation.CONTAINS:
            return expected in text
        case Operation.STARTS_WITH:
            return text.startswith(expected)
        case Operation.ENDS_WITH:
            return text.endswith(expected)
        case Operation.EQUALS_IGNORE_WHITESPACE:
            return "".join(text.split()) == "".join(expected.split())
        case Operation.IS_EMPTY:
            return not text
        case _:
            return text == expected


def _is_whole_match(pattern: str, text: str) -> bool:
    compiled = _compiled(pattern)
    return not isinstance(compiled, str) and compiled.fullmatch(text) is not None


@lru_cache(maxsize=1 << 12)
def _compiled(pattern: str) -> Any:
    """The pattern, ready to run; or, for one that is none, what is wrong with it."""
    import re2

    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    options.max_mem = MEMORY_LIMIT
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0] if error.args else ""
        return reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)


def _read(value: object, name: str, errors: Errors) -> Criteria:
    if not isinstance(value, Mapping):
        errors[name] = f"Property [{name}] should be an object with a type and conditions."
        return MATCH_ALL
    kind = _one_of(CriteriaType, value.get("type") or CriteriaType.MATCH_ALL, f"{name}.type", errors)
    given = value.get("conditions") or []
    place = f"{name}.conditions"
    if not isinstance(given, list) or len(given) > CONDITIONS_LIMIT:
        errors[place] = f"Property [{place}] should be a list of at most {CONDITIONS_LIMIT} conditions."
        return MATCH_ALL
    conditions = [_read_condition(it, f"{place}[{index}]", index, errors) for index, it in enumerate(given)]
    if kind is CriteriaType.MATCH_ALL and given:
        errors[place] = f"Property [{place}] should be empty when type is match-all, which matches every alert."
    elif kind and kind is not CriteriaType.MATCH_ALL and not given:
        errors[place] = f"Property [{place}] cannot be empty."
    found = sorted((it for it in conditions if it is not None), key=lambda it: it.order)
    return Criteria(kind or CriteriaType.MATCH_ALL, tuple(found))


def _read_condition(value: object, place: str, index: int, errors: Errors) -> Condition | None:
    if not isinstance(value, Mapping):
        errors[place] = f"Property [{place}] should be an object with field, operation and expectedValue."
        return None
    field = _one_of(Field, value.get("field"), f"{place}.field", errors)
    operation = _one_of(Operation, value.get("operation"), f"{place}.operation", errors)
    negated = value.get("not") or False
    if not isinstance(negated, bool):
        errors[f"{place}.not"] = f"Property [{place}.not] should be true or false."
    expected = _text(value.get("expectedValue"), f"{place}.expectedValue", errors)
    key = _text(value.get("key"), f"{place}.key", errors)
    if field is None or operation is None:
        return None
    if operation not in OPERATIONS[field]:
        allowed = ", ".join(OPERATIONS[field])
        errors[f"{place}.operation"] = f"Operation [{operation}] does not fit field [{field}]: use one of [{allowed}]."
        return None
    if key and field is not Field.EXTRA_PROPERTIES:
        errors[f"{place}.key"] = f"Property [{place}.key] can only be used with field [extra-properties]."
    order = value.get("order")
    condition = Condition(
        field=field,
        operation=operation,
        expected="" if operation is Operation.IS_EMPTY else expected,
        negated=bool(negated),
        key=key,
        order=order if isinstance(order, int) else index,
    )
    _check_expected(condition, f"{place}.expectedValue", errors)
    return condition


def _check_expected(condition: Condition, place: str, errors: Errors) -> None:
    if condition.operation is Operation.IS_EMPTY or place in errors:
        return
    if not condition.expected:
        errors[place] = f"Property [{place}] cannot be empty."
    elif condition.field is Field.PRIORITY and condition.expected not in PRIORITIES:
        errors[place] = "Priority should be one of [P1, P2, P3, P4, P5]."
    elif condition.operation is Operation.MATCHES and isinstance(_compiled(condition.expected), str):
        errors[place] = (
            f"Property [{place}] is not a regular expression that can be used here: {_compiled(condition.expected)}. "
            "Look-around, back-references and possessive quantifiers are not supported."
        )


def _one_of(enum: type[E], value: object, place: str, errors: Errors) -> E | None:
    if not value:
        errors[place] = f"Property [{place}] cannot be empty."
        return None
    try:
        return enum(str(value).strip().lower())
    except ValueError:
        errors[place] = f"Property [{place}] should be one of [{', '.join(enum)}]."
        return None


def _text(value: object, place: str, errors: Errors) -> str:
    """The text as it is, white space included; empty when absent."""
    if value is None:
        return ""
    found = scalar(value)
    if found is None or len(found) > VALUE_LIMIT:
        errors[place] = f"Property [{place}] should be a text of at most {VALUE_LIMIT} characters."
        return ""
    return clean(found)


def _condition_json(condition: Condition) -> dict[str, Any]:
    shown: dict[str, Any] = {"field": condition.field.value}
    if condition.key:
        shown["key"] = condition.key
    shown |= {"not": condition.negated, "operation": condition.operation.value}
    if condition.operation is not Operation.IS_EMPTY:
        shown["expectedValue"] = condition.expected
    return shown | {"order": condition.order}
