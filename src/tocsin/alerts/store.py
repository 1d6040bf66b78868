"""The SQL of alerts: find, lock, save; their log, notes and requests. A deleted alert is never found."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from psycopg.types.json import Jsonb

from tocsin import arrays
from tocsin.alerts.model import Alert, IdentifierType, LogEntry, Note, RequestResult
from tocsin.db import Tx

T = TypeVar("T")
NAMED_CHANGES = 20  # of one account at once; more are not worth naming

ALERT = """account_id, id, tiny_id, alias, message, description, entity, source, priority, status, acknowledged, seen,
           acknowledged_at, acknowledged_by, closed_at, closed_by, snoozed_until, owner, owner_team_id, integration_id,
           tags, actions, details, responders, visible_to, count, created_at, updated_at, last_occurred_at"""

# An alias is looked up among open alerts only. An id may also be that of the request that created the alert, for some
# clients keep that one. Source: reference, alerts (dedup and lifecycle)
_BY = {
    "id": "id = %(identifier)s",
    "tiny": "tiny_id = %(identifier)s",
    "alias": "alias = %(identifier)s and status = 'open'",
    "request": """id = (select r.alert_id from alert_requests r where r.account_id = %(account_id)s
                         and r.id = %(identifier)s and r.action = 'Create' and r.success)""",
}


async def find(tx: Tx, account_id: int, identifier: str, identifier_type: IdentifierType) -> Alert | None:
    """The alert, or None."""
    return await _find(tx, account_id, identifier, identifier_type, "")


async def lock(tx: Tx, account_id: int, identifier: str, identifier_type: IdentifierType) -> Alert | None:
    """The alert, locked until the transaction ends, or None."""
    return await _find(tx, account_id, identifier, identifier_type, "for update")


async def _find(tx: Tx, account_id: int, identifier: str, kind: IdentifierType, locking: str) -> Alert | None:
    value: str | int | UUID = identifier
    if "\x00" in identifier:
        return None
    if kind == "tiny":
        if not identifier.isdecimal() or len(identifier) > 18:
            return None
        value = int(identifier)
    found = await _select(tx, account_id, _BY[kind], value, locking)
    if found is None and kind == "id" and (request_id := as_uuid(identifier)) is not None:
        found = await _select(tx, account_id, _BY["request"], request_id, locking)
    return found


async def _select(tx: Tx, account_id: int, condition: str, value: str | int | UUID, locking: str) -> Alert | None:
    return await tx.find(
        Alert,
        f"""
        select {ALERT} from alerts
         where account_id = %(account_id)s and {condition} and status <> 'deleted' {locking}
        """,
        account_id=account_id,
        identifier=value,
    )


def as_uuid(text: str) -> UUID | None:
    """The UUID that `text` spells, or None."""
    try:
        return UUID(text)
    except ValueError:
        return None


async def save(tx: Tx, alert: Alert) -> None:
    """Write back all that an action can change."""
    await tx.execute(
        """
        update alerts
           set message = %(message)s, description = %(description)s, priority = %(priority)s, status = %(status)s,
               acknowledged = %(acknowledged)s, seen = %(seen)s, acknowledged_at = %(acknowledged_at)s,
               acknowledged_by = %(acknowledged_by)s, closed_at = %(closed_at)s, closed_by = %(closed_by)s,
               snoozed_until = %(snoozed_until)s, owner = %(owner)s, tags = %(tags)s, details = %(details)s,
               responders = %(responders)s, updated_at = %(updated_at)s
         where account_id = %(account_id)s and id = %(id)s
        """,
        account_id=alert.account_id, id=alert.id, message=alert.message, description=alert.description,
        priority=alert.priority, status=alert.status.value, acknowledged=alert.acknowledged, seen=alert.seen,
        acknowledged_at=alert.acknowledged_at, acknowledged_by=alert.acknowledged_by, closed_at=alert.closed_at,
        closed_by=alert.closed_by, snoozed_until=alert.snoozed_until, owner=alert.owner, tags=alert.tags,
        details=Jsonb(alert.details), responders=Jsonb(alert.responders), updated_at=alert.updated_at,
    )  # fmt: skip


async def save_touched(tx: Tx, account_id: int, alert_id: str, at: datetime) -> None:
    """Write down when something about the alert changed last."""
    await tx.execute(
        "update alerts set updated_at = %(at)s where account_id = %(account_id)s and id = %(alert_id)s",
        account_id=account_id,
        alert_id=alert_id,
        at=at,
    )


async def notify_changed(tx: Tx, account_id: int, alert_id: str) -> None:
    """Tell the open pages, once this commits, that the alert is another now."""
    await tx.value("select pg_notify('tocsin_alerts', %(alert)s)", alert=f"{account_id}:{alert_id}")


async def notify_all_changed(tx: Tx, alerts: Iterable[tuple[int, str]]) -> None:
    """The same for many, each as (account, alert). Of many in one account the pages hear only that there are some."""
    by_account: dict[int, set[str]] = {}
    for account_id, alert_id in alerts:
        by_account.setdefault(account_id, set()).add(alert_id)
    told = [
        f"{account_id}:{alert_id}"
        for account_id, ids in by_account.items()
        for alert_id in (sorted(ids) if len(ids) <= NAMED_CHANGES else [""])
    ]
    if told:
        await tx.execute("select count(pg_notify('tocsin_alerts', it)) from unnest(%(told)s::text[]) as it", told=told)


async def insert_log(
    tx: Tx, account_id: int, alert_id: str, at: datetime, event: str, owner: str, data: dict[str, Any]
) -> None:
    """Add one line to an alert's log: `event` and `data` as alerts/log.py documents them."""
    await insert_logs(tx, [(account_id, alert_id, event, data)], at, owner)


async def insert_logs(
    tx: Tx, entries: Sequence[tuple[int, str, str, dict[str, Any]]], at: datetime, owner: str
) -> None:
    """Add many lines, in this order, each as (account, alert, event, data)."""
    if not entries:
        return
    await tx.execute(
        """
        insert into alert_log (account_id, alert_id, at, event, owner, data)
        select account_id, alert_id, %(at)s, event, %(owner)s, data
          from unnest(%(account_ids)s::bigint[], %(alert_ids)s::text[], %(events)s::text[], %(data)s::jsonb[])
               with ordinality as i(account_id, alert_id, event, data, position)
         order by position
        """,
        at=at,
        owner=owner,
        account_ids=arrays.plain([entry[0] for entry in entries]),
        alert_ids=arrays.texts([entry[1] for entry in entries]),
        events=arrays.texts([str(entry[2]) for entry in entries]),
        data=arrays.jsons([entry[3] for entry in entries]),
    )


async def list_log(
    tx: Tx, account_id: int, alert_id: str, *, after: int | None, ascending: bool, limit: int
) -> list[LogEntry]:
    """Up to `limit` lines behind the line `after`, oldest first or newest first."""
    return await _page(
        tx, LogEntry, "id, at, event, owner, data from alert_log", account_id, alert_id, after, ascending, limit
    )


async def insert_note(tx: Tx, account_id: int, alert_id: str, at: datetime, owner: str, note: str) -> None:
    await tx.execute(
        """
        insert into alert_notes (account_id, alert_id, at, owner, note)
        values (%(account_id)s, %(alert_id)s, %(at)s, %(owner)s, %(note)s)
        """,
        account_id=account_id, alert_id=alert_id, at=at, owner=owner, note=note,
    )  # fmt: skip


async def list_notes(
    tx: Tx, account_id: int, alert_id: str, *, after: int | None, ascending: bool, limit: int
) -> list[Note]:
    """Up to `limit` notes behind the note `after`, oldest first or newest first."""
    return await _page(tx, Note, "id, at, owner, note from alert_notes", account_id, alert_id, after, ascending, limit)


async def _page(
    tx: Tx, row: type[T], selected: str, account_id: int, alert_id: str, after: int | None, ascending: bool, limit: int
) -> list[T]:
    behind = "" if after is None else f"and id {'>' if ascending else '<'} %(after)s"
    return await tx.all(
        row,
        f"""
        select {selected} where account_id = %(account_id)s and alert_id = %(alert_id)s {behind}
         order by id {"asc" if ascending else "desc"} limit %(limit)s
        """,
        account_id=account_id,
        alert_id=alert_id,
        after=after,
        limit=limit,
    )


async def insert_request(tx: Tx, result: RequestResult) -> None:
    """Keep what became of a request, for whoever asks by its id."""
    await tx.execute(
        """
        insert into alert_requests (account_id, id, action, alert_id, alias, success, status, integration_id,
                                    processed_at)
        values (%(account_id)s, %(id)s, %(action)s, %(alert_id)s, %(alias)s, %(success)s, %(status)s,
                %(integration_id)s, %(processed_at)s)
        """,
        account_id=result.account_id, id=result.id, action=result.action, alert_id=result.alert_id,
        alias=result.alias, success=result.success, status=result.status, integration_id=result.integration_id,
        processed_at=result.processed_at,
    )  # fmt: skip


async def find_request(tx: Tx, account_id: int, request_id: UUID) -> RequestResult | None:
    """What became of a request, or None."""
    return await tx.find(
        RequestResult,
        """
        select account_id, id, action, alert_id, alias, success, status, integration_id, processed_at
          from alert_requests where account_id = %(account_id)s and id = %(request_id)s
        """,
        account_id=account_id,
        request_id=request_id,
    )
