"""How an alert is found, and what is read beside it: requests, notes, logs, recipients, through real HTTP."""

from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import UUID, uuid4

import aiohttp
import pytest
from tests.support.alert_api import AlertApi, api_of
from tests.support.alerts import add_alert, add_notification
from tests.support.makers import START, Tenant, add_key, add_team, add_user, make_integration

from tocsin.alerts import store
from tocsin.alerts.log import Event
from tocsin.alerts.model import Alert, AlertStatus
from tocsin.db import Databases


@pytest.fixture
def api(http: aiohttp.ClientSession, tenant: Tenant) -> AlertApi:
    return api_of(http, tenant)


@pytest.fixture
async def alert(databases: Databases, tenant: Tenant) -> Alert:
    return await add_alert(databases, tenant)


ODD = ["web/disk full", "a%b", "ż ó ł", "?x=1&y", "count", "requests", "..", "a+b", "#1", "saved-searches", "%2F", "📟"]


@pytest.mark.parametrize("alias", ODD)
async def test_an_alias_of_any_text_finds_its_open_alert(
    api: AlertApi, databases: Databases, tenant: Tenant, alias: str
) -> None:
    alert = await add_alert(databases, tenant, alias=alias)
    segment = quote(alias, safe="").replace("..", "%2E%2E")

    status = await api.act("POST", f"/v2/alerts/{segment}/acknowledge/?identifierType=alias")
    closed = await api.act("POST", f"/v2/alerts/{segment}/close?identifierType=alias")
    again = await api.act("POST", f"/v2/alerts/{segment}/close?identifierType=alias")

    assert (status["isSuccess"], status["alertId"], status["alias"]) == (True, alert.id, alias)
    assert closed["isSuccess"] is True
    assert (again["isSuccess"], again["status"]) == (False, "Alert does not exist")  # an alias is of open alerts only
    assert (await api.alert(alert.id))["status"] == "closed"
    assert (await api.alert(str(alert.tiny_id), "tiny"))["id"] == alert.id


async def test_an_alias_is_exact(api: AlertApi, databases: Databases, tenant: Tenant) -> None:
    await add_alert(databases, tenant, alias="Web3")

    assert (await api.get("/v2/alerts/web3?identifierType=alias")).status == 404
    assert (await api.get("/v2/alerts/Web3?identifierType=alias")).status == 200
    assert (await api.get("/v2/alerts/Web3?identifierType=id")).status == 404
    assert (await api.get("/v2/alerts/Web3?identifierType=tiny")).status == 404


@pytest.mark.parametrize(
    ("identifier", "kind"),
    [("nothing", "id"), ("5f2b0c1e-7d7a-4d0e-9d5b-0a1c2e3f4a5b", "id"),
     ("0", "tiny"), ("9" * 40, "tiny"), ("%C2%B2", "tiny"), ("%00", "alias"),
     ("%00", "id"), ("-1", "tiny"), ("%FF%FE", "alias"), ("x" * 5000, "alias")],
)  # fmt: skip
async def test_an_alert_that_is_none_is_404_to_read_and_a_failed_request_to_act_on(
    api: AlertApi, identifier: str, kind: str
) -> None:
    read = await api.get(f"/v2/alerts/{identifier}?identifierType={kind}")
    acted = await api.act("POST", f"/v2/alerts/{identifier}/close?identifierType={kind}")

    assert (read.status, read.body["message"]) == (404, "Alert does not exist")
    assert acted == {
        "success": False, "action": "Close", "processedAt": acted["processedAt"],
        "integrationId": acted["integrationId"], "isSuccess": False, "status": "Alert does not exist",
        "alertId": "", "alias": "",
    }  # fmt: skip


async def test_the_request_that_created_an_alert_names_it_too(api: AlertApi) -> None:
    created = await api.call("POST", "/v2/alerts", {"message": "disk full", "alias": "a"})
    status = await api.get(f"/v2/alerts/requests/{created.body['requestId']}")

    closed = await api.act("POST", f"/v2/alerts/{created.body['requestId']}/close?identifierType=id")

    assert (status.data["action"], status.data["status"], status.data["alias"]) == ("Create", "Created alert", "a")
    assert closed["alertId"] == status.data["alertId"]
    assert closed["isSuccess"] is True


async def test_a_request_status_has_exactly_these_fields(api: AlertApi, alert: Alert, tenant: Tenant) -> None:
    status = await api.act("POST", f"/v2/alerts/{alert.id}/acknowledge")

    assert status == {
        "success": True, "action": "Acknowledge", "processedAt": status["processedAt"],
        "integrationId": str(tenant.integration.id), "isSuccess": True, "status": "Acknowledged alert",
        "alertId": alert.id, "alias": alert.alias,
    }  # fmt: skip


@pytest.mark.parametrize("request_id", ["5f2b0c1e-7d7a-4d0e-9d5b-0a1c2e3f4a5b", "nothing", "%00"])
async def test_an_unknown_request_is_not_processed_yet(api: AlertApi, request_id: str) -> None:
    status = await api.get(f"/v2/alerts/requests/{request_id}")

    assert status.status == 404
    assert status.headers["X-Opsgenie-Errortype"] == "RequestNotProcessed"


async def fill(databases: Databases, alert: Alert, count: int = 5) -> None:
    async with databases.engine.transaction() as tx:
        for number in range(count):
            await store.insert_note(tx, alert.account_id, alert.id, START, "ana", f"n{number}")
            data = {"tags": [f"n{number}"]}
            await store.insert_log(tx, alert.account_id, alert.id, START, Event.TAGS_ADDED, "ana", data)


async def follow(api: AlertApi, first: str) -> list[list[dict[str, Any]]]:
    """Every page from this address on."""
    pages = []
    while first:
        answer = await api.get(first)
        assert answer.status == 200, answer.body
        pages.append(answer.data)
        following = urlsplit(answer.body["paging"].get("next", ""))
        first = f"{following.path}?{following.query}" if following.path else ""
    return pages


@pytest.mark.parametrize("what", ["notes", "logs"])
@pytest.mark.parametrize("kind", ["id", "alias"])
async def test_pages_by_cursor_show_everything_once(
    api: AlertApi, databases: Databases, tenant: Tenant, what: str, kind: str
) -> None:
    alert = await add_alert(databases, tenant, alias="a/b")
    await fill(databases, alert)
    base = f"/v2/alerts/{alert.id if kind == 'id' else 'a%2Fb'}/{what}?identifierType={kind}&limit=2"

    newest = await follow(api, base)
    oldest = await follow(api, f"{base}&order=asc")
    back = await follow(api, f"{base}&order=asc&direction=prev&offset={oldest[2][0]['offset']}")

    word = "note" if what == "notes" else "log"
    assert [[item[word][-2:] for item in page] for page in newest] == [["n4", "n3"], ["n2", "n1"], ["n0"]]
    assert [[item[word][-2:] for item in page] for page in oldest] == [["n0", "n1"], ["n2", "n3"], ["n4"]]
    assert [[item[word][-2:] for item in page] for page in back] == [["n2", "n3"], ["n0", "n1"]]
    expected = {"createdAt", "offset", "owner", word} | ({"type"} if what == "logs" else set())
    assert newest[0][0].keys() == expected


async def test_the_links_of_a_cursor_page_carry_all_its_parameters(api: AlertApi, databases: Databases) -> None:
    created = await api.call("POST", "/v2/alerts", {"message": "m", "alias": "a", "note": "first"})
    await api.act("POST", "/v2/alerts/a/notes?identifierType=alias", {"note": "second"})

    page = await api.get("/v2/alerts/a/notes?identifierType=alias&limit=1&order=asc", headers={"Host": "h.example.com"})

    assert created.status == 202
    base = "http://h.example.com/v2/alerts/a/notes"
    offset = page.data[0]["offset"]
    assert page.body["paging"] == {
        "first": f"{base}?direction=next&order=asc&limit=1&identifierType=alias",
        "next": f"{base}?offset={offset}&direction=next&order=asc&limit=1&identifierType=alias",
    }


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("offset=x", "offset"),
        ("offset=1_x", "offset"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("direction=up", "direction"),
        ("order=up", "order"),
    ],
)
@pytest.mark.parametrize("what", ["notes", "logs"])
async def test_a_page_that_is_none_is_refused_by_parameter(
    api: AlertApi, alert: Alert, what: str, query: str, field: str
) -> None:
    refused = await api.get(f"/v2/alerts/{alert.id}/{what}?{query}")

    assert (refused.status, list(refused.errors)) == (422, [field])


async def test_log_lines_are_of_opsgenies_three_types(api: AlertApi, tenant: Tenant) -> None:
    await api.call("POST", "/v2/alerts", {"message": "m", "alias": "a", "source": "probe"})
    await api.call("POST", "/v2/alerts", {"message": "m", "alias": "a"})
    responder = {"responder": {"type": "user", "username": tenant.owner.username}}
    await api.act("POST", "/v2/alerts/a/responders?identifierType=alias", responder)

    logs = (await api.get("/v2/alerts/a/logs?identifierType=alias&order=asc")).data

    assert [(item["type"], item["log"]) for item in logs] == [
        ("alertAction", "Alert created by Default API"),
        ("system", "Happened again, count is now 2"),
        ("alertRecipient", f"Responder added: user {tenant.owner.full_name}"),
    ]


async def test_recipients_show_who_was_told_and_what_they_did(
    api: AlertApi, databases: Databases, tenant: Tenant, alert: Alert
) -> None:
    people = [await add_user(databases, tenant, f"{name}@example.com") for name in ("ana", "bo", "cy", "dee")]
    ana, bo, cy, dee = people
    for person, status in ((ana, "accepted"), (bo, "accepted"), (cy, "sending"), (dee, "failed")):
        await add_notification(databases, alert, person, status)
    await api.act("POST", f"/v2/alerts/{alert.id}/acknowledge", {"user": ana.username})

    recipients = (await api.get(f"/v2/alerts/{alert.id}/recipients")).data

    assert [(it["user"], it["state"], it["method"]) for it in recipients] == [
        ({"id": str(ana.id), "username": ana.username}, "action", "Acknowledge"),
        ({"id": str(bo.id), "username": bo.username}, "notified", ""),
        ({"id": str(cy.id), "username": cy.username}, "processing", ""),
        ({"id": str(dee.id), "username": dee.username}, "notactive", ""),
    ]
    assert all(it["createdAt"] == "2026-03-02T09:00:00Z" and it["updatedAt"] >= it["createdAt"] for it in recipients)


RIGHTS = [
    ("read", "GET", ""),
    ("read", "GET", "notes"),
    ("read", "GET", "logs"),
    ("read", "GET", "recipients"),
    ("read", "GET", "attachments"),
    ("read", "GET", "attachments/1"),
    ("delete", "DELETE", ""),
    ("delete", "DELETE", "tags?tags=a"),
    ("delete", "DELETE", "details?keys=a"),
    ("delete", "DELETE", "attachments/1"),
    *(("write", "POST", action) for action in (
        "acknowledge", "unacknowledge", "close", "snooze", "escalate", "assign", "teams", "responders", "tags",
        "details", "notes", "actions/x", "attachments", "priority", "message", "description")),
    *(("write", "PUT", action) for action in ("priority", "message", "description")),
]  # fmt: skip


@pytest.mark.parametrize(("right", "method", "action"), RIGHTS)
async def test_each_endpoint_needs_its_right_and_no_other(
    http: aiohttp.ClientSession,
    databases: Databases,
    tenant: Tenant,
    alert: Alert,
    right: str,
    method: str,
    action: str,
) -> None:
    everything = make_integration(tenant.account_id, "strong")
    nothing = replace(
        everything,
        id=uuid4(),
        name="weak",
        allow_read_access=False,
        allow_write_access=False,
        allow_delete_access=False,
        allow_configuration_access=False,
    )
    only = replace(nothing, id=uuid4(), name="just enough", **{f"allow_{right}_access": True})  # type: ignore[arg-type]  # a field of it
    all_but = replace(everything, name="all but", **{f"allow_{right}_access": False})  # type: ignore[arg-type]  # a field of it
    path = f"/v2/alerts/{alert.id}/{action}".rstrip("/")

    allowed = await api_of(http, tenant, await add_key(databases, tenant, only)).call(method, path, {})
    refused = await api_of(http, tenant, await add_key(databases, tenant, all_but)).call(method, path, {})

    assert allowed.status in {200, 202, 404, 422}
    assert (refused.status, refused.body["code"]) == (403, 40301)


async def test_a_settings_key_may_act_but_not_create(
    http: aiohttp.ClientSession, databases: Databases, tenant: Tenant, alert: Alert
) -> None:
    settings_key = await add_key(databases, tenant, make_integration(tenant.account_id, "settings", "Key"))
    api = api_of(http, tenant, settings_key)

    created = await api.call("POST", "/v2/alerts", {"message": "m"})
    closed = await api.act("POST", f"/v2/alerts/{alert.id}/close")

    assert created.status == 403
    assert closed["isSuccess"] is True


async def test_a_teams_key_reaches_that_teams_alerts_only(
    http: aiohttp.ClientSession, api: AlertApi, databases: Databases, tenant: Tenant
) -> None:
    ours = await add_team(databases, tenant)
    mine = await add_alert(databases, tenant, owner_team_id=ours)
    other = await add_alert(databases, tenant)
    key = await add_key(databases, tenant, make_integration(tenant.account_id, "team key"), team_id=ours)
    team_api = api_of(http, tenant, key)
    foreign = await api.call("POST", f"/v2/alerts/{other.id}/notes", {"note": "x"})
    about_mine = await api.call("POST", f"/v2/alerts/{mine.id}/notes", {"note": "x"})

    acted = [await team_api.act("POST", f"/v2/alerts/{it.id}/close") for it in (mine, other)]
    reads = [
        (await team_api.get(f"/v2/alerts/{it.id}{part}")).status
        for it in (mine, other)
        for part in ("", "/notes", "/logs", "/recipients", "/attachments")
    ]
    statuses = [
        (await team_api.get(f"/v2/alerts/requests/{it.body['requestId']}")).status for it in (about_mine, foreign)
    ]

    assert [it["isSuccess"] for it in acted] == [True, False]
    assert acted[1]["status"] == "Alert does not exist"
    assert reads == [200] * 5 + [404] * 5
    assert statuses == [200, 404]
    assert (await api.alert(other.id))["status"] == AlertStatus.OPEN
    assert UUID(acted[0]["integrationId"]) != tenant.integration.id
