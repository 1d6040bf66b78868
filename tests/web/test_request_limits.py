"""Request limits, as clients see them."""

from datetime import timedelta

import aiohttp
from tests.support.makers import Tenant, add_key, add_team
from tests.support.server import serve

from tocsin.accounts.rate_limits import DOMAINS, Limits, RequestLimit
from tocsin.clock import SetClock
from tocsin.db import Databases
from tocsin.licensing import terms_store
from tocsin.licensing.model import Interval, Standing, Term
from tocsin.settings import Settings

LIMITS = {"search": RequestLimit(3, 2), "alert": RequestLimit(4, 4)}


async def limits_of(account_id: int) -> Limits:
    return LIMITS


async def test_every_domain_is_listed_with_its_two_windows(http: aiohttp.ClientSession, tenant: Tenant) -> None:
    for path in ("/v2/request-limits/", "/v2/request-limits"):
        async with http.get(path, headers=tenant.headers) as response:
            body = await response.json()

        assert response.status == 200
        listed = {one["domain"]: one["limits"] for one in body["data"]["rateLimits"]}
        assert set(listed) == set(DOMAINS)
        for windows in listed.values():
            assert [window["periodInSeconds"] for window in windows] == [1, 60]
            assert all(window["limit"] > 0 for window in windows)


async def test_who_asks_too_much_is_told_which_window_is_used_up_and_may_go_on_later(
    settings: Settings, database_url: str, tenant: Tenant, clock: SetClock
) -> None:
    async with (
        serve(settings, database_url, clock, limits_of) as url,
        aiohttp.ClientSession(url, headers=tenant.headers) as http,
    ):

        async def search() -> tuple[int, str | None]:
            async with http.get("/v2/alerts") as response:
                await response.read()
                return response.status, response.headers.get("X-RateLimit-Period-In-Sec")

        async with http.get("/v2/request-limits") as response:
            [listed] = [one for one in (await response.json())["data"]["rateLimits"] if one["domain"] == "search"]
        assert [await search() for _ in range(3)] == [(200, None), (200, None), (429, "1")]
        clock.at += timedelta(seconds=1)
        assert [await search() for _ in range(2)] == [(200, None), (429, "60")]
        async with http.get("/v2/alerts/count") as response:
            body = await response.json()
        clock.at += timedelta(seconds=60)
        after = await search()

    assert listed["limits"] == [{"limit": 2, "periodInSeconds": 1}, {"limit": 3, "periodInSeconds": 60}]
    assert body["message"].startswith("You are making too many requests!")
    assert response.headers["X-RateLimit-State"] == "THROTTLED"
    assert response.headers["X-RateLimit-Reason"] == "ACCOUNT"
    assert after == (200, None)


async def test_m15_a_storm_of_alerts_is_taken_whatever_the_plan_and_what_is_done_to_them_is_limited(
    settings: Settings, database_url: str, tenant: Tenant, clock: SetClock
) -> None:
    async with (
        serve(settings, database_url, clock, limits_of) as url,
        aiohttp.ClientSession(url, headers=tenant.headers) as http,
    ):
        statuses, windows = [], set()
        created = []
        for number in range(6):
            async with http.post("/v2/alerts", json={"message": f"disk {number} full"}) as response:
                created.append(response.status)
        for number in range(6):
            async with http.post("/v2/alerts/x/acknowledge", json={"note": str(number)}) as response:
                statuses.append(response.status)
                windows.add((response.headers["X-RateLimit-State"], response.headers.get("X-RateLimit-Period-In-Sec")))
        async with http.get("/v2/alerts") as searched:
            found = (await searched.json())["data"]

    assert created == [202] * 6
    assert statuses == [202, 202, 202, 202, 429, 429]
    assert windows == {("OK", None), ("THROTTLED", "60")}
    assert searched.status == 200
    assert len(found) == 6


async def test_a_plan_and_its_seats_set_the_limits(
    settings: Settings, database_url: str, databases: Databases, tenant: Tenant, clock: SetClock
) -> None:
    term = Term(tenant.account_id, clock.at, Standing.ACTIVE, "standard", 10, Interval.MONTH, 1)
    async with databases.engine.transaction() as tx:
        await terms_store.insert_terms(tx, [term])
    async with (
        serve(settings, database_url, clock) as url,
        aiohttp.ClientSession(url, headers=tenant.headers) as http,
        http.get("/v2/request-limits") as response,
    ):
        listed = {one["domain"]: one["limits"] for one in (await response.json())["data"]["rateLimits"]}

    assert listed["alert"] == [{"limit": 30, "periodInSeconds": 1}, {"limit": 600, "periodInSeconds": 60}]


async def test_a_team_s_key_does_not_read_the_account_s_limits(
    http: aiohttp.ClientSession, tenant: Tenant, databases: Databases
) -> None:
    key = await add_key(databases, tenant, team_id=await add_team(databases, tenant, tenant.owner, name="Payments"))

    async with http.get("/v2/request-limits", headers={"Authorization": f"GenieKey {key}"}) as response:
        body = await response.json()

    assert (response.status, body["code"]) == (403, 40301)
