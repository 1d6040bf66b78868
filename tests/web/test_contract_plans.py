"""Plans by contract: hidden from everybody but those who have them, and given by the operator alone."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import aiohttp
import pytest
from tests.support.alert_api import AlertApi
from tests.support.books import REQUIREMENTS, sell_by
from tests.support.browsing import Browsing, browsing, give_password
from tests.support.makers import Tenant, add_key
from tests.support.server import serve
from tests.support.shop import on_trial

from tocsin.accounts import store as accounts_store
from tocsin.billing import service
from tocsin.clock import SetClock
from tocsin.db import Databases
from tocsin.settings import Settings

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
SECRET = "Handshake"
HERE = "/settings/subscriptions"


def with_contract(document: str) -> str:
    """The price book with a hidden plan between Standard and Enterprise, at 7.77 a month and 77.70 a year."""
    start, end = document.index("  enterprise:\n    name: Enterprise"), document.index("\nrates:")
    plan = document[start:end]
    for interval, price in (("month", "7.77"), ("year", "77.70")):
        prices = f"{interval}: {{USD: {{1: {price}}}, EUR: {{1: {price}}}}}"
        plan = re.sub(interval + r": \{USD: \{[^}]*\}, EUR: \{[^}]*\}\}", prices, plan)
    plan = plan.replace("  enterprise:\n    name: Enterprise", f"  handshake:\n    name: {SECRET}\n    hidden: true")
    return document[:start] + plan.rstrip() + "\n" + document[start:]


@pytest.fixture
async def shop(settings: Settings, database_url: str, databases: Databases) -> AsyncIterator[str]:
    async with databases.engine.transaction() as tx:
        await sell_by(tx, with_contract(REQUIREMENTS), NOW)
    async with serve(settings, database_url, SetClock(NOW)) as url:
        yield url


@pytest.fixture
async def trial(databases: Databases, tenant: Tenant) -> Tenant:
    return await on_trial(databases, tenant, SetClock(NOW))


@pytest.fixture
async def ana(shop: str, databases: Databases, trial: Tenant) -> AsyncIterator[Browsing]:
    """The owner, who is an operator of the server as well."""
    async with databases.engine.transaction() as tx:
        await accounts_store.insert_operator(tx, trial.account_id, trial.owner.id, NOW)
    async with browsing(shop) as opened:
        await opened.sign_in(await give_password(databases, trial.owner))
        yield opened
    async with databases.engine.transaction() as tx:
        await tx.execute("delete from operators where account_id = %(id)s", id=trial.account_id)


@pytest.fixture
async def api(shop: str, databases: Databases, trial: Tenant) -> AsyncIterator[AlertApi]:
    key = await add_key(databases, trial, allow_billing_access=True)
    async with aiohttp.ClientSession(shop) as http:
        yield AlertApi(http, {"Authorization": f"GenieKey {key}"})


async def give_contract(ana: Browsing, trial: Tenant) -> None:
    """The operator accepts an order of ten seats that begins today."""
    at = f"/operator/billing/{trial.account_id}"
    await ana.post(f"{at}/grant", key="grant")
    await ana.post(f"{at}/end-grant", key="end")
    page = await ana.post(f"{at}/offline", key="contract", plan="handshake", users="10", po_number="C-1")
    assert "The order is accepted" in page, page.text


async def test_r1_2_a_hidden_plan_is_unknown_to_whoever_asks_for_its_price(shop: str, api: AlertApi) -> None:
    async with aiohttp.ClientSession(shop) as http:
        answers = []
        for plan in ("handshake", "nonsense"):
            async with http.post("/v1/quotes", json={"plan": plan, "responders": 5}) as response:
                answers.append((response.status, (await response.json())["message"].replace(plan, "it")))
        async with http.get("/licensing-faq") as response:
            faq = await response.text()
        async with http.get("/pricing?plan=handshake") as response:
            prices = await response.text()

    assert answers[0] == answers[1]
    assert answers[0][0] == 422
    for text in (answers[0][1], faq, prices):
        assert SECRET.lower() not in text.lower()


async def test_r1_2_an_account_cannot_order_preview_or_have_quoted_a_hidden_plan(api: AlertApi, ana: Browsing) -> None:
    order = {"interval": "year", "seats": 5}
    answers = []
    for plan in ("handshake", "nonsense"):
        for method, path in (("PATCH", "/v1/subscription"), ("POST", "/v1/subscription/preview")):
            answer = await api.call(method, path, {"plan": plan, **order})
            answers.append((answer.status, answer.errors, answer.body["message"].replace(plan, "it")))
    quote = await ana.get(f"{HERE}/quote.pdf?users=5&plan=handshake")
    page = await ana.get(HERE)

    assert answers == [answers[0]] * 4
    assert (answers[0][0], answers[0][1]) == (422, {"plan": "unknown plan"})
    assert quote.status == 422
    assert SECRET not in page.text


async def test_r6_2_the_operator_gives_it_and_who_has_it_sees_its_price_and_changes_its_seats(
    ana: Browsing, api: AlertApi, trial: Tenant
) -> None:
    await give_contract(ana, trial)

    page = await ana.get(HERE)
    preview = await ana.get(f"{HERE}/change?billing=annual&users=12&plan=handshake")
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', preview.text))
    more = await ana.post(f"{HERE}/change", **{name: text for name, text in fields.items() if name != "csrf_token"})
    fewer = await api.call("PATCH", "/v1/subscription", {"plan": "handshake", "seats": 11})

    assert '<option value="handshake" selected>Handshake</option>' in page.text
    assert "777.00" in page
    assert "Done." in more
    assert fewer.status == 200
    found = await service.find(trial.app, trial.account_id)
    assert found is not None
    assert (found.subscription.plan, found.subscription.seats) == ("handshake", 12)
    assert found.subscription.scheduled is not None
    assert replace(found.subscription.scheduled, interval=None).seats == 11


@pytest.mark.parametrize("seats", [0, 100_001, 3_000_000_000])
async def test_seats_beyond_the_bounds_are_refused_with_the_bounds(api: AlertApi, ana: Browsing, seats: int) -> None:
    ordered = await api.call("PATCH", "/v1/subscription", {"plan": "standard", "interval": "year", "seats": seats})
    quoted = await api.call("POST", "/v1/quotes", {"plan": "standard", "responders": seats})
    page = await ana.get(f"{HERE}/change?billing=annual&users={seats}&plan=standard")

    assert (ordered.status, ordered.errors) == (422, {"seats": "from 1 to 100000"})
    assert (quoted.status, quoted.errors["responders"]) == (422, "The number of responders is from 1 to 100000.")
    assert "The number of users is a whole number from 1 to 100000." in page
