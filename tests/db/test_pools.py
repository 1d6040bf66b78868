"""Pools: connections that the server has closed are not handed out, and nobody waits for them."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from psycopg.errors import NotNullViolation
from tests.support.makers import Tenant
from tests.support.program import eventually

from tocsin.db import Databases, Db, Tx, connect, make_pool

CONNECTIONS = 5


async def backend_pid(tx: Tx) -> int:
    return int(await tx.value("select pg_backend_pid()"))


async def test_connections_that_the_server_has_closed_are_replaced_at_once(database_url: str) -> None:
    async with make_pool(database_url, "tocsin_engine", max_size=CONNECTIONS) as pool:
        db = Db(pool)
        async with AsyncExitStack() as stack:
            opened = [await stack.enter_async_context(db.transaction()) for _ in range(CONNECTIONS)]
            closed = [await backend_pid(tx) for tx in opened]
        async with await connect(database_url, "tocsin_engine") as conn:
            await Tx(conn).values("select pg_terminate_backend(pid) from unnest(%(pids)s::int[]) pid", pids=closed)

            async def are_gone() -> bool:
                left = "select count(*) from pg_stat_activity where pid = any(%(pids)s)"
                return bool(await Tx(conn).value(left, pids=closed) == 0)

            await eventually(are_gone)

        async with asyncio.timeout(5), db.transaction() as tx:  # the pool's own check takes 1, 2, 4 … seconds for each
            assert await backend_pid(tx) not in closed


INSERT = """
    insert into alert_notes (account_id, alert_id, at, owner, note)
    values (%(account_id)s, 'x', timestamptz 'epoch', 'ana', %(note)s)
"""
KEPT = "select note from alert_notes where account_id = %(account_id)s order by id"


async def write_notes(tx: Tx, account_id: int, *notes: str | None) -> None:
    for note in notes:
        await tx.execute(INSERT, account_id=account_id, note=note)


async def test_statements_sent_at_once_are_kept_or_undone_together(databases: Databases, tenant: Tenant) -> None:
    async def write(*notes: str | None) -> None:
        async with databases.engine.at_once() as tx:
            await write_notes(tx, tenant.account_id, *notes)

    with pytest.raises(NotNullViolation):
        await write("first", None, "third")
    await write("fourth", "fifth")

    async with databases.engine.statements() as tx:
        assert await tx.values(KEPT, account_id=tenant.account_id) == ["fourth", "fifth"]


async def test_what_fails_among_statements_sent_together_undoes_their_transaction(
    databases: Databases, tenant: Tenant
) -> None:
    async def write() -> list[str]:
        async with databases.engine.transaction() as tx, tx.together():
            await write_notes(tx, tenant.account_id, "first", None)
            return await tx.values(KEPT, account_id=tenant.account_id)

    with pytest.raises(NotNullViolation):
        await write()

    async with databases.engine.statements() as tx:
        assert await tx.values(KEPT, account_id=tenant.account_id) == []
