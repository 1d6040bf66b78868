"""What an action makes of an alert. Pure: each returns the alert as it is afterwards and what its log says.

An action that changes nothing, such as acknowledging twice, succeeds and leaves no entry: clients ask until they hear
success. Those that tell people are refused once the alert is closed; its texts, tags and notes may still be mended.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from tocsin.accounts.directory import Entry
from tocsin.alerts import fields
from tocsin.alerts.log import Event
from tocsin.alerts.model import Alert, AlertStatus

NOTE_PREVIEW = 200  # characters of a note that its log entry shows


@dataclass(frozen=True, slots=True)
class Happened:
    """A line for the log: the event and its data, as alerts/log.py documents them."""

    event: Event
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """The action was done: the alert afterwards, what the request's status says, and the log. No entries: as before."""

    alert: Alert
    status: str
    entries: tuple[Happened, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """The action cannot be done to this alert; `status` says why."""

    status: str


CLOSED = Refusal("Alert is closed")


def acknowledge(alert: Alert, by: str, user: str, at: datetime) -> Change | Refusal:
    """Somebody is looking: `by`, as logs show it. `user`, where a person was named, becomes the owner if none is."""
    if alert.status is not AlertStatus.OPEN:
        return CLOSED
    if alert.acknowledged:
        return Change(alert, "Alert is already acknowledged")
    return Change(_acknowledged(alert, by, user, at), "Acknowledged alert", (Happened(Event.ACKNOWLEDGED),))


def _acknowledged(alert: Alert, by: str, user: str, at: datetime) -> Alert:
    return replace(
        alert,
        acknowledged=True,
        acknowledged_at=at,
        acknowledged_by=by,
        owner=alert.owner or user,
        seen=True,
        updated_at=at,
    )


def unacknowledge(alert: Alert, at: datetime) -> Change | Refusal:
    """Nobody is looking any more; a snooze ends with it. When it was acknowledged last, and by whom, stays known."""
    if alert.status is not AlertStatus.OPEN:
        return CLOSED
    if not alert.acknowledged:
        return Change(alert, "Alert is not acknowledged")
    after = replace(alert, acknowledged=False, snoozed_until=None, updated_at=at)
    return Change(after, "Unacknowledged alert", (Happened(Event.UNACKNOWLEDGED),))


def close(alert: Alert, by: str, at: datetime) -> Change:
    """The problem is over. A snooze ends with it."""
    if alert.status is not AlertStatus.OPEN:
        return Change(alert, "Alert is already closed")
    after = replace(
        alert,
        status=AlertStatus.CLOSED,
        closed_at=at,
        closed_by=by,
        snoozed_until=None,
        seen=True,
        updated_at=at,
    )
    return Change(after, "Closed alert", (Happened(Event.CLOSED),))


def delete(alert: Alert, at: datetime) -> Change:
    """Gone from every list; its log is kept."""
    after = replace(alert, status=AlertStatus.DELETED, snoozed_until=None, updated_at=at)
    return Change(after, "Deleted alert", (Happened(Event.DELETED),))


def snooze(alert: Alert, until: datetime, by: str, user: str, at: datetime) -> Change | Refusal:
    """Nobody is told before `until`, which lies after `at`; the alert counts as acknowledged."""
    if alert.status is not AlertStatus.OPEN:
        return CLOSED
    after = alert if alert.acknowledged else _acknowledged(alert, by, user, at)
    after = replace(after, snoozed_until=until, seen=True, updated_at=at)
    return Change(after, "Snoozed alert", (Happened(Event.SNOOZED, {"until": until.isoformat()}),))


def escalate(alert: Alert, escalation: Entry, at: datetime) -> Change | Refusal:
    """The escalation's next step is to happen now; a snooze ends with it, for somebody is to be told."""
    if alert.status is not AlertStatus.OPEN:
        return CLOSED
    named = {"id": str(escalation.id), "name": escalation.label}
    return Change(
        replace(alert, snoozed_until=None, updated_at=at), "Escalated alert", (Happened(Event.ESCALATED, named),)
    )


def add_responder(alert: Alert, responder: Entry, at: datetime) -> Change | Refusal:
    """One more who is asked to act."""
    if alert.status is not AlertStatus.OPEN:
        return CLOSED
    named = {"type": responder.type, "id": str(responder.id)}
    if named in alert.responders:
        return Change(alert, f"{responder.label} is a responder already")
    if len(alert.responders) >= fields.RESPONDERS_LIMIT:
        return Refusal(f"Alert has {fields.RESPONDERS_LIMIT} responders, which is the limit")
    after = replace(alert, responders=[*alert.responders, named], updated_at=at)
    return Change(after, "Added responder", (Happened(Event.RESPONDER_ADDED, {**named, "name": responder.label}),))


def assign(alert: Alert, owner: Entry, at: datetime) -> Change:
    """`owner`, a user, is in charge."""
    after = replace(alert, owner=owner.name, updated_at=at)
    return Change(after, "Assigned alert", (Happened(Event.ASSIGNED, {"owner": owner.name}),))


def execute(alert: Alert, action: str, at: datetime) -> Change | Refusal:
    """One of the alert's own actions, by its exact name."""
    if action not in alert.actions:
        return Refusal(f"Alert has no action named [{action}]")
    entries = (Happened(Event.CUSTOM_ACTION, {"action": action}),)
    return Change(replace(alert, updated_at=at), "Executed action", entries)


def add_tags(alert: Alert, tags: list[str], at: datetime) -> Change:
    """New tags behind the old ones, as many as an alert may have."""
    after = list(dict.fromkeys([*alert.tags, *tags]))[: max(fields.TAGS_LIMIT, len(alert.tags))]
    added = after[len(alert.tags) :]
    if not added:
        return Change(alert, "Added tags")
    return Change(
        replace(alert, tags=after, updated_at=at), "Added tags", (Happened(Event.TAGS_ADDED, {"tags": added}),)
    )


def remove_tags(alert: Alert, tags: list[str], at: datetime) -> Change:
    """Without these tags."""
    removed = [tag for tag in alert.tags if tag in tags]
    if not removed:
        return Change(alert, "Removed tags")
    after = replace(alert, tags=[tag for tag in alert.tags if tag not in tags], updated_at=at)
    return Change(after, "Removed tags", (Happened(Event.TAGS_REMOVED, {"tags": removed}),))


def add_details(alert: Alert, details: dict[str, str], at: datetime) -> Change:
    """With these details, the same keys overwritten, cut where an alert's details have to end."""
    after = fields.fit_details({**alert.details, **details})
    if after == alert.details:
        return Change(alert, "Added details")
    keys = [key for key in details if key in after]
    return Change(
        replace(alert, details=after, updated_at=at), "Added details", (Happened(Event.DETAILS_ADDED, {"keys": keys}),)
    )


def remove_details(alert: Alert, keys: list[str], at: datetime) -> Change:
    """Without the details of these keys."""
    removed = [key for key in alert.details if key in keys]
    if not removed:
        return Change(alert, "Removed details")
    after = replace(alert, details={k: v for k, v in alert.details.items() if k not in keys}, updated_at=at)
    return Change(after, "Removed details", (Happened(Event.DETAILS_REMOVED, {"keys": removed}),))


def set_message(alert: Alert, message: str, at: datetime) -> Change:
    """With another message."""
    if message == alert.message:
        return Change(alert, "Updated message")
    changed = Happened(Event.MESSAGE_CHANGED, {"before": alert.message, "after": message})
    return Change(replace(alert, message=message, updated_at=at), "Updated message", (changed,))


def set_description(alert: Alert, description: str, at: datetime) -> Change:
    """With another description, or none."""
    if description == alert.description:
        return Change(alert, "Updated description")
    after = replace(alert, description=description, updated_at=at)
    return Change(after, "Updated description", (Happened(Event.DESCRIPTION_CHANGED),))


def set_priority(alert: Alert, priority: int, at: datetime) -> Change:
    """With another priority, 1 to 5."""
    if priority == alert.priority:
        return Change(alert, "Updated priority")
    changed = Happened(Event.PRIORITY_CHANGED, {"before": f"P{alert.priority}", "after": f"P{priority}"})
    return Change(replace(alert, priority=priority, updated_at=at), "Updated priority", (changed,))


def add_note(alert: Alert, at: datetime) -> Change:
    """As before; the note itself is kept beside the alert."""
    return Change(replace(alert, updated_at=at), "Added note")


def note_added(note: str) -> Happened:
    """The entry that shows the beginning of a note."""
    shown = note if len(note) <= NOTE_PREVIEW else note[: NOTE_PREVIEW - 1] + "…"
    return Happened(Event.NOTE_ADDED, {"note": shown})
