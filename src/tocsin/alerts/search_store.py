"""Find alerts: the SQL of search, quick at a million alerts and behind row-level security.

Policies keep PostgreSQL from using a text index, so the index lies over `alert_texts`, which requests read through its
owner's view. It only names candidates; `alerts` itself, behind its policies, decides. What the worker has not indexed
yet is in `search_queue` and always a candidate. When there are many candidates, walking through the alerts in the order
that is asked for finds a page sooner; so a search first looks whether the newest ones fill it.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import fields
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
from psycopg.types.json import Jsonb

from tocsin.alerts.model import Alert
from tocsin.alerts.query import Node, parse
from tocsin.alerts.search import (
    KEY_LENGTH,
    MACHINE_MADE,
    SPELLINGS,
    Named,
    Search,
    compile_search,
    like,
    names_sought,
    order_by,
)
from tocsin.db import Tx
from tocsin.errors import Invalid
from tocsin.i18n import N_

MAX_REACH = 20_000  # offset + limit
MAX_CANDIDATES = 5_000  # as many are read in about 50 ms; of a million alerts, each 200th or more matches past that
MAX_QUEUED = 20_000  # alerts that wait for the worker
INDEXER_LOCK = 7_450_264  # one worker indexes at a time, so that of two versions of an alert the later one stays
WALKS = ("createdAt", "tinyId")  # the fields with an index in their order
NEWEST = 2_000  # alerts that are looked at first
PATIENCE = "10s"  # for one statement of a search; a shorter limit of the database's own stays
SHORTER = """case when current_setting('statement_timeout') <> '0'
                   and current_setting('statement_timeout')::interval < %(patience)s::text::interval
                  then current_setting('statement_timeout') else %(patience)s::text end"""
SET_PLAN = """set_config('plan_cache_mode', %(cache)s, true), set_config('enable_seqscan', %(scans)s, true),
              set_config('enable_bitmapscan', %(bitmaps)s, true)"""
FIRST = "(select * from alerts a where a.account_id = %(account_id)s order by {ordered} limit {newest})"
AMONG = "(select * from alerts a where a.account_id = %(account_id)s and a.id = any(%(ids)s))"
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
    team_id: UUID | None = None,
    since: datetime | None = None,
) -> list[Alert]:
    """A page of the alerts that match, in order; deleted ones never do. With `team_id`, only that team's.

    Closed ones from before `since` do not either: the account's plan reaches back no further.

    Raises: Invalid for a query, sort field or order that is none, past the first 20,000 alerts, and when it takes too
    long.
    """
    ordered = order_by(sort, order)
    if offset < 0 or limit < 0 or offset + limit > MAX_REACH:
        raise Invalid(
            f"Only the first {MAX_REACH} alerts of a search can be listed.",
            {"offset": f"offset + limit must be at most {MAX_REACH}; narrow the query instead"},
        )
    search = await compile_query(tx, account_id, query_text, zone)
    params = search.params | _team(team_id) | {"account_id": account_id, "offset": offset, "limit": limit}
    params["since"] = since
    walks = sort in WALKS
    ids: list[str] | None = None
    if search.candidates is not None:
        if walks and offset + limit <= NEWEST:
            async with _planned(tx, scans=False):
                found = await tx.all(Alert, _page(search, ordered, FIRST, team_id, since), **params)
            if len(found) == limit:
                return found
        ids = await _candidates(tx, account_id, search)
    source = "alerts" if ids is None else AMONG
    async with _planned(tx, scans=ids is not None or not walks, bitmaps=ids is not None or not walks):
        return await tx.all(Alert, _page(search, ordered, source, team_id, since), **params, ids=ids)


def _page(search: Search, ordered: str, source: str, team_id: UUID | None, since: datetime | None) -> str:
    return f"""
        select {COLUMNS}
          from {source.format(ordered=ordered, newest=NEWEST)} a
         where a.account_id = %(account_id)s and a.status <> 'deleted' and {_of_team(team_id)}
           and {_seen(since)} and {search.condition}
         order by {ordered} offset %(offset)s limit %(limit)s
    """


async def count_alerts(
    tx: Tx,
    account_id: int,
    query_text: str,
    *,
    zone: ZoneInfo,
    team_id: UUID | None = None,
    since: datetime | None = None,
    at_most: int | None = None,
) -> int:
    """How many alerts match, as `search_alerts` finds them; it stops counting at `at_most`.

    Raises: Invalid for a query that is none, and when it takes too long.
    """
    search = await compile_query(tx, account_id, query_text, zone)
    candidates = f"""
        a.id in (select t.alert_id from searchable_texts t where t.account_id = %(account_id)s and {search.candidates}
                 union all
                 select q.alert_id from search_queue q where q.account_id = %(account_id)s)
    """
    sql = f"""
        select count(*) from (
          select from alerts a
           where a.account_id = %(account_id)s and a.status <> 'deleted' and {_of_team(team_id)}
             and {_seen(since)} and {candidates if search.candidates else "true"} and {search.condition}
           limit %(at_most)s) found
    """
    async with _planned(tx):
        params = search.params | _team(team_id) | {"account_id": account_id, "at_most": at_most, "since": since}
        return int(await tx.value(sql, **params))


async def index_alerts(tx: Tx, limit: int = 2000) -> int:
    """Bring the index up to date with at most `limit` new or changed alerts of any account; how many they were.

    For the engine, in a transaction of its own. While another worker is at it, 0.
    """
    if not await tx.value("select pg_try_advisory_xact_lock(%(lock)s)", lock=INDEXER_LOCK):
        return 0
    sql = f"""
        with taken as (
          delete from search_queue
           where ctid = any(array(select ctid from search_queue limit %(limit)s for update skip locked))
          returning account_id, alert_id
        ), indexed as (
          insert into alert_texts (account_id, alert_id, message, description, rest, keys)
          select a.account_id, a.id, lower(a.message), lower(a.description),
                 lower(concat_ws(E'\\n', a.entity, a.source, case when not machine_made then a.alias end,
                           array_to_string(a.tags, E'\\n'), said.lines)),
                 case when machine_made then array[left('a:' || lower(a.alias), {KEY_LENGTH})] else '{{}}' end
                   || array(select left('t:' || lower(tag), {KEY_LENGTH}) from unnest(a.tags) tag)
                   || coalesce(said.keys, '{{}}')
                   || array(select 'r:' || (r ->> 'id') from jsonb_array_elements(a.responders) r)
            from (select distinct account_id, alert_id from taken) q
            join alerts a on a.account_id = q.account_id and a.id = q.alert_id
           cross join lateral (select a.alias ~* '{MACHINE_MADE}' as machine_made offset 0) spelling
           cross join lateral (
             select string_agg(key || E'\\n' || value, E'\\n') as lines,
                    array_agg(left('k:' || lower(key), {KEY_LENGTH}))
                      || array_agg(left('v:' || lower(value), {KEY_LENGTH})) as keys
               from jsonb_each_text(a.details)) said
          on conflict (account_id, alert_id) do update
             set message = excluded.message, description = excluded.description, rest = excluded.rest,
                 keys = excluded.keys
        )
        select count(*) from taken
    """
    indexed = int(await tx.value(sql, limit=limit))
    if indexed < limit:  # nothing waits any more: spare the searches the index's own queue
        await tx.value("select clean_search_index()")
    return indexed


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


async def _candidates(tx: Tx, account_id: int, search: Search) -> list[str] | None:
    """The ids of all alerts that can match, or None when they are too many or the index says nothing about it."""
    if search.candidates is None:
        return None
    sql = f"""
        select case when count(*) filter (where not queued) <= {MAX_CANDIDATES}
                     and count(*) filter (where queued) <= {MAX_QUEUED} then coalesce(array_agg(id), '{{}}') end
          from (
            (select t.alert_id as id, false as queued from searchable_texts t
              where t.account_id = %(account_id)s and {search.candidates} limit {MAX_CANDIDATES + 1})
            union all
            (select q.alert_id, true from search_queue q where q.account_id = %(account_id)s limit {MAX_QUEUED + 1})
          ) found
    """
    async with _planned(tx, scans=False):
        ids: list[str] | None = await tx.value(sql, **search.params, account_id=account_id)
    return ids


def _of_team(team_id: UUID | None) -> str:
    """As Alert.belongs_to_team."""
    if team_id is None:
        return "true"
    return """(a.owner_team_id = %(team_id)s or a.responders @> %(team)s::jsonb or a.visible_to @> %(team)s::jsonb)"""


def _seen(since: datetime | None) -> str:
    """As Alert.is_seen."""
    return "true" if since is None else "(a.status <> 'closed' or a.created_at >= %(since)s)"


def _team(team_id: UUID | None) -> dict[str, object]:
    if team_id is None:
        return {}
    return {"team_id": team_id, "team": Jsonb([{"type": "team", "id": str(team_id)}])}


@asynccontextmanager
async def _planned(tx: Tx, *, scans: bool = True, bitmaps: bool = True) -> AsyncIterator[None]:
    """Inside, each statement is planned for its own values, and with the given ways to read a table.

    Behind a policy the planner guesses how many texts match. It would read and sort everything where walking an index
    in order soon fills the page (so neither scans nor bitmaps then), or read everything for a word that is less common
    than it thinks (so no scans). Who waits longer than PATIENCE is told so: one search must not keep the database busy
    for everybody. Raises: Invalid then; the transaction can only be rolled back.
    """
    before = await tx.value(
        f"""
        select current_setting('statement_timeout'), {SET_PLAN},
               set_config('statement_timeout', {SHORTER}, true)
        """,
        cache="force_custom_plan", scans=str(scans), bitmaps=str(bitmaps), patience=PATIENCE,
    )  # fmt: skip
    try:
        yield
    except psycopg.errors.QueryCanceled:
        raise Invalid(
            N_(
                "This search took too long and was stopped. Narrow it: by a date, such as createdAt > 01-03-2026, "
                "or by a word that fewer alerts have."
            )
        ) from None
    await tx.value(
        f"select {SET_PLAN}, set_config('statement_timeout', %(before)s, true)",
        cache="auto", scans="on", bitmaps="on", before=before,
    )  # fmt: skip
