"""The SQL of what a person's action does to the runs of one alert, and whom it has reached."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from tocsin.db import Tx


@dataclass(frozen=True, slots=True)
class Recipient:
    """A person who was told about an alert. `open` and `reached` count that person's notifications."""

    user_id: UUID
    username: str
    open: int
    reached: int
    created_at: datetime
    updated_at: datetime


async def start_runs(
    tx: Tx, account_id: int, alert_id: str, responders: Sequence[tuple[str, str]], at: datetime
) -> None:
    """Begin to tell these responders, each as (type, id), and wake the engine when this commits."""
    if not responders:
        return
    await tx.execute(
        """
        insert into escalation_runs (account_id, alert_id, responder_type, responder_id, started_at, due_at)
        select %(account_id)s, %(alert_id)s, type, id, %(at)s, %(at)s
          from unnest(%(types)s::text[], %(ids)s::uuid[]) with ordinality as i(type, id, position)
         order by position
        """,
        account_id=account_id,
        alert_id=alert_id,
        at=at,
        types=[kind for kind, _ in responders],
        ids=[UUID(ident) for _, ident in responders],
    )
    await wake_engine(tx)


async def wake_engine(tx: Tx, kind: str = "escalations") -> None:
    """Tell the workers, once this commits, that rows of this kind are due."""
    await tx.value("select pg_notify('tocsin_due', %(kind)s)", kind=kind)


async def running_responders(tx: Tx, account_id: int, alert_id: str) -> set[tuple[str, str]]:
    """The responders, each as (type, id), that have a run which is not over."""
    rows = await tx.dicts(
        """
        select distinct responder_type, responder_id::text from escalation_runs
         where account_id = %(account_id)s and alert_id = %(alert_id)s and due_at is not null
        """,
        account_id=account_id,
        alert_id=alert_id,
    )
    return {(row["responder_type"], row["responder_id"]) for row in rows}


async def escalate_run(tx: Tx, account_id: int, alert_id: str, escalation_id: UUID, at: datetime) -> bool:
    """Have the escalation's last run take its next step at `at`, over or not; False where it has never run."""
    escalated = await tx.execute(
        """
        update escalation_runs set escalated = true, due_at = %(at)s
         where account_id = %(account_id)s and id = (
           select id from escalation_runs
            where account_id = %(account_id)s and alert_id = %(alert_id)s and escalation_id = %(escalation_id)s
            order by due_at is null, id desc limit 1 for update)
        """,
        account_id=account_id, alert_id=alert_id, escalation_id=escalation_id, at=at,
    )  # fmt: skip
    if escalated:
        await wake_engine(tx)
    return escalated > 0


async def start_escalated_run(
    tx: Tx, account_id: int, alert_id: str, escalation_id: UUID, path: Sequence[Mapping[str, Any]], at: datetime
) -> None:
    """Begin the escalation with its first step at `at`, whatever that step's delay."""
    await tx.execute(
        """
        insert into escalation_runs (account_id, alert_id, responder_type, responder_id, escalation_id, path,
                                     started_at, round_started_at, escalated, due_at)
        values (%(account_id)s, %(alert_id)s, 'escalation', %(escalation_id)s, %(escalation_id)s, %(path)s,
                %(at)s, %(at)s, true, %(at)s)
        """,
        account_id=account_id, alert_id=alert_id, escalation_id=escalation_id, path=Jsonb(list(path)), at=at,
    )  # fmt: skip
    await wake_engine(tx)


async def end_runs(tx: Tx, account_id: int, alert_id: str) -> None:
    """Nobody more is told about the alert."""
    await tx.execute(
        """
        update escalation_runs set due_at = null, escalated = false
         where account_id = %(account_id)s and alert_id = %(alert_id)s and due_at is not null
        """,
        account_id=account_id,
        alert_id=alert_id,
    )


async def list_recipients(tx: Tx, account_id: int, alert_id: str) -> list[Recipient]:
    """Who has been told about the alert, or is about to be, in the order in which they were."""
    return await tx.all(
        Recipient,
        """
        select n.user_id, u.username,
               count(*) filter (where n.due_at is not null) as open,
               count(*) filter (where n.status in ('delivered', 'accepted')) as reached,
               min(n.created_at) as created_at,
               max(coalesce(n.ended_at, n.created_at)) as updated_at
          from notifications n join users u on u.account_id = n.account_id and u.id = n.user_id
         where n.account_id = %(account_id)s and n.alert_id = %(alert_id)s
         group by n.user_id, u.username order by min(n.created_at), u.username
        """,
        account_id=account_id,
        alert_id=alert_id,
    )
