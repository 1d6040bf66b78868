"""Custom user roles by API, through real HTTP.

POST /v2/roles
GET /v2/roles
GET /v2/roles/{identifier}
PUT /v2/roles/{identifier}
DELETE /v2/roles/{identifier}
"""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from tests.support.alert_api import AlertApi, api_of
from tests.support.browsing import add_person, browsing
from tests.support.customer import Customer, customer
from tests.support.makers import Tenant, add_key, add_user, make_tenant

from tocsin.accounts import audit_store
from tocsin.accounts.rights import RIGHT_NAMES
from tocsin.db import Databases
from tocsin.settings import Settings

PATH = "/v2/roles"


@pytest.fixture
def api(http: aiohttp.ClientSession, tenant: Tenant) -> AlertApi:
    return api_of(http, tenant)


def body(**changes: Any) -> dict[str, Any]:
    return {
        "name": "Night watch", "extendedRole": "user", "grantedRights": ["logs-page-access"],
        "disallowedRights": ["profile-edit", "contacts-edit"], **changes,
    }  # fmt: skip


async def test_a_role_is_made_read_changed_and_deleted(api: AlertApi, tenant: Tenant) -> None:
    made = await api.call("POST", "/v2/roles/", body())
    listed = await api.get("/v2/roles/")
    shown = await api.get(f"{PATH}/night%20watch?identifierType=name")
    changed = await api.call("PUT", f"{PATH}/{made.data['id']}", {"name": "Watch", "grantedRights": []})
    after = await api.get(f"{PATH}/{made.data['id']}")
    deleted = await api.call("DELETE", f"{PATH}/Watch?identifierType=name")

    assert (made.status, made.body["result"]) == (201, "Created")
    assert made.data == {"id": made.data["id"], "name": "Night watch"}
    assert listed.data == [made.data]
    assert shown.data == {"id": made.data["id"], **body()}
    assert (changed.status, changed.body["result"]) == (200, "Updated")
    assert changed.data == {"id": made.data["id"], "name": "Watch"}
    assert after.data == {"id": made.data["id"], **body(name="Watch", grantedRights=[])}
    assert (deleted.status, deleted.body["result"]) == (200, "Deleted")
    assert (await api.get(f"{PATH}/{made.data['id']}")).status == 404
    assert (await api.get(PATH)).data == []
    async with tenant.app.transaction() as tx:
        entries = await audit_store.list_entries(tx, tenant.account_id, 10)
    assert [(it.action, it.before, it.after) for it in entries if it.action == "changed"] == [
        (
            "changed",
            {"name": "Night watch", "granted": ["logs-page-access"]},
            {"name": "Watch", "granted": []},
        )
    ]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "n" * 513}, "name"),
        ({"name": "Admin"}, "name"),
        ({"extendedRole": "owner"}, "extendedRole"),
        ({"grantedRights": ["alert-delete", "alert-conjure"]}, "grantedRights"),
        ({"disallowedRights": ["fly"]}, "disallowedRights"),
        ({"extendedRole": "stakeholder", "grantedRights": ["alert-acknowledge"]}, "grantedRights"),
        ({"extendedRole": "observer", "grantedRights": ["configurations-edit"]}, "grantedRights"),
    ],
)
async def test_a_role_that_cannot_be_is_refused_by_field(api: AlertApi, changes: dict[str, Any], field: str) -> None:
    refused = await api.call("POST", PATH, body(**changes))

    assert (refused.status, [*refused.errors]) == (422, [field])


async def test_every_right_that_the_api_knows_is_accepted_and_kept(api: AlertApi) -> None:
    made = await api.call("POST", PATH, body(grantedRights=sorted(RIGHT_NAMES), disallowedRights=[]))
    shown = await api.get(f"{PATH}/{made.data['id']}")

    assert made.status == 201
    assert shown.data["grantedRights"] == sorted(RIGHT_NAMES)
    assert len(RIGHT_NAMES) == 95


async def test_a_name_is_taken_once(api: AlertApi) -> None:
    await api.call("POST", PATH, body())
    other = await api.call("POST", PATH, body(name="Day watch"))

    assert (await api.call("POST", PATH, body(name="night WATCH"))).status == 409
    assert (await api.call("PUT", f"{PATH}/{other.data['id']}", {"name": "night WATCH"})).status == 409


async def test_r8_1_a_user_has_a_custom_role_and_the_seat_of_its_base(
    api: AlertApi, tenant: Tenant, databases: Databases
) -> None:
    made = await api.call("POST", PATH, body())
    user = await add_user(databases, tenant)

    given = await api.call("PATCH", f"/v2/users/{user.id}", {"role": {"name": "night watch"}})
    shown = await api.get(f"/v2/users/{user.id}")
    found = await api.get("/v2/users?query=role:%22Night%20watch%22")
    used = await api.call("DELETE", f"{PATH}/{made.data['id']}")
    await api.call("PUT", f"{PATH}/{made.data['id']}", {"extendedRole": "observer", "grantedRights": []})
    freed = await kind_of(tenant)
    back = await api.call("PATCH", f"/v2/users/{user.id}", {"role": {"name": "User"}})
    gone = await api.call("DELETE", f"{PATH}/{made.data['id']}")

    assert given.status == 200
    assert shown.data["role"] == {"id": made.data["id"], "name": "Night watch"}
    assert [it["username"] for it in found.data] == [user.username]
    assert used.status == 428
    assert user.username in used.body["message"]
    assert freed == {("owner", "responder"), ("stakeholder", "stakeholder")}
    assert (back.status, gone.status) == (200, 200)
    assert await kind_of(tenant) == {("owner", "responder"), ("user", "responder")}


async def kind_of(tenant: Tenant) -> set[tuple[str, str]]:
    async with tenant.app.transaction() as tx:
        rows = await tx.dicts(
            "select role, licence_kind from users where account_id = %(account_id)s", account_id=tenant.account_id
        )
    return {(row["role"], row["licence_kind"]) for row in rows}


async def test_roles_of_others_are_not_there(
    api: AlertApi, http: aiohttp.ClientSession, databases: Databases, tenant: Tenant
) -> None:
    others = await make_tenant(databases, "others")
    theirs = await api_of(http, others).call("POST", PATH, body())

    assert (await api.get(PATH)).data == []
    for method in ("GET", "PUT", "DELETE"):
        for ident in (theirs.data["id"], "Night%20watch?identifierType=name", str(uuid4()), "none"):
            assert (await api.call(method, f"{PATH}/{ident}", body())).status == 404


async def test_a_key_without_configuration_access_reads_roles_and_changes_none(
    http: aiohttp.ClientSession, tenant: Tenant, databases: Databases, api: AlertApi
) -> None:
    made = await api.call("POST", PATH, body())
    reading = api_of(http, tenant, await add_key(databases, tenant, allow_configuration_access=False))

    assert (await reading.get(f"{PATH}/{made.data['id']}")).status == 200
    for method, path in (("POST", PATH), ("PUT", f"{PATH}/{made.data['id']}"), ("DELETE", f"{PATH}/x")):
        assert (await reading.call(method, path, body())).status == 403


@pytest.fixture
async def buyer(settings: Settings, database_url: str, databases: Databases, tenant: Tenant) -> AsyncIterator[Customer]:
    """The owner of an account that bought Essentials, which has neither custom roles nor configuration by API."""
    async with customer(settings, database_url, databases, tenant) as made:
        await made.add_card()
        await made.comes_to("2026-03-10 10:00")
        yield made


async def test_a_role_rests_while_the_plan_has_no_custom_roles_and_is_kept(
    buyer: Customer, databases: Databases
) -> None:
    made = await buyer.api.call("POST", PATH, body(disallowedRights=["see-alerts"]))
    bo_user = await add_person(databases, buyer.tenant)
    await buyer.api.call("PATCH", f"/v2/users/{bo_user.id}", {"role": {"id": made.data["id"]}})
    async with browsing(buyer.url) as bo:
        await bo.sign_in(bo_user)
        on_trial = await bo.send("GET", "/alerts")
        await buyer.order(plan="essentials", interval="month", seats=5, startToday=True)
        on_essentials = await bo.send("GET", "/alerts")
        refused = [
            await buyer.api.call(method, path, body())
            for method, path in (
                ("POST", PATH), ("PUT", f"{PATH}/{made.data['id']}"), ("POST", "/v2/users"),
                ("PATCH", f"/v2/users/{bo_user.id}"), ("POST", f"/v2/users/{bo_user.id}/contacts"),
            )
        ]  # fmt: skip
        listed = await buyer.api.get(PATH)
        shown = await buyer.api.get(f"/v2/users/{bo_user.id}")
        await buyer.order(plan="enterprise", interval="month", seats=5)
        on_enterprise = await bo.send("GET", "/alerts")

    assert (on_trial.status, on_essentials.status, on_enterprise.status) == (403, 200, 403)
    assert [it.status for it in refused] == [402] * 5
    assert "Standard / Enterprise" in refused[2].body["message"]
    assert listed.data == [made.data]
    assert shown.data["role"]["name"] == "Night watch"


async def test_an_owner_gives_a_custom_role_on_the_page_and_sees_when_it_rests(
    buyer: Customer, databases: Databases
) -> None:
    made = await buyer.api.call("POST", PATH, body())
    bo = await add_person(databases, buyer.tenant)
    page = await buyer.owner.get("/settings/users")

    given = await buyer.owner.post(f"/settings/users/{bo.id}/role", role=made.data["id"])
    invited = await buyer.owner.post(
        "/settings/users", email="cy@example.com", role=made.data["id"], time_zone="Europe/Warsaw", locale="en"
    )
    nobody = await buyer.owner.send("POST", f"/settings/users/{bo.id}/role", role=str(uuid4()))
    shown = await buyer.api.get("/v2/users/cy@example.com")
    await buyer.order(plan="essentials", interval="month", seats=5, startToday=True)
    resting = await buyer.owner.get("/settings/users")
    refused = await buyer.owner.send("POST", f"/settings/users/{bo.id}/role", role=made.data["id"])

    assert f'<option value="{made.data["id"]}">Night watch</option>' in page.text
    assert f"{bo.full_name} is Night watch from now on." in given
    assert f'<option value="{made.data["id"]}" selected>Night watch</option>' in given.text
    assert "cy@example.com is invited by mail." in invited
    assert shown.data["role"] == {"id": made.data["id"], "name": "Night watch"}
    assert nobody.status == 404
    assert "counts as User" in resting
    assert made.data["id"] not in resting.text
    assert refused.status == 402
