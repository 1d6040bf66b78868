"""What a create payload becomes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.accounts.directory import Reference
from tocsin.alerts.create import NewAlert, parse_create
from tocsin.errors import Invalid

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)
FIELDS = [
    "message", "alias", "description", "responders", "visibleTo", "actions", "tags", "details", "entity", "source",
    "priority", "user", "note", "teams", "type", "id", "name", "username",
]  # fmt: skip


def parsed(**fields: object) -> NewAlert:
    return parse_create({"message": "disk full", **fields})


def errors_of(**fields: object) -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        parse_create({"message": "disk full", **fields})
    assert caught.value.message == "Request body is not processable. Please check the errors."
    return caught.value.errors


def test_a_message_alone_makes_an_alert_with_defaults() -> None:
    assert parse_create({"message": "disk full"}) == NewAlert(
        message="disk full", alias=None, description="", responders=[], visible_to=[], actions=[], tags=[], details={},
        entity="", source="", priority=3, user="", note="",
    )  # fmt: skip


@pytest.mark.parametrize("message", [None, "", "   ", "\x00"])
def test_an_alert_needs_a_message(message: str | None) -> None:
    assert errors_of(message=message) == {"message": "Message can not be empty."}


def test_texts_that_are_too_long_are_cut_and_never_refused() -> None:
    new = parse_create({name: "x" * 30_000 for name in [*FIELDS[:3], "entity", "source", "user", "note"]})

    cut = (new.message, new.alias or "", new.description, new.entity, new.source, new.user, new.note)
    assert [len(text) for text in cut] == [130, 512, 15_000, 512, 100, 100, 25_000]


def test_a_long_message_is_cut_by_characters_not_by_bytes() -> None:
    assert parsed(message="ż" * 200).message == "ż" * 130


def test_surplus_tags_and_actions_are_dropped_and_long_ones_cut() -> None:
    new = parsed(tags=[f"{number}-{'x' * 60}" for number in range(25)], actions=[str(n) for n in range(12)])

    assert (len(new.tags), {len(tag) for tag in new.tags}) == (20, {50})
    assert new.actions == [str(number) for number in range(10)]


def test_empty_null_and_repeated_tags_are_left_out() -> None:
    assert parsed(tags=["a", "", None, " a ", "b", 3]).tags == ["a", "b", "3"]


def test_details_become_texts() -> None:
    new = parsed(details={"Total pings": 3, "ok": True, "ratio": 0.5, "none": None, "list": [1, {"a": "ł"}], "": "x"})

    assert new.details == {"Total pings": "3", "ok": "true", "ratio": "0.5", "list": '[1,{"a":"ł"}]'}


def test_details_are_cut_where_their_total_passes_8000_characters() -> None:
    new = parsed(details={"a": "x" * 5000, "b": "y" * 5000, "c": "z"})

    assert [(key, len(value)) for key, value in new.details.items()] == [("a", 5000), ("b", 2998)]


def test_nulls_count_as_absent() -> None:
    assert parsed(**dict.fromkeys(FIELDS[1:])) == parsed()


def test_empty_values_count_as_absent() -> None:
    assert parsed(alias="", responders=[{}, None], details=[], tags="", priority="", visibleTo=[], teams=[]) == parsed()


@pytest.mark.parametrize(("given_", "expected"), [("P1", 1), ("p5", 5), (" P2 ", 2), (None, 3), ("", 3)])
def test_priority_is_a_number_from_1_to_5(given_: str | None, expected: int) -> None:
    assert parsed(priority=given_).priority == expected


@pytest.mark.parametrize("wrong", ["P6", "high", 1, ["P1"], True])
def test_a_priority_that_nobody_knows_is_refused(wrong: object) -> None:
    assert errors_of(priority=wrong) == {"priority": "Priority should be one of [P1, P2, P3, P4, P5]."}


def test_responders_stay_as_they_were_written() -> None:
    new = parsed(
        responders=[
            {"type": "team", "name": "infra", "id": ""},
            {"type": "User", "username": "ana@example.com"},
            {"username": "bo@example.com"},
            {"type": "escalation", "id": "e-1"},
            {"type": "schedule", "name": "night"},
            {"type": "team", "name": "infra"},
        ],
        visibleTo=[{"type": "team", "id": "t-1"}],
    )

    assert new.responders == [
        Reference("team", name="infra"),
        Reference("user", name="ana@example.com"),
        Reference("user", name="bo@example.com"),
        Reference("escalation", id="e-1"),
        Reference("schedule", name="night"),
    ]
    assert new.visible_to == [Reference("team", id="t-1")]


def test_the_legacy_list_of_teams_names_responders() -> None:
    new = parsed(
        teams=[{"name": "infra", "type": "team"}, {"id": "t-1"}, "web"], responders=[{"type": "team", "id": "t-1"}]
    )

    assert new.responders == [
        Reference("team", id="t-1"),
        Reference("team", name="infra"),
        Reference("team", name="web"),
    ]


def test_at_most_fifty_responders_are_kept() -> None:
    new = parsed(responders=[{"type": "team", "name": str(n)} for n in range(60)], teams=["more"])

    assert [responder.name for responder in new.responders] == [str(n) for n in range(50)]


def test_legacy_types_name_nobody() -> None:
    assert parsed(responders=[{"type": "none", "name": "x"}, {"type": "all"}]).responders == []


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("message", ["disk full"]),
        ("alias", {"a": 1}),
        ("tags", "a,b"),
        ("tags", [["a"]]),
        ("actions", {"a": "b"}),
        ("details", ["a"]),
        ("responders", {"type": "team"}),
        ("responders", ["infra"]),
        ("responders", [{"type": "galaxy", "id": "1"}]),
        ("responders", [{"type": "team"}]),
        ("visibleTo", [{"type": "schedule", "id": "1"}]),
        ("teams", "infra"),
        ("teams", [3]),
    ],
)
def test_what_cannot_be_understood_is_refused_by_its_field(field: str, wrong: object) -> None:
    assert list(errors_of(**{field: wrong})) == [field]


def test_every_wrong_field_is_named() -> None:
    assert errors_of(priority="P9", tags="x", details="y").keys() == {"priority", "tags", "details"}


@given(st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=10))
def test_any_json_is_either_an_alert_within_its_limits_or_invalid(payload: dict[str, Any]) -> None:
    try:
        new = parse_create(payload)
    except Invalid as error:
        refused = error.errors
    else:
        refused = {}
        assert 1 <= len(new.message) <= 130
        assert 1 <= new.priority <= 5
        assert len(new.tags) <= 20
        assert sum(len(key) + len(value) for key, value in new.details.items()) <= 8000
        stored = "".join([new.message, new.note, *new.tags, *new.actions, *new.details, *new.details.values()])
        assert "\x00" not in stored
        stored.encode()  # a lone surrogate has no UTF-8

    assert all(type(text) is str for text in refused.values())
