from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.alerts.criteria import MATCH_ALL, Condition, Criteria, CriteriaType, Field, Operation
from tocsin.alerts.facts import AlertContent, AlertFacts
from tocsin.notifications.plan import (
    CALLS_TO_ACT,
    ActionType,
    Cancel,
    CancelReason,
    Contact,
    LeftOutReason,
    NotificationRule,
    Plan,
    Planned,
    Send,
    Step,
    Unreachable,
    UnreachableReason,
    plan,
    should_send,
)
from tocsin.schedules import restrictions

AT = datetime(2026, 11, 2, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
MAIL = Contact("mail", "email", "ana@example.com")
HOOK = Contact("hook", "webhook", "https://hooks.example.com/ana")
CREATE, AGAIN = ActionType.CREATE_ALERT, ActionType.RENOTIFIED_ALERT


def make_step(contact: str = "mail", minutes: int = 0, *, enabled: bool = True) -> Step:
    return Step(f"{contact}+{minutes}", contact, minutes * MINUTE, enabled)


def make_rule(
    *steps: Step, position: int = 0, action_type: ActionType = CREATE, enabled: bool = True
) -> NotificationRule:
    return NotificationRule(f"rule-{position}", "New alerts", action_type, position, steps, enabled)


def test_each_step_is_a_notification_at_its_own_time() -> None:
    late, early = make_step("hook", 5), make_step("mail")
    rule = make_rule(late, early)

    planned = plan([rule], [MAIL, HOOK], CREATE, AT)

    assert planned == Plan(rule, (Planned(MAIL, early, AT), Planned(HOOK, late, AT + 5 * MINUTE)))


def test_the_first_enabled_rule_of_that_kind_decides() -> None:
    rules = [
        make_rule(make_step("hook"), position=3),
        make_rule(make_step("mail"), position=2),
        make_rule(make_step("hook"), position=1, enabled=False),
        make_rule(make_step("hook"), position=0, action_type=ActionType.ADD_NOTE),
    ]

    planned = plan(rules, [MAIL, HOOK], CREATE, AT)

    assert isinstance(planned, Plan)
    assert planned.rule.position == 2


def test_told_again_means_the_rule_for_that_else_the_one_for_new_alerts() -> None:
    new, again = make_rule(make_step("mail")), make_rule(make_step("hook"), position=1, action_type=AGAIN)

    with_own = plan([new, again], [MAIL, HOOK], AGAIN, AT)
    without = plan([new, replace(again, enabled=False)], [MAIL, HOOK], AGAIN, AT)
    new_only = plan([again], [MAIL, HOOK], CREATE, AT)

    assert isinstance(with_own, Plan)
    assert isinstance(without, Plan)
    assert (with_own.rule, without.rule) == (again, new)
    assert new_only == Unreachable(UnreachableReason.NO_RULE)


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ([], UnreachableReason.NO_RULE),
        ([make_rule(make_step(), enabled=False)], UnreachableReason.NO_ENABLED_RULE),
        ([make_rule()], UnreachableReason.NO_STEPS),
        ([make_rule(make_step(enabled=False))], UnreachableReason.NO_STEPS),
        ([make_rule(make_step("gone"))], UnreachableReason.NO_USABLE_CONTACT),
        ([make_rule(make_step("gone"), make_step(enabled=False))], UnreachableReason.NO_USABLE_CONTACT),
    ],
)
@pytest.mark.parametrize("action_type", [CREATE, AGAIN])
def test_who_cannot_be_reached_is_said_to_be_so_and_why(
    rules: list[NotificationRule], reason: UnreachableReason, action_type: ActionType
) -> None:
    planned = plan(rules, [MAIL], action_type, AT)

    assert isinstance(planned, Unreachable)
    assert planned.reason is reason


@pytest.mark.parametrize(
    ("contact", "reason"),
    [
        (replace(HOOK, enabled=False), LeftOutReason.CONTACT_DISABLED),
        (replace(HOOK, verified=False), LeftOutReason.CONTACT_UNVERIFIED),
        (replace(HOOK, id="other"), LeftOutReason.CONTACT_MISSING),
    ],
)
def test_a_contact_that_cannot_be_used_is_left_out_and_the_others_stay(contact: Contact, reason: LeftOutReason) -> None:
    planned = plan([make_rule(make_step("hook"), make_step("mail", 1))], [MAIL, contact], CREATE, AT)

    assert isinstance(planned, Plan)
    assert [it.contact for it in planned.notifications] == [MAIL]
    assert [it.reason for it in planned.left_out] == [reason]


def test_the_same_contact_at_the_same_instant_is_notified_once() -> None:
    planned = plan([make_rule(make_step(), make_step(), make_step("mail", 1))], [MAIL], CREATE, AT)

    assert isinstance(planned, Plan)
    assert [it.due_at for it in planned.notifications] == [AT, AT + MINUTE]
    assert [it.reason for it in planned.left_out] == [LeftOutReason.MERGED]


contacts = st.builds(replace, st.sampled_from([MAIL, HOOK]), enabled=st.booleans(), verified=st.booleans())
steps = st.builds(make_step, st.sampled_from(["mail", "hook", "gone"]), st.integers(0, 3), enabled=st.booleans())
rules = st.builds(
    lambda steps, position, action_type, enabled: make_rule(
        *steps, position=position, action_type=action_type, enabled=enabled
    ),
    st.lists(steps, max_size=4),
    st.integers(0, 9),
    st.sampled_from([CREATE, AGAIN, ActionType.ADD_NOTE]),
    st.booleans(),
)


@given(
    rules=st.lists(rules, max_size=4, unique_by=lambda rule: rule.position),
    contacts=st.lists(contacts, max_size=2, unique_by=lambda contact: contact.id),
    action_type=st.sampled_from([CREATE, AGAIN]),
)
def test_exactly_the_usable_steps_of_the_deciding_rule_are_planned(
    rules: list[NotificationRule], contacts: list[Contact], action_type: ActionType
) -> None:
    in_order = sorted((rule for rule in rules if rule.enabled), key=lambda rule: rule.position)
    candidates = [rule for rule in in_order if rule.action_type is action_type]
    if action_type is AGAIN:
        candidates += [rule for rule in in_order if rule.action_type is CREATE]
    expected = {
        (contact, AT + step.after)
        for rule in candidates[:1]
        for step in rule.steps
        for contact in contacts
        if step.enabled and contact.id == step.contact_id and contact.enabled and contact.verified
    }

    planned = plan(rules, contacts, action_type, AT)

    found = [(it.contact, it.due_at) for it in planned.notifications] if isinstance(planned, Plan) else []
    assert set(found) == expected
    assert len(found) == len(expected)
    assert [due_at for _, due_at in found] == sorted(due_at for _, due_at in found)
    if planned.rule is not None:
        assert len(found) + len(planned.left_out) == len(planned.rule.steps)


ACKED = AlertFacts(acknowledged=True, last_acknowledged_at=AT)


@pytest.mark.parametrize(
    ("alert", "told_minute", "verdict"),
    [
        (AlertFacts(), 0, Send()),
        (AlertFacts(closed=True), 0, Cancel(CancelReason.CLOSED)),
        (ACKED, -1, Cancel(CancelReason.ACKNOWLEDGED)),
        (ACKED, 0, Send()),  # told at that instant all the same, so by a rule that an acknowledgement does not stop
        (ACKED, 1, Send()),
        (replace(ACKED, acknowledged=False), -1, Cancel(CancelReason.ACKNOWLEDGED)),  # taken back since
        (AlertFacts(snoozed_until=AT + 6 * MINUTE), 0, Cancel(CancelReason.SNOOZED)),
        (AlertFacts(snoozed_until=AT + 5 * MINUTE), 0, Send()),
    ],
)
def test_a_step_is_sent_unless_the_alert_is_closed_or_acknowledged_since_or_snoozed(
    alert: AlertFacts, told_minute: int, verdict: Send | Cancel
) -> None:
    assert should_send(CREATE, alert, AT + told_minute * MINUTE, AT + 5 * MINUTE) == verdict


@pytest.mark.parametrize("action_type", ActionType)
def test_only_calls_to_act_become_moot(action_type: ActionType) -> None:
    verdict = should_send(action_type, AlertFacts(closed=True), AT, AT)

    assert verdict == (Cancel(CancelReason.CLOSED) if action_type in CALLS_TO_ACT else Send())


P1 = Criteria(CriteriaType.MATCH_EACH, (Condition(Field.PRIORITY, Operation.EQUALS, "P1"),))
DB = Criteria(CriteriaType.MATCH_ANY, (Condition(Field.TAGS, Operation.CONTAINS, "db"),))
NIGHT = restrictions.from_json(
    {"type": "time-of-day", "restriction": {"startHour": 22, "startMin": 0, "endHour": 6, "endMin": 0}}
)
WEEKEND = restrictions.from_json(
    {
        "type": "weekday-and-time-of-day",
        "restrictions": [
            {"startDay": "friday", "startHour": 17, "startMin": 30, "endDay": "monday", "endHour": 9, "endMin": 0}
        ],
    }
)
ZONES = [ZoneInfo(name) for name in ("UTC", "Europe/Warsaw", "America/St_Johns", "Australia/Lord_Howe")]
CONTENTS = [
    AlertContent(priority=priority, tags=tags) for priority in (1, 3) for tags in ((), ("db",))
]  # fmt: skip


def fits_slowly(rule: NotificationRule, content: AlertContent, zone: ZoneInfo, at: datetime) -> bool:
    """Written apart from the program: what a person would say, from the wall clock's face."""
    wall = at.astimezone(zone)
    hour = wall.hour * 60 + wall.minute
    open_now = {
        None: True,
        NIGHT: hour >= 22 * 60 or hour < 6 * 60,
        WEEKEND: wall.weekday() in {5, 6}
        or (wall.weekday() == 4 and hour >= 17 * 60 + 30)
        or (wall.weekday() == 0 and hour < 9 * 60),
    }[rule.restriction]
    wanted = {MATCH_ALL: True, P1: content.priority == 1, DB: "db" in content.tags}[rule.criteria]
    return rule.enabled and open_now and wanted


def planned_slowly(
    rules: list[NotificationRule], kind: ActionType, content: AlertContent, zone: ZoneInfo, at: datetime
) -> tuple[str | None, list[tuple[datetime, str]]]:
    """The rule that decides and each (instant, contact), by trying every rule in every place."""
    kinds = [kind, CREATE] if kind is AGAIN else [kind]
    for wanted in kinds:
        for place in range(100):
            for rule in rules:
                if rule.position == place and rule.action_type is wanted and fits_slowly(rule, content, zone, at):
                    found = {(at + step.after, step.contact_id) for step in rule.steps if step.enabled}
                    return rule.id, sorted(it for it in found if it[1] in {"mail", "hook"})
    return None, []


steps_ = st.lists(
    st.builds(
        lambda contact, minutes, enabled: make_step(contact, minutes, enabled=enabled),
        st.sampled_from(["mail", "hook", "gone", "off"]),
        st.sampled_from([0, 0, 1, 5, 60]),
        st.booleans(),
    ),
    max_size=4,
)
rules_ = st.lists(
    st.builds(
        lambda kind, enabled, criteria, restriction, steps, repeat: replace(
            make_rule(*steps, action_type=kind, enabled=enabled),
            criteria=criteria, restriction=restriction, repeat_after=repeat * MINUTE if repeat else None,
        ),
        st.sampled_from([CREATE, CREATE, AGAIN, ActionType.CLOSED_ALERT]),
        st.booleans() | st.just(True),
        st.sampled_from([MATCH_ALL, P1, DB]),
        st.sampled_from([None, None, NIGHT, WEEKEND]),
        steps_,
        st.sampled_from([0, 1, 10]),
    ),
    max_size=6,
)  # fmt: skip
minutes_ = st.integers(0, 3 * 366 * 24 * 60)


@settings(max_examples=500)
@given(rules_, st.permutations(range(6)), st.sampled_from(CONTENTS), st.sampled_from(ZONES), minutes_,
       st.sampled_from([CREATE, AGAIN, ActionType.CLOSED_ALERT]))  # fmt: skip
def test_the_first_enabled_rule_that_fits_the_alert_and_the_hour_decides(
    rules: list[NotificationRule], places: list[int], content: AlertContent, zone: ZoneInfo, minute: int,
    kind: ActionType,
) -> None:  # fmt: skip
    at = datetime(2025, 1, 1, tzinfo=UTC) + minute * MINUTE
    rules = [
        replace(rule, position=place, id=f"rule-{place}") for rule, place in zip(rules, places, strict=False)
    ]  # fmt: skip
    contacts = [MAIL, HOOK, Contact("off", "email", "off@example.com", enabled=False)]

    planned = plan(rules, contacts, kind, at, zone=zone, content=content)

    rule_id, wanted = planned_slowly(rules, kind, content, zone, at)
    match planned:
        case Plan(rule=rule, notifications=notifications):
            assert rule.id == rule_id
            assert sorted((it.due_at, it.contact.id) for it in notifications) == wanted
            again = rule.repeat_after is not None and rule.action_type in CALLS_TO_ACT
            assert planned.again_at == (wanted[-1][0] + (rule.repeat_after or MINUTE) if again else None)
        case Unreachable(rule=rule):
            assert wanted == []
            assert (rule.id if rule else None) == rule_id


def test_without_a_rule_that_fits_the_reason_says_so() -> None:
    rules = [replace(make_rule(make_step()), criteria=P1), replace(make_rule(make_step(), position=1), enabled=False)]

    assert plan(rules, [MAIL], CREATE, AT) == Unreachable(UnreachableReason.NO_MATCHING_RULE)
    assert plan(rules[1:], [MAIL], CREATE, AT) == Unreachable(UnreachableReason.NO_ENABLED_RULE)


def test_hours_are_those_of_the_persons_own_zone() -> None:
    rule = replace(make_rule(make_step()), restriction=NIGHT)
    late = datetime(2026, 11, 2, 21, 30, tzinfo=UTC)  # 22:30 in Warsaw

    assert isinstance(plan([rule], [MAIL], CREATE, late, zone=ZoneInfo("Europe/Warsaw")), Plan)
    assert isinstance(plan([rule], [MAIL], CREATE, late), Unreachable)
