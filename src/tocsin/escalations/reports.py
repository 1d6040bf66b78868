"""Reports: that an alert was acknowledged, closed, noted or assigned, to the people whose rules ask to hear of it.

Who was told about the alert hears of it, but not whoever did it; an assignment is heard of by whom it was assigned to.
Nobody has such a rule from the start, so most of the time one look is all.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from tocsin.accounts.directory import Entry
from tocsin.accounts.store import load_directory
from tocsin.alerts.facts import AlertContent, Responder
from tocsin.alerts.model import Alert
from tocsin.db import Tx
from tocsin.escalations import reports_store
from tocsin.escalations.snapshot_store import load_contacts, load_rules, zone_named
from tocsin.notifications import store as outbox
from tocsin.notifications.model import NewNotification
from tocsin.notifications.plan import ActionType, Plan, plan

NOTE_LIMIT = 1_000


async def report(
    tx: Tx, alert: Alert, kind: ActionType, by: str, at: datetime, *, to: str | None = None, note: str = ""
) -> int:
    """Put what people's rules of that kind ask for into the outbox; how many messages. `by` and `to` are usernames."""
    listeners = await reports_store.listeners(tx, alert.account_id, alert.id, kind, by, to)
    if not listeners:
        return 0
    rules = await load_rules(tx, alert.account_id)
    contacts = await load_contacts(tx, alert.account_id)
    content = await _content(tx, alert)
    what = {"by": by} | ({"note": note[:NOTE_LIMIT]} if note else {})
    rows: list[NewNotification] = []
    for person in listeners:
        user_id = str(person.user_id)
        planned = plan(
            rules.get(user_id, ()), contacts.get(user_id, ()), kind, at, zone=zone_named(person.time_zone),
            content=content,
        )  # fmt: skip
        if isinstance(planned, Plan):
            rows += _rows(alert, person.user_id, planned, what, at)
    if rows:
        await outbox.enqueue(tx, rows, at, outbox.NO_LEASE, claim=False)
        await outbox.wake_engine(tx)
    return len(rows)


def _rows(alert: Alert, user_id: UUID, planned: Plan, what: dict[str, Any], at: datetime) -> list[NewNotification]:
    rule = planned.rule
    return [
        NewNotification(
            account_id=alert.account_id,
            key=f"{rule.action_type}:{at.timestamp()}:{it.step.id}",
            alert_id=alert.id,
            user_id=user_id,
            contact_id=UUID(it.contact.id),
            method=it.contact.method,
            address=it.contact.address,
            action_type=rule.action_type.value,
            reason={
                "path": [],
                "rule": {"id": rule.id, "name": rule.name},
                "after": int(it.step.after.total_seconds()),
                **what,
            },
            told_at=at,
            due_at=it.due_at,
        )
        for it in planned.notifications
    ]


async def _content(tx: Tx, alert: Alert) -> AlertContent:
    directory = await load_directory(tx, alert.account_id)
    return AlertContent(
        message=alert.message,
        alias=alert.alias,
        description=alert.description,
        source=alert.source,
        entity=alert.entity,
        priority=alert.priority,
        tags=tuple(alert.tags),
        actions=tuple(alert.actions),
        details=alert.details,
        responders=tuple(_responder(it, directory.entry(it["type"], it["id"])) for it in alert.responders),
    )


def _responder(named: dict[str, Any], entry: Entry | None) -> Responder:
    return Responder(named["type"], named["id"], entry.name if entry is not None else "")
