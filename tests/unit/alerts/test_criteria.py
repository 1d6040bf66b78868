"""Criteria, field by field; and generated ones against an oracle that reads the JSON as it stands."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.alerts.criteria import MATCH_ALL, OPERATIONS, Field, Operation, as_json, from_json, matches, stored
from tocsin.alerts.facts import AlertContent, Responder
from tocsin.errors import Invalid

ALERT = AlertContent(
    message="Disk full on web-1",
    alias="disk:web-1",
    description="line one\nline two",
    source="10.0.0.8",
    entity="",
    priority=2,
    tags=("prod", "disk full"),
    actions=("restart",),
    details={"env": "prod", "owner": "", "region": "eu west"},
    responders=(Responder("team", "t-1", "Web"), Responder("user", "u-1", "bo@example.com"), Responder("team", "t-2")),
)


def one(field: str, operation: str, expected: Any = None, **more: Any) -> dict[str, Any]:
    condition = {"field": field, "operation": operation, **more}
    if expected is not None:
        condition["expectedValue"] = expected
    return {"type": "match-all-conditions", "conditions": [condition]}


@pytest.mark.parametrize(
    ("condition", "answer"),
    [
        (one("message", "equals", "Disk full on web-1"), True),
        (one("message", "equals", "disk full on web-1"), False),
        (one("message", "contains", "full"), True),
        (one("message", "contains", "FULL"), False),
        (one("message", "starts-with", "Disk"), True),
        (one("message", "starts-with", "full"), False),
        (one("message", "ends-with", "web-1"), True),
        (one("message", "ends-with", "Disk"), False),
        (one("message", "equals-ignore-whitespace", " Diskfull on\tweb-1 "), True),
        (one("message", "equals-ignore-whitespace", "Disk full on web"), False),
        (one("message", "matches", "Disk .* web-[0-9]+"), True),
        (one("message", "matches", "Disk"), False),
        (one("message", "matches", "(?i)disk.*"), True),
        (one("description", "matches", "line.*two"), False),
        (one("description", "matches", "(?s)line.*two"), True),
        (one("alias", "equals", "disk:web-1"), True),
        (one("source", "starts-with", "10."), True),
        (one("entity", "is-empty"), True),
        (one("message", "is-empty"), False),
        (one("message", "is-empty", **{"not": True}), True),
        (one("message", "contains", "full", **{"not": True}), False),
        (one("tags", "contains", "prod"), True),
        (one("tags", "contains", "pro"), False),
        (one("tags", "matches", "disk .*"), True),
        (one("tags", "is-empty"), False),
        (one("actions", "contains", "restart"), True),
        (one("teams", "contains", "Web"), True),
        (one("teams", "contains", "t-2"), True),
        (one("teams", "contains", "u-1"), False),
        (one("recipients", "contains", "bo@example.com"), True),
        (one("responders", "matches", "bo@.*"), True),
        (one("recipients", "is-empty"), False),
        (one("details", "contains-key", "env"), True),
        (one("details", "contains-key", "en"), False),
        (one("details", "contains-value", "prod"), True),
        (one("details", "contains-value", "pro"), False),
        (one("details", "contains", "west"), True),
        (one("details", "is-empty"), False),
        (one("extra-properties", "equals", "prod", key="env"), True),
        (one("extra-properties", "equals", "prod", key="region"), False),
        (one("extra-properties", "equals", "prod"), True),
        (one("extra-properties", "matches", "eu .*", key="region"), True),
        (one("extra-properties", "starts-with", "eu", key="region"), True),
        (one("extra-properties", "is-empty", key="owner"), True),
        (one("extra-properties", "is-empty", key="nothing"), True),
        (one("extra-properties", "is-empty", key="env"), False),
        (one("extra-properties", "is-empty"), False),
        (one("extra-properties", "contains-key", "owner"), True),
        (one("extra-properties", "contains-value", "eu west", key="region"), True),
        (one("extra-properties", "equals", "x", key="nothing", **{"not": True}), True),
        (one("priority", "equals", "P2"), True),
        (one("priority", "greater-than", "P3"), True),
        (one("priority", "greater-than", "P2"), False),
        (one("priority", "less-than", "P1"), True),
        (one("priority", "less-than", "P2"), False),
    ],
)
def test_a_condition_holds_or_not(condition: dict[str, Any], answer: bool) -> None:
    assert matches(from_json(condition), ALERT) is answer


def test_any_and_all_and_every_alert() -> None:
    true, false = one("priority", "equals", "P2")["conditions"][0], one("entity", "equals", "x")["conditions"][0]

    assert matches(from_json({"type": "match-any-condition", "conditions": [false, true]}), ALERT)
    assert not matches(from_json({"type": "match-all-conditions", "conditions": [false, true]}), ALERT)
    assert not matches(from_json({"type": "match-any-condition", "conditions": [false]}), ALERT)
    assert from_json(None) == from_json({}) == from_json({"type": "match-all", "conditions": []}) == MATCH_ALL
    assert matches(MATCH_ALL, AlertContent())


@pytest.mark.parametrize(
    ("value", "place", "text"),
    [
        ("x", "criteria", "should be an object"),
        ({"type": "some"}, "criteria.type", "should be one of [match-all, match-any-condition, match-all-conditions]"),
        ({"type": "match-any-condition"}, "criteria.conditions", "cannot be empty"),
        (one("tags", "is-empty") | {"type": "match-all"}, "criteria.conditions", "should be empty"),
        ({"type": "match-any-condition", "conditions": 4}, "criteria.conditions", "should be a list"),
        ({"type": "match-any-condition", "conditions": [{}] * 101}, "criteria.conditions", "at most 100"),
        ({"type": "match-any-condition", "conditions": ["x"]}, "criteria.conditions[0]", "should be an object"),
        (one("colour", "equals", "x"), "criteria.conditions[0].field", "should be one of [message, alias"),
        (one("", "equals", "x"), "criteria.conditions[0].field", "cannot be empty"),
        (one("message", "is-like", "x"), "criteria.conditions[0].operation", "should be one of [matches"),
        (one("tags", "starts-with", "x"), "criteria.conditions[0].operation", "does not fit field [tags]: use one of"),
        (one("message", "equals"), "criteria.conditions[0].expectedValue", "cannot be empty"),
        (one("message", "equals", ["x"]), "criteria.conditions[0].expectedValue", "should be a text"),
        (one("message", "equals", "x" * 1001), "criteria.conditions[0].expectedValue", "at most 1000 characters"),
        (one("message", "matches", "(x"), "criteria.conditions[0].expectedValue", "is not a regular expression"),
        (one("message", "matches", "(?=x)y"), "criteria.conditions[0].expectedValue", "Look-around"),
        (one("message", "matches", "(x{1000}){1000}"), "criteria.conditions[0].expectedValue", "repetition size"),
        (one("message", "equals", "x", key="k"), "criteria.conditions[0].key", "only be used with field [extra-prop"),
        (one("message", "equals", "x", **{"not": "no"}), "criteria.conditions[0].not", "should be true or false"),
        (one("priority", "equals", "high"), "criteria.conditions[0].expectedValue", "one of [P1, P2, P3, P4, P5]"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(value: object, place: str, text: str) -> None:
    with pytest.raises(Invalid) as refused:
        from_json(value)

    assert {name: text in why for name, why in refused.value.errors.items()} == {place: True}, refused.value.errors


def test_conditions_stand_in_the_order_they_ask_for() -> None:
    conditions = [
        {"field": "alias", "operation": "equals", "expectedValue": "b", "order": 1},
        {"field": "message", "operation": "is-empty", "expectedValue": "", "order": 0},
    ]

    shown = as_json(from_json({"type": "match-any-condition", "conditions": conditions}))

    assert shown == {
        "type": "match-any-condition",
        "conditions": [
            {"field": "message", "not": False, "operation": "is-empty", "order": 0},
            {"field": "alias", "not": False, "operation": "equals", "expectedValue": "b", "order": 1},
        ],
    }


def test_conditions_without_an_order_keep_theirs_and_equal_ones_stay_as_given() -> None:
    """Terraform gives each the order 0 unless told otherwise, and compares what comes back."""
    conditions = [
        {"field": name, "operation": "equals", "expectedValue": "x"} for name in ("source", "alias", "entity")
    ]

    counted = from_json({"type": "match-any-condition", "conditions": conditions})
    zero = from_json({"type": "match-any-condition", "conditions": [it | {"order": 0} for it in conditions]})

    assert [(it.field, it.order) for it in counted.conditions] == [("source", 0), ("alias", 1), ("entity", 2)]
    assert [(it.field, it.order) for it in zero.conditions] == [("source", 0), ("alias", 0), ("entity", 0)]
    assert as_json(stored(as_json(zero))) == as_json(zero)


def test_a_pattern_that_makes_others_backtrack_for_ages_is_answered_at_once() -> None:
    cruel = from_json(one("description", "matches", "(a+)+(b|a)*c"))

    assert not matches(cruel, AlertContent(description="a" * 15_000))  # a backtracking engine would not come back


TEXT = st.text(alphabet="ab .", max_size=4)
PATTERN = st.text(alphabet="ab.*|", min_size=1, max_size=4).filter(lambda it: re.search(r"\*\*|^\*|\|\*", it) is None)
CONTENT = st.builds(
    AlertContent,
    message=TEXT,
    alias=TEXT,
    description=TEXT,
    source=TEXT,
    entity=TEXT,
    priority=st.integers(1, 5),
    tags=st.lists(TEXT.filter(bool), max_size=3).map(tuple),
    actions=st.lists(TEXT.filter(bool), max_size=3).map(tuple),
    details=st.dictionaries(st.sampled_from("abc"), TEXT, max_size=3),
    responders=st.lists(
        st.builds(Responder, st.sampled_from(["team", "user"]), st.sampled_from("abc"), TEXT), max_size=3
    ).map(tuple),
)


@st.composite
def conditions(draw: st.DrawFn) -> dict[str, Any]:
    field = draw(st.sampled_from(Field))
    operation = draw(st.sampled_from(OPERATIONS[field]))
    condition: dict[str, Any] = {"field": field.value, "operation": operation.value, "not": draw(st.booleans())}
    if field is Field.EXTRA_PROPERTIES and draw(st.booleans()):
        condition["key"] = draw(st.sampled_from("abc"))
    if operation is Operation.MATCHES:
        condition["expectedValue"] = draw(PATTERN)
    elif field is Field.PRIORITY:
        condition["expectedValue"] = f"P{draw(st.integers(1, 5))}"
    elif operation is not Operation.IS_EMPTY:
        condition["expectedValue"] = draw(TEXT.filter(bool))
    return condition


CRITERIA = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["match-any-condition", "match-all-conditions"]),
        "conditions": st.lists(conditions(), min_size=1, max_size=3),
    }
)


def oracle(wire: dict[str, Any], alert: AlertContent) -> bool:
    """The same, slowly and from the JSON: every field becomes a list of texts, and each is looked at in turn."""
    answers = []
    for condition in wire["conditions"]:
        field, operation, expected = condition["field"], condition["operation"], condition.get("expectedValue", "")
        texts = {
            "message": [alert.message], "alias": [alert.alias], "description": [alert.description],
            "source": [alert.source], "entity": [alert.entity], "tags": list(alert.tags),
            "actions": list(alert.actions), "details": list(alert.details.values()),
            "extra-properties": list(alert.details.values()), "priority": [f"P{alert.priority}"],
            "recipients": [], "responders": [], "teams": [],
        }[field]  # fmt: skip
        keys = list(alert.details)
        if "key" in condition:
            texts = [value for key, value in alert.details.items() if key == condition["key"] and value != ""]
            keys = [condition["key"]] if texts else []
        for responder in alert.responders:
            if field in {"recipients", "responders"} or (field == "teams" and responder.type == "team"):
                texts += [name for name in (responder.id, responder.name) if name != ""]
        answer = any(says(operation, text, expected, whole=field in LISTS) for text in texts)
        if operation == "contains-key":
            answer = expected in keys
        if operation == "is-empty":
            answer = texts in ([], [""]) if field not in {"details", "extra-properties"} else texts == []
        answers.append(answer != condition["not"])
    return True in answers if wire["type"] == "match-any-condition" else False not in answers


LISTS = {"tags", "actions", "recipients", "responders", "teams"}


def says(operation: str, text: str, expected: str, *, whole: bool) -> bool:
    answers: dict[str, Callable[[], bool]] = {
        "matches": lambda: re.compile(f"(?:{expected})\\Z").match(text) is not None,
        "contains": lambda: text == expected if whole else text.count(expected) > 0,
        "starts-with": lambda: text[: len(expected)] == expected,
        "ends-with": lambda: text[::-1][: len(expected)] == expected[::-1],
        "equals": lambda: text == expected,
        "contains-value": lambda: text == expected,
        "equals-ignore-whitespace": lambda: text.replace(" ", "") == expected.replace(" ", ""),
        "greater-than": lambda: int(text[1]) < int(expected[1]),
        "less-than": lambda: int(text[1]) > int(expected[1]),
        "contains-key": lambda: False,
        "is-empty": lambda: False,
    }
    return answers[operation]()


@settings(max_examples=1500)
@given(wire=CRITERIA, alert=CONTENT)
def test_generated_criteria_answer_as_the_oracle_does(wire: dict[str, Any], alert: AlertContent) -> None:
    criteria = from_json(wire)

    assert matches(criteria, alert) is oracle(wire, alert)
    assert stored(as_json(criteria)) == from_json(as_json(criteria)) == criteria
