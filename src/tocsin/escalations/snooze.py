"""The end of a snooze: the alert is not acknowledged any more, and its responders are told again from the start."""

from datetime import datetime

from tocsin.db import Db, retried

WAKE = """
    with due as (
      select account_id, id from alerts
       where snoozed_until is not null and snoozed_until <= %(now)s
       order by snoozed_until limit %(limit)s for update skip locked
    ), woken as (
      update alerts a set snoozed_until = null, acknowledged = false, updated_at = %(now)s
        from due d where a.account_id = d.account_id and a.id = d.id
      returning a.account_id, a.id, a.responders, a.status
    ), over as (
      update escalation_runs r set due_at = null
        from woken w where r.account_id = w.account_id and r.alert_id = w.id and r.due_at is not null
    ), told_again as (
      insert into escalation_runs (account_id, alert_id, responder_type, responder_id, started_at, due_at)
      select w.account_id, w.id, responder ->> 'type', (responder ->> 'id')::uuid, %(now)s, %(now)s
        from woken w cross join jsonb_array_elements(w.responders) as responder
       where w.status = 'open'
    ), logged as (
      insert into alert_log (account_id, alert_id, at, event, owner)
      select account_id, id, %(now)s, 'snooze_ended', 'System' from woken where status = 'open'
    )
    select count(pg_notify('tocsin_alerts', account_id || ':' || id)) from woken
"""


@retried
async def wake_due(db: Db, now: datetime, limit: int = 200) -> int:
    """Wake the alerts whose snooze is over at `now`; how many. Any number of workers may run this."""
    async with db.transaction() as tx:
        woken: int = await tx.value(WAKE, now=now, limit=limit)
    return woken


async def earliest_due(db: Db) -> datetime | None:
    """When the next snooze ends, or None."""
    async with db.statements() as tx:
        due: datetime | None = await tx.value("select min(snoozed_until) from alerts where snoozed_until is not null")
    return due
