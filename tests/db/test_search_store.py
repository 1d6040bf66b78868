"""Search on real PostgreSQL, as the role that serves requests."""

from zoneinfo import ZoneInfo

import pytest
from tests.support.alerts import add_alert
from tests.support.makers import Tenant, add_team, add_user, make_tenant

from tocsin.alerts import search_store
from tocsin.alerts.model import AlertStatus
from tocsin.db import Databases
from tocsin.errors import Invalid

WARSAW = ZoneInfo("Europe/Warsaw")


async def found(tenant: Tenant, query: str, **how: object) -> list[str]:
    """The messages that a query lists; counting agrees."""
    async with tenant.app.transaction() as tx:
        alerts = await search_store.search_alerts(tx, tenant.account_id, query, zone=WARSAW, **how)  # type: ignore[arg-type]  # as the test says
        if not how:
            assert await search_store.count_alerts(tx, tenant.account_id, query, zone=WARSAW) == len(alerts)
    return [alert.message for alert in alerts]


async def test_a_search_lists_the_newest_first_and_never_a_deleted_alert(databases: Databases, tenant: Tenant) -> None:
    for message in ("one", "two", "three"):
        await add_alert(databases, tenant, message=message)
    await add_alert(databases, tenant, message="gone", status=AlertStatus.DELETED)

    assert await found(tenant, "") == ["three", "two", "one"]
    assert await found(tenant, "", limit=1, offset=1) == ["two"]
    assert await found(tenant, "", sort="message", order="asc") == ["one", "three", "two"]


async def test_another_account_finds_nothing(databases: Databases, tenant: Tenant) -> None:
    await add_alert(databases, tenant, message="Disk full")
    eve = await make_tenant(databases, "eve")

    async with eve.app.transaction() as tx:
        assert await search_store.search_alerts(tx, tenant.account_id, "disk", zone=WARSAW) == []
        assert await search_store.count_alerts(tx, tenant.account_id, "", zone=WARSAW) == 0
    assert await found(eve, "disk") == []


async def test_people_and_teams_are_found_by_their_names(databases: Databases, tenant: Tenant) -> None:
    ana = await add_user(databases, tenant)
    team_id = await add_team(databases, tenant, ana, name="Platform")
    await add_alert(
        databases, tenant, message="theirs", responders=[{"type": "team", "id": str(team_id)}], owner=ana.username
    )
    await add_alert(
        databases, tenant, message="hers", responders=[{"type": "user", "id": str(ana.id)}], acknowledged=True
    )

    assert await found(tenant, "teams:platform") == ["theirs"]
    assert await found(tenant, f"teams:{team_id}") == ["theirs"]
    assert await found(tenant, "responders:plat*") == ["theirs"]
    assert await found(tenant, f"responders:{ana.username.upper()}") == ["hers"]
    assert await found(tenant, f'owner:"{ana.full_name}"') == ["theirs"]
    assert await found(tenant, "NOT teams:platform") == ["hers"]
    assert await found(tenant, "teams:nobody") == []


@pytest.mark.parametrize("how", [{"offset": 19_990, "limit": 20}, {"offset": -1}, {"sort": "colour"}, {"order": "up"}])
async def test_a_page_that_cannot_be_is_refused(tenant: Tenant, how: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        await found(tenant, "", **how)
