"""A schedule, a rotation or an override as somebody wants it. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from tocsin.schedules.restrictions import Restriction
from tocsin.schedules.rotation import Participant, RotationKind

NAME_LIMIT = 100
DESCRIPTION_LIMIT = 1000
ALIAS_LIMIT = 512
LENGTH_LIMIT = 365
PARTICIPANTS_LIMIT = 50
ROTATIONS_LIMIT = 50
OVERRIDE_LIMIT = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class ScheduleForm:
    """A schedule as somebody wants it; without `rotations` they stay as they are."""

    name: str
    time_zone: str
    description: str = ""
    enabled: bool = True
    team_id: UUID | None = None
    rotations: "tuple[RotationForm, ...] | None" = None


@dataclass(frozen=True, slots=True)
class RotationForm:
    """A rotation as somebody wants it; `starts` and `ends` are instants, or without a zone what its clock shows."""

    name: str
    kind: RotationKind
    length: int
    starts: datetime
    participants: tuple[Participant, ...]
    ends: datetime | None = None
    restriction: Restriction | None = None


@dataclass(frozen=True, slots=True)
class OverrideForm:
    """Somebody (None: nobody) in the place of these rotations, of all without any; spans as in a rotation."""

    user_id: UUID | None
    starts: datetime
    ends: datetime
    rotation_ids: tuple[UUID, ...] = ()
    alias: str = ""  # empty: one is made
