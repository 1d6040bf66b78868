from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tocsin.rehearsal.events import Event
from tocsin.rehearsal.expectation import Expectation, difference, in_words, parse_expectation
from tocsin.yaml_tree import read_document

START = datetime(2026, 11, 22, 2, 10, tzinfo=UTC)


def event(minutes: int, kind: str, **data: Any) -> Event:
    return Event(START + timedelta(minutes=minutes), kind, data)


def expectation(text: str) -> Expectation:
    return parse_expectation(read_document(text), START)


HAPPENED = [
    event(0, "created", alert="disk"),
    event(0, "notification", who="ana", why=["team Web", "on call in Nights (until 08:00)"]),
    event(5, "notification", who="bo", why=["next on call in Nights"]),
    event(7, "acknowledged", by="bo"),
]


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "[{event: notification, who: ana}, {event: notification, who: bo}]",
        "[{at: +5m}]",
        "[{at: 2026-11-22T03:15:00+01:00, who: bo}]",
        "[{why: ON CALL IN nights, who: ana}]",
        "[{why: [team Web, on call], who: ana}]",
        "{exactly: [notification], events: [{who: ana}, {who: bo}]}",
        "{exactly: [notification], events: [{event: created}, {who: ana}, {who: bo}]}",
        "{exactly: true, events: [{event: created}, {who: ana}, {who: bo}, {event: acknowledged}]}",
        "{exactly: [last_resort], events: []}",
        "{exactly: false, events: [{who: bo}]}",
    ],
)
def test_what_came_as_expected_has_no_difference(text: str) -> None:
    assert difference(expectation(text), HAPPENED) == []


@pytest.mark.parametrize(
    "text",
    [
        "[{event: notification, who: eve}]",
        "[{who: bo}, {who: ana}]",
        "[{who: ana}, {who: ana}]",
        "[{at: +6m, who: bo}]",
        "[{why: [team Web, next on call]}]",
        "[{status: accepted}]",
        "{exactly: [notification], events: [{who: ana}]}",
        "{exactly: [notification], events: []}",
        "{exactly: true, events: [{who: ana}, {who: bo}]}",
    ],
)
def test_what_came_otherwise_has_one(text: str) -> None:
    assert difference(expectation(text), HAPPENED) != []


def test_a_loose_expectation_takes_the_partner_that_leaves_nothing_over() -> None:
    wanted = expectation("{exactly: [notification], events: [{event: notification}, {who: bo}]}")

    assert difference(wanted, HAPPENED) == []


def test_the_difference_says_what_was_missing_and_what_came_instead() -> None:
    wanted = expectation("[{who: ana}, {at: +10m, event: notification, who: bo}, {event: acknowledged}]")

    told = in_words(difference(wanted, HAPPENED)).splitlines()

    assert told == [
        "  at=2026-11-22T02:10:00Z event=notification who=ana why='team Web; on call in Nights (until 08:00)'",
        "- expected: at=2026-11-22T02:20:00Z event=notification who=bo",
        "+ at=2026-11-22T02:15:00Z event=notification who=bo why='next on call in Nights'",
        "  at=2026-11-22T02:17:00Z event=acknowledged by=bo",
    ]


def test_where_kinds_are_exact_the_others_are_left_out_of_the_difference() -> None:
    wanted = expectation("{exactly: [notification], events: [{who: ana}]}")

    assert [line.sign for line in difference(wanted, HAPPENED)] == [" ", "+"]


def test_a_long_difference_is_cut() -> None:
    many = [event(i, "notification", who=f"person {i}") for i in range(100)]

    told = in_words(difference(expectation("[{who: nobody}]"), many)).splitlines()

    assert told[-1] == "  … and 61 more lines"
    assert len(told) == 41
