"""What a webhook carries, and how it is signed. Pure.

The headers follow the Standard Webhooks specification: `webhook-id`, `webhook-timestamp`, `webhook-signature`, the last
being `v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`.
"""

import base64
import hashlib
import hmac
from datetime import datetime

import msgspec

from tocsin.notifications.model import AlertSummary, Envelope
from tocsin.wire import wire_time


def body(envelope: Envelope) -> bytes:
    """The JSON body: what happened, the alert as the API shows it, who is told, why, and the links to act."""
    told = envelope.notification
    return msgspec.json.encode(
        {
            "type": f"notification.{told.action_type}",
            "timestamp": wire_time(told.told_at),
            "data": {
                "notificationId": str(told.id),
                "user": {"id": str(envelope.receiver.user_id), "username": envelope.receiver.username},
                "reason": told.reason,
                "links": envelope.links,
                "alert": _alert(envelope.alert) if envelope.alert else None,
            },
        }
    )


def _alert(alert: AlertSummary) -> dict[str, object]:
    return {
        "id": alert.id,
        "tinyId": str(alert.tiny_id),
        "alias": alert.alias,
        "message": alert.message,
        "description": alert.description,
        "entity": alert.entity,
        "source": alert.source,
        "priority": f"P{alert.priority}",
        "status": alert.status,
        "acknowledged": alert.acknowledged,
        "owner": alert.owner,
        "tags": alert.tags,
        "details": alert.details,
        "count": alert.count,
        "createdAt": wire_time(alert.created_at),
        "updatedAt": wire_time(alert.updated_at),
    }


def headers(message_id: str, sent_at: datetime, payload: bytes, secret: bytes) -> dict[str, str]:
    """The three headers of Standard Webhooks, and the content type."""
    timestamp = str(int(sent_at.timestamp()))
    signed = f"{message_id}.{timestamp}.".encode() + payload
    signature = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{signature}",
    }
