"""The SQL of schedules: rotations, overrides."""

from collections.abc import Sequence
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
