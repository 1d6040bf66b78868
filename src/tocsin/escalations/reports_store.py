"""The SQL of reports: who listens."""

from dataclasses import dataclass
from uuid import UUID

from tocsin.db import Tx
from tocsin.notifications.plan import CALLS_TO_ACT

CALLS = [kind.value for kind in CALLS_TO_ACT]


@dataclass(frozen=True, slots=True)
class Listener:
    """Somebody with an enabled rule for what happened."""

    user_id: UUID
    time_zone: str


async def listeners(
    tx: Tx, account_id: int, alert_id: str, action_type: str, by: str, to: str | None
) -> list[Listener]:
    """Who has a rule of that kind that is on: of those who were told about the alert, or `to` alone; never `by`."""
    return await tx.all(
        Listener,
        """
        select u.id as user_id, u.time_zone from users u
         where u.account_id = %(account_id)s and u.username <> %(by)s and u.status <> 'suspended'
           and u.inactive_since is null and u.licence_kind = 'responder'
           and exists (
             select from notification_rules r
              where r.account_id = u.account_id and r.user_id = u.id and r.action_type = %(action_type)s and r.enabled
                and r.inactive_since is null)
           and case when %(to)s::text is not null then u.username = %(to)s
                    else exists (
                      select from notifications n
                       where n.account_id = u.account_id and n.alert_id = %(alert_id)s and n.user_id = u.id
                         and n.action_type = any(%(calls)s)) end
         order by u.username
        """,
        account_id=account_id,
        alert_id=alert_id,
        action_type=action_type,
        by=by,
        to=to,
        calls=CALLS,
    )
