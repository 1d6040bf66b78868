"""The form of a notification rule and of quiet hours: from fields to criteria and hours, and back. Pure.

Rows of a form come as lists of equal length; a row without its first choice is blank and left out. English day names
are what the API has.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tocsin.alerts import criteria
from tocsin.alerts.criteria import Criteria, CriteriaType, Field, Operation
from tocsin.errors import Invalid
from tocsin.i18n import N_
from tocsin.schedules import restrictions
from tocsin.schedules.restrictions import Restriction, RestrictionKind

SPARE_ROWS = 2  # of a form without any; one that has some has one more
EVERY_DAY = "every-day"

FIELDS: Mapping[str, str] = {
    Field.PRIORITY: N_("Priority"),
    Field.MESSAGE: N_("Message"),
    Field.TAGS: N_("Tags"),
    Field.SOURCE: N_("Source"),
    Field.ENTITY: N_("Entity"),
    Field.ALIAS: N_("Alias"),
    Field.DESCRIPTION: N_("Description"),
    Field.TEAMS: N_("Teams"),
    Field.RESPONDERS: N_("Responders"),
    Field.RECIPIENTS: N_("Recipients"),
    Field.ACTIONS: N_("Actions"),
    Field.DETAILS: N_("Details"),
    Field.EXTRA_PROPERTIES: N_("One of the details"),
}
OPERATIONS: Mapping[str, str] = {
    Operation.EQUALS: N_("is"),
    Operation.CONTAINS: N_("contains"),
    Operation.STARTS_WITH: N_("starts with"),
    Operation.ENDS_WITH: N_("ends with"),
    Operation.MATCHES: N_("matches the pattern"),
    Operation.EQUALS_IGNORE_WHITESPACE: N_("is, blanks aside"),
    Operation.IS_EMPTY: N_("is empty"),
    Operation.CONTAINS_KEY: N_("has the key"),
    Operation.CONTAINS_VALUE: N_("has the value"),
    Operation.GREATER_THAN: N_("is more urgent than"),
    Operation.LESS_THAN: N_("is less urgent than"),
}
MATCHES: Mapping[str, str] = {
    CriteriaType.MATCH_ALL: N_("Every alert"),
    CriteriaType.MATCH_ANY: N_("Alerts of which one of these is true"),
    CriteriaType.MATCH_EACH: N_("Alerts of which all of these are true"),
}
DAYS: Mapping[str, str] = {
    EVERY_DAY: N_("Every day"),
    "monday": N_("Monday"),
    "tuesday": N_("Tuesday"),
    "wednesday": N_("Wednesday"),
    "thursday": N_("Thursday"),
    "friday": N_("Friday"),
    "saturday": N_("Saturday"),
    "sunday": N_("Sunday"),
}
NOT_RIGHT = N_("This condition cannot be used: %(why)s")
HALF_WRITTEN = N_("Hours have a start and an end, like 22:00 and 6:00.")
MIXED = N_("Hours are either of every day or of days of the week, not both.")


@dataclass(frozen=True, slots=True)
class ConditionRow:
    """One row of the form; blank where `field` is empty."""

    field: str = ""
    negated: bool = False
    operation: str = Operation.EQUALS.value
    key: str = ""
    expected: str = ""


@dataclass(frozen=True, slots=True)
class HoursRow:
    """One row of the form; blank where `start_day` is empty."""

    start_day: str = ""
    start: str = ""  # 22:00
    end_day: str = ""
    end: str = ""


def criteria_of(kind: str, rows: Sequence[ConditionRow]) -> Criteria:
    """What the form asks of alerts. Raises: Invalid, saying what is wrong with which condition."""
    written = [row for row in rows if row.field]
    if kind == CriteriaType.MATCH_ALL or not written:
        return criteria.MATCH_ALL
    value = {
        "type": kind,
        "conditions": [
            {
                "field": row.field,
                "not": row.negated,
                "operation": row.operation,
                "key": row.key if row.field == Field.EXTRA_PROPERTIES else "",
                "expectedValue": row.expected.upper() if row.field == Field.PRIORITY else row.expected,
            }
            for row in written
        ],
    }
    try:
        return criteria.from_json(value)
    except Invalid as error:
        raise Invalid(NOT_RIGHT, error.errors, params={"why": "; ".join(error.errors.values())}) from None


def condition_rows(found: Criteria) -> list[ConditionRow]:
    """The rows that show the criteria, and some blank ones."""
    rows = [
        ConditionRow(it.field.value, it.negated, it.operation.value, it.key, it.expected) for it in found.conditions
    ]
    return [*rows, *([ConditionRow()] * (1 if rows else SPARE_ROWS))]


def hours_of(rows: Sequence[HoursRow]) -> Restriction | None:
    """The hours that the form names; None where it names none. Raises: Invalid."""
    written = [row for row in rows if row.start_day]
    if not written:
        return None
    daily = [row.start_day == EVERY_DAY for row in written]
    if any(daily) and not all(daily):
        raise Invalid(MIXED)
    kind = RestrictionKind.TIME_OF_DAY if all(daily) else RestrictionKind.WEEKDAY_AND_TIME_OF_DAY
    return restrictions.from_json({"type": kind.value, "restrictions": [_span(row, kind) for row in written]})


def hours_rows(found: Restriction | None) -> list[HoursRow]:
    """The rows that show the hours, and some blank ones."""
    shown = restrictions.as_json(found) or {}
    spans = shown.get("restrictions") or ([shown["restriction"]] if shown else [])
    rows = [
        HoursRow(span.get("startDay", EVERY_DAY), _clock(span, "start"), _end_day(span), _clock(span, "end"))
        for span in spans
    ]
    return [*rows, *([HoursRow()] * (1 if rows else SPARE_ROWS))]


def _span(row: HoursRow, kind: RestrictionKind) -> dict[str, Any]:
    span: dict[str, Any] = {}
    for which, text in (("start", row.start), ("end", row.end)):
        hour, _, minute = text.partition(":")
        if not (hour.isdecimal() and minute.isdecimal() and hour.isascii() and len(hour) <= 2 and len(minute) == 2):
            raise Invalid(HALF_WRITTEN)
        span |= {f"{which}Hour": int(hour), f"{which}Min": int(minute)}
    if kind is RestrictionKind.WEEKDAY_AND_TIME_OF_DAY:
        end_day = row.end_day if row.end_day in DAYS and row.end_day != EVERY_DAY else row.start_day
        span |= {"startDay": row.start_day, "endDay": end_day}
    return span


def _end_day(span: Mapping[str, Any]) -> str:
    """The day of the end; 24:00 is 0:00 of the day after, for no field of a browser holds it."""
    day = str(span.get("endDay", EVERY_DAY))
    days = restrictions.WEEKDAYS
    return days[(days.index(day) + 1) % 7] if day in days and span["endHour"] == 24 else day


def _clock(span: Mapping[str, Any], which: str) -> str:
    hour = span[f"{which}Hour"] % 24
    return f"{hour:02}:{span[f'{which}Min']:02}"
