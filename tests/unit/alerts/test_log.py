"""The words for what happened to an alert."""

from typing import Any

import pytest

from tocsin.alerts.log import Event, wire_type, words

PATH = [{"kind": "team", "name": "infra"}, {"kind": "schedule", "name": "night"}]
CONTACTS = [{"method": "email", "address": "ana@example.com", "due_at": "2026-03-02T09:00:00+00:00"}]


@pytest.mark.parametrize(
    ("event", "data", "line"),
    [
        (Event.CREATED, {"integration": "Default API"}, "Alert created by Default API"),
        (Event.CREATED, {}, "Alert created by API"),
        (Event.CLOSED, {"source": "probe"}, "Alert closed, via probe"),
        (Event.TAGS_ADDED, {"tags": ["a", "b"]}, "Tags added: a, b"),
        (Event.MESSAGE_CHANGED, {"before": "100 %s", "after": "%d"}, "Message changed from “100 %s” to “%d”"),
        (
            Event.TOLD,
            {"user": "ana@example.com", "contacts": CONTACTS, "path": PATH},
            "ana@example.com told by email ana@example.com, because of infra → night",
        ),
        (Event.NOT_TOLD, {"reason": "no-steps", "user": "ana"}, "ana not told: no-steps"),
        (Event.NOT_TOLD, {"reason": "nobody-on-call", "name": "night"}, "night not told: nobody-on-call"),
        (
            Event.NOT_TOLD,
            {"reason": "snoozed", "path": PATH},
            "Nobody was told: snoozed, because of infra → night",
        ),
        (
            Event.LAST_RESORT,
            {"addresses": ["a@example.com"]},
            "Nobody could be told; the owners were written to: a@example.com",
        ),
        ("something_new", {}, "something_new"),
    ],
)  # fmt: skip
def test_an_event_reads_as_one_line(event: str, data: dict[str, Any], line: str) -> None:
    assert words(event, data) == line


@pytest.mark.parametrize("event", Event)
@pytest.mark.parametrize("locale", ["en", "pl"])
def test_every_event_has_words_in_every_language_whatever_its_data_lacks(event: Event, locale: str) -> None:
    empty, odd = words(event, {}, locale), words(event, {"path": [5], "contacts": None, "tags": "%"}, locale)

    assert empty != event.value
    assert empty
    assert odd
    if locale == "pl":
        assert empty != words(event, {}, "en")


def test_lines_are_of_opsgenies_three_types() -> None:
    assert {wire_type(event) for event in Event} == {"alertAction", "alertRecipient", "system"}
    assert wire_type("something_new") == "alertAction"
