"""What a rehearsal tells of: events, each with its instant, its kind and its reasons. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tocsin.alerts.log import Event as LogEvent
from tocsin.wire import wire_time

NOTIFICATION = "notification"  # a message went out
ATTEMPT_FAILED = "attempt_failed"  # it did not get through; status says whether it is tried again
NOT_SENT = "not_sent"  # it was planned, and ended without an attempt that got through
WAITING = "waiting"  # it is still open when the rehearsal ends
REFUSED = "refused"  # a command that could not be done
UNCHANGED = "unchanged"  # a command that changed nothing

USAGE = "usage"  # SMS, calls or call legs that a command reported
MAIL = "mail"  # one that is not about an alert
INVOICE = "invoice"  # it was finalised
CREDIT_NOTE = "credit_note"
PAYMENT = "payment"  # something of an invoice was paid, settled or taken back
INVOICE_STATUS = "invoice_status"  # an invoice stands otherwise, without a payment
SCHEDULED = "scheduled"  # what is to change later, or that nothing is any more
PREVIEW = "preview"  # what an order would come to
FAIR_USE = "fair_use"  # a case was opened, or stands otherwise
PRICE_BOOK = "price_book"  # a newer one was published
PLAN = "plan"  # how the account stands from here on
ERASED = "erased"  # nothing of the account is left but the archive of its invoices

# `told` is not among them: the notifications that come of it carry its reasons.
KINDS = (
    NOTIFICATION,
    ATTEMPT_FAILED,
    NOT_SENT,
    WAITING,
    REFUSED,
    UNCHANGED,
    USAGE,
    MAIL,
    INVOICE,
    CREDIT_NOTE,
    PAYMENT,
    INVOICE_STATUS,
    SCHEDULED,
    PREVIEW,
    FAIR_USE,
    PRICE_BOOK,
    PLAN,
    ERASED,
    *(event.value for event in LogEvent if event not in {LogEvent.TOLD, LogEvent.NOTIFICATION}),
)
KEYS = (
    "at", "event", "alert", "tinyId", "by", "who", "method", "address", "status", "text", "why", "reason", "rule",
    "after", "action", "attempt", "againAt", "dueAt", "addresses", "command", "leftOut",
    "number", "currency", "lines", "net", "tax", "gross", "amount", "plan", "standing", "seats", "interval",
    "datedOn", "covers", "dueOn", "purchaseOrder", "credits", "owed", "excess", "card", "from", "changes",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Event:
    """`data` holds what a kind has besides, by the names of KEYS, and the data that its log line keeps."""

    at: datetime
    kind: str
    data: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        return {"at": wire_time(self.at), "event": self.kind, **self.data}


def without_ids(value: Any) -> Any:
    """Log data without the ids in it: they differ from run to run, and names stand beside them."""
    match value:
        case dict():
            return {key: without_ids(inner) for key, inner in value.items() if key not in {"id", "user_id", "step"}}
        case list():
            return [without_ids(inner) for inner in value]
        case _:
            return value
