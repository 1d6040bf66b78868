"""A query about alerts as an SQL condition with named parameters. Pure.

Two conditions come from one tree. `condition` decides, over a row of `alerts`. `candidates` is implied by it, stands
over a row of `alert_texts`, and is made of what its index answers; a tree that implies nothing of the kind has none. No
text of the query ever becomes SQL: values are parameters, everything else is written here.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from typing import Any
from zoneinfo import ZoneInfo

from tocsin.alerts.query import And, Node, Not, Op, Or, Term, Value, terms
from tocsin.errors import Invalid

KEY_LENGTH = 100  # of a key in alert_texts.keys; migration 0005 cuts at the same place
DAY = re.compile(r"(\d{1,2})-(\d{1,2})-(\d{4})(?:T(\d{1,2}):(\d{2}))?")
NEVER = "false"
MACHINE_MADE = "^[0-9a-f-]{32,}$"  # an alias like a hash or our own id: nobody searches for a part of it


class Kind(Enum):
    """How a field's values are read and compared."""

    TEXT = auto()  # words anywhere in it
    NAME = auto()  # the whole of it, in any case
    LIST = auto()  # the whole of one of its elements
    PERSON = auto()
    DATE = auto()
    NUMBER = auto()
    PRIORITY = auto()
    STATUS = auto()
    TRUTH = auto()
    OTHER = auto()


FIELDS: dict[str, tuple[Kind, str]] = {
    "createdAt": (Kind.DATE, "a.created_at"),
    "updatedAt": (Kind.DATE, "a.updated_at"),
    "lastOccurredAt": (Kind.DATE, "a.last_occurred_at"),
    "snoozedUntil": (Kind.DATE, "a.snoozed_until"),
    "alertId": (Kind.NAME, "a.id"),
    "tinyId": (Kind.NUMBER, "a.tiny_id"),
    "alias": (Kind.OTHER, "a.alias"),
    "count": (Kind.NUMBER, "a.count"),
    "message": (Kind.TEXT, "a.message"),
    "description": (Kind.TEXT, "a.description"),
    "source": (Kind.TEXT, "a.source"),
    "entity": (Kind.TEXT, "a.entity"),
    "status": (Kind.STATUS, "a.status"),
    "owner": (Kind.PERSON, "a.owner"),
    "acknowledgedBy": (Kind.PERSON, "a.acknowledged_by"),
    "closedBy": (Kind.PERSON, "a.closed_by"),
    "recipients": (Kind.OTHER, ""),
    "isSeen": (Kind.TRUTH, "a.seen"),
    "acknowledged": (Kind.TRUTH, "a.acknowledged"),
    "snoozed": (Kind.TRUTH, "(a.snoozed_until is not null)"),
    "teams": (Kind.OTHER, ""),
    "responders": (Kind.OTHER, ""),
    "integration.name": (Kind.OTHER, ""),
    "integration.type": (Kind.OTHER, ""),
    "tag": (Kind.LIST, "a.tags"),
    "actions": (Kind.LIST, "a.actions"),
    "details.key": (Kind.OTHER, "key"),
    "details.value": (Kind.OTHER, "value"),
    "priority": (Kind.PRIORITY, "a.priority"),
}
OTHER_SPELLINGS = {"lastoccuredat": "lastOccurredAt", "tags": "tag", "id": "alertId", "responder": "responders"}
SPELLINGS = {name.lower(): name for name in FIELDS} | OTHER_SPELLINGS
ORDERED = (Kind.DATE, Kind.NUMBER, Kind.PRIORITY)

INTEGRATION = "(select i.{} from integrations i where i.account_id = a.account_id and i.id = a.integration_id)"
SORTS = {
    "createdAt": "a.created_at",
    "updatedAt": "a.updated_at",
    "tinyId": "a.tiny_id",
    "alias": "a.alias",
    "message": "a.message",
    "status": "a.status",
    "acknowledged": "a.acknowledged",
    "isSeen": "a.seen",
    "snoozed": "(a.snoozed_until is not null)",
    "snoozedUntil": "a.snoozed_until",
    "count": "a.count",
    "lastOccurredAt": "a.last_occurred_at",
    "lastOccuredAt": "a.last_occurred_at",  # the Go client's spelling
    "source": "a.source",
    "owner": "a.owner",
    "integration.name": INTEGRATION.format("name"),
    "integration.type": INTEGRATION.format("type"),
    "report.ackTime": "(coalesce(a.acknowledged_at, a.closed_at) - a.created_at)",
    "report.closeTime": "(a.closed_at - a.created_at)",
    "report.acknowledgedBy": "a.acknowledged_by",
    "report.closedBy": "a.closed_by",
}


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody or something that a query may call by name; `also` is a full name or an integration's type."""

    kind: str  # user, team, schedule, escalation, integration
    id: str
    name: str
    also: str


@dataclass(frozen=True, slots=True)
class Search:
    """A compiled query: two conditions and the parameters of both."""

    condition: str
    candidates: str | None
    params: dict[str, Any]


def order_by(sort: str, order: str) -> str:
    """The ORDER BY of a list, total: alerts that are equal come newest first. Raises: Invalid."""
    if sort not in SORTS:
        raise Invalid(f"Alerts cannot be sorted by {sort!r}.", {"sort": f"must be one of {', '.join(SORTS)}"})
    if order.lower() not in ("asc", "desc"):
        raise Invalid(f"{order!r} is not an order.", {"order": "must be asc or desc"})
    direction = order.lower()
    if sort in ("createdAt", "tinyId"):
        return f"{SORTS[sort]} {direction}, a.tiny_id {direction}"
    return f"{SORTS[sort]} {direction} nulls last, a.created_at desc, a.tiny_id desc"


def names_sought(node: Node) -> list[Value]:
    """The values that name a person, team, schedule, escalation or integration, to be looked up beforehand."""
    by_name = ("teams", "responders", "recipients", "integration.name", "integration.type")
    sought = (t.value for t in terms(node) if t.name in by_name or (t.name and FIELDS[t.name][0] is Kind.PERSON))
    return list(dict.fromkeys(value for value in sought if not value.anything))


def compile_search(node: Node, zone: ZoneInfo, named: Sequence[Named]) -> Search:
    """The query as SQL. Dates without a zone are in `zone`. Raises: Invalid for a value that its field cannot have."""
    compiler = _Compiler(zone, named)
    condition = compiler.condition(node)
    candidates = compiler.candidates(node)
    return Search(condition, candidates, compiler.params)


def like(value: Value) -> str:
    """The LIKE pattern of a whole text, e.g. `*100%` → `%100\\%`."""
    return "%".join(re.sub(r"([\\%_])", r"\\\1", part) for part in value.parts)


def matches(value: Value, text: str) -> bool:
    """Is `text`, as a whole and in any case, the value?"""
    pattern = ".*".join(re.escape(part) for part in value.parts)
    return re.fullmatch(pattern, text, re.IGNORECASE | re.DOTALL) is not None


def word_pattern(value: Value) -> str | None:
    """The regular expression that keeps a text to whole words, or None when LIKE says it all.

    A word ends where letters and digits do; a wildcard lifts that at its end, and so does a value that itself ends in
    another character, like `[FIRING`.
    """
    before = "(^|[^[:alnum:]])" if value.parts[0][:1].isalnum() else ""
    after = "([^[:alnum:]]|$)" if value.parts[-1][-1:].isalnum() else ""
    if not before and not after:
        return None
    parts = value.parts[value.parts[0] == "" : len(value.parts) - (value.parts[-1] == "")]
    middle = ".*".join(re.sub(r"([^\w]|_)", r"\\\1", part, flags=re.DOTALL) for part in parts)
    return before + middle + after


@dataclass(slots=True)
class _Compiler:
    zone: ZoneInfo
    named: Sequence[Named]
    params: dict[str, Any] = field(default_factory=dict)

    def condition(self, node: Node) -> str:
        match node:
            case Term():
                return self._term(node)
            case Not(part):
                return f"(not {self.condition(part)})"
            case And(parts):
                return self._joined(" and ", map(self.condition, parts)) if parts else "true"
            case Or(parts):
                return self._joined(" or ", map(self.condition, parts))

    def candidates(self, node: Node) -> str | None:
        match node:
            case Term():
                return self._term_candidates(node)
            case Not():
                return None
            case And(parts):
                known = [found for found in map(self.candidates, parts) if found is not None]
                return self._joined(" and ", known) if known else None
            case Or(parts):
                found = [self.candidates(part) for part in parts]
                known = [one for one in found if one is not None]
                return self._joined(" or ", known) if len(known) == len(found) else None

    @staticmethod
    def _joined(word: str, parts: Iterable[str]) -> str:
        return "(" + word.join(parts) + ")"

    def _param(self, value: object) -> str:
        for name, known in self.params.items():
            if type(known) is type(value) and known == value:
                return f"%({name})s"
        name = f"q{len(self.params)}"
        self.params[name] = value
        return f"%({name})s"

    # The condition over a row of alerts.

    def _term(self, term: Term) -> str:
        if not term.name:
            return self._bare(term.value)
        kind, column = FIELDS[term.name]
        if term.op is not Op.IS and kind not in ORDERED:
            raise _wrong(term, f"{term.name} is compared with a colon, as in {term.name}:{term.value}")
        if kind is Kind.OTHER:
            return self._other(term, column)
        reader: dict[Kind, Callable[[Term, str], str]] = {
            Kind.TEXT: lambda term, column: self._text(column, term.value),
            Kind.NAME: lambda term, column: self._name(column, term.value),
            Kind.LIST: lambda term, column: self._element(column, term.value),
            Kind.PERSON: self._person,
            Kind.DATE: self._date,
            Kind.NUMBER: self._number,
            Kind.PRIORITY: self._priority,
            Kind.STATUS: self._status,
            Kind.TRUTH: self._truth,
        }
        return reader[kind](term, column)

    def _other(self, term: Term, column: str) -> str:
        match term.name:
            case "alias":
                return self._alias(term.value)
            case "teams":
                return self._responders(term.value, ("team",), '[{"type": "team"}]')
            case "responders":
                return self._responders(term.value, ("user", "team", "schedule", "escalation"), "[{}]")
            case "recipients":
                return self._recipients(term.value)
            case "details.key" | "details.value":
                return self._detail(self._name(f"d.{column}", term.value))
            case _:
                return self._integration(term)

    def _bare(self, value: Value) -> str:
        if value.anything:
            return "true"
        columns = ("a.message", "a.description", "a.entity", "a.source", "array_to_string(a.tags, E'\\n')")
        parts = [self._text(column, value) for column in columns]
        parts.append(f"(a.alias !~* '{MACHINE_MADE}' and {self._text('a.alias', value)})")
        parts.append(self._any_detail(value))
        if _machine_made(value):
            parts.append(f"lower(a.alias) = lower({self._param(value.plain)})")
        number = _integer(value)
        if number is not None:
            parts.append(f"a.tiny_id = {self._param(number)}")
        return self._joined(" or ", parts)

    def _text(self, column: str, value: Value) -> str:
        if value.anything:
            return f"{column} <> ''"
        part_of = f"lower({column}) like lower({self._param(f'%{like(value)}%')})"  # ILIKE takes twice as long
        words = word_pattern(value)
        return f"({part_of} and {column} ~* {self._param(words)})" if words else part_of

    def _name(self, column: str, value: Value) -> str:
        if value.anything:
            return f"{column} <> ''"
        if value.plain is None:
            return f"{column} ilike {self._param(like(value))}"
        return f"lower({column}) = lower({self._param(value.plain)})"

    def _element(self, column: str, value: Value) -> str:
        if value.anything:
            return f"{column} <> '{{}}'"
        if value.plain is None:
            return f"exists (select from unnest({column}) e where e ilike {self._param(like(value))})"
        return f"lower({self._param(value.plain)}) = any(lower({column}::text)::text[])"

    def _any_detail(self, value: Value) -> str:
        """Is it in a key or value of the details? The JSON's own text rules most alerts out, unless it is escaped."""
        found = self._detail(self._joined(" or ", (self._text("d.key", value), self._text("d.value", value))))
        if re.search(r'["\\\x00-\x1f]', str(value)):
            return found
        return f"(lower(a.details::text) like lower({self._param(f'%{like(value)}%')}) and {found})"

    def _detail(self, condition: str) -> str:
        return f"exists (select from jsonb_each_text(a.details) d where {condition})"

    def _alias(self, value: Value) -> str:
        if value.plain is None:
            return f"(a.status = 'open' and a.alias like {self._param(like(value))})"
        return f"(a.status = 'open' and a.alias = {self._param(value.plain)})"

    def _person(self, term: Term, column: str) -> str:
        if term.value.anything:
            return f"{column} <> ''"
        usernames = sorted({one.name for one in self._found(term.value, ("user",))})
        by_value = self._name(column, term.value)
        return f"({by_value} or {column} = any({self._param(usernames)}))" if usernames else by_value

    def _found(self, value: Value, kinds: tuple[str, ...]) -> list[Named]:
        return [
            one
            for one in self.named
            if one.kind in kinds and any(matches(value, text) for text in (one.id, one.name, one.also) if text)
        ]

    def _responders(self, value: Value, kinds: tuple[str, ...], anybody: str) -> str:
        if value.anything:
            return f"a.responders @> {self._param(anybody)}::jsonb"
        found = [f'[{{"type": "{one.kind}", "id": "{one.id}"}}]' for one in self._found(value, kinds)]
        return f"a.responders @> any({self._param(found)}::jsonb[])" if found else NEVER

    def _recipients(self, value: Value) -> str:
        told = "select from notifications n where n.account_id = a.account_id and n.alert_id = a.id"
        if value.anything:
            return f"exists ({told})"
        ids = [one.id for one in self._found(value, ("user",))]
        return f"exists ({told} and n.user_id = any({self._param(ids)}::uuid[]))" if ids else NEVER

    def _integration(self, term: Term) -> str:
        if term.value.anything:
            return "(a.integration_id is not null)"
        by_type = term.name == "integration.type"
        ids = [
            one.id
            for one in self.named
            if one.kind == "integration" and matches(term.value, one.also if by_type else one.name)
        ]
        return f"coalesce(a.integration_id = any({self._param(ids)}::uuid[]), false)" if ids else NEVER

    def _date(self, term: Term, column: str) -> str:
        if term.value.anything:
            return f"({column} is not null)"
        start, end = _span(term, self.zone)
        bounds = {Op.LESS: ("<", start), Op.AT_MOST: ("<", end), Op.MORE: (">=", end), Op.AT_LEAST: (">=", start)}
        if term.op is Op.IS:
            compared = f"({column} >= {self._param(start)} and {column} < {self._param(end)})"
        else:
            sign, bound = bounds[term.op]
            compared = f"{column} {sign} {self._param(bound)}"
        return f"coalesce({compared}, false)" if term.name == "snoozedUntil" else compared

    def _number(self, term: Term, column: str) -> str:
        number = _integer(term.value)
        if number is None:
            raise _wrong(term, f"{term.name} is a whole number, not {str(term.value)!r}")
        return f"{column} {_sign(term.op)} {self._param(number)}"

    def _priority(self, term: Term, column: str) -> str:
        found = re.fullmatch(r"[pP]([1-5])", term.value.plain or "")
        if not found:
            raise _wrong(term, f"priority is P1, P2, P3, P4 or P5, not {str(term.value)!r}")
        return f"{column} {_sign(term.op)} {self._param(int(found[1]))}"

    def _status(self, term: Term, column: str) -> str:
        status = (term.value.plain or "").lower()
        if status not in ("open", "closed"):
            raise _wrong(
                term,
                f"status is open or closed, not {str(term.value)!r}; there are also acknowledged:true and snoozed:true",
            )
        return f"{column} = {self._param(status)}"

    def _truth(self, term: Term, column: str) -> str:
        truth = (term.value.plain or "").lower()
        if truth not in ("true", "false"):
            raise _wrong(term, f"{term.name} is true or false, not {str(term.value)!r}")
        return column if truth == "true" else f"(not {column})"

    # What the index on alert_texts answers.

    def _term_candidates(self, term: Term) -> str | None:
        value = term.value
        if value.anything:
            return None
        match term.name:
            case "message" | "description":
                return self._indexed_text((f"t.{term.name}",), value)
            case "source" | "entity":
                return self._indexed_text(("t.rest",), value)
            case "":
                if _integer(value) is not None:
                    return None
                texts = self._indexed_text(("t.message", "t.description", "t.rest"), value)
                return f"({texts} or {self._key('a:', value)})" if _machine_made(value) else texts
            case "tag" | "details.key" | "details.value":
                prefix = {"tag": "t:", "details.key": "k:", "details.value": "v:"}[term.name]
                if value.plain is not None:
                    return self._key(prefix, value)
                return self._indexed_text(("t.rest",), value, whole_words=False)
            case "teams":
                return self._indexed_responders(value, ("team",))
            case "responders":
                return self._indexed_responders(value, ("user", "team", "schedule", "escalation"))
            case _:
                return None

    def _indexed_text(self, columns: tuple[str, ...], value: Value, *, whole_words: bool = True) -> str | None:
        """LIKE when three letters or digits stand together in the value, else its short words, else nothing."""
        words = word_pattern(value) if whole_words else None
        if any(re.search(r"[^\W_]{3}", part) for part in value.parts):
            pattern, operator = f"%{like(value)}%", "like"
        elif words is not None and all(any(map(str.isalnum, part)) for part in value.parts):
            pattern, operator = words, "~"
        else:
            return None
        return self._joined(" or ", (f"{column} {operator} lower({self._param(pattern)})" for column in columns))

    def _key(self, prefix: str, value: Value) -> str:
        return f"t.keys @> array[left('{prefix}' || lower({self._param(value.plain)}), {KEY_LENGTH})]"

    def _indexed_responders(self, value: Value, kinds: tuple[str, ...]) -> str | None:
        keys = [f"r:{one.id}" for one in self._found(value, kinds)]
        return f"t.keys && {self._param(keys)}::text[]" if keys else NEVER


def _wrong(term: Term, says: str) -> Invalid:
    return Invalid(f"The query is not valid: at character {term.at + 1}, {says}.")


def _sign(op: Op) -> str:
    return "=" if op is Op.IS else op.value


def _machine_made(value: Value) -> bool:
    return value.plain is not None and re.fullmatch(MACHINE_MADE, value.plain, re.IGNORECASE) is not None


def _integer(value: Value) -> int | None:
    """The number, or None; the largest that the database can compare is 18 digits long."""
    return int(value.plain) if value.plain and re.fullmatch(r"[0-9]{1,18}", value.plain) else None


def _span(term: Term, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """What a date in a query covers, [start, end): a millisecond, a minute or a day."""
    text = term.value.plain or ""
    try:
        if re.fullmatch(r"[0-9]{1,15}", text):
            start = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(text))
            return start, start + timedelta(milliseconds=1)
        found = DAY.fullmatch(text)
        if found:
            day, month, year, hour, minute = (int(part or 0) for part in found.groups())
            wall = datetime(year, month, day, hour, minute)  # noqa: DTZ001 - the zone comes in the next line
            length = timedelta(days=1) if found[4] is None else timedelta(minutes=1)
            return wall.replace(tzinfo=zone).astimezone(UTC), (wall + length).replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise _wrong(
        term,
        f"{text!r} is not a date; write milliseconds since 1970, dd-MM-yyyy or dd-MM-yyyyTHH:mm",
    )
