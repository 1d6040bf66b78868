"""Many alerts at once, made by the database from a seed: a year of a busy company, newest last."""

import random
from dataclasses import dataclass
from uuid import UUID

from tests.support.makers import Tenant, add_team, add_user

from tocsin.accounts.model import User
from tocsin.alerts.search_store import index_alerts
from tocsin.db import Databases, connect

FIRST = "2020-12-01T00:00:00Z"
SPAN = 30_000_000  # seconds between the first and the last
BATCH = 20_000

MAKE = """
    insert into alerts (account_id, id, tiny_id, alias, message, description, entity, source, priority, status,
                        acknowledged, seen, acknowledged_at, acknowledged_by, closed_at, closed_by, owner,
                        integration_id, tags, actions, details, responders, count, created_at, updated_at,
                        last_occurred_at)
    select %(account_id)s, id, %(offset)s + i, case when h %% 3 = 0 then id else encode(sha256(id::bytea), 'hex') end,
           service || ' ' || problem || ' on ' || host || ' (' || env || ')'
             || case when i %% 100000 = 7 then ' zebra' else '' end,
           'Instance ' || host || '.' || region || '.example.com of job node-exporter has been reporting that '
             || lower(service) || ' ' || problem || ' for more than ' || h %% 50 || ' minutes. Current value: '
             || (h %% 10000) / 100.0 || '. Runbook: https://runbooks.example.com/' || lower(service),
           host, '10.0.' || h / 5 %% 256 || '.' || h / 9 %% 256,
           case when h %% 50 = 0 then 1 when h %% 12 = 0 then 2 when h %% 5 = 0 then 4 when h %% 11 = 0 then 5
                else 3 end,
           case when open then 'open' else 'closed' end, acked, acked or not open,
           case when acked then at + interval '4 minutes' end, case when acked then %(username)s else '' end,
           case when not open then at + interval '40 minutes' end, case when open then '' else 'Alert API' end,
           case when acked then %(username)s else '' end, %(integration_id)s,
           array[env, lower(service)] || case when i %% 50000 = 11 then array['tectonic'] else '{}' end,
           case when h %% 4 = 0 then array['Restart'] else '{}' end,
           jsonb_build_object('env', env, 'region', region,
                              'severity', case when h %% 2 = 0 then 'warning' else 'critical' end),
           jsonb_build_array(jsonb_build_object('type', 'team', 'id', (%(team_ids)s::text[])[
             case when i %% 50000 = 3 then 4 when h %% 10 < 5 then 1 when h %% 10 < 8 then 2 else 3 end])),
           1 + h %% 7, at, at, at
      from (
        select i, h, gen_random_uuid() || '-' || (extract(epoch from at) * 1000)::bigint as id, at,
               (h %% 40 = 0 and i < %(total)s - 20000) or (h %% 3 > 0 and i >= %(total)s - 20000) as open,
               h / 13 %% 3 > 0 as acked,
               (array['Disk', 'CPU', 'Memory', 'Latency', 'Error', 'Certificate', 'Replication', 'Queue', 'Backup',
                      'Login', 'Payment', 'Checkout', 'Ingress', 'Node', 'Pod', 'Kafka', 'Redis', 'Postgres', 'DNS',
                      'Gateway']
               )[1 + h %% 20] as service,
               (array['usage above threshold', 'is unreachable', 'failed', 'lag is growing', 'restarted too often',
                      'expires soon', 'saturation', 'timeout while connecting', 'rate is high', 'not ready']
               )[1 + h / 20 %% 10] as problem,
               (array['prod', 'prod', 'prod', 'staging', 'dev', 'qa'])[1 + h / 7 %% 6] as env,
               (array['eu-west-1', 'eu-west-2', 'us-east-1', 'us-west-2', 'ap-south-1'])[1 + h / 11 %% 5] as region,
               (array['web', 'db', 'cache', 'worker', 'edge', 'api', 'queue', 'search'])[1 + h / 200 %% 8] || '-'
                 || lpad((h / 1600 %% 400)::text, 3, '0') as host
          from (select i, abs(hashint8extended(i, %(seed)s)) %% 1000000000 as h,
                       %(first)s::timestamptz + (i * %(span)s / %(total)s) * interval '1 second' as at
                  from generate_series(%(start)s::bigint, %(end)s::bigint) i) numbered) described
"""


@dataclass(frozen=True)
class Company:
    """Whose alerts they are; the last team is named in few of them."""

    user: User
    team_ids: list[UUID]


async def make_company(databases: Databases, tenant: Tenant) -> Company:
    """A person and the teams Platform, infra, Payments and Quiet."""
    user = await add_user(databases, tenant)
    names = ("Platform", "infra", "Payments", "Quiet")
    return Company(user, [await add_team(databases, tenant, user, name=name) for name in names])


async def make_alerts(databases: Databases, tenant: Tenant, company: Company, total: int, *, seed: int) -> None:
    """`total` alerts, spread over a year from December 2020 on; not indexed yet."""
    offset = random.Random(seed).randrange(1000)
    for start in range(0, total, BATCH):
        async with databases.engine.transaction() as tx:
            await tx.execute(
                MAKE,
                account_id=tenant.account_id, offset=offset, total=total, start=start,
                end=min(start + BATCH, total) - 1, seed=seed, first=FIRST, span=SPAN,
                username=company.user.username, integration_id=tenant.integration.id,
                team_ids=[str(team_id) for team_id in company.team_ids],
            )  # fmt: skip


async def index_all(databases: Databases, batch: int = 5000) -> int:
    """Let the worker index what waits; how many alerts that were."""
    done = 0
    while True:
        async with databases.engine.transaction() as tx:
            indexed = await index_alerts(tx, batch)
        if not indexed:
            return done
        done += indexed


async def analyze(database_url: str) -> None:
    """What autovacuum does after a while."""
    conn = await connect(database_url, "tocsin_owner")
    async with conn:
        await conn.execute("analyze alerts, alert_texts")
