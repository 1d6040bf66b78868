"""The Forwarding Rule API by HTTP."""

from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from tests.support.alert_api import AlertApi, api_of
from tests.support.makers import Tenant, add_key, add_team, add_user
from tests.support.shapes import check_answer, check_error, filled, instant, uuid_text

from tocsin.accounts import audit_store
from tocsin.accounts.model import Role, User
from tocsin.db import Databases

WRITTEN = {"id": uuid_text, "alias": filled}
USER = {"id": uuid_text, "username": filled}
RULE = {"fromUser": USER, "toUser": USER, "startDate": instant, "endDate": instant, "alias": filled, "id": uuid_text}


@pytest.fixture
def api(http: aiohttp.ClientSession, tenant: Tenant) -> AlertApi:
    return api_of(http, tenant)


@pytest.fixture
async def bo(databases: Databases, tenant: Tenant) -> User:
    return await add_user(databases, tenant)


def body(tenant: Tenant, to: User, **more: Any) -> dict[str, Any]:
    return {
        "fromUser": {"username": tenant.owner.username},
        "toUser": {"id": str(to.id), "username": ""},
        "startDate": "2026-03-02T09:00:10.7+01:00",
        "endDate": "2026-03-03T09:00:00Z",
    } | more


async def test_v2_forwarding_rules_are_made_read_rewritten_and_deleted(
    api: AlertApi, databases: Databases, tenant: Tenant, bo: User
) -> None:
    """`POST /v2/forwarding-rules`, `GET /v2/forwarding-rules`; `GET /v2/forwarding-rules/{identifier}`,
    `PUT /v2/forwarding-rules/{identifier}`, `DELETE /v2/forwarding-rules/{identifier}`.
    """
    made = await api.call("POST", "/v2/forwarding-rules", body(tenant, bo, alias="holiday"))
    rule_id = check_answer(made, 201, result="Created", data=WRITTEN)["id"]

    shown = check_answer(await api.get(f"/v2/forwarding-rules/{rule_id}"), 200, data=RULE)
    assert shown == {
        "fromUser": {"id": str(tenant.owner.id), "username": tenant.owner.username},
        "toUser": {"id": str(bo.id), "username": bo.username},
        "startDate": "2026-03-02T08:00:10Z",
        "endDate": "2026-03-03T09:00:00Z",
        "alias": "holiday",
        "id": rule_id,
    }
    assert check_answer(await api.get("/v2/forwarding-rules"), 200, data=[RULE]) == [shown]

    change = body(tenant, bo, endDate="2026-03-04T09:00:00Z")
    rewritten = await api.call("PUT", "/v2/forwarding-rules/holiday?identifierType=alias", change)
    assert check_answer(rewritten, 200, result="Updated", data=WRITTEN) == {"id": rule_id, "alias": "holiday"}
    by_alias = await api.get("/v2/forwarding-rules/holiday?identifierType=alias")
    assert check_answer(by_alias, 200, data=RULE)["endDate"] == "2026-03-04T09:00:00Z"

    deleted = await api.call("DELETE", f"/v2/forwarding-rules/{rule_id}")
    check_answer(deleted, 200, result="Deleted")
    check_error(await api.get(f"/v2/forwarding-rules/{rule_id}"), 404)
    assert (await api.get("/v2/forwarding-rules")).data == []
    async with databases.engine.transaction() as tx:
        entries = (await audit_store.list_entries(tx, tenant.account_id, 10))[::-1]
    assert [(it.action, it.object_type, it.object_name) for it in entries] == [
        (action, "forwarding-rule", "holiday") for action in ("created", "changed", "deleted")
    ]
    assert entries[1].before == {"ends_at": "2026-03-03T09:00:00Z"}
    assert entries[1].after == {"ends_at": "2026-03-04T09:00:00Z"}


async def test_a_forwarding_rule_without_an_alias_gets_one(api: AlertApi, tenant: Tenant, bo: User) -> None:
    made = check_answer(
        await api.call("POST", "/v2/forwarding-rules/", body(tenant, bo)), 201, result="Created", data=WRITTEN
    )

    found = await api.get(f"/v2/forwarding-rules/{made['alias']}?identifierType=alias")

    assert found.data["id"] == made["id"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"fromUser": {}}, "fromUser"),
        ({"toUser": None}, "toUser"),
        ({"startDate": ""}, "startDate"),
        ({"endDate": "tomorrow"}, "endDate"),
        ({"endDate": "2026-03-02T08:00:10Z"}, "endDate"),
        ({"alias": "x" * 513}, "alias"),
        ({"toUser": "OWNER"}, "toUser"),
    ],
)
async def test_a_forwarding_rule_that_makes_no_sense_is_refused(
    api: AlertApi, tenant: Tenant, bo: User, changes: dict[str, Any], field: str
) -> None:
    if changes.get("toUser") == "OWNER":
        changes = {"toUser": {"id": str(tenant.owner.id)}}

    check_error(await api.call("POST", "/v2/forwarding-rules", body(tenant, bo) | changes), 422, field)


async def test_a_forwarding_rule_names_people_who_exist_and_an_alias_that_is_free(
    api: AlertApi, databases: Databases, tenant: Tenant, bo: User
) -> None:
    await api.call("POST", "/v2/forwarding-rules", body(tenant, bo, alias="taken"))
    stakeholder = await add_user(databases, tenant, role=Role.STAKEHOLDER)

    check_error(await api.call("POST", "/v2/forwarding-rules", body(tenant, bo, alias="taken")), 409)
    nobody = body(tenant, bo, fromUser={"username": "nobody@example.com"})
    check_error(await api.call("POST", "/v2/forwarding-rules", nobody), 404)
    check_error(await api.call("POST", "/v2/forwarding-rules", body(tenant, stakeholder)), 422, "user")
    check_error(await api.call("PUT", f"/v2/forwarding-rules/{uuid4()}", body(tenant, bo)), 404)
    check_error(await api.call("DELETE", "/v2/forwarding-rules/none?identifierType=alias"), 404)


async def test_a_teams_key_forwards_what_its_members_are_told(
    api: AlertApi, http: aiohttp.ClientSession, databases: Databases, tenant: Tenant, bo: User
) -> None:
    team = await add_team(databases, tenant, bo)
    ours = api_of(http, tenant, await add_key(databases, tenant, team_id=team))
    theirs = (await api.call("POST", "/v2/forwarding-rules", body(tenant, bo))).data["id"]
    swap = body(tenant, tenant.owner, fromUser={"id": str(bo.id)})

    made = check_answer(await ours.call("POST", "/v2/forwarding-rules", swap), 201, result="Created", data=WRITTEN)

    assert [it["id"] for it in (await ours.get("/v2/forwarding-rules")).data] == [made["id"]]
    check_error(await ours.get(f"/v2/forwarding-rules/{theirs}"), 404)
    check_error(await ours.call("POST", "/v2/forwarding-rules", body(tenant, bo)), 403)
    reader = api_of(http, tenant, await add_key(databases, tenant, allow_configuration_access=False))
    check_error(await reader.call("DELETE", f"/v2/forwarding-rules/{theirs}"), 403)
