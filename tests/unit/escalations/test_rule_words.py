"""What is configured, in words."""

from datetime import timedelta

import pytest

from tocsin.escalations import rule_words
from tocsin.escalations.directory import Directory, Person, Team
from tocsin.escalations.escalation import Condition, EscalationRule, NotifyType, Recipient, RecipientKind, Repeat
from tocsin.escalations.routing import RoutingRule, TargetKind
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
