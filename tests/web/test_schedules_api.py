"""Schedules, rotations and overrides by API, through real HTTP; each answer's shape strictly.

POST /v2/schedules
GET /v2/schedules
GET /v2/schedules/{identifier}
PATCH /v2/schedules/{identifier}
DELETE /v2/schedules/{identifier}
POST /v2/schedules/{identifier}/rotations
GET /v2/schedules/{identifier}/rotations
GET /v2/schedules/{identifier}/rotations/{rotation_id}
PATCH /v2/schedules/{identifier}/rotations/{rotation_id}
DELETE /v2/schedules/{identifier}/rotations/{rotation_id}
POST /v2/schedules/{identifier}/overrides
GET /v2/schedules/{identifier}/overrides
GET /v2/schedules/{identifier}/overrides/{alias}
PUT /v2/schedules/{identifier}/overrides/{alias}
DELETE /v2/schedules/{identifier}/overrides/{alias}
"""

from typing import Any
from uuid import UUID, uuid4

import aiohttp
import pytest
from tests.support.alert_api import AlertApi, api_of
from tests.support.alerts import add_escalation
from tests.support.makers import Tenant, add_key, add_team, add_user

from tocsin.accounts import audit_store
from tocsin.accounts.model import Role, User
from tocsin.db import Databases

PATH = "/v2/schedules"
WEEKDAYS = {
    "type": "weekday-and-time-of-day",
    "restrictions": [
        {"startDay": "monday", "startHour": 8, "startMin": 0, "endDay": "friday", "endHour": 18, "endMin": 30}
    ],
}


@pytest.fixture
def api(http: aiohttp.ClientSession, tenant: Tenant) -> AlertApi:
    return api_of(http, tenant)


@pytest.fixture
async def bo(databases: Databases, tenant: Tenant) -> User:
    return await add_user(databases, tenant)


def weekly(*usernames: str, **changes: Any) -> dict[str, Any]:
    return {
        "name": "Weeks", "startDate": "2026-01-05T08:00:00Z", "endDate": "2036-01-05T08:00:00Z", "type": "weekly",
        "length": 2, "participants": [{"type": "user", "username": it} for it in usernames],
        "timeRestriction": WEEKDAYS, **changes,
    }  # fmt: skip


async def made(api: AlertApi, *rotations: dict[str, Any], **changes: Any) -> str:
    """A schedule in Berlin; returns its id."""
    body = {"name": f"S {uuid4().hex[:8]}", "timezone": "Europe/Berlin", "rotations": [*rotations], **changes}
    answer = await api.call("POST", PATH, body)
    assert answer.status == 201, answer.body
    ident: str = answer.data["id"]
    return ident


async def actions(tenant: Tenant) -> list[tuple[str, Any, Any]]:
    async with tenant.app.transaction() as tx:
        entries = await audit_store.list_entries(tx, tenant.account_id, 20)
    return [(it.action, it.before, it.after) for it in entries]


async def test_a_schedule_is_made_read_changed_and_deleted(
    api: AlertApi, tenant: Tenant, databases: Databases, bo: User
) -> None:
    team_id = await add_team(databases, tenant, bo, name="Web")
    body = {
        "name": "Web duty", "description": "Who looks after the web", "timezone": "Europe/Berlin", "enabled": True,
        "ownerTeam": {"name": "Web"}, "rotations": [weekly(bo.username)],
    }  # fmt: skip

    created = await api.call("POST", PATH, body)
    ident = created.data["id"]
    shown = await api.get(f"{PATH}/{ident}")
    by_name = await api.get(f"{PATH}/Web%20duty?identifierType=name")
    bare = await api.get(PATH)
    expanded = await api.get(f"{PATH}?expand=rotation")
    changed = await api.call("PATCH", f"{PATH}/{ident}", {"name": "Duty", "enabled": False, "description": ""})
    after = await api.get(f"{PATH}/{ident}")
    deleted = await api.call("DELETE", f"{PATH}/Duty?identifierType=name")

    assert (created.status, created.body["result"]) == (201, "Created")
    assert created.data == {"id": ident, "name": "Web duty", "enabled": True}
    rotation_id = shown.data["rotations"][0]["id"]
    assert UUID(rotation_id)
    assert shown.data == {
        "id": ident,
        "name": "Web duty",
        "description": "Who looks after the web",
        "timezone": "Europe/Berlin",
        "enabled": True,
        "ownerTeam": {"id": str(team_id), "name": "Web"},
        "rotations": [
            {
                "id": rotation_id,
                "name": "Weeks",
                "startDate": "2026-01-05T08:00:00Z",
                "endDate": "2036-01-05T08:00:00Z",
                "type": "weekly",
                "length": 2,
                "participants": [{"type": "user", "id": str(bo.id), "username": bo.username}],
                "timeRestriction": WEEKDAYS,
            }
        ],
    }
    assert by_name.data == shown.data
    assert bare.data == [{**shown.data, "rotations": []}]
    assert bare.body["expandable"] == ["rotation"]
    assert expanded.data == [shown.data]
    assert (changed.status, changed.body["result"]) == (200, "Updated")
    assert changed.data == {"id": ident, "name": "Duty", "enabled": False}
    assert after.data == {**shown.data, "name": "Duty", "enabled": False, "description": ""}
    assert (deleted.status, deleted.body["result"]) == (200, "Deleted")
    assert deleted.data == {"id": ident, "name": "Duty"}
    assert (await api.get(f"{PATH}/{ident}")).status == 404
    audit = {action: (before, facts) for action, before, facts in await actions(tenant)}
    assert audit["changed"] == (
        {"name": "Web duty", "enabled": True, "description": "Who looks after the web"},
        {"name": "Duty", "enabled": False, "description": ""},
    )
    assert audit["deleted"][0]["rotations"][0]["name"] == "Weeks"


async def test_the_least_that_makes_a_schedule(api: AlertApi, tenant: Tenant) -> None:
    created = await api.call("POST", f"{PATH}/", {"name": "Least", "ownerTeam": {}, "IdentifierValue": "x"})

    shown = (await api.get(f"{PATH}/{created.data['id']}")).data
    assert shown == {
        "id": created.data["id"], "name": "Least", "description": "", "timezone": "Europe/Warsaw", "enabled": True,
        "rotations": [],
    }  # fmt: skip


async def test_patching_rotations_replaces_them_all(api: AlertApi, tenant: Tenant, bo: User) -> None:
    ident = await made(api, weekly(bo.username), weekly(bo.username, name="Second"))

    await api.call("PATCH", f"{PATH}/{ident}", {"rotations": [weekly(bo.username, name="Only", timeRestriction=None)]})

    [rotation] = (await api.get(f"{PATH}/{ident}/rotations")).data
    assert (rotation["name"], rotation["timeRestriction"]) == ("Only", None)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "n" * 101}, "name"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"enabled": "perhaps"}, "enabled"),
        ({"ownerTeam": {"name": "Nobody's"}}, "ownerTeam"),
        ({"rotations": "weekly"}, "rotations"),
        ({"rotations": [{"type": "weekly"}]}, "rotations[0].startDate"),
        ({"rotations": [weekly()]}, "rotations[0].participants"),
        ({"rotations": [weekly("nobody@example.com")]}, "rotations[0].participants"),
        ({"rotations": [weekly(type="monthly")]}, "rotations[0].type"),
        ({"rotations": [weekly(startDate="Monday")]}, "rotations[0].startDate"),
        ({"rotations": [weekly(length="two")]}, "rotations[0].length"),
        ({"rotations": [weekly(timeRestriction={"type": "x", "restriction": {"startHour": 1}})]},
         "rotations[0].timeRestriction.type"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_named_and_nothing_is_made(api: AlertApi, changes: dict[str, Any], field: str) -> None:
    answer = await api.call("POST", PATH, {"name": "Wrong", **changes})

    assert (answer.status, set(answer.errors)) == (422, {field})
    assert (await api.get(PATH)).data == []


async def test_a_name_that_is_taken_is_a_conflict(api: AlertApi, tenant: Tenant) -> None:
    await made(api, name="Taken")
    other = await made(api)

    assert (await api.call("POST", PATH, {"name": "Taken"})).status == 409
    assert (await api.call("PATCH", f"{PATH}/{other}", {"name": "Taken"})).status == 409


async def test_a_stakeholder_takes_no_turns(api: AlertApi, databases: Databases, tenant: Tenant) -> None:
    watcher = await add_user(databases, tenant, role=Role.STAKEHOLDER)

    answer = await api.call("POST", PATH, {"name": "Watch", "rotations": [weekly(watcher.username)]})

    assert answer.status == 422
    assert (await api.get(PATH)).data == []


async def test_what_an_escalation_needs_is_not_deleted(api: AlertApi, databases: Databases, tenant: Tenant) -> None:
    ident = await made(api)
    escalation_id = await add_escalation(databases, tenant, "Nights")
    async with databases.engine.transaction() as tx:
        await tx.execute(
            """
            insert into escalation_rules (account_id, escalation_id, position, condition, notify_type, delay,
                                          recipient_type, recipient_id)
            values (%(account_id)s, %(escalation_id)s, 0, 'if-not-acked', 'default', '0', 'schedule', %(schedule_id)s)
            """,
            account_id=tenant.account_id, escalation_id=escalation_id, schedule_id=UUID(ident),
        )  # fmt: skip

    answer = await api.call("DELETE", f"{PATH}/{ident}")

    assert answer.status == 428
    assert "escalation Nights" in answer.body["message"]
    assert (await api.get(f"{PATH}/{ident}")).status == 200


async def test_a_rotation_is_made_read_changed_and_deleted(api: AlertApi, tenant: Tenant, bo: User) -> None:
    ident = await made(api, name="Duty")
    rotations = f"{PATH}/Duty/rotations"
    kind = "scheduleIdentifierType=name"

    created = await api.call("POST", f"{rotations}?{kind}", weekly(bo.username))
    rotation_id = created.data["id"]
    shown = await api.get(f"{rotations}/{rotation_id}?{kind}")
    listed = await api.get(f"{rotations}?{kind}")
    changed = await api.call(
        "PATCH",
        f"{rotations}/{rotation_id}?{kind}",
        {"type": "hourly", "length": 12, "endDate": None, "timeRestriction": {}, "participants": [
            {"type": "none"}, {"type": "user", "id": str(bo.id)}]},
    )  # fmt: skip
    after = await api.get(f"{PATH}/{ident}/rotations/{rotation_id}")
    deleted = await api.call("DELETE", f"{PATH}/{ident}/rotations/{rotation_id}")

    assert (created.status, created.body["result"], created.data["name"]) == (201, "Created", "Weeks")
    assert shown.data == {
        "_parent": {"id": ident, "name": "Duty", "enabled": True},
        "id": rotation_id,
        **weekly(bo.username),
        "participants": [{"type": "user", "id": str(bo.id), "username": bo.username}],
    }
    assert listed.data == [{name: value for name, value in shown.data.items() if name != "_parent"}]
    assert (changed.status, changed.body["result"], changed.data) == (
        200, "Updated", {"id": rotation_id, "name": "Weeks"},
    )  # fmt: skip
    assert after.data == {
        **shown.data,
        "type": "hourly",
        "length": 12,
        "endDate": None,
        "timeRestriction": None,
        "participants": [{"type": "none"}, {"type": "user", "id": str(bo.id), "username": bo.username}],
    }
    assert (deleted.status, deleted.body["result"]) == (200, "Deleted")
    assert (await api.get(f"{PATH}/{ident}/rotations")).data == []
    assert (await api.get(f"{PATH}/{ident}/rotations/{rotation_id}")).status == 404


async def test_a_start_snaps_to_the_half_hour_of_the_schedules_clock(api: AlertApi, tenant: Tenant, bo: User) -> None:
    ident = await made(api, timezone="Asia/Kathmandu")  # 5:45 ahead

    created = await api.call(
        "POST", f"{PATH}/{ident}/rotations",
        weekly(bo.username, startDate="2026-01-05T08:00:00Z", endDate="2026-02-05T08:10:00+00:00"),
    )  # fmt: skip
    shown = (await api.get(f"{PATH}/{ident}/rotations/{created.data['id']}")).data

    assert (shown["startDate"], shown["endDate"]) == ("2026-01-05T08:15:00Z", "2026-02-05T08:15:00Z")


async def test_an_override_is_made_read_changed_and_deleted(api: AlertApi, tenant: Tenant, bo: User) -> None:
    ident = await made(api, weekly(bo.username), name="Duty")
    [rotation] = (await api.get(f"{PATH}/{ident}/rotations")).data
    overrides = f"{PATH}/{ident}/overrides"
    body = {
        "user": {"type": "user", "username": tenant.owner.username},
        "startDate": "2030-03-02T09:00:07Z",
        "endDate": "2030-03-03T09:00:00Z",
        "rotations": [{"name": "Weeks"}],
    }

    created = await api.call("POST", overrides, {**body, "alias": "swap / one"})
    shown = await api.get(f"{overrides}/swap%20%2F%20one")
    listed = await api.get(f"{PATH}/Duty/overrides?scheduleIdentifierType=name")
    again = await api.call("POST", overrides, {**body, "alias": "swap / one"})
    changed = await api.call(
        "PUT", f"{overrides}/swap%20%2F%20one",
        {"user": {"type": "none"}, "startDate": "2030-03-02T10:00:00Z", "endDate": "2030-03-02T11:00:00Z"},
    )  # fmt: skip
    after = await api.get(f"{overrides}/swap%20%2F%20one")
    deleted = await api.call("DELETE", f"{overrides}/swap%20%2F%20one")
    unnamed = await api.call("POST", overrides, body)

    assert (created.status, created.data) == (201, {"alias": "swap / one"})
    assert shown.data == {
        "_parent": {"id": ident, "name": "Duty", "enabled": True},
        "alias": "swap / one",
        "user": {"type": "user", "id": str(tenant.owner.id), "username": tenant.owner.username},
        "startDate": "2030-03-02T09:00:07Z",
        "endDate": "2030-03-03T09:00:00Z",
        "rotations": [{"id": rotation["id"], "name": "Weeks"}],
    }
    assert listed.data == [shown.data]
    assert again.status == 409
    assert (changed.status, changed.data) == (200, {"alias": "swap / one"})
    assert after.data == {
        **shown.data, "user": {"type": "none"}, "startDate": "2030-03-02T10:00:00Z",
        "endDate": "2030-03-02T11:00:00Z", "rotations": [],
    }  # fmt: skip
    assert (deleted.status, deleted.body["result"]) == (200, "Deleted")
    assert (await api.get(f"{overrides}/swap%20%2F%20one")).status == 404
    assert UUID(unnamed.data["alias"])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"user": None}, "user"),
        ({"user": {"username": "nobody@example.com"}}, "user"),
        ({"startDate": None}, "startDate"),
        ({"endDate": "2030-03-01T09:00:00Z"}, "endDate"),
        ({"endDate": "2032-03-01T09:00:00Z"}, "endDate"),
        ({"startDate": "2019-01-01T00:00:00Z", "endDate": "2019-01-02T00:00:00Z"}, "endDate"),
        ({"rotations": [{"name": "None such"}]}, "rotations"),
    ],
)
async def test_a_wrong_override_says_what_is_wrong(
    api: AlertApi, tenant: Tenant, changes: dict[str, Any], field: str
) -> None:
    ident = await made(api)
    body = {"user": {"username": tenant.owner.username}, "startDate": "2030-03-02T09:00:00Z",
            "endDate": "2030-03-03T09:00:00Z", **changes}  # fmt: skip

    answer = await api.call("POST", f"{PATH}/{ident}/overrides", body)

    assert (answer.status, set(answer.errors)) == (422, {field})
    assert (await api.get(f"{PATH}/{ident}/overrides")).data == []


async def test_what_is_not_there_is_named(api: AlertApi, tenant: Tenant) -> None:
    ident = await made(api)

    for path in (f"{PATH}/{uuid4()}", f"{PATH}/{ident}/rotations/{uuid4()}", f"{PATH}/{ident}/overrides/none"):
        assert (await api.get(path)).status == 404, path
    assert (await api.get(f"{PATH}/none?identifierType=name")).body["message"] == (
        "Schedule does not exist with that name"
    )


@pytest.fixture
async def team_api(http: aiohttp.ClientSession, databases: Databases, tenant: Tenant) -> tuple[AlertApi, UUID]:
    team_id = await add_team(databases, tenant, name="Web")
    key = await add_key(databases, tenant, team_id=team_id)
    return AlertApi(http, {"Authorization": f"GenieKey {key}"}), team_id


async def test_a_teams_key_reaches_the_teams_schedules_alone(api: AlertApi, team_api: tuple[AlertApi, UUID]) -> None:
    of_team, team_id = team_api
    others = await made(api)
    own = await made(of_team, name="Own")

    assert [it["name"] for it in (await of_team.get(PATH)).data] == ["Own"]
    assert (await of_team.get(f"{PATH}/{own}")).data["ownerTeam"] == {"id": str(team_id), "name": "Web"}
    assert (await of_team.get(f"{PATH}/{others}")).status == 404
    assert (await of_team.call("PATCH", f"{PATH}/{others}", {"name": "Mine"})).status == 404
    assert (await of_team.call("DELETE", f"{PATH}/{others}")).status == 404


async def test_a_key_without_the_right_changes_nothing(
    http: aiohttp.ClientSession, api: AlertApi, databases: Databases, tenant: Tenant
) -> None:
    ident = await made(api, name="Duty")
    key = await add_key(databases, tenant, allow_configuration_access=False)
    barred = AlertApi(http, {"Authorization": f"GenieKey {key}"})

    refused = [
        await barred.call("POST", PATH, {"name": "New"}),
        await barred.call("PATCH", f"{PATH}/{ident}", {"name": "New"}),
        await barred.call("DELETE", f"{PATH}/{ident}"),
    ]

    assert [it.status for it in refused] == [403] * 3
    assert (await api.get(f"{PATH}/{ident}")).data["name"] == "Duty"
