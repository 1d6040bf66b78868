"""The users of an account by API, through real HTTP, strict about shapes.

POST /v2/users
GET /v2/users
GET /v2/users/{identifier}
PATCH /v2/users/{identifier}
DELETE /v2/users/{identifier}
GET /v2/users/{identifier}/teams
GET /v2/users/{identifier}/schedules
GET /v2/users/{identifier}/escalations
GET /v2/users/{identifier}/forwarding-rules
GET /v2/users/saved-searches
GET /v2/users/saved-searches/{identifier}
DELETE /v2/users/saved-searches/{identifier}
"""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import pytest
from psycopg.types.json import Jsonb
from tests.support.alert_api import AlertApi, api_of
from tests.support.mailbox import mails
from tests.support.makers import START, Tenant, add_key, add_team, add_user, make_integration, make_tenant

from tocsin.accounts import audit_store
from tocsin.accounts.model import Role
from tocsin.db import Databases

PATH = "/v2/users"
USER_FIELDS = {
    "blocked", "verified", "id", "username", "fullName", "role", "timeZone", "locale", "userAddress", "createdAt",
    "tags", "details",
}  # fmt: skip


@pytest.fixture
def api(http: aiohttp.ClientSession, tenant: Tenant) -> AlertApi:
    return api_of(http, tenant)


def body(username: str = "Ops@Example.com", **changes: Any) -> dict[str, Any]:
    return {"username": username, "fullName": "Example Ops", "role": {"name": "admin"}, **changes}


async def execute(tenant: Tenant, sql: str, **params: Any) -> None:
    async with tenant.app.transaction() as tx:
        await tx.execute(sql, account_id=tenant.account_id, **params)


async def test_a_user_is_made_as_written_and_invited_by_mail(api: AlertApi, tenant: Tenant) -> None:
    made = await api.call(
        "POST",
        PATH,
        body(
            timeZone="Europe/Berlin", locale="en_GB", skypeUsername="ops.skype", tags=["night", "night", "db"],
            userAddress={"country": "DE", "city": "Berlin", "planet": "Earth"},
            details={"floor": ["3"], "desks": ["a", "b"], "badge": 7}, invitationDisabled=False, IdentifierType="x",
        ),
    )  # fmt: skip
    shown = await api.get(f"{PATH}/{made.data['id']}?expand=contact")

    assert (made.status, made.body["result"]) == (201, "Created")
    assert made.data == {"id": made.data["id"], "name": "ops@example.com"}
    assert (shown.status, shown.body["expandable"]) == (200, ["contact"])
    [contact] = shown.data.pop("userContacts")
    assert contact == {
        "to": "ops@example.com",
        "id": str(UUID(contact["id"])),
        "contactMethod": "email",
        "enabled": False,
        "disabledReason": contact["disabledReason"],
    }
    assert "not verified" in contact["disabledReason"]
    assert shown.data == {
        "blocked": False,
        "verified": False,
        "id": made.data["id"],
        "username": "ops@example.com",
        "fullName": "Example Ops",
        "role": {"id": "Admin", "name": "Admin"},
        "timeZone": "Europe/Berlin",
        "locale": "en_GB",
        "userAddress": {"country": "DE", "state": "", "city": "Berlin", "line": "", "zipCode": ""},
        "createdAt": shown.data["createdAt"],
        "tags": ["night", "db"],
        "details": {"floor": ["3"], "desks": ["a", "b"], "badge": ["7"]},
        "skypeUsername": "ops.skype",
    }
    assert len(await mails(tenant, "invitation")) == 1


async def test_a_user_has_the_accounts_zone_and_language_and_no_mail_where_that_is_asked(
    api: AlertApi, tenant: Tenant
) -> None:
    made = await api.call("POST", PATH, {"username": "q@example.com", "fullName": "Q", "invitationDisabled": "true"})
    shown = await api.get(f"{PATH}/Q%40example.com")

    assert made.status == 201
    assert set(shown.data) == USER_FIELDS
    assert (shown.data["timeZone"], shown.data["locale"]) == ("Europe/Warsaw", "en_US")
    assert shown.data["role"] == {"id": "User", "name": "User"}
    assert await mails(tenant, "invitation") == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"username": ""}, "username"),
        ({"username": "nobody"}, "username"),
        ({"username": f"{'n' * 100}@example.com"}, "username"),
        ({"fullName": None}, "fullName"),
        ({"fullName": "n" * 513}, "fullName"),
        ({"role": {"name": "emperor"}}, "role"),
        ({"timeZone": "Europe/Atlantis"}, "timeZone"),
        ({"locale": "!!"}, "locale"),
        ({"details": ["a"]}, "details"),
        ({"userAddress": "Berlin"}, "userAddress"),
        ({"invitationDisabled": "maybe"}, "invitationDisabled"),
    ],
)
async def test_a_user_that_lacks_something_is_refused_by_field(
    api: AlertApi, changes: dict[str, Any], field: str
) -> None:
    refused = await api.call("POST", PATH, body(**changes))

    assert (refused.status, [*refused.errors]) == (422, [field])
    assert (await api.get(PATH)).body["totalCount"] == 1


async def test_a_username_is_taken_once_whatever_its_case(api: AlertApi) -> None:
    await api.call("POST", PATH, body())

    assert (await api.call("POST", PATH, body("OPS@example.COM"))).status == 409


async def test_a_key_makes_nobody_an_owner(api: AlertApi, tenant: Tenant) -> None:
    made = await api.call("POST", PATH, body(role={"name": "Owner"}))
    demoted = await api.call("PATCH", f"{PATH}/{tenant.owner.id}", {"role": {"name": "User"}})
    deleted = await api.call("DELETE", f"{PATH}/{tenant.owner.id}")

    assert (made.status, demoted.status, deleted.status) == (403, 403, 403)


async def test_users_are_listed_by_page_with_their_number_and_links(
    api: AlertApi, tenant: Tenant, databases: Databases
) -> None:
    for name in ("zoe", "abe", "mia"):
        await add_user(databases, tenant, f"{name}-{tenant.account_id}@example.com")

    whole = await api.get("/v2/users/")
    first = await api.get(f"{PATH}?limit=2")
    second = await api.get(first.body["paging"]["next"])
    backwards = await api.get(f"{PATH}?order=desc&sort=fullName&limit=100&offset=0")

    names = [user["username"].split("-")[0] for user in whole.data]
    assert names == ["abe", "mia", "owner", "zoe"]
    assert whole.body["totalCount"] == 4
    assert set(whole.body["paging"]) == {"first", "last"}
    assert all(set(user) == USER_FIELDS for user in whole.data)
    assert set(first.body["paging"]) == {"first", "next", "last"}
    assert [*first.data, *second.data] == whole.data
    assert set(second.body["paging"]) == {"first", "prev", "last"}
    assert (await api.get(second.body["paging"]["prev"])).data == first.data
    assert (await api.get(first.body["paging"]["last"])).data == second.data
    assert [user["username"].split("-")[0] for user in backwards.data] == ["zoe", "owner", "mia", "abe"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("username: zoe", ["zoe"]),
        ("zoe", ["zoe"]),
        ("role: owner", ["owner"]),
        ("role: User AND username: abe", ["abe"]),
        ('fullName: "abe-"', ["abe"]),
        ("verified: true blocked: false", ["abe", "owner", "zoe"]),
        ("tags: night", ["zoe"]),
        ("username: %_", []),
    ],
)
async def test_users_are_found_by_what_a_query_says(
    api: AlertApi, tenant: Tenant, databases: Databases, query: str, found: list[str]
) -> None:
    for name in ("zoe", "abe"):
        await add_user(databases, tenant, f"{name}-{tenant.account_id}@example.com")
    await api.call("PATCH", f"{PATH}/zoe-{tenant.account_id}@example.com", {"tags": ["Night"]})

    answer = await api.get(f"{PATH}?query={query.replace('%', '%25').replace(' ', '%20')}")

    assert [user["username"].split("-")[0] for user in answer.data] == found
    assert answer.body["totalCount"] == len(found)


@pytest.mark.parametrize("asked", ["sort=shoeSize", "query=shoe:1", "limit=101", "order=up", "offset=-1"])
async def test_a_list_that_cannot_be_is_refused(api: AlertApi, asked: str) -> None:
    assert (await api.get(f"{PATH}?{asked}")).status == 422


async def test_a_user_is_changed_by_what_the_body_has(api: AlertApi, tenant: Tenant, databases: Databases) -> None:
    user = await add_user(databases, tenant, f"mia-{tenant.account_id}@example.com")
    before = (await api.get(f"{PATH}/{user.id}")).data

    changed = await api.call(
        "PATCH", f"{PATH}/{user.username.upper()}",
        {"fullName": "Mia M", "role": {"id": "Stakeholder"}, "timezone": "UTC", "locale": "pl_PL", "tags": ["x"],
         "details": {"a": "b"}, "username": user.username.upper()},
    )  # fmt: skip
    kept = await api.call("PATCH", f"{PATH}/{user.id}", {"fullName": "", "tags": [], "role": {}})
    after = (await api.get(f"{PATH}/{user.id}")).data

    assert (changed.status, changed.body["result"]) == (200, "Updated")
    assert changed.data == {"id": str(user.id), "name": user.username}
    assert kept.status == 200
    assert after == before | {
        "fullName": "Mia M",
        "role": {"id": "Stakeholder", "name": "Stakeholder"},
        "timeZone": "UTC",
        "locale": "pl_PL",
        "details": {"a": ["b"]},
    }
    async with tenant.app.transaction() as tx:
        entries = [it for it in await audit_store.list_entries(tx, tenant.account_id, 10) if it.object_type == "user"]
    assert [(it.before, it.after) for it in entries] == [
        ({"tags": ["x"]}, {"tags": []}),
        (
            {
                "full_name": before["fullName"], "role": "user", "time_zone": "Europe/Warsaw", "locale": "en",
                "tags": [], "details": {}, "language_tag": "",
            },
            {
                "full_name": "Mia M", "role": "stakeholder", "time_zone": "UTC", "locale": "pl", "tags": ["x"],
                "details": {"a": ["b"]}, "language_tag": "pl_PL",
            },
        ),
    ]  # fmt: skip


async def test_the_address_that_signs_in_is_not_changed_by_api(
    api: AlertApi, tenant: Tenant, databases: Databases
) -> None:
    user = await add_user(databases, tenant)

    refused = await api.call("PATCH", f"{PATH}/{user.id}", {"username": "elsewhere@example.com"})

    assert (refused.status, [*refused.errors]) == (422, ["username"])


async def test_who_is_muted_shows_until_when(api: AlertApi, tenant: Tenant) -> None:
    until = START + timedelta(days=36500)
    await execute(tenant, "update users set muted_until = %(until)s where account_id = %(account_id)s", until=until)

    assert (await api.get(f"{PATH}/{tenant.owner.id}")).data["mutedUntil"] == "2126-02-06T09:00:00Z"


async def test_a_user_is_deleted_once_nothing_names_him(api: AlertApi, tenant: Tenant, databases: Databases) -> None:
    user = await add_user(databases, tenant)
    team_id, ident = await add_team(databases, tenant, user, name="infra"), uuid4()
    path = f"{PATH}/{user.id}"
    await execute(
        tenant,
        """
        with s as (insert into schedules (account_id, id, name, time_zone, enabled, team_id, created_at)
                   values (%(account_id)s, %(ident)s, 'nights', 'UTC', true, null, %(at)s)),
             e as (insert into escalations (account_id, id, name, created_at)
                   values (%(account_id)s, %(ident)s, 'all hands', %(at)s)),
             f as (insert into forwarding_rules (account_id, id, alias, from_user_id, to_user_id, starts_at, ends_at,
                                                 created_at)
                   values (%(account_id)s, %(ident)s, 'holiday', %(user)s, %(owner)s, %(at)s, '2126-01-01', %(at)s))
        select 1
        """,
        ident=ident, at=START, user=user.id, owner=tenant.owner.id,
    )  # fmt: skip
    await execute(
        tenant,
        """
        insert into rotations (account_id, id, schedule_id, name, kind, length, starts_at, participants, position)
        values (%(account_id)s, %(ident)s, %(ident)s, 'weekly', 'weekly', 1, %(at)s, %(people)s, 0)
        """,
        ident=ident, at=START, people=Jsonb([{"type": "user", "id": str(user.id)}]),
    )  # fmt: skip
    await execute(
        tenant,
        """
        insert into escalation_rules (account_id, escalation_id, position, condition, notify_type, delay,
                                      recipient_type, recipient_id)
        values (%(account_id)s, %(ident)s, 0, 'if-not-acked', 'default', '0', 'team', %(team)s)
        """,
        ident=ident, team=team_id,
    )  # fmt: skip

    teams, schedules = await api.get(f"{path}/teams"), await api.get(f"{path}/schedules")
    escalations, forwarding = await api.get(f"{path}/escalations"), await api.get(f"{path}/forwarding-rules")
    refused = await api.call("DELETE", path)
    await execute(tenant, "delete from rotations where account_id = %(account_id)s")
    forwarded = await api.call("DELETE", path)
    await execute(tenant, "delete from forwarding_rules where account_id = %(account_id)s")
    deleted = await api.call("DELETE", path)

    assert teams.data == [{"id": str(team_id), "name": "infra"}]
    assert schedules.data == [{"id": str(ident), "name": "nights"}]
    assert escalations.data == [{"id": str(ident), "name": "all hands"}]
    assert forwarding.data == [
        {
            "fromUser": {"type": "user", "id": str(user.id), "username": user.username},
            "toUser": {"type": "user", "id": str(tenant.owner.id), "username": tenant.owner.username},
            "startDate": "2026-03-02T09:00:00Z",
            "endDate": forwarding.data[0]["endDate"],
            "alias": "holiday",
            "id": str(ident),
        }
    ]
    assert refused.status == forwarded.status == 428
    assert "the rotation weekly of the schedule nights, the forwarding rule holiday" in refused.body["message"]
    assert (deleted.status, deleted.body["result"]) == (200, "Deleted")
    assert deleted.data == {"id": str(user.id), "name": user.username}
    assert (await api.get(path)).status == 404


async def test_saved_searches_are_reached_by_way_of_the_users_too(api: AlertApi, tenant: Tenant) -> None:
    search = {"name": "open P1", "query": "status: open", "owner": {"username": tenant.owner.username}}
    made = await api.call("POST", "/v2/alerts/saved-searches", search)

    listed = await api.get(f"{PATH}/saved-searches")
    shown = await api.get(f"{PATH}/saved-searches/open%20P1?identifierType=name")
    deleted = await api.call("DELETE", f"{PATH}/saved-searches/{made.data['id']}")

    assert listed.data == [{"id": made.data["id"], "name": "open P1"}]
    assert shown.data["query"] == "status: open"
    assert (deleted.status, deleted.body["result"]) == (200, "Deleted")
    assert (await api.get(f"{PATH}/saved-searches/{made.data['id']}")).status == 404


@pytest.mark.parametrize("last", ["", "/teams", "/schedules", "/escalations", "/forwarding-rules", "/contacts"])
async def test_somebody_of_another_account_is_nobody(api: AlertApi, databases: Databases, last: str) -> None:
    eve = (await make_tenant(databases, "others")).owner

    assert (await api.get(f"{PATH}/{eve.id}{last}")).status == 404
    assert (await api.get(f"{PATH}/{eve.username}{last}")).status == 404


async def test_a_key_changes_users_only_with_the_rights_for_it(
    http: aiohttp.ClientSession, tenant: Tenant, databases: Databases
) -> None:
    user = await add_user(databases, tenant, role=Role.USER)
    reading = api_of(http, tenant, await add_key(databases, tenant, allow_configuration_access=False))
    keeping = api_of(http, tenant, await add_key(databases, tenant, allow_delete_access=False))
    team_id = await add_team(databases, tenant)
    of_team = make_integration(tenant.account_id, "of a team")
    team = api_of(http, tenant, await add_key(databases, tenant, of_team, team_id=team_id))

    assert (await reading.get(PATH)).status == 200
    assert (await reading.call("POST", PATH, body())).status == 403
    assert (await reading.call("PATCH", f"{PATH}/{user.id}", {})).status == 403
    assert (await keeping.call("DELETE", f"{PATH}/{user.id}")).status == 403
    assert (await team.call("POST", PATH, body())).status == 403
