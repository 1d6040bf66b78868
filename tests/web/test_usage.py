"""What was used, on the page and through the API; the spending cap; and who may see it."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from tests.support.browsing import Browsing, give_password
from tests.support.makers import START, Tenant, add_key, add_team, make_integration, make_tenant

from tocsin.billing import metered, service, usage_pages
from tocsin.db import Databases
from tocsin.errors import Invalid
from tocsin.licensing import terms_store
from tocsin.licensing.model import Interval, Standing, Term
from tocsin.licensing.usage import UsageKind, UsageRecord, make_record

HERE = "/settings/usage"
US, PL, JAMAICA = "+12125550123", "+48123456789", "+18765550123"
HOUR = timedelta(hours=1)


@pytest.fixture
async def used(databases: Databases, tenant: Tenant) -> Tenant:
    """Essentials ×1 since ten days: 100 included, 8 US and 2 Polish SMS more, three calls to Jamaica with a cost."""
    account_id, start = tenant.account_id, START - timedelta(days=10)
    term = Term(
        account_id, start, Standing.ACTIVE, "essentials", 1, Interval.MONTH, 1, anchor_on=start.date(),
        zone="Europe/Warsaw",
    )  # fmt: skip
    records = [one(account_id, f"u{n}", start + n * HOUR / 60, US) for n in range(108)]
    records += [one(account_id, f"p{n}", start + 3 * HOUR, PL, cost=7) for n in range(2)]
    records += [one(account_id, f"j{n}", start + HOUR / 9, JAMAICA, UsageKind.VOICE, cost=50) for n in range(3)]
    records.append(one(account_id, "leg", start + HOUR, PL, UsageKind.CALL_LEG, seconds=425))
    async with databases.engine.transaction() as tx:
        await service.start_trial(tx, account_id, "Europe/Warsaw", "USD", start - HOUR)
        await terms_store.insert_terms(tx, [term])
        await metered.record(tx, account_id, records, "http://tocsin.example")
    return tenant


def one(
    account_id: int, name: str, at: datetime, number: str, kind: UsageKind = UsageKind.SMS, *, seconds: int = 0,
    cost: int | None = None,
) -> UsageRecord:  # fmt: skip
    return make_record(account_id, name, kind, at, at, number, seconds=seconds, cost_minor=cost)


@pytest.fixture
async def ana(browser: Browsing, databases: Databases, used: Tenant) -> Browsing:
    """The owner, ten days later."""
    await browser.sign_in(await give_password(databases, used.owner))
    return browser


async def test_the_api_tells_each_window_with_what_is_charged(url: str, browser: Browsing, used: Tenant) -> None:
    async with aiohttp.ClientSession(url) as http, http.get("/v1/usage", headers=used.headers) as response:
        body = await response.json()

    assert response.status == 200
    running, trial = body["data"]["windows"]
    assert running["plan"] == "essentials"
    assert running["messages"] == {
        "sms": 110, "voice": 3, "included": 100, "limit": 100, "smsLimit": None, "voiceLimit": None,
        "verificationCodes": 0,
    }  # fmt: skip
    assert running["minutes"] == {"used": 8, "included": 0, "limit": 0}
    assert running["overage"] == [
        {"meter": "messages", "zone": "us_ca", "quantity": 11, "unitMinor": 10, "amountMinor": 110},
        {"meter": "messages", "zone": "other", "quantity": 2, "unitMinor": 35, "amountMinor": 70},
        {"meter": "minutes", "zone": "other", "quantity": 8, "unitMinor": 35, "amountMinor": 280},
    ]
    assert (running["chargedMinor"], running["currency"]) == (460, "USD")
    assert (trial["messages"]["smsLimit"], trial["messages"]["voiceLimit"]) == (50, 20)
    assert trial["endsAt"] == running["startsAt"]


async def test_a_key_that_may_only_read_tells_the_use_of_its_own_account_alone(
    url: str, databases: Databases, used: Tenant
) -> None:
    eve = await make_tenant(databases)
    async with databases.engine.transaction() as tx:
        await service.start_trial(tx, eve.account_id, "Europe/Warsaw", "USD", START)

    status, [hers] = await usage_by(url, await reading_key(databases, eve))
    _, his = await usage_by(url, await reading_key(databases, used))

    assert (status, hers["plan"], hers["chargedMinor"]) == (200, "enterprise", 0)
    assert (hers["messages"]["sms"], hers["messages"]["voice"], hers["minutes"]["used"]) == (0, 0, 0)
    assert (his[0]["messages"]["sms"], his[0]["chargedMinor"]) == (110, 460)


async def test_a_key_that_may_not_read_or_is_a_team_s_tells_no_use(
    url: str, databases: Databases, used: Tenant
) -> None:
    team = replace(make_integration(used.account_id, "a team's"), team_id=await add_team(databases, used))

    assert await usage_by(url, await reading_key(databases, used, allow_read_access=False)) == (403, [])
    assert await usage_by(url, await add_key(databases, used, team)) == (403, [])
    assert await usage_by(url, str(uuid4())) == (401, [])


async def reading_key(databases: Databases, tenant: Tenant, **changes: object) -> str:
    """A key that may read, and do nothing else."""
    only = {"allow_write_access": False, "allow_delete_access": False, "allow_configuration_access": False}
    return await add_key(databases, tenant, None, **(only | changes))


async def usage_by(url: str, key: str) -> tuple[int, list[dict[str, Any]]]:
    """Status and windows, as the API answers to this key."""
    headers = {"Authorization": f"GenieKey {key}"}
    async with aiohttp.ClientSession(url) as http, http.get("/v1/usage", headers=headers) as response:
        body = await response.json()
    return response.status, body.get("data", {}).get("windows", [])


async def test_an_account_without_a_subscription_has_no_usage(http: aiohttp.ClientSession, tenant: Tenant) -> None:
    async with http.get("/v1/usage", headers=tenant.headers) as response:
        assert response.status == 404


async def test_r11_2_accept_owners_see_what_is_used_charged_and_which_countries_cost_most(
    ana: Browsing,
) -> None:
    page = await ana.get(HERE)

    assert page.status == 200
    assert "Included: 100 of 100" in page
    assert "4.60\N{NO-BREAK SPACE}USD so far, without tax." in page
    assert page.text.index("Jamaica") < page.text.index("Poland") < page.text.index("United States")
    assert '<progress id="pool" max="100" value="100">' in page


async def test_a_spending_cap_is_set_and_taken_away(ana: Browsing) -> None:
    await ana.get(HERE)
    page = await ana.post(f"{HERE}/cap", cap="25,5")
    assert "The spending cap is set." in page
    assert 'value="25.50"' in page.text
    assert "Spending cap: 4.60\N{NO-BREAK SPACE}USD of 25.50\N{NO-BREAK SPACE}USD" in page

    refused = await ana.post(f"{HERE}/cap", cap="much")
    assert refused.status == 422
    assert "An amount looks like 25 or 25.50." in refused

    assert "The spending cap is taken away." in await ana.post(f"{HERE}/cap", cap="")


async def test_only_owners_see_it(bo: Browsing, stakeholder: Browsing) -> None:
    assert (await bo.get(HERE)).status == 403
    assert (await stakeholder.get(HERE)).status == 403


async def test_others_see_nothing_of_it(used: Tenant, eve: Browsing) -> None:
    page = await eve.get(HERE)
    assert page.status == 200
    assert "Nothing is metered" in page


@pytest.mark.parametrize(
    ("typed", "minor"), [("", None), ("0", 0), ("25", 2_500), ("25,5", 2_550), ("1 000.05", 100_005)]
)
def test_amounts_are_read_as_people_type_them(typed: str, minor: int | None) -> None:
    assert usage_pages.parse_amount(typed, "USD") == minor


@pytest.mark.parametrize("typed", ["-1", "1.234", "much", "1.2.3", ".5", "²", "99999999999999"])
def test_what_is_no_amount_is_refused(typed: str) -> None:
    with pytest.raises(Invalid):
        usage_pages.parse_amount(typed, "USD")
