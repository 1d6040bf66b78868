"""The page of questions about licences: numbers from the price book, an address for each answer."""

import re
from uuid import uuid4

import aiohttp
from pydantic import SecretStr
from tests.support.books import SHIPPED
from tests.support.browsing import Browsing, browsing
from tests.support.makers import START
from tests.support.server import serve

from tocsin.clock import SetClock
from tocsin.db import Databases
from tocsin.licensing import pricebook_service, pricebook_store
from tocsin.licensing.pricebook import Zone
from tocsin.licensing.pricebook_store import PublishedBook
from tocsin.licensing.tariff import Tariff
from tocsin.settings import Settings

ANCHORS = {
    "cost", "trial", "after-trial", "payment", "card", "change", "invoices", "users", "more", "incoming", "unlimited",
    "countries", "cancel",
}  # fmt: skip


async def test_r0_3_thirteen_questions_have_addresses_headings_and_a_link_to_copy(browser: Browsing) -> None:
    page = await browser.get("/licensing-faq")

    assert page.status == 200
    assert set(re.findall(r'<details class="disclosure" id="([\w-]+)"', page.text)) == ANCHORS
    assert set(re.findall(r'href="/licensing-faq#([\w-]+)" data-copy-link', page.text)) == ANCHORS
    assert page.text.count('<h2 tabindex="-1">') == len(ANCHORS)


async def test_r4_1_cards_are_offered_only_where_there_is_a_card_provider(
    settings: Settings, database_url: str, clock: SetClock
) -> None:
    keys = {"stripe_api_key": SecretStr("sk_test_x"), "stripe_publishable_key": "pk_test_x"}
    answers = []
    for how in (settings, settings.model_copy(update=keys)):
        async with serve(how, database_url, clock) as running, browsing(running) as visitor:
            answers.append((await visitor.get("/licensing-faq")).text)

    without, with_cards = answers
    assert "this server takes no cards" in without
    for offered in ("By card: Visa", "pay by card", "picks Add a Card"):
        assert (offered in without, offered in with_cards) == (False, True), offered


async def test_r0_1_a_new_price_is_in_the_faq_the_calculator_and_the_tariff_at_once(
    browser: Browsing, databases: Databases, url: str, http: aiohttp.ClientSession
) -> None:
    dearer, changed = re.subn(r"(messages:[^\n]*\n\s*us_ca: \{USD: )0\.10", r"\g<1>0.12", SHIPPED)
    assert changed == 1
    async with databases.engine.transaction() as tx:
        newest = await pricebook_store.newest(tx)
        version = newest.version + 1
        await pricebook_store.insert(tx, PublishedBook(version, dearer, START, f"dearer {uuid4()}", "test"))
    try:
        faq = await browser.get("/licensing-faq?currency=USD")
        calculator = await browser.get("/pricing?plan=essentials&interval=month&responders=1&messages_us_ca=101")
        asked = {"plan": "essentials", "currency": "USD", "responders": 1, "messages": {"us_ca": 101}}
        async with http.post(f"{url}/v1/quotes", json=asked) as response:
            quoted = (await response.json())["data"]
        async with databases.engine.transaction() as tx:
            book = await pricebook_service.current(tx)
    finally:
        async with databases.engine.transaction() as tx:
            same = PublishedBook(version + 1, newest.document, START, "as before", "test")
            await pricebook_store.insert(tx, same)

    assert "costs 0.12\xa0USD in the USA and Canada" in faq
    assert "0.12\xa0USD" in calculator
    assert (quoted["usageMinor"], quoted["version"]) == (12, version)
    assert Tariff(book, "USD").message_minor(Zone.US_CA) == 12
