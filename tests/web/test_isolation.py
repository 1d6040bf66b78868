"""Accounts cannot see each other (promise 6): tried on every route of the API, generated from the route table.

Eve holds a key of another account that may do everything. For each route she names ana's objects, in every way that
the route offers. She must be told that they do not exist, read nothing of ana's, and change nothing; and ana's own key
must succeed with the same request, for else the test would prove nothing. A new route fails here until this file says
how to name ana's objects on it.
"""

import re
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from tests.support.alert_api import AlertApi, Answer, api_of
from tests.support.alerts import add_alert, add_escalation, add_notification, add_run, add_schedule
from tests.support.makers import START, Tenant, add_team, add_user, make_tenant
from tests.support.people import add_mia
from tests.support.routes import api_routes

from tocsin.alerts import store
from tocsin.alerts.attachments_store import insert_attachment
from tocsin.alerts.log import Event
from tocsin.db import Databases

HERE = ("/v2/", "/v1/lint")  # the rest of /v1/ is billing: test_billing_api.py
ROUTES = [route for route in api_routes() if route[1].startswith(HERE)]
OVERRIDE = {
    "user": {"type": "none"}, "startDate": "2098-01-05T08:00:00Z", "endDate": "2098-01-05T09:00:00Z",
}  # fmt: skip
UNTOUCHED_TABLES = {"configuration_versions", "alert_counters"}  # counters of their account, no content


@dataclass(frozen=True)
class Ana:
    """Somebody else's account with one of everything. Each text of hers holds `mark`."""

    tenant: Tenant
    mark: str
    ids: dict[str, str]


async def make_ana(databases: Databases, http: aiohttp.ClientSession) -> Ana:
    mark = f"ana-{uuid4().hex}"
    tenant = await make_tenant(databases, f"account {mark}")
    team_id = await add_team(databases, tenant, name=f"team {mark}")
    escalation_id = await add_escalation(databases, tenant, f"escalation {mark}")
    schedule_id = await add_schedule(databases, tenant, f"schedule {mark}")
    mia = await add_mia(databases, tenant, mark, team_id=team_id, schedule_id=schedule_id, escalation_id=escalation_id)
    alert = await add_alert(
        databases,
        tenant,
        alias=f"alias {mark}",
        message=f"message {mark}",
        tags=[f"tag {mark}"],
        details={f"key {mark}": f"value {mark}"},
        actions=[f"action {mark}"],
        responders=[{"type": "team", "id": str(team_id)}],
    )
    await add_run(databases, alert, "escalation", escalation_id)
    await add_notification(databases, alert, tenant.owner)
    async with databases.engine.transaction() as tx:
        await store.insert_note(tx, tenant.account_id, alert.id, START, mark, f"note {mark}")
        await store.insert_log(tx, tenant.account_id, alert.id, START, Event.TAGS_ADDED, mark, {"tags": [mark]})
        attachment_id = await insert_attachment(
            tx, tenant.account_id, alert.id, f"file {mark}", "", mark.encode(), mark, START
        )
    api = api_of(http, tenant)
    saved = await api.call(
        "POST",
        "/v2/alerts/saved-searches",
        {"name": f"search {mark}", "query": f'"{mark}"', "owner": {"id": str(tenant.owner.id)}},
    )
    request = await api.call("POST", f"/v2/alerts/{alert.id}/notes", {"note": f"second {mark}"})
    crew = await make_crew(api, databases, tenant, mark)
    return Ana(
        tenant,
        mark,
        {
            "alert": alert.id,
            "alert tiny": str(alert.tiny_id),
            "alert alias": alert.alias.replace(" ", "%20"),
            "attachment": str(attachment_id),
            "saved search": saved.data["id"],
            "saved search name": f"search%20{mark}",
            "request": request.body["requestId"],
            "team": str(team_id),
            "escalation": str(escalation_id),
            "schedule": str(schedule_id),
            "schedule name": f"schedule%20{mark}",
            "owner": str(tenant.owner.id),
            **mia,
            "escalation name": f"escalation%20{mark}",
            **crew,
        },
    )


async def make_crew(api: AlertApi, databases: Databases, tenant: Tenant, mark: str) -> dict[str, str]:
    """A team of ana's with a member, a routing rule and a role, and a forwarding rule: their ids and names."""
    bo = await add_user(databases, tenant)
    owner = {"user": {"id": str(tenant.owner.id)}}
    team = (await api.call("POST", "/v2/teams", {"name": f"crew {mark}", "members": [owner]})).data["id"]
    rule = {"name": f"rule {mark}", "notify": {"type": "none"}}
    forward = forwarding(tenant.owner.id, bo.id, f"alias-{mark}")
    role = {"name": f"role {mark}", "rights": [{"right": "access-reports", "granted": True}]}
    made = {
        "routing rule": await api.call("POST", f"/v2/teams/{team}/routing-rules", rule),
        "team role": await api.call("POST", f"/v2/teams/{team}/roles", role),
        "forwarding": await api.call("POST", "/v2/forwarding-rules", forward),
    }
    return {
        **{name: answer.data["id"] for name, answer in made.items()},
        "team role name": f"role%20{mark}",
        "forwarding alias": f"alias-{mark}",
        "crew": team,
        "crew name": f"crew%20{mark}",
        "bo": str(bo.id),
    }


def forwarding(from_id: object, to_id: object, alias: str) -> dict[str, Any]:
    return {
        "fromUser": {"id": str(from_id)}, "toUser": {"id": str(to_id)}, "alias": alias,
        "startDate": "2026-03-02T09:00:00Z", "endDate": "2026-03-03T09:00:00Z",
    }  # fmt: skip


def addresses(path: str, ana: Ana, method: str) -> list[str]:
    """The route's address for each way to name ana's object on it."""
    ways = ways_to_name(path, method)
    found = []
    for name, query in ways:
        whole = r"\{(identifier|request_id|user)\}" if path.startswith(ON_CALLS) else r"\{(identifier|request_id)\}"
        filled = re.sub(whole, ana.ids.get(name, ""), path)
        filled = filled.replace("{attachment_id}", ana.ids["attachment"]).replace("{action}", f"action%20{ana.mark}")
        filled = filled.replace("{alias}", f"override%20{ana.mark}")
        for part in ("contact", "rule", "step", "rotation"):
            filled = filled.replace("{%s_id}" % part, ana.ids[part])  # noqa: UP031 - braces are what is replaced
        filled = filled.replace("{user}", ana.ids["owner"]).replace("{rule}", ana.ids["routing rule"])
        filled = filled.replace("{role}", ana.ids["team role name" if "&identifierType=name" in query else "team role"])
        assert "{" not in filled, f"{path} has a parameter that is new: say here what ana's is"
        found.append(f"{filled}?{'&'.join(filter(None, [query, *queries(path, ana)]))}".rstrip("?"))
    return found if "{" in path or found == [path] else [path, *found]


ON_CALLS = "/v2/schedules/on-calls/{user}"
BY_ID_OR_NAME = {
    "/v2/alerts/saved-searches/{identifier}": "saved search",
    "/v2/users/saved-searches/{identifier}": "saved search",
    "/v2/roles/{identifier}": "role",
    "/v2/escalations/{identifier}": "escalation",
}


def ways_to_name(path: str, method: str) -> list[tuple[str, str]]:
    """Which of ana's ids or names stands for `{identifier}`, and what the query says of it."""
    for start, name in BY_ID_OR_NAME.items():
        if path.startswith(start):
            return [(name, "identifierType=id"), (f"{name} name", "identifierType=name")]
    if path.startswith("/v2/alerts/requests/{request_id}"):
        return [("request", "")]
    if path.startswith("/v2/alerts/{identifier}"):
        kind = "alertIdentifierType" if "attachments" in path else "identifierType"
        return [("alert", f"{kind}=id"), ("alert tiny", f"{kind}=tiny"), ("alert alias", f"{kind}=alias")]
    if path.startswith(("/v2/users/{identifier}", ON_CALLS)):
        return [("mia", ""), ("mia name", "")]
    if path.startswith("/v2/schedules/{identifier}"):
        own = not re.search("rotations|overrides|on-calls", path)
        kind = "identifierType" if own else "scheduleIdentifierType"
        return [("schedule", f"{kind}=id"), ("schedule name", f"{kind}=name")]
    if path.startswith("/v2/teams/{identifier}"):
        return team_ways(path, method)
    if path.startswith("/v2/forwarding-rules/{identifier}"):
        return [("forwarding", "identifierType=id"), ("forwarding alias", "identifierType=alias")]
    if "{" not in path:
        return [("", "")]
    pytest.fail(f"{path} is new: say here how to name ana's object on it")


def team_ways(path: str, method: str) -> list[tuple[str, str]]:
    """How ana's team is named on a route of its own, and on those of what belongs to it."""
    if path.endswith("{role}"):
        return [("crew", "teamIdentifierType=id"), ("crew name", "teamIdentifierType=name&identifierType=name")]
    if path == "/v2/teams/{identifier}" and method == "PATCH":
        return [("crew", "")]
    own = path in {"/v2/teams/{identifier}", "/v2/teams/{identifier}/logs"}
    kind = "identifierType" if own else "teamIdentifierType"
    return [("crew", f"{kind}=id"), ("crew name", f"{kind}=name")]


def queries(path: str, ana: Ana) -> list[str]:
    """What the query of a route has to hold so that it gets as far as looking for ana's object."""
    return {
        "/v2/alerts": [f"query={ana.mark}"],
        "/v2/alerts/count": [f"query={ana.mark}"],
        "/v2/alerts/{identifier}/tags": [f"tags=tag%20{ana.mark}"],
        "/v2/alerts/{identifier}/details": [f"keys=key%20{ana.mark}"],
    }.get(path, [])


def bodies(path: str, ana: Ana) -> dict[str, Any]:
    """What the body of a route has to hold so that it gets as far as looking for ana's object."""
    new_search = {"name": "eve's", "query": "x", "owner": {"id": ana.ids["owner"]}}
    known: dict[str, dict[str, Any]] = {
        "/v2/alerts": {"message": "eve's", "alias": ana.ids["alert alias"], "responders": [
            {"type": "team", "id": ana.ids["team"]}, {"type": "escalation", "name": f"escalation {ana.mark}"}]},
        "/v2/alerts/saved-searches": new_search,
        "/v2/alerts/saved-searches/{identifier}": {"name": f"changed {uuid4()}"},
        "/v2/users": {"username": f"{uuid4().hex}@example.com", "fullName": "eve's"},
        "/v2/users/{identifier}": {"fullName": "eve's"},
        "/v2/users/{identifier}/contacts": {"method": "email", "to": f"{uuid4().hex}@example.com"},
        "/v2/users/{identifier}/contacts/{contact_id}": {"to": f"{uuid4().hex}@example.com"},
        "/v2/users/{identifier}/notification-rules": {"name": "eve's", "actionType": "create-alert"},
        "/v2/users/{identifier}/notification-rules/copy-to": {"toUsers": [ana.ids["owner"]], "ruleTypes": ["all"]},
        "/v2/users/{identifier}/notification-rules/{rule_id}": {"name": "eve's"},
        "/v2/users/{identifier}/notification-rules/{rule_id}/change-order": {"order": 0},
        "/v2/users/{identifier}/notification-rules/{rule_id}/steps": {
            "contact": {"method": "email", "to": ana.ids["mia name"]}, "sendAfter": {"timeAmount": 3}},
        "/v2/users/{identifier}/notification-rules/{rule_id}/steps/{step_id}": {"sendAfter": {"timeAmount": 4}},
        "/v2/roles": {"name": f"eve's {uuid4()}"},
        "/v2/schedules": {"name": f"eve's {uuid4()}"},
        "/v2/schedules/{identifier}": {"name": f"changed {uuid4()}"},
        "/v2/schedules/{identifier}/rotations": {
            "type": "weekly", "startDate": "2026-01-05T08:00:00Z", "participants": [{"type": "none"}]},
        "/v2/schedules/{identifier}/rotations/{rotation_id}": {"name": "eve's"},
        "/v2/schedules/{identifier}/overrides": OVERRIDE,
        "/v2/schedules/{identifier}/overrides/{alias}": OVERRIDE,
        "/v2/roles/{identifier}": {"name": f"changed {uuid4()}"},
        "/v2/alerts/{identifier}/snooze": {"endTime": "2099-01-01T00:00:00Z"},
        "/v2/alerts/{identifier}/escalate": {"escalation": {"id": ana.ids["escalation"]}},
        "/v2/alerts/{identifier}/assign": {"owner": {"id": ana.ids["owner"]}},
        "/v2/alerts/{identifier}/teams": {"team": {"id": ana.ids["team"]}},
        "/v2/alerts/{identifier}/responders": {"responder": {"type": "user", "id": ana.ids["owner"]}},
        "/v2/alerts/{identifier}/tags": {"tags": ["eve"]},
        "/v2/alerts/{identifier}/details": {"details": {"eve": "x"}},
        "/v2/alerts/{identifier}/notes": {"note": "eve"},
        "/v2/alerts/{identifier}/priority": {"priority": "P1"},
        "/v2/alerts/{identifier}/message": {"message": "eve"},
        "/v2/alerts/{identifier}/description": {"description": "eve"},
        **team_bodies(ana),
    }  # fmt: skip
    return known.get(path, {})


def team_bodies(ana: Ana) -> dict[str, dict[str, Any]]:
    """The same, for teams, escalations and forwarding rules."""
    rule = {
        "condition": "if-not-acked", "notifyType": "default", "delay": {"timeAmount": 1, "timeUnit": "minutes"},
        "recipient": {"type": "team", "id": ana.ids["crew"]},
    }  # fmt: skip
    member = {"user": {"id": ana.ids["owner"]}, "role": "admin"}
    rights = [{"right": "access-reports", "granted": False}]
    other = f"eve's {uuid4()}"
    return {
        "/v2/teams": {"name": other, "members": [member]},
        "/v2/teams/{identifier}": {"name": other},
        "/v2/teams/{identifier}/members": member,
        "/v2/teams/{identifier}/roles": {"name": other, "rights": rights},
        "/v2/teams/{identifier}/roles/{role}": {"rights": rights},
        "/v2/teams/{identifier}/routing-rules": {"notify": {"type": "escalation", "id": ana.ids["escalation"]}},
        "/v2/teams/{identifier}/routing-rules/{rule}": {"name": other},
        "/v2/teams/{identifier}/routing-rules/{rule}/change-order": {"order": 0},
        "/v2/escalations": {"name": other, "rules": [rule]},
        "/v2/escalations/{identifier}": {"rules": [rule]},
        "/v2/forwarding-rules": forwarding(ana.ids["owner"], ana.ids["bo"], other),
        "/v2/forwarding-rules/{identifier}": forwarding(ana.ids["owner"], ana.ids["bo"], other),
    }


async def send(api: AlertApi, method: str, path: str, address: str, ana: Ana) -> Answer:
    if path.endswith("/attachments") and method == "POST":
        form = aiohttp.FormData()
        form.add_field("file", b"eve", filename="eve.txt")
        return await api.call(method, address, data=form)
    if path.endswith(".ics"):
        return await api.read(address)
    if method == "GET":
        return await api.call(method, address)
    return await api.call(method, address, bodies(path, ana))


async def contents(databases: Databases, tenant: Tenant) -> dict[str, list[str]]:
    """Every row of the account in every table."""
    async with databases.engine.transaction() as tx:
        return {
            table: sorted(
                await tx.values(
                    f"select t::text from {table} t where account_id = %(account_id)s", account_id=tenant.account_id
                )
            )
            for table in await account_tables(databases)
            if table not in UNTOUCHED_TABLES
        }


async def account_tables(databases: Databases) -> list[str]:
    async with databases.engine.transaction() as tx:
        tables: list[str] = await tx.values(
            """
            select c.table_name from information_schema.columns c join information_schema.tables t using (table_name)
             where c.table_schema = 'public' and t.table_schema = 'public' and t.table_type = 'BASE TABLE'
               and c.column_name = 'account_id' order by 1
            """
        )
    return tables


def creates(method: str, path: str) -> bool:
    """Does the route make something new in the caller's own account?"""
    return method == "POST" and "{" not in path


@pytest.mark.parametrize(("method", "path"), ROUTES, ids=lambda value: str(value))
async def test_eve_sees_and_changes_nothing_of_anas(
    http: aiohttp.ClientSession, databases: Databases, tenant: Tenant, method: str, path: str
) -> None:
    ana = await make_ana(databases, http)
    eve = api_of(http, tenant)
    before = await contents(databases, ana.tenant)

    for address in addresses(path, ana, method):
        answer = await send(eve, method, path, address, ana)

        sent = answer.body | {"errors": {}, "paging": {}}  # these may repeat what eve wrote
        sent["message"] = re.sub(r"\[[^]]*]", "", sent.get("message", ""))  # as do brackets in a message
        assert ana.mark not in str(sent), answer.body
        assert ana.ids["alert"] not in str(sent)
        if creates(method, path):
            assert answer.status in {201, 202, 404, 422}
        elif "{" not in path:
            assert answer.status == 200
        elif answer.status == 202:
            status = await eve.get(f"/v2/alerts/requests/{answer.body['requestId']}")
            assert (status.data["isSuccess"], status.data["status"]) == (False, "Alert does not exist")
        else:
            assert answer.status == 404
    assert await contents(databases, ana.tenant) == before


@pytest.mark.parametrize(("method", "path"), ROUTES, ids=lambda value: str(value))
async def test_ana_herself_succeeds_with_the_same_requests(
    http: aiohttp.ClientSession, databases: Databases, method: str, path: str
) -> None:
    count = len(addresses(path, await make_ana(databases, http), method))

    for way in range(count):
        ana = await make_ana(databases, http)
        api = api_of(http, ana.tenant)

        answer = await send(api, method, path, addresses(path, ana, method)[way], ana)

        assert answer.status in {200, 201, 202}, answer.body
        if answer.status == 202 and path != "/v2/alerts":
            status = await api.get(f"/v2/alerts/requests/{answer.body['requestId']}")
            assert status.data["isSuccess"] is True, status.data
        if method == "GET" and not path.endswith(
            ("/recipients", "/count", "/requests/{request_id}", "/request-limits", "/notification-rules")
        ):
            assert ana.mark in str(answer.body)


async def test_row_level_security_hides_every_table_of_ana_from_eve(
    http: aiohttp.ClientSession, databases: Databases, tenant: Tenant
) -> None:
    ana = await make_ana(databases, http)
    filled = {table for table, rows in (await contents(databases, ana.tenant)).items() if rows}

    seen = {}
    for table in await account_tables(databases):
        async with tenant.app.transaction() as tx:
            readable = await tx.value("select has_table_privilege(%(table)s, 'select')", table=table)
            if readable:
                count = f"select count(*) from {table} where account_id = %(account_id)s"
                seen[table] = await tx.value(count, account_id=ana.tenant.account_id)

    assert {"alerts", "alert_log", "alert_notes", "saved_searches", "users", "integrations", "notifications"} <= filled
    assert set(seen.values()) == {0}, {table: count for table, count in seen.items() if count}
