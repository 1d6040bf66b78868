"""The SQL of runs: start, claim, save. The engine role works here, over many accounts at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tocsin import arrays
from tocsin.alerts.facts import AlertContent, AlertFacts, Responder
from tocsin.db import Tx
from tocsin.escalations.advance import Run
from tocsin.escalations.escalation import Recipient, RecipientKind, RunState
from tocsin.escalations.reason import as_json, from_json


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run as it is stored."""

    account_id: int
    id: int
    alert_id: str
    responder_type: str
    responder_id: UUID
    escalation_id: UUID | None
    path: list[dict[str, Any]]
    started_at: datetime
    round: int
    round_started_at: datetime | None
    done_through: datetime | None
    escalated: bool

    def run(self) -> Run:
        return Run(
            account_id=self.account_id,
            id=self.id,
            alert_id=self.alert_id,
            responder=Recipient(RecipientKind(self.responder_type), str(self.responder_id)),
            escalation_id=str(self.escalation_id) if self.escalation_id else None,
            path=from_json(self.path),
            started_at=self.started_at,
            state=RunState(self.round, self.round_started_at or self.started_at, self.done_through),
            escalated=self.escalated,
        )


async def claim_due(tx: Tx, now: datetime, per_account: int, limit: int) -> list[RunRow]:
    """Lock up to `limit` due runs until the transaction ends, at most `per_account` of one account, oldest first.

    The accounts that have something due share the limit, so that none waits until another's storm is over.
    Another worker skips them; a worker that dies lets go of them with its connection. All runs of an alert are one
    worker's at a time, for what one of them does (taking an acknowledgement back) decides what the others do.
    """
    return await tx.all(
        RunRow,
        """
        with recursive accounts_due as (
          (select account_id from escalation_runs where due_at is not null order by account_id limit 1)
          union all
          select (select r.account_id from escalation_runs r
                   where r.due_at is not null and r.account_id > a.account_id order by r.account_id limit 1)
            from accounts_due a where a.account_id is not null
        ), ready as materialized (
          select a.account_id from accounts_due a
           where exists (select from escalation_runs r where r.account_id = a.account_id and r.due_at <= %(now)s)
        ), locked as materialized (
          select d.*
            from ready a cross join lateral (
              select * from escalation_runs r
               where r.account_id = a.account_id and r.due_at <= %(now)s
               order by r.due_at
               limit (select greatest(1, least(%(per_account)s, %(limit)s / count(*))) from ready)
                 for update skip locked) d
           order by d.due_at limit %(limit)s
        )
        select account_id, id, alert_id, responder_type, responder_id, escalation_id, path, started_at, round,
               round_started_at, done_through, escalated
          from locked
         where pg_try_advisory_xact_lock(hashtextextended(account_id || ':' || alert_id, 0))
        """,
        now=now,
        per_account=per_account,
        limit=limit,
    )


async def save_runs(tx: Tx, runs: Sequence[tuple[Run, datetime | None]]) -> None:
    """Write down how far stored runs have come, and when they are due again (None: they are over)."""
    await tx.execute(
        """
        update escalation_runs r
           set escalation_id = i.escalation_id, path = i.path, started_at = i.started_at, round = i.round,
               round_started_at = i.round_started_at, done_through = i.done_through, due_at = i.due_at,
               escalated = false
          from unnest(%(account_id)s::bigint[], %(id)s::bigint[], %(escalation_id)s::uuid[], %(path)s::jsonb[],
                      %(started_at)s::timestamptz[], %(round)s::integer[], %(round_started_at)s::timestamptz[],
                      %(done_through)s::timestamptz[], %(due_at)s::timestamptz[])
               as i(account_id, id, escalation_id, path, started_at, round, round_started_at, done_through, due_at)
         where r.account_id = i.account_id and r.id = i.id
        """,
        **_columns(runs),
        id=arrays.plain([run.id for run, _ in runs]),
    )


async def insert_runs(tx: Tx, runs: Sequence[tuple[Run, datetime | None]]) -> None:
    """Store runs that others have started."""
    await tx.execute(
        """
        insert into escalation_runs (account_id, alert_id, responder_type, responder_id, escalation_id, path,
                                     started_at, round, round_started_at, done_through, due_at)
        select * from unnest(
          %(account_id)s::bigint[], %(alert_id)s::text[], %(responder_type)s::text[], %(responder_id)s::uuid[],
          %(escalation_id)s::uuid[], %(path)s::jsonb[], %(started_at)s::timestamptz[], %(round)s::integer[],
          %(round_started_at)s::timestamptz[], %(done_through)s::timestamptz[], %(due_at)s::timestamptz[])
        """,
        **_columns(runs),
        alert_id=arrays.texts([run.alert_id for run, _ in runs]),
        responder_type=arrays.texts([run.responder.kind.value for run, _ in runs]),
        responder_id=arrays.plain([UUID(run.responder.id) for run, _ in runs]),
    )


def _columns(runs: Sequence[tuple[Run, datetime | None]]) -> dict[str, str]:
    return {
        "account_id": arrays.plain([run.account_id for run, _ in runs]),
        "escalation_id": arrays.plain([UUID(run.escalation_id) if run.escalation_id else None for run, _ in runs]),
        "path": arrays.jsons([as_json(run.path) for run, _ in runs]),
        "started_at": arrays.plain([run.started_at for run, _ in runs]),
        "round": arrays.plain([run.state.round for run, _ in runs]),
        "round_started_at": arrays.plain([run.state.round_started_at for run, _ in runs]),
        "done_through": arrays.plain([run.state.done_through for run, _ in runs]),
        "due_at": arrays.plain([due_at for _, due_at in runs]),
    }


async def put_off(tx: Tx, run: RunRow, error: str, until: datetime) -> None:
    """A run that raised is tried again later, so that it does not stop the others."""
    await tx.execute(
        """
        update escalation_runs set due_at = %(until)s, error = %(error)s
         where account_id = %(account_id)s and id = %(id)s
        """,
        until=until, error=error, account_id=run.account_id, id=run.id,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Situation:
    """What the decision about an alert's runs starts from."""

    facts: AlertFacts
    running: frozenset[str]  # the escalations that run for it: all that are not over
    told: frozenset[str]  # the users who have a notification about it already


async def situations(tx: Tx, runs: Sequence[RunRow]) -> dict[tuple[int, str], Situation]:
    """How things stand with the alerts of these runs, by account and alert; one that is gone is closed."""
    rows = await tx.dicts(
        """
        select i.account_id, i.id, coalesce(a.status, 'deleted') as status,
               coalesce(a.acknowledged, false) as acknowledged, a.acknowledged_at, a.snoozed_until,
               array(select r.escalation_id::text from escalation_runs r
                      where r.account_id = i.account_id and r.alert_id = i.id
                        and r.escalation_id is not null and r.due_at is not null) as running,
               array(select n.user_id::text from notifications n
                      where n.account_id = i.account_id and n.alert_id = i.id
                        and n.action_type in ('create-alert', 'renotified-alert')) as told
          from (select distinct * from unnest(%(account_id)s::bigint[], %(alert_id)s::text[])) as i(account_id, id)
          left join alerts a on a.account_id = i.account_id and a.id = i.id
        """,
        account_id=arrays.plain([run.account_id for run in runs]),
        alert_id=arrays.texts([run.alert_id for run in runs]),
    )
    return {
        (row["account_id"], row["id"]): Situation(
            AlertFacts(
                closed=row["status"] != "open",
                acknowledged=row["acknowledged"],
                last_acknowledged_at=row["acknowledged_at"],
                snoozed_until=row["snoozed_until"],
            ),
            frozenset(row["running"]),
            frozenset(row["told"]),
        )
        for row in rows
    }


async def contents(tx: Tx, runs: Sequence[RunRow]) -> dict[tuple[int, str], AlertContent]:
    """What the alerts of these runs say, by account and id; one that is gone is left out."""
    rows = await tx.dicts(
        """
        select a.account_id, a.id, a.message, a.alias, a.description, a.source, a.entity, a.priority, a.tags, a.actions,
               a.details, a.responders
          from (select distinct * from unnest(%(account_id)s::bigint[], %(alert_id)s::text[])) as i(account_id, id)
          join alerts a on a.account_id = i.account_id and a.id = i.id
        """,
        account_id=arrays.plain([run.account_id for run in runs]),
        alert_id=arrays.texts([run.alert_id for run in runs]),
    )
    return {
        (row["account_id"], row["id"]): AlertContent(
            message=row["message"],
            alias=row["alias"],
            description=row["description"],
            source=row["source"],
            entity=row["entity"],
            priority=row["priority"],
            tags=tuple(row["tags"]),
            actions=tuple(row["actions"]),
            details=row["details"],
            responders=tuple(Responder(it["type"], it["id"]) for it in row["responders"]),
        )
        for row in rows
    }


async def unreached(tx: Tx, alerts: Mapping[tuple[int, str], datetime]) -> list[tuple[int, str]]:
    """Those of these open alerts, not acknowledged, about which nothing is under way or has arrived.

    Each comes with the instant from which on that counts: what reached somebody in an earlier round does not.
    """
    rows = await tx.dicts(
        """
        select a.account_id, a.id
          from unnest(%(account_id)s::bigint[], %(id)s::text[], %(told_at)s::timestamptz[])
               as i(account_id, id, told_at)
          join alerts a on a.account_id = i.account_id and a.id = i.id and a.status = 'open' and not a.acknowledged
         where not exists (
           select from notifications n
            where n.account_id = a.account_id and n.alert_id = a.id and n.told_at >= i.told_at
              and n.status in ('due', 'sending', 'retrying', 'accepted', 'delivered'))
        """,
        account_id=arrays.plain([account_id for account_id, _ in alerts]),
        id=arrays.texts([alert_id for _, alert_id in alerts]),
        told_at=arrays.plain(alerts.values()),
    )
    return [(row["account_id"], row["id"]) for row in rows]


async def list_kept(tx: Tx, alerts: Mapping[tuple[int, str], datetime], reason: str) -> dict[tuple[int, str], set[str]]:
    """Addresses whose mails about these alerts stayed here for `reason`, since the instant that each comes with."""
    rows = await tx.dicts(
        """
        select n.account_id, n.alert_id, n.address
          from unnest(%(account_id)s::bigint[], %(id)s::text[], %(told_at)s::timestamptz[])
               as i(account_id, id, told_at)
          join notifications n on n.account_id = i.account_id and n.alert_id = i.id and n.told_at >= i.told_at
         where n.method = 'email' and n.status = 'failed' and n.status_reason = %(reason)s
        """,
        account_id=arrays.plain([account_id for account_id, _ in alerts]),
        id=arrays.texts([alert_id for _, alert_id in alerts]),
        told_at=arrays.plain(alerts.values()),
        reason=reason,
    )
    kept: dict[tuple[int, str], set[str]] = {}
    for row in rows:
        kept.setdefault((row["account_id"], row["alert_id"]), set()).add(row["address"])
    return kept


async def unacknowledge(tx: Tx, alerts: Sequence[tuple[int, str]], at: datetime) -> None:
    """Take back acknowledgements, as a repeat may; when somebody acknowledged stays known."""
    await tx.execute(
        """
        update alerts a set acknowledged = false, updated_at = %(at)s
          from unnest(%(account_id)s::bigint[], %(id)s::text[]) as i(account_id, id)
         where a.account_id = i.account_id and a.id = i.id and a.status = 'open' and a.acknowledged
        """,
        at=at,
        account_id=arrays.plain([account_id for account_id, _ in alerts]),
        id=arrays.texts([alert_id for _, alert_id in alerts]),
    )


async def earliest_due(tx: Tx) -> datetime | None:
    """When the next run is due, or None."""
    due: datetime | None = await tx.value("select min(due_at) from escalation_runs where due_at is not null")
    return due
