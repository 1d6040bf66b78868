"""Two APIs and two workers share Debian's PostgreSQL 15: everything happens once."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import psycopg
import pytest
from psycopg.rows import dict_row
from tests.support.debian import INSTALLED, debian_server
from tests.support.machines import fleet, run
from tests.support.makers import START
from tests.support.page_sink import webhook_sink
from tests.support.program import eventually
from tests.support.server import scratch_folder
from tests.support.site import SECRET_KEY, SIGNING_SECRET, person

from tocsin.db import Tx, connect
from tocsin.escalations import config_store
from tocsin.escalations.escalation import Condition, NotifyType, RecipientKind

pytestmark = [
    pytest.mark.crash,
    pytest.mark.xdist_group("crash"),
    pytest.mark.skipif(not INSTALLED, reason="Debian's postgresql-15 is not installed"),
]

ADMIN_PASSWORD = "of the superuser"
ALIASES = 300
TIMES = 4  # each alias is posted so often, to either API


@dataclass(frozen=True, slots=True)
class Database:
    """A database of its own on the server, for a login that Tocsin uses."""

    sockets: Path
    name: str

    def url(self, login: str, password: str) -> str:
        return f"postgresql://{login}:{password.replace(' ', '%20')}@/{self.name}?host={self.sockets}"

    def administer(self, *statements: str) -> None:
        with psycopg.connect(self.url("postgres", ADMIN_PASSWORD), autocommit=True) as conn:
            for statement in statements:
                conn.execute(statement)


@pytest.fixture(scope="module")
def sockets() -> Iterator[Path]:
    with debian_server(ADMIN_PASSWORD) as found:
        yield found


@pytest.fixture
def folder() -> Iterator[Path]:
    with scratch_folder() as path:
        yield path


def make_database(sockets: Path, login: str, rights: str) -> tuple[Database, str]:
    """A database that belongs to a new login with these rights; and the login's address for it."""
    name = f"tocsin_{uuid4().hex[:8]}"
    Database(sockets, "postgres").administer(
        f"create role {login} login {rights} password 'pw-{login}'", f"create database {name} owner {login}"
    )
    return Database(sockets, name), Database(sockets, name).url(login, f"pw-{login}")


async def test_a_login_that_may_not_make_roles_is_told_the_sql_that_an_administrator_runs(sockets: Path) -> None:
    database, url = make_database(sockets, "humble", "")

    refused = await run("migrate", TOCSIN_DATABASE_URL=url)

    assert refused.returncode == 1
    assert "The login humble may not make Tocsin's three roles" in refused.stderr
    assert "Traceback" not in refused.stderr
    script = refused.stderr[refused.stderr.index("create role") :]
    database.administer(script)
    migrated = await run("migrate", TOCSIN_DATABASE_URL=url)
    assert migrated.returncode == 0, migrated.stderr
    assert "The database is up to date." in migrated.stdout
    database.administer(
        "drop owned by tocsin_owner, tocsin_app, tocsin_engine cascade",
        "drop role tocsin_owner, tocsin_app, tocsin_engine",
    )


async def test_two_apis_and_two_workers_do_everything_once(sockets: Path, folder: Path) -> None:
    _, url = make_database(sockets, "operations", "createrole")
    key = str(uuid4())
    settings = {
        "TOCSIN_DATABASE_URL": url,
        "TOCSIN_SECRET_KEY": SECRET_KEY,
        "TOCSIN_ALLOWED_PRIVATE_NETWORKS": "127.0.0.0/8",
        "TOCSIN_BOOTSTRAP_API_KEY": key,
    }
    for command in ("migrate", "migrate", "bootstrap"):  # twice: what is applied stays applied
        done = await run(command, **settings)
        assert done.returncode == 0, done.stderr
    async with webhook_sink(SIGNING_SECRET) as sink, fleet(folder, **settings) as machines:
        async with await connect(url, "tocsin_engine") as conn:
            await escalation_of_two(conn, sink.url)
        for part in ("api", "api", "worker", "worker"):
            machines.start(part)
        await machines.ready()

        posted = [f"alias-{number}" for number in range(ALIASES)] * TIMES
        random.Random(15).shuffle(posted)
        requests = await post_all(machines.apis, key, posted)
        async with await psycopg.AsyncConnection.connect(url, autocommit=True, row_factory=dict_row) as conn:
            await conn.execute("set role tocsin_engine")
            await eventually(lambda: nothing_is_due(conn))
            alerts = await rows(conn, "select alias, count, occurrences, status, tiny_id from alerts")
            entries = await rows(conn, "select alert_id, event, count(*) as n from alert_log group by 1, 2")
            pages = await rows(conn, "select id, alert_id, status, attempts from notifications")
            attempts = await rows(conn, "select notification_id, number from attempts")
            runs = await rows(conn, "select alert_id from escalation_runs")
            statuses = await ask_the_other(machines.apis, key, requests)
            ended = await machines.stop()
            sending = await rows(conn, "select id from notifications where status = 'sending'")
            workers = await rows(conn, "select pid, stopped_at from workers")

    assert Counter({row["alias"]: row["occurrences"] for row in alerts}) == Counter(posted)
    assert {row["count"] for row in alerts} == {TIMES}
    assert len({row["tiny_id"] for row in alerts}) == ALIASES  # with gaps, where both APIs drew one for the same alias
    assert Counter(statuses) == {"Created alert": ALIASES, "Increased alert count": ALIASES * (TIMES - 1)}
    told = {row["alert_id"]: row["n"] for row in entries if row["event"] == "told"}
    assert len(told) == ALIASES
    assert set(told.values()) == {2}, "once for each of the escalation's two rules"
    assert {row["n"] for row in entries if row["event"] == "created"} == {1}
    assert Counter(Counter(row["alert_id"] for row in pages).values()) == {2: ALIASES}
    assert {(row["status"], row["attempts"]) for row in pages} == {("delivered", 1)}
    assert Counter(row["number"] for row in attempts) == {1: 2 * ALIASES}
    assert len(runs) == ALIASES
    assert sink.notifications == Counter({row["id"]: 1 for row in pages})
    assert sink.wrong == []
    assert ended == [0, 0, 0, 0]
    assert sending == []
    assert {row["pid"] for row in workers} == {process.pid for process in machines.processes[2:]}
    assert all(row["stopped_at"] for row in workers)


async def escalation_of_two(conn: psycopg.AsyncConnection[Any], webhook_url: str) -> None:
    """Two people, both told at once by the escalation `both`, one rule each."""
    async with conn.transaction():
        tx, escalation_id = Tx(conn), uuid4()
        account_id = await tx.value("select id from accounts")
        await config_store.insert_escalation(tx, account_id, escalation_id, "both", team_id=None, at=START)
        for position, name in enumerate(("ana@example.com", "bo@example.com")):
            await person(tx, account_id, name, webhook_url)
            user_id: UUID = await tx.value("select id from users where username = %(name)s", name=name)
            await config_store.insert_escalation_rule(
                tx, account_id, escalation_id, position=position, condition=Condition.IF_NOT_ACKED,
                notify_type=NotifyType.DEFAULT, delay=timedelta(0), recipient_type=RecipientKind.USER,
                recipient_id=user_id,
            )  # fmt: skip


async def post_all(apis: list[str], key: str, aliases: list[str]) -> list[tuple[str, str]]:
    """Post each alias to one API or the other, many at a time; the request ids, each with the API that answered."""
    slots = asyncio.Semaphore(32)
    headers = {"Authorization": f"GenieKey {key}"}

    async def post(http: aiohttp.ClientSession, number: int, alias: str) -> tuple[str, str]:
        api = apis[number % len(apis)]
        body = {"message": "disk full", "alias": alias, "responders": [{"type": "escalation", "name": "both"}]}
        async with slots, http.post(f"{api}/v2/alerts", json=body, headers=headers) as response:
            answer = await response.json()
            assert response.status == 202, answer
            return str(answer["requestId"]), api

    async with aiohttp.ClientSession() as http:
        return list(await asyncio.gather(*(post(http, number, alias) for number, alias in enumerate(aliases))))


async def ask_the_other(apis: list[str], key: str, requests: list[tuple[str, str]]) -> list[str]:
    """What the API that did not take a request says of it."""
    slots = asyncio.Semaphore(16)
    headers = {"Authorization": f"GenieKey {key}"}

    async def ask(http: aiohttp.ClientSession, request_id: str, asked: str) -> str:
        other = next(api for api in apis if api != asked)
        async with slots, http.get(f"{other}/v2/alerts/requests/{request_id}", headers=headers) as response:
            answer = json.loads(await response.text())
            assert response.status == 200, answer
            assert answer["data"]["isSuccess"] is True
            return str(answer["data"]["status"])

    async with aiohttp.ClientSession() as http:
        return list(await asyncio.gather(*(ask(http, request_id, api) for request_id, api in requests)))


async def nothing_is_due(conn: psycopg.AsyncConnection[dict[str, Any]]) -> bool:
    [row] = await rows(
        conn,
        "select (select count(*) from notifications where due_at is not null)"
        "     + (select count(*) from escalation_runs where due_at is not null) as open",
    )
    return bool(row["open"] == 0)


async def rows(conn: psycopg.AsyncConnection[dict[str, Any]], sql: str) -> list[dict[str, Any]]:
    return await (await conn.execute(sql)).fetchall()
