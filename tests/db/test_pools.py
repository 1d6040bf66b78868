"""Pools: a connection that the server has closed is not handed out."""

from tests.support.program import eventually

from tocsin.db import Db, Tx, connect, make_pool


async def test_a_connection_that_the_server_has_closed_is_replaced_before_use(database_url: str) -> None:
    async with make_pool(database_url, "tocsin_engine", max_size=1) as pool:
        db = Db(pool)
        async with db.transaction() as tx:
            closed = await tx.value("select pg_backend_pid()")
        async with await connect(database_url, "tocsin_engine") as conn:
            await Tx(conn).value("select pg_terminate_backend(%(pid)s)", pid=closed)

            async def is_gone() -> bool:
                found = await Tx(conn).value("select count(*) from pg_stat_activity where pid = %(pid)s", pid=closed)
                return bool(found == 0)

            await eventually(is_gone)

        async with db.transaction() as tx:
            assert await tx.value("select pg_backend_pid()") != closed
