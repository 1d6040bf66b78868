"""An alert and its states. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal
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

    def is_snoozed(self, at: datetime) -> bool:
        """Is it kept quiet at `at`?"""
        return self.snoozed_until is not None and at < self.snoozed_until

    def is_seen(self, since: datetime | None) -> bool:
        """Whether a plan that reaches back to `since` shows it: what is open always. Source: licensing, retention"""
        return since is None or self.status is not AlertStatus.CLOSED or self.created_at >= since

    def belongs_to_team(self, team_id: UUID) -> bool:
        """May a key of this team see it: is the team its owner, a responder, or somebody it is visible to?"""
        named = {"type": "team", "id": str(team_id)}
        return team_id == self.owner_team_id or named in self.responders or named in self.visible_to


IdentifierType = Literal["id", "tiny", "alias"]
API_NAME = "Alert API"  # who did it, where a request names nobody


@dataclass(frozen=True, slots=True)
class Call:
    """A request to do something to one alert: which, when, by whom. `by` is what logs show; `user` a person's name.

    With `team_id` it comes by a team's key and reaches that team's alerts only.
    """

    account_id: int
    request_id: UUID
    at: datetime
    identifier: str
    identifier_type: IdentifierType = "id"
    by: str = API_NAME
    user: str = ""
    source: str = ""
    note: str = ""
    integration_id: UUID | None = None
    team_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class RequestResult:
    """What became of an asynchronous request. `alert_id` and `alias` are empty where there was no such alert."""

    account_id: int
    id: UUID
    action: str
    alert_id: str
    alias: str
    success: bool
    status: str
    integration_id: UUID | None
    processed_at: datetime


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody wrote about an alert."""

    id: int
    at: datetime
    owner: str
    note: str


@dataclass(frozen=True, slots=True)
class LogEntry:
    """Something that happened to an alert. `event` names it, `data` holds the reasons; alerts/log.py has the words."""

    id: int
    at: datetime
    event: str
    owner: str
    data: dict[str, Any]
