"""The Escalation API by HTTP."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from tests.support.alert_api import AlertApi, api_of
from tests.support.makers import Tenant, add_key, add_team, add_user
from tests.support.shapes import check_answer, check_error, filled, one_of, optional, uuid_text

from tocsin.accounts import audit_store
from tocsin.accounts.audit_store import Entry
from tocsin.db import Databases

NAMED = {"id": uuid_text, "name": filled}
RECIPIENT = {
    "type": one_of("user", "team", "schedule"),
    "id": uuid_text,
    "name": optional(filled),
    "username": optional(filled),
}
RULE = {
    "condition": one_of("if-not-acked", "if-not-closed"),
    "notifyType": one_of("default", "next", "previous", "users", "admins", "random", "all"),
    "delay": {"timeAmount": int, "timeUnit": "minutes"},
    "recipient": RECIPIENT,
}
REPEAT = {"waitInterval": int, "count": int, "resetRecipientStates": bool, "closeAlertAfterAll": bool}
ESCALATION = {
    "id": uuid_text, "name": filled, "description": str, "ownerTeam": optional(NAMED), "rules": [RULE],
    "repeat": optional(REPEAT),
}  # fmt: skip


@pytest.fixture
def api(http: aiohttp.ClientSession, tenant: Tenant) -> AlertApi:
    return api_of(http, tenant)


def rule(recipient: dict[str, str], minutes: int = 0, notify_type: str = "default", **more: Any) -> dict[str, Any]:
    return {
        "condition": "if-not-acked",
        "notifyType": notify_type,
        "delay": {"timeAmount": minutes, "timeUnit": "minutes"},
        "recipient": recipient,
    } | more


def owner(tenant: Tenant) -> dict[str, str]:
    return {"type": "user", "username": tenant.owner.username}


async def create(api: AlertApi, tenant: Tenant, name: str = "Night", **body: Any) -> str:
    """An escalation that tells the owner; its id."""
    answer = await api.call("POST", "/v2/escalations", {"name": name, "rules": [rule(owner(tenant))]} | body)
    return str(check_answer(answer, 201, result="Created", data=NAMED)["id"])


async def last_audited(databases: Databases, tenant: Tenant) -> Entry:
    async with databases.engine.transaction() as tx:
        return (await audit_store.list_entries(tx, tenant.account_id, 1))[0]


async def test_post_v2_escalations_takes_every_recipient_and_notify_type(api: AlertApi, tenant: Tenant) -> None:
    """`POST /v2/escalations`."""
    team = (await api.call("POST", "/v2/teams", {"name": "Edge"})).data["id"]
    schedule = {"type": "schedule", "name": "Edge_schedule"}
    given = [
        rule(owner(tenant)),
        rule(schedule, 1, "default"), rule(schedule, 2, "NEXT"), rule(schedule, 3, "previous"),
        *(rule({"type": "team", "id": team}, 4, how) for how in ("default", "all", "users", "admins", "random")),
        rule({"type": "user", "id": str(tenant.owner.id)}, 0, delay={"timeAmount": 2, "timeUnit": "hours"}),
        rule(owner(tenant), 1, delay={"timeAmount": 1, "timeUnit": "days"}, condition="if-not-closed"),
    ]  # fmt: skip

    ident = await create(api, tenant, "All", rules=given, ownerTeam={"name": "Edge"}, description="everybody")

    shown = check_answer(await api.get(f"/v2/escalations/{ident}"), 200, data=ESCALATION)
    assert shown["ownerTeam"] == {"id": team, "name": "Edge"}
    assert shown["description"] == "everybody"
    assert "repeat" not in shown
    assert [(it["recipient"]["type"], it["notifyType"], it["delay"]["timeAmount"]) for it in shown["rules"]] == [
        ("user", "default", 0), ("schedule", "default", 1), ("schedule", "next", 2), ("schedule", "previous", 3),
        ("team", "default", 4), ("team", "all", 4), ("team", "users", 4), ("team", "admins", 4), ("team", "random", 4),
        ("user", "default", 120), ("user", "default", 1440),
    ]  # fmt: skip
    assert shown["rules"][-1]["condition"] == "if-not-closed"
    assert shown["rules"][0]["recipient"] == {
        "type": "user", "id": str(tenant.owner.id), "username": tenant.owner.username,
    }  # fmt: skip
    assert shown["rules"][1]["recipient"]["name"] == "Edge_schedule"


async def test_get_v2_escalations_lists_them_with_their_rules(api: AlertApi, tenant: Tenant) -> None:
    """`GET /v2/escalations`, `GET /v2/escalations/{identifier}`."""
    await create(api, tenant, "B", repeat={"waitInterval": 10, "count": 3, "resetRecipientStates": True})
    await create(api, tenant, "A")

    listed = check_answer(await api.get("/v2/escalations/?limit=100&offset=0"), 200, data=[ESCALATION])

    assert [it["name"] for it in listed] == ["A", "B"]
    assert listed[1]["repeat"] == {
        "waitInterval": 10, "count": 3, "resetRecipientStates": True, "closeAlertAfterAll": False,
    }  # fmt: skip
    by_name = await api.get("/v2/escalations/B?identifierType=name")
    assert check_answer(by_name, 200, data=ESCALATION) == listed[1]


async def test_patch_v2_escalations_replaces_rules_and_leaves_what_it_does_not_name(
    api: AlertApi, databases: Databases, tenant: Tenant
) -> None:
    """`PATCH /v2/escalations/{identifier}`."""
    bo = await add_user(databases, tenant)
    ident = await create(api, tenant, description="old", repeat={"waitInterval": 5, "count": 1})
    changes = {"id": ident, "ownerTeam": {}, "name": "", "rules": [rule({"type": "user", "id": str(bo.id)}, 7)]}

    changed = await api.call("PATCH", f"/v2/escalations/{ident}", changes)

    assert check_answer(changed, 200, result="Updated", data=NAMED) == {"id": ident, "name": "Night"}
    shown = (await api.get(f"/v2/escalations/{ident}")).data
    assert (shown["description"], shown["repeat"]["waitInterval"]) == ("old", 5)
    assert [(it["recipient"]["username"], it["delay"]["timeAmount"]) for it in shown["rules"]] == [(bo.username, 7)]
    entry = await last_audited(databases, tenant)
    assert (entry.action, entry.object_name) == ("changed", "Night")
    assert entry.before == {"rules": [f"0 min if-not-acked: default of user {tenant.owner.id}"]}
    assert entry.after == {"rules": [f"7 min if-not-acked: default of user {bo.id}"]}


async def test_patch_v2_escalations_turns_repeating_off_and_renames(
    api: AlertApi, databases: Databases, tenant: Tenant
) -> None:
    ident = await create(api, tenant, repeat={"waitInterval": 5, "count": 2, "closeAlertAfterAll": True})

    body = {"name": "Day", "repeat": {"waitInterval": 0, "count": 2}}
    await api.call("PATCH", "/v2/escalations/Night?identifierType=name", body)

    shown = (await api.get(f"/v2/escalations/{ident}")).data
    assert (shown["name"], "repeat" in shown) == ("Day", False)
    async with databases.engine.transaction() as tx:
        wait = await tx.value("select repeat_wait from escalations where id = %(id)s", id=ident)
    assert wait == timedelta(0)


async def test_delete_v2_escalations_refuses_while_something_uses_it(
    api: AlertApi, databases: Databases, tenant: Tenant
) -> None:
    """`DELETE /v2/escalations/{identifier}`."""
    ident = await create(api, tenant)
    await api.call("POST", "/v2/teams", {"name": "Edge"})
    path = "/v2/teams/Edge/routing-rules"
    to = {"name": "r", "notify": {"type": "escalation", "id": ident}}
    made = (await api.call("POST", f"{path}?teamIdentifierType=name", to)).data

    message = check_error(await api.call("DELETE", f"/v2/escalations/{ident}"), 428)
    assert message == "Night is used: routing rule [Edge: r]."
    await api.call("DELETE", f"{path}/{made['id']}?teamIdentifierType=name")

    check_answer(await api.call("DELETE", f"/v2/escalations/{ident}"), 200, result="Deleted")
    check_error(await api.get(f"/v2/escalations/{ident}"), 404)
    entry = await last_audited(databases, tenant)
    assert (entry.action, entry.object_id, entry.after) == ("deleted", ident, None)


UNIT = "rules[0].delay.timeUnit"
BAD: list[tuple[dict[str, Any], str]] = [
    ({"name": ""}, "name"),
    ({"rules": []}, "rules"),
    ({"rules": None}, "rules"),
    ({"rules": ["x"]}, "rules[0]"),
    ({"rules": [rule({"type": "user", "id": "OWNER"}, condition="if-bored")]}, "rules[0].condition"),
    ({"rules": [rule({"type": "user", "id": "OWNER"}, notifyType="loud")]}, "rules[0].notifyType"),
    ({"rules": [rule({"type": "user", "id": "OWNER"}, notifyType="next")]}, "rules[0].notifyType"),
    ({"rules": [rule({"type": "user", "id": "OWNER"}, notifyType="all")]}, "rules[0].notifyType"),
    ({"rules": [rule({"type": "schedule", "name": "s"}, notifyType="random")]}, "rules[0].notifyType"),
    ({"rules": [rule({"type": "team", "name": "t"}, notifyType="previous")]}, "rules[0].notifyType"),
    ({"rules": [rule({"type": "escalation", "name": "e"})]}, "rules[0].recipient"),
    ({"rules": [rule({})]}, "rules[0].recipient"),
    ({"rules": [rule({"type": "user", "id": "OWNER"}, delay={})]}, "rules[0].delay.timeAmount"),
    ({"rules": [rule({"type": "user", "id": "OWNER"}, delay=5)]}, "rules[0].delay"),
    ({"rules": [rule({"type": "user", "id": "OWNER"}, -1)]}, "rules[0].delay.timeAmount"),
    ({"rules": [rule({"type": "user", "id": "x"}, delay={"timeAmount": 1, "timeUnit": "w"})]}, UNIT),
    ({"rules": [rule({"type": "user", "id": "OWNER"}, delay={"timeAmount": 3, "timeUnit": "days"})]}, "rules[0].delay"),
    ({"repeat": {"waitInterval": -1}}, "repeat.waitInterval"),
    ({"repeat": {"waitInterval": 1, "count": 21}}, "repeat.count"),
    ({"repeat": {"waitInterval": 1, "resetRecipientStates": "yes"}}, "repeat.resetRecipientStates"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "field"), BAD)
async def test_an_escalation_that_makes_no_sense_is_refused_with_the_field(
    api: AlertApi, tenant: Tenant, body: dict[str, Any], field: str
) -> None:
    whole = {"name": "Night", "rules": [rule(owner(tenant))]} | body

    check_error(await api.call("POST", "/v2/escalations", whole), 422, field)

    assert (await api.get("/v2/escalations")).data == []


async def test_an_escalation_has_a_name_of_its_own_and_recipients_who_exist(api: AlertApi, tenant: Tenant) -> None:
    await create(api, tenant, "Night")
    other = await create(api, tenant, "Day")
    rules = [rule({"type": "team", "name": "nobody"})]

    check_error(await api.call("POST", "/v2/escalations", {"name": "Night", "rules": [rule(owner(tenant))]}), 409)
    check_error(await api.call("PATCH", f"/v2/escalations/{other}", {"name": "Night"}), 409)
    message = check_error(await api.call("POST", "/v2/escalations", {"name": "x", "rules": rules}), 404)
    assert message == "Recipient does not exist: team [nobody]"
    check_error(await api.call("PATCH", f"/v2/escalations/{uuid4()}", {"name": "x"}), 404)
    owned = {"name": "x", "rules": [rule(owner(tenant))], "ownerTeam": {"name": "nobody"}}
    check_error(await api.call("POST", "/v2/escalations", owned), 404)


async def test_a_teams_key_sees_and_makes_the_teams_escalations_alone(
    api: AlertApi, http: aiohttp.ClientSession, databases: Databases, tenant: Tenant
) -> None:
    own, other = await add_team(databases, tenant, name="Own"), await add_team(databases, tenant, name="Other")
    ours = api_of(http, tenant, await add_key(databases, tenant, team_id=own))
    theirs = await create(api, tenant, "Theirs", ownerTeam={"id": str(other)})

    made = await create(ours, tenant, "Ours")

    assert [it["name"] for it in (await ours.get("/v2/escalations")).data] == ["Ours"]
    assert (await api.get(f"/v2/escalations/{made}")).data["ownerTeam"]["id"] == str(own)
    check_error(await ours.get(f"/v2/escalations/{theirs}"), 404)
    check_error(await ours.call("DELETE", f"/v2/escalations/{theirs}"), 404)
    check_error(await ours.call("PATCH", f"/v2/escalations/{made}", {"ownerTeam": {"id": str(other)}}), 404)
    foreign = {"name": "x", "rules": [rule({"type": "team", "name": "Other"})]}
    check_error(await ours.call("POST", "/v2/escalations", foreign), 404)


async def test_a_key_without_configuration_access_reads_escalations_only(
    api: AlertApi, http: aiohttp.ClientSession, databases: Databases, tenant: Tenant
) -> None:
    ident = await create(api, tenant)
    reader = api_of(http, tenant, await add_key(databases, tenant, allow_configuration_access=False))

    assert (await reader.get(f"/v2/escalations/{ident}")).status == 200
    check_error(await reader.call("POST", "/v2/escalations", {"name": "x"}), 403)
    check_error(await reader.call("DELETE", f"/v2/escalations/{ident}"), 403)
