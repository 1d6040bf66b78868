"""Who would be told: an alert's way through the configuration, from one due instant to the next. Pure.

It asks the functions that the engine runs (`advance`, `plan_tellings`, `by_rule`) and changes nothing; nobody
acknowledges, unless it is said when. `tocsin rehearse` plays the same on a database, with sending and retries.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from tocsin.alerts.facts import AlertContent, AlertFacts
from tocsin.escalations.advance import (
    NotReached,
    Outcome,
    Reached,
    Run,
    advance,
    needs_last_resort,
    plan_tellings,
)
from tocsin.escalations.escalation import Recipient, begin
from tocsin.escalations.last_resort import LAST_RESORT_METHODS
from tocsin.escalations.reason import Path
from tocsin.escalations.resolve import Nobody
from tocsin.escalations.snapshot import Snapshot
from tocsin.notifications.model import MUTED, QUIET_HOURS
from tocsin.notifications.plan import ActionType, Plan, Planned, Send, by_rule, should_send
from tocsin.schedules.restrictions import Restriction, is_open

ALERT = "rehearsed"
LIMIT = 500  # steps: a loop of repeats may go on for ever


class Kind(StrEnum):
    SENT = "sent"  # a message goes out
    SILENT = "silent"  # the person asked for silence at that time
    NOT_REACHED = "not-reached"  # the person is told, and nothing can be sent
    NOBODY = "nobody"  # a way ends without a person
    LAST_RESORT = "last-resort"  # so the owners are told
    CLOSED = "closed"  # the escalation closes the alert


@dataclass(frozen=True, slots=True)
class Silence:
    """What a person has asked for: nothing until then, nothing at these hours of his zone."""

    muted_until: datetime | None
    quiet_hours: Restriction | None
    zone: ZoneInfo

    def reason_at(self, at: datetime) -> str:
        """Why nothing is sent at `at`; empty where something is."""
        if self.muted_until is not None and at < self.muted_until:
            return MUTED
        if self.quiet_hours is not None and is_open(self.quiet_hours, self.zone, at):
            return QUIET_HOURS
        return ""


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happens at `at`. `reason` says why not, where nothing is sent; `path` how it came to that."""

    at: datetime
    kind: Kind
    user_id: str = ""
    method: str = ""
    address: str = ""
    rule: str = ""
    reason: str = ""
    name: str = ""
    path: Path = ()
    again: bool = False  # told before about this alert


@dataclass(slots=True)
class _Walk:
    """One alert under way."""

    snapshot: Snapshot
    content: AlertContent
    silences: Mapping[str, Silence]
    acknowledged_at: datetime | None
    until: datetime
    steps: list[Step] = field(default_factory=list)
    told: set[str] = field(default_factory=set)
    taken_back_at: datetime | None = None  # since when the acknowledgement no longer stands
    closed_at: datetime | None = None

    def facts_at(self, at: datetime) -> AlertFacts:
        happened = self.acknowledged_at is not None and at >= self.acknowledged_at
        return AlertFacts(
            acknowledged=happened and (self.taken_back_at is None or at < self.taken_back_at),
            last_acknowledged_at=self.acknowledged_at if happened else None,
            content=self.content,
        )

    def outcomes(self, ready: Sequence[Run], waiting: Sequence[Run], at: datetime) -> list[Outcome]:
        """What each run that is due comes to; a repeat that takes an acknowledgement back precedes the others."""
        found = [self.outcome(run, ready, waiting, at) for run in ready]
        if any(outcome.unacknowledges for outcome in found):
            self.taken_back_at = at
            found = [
                outcome if outcome.unacknowledges else self.outcome(run, ready, waiting, at)
                for run, outcome in zip(ready, found, strict=True)
            ]
        return found

    def outcome(self, run: Run, ready: Sequence[Run], waiting: Sequence[Run], at: datetime) -> Outcome:
        elsewhere = {it.escalation_id for it in (*ready, *waiting) if it is not run and it.escalation_id}
        return advance(run, self.facts_at(at), self.snapshot, elsewhere, at)

    def in_order(self) -> list[Step]:
        """By instant; what was to be sent once the alert is closed is not."""
        moot = {Kind.SENT, Kind.SILENT}
        kept = [it for it in self.steps if self.closed_at is None or it.at < self.closed_at or it.kind not in moot]
        return sorted(kept, key=lambda step: step.at)

    def gather(self, outcomes: Sequence[Outcome], at: datetime) -> None:
        """What an instant's outcomes come to."""
        tellings = [telling for outcome in outcomes for telling in outcome.tellings]
        dead_ends = [dead_end for outcome in outcomes for dead_end in outcome.dead_ends]
        planned = plan_tellings(tellings, self.told, self.snapshot, at, self.content)
        for it in planned:
            if isinstance(it, Reached):
                self.steps += self.sent(it, at)
            else:
                self.steps.append(_not_reached(it, at))
        self.told.update(it.telling.user_id for it in planned)
        self.steps += [_nobody(it, at) for it in dead_ends]
        if needs_last_resort(planned, dead_ends):
            self.steps += self.last_resort(at)
        if any(outcome.closes for outcome in outcomes):
            self.closed_at = at
            self.steps.append(Step(at, Kind.CLOSED))

    def sent(self, reached: Reached, at: datetime) -> Iterator[Step]:
        """The notifications of a telling, again and again where its rule repeats, while they make sense."""
        again = reached.action_type is ActionType.RENOTIFIED_ALERT or reached.telling.user_id in self.told
        plan: Plan | None = reached.plan
        for _ in range(LIMIT):
            if plan is None:
                return
            for planned in plan.notifications:
                facts = self.facts_at(planned.due_at)
                if planned.due_at <= self.until and isinstance(
                    should_send(reached.action_type, facts, at, planned.due_at), Send
                ):
                    yield self.message(reached, planned, again)
            plan = self.following(reached, plan, at)

    def following(self, reached: Reached, plan: Plan, told_at: datetime) -> Plan | None:
        """The next time that the steps begin again; None where they do not."""
        begins = plan.again_at
        if begins is None or begins > self.until:
            return None
        if not isinstance(should_send(reached.action_type, self.facts_at(begins), told_at, begins), Send):
            return None
        found = by_rule(plan.rule, self.snapshot.contacts.get(reached.telling.user_id, ()), begins)
        return found if isinstance(found, Plan) else None

    def message(self, reached: Reached, planned: Planned, again: bool) -> Step:
        user_id = reached.telling.user_id
        silence = self.silences.get(user_id)
        reason = silence.reason_at(planned.due_at) if silence is not None else ""
        return Step(
            planned.due_at,
            Kind.SILENT if reason else Kind.SENT,
            user_id,
            planned.contact.method,
            planned.contact.address,
            reached.plan.rule.name,
            reason,
            path=reached.telling.path,
            again=again,
        )

    def last_resort(self, at: datetime) -> Iterator[Step]:
        for owner in self.snapshot.owners:
            for contact in self.snapshot.contacts.get(owner, ()):
                if contact.method in LAST_RESORT_METHODS:
                    yield Step(at, Kind.LAST_RESORT, owner, contact.method, contact.address)


def walk(
    snapshot: Snapshot,
    responders: Sequence[Recipient],
    content: AlertContent,
    at: datetime,
    until: datetime,
    *,
    silences: Mapping[str, Silence] | None = None,
    acknowledged_at: datetime | None = None,
) -> list[Step]:
    """What happens from `at` through `until` to an alert of these responders, by instant; 500 steps at most.

    It is acknowledged at `acknowledged_at`, if at all, before whatever else is due at that instant.
    """
    way = _Walk(snapshot, content, silences or {}, acknowledged_at, until)
    due: list[tuple[datetime, int, Run]] = [
        (at, number, Run(0, number, ALERT, responder, None, (), at, begin(at)))
        for number, responder in enumerate(responders)
    ]
    if not due:
        return [Step(at, Kind.NOBODY, reason="no-responders")]
    numbers = len(due)
    while due and way.closed_at is None and len(way.steps) < LIMIT:
        now = min(it[0] for it in due)
        if now > until:
            break
        ready = sorted((it for it in due if it[0] <= now), key=lambda it: it[1])
        due = [it for it in due if it[0] > now]
        outcomes = way.outcomes([run for _, _, run in ready], [run for _, _, run in due], now)
        for outcome in outcomes:
            for run, due_at in outcome.runs:
                if due_at is not None:
                    numbers += run.id is None
                    kept = run if run.id is not None else replace(run, id=numbers)
                    due.append((due_at, kept.id or 0, kept))
        way.gather(outcomes, now)
    return way.in_order()[:LIMIT]


def _not_reached(it: NotReached, at: datetime) -> Step:
    telling = it.telling
    return Step(at, Kind.NOT_REACHED, telling.user_id, reason=it.unreachable.reason.value, path=telling.path)


def _nobody(it: Nobody, at: datetime) -> Step:
    return Step(at, Kind.NOBODY, reason=it.reason.value, name=it.name or "", path=it.path)
