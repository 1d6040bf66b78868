"""The SQL of the outbox: enqueue, claim, record. The engine role works here, over many accounts at once."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from tocsin import arrays
from tocsin.db import Tx
from tocsin.notifications.model import AlertSummary, AttemptResult, NewNotification, Notification, Receiver

NO_LEASE = timedelta(0)  # nobody claims: the engine does, when it commits

NOTIFICATION = """n.account_id, n.id, n.alert_id, n.user_id, n.contact_id, n.method, n.address, n.action_type,
                  n.reason, n.told_at, n.attempts"""


async def enqueue(
    tx: Tx,
    rows: Sequence[NewNotification],
    now: datetime,
    lease: timedelta,
    *,
    claim: bool = True,
    busy: Sequence[int] = (),
) -> list[Notification]:
    """Put `rows` into the outbox, each once.

    With `claim`, what is due already comes back leased to the caller, except of the accounts in `busy`.
    """
    if not rows:
        return []
    sql = f"""
        with fresh as (
          insert into notifications as n (account_id, key, alert_id, user_id, contact_id, method, address, action_type,
                                          reason, told_at, status, due_at, created_at)
          select i.account_id, i.key, i.alert_id, i.user_id, i.contact_id, i.method, i.address, i.action_type,
                 i.reason, i.told_at,
                 case when c.now then 'sending' else 'due' end,
                 case when c.now then %(leased_until)s else i.due_at end,
                 %(now)s
            from unnest(%(account_id)s::bigint[], %(key)s::text[], %(alert_id)s::text[], %(user_id)s::uuid[],
                        %(contact_id)s::uuid[], %(method)s::text[], %(address)s::text[], %(action_type)s::text[],
                        %(reason)s::jsonb[], %(told_at)s::timestamptz[], %(due_at)s::timestamptz[])
                 as i(account_id, key, alert_id, user_id, contact_id, method, address, action_type, reason, told_at,
                      due_at)
           cross join lateral (
             select %(claim)s and i.due_at <= %(now)s and i.account_id <> all (%(busy)s::bigint[]) as now) c
          on conflict do nothing
          returning {NOTIFICATION}, n.status
        )
        select account_id, id, alert_id, user_id, contact_id, method, address, action_type, reason, told_at, attempts
          from fresh where status = 'sending'
    """
    return await tx.all(
        Notification,
        sql,
        now=now,
        claim=claim,
        busy=list(busy),
        leased_until=now + lease,
        account_id=arrays.plain([row.account_id for row in rows]),
        key=arrays.texts([row.key for row in rows]),
        alert_id=arrays.texts([row.alert_id for row in rows]),
        user_id=arrays.plain([row.user_id for row in rows]),
        contact_id=arrays.plain([row.contact_id for row in rows]),
        method=arrays.texts([row.method for row in rows]),
        address=arrays.texts([row.address for row in rows]),
        action_type=arrays.texts([row.action_type for row in rows]),
        reason=arrays.jsons([row.reason for row in rows]),
        told_at=arrays.plain([row.told_at for row in rows]),
        due_at=arrays.plain([row.due_at for row in rows]),
    )


async def claim_due(
    tx: Tx, now: datetime, lease: timedelta, per_account: int, limit: int, busy: Sequence[int] = ()
) -> list[Notification]:
    """Lease up to `limit` due notifications, at most `per_account` of one account, oldest first; none of `busy` ones.

    The accounts that have something due share the limit, so that none waits until another's storm is over.
    A row whose lease ran out is due again: its worker died, and it may be sent twice rather than never.
    """
    sql = f"""
        with recursive accounts_due as (
          (select account_id from notifications where due_at is not null order by account_id limit 1)
          union all
          select (select n.account_id from notifications n
                   where n.due_at is not null and n.account_id > a.account_id order by n.account_id limit 1)
            from accounts_due a where a.account_id is not null
        ), ready as materialized (
          select a.account_id from accounts_due a
           where a.account_id <> all (%(busy)s::bigint[])
             and exists (select from notifications n where n.account_id = a.account_id and n.due_at <= %(now)s)
        ), claimed as (
          select d.account_id, d.id
            from ready a cross join lateral (
              select n.account_id, n.id, n.due_at from notifications n
               where n.account_id = a.account_id and n.due_at <= %(now)s
               order by n.due_at
               limit (select greatest(1, least(%(per_account)s, %(limit)s / count(*))) from ready)
                 for update skip locked) d
           order by d.due_at limit %(limit)s
        )
        update notifications n set status = 'sending', due_at = %(leased_until)s
          from claimed c where n.account_id = c.account_id and n.id = c.id
        returning {NOTIFICATION}
    """
    return await tx.all(
        Notification,
        sql,
        now=now,
        leased_until=now + lease,
        per_account=per_account,
        limit=limit,
        busy=list(busy),
    )


async def renew(tx: Tx, notifications: Sequence[Notification], leased_until: datetime) -> None:
    """Hold on to what is still being sent: a slow provider is not a dead worker."""
    await tx.execute(
        """
        update notifications n set due_at = %(leased_until)s
          from unnest(%(account_id)s::bigint[], %(id)s::bigint[]) as i(account_id, id)
         where n.account_id = i.account_id and n.id = i.id and n.status = 'sending'
        """,
        leased_until=leased_until,
        account_id=arrays.plain([n.account_id for n in notifications]),
        id=arrays.plain([n.id for n in notifications]),
    )


async def release(tx: Tx, notifications: Sequence[Notification], now: datetime) -> None:
    """Give leased rows back, due at once: a worker that stops leaves no lease behind."""
    await tx.execute(
        """
        update notifications n set status = case when n.attempts > 0 then 'retrying' else 'due' end, due_at = %(now)s
          from unnest(%(account_id)s::bigint[], %(id)s::bigint[]) as i(account_id, id)
         where n.account_id = i.account_id and n.id = i.id and n.status = 'sending'
        """,
        now=now,
        account_id=arrays.plain([n.account_id for n in notifications]),
        id=arrays.plain([n.id for n in notifications]),
    )


async def alert_summaries(tx: Tx, notifications: Sequence[Notification]) -> dict[tuple[int, str], AlertSummary]:
    """The alerts of these notifications, by account and id."""
    keys = {(n.account_id, n.alert_id) for n in notifications if n.alert_id is not None}
    if not keys:
        return {}
    rows = await tx.all(
        AlertSummary,
        """
        select a.account_id, a.id, a.tiny_id, a.alias, a.message, a.description, a.entity, a.source, a.priority,
               a.status, a.acknowledged, a.acknowledged_at, a.acknowledged_by, a.snoozed_until, a.owner, a.tags,
               a.details, a.count, a.created_at, a.updated_at
          from unnest(%(account_id)s::bigint[], %(id)s::text[]) as i(account_id, id)
          join alerts a on a.account_id = i.account_id and a.id = i.id
        """,
        account_id=arrays.plain([account_id for account_id, _ in keys]),
        id=arrays.texts([alert_id for _, alert_id in keys]),
    )
    return {(row.account_id, row.id): row for row in rows}


async def receivers(tx: Tx, notifications: Sequence[Notification]) -> dict[UUID, Receiver]:
    """The contacts of these notifications with their people, by contact id."""
    keys = {(n.account_id, n.contact_id) for n in notifications if n.contact_id is not None}
    rows = await tx.all(
        Receiver,
        """
        select c.account_id, c.id as contact_id, c.user_id, u.username, u.full_name, u.status as user_status,
               u.time_zone, u.locale, c.address, c.enabled, c.verified_at is not null as verified, c.secret,
               u.licence_kind, u.muted_until, u.quiet_hours
          from unnest(%(account_id)s::bigint[], %(id)s::uuid[]) as i(account_id, id)
          join contacts c on c.account_id = i.account_id and c.id = i.id
          join users u on u.account_id = c.account_id and u.id = c.user_id
        """,
        account_id=arrays.plain([account_id for account_id, _ in keys]),
        id=arrays.plain([contact_id for _, contact_id in keys]),
    )
    return {row.contact_id: row for row in rows}


async def record(tx: Tx, results: Sequence[AttemptResult]) -> None:
    """Write the attempts down and bring their notifications to what came of them, all in one statement."""
    await tx.execute(
        """
        with i as (
          select * from unnest(
            %(account_id)s::bigint[], %(id)s::bigint[], %(number)s::integer[], %(provider)s::text[],
            %(started_at)s::timestamptz[], %(ended_at)s::timestamptz[], %(outcome)s::text[], %(detail)s::text[],
            %(receipt)s::text[], %(status)s::text[], %(status_reason)s::text[], %(due_at)s::timestamptz[])
            as i(account_id, id, number, provider, started_at, ended_at, outcome, detail, receipt, status,
                 status_reason, due_at)
        ), written as (
          insert into attempts (account_id, notification_id, number, provider, started_at, ended_at, outcome, detail,
                                receipt)
          select account_id, id, number, provider, started_at, ended_at, outcome, detail, receipt from i
          on conflict do nothing
        )
        update notifications n
           set status = i.status, status_reason = i.status_reason, attempts = greatest(n.attempts, i.number),
               due_at = i.due_at, ended_at = case when i.due_at is null then i.ended_at end
          from i where n.account_id = i.account_id and n.id = i.id and n.status = 'sending'
        """,
        account_id=arrays.plain([r.notification.account_id for r in results]),
        id=arrays.plain([r.notification.id for r in results]),
        number=arrays.plain([r.number for r in results]),
        provider=arrays.texts([r.provider for r in results]),
        started_at=arrays.plain([r.started_at for r in results]),
        ended_at=arrays.plain([r.ended_at for r in results]),
        outcome=arrays.texts([r.outcome.value for r in results]),
        detail=arrays.texts([r.detail for r in results]),
        receipt=arrays.texts([r.receipt for r in results]),
        status=arrays.texts([r.status.value for r in results]),
        status_reason=arrays.texts([r.status_reason for r in results]),
        due_at=arrays.plain([r.due_at for r in results]),
    )


async def end_unsent(tx: Tx, ends: Sequence[tuple[Notification, str, str]], now: datetime) -> None:
    """End claimed notifications that are not worth sending any more, each as (notification, status, reason)."""
    await tx.execute(
        """
        update notifications n set status = i.status, status_reason = i.reason, due_at = null, ended_at = %(now)s
          from unnest(%(account_id)s::bigint[], %(id)s::bigint[], %(status)s::text[], %(reason)s::text[])
               as i(account_id, id, status, reason)
         where n.account_id = i.account_id and n.id = i.id and n.status = 'sending'
        """,
        now=now,
        account_id=arrays.plain([n.account_id for n, _, _ in ends]),
        id=arrays.plain([n.id for n, _, _ in ends]),
        status=arrays.texts([status for _, status, _ in ends]),
        reason=arrays.texts([reason for _, _, reason in ends]),
    )


async def cancel(
    tx: Tx, account_id: int, alert_id: str, action_types: Sequence[str], reason: str, now: datetime
) -> int:
    """End an alert's notifications of these kinds that nobody is sending right now; returns how many there were."""
    return await tx.execute(
        """
        update notifications
           set status = 'cancelled', status_reason = %(reason)s, due_at = null, ended_at = %(now)s
         where account_id = %(account_id)s and alert_id = %(alert_id)s and due_at is not null
           and status in ('due', 'retrying') and action_type = any(%(action_types)s)
        """,
        account_id=account_id, alert_id=alert_id, action_types=list(action_types), reason=reason, now=now,
    )  # fmt: skip


async def wake_engine(tx: Tx) -> None:
    """Tell the workers, once this commits, that a notification is due."""
    await tx.value("select pg_notify('tocsin_due', 'notifications')")


async def last_test_page_at(tx: Tx, account_id: int, contact_id: UUID) -> datetime | None:
    """When this contact was last sent a test page, or None."""
    at: datetime | None = await tx.value(
        """
        select max(created_at) from notifications
         where account_id = %(account_id)s and contact_id = %(contact_id)s and alert_id is null
        """,
        account_id=account_id,
        contact_id=contact_id,
    )
    return at


async def verify_answering(tx: Tx, notifications: Sequence[Notification], now: datetime) -> None:
    """A webhook that answered a test page is its owner's: it is verified."""
    await tx.execute(
        """
        update contacts c set verified_at = %(now)s
          from unnest(%(account_id)s::bigint[], %(id)s::uuid[]) as i(account_id, id)
         where c.account_id = i.account_id and c.id = i.id and c.method = 'webhook' and c.verified_at is null
        """,
        now=now,
        account_id=arrays.plain([n.account_id for n in notifications]),
        id=arrays.plain([n.contact_id for n in notifications]),
    )


async def earliest_due(tx: Tx) -> datetime | None:
    """When the next notification is due, or None."""
    due: datetime | None = await tx.value("select min(due_at) from notifications where due_at is not null")
    return due
