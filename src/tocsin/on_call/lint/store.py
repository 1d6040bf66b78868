"""The SQL of lint: which team things belong to."""

from tocsin.db import Tx
from tocsin.on_call.lint.words import Places


async def places(tx: Tx, account_id: int) -> Places:
    """The team of each schedule and escalation that has one."""
    schedules = await tx.dicts(
        "select id, team_id from schedules where account_id = %(account_id)s and team_id is not null",
        account_id=account_id,
    )
    escalations = await tx.dicts(
        "select id, team_id from escalations where account_id = %(account_id)s and team_id is not null",
        account_id=account_id,
    )
    return Places(
        schedules={str(row["id"]): str(row["team_id"]) for row in schedules},
        escalations={str(row["id"]): str(row["team_id"]) for row in escalations},
    )
