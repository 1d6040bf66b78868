"""The search language: text → tree, and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.alerts.query import MAX_DEPTH, MAX_LENGTH, MAX_TERMS, And, Node, Not, Op, Or, Term, Value, parse, to_text
from tocsin.alerts.search import SPELLINGS
from tocsin.errors import Invalid


def term(name: str, value: str, op: Op = Op.IS) -> Term:
    return Term(name, op, Value(tuple(value.split("*"))))


OPEN, DISK, PROD = term("status", "open"), term("", "disk"), term("tag", "prod")

CASES: list[tuple[str, Node]] = [
    ("", And(())),
    ("  \n", And(())),
    ("status:open", OPEN),
    ("status: open", OPEN),
    ("status :open", OPEN),
    ("status=open", OPEN),
    ('STATUS:"open"', OPEN),
    ("disk", DISK),
    ('"disk full"', term("", "disk full")),
    (r'"a \"quoted\" \\ word"', term("", r'a "quoted" \ word')),
    ("status:open disk", And((OPEN, DISK))),
    ("status:open AND disk", And((OPEN, DISK))),
    ("status:open and disk tag:prod", And((OPEN, DISK, PROD))),
    ("status:open OR disk AND tag:prod", Or((OPEN, And((DISK, PROD))))),
    ("(status:open OR disk) tag:prod", And((Or((OPEN, DISK)), PROD))),
    ("NOT status:open", Not(OPEN)),
    ("not not disk", Not(Not(DISK))),
    ("NOT status:open disk", And((Not(OPEN), DISK))),
    ("disk NOT (status:open OR tag:prod)", And((DISK, Not(Or((OPEN, PROD)))))),
    ("message:(disk OR memory)", Or((term("message", "disk"), term("message", "memory")))),
    ("message: ( disk NOT full )", And((term("message", "disk"), Not(term("message", "full"))))),
    ("message: *prod*", term("message", "*prod*")),
    ("prod*", term("", "prod*")),
    ("host-**-prod", term("", "host-*-prod")),
    (r"100\*", Term("", Op.IS, Value(("100*",)))),
    (r"\(disk\)", term("", "(disk)")),
    ('"*"', Term("", Op.IS, Value(("*",)))),
    ("tag:*", term("tag", "*")),
    ("tags:prod", PROD),
    ("lastOccuredAt>1", term("lastOccurredAt", "1", Op.MORE)),
    ("source:http://web-3:9090/x", term("source", "http://web-3:9090/x")),
    ("createdAt>=01-02-2026T10:30", term("createdAt", "01-02-2026T10:30", Op.AT_LEAST)),
    (
        "createdAt>=1609459200000 AND createdAt<1609545600000",
        And((term("createdAt", "1609459200000", Op.AT_LEAST), term("createdAt", "1609545600000", Op.LESS))),
    ),
    ("count <= 5", term("count", "5", Op.AT_MOST)),
    ("10:30", term("", "10:30")),
    ("android", term("", "android")),
    ("details.key:env", term("details.key", "env")),
]


@pytest.mark.parametrize(("text", "tree"), CASES)
def test_a_query_reads_as_it_is_meant(text: str, tree: Node) -> None:
    assert parse(text, SPELLINGS) == tree


WRONG = [
    ("colour:red", 1, "'colour' is not a field"),
    ("status:", 8, "a value for status is missing"),
    ("status: AND disk", 9, "a value for status is missing"),
    ("count:>5", 7, "a value for count is missing"),
    ("(disk", 1, "is never closed"),
    ("message:(disk", 9, "is never closed"),
    ("disk)", 5, "without an opening one"),
    ("()", 2, "something to search for is missing"),
    ("disk AND", 9, "something to search for is missing"),
    ("OR disk", 1, "OR has nothing on its left"),
    ("disk AND OR x", 10, "OR has nothing on its left"),
    ("disk NOT", 9, "something to search for is missing"),
    ('say "disk', 5, "a quotation mark opens"),
    ('""', 1, "an empty text"),
    ("disk\\", 5, "a backslash stands at the end"),
    ("disk\x00", 5, "no text can hold"),
    ("disk\ud800", 5, "no text can hold"),
]


@pytest.mark.parametrize(("text", "at", "says"), WRONG)
def test_a_wrong_query_is_told_where_and_why(text: str, at: int, says: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse(text, SPELLINGS)

    assert f"at character {at}, " in refused.value.message
    assert says in refused.value.message


@pytest.mark.parametrize(
    "text",
    ["x" * (MAX_LENGTH + 1), "(" * (MAX_DEPTH + 1) + "x" + ")" * (MAX_DEPTH + 1), "not " * 1000 + "x", "x " * 2000],
    ids=["long", "deep", "negated", "wide"],
)
def test_a_query_has_its_bounds(text: str) -> None:
    with pytest.raises(Invalid):
        parse(text, SPELLINGS)

    assert parse("x " * MAX_TERMS, SPELLINGS) == And((term("", "x"),) * MAX_TERMS)


SCRAPS = st.sampled_from([*'()"\\*:=<> \n', "and ", "or ", "not ", "status", "message:", "prod", "count>", "\x00", "é"])


def read(text: str) -> Node | None:
    """The tree, or None for a text that is no query; nothing else may happen."""
    try:
        return parse(text, SPELLINGS)
    except Invalid:
        return None


@given(st.one_of(st.text(), st.lists(SCRAPS).map("".join)))
def test_any_text_is_a_query_or_invalid(text: str) -> None:
    tree = read(text)

    assert tree is None or parse(to_text(tree), SPELLINGS) == tree


PARTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=8)
PLAIN = PARTS.map(lambda part: Value((part,)))
WILD = st.lists(PARTS, min_size=1, max_size=2).map(lambda parts: Value(("", *parts, "")))
OPEN_ENDED = PARTS.map(lambda part: Value((part, "")))
TERMS = st.builds(
    Term,
    st.sampled_from(["", "message", "details.value", "count"]),
    st.sampled_from(Op),
    st.one_of(PLAIN, WILD, OPEN_ENDED, st.just(Value(("", "")))),
).map(lambda made: Term(made.name, made.op if made.name else Op.IS, made.value))
TREES: st.SearchStrategy[Node] = st.recursive(
    TERMS,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: And(tuple(parts))),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: Or(tuple(parts))),
    ),
    max_leaves=6,
)


@given(TREES)
def test_a_tree_that_is_printed_reads_back_the_same(tree: Node) -> None:
    assert parse(to_text(tree), SPELLINGS) == tree
