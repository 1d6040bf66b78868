"""What people read about why they were told."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tocsin.escalations import explain
from tocsin.escalations.escalation import NotifyType, SkipReason
from tocsin.escalations.explain import Reader, path_in_words
from tocsin.escalations.reason import Reason, ReasonKind
from tocsin.escalations.resolve import NobodyReason
from tocsin.notifications import words
from tocsin.notifications.model import COSTS_EXTRA, NO_COUNTRY, NotificationStatus
from tocsin.notifications.plan import CancelReason, LeftOutReason, UnreachableReason
from tocsin.notifications.words import SUPPRESSED

WARSAW = ZoneInfo("Europe/Warsaw")
AT = datetime(2026, 11, 22, 2, 10, tzinfo=UTC)  # 03:10 in Warsaw
ENDS = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
READER = Reader("en", WARSAW, AT)

ESCALATION = Reason(ReasonKind.ESCALATION, "e", "Operations_escalation")
RULE = Reason(ReasonKind.RULE, position=0, round=0, delay=timedelta(0), notify_type=NotifyType.DEFAULT)


def on_call(notify_type: NotifyType = NotifyType.DEFAULT, override: str | None = None) -> Reason:
    return Reason(
        ReasonKind.SCHEDULE, "s", "Operations_schedule", notify_type=notify_type, rotation="Rot1",
        shift_starts_at=ENDS - timedelta(days=7), shift_ends_at=ENDS, override=override,
    )  # fmt: skip


def test_a_path_names_rule_schedule_and_shift() -> None:
    path = (
        Reason(ReasonKind.TEAM, "t", "Operations"),
        Reason(ReasonKind.ROUTING_RULE, "r", "Default", position=0),
        ESCALATION,
        RULE,
        on_call(),
    )

    told = path_in_words(path, READER)

    assert told == [
        "team Operations, routing rule Default",
        "rule 1 of Operations_escalation, at once",
        "on call in Operations_schedule (Rot1, until 09:00)",
    ]


def test_a_path_reads_in_polish() -> None:
    told = path_in_words((ESCALATION, RULE, on_call()), Reader("pl", WARSAW, AT))

    assert told == [
        "reguła 1 z Operations_escalation, od razu",
        "dyżur w Operations_schedule (Rot1, do 09:00)",
    ]


def test_a_shift_that_ends_on_another_day_says_which() -> None:
    told = path_in_words((on_call(),), Reader("en", WARSAW, AT - timedelta(days=3)))

    assert told == ["on call in Operations_schedule (Rot1, until 22 Nov 2026, 09:00)"]


def test_an_override_says_that_it_decided() -> None:
    assert path_in_words((on_call(override="swap"),), READER) == [
        "on call in Operations_schedule (by an override, until 09:00)"
    ]


def test_the_next_on_call_is_not_given_the_end_of_a_later_shift() -> None:
    assert path_in_words((on_call(NotifyType.NEXT),), READER) == ["next on call in Operations_schedule (Rot1)"]


def test_a_repeat_and_a_delay_are_named() -> None:
    rule = Reason(ReasonKind.RULE, position=1, round=2, delay=timedelta(minutes=5), notify_type=NotifyType.ALL)

    told = path_in_words((ESCALATION, rule, Reason(ReasonKind.MEMBER, "t", "Web", notify_type=NotifyType.ALL)), READER)

    assert told == ["rule 2 of Operations_escalation, after 5 min, repeat 2", "member of the team Web"]


def test_who_stands_in_for_somebody_hears_for_whom_and_until_when() -> None:
    step = Reason(ReasonKind.FORWARDING, "f", "ana@example.com", shift_ends_at=AT + timedelta(days=1))

    assert path_in_words((on_call(override="swap"), step), READER)[1].startswith(
        "instead of ana@example.com, who forwards"
    )


def test_who_was_named_as_responder_has_the_shortest_reason() -> None:
    assert path_in_words((), READER) == ["named as a responder"]


@pytest.mark.parametrize("reason", list(NobodyReason) + list(UnreachableReason) + list(SkipReason))
@pytest.mark.parametrize("locale", ["en", "pl"])
def test_every_reason_for_telling_nobody_has_a_sentence(reason: str, locale: str) -> None:
    sentence = explain.nobody_in_words(str(reason), "Web", locale)

    assert sentence.endswith(".")
    assert str(reason) != sentence


@pytest.mark.parametrize("reason", list(CancelReason))
def test_every_reason_for_not_sending_has_a_sentence(reason: CancelReason) -> None:
    text = explain.status_in_words("cancelled", reason, "email", "en")

    assert text.startswith("Not sent. The alert was ")


@pytest.mark.parametrize("reason", list(LeftOutReason))
def test_every_step_left_out_has_words(reason: LeftOutReason) -> None:
    assert words.left_out_in_words([{"step": "x", "reason": reason.value}], "en")


@pytest.mark.parametrize("status", list(NotificationStatus))
@pytest.mark.parametrize("method", ["email", "webhook"])
def test_only_a_receipt_reads_as_delivered(status: NotificationStatus, method: str) -> None:
    text = explain.status_in_words(status, "", method, "en")

    assert ("delivered" in text.lower()) == (status is NotificationStatus.DELIVERED)


def test_a_refusal_keeps_what_the_server_said() -> None:
    assert explain.status_in_words("failed", "550 no such user", "email", "en") == "Failed: 550 no such user"


@pytest.mark.parametrize("reason", list(SUPPRESSED))
@pytest.mark.parametrize("locale", ["en", "pl"])
def test_every_reason_for_not_sending_where_it_costs_has_words(reason: str, locale: str) -> None:
    text = explain.status_in_words("suppressed", reason, "voice", locale)

    assert text.startswith({"en": "Not sent: ", "pl": "Nie wysłano: "}[locale])
    assert not text.endswith(reason)


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (NO_COUNTRY, "This country is not supported on that channel."),
        (COSTS_EXTRA, "The number is of a range that costs extra."),
    ],
)
def test_a_call_to_where_none_goes_fails_with_the_reason_in_words_where_nothing_takes_its_place(
    reason: str, said: str
) -> None:
    assert explain.status_in_words("failed", reason, "voice", "en") == f"Failed. {said}"
