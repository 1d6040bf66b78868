"""What a scenario expects, and what came instead. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tocsin.rehearsal.events import KEYS, KINDS, Event
from tocsin.wire import wire_time
from tocsin.yaml_tree import Node

INSTANTS = {"at", "againAt", "dueAt"}
PARTLY = {"text", "why", "reason", "leftOut"}  # the words need not be written out in full
SHOWN = (
    "at", "event", "alert", "by", "who", "address", "number", "plan", "standing", "seats", "lines", "net", "gross",
    "amount", "status", "owed", "from", "text", "why", "reason", "command",
)  # fmt: skip
LONGEST = 40  # lines of a difference


@dataclass(frozen=True, slots=True)
class Expected:
    """A part of an event: every field given is there and the same, or for words a part of them."""

    fields: Mapping[str, Any]

    def fits(self, event: Event) -> bool:
        return all(_same(key, wanted, _field(event, key)) for key, wanted in self.fields.items())


def _field(event: Event, key: str) -> Any:
    match key:
        case "at":
            return wire_time(event.at)
        case "event":
            return event.kind
        case _:
            return event.data.get(key)


@dataclass(frozen=True, slots=True)
class Expectation:
    """`events` occur in this order, others perhaps between them. Of the kinds in `exactly`, no others occur."""

    events: tuple[Expected, ...]
    exactly: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a difference: a blank where it came as expected, - what was missing, + what came instead."""

    sign: str
    expected: Expected | None
    event: Event | None


def parse_expectation(node: Node, start: datetime) -> Expectation:
    """A list of parts of events, or `{exactly: true | [kinds], events: […]}`. Raises: Invalid, naming the place."""
    if isinstance(node.value, list):
        return Expectation(tuple(_expected(it, start) for it in node.items()))
    fields = node.fields("exactly", "events")
    events = tuple(_expected(it, start) for it in fields.items("events"))
    exactly = fields.get("exactly")
    if exactly is None or exactly.value is False:
        return Expectation(events)
    if exactly.value is True:
        return Expectation(events, frozenset(KINDS))
    return Expectation(events, frozenset(it.choice(KINDS, "kind of event") for it in exactly.items()))


def _expected(node: Node, start: datetime) -> Expected:
    fields = node.fields(*KEYS)
    found: dict[str, Any] = {}
    for key, given in fields.given.items():
        match key:
            case "event":
                found[key] = given.choice(KINDS, "kind of event")
            case _ if key in INSTANTS:
                found[key] = wire_time(given.instant(start))
            case _:
                found[key] = given.plain()
    if not found:
        raise node.refusal("An expected event says at least what kind it is, e.g. event: notification.")
    return Expected(found)


def _same(key: str, wanted: Any, found: Any) -> bool:
    if found is None:
        return False
    if key not in PARTLY:
        return bool(wanted == found or str(wanted) == str(found))
    parts = wanted if isinstance(wanted, list) else [wanted]
    texts = [str(it).lower() for it in (found if isinstance(found, list) else [found])]
    return all(any(str(part).lower() in text for text in texts) for part in parts)


def difference(expectation: Expectation, events: Sequence[Event]) -> list[Line]:
    """Nothing where all came as expected; else line by line what came, what was missing and what came instead."""
    costs = _costs(expectation, events)
    if costs[0][0] == 0:
        return []
    lines: list[Line] = []
    gap: list[Line] = []
    for line in [*_aligned(expectation, events, costs), None]:
        if line is not None and line.sign != " ":
            if line.sign == "-" or not expectation.exactly or _counts(expectation, line.event):
                gap.append(line)
            continue
        faulty = any(it.sign == "-" or _counts(expectation, it.event) for it in gap)
        lines += sorted(gap, key=lambda it: it.sign == "+") if faulty else []
        lines += [line] if line is not None else []
        gap = []
    return lines


def _counts(expectation: Expectation, event: Event | None) -> bool:
    return event is not None and event.kind in expectation.exactly


def _costs(expectation: Expectation, events: Sequence[Event]) -> list[list[int]]:
    """For the expected from i on and the events from j on: how many at least remain without a partner that need one."""
    wanted = expectation.events
    costs = [[0] * (len(events) + 1) for _ in range(len(wanted) + 1)]
    for j in reversed(range(len(events))):
        costs[-1][j] = costs[-1][j + 1] + _counts(expectation, events[j])
    for i in reversed(range(len(wanted))):
        costs[i][-1] = len(wanted) - i
        for j in reversed(range(len(events))):
            apart = min(costs[i + 1][j] + 1, costs[i][j + 1] + _counts(expectation, events[j]))
            costs[i][j] = min(apart, costs[i + 1][j + 1]) if wanted[i].fits(events[j]) else apart
    return costs


def _aligned(expectation: Expectation, events: Sequence[Event], costs: list[list[int]]) -> Iterator[Line]:
    """The cheapest pairing in order, earliest partners first; what has none stands where it would have been."""
    wanted, i, j = expectation.events, 0, 0
    while i < len(wanted) or j < len(events):
        both = i < len(wanted) and j < len(events)
        if both and costs[i][j] == costs[i + 1][j + 1] and wanted[i].fits(events[j]):
            yield Line(" ", wanted[i], events[j])
            i, j = i + 1, j + 1
        elif j < len(events) and costs[i][j] == costs[i][j + 1] + _counts(expectation, events[j]):
            yield Line("+", None, events[j])
            j += 1
        else:
            yield Line("-", wanted[i], None)
            i += 1


def in_words(lines: Sequence[Line]) -> str:
    """The difference as text, a line each."""
    texts = [f"{it.sign} {_described(it)}" for it in lines[:LONGEST]]
    left = len(lines) - len(texts)
    return "\n".join([*texts, *([f"  … and {left} more lines"] if left else [])])


def _described(line: Line) -> str:
    if line.event is None:
        return f"expected: {_flat(line.expected.fields if line.expected else {})}"
    shown = {key: value for key, value in line.event.as_json().items() if key in SHOWN}
    return _flat(shown)


def _flat(found: Mapping[str, Any]) -> str:
    """`at=… event=…`: short enough for a line each."""
    parts = []
    for key, value in found.items():
        text = "; ".join(map(str, value)) if isinstance(value, list) else str(value)
        parts.append(f"{key}={text}" if " " not in text else f"{key}={text!r}")
    return " ".join(parts)
