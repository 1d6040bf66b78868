"""Find alerts: the SQL of search."""

from dataclasses import fields
from zoneinfo import ZoneInfo

from tocsin.alerts.model import Alert
from tocsin.alerts.query import Node, parse
from tocsin.alerts.search import SPELLINGS, Named, Search, compile_search, like, names_sought, order_by
from tocsin.db import Tx
from tocsin.errors import Invalid

MAX_REACH = 20_000  # offset + limit
COLUMNS = ", ".join(f"a.{column.name}" for column in fields(Alert))


async def search_alerts(
    tx: Tx,
    account_id: int,
    query_text: str,
    *,
    sort: str = "createdAt",
    order: str = "desc",
    offset: int = 0,
    limit: int = 20,
    zone: ZoneInfo,
) -> list[Alert]:
    """A page of the alerts that match, in order; deleted ones never do.

    Raises: Invalid for a query, sort field or order that is none, and past the first 20,000 alerts.
    """
    ordered = order_by(sort, order)
    if offset < 0 or limit < 0 or offset + limit > MAX_REACH:
        raise Invalid(
            f"Only the first {MAX_REACH} alerts of a search can be listed.",
            {"offset": f"offset + limit must be at most {MAX_REACH}; narrow the query instead"},
        )
    search = await compile_query(tx, account_id, query_text, zone)
    sql = f"""
        select {COLUMNS}
          from alerts a
         where a.account_id = %(account_id)s and a.status <> 'deleted' and {search.condition}
         order by {ordered} offset %(offset)s limit %(limit)s
    """
    return await tx.all(Alert, sql, **search.params, account_id=account_id, offset=offset, limit=limit)


async def count_alerts(tx: Tx, account_id: int, query_text: str, *, zone: ZoneInfo) -> int:
    """How many alerts match. Raises: Invalid for a query that is none."""
    search = await compile_query(tx, account_id, query_text, zone)
    sql = f"""
        select count(*) from alerts a
         where a.account_id = %(account_id)s and a.status <> 'deleted' and {search.condition}
    """
    return int(await tx.value(sql, **search.params, account_id=account_id))


async def compile_query(tx: Tx, account_id: int, query_text: str, zone: ZoneInfo) -> Search:
    """The query with the names in it looked up. Raises: Invalid."""
    node = parse(query_text, SPELLINGS)
    return compile_search(node, zone, await _look_up(tx, account_id, node))


async def _look_up(tx: Tx, account_id: int, node: Node) -> list[Named]:
    """Whoever and whatever a query names, in one statement."""
    patterns = [like(value) for value in names_sought(node)]
    if not patterns:
        return []
    sql = """
        select kind, id, name, also from (
          select 'user' as kind, id::text, username as name, full_name as also
            from users where account_id = %(account_id)s
          union all select 'team', id::text, name, '' from teams where account_id = %(account_id)s
          union all select 'schedule', id::text, name, '' from schedules where account_id = %(account_id)s
          union all select 'escalation', id::text, name, '' from escalations where account_id = %(account_id)s
          union all select 'integration', id::text, name, type from integrations where account_id = %(account_id)s
        ) named
        where id ilike any(%(patterns)s) or name ilike any(%(patterns)s) or also ilike any(%(patterns)s)
    """
    return await tx.all(Named, sql, account_id=account_id, patterns=patterns)
