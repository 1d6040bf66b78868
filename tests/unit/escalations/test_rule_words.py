"""What is configured, in words."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from tocsin.alerts import criteria
from tocsin.alerts.criteria_words import condition_in_words
from tocsin.escalations import rule_words
from tocsin.escalations.directory import Directory, Person, Team
from tocsin.escalations.escalation import Condition, EscalationRule, NotifyType, Recipient, RecipientKind, Repeat
from tocsin.escalations.routing import RoutingRule, TargetKind
from tocsin.schedules import restrictions
from tocsin.schedules.restriction_words import restriction_in_words
from tocsin.schedules.rotation import RotationKind

DIRECTORY = Directory(people={"a": Person("a", "ana@example.com")}, teams={"w": Team("w", "Web")})
NAMES = {"a": "Ana Nowak"}


def rule(kind: RecipientKind, ident: str, notify_type: NotifyType, minutes: int = 5) -> EscalationRule:
    delay = timedelta(minutes=minutes)
    return EscalationRule(0, Condition.IF_NOT_ACKED, notify_type, delay, Recipient(kind, ident))


@pytest.mark.parametrize(
    ("it", "expected"),
    [
        (rule(RecipientKind.USER, "a", NotifyType.DEFAULT), "after 5 min, if not acknowledged: Ana Nowak"),
        (rule(RecipientKind.USER, "gone", NotifyType.DEFAULT, 0), "at once, if not acknowledged: (deleted)"),
        (rule(RecipientKind.TEAM, "w", NotifyType.ADMINS, 90),
         "after 1 h 30 min, if not acknowledged: the admins of the team Web"),
        (rule(RecipientKind.SCHEDULE, "gone", NotifyType.NEXT),
         "after 5 min, if not acknowledged: who is next on call in (deleted)"),
    ],
)  # fmt: skip
def test_a_rule_reads_as_a_sentence(it: EscalationRule, expected: str) -> None:
    assert rule_words.rule_in_words(it, DIRECTORY, NAMES, "en") == expected


@pytest.mark.parametrize(("kind", "notify_type"), list(rule_words.RECIPIENTS))
@pytest.mark.parametrize("locale", ["en", "pl"])
def test_every_kind_of_recipient_has_words(kind: RecipientKind, notify_type: NotifyType, locale: str) -> None:
    text = rule_words.recipient_in_words(Recipient(kind, "w"), notify_type, DIRECTORY, NAMES, locale)

    assert "%(" not in text
    assert ("Web" in text) == (kind is RecipientKind.TEAM)


def test_a_repeat_says_how_often_and_how_it_ends() -> None:
    wait = timedelta(minutes=10)

    assert rule_words.repeat_in_words(Repeat(wait, 1), "en") == "Then once more, 10 min after the last rule."
    assert rule_words.repeat_in_words(Repeat(wait, 3, close_alert_after_all=True), "en") == (
        "Then 3 more times, each 10 min after the last rule. At the end it closes the alert."
    )
    assert rule_words.repeat_in_words(Repeat(wait, 0, close_alert_after_all=True), "en") == (
        "Closes the alert 10 min after the last rule."
    )
    assert rule_words.repeat_in_words(Repeat(wait, 0), "en") == ""


def test_routing_to_nobody_says_so() -> None:
    nowhere = RoutingRule("r", "Default", 0, True, TargetKind.NONE)

    assert rule_words.routing_in_words(nowhere, DIRECTORY, "en") == "nobody is told"
    assert rule_words.routing_in_words(nowhere, DIRECTORY, "en", alone=False) == "all others: nobody is told"


def test_routing_says_which_alerts_and_when() -> None:
    asks = criteria.from_json(
        {
            "type": "match-all-conditions",
            "conditions": [
                {"field": "priority", "operation": "greater-than", "expectedValue": "P3"},
                {"field": "tags", "operation": "contains", "expectedValue": "prod"},
                {"field": "extra-properties", "key": "env", "operation": "is-empty", "not": True},
            ],
        }
    )
    hours = restrictions.from_json(
        {"type": "time-of-day", "restriction": {"startHour": 20, "startMin": 0, "endHour": 8, "endMin": 30}}
    )
    rule = RoutingRule("r", "night", 0, False, TargetKind.NONE, None, asks, hours, ZoneInfo("Europe/Warsaw"))

    assert rule_words.routing_in_words(rule, DIRECTORY, "en") == (
        "priority is above P3 and the list of tags contains “prod” and the extra property env is not empty, "
        "daily 20:00–08:30 (Europe/Warsaw): nobody is told"
    )
    assert rule_words.routing_in_words(
        replace(rule, criteria=criteria.MATCH_ALL, restriction=None), DIRECTORY, "en"
    ) == ("every alert: nobody is told")


@pytest.mark.parametrize("locale", ["en", "pl"])
@pytest.mark.parametrize("field", criteria.Field)
def test_every_condition_has_words(field: criteria.Field, locale: str) -> None:
    for operation in criteria.OPERATIONS[field]:
        texts = {
            condition_in_words(criteria.Condition(field, operation, "P1", negated), locale) for negated in (True, False)
        }
        assert len(texts) == 2
        assert not any("%(" in text for text in texts)


@pytest.mark.parametrize(
    ("restriction", "locale", "expected"),
    [
        ({"startHour": 0, "startMin": 0, "endHour": 24, "endMin": 0}, "en", "daily 00:00–24:00"),
        ({"startDay": "friday", "startHour": 17, "endDay": "monday", "endHour": 9}, "en", "Fri 17:00–Mon 09:00"),
        ({"startDay": "sunday", "startHour": 22, "endDay": "sunday", "endHour": 24}, "en", "Sun 22:00–Sun 24:00"),
        ({"startDay": "monday", "startHour": 9, "endDay": "friday", "endHour": 17}, "pl", "pon. 09:00–pt. 17:00"),
    ],
)
def test_hours_read_as_the_clock_shows_them(restriction: dict[str, object], locale: str, expected: str) -> None:
    kind = "weekday-and-time-of-day" if "startDay" in restriction else "time-of-day"
    found = restrictions.from_json({"type": kind, "restrictions": [restriction]})

    assert found is not None
    assert restriction_in_words(found, locale) == expected


@pytest.mark.parametrize(
    ("kind", "length", "locale", "expected"),
    [
        (RotationKind.WEEKLY, 1, "en", "1 week each"),
        (RotationKind.DAILY, 3, "en", "3 days each"),
        (RotationKind.HOURLY, 12, "pl", "po 12 godzin"),
        (RotationKind.WEEKLY, 2, "pl", "po 2 tygodnie"),
    ],
)
def test_turns_are_counted(kind: RotationKind, length: int, locale: str, expected: str) -> None:
    assert rule_words.turns_in_words(kind, length, locale) == expected
