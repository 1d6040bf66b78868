"""What each action does to an alert, through real HTTP. What it does to who is told: tests/story/test_actions.py.

POST /v2/alerts/{identifier}/unacknowledge
POST /v2/alerts/{identifier}/snooze
POST /v2/alerts/{identifier}/escalate
POST /v2/alerts/{identifier}/assign
POST /v2/alerts/{identifier}/teams
POST /v2/alerts/{identifier}/tags
POST /v2/alerts/{identifier}/details
POST /v2/alerts/{identifier}/priority
POST /v2/alerts/{identifier}/message
POST /v2/alerts/{identifier}/description
POST /v2/alerts/{identifier}/actions/{action}
DELETE /v2/alerts/{identifier}/tags
DELETE /v2/alerts/{identifier}/details
PUT /v2/alerts/{identifier}/priority
PUT /v2/alerts/{identifier}/message
PUT /v2/alerts/{identifier}/description
"""

import asyncio
from datetime import datetime, timedelta, timezone
from typing import Any

import aiohttp
import pytest
from tests.support.alert_api import AlertApi, api_of
from tests.support.alerts import (
    add_alert,
    add_escalation,
    add_notification,
    add_run,
    add_schedule,
    notifications_of,
    runs_of,
)
from tests.support.makers import START, Tenant, add_team, add_user

from tocsin.alerts.model import Alert, AlertStatus
from tocsin.db import Databases


@pytest.fixture
def api(http: aiohttp.ClientSession, tenant: Tenant) -> AlertApi:
    return api_of(http, tenant)


@pytest.fixture
async def alert(databases: Databases, tenant: Tenant) -> Alert:
    return await add_alert(databases, tenant, tags=["old"], details={"env": "prod"}, actions=["reboot"])


def path(alert: Alert, action: str = "") -> str:
    return f"/v2/alerts/{alert.id}/{action}".rstrip("/")


async def test_acknowledging_marks_the_alert_and_makes_the_person_its_owner(api: AlertApi, alert: Alert) -> None:
    status = await api.act("POST", path(alert, "acknowledge"), {"user": "ana@example.com", "note": "on it"})

    assert (status["isSuccess"], status["action"], status["alertId"]) == (True, "Acknowledge", alert.id)
    shown = await api.alert(alert.id)
    assert (shown["acknowledged"], shown["owner"], shown["isSeen"], shown["status"]) == (
        True, "ana@example.com", True, "open",
    )  # fmt: skip
    assert shown["report"].keys() == {"ackTime", "acknowledgedBy"}
    assert shown["report"]["acknowledgedBy"] == "ana@example.com"
    assert shown["report"]["ackTime"] > 0
    assert await api.notes(alert.id) == ["on it"]
    assert await api.logs(alert.id) == ["Alert acknowledged", "Note added: on it"]


async def test_an_acknowledgement_without_a_name_is_the_apis_and_makes_no_owner(api: AlertApi, alert: Alert) -> None:
    await api.act("POST", path(alert, "acknowledge"))

    shown = await api.alert(alert.id)
    assert (shown["report"]["acknowledgedBy"], shown["owner"]) == ("Alert API", "")


async def test_acknowledging_twice_succeeds_and_changes_nothing(api: AlertApi, alert: Alert) -> None:
    await api.act("POST", path(alert, "acknowledge"), {"user": "ana"})
    before = await api.alert(alert.id)

    again = await api.act("POST", path(alert, "acknowledge"), {"user": "bo"})

    assert (again["isSuccess"], again["status"]) == (True, "Alert is already acknowledged")
    assert await api.alert(alert.id) == before
    assert await api.logs(alert.id) == ["Alert acknowledged"]


async def test_taking_an_acknowledgement_back_keeps_the_report(api: AlertApi, alert: Alert) -> None:
    await api.act("POST", path(alert, "acknowledge"), {"user": "ana"})
    await api.act("POST", path(alert, "unacknowledge"), {"user": "ana"})

    shown = await api.alert(alert.id)
    assert (shown["acknowledged"], shown["report"]["acknowledgedBy"]) == (False, "ana")
    assert await api.logs(alert.id) == ["Alert acknowledged", "Acknowledgement taken back"]


async def test_closing_sets_the_report_of_an_alert_that_nobody_acknowledged(api: AlertApi, alert: Alert) -> None:
    status = await api.act("POST", path(alert, "close"), {"source": "probe"})

    assert (status["isSuccess"], status["action"]) == (True, "Close")
    shown = await api.alert(alert.id)
    assert (shown["status"], shown["acknowledged"], shown["seen"]) == ("closed", False, True)
    assert shown["report"] == {
        "ackTime": shown["report"]["closeTime"],
        "closeTime": shown["report"]["closeTime"],
        "closedBy": "Alert API",
    }
    assert await api.logs(alert.id) == ["Alert closed, via probe"]


async def test_closing_twice_succeeds(api: AlertApi, alert: Alert) -> None:
    await api.act("POST", path(alert, "close"))

    again = await api.act("POST", path(alert, "close"))

    assert (again["isSuccess"], again["status"]) == (True, "Alert is already closed")


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("acknowledge", {}),
        ("unacknowledge", {}),
        ("snooze", {"endTime": "2099-01-01T00:00:00Z"}),
        ("escalate", {"escalation": {"name": "Web_escalation"}}),
        ("teams", {"team": {"name": "infra"}}),
        ("responders", {"responder": {"type": "team", "name": "infra"}}),
    ],
)
async def test_what_tells_people_is_refused_once_the_alert_is_closed(
    api: AlertApi, databases: Databases, tenant: Tenant, action: str, body: dict[str, Any]
) -> None:
    await add_escalation(databases, tenant)
    await add_team(databases, tenant, name="infra")
    alert = await add_alert(databases, tenant, status=AlertStatus.CLOSED, closed_at=START, closed_by="ana")

    status = await api.act("POST", path(alert, action), body)

    assert (status["isSuccess"], status["status"], status["alertId"]) == (False, "Alert is closed", alert.id)
    assert await runs_of(databases, alert) == []


@pytest.mark.parametrize(
    ("method", "action", "body"),
    [
        ("POST", "notes", {"note": "post mortem"}),
        ("POST", "tags", {"tags": ["late"]}),
        ("POST", "details", {"details": {"cause": "logs"}}),
        ("PUT", "priority", {"priority": "P5"}),
        ("POST", "assign", {"owner": {"username": "OWNER"}}),
    ],
)
async def test_a_closed_alert_can_still_be_mended(
    api: AlertApi, databases: Databases, tenant: Tenant, method: str, action: str, body: dict[str, Any]
) -> None:
    alert = await add_alert(databases, tenant, status=AlertStatus.CLOSED, closed_at=START, closed_by="ana")
    if "owner" in body:
        body = {"owner": {"username": tenant.owner.username}}

    status = await api.act(method, path(alert, action), body)

    assert status["isSuccess"] is True
    assert len(await api.logs(alert.id)) == 1


async def test_snoozing_acknowledges_until_the_given_time(api: AlertApi, alert: Alert) -> None:
    until = datetime(2099, 5, 1, 8, 30, tzinfo=timezone(timedelta(hours=2)))

    await api.act("POST", path(alert, "snooze"), {"endTime": until.isoformat(), "user": "ana"})

    shown = await api.alert(alert.id)
    assert (shown["snoozed"], shown["acknowledged"], shown["owner"]) == (True, True, "ana")
    assert datetime.fromisoformat(shown["snoozedUntil"]) == until
    await api.act("POST", path(alert, "close"))
    closed = await api.alert(alert.id)
    assert closed["snoozed"] is False
    assert "snoozedUntil" not in closed


@pytest.mark.parametrize("end", [None, "", "tomorrow", "2020-01-01T00:00:00Z", "2099-01-01T00:00:00", 5, "2099-13-01"])
async def test_a_snooze_needs_a_time_to_come(api: AlertApi, alert: Alert, end: object) -> None:
    refused = await api.call("POST", path(alert, "snooze"), {"endTime": end})

    assert (refused.status, list(refused.errors)) == (422, ["endTime"])
    assert (await api.alert(alert.id))["snoozed"] is False


async def test_assigning_names_a_user_of_the_account(
    api: AlertApi, databases: Databases, tenant: Tenant, alert: Alert
) -> None:
    ana = await add_user(databases, tenant)

    by_name = await api.act("POST", path(alert, "assign"), {"owner": {"username": ana.username.upper()}})
    assert (by_name["isSuccess"], (await api.alert(alert.id))["owner"]) == (True, ana.username)

    by_id = await api.act("POST", path(alert, "assign"), {"owner": {"id": str(tenant.owner.id), "username": ""}})
    assert (by_id["isSuccess"], (await api.alert(alert.id))["owner"]) == (True, tenant.owner.username)

    unknown = await api.act("POST", path(alert, "assign"), {"owner": {"username": "nobody@example.com"}})
    assert (unknown["isSuccess"], unknown["status"]) == (False, "User does not exist: [nobody@example.com]")
    assert (await api.alert(alert.id))["owner"] == tenant.owner.username


async def test_adding_responders_starts_to_tell_each_of_them_once(
    api: AlertApi, databases: Databases, tenant: Tenant, alert: Alert
) -> None:
    team_id = await add_team(databases, tenant, name="infra")
    schedule_id = await add_schedule(databases, tenant)
    escalation_id = await add_escalation(databases, tenant)

    statuses = [
        await api.act("POST", path(alert, "teams"), {"team": {"name": "infra"}}),
        await api.act("POST", path(alert, "responders"), {"responder": {"type": "team", "id": str(team_id)}}),
        await api.act("POST", path(alert, "responders"), {"responder": {"username": tenant.owner.username}}),
        await api.act("POST", path(alert, "responders"), {"responder": {"type": "schedule", "name": "Web_schedule"}}),
        await api.act(
            "POST", path(alert, "responders"), {"responder": {"type": "escalation", "id": str(escalation_id)}}
        ),
        await api.act("POST", path(alert, "responders"), {"responder": {"type": "team", "name": "nobody"}}),
    ]

    expected = [
        ("team", team_id), ("user", tenant.owner.id), ("schedule", schedule_id), ("escalation", escalation_id),
    ]  # fmt: skip
    shown = await api.alert(alert.id)
    assert shown["responders"] == [{"type": kind, "id": str(ident)} for kind, ident in expected]
    assert shown["teams"] == [{"id": str(team_id)}]
    runs = await runs_of(databases, alert)
    assert [(run["responder_type"], run["responder_id"]) for run in runs] == expected
    assert all(run["due_at"] == run["started_at"] for run in runs)
    assert [(it["action"], it["status"]) for it in statuses] == [
        ("Add Team", "Added responder"),
        ("Add Responder", "infra is a responder already"),
        ("Add Responder", "Added responder"),
        ("Add Responder", "Added responder"),
        ("Add Responder", "Added responder"),
        ("Add Responder", "Team does not exist: [nobody]"),
    ]
    assert [it["isSuccess"] for it in statuses] == [True] * 5 + [False]


async def test_acknowledging_cancels_what_waits_and_leaves_what_is_being_sent_and_what_reports(
    api: AlertApi, databases: Databases, tenant: Tenant, alert: Alert
) -> None:
    await add_run(databases, alert, "user", tenant.owner.id)
    due = await add_notification(databases, alert, tenant.owner)
    retrying = await add_notification(databases, alert, tenant.owner, "retrying")
    sending = await add_notification(databases, alert, tenant.owner, "sending")
    done = await add_notification(databases, alert, tenant.owner, "accepted")
    report = await add_notification(databases, alert, tenant.owner, action_type="add-note")

    await api.act("POST", path(alert, "acknowledge"), {"user": "ana"})

    cancelled = ("cancelled", "acknowledged by ana")
    assert await notifications_of(databases, alert) == {
        due: cancelled, retrying: cancelled, sending: ("sending", ""), done: ("accepted", ""), report: ("due", ""),
    }  # fmt: skip
    assert [run["due_at"] for run in await runs_of(databases, alert)] == [START]


@pytest.mark.parametrize(("method", "action", "verb"), [("POST", "close", "closed"), ("DELETE", "", "deleted")])
async def test_closing_or_deleting_ends_the_runs_and_cancels_what_waits(
    api: AlertApi, databases: Databases, tenant: Tenant, alert: Alert, method: str, action: str, verb: str
) -> None:
    await add_run(databases, alert, "user", tenant.owner.id)
    due = await add_notification(databases, alert, tenant.owner)
    sending = await add_notification(databases, alert, tenant.owner, "sending")

    await api.act(method, f"{path(alert, action)}?user=ana")

    assert [run["due_at"] for run in await runs_of(databases, alert)] == [None]
    assert await notifications_of(databases, alert) == {
        due: ("cancelled", f"{verb} by ana"), sending: ("sending", ""),
    }  # fmt: skip


async def test_another_alerts_notifications_and_runs_are_left_alone(
    api: AlertApi, databases: Databases, tenant: Tenant, alert: Alert
) -> None:
    other = await add_alert(databases, tenant)
    await add_run(databases, other, "user", tenant.owner.id)
    waiting = await add_notification(databases, other, tenant.owner)

    await api.act("POST", path(alert, "close"))

    assert [run["due_at"] for run in await runs_of(databases, other)] == [START]
    assert await notifications_of(databases, other) == {waiting: ("due", "")}


async def test_a_deleted_alert_is_gone_from_everywhere_and_frees_its_alias(
    api: AlertApi, databases: Databases, tenant: Tenant, alert: Alert
) -> None:
    status = await api.act("DELETE", f"{path(alert)}?user=ana&source=probe")

    assert (status["isSuccess"], status["action"]) == (True, "Delete")
    assert (await api.get(path(alert))).status == 404
    assert (await api.get(f"/v2/alerts/{alert.tiny_id}?identifierType=tiny")).status == 404
    assert (await api.get("/v2/alerts")).data == []
    assert (await api.get("/v2/alerts/count")).data == {"count": 0}
    again = await api.act("DELETE", path(alert))
    assert (again["isSuccess"], again["status"]) == (False, "Alert does not exist")
    assert (await add_alert(databases, tenant, alias=alert.alias)).alias == alert.alias


async def test_tags_are_added_once_and_removed_by_name(api: AlertApi, alert: Alert) -> None:
    await api.act("POST", path(alert, "tags"), {"tags": ["new", "old", "other"], "user": "ana"})
    assert (await api.alert(alert.id))["tags"] == ["old", "new", "other"]

    await api.act("DELETE", f"{path(alert, 'tags')}?tags=old%2Cother,nothing&user=ana&note=why&source=s")
    assert (await api.alert(alert.id))["tags"] == ["new"]
    assert await api.notes(alert.id) == ["why"]
    assert await api.logs(alert.id) == [
        "Tags added: new, other", "Tags removed: old, other, via s", "Note added: why, via s",
    ]  # fmt: skip


async def test_an_alert_keeps_at_most_twenty_tags(api: AlertApi, alert: Alert) -> None:
    await api.act("POST", path(alert, "tags"), {"tags": [f"t{number}" for number in range(25)]})

    assert (await api.alert(alert.id))["tags"] == ["old", *(f"t{number}" for number in range(19))]


async def test_details_are_merged_and_removed_by_key(api: AlertApi, alert: Alert) -> None:
    await api.act("POST", path(alert, "details"), {"details": {"env": "test", "pings": 3, "up": False}})
    assert (await api.alert(alert.id))["details"] == {"env": "test", "pings": "3", "up": "false"}

    await api.act("DELETE", f"{path(alert, 'details')}?keys=env&keys=pings")
    assert (await api.alert(alert.id))["details"] == {"up": "false"}


@pytest.mark.parametrize("method", ["PUT", "POST"])
async def test_message_description_and_priority_change_by_put_or_post(api: AlertApi, alert: Alert, method: str) -> None:
    statuses = [
        await api.act(method, path(alert, "message"), {"message": "x" * 200}),
        await api.act(method, path(alert, "description"), {"description": "long story"}),
        await api.act(method, path(alert, "priority"), {"priority": "P1"}),
    ]

    shown = await api.alert(alert.id)
    assert (shown["message"], shown["description"], shown["priority"]) == ("x" * 130, "long story", "P1")
    assert [it["action"] for it in statuses] == ["Update Message", "Update Description", "Update Priority"]
    assert (await api.logs(alert.id))[1:] == ["Description changed", "Priority changed from P3 to P1"]
    await api.act(method, path(alert, "description"), {})  # as Alertmanager does
    assert (await api.alert(alert.id))["description"] == ""


async def test_only_an_alerts_own_actions_can_be_executed(
    api: AlertApi, databases: Databases, tenant: Tenant, alert: Alert
) -> None:
    spaced = await add_alert(databases, tenant, actions=["re/boot now"])

    own = await api.act("POST", path(alert, "actions/reboot"), {"user": "ana"})
    encoded = await api.act("POST", path(spaced, "actions/re%2Fboot%20now"))
    other = await api.act("POST", path(alert, "actions/explode"))

    assert (own["isSuccess"], encoded["isSuccess"], other["isSuccess"]) == (True, True, False)
    assert other["status"] == "Alert has no action named [explode]"
    assert await api.logs(alert.id) == ["Custom action reboot executed"]


@pytest.mark.parametrize(
    ("method", "action", "body", "field"),
    [
        ("POST", "notes", {}, "note"),
        ("POST", "notes", {"note": " "}, "note"),
        ("POST", "tags", {"tags": []}, "tags"),
        ("POST", "tags", {"tags": "a"}, "tags"),
        ("DELETE", "tags", None, "tags"),
        ("DELETE", "tags?tags=,", None, "tags"),
        ("POST", "details", {"details": {}}, "details"),
        ("POST", "details", {"details": ["a"]}, "details"),
        ("DELETE", "details", None, "keys"),
        ("PUT", "priority", {}, "priority"),
        ("PUT", "priority", {"priority": "P6"}, "priority"),
        ("PUT", "message", {"message": ""}, "message"),
        ("PUT", "message", {"message": ["a"]}, "message"),
        ("POST", "assign", {}, "owner"),
        ("POST", "assign", {"owner": "ana"}, "owner"),
        ("POST", "teams", {"team": {"id": "", "name": ""}}, "team"),
        ("POST", "responders", {"responder": {"type": "galaxy", "id": "x"}}, "responder"),
        ("POST", "responders", {"responder": {"type": "user"}}, "responder"),
        ("POST", "escalate", {"escalation": None}, "escalation"),
        ("POST", "acknowledge", {"user": {"name": "ana"}}, "user"),
        ("POST", "close", {"note": ["a"]}, "note"),
        ("POST", "close?identifierType=colour", {}, "identifierType"),
    ],
)
async def test_a_body_that_lacks_something_is_refused_by_field_and_changes_nothing(
    api: AlertApi, alert: Alert, method: str, action: str, body: dict[str, Any] | None, field: str
) -> None:
    refused = await api.call(method, path(alert, action), body)

    assert (refused.status, list(refused.errors)) == (422, [field])
    assert all(isinstance(text, str) for text in refused.body["errors"].values())
    assert await api.logs(alert.id) == []
    status = await api.get(f"/v2/alerts/requests/{refused.body['requestId']}")
    assert status.status == 404


@pytest.mark.parametrize("data", [b"{", b"[]", b'"text"', b"\xff", b"[" * 100_000])
async def test_a_body_that_is_no_json_object_is_400(api: AlertApi, alert: Alert, data: bytes) -> None:
    refused = await api.call("POST", path(alert, "close"), data=data)

    assert refused.status == 400
    assert (await api.alert(alert.id))["status"] == "open"


@pytest.mark.parametrize("data", [b"", b"  ", b"{}", b'""', b"null"])
@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded", "text/plain"])
async def test_a_missing_body_is_fine_whatever_its_type(
    api: AlertApi, alert: Alert, data: bytes, content_type: str
) -> None:
    status = await api.act("POST", path(alert, "close"), data=data, headers={"Content-Type": content_type})

    assert status["isSuccess"] is True


async def test_text_that_the_database_cannot_hold_is_mended(api: AlertApi, alert: Alert) -> None:
    body = b'{"note": "a\\u0000b \\ud800", "user": "\\udfff", "source": "\\u0000"}'

    await api.act("POST", path(alert, "notes"), data=body)

    assert await api.notes(alert.id) == ["ab \ufffd"]


async def test_a_change_wakes_the_pages_that_show_it(
    api: AlertApi, databases: Databases, database_url: str, alert: Alert
) -> None:
    async with databases.engine.pool.connection() as conn:
        await conn.execute("listen tocsin_alerts")
        try:
            await api.act("POST", path(alert, "tags"), {"tags": ["new"]})
            told = [n.payload async for n in conn.notifies(timeout=5, stop_after=1)]
        finally:
            await conn.execute("unlisten *")

    assert f"{alert.account_id}:{alert.id}" in told


async def test_two_acknowledgements_at_one_time_leave_one_log_line(api: AlertApi, alert: Alert) -> None:
    statuses = await asyncio.gather(
        *(api.act("POST", path(alert, "acknowledge"), {"user": f"u{number}"}) for number in range(8))
    )

    assert sorted(it["status"] for it in statuses) == ["Acknowledged alert"] + ["Alert is already acknowledged"] * 7
    assert await api.logs(alert.id) == ["Alert acknowledged"]


async def test_an_alert_alone_shows_all_its_fields(api: AlertApi, databases: Databases, tenant: Tenant) -> None:
    alert = await add_alert(databases, tenant, entity="web3", description="97 %", details={"a": "b"}, actions=["x"])
    listed = (await api.get("/v2/alerts")).data[0]

    shown = await api.alert(alert.id)

    assert shown == listed | {"entity": "web3", "description": "97 %", "details": {"a": "b"}, "actions": ["x"]}
