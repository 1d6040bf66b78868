"""The Team API by HTTP: teams, members, roles and logs."""

from asyncio import gather
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from tests.support.alert_api import AlertApi, api_of
from tests.support.makers import Tenant, add_key, add_team, add_user, make_tenant
from tests.support.shapes import check, check_answer, check_error, filled, instant, one_of, optional, uuid_text

from tocsin.accounts import audit_store
from tocsin.accounts.audit_store import Entry
from tocsin.accounts.model import Role
from tocsin.db import Databases

NAMED = {"id": uuid_text, "name": filled}
MEMBER = {"user": {"id": uuid_text, "username": filled}, "role": filled}
TEAM = {"id": uuid_text, "name": filled, "description": str, "links": {"web": filled, "api": filled}}
ROLE = {"id": uuid_text, "name": filled, "rights": [{"right": filled, "granted": bool}]}
LOGS = {"offset": str, "logs": [{"log": filled, "owner": filled, "createdDate": instant}]}


@pytest.fixture
def api(http: aiohttp.ClientSession, tenant: Tenant) -> AlertApi:
    return api_of(http, tenant)


async def create(api: AlertApi, **body: Any) -> str:
    """A team; its id."""
    answer = await api.call("POST", "/v2/teams", {"name": f"team {uuid4().hex[:8]}", **body})
    return str(check_answer(answer, 201, result="Created", data=NAMED)["id"])


async def audit(databases: Databases, tenant: Tenant) -> list[Entry]:
    """What the audit log says, the oldest first."""
    async with databases.engine.transaction() as tx:
        return (await audit_store.list_entries(tx, tenant.account_id, 100))[::-1]


async def test_post_v2_teams_makes_a_team_that_reaches_somebody_at_once(api: AlertApi, tenant: Tenant) -> None:
    """`POST /v2/teams`."""
    ana = {"user": {"username": tenant.owner.username}, "role": "admin"}
    answer = await api.call("POST", "/v2/teams", {"name": "Edge", "description": "front", "members": [ana]})
    team = check_answer(answer, 201, result="Created", data=NAMED)

    assert team["name"] == "Edge"
    escalation = (await api.get("/v2/escalations/Edge_escalation?identifierType=name")).data
    told = [(it["notifyType"], it["delay"]["timeAmount"], it["recipient"]["name"]) for it in escalation["rules"]]
    assert told == [("default", 0, "Edge_schedule"), ("next", 5, "Edge_schedule"), ("all", 10, "Edge")]
    assert {it["condition"] for it in escalation["rules"]} == {"if-not-acked"}
    [rule] = (await api.get(f"/v2/teams/{team['id']}/routing-rules")).data
    assert rule["isDefault"] is True
    assert rule["notify"] == {"type": "escalation", "id": escalation["id"], "name": "Edge_escalation"}


async def test_get_v2_teams_lists_them_and_expands_members_when_asked(api: AlertApi, tenant: Tenant) -> None:
    """`GET /v2/teams`."""
    await create(api, name="B", members=[{"user": {"id": str(tenant.owner.id)}}])
    await create(api, name="A")

    plain = check_answer(await api.get("/v2/teams"), 200, data=[TEAM], expandable=["member"])
    expanded = check_answer(
        await api.get("/v2/teams/?expand=member&limit=100&offset=0"), 200,
        data=[TEAM | {"members": [MEMBER]}], expandable=[one_of("member")],
    )  # fmt: skip

    assert [it["name"] for it in plain] == ["A", "B"]
    assert [[member["role"] for member in it["members"]] for it in expanded] == [[], ["user"]]


async def test_get_v2_teams_identifier_shows_one_by_id_or_name(api: AlertApi, tenant: Tenant) -> None:
    """`GET /v2/teams/{identifier}`."""
    team_id = await create(api, name="Web & more", members=[{"user": {"id": str(tenant.owner.id)}, "role": "admin"}])

    by_id = check_answer(await api.get(f"/v2/teams/{team_id.upper()}"), 200, data=TEAM | {"members": [MEMBER]})
    by_name = check_answer(
        await api.get("/v2/teams/Web%20%26%20more?identifierType=name"), 200, data=TEAM | {"members": [MEMBER]}
    )

    assert by_id == by_name
    assert by_id["members"] == [
        {"user": {"id": str(tenant.owner.id), "username": tenant.owner.username}, "role": "admin"}
    ]
    assert by_id["links"]["api"].endswith(f"/v2/teams/{team_id}")


async def test_patch_v2_teams_changes_what_it_names_and_members_as_a_whole(
    api: AlertApi, databases: Databases, tenant: Tenant
) -> None:
    """`PATCH /v2/teams/{identifier}`."""
    bo = await add_user(databases, tenant)
    team_id = await create(api, description="old", members=[{"user": {"id": str(tenant.owner.id)}, "role": "admin"}])

    renamed = await api.call("PATCH", f"/v2/teams/{team_id}", {"id": team_id, "name": "New", "description": ""})
    assert check_answer(renamed, 200, result="Updated", data=NAMED) == {"id": team_id, "name": "New"}
    kept = (await api.get(f"/v2/teams/{team_id}")).data
    assert (kept["description"], len(kept["members"])) == ("old", 1)
    await api.call("PATCH", f"/v2/teams/{team_id}", {"members": [{"user": {"username": bo.username}}]})

    members = (await api.get(f"/v2/teams/{team_id}")).data["members"]
    assert members == [{"user": {"id": str(bo.id), "username": bo.username}, "role": "user"}]
    last = (await audit(databases, tenant))[-1]
    assert (last.action, last.before, last.after) == (
        "changed",
        {"members": [f"{tenant.owner.username}: admin"]},
        {"members": [f"{bo.username}: user"]},
    )
    assert last.actor == tenant.integration.name


async def test_delete_v2_teams_takes_what_is_the_teams_and_leaves_its_members(
    api: AlertApi, databases: Databases, tenant: Tenant
) -> None:
    """`DELETE /v2/teams/{identifier}`."""
    team_id = await create(api, name="Gone", members=[{"user": {"id": str(tenant.owner.id)}}])
    await api.call(
        "POST", f"/v2/teams/{team_id}/roles", {"name": "r", "rights": [{"right": "access-reports", "granted": True}]}
    )

    answer = await api.call("DELETE", "/v2/teams/Gone?identifierType=name")

    check_answer(answer, 200, result="Deleted")
    check_error(await api.get(f"/v2/teams/{team_id}"), 404)
    check_error(await api.get("/v2/escalations/Gone_escalation?identifierType=name"), 404)
    async with tenant.app.transaction() as tx:
        left = {
            table: await tx.value(f"select count(*) from {table} where account_id = %(id)s", id=tenant.account_id)
            for table in ("teams", "schedules", "rotations", "escalations", "escalation_rules", "routing_rules",
                          "team_roles", "team_members", "users")
        }  # fmt: skip
    assert left == dict.fromkeys(left, 0) | {"users": 1}
    deleted = (await audit(databases, tenant))[-1]
    assert (deleted.action, deleted.object_name, deleted.after) == ("deleted", "Gone", None)
    assert deleted.before == {"name": "Gone", "description": "", "members": [tenant.owner.username]}


async def test_a_team_that_others_use_is_not_deleted(api: AlertApi) -> None:
    used, user = await create(api, name="Used"), await create(api, name="User")
    rule = {"notify": {"type": "escalation", "name": "Used_escalation"}, "name": "over to them"}
    await api.call("POST", f"/v2/teams/{user}/routing-rules", rule)

    message = check_error(await api.call("DELETE", f"/v2/teams/{used}"), 428)

    assert message == "Used is used: routing rule [User: over to them]."
    assert (await api.get(f"/v2/teams/{used}")).status == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "x", "members": {}}, "members"),
        ({"name": "x", "members": [{"user": {}}]}, "members[0].user"),
        ({"name": "x", "members": [{"user": {"id": "OWNER"}, "role": "boss"}]}, "role"),
    ],
)
async def test_a_team_that_makes_no_sense_is_refused(
    api: AlertApi, tenant: Tenant, body: dict[str, Any], field: str
) -> None:
    for member in body.get("members", ()):
        if member["user"]:
            member["user"]["id"] = str(tenant.owner.id)

    check_error(await api.call("POST", "/v2/teams", body), 422, field)

    assert (await api.get("/v2/teams")).data == []


async def test_a_team_has_a_name_of_its_own_and_members_who_exist(api: AlertApi) -> None:
    first = await create(api, name="Taken")
    second = await create(api, name="Other")

    check_error(await api.call("POST", "/v2/teams", {"name": "Taken"}), 409)
    check_error(await api.call("PATCH", f"/v2/teams/{second}", {"name": "Taken"}), 409)
    nobody = {"name": "x", "members": [{"user": {"username": "nobody@example.com"}}]}
    assert "nobody@example.com" in check_error(await api.call("POST", "/v2/teams", nobody), 404)
    check_error(await api.call("PATCH", f"/v2/teams/{first}", nobody), 404)
    check_error(await api.call("PATCH", f"/v2/teams/{uuid4()}", {"name": "y"}), 404)
    check_error(await api.call("PATCH", "/v2/teams/Taken?identifierType=name", {"name": "y"}), 404)
    check_error(await api.get("/v2/teams/nothing"), 404)
    check_error(await api.get(f"/v2/teams/{first}?identifierType=colour"), 422, "identifierType")


async def test_of_two_who_take_one_name_at_once_one_gets_it(api: AlertApi) -> None:
    idents = [await create(api) for _ in range(4)]

    renamed = await gather(*(api.call("PATCH", f"/v2/teams/{ident}", {"name": "Same"}) for ident in idents))
    made = await gather(*(api.call("POST", "/v2/teams", {"name": "Made"}) for _ in range(4)))

    assert sorted(answer.status for answer in renamed) == [200, 409, 409, 409]
    assert sorted(answer.status for answer in made) == [201, 409, 409, 409]


async def test_get_v2_teams_logs_says_who_changed_what_page_by_page(api: AlertApi, tenant: Tenant) -> None:
    """`GET /v2/teams/{identifier}/logs`."""
    team_id = await create(api, name="Logged")
    member = {"user": {"id": str(tenant.owner.id)}}
    await api.call("POST", f"/v2/teams/{team_id}/members", member)
    await api.call("POST", f"/v2/teams/{team_id}/members", member | {"role": "admin"})

    whole = check_answer(await api.get(f"/v2/teams/{team_id}/logs?order=asc"), 200, data=LOGS)
    first = check_answer(await api.get("/v2/teams/Logged/logs?identifierType=name&limit=2"), 200, data=LOGS)
    rest = check_answer(await api.get(f"/v2/teams/{team_id}/logs?limit=2&offset={first['offset']}"), 200, data=LOGS)

    assert [it["log"] for it in whole["logs"]] == [
        f"{tenant.integration.name} created team Logged (members: []; name: Logged)",
        f"{tenant.integration.name} added a member to team Logged ({tenant.owner.username}: user)",
        f"{tenant.integration.name} changed a member of team Logged ({tenant.owner.username}: user → admin)",
    ]
    assert first["logs"] + rest["logs"] == whole["logs"][::-1]
    assert whole["offset"] == "3"
    check_error(await api.get(f"/v2/teams/{team_id}/logs?limit=101"), 422, "limit")
    check_error(await api.get(f"/v2/teams/{team_id}/logs?order=up"), 422, "order")


async def test_post_and_delete_v2_teams_members_put_people_in_and_out(
    api: AlertApi, databases: Databases, tenant: Tenant
) -> None:
    """`POST /v2/teams/{identifier}/members`, `DELETE /v2/teams/{identifier}/members/{user}`."""
    bo = await add_user(databases, tenant)
    team_id = await create(api, name="Crew")
    path = "/v2/teams/Crew/members?teamIdentifierType=name"

    added = await api.call("POST", path, {"user": {"username": bo.username.upper(), "id": ""}, "role": ""})
    assert check_answer(added, 201, result="Added", data=NAMED) == {"id": team_id, "name": "Crew"}
    await api.call("POST", f"/v2/teams/{team_id}/members", {"user": {"id": str(bo.id)}, "role": "admin"})
    [member] = (await api.get(f"/v2/teams/{team_id}")).data["members"]
    assert member["role"] == "admin"

    removed = await api.call("DELETE", f"/v2/teams/{team_id}/members/{bo.username.replace('@', '%40')}")
    assert check_answer(removed, 200, result="Removed", data=NAMED) == {"id": team_id, "name": "Crew"}
    check_error(await api.call("DELETE", f"/v2/teams/{team_id}/members/{bo.id}"), 404)
    check_error(await api.call("POST", path, {"role": "user"}), 422, "user")
    check_error(await api.call("POST", path, {"user": {"id": str(uuid4())}}), 404)
    check_error(await api.call("POST", path, {"user": {"id": str(bo.id)}, "role": "boss"}), 422, "role")
    assert [it.action for it in (await audit(databases, tenant))[1:]] == [
        "added a member to", "changed a member of", "removed a member from",
    ]  # fmt: skip


async def test_v2_teams_roles_are_made_read_changed_and_deleted(
    api: AlertApi, databases: Databases, tenant: Tenant
) -> None:
    """`GET /v2/teams/{identifier}/roles`, `POST /v2/teams/{identifier}/roles`,
    `GET /v2/teams/{identifier}/roles/{role}`,
    `PATCH /v2/teams/{identifier}/roles/{role}`, `DELETE /v2/teams/{identifier}/roles/{role}`.
    """
    team_id = await create(api, name="Ops")
    path = f"/v2/teams/{team_id}/roles"
    rights = [{"right": "manage-members", "granted": True}, {"right": "delete-schedules", "granted": False}]

    made = await api.call("POST", "/v2/teams/Ops/roles?teamIdentifierType=name", {"name": "Lead", "rights": rights})
    role_id = check_answer(made, 201, result="Created", data=NAMED)["id"]
    listed = check_answer(await api.get(path), 200, data=[ROLE])
    shown = check_answer(await api.get(f"{path}/Lead?identifierType=name"), 200, data=ROLE)
    assert listed == [shown]
    assert sorted(shown["rights"], key=str) == sorted(rights, key=str)

    await api.call("POST", f"/v2/teams/{team_id}/members", {"user": {"id": str(tenant.owner.id)}, "role": "Lead"})
    changed = await api.call("PATCH", f"{path}/{role_id}", {"name": "Head", "rights": rights[:1]})
    assert check_answer(changed, 200, result="Updated", data=NAMED) == {"id": role_id, "name": "Head"}
    assert (await api.get(f"{path}/{role_id}")).data["rights"] == rights[:1]
    [member] = (await api.get(f"/v2/teams/{team_id}")).data["members"]
    assert member["role"] == "Head"

    assert tenant.owner.username in check_error(await api.call("DELETE", f"{path}/{role_id}"), 428)
    await api.call("DELETE", f"/v2/teams/{team_id}/members/{tenant.owner.id}")
    check_answer(await api.call("DELETE", f"{path}/Head?identifierType=name"), 200, result="Deleted")
    check_error(await api.get(f"{path}/{role_id}"), 404)
    assert [it.action for it in await audit(databases, tenant) if "role" in it.action] == [
        "added a role to", "changed a role of", "removed a role from",
    ]  # fmt: skip


async def test_a_team_role_that_makes_no_sense_is_refused(api: AlertApi) -> None:
    path = f"/v2/teams/{await create(api)}/roles"
    right = {"right": "access-reports", "granted": True}
    await api.call("POST", path, {"name": "Lead", "rights": [right]})

    check_error(await api.call("POST", path, {"rights": [right]}), 422, "name")
    check_error(await api.call("POST", path, {"name": "x", "rights": []}), 422, "rights")
    check_error(
        await api.call("POST", path, {"name": "x", "rights": [{"right": "fly", "granted": True}]}), 422, "rights[0]"
    )
    check_error(await api.call("POST", path, {"name": "x", "rights": [right | {"granted": "yes"}]}), 422, "rights[0]")
    check_error(await api.call("POST", path, {"name": "Lead", "rights": [right]}), 409)
    check_error(await api.call("POST", path, {"name": "admin", "rights": [right]}), 409)


async def test_a_teams_key_sees_its_team_and_makes_no_others(
    api: AlertApi, http: aiohttp.ClientSession, databases: Databases, tenant: Tenant
) -> None:
    own, other = await add_team(databases, tenant, name="Own"), await create(api, name="Other")
    ours = api_of(http, tenant, await add_key(databases, tenant, team_id=own))

    assert [it["name"] for it in (await ours.get("/v2/teams")).data] == ["Own"]
    assert (await ours.call("PATCH", f"/v2/teams/{own}", {"description": "ours"})).status == 200
    for method, path, body in (
        ("GET", "", None), ("PATCH", "", {"name": "x"}), ("DELETE", "", None), ("GET", "/logs", None),
        ("POST", "/members", {"user": {"id": str(tenant.owner.id)}}), ("GET", "/roles", None),
        ("GET", "/routing-rules", None),
    ):  # fmt: skip
        check_error(await ours.call(method, f"/v2/teams/{other}{path}", body), 404)
    check_error(await ours.call("POST", "/v2/teams", {"name": "x"}), 403)


async def test_a_key_reads_with_read_access_and_writes_with_configuration_access(
    api: AlertApi, http: aiohttp.ClientSession, databases: Databases, tenant: Tenant
) -> None:
    team_id = await create(api)
    reader = api_of(http, tenant, await add_key(databases, tenant, allow_configuration_access=False))
    keeper = api_of(http, tenant, await add_key(databases, tenant, allow_delete_access=False))

    assert (await reader.get(f"/v2/teams/{team_id}")).status == 200
    message = check_error(await reader.call("PATCH", f"/v2/teams/{team_id}", {"name": "x"}), 403)
    assert message == "API Key is not granted with configuration access"
    assert (await keeper.call("PATCH", f"/v2/teams/{team_id}", {"name": "x"})).status == 200
    check_error(await keeper.call("DELETE", f"/v2/teams/{team_id}"), 403)


async def test_eve_of_another_account_finds_no_team_here(
    api: AlertApi, http: aiohttp.ClientSession, databases: Databases
) -> None:
    await create(api, name="Ours")
    eve = api_of(http, await make_tenant(databases, "others"))

    assert (await eve.get("/v2/teams")).data == []
    check_error(await eve.get("/v2/teams/Ours?identifierType=name"), 404)


async def test_a_stakeholder_is_no_recipient_but_may_be_in_a_team(
    api: AlertApi, databases: Databases, tenant: Tenant
) -> None:
    stakeholder = await add_user(databases, tenant, role=Role.STAKEHOLDER)
    rule = {
        "condition": "if-not-acked", "notifyType": "default", "delay": {"timeAmount": 0, "timeUnit": "minutes"},
        "recipient": {"type": "user", "id": str(stakeholder.id)},
    }  # fmt: skip

    check_error(await api.call("POST", "/v2/escalations", {"name": "x", "rules": [rule]}), 422, "user")
    await create(api, members=[{"user": {"id": str(stakeholder.id)}}])


def test_the_shape_checker_refuses_what_is_missing_too_much_or_of_another_type() -> None:
    shape = {"id": uuid_text, "count": int, "more": optional([str])}
    good = {"id": str(uuid4()), "count": 1}

    check(shape, good)
    check(shape, good | {"more": ["x"]})
    for bad in (
        {"id": good["id"]},
        good | {"count": True},
        good | {"x": 1},
        good | {"more": [1]},
        good | {"more": "x"},
    ):
        with pytest.raises(AssertionError):
            check(shape, bad)
