"""Invoices as owners and their clients get them: numbers, files, and whose name is on them. Source: R7"""

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import aiohttp
import pytest
from pypdf import PdfReader
from tests.support.alert_api import AlertApi
from tests.support.billing_accounts import Subscriber, at, make_rails
from tests.support.card_provider import gateway_to
from tests.support.customer import Customer, customer
from tests.support.makers import Tenant, add_key, make_tenant
from tests.support.shop import on_trial, shop
from tests.support.stripe_fake import stripe_fake
from tests.support.vat_registry import VatRegistry, vat_registry

from tocsin.billing import rendering
from tocsin.billing.commands import CorrectBuyer
from tocsin.clock import SetClock
from tocsin.db import Databases
from tocsin.settings import Settings

LIST = "/settings/subscriptions/invoices"
GERMAN = {
    "name": "Acme GmbH", "address": ["Unter den Linden 1"], "postalCode": "10117", "city": "Berlin", "country": "DE",
    "vatId": "DE136695976", "emails": ["bills@acme.example"],
}  # fmt: skip
STANDARD = {"plan": "standard", "interval": "month", "seats": 10, "startToday": True}
ORDERS, DECLINED = 24, {3, 11, 17}


@pytest.fixture
async def registry() -> AsyncIterator[VatRegistry]:
    async with vat_registry("DE136695976") as running:
        yield running


@pytest.fixture
async def ana(
    settings: Settings, database_url: str, databases: Databases, tenant: Tenant, registry: VatRegistry
) -> AsyncIterator[Customer]:
    """The owner of Standard × 10 since 10 March 2026, whose shop asks a registry about VAT ids."""
    asking = settings.model_copy(update={"vat_registry_url": registry.url})
    async with customer(asking, database_url, databases, tenant) as made:
        await made.add_card()
        await made.comes_to("2026-03-10 10:00")
        await made.order(**STANDARD)
        yield made


async def text_of(ana: Customer, document_id: str, format_: str) -> str:
    """What the file says."""
    async with ana.api.http.get(f"/v1/invoices/{document_id}.{format_}", headers=ana.api.headers) as response:
        content = await response.read()
    if format_ == "xml":
        return content.decode()
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


async def test_r7_1_accept_orders_at_once_are_numbered_without_gap_and_what_fails_takes_none(
    settings: Settings, database_url: str, databases: Databases
) -> None:
    clock = SetClock(at("2033-03-10 10:00"))
    async with (
        stripe_fake(clock.now) as fake,
        shop(settings, database_url, databases, fake, clock) as url,
        aiohttp.ClientSession(url) as http,
    ):
        gateway = gateway_to(fake.url)
        apis = []
        for number in range(ORDERS):
            tenant = await on_trial(databases, await make_tenant(databases), clock)
            card = "pm_card_chargeCustomerFail" if number in DECLINED else "pm_card_visa"
            await Subscriber(tenant, databases, make_rails(gateway)).add_card(fake, "2033-03-10 10:00", card)
            key = await add_key(databases, tenant, allow_billing_access=True)
            apis.append(AlertApi(http, {"Authorization": f"GenieKey {key}"}))

        answers = await asyncio.gather(*[api.call("PATCH", "/v1/subscription", STANDARD) for api in apis])
        listed = [(await api.get("/v1/invoices")).data["invoices"] for api in apis]
        await gateway.close()

    assert {number for number, it in enumerate(answers) if it.status == 402} == DECLINED
    assert {number for number, it in enumerate(listed) if not it} == DECLINED
    numbers = sorted(one["number"] for it in listed for one in it)
    assert numbers == [f"INV/2033/{number:05}" for number in range(1, ORDERS - len(DECLINED) + 1)]


async def test_r7_1_the_list_has_each_document_with_its_files_which_stay_the_same(ana: Customer) -> None:
    [invoice] = await ana.documents()
    while await rendering.render_due(ana.databases.engine, ana.url, ana.clock.at, lease=timedelta(minutes=1)):
        pass

    page = await ana.owner.get(LIST)
    first, again = [await text_of(ana, invoice["id"], "xml") for _ in range(2)]
    async with ana.owner.session.get(f"{LIST}/all.zip") as response:
        files = zipfile.ZipFile(io.BytesIO(await response.read())).namelist()

    number = invoice["number"]
    for shown in (number, "2026-03-10", "230.00\N{NO-BREAK SPACE}USD", "0.00\N{NO-BREAK SPACE}USD", "Paid"):
        assert shown in page
    assert first == again
    assert sorted(name.rpartition("/")[2] for name in files) == [
        f"{number.replace('/', '-')}.{it}" for it in ("pdf", "xml")
    ]


async def test_r7_2_accept_an_invoice_of_9_59_keeps_the_address_that_changes_at_10_and_one_of_10_01_has_the_new(
    ana: Customer,
) -> None:
    await ana.comes_to("2026-03-24 09:59")
    [before] = await ana.order(seats=11)
    ana.clock.at = at("2026-03-24 10:00")
    assert (await ana.api.call("PUT", "/v1/billing/information", GERMAN)).status == 200
    ana.clock.at = at("2026-03-24 10:01")
    [after] = await ana.order(seats=12)

    old, new = [await text_of(ana, it, "pdf") for it in (before, after)]

    assert [it["buyerName"] for it in await ana.documents()] == ["Acme Corp.", "Acme Corp.", "Acme GmbH"]
    assert ("Acme Corp." in old, "Unter den Linden" in old) == (True, False)
    assert ("Acme Corp." in new, "Unter den Linden" in new) == (False, True)


async def test_r7_2_accept_a_german_company_pays_no_vat_by_a_valid_vat_id_and_as_a_consumer_by_another(
    ana: Customer, registry: VatRegistry
) -> None:
    await ana.api.call("PUT", "/v1/billing/information", GERMAN)
    [valid] = await ana.order(seats=11)
    registry.valid.clear()
    await ana.api.call("PUT", "/v1/billing/information", GERMAN | {"vatId": "DE129273398"})
    [invalid] = await ana.order(seats=12)

    reverse, consumer = (await ana.documents())[1:]
    files = [await text_of(ana, valid, format_) for format_ in ("pdf", "xml")]

    assert [(it["category"], it["rateBp"], it["taxMinor"]) for it in reverse["taxes"]] == [("AE", 0, 0)]
    assert reverse["grossMinor"] == reverse["netMinor"] == 2_300
    for text in files:
        assert "everse charge" in text
        assert "PL5260001246" in text
        assert "DE136695976" in text
    assert [(it["category"], it["rateBp"], it["taxMinor"]) for it in consumer["taxes"]] == [("S", 2_300, 529)]
    assert "everse charge" not in await text_of(ana, invalid, "xml")


async def test_r7_2_an_address_that_is_sent_twice_by_one_key_is_changed_once(ana: Customer) -> None:
    once = {"Idempotency-Key": "address-1"}

    first = await ana.api.call("PUT", "/v1/billing/information", GERMAN, headers=once)
    again = await ana.api.call("PUT", "/v1/billing/information", GERMAN, headers=once)
    other = await ana.api.call("PUT", "/v1/billing/information", GERMAN | {"city": "Bonn"}, headers=once)

    assert (first.status, again.status, other.status) == (200, 200, 409)
    assert first.data == again.data


async def test_r7_2_an_invoice_made_out_anew_and_those_it_belongs_to_name_each_other(ana: Customer) -> None:
    [old] = await ana.documents()
    await ana.api.call("PUT", "/v1/billing/information", GERMAN)
    await ana.subscriber.do("2026-03-11 10:00", CorrectBuyer(UUID(old["id"])))

    documents = {it["kind"] if not it["correctsNumber"] else "new": it for it in await ana.documents() if it != old}
    [old] = [it for it in await ana.documents() if it["id"] == old["id"]]
    new, note = documents["new"], documents["credit_note"]
    pages = {it["number"]: (await ana.owner.get(f"{LIST}/{it['id']}")).text for it in (old, new, note)}
    listed = (await ana.owner.get(LIST)).text
    printed = await text_of(ana, new["id"], "pdf")

    assert (new["correctsNumber"], new["buyerName"]) == (old["number"], "Acme GmbH")
    assert (old["replacedByNumber"], note["replacedByNumber"]) == (new["number"], new["number"])
    for one, others in ((old, [new]), (new, [old, note]), (note, [old, new])):
        assert all(it["number"] in pages[one["number"]] for it in others)
    assert f"Replaced by invoice {new['number']}" in listed
    assert old["number"] in printed
    assert note["number"] in printed
