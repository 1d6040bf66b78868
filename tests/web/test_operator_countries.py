"""Countries of the operator: what he says comes before the shipped table, on every page and in the API."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from tests.support.browsing import Browsing, give_password
from tests.support.makers import START, Tenant, make_tenant

from tocsin.accounts import audit_store
from tocsin.accounts import store as accounts_store
from tocsin.db import Databases

HERE = "/operator/countries"


@pytest.fixture
async def server(databases: Databases) -> AsyncIterator[Tenant]:
    """The account whose owner runs the server; what he says of countries is forgotten afterwards."""
    made = await make_tenant(databases, "server")
    async with databases.engine.transaction() as tx:
        await accounts_store.insert_operator(tx, made.account_id, made.owner.id, START)
    yield made
    async with databases.engine.transaction() as tx:
        await tx.execute("delete from operators where account_id = %(id)s", id=made.account_id)
        await tx.execute("delete from country_overrides")


@pytest.fixture
async def operator(browser: Browsing, databases: Databases, server: Tenant) -> Browsing:
    await browser.sign_in(await give_password(databases, server.owner))
    await browser.get(HERE)
    return browser


async def country(http: aiohttp.ClientSession, url: str, code: str) -> dict[str, Any]:
    async with http.get(f"{url}/v1/countries") as response:
        found: list[dict[str, Any]] = (await response.json())["data"]
    return next(it for it in found if it["code"] == code)


async def audited(server: Tenant) -> list[tuple[str, str, Any, Any]]:
    async with server.app.transaction() as tx:
        entries = await audit_store.list_entries(tx, server.account_id, 10, before_id=None, after_id=None, since=None)
    return [(it.action, it.object_name, it.before, it.after) for it in entries if it.object_type == "country"]


async def test_r12_3_what_the_operator_says_is_in_the_page_and_the_api_until_it_is_removed(
    operator: Browsing, server: Tenant, http: aiohttp.ClientSession, url: str
) -> None:
    set_so = await operator.post(HERE, code="JM", sms="on", note="No carrier for calls")
    page = await operator.get("/supported-countries?q=jm")
    answered = await country(http, url, "JM")
    faq = await operator.get("/licensing-faq")
    removed = await operator.post(f"{HERE}/remove", code="JM")
    after = await country(http, url, "JM")
    faq_after = await operator.get("/licensing-faq")

    assert "Saved: Jamaica." in set_so
    assert "No carrier for calls" in set_so
    assert "No carrier for calls" in page
    assert (answered["sms"], answered["voice"], answered["note"]) == (True, False, "No carrier for calls")
    assert "Jamaica is as in the shipped table again." in removed
    assert (after["sms"], after["voice"], after["note"]) == (True, True, "")
    voices = [int(it.find(r"calls to (\d+) countries")) for it in (faq, faq_after)]
    assert voices[1] == voices[0] + 1
    facts = {"sms": True, "voice": False, "note": "No carrier for calls"}
    assert await audited(server) == [("removed", "Jamaica", facts, None), ("added", "Jamaica", None, facts)]


async def test_a_change_is_audited_with_what_it_changes(operator: Browsing, server: Tenant) -> None:
    await operator.post(HERE, code="CN", sms="on")
    form = await operator.get(f"{HERE}?country=CN")
    await operator.post(HERE, code="CN", sms="on", voice="on")

    assert '<option value="CN" selected>' in form
    assert form.find(r'name="sms" value="on"( checked)?') == " checked"
    assert 'name="voice" value="on">' in form
    assert (await audited(server))[0] == ("changed", "China", {"voice": False}, {"voice": True})


async def test_what_is_no_country_or_too_long_is_refused_and_stays_typed(operator: Browsing) -> None:
    nowhere = await operator.post(HERE, code="ZZ", sms="on", note="kept")
    long = await operator.post(HERE, code="PL", note="n" * 201)
    gone = await operator.post(f"{HERE}/remove", code="PL")

    assert (nowhere.status, long.status, gone.status) == (422, 422, 404)
    assert "Choose a country." in nowhere
    assert 'value="kept"' in nowhere
    assert "A note is one line of at most 200 characters." in long
    assert "Everything is as shipped" in long


async def test_to_everybody_else_the_page_does_not_exist(
    browser: Browsing, databases: Databases, tenant: Tenant, http: aiohttp.ClientSession, url: str
) -> None:
    await browser.sign_in(await give_password(databases, tenant.owner))

    answers = [
        await browser.get(HERE),
        await browser.post(HERE, code="PL"),
        await browser.post(f"{HERE}/remove", code="PL"),
    ]

    assert [it.status for it in answers] == [404, 404, 404]
    assert (await country(http, url, "PL"))["sms"]
