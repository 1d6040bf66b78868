"""The SQL of the ingest path: a whole batch of create requests, over any accounts, in one statement."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection, AsyncRawCursor

from tocsin import arrays

# `group` is one (account, alias) of the batch: however many requests share it, at most one alert comes of them.
# The lookup is a lateral with a limit, so that no statistics can turn it into a scan of the table. A tiny id is drawn
# only for what is new; if an alert that the lookup saw is closed in the same moment, the insert is left with 0 for one,
# dividing by it fails, and the batch is tried again.
BATCH = """
with input as (
  select * from unnest(
    %(ord)s::int[], %(account_id)s::bigint[], %(alias)s::text[], %(id)s::text[], %(n)s::int[], %(message)s::text[],
    %(description)s::text[], %(entity)s::text[], %(source)s::text[], %(priority)s::smallint[], %(tags)s::text[],
    %(actions)s::text[], %(details)s::text[], %(responders)s::text[], %(visible_to)s::text[], %(owner_team_id)s::uuid[],
    %(integration_id)s::uuid[], %(created)s::text[], %(created_by)s::text[], %(at)s::timestamptz[])
    as i(ord, account_id, alias, id, n, message, description, entity, source, priority, tags, actions, details,
         responders, visible_to, owner_team_id, integration_id, created, created_by, at)
), looked_up as (
  select i.*, e.id is null as fresh,
         row_number() over (partition by i.account_id, e.id is null order by i.ord) as place
    from input i left join lateral (
      select a.id from alerts a
       where a.account_id = i.account_id and a.alias = i.alias and a.status = 'open' limit 1) e on true
), drawn as (
  update alert_counters c set last_tiny_id = c.last_tiny_id + f.n
    from (select account_id, count(*) as n from looked_up where fresh group by account_id) f
   where c.account_id = f.account_id
  returning c.account_id, c.last_tiny_id - f.n as base
), upserted as (
  insert into alerts as a (account_id, id, tiny_id, alias, message, description, entity, source, priority, status, tags,
                           actions, details, responders, visible_to, owner_team_id, integration_id, count, occurrences,
                           created_at, updated_at, last_occurred_at)
  select l.account_id, l.id, case when l.fresh then d.base + l.place else 0 end, l.alias, l.message, l.description,
         l.entity, l.source, l.priority, 'open', l.tags::text[], l.actions::text[], l.details::jsonb,
         l.responders::jsonb, l.visible_to::jsonb, l.owner_team_id, l.integration_id, least(l.n, 100), l.n, l.at, l.at,
         l.at
    from looked_up l left join drawn d on d.account_id = l.account_id
   order by l.account_id, l.alias
  on conflict (account_id, alias) where status = 'open' do update
     set occurrences = a.occurrences + excluded.occurrences,
         count = least(a.occurrences + excluded.occurrences, 100),
         last_occurred_at = greatest(a.last_occurred_at, excluded.last_occurred_at),
         updated_at = greatest(a.updated_at, excluded.updated_at)
  returning a.account_id, a.id, a.alias, a.occurrences, (a.xmax = 0) as created, a.tiny_id
), outcome as (
  select i.ord, i.account_id, u.id, i.alias, u.created, i.created as created_data, i.created_by, i.at, i.n,
         u.occurrences, 1 / u.tiny_id as sound
    from input i join upserted u on u.account_id = i.account_id and u.alias = i.alias
), logged as (
  insert into alert_log (account_id, alert_id, at, event, owner, data)
  select account_id, id, at, 'created', created_by, created_data::jsonb from outcome where created
  union all
  select account_id, id, at, 'occurred', created_by, jsonb_build_object('count', least(occurrences, 100))
    from outcome where case when created then n > 1 else occurrences - n < 100 end
  union all
  select o.account_id, o.id, o.at, 'responder_unknown', o.created_by, u.data::jsonb
    from unnest(%(unknown_ord)s::int[], %(unknown)s::text[]) as u(ord, data)
    join outcome o on o.ord = u.ord and o.created
), runs as (
  insert into escalation_runs (account_id, alert_id, responder_type, responder_id, started_at, due_at)
  select o.account_id, o.id, r.type, r.id, o.at, o.at
    from unnest(%(run_ord)s::int[], %(run_type)s::text[], %(run_id)s::uuid[]) as r(ord, type, id)
    join outcome o on o.ord = r.ord and o.created
  returning 1
), noted as (
  insert into alert_notes (account_id, alert_id, at, owner, note)
  select o.account_id, o.id, o.at, o.created_by, n.note
    from unnest(%(note_ord)s::int[], %(note)s::text[]) as n(ord, note)
    join outcome o on o.ord = n.ord and o.created
), asked as (
  insert into alert_requests (account_id, id, action, alert_id, alias, success, status, integration_id, processed_at)
  select o.account_id, q.id, 'Create', o.id, o.alias, true,
         case when o.created and q.first then 'Created alert' else 'Increased alert count' end,
         q.integration_id, q.at
    from unnest(%(request_ord)s::int[], %(request_id)s::uuid[], %(request_first)s::bool[],
                %(request_integration_id)s::uuid[], %(request_at)s::timestamptz[])
         as q(ord, id, first, integration_id, at)
    join outcome o on o.ord = q.ord
)
select ord, created, sound,
       (select count(pg_notify('tocsin_due', 'escalations')) from (select from runs limit 1) as one),
       (select count(pg_notify('tocsin_alerts', account_id || ':'))
          from (select distinct account_id from outcome) as each)
  from outcome
"""


GROUP_COLUMNS = (
    "ord", "account_id", "alias", "id", "n", "message", "description", "entity", "source", "priority", "tags",
    "actions", "details", "responders", "visible_to", "owner_team_id", "integration_id", "created", "created_by", "at",
)  # fmt: skip
COLUMNS = (
    *GROUP_COLUMNS, "run_ord", "run_type", "run_id", "unknown_ord", "unknown", "note_ord", "note", "request_ord",
    "request_id", "request_first", "request_integration_id", "request_at",
)  # fmt: skip


@dataclass(slots=True)
class Batch:
    """The columns of BATCH, grown request by request; ids and instants may be texts already."""

    columns: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in COLUMNS})
    groups: dict[tuple[int, str], int] = field(default_factory=dict)
    group_columns: list[list[Any]] = field(init=False)

    def __post_init__(self) -> None:
        self.group_columns = [self.columns[name] for name in GROUP_COLUMNS]

    def add(self, account_id: int, alias: str, request_id: str, integration_id: str, at: str) -> int | None:
        """Count a request in. Its group's number if the group is new, so that its columns must follow; else None."""
        columns = self.columns
        ord_ = self.groups.get((account_id, alias))
        fresh = ord_ is None
        if ord_ is None:
            ord_ = self.groups[account_id, alias] = len(self.groups)
        else:
            columns["n"][ord_] += 1
        columns["request_ord"].append(ord_)
        columns["request_id"].append(request_id)
        columns["request_first"].append(fresh)
        columns["request_integration_id"].append(integration_id)
        columns["request_at"].append(at)
        return ord_ if fresh else None


TEXTS = frozenset(
    ("alias", "message", "description", "entity", "source", "tags", "actions", "details", "responders", "visible_to",
     "created", "created_by", "unknown", "note")
)  # fmt: skip


# The driver would look for the parameters' names in the statement anew each time.
NUMBERED = re.sub(r"%\((\w+)\)s", lambda found: f"${COLUMNS.index(found[1]) + 1}", BATCH).encode()


async def write_batch(conn: AsyncConnection[Any], batch: Batch) -> int:
    """Write the batch and commit (the connection is in autocommit). How many alerts are new."""
    columns = batch.columns
    parameters = [arrays.texts(columns[name]) if name in TEXTS else arrays.plain(columns[name]) for name in COLUMNS]
    async with AsyncRawCursor(conn) as cursor:
        await cursor.execute(NUMBERED, parameters)
        rows: Sequence[tuple[Any, ...]] = await cursor.fetchall()
    return sum(row[1] for row in rows)


async def is_written(conn: AsyncConnection[Any], account_id: int, request_id: UUID) -> bool:
    """Has the batch with this request been committed?"""
    found = await conn.execute(
        "select from alert_requests where account_id = %(account_id)s and id = %(id)s",
        {"account_id": account_id, "id": request_id},
    )
    return found.rowcount > 0
