"""Alerts as Opsgenie's JSON writes them. Pure.

Source: reference, alerts (alert JSON; request status; notes, logs, recipients; dedup and lifecycle)
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tocsin.accounts.model import Integration
from tocsin.alerts import log
from tocsin.alerts.model import Alert, AlertStatus, LogEntry, Note, RequestResult
from tocsin.wire import wire_time

Json = dict[str, Any]


def summary(alert: Alert, integrations: Mapping[UUID, Integration], at: datetime) -> Json:
    """An alert as a list shows it at `at`."""
    body: Json = {
        "seen": alert.seen,
        "id": alert.id,
        "tinyId": str(alert.tiny_id),
        "alias": alert.alias,
        "message": alert.message,
        "status": alert.status.value,
        "acknowledged": alert.acknowledged,
        "isSeen": alert.seen,
        "tags": alert.tags,
        "snoozed": alert.is_snoozed(at),
        "count": alert.count,
        "lastOccurredAt": wire_time(alert.last_occurred_at),
        "createdAt": wire_time(alert.created_at),
        "updatedAt": wire_time(alert.updated_at),
        "source": alert.source,
        "owner": alert.owner,
        "priority": f"P{alert.priority}",
        "teams": [{"id": responder["id"]} for responder in alert.responders if responder["type"] == "team"],
        "responders": [{"type": responder["type"], "id": responder["id"]} for responder in alert.responders],
        "ownerTeamId": str(alert.owner_team_id or ""),
    }
    if alert.snoozed_until is not None and alert.is_snoozed(at):
        body["snoozedUntil"] = wire_time(alert.snoozed_until)
    integration = integrations.get(alert.integration_id) if alert.integration_id else None
    if integration is not None:
        body["integration"] = {"id": str(integration.id), "name": integration.name, "type": integration.type}
    made = report(alert)
    if made:
        body["report"] = made
    return body


def whole(alert: Alert, integrations: Mapping[UUID, Integration], at: datetime) -> Json:
    """An alert as it is shown alone."""
    return summary(alert, integrations, at) | {
        "actions": alert.actions,
        "entity": alert.entity,
        "description": alert.description,
        "details": alert.details,
    }


def report(alert: Alert) -> Json:
    """Who acknowledged and closed it, and how many milliseconds after its creation; empty before either.

    An alert that was closed without being acknowledged counts as acknowledged then.
    """
    made: Json = {}
    closed_at = alert.closed_at if alert.status is not AlertStatus.OPEN else None
    noticed_at = alert.acknowledged_at or closed_at
    if noticed_at is not None:
        made["ackTime"] = _millis(noticed_at - alert.created_at)
    if closed_at is not None:
        made["closeTime"] = _millis(closed_at - alert.created_at)
    if alert.acknowledged_by:
        made["acknowledgedBy"] = alert.acknowledged_by
    if closed_at is not None:
        made["closedBy"] = alert.closed_by
    return made


def _millis(length: timedelta) -> int:
    return length // timedelta(milliseconds=1)


def request_status(result: RequestResult) -> Json:
    """What became of a request."""
    return {
        "success": result.success,
        "action": result.action,
        "processedAt": wire_time(result.processed_at),
        "integrationId": str(result.integration_id or ""),
        "isSuccess": result.success,
        "status": result.status,
        "alertId": result.alert_id,
        "alias": result.alias,
    }


def note(found: Note) -> Json:
    """A note with the cursor of its place."""
    return {
        "note": found.note,
        "owner": found.owner,
        "createdAt": wire_time(found.at),
        "offset": cursor(found),
    }


def log_line(entry: LogEntry) -> Json:
    """A line of the log, in English, with the cursor of its place."""
    return {
        "log": log.words(entry.event, entry.data),
        "type": log.wire_type(entry.event),
        "owner": entry.owner,
        "createdAt": wire_time(entry.at),
        "offset": cursor(entry),
    }


def cursor(item: Note | LogEntry) -> str:
    """The opaque place of a note or a log line: epoch milliseconds and its id."""
    return f"{int(item.at.timestamp() * 1000)}_{item.id}"


def parse_cursor(text: str) -> int | None:
    """The id in a cursor; None if it is not one."""
    millis, _, ident = text.partition("_")
    if millis.isdecimal() and ident.isdecimal() and ident.isascii() and len(ident) <= 18:
        return int(ident)
    return None
