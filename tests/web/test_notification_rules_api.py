"""How users are told, by API, through real HTTP, strict about shapes.

POST /v2/users/{identifier}/notification-rules
GET /v2/users/{identifier}/notification-rules
POST /v2/users/{identifier}/notification-rules/copy-to
PATCH /v2/users/{identifier}/notification-rules/copy-to
GET /v2/users/{identifier}/notification-rules/{rule_id}
PATCH /v2/users/{identifier}/notification-rules/{rule_id}
DELETE /v2/users/{identifier}/notification-rules/{rule_id}
POST /v2/users/{identifier}/notification-rules/{rule_id}/enable
POST /v2/users/{identifier}/notification-rules/{rule_id}/disable
POST /v2/users/{identifier}/notification-rules/{rule_id}/change-order
GET /v2/users/{identifier}/notification-rules/{rule_id}/steps
POST /v2/users/{identifier}/notification-rules/{rule_id}/steps
GET /v2/users/{identifier}/notification-rules/{rule_id}/steps/{step_id}
PATCH /v2/users/{identifier}/notification-rules/{rule_id}/steps/{step_id}
DELETE /v2/users/{identifier}/notification-rules/{rule_id}/steps/{step_id}
POST /v2/users/{identifier}/notification-rules/{rule_id}/steps/{step_id}/enable
POST /v2/users/{identifier}/notification-rules/{rule_id}/steps/{step_id}/disable
"""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from tests.support.alert_api import AlertApi, api_of
from tests.support.alerts import add_schedule
from tests.support.customer import Customer, customer
from tests.support.makers import Tenant, add_key, add_user

from tocsin.accounts import audit_store
from tocsin.accounts.model import User
from tocsin.db import Databases
from tocsin.notifications.plan import ActionType
from tocsin.settings import Settings

SHORT = {"id", "name", "actionType", "order", "enabled"}
NIGHT = {
    "type": "weekday-and-time-of-day",
    "restrictions": [
        {"startDay": "monday", "startHour": 22, "startMin": 0, "endDay": "tuesday", "endHour": 6, "endMin": 30}
    ],
}
URGENT = {
    "type": "match-any-condition",
    "conditions": [{"field": "priority", "not": False, "operation": "equals", "expectedValue": "P1", "order": 0}],
}


@pytest.fixture
def api(http: aiohttp.ClientSession, tenant: Tenant) -> AlertApi:
    return api_of(http, tenant)


@pytest.fixture
async def mia(databases: Databases, tenant: Tenant) -> User:
    return await add_user(databases, tenant, f"mia-{tenant.account_id}@example.com")


@pytest.fixture
def path(mia: User) -> str:
    return f"/v2/users/{mia.username}/notification-rules"


def mail(user: User) -> dict[str, str]:
    return {"method": "email", "to": user.username}


def body(**changes: Any) -> dict[str, Any]:
    return {"name": "New ones", "actionType": "create-alert", **changes}


async def test_a_rule_is_made_and_read_as_it_was_written(
    api: AlertApi, tenant: Tenant, databases: Databases, mia: User, path: str
) -> None:
    nights = await add_schedule(databases, tenant, "nights")
    await api.call("POST", f"/v2/users/{mia.id}/contacts", {"method": "sms", "to": "48-512345678"})

    made = await api.call(
        "POST", path,
        body(
            criteria=URGENT, timeRestriction=NIGHT, schedules=[{"type": "schedule", "name": "nights"}],
            repeat={"loopAfter": 7, "enabled": True}, order=0, enabled=True,
            steps=[
                {"contact": mail(mia), "sendAfter": {"timeAmount": 0}},
                {"contact": {"method": "sms", "to": "48-512345678"}, "enabled": False,
                 "sendAfter": {"timeAmount": 2, "timeUnit": "hours"}},
            ],
        ),
    )  # fmt: skip
    listed = await api.get(path)
    shown = await api.get(f"{path}/{made.data['id']}")

    assert (made.status, made.body["result"]) == (201, "Created")
    assert made.data == {
        "id": made.data["id"], "name": "New ones", "actionType": "create-alert", "order": 0, "enabled": True,
    }  # fmt: skip
    assert listed.data == [made.data]
    steps = shown.data.pop("steps")
    assert shown.data == {
        **made.data,
        "criteria": URGENT,
        "notificationTime": [],
        "timeRestriction": NIGHT,
        "schedules": [{"type": "schedule", "id": str(nights), "name": "nights"}],
        "repeat": {"loopAfter": 7, "enabled": True},
    }
    assert [{name: value for name, value in step.items() if name != "id"} for step in steps] == [
        {
            "_parent": {"id": made.data["id"], "name": "New ones"},
            "sendAfter": {"timeAmount": 0, "timeUnit": "minutes"},
            "contact": mail(mia),
            "enabled": True,
        },
        {
            "_parent": {"id": made.data["id"], "name": "New ones"},
            "sendAfter": {"timeAmount": 120, "timeUnit": "minutes"},
            "contact": {"method": "sms", "to": "48-512345678"},
            "enabled": False,
        },
    ]


@pytest.mark.parametrize("kind", [it for it in ActionType if it is not ActionType.CREATE_ALERT])
async def test_a_rule_may_be_about_every_kind_of_event(api: AlertApi, mia: User, path: str, kind: str) -> None:
    made = await api.call(
        "POST", path, body(actionType=kind, notificationTime=["just-before", "1-day-ago"], criteria={})
    )
    shown = await api.get(f"{path}/{made.data['id']}")

    assert shown.data["actionType"] == kind
    assert shown.data["notificationTime"] == ["just-before", "1-day-ago"]
    assert shown.data["criteria"] == {"type": "match-all"}
    assert "timeRestriction" not in shown.data
    assert "repeat" not in shown.data


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "n" * 101}, "name"),
        ({"actionType": ""}, "actionType"),
        ({"actionType": "alarm"}, "actionType"),
        ({"actionType": "schedule-start"}, "notificationTime"),
        ({"actionType": "schedule-end", "notificationTime": ["a-year-ago"]}, "notificationTime"),
        ({"criteria": {"type": "match-any-condition"}}, "criteria.conditions"),
        ({"timeRestriction": {"type": "moon", "restriction": {"startHour": 1}}}, "timeRestriction.type"),
        ({"repeat": {"loopAfter": -1}}, "repeat.loopAfter"),
        ({"repeat": {"loopAfter": 1441}}, "repeat.loopAfter"),
        ({"repeat": {"enabled": True}}, "repeat.loopAfter"),
        ({"order": 1}, "order"),
        ({"order": "first"}, "order"),
        ({"schedules": [{"type": "schedule", "name": "none"}]}, "schedules"),
        ({"steps": [{"contact": {"method": "email", "to": "x@example.com"}, "sendAfter": {"timeAmount": 1}}]},
         "steps[0].contact"),
        ({"steps": [{"sendAfter": {"timeAmount": 1}}]}, "steps[0].contact"),
        ({"steps": [{"contact": {"method": "email"}}]}, "steps[0].sendAfter"),
        ({"steps": [{"contact": {"method": "email"}, "sendAfter": {"timeAmount": "1"}}]}, "steps[0].sendAfter"),
        ({"steps": [{"contact": {"method": "email"}, "sendAfter": {"timeAmount": 3, "timeUnit": "days"}}]},
         "sendAfter"),
        ({"enabled": "yes"}, "enabled"),
    ],
)  # fmt: skip
async def test_a_rule_that_cannot_be_is_refused_by_field(
    api: AlertApi, path: str, changes: dict[str, Any], field: str
) -> None:
    refused = await api.call("POST", path, body(**changes))

    assert (refused.status, [*refused.errors]) == (422, [field])
    assert (await api.get(path)).data == []


async def test_a_rule_changes_by_what_the_body_has_and_the_log_says_how(
    api: AlertApi, tenant: Tenant, mia: User, path: str
) -> None:
    step = {"contact": mail(mia), "sendAfter": {"timeAmount": 1}}
    made = await api.call("POST", path, body(steps=[step], criteria=URGENT, timeRestriction=NIGHT))
    here = f"{path}/{made.data['id']}"

    renamed = await api.call("PATCH", here, {"name": "Urgent", "criteria": {}, "timeRestriction": {}, "steps": None})
    kept = (await api.get(here)).data
    widened = await api.call(
        "PATCH", here,
        {"criteria": {"type": "match-all"}, "steps": [],
         "timeRestriction": {"type": "time-of-day", "restrictions": []}},
    )  # fmt: skip
    after = (await api.get(here)).data

    assert (renamed.status, renamed.body["result"], set(renamed.data)) == (200, "Updated", SHORT)
    assert (kept["name"], kept["criteria"], kept["timeRestriction"], len(kept["steps"])) == ("Urgent", URGENT, NIGHT, 1)
    assert widened.status == 200
    assert (after["criteria"], after["steps"]) == ({"type": "match-all"}, [])
    assert "timeRestriction" not in after
    async with tenant.app.transaction() as tx:
        entries = await audit_store.list_entries(tx, tenant.account_id, 2)
    assert (entries[1].before, entries[1].after) == ({"name": "New ones"}, {"name": "Urgent"})
    assert entries[0].before is not None
    assert {"criteria", "hours", "steps"} <= set(entries[0].before)


async def test_rules_are_switched_moved_and_deleted(api: AlertApi, path: str) -> None:
    rules = [(await api.call("POST", path, body(name=name))).data["id"] for name in "abc"]
    other = (await api.call("POST", path, body(name="d", actionType="closed-alert"))).data

    first = await api.call("POST", path, body(name="first", order=0))
    moved = await api.call("POST", f"{path}/{rules[2]}/change-order", {"order": 1})
    off = await api.call("POST", f"{path}/{rules[0]}/disable")
    listed = (await api.get(path)).data
    on = await api.call("POST", f"{path}/{rules[0]}/enable")
    too_far = await api.call("POST", f"{path}/{rules[0]}/change-order", {"order": 4})
    missing = await api.call("POST", f"{path}/{rules[0]}/change-order", {})
    gone = await api.call("DELETE", f"{path}/{rules[1]}")

    assert other["order"] == 0
    assert first.data["order"] == 0
    assert (moved.status, moved.data["order"], set(moved.data)) == (200, 1, SHORT)
    assert [(it["name"], it["order"], it["enabled"]) for it in listed if it["actionType"] == "create-alert"] == [
        ("first", 0, True), ("c", 1, True), ("a", 2, False), ("b", 3, True),
    ]  # fmt: skip
    assert (off.body["result"], on.body["result"], on.data) == ("Disabled", "Enabled", {"id": rules[0]})
    assert (too_far.status, missing.status) == (422, 422)
    assert (gone.status, gone.body["result"], gone.data) == (200, "Deleted", {"id": rules[1], "name": "b"})
    assert (await api.get(f"{path}/{rules[1]}")).status == 404
    assert [it["name"] for it in (await api.get(path)).data] == ["first", "c", "a", "d"]


async def test_steps_come_change_and_go(api: AlertApi, mia: User, path: str) -> None:
    rule = (await api.call("POST", path, body())).data["id"]
    steps = f"{path}/{rule}/steps"

    made = await api.call("POST", steps, {"contact": mail(mia), "sendAfter": {"timeAmount": 5, "timeUnit": "minutes"}})
    here = f"{steps}/{made.data['id']}"
    twice = await api.call("POST", steps, {"contact": mail(mia), "sendAfter": {"timeAmount": 5}})
    changed = await api.call("PATCH", here, {"sendAfter": {"timeAmount": 1, "timeUnit": "hours"}})
    shown = await api.get(here)
    off = await api.call("POST", f"{here}/disable")
    disabled = await api.get(steps)
    on = await api.call("POST", f"{here}/enable")
    gone = await api.call("DELETE", here)

    assert (made.status, made.body["result"], [*made.data]) == (201, "Created", ["id"])
    assert (twice.status, [*twice.errors]) == (422, ["steps"])
    assert (changed.status, changed.body["result"], changed.data) == (200, "Updated", made.data)
    assert shown.data == {
        "_parent": {"id": rule, "name": "New ones"},
        "id": made.data["id"],
        "sendAfter": {"timeAmount": 60, "timeUnit": "minutes"},
        "contact": mail(mia),
        "enabled": True,
    }
    assert [it["enabled"] for it in disabled.data] == [False]
    assert [it.body["result"] for it in (off, on, gone)] == ["Disabled", "Enabled", "Deleted"]
    assert (await api.get(here)).status == 404
    assert (await api.get(steps)).data == []


@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_rules_are_copied_to_others_by_their_own_contacts(
    api: AlertApi, tenant: Tenant, databases: Databases, mia: User, path: str, method: str
) -> None:
    zoe = await add_user(databases, tenant, f"zoe-{tenant.account_id}@example.com")
    await api.call("POST", f"/v2/users/{mia.id}/contacts", {"method": "sms", "to": "48-512345678"})
    steps = [
        {"contact": mail(mia), "sendAfter": {"timeAmount": 1}},
        {"contact": {"method": "sms"}, "sendAfter": {"timeAmount": 2}},
    ]
    await api.call("POST", path, body(criteria=URGENT, steps=steps))
    await api.call("POST", path, body(name="closed", actionType="closed-alert"))
    await api.call("POST", f"/v2/users/{zoe.id}/notification-rules", body(name="old"))
    await api.call("POST", f"/v2/users/{zoe.id}/notification-rules", body(name="notes", actionType="add-note"))

    copied = await api.call(
        method, f"{path}/copy-to", {"toUsers": [zoe.username, mia.username], "ruleTypes": ["new-alert"]}
    )
    again = await api.call(method, f"{path}/copy-to", {"toUsers": [str(zoe.id)], "ruleTypes": ["all"]})
    theirs = (await api.get(f"/v2/users/{zoe.id}/notification-rules")).data

    assert (copied.status, again.status) == (200, 200)
    assert [it["name"] for it in theirs] == ["New ones", "closed"]
    shown = (await api.get(f"/v2/users/{zoe.id}/notification-rules/{theirs[0]['id']}")).data
    assert shown["criteria"] == URGENT
    assert [it["contact"] for it in shown["steps"]] == [mail(zoe)]
    assert [it["name"] for it in (await api.get(path)).data] == ["New ones", "closed"]


@pytest.mark.parametrize(
    ("copy", "field"),
    [
        ({"toUsers": [], "ruleTypes": ["all"]}, "toUsers"),
        ({"toUsers": ["nobody@example.com"], "ruleTypes": ["all"]}, "toUsers"),
        ({"toUsers": "{me}", "ruleTypes": []}, "ruleTypes"),
        ({"toUsers": "{me}", "ruleTypes": ["some"]}, "ruleTypes"),
    ],
)
async def test_a_copy_that_cannot_be_is_refused_by_field(
    api: AlertApi, mia: User, path: str, copy: dict[str, Any], field: str
) -> None:
    to = mia.username if copy["toUsers"] == "{me}" else copy["toUsers"]

    refused = await api.call("POST", f"{path}/copy-to", copy | {"toUsers": to})

    assert (refused.status, [*refused.errors]) == (422, [field])


async def test_a_new_user_begins_with_a_rule_for_new_alerts(api: AlertApi) -> None:
    made = await api.call("POST", "/v2/users", {"username": "q@example.com", "fullName": "Q"})
    [rule] = (await api.get(f"/v2/users/{made.data['id']}/notification-rules")).data
    steps = (await api.get(f"/v2/users/{made.data['id']}/notification-rules/{rule['id']}/steps")).data

    assert rule == {"id": rule["id"], "name": "New alert", "actionType": "create-alert", "order": 0, "enabled": True}
    assert [it["contact"] for it in steps] == [{"method": "email", "to": "q@example.com"}]


async def test_a_key_without_configuration_access_reads_rules_and_changes_none(
    http: aiohttp.ClientSession, api: AlertApi, tenant: Tenant, databases: Databases, path: str
) -> None:
    rule = (await api.call("POST", path, body())).data["id"]
    reading = api_of(http, tenant, await add_key(databases, tenant, allow_configuration_access=False))
    writes = [
        ("POST", ""), ("POST", "/copy-to"), ("PATCH", "/copy-to"), ("PATCH", f"/{rule}"), ("DELETE", f"/{rule}"),
        ("POST", f"/{rule}/enable"), ("POST", f"/{rule}/disable"), ("POST", f"/{rule}/change-order"),
        ("POST", f"/{rule}/steps"), ("PATCH", f"/{rule}/steps/{rule}"), ("DELETE", f"/{rule}/steps/{rule}"),
        ("POST", f"/{rule}/steps/{rule}/enable"), ("POST", f"/{rule}/steps/{rule}/disable"),
    ]  # fmt: skip

    assert (await reading.get(f"{path}/{rule}")).status == 200
    for method, last in writes:
        assert (await reading.call(method, path + last)).status == 403, (method, last)
    assert (await api.get(f"{path}/{uuid4()}/steps")).status == 404


@pytest.fixture
async def buyer(settings: Settings, database_url: str, databases: Databases, tenant: Tenant) -> AsyncIterator[Customer]:
    async with customer(settings, database_url, databases, tenant) as made:
        await made.add_card()
        await made.comes_to("2026-03-10 10:00")
        yield made


async def test_essentials_has_one_rule_for_each_event_and_no_conditions_by_page_or_api(buyer: Customer) -> None:
    await buyer.order(plan="essentials", interval="month", seats=2, startToday=True)
    here = "/profile/notifications"
    page = await buyer.owner.get(here)
    contact = page.find(r'name="contact" required>\s*<option value="([^"]+)"')

    by_api = await buyer.api.call("POST", f"/v2/users/{buyer.tenant.owner.id}/notification-rules", body())
    first = await buyer.owner.post(here, name="first", action_type="create-alert", contact=contact)
    second = await buyer.owner.post(here, name="second", action_type="create-alert", contact=contact)
    base = first.find(f'action="({here}/[^"/]+)/settings"')
    limited = await buyer.owner.post(
        f"{base}/settings", name="first", match="match-all", start_day="every-day", start="22:00", end_day="every-day",
        end="06:00", repeat_minutes="5",
    )  # fmt: skip
    repeated = await buyer.owner.post(
        f"{base}/settings", name="first", match="match-all", repeat="on", repeat_minutes="5"
    )

    assert by_api.status == 402
    assert "The rule is there." in first
    assert "Personal notification rules: your plan, Essentials, includes 1" in second
    assert "Personal notification rules: your plan, Essentials, does not include this." in limited
    assert "again every 5 min until somebody acts" in repeated
