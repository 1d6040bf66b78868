"""The SQL of a rehearsal: on its scratch server, what a scenario sets and what came of it; live, what it may read."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection, sql
from psycopg.rows import scalar_row
from psycopg.types.json import Jsonb

from tocsin.db import Tx


async def empty_every_table(owner: AsyncConnection[Any]) -> None:
    """Forget everything and count from 1 again, on a connection that owns the tables of a scratch server.

    The price book that a server starts with stays: what is published is never changed, here neither.
    """
    async with owner.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(
            "select tablename from pg_tables where schemaname = 'public' and tableowner = 'tocsin_owner' "
            "and tablename not like '%yoyo%' and tablename <> 'price_books' order by 1"
        )
        tables = await cursor.fetchall()
        names = sql.SQL(", ").join(sql.Identifier(name) for name in tables)
        await cursor.execute(sql.SQL("truncate {} restart identity cascade").format(names))
        await cursor.execute("alter table price_books disable trigger user")
        await cursor.execute("delete from price_books where version > 1")
        await cursor.execute("alter table price_books enable trigger user")


async def block_user(tx: Tx, account_id: int, user_id: UUID) -> None:
    await tx.execute(
        "update users set status = 'suspended' where account_id = %(account_id)s and id = %(user_id)s",
        account_id=account_id,
        user_id=user_id,
    )


async def set_silence(
    tx: Tx, account_id: int, user_id: UUID, muted_until: datetime | None, quiet_hours: dict[str, Any] | None
) -> None:
    await tx.execute(
        """
        update users set muted_until = %(muted_until)s, quiet_hours = %(quiet_hours)s
         where account_id = %(account_id)s and id = %(user_id)s
        """,
        account_id=account_id,
        user_id=user_id,
        muted_until=muted_until,
        quiet_hours=Jsonb(quiet_hours) if quiet_hours is not None else None,
    )


async def set_schedule(
    tx: Tx, account_id: int, schedule_id: UUID, *, time_zone: str, enabled: bool, team_id: UUID | None
) -> None:
    """An existing schedule as the scenario wants it, without rotations."""
    await tx.execute(
        "delete from rotations where account_id = %(account_id)s and schedule_id = %(schedule_id)s",
        account_id=account_id,
        schedule_id=schedule_id,
    )
    await tx.execute(
        """
        update schedules set time_zone = %(time_zone)s, enabled = %(enabled)s,
               team_id = coalesce(%(team_id)s, team_id)
         where account_id = %(account_id)s and id = %(schedule_id)s
        """,
        account_id=account_id, schedule_id=schedule_id, time_zone=time_zone, enabled=enabled, team_id=team_id,
    )  # fmt: skip


async def set_escalation(
    tx: Tx,
    account_id: int,
    escalation_id: UUID,
    *,
    team_id: UUID | None,
    wait: timedelta,
    count: int,
    resets: bool,
    closes: bool,
) -> None:
    """How an existing escalation repeats, and whose it is if it is to be another team's."""
    await tx.execute(
        """
        update escalations set repeat_wait = %(wait)s, repeat_count = %(count)s, reset_recipient_states = %(resets)s,
               close_alert_after_all = %(closes)s, team_id = coalesce(%(team_id)s, team_id)
         where account_id = %(account_id)s and id = %(escalation_id)s
        """,
        account_id=account_id, escalation_id=escalation_id, team_id=team_id, wait=wait, count=count, resets=resets,
        closes=closes,
    )  # fmt: skip


async def set_default_route(
    tx: Tx, account_id: int, team_id: UUID, *, notify_type: str, notify_id: UUID | None
) -> None:
    """Where the team's default routing rule leads."""
    await tx.execute(
        """
        update routing_rules set notify_type = %(notify_type)s, notify_id = %(notify_id)s
         where account_id = %(account_id)s and team_id = %(team_id)s and is_default
        """,
        account_id=account_id, team_id=team_id, notify_type=notify_type, notify_id=notify_id,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of some alert's log, with what names the alert."""

    id: int
    alert_id: str
    tiny_id: int
    alias: str
    at: datetime
    event: str
    owner: str
    data: dict[str, Any]


async def log_after(tx: Tx, account_id: int, last: int) -> list[LogLine]:
    """The account's log lines past the id `last`, in the order in which they were written."""
    return await tx.all(
        LogLine,
        """
        select l.id, l.alert_id, a.tiny_id, a.alias, l.at, l.event, l.owner, l.data
          from alert_log l join alerts a on a.account_id = l.account_id and a.id = l.alert_id
         where l.account_id = %(account_id)s and l.id > %(last)s order by l.id
        """,
        account_id=account_id,
        last=last,
    )


@dataclass(frozen=True, slots=True)
class MailLine:
    """A mail that is not about an alert."""

    id: int
    created_at: datetime
    to_address: str
    subject: str


async def mails_after(tx: Tx, account_id: int, last: int) -> list[MailLine]:
    """The account's mails past the id `last`."""
    return await tx.all(
        MailLine,
        """
        select id, created_at, to_address, subject from mails
         where account_id = %(account_id)s and id > %(last)s order by id
        """,
        account_id=account_id,
        last=last,
    )


async def index_log(owner: AsyncConnection[Any]) -> None:
    """Let `log_after` find its lines at once; only a scratch server reads the log in that order."""
    await owner.execute("create index if not exists alert_log_in_order on alert_log (account_id, id)")


@dataclass(frozen=True, slots=True)
class Unsent:
    """A notification that no attempt has brought to its end."""

    id: int
    alert_id: str
    user_id: UUID
    method: str
    address: str
    action_type: str
    reason: dict[str, Any]
    told_at: datetime
    status: str
    status_reason: str
    due_at: datetime | None
    ended_at: datetime | None


async def list_unsent(tx: Tx, account_id: int) -> list[Unsent]:
    """Cancelled notifications, and those that are still open."""
    return await tx.all(
        Unsent,
        """
        select id, alert_id, user_id, method, address, action_type, reason, told_at, status, status_reason, due_at,
               ended_at
          from notifications
         where account_id = %(account_id)s and (due_at is not null or status = 'cancelled') and alert_id is not null
         order by id
        """,
        account_id=account_id,
    )


async def applied_migrations(tx: Tx) -> set[str]:
    return set(await tx.values("select migration_id from _yoyo_migration"))


async def list_accounts(tx: Tx) -> list[tuple[int, str]]:
    """The id and name of every account."""
    rows = await tx.dicts("select id, name from accounts where deleted_at is null order by id")
    return [(row["id"], row["name"]) for row in rows]


async def read_rows(
    tx: Tx, table: str, columns: Sequence[str], account_column: str, account_id: int
) -> list[dict[str, Any]]:
    """One account's rows of a table, by these columns and in their order."""
    names = ", ".join(columns)
    return await tx.dicts(
        f"select {names} from {table} where {account_column} = %(account_id)s order by {names}", account_id=account_id
    )


async def write_rows(
    tx: Tx, table: str, columns: Sequence[str], json: Collection[str], rows: Sequence[Mapping[str, Any]]
) -> None:
    """The same rows on the scratch server, their ids included; the columns of `json` hold JSON."""
    values = ", ".join(f"%({column})s" for column in columns)
    await tx.execute_many(
        f"insert into {table} ({', '.join(columns)}) overriding system value values ({values})",
        [{name: Jsonb(value) if name in json else value for name, value in row.items()} for row in rows],
    )


async def insert_counter(tx: Tx, account_id: int) -> None:
    """The account's alerts are counted from 1."""
    await tx.execute(
        "insert into alert_counters (account_id, last_tiny_id) values (%(account_id)s, 0)", account_id=account_id
    )
