"""Pools, roles, transactions, row → dataclass. No queries."""

import asyncio
import select
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import wraps
from typing import Any, Literal, ParamSpec, Self, TypeVar

import msgspec
from psycopg import AsyncConnection, OperationalError, sql
from psycopg.errors import DeadlockDetected
from psycopg.rows import class_row, dict_row, scalar_row
from psycopg.types.json import set_json_loads
from psycopg_pool import AsyncConnectionPool

from tocsin.errors import NotFound

T = TypeVar("T")
P = ParamSpec("P")
DEADLOCK_TRIES = 5
Role = Literal["tocsin_owner", "tocsin_app", "tocsin_engine"]
set_json_loads(msgspec.json.decode)  # several times as quick as the standard library's


@dataclass(frozen=True, slots=True)
class Tx:
    """An open transaction. SQL is text with named parameters; rows come back as the caller's dataclass."""

    conn: AsyncConnection[Any]

    async def all(self, row: type[T], query: str, **params: Any) -> list[T]:
        """Every row, as `row`, whose fields are named like the columns."""
        async with self.conn.cursor(row_factory=class_row(row)) as cursor:
            await cursor.execute(query, params)
            return await cursor.fetchall()

    async def find(self, row: type[T], query: str, **params: Any) -> T | None:
        """The first row, or None."""
        async with self.conn.cursor(row_factory=class_row(row)) as cursor:
            await cursor.execute(query, params)
            return await cursor.fetchone()

    async def one(self, row: type[T], query: str, *, missing: str = "Not found.", **params: Any) -> T:
        """The first row. Raises: NotFound with the message `missing`."""
        found = await self.find(row, query, **params)
        if found is None:
            raise NotFound(missing)
        return found

    async def dicts(self, query: str, **params: Any) -> list[dict[str, Any]]:
        """Every row, as a dict of its columns."""
        async with self.conn.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(query, params)
            return await cursor.fetchall()

    async def values(self, query: str, **params: Any) -> list[Any]:
        """The first column of every row."""
        async with self.conn.cursor(row_factory=scalar_row) as cursor:
            await cursor.execute(query, params)
            return await cursor.fetchall()

    async def value(self, query: str, **params: Any) -> Any:
        """The first column of the first row, or None without one."""
        async with self.conn.cursor(row_factory=scalar_row) as cursor:
            await cursor.execute(query, params)
            return await cursor.fetchone()

    async def execute(self, query: str, **params: Any) -> int:
        """How many rows the statement touched."""
        cursor = await self.conn.execute(query, params)
        return int(cursor.rowcount)

    async def execute_many(self, query: str, rows: Sequence[dict[str, Any]]) -> None:
        """Run one statement for each row of parameters, in one pipeline."""
        if rows:
            async with self.conn.cursor() as cursor:
                await cursor.executemany(query, rows)

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """What happens inside is undone, alone, if it raises."""
        async with self.conn.transaction():
            yield

    @asynccontextmanager
    async def together(self) -> AsyncIterator[None]:
        """The statements inside are sent without waiting for each other, to save the round trips.

        What fails is raised by the next statement that returns rows, or at the end; `execute` knows no number of rows.
        """
        async with self.conn.pipeline():
            yield

    async def see_account(self, account_id: int) -> None:
        """From here to the end of the transaction, row-level security shows this account (used while one is made)."""
        await self.value("select set_config('tocsin.accounts', %(accounts)s, true)", accounts=str(account_id))


@dataclass(frozen=True, slots=True)
class Db:
    """A pool of connections in one role. `accounts` are those that row-level security lets its transactions see."""

    pool: AsyncConnectionPool[AsyncConnection[Any]]
    accounts: str = ""

    def for_account(self, *account_ids: int) -> "Db":
        """The same pool, seeing these accounts only."""
        return Db(self.pool, ",".join(str(account_id) for account_id in account_ids))

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Tx]:
        """Commit at the end, or roll back if it raises."""
        conn = await self._take()
        try:
            async with conn.transaction():
                tx = Tx(conn)
                if self.accounts:
                    await tx.value("select set_config('tocsin.accounts', %(accounts)s, true)", accounts=self.accounts)
                yield tx
        finally:
            await self.pool.putconn(conn)

    @asynccontextmanager
    async def statements(self) -> AsyncIterator[Tx]:
        """Each statement inside is a transaction of its own, in one round trip. For the engine's role alone."""
        conn = await self._take()
        try:
            yield Tx(conn)
        finally:
            await self.pool.putconn(conn)

    @asynccontextmanager
    async def at_once(self) -> AsyncIterator[Tx]:
        """The statements inside are one transaction, sent as a whole in one round trip; none of them may return rows.

        Commit at the end, or roll back if one fails, as `Tx.together` says. For the engine's role alone.
        """
        async with self.statements() as tx, tx.together():
            yield tx

    async def _take(self) -> AsyncConnection[Any]:
        """A connection whose server is still there.

        The pool could check that itself: it would ask the server before each transaction, and after a restart wait
        longer for each connection that was lost. An idle connection is silent until the server closes it; so one look
        is enough, and what the server has left is replaced at once.
        """
        while True:
            conn = await self.pool.getconn()
            watch = select.poll()
            if not conn.closed:
                watch.register(conn.fileno(), select.POLLIN)
                if not watch.poll(0):
                    return conn
                await conn.close()
            await self.pool.putconn(conn)


def retried(work: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """`work`, begun again when the database had to end a deadlock by undoing it; it is one whole transaction."""

    @wraps(work)
    async def again(*args: P.args, **kwargs: P.kwargs) -> T:
        for _ in range(DEADLOCK_TRIES - 1):
            try:
                return await work(*args, **kwargs)
            except DeadlockDetected:
                continue
        return await work(*args, **kwargs)

    return again


@dataclass(frozen=True, slots=True)
class Databases:
    """The two roles at work: `app` behind row-level security for requests, `engine` for ingest and workers."""

    app: Db
    engine: Db


def conninfo(url: str, role: Role) -> str:
    """`url` for `role`. In a URL that holds `{role}` (the embedded server's peer roles) the role signs in itself."""
    return url.replace("{role}", role)


class EagerConnection(AsyncConnection[Any]):
    """A pool's connection. Left to itself, a pool waits longer after each try while the server restarts, and everybody
    with it for seconds after the server is back.
    """

    @classmethod
    async def connect(cls, *args: Any, **kwargs: Any) -> Self:
        """Try again and again for five seconds, no longer than a pool takes to close. Raises: OperationalError."""
        for _ in range(50):
            with suppress(OperationalError):
                return await super().connect(*args, **kwargs)
            await asyncio.sleep(0.1)
        return await super().connect(*args, **kwargs)


def make_pool(
    url: str, role: Role, *, min_size: int = 1, max_size: int = 10
) -> AsyncConnectionPool[AsyncConnection[Any]]:
    """A closed pool whose connections work as `role`; open it where it is used."""

    async def configure(conn: AsyncConnection[Any]) -> None:
        if "{role}" not in url:
            await conn.execute(sql.SQL("set role {}").format(sql.Identifier(role)))

    return AsyncConnectionPool(
        conninfo(url, role),
        connection_class=EagerConnection,
        min_size=min_size,
        max_size=max_size,
        open=False,
        configure=configure,
        kwargs={"application_name": "tocsin", "connect_timeout": 10, "autocommit": True},
        timeout=10,
    )


async def connect(url: str, role: Role) -> AsyncConnection[Any]:
    """One connection in autocommit, outside any pool: a listener or the ingest writer."""
    conn = await AsyncConnection.connect(
        conninfo(url, role), autocommit=True, application_name="tocsin", connect_timeout=10
    )
    if "{role}" not in url:
        await conn.execute(sql.SQL("set role {}").format(sql.Identifier(role)))
    return conn


@asynccontextmanager
async def open_databases(url: str, *, app_size: int = 10, engine_size: int = 5) -> AsyncIterator[Databases]:
    """Both pools, open until the block ends."""
    app, engine = (
        make_pool(url, "tocsin_app", max_size=app_size),
        make_pool(url, "tocsin_engine", max_size=engine_size),
    )
    async with app, engine:
        yield Databases(Db(app), Db(engine))
