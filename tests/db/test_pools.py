"""Pools: connections that the server has closed are not handed out, and nobody waits for them."""

import asyncio
from contextlib import AsyncExitStack

from tests.support.program import eventually

from tocsin.db import Db, Tx, connect, make_pool

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
