"""Lists and counts, through real HTTP. What a query finds is tested where the language is: tests/db/test_search_*."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import aiohttp
import pytest
from tests.support.alert_api import AlertApi, api_of
from tests.support.alerts import add_alert
from tests.support.makers import START, Tenant, add_key, add_team, make_integration

from tocsin.alerts.model import AlertStatus
from tocsin.db import Databases


@pytest.fixture
def api(http: aiohttp.ClientSession, tenant: Tenant) -> AlertApi:
    return api_of(http, tenant)


def messages(items: list[dict[str, Any]]) -> list[str]:
    return [item["message"] for item in items]


async def test_an_alert_in_a_list_has_exactly_these_fields(api: AlertApi, databases: Databases, tenant: Tenant) -> None:
    team_id = await add_team(databases, tenant)
    responders = [{"type": "team", "id": str(team_id)}, {"type": "user", "id": str(tenant.owner.id)}]
    alert = await add_alert(
        databases,
        tenant,
        alias="disk-full-web3",
        tags=["disk"],
        priority=2,
        responders=responders,
        owner_team_id=team_id,
        count=3,
        entity="web3",
        last_occurred_at=START + timedelta(minutes=25, milliseconds=700),
        updated_at=START + timedelta(minutes=25, milliseconds=950),
    )

    listed = await api.get("/v2/alerts")

    assert listed.status == 200
    assert listed.data == [
        {
            "seen": False,
            "id": alert.id,
            "tinyId": "1",
            "alias": "disk-full-web3",
            "message": "disk full",
            "status": "open",
            "acknowledged": False,
            "isSeen": False,
            "tags": ["disk"],
            "snoozed": False,
            "count": 3,
            "lastOccurredAt": "2026-03-02T09:25:00.7Z",
            "createdAt": "2026-03-02T09:00:00Z",
            "updatedAt": "2026-03-02T09:25:00.95Z",
            "source": "10.0.0.8",
            "owner": "",
            "priority": "P2",
            "teams": [{"id": str(team_id)}],
            "responders": responders,
            "integration": {"id": str(tenant.integration.id), "name": "Default API", "type": "API"},
            "ownerTeamId": str(team_id),
        }
    ]


async def test_pages_link_to_each_other_by_the_host_that_was_asked(
    api: AlertApi, databases: Databases, tenant: Tenant
) -> None:
    for number in range(5):
        await add_alert(databases, tenant, message=f"m{number}", created_at=START + timedelta(minutes=number))

    first = await api.get(
        "/v2/alerts?query=status%3Aopen&limit=2&sort=createdAt&order=asc", headers={"Host": "api.example.com:8443"}
    )
    pages = [first]
    while "next" in pages[-1].body["paging"]:
        split = urlsplit(pages[-1].body["paging"]["next"])
        pages.append(await api.get(f"{split.path}?{split.query}"))

    base = "http://api.example.com:8443/v2/alerts"
    assert first.body["paging"] == {
        "first": f"{base}?limit=2&sort=createdAt&offset=0&order=asc&query=status%3Aopen",
        "next": f"{base}?limit=2&sort=createdAt&offset=2&order=asc&query=status%3Aopen",
        "last": f"{base}?limit=2&sort=createdAt&offset=4&order=asc&query=status%3Aopen",
    }
    assert [messages(page.data) for page in pages] == [["m0", "m1"], ["m2", "m3"], ["m4"]]
    assert {name: dict(parse_qsl(urlsplit(url).query))["offset"] for name, url in pages[-1].body["paging"].items()} == {
        "first": "0", "prev": "2", "last": "4",
    }  # fmt: skip


async def test_an_empty_list_still_has_its_paging(api: AlertApi) -> None:
    listed = await api.get("/v2/alerts?limit=1")

    assert listed.data == []
    assert listed.body["paging"].keys() == {"first", "last"}


async def test_a_list_is_newest_first_and_twenty_long_unless_asked_otherwise(
    api: AlertApi, databases: Databases, tenant: Tenant
) -> None:
    for number in range(22):
        await add_alert(databases, tenant, message=f"m{number}", created_at=START + timedelta(minutes=number))

    listed = await api.get("/v2/alerts?limit=&offset=&sort=&order=&query=")

    assert messages(listed.data) == [f"m{number}" for number in range(21, 1, -1)]


async def test_a_count_counts_what_the_query_finds(api: AlertApi, databases: Databases, tenant: Tenant) -> None:
    await add_alert(databases, tenant)
    await add_alert(databases, tenant, status=AlertStatus.CLOSED)
    await add_alert(databases, tenant, status=AlertStatus.DELETED)

    counts = [(await api.get(f"/v2/alerts/count{query}")).data for query in ("", "?query=status%3A%20open")]

    assert counts == [{"count": 2}, {"count": 1}]


async def test_a_saved_search_lists_and_counts_alone_or_with_a_query(
    api: AlertApi, databases: Databases, tenant: Tenant
) -> None:
    for message, priority in (("disk full", 1), ("disk slow", 3), ("net down", 1)):
        await add_alert(databases, tenant, message=message, priority=priority)
    saved = await api.call(
        "POST",
        "/v2/alerts/saved-searches",
        {"name": "urgent", "query": "priority: P1", "owner": {"id": str(tenant.owner.id)}},
    )

    by_id = await api.get(f"/v2/alerts?searchIdentifier={saved.data['id']}&sort=message&order=asc")
    by_name = await api.get("/v2/alerts?searchIdentifier=urgent&searchIdentifierType=name&query=disk")
    count = await api.get("/v2/alerts/count?searchIdentifier=urgent&searchIdentifierType=name")
    unknown = await api.get("/v2/alerts?searchIdentifier=nothing&searchIdentifierType=name")

    assert messages(by_id.data) == ["disk full", "net down"]
    assert messages(by_name.data) == ["disk full"]
    assert "searchIdentifier=urgent" in by_name.body["paging"]["first"]
    assert count.data == {"count": 2}
    assert unknown.status == 404


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=many", "limit"),
        ("offset=-1", "offset"),
        ("offset=19999&limit=2", "offset"),
        ("sort=colour", "sort"),
        ("order=sideways", "order"),
        ("searchIdentifier=x&searchIdentifierType=colour", "searchIdentifierType"),
    ],
)
async def test_a_parameter_that_does_not_fit_is_refused_by_name(api: AlertApi, query: str, field: str) -> None:
    refused = await api.get(f"/v2/alerts?{query}")

    assert (refused.status, list(refused.errors)) == (422, [field])


@pytest.mark.parametrize("path", ["/v2/alerts", "/v2/alerts/count"])
async def test_a_query_that_is_none_is_refused_with_the_place(api: AlertApi, path: str) -> None:
    refused = await api.get(f"{path}?query=status%3A(open")

    assert refused.status == 422
    assert "query" in refused.body["message"].lower()


async def test_nothing_past_the_first_twenty_thousand_is_linked_to(
    api: AlertApi, databases: Databases, tenant: Tenant
) -> None:
    async with databases.engine.transaction() as tx:
        await tx.execute(
            """
            insert into alerts (account_id, id, tiny_id, alias, message, priority, status, created_at, updated_at,
                                last_occurred_at)
            select %(account_id)s, 'a' || n, n, 'a' || n, 'm', 3, 'open', %(at)s, %(at)s, %(at)s
              from generate_series(1, 20050) n
            """,
            account_id=tenant.account_id,
            at=START,
        )

    listed = await api.get("/v2/alerts?limit=30&offset=19950&sort=tinyId&order=asc")
    last = urlsplit(listed.body["paging"]["last"])

    assert "next" not in listed.body["paging"]
    assert len((await api.get(f"{last.path}?{last.query}")).data) == 30
    assert (await api.get("/v2/alerts/count")).data == {"count": 20050}


async def test_a_teams_key_lists_and_counts_that_teams_alerts_only(
    http: aiohttp.ClientSession, api: AlertApi, databases: Databases, tenant: Tenant
) -> None:
    ours, theirs = await add_team(databases, tenant, name="ours"), await add_team(databases, tenant, name="theirs")

    def named(team_id: UUID) -> list[dict[str, str]]:
        return [{"type": "team", "id": str(team_id)}]

    await add_alert(databases, tenant, message="owned", owner_team_id=ours)
    await add_alert(databases, tenant, message="asked", responders=named(ours))
    await add_alert(databases, tenant, message="shown", visible_to=named(ours), responders=named(theirs))
    await add_alert(databases, tenant, message="hidden", responders=named(theirs), owner_team_id=theirs)
    await add_alert(databases, tenant, message="nobody's")
    key = await add_key(databases, tenant, make_integration(tenant.account_id, "team key"), team_id=ours)
    team_api = api_of(http, tenant, key)

    listed = await team_api.get("/v2/alerts?sort=message&order=asc")
    searched = await team_api.get("/v2/alerts?query=hidden")

    assert messages(listed.data) == ["asked", "owned", "shown"]
    assert searched.data == []
    assert (await team_api.get("/v2/alerts/count")).data == {"count": 3}
    assert (await api.get("/v2/alerts/count")).data == {"count": 5}


@pytest.mark.parametrize(
    ("query", "field", "because"),
    [
        ("limit=101", "limit", "must be at most 100"),
        ("limit=0", "limit", "must be at least 1"),
        ("offset=-1", "offset", "must be at least 0"),
        ("limit=ten", "limit", "must be a whole number"),
        ("searchIdentifier=x&searchIdentifierType=colour", "searchIdentifierType", "must be one of 'id', 'name'"),
    ],
)
async def test_a_parameter_that_does_not_fit_is_told_what_would(
    api: AlertApi, query: str, field: str, because: str
) -> None:
    answer = await api.get(f"/v2/alerts?{query}")

    assert (answer.status, answer.errors) == (422, {field: because})
