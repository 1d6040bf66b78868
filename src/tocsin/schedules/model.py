"""Schedules, rotations and overrides as they are stored. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class ScheduleRow:
    """A schedule without its rotations."""

    account_id: int
    id: UUID
    name: str
    description: str
    time_zone: str
    enabled: bool
    team_id: UUID | None
    inactive_since: datetime | None  # over the plan's limit

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


@dataclass(frozen=True, slots=True)
class RotationRow:
    """A rotation as it is stored; participants are `{"type": "user", "id": "…"}`."""

    id: UUID
    schedule_id: UUID
    name: str
    position: int
    kind: str
    length: int
    starts_at: datetime
    ends_at: datetime | None
    participants: list[dict[str, str]]
    restriction: dict[str, Any] | None  # as the API spells it


@dataclass(frozen=True, slots=True)
class OverrideRow:
    """An override as it is stored."""

    schedule_id: UUID
    alias: str
    user_id: UUID | None
    starts_at: datetime
    ends_at: datetime
    rotation_ids: list[UUID]  # none: the whole schedule
    created_at: datetime
