"""The outbox: a row is one worker's at a time, comes back when that one dies, and waits for nobody else's storm."""

import asyncio
import os
import random
import secrets
from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

import pytest
from tests.support.makers import START, Tenant, make_tenant

from tocsin.db import Databases, Tx, connect
from tocsin.escalations import store as runs_store
from tocsin.notifications import store
from tocsin.notifications.model import NewNotification, Notification

LEASE = timedelta(seconds=60)
LONG_AGO = START - timedelta(days=3650)  # before anything else in this database is due


def rows_of(tenant: Tenant, count: int, *, later: timedelta = timedelta(0)) -> list[NewNotification]:
    """Test pages, each due a millisecond after the one before."""
    return [
        NewNotification(
            tenant.account_id, str(uuid4()), None, tenant.owner.id, None, "email", "ana@example.com", "create-alert",
            {}, LONG_AGO, LONG_AGO + later + timedelta(milliseconds=number),
        )
        for number in range(count)
    ]  # fmt: skip


async def put(databases: Databases, rows: Sequence[NewNotification], busy: Sequence[int] = ()) -> list[Notification]:
    """Leased are those that are due ten seconds after the first."""
    async with databases.engine.transaction() as tx:
        return await store.enqueue(tx, rows, LONG_AGO + timedelta(seconds=10), LEASE, claim=bool(busy), busy=busy)


async def claim(databases: Databases, *, after: timedelta, **bounds: int) -> list[Notification]:
    async with databases.engine.transaction() as tx:
        return await store.claim_due(
            tx, LONG_AGO + after, LEASE, bounds.get("per_account", 10_000), bounds.get("limit", 10_000)
        )


async def forget(databases: Databases, *tenants: Tenant) -> None:
    """Leave nothing due behind."""
    for table in ("notifications", "escalation_runs"):
        async with databases.engine.transaction() as tx:
            await tx.execute(
                f"delete from {table} where account_id = any(%(accounts)s)",
                accounts=[tenant.account_id for tenant in tenants],
            )


async def test_however_many_claim_each_row_goes_to_one_and_none_is_left(
    databases: Databases, database_url: str
) -> None:
    seed = int(os.environ.get("TOCSIN_TEST_SEED") or secrets.randbelow(2**32))
    print(f"TOCSIN_TEST_SEED={seed}")  # noqa: T201
    chance = random.Random(seed)
    tenants = [await make_tenant(databases) for _ in range(5)]
    for tenant in tenants:
        await put(databases, rows_of(tenant, chance.randrange(1, 600)))
    now = LONG_AGO + timedelta(seconds=1)

    async def claimer(bounds: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        """Until it finds nothing three times in a row: what it has claimed."""
        mine: list[tuple[int, int]] = []
        empty = 0
        async with await connect(database_url, "tocsin_engine") as conn:
            for per_account, limit in bounds:
                async with conn.transaction():
                    claimed = await store.claim_due(Tx(conn), now, LEASE, per_account, limit)
                    await asyncio.sleep(0)  # the others come in between
                mine += [(it.account_id, it.id) for it in claimed]
                empty = 0 if claimed else empty + 1
                if empty == 3:
                    return mine
        raise AssertionError("there was always more")

    bounds = [[(chance.randrange(1, 60), chance.randrange(1, 120)) for _ in range(5_000)] for _ in range(8)]
    claimed = [it for mine in await asyncio.gather(*map(claimer, bounds)) for it in mine]

    accounts = [tenant.account_id for tenant in tenants]
    async with databases.engine.transaction() as tx:
        rows = await tx.dicts(
            "select account_id, id, status from notifications where account_id = any(%(accounts)s)", accounts=accounts
        )
    assert sorted(claimed) == sorted((row["account_id"], row["id"]) for row in rows)
    assert {row["status"] for row in rows} == {"sending"}
    await forget(databases, *tenants)


async def test_a_lease_holds_until_it_runs_out_unless_it_is_renewed_or_given_back(
    databases: Databases, tenant: Tenant
) -> None:
    await put(databases, rows_of(tenant, 3))
    held, renewed, released = await claim(databases, after=timedelta(seconds=1))

    async with databases.engine.transaction() as tx:
        await store.renew(tx, [renewed], LONG_AGO + timedelta(seconds=31) + LEASE)
        await store.release(tx, [released], LONG_AGO + timedelta(seconds=2))

    assert [it.id for it in await claim(databases, after=timedelta(seconds=3))] == [released.id]
    assert await claim(databases, after=timedelta(seconds=60)) == []
    assert [it.id for it in await claim(databases, after=timedelta(seconds=61))] == [held.id]
    assert sorted(it.id for it in await claim(databases, after=timedelta(seconds=91))) == [renewed.id, released.id]
    await forget(databases, tenant)


@pytest.mark.parametrize("storms", [1, 2, 7])
async def test_a_storm_of_notifications_delays_nobody_elses_beyond_one_claim(databases: Databases, storms: int) -> None:
    loud = [await make_tenant(databases) for _ in range(storms)]
    quiet = await make_tenant(databases)
    for tenant in loud:
        await put(databases, rows_of(tenant, 5_000 // storms))
    [row] = rows_of(quiet, 1, later=timedelta(seconds=9))
    await put(databases, [row])

    claimed = await claim(databases, after=timedelta(seconds=10), per_account=200, limit=400)

    assert quiet.account_id in {it.account_id for it in claimed}
    assert len(claimed) <= 400
    assert min(sum(it.account_id == tenant.account_id for it in claimed) for tenant in loud) >= 400 // (storms + 1) // 2
    await forget(databases, quiet, *loud)


@pytest.mark.parametrize("storms", [1, 2, 7])
async def test_a_storm_of_alerts_delays_nobody_elses_beyond_one_claim(databases: Databases, storms: int) -> None:
    loud = [await make_tenant(databases) for _ in range(storms)]
    quiet = await make_tenant(databases)
    async with databases.engine.transaction() as tx:
        for tenant, count, due_at in [
            *((tenant, 2_000, LONG_AGO) for tenant in loud),
            (quiet, 1, LONG_AGO + timedelta(seconds=9)),
        ]:
            await tx.execute(
                """
                insert into escalation_runs (account_id, alert_id, responder_type, responder_id, started_at, due_at)
                select %(account_id)s, 'alert ' || n, 'user', %(user_id)s, %(at)s, %(at)s
                  from generate_series(1, %(count)s) n
                """,
                account_id=tenant.account_id, user_id=tenant.owner.id, at=due_at, count=count,
            )  # fmt: skip

    async with databases.engine.transaction() as tx:
        claimed = await runs_store.claim_due(tx, LONG_AGO + timedelta(seconds=10), 200, 400)

    assert quiet.account_id in {it.account_id for it in claimed}
    assert len(claimed) <= 400
    await forget(databases, quiet, *loud)


async def test_new_notifications_of_a_busy_account_stay_due_and_anothers_are_leased_at_once(
    databases: Databases, tenant: Tenant
) -> None:
    busy = await make_tenant(databases)

    leased = await put(databases, [*rows_of(busy, 2), *rows_of(tenant, 2)], busy=[busy.account_id])

    assert {it.account_id for it in leased} == {tenant.account_id}
    assert {it.account_id for it in await claim(databases, after=timedelta(seconds=1))} == {busy.account_id}
    await forget(databases, busy, tenant)
