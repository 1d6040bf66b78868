"""A YAML file as a tree in which everything knows its place, so that an error can say where it is. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from typing import Any

import yaml

from tocsin.errors import Invalid

NODES_LIMIT = 200_000  # aliases of aliases can make a small file enormous
SCALARS = {f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null")}
TAGS = {*SCALARS, "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"}
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?([Zz]|[+-]\d\d:\d\d)")
WITHOUT_ZONE = re.compile(r"\d{4}-\d\d-\d\d([Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?)?")
OFFSET = re.compile(r"([+-])(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?:in)?)?(?:(\d+)s)?")
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
UNITS = (timedelta(weeks=1), timedelta(days=1), timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1))
LISTED = 20  # names in an error; a list of all time zones helps nobody
LONGEST_OFFSET = timedelta(days=36_525)
INSTANTS = "write an instant like 2026-11-22T03:10:00+01:00, or an offset from the start like +1h30m"


class _Loader(yaml.SafeLoader):
    """SafeLoader that leaves dates as text: a date without a zone must be refused, not read as UTC."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag in SCALARS]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@dataclass(frozen=True, slots=True)
class Node:
    """A value with its place: a scalar, a list of nodes, or a mapping of texts to nodes."""

    value: Any
    path: str  # e.g. commands[2].acknowledge.alert; empty for the whole file
    line: int

    def refusal(self, message: str) -> Invalid:
        """The error to raise about this value: it names the line and the path."""
        return Invalid(f"line {self.line}, {self.path or 'the file'}: {message}")

    def fields(self, *known: str) -> "Fields":
        """The mapping's fields. Raises: Invalid for something else, or for a key that is not `known`."""
        if not isinstance(self.value, dict):
            raise self.refusal(f"{shown(self.value)} stands where a mapping with the keys {_listed(known)} belongs.")
        for key, node in self.value.items():
            if key not in known:
                raise node.refusal(f"There is no key {key!r} here.{suggestion(key, known)} Known: {_listed(known)}.")
        return Fields(self, self.value)

    def items(self) -> list["Node"]:
        """The list's items. Raises: Invalid."""
        if not isinstance(self.value, list):
            raise self.refusal(f"{shown(self.value)} stands where a list belongs.")
        return self.value

    def text(self) -> str:
        """A text that is not empty; a number counts as its digits. Raises: Invalid."""
        value = self.value
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str) or not value.strip():
            raise self.refusal(f"{shown(self.value)} stands where a text belongs.")
        return value.strip()

    def flag(self) -> bool:
        """True or false. Raises: Invalid."""
        if not isinstance(self.value, bool):
            raise self.refusal(f"{shown(self.value)} stands where true or false belongs.")
        return self.value

    def integer(self, least: int, most: int) -> int:
        """A whole number in [least, most]. Raises: Invalid."""
        value = self.value
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise self.refusal(f"{shown(value)} stands where a whole number from {least} to {most} belongs.")
        return value

    def choice(self, options: Iterable[str], what: str) -> str:
        """One of `options`, in any case; `what` names their kind. Raises: Invalid."""
        known = {option.lower(): option for option in options}
        text = self.text()
        if text.lower() not in known:
            listed = f" Known: {_listed(sorted(known.values())) or 'none'}." if len(known) <= LISTED else ""
            raise self.refusal(f"There is no {what} {text!r}.{suggestion(text, known.values())}{listed}")
        return known[text.lower()]

    def instant(self, start: datetime | None) -> datetime:
        """An instant in UTC; an offset counts from `start`, if there is one. Raises: Invalid."""
        text = self.text()
        if RFC_3339.fullmatch(text):
            try:
                return self._within(datetime.fromisoformat(text.upper()).astimezone(UTC))
            except (ValueError, OverflowError) as error:
                raise self.refusal(f"{text!r} is no instant: {error}.") from None
        if WITHOUT_ZONE.fullmatch(text):
            raise self.refusal(f"{text!r} says no time zone; {INSTANTS}.")
        offset = parse_offset(text) if start is not None else None
        if start is None or offset is None:
            raise self.refusal(f"{text!r} is no instant; {INSTANTS if start else INSTANTS.partition(',')[0]}.")
        return self._within(start + offset)

    def _within(self, at: datetime) -> datetime:
        if not EARLIEST <= at <= LATEST:
            raise self.refusal(f"{shown(self.value)} is no instant of the years {EARLIEST.year} to {LATEST.year}.")
        return at

    def plain(self) -> Any:
        """The value without places, as JSON would give it."""
        match self.value:
            case dict():
                return {key: node.plain() for key, node in self.value.items()}
            case list():
                return [node.plain() for node in self.value]
            case _:
                return self.value


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of a mapping whose keys are known. What is null is absent."""

    node: Node
    given: Mapping[str, Node]

    def get(self, key: str) -> Node | None:
        found = self.given.get(key)
        return None if found is None or found.value is None else found

    def need(self, key: str) -> Node:
        """The field. Raises: Invalid when it is absent."""
        found = self.get(key)
        if found is None:
            raise self.node.refusal(f"The key {key!r} is missing.")
        return found

    def items(self, key: str) -> list[Node]:
        """The items of a list; none when it is absent."""
        found = self.get(key)
        return found.items() if found is not None else []

    def text(self, key: str, default: str = "") -> str:
        found = self.get(key)
        return found.text() if found is not None else default

    def flag(self, key: str, default: bool) -> bool:
        found = self.get(key)
        return found.flag() if found is not None else default


def read_document(text: str) -> Node:
    """The file's tree. Raises: Invalid for what is not YAML, for a key given twice, for more than fits."""
    try:
        loader = _Loader(text)
    except yaml.YAMLError as error:  # a character that no text has
        raise Invalid(_yaml_error(error)) from None
    try:
        root = loader.get_single_node()
        if root is None:
            raise Invalid("The file is empty.")
        return _Reader(loader).read(root, "")
    except yaml.YAMLError as error:
        raise Invalid(_yaml_error(error)) from None
    except RecursionError:
        raise Invalid("The file is nested too deeply.") from None
    finally:
        loader.dispose()


class _Reader:
    def __init__(self, loader: _Loader) -> None:
        self._loader = loader
        self._count = 0

    def read(self, node: yaml.Node, path: str) -> Node:
        self._count += 1
        line = node.start_mark.line + 1
        if self._count > NODES_LIMIT:
            raise Invalid(f"line {line}: The file holds more than {NODES_LIMIT:,} values.")
        if node.tag not in TAGS:
            raise Invalid(f"line {line}, {path or 'the file'}: The tag {node.tag} has no meaning here.")
        match node:
            case yaml.MappingNode():
                return Node(self._mapping(node, path), path, line)
            case yaml.SequenceNode():
                return Node([self.read(item, f"{path}[{i}]") for i, item in enumerate(node.value)], path, line)
            case _:
                return Node(self._scalar(node, path, line), path, line)

    def _scalar(self, node: yaml.Node, path: str, line: int) -> Any:
        try:
            return self._loader.construct_object(node)
        except ValueError as error:  # a number of very many digits, or text tagged as a number
            raise Invalid(f"line {line}, {path or 'the file'}: {error}.") from None

    def _mapping(self, node: yaml.MappingNode, path: str) -> dict[str, Node]:
        found: dict[str, Node] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            place = f"{path}.{key}" if path else key
            if key in found:
                raise Invalid(f"line {key_node.start_mark.line + 1}, {place}: This key is there twice.")
            read = self.read(value_node, place)
            found[key] = Node(read.value, place, key_node.start_mark.line + 1)
        return found


def _yaml_error(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "it cannot be read"
    return f"line {mark.line + 1}: This is not YAML: {problem}." if mark else f"This is not YAML: {error}."


def parse_offset(text: str) -> timedelta | None:
    """`+1h30m`, `-2d` as a length; None for something else."""
    found = OFFSET.fullmatch(text.replace(" ", ""))
    if found is None or not any(found.groups()[1:]):
        return None
    length = timedelta(0)
    for digits, unit in zip(found.groups()[1:], UNITS, strict=True):
        if digits:
            if len(digits) > 9 or int(digits) * unit > LONGEST_OFFSET:
                return None
            length += int(digits) * unit
    return -length if found[1] == "-" else length


def suggestion(text: str, known: Iterable[str]) -> str:
    """` Did you mean 'alias'?` where one is near, else nothing."""
    folded = {name.lower(): name for name in known}
    near = get_close_matches(text.lower(), folded, n=1, cutoff=0.6)
    return f" Did you mean {folded[near[0]]!r}?" if near else ""


def shown(value: Any) -> str:
    """A value as an error shows it: its kind, or itself where it is short."""
    match value:
        case None:
            return "Nothing"
        case dict():
            return "A mapping"
        case list():
            return "A list"
        case bool():
            return "true" if value else "false"
        case _:
            text = str(value)
            return repr(text if len(text) <= 60 else text[:59] + "…")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
