"""Escalations: what a run does next, and when. Pure; every instant is UTC."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from tocsin.alerts.facts import AlertFacts


class Condition(StrEnum):
    IF_NOT_ACKED = "if-not-acked"
    IF_NOT_CLOSED = "if-not-closed"


class NotifyType(StrEnum):
    """Whom of a recipient: next and previous matter to schedules, the ones after them to teams."""

    DEFAULT = "default"
    NEXT = "next"
    PREVIOUS = "previous"
    USERS = "users"
    ADMINS = "admins"
    RANDOM = "random"
    ALL = "all"


class RecipientKind(StrEnum):
    USER = "user"
    TEAM = "team"
    SCHEDULE = "schedule"
    ESCALATION = "escalation"


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a rule, a routing rule or an alert names."""

    kind: RecipientKind
    id: str


@dataclass(frozen=True, slots=True)
class EscalationRule:
    """Tell `recipient` when `delay` has passed since the round began, unless `condition` no longer holds."""

    position: int
    condition: Condition
    notify_type: NotifyType
    delay: timedelta
    recipient: Recipient


@dataclass(frozen=True, slots=True)
class Repeat:
    """Run the rules `count` times more, `wait` after the last of them; a `wait` of zero turns it all off.

    `reset_recipient_states` un-acknowledges as each repeat begins. `close_alert_after_all` closes the
    alert one `wait` after the very last rule, acknowledged or not.
    """

    wait: timedelta
    count: int
    reset_recipient_states: bool = False
    close_alert_after_all: bool = False


@dataclass(frozen=True, slots=True)
class Escalation:
    """An ordered plan: the order is that of the delays, whatever order the rules are listed in."""

    id: str
    name: str
    rules: tuple[EscalationRule, ...]
    repeat: Repeat | None = None

    def in_due_order(self) -> list[EscalationRule]:
        return sorted(self.rules, key=lambda rule: (rule.delay, rule.position))

    def active_repeat(self) -> Repeat | None:
        return self.repeat if self.repeat is not None and self.repeat.wait > timedelta(0) else None

    def round_length(self) -> timedelta | None:
        """From one round's start to the next one's; None where nothing repeats or closes."""
        repeat = self.active_repeat()
        if repeat is None:
            return None
        return max((rule.delay for rule in self.rules), default=timedelta(0)) + repeat.wait


@dataclass(frozen=True, slots=True)
class RunState:
    """How far a run has come: in round `round`, all that was due through `done_through` is done.

    Nothing else is kept, so an escalation may be edited while it runs: the new rules hold from then on.
    """

    round: int
    round_started_at: datetime
    done_through: datetime | None = None


@dataclass(frozen=True, slots=True)
class Tell:
    """`rule` fires now; `due_at` says since when it should have."""

    rule: EscalationRule
    round: int
    due_at: datetime


class SkipReason(StrEnum):
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"


@dataclass(frozen=True, slots=True)
class Skip:
    """`rule` was due and does not fire, nor later."""

    rule: EscalationRule
    round: int
    due_at: datetime
    reason: SkipReason


@dataclass(frozen=True, slots=True)
class StartRound:
    """The rules begin anew; the acknowledgement that stood until then is taken back if so configured."""

    round: int
    due_at: datetime
    unacknowledges: bool


@dataclass(frozen=True, slots=True)
class CloseAlert:
    """The last rule has had its time; the alert is closed even if acknowledged."""

    due_at: datetime


Event = Tell | Skip | StartRound | CloseAlert


class EndReason(StrEnum):
    ALERT_CLOSED = "alert-closed"  # before this run came to its end
    RULES_DONE = "rules-done"
    REPEATS_DONE = "repeats-done"
    CLOSES_ALERT = "closes-alert"  # its last event is CloseAlert


@dataclass(frozen=True, slots=True)
class Waiting:
    """`events` happen now, in this order; ask again at `due_at`."""

    events: tuple[Event, ...]
    state: RunState
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Exhausted:
    """`events` happen now, in this order; the run is over."""

    events: tuple[Event, ...]
    state: RunState
    reason: EndReason


Decision = Waiting | Exhausted


def begin(at: datetime) -> RunState:
    """A run that starts at `at` and has done nothing: `next_step` at `at` fires the rules without delay."""
    return RunState(0, at)


def next_step(escalation: Escalation, state: RunState, alert: AlertFacts, now: datetime) -> Decision:
    """What the run does at `now`: all that has come due since it was last asked, in due order.

    `alert` stands as at `now`, user actions of this instant included. Within an instant a round
    begins before its rules fire. Rules skipped for an acknowledgement are not made up later.
    """
    if alert.closed:
        return Exhausted((), state, EndReason.ALERT_CLOSED)
    events: list[Event] = []
    acknowledged = alert.acknowledged
    while True:
        for rule in _pending(escalation, state):
            due_at = state.round_started_at + rule.delay
            if due_at <= now:
                events.append(_fire(rule, state.round, due_at, acknowledged, alert.is_snoozed(now)))
        due_at_next = _next_due_at(escalation, _through(state, now))
        if due_at_next is None:
            return Exhausted(tuple(events), _through(state, now), _end_reason(escalation))
        if due_at_next > now:
            return Waiting(tuple(events), _through(state, now), due_at_next)
        if _is_last_round(escalation, state):
            events.append(CloseAlert(due_at_next))
            return Exhausted(tuple(events), _through(state, now), EndReason.CLOSES_ALERT)
        state = RunState(state.round + 1, due_at_next)
        takes_back = acknowledged and _takes_back(escalation, alert, due_at_next)
        acknowledged = acknowledged and not takes_back
        events.append(StartRound(state.round, due_at_next, takes_back))


def escalate_now(escalation: Escalation, state: RunState | None, now: datetime) -> Decision:
    """What the user's "escalate" does: the next step at once, whatever its delay and condition.

    The step is every rule with the earliest delay still to come; none of them fires again when its
    time comes. Past the last step, or without a run (`state` None), a new round starts at `now`.
    """
    state = begin(now) if state is None else state
    events: list[Event] = []
    pending = list(_pending(escalation, state))
    if not pending and escalation.rules:
        state = RunState(state.round + 1, now)
        events.append(StartRound(state.round, now, unacknowledges=False))
        pending = list(_pending(escalation, state))
    step = [rule for rule in pending if rule.delay == pending[0].delay]
    if step:
        due_at = state.round_started_at + step[0].delay
        events += [Tell(rule, state.round, due_at) for rule in step]
        state = replace(state, done_through=due_at)
    due_at_next = _next_due_at(escalation, state)
    if due_at_next is None:
        return Exhausted(tuple(events), state, _end_reason(escalation))
    return Waiting(tuple(events), state, due_at_next)


def has_step_left(escalation: Escalation, state: RunState) -> bool:
    """Is a rule of this round still to come?"""
    return any(True for _ in _pending(escalation, state))


def _pending(escalation: Escalation, state: RunState) -> Iterator[EscalationRule]:
    for rule in escalation.in_due_order():
        if state.done_through is None or state.round_started_at + rule.delay > state.done_through:
            yield rule


def _fire(rule: EscalationRule, number: int, due_at: datetime, acknowledged: bool, snoozed: bool) -> Tell | Skip:
    if snoozed:
        return Skip(rule, number, due_at, SkipReason.SNOOZED)
    if acknowledged and rule.condition is Condition.IF_NOT_ACKED:
        return Skip(rule, number, due_at, SkipReason.ACKNOWLEDGED)
    return Tell(rule, number, due_at)


def _through(state: RunState, now: datetime) -> RunState:
    done_through = now if state.done_through is None else max(state.done_through, now)
    return replace(state, done_through=done_through)


def _next_due_at(escalation: Escalation, state: RunState) -> datetime | None:
    """When the run has something to do next: a rule, the next round, or closing the alert."""
    for rule in _pending(escalation, state):
        return state.round_started_at + rule.delay
    repeat, length = escalation.active_repeat(), escalation.round_length()
    if repeat is None or length is None:
        return None
    if _is_last_round(escalation, state) and not repeat.close_alert_after_all:
        return None
    return state.round_started_at + length


def _is_last_round(escalation: Escalation, state: RunState) -> bool:
    repeat = escalation.active_repeat()
    return repeat is None or state.round >= repeat.count


def _takes_back(escalation: Escalation, alert: AlertFacts, repeat_due_at: datetime) -> bool:
    """Whether a repeat takes the acknowledgement back: not one that came after the repeat was due."""
    repeat = escalation.active_repeat()
    if repeat is None or not repeat.reset_recipient_states:
        return False
    return alert.last_acknowledged_at is None or alert.last_acknowledged_at <= repeat_due_at


def _end_reason(escalation: Escalation) -> EndReason:
    return EndReason.RULES_DONE if escalation.active_repeat() is None else EndReason.REPEATS_DONE
