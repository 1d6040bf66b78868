"""Alerts, runs and notifications as rows, for tests of what comes after an alert was made."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb
from tests.support.makers import START, Tenant

from tocsin.accounts.model import User
from tocsin.alerts import store
from tocsin.alerts.model import Alert, AlertStatus
from tocsin.db import Databases

OPEN_ALERT = Alert(
    account_id=0,
    id="",
    tiny_id=0,
    alias="",
    message="disk full",
    description="",
    entity="",
    source="10.0.0.8",
    priority=3,
    status=AlertStatus.OPEN,
    acknowledged=False,
    seen=False,
    acknowledged_at=None,
    acknowledged_by="",
    closed_at=None,
    closed_by="",
    snoozed_until=None,
    owner="",
    owner_team_id=None,
    integration_id=None,
    tags=[],
    actions=[],
    details={},
    responders=[],
    visible_to=[],
    count=1,
    created_at=START,
    updated_at=START,
    last_occurred_at=START,
)


def make_alert(**changes: Any) -> Alert:
    """An open alert with nothing special about it, or with what you name."""
    return replace(OPEN_ALERT, id=f"{uuid4()}-{int(START.timestamp() * 1000)}", alias=f"alias-{uuid4()}", **changes)


async def add_alert(databases: Databases, tenant: Tenant, **changes: Any) -> Alert:
    """An alert in the tenant's account, stored as a create would store it."""
    async with databases.engine.transaction() as tx:
        tiny_id = await tx.value(
            """
            update alert_counters set last_tiny_id = last_tiny_id + 1
             where account_id = %(account_id)s returning last_tiny_id
            """,
            account_id=tenant.account_id,
        )
        fields = {
            "account_id": tenant.account_id,
            "tiny_id": tiny_id,
            "integration_id": tenant.integration.id,
        } | changes
        alert = replace(make_alert(), **fields)
        columns = [name.strip() for name in store.ALERT.split(",")]
        row = {name: getattr(alert, name) for name in columns} | {
            "status": alert.status.value,
            "details": Jsonb(alert.details),
            "responders": Jsonb(alert.responders),
            "visible_to": Jsonb(alert.visible_to),
        }
        await tx.execute(
            f"insert into alerts ({store.ALERT}) values ({', '.join(f'%({name})s' for name in columns)})", **row
        )
    return alert


async def add_run(databases: Databases, alert: Alert, kind: str, ident: UUID, **columns: Any) -> int:
    """A run of this responder, due at START unless said otherwise; returns its id."""
    values = {"due_at": START, "started_at": START, "done_through": None, "escalation_id": None} | columns
    async with databases.engine.transaction() as tx:
        run_id: int = await tx.value(
            """
            insert into escalation_runs (account_id, alert_id, responder_type, responder_id, escalation_id, started_at,
                                         done_through, due_at)
            values (%(account_id)s, %(alert_id)s, %(kind)s, %(ident)s, %(escalation_id)s, %(started_at)s,
                    %(done_through)s, %(due_at)s)
            returning id
            """,
            account_id=alert.account_id, alert_id=alert.id, kind=kind, ident=ident, **values,
        )  # fmt: skip
    return run_id


async def runs_of(databases: Databases, alert: Alert) -> list[dict[str, Any]]:
    """The runs of an alert, oldest first."""
    async with databases.engine.transaction() as tx:
        return await tx.dicts(
            """
            select id, responder_type, responder_id, escalation_id, started_at, done_through, due_at
              from escalation_runs where account_id = %(account_id)s and alert_id = %(alert_id)s order by id
            """,
            account_id=alert.account_id,
            alert_id=alert.id,
        )


async def add_notification(
    databases: Databases,
    alert: Alert,
    user: User,
    status: str = "due",
    *,
    action_type: str = "create-alert",
    at: datetime = START,
) -> int:
    """A notification of this user about the alert; returns its id."""
    is_open = status in {"due", "sending", "retrying"}
    async with databases.engine.transaction() as tx:
        notification_id: int = await tx.value(
            """
            insert into notifications (account_id, key, alert_id, user_id, method, address, action_type, reason,
                                       told_at, status, due_at, created_at, ended_at)
            values (%(account_id)s, %(key)s, %(alert_id)s, %(user_id)s, 'email', %(address)s, %(action_type)s, '{}',
                    %(at)s, %(status)s, %(due_at)s, %(at)s, %(ended_at)s)
            returning id
            """,
            account_id=alert.account_id, key=str(uuid4()), alert_id=alert.id, user_id=user.id, address=user.username,
            action_type=action_type, at=at, status=status, due_at=at + timedelta(hours=1) if is_open else None,
            ended_at=None if is_open else at,
        )  # fmt: skip
    return notification_id


async def notifications_of(databases: Databases, alert: Alert) -> dict[int, tuple[str, str]]:
    """Each notification of the alert: its status and the reason for it, by id."""
    async with databases.engine.transaction() as tx:
        rows = await tx.dicts(
            """
            select id, status, status_reason from notifications
             where account_id = %(account_id)s and alert_id = %(alert_id)s
            """,
            account_id=alert.account_id,
            alert_id=alert.id,
        )
    return {row["id"]: (row["status"], row["status_reason"]) for row in rows}


async def add_escalation(databases: Databases, tenant: Tenant, name: str = "Web_escalation") -> UUID:
    """An escalation without rules; returns its id."""
    return await _add_named(databases, tenant, "escalations", name)


async def add_schedule(databases: Databases, tenant: Tenant, name: str = "Web_schedule") -> UUID:
    """A schedule without rotations; returns its id."""
    return await _add_named(databases, tenant, "schedules", name, ", time_zone", ", 'Europe/Warsaw'")


async def _add_named(
    databases: Databases, tenant: Tenant, table: str, name: str, column: str = "", value: str = ""
) -> UUID:
    ident = uuid4()
    async with databases.engine.transaction() as tx:
        await tx.execute(
            f"""
            insert into {table} (account_id, id, name, created_at{column})
            values (%(account_id)s, %(id)s, %(name)s, %(at)s{value})
            """,
            account_id=tenant.account_id,
            id=ident,
            name=name,
            at=START,
        )
    return ident
