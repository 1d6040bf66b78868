"""Actions on one alert: each one transaction, done before it is answered; its status can be read at once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tocsin.alerts import store, transitions
from tocsin.alerts.log import Event
from tocsin.alerts.model import Alert, Call, RequestResult
from tocsin.alerts.transitions import Change, Refusal
from tocsin.db import Db, Tx

MISSING = "Alert does not exist"

Decide = Callable[[Alert], Change | Refusal]


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a call. `change` is None where nothing could be done; `before` is the alert as it was then."""

    result: RequestResult
    before: Alert | None = None
    change: Change | None = None

    @property
    def changed(self) -> bool:
        """Did anything happen, beyond what was so already?"""
        return self.change is not None and bool(self.change.entries)


async def act(db: Db, call: Call, action: str, decide: Decide) -> RequestResult:
    """Do `decide` to the alert that the call names; `action` is Opsgenie's name for it, as in `Add Tags`."""
    async with db.transaction() as tx:
        return (await apply(tx, call, action, decide)).result


async def apply(tx: Tx, call: Call, action: str, decide: Decide) -> Done:
    """Within a transaction: lock the alert, decide, save, log, add the note, and keep the request's result.

    An alert that is missing, or not the calling team's, is a result that says so, and no error.
    """
    alert = await store.lock(tx, call.account_id, call.identifier, call.identifier_type)
    if alert is not None and call.team_id is not None and not alert.belongs_to_team(call.team_id):
        alert = None
    if alert is None:
        return Done(await _keep(tx, call, action, None, success=False, status=MISSING))
    decision = decide(alert)
    if isinstance(decision, Refusal):
        return Done(await _keep(tx, call, action, alert, success=False, status=decision.status), alert)
    entries = list(decision.entries)
    if call.note:
        await store.insert_note(tx, call.account_id, alert.id, call.at, call.by, call.note)
        entries.append(transitions.note_added(call.note))
    if entries:
        await store.save(tx, decision.alert)
        source = {"source": call.source} if call.source else {}
        lines = [(call.account_id, alert.id, entry.event.value, {**entry.data, **source}) for entry in entries]
        await store.insert_logs(tx, lines, call.at, call.by)
        await store.notify_changed(tx, call.account_id, alert.id)
    result = await _keep(tx, call, action, decision.alert, success=True, status=decision.status)
    return Done(result, alert, decision)


async def touch(tx: Tx, alert: Alert, event: Event, data: dict[str, str], by: str, at: datetime) -> None:
    """Log what happened beside the alert, which counts as a change of it."""
    await store.save_touched(tx, alert.account_id, alert.id, at)
    await store.insert_log(tx, alert.account_id, alert.id, at, event.value, by, data)
    await store.notify_changed(tx, alert.account_id, alert.id)


async def _keep(tx: Tx, call: Call, action: str, alert: Alert | None, *, success: bool, status: str) -> RequestResult:
    result = RequestResult(
        account_id=call.account_id,
        id=call.request_id,
        action=action,
        alert_id=alert.id if alert else "",
        alias=alert.alias if alert else "",
        success=success,
        status=status,
        integration_id=call.integration_id,
        processed_at=call.at,
    )
    await store.insert_request(tx, result)
    return result
