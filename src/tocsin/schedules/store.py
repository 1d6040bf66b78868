"""The SQL of schedules: rotations, overrides."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from psycopg.types.json import Jsonb

from tocsin.db import Tx
from tocsin.schedules.model import OverrideRow, RotationRow, ScheduleRow
from tocsin.schedules.restrictions import Restriction, as_json
from tocsin.schedules.rotation import Participant, RotationKind


async def insert_schedule(
    tx: Tx,
    account_id: int,
    schedule_id: UUID,
    name: str,
    *,
    time_zone: str,
    team_id: UUID | None,
    at: datetime,
    description: str = "",
    enabled: bool = True,
) -> None:
    """A schedule without rotations."""
    await tx.execute(
        """
        insert into schedules (account_id, id, name, description, time_zone, enabled, team_id, created_at)
        values (%(account_id)s, %(id)s, %(name)s, %(description)s, %(time_zone)s, %(enabled)s, %(team_id)s, %(at)s)
        """,
        account_id=account_id, id=schedule_id, name=name, description=description, time_zone=time_zone,
        enabled=enabled, team_id=team_id, at=at,
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
    restriction: Restriction | None = None,
) -> None:
    await tx.execute(
        """
        insert into rotations (account_id, id, schedule_id, name, position, kind, length, starts_at, ends_at,
                               participants, restriction)
        values (%(account_id)s, %(id)s, %(schedule_id)s, %(name)s, %(position)s, %(kind)s, %(length)s, %(starts_at)s,
                %(ends_at)s, %(participants)s, %(restriction)s)
        """,
        account_id=account_id, id=rotation_id, schedule_id=schedule_id, name=name, position=position, kind=kind,
        length=length, starts_at=starts_at, ends_at=ends_at,
        participants=Jsonb([_participant_json(participant) for participant in participants]),
        restriction=_restriction_json(restriction),
    )  # fmt: skip


def _restriction_json(restriction: Restriction | None) -> Jsonb | None:
    return None if restriction is None else Jsonb(as_json(restriction))


def _participant_json(participant: Participant) -> dict[str, str]:
    if participant.id is None:
        return {"type": participant.kind}
    return {"type": participant.kind, "id": participant.id}


SCHEDULE = "account_id, id, name, description, time_zone, enabled, team_id, inactive_since"


async def list_schedules(tx: Tx, account_id: int) -> list[ScheduleRow]:
    """Every schedule of the account, by name."""
    return await tx.all(
        ScheduleRow,
        f"select {SCHEDULE} from schedules where account_id = %(account_id)s order by name",
        account_id=account_id,
    )


async def find_schedule(tx: Tx, account_id: int, identifier: str, *, by_name: bool = False) -> ScheduleRow | None:
    """The schedule of that id, or of that name; None where there is none."""
    return await tx.find(
        ScheduleRow,
        f"""
        select {SCHEDULE} from schedules
         where account_id = %(account_id)s
           and case when %(by_name)s then name = %(identifier)s else id::text = lower(%(identifier)s) end
        """,
        account_id=account_id,
        identifier=identifier,
        by_name=by_name,
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


async def update_schedule(tx: Tx, schedule: ScheduleRow) -> None:
    """Write what people change about it."""
    await tx.execute(
        """
        update schedules
           set name = %(name)s, description = %(description)s, time_zone = %(time_zone)s, enabled = %(enabled)s,
               team_id = %(team_id)s
         where account_id = %(account_id)s and id = %(id)s
        """,
        account_id=schedule.account_id, id=schedule.id, name=schedule.name, description=schedule.description,
        time_zone=schedule.time_zone, enabled=schedule.enabled, team_id=schedule.team_id,
    )  # fmt: skip


async def delete_schedule(tx: Tx, account_id: int, schedule_id: UUID) -> None:
    """The schedule, with its rotations and overrides."""
    await tx.execute(
        "delete from schedules where account_id = %(account_id)s and id = %(schedule_id)s",
        account_id=account_id,
        schedule_id=schedule_id,
    )


ROTATION = "id, schedule_id, name, position, kind, length, starts_at, ends_at, participants, restriction"


async def list_all_rotations(tx: Tx, account_id: int) -> list[RotationRow]:
    """The rotations of every schedule, in their order."""
    return await tx.all(
        RotationRow,
        f"select {ROTATION} from rotations where account_id = %(account_id)s order by schedule_id, position, id",
        account_id=account_id,
    )


async def list_rotations(tx: Tx, account_id: int, schedule_id: UUID) -> list[RotationRow]:
    """The schedule's rotations, in their order."""
    return await tx.all(
        RotationRow,
        f"""
        select {ROTATION} from rotations
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
    ends_at: datetime | None,
    participants: Sequence[Participant],
    restriction: Restriction | None,
) -> None:
    await tx.execute(
        """
        update rotations
           set name = %(name)s, kind = %(kind)s, length = %(length)s, starts_at = %(starts_at)s, ends_at = %(ends_at)s,
               participants = %(participants)s, restriction = %(restriction)s
         where account_id = %(account_id)s and id = %(rotation_id)s
        """,
        account_id=account_id, rotation_id=rotation_id, name=name, kind=kind, length=length, starts_at=starts_at,
        ends_at=ends_at, participants=Jsonb([_participant_json(participant) for participant in participants]),
        restriction=_restriction_json(restriction),
    )  # fmt: skip


async def order_rotations(tx: Tx, account_id: int, ids: Sequence[UUID]) -> None:
    """Give these rotations their places, in that order."""
    await tx.execute(
        """
        update rotations set position = place.number - 1
          from unnest(%(ids)s::uuid[]) with ordinality place (id, number)
         where rotations.account_id = %(account_id)s and rotations.id = place.id
        """,
        account_id=account_id,
        ids=list(ids),
    )


async def delete_rotation(tx: Tx, account_id: int, rotation_id: UUID) -> None:
    await tx.execute(
        "delete from rotations where account_id = %(account_id)s and id = %(rotation_id)s",
        account_id=account_id,
        rotation_id=rotation_id,
    )


OVERRIDE = "schedule_id, alias, user_id, starts_at, ends_at, rotation_ids, created_at"
LONG_AGO = datetime(1, 1, 2, tzinfo=UTC)


async def find_override(tx: Tx, account_id: int, schedule_id: UUID, alias: str) -> OverrideRow | None:
    """The schedule's override of that alias, or None."""
    return await tx.find(
        OverrideRow,
        f"""
        select {OVERRIDE} from overrides
         where account_id = %(account_id)s and schedule_id = %(schedule_id)s and alias = %(alias)s
        """,
        account_id=account_id,
        schedule_id=schedule_id,
        alias=alias,
    )


async def list_overrides(tx: Tx, account_id: int, schedule_id: UUID, after: datetime = LONG_AGO) -> list[OverrideRow]:
    """The schedule's overrides that end after that instant, the next one first."""
    return await tx.all(
        OverrideRow,
        f"""
        select {OVERRIDE} from overrides
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


async def update_override(
    tx: Tx,
    account_id: int,
    schedule_id: UUID,
    alias: str,
    user_id: UUID | None,
    starts_at: datetime,
    ends_at: datetime,
    rotation_ids: Sequence[UUID],
) -> None:
    """Write the override anew; among others it counts as old as it is."""
    await tx.execute(
        """
        update overrides
           set user_id = %(user_id)s, starts_at = %(starts_at)s, ends_at = %(ends_at)s,
               rotation_ids = %(rotation_ids)s::uuid[]
         where account_id = %(account_id)s and schedule_id = %(schedule_id)s and alias = %(alias)s
        """,
        account_id=account_id, schedule_id=schedule_id, alias=alias, user_id=user_id, starts_at=starts_at,
        ends_at=ends_at, rotation_ids=list(rotation_ids),
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
