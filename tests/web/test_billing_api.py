"""The billing API: the money first, a change once, and only for keys that an owner let handle billing.

GET /v1/invoices/{document_id}.pdf
GET /v1/invoices/{document_id}.xml
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from tests.support.alert_api import AlertApi
from tests.support.billing_accounts import Subscriber, make_rails
from tests.support.billing_histories import AMERICAN
from tests.support.books import REQUIREMENTS, sell_by
from tests.support.card_provider import gateway_to
from tests.support.makers import Tenant, add_key, add_team, make_tenant
from tests.support.paper import text_of
from tests.support.routes import api_routes
from tests.support.server import serve
from tests.support.stripe_fake import API_KEY, PUBLISHABLE_KEY, StripeFake, stripe_fake

from tocsin.accounts import audit_store
from tocsin.billing import service
from tocsin.billing.commands import AcceptOfflineOrder, AddNumber, SetAutoExpand, SetSpendingCap
from tocsin.billing.service import Asked
from tocsin.clock import SetClock
from tocsin.db import Databases
from tocsin.licensing.model import Interval, Target
from tocsin.settings import Settings

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
TODAY = {"plan": "standard", "interval": "month", "seats": 10, "startToday": True}


@pytest.fixture
async def fake() -> AsyncIterator[StripeFake]:
    async with stripe_fake(lambda: NOW) as running:
        yield running


@pytest.fixture
async def shop(
    settings: Settings, database_url: str, databases: Databases, fake: StripeFake
) -> AsyncIterator[aiohttp.ClientSession]:
    """An application that sells by the requirements' price book, with the card provider's stand-in."""
    async with databases.engine.transaction() as tx:
        await sell_by(tx, REQUIREMENTS, NOW)
    selling = settings.model_copy(
        update={
            "stripe_api_key": API_KEY,
            "stripe_publishable_key": PUBLISHABLE_KEY,
            "stripe_api_base": fake.url,
            "stripe_js_url": f"{fake.url}/v3/",
        }
    )
    selling = Settings.model_validate(selling.model_dump())
    async with serve(selling, database_url, SetClock(NOW)) as url, aiohttp.ClientSession(url) as http:
        yield http


@pytest.fixture
async def trial(databases: Databases, tenant: Tenant) -> Tenant:
    async with databases.engine.transaction() as tx:
        await service.start_trial(tx, tenant.account_id, "Europe/Warsaw", "USD", NOW, AMERICAN)
    return tenant


async def billing_api(http: aiohttp.ClientSession, databases: Databases, tenant: Tenant) -> AlertApi:
    """The API with a key that an owner let handle billing, and that may do nothing else."""
    key = await add_key(
        databases, tenant, allow_read_access=False, allow_write_access=False, allow_delete_access=False,
        allow_configuration_access=False, allow_billing_access=True,
    )  # fmt: skip
    return AlertApi(http, {"Authorization": f"GenieKey {key}"})


@pytest.fixture
async def api(shop: aiohttp.ClientSession, databases: Databases, trial: Tenant) -> AlertApi:
    return await billing_api(shop, databases, trial)


async def add_card(databases: Databases, tenant: Tenant, fake: StripeFake, token: str = "pm_card_visa") -> str:
    gateway = gateway_to(fake.url)
    try:
        subscriber = Subscriber(tenant, databases, make_rails(gateway))
        return str((await subscriber.add_card(fake, "2026-03-10T10:00", token)).id)
    finally:
        await gateway.close()


async def buy(api: AlertApi, order: dict[str, Any] | None = None, key: str = "") -> dict[str, Any]:
    headers = {"Idempotency-Key": key} if key else {}
    answer = await api.call("PATCH", "/v1/subscription", order or TODAY, headers=headers)
    assert answer.status == 200, answer.body
    found: dict[str, Any] = answer.data
    return found


async def test_r3_2_a_trial_is_told_with_its_end(api: AlertApi) -> None:
    answer = await api.get("/v1/subscription")

    assert answer.status == 200
    assert (answer.data["standing"], answer.data["cancels"], answer.data["owedMinor"]) == ("trialing", False, 0)
    assert answer.data["trialEndsAt"] == "2026-03-24T23:00:00Z"
    assert answer.data["termEndsOn"] is None


async def test_r4_3_a_preview_says_what_is_due_and_changes_nothing(
    api: AlertApi, databases: Databases, trial: Tenant, fake: StripeFake
) -> None:
    await add_card(databases, trial, fake)
    before = (await api.get("/v1/subscription")).data

    preview = await api.call("POST", "/v1/subscription/preview", TODAY)

    assert preview.status == 200, preview.body
    [invoice] = preview.data["documents"]
    assert (preview.data["dueNowMinor"], invoice["grossMinor"]) == (23_000, 23_000)
    assert preview.data["after"]["plan"] == "standard"
    assert (await api.get("/v1/subscription")).data == before


async def test_m9_an_order_is_done_once_by_its_key_and_its_invoice_equals_the_preview(
    api: AlertApi, databases: Databases, trial: Tenant, fake: StripeFake
) -> None:
    await add_card(databases, trial, fake)

    first = await buy(api, key="order-1")
    again = await buy(api, key="order-1")
    listed = (await api.get("/v1/invoices")).data
    now = (await api.get("/v1/subscription")).data
    other = await api.call("PATCH", "/v1/subscription", {"seats": 11}, headers={"Idempotency-Key": "order-1"})

    assert first["status"] == again["status"] == "done"
    assert first["invoices"] == again["invoices"] == [one["id"] for one in listed["invoices"]]
    [invoice] = listed["invoices"]
    assert (listed["total"], invoice["grossMinor"], invoice["status"]) == (1, 23_000, "paid")
    assert (now["standing"], now["plan"], now["interval"], now["seats"]) == ("active", "standard", "month", 10)
    assert (other.status, other.errors) == (409, {"Idempotency-Key": "used"})
    assert [it["object"] for it in fake.store.objects.values()].count("payment_intent") == 1


async def test_an_invoice_is_read_as_json_pdf_and_xml(
    shop: aiohttp.ClientSession, api: AlertApi, databases: Databases, trial: Tenant, fake: StripeFake
) -> None:
    await add_card(databases, trial, fake)
    [ident] = (await buy(api))["invoices"]

    one = await api.get(f"/v1/invoices/{ident}")
    files = {}
    for ending in ("pdf", "xml"):
        async with shop.get(f"/v1/invoices/{ident}.{ending}", headers=api.headers) as response:
            files[ending] = (response.content_type, (await response.read())[:5])

    assert [line["kind"] for line in one.data["lines"]] == ["seats"]
    assert files == {"pdf": ("application/pdf", b"%PDF-"), "xml": ("application/xml", b"<?xml")}
    for unknown in (str(uuid4()), "nonsense", f"{uuid4()}.pdf"):
        assert (await api.get(f"/v1/invoices/{unknown}")).status == 404


async def test_r4_4_a_declined_card_is_402_and_changes_nothing(
    api: AlertApi, databases: Databases, trial: Tenant, fake: StripeFake
) -> None:
    await add_card(databases, trial, fake, "pm_card_chargeCustomerFail")

    answer = await api.call("PATCH", "/v1/subscription", TODAY)

    assert answer.status == 402
    assert answer.errors["card"] == "generic_decline"
    assert (await api.get("/v1/subscription")).data["standing"] == "trialing"
    assert (await api.get("/v1/invoices")).data == {"invoices": [], "total": 0}


async def test_r4_1_a_card_that_wants_its_holder_answers_with_where_to_send_him(
    api: AlertApi, databases: Databases, trial: Tenant, fake: StripeFake
) -> None:
    await add_card(databases, trial, fake, "pm_card_authenticationRequired")

    answer = await api.call("PATCH", "/v1/subscription", TODAY)

    assert (answer.status, answer.data["status"]) == (200, "action_required")
    assert answer.data["url"].startswith(fake.url)


async def test_r4_3_of_two_orders_from_the_same_view_the_second_is_a_conflict(
    api: AlertApi, databases: Databases, trial: Tenant, fake: StripeFake
) -> None:
    await add_card(databases, trial, fake)
    seen = (await buy(api))["version"]

    first = await api.call("PATCH", "/v1/subscription", {"seats": 12, "version": seen})
    second = await api.call("PATCH", "/v1/subscription", {"seats": 15, "version": seen})

    assert (first.status, second.status) == (200, 409)
    assert "Somebody else has changed the subscription" in second.body["message"]
    assert (await api.get("/v1/subscription")).data["seats"] == 12


async def test_r6_4_a_smaller_plan_is_scheduled_and_dropped(
    api: AlertApi, databases: Databases, trial: Tenant, fake: StripeFake
) -> None:
    await add_card(databases, trial, fake)
    await buy(api)

    await buy(api, {"plan": "essentials"})
    scheduled = (await api.get("/v1/subscription")).data["scheduled"]
    dropped = await api.call("DELETE", "/v1/subscription/scheduled")

    assert scheduled["plan"] == "essentials"
    assert dropped.status == 200
    assert (await api.get("/v1/subscription")).data["scheduled"] is None


async def test_the_next_invoices_are_told_and_nothing_is_made(
    api: AlertApi, databases: Databases, trial: Tenant, fake: StripeFake
) -> None:
    none = await api.get("/v1/subscription/next-invoices")
    await add_card(databases, trial, fake)
    await buy(api)
    before = await contents(databases, trial)

    told = await api.get("/v1/subscription/next-invoices")

    assert (none.status, none.data) == (200, {"invoices": [], "end": "trial", "endsOn": "2026-03-25"})
    assert (told.status, told.data["end"], len(told.data["invoices"])) == (200, None, 12)
    first = told.data["invoices"][0]
    assert {name: first[name] for name in ("datedOn", "dueOn", "periodStartsOn", "periodEndsOn")} == {
        "datedOn": "2026-04-10", "dueOn": "2026-04-10", "periodStartsOn": "2026-04-10", "periodEndsOn": "2026-05-10",
    }  # fmt: skip
    assert (first["grossMinor"], first["owedMinor"], first["fromBalanceMinor"]) == (23_000, 23_000, 0)
    assert [(line["kind"], line["amountMinor"]) for line in first["lines"]] == [("seats", 23_000)]
    assert await contents(databases, trial) == before


async def test_r13_2_cancel_and_resume(api: AlertApi, databases: Databases, trial: Tenant, fake: StripeFake) -> None:
    await add_card(databases, trial, fake)
    await buy(api)

    canceled = await api.call("POST", "/v1/subscription/cancel")
    until = (await api.get("/v1/subscription")).data
    resumed = await api.call("POST", "/v1/subscription/resume")
    twice = await api.call("POST", "/v1/subscription/resume")

    assert (canceled.status, until["standing"], until["termEndsOn"]) == (200, "canceling", "2026-04-10")
    assert (resumed.status, twice.status) == (200, 409)
    assert (await api.get("/v1/subscription")).data["standing"] == "active"


async def test_r13_1_the_reason_of_a_cancellation_is_kept_in_the_audit_log(
    api: AlertApi, databases: Databases, trial: Tenant
) -> None:
    canceled = await api.call("POST", "/v1/subscription/cancel", {"reason": " too loud "})
    too_long = await api.call("POST", "/v1/subscription/cancel", {"reason": "x" * 1_001})

    assert (canceled.status, too_long.status) == (200, 422)
    async with trial.app.transaction() as tx:
        entries = await audit_store.list_entries(tx, trial.account_id, 10)
    assert [entry.after["reason"] for entry in entries if entry.action == "canceled" and entry.after] == ["too loud"]


async def test_r5_1_cards_are_listed_and_the_one_that_pays_cannot_go(
    api: AlertApi, databases: Databases, trial: Tenant, fake: StripeFake
) -> None:
    old = await add_card(databases, trial, fake)
    new = await add_card(databases, trial, fake, "pm_card_mastercard")
    await buy(api)

    listed = {one["id"]: one["isDefault"] for one in (await api.get("/v1/billing/cards")).data["cards"]}
    needed = await api.call("DELETE", f"/v1/billing/cards/{new}")
    chosen = await api.call("POST", f"/v1/billing/cards/{old}/default")
    removed = await api.call("DELETE", f"/v1/billing/cards/{new}")

    assert listed == {old: False, new: True}
    assert (needed.status, chosen.status, removed.status) == (428, 200, 200)
    [left] = (await api.get("/v1/billing/cards")).data["cards"]
    assert (left["id"], left["last4"], left["isDefault"]) == (old, "4242", True)
    assert (await api.call("DELETE", f"/v1/billing/cards/{uuid4()}")).status == 404


async def test_r7_2_the_billing_address_is_read(api: AlertApi) -> None:
    answer = await api.get("/v1/billing/information")

    assert (answer.data["name"], answer.data["country"]) == (AMERICAN.name, AMERICAN.country)


ADDRESS = {
    "name": "Acme GmbH", "address": ["Unter den Linden 1"], "postalCode": "10117", "city": "Berlin", "country": "DE",
    "vatId": "DE 136695976", "emails": ["bills@acme.example"], "reference": "cost centre 7",
}  # fmt: skip


async def test_r7_2_another_billing_address_is_for_the_next_invoices(api: AlertApi) -> None:
    changed = await api.call("PUT", "/v1/billing/information", ADDRESS)

    assert changed.status == 200, changed.body
    assert (changed.data["name"], changed.data["vatId"]) == ("Acme GmbH", "DE136695976")
    assert (await api.get("/v1/billing/information")).data == changed.data


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"address": []}, "address"),
        ({"country": "Germany"}, "country"),
        ({"vatId": "DE000000000"}, "vatId"),
        ({"emails": ["nonsense"]}, "emails"),
        ({"emails": []}, "emails"),
        ({"locale": "tlh"}, "locale"),
    ],
)
async def test_r7_2_an_address_that_cannot_be_is_refused_by_field(
    api: AlertApi, changes: dict[str, Any], field: str
) -> None:
    before = (await api.get("/v1/billing/information")).data

    refused = await api.call("PUT", "/v1/billing/information", ADDRESS | changes)

    assert (refused.status, list(refused.errors)) == (422, [field])
    assert (await api.get("/v1/billing/information")).data == before


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"seats": 0}, "seats"),
        ({"seats": "ten"}, "seats"),
        ({"interval": "week"}, "interval"),
        ({"plan": "gold"}, "plan"),
        ({"paln": "standard"}, "paln"),
        ({}, "plan"),
    ],
)
async def test_an_order_that_cannot_be_is_refused_by_field(api: AlertApi, body: dict[str, Any], field: str) -> None:
    answer = await api.call("POST", "/v1/subscription/preview", body)

    assert answer.status == 422, answer.body
    assert field in answer.errors, answer.body


async def test_m13_a_key_without_the_right_and_a_team_s_key_read_and_change_nothing(
    shop: aiohttp.ClientSession, databases: Databases, trial: Tenant
) -> None:
    team = await add_team(databases, trial)
    keys = [trial.key, await add_key(databases, trial, allow_billing_access=True, team_id=team)]

    for key in keys:
        without = AlertApi(shop, {"Authorization": f"GenieKey {key}"})
        for method, path in (
            ("GET", "/v1/subscription"),
            ("PATCH", "/v1/subscription"),
            ("POST", "/v1/subscription/preview"),
            ("POST", "/v1/subscription/cancel"),
            ("GET", "/v1/subscription/next-invoices"),
            ("GET", "/v1/invoices"),
            ("GET", "/v1/billing/cards"),
            ("GET", "/v1/billing/information"),
        ):
            answer = await without.call(method, path, TODAY if method == "PATCH" or "preview" in path else None)
            assert answer.status == 403, (method, path, answer.body)


async def test_an_account_that_is_not_billed_has_no_subscription(
    shop: aiohttp.ClientSession, databases: Databases
) -> None:
    api = await billing_api(shop, databases, await make_tenant(databases))

    assert (await api.get("/v1/subscription")).status == 404
    assert (await api.get("/v1/subscription/next-invoices")).status == 404
    assert (await api.call("PATCH", "/v1/subscription", TODAY)).status == 404
    assert (await api.get("/v1/invoices")).data["total"] == 0


async def test_a_change_by_a_key_is_in_the_audit_log(
    api: AlertApi, databases: Databases, trial: Tenant, fake: StripeFake
) -> None:
    await add_card(databases, trial, fake)
    await buy(api)

    async with trial.app.transaction() as tx:
        entries = await audit_store.list_entries(tx, trial.account_id, 10)
    assert [entry.after["result"] for entry in entries if entry.action == "ordered" and entry.after] == ["done"]


async def test_the_api_describes_itself(shop: aiohttp.ClientSession) -> None:
    async with shop.get("/openapi.json") as response:
        described = await response.json()

    assert {"SubscriptionBody", "DocumentBody", "OrderBody", "CardsBody", "ForecastBody"} <= set(
        described["components"]["schemas"]
    )
    assert set(described["paths"]["/v1/subscription"]) == {"get", "patch"}


async def test_r7_1_invoices_come_a_page_at_a_time_the_newest_first(
    api: AlertApi, databases: Databases, trial: Tenant, fake: StripeFake
) -> None:
    await add_card(databases, trial, fake)
    await buy(api)
    for seats in (11, 12, 13):
        await buy(api, {"seats": seats})
    whole = (await api.get("/v1/invoices")).data["invoices"]

    page = (await api.get("/v1/invoices?limit=2&offset=1")).data
    beyond = (await api.get("/v1/invoices?offset=4")).data

    assert [one["lines"][-1]["quantity"] for one in whole] == [1, 1, 1, 10]
    assert [one["number"] for one in whole] == sorted((one["number"] for one in whole), reverse=True)
    assert (page["total"], page["invoices"]) == (4, whole[1:3])
    assert beyond == {"invoices": [], "total": 4}
    for wrong in ("limit=0", "limit=101", "offset=-1", "offset=99999999999999999999"):
        assert (await api.get(f"/v1/invoices?{wrong}")).status == 422


async def test_the_subscription_tells_its_switches_and_numbers(
    api: AlertApi, databases: Databases, trial: Tenant, fake: StripeFake
) -> None:
    number, rails = uuid4(), make_rails()
    for command in (
        SetAutoExpand(True),
        SetSpendingCap(2_500),
        AddNumber(number, "+48221234567"),
        AcceptOfflineOrder(Target("standard", Interval.YEAR, 10), "4500-77", 300_000),
    ):
        await service.perform(trial.app, rails, trial.account_id, Asked(command, str(uuid4())), NOW)

    told = (await api.get("/v1/subscription")).data

    assert (told["autoExpand"], told["spendingCapMinor"], told["collection"]) == (True, 2_500, "invoice")
    assert (told["poNumber"], told["poCeilingMinor"]) == ("4500-77", 300_000)
    [rented] = told["numbers"]
    assert (rented["id"], rented["number"], rented["releasedAt"]) == (str(number), "+48221234567", None)


async def quote(api: AlertApi, **query: str) -> tuple[int, bytes]:
    async with api.http.get("/v1/quotes.pdf", params=query, headers=api.headers) as response:
        return response.status, await response.read()


async def test_r4_2_a_quote_is_a_pdf_with_the_purchase_order_and_buys_nothing(
    shop: aiohttp.ClientSession, databases: Databases, trial: Tenant
) -> None:
    api = await billing_api(shop, databases, trial)

    status, content = await quote(api, plan="standard", seats="25", poNumber="4500-77")

    assert status == 200
    for said in ("Quote Q-", "Purchase order 4500-77", "Valid until 9 April 2026", "5,700.00", "Acme Corp."):
        assert said in text_of(content)
    assert (await api.call("GET", "/v1/invoices")).body["data"]["total"] == 0
    assert (await quote(api, plan="standard", seats="0"))[0] == 422
    assert (await quote(api, plan="nothing", seats="2"))[0] == 422


ROUTES = [route for route in api_routes() if route[1].startswith("/v1/")]
FOR_EVERYBODY = {"/v1/plans", "/v1/quotes", "/v1/countries", "/v1/billing/stripe/webhook"}
OWN = [route for route in ROUTES if route[1] not in FOR_EVERYBODY]
BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("PATCH", "/v1/subscription"): {"seats": 12},
    ("PUT", "/v1/billing/information"): ADDRESS,
    ("POST", "/v1/subscription/preview"): {"seats": 12},
}
MARK = "ana-s-own"
TABLES = (
    "subscriptions", "subscription_terms", "documents", "document_lines", "payments", "cards", "audit_log",
)  # fmt: skip


@dataclass(frozen=True)
class Anas:
    """Somebody else's account, with an invoice and a card; `texts` are hers alone."""

    tenant: Tenant
    ids: dict[str, str]
    texts: list[str]


async def make_anas(shop: aiohttp.ClientSession, databases: Databases, fake: StripeFake) -> Anas:
    tenant = await make_tenant(databases)
    async with databases.engine.transaction() as tx:
        await service.start_trial(tx, tenant.account_id, "Europe/Warsaw", "USD", NOW, replace(AMERICAN, name=MARK))
    await add_card(databases, tenant, fake)
    spare = await add_card(databases, tenant, fake, "pm_card_mastercard")
    main = await add_card(databases, tenant, fake, "pm_card_amex")
    [invoice] = (await buy(await billing_api(shop, databases, tenant)))["invoices"]
    return Anas(tenant, {"document_id": invoice, "card_id": spare}, [MARK, invoice, spare, main])


async def contents(databases: Databases, tenant: Tenant) -> dict[str, list[str]]:
    """Every row of the account in the tables of billing."""
    async with databases.engine.transaction() as tx:
        return {
            table: sorted(
                await tx.values(
                    f"select t::text from {table} t where account_id = %(account_id)s", account_id=tenant.account_id
                )
            )
            for table in (
                "subscriptions",
                "documents",
                "document_lines",
                "cards",
                "subscription_terms",
                "payments",
                "audit_log",
            )
        }


@pytest.mark.parametrize(("method", "path"), OWN, ids=str)
async def test_eve_reads_and_changes_nothing_of_ana_s_billing(
    shop: aiohttp.ClientSession, databases: Databases, trial: Tenant, fake: StripeFake, method: str, path: str
) -> None:
    ana = await make_anas(shop, databases, fake)
    eve = await billing_api(shop, databases, trial)
    await add_card(databases, trial, fake)
    before = await contents(databases, ana.tenant)

    answer = await eve.call(method, path.format(**ana.ids), BODIES.get((method, path)))

    assert not [text for text in ana.texts if text in str(answer.body)], answer.body
    if "{" in path:
        assert answer.status == 404, answer.body
    assert await contents(databases, ana.tenant) == before


@pytest.mark.parametrize(("method", "path"), [route for route in OWN if "{" in route[1]], ids=str)
async def test_ana_herself_succeeds_with_the_same_request(
    shop: aiohttp.ClientSession, databases: Databases, fake: StripeFake, method: str, path: str
) -> None:
    ana = await make_anas(shop, databases, fake)
    api = await billing_api(shop, databases, ana.tenant)

    async with shop.request(method, path.format(**ana.ids), headers=api.headers) as response:
        assert response.status == 200, await response.text()
