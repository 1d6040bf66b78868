"""Pages of an account whose plan includes less than there is."""

import aiohttp
from tests.support.alerts import add_alert
from tests.support.browsing import PASSWORD, Browsing, add_person, browsing
from tests.support.makers import START, Tenant

from tocsin.accounts import store as accounts_store
from tocsin.accounts.model import User
from tocsin.alerts.model import AlertStatus
from tocsin.db import Databases
from tocsin.escalations.plan_limits import PlanLimits
from tocsin.licensing import terms_store
from tocsin.licensing.model import Interval, Standing, Term

HERE = "/settings/active"


async def give(databases: Databases, tenant: Tenant, standing: Standing, plan: str, seats: int = 0) -> None:
    interval = Interval.MONTH if standing is Standing.ACTIVE else None
    async with databases.engine.transaction() as tx:
        await terms_store.insert_terms(tx, [Term(tenant.account_id, START, standing, plan, seats, interval, 1)])
        await PlanLimits(billing=True).settle(tx, tenant.account_id, START)


async def status_of(databases: Databases, user: User) -> bool:
    """Is the person within the plan?"""
    async with databases.engine.transaction() as tx:
        return (await accounts_store.get_user(tx, user.account_id, user.id)).inactive_since is None


async def crowd(databases: Databases, tenant: Tenant, size: int) -> list[User]:
    return [await add_person(databases, tenant) for _ in range(size)]


async def test_r3_4_somebody_over_the_plan_reads_why_he_cannot_come_in(
    base_url: str, databases: Databases, tenant: Tenant, ana: Browsing
) -> None:
    people = await crowd(databases, tenant, 6)
    await give(databases, tenant, Standing.FREE, "free")
    outside, *_ = [it for it in people if not await status_of(databases, it)]

    async with browsing(base_url) as browser:
        await browser.get("/sign-in")
        refused = await browser.post("/sign-in", username=outside.username, password=PASSWORD)

    assert refused.status == 402
    assert "No room in the plan" in refused
    assert "Nothing of yours is lost" in refused


async def test_the_owner_chooses_who_stays(databases: Databases, tenant: Tenant, ana: Browsing) -> None:
    people = await crowd(databases, tenant, 6)
    await give(databases, tenant, Standing.FREE, "free")
    page = await ana.get(HERE)
    wanted = [people[5], people[4]]

    saved = await ana.post(HERE, kind="responder", keep=[str(tenant.owner.id), *(str(it.id) for it in wanted)])

    assert "at most 5 of 7" in page
    assert "Saved." in saved
    assert [await status_of(databases, it) for it in wanted] == [True, True]
    assert sum([await status_of(databases, it) for it in people]) == 4


async def test_a_choice_that_cannot_be_is_refused_and_changes_nothing(
    databases: Databases, tenant: Tenant, ana: Browsing
) -> None:
    people = await crowd(databases, tenant, 6)
    await give(databases, tenant, Standing.FREE, "free")
    before = [await status_of(databases, it) for it in people]
    await ana.get(HERE)

    too_many = await ana.post(HERE, kind="responder", keep=[str(it.id) for it in people])
    without_me = await ana.post(HERE, kind="responder", keep=[str(people[0].id)])
    nobody = await ana.post(HERE, kind="responder", keep=[])

    assert (too_many.status, without_me.status, nobody.status) == (422, 422, 422)
    assert "That is more than the plan includes" in too_many
    assert "Keep yourself" in without_me
    assert [await status_of(databases, it) for it in people] == before


async def test_without_anything_over_the_plan_the_page_says_so(ana: Browsing) -> None:
    assert "Everything is active" in await ana.get(HERE)


async def test_only_an_owner_chooses(bo: Browsing) -> None:
    page = await bo.get(HERE)

    assert page.status == 403


async def test_r8_2_an_invitation_needs_a_free_seat(databases: Databases, tenant: Tenant, ana: Browsing) -> None:
    await give(databases, tenant, Standing.ACTIVE, "standard", seats=1)
    await ana.get("/settings/users")

    refused = await ana.post(
        "/settings/users", email="new@example.com", role="user", time_zone="Europe/Warsaw", locale="en"
    )

    assert refused.status == 402
    assert "Every seat of 1 is taken. Buy 1 more" in refused


async def test_the_account_says_its_plan_and_seats_to_clients(
    http: aiohttp.ClientSession, databases: Databases, tenant: Tenant
) -> None:
    await give(databases, tenant, Standing.ACTIVE, "standard", seats=10)

    async with http.get("/v2/account", headers=tenant.headers) as response:
        body = await response.json()

    assert body["data"]["plan"] == {"maxUserCount": 10, "name": "Standard", "isYearly": False}


async def test_a_restricted_account_changes_no_configuration(
    databases: Databases, tenant: Tenant, ana: Browsing
) -> None:
    await ana.get("/teams")
    await give(databases, tenant, Standing.RESTRICTED, "standard", seats=5)

    refused = await ana.post("/teams", name="night")
    page = await ana.get("/alerts")

    assert (refused.status, page.status) == (402, 200)
    assert "unpaid" in refused


async def test_what_is_older_than_the_plan_shows_is_hidden_and_comes_back_with_a_larger_plan(
    http: aiohttp.ClientSession, databases: Databases, tenant: Tenant, ana: Browsing
) -> None:
    old = await add_alert(databases, tenant, message="old and closed", status=AlertStatus.CLOSED, closed_at=START)
    await add_alert(databases, tenant, message="old and open")

    async def seen() -> tuple[list[str], int, bool]:
        async with http.get("/v2/alerts", headers=tenant.headers) as response:
            listed = sorted(it["message"] for it in (await response.json())["data"])
        async with http.get(f"/v2/alerts/{old.id}/notes", headers=tenant.headers) as response:
            status = response.status
        return listed, status, "old and closed" in await ana.get("/alerts?show=all")

    await give(databases, tenant, Standing.FREE, "free")
    on_free, page = await seen(), await ana.get(f"/alerts/{old.id}")
    async with http.get("/v2/alerts/count", headers=tenant.headers) as response:
        count = (await response.json())["data"]["count"]
    await give(databases, tenant, Standing.ACTIVE, "enterprise", seats=2)

    assert (on_free, count) == ((["old and open"], 404, False), 1)
    assert "older than what your plan shows" in page
    assert await seen() == (["old and closed", "old and open"], 200, True)
