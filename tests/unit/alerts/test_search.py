"""A query as SQL: which conditions, which parameters, and what is refused."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.alerts.query import Value, parse
from tocsin.alerts.search import (
    SORTS,
    SPELLINGS,
    Named,
    Search,
    compile_search,
    like,
    matches,
    names_sought,
    order_by,
    word_pattern,
)
from tocsin.errors import Invalid

WARSAW = ZoneInfo("Europe/Warsaw")
ANA = Named("user", "6f1c0000-0000-0000-0000-000000000001", "ana@example.com", "Ana Example")
PLATFORM = Named("team", "6f1c0000-0000-0000-0000-000000000002", "Platform", "")
NIGHTS = Named("schedule", "6f1c0000-0000-0000-0000-000000000003", "platform nights", "")


def compiled(text: str) -> Search:
    return compile_search(parse(text, SPELLINGS), WARSAW, [ANA, PLATFORM, NIGHTS])


REFUSED = [
    ("disk status:ajar", 6, "status is open or closed"),
    ("status:open*", 1, "status is open or closed"),
    ("acknowledged:maybe", 1, "acknowledged is true or false"),
    ("priority:P6", 1, "priority is P1, P2, P3, P4 or P5"),
    ("priority:high", 1, "priority is P1"),
    ("count:many", 1, "count is a whole number"),
    ("count:" + "9" * 19, 1, "count is a whole number"),
    ("tinyId:4*", 1, "tinyId is a whole number"),
    ("createdAt:yesterday", 1, "is not a date"),
    ("createdAt>31-02-2026", 1, "is not a date"),
    ("createdAt>2026-02-01", 1, "is not a date"),
    ("createdAt>01-02-2026T25:00", 1, "is not a date"),
    ("createdAt<31-12-9999", 1, "is not a date"),
    ("createdAt<999999999999999", 1, "is not a date"),
    ("message > a", 1, "message is compared with a colon"),
    ("tag<=a", 1, "tag is compared with a colon"),
    ("alias>a", 1, "alias is compared with a colon"),
    ("teams>a", 1, "teams is compared with a colon"),
]


@pytest.mark.parametrize(("text", "at", "says"), REFUSED)
def test_a_value_that_the_field_cannot_have_is_refused(text: str, at: int, says: str) -> None:
    with pytest.raises(Invalid) as refused:
        compiled(text)

    assert f"at character {at}, " in refused.value.message
    assert says in refused.value.message


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]  # a date in order


DATES: list[tuple[str, str, list[datetime]]] = [
    ("createdAt>=1609459200000", "a.created_at >= %(q0)s", [at(2021, 1, 1)]),
    ("createdAt>1609459200000", "a.created_at >= %(q0)s", [at(2021, 1, 1, 0, 0, 0, 1000)]),
    (
        "createdAt:02-03-2026",
        "(a.created_at >= %(q0)s and a.created_at < %(q1)s)",
        [at(2026, 3, 1, 23), at(2026, 3, 2, 23)],
    ),
    ("createdAt<02-03-2026", "a.created_at < %(q0)s", [at(2026, 3, 1, 23)]),
    ("createdAt<=02-03-2026", "a.created_at < %(q0)s", [at(2026, 3, 2, 23)]),
    ("createdAt>02-03-2026T10:30", "a.created_at >= %(q0)s", [at(2026, 3, 2, 9, 31)]),
    (
        "createdAt:29-03-2026",
        "(a.created_at >= %(q0)s and a.created_at < %(q1)s)",
        [at(2026, 3, 28, 23), at(2026, 3, 29, 22)],
    ),
    ("snoozedUntil<1", "coalesce(a.snoozed_until < %(q0)s, false)", [at(1970, 1, 1, 0, 0, 0, 1000)]),
]


@pytest.mark.parametrize(("text", "sql", "instants"), DATES)
def test_a_date_covers_its_millisecond_minute_or_day(text: str, sql: str, instants: list[datetime]) -> None:
    search = compiled(text)

    assert search.condition == sql
    assert list(search.params.values()) == instants


CANDIDATES: list[tuple[str, str | None, list[Any]]] = [
    ("message:disk", "(t.message like lower(%(q0)s))", ["%disk%"]),
    ("message:a_disk%", "(t.message like lower(%(q0)s))", [r"%a\_disk\%%"]),
    ("message:db", "(t.message ~ lower(%(q1)s))", ["%db%", "(^|[^[:alnum:]])db([^[:alnum:]]|$)"]),
    ("message:*db", None, []),
    (
        "disk",
        "(t.message like lower(%(q0)s) or t.description like lower(%(q0)s) or t.rest like lower(%(q0)s))",
        ["%disk%"],
    ),
    ("42", None, []),
    ("status:open", None, []),
    ("status:open message:disk", "((t.message like lower(%(q1)s)))", ["%disk%"]),
    ("status:open OR message:disk", None, []),
    (
        "message:disk OR entity:web",
        "((t.message like lower(%(q0)s)) or (t.rest like lower(%(q2)s)))",
        ["%disk%", "%web%"],
    ),
    ("NOT message:disk", None, []),
    ("tag:prod", "t.keys @> array[left('t:' || lower(%(q0)s), 100)]", ["prod"]),
    ("details.value:*eu-west*", "(t.rest like lower(%(q1)s))", ["%eu-west%"]),
    ("teams:platform", "t.keys && %(q1)s::text[]", [[f"r:{PLATFORM.id}"]]),
    ("responders:platform*", "t.keys && %(q1)s::text[]", [[f"r:{PLATFORM.id}", f"r:{NIGHTS.id}"]]),
    ("teams:nobody", "false", []),
    ("tag:*", None, []),
]


@pytest.mark.parametrize(("text", "sql", "values"), CANDIDATES)
def test_the_index_is_asked_for_what_it_can_answer(text: str, sql: str | None, values: list[Any]) -> None:
    search = compiled(text)

    assert search.candidates == sql
    for value in values:
        assert value in search.params.values()


def test_only_names_are_looked_up() -> None:
    node = parse('teams:platform owner:"Ana" message:disk tag:prod responders:* recipients:ana* status:open', SPELLINGS)

    assert names_sought(node) == [Value(("platform",)), Value(("Ana",)), Value(("ana", ""))]


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1))
def test_a_searched_text_stays_out_of_the_sql(text: str) -> None:
    quoted = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    plain, other = compiled("message:x"), compiled(f"message:{quoted}")

    shapes = (plain.condition, plain.condition.removeprefix("(").split(" and ")[0])
    assert other.condition in shapes
    assert set(other.params.values()) <= {f"%{like(Value((text,)))}%", word_pattern(Value((text,)))}


@pytest.mark.parametrize(
    ("value", "pattern"),
    [
        (("disk",), "(^|[^[:alnum:]])disk([^[:alnum:]]|$)"),
        (("disk full",), r"(^|[^[:alnum:]])disk\ full([^[:alnum:]]|$)"),
        (("disk", ""), "(^|[^[:alnum:]])disk"),
        (("", "disk", ""), None),
        (("a", "b"), "(^|[^[:alnum:]])a.*b([^[:alnum:]]|$)"),
        (("[x]",), None),
        (("a_b.c",), r"(^|[^[:alnum:]])a\_b\.c([^[:alnum:]]|$)"),
    ],
)
def test_whole_words_end_where_letters_and_digits_do(value: tuple[str, ...], pattern: str | None) -> None:
    assert word_pattern(Value(value)) == pattern


def test_a_name_matches_as_a_whole_and_in_any_case() -> None:
    assert matches(Value(("platform",)), "Platform")
    assert not matches(Value(("plat",)), "Platform")
    assert matches(Value(("", "FORM")), "Platform")
    assert not matches(Value(("p.*m",)), "Platform")


@pytest.mark.parametrize("sort", SORTS)
def test_every_order_is_total(sort: str) -> None:
    assert "a.tiny_id" in order_by(sort, "ASC")


@pytest.mark.parametrize(("sort", "order"), [("colour", "asc"), ("createdAt", "up"), ("a.id; drop", "asc")])
def test_an_order_that_is_none_is_refused(sort: str, order: str) -> None:
    with pytest.raises(Invalid):
        order_by(sort, order)
