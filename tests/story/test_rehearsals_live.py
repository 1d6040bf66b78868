"""Rehearsals on a copy of a live account: the test database is live, and is only read."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from tests.support.makers import Tenant
from tests.support.world import World, team

from tocsin.accounts.model import ContactMethod
from tocsin.db import Databases
from tocsin.errors import Conflict, NotFound
from tocsin.licensing import countries_store
from tocsin.licensing.countries import Override
from tocsin.rehearsal.command import as_text
from tocsin.rehearsal.live import NOT_COPIED, TABLES, live_database, read_account
from tocsin.rehearsal.run import rehearse
from tocsin.rehearsal.scenario import parse_scenario
from tocsin.rehearsal.scratch import Scratch
from tocsin.settings import Settings

SCENARIO = """
start: 2026-03-02T10:00:00+01:00
commands:
  - {{at: +0m, create-alert: {{message: disk full, alias: disk, responders: [{responder}]}}}}
end: +1h
"""


def scenario_for(name: str) -> str:
    return SCENARIO.format(responder=f"{{type: team, name: {name}}}")


async def test_a_live_account_is_told_as_it_would_be(
    world: World, database_url: str, scratch: Scratch, tenant: Tenant
) -> None:
    ana, bo = await world.users("ana", "bo")
    _, name = await world.team(ana, bo)
    live = await read_account(database_url, str(tenant.account_id))

    rehearsal = await rehearse(parse_scenario(scenario_for(name), live=True), scratch, live)

    await world.trigger("disk full", team(name))
    await world.advance(minutes=60)
    told = [
        (int((event.at - rehearsal.scenario.start).total_seconds() // 60), event.data["address"], "disk full")
        for event in rehearsal.events
        if event.kind == "notification"
    ]
    assert len(told) == 4
    assert sorted(told) == sorted(world.sent)


async def test_nobody_is_called_where_the_operator_says_that_no_call_goes(
    world: World, databases: Databases, database_url: str, scratch: Scratch, tenant: Tenant
) -> None:
    [ana] = await world.users("ana")
    await world.contact(ana, ContactMethod.VOICE, "+688901234")
    _, name = await world.team(ana)
    async with databases.engine.transaction() as tx:
        await countries_store.save(tx, Override("TV", sms=True, voice=False))
    try:
        live = await read_account(database_url, str(tenant.account_id))
    finally:
        async with databases.engine.transaction() as tx:
            await countries_store.delete(tx, "TV")

    scenario = parse_scenario(scenario_for(name), live=True)
    rehearsals = [await rehearse(scenario, scratch, it) for it in (live, replace(live, countries=()))]

    called = [
        [(it.kind, it.data["method"], it.data.get("reason")) for it in rehearsal.events if "+688901234" in str(it.data)]
        for rehearsal in rehearsals
    ]
    assert set(called[0]) == {("not_sent", "voice", "country-not-supported")}
    assert set(called[1]) == {("notification", "voice", None)}


async def test_a_live_rehearsal_gives_the_same_bytes(
    world: World, database_url: str, scratch: Scratch, tenant: Tenant
) -> None:
    _, name = await world.team(*await world.users("ana", "bo", "cy"))
    live = await read_account(database_url, str(tenant.account_id))
    scenario = parse_scenario(scenario_for(name), live=True)

    texts = [as_text(await rehearse(scenario, scratch, live)) for _ in range(2)]

    assert texts[0] == texts[1]


async def test_a_copy_holds_no_secret(
    world: World, databases: Databases, database_url: str, scratch: Scratch, tenant: Tenant
) -> None:
    [ana] = await world.users("ana")
    await world.webhook_contact(ana, "https://pager.example.com")
    async with databases.engine.transaction() as tx:
        await tx.execute(
            "update users set password_hash = 'hash-of-ana', totp_secret = %(s)s where account_id = %(a)s",
            s=b"totp-of-ana", a=tenant.account_id,
        )  # fmt: skip
        await tx.execute(
            "update contacts set secret = %(s)s where account_id = %(a)s and method = 'webhook'",
            s=b"secret-of-ana", a=tenant.account_id,
        )  # fmt: skip
        key_hash = await tx.value("select key_hash from integrations where account_id = %(a)s", a=tenant.account_id)

    live = await read_account(database_url, str(tenant.account_id))
    await rehearse(parse_scenario(scenario_for("any"), live=True), scratch, live)

    with psycopg.connect(scratch.url.replace("{role}", "tocsin_engine")) as conn:
        kept = conn.execute(
            "select bool_or(password_hash is not null or totp_secret is not null), count(*) from users"
        ).fetchone()
        secrets = conn.execute("select count(*) from contacts where secret is not null").fetchone()
        hashes = conn.execute("select key_hash from integrations").fetchall()
    assert kept == (False, 2)
    assert secrets == (0,)
    assert hashes
    assert (key_hash,) not in hashes
    assert "of-ana" not in repr(live)


async def test_the_live_database_is_as_before(
    world: World, databases: Databases, database_url: str, scratch: Scratch, tenant: Tenant
) -> None:
    _, name = await world.team(*await world.users("ana"))
    count = """
        select (select version from configuration_versions where account_id = %(a)s) as version,
               (select count(*) from alerts where account_id = %(a)s) as alerts,
               (select count(*) from notifications where account_id = %(a)s) as notifications
    """
    async with databases.engine.transaction() as tx:
        before = await tx.dicts(count, a=tenant.account_id)

    live = await read_account(database_url, str(tenant.account_id))
    await rehearse(parse_scenario(scenario_for(name), live=True), scratch, live)

    async with databases.engine.transaction() as tx:
        assert await tx.dicts(count, a=tenant.account_id) == before


async def test_every_column_of_the_configuration_is_copied_or_left_out_by_name(databases: Databases) -> None:
    """Whoever adds a column or a table of configuration decides here whether a rehearsal may see it."""
    async with databases.engine.transaction() as tx:
        rows = await tx.dicts(
            """
            select c.relname as table_name, array_agg(a.attname::text order by a.attname) as columns
              from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
             where c.relname = 'accounts' or exists (
               select from pg_trigger t where t.tgrelid = c.oid and t.tgname = c.relname || '_version')
             group by c.relname
            """
        )

    there = {row["table_name"]: set(row["columns"]) for row in rows}
    named = {it.name: {*it.columns, *NOT_COPIED.get(it.name, ())} for it in TABLES}
    assert named == there


async def test_an_account_is_chosen_by_its_number_or_name(
    database_url: str, databases: Databases, tenant: Tenant
) -> None:
    name = f"account of {tenant.account_id}"
    async with databases.engine.transaction() as tx:
        await tx.execute("update accounts set name = %(n)s where id = %(a)s", n=name, a=tenant.account_id)

    assert (await read_account(database_url, name)).id == tenant.account_id
    with pytest.raises(NotFound, match="There is no account 'nobody'"):
        await read_account(database_url, "nobody")


async def test_one_of_several_accounts_must_be_named(world: World, database_url: str, databases: Databases) -> None:
    async with databases.engine.transaction() as tx:
        await tx.execute("insert into accounts (name, time_zone, created_at) values ('second', 'UTC', '2026-01-01Z')")

    with pytest.raises(Conflict, match="Name it with --account"):
        await read_account(database_url)


async def test_a_database_of_another_version_is_refused(scratch: Scratch) -> None:
    with set_aside_migration(scratch.url), pytest.raises(Conflict, match="of another version of Tocsin"):
        await read_account(scratch.url)


@contextmanager
def set_aside_migration(url: str) -> Iterator[None]:
    """Let the database look older for a while."""
    change = "update _yoyo_migration set migration_id = %s where migration_id = %s"
    with psycopg.connect(url.replace("{role}", "tocsin_owner"), autocommit=True) as conn:
        conn.execute(change, ("0001_other", "0001_accounts"))
        try:
            yield
        finally:
            conn.execute(change, ("0001_accounts", "0001_other"))


def test_the_running_server_of_the_data_folder_is_found(database_url: str) -> None:
    socket_folder = Path(database_url.partition("host=")[2])

    assert live_database(Settings(database_url=None, data_dir=socket_folder.parent)) == database_url
    assert live_database(Settings(database_url="postgresql://elsewhere/db")) == "postgresql://elsewhere/db"


def test_without_a_running_server_the_message_says_what_to_do(tmp_path: Path) -> None:
    settings = Settings(database_url=None, data_dir=tmp_path)

    with pytest.raises(NotFound, match=r"No Tocsin runs on .*tocsin up.*TOCSIN_DATABASE_URL"):
        live_database(settings)


async def test_a_database_that_does_not_answer_is_named_so() -> None:
    with pytest.raises(NotFound, match="The live database does not answer"):
        await read_account("postgresql://nobody@127.0.0.1:1/none")
