"""The search language: text → a small tree. Pure.

`status:open AND (tag:prod OR message:"disk full") NOT priority:P5`. A term is a field, an operator and a value, or a
bare value; terms side by side are joined by AND; NOT binds tighter than AND, AND tighter than OR. A value may have `*`
in it. Which fields there are is the caller's: alerts, incidents and users speak one language about different things.
Source: reference/api/alert-search.md; for users: docs/search.md.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tocsin.errors import Invalid

MAX_LENGTH = 5000  # characters; a saved search holds 1,000 at most
MAX_DEPTH = 40  # parentheses and NOTs inside one another
MAX_TERMS = 200

WORD = re.compile(r'(?:\\.|[^\s()"\\])+', re.DOTALL)
QUOTED = re.compile(r'"((?:\\.|[^"\\])*)"', re.DOTALL)
FIELD = re.compile(r"([A-Za-z_][\w.\-]*)\s*(:|<=|>=|=|<|>)")
KEYWORDS = ("and", "or", "not")


class Op(StrEnum):
    """How a field is compared; `=` means `:`."""

    IS = ":"
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="


@dataclass(frozen=True, slots=True)
class Value:
    """What is looked for: the texts between the wildcards, so `*prod*` is ("", "prod", "") and `prod` is ("prod",)."""

    parts: tuple[str, ...]

    @property
    def plain(self) -> str | None:
        """The text, or None if there is a wildcard in it."""
        return self.parts[0] if len(self.parts) == 1 else None

    @property
    def anything(self) -> bool:
        """Is it `*` alone: the field has a value, whichever?"""
        return len(self.parts) > 1 and not any(self.parts)

    def __str__(self) -> str:
        return "*".join(self.parts)


@dataclass(frozen=True, slots=True)
class Term:
    """One comparison; `name` is empty for a bare value. `at` is where it stands in the text, for messages."""

    name: str
    op: Op
    value: Value
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class And:
    """Every part holds; without parts it always does."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """One part at least holds."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: "Node"


Node = Term | And | Or | Not


def parse(text: str, fields: Mapping[str, str]) -> Node:
    """The tree of a query; an empty query is `And(())`, which everything matches.

    `fields` maps each accepted spelling in lower case to the field's name. Raises: Invalid, saying where and what would
    be right.
    """
    if len(text) > MAX_LENGTH:
        raise Invalid(f"The query has {len(text)} characters; {MAX_LENGTH} are allowed.")
    unwritable = re.search("[\x00\ud800-\udfff]", text)
    if unwritable:
        raise _wrong(unwritable.start(), "there is a character that no text can hold")
    return _Parser(text, fields).query()


def terms(node: Node) -> Iterator[Term]:
    """Every term of the tree, from left to right."""
    match node:
        case Term():
            yield node
        case Not(part):
            yield from terms(part)
        case And(parts) | Or(parts):
            for part in parts:
                yield from terms(part)


def to_text(node: Node) -> str:
    """A query that parses to the same tree."""
    match node:
        case Term(name, op, value):
            return f"{name}{op}{_value_text(value)}" if name else _value_text(value)
        case Not(part):
            return f"NOT {_inner(part)}"
        case And(parts):
            return " AND ".join(_inner(part) for part in parts)
        case Or(parts):
            return " OR ".join(_inner(part) for part in parts)


def _inner(node: Node) -> str:
    return f"({to_text(node)})" if isinstance(node, And | Or) else to_text(node)


def _value_text(value: Value) -> str:
    if value.plain is not None:
        return '"' + re.sub(r'(["\\])', r"\\\1", value.plain) + '"'
    return "*".join(re.sub(r"([^A-Za-z0-9])", r"\\\1", part, flags=re.DOTALL) for part in value.parts)


def _wrong(at: int, says: str) -> Invalid:
    return Invalid(f"The query is not valid: at character {at + 1}, {says}.")


class _Parser:
    """Recursive descent over the text itself: what a word may hold depends on where it stands."""

    def __init__(self, text: str, fields: Mapping[str, str]) -> None:
        self.text = text
        self.fields = fields
        self.at = 0
        self.depth = 0
        self.terms = 0

    def query(self) -> Node:
        self._skip_space()
        if self.at == len(self.text):
            return And(())
        node = self._either(self._term)
        if self.at < len(self.text):
            raise _wrong(self.at, "a closing parenthesis stands without an opening one")
        return node

    def _either(self, leaf: Callable[[], Node]) -> Node:
        parts = [self._all(leaf)]
        while self._keyword() == "or":
            self._take_keyword()
            parts.append(self._all(leaf))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _all(self, leaf: Callable[[], Node]) -> Node:
        parts = [self._negated(leaf)]
        while not self._at_end() and self._keyword() != "or":
            if self._keyword() == "and":
                self._take_keyword()
            parts.append(self._negated(leaf))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _negated(self, leaf: Callable[[], Node]) -> Node:
        keyword = self._keyword()
        if keyword == "not":
            self._take_keyword()
            return Not(self._deeper(lambda: self._negated(leaf)))
        if keyword is not None:
            raise _wrong(self.at, f"{keyword.upper()} has nothing on its left; quote it to search for the word")
        if self._at_end():
            raise _wrong(self.at, "something to search for is missing")
        if self._peek() == "(":
            return self._group(leaf)
        return leaf()

    def _group(self, leaf: Callable[[], Node]) -> Node:
        opened = self.at
        self.at += 1
        self._skip_space()
        node = self._deeper(lambda: self._either(leaf))
        if self._peek() != ")":
            raise _wrong(opened, "a parenthesis opens and is never closed")
        self.at += 1
        self._skip_space()
        return node

    def _deeper(self, parse_inner: Callable[[], Node]) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _wrong(self.at, f"the query nests deeper than {MAX_DEPTH} levels")
        node = parse_inner()
        self.depth -= 1
        return node

    def _term(self) -> Node:
        found = FIELD.match(self.text, self.at)
        if not found:
            return self._value_term("", Op.IS, self.at)
        at, spelling, sign = self.at, found[1], found[2]
        name = self.fields.get(spelling.lower())
        if name is None:
            raise _wrong(
                at,
                f"{spelling!r} is not a field; there are {', '.join(sorted(set(self.fields.values())))}. "
                f'To search for the text itself, quote it, as in "{spelling}{sign}…"',
            )
        self.at = found.end()
        self._skip_space()
        op = Op.IS if sign == "=" else Op(sign)

        def leaf() -> Node:
            return self._value_term(name, op, at)

        if self._peek() == "(":
            return self._group(leaf)
        if self._at_end() or self._keyword() is not None:
            raise _wrong(self.at, f"a value for {name} is missing")
        return leaf()

    def _value_term(self, name: str, op: Op, at: int) -> Term:
        self.terms += 1
        if self.terms > MAX_TERMS:
            raise _wrong(self.at, f"the query has more than {MAX_TERMS} terms")
        start = self.at
        if self._peek() == '"':
            quoted = QUOTED.match(self.text, self.at)
            if not quoted:
                raise _wrong(start, "a quotation mark opens and is never closed")
            value = Value((re.sub(r"\\(.)", r"\1", quoted[1], flags=re.DOTALL),))
            self.at = quoted.end()
        else:
            word = WORD.match(self.text, self.at)
            if not word:
                raise _wrong(start, "a backslash stands at the end; write two for the character itself")
            value = _wildcards(word[0])
            if name and word[0][0] in "<>=:":
                raise _wrong(start, f"a value for {name} is missing; an operator is one of : = < <= > >=")
            self.at = word.end()
        if not any(value.parts) and value.plain is not None:
            raise _wrong(start, "an empty text is searched for; write * for any value")
        self._skip_space()
        return Term(name, op, value, at)

    def _keyword(self) -> str | None:
        """The keyword that stands here, in lower case, or None."""
        word = WORD.match(self.text, self.at)
        return word[0].lower() if word and word[0].lower() in KEYWORDS else None

    def _take_keyword(self) -> None:
        word = WORD.match(self.text, self.at)
        self.at = word.end() if word else self.at
        self._skip_space()

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _at_end(self) -> bool:
        return self._peek() in ("", ")")

    def _skip_space(self) -> None:
        while self._peek().isspace():
            self.at += 1


def _wildcards(word: str) -> Value:
    """The value of a word: `*` is a wildcard, a backslash takes the next character as it is."""
    parts = [""]
    for piece in re.findall(r"\\.|[^\\]", word, flags=re.DOTALL):
        if piece == "*":
            if parts[-1] or len(parts) == 1:  # ** is *
                parts.append("")
        else:
            parts[-1] += piece[-1]
    return Value(tuple(parts))
