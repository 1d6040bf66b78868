"""Advancing a run: from what is due to who is told, what is put down, and when to look again. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from tocsin.alerts.facts import UNREAD, AlertContent, AlertFacts
from tocsin.alerts.log import Event
from tocsin.escalations.escalation import (
    CloseAlert,
    Decision,
    Escalation,
    EscalationRule,
    Exhausted,
    NotifyType,
    Recipient,
    RunState,
    Skip,
    SkipReason,
    StartRound,
    Tell,
    Waiting,
    escalate_now,
    has_step_left,
    next_step,
)
from tocsin.escalations.escalation import Event as RunEvent
from tocsin.escalations.reason import Path, as_json
from tocsin.escalations.resolve import NestedRun, Nobody, NobodyReason, Resolution, Told, merge, resolve, resolve_rule
from tocsin.escalations.snapshot import Snapshot
from tocsin.notifications.plan import UTC_ZONE, ActionType, Plan, Unreachable, plan


@dataclass(frozen=True, slots=True)
class Run:
    """A responder on its way to people. Without `escalation_id` it is still to be resolved."""

    account_id: int
    id: int | None  # None: not stored yet
    alert_id: str
    responder: Recipient
    escalation_id: str | None
    path: Path
    started_at: datetime
    state: RunState
    escalated: bool = False  # somebody asked for the next step at once


@dataclass(frozen=True, slots=True)
class Entry:
    """A line for the alert's log."""

    event: Event
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Telling:
    """A person to be told now; `key` names run, round and rule, so that telling the same twice is telling once."""

    user_id: str
    username: str
    path: Path
    key: str


@dataclass(slots=True)
class Outcome:
    """What advancing one run came to. A run in `runs` with a due instant goes on; with None it is over."""

    runs: list[tuple[Run, datetime | None]] = field(default_factory=list)
    tellings: list[Telling] = field(default_factory=list)
    dead_ends: list[Nobody] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    unacknowledges: bool = False
    closes: bool = False


def advance(run: Run, alert: AlertFacts, snapshot: Snapshot, running: Collection[str], now: datetime) -> Outcome:
    """All that is due for `run` at `now`, the runs that it starts included.

    `running` names the escalations that run for this alert already: they are not started a second time.
    """
    outcome = Outcome()
    seen = set(running)
    queue = [run]
    while queue:
        queue.extend(_advance_one(queue.pop(0), alert, snapshot, seen, now, outcome))
        if outcome.unacknowledges:  # a run that this one starts no longer meets the acknowledgement
            alert = replace(alert, acknowledged=False)
    return outcome


def _advance_one(
    run: Run, alert: AlertFacts, snapshot: Snapshot, seen: set[str], now: datetime, outcome: Outcome
) -> list[Run]:
    if run.escalation_id is None:
        return _resolve_responder(run, alert, snapshot, seen, now, outcome)
    escalation = snapshot.directory.escalations.get(run.escalation_id)
    if escalation is None:  # deleted while it ran
        outcome.runs.append((run, None))
        outcome.entries.append(Entry(Event.ESCALATION, {"reason": "missing", "path": as_json(run.path)}))
        if not alert.closed and not alert.acknowledged:  # whom it would have told yet, nobody knows any more
            outcome.dead_ends.append(Nobody(NobodyReason.MISSING, run.path, run.path[-1].name if run.path else None))
        return []
    return _step(run, escalation, alert, snapshot, seen, now, outcome)


def _resolve_responder(
    run: Run, alert: AlertFacts, snapshot: Snapshot, seen: set[str], now: datetime, outcome: Outcome
) -> list[Run]:
    """Tell the responder's people, or become a run of the escalation that it leads to."""
    skip = _moot(run, alert, now)
    if skip is not None or alert.closed:
        outcome.runs.append((run, None))
        if skip is not None:
            outcome.entries.append(Entry(Event.NOT_TOLD, {"reason": skip.value, "path": as_json(run.path)}))
        return []
    resolution = resolve(run.responder, NotifyType.DEFAULT, snapshot.directory, now, run.path, content=alert.content)
    started = _nested(run, resolution, seen, now)
    _gather(resolution, f"{run.responder.kind}:{run.responder.id}:{run.started_at.timestamp()}", outcome)
    if not started:
        outcome.runs.append((run, None))
        return []
    adopted = replace(started[0], id=run.id)
    return [adopted, *started[1:]]


def _moot(run: Run, alert: AlertFacts, now: datetime) -> SkipReason | None:
    """Why a responder need not be told: somebody acknowledged since it was named, or the alert is snoozed."""
    if alert.acknowledged and alert.last_acknowledged_at and alert.last_acknowledged_at > run.started_at:
        return SkipReason.ACKNOWLEDGED
    return SkipReason.SNOOZED if alert.is_snoozed(now) else None


def _step(
    run: Run,
    escalation: Escalation,
    alert: AlertFacts,
    snapshot: Snapshot,
    seen: set[str],
    now: datetime,
    outcome: Outcome,
) -> list[Run]:
    decision = _decide(run, escalation, alert, now, outcome)
    told = [_tell(run, escalation, it, alert, snapshot, now) for it in decision.events if isinstance(it, Tell)]
    started: list[Run] = []
    for key, resolution in told:
        started += _nested(run, resolution, seen, now)
        _gather(resolution, key, outcome)
    for event in decision.events:
        _note(escalation, event, outcome)
    in_vain = merge(resolution for _, resolution in told).rests_by_plan
    match decision:
        case Waiting(state=state) if in_vain and has_step_left(escalation, state):
            started.append(replace(run, state=state, escalated=True))  # at once. Source: licensing requirements R3.4
        case Waiting(due_at=due_at, state=state):
            outcome.runs.append((replace(run, state=state, escalated=False), due_at))
        case Exhausted(state=state):
            outcome.runs.append((replace(run, state=state, escalated=False), None))
    return started


def _decide(run: Run, escalation: Escalation, alert: AlertFacts, now: datetime, outcome: Outcome) -> Decision:
    if not run.escalated or alert.closed:
        return next_step(escalation, run.state, alert, now)
    if not escalation.rules:
        outcome.dead_ends.append(Nobody(NobodyReason.EMPTY_ESCALATION, run.path, escalation.name))
    return escalate_now(escalation, run.state, now)


def _note(escalation: Escalation, event: RunEvent, outcome: Outcome) -> None:
    match event:
        case Tell():
            pass  # whoever is told has a line of his own
        case Skip():
            outcome.entries.append(Entry(Event.ESCALATION, _skipped(escalation, event)))
        case StartRound():
            outcome.unacknowledges |= event.unacknowledges
            data = {"reason": "repeat", "id": escalation.id, "name": escalation.name, "round": event.round}
            outcome.entries.append(Entry(Event.ESCALATION, data))
        case CloseAlert():
            outcome.closes = True


def _tell(
    run: Run, escalation: Escalation, event: Tell, alert: AlertFacts, snapshot: Snapshot, now: datetime
) -> tuple[str, Resolution]:
    """Whom the rule means now, under the key by which telling them twice is telling once."""
    seed = f"{run.alert_id}:{escalation.id}:{event.round}:{event.rule.position}"
    key = f"{escalation.id}:{run.started_at.timestamp()}:{event.round}:{_what(event.rule)}"
    return key, resolve_rule(escalation, event, snapshot.directory, now, run.path, seed, alert.content)


def _what(rule: EscalationRule) -> str:
    """What a rule says, and not its place: rules may be added and removed while they run, and places move."""
    return f"{rule.delay.total_seconds():.0f}:{rule.notify_type}:{rule.recipient.kind}:{rule.recipient.id}"


def _nested(run: Run, resolution: Resolution, seen: set[str], now: datetime) -> list[Run]:
    """The runs to start: each escalation runs once for an alert at a time."""
    fresh: list[NestedRun] = []
    for nested in resolution.runs:
        if nested.escalation_id not in seen:
            seen.add(nested.escalation_id)
            fresh.append(nested)
    return [
        Run(run.account_id, None, run.alert_id, run.responder, it.escalation_id, it.path, now, RunState(0, now))
        for it in fresh
    ]


def _gather(resolution: Resolution, key: str, outcome: Outcome) -> None:
    outcome.tellings += [_telling(told, key) for told in resolution.people]
    outcome.dead_ends += resolution.nobody


def _telling(told: Told, key: str) -> Telling:
    return Telling(told.user_id, told.username, told.path, key)


def _skipped(escalation: Escalation, skip: Skip) -> dict[str, Any]:
    return {
        "reason": skip.reason.value,
        "id": escalation.id,
        "name": escalation.name,
        "position": skip.rule.position,
        "round": skip.round,
        "delay": int(skip.rule.delay.total_seconds()),
    }


@dataclass(frozen=True, slots=True)
class Reached:
    """A person and the notifications that were planned."""

    telling: Telling
    action_type: ActionType
    plan: Plan


@dataclass(frozen=True, slots=True)
class NotReached:
    """A person whom nothing can be sent to, and why."""

    telling: Telling
    unreachable: Unreachable


def plan_tellings(
    tellings: Sequence[Telling],
    told_before: Collection[str],
    snapshot: Snapshot,
    now: datetime,
    content: AlertContent = UNREAD,
) -> list[Reached | NotReached]:
    """What each person gets; a person who is told twice at one instant is told once.

    `told_before` names the users who were told about this alert earlier: they are told again, not anew. `content` is
    what the alert says, where a rule asks for it.
    """
    once = {telling.user_id: telling for telling in reversed(tellings)}
    results: list[Reached | NotReached] = []
    for telling in sorted(once.values(), key=tellings.index):
        again = telling.user_id in told_before
        action_type = ActionType.RENOTIFIED_ALERT if again else ActionType.CREATE_ALERT
        planned = plan(
            snapshot.rules.get(telling.user_id, ()), snapshot.contacts.get(telling.user_id, ()), action_type, now,
            zone=snapshot.zones.get(telling.user_id, UTC_ZONE), content=content,
        )  # fmt: skip
        match planned:
            case Plan():
                results.append(Reached(telling, planned.rule.action_type, planned))
            case Unreachable():
                results.append(NotReached(telling, planned))
    return results


def needs_last_resort(planned: Sequence[Reached | NotReached], dead_ends: Sequence[Nobody]) -> bool:
    """Was somebody to be told, and nobody could be? Silence that was asked for does not count."""
    if any(isinstance(it, Reached) for it in planned):
        return False
    return bool(planned) or any(not it.asked_for for it in dead_ends)
