"""Actions that change an alert and with it who is told: each is one transaction.

A run that is under way goes on after an acknowledgement, for its rules say themselves whether they still apply.
The engine locks runs and then alerts, a person's action the other way round: where the two meet, the action is begun
again.
"""

from collections.abc import Iterable
from datetime import datetime

from tocsin.accounts.directory import Reference
from tocsin.accounts.store import load_directory
from tocsin.alerts import transitions
from tocsin.alerts.attachments_store import delete_all_attachments
from tocsin.alerts.model import Alert, Call, RequestResult
from tocsin.alerts.service import Done, apply
from tocsin.alerts.transitions import Refusal
from tocsin.db import Db, Tx, retried
from tocsin.escalations import action_store
from tocsin.escalations.reason import Reason, ReasonKind, as_json
from tocsin.escalations.reports import report
from tocsin.notifications import store as outbox
from tocsin.notifications.plan import CALLS_TO_ACT, ActionType

CALLS = [kind.value for kind in CALLS_TO_ACT]


@retried
async def acknowledge(db: Db, call: Call) -> RequestResult:
    """Somebody is looking: what waits to be sent to people who were told before is cancelled."""
    async with db.transaction() as tx:
        done = await apply(tx, call, "Acknowledge", lambda a: transitions.acknowledge(a, call.by, call.user, call.at))
        await _cancel_calls(tx, call, done)
        await _report(tx, call, done, ActionType.ACKNOWLEDGED_ALERT)
    return done.result


@retried
async def unacknowledge(db: Db, call: Call) -> RequestResult:
    """Nobody is looking any more: runs under way go on, and responders without one are told again."""
    async with db.transaction() as tx:
        done = await apply(tx, call, "Unacknowledge", lambda a: transitions.unacknowledge(a, call.at))
        if done.changed:
            alert = _alert(done)
            running = await action_store.running_responders(tx, alert.account_id, alert.id)
            waiting = [it for it in _responders(alert) if it not in running]
            await action_store.start_runs(tx, alert.account_id, alert.id, waiting, call.at)
    return done.result


@retried
async def close(db: Db, call: Call) -> RequestResult:
    """The problem is over: nobody more is told about it."""
    async with db.transaction() as tx:
        done = await apply(tx, call, "Close", lambda a: transitions.close(a, call.by, call.at))
        await _end(tx, call, done, CALLS, f"closed by {call.by}")
        await _report(tx, call, done, ActionType.CLOSED_ALERT)
    return done.result


@retried
async def assign(db: Db, call: Call, owner: Reference) -> RequestResult:
    """Put a user in charge, who hears of it where a rule of his asks for that."""
    async with db.transaction() as tx:
        entry = (await load_directory(tx, call.account_id)).find(owner)
        done = await apply(
            tx, call, "Assign", lambda a: transitions.assign(a, entry, call.at) if entry else _unknown(owner)
        )
        if entry is not None:
            await _report(tx, call, done, ActionType.ASSIGNED_ALERT, to=entry.name)
    return done.result


@retried
async def add_note(db: Db, call: Call) -> RequestResult:
    """Write down the call's note; who was told about the alert hears of it where a rule asks for that."""
    async with db.transaction() as tx:
        done = await apply(tx, call, "Add Note", lambda a: transitions.add_note(a, at=call.at))
        await _report(tx, call, done, ActionType.ADD_NOTE, note=call.note)
    return done.result


@retried
async def delete(db: Db, call: Call) -> RequestResult:
    """As if it had never been, but for its log: nobody more is told, its attachments are gone."""
    async with db.transaction() as tx:
        done = await apply(tx, call, "Delete", lambda a: transitions.delete(a, call.at))
        await _end(tx, call, done, ActionType, f"deleted by {call.by}")
        if done.changed:
            await delete_all_attachments(tx, call.account_id, _alert(done).id)
    return done.result


@retried
async def snooze(db: Db, call: Call, until: datetime) -> RequestResult:
    """Keep the alert quiet until then; it counts as acknowledged. The engine wakes it."""
    async with db.transaction() as tx:
        done = await apply(tx, call, "Snooze", lambda a: transitions.snooze(a, until, call.by, call.user, call.at))
        await _cancel_calls(tx, call, done)
        if done.changed:
            await action_store.wake_engine(tx, "snoozes")
    return done.result


@retried
async def escalate(db: Db, call: Call, escalation: Reference) -> RequestResult:
    """The escalation's next step happens now, acknowledged or not; one that never ran for the alert begins."""
    async with db.transaction() as tx:
        entry = (await load_directory(tx, call.account_id)).find(escalation)
        done = await apply(
            tx,
            call,
            "Escalate",
            lambda a: transitions.escalate(a, entry, call.at) if entry else _unknown(escalation),
        )
        if done.changed and entry is not None:
            alert_id = _alert(done).id
            if not await action_store.escalate_run(tx, call.account_id, alert_id, entry.id, call.at):
                path = as_json((Reason(ReasonKind.ESCALATION, id=str(entry.id), name=entry.name),))
                await action_store.start_escalated_run(tx, call.account_id, alert_id, entry.id, path, call.at)
    return done.result


@retried
async def add_responder(db: Db, call: Call, responder: Reference, action: str = "Add Responder") -> RequestResult:
    """One more is asked to act, and told; `action` is `Add Team` where it came as a team."""
    async with db.transaction() as tx:
        entry = (await load_directory(tx, call.account_id)).find(responder)
        done = await apply(
            tx,
            call,
            action,
            lambda a: transitions.add_responder(a, entry, call.at) if entry else _unknown(responder),
        )
        if done.change is not None and done.before is not None and entry is not None:
            added = done.change.alert.responders != done.before.responders
            if added:
                await action_store.start_runs(
                    tx, call.account_id, _alert(done).id, [(entry.type, str(entry.id))], call.at
                )
    return done.result


def _unknown(reference: Reference) -> Refusal:
    return Refusal(f"{reference.type.capitalize()} does not exist: [{reference.text}]")


def _alert(done: Done) -> Alert:
    assert done.change is not None  # noqa: S101 - a call that changed something has a change
    return done.change.alert


def _responders(alert: Alert) -> list[tuple[str, str]]:
    return [(responder["type"], responder["id"]) for responder in alert.responders]


async def _report(tx: Tx, call: Call, done: Done, kind: ActionType, *, to: str | None = None, note: str = "") -> None:
    if done.change is not None and (done.changed or note):
        await report(tx, _alert(done), kind, call.by, call.at, to=to, note=note)


async def _cancel_calls(tx: Tx, call: Call, done: Done) -> None:
    if done.changed:
        reason = f"acknowledged by {call.by}"
        await outbox.cancel(tx, call.account_id, _alert(done).id, CALLS, reason, call.at)


async def _end(tx: Tx, call: Call, done: Done, kinds: Iterable[str], reason: str) -> None:
    if done.changed:
        alert_id = _alert(done).id
        await action_store.end_runs(tx, call.account_id, alert_id)
        await outbox.cancel(tx, call.account_id, alert_id, list(kinds), reason, call.at)
