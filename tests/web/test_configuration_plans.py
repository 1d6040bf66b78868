"""Plans and the configuration by API: what a plan has not is refused with 402, and reading goes on."""

import aiohttp
import pytest
from tests.support.alert_api import AlertApi, api_of
from tests.support.makers import START, Tenant
from tests.support.shapes import check_error

from tocsin.db import Databases
from tocsin.escalations.plan_limits import PlanLimits
from tocsin.licensing import terms_store
from tocsin.licensing.model import Interval, Standing, Term


@pytest.fixture
def api(http: aiohttp.ClientSession, tenant: Tenant) -> AlertApi:
    return api_of(http, tenant)


async def give(databases: Databases, tenant: Tenant, standing: Standing, plan: str) -> None:
    interval = Interval.MONTH if standing in {Standing.ACTIVE, Standing.RESTRICTED} else None
    async with databases.engine.transaction() as tx:
        await terms_store.insert_terms(tx, [Term(tenant.account_id, START, standing, plan, 5, interval, 1)])
        await PlanLimits(billing=True).settle(tx, tenant.account_id, START)


async def test_a_plan_without_configuration_by_api_reads_and_writes_nothing(
    api: AlertApi, databases: Databases, tenant: Tenant
) -> None:
    team = (await api.call("POST", "/v2/teams", {"name": "Edge"})).data["id"]
    await give(databases, tenant, Standing.FREE, "free")

    message = check_error(await api.call("POST", "/v2/teams", {"name": "x"}), 402)

    assert message == (
        "Configuration through the API and Terraform: your plan, Free, does not include this. These do: Standard / "
        "Enterprise."
    )
    for method, path in (
        ("PATCH", f"/v2/teams/{team}"), ("DELETE", f"/v2/teams/{team}"), ("POST", f"/v2/teams/{team}/members"),
        ("POST", f"/v2/teams/{team}/roles"), ("POST", f"/v2/teams/{team}/routing-rules"), ("POST", "/v2/escalations"),
        ("PATCH", "/v2/escalations/Edge_escalation?identifierType=name"), ("POST", "/v2/forwarding-rules"),
    ):  # fmt: skip
        check_error(await api.call(method, path, {}), 402)
    assert [it["name"] for it in (await api.get("/v2/teams")).data] == ["Edge"]
    assert len((await api.get("/v2/escalations")).data) == 1


async def test_a_plan_with_it_has_room_for_so_many(api: AlertApi, databases: Databases, tenant: Tenant) -> None:
    await give(databases, tenant, Standing.ACTIVE, "standard")

    answer = await api.call("POST", "/v2/teams", {"name": "Edge"})

    assert answer.status == 201


async def test_a_long_unpaid_invoice_keeps_the_api_from_configuring(
    api: AlertApi, databases: Databases, tenant: Tenant
) -> None:
    await give(databases, tenant, Standing.RESTRICTED, "standard")

    message = check_error(await api.call("POST", "/v2/teams", {"name": "Edge"}), 402)

    assert "unpaid" in message
