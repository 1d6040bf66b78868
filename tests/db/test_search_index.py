"""What search looks through: filled by the worker, true at every moment, closed to other accounts."""

from zoneinfo import ZoneInfo

import psycopg
import pytest
from tests.support.alerts import add_alert
from tests.support.makers import Tenant, make_tenant

from tocsin.alerts import search_store
from tocsin.alerts.model import Alert
from tocsin.db import Databases

UTC = ZoneInfo("UTC")


async def index_all(databases: Databases) -> None:
    indexed = 1
    while indexed:
        async with databases.engine.transaction() as tx:
            indexed = await search_store.index_alerts(tx)


async def queued(databases: Databases, tenant: Tenant) -> int:
    async with databases.engine.transaction() as tx:
        sql = "select count(*) from search_queue where account_id = %(account_id)s"
        return int(await tx.value(sql, account_id=tenant.account_id))


async def change(databases: Databases, alert: Alert, what: str) -> None:
    async with databases.engine.transaction() as tx:
        sql = f"update alerts set {what} where account_id = %(account_id)s and id = %(id)s"
        await tx.execute(sql, account_id=alert.account_id, id=alert.id)


async def finds(tenant: Tenant, query: str) -> bool:
    async with tenant.app.transaction() as tx:
        return bool(await search_store.search_alerts(tx, tenant.account_id, query, zone=UTC, limit=2))


async def test_an_alert_is_found_before_it_is_indexed_and_after(databases: Databases, tenant: Tenant) -> None:
    await add_alert(databases, tenant, message="Tectonic shift")

    assert await finds(tenant, "tectonic")
    await index_all(databases)
    assert await queued(databases, tenant) == 0
    assert await finds(tenant, "tectonic")


@pytest.mark.parametrize(
    ("what", "query"),
    [
        ("message = 'granite'", "message:granite"),
        ("description = 'granite'", "granite"),
        ("tags = '{Granite}'", "tag:granite"),
        ('details = \'{"rock": "granite"}\'', "details.value:granite"),
        ("entity = 'granite'", "*rani*"),
    ],
)
async def test_what_an_alert_says_now_is_found_at_once(
    databases: Databases, tenant: Tenant, what: str, query: str
) -> None:
    alert = await add_alert(databases, tenant, message="slate")
    await index_all(databases)

    await change(databases, alert, what)

    assert await finds(tenant, query)
    await index_all(databases)
    assert await finds(tenant, query)


@pytest.mark.parametrize("what", ["count = count + 1", "acknowledged = true, owner = 'ana'", "message = message"])
async def test_a_change_that_search_does_not_read_costs_nothing(
    databases: Databases, tenant: Tenant, what: str
) -> None:
    alert = await add_alert(databases, tenant)
    await index_all(databases)

    await change(databases, alert, what)

    assert await queued(databases, tenant) == 0


async def test_an_alert_that_is_gone_leaves_nothing_behind(databases: Databases, tenant: Tenant) -> None:
    alert = await add_alert(databases, tenant)
    await index_all(databases)

    async with databases.engine.transaction() as tx:
        await tx.execute(
            "delete from alerts where account_id = %(a)s and id = %(id)s", a=tenant.account_id, id=alert.id
        )

    async with databases.engine.transaction() as tx:
        sql = "select count(*) from alert_texts where account_id = %(account_id)s"
        assert await tx.value(sql, account_id=tenant.account_id) == 0


async def test_nothing_waits_inside_the_index_once_the_queue_is_empty(databases: Databases, tenant: Tenant) -> None:
    await add_alert(databases, tenant, message="Tectonic shift")

    await index_all(databases)

    async with databases.engine.transaction() as tx:
        assert await tx.value("select clean_search_index()") == 0


async def test_two_workers_do_not_index_at_once(databases: Databases, tenant: Tenant) -> None:
    await add_alert(databases, tenant)

    async with databases.engine.transaction() as first, databases.engine.transaction() as second:
        assert await search_store.index_alerts(first) > 0
        assert await search_store.index_alerts(second) == 0


async def test_the_view_shows_one_account_and_the_table_none(databases: Databases, tenant: Tenant) -> None:
    await add_alert(databases, tenant)
    await index_all(databases)
    eve = await make_tenant(databases, "eve")
    count = "select count(*) from searchable_texts"

    async with tenant.app.transaction() as tx:
        assert await tx.value(count) == 1
    async with eve.app.transaction() as tx:
        assert await tx.value(count) == 0
    async with databases.app.transaction() as tx:
        assert await tx.value(count) == 0
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with tenant.app.transaction() as tx:
            await tx.value("select count(*) from alert_texts")
