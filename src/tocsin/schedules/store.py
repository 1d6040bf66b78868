"""The SQL of schedules: rotations, overrides."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.types.json import Jsonb

from tocsin.db import Tx
from tocsin.schedules.rotation import Participant, RotationKind


async def insert_schedule(
    tx: Tx, account_id: int, schedule_id: UUID, name: str, *, time_zone: str, team_id: UUID | None, at: datetime
) -> None:
    """An enabled schedule without rotations."""
    await tx.execute(
        """
        insert into schedules (account_id, id, name, time_zone, team_id, created_at)
        values (%(account_id)s, %(id)s, %(name)s, %(time_zone)s, %(team_id)s, %(at)s)
        """,
        account_id=account_id, id=schedule_id, name=name, time_zone=time_zone, team_id=team_id, at=at,
    )  # fmt: skip


async def insert_rotation(
    tx: Tx,
    account_id: int,
    schedule_id: UUID,
    rotation_id: UUID,
    name: str,
    *,
    position: int,
    kind: RotationKind,
    length: int,
    starts_at: datetime,
    ends_at: datetime | None,
    participants: Sequence[Participant],
) -> None:
    await tx.execute(
        """
        insert into rotations (account_id, id, schedule_id, name, position, kind, length, starts_at, ends_at,
                               participants)
        values (%(account_id)s, %(id)s, %(schedule_id)s, %(name)s, %(position)s, %(kind)s, %(length)s, %(starts_at)s,
                %(ends_at)s, %(participants)s)
        """,
        account_id=account_id, id=rotation_id, schedule_id=schedule_id, name=name, position=position, kind=kind,
        length=length, starts_at=starts_at, ends_at=ends_at,
        participants=Jsonb([_participant_json(participant) for participant in participants]),
    )  # fmt: skip


def _participant_json(participant: Participant) -> dict[str, str]:
    if participant.id is None:
        return {"type": participant.kind}
    return {"type": participant.kind, "id": participant.id}


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


SCHEDULE = "account_id, id, name, description, time_zone, enabled, team_id, inactive_since"


async def list_schedules(tx: Tx, account_id: int) -> list[ScheduleRow]:
    """Every schedule of the account, by name."""
    return await tx.all(
        ScheduleRow,
        f"select {SCHEDULE} from schedules where account_id = %(account_id)s order by name",
        account_id=account_id,
    )


async def lock_schedule(tx: Tx, account_id: int, schedule_id: UUID) -> ScheduleRow:
    """The schedule, locked until the transaction ends. Raises: NotFound."""
    return await tx.one(
        ScheduleRow,
        f"select {SCHEDULE} from schedules where account_id = %(account_id)s and id = %(schedule_id)s for update",
        account_id=account_id,
        schedule_id=schedule_id,
        missing="There is no such schedule.",
    )


async def update_schedule(
    tx: Tx, account_id: int, schedule_id: UUID, name: str, time_zone: str, *, enabled: bool
) -> None:
    await tx.execute(
        """
        update schedules set name = %(name)s, time_zone = %(time_zone)s, enabled = %(enabled)s
         where account_id = %(account_id)s and id = %(schedule_id)s
        """,
        account_id=account_id, schedule_id=schedule_id, name=name, time_zone=time_zone, enabled=enabled,
    )  # fmt: skip


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


async def list_rotations(tx: Tx, account_id: int, schedule_id: UUID) -> list[RotationRow]:
    """The schedule's rotations, in their order."""
    return await tx.all(
        RotationRow,
        """
        select id, schedule_id, name, position, kind, length, starts_at, ends_at, participants from rotations
         where account_id = %(account_id)s and schedule_id = %(schedule_id)s order by position, id
        """,
        account_id=account_id,
        schedule_id=schedule_id,
    )


async def update_rotation(
    tx: Tx,
    account_id: int,
    rotation_id: UUID,
    name: str,
    *,
    kind: RotationKind,
    length: int,
    starts_at: datetime,
    participants: Sequence[Participant],
) -> None:
    await tx.execute(
        """
        update rotations
           set name = %(name)s, kind = %(kind)s, length = %(length)s, starts_at = %(starts_at)s,
               participants = %(participants)s
         where account_id = %(account_id)s and id = %(rotation_id)s
        """,
        account_id=account_id, rotation_id=rotation_id, name=name, kind=kind, length=length, starts_at=starts_at,
        participants=Jsonb([_participant_json(participant) for participant in participants]),
    )  # fmt: skip


async def delete_rotation(tx: Tx, account_id: int, rotation_id: UUID) -> None:
    await tx.execute(
        "delete from rotations where account_id = %(account_id)s and id = %(rotation_id)s",
        account_id=account_id,
        rotation_id=rotation_id,
    )


@dataclass(frozen=True, slots=True)
class OverrideRow:
    """An override as it is stored."""

    schedule_id: UUID
    alias: str
    user_id: UUID | None
    starts_at: datetime
    ends_at: datetime


async def list_overrides(tx: Tx, account_id: int, schedule_id: UUID, after: datetime) -> list[OverrideRow]:
    """The schedule's overrides that end after that instant, the next one first."""
    return await tx.all(
        OverrideRow,
        """
        select schedule_id, alias, user_id, starts_at, ends_at from overrides
         where account_id = %(account_id)s and schedule_id = %(schedule_id)s and ends_at > %(after)s
         order by starts_at, alias
        """,
        account_id=account_id,
        schedule_id=schedule_id,
        after=after,
    )


async def insert_override(
    tx: Tx,
    account_id: int,
    schedule_id: UUID,
    alias: str,
    user_id: UUID | None,
    starts_at: datetime,
    ends_at: datetime,
    at: datetime,
    rotation_ids: Sequence[UUID] = (),
) -> None:
    """An override of these rotations, or without any of the whole schedule; without a user nobody is on call."""
    await tx.execute(
        """
        insert into overrides (account_id, schedule_id, alias, user_id, starts_at, ends_at, rotation_ids, created_at)
        values (%(account_id)s, %(schedule_id)s, %(alias)s, %(user_id)s, %(starts_at)s, %(ends_at)s,
                %(rotation_ids)s::uuid[], %(at)s)
        """,
        account_id=account_id, schedule_id=schedule_id, alias=alias, user_id=user_id, starts_at=starts_at,
        ends_at=ends_at, rotation_ids=list(rotation_ids), at=at,
    )  # fmt: skip


async def delete_override(tx: Tx, account_id: int, schedule_id: UUID, alias: str) -> int:
    """How many were deleted: one, or none where it is gone already."""
    return await tx.execute(
        """
        delete from overrides
         where account_id = %(account_id)s and schedule_id = %(schedule_id)s and alias = %(alias)s
        """,
        account_id=account_id,
        schedule_id=schedule_id,
        alias=alias,
    )


async def set_inactive(tx: Tx, account_id: int, ids: Sequence[UUID], since: datetime | None) -> None:
    """These schedules are over the plan's limit since then; or, with None, they fit again."""
    await tx.execute(
        "update schedules set inactive_since = %(since)s where account_id = %(account_id)s and id = any(%(ids)s)",
        account_id=account_id,
        ids=list(ids),
        since=since,
    )
