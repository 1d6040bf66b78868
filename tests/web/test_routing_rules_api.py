"""The Team Routing Rule API by HTTP."""

from asyncio import gather
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from tests.support.alert_api import AlertApi, api_of
from tests.support.makers import Tenant, add_key, add_team
from tests.support.shapes import check_answer, check_error, filled, one_of, optional, uuid_text

from tocsin.accounts import audit_store
from tocsin.db import Databases

NAMED = {"id": uuid_text, "name": str}
CONDITION = {
    "field": filled, "operation": filled, "not": bool, "order": int, "key": optional(filled),
    "expectedValue": optional(filled),
}  # fmt: skip
RULE = {
    "id": uuid_text,
    "name": str,
    "isDefault": bool,
    "order": int,
    "criteria": {
        "type": one_of("match-all", "match-any-condition", "match-all-conditions"),
        "conditions": optional([CONDITION]),
    },
    "timezone": filled,
    "timeRestriction": optional(dict),
    "notify": {"type": one_of("escalation", "schedule", "none"), "id": optional(uuid_text), "name": optional(filled)},
}
NIGHT = {"type": "time-of-day", "restriction": {"startHour": 20, "startMin": 0, "endHour": 8, "endMin": 0}}
URGENT = {
    "type": "match-any-condition",
    "conditions": [
        {"field": "priority", "operation": "equals", "expectedValue": "P1", "not": False, "order": 0},
        {
            "field": "extra-properties", "key": "env", "operation": "matches", "expectedValue": "prod.*", "not": True,
            "order": 1,
        },
    ],
}  # fmt: skip
TO_ESCALATION = {"type": "escalation", "name": "Edge_escalation"}
NOBODY = {"type": "none"}
PATH = "/v2/teams/Edge/routing-rules?teamIdentifierType=name"


@pytest.fixture
async def api(http: aiohttp.ClientSession, tenant: Tenant) -> AlertApi:
    """With a team that is called Edge."""
    made = api_of(http, tenant)
    check_answer(await made.call("POST", "/v2/teams", {"name": "Edge"}), 201, result="Created", data=NAMED)
    return made


def at(ident: str, more: str = "") -> str:
    return f"/v2/teams/Edge/routing-rules/{ident}{more}?teamIdentifierType=name"


async def create(api: AlertApi, name: str, **body: Any) -> str:
    answer = await api.call("POST", PATH, {"name": name, "notify": NOBODY} | body)
    return str(check_answer(answer, 201, result="Created", data=NAMED)["id"])


async def rules(api: AlertApi) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = check_answer(await api.get(PATH), 200, data=[RULE])
    assert [it["order"] for it in found] == list(range(len(found)))
    assert [it["isDefault"] for it in found] == [False] * (len(found) - 1) + [True]
    return found


async def names(api: AlertApi) -> list[str]:
    return [it["name"] for it in await rules(api)][:-1]


async def test_post_v2_teams_routing_rules_keeps_all_that_it_is_given(api: AlertApi) -> None:
    """`POST /v2/teams/{identifier}/routing-rules`, `GET /v2/teams/{identifier}/routing-rules/{rule}`."""
    body = {
        "criteria": URGENT, "timezone": "Asia/Kolkata", "timeRestriction": NIGHT, "isDefault": True, "TeamId": "x",
        "notify": {"type": "schedule", "name": "Edge_schedule", "id": ""},
    }  # fmt: skip

    ident = await create(api, "night", **body)

    shown = check_answer(await api.get(at(ident)), 200, data=RULE)
    schedule_id = shown["notify"].pop("id")
    assert shown == {
        "id": ident, "name": "night", "isDefault": False, "order": 0, "criteria": URGENT, "timezone": "Asia/Kolkata",
        "timeRestriction": NIGHT, "notify": {"type": "schedule", "name": "Edge_schedule"},
    }  # fmt: skip
    assert uuid_text(schedule_id)


async def test_get_v2_teams_routing_rules_lists_them_in_order_with_the_default_last(api: AlertApi) -> None:
    """`GET /v2/teams/{identifier}/routing-rules`."""
    await create(api, "b")
    await create(api, "c", order=7)
    await create(api, "a", order=0, criteria={}, timeRestriction={}, timezone="")

    found = await rules(api)

    assert [it["name"] for it in found] == ["a", "b", "c", "Default Routing Rule"]
    assert found[0]["criteria"] == {"type": "match-all"}
    assert found[0]["timezone"] == "Europe/Warsaw"
    assert "timeRestriction" not in found[0]
    assert found[0]["notify"] == {"type": "none"}
    assert found[-1]["notify"]["name"] == "Edge_escalation"


async def test_patch_v2_teams_routing_rules_changes_what_it_names(
    api: AlertApi, databases: Databases, tenant: Tenant
) -> None:
    """`PATCH /v2/teams/{identifier}/routing-rules/{rule}`."""
    ident = await create(api, "night", criteria=URGENT, timeRestriction=NIGHT, timezone="Asia/Tokyo")

    changed = await api.call(
        "PATCH", at(ident), {"name": "", "notify": {"type": "escalation", "name": "Edge_escalation"}}
    )
    assert check_answer(changed, 200, result="Updated", data=NAMED) == {"id": ident, "name": "night"}
    shown = (await api.get(at(ident))).data
    assert (shown["criteria"], shown["timeRestriction"], shown["timezone"]) == (URGENT, NIGHT, "Asia/Tokyo")
    assert shown["notify"]["name"] == "Edge_escalation"

    await api.call("PATCH", at(ident), {"criteria": {"type": "match-all"}, "timeRestriction": None, "name": "day"})
    shown = (await api.get(at(ident))).data
    assert (shown["name"], shown["criteria"], "timeRestriction" in shown) == ("day", {"type": "match-all"}, False)
    async with databases.engine.transaction() as tx:
        entry = (await audit_store.list_entries(tx, tenant.account_id, 1))[0]
    assert (entry.action, entry.object_type, entry.object_name) == ("changed a routing rule of", "team", "Edge")
    assert entry.before == {"rule": "night", "criteria": URGENT, "restriction": NIGHT}
    assert entry.after == {"rule": "day", "criteria": {"type": "match-all"}, "restriction": None}


async def test_post_change_order_moves_a_rule_and_the_others_make_room(api: AlertApi) -> None:
    """`POST /v2/teams/{identifier}/routing-rules/{rule}/change-order`."""
    idents = {name: await create(api, name) for name in "abcd"}

    moved = await api.call("POST", at(idents["a"], "/change-order"), {"order": 2})
    assert check_answer(moved, 200, result="Updated", data=NAMED) == {"id": idents["a"], "name": "a"}
    assert await names(api) == ["b", "c", "a", "d"]
    await api.call("POST", at(idents["d"], "/change-order"), {"order": 0})
    assert await names(api) == ["d", "b", "c", "a"]
    await api.call("POST", at(idents["d"], "/change-order"), {"order": 99})
    assert await names(api) == ["b", "c", "a", "d"]
    await api.call("PATCH", at(idents["b"]), {"order": 1})
    assert await names(api) == ["c", "b", "a", "d"]

    check_error(await api.call("POST", at(idents["a"], "/change-order"), {}), 422, "order")
    check_error(await api.call("POST", at(idents["a"], "/change-order"), {"order": -1}), 422, "order")


async def test_delete_v2_teams_routing_rules_closes_the_gap(
    api: AlertApi, databases: Databases, tenant: Tenant
) -> None:
    """`DELETE /v2/teams/{identifier}/routing-rules/{rule}`."""
    idents = [await create(api, name) for name in "abc"]

    check_answer(await api.call("DELETE", at(idents[1])), 200, result="Deleted")

    assert await names(api) == ["a", "c"]
    check_error(await api.get(at(idents[1])), 404)
    async with databases.engine.transaction() as tx:
        entry = (await audit_store.list_entries(tx, tenant.account_id, 1))[0]
    assert (entry.action, entry.before and entry.before["rule"], entry.after) == (
        "removed a routing rule from",
        "b",
        None,
    )


async def test_the_default_rule_stays_last_open_and_there(api: AlertApi) -> None:
    default = (await rules(api))[-1]["id"]

    changed = await api.call(
        "PATCH", at(default), {"name": "Else", "notify": NOBODY, "criteria": {"type": "match-all"}}
    )
    check_answer(changed, 200, result="Updated", data=NAMED)
    assert (await rules(api))[-1]["notify"] == NOBODY
    for wrong, field in (
        ({"order": 0}, "order"), ({"timezone": "UTC"}, "timezone"), ({"timeRestriction": NIGHT}, "timeRestriction"),
        ({"criteria": URGENT}, "criteria"),
    ):  # fmt: skip
        check_error(await api.call("PATCH", at(default), wrong), 422, field)
    refused = await api.call("POST", at(default, "/change-order"), {"order": 0})
    check_error(refused, 403)
    assert refused.body["code"] == 40302
    check_error(await api.call("DELETE", at(default)), 422, "id")
    [left] = await rules(api)
    assert left["name"] == "Else"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"notify": None}, "notify"),
        ({"notify": {"type": "team", "name": "Edge"}}, "notify.type"),
        ({"notify": {"type": "schedule"}}, "notify"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"order": "first"}, "order"),
        ({"criteria": {"type": "match-any-condition", "conditions": []}}, "criteria.conditions"),
        ({"timeRestriction": {"type": "sometimes", "restriction": {"startHour": 1}}}, "timeRestriction.type"),
    ],
)
async def test_a_routing_rule_that_makes_no_sense_is_refused(api: AlertApi, body: dict[str, Any], field: str) -> None:
    check_error(await api.call("POST", PATH, {"name": "x", "notify": NOBODY} | body), 422, field)

    assert await names(api) == []


async def test_a_routing_rule_sends_to_what_is_there(api: AlertApi) -> None:
    for kind in ("schedule", "escalation"):
        gone = {"name": "x", "notify": {"type": kind, "id": str(uuid4())}}
        assert kind in check_error(await api.call("POST", PATH, gone), 404)
    check_error(await api.call("PATCH", at(str(uuid4())), {"name": "x"}), 404)
    check_error(await api.get("/v2/teams/Nowhere/routing-rules?teamIdentifierType=name"), 404)


async def test_a_teams_key_routes_to_what_is_its_teams(
    api: AlertApi, http: aiohttp.ClientSession, databases: Databases, tenant: Tenant
) -> None:
    own = await add_team(databases, tenant, name="Own")
    ours = api_of(http, tenant, await add_key(databases, tenant, team_id=own))
    theirs = {"name": "x", "notify": {"type": "escalation", "name": "Edge_escalation"}}

    check_error(await ours.call("POST", f"/v2/teams/{own}/routing-rules", theirs), 404)
    check_error(await ours.call("POST", PATH, {"notify": NOBODY}), 404)
    made = await ours.call("POST", f"/v2/teams/{own}/routing-rules", {"notify": NOBODY})
    check_answer(made, 201, result="Created", data=NAMED)


async def test_rules_that_come_and_move_at_once_keep_one_place_each(api: AlertApi) -> None:
    idents = await gather(*(create(api, f"rule {number}", order=0) for number in range(8)))
    await gather(
        *(api.call("POST", at(ident, "/change-order"), {"order": 3}) for ident in idents[:4]),
        *(api.call("DELETE", at(ident)) for ident in idents[4:]),
    )

    assert sorted(it["id"] for it in (await rules(api))[:-1]) == sorted(idents[:4])


async def test_terraforms_way_to_drop_what_a_new_team_came_with(api: AlertApi) -> None:
    """It sends the default rule to nobody and deletes the escalation, naming fields that nobody else does."""
    default = (await rules(api))[-1]["id"]
    used = await api.call("DELETE", "/v2/escalations/Edge_escalation?identifierType=name")
    check_error(used, 428)

    body = {
        "TeamIdentifierType": 1,
        "TeamIdentifierValue": "Edge",
        "RoutingRuleId": default,
        "notify": {"type": "none"},
        "timeRestriction": {"type": "", "restrictions": [], "restriction": {}},
        "criteria": {"type": "", "conditions": []},
    }
    changed = await api.call("PATCH", at(default), body)

    check_answer(changed, 200, result="Updated", data=NAMED)
    deleted = await api.call("DELETE", "/v2/escalations/Edge_escalation?identifierType=name")
    check_answer(deleted, 200, result="Deleted")
