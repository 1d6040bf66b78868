"""Advancing what is due, set by set: claim runs, decide (pure), and write notifications and log in one transaction."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import structlog

from tocsin.alerts import store as alerts_store
from tocsin.alerts import transitions
from tocsin.alerts.facts import AlertContent, AlertFacts
from tocsin.alerts.log import Event
from tocsin.alerts.model import AlertStatus
from tocsin.db import Db, Tx
from tocsin.escalations import action_store, repeats_store, store
from tocsin.escalations.advance import NotReached, Outcome, Reached, Run, advance, needs_last_resort, plan_tellings
from tocsin.escalations.last_resort import last_resort
from tocsin.escalations.reason import as_json
from tocsin.escalations.repeat import Repeat
from tocsin.escalations.reports import report
from tocsin.escalations.resolve import Nobody
from tocsin.escalations.snapshot import Snapshot
from tocsin.escalations.snapshot_store import Snapshots, owners_only
from tocsin.notifications import store as outbox
from tocsin.notifications.model import NewNotification, Notification
from tocsin.notifications.plan import CALLS_TO_ACT, ActionType

log = structlog.get_logger("tocsin.escalations")

SYSTEM = "System"
PUT_OFF = timedelta(hours=1)
Key = tuple[int, str]  # account, alert


@dataclass(slots=True)
class Advanced:
    """How many runs moved, and the notifications that this worker has claimed and must send."""

    runs: int = 0
    claimed: list[Notification] = field(default_factory=list)


@dataclass(slots=True)
class _Set:
    """What one set of due runs comes to, before it is written."""

    saved: list[tuple[Run, datetime | None]] = field(default_factory=list)
    started: list[tuple[Run, datetime | None]] = field(default_factory=list)
    entries: list[tuple[int, str, str, dict[str, Any]]] = field(default_factory=list)
    notifications: list[NewNotification] = field(default_factory=list)
    repeats: list[Repeat] = field(default_factory=list)
    unacknowledged: list[Key] = field(default_factory=list)
    closed: list[Key] = field(default_factory=list)
    failed: list[tuple[store.RunRow, str]] = field(default_factory=list)


async def advance_due(
    db: Db,
    snapshots: Snapshots,
    now: datetime,
    *,
    lease: timedelta,
    claim: bool = True,
    busy: Sequence[int] = (),
    per_account: int = 200,
    limit: int = 400,
) -> Advanced:
    """Move the runs that are due at `now` one step. Any number of workers may run this.

    With `claim`, notifications that are due at once come back leased to the caller, who must send them; those of
    accounts in `busy` stay due.
    """
    for apart in (False, True):
        rows: Sequence[store.RunRow] = ()
        try:
            async with db.transaction() as tx:
                rows = await store.claim_due(tx, now, per_account, limit)
                if not rows:
                    break
                turn = _Turn(tx, snapshots, now, lease, claim, busy)
                return Advanced(len(rows), await (turn.advance_apart(rows) if apart else turn.advance(rows)))
        except psycopg.OperationalError:
            raise  # the database is away, or ended a deadlock: nothing is wrong with the rows
        except Exception as error:
            if apart:
                raise
            log.error("set_failed", runs=len(rows), error=repr(error), exc_info=True)
    return Advanced()


@dataclass(frozen=True, slots=True)
class _Turn:
    """One transaction's work on due runs."""

    tx: Tx
    snapshots: Snapshots
    now: datetime
    lease: timedelta
    claim: bool
    busy: Sequence[int]

    async def advance(self, rows: Sequence[store.RunRow]) -> list[Notification]:
        """Decide and write for all of `rows`; the notifications claimed."""
        tx = self.tx
        situations = await store.situations(tx, rows)
        configurations = await self.snapshots.get(tx, (row.account_id for row in rows))
        situations = await self.read(rows, situations, configurations)
        due = _decide(rows, situations, configurations, self.now)
        return await _write(tx, due, self.now, self.lease, self.claim, self.busy)

    async def read(
        self, rows: Sequence[store.RunRow], situations: dict[Key, store.Situation], configurations: dict[int, Snapshot]
    ) -> dict[Key, store.Situation]:
        """The situations, with what alerts say where a rule of their account asks for it."""
        asked = [row for row in rows if configurations[row.account_id].reads_content]
        if not asked:
            return situations
        contents = await store.contents(self.tx, asked)
        return situations | {
            key: replace(it, facts=replace(it.facts, content=configurations[key[0]].directory.named(contents[key])))
            for key, it in situations.items()
            if key in contents
        }

    async def advance_apart(self, rows: Sequence[store.RunRow]) -> list[Notification]:
        """Each alert for itself: one whose rows cannot be advanced is put off, its owners are told, the rest go on."""
        by_alert: dict[Key, list[store.RunRow]] = {}
        for row in rows:
            by_alert.setdefault((row.account_id, row.alert_id), []).append(row)
        claimed: list[Notification] = []
        for (account_id, alert_id), siblings in by_alert.items():
            try:
                async with self.tx.savepoint():
                    claimed += await self.advance(siblings)
            except psycopg.OperationalError:
                raise
            except Exception as error:
                log.error("alert_failed", alert_id=alert_id, error=repr(error), exc_info=True)
                for row in siblings:
                    await store.put_off(self.tx, row, repr(error), self.now + PUT_OFF)
                owners = await owners_only(self.tx, account_id)
                pages = last_resort(owners, account_id, alert_id, "internal-error", self.now)
                claimed += await outbox.enqueue(self.tx, pages, self.now, self.lease, claim=self.claim)
        return claimed


def _decide(
    rows: Sequence[store.RunRow],
    situations: dict[Key, store.Situation],
    configurations: dict[int, Snapshot],
    now: datetime,
) -> _Set:
    """What each alert's due runs come to; a repeat that takes an acknowledgement back precedes the others' rules."""
    due = _Set()
    outcomes: dict[Key, list[Outcome]] = {}
    by_alert: dict[Key, list[store.RunRow]] = {}
    for row in rows:
        by_alert.setdefault((row.account_id, row.alert_id), []).append(row)
    for key, siblings in by_alert.items():
        alert, elsewhere, snapshot = situations[key].facts, situations[key].running, configurations[key[0]]
        found = [(row, _advance(row, alert, snapshot, elsewhere, now, due)) for row in siblings]
        if any(outcome and outcome.unacknowledges for _, outcome in found):
            alert = replace(alert, acknowledged=False)
            found = [
                (row, _advance(row, alert, snapshot, elsewhere, now, due))
                if outcome and not outcome.unacknowledges
                else (row, outcome)
                for row, outcome in found
            ]
        outcomes[key] = [outcome for _, outcome in found if outcome]
    for (account_id, alert_id), of_alert in outcomes.items():
        key = account_id, alert_id
        situation = situations[key]
        _gather(due, account_id, alert_id, of_alert, situation.told, configurations, situation.facts.content, now)
    return due


def _advance(
    row: store.RunRow, alert: AlertFacts, snapshot: Snapshot, running: Collection[str], now: datetime, due: _Set
) -> Outcome | None:
    """What one run comes to; None for one that raised, whose owners hear of it and which is put off."""
    try:
        return advance(row.run(), alert, snapshot, running, now)
    except Exception as error:
        log.error("run_failed", alert_id=row.alert_id, run_id=row.id, error=repr(error), exc_info=True)
        due.failed.append((row, repr(error)))
        due.notifications += last_resort(snapshot, row.account_id, row.alert_id, "internal-error", now)
        return None


def _gather(
    due: _Set,
    account_id: int,
    alert_id: str,
    outcomes: Sequence[Outcome],
    told_before: Collection[str],
    configurations: dict[int, Snapshot],
    content: AlertContent,
    now: datetime,
) -> None:
    """One alert's outcomes of this instant as rows to write."""
    snapshot = configurations[account_id]
    tellings = [telling for outcome in outcomes for telling in outcome.tellings]
    dead_ends = [dead_end for outcome in outcomes for dead_end in outcome.dead_ends]
    planned = plan_tellings(tellings, told_before, snapshot, now, content)
    for outcome in outcomes:
        for run, due_at in outcome.runs:
            (due.started if run.id is None else due.saved).append((run, due_at))
        due.entries += [(account_id, alert_id, entry.event, entry.data) for entry in outcome.entries]
    for it in planned:
        match it:
            case Reached():
                due.notifications += _notifications(account_id, alert_id, it, now)
                due.repeats += _repeat(account_id, alert_id, it, now)
                due.entries.append((account_id, alert_id, Event.TOLD, _told(it)))
            case NotReached():
                due.entries.append((account_id, alert_id, Event.NOT_TOLD, _not_told(it)))
    due.entries += [(account_id, alert_id, Event.NOT_TOLD, _dead_end(it)) for it in dead_ends]
    if needs_last_resort(planned, dead_ends):
        rows = last_resort(snapshot, account_id, alert_id, "nobody-reached", now)
        due.notifications += rows
        due.entries.append((account_id, alert_id, Event.LAST_RESORT, {"addresses": [row.address for row in rows]}))
    if any(outcome.unacknowledges for outcome in outcomes):
        due.unacknowledged.append((account_id, alert_id))
        due.entries.append((account_id, alert_id, Event.UNACKNOWLEDGED, {}))
    if any(outcome.closes for outcome in outcomes):
        due.closed.append((account_id, alert_id))


def _notifications(account_id: int, alert_id: str, reached: Reached, now: datetime) -> list[NewNotification]:
    telling = reached.telling
    reason = {
        "path": as_json(telling.path),
        "rule": {"id": reached.plan.rule.id, "name": reached.plan.rule.name},
    }
    return [
        NewNotification(
            account_id=account_id,
            key=f"{telling.key}:{planned.step.id}",
            alert_id=alert_id,
            user_id=UUID(telling.user_id),
            contact_id=UUID(planned.contact.id),
            method=planned.contact.method,
            address=planned.contact.address,
            action_type=reached.action_type.value,
            reason=reason | {"after": int(planned.step.after.total_seconds())},
            told_at=now,
            due_at=planned.due_at,
        )
        for planned in reached.plan.notifications
    ]


def _repeat(account_id: int, alert_id: str, reached: Reached, now: datetime) -> list[Repeat]:
    """When the rule's steps begin again, if it says so."""
    telling, again_at = reached.telling, reached.plan.again_at
    if again_at is None:
        return []
    return [
        Repeat(
            account_id=account_id, alert_id=alert_id, user_id=UUID(telling.user_id),
            rule_id=UUID(reached.plan.rule.id), key=telling.key, action_type=reached.action_type.value,
            path=as_json(telling.path), told_at=now, turn=1, due_at=again_at,
        )
    ]  # fmt: skip


def _told(reached: Reached) -> dict[str, Any]:
    return {
        "user_id": reached.telling.user_id,
        "user": reached.telling.username,
        "action_type": reached.action_type.value,
        "path": as_json(reached.telling.path),
        "rule": reached.plan.rule.name,
        "contacts": [
            {"method": it.contact.method, "address": it.contact.address, "due_at": it.due_at.isoformat()}
            for it in reached.plan.notifications
        ],
        "left_out": [{"step": it.step.id, "reason": it.reason.value} for it in reached.plan.left_out],
    }


def _not_told(it: NotReached) -> dict[str, Any]:
    return {
        "user_id": it.telling.user_id,
        "user": it.telling.username,
        "path": as_json(it.telling.path),
        "reason": it.unreachable.reason.value,
        "rule": it.unreachable.rule.name if it.unreachable.rule else "",
    }


def _dead_end(it: Nobody) -> dict[str, Any]:
    return {
        "reason": it.reason.value,
        "name": it.name or "",
        "path": as_json(it.path),
        "asked_for": it.asked_for,
    }


async def _write(
    tx: Tx, due: _Set, now: datetime, lease: timedelta, claim: bool, busy: Sequence[int]
) -> list[Notification]:
    async with tx.together():
        if due.saved:
            await store.save_runs(tx, due.saved)
        if due.started:
            await store.insert_runs(tx, due.started)
        if due.repeats:
            await repeats_store.insert(tx, due.repeats)
        for row, error in due.failed:
            await store.put_off(tx, row, error, now + PUT_OFF)
        if due.unacknowledged:
            await store.unacknowledge(tx, due.unacknowledged, now)
        await alerts_store.insert_logs(tx, due.entries, now, SYSTEM)
        changed = {(account_id, alert_id) for account_id, alert_id, _, _ in due.entries}
        await alerts_store.notify_all_changed(tx, changed.union(due.unacknowledged))
        for account_id, alert_id in due.closed:
            await _close(tx, account_id, alert_id, now)
        return await outbox.enqueue(tx, due.notifications, now, lease, claim=claim, busy=busy)


async def _close(tx: Tx, account_id: int, alert_id: str, now: datetime) -> None:
    """Close an alert after all its rules had their time: nobody more is told about it."""
    alert = await alerts_store.lock(tx, account_id, alert_id, "id")
    if alert is None or alert.status is not AlertStatus.OPEN:
        return
    change = transitions.close(alert, SYSTEM, now)
    await alerts_store.save(tx, change.alert)
    entries = [(account_id, alert_id, it.event.value, it.data) for it in change.entries]
    await alerts_store.insert_logs(tx, entries, now, SYSTEM)
    await action_store.end_runs(tx, account_id, alert_id)
    await outbox.cancel(tx, account_id, alert_id, list(CALLS_TO_ACT), f"closed by {SYSTEM}", now)
    await report(tx, change.alert, ActionType.CLOSED_ALERT, SYSTEM, now)
    await alerts_store.notify_changed(tx, account_id, alert_id)
