"""An alert and its states. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

COUNT_LIMIT = 100  # the count and its log lines stop here; deduplication goes on


class AlertStatus(StrEnum):
    """`open` (perhaps acknowledged, perhaps snoozed) → `closed`. A deleted alert is kept for its ledger, and hidden."""

    OPEN = "open"
    CLOSED = "closed"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Alert:
    """One problem. `responders` and `visible_to` hold `{"type": "team", "id": "…"}`; priority 1 is P1."""

    account_id: int
    id: str  # <uuid>-<epoch milliseconds of creation>
    tiny_id: int
    alias: str
    message: str
    description: str
    entity: str
    source: str
    priority: int
    status: AlertStatus
    acknowledged: bool
    seen: bool
    acknowledged_at: datetime | None
    acknowledged_by: str
    closed_at: datetime | None
    closed_by: str
    snoozed_until: datetime | None
    owner: str  # a username, or the name that an API call gave; empty without one
    owner_team_id: UUID | None
    integration_id: UUID | None
    tags: list[str]
    actions: list[str]
    details: dict[str, str]
    responders: list[dict[str, Any]]
    visible_to: list[dict[str, Any]]
    count: int
    created_at: datetime
    updated_at: datetime
    last_occurred_at: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "status", AlertStatus(self.status))


@dataclass(frozen=True, slots=True)
class LogEntry:
    """Something that happened to an alert. `event` names it, `data` holds the reasons; alerts/log.py has the words."""

    id: int
    at: datetime
    event: str
    owner: str
    data: dict[str, Any]
