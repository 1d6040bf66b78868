"""Saved searches, through real HTTP."""

from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from tests.support.alert_api import AlertApi, api_of
from tests.support.makers import Tenant, add_key, add_team, make_integration

from tocsin.db import Databases

PATH = "/v2/alerts/saved-searches"


@pytest.fixture
def api(http: aiohttp.ClientSession, tenant: Tenant) -> AlertApi:
    return api_of(http, tenant)


def body(tenant: Tenant, **changes: Any) -> dict[str, Any]:
    return {"name": "open P1", "query": "status: open", "owner": {"username": tenant.owner.username}, **changes}


async def test_a_saved_search_can_be_made_read_changed_and_deleted(
    api: AlertApi, tenant: Tenant, databases: Databases
) -> None:
    team_id = await add_team(databases, tenant, name="infra")

    made = await api.call("POST", PATH, body(tenant, teams=[{"name": "infra"}], description="what burns"))
    shown = await api.get(f"{PATH}/open%20P1?identifierType=name")
    changed = await api.call("PATCH", f"{PATH}/{made.data['id']}", {"query": "priority: P1", "teams": []})
    listed = await api.get(PATH)
    deleted = await api.call("DELETE", f"{PATH}/open%20P1?identifierType=name")

    assert (made.status, made.body["result"]) == (201, "Created")
    assert made.data == {"id": shown.data["id"], "name": "open P1"}
    assert shown.data == {
        "id": made.data["id"],
        "name": "open P1",
        "createdAt": shown.data["createdAt"],
        "updatedAt": shown.data["createdAt"],
        "owner": {"id": str(tenant.owner.id)},
        "teams": [{"id": str(team_id)}],
        "description": "what burns",
        "query": "status: open",
    }
    assert (changed.status, changed.body["result"]) == (200, "Updated")
    assert (changed.data["query"], changed.data["teams"], changed.data["description"]) == (
        "priority: P1", [], "what burns",
    )  # fmt: skip
    assert listed.data == [made.data]
    assert (deleted.status, deleted.body["result"]) == (200, "Deleted")
    assert (await api.get(f"{PATH}/{made.data['id']}")).status == 404
    assert (await api.get(PATH)).data == []


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"name": ""}, {"name": "Property [name] cannot be empty."}),
        ({"query": None}, {"query": "Property [query] cannot be empty."}),
        ({"owner": {}}, {"owner": "Property [owner] cannot be empty."}),
        ({"owner": {"username": "nobody@example.com"}}, {"owner": "User does not exist: [nobody@example.com]"}),
        ({"teams": [{"name": "nobody"}]}, {"teams": "Team does not exist: [nobody]"}),
        ({"name": "n" * 101}, {"name": "Property [name] should have at most 100 characters."}),
        (
            {"query": "count: many"},
            {"query": "The query is not valid: at character 1, count is a whole number, not 'many'."},
        ),
        ({"query": "q" * 1001}, {"query": "Property [query] should have at most 1000 characters."}),
    ],
)
async def test_a_saved_search_that_lacks_something_is_refused_by_field(
    api: AlertApi, tenant: Tenant, changes: dict[str, Any], errors: dict[str, str]
) -> None:
    refused = await api.call("POST", PATH, body(tenant, **changes))

    assert (refused.status, refused.errors) == (422, errors)
    assert (await api.get(PATH)).data == []


async def test_a_name_can_be_used_once(api: AlertApi, tenant: Tenant) -> None:
    await api.call("POST", PATH, body(tenant))
    other = await api.call("POST", PATH, body(tenant, name="other"))

    again = await api.call("POST", PATH, body(tenant))
    renamed = await api.call("PATCH", f"{PATH}/{other.data['id']}", {"name": "open P1"})

    assert (again.status, renamed.status) == (409, 409)
    assert again.body["message"] == "A saved search with this name exists already."


@pytest.mark.parametrize("identifier", ["5f2b0c1e-7d7a-4d0e-9d5b-0a1c2e3f4a5b", "nothing", "%00", "a%2Fb"])
async def test_an_unknown_saved_search_is_404(api: AlertApi, identifier: str) -> None:
    by_id = await api.get(f"{PATH}/{identifier}")
    by_name = await api.get(f"{PATH}/{identifier}?identifierType=name")

    assert (by_id.status, by_name.status) == (404, 404)
    assert by_id.body["message"] == "Saved search does not exist"


@pytest.mark.parametrize(
    ("right", "method"),
    [("read", "GET"), ("write", "POST"), ("write", "PATCH"), ("delete", "DELETE")],
)
async def test_each_verb_needs_its_right(
    http: aiohttp.ClientSession, api: AlertApi, tenant: Tenant, databases: Databases, right: str, method: str
) -> None:
    made = await api.call("POST", PATH, body(tenant))
    holder = replace(make_integration(tenant.account_id, "weak"), **{f"allow_{right}_access": False})  # type: ignore[arg-type]  # a field of it
    key = await add_key(databases, tenant, holder)

    path = PATH if method == "POST" else f"{PATH}/{made.data['id']}"
    refused = await api_of(http, tenant, key).call(method, path, body(tenant))

    assert (refused.status, refused.body["code"]) == (403, 40301)
