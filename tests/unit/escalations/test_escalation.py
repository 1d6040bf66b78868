from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.escalations.makers import START, after, make_escalation, make_repeat, make_rule

from tocsin.alerts.facts import AlertFacts
from tocsin.escalations.escalation import (
    CloseAlert,
    Condition,
    EndReason,
    Escalation,
    Event,
    Exhausted,
    RunState,
    Skip,
    SkipReason,
    StartRound,
    Tell,
    Waiting,
    begin,
    escalate_now,
    next_step,
)

MINUTE = timedelta(minutes=1)
UNTOUCHED = AlertFacts()
Line = tuple[int, str]  # minute, what happens


@st.composite
def escalations(draw: st.DrawFn) -> Escalation:
    rules = draw(
        st.lists(
            st.builds(
                make_rule,
                st.sampled_from([0, 0, 1, 2, 5, 7]),
                position=st.integers(0, 9),
                condition=st.sampled_from(Condition),
            ),
            min_size=1,
            max_size=5,
            unique_by=lambda rule: rule.position,
        )
    )
    repeat = draw(
        st.none()
        | st.builds(make_repeat, st.integers(0, 4), st.integers(0, 3), resets=st.booleans(), closes=st.booleans())
    )
    return make_escalation(*rules, repeat=repeat)


user_actions = st.dictionaries(st.integers(0, 40), st.sampled_from(["ack", "ack", "unack", "close"]), max_size=5)


def act(alert: AlertFacts, action: str | None, at: datetime) -> AlertFacts:
    match action:
        case "ack" if not alert.acknowledged:
            return replace(alert, acknowledged=True, last_acknowledged_at=at)
        case "unack":
            return replace(alert, acknowledged=False)
        case "close":
            return replace(alert, closed=True)
        case _:
            return alert


def line_of(event: Event) -> Line:
    minute = (event.due_at - START) // MINUTE
    match event:
        case Tell(rule):
            return minute, f"tell {rule.position}"
        case Skip(rule):
            return minute, f"skip {rule.position}"
        case StartRound(number):
            return minute, f"round {number}" + (" unack" if event.unacknowledges else "")
        case CloseAlert():
            return minute, "close"


def told_by_the_book(escalation: Escalation, actions: dict[int, str], minutes: int) -> list[Line]:
    """The slow way: every minute, look at every rule of every round."""
    lines: list[Line] = []
    alert = UNTOUCHED
    repeat = escalation.repeat
    rounds, every = 1, 10_000
    if repeat is not None and repeat.wait:
        rounds = repeat.count + 1
        every = (max(rule.delay for rule in escalation.rules) + repeat.wait) // MINUTE
    for minute in range(minutes):
        alert = act(alert, actions.get(minute), after(minute))
        if alert.closed:
            break
        if repeat is not None and minute == rounds * every:
            if repeat.close_alert_after_all:
                lines.append((minute, "close"))
            break
        if minute > 0 and minute % every == 0:
            takes_back = alert.acknowledged and repeat is not None and repeat.reset_recipient_states
            lines.append((minute, f"round {minute // every}" + (" unack" if takes_back else "")))
            if takes_back:
                alert = replace(alert, acknowledged=False)
        for rule in sorted(escalation.rules, key=lambda rule: rule.position):
            if minute % every == rule.delay // MINUTE:
                skips = alert.acknowledged and rule.condition is Condition.IF_NOT_ACKED
                lines.append((minute, f"{'skip' if skips else 'tell'} {rule.position}"))
    return lines


@given(escalation=escalations(), actions=user_actions)
def test_a_run_does_what_looking_at_every_rule_every_minute_does(
    escalation: Escalation, actions: dict[int, str]
) -> None:
    lines: list[Line] = []
    alert, state, due_at = UNTOUCHED, begin(START), START
    for minute in range(60):
        now = after(minute)
        alert = act(alert, actions.get(minute), now)
        if due_at > now:
            continue
        decision = next_step(escalation, state, alert, now)
        lines += map(line_of, decision.events)
        if any(isinstance(event, StartRound) and event.unacknowledges for event in decision.events):
            alert = replace(alert, acknowledged=False)
        if isinstance(decision, Exhausted):
            break
        state, due_at = decision.state, decision.due_at
        assert due_at > now

    assert lines == told_by_the_book(escalation, actions, 60)


@given(escalation=escalations(), polls=st.lists(st.integers(0, 60), max_size=12), acknowledged=st.booleans())
def test_a_worker_that_was_away_catches_up_on_everything_in_due_order(
    escalation: Escalation, polls: list[int], acknowledged: bool
) -> None:
    alert = AlertFacts(acknowledged=acknowledged, last_acknowledged_at=START if acknowledged else None)
    state = begin(START)
    lines: list[Line] = []

    for minute in sorted({*polls, 70}):
        decision = next_step(escalation, state, alert, after(minute))
        lines += map(line_of, decision.events)
        alert = replace(alert, acknowledged=alert.acknowledged and not _taken_back(decision.events))
        state = decision.state
        if isinstance(decision, Exhausted):
            break
        assert decision.due_at > after(minute)

    assert lines == told_by_the_book(escalation, {0: "ack"} if acknowledged else {}, 71)


def _taken_back(events: tuple[Event, ...]) -> bool:
    return any(isinstance(event, StartRound) and event.unacknowledges for event in events)


@given(escalation=escalations(), polls=st.lists(st.integers(-5, 60), max_size=8))
def test_nothing_is_done_twice_even_if_the_clock_goes_back(escalation: Escalation, polls: list[int]) -> None:
    state = begin(START)
    seen: list[Line] = []

    for minute in polls:
        decision = next_step(escalation, state, UNTOUCHED, after(minute))
        seen += map(line_of, decision.events)
        state = decision.state
        if isinstance(decision, Exhausted):
            break

    assert len(seen) == len(set(seen))


def test_the_order_of_the_list_does_not_matter() -> None:
    late, early = make_rule(10, "user:bo", position=0), make_rule(0, "user:ana", position=1)

    decision = next_step(make_escalation(late, early), begin(START), UNTOUCHED, START)

    assert decision == Waiting((Tell(early, 0, START),), RunState(0, START, START), after(10))


def test_a_rule_skipped_for_an_acknowledgement_is_not_made_up() -> None:
    escalation = make_escalation(make_rule(5), make_rule(10, position=1))
    acknowledged = AlertFacts(acknowledged=True, last_acknowledged_at=after(3))

    skipped = next_step(escalation, begin(START), acknowledged, after(5))
    taken_back = replace(acknowledged, acknowledged=False)
    following = next_step(escalation, skipped.state, taken_back, after(7))

    assert [line_of(event) for event in skipped.events] == [(5, "skip 0")]
    assert isinstance(skipped.events[0], Skip)
    assert skipped.events[0].reason is SkipReason.ACKNOWLEDGED
    assert following.events == ()
    assert isinstance(following, Waiting)
    assert following.due_at == after(10)


def test_an_unclosed_alert_is_told_about_even_if_acknowledged() -> None:
    escalation = make_escalation(make_rule(5, condition=Condition.IF_NOT_CLOSED))
    acknowledged = AlertFacts(acknowledged=True, last_acknowledged_at=after(3))

    decision = next_step(escalation, begin(START), acknowledged, after(5))

    assert [line_of(event) for event in decision.events] == [(5, "tell 0")]


def test_a_snoozed_alert_is_left_alone_until_then() -> None:
    rule = make_rule(5, condition=Condition.IF_NOT_CLOSED)
    snoozed = AlertFacts(snoozed_until=after(6))

    asleep = next_step(make_escalation(rule), begin(START), snoozed, after(5))
    awake = next_step(make_escalation(replace(rule, delay=6 * MINUTE)), begin(START), snoozed, after(6))

    assert asleep.events == (Skip(rule, 0, after(5), SkipReason.SNOOZED),)
    assert [line_of(event) for event in awake.events] == [(6, "tell 0")]


def test_a_closed_alert_ends_the_run_at_once() -> None:
    decision = next_step(make_escalation(make_rule(0)), begin(START), AlertFacts(closed=True), START)

    assert decision == Exhausted((), begin(START), EndReason.ALERT_CLOSED)


def test_the_end_says_which_end_it_is() -> None:
    rule = make_rule(0)
    ends = {
        EndReason.RULES_DONE: None,
        EndReason.REPEATS_DONE: make_repeat(5, 1),
        EndReason.CLOSES_ALERT: make_repeat(5, 1, closes=True),
    }

    for reason, repeat in ends.items():
        decision = next_step(make_escalation(rule, repeat=repeat), begin(START), UNTOUCHED, after(60))
        assert isinstance(decision, Exhausted)
        assert decision.reason is reason


def test_a_wait_of_zero_turns_repeating_and_closing_off() -> None:
    escalation = make_escalation(make_rule(0), repeat=make_repeat(0, 5, closes=True))

    decision = next_step(escalation, begin(START), UNTOUCHED, after(60))

    assert [line_of(event) for event in decision.events] == [(0, "tell 0")]
    assert isinstance(decision, Exhausted)


def test_an_alert_is_closed_one_wait_after_the_last_rule_even_if_acknowledged() -> None:
    escalation = make_escalation(make_rule(0), make_rule(10, position=1), repeat=make_repeat(5, 1, closes=True))
    acknowledged = AlertFacts(acknowledged=True, last_acknowledged_at=after(1))

    before = next_step(escalation, begin(START), acknowledged, after(29))
    at_last = next_step(escalation, before.state, acknowledged, after(30))

    assert isinstance(before, Waiting)
    assert before.due_at == after(30)
    assert at_last.events == (CloseAlert(after(30)),)


@pytest.mark.parametrize(("minute", "taken_back"), [(9, True), (10, True), (11, False)])
def test_a_late_worker_does_not_take_back_an_acknowledgement_younger_than_the_repeat(
    minute: int, taken_back: bool
) -> None:
    escalation = make_escalation(make_rule(0), repeat=make_repeat(10, 1, resets=True))
    told = next_step(escalation, begin(START), UNTOUCHED, START)
    alert = AlertFacts(acknowledged=True, last_acknowledged_at=after(minute))

    decision = next_step(escalation, told.state, alert, after(15))

    assert decision.events[0] == StartRound(1, after(10), taken_back)
    assert isinstance(decision.events[1], Tell if taken_back else Skip)


def test_an_edited_escalation_holds_from_then_on() -> None:
    told = next_step(make_escalation(make_rule(0), make_rule(30, position=1)), begin(START), UNTOUCHED, after(4))
    edited = make_escalation(make_rule(3), make_rule(5, "user:bo", position=1))

    decision = next_step(edited, told.state, UNTOUCHED, after(6))

    assert [line_of(event) for event in decision.events] == [(5, "tell 1")]


def test_escalate_fires_the_next_step_at_once_and_not_again_later() -> None:
    escalation = make_escalation(
        make_rule(0), make_rule(10, "user:bo", position=1), make_rule(10, "user:cy", position=2), make_rule(20)
    )
    told = next_step(escalation, begin(START), UNTOUCHED, START)

    now = escalate_now(escalation, told.state, after(2))
    following = next_step(escalation, now.state, UNTOUCHED, after(15))

    assert [line_of(event) for event in now.events] == [(10, "tell 1"), (10, "tell 2")]
    assert isinstance(now, Waiting)
    assert now.due_at == after(20)
    assert following.events == ()


def test_escalate_without_a_run_begins_one() -> None:
    escalation = make_escalation(make_rule(5), make_rule(10, position=1))

    decision = escalate_now(escalation, None, START)

    assert [line_of(event) for event in decision.events] == [(5, "tell 0")]
    assert isinstance(decision, Waiting)
    assert decision.due_at == after(10)


def test_escalate_past_the_last_step_begins_a_new_round() -> None:
    escalation = make_escalation(make_rule(0), make_rule(10, position=1))
    done = next_step(escalation, begin(START), UNTOUCHED, after(10))

    decision = escalate_now(escalation, done.state, after(12))

    assert [line_of(event) for event in decision.events] == [(12, "round 1"), (12, "tell 0")]
    assert isinstance(decision, Waiting)
    assert decision.due_at == after(22)


def test_an_escalation_without_rules_has_nothing_to_do() -> None:
    assert isinstance(next_step(make_escalation(), begin(START), UNTOUCHED, START), Exhausted)
    assert isinstance(escalate_now(make_escalation(), None, START), Exhausted)
