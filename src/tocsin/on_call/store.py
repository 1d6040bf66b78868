"""The SQL of who needs a schedule, and of who wants silence."""

from typing import Any
from uuid import UUID

from tocsin.db import Tx


async def needing(tx: Tx, account_id: int, schedule_id: UUID) -> list[str]:
    """What refers to the schedule: "escalation Web_escalation", "routing rules of team Web"."""
    return await tx.values(
        """
        select distinct 'escalation ' || e.name
          from escalation_rules r join escalations e on e.account_id = r.account_id and e.id = r.escalation_id
         where r.account_id = %(account_id)s and r.recipient_type = 'schedule' and r.recipient_id = %(schedule_id)s
        union
        select 'routing rules of team ' || t.name
          from routing_rules r join teams t on t.account_id = r.account_id and t.id = r.team_id
         where r.account_id = %(account_id)s and r.notify_type = 'schedule' and r.notify_id = %(schedule_id)s
        order by 1
        """,
        account_id=account_id,
        schedule_id=schedule_id,
    )


async def silences(tx: Tx, account_id: int) -> list[dict[str, Any]]:
    """Who asked for silence: id, time zone, until when, and at which hours."""
    return await tx.dicts(
        """
        select id, time_zone, muted_until, quiet_hours from users
         where account_id = %(account_id)s and (muted_until is not null or quiet_hours is not null)
        """,
        account_id=account_id,
    )
