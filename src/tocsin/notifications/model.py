"""A notification, its open states and its ends, and what one attempt came to. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class NotificationStatus(StrEnum):
    """Open: due, sending, retrying. Every other status is an end, and a notification has exactly one."""

    DUE = "due"
    SENDING = "sending"
    RETRYING = "retrying"
    DELIVERED = "delivered"  # a receipt came
    ACCEPTED = "accepted"  # final where the channel has no receipts; never shown as delivered
    FAILED_OVER = "failed_over"
    BUNDLED = "bundled"
    CANCELLED = "cancelled"  # acknowledged or closed first
    SUPPRESSED = "suppressed"  # asked for; the reason is kept
    FAILED = "failed"  # the last resort follows

    @property
    def is_open(self) -> bool:
        return self in {NotificationStatus.DUE, NotificationStatus.SENDING, NotificationStatus.RETRYING}


STAKEHOLDER = "stakeholder"  # why an SMS or a call to a stakeholder is suppressed. R8.4
NO_COUNTRY = "country-not-supported"  # why an SMS or a call is suppressed, or fails without another contact. R12
COSTS_EXTRA = "number-costs-extra"  # the same, for premium-rate numbers and their like. R11.2
MUTED = "muted"  # why a page is suppressed that its person asked not to get for now
QUIET_HOURS = "quiet-hours"  # the same, at these hours
TEST_PAGE = "test"  # the action type of a page that its receiver asked for
LAST_RESORT = "last-resort"  # the action type, and the key, of a message to the owners when nobody could be reached


class Outcome(StrEnum):
    """What one attempt came to, as far as we can know."""

    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNKNOWN = "unknown"  # it may have arrived: the connection broke after we had sent


@dataclass(frozen=True, slots=True)
class Notification:
    """One message to one contact, as it is claimed for sending."""

    account_id: int
    id: int
    alert_id: str | None  # None: a test page
    user_id: UUID
    contact_id: UUID | None
    method: str
    address: str
    action_type: str
    reason: dict[str, Any]
    told_at: datetime
    attempts: int


@dataclass(frozen=True, slots=True)
class NewNotification:
    """What is put into the outbox. `key` is the run, round, rule and step: the same twice is once."""

    account_id: int
    key: str
    alert_id: str | None
    user_id: UUID
    contact_id: UUID | None
    method: str
    address: str
    action_type: str
    reason: dict[str, Any]
    told_at: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True)
class AlertSummary:
    """What a message says of its alert, and whether it is still worth sending."""

    account_id: int
    id: str
    tiny_id: int
    alias: str
    message: str
    description: str
    entity: str
    source: str
    priority: int
    status: str
    acknowledged: bool
    acknowledged_at: datetime | None
    acknowledged_by: str
    snoozed_until: datetime | None
    owner: str
    tags: list[str]
    details: dict[str, str]
    count: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Receiver:
    """The person and the contact behind a notification, as they are now."""

    account_id: int
    contact_id: UUID
    user_id: UUID
    username: str
    full_name: str
    user_status: str
    time_zone: str
    locale: str
    address: str
    enabled: bool
    verified: bool
    secret: bytes | None  # encrypted
    licence_kind: str = "responder"
    muted_until: datetime | None = None
    quiet_hours: dict[str, Any] | None = None  # a restriction in the person's zone


@dataclass(frozen=True, slots=True)
class Envelope:
    """Everything a channel needs to send: no channel reads the database."""

    notification: Notification
    receiver: Receiver
    alert: AlertSummary | None
    links: dict[str, str] = field(default_factory=dict)  # acknowledge, close, alert: absolute addresses
    why: tuple[str, ...] = ()  # the path that led here, in the receiver's words


@dataclass(frozen=True, slots=True)
class Sent:
    """What a channel answers: `delivered` only where a receipt came with it."""

    provider: str
    receipt: str = ""
    delivered: bool = False


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """One attempt, and what it makes of its notification."""

    notification: Notification
    number: int
    provider: str
    started_at: datetime
    ended_at: datetime
    outcome: Outcome
    detail: str
    receipt: str
    status: NotificationStatus
    status_reason: str
    due_at: datetime | None  # when to try again


class ChannelError(Exception):
    """A channel could not send. `retry`: trying again may help. `unknown`: the message may have arrived anyway."""

    def __init__(self, reason: str, *, retry: bool, unknown: bool = False, provider: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry = retry
        self.unknown = unknown
        self.provider = provider
