"""POST /v2/alerts: through HTTP, into PostgreSQL."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import pytest
from tests.support.makers import Tenant, add_key, add_team, make_integration, make_tenant

from tocsin.db import Databases


async def create(http: aiohttp.ClientSession, tenant: Tenant, **payload: Any) -> dict[str, Any]:
    async with http.post("/v2/alerts", json={"message": "disk full"} | payload, headers=tenant.headers) as response:
        body: dict[str, Any] = await response.json()
        assert response.status == 202, body
        assert response.headers["X-Request-Id"] == body["requestId"]
        return body


async def rows(tenant: Tenant, sql: str) -> list[dict[str, Any]]:
    async with tenant.app.transaction() as tx:
        return await tx.dicts(sql, account_id=tenant.account_id)


ALERTS = "select * from alerts where account_id = %(account_id)s order by tiny_id"


async def test_an_accepted_alert_is_in_the_database_when_the_answer_comes(
    http: aiohttp.ClientSession, tenant: Tenant
) -> None:
    answer = await create(
        http,
        tenant,
        alias="web3 disk",
        description="97 %",
        tags=["disk", 'quo"te\\d'],
        details={"env": "prod", "n": 5},
        priority="P1",
        entity="web3",
        source="probe",
        actions=["reboot"],
        note="seen before",
    )

    [alert] = await rows(tenant, ALERTS)
    assert answer["result"] == "Request will be processed"
    assert (alert["message"], alert["alias"], alert["priority"]) == ("disk full", "web3 disk", 1)
    assert (alert["tags"], alert["actions"]) == (["disk", 'quo"te\\d'], ["reboot"])
    assert alert["details"] == {"env": "prod", "n": "5"}
    assert (alert["tiny_id"], alert["count"], alert["status"]) == (1, 1, "open")
    [note] = await rows(tenant, "select note from alert_notes where account_id = %(account_id)s")
    assert note["note"] == "seen before"
    [request] = await rows(tenant, "select * from alert_requests where account_id = %(account_id)s")
    assert request["id"] == UUID(answer["requestId"])
    assert (request["alert_id"], request["status"], request["success"]) == (alert["id"], "Created alert", True)


async def test_the_same_alias_counts_up_the_open_alert_and_changes_nothing_else(
    http: aiohttp.ClientSession, tenant: Tenant
) -> None:
    await create(http, tenant, alias="a", message="first")
    await create(http, tenant, alias="a", message="second", priority="P1")

    [alert] = await rows(tenant, ALERTS)
    assert (alert["message"], alert["priority"], alert["count"]) == ("first", 3, 2)
    events = await rows(tenant, "select event from alert_log where account_id = %(account_id)s order by id")
    assert [event["event"] for event in events] == ["created", "occurred"]


async def test_requests_at_one_time_with_one_alias_make_one_alert(http: aiohttp.ClientSession, tenant: Tenant) -> None:
    answers = await asyncio.gather(*(create(http, tenant, alias="burst") for _ in range(150)))

    [alert] = await rows(tenant, ALERTS)
    assert (alert["count"], alert["occurrences"]) == (100, 150)
    requests = await rows(tenant, "select id, status from alert_requests where account_id = %(account_id)s")
    assert {str(request["id"]) for request in requests} == {answer["requestId"] for answer in answers}
    assert [request["status"] for request in requests].count("Created alert") == 1


async def test_a_closed_alert_does_not_count_and_tiny_ids_have_no_gaps(
    http: aiohttp.ClientSession, tenant: Tenant, databases: Databases
) -> None:
    await create(http, tenant, alias="a")
    await create(http, tenant, alias="a")
    async with databases.engine.transaction() as tx:
        await tx.execute("update alerts set status = 'closed' where account_id = %(id)s", id=tenant.account_id)
    await create(http, tenant, alias="a")

    alerts = await rows(tenant, ALERTS)
    assert [(alert["tiny_id"], alert["status"]) for alert in alerts] == [(1, "closed"), (2, "open")]


async def test_responders_are_named_by_id_name_or_username_and_each_is_due_at_once(
    http: aiohttp.ClientSession, tenant: Tenant, databases: Databases
) -> None:
    team_id = await add_team(databases, tenant, tenant.owner, name="Web / DB")
    await create(
        http,
        tenant,
        responders=[{"type": "team", "name": "Web / DB"}, {"type": "user", "username": tenant.owner.username}],
    )

    [alert] = await rows(tenant, ALERTS)
    assert alert["responders"] == [
        {"type": "team", "id": str(team_id)},
        {"type": "user", "id": str(tenant.owner.id)},
    ]
    assert alert["owner_team_id"] == team_id
    runs = await rows(tenant, "select * from escalation_runs where account_id = %(account_id)s order by id")
    assert [(run["responder_type"], run["responder_id"]) for run in runs] == [
        ("team", team_id),
        ("user", tenant.owner.id),
    ]
    assert all(run["due_at"] == alert["created_at"] for run in runs)


async def test_a_name_that_nobody_has_is_a_dead_end_to_be_reported(http: aiohttp.ClientSession, tenant: Tenant) -> None:
    await create(http, tenant, responders=[{"type": "team", "name": "no such team"}])

    [run] = await rows(tenant, "select * from escalation_runs where account_id = %(account_id)s")
    [entry] = await rows(
        tenant, "select data from alert_log where account_id = %(account_id)s and event = 'responder_unknown'"
    )
    assert run["responder_id"] == UUID(int=0)
    assert entry["data"] == {"type": "team", "name": "no such team"}


async def test_a_teams_key_always_means_its_team(
    http: aiohttp.ClientSession, tenant: Tenant, databases: Databases
) -> None:
    team_id = await add_team(databases, tenant, tenant.owner)
    key = await add_key(databases, tenant, make_integration(tenant.account_id, "of the team"), team_id=team_id)
    payload = {"message": "m", "responders": [{"type": "user", "username": tenant.owner.username}]}

    async with http.post("/v2/alerts", json=payload, headers={"Authorization": f"GenieKey {key}"}) as response:
        assert response.status == 202

    [alert] = await rows(tenant, ALERTS)
    assert alert["responders"] == [{"type": "team", "id": str(team_id)}]


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"{", 400, "Request body is not a valid JSON object."),
        (b"[1]", 400, "Request body is not a valid JSON object."),
        (b"{}", 422, "Request body is not processable. Please check the errors."),
        (b'{"message": ""}', 422, "Request body is not processable. Please check the errors."),
    ],
)
async def test_a_body_that_makes_no_alert_is_refused(
    http: aiohttp.ClientSession, tenant: Tenant, body: bytes, status: int, said: str
) -> None:
    async with http.post("/v2/alerts/", data=body, headers=tenant.headers) as response:
        answer = await response.json()

    assert (response.status, answer["message"]) == (status, said)
    assert await rows(tenant, ALERTS) == []


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"allow_write_access": False}, 403, "API Key is not granted with create and update access"),
        ({"type": "Key"}, 403, "To perform this action, use an API key from an API integration."),
        ({"enabled": False}, 401, "Could not authenticate"),
    ],
)
async def test_a_key_that_may_not_create_is_refused(
    http: aiohttp.ClientSession,
    tenant: Tenant,
    databases: Databases,
    changes: dict[str, Any],
    status: int,
    said: str,
) -> None:
    key = await add_key(databases, tenant, **changes)

    async with http.post("/v2/alerts", json={"message": "m"}, headers={"Authorization": f"GenieKey {key}"}) as response:
        answer = await response.json()

    assert (response.status, answer["message"]) == (status, said)


async def test_accounts_in_one_batch_do_not_mix(http: aiohttp.ClientSession, databases: Databases) -> None:
    tenants = [await make_tenant(databases) for _ in range(5)]

    await asyncio.gather(
        *(create(http, it, alias=f"a{n}", message=str(it.account_id)) for n in range(20) for it in tenants)
    )

    for it in tenants:
        alerts = await rows(it, ALERTS)
        assert sorted(alert["tiny_id"] for alert in alerts) == list(range(1, 21))
        assert {alert["message"] for alert in alerts} == {str(it.account_id)}


async def test_a_text_that_postgresql_cannot_hold_does_not_stop_the_others(
    http: aiohttp.ClientSession, tenant: Tenant
) -> None:
    await asyncio.gather(
        create(http, tenant, message="nul \x00 inside", alias=f"x{uuid4()}"), create(http, tenant, message="fine")
    )

    assert len(await rows(tenant, ALERTS)) == 2
