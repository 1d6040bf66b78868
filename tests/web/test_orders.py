"""What an order needs before it holds: somebody to make the invoice out to, and a way to pay it."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from tests.support.alert_api import AlertApi
from tests.support.billing_accounts import make_rails
from tests.support.billing_histories import AMERICAN
from tests.support.books import REQUIREMENTS, limited, sell_by
from tests.support.browsing import Answer, Browsing, browsing, give_password
from tests.support.makers import Tenant, add_key, make_tenant
from tests.support.server import serve
from tests.support.shop import shop as shop_with_cards
from tests.support.stripe_fake import stripe_fake

from tocsin.accounts import store as accounts_store
from tocsin.billing import service
from tocsin.billing.commands import AcceptOfflineOrder, Command, EndGrant, Grant
from tocsin.billing.model import Buyer
from tocsin.billing.service import Asked
from tocsin.clock import SetClock
from tocsin.db import Databases
from tocsin.licensing.model import Interval, Subscription, Target
from tocsin.settings import Settings

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
HERE, ADDRESS = "/settings/subscriptions", "/settings/billing/information/address"
SIGNED_UP = Buyer("Acme", (), "", "", "DE", emails=("ana@acme.example",))
"""What signing up knows of a buyer."""
GERMAN = replace(SIGNED_UP, name="Acme GmbH", address=("Unter den Linden 1",), postal_code="10117", city="Berlin")
FORM = {
    "name": "Acme GmbH", "street": "Unter den Linden 1", "postal_code": "10117", "city": "Berlin", "country": "DE",
    "vat_id": "", "emails": "ana@acme.example", "locale": "en", "currency": "USD", "time_zone": "Europe/Warsaw",
}  # fmt: skip


@dataclass
class Buying:
    """An account on trial, whose owner (an operator, too) is signed in."""

    tenant: Tenant
    databases: Databases
    ana: Browsing
    api: AlertApi

    async def subscription(self) -> Subscription:
        found = await service.find(self.tenant.app, self.tenant.account_id)
        assert found is not None
        return found.subscription

    async def confirm(self, preview: Answer) -> Answer:
        """Press the button of the preview's own form."""
        form = preview.text[preview.text.index('action="/settings/subscriptions/change"') :]
        fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
        return await self.ana.post(
            f"{HERE}/change", **{name: it for name, it in fields.items() if name != "csrf_token"}
        )


async def buying(url: str, databases: Databases, buyer: Buyer) -> AsyncIterator[Buying]:
    tenant = await make_tenant(databases)
    async with databases.engine.transaction() as tx:
        await service.start_trial(tx, tenant.account_id, "Europe/Warsaw", "USD", NOW, buyer)
        await accounts_store.insert_operator(tx, tenant.account_id, tenant.owner.id, NOW)
    key = await add_key(databases, tenant, allow_billing_access=True)
    async with browsing(url) as ana, aiohttp.ClientSession(url) as http:
        await ana.sign_in(await give_password(databases, tenant.owner))
        yield Buying(tenant, databases, ana, AlertApi(http, {"Authorization": f"GenieKey {key}"}))
    async with databases.engine.transaction() as tx:
        await tx.execute("delete from operators where account_id = %(id)s", id=tenant.account_id)


@pytest.fixture
async def offline(settings: Settings, database_url: str, databases: Databases) -> AsyncIterator[str]:
    """A shop without a card provider."""
    async with databases.engine.transaction() as tx:
        await sell_by(tx, REQUIREMENTS, NOW)
    async with serve(settings, database_url, SetClock(NOW)) as url:
        yield url


@pytest.fixture
async def with_cards(settings: Settings, database_url: str, databases: Databases) -> AsyncIterator[str]:
    clock = SetClock(NOW)
    async with stripe_fake(clock.now) as fake, shop_with_cards(settings, database_url, databases, fake, clock) as url:
        yield url


@pytest.fixture
async def fresh(with_cards: str, databases: Databases) -> AsyncIterator[Buying]:
    """Signed up: company and country are known, and no more."""
    async for made in buying(with_cards, databases, SIGNED_UP):
        yield made


@pytest.fixture
async def german(with_cards: str, databases: Databases) -> AsyncIterator[Buying]:
    async for made in buying(with_cards, databases, GERMAN):
        yield made


@pytest.fixture
async def without_cards(offline: str, databases: Databases) -> AsyncIterator[Buying]:
    async for made in buying(offline, databases, AMERICAN):
        yield made


def order(interval: str = "month", **more: Any) -> dict[str, Any]:
    return {"plan": "standard", "interval": interval, "seats": 10, **more}


async def test_r7_2_an_order_leads_to_the_address_first_and_back_with_what_was_chosen(fresh: Buying) -> None:
    asked = await fresh.ana.get(f"{HERE}/change?billing=monthly&users=10&plan=standard&start=")
    then = asked.find(r'name="then" value="([^"]+)"').replace("&amp;", "&")
    back = await fresh.ana.post(ADDRESS, **FORM, key="a", then=then)

    assert "Fill in the billing address first" in asked
    assert "Standard, 10 seats, monthly" in back
    assert "Unter den Linden 1" in back


@pytest.mark.parametrize("more", [{}, {"startToday": True}])
async def test_r7_2_the_api_names_the_fields_that_an_invoice_lacks(fresh: Buying, more: dict[str, Any]) -> None:
    for method, path in (("PATCH", "/v1/subscription"), ("POST", "/v1/subscription/preview")):
        refused = await fresh.api.call(method, path, order(**more))
        assert (refused.status, set(refused.errors)) == (422, {"address", "city"}), refused.body
    assert (await fresh.subscription()).chosen is None


async def test_r7_2_an_operator_hears_what_the_address_lacks(fresh: Buying) -> None:
    at = f"/operator/billing/{fresh.tenant.account_id}"
    refused = await fresh.ana.post(f"{at}/offline", key="o", plan="standard", users="10", po_number="")

    assert "It lacks: Street and number, City." in refused
    assert (await fresh.subscription()).chosen is None


async def test_r4_4_the_purchase_asks_for_the_tax_id_and_shows_what_it_changes(german: Buying) -> None:
    before = await german.ana.get(f"{HERE}/change?billing=monthly&users=10&plan=standard&start=")
    then = before.find(r'name="then" value="([^"]+)"').replace("&amp;", "&")
    wrong = await german.ana.post(f"{ADDRESS}/vat-id", key="w", vat_id="DE000000000", then=then)
    after = await german.ana.post(f"{ADDRESS}/vat-id", key="v", vat_id="DE 136695976", then=then)

    assert "282.90" in before  # 230.00 and 23 % of Warsaw
    assert 'class="flash danger"' in wrong.text
    assert "282.90" not in after
    assert 'value="DE136695976"' in after.text


async def test_r3_2_a_plan_chosen_in_a_trial_shows_its_first_invoice_and_leads_to_a_card(german: Buying) -> None:
    preview = await german.ana.get(f"{HERE}/change?billing=monthly&users=10&plan=standard&start=")
    chosen = await german.confirm(preview)
    page = await german.ana.get(HERE)
    read = (await german.api.call("POST", "/v1/subscription/preview", order())).data

    assert "282.90\N{NO-BREAK SPACE}USD, charged to the card on 25 March 2026" in preview
    assert "52.90" in preview
    assert "Choose this plan and add a card" in preview
    assert chosen.path.startswith("/settings/billing/information/card")
    assert "Your choice is kept." in chosen
    assert (await german.subscription()).chosen == Target("standard", Interval.MONTH, 10)
    assert "No card is on file" in page
    assert (read["beginsWith"]["grossMinor"], read["beginsWith"]["datedOn"]) == (28_290, "2026-03-25")
    assert "no card is on file: without one by the trial's end it cannot begin" in read["reasons"]


async def test_r3_1_no_mail_says_that_a_plan_without_a_card_begins_by_itself(german: Buying) -> None:
    await german.api.call("PATCH", "/v1/subscription", order())

    async with german.databases.engine.transaction() as tx:
        texts = await tx.values(
            "select text_body from mails where account_id = %(id)s order by id", id=german.tenant.account_id
        )
    assert "No card is on file yet." in texts[-1]


@pytest.mark.parametrize(
    ("interval", "field", "way"),
    [("month", "interval", "Choose annual billing"), ("year", "collection", "Ask for an invoice")],
)
@pytest.mark.parametrize("today", [False, True])
async def test_r4_2_what_only_a_card_could_pay_is_refused_where_there_is_no_card_provider(
    without_cards: Buying, interval: str, field: str, way: str, today: bool
) -> None:
    refused = await without_cards.api.call("PATCH", "/v1/subscription", order(interval, startToday=today))
    billing = "annual" if interval == "year" else "monthly"
    start = "today" if today else ""
    page = await without_cards.ana.get(f"{HERE}/change?billing={billing}&users=10&plan=standard&start={start}")

    assert (refused.status, refused.errors) == (422, {field: "no_card_provider"})
    assert way in refused.body["message"]
    assert "This server takes no cards" in page
    assert 'action="/settings/subscriptions/change"' not in page.text
    assert (await without_cards.subscription()).chosen is None


async def test_r4_3_who_pays_by_invoice_sees_what_is_to_be_paid_and_by_when(without_cards: Buying) -> None:
    tenant = without_cards.tenant
    commands: list[Command] = [Grant(), EndGrant(), AcceptOfflineOrder(Target("standard", Interval.YEAR, 10))]
    for at, command in enumerate(commands):
        await service.perform(tenant.app, make_rails(), tenant.account_id, Asked(command, f"offline-{at}"), NOW)

    preview = await without_cards.ana.get(f"{HERE}/change?billing=annual&users=20&plan=standard")
    done = await without_cards.confirm(preview)

    assert "2,280.00\N{NO-BREAK SPACE}USD, to be paid by 9 April 2026" in preview
    assert "Order now, pay 2,280.00\N{NO-BREAK SPACE}USD by invoice" in preview
    assert "Nothing is due now" not in preview
    assert "Done." in done
    assert (await without_cards.subscription()).seats == 20


async def test_more_seats_than_a_plan_is_for_are_refused_with_the_plans_that_have_them(german: Buying) -> None:
    async with german.databases.engine.transaction() as tx:
        await sell_by(tx, limited(essentials=10), NOW)

    page = await german.ana.get(f"{HERE}/change?billing=monthly&users=11&plan=essentials")
    answer = await german.api.call("PATCH", "/v1/subscription", {"plan": "essentials", "interval": "year", "seats": 11})

    said = "Essentials is for at most 10 users. For more there are: Standard / Enterprise."
    assert said in page
    assert answer.status == 422
    assert said in answer.body["message"]
    assert (await german.subscription()).chosen is None
