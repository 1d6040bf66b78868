"""GET /v1/lint and the page /lint, through real HTTP: what is found, who may see it, and of whom."""

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape
from uuid import UUID, uuid4

import aiohttp
import pytest
from tests.support.alert_api import AlertApi, api_of
from tests.support.browsing import Answer, Browsing
from tests.support.makers import START, Tenant, add_key, add_user, make_contact, make_integration, make_tenant

from tocsin.accounts import store
from tocsin.accounts.model import ContactMethod, User
from tocsin.clock import SystemClock
from tocsin.db import Databases
from tocsin.escalations.team_defaults import create_team


def words(page: Answer) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


async def add_team(databases: Databases, tenant: Tenant, name: str, *members: User) -> UUID:
    """A team with its schedule, escalation and routing rule, begun a month ago."""
    at = SystemClock().now() - timedelta(days=30)
    async with databases.engine.transaction() as tx:
        made = await create_team(
            tx, tenant.account_id, name, [(it.id, "user") for it in members], time_zone="Europe/Warsaw", at=at
        )
    return made.id


async def reach(databases: Databases, user: User, *methods: ContactMethod) -> None:
    """More contacts, verified."""
    async with databases.engine.transaction() as tx:
        for method in methods:
            contact = make_contact(user, method, f"https://{uuid4().hex}.example.com/")
            await store.insert_contact(tx, replace(contact, verified_at=START))


async def rule_of(databases: Databases, user: User) -> None:
    """A notification rule for new alerts, with a step for each contact."""
    async with databases.engine.transaction() as tx:
        await tx.execute(
            """
            with rule as (
              insert into notification_rules (account_id, id, user_id, name, action_type, position)
              values (%(account_id)s, gen_random_uuid(), %(user_id)s, 'New alert', 'create-alert', 0) returning id)
            insert into notification_rule_steps (account_id, id, rule_id, contact_id, after, position)
            select %(account_id)s, gen_random_uuid(), rule.id, c.id, interval '0', 0 from rule, contacts c
             where c.account_id = %(account_id)s and c.user_id = %(user_id)s
            """,
            account_id=user.account_id, user_id=user.id,
        )  # fmt: skip


@pytest.fixture
def api(http: aiohttp.ClientSession, tenant: Tenant) -> AlertApi:
    return api_of(http, tenant)


async def codes(api: AlertApi) -> dict[str, set[str]]:
    """The names of what was found, by code."""
    found: dict[str, set[str]] = {}
    answer = await api.get("/v1/lint")
    assert answer.status == 200, answer.body
    for it in answer.data["findings"]:
        found.setdefault(it["code"], set()).add(it["object"]["name"])
    return found


async def test_an_empty_account_has_nothing_to_mend(api: AlertApi) -> None:
    answer = await api.get("/v1/lint")

    assert answer.data["findings"] == []
    assert answer.data["counts"] == {"error": 0, "warning": 0, "hint": 0}


async def test_a_team_without_members_is_found_with_its_cost_and_where_it_is_mended(
    api: AlertApi, databases: Databases, tenant: Tenant
) -> None:
    await add_team(databases, tenant, "Web")

    answer = await api.get("/v1/lint")

    assert answer.data["counts"] == {"error": 2, "warning": 0, "hint": 0}
    by_code = {it["code"]: it for it in answer.data["findings"]}
    gap = by_code["coverage-gap"]
    assert gap["severity"] == "error"
    assert gap["object"]["type"] == "schedule"
    assert gap["object"]["name"] == "Web_schedule"
    assert gap["sentence"] == "Nobody is on call in Web_schedule during all of the next 28 days."
    assert gap["link"] == f"/schedules/{gap['object']['id']}"
    assert by_code["escalation-tells-nobody"]["cost"].endswith("only the owners hear of it.")


async def test_two_who_take_turns_and_can_be_reached_in_two_ways_are_nothing_to_mend(
    api: AlertApi, ana: Browsing, databases: Databases, tenant: Tenant
) -> None:
    bo = await add_user(databases, tenant, f"bo-{uuid4().hex}@example.com")
    await add_team(databases, tenant, "Web", tenant.owner, bo)
    before = await codes(api)
    for user in (tenant.owner, bo):
        await reach(databases, user, ContactMethod.WEBHOOK)
        await rule_of(databases, user)

    assert before["no-rule"] == before["one-channel"] == {tenant.owner.username, bo.username}
    assert await codes(api) == {}
    assert "Nothing to mend" in words(await ana.get("/lint"))


async def test_a_key_without_the_right_to_read_is_refused(
    http: aiohttp.ClientSession, databases: Databases, tenant: Tenant
) -> None:
    key = await add_key(databases, tenant, allow_read_access=False)

    assert (await api_of(http, tenant, key).get("/v1/lint")).status == 403
    assert (await AlertApi(http).get("/v1/lint")).status == 401


async def test_a_team_s_key_sees_what_is_its_team_s(
    http: aiohttp.ClientSession, api: AlertApi, databases: Databases, tenant: Tenant
) -> None:
    bo = await add_user(databases, tenant, f"bo-{uuid4().hex}@example.com")
    web = await add_team(databases, tenant, "Web", tenant.owner)
    await add_team(databases, tenant, "Secret", bo, tenant.owner)
    key = await add_key(databases, tenant, replace(make_integration(tenant.account_id, "web's"), team_id=web))

    answer = await api_of(http, tenant, key).get("/v1/lint")

    names = {it["object"]["name"] for it in answer.data["findings"]}
    assert names == {"Web_schedule", "Web_escalation", tenant.owner.username}
    assert "Secret" not in str(answer.body)
    assert bo.username not in str(answer.body)
    assert bo.username in (await codes(api))["no-rule"]


async def test_another_account_s_key_and_owner_see_nothing_of_it(
    http: aiohttp.ClientSession, eve: Browsing, databases: Databases, tenant: Tenant
) -> None:
    await add_team(databases, tenant, "Hidden crew")
    other = await make_tenant(databases, "eve's")

    assert (await api_of(http, other).get("/v1/lint")).data["findings"] == []
    page = await eve.get("/lint")
    assert page.status == 200
    assert "Hidden crew" not in page


async def test_the_answer_is_described_in_the_openapi_document(http: aiohttp.ClientSession, base_url: str) -> None:
    async with http.get(f"{base_url}/openapi.json") as response:
        document = await response.json()

    answer = document["paths"]["/v1/lint"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert answer["$ref"].endswith("/LintAnswer")
    assert {"code", "severity", "object", "sentence", "cost", "link"} == {
        *document["components"]["schemas"]["FindingAnswer"]["properties"]
    }


async def test_the_page_shows_the_gravest_first_with_links_that_lead_somewhere(
    ana: Browsing, databases: Databases, tenant: Tenant
) -> None:
    await add_team(databases, tenant, "Web", tenant.owner)
    await add_team(databases, tenant, "Empty")

    page = await ana.get("/lint")

    said = words(page)
    assert said.index("Somebody is not told") < said.index("It hangs by a thread") < said.index("Worth a look")
    assert f"In Web_schedule, {tenant.owner.full_name} is the only person in the rotation Weekly rotation." in said
    links = {
        unescape(it).partition("#")[0] for it in re.findall(r'<a class="button secondary" href="([^"]+)"', page.text)
    }
    assert {link.split("/")[1] for link in links} == {"schedules", "teams", "profile", "on-call"}
    for link in links:
        assert (await ana.get(link)).status == 200, link


async def test_the_page_is_for_those_who_may_configure_and_they_find_the_way_to_it(
    ana: Browsing, bo: Browsing, stakeholder: Browsing
) -> None:
    assert 'href="/lint"' in (await ana.get("/on-call")).text
    assert 'href="/lint"' not in (await bo.get("/on-call")).text
    assert (await ana.get("/lint")).status == 200
    for other in (bo, stakeholder):
        assert (await other.get("/lint")).status == 403


async def test_the_page_speaks_polish(ana: Browsing, databases: Databases, tenant: Tenant) -> None:
    await add_team(databases, tenant, "Web")
    await ana.send("POST", "/language", locale="pl", next="/lint")

    said = words(await ana.get("/lint"))

    assert "Web_schedule: nikt nie ma dyżuru przez całe najbliższe dni (28)." in said
