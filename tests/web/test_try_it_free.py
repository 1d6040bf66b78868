"""Try it free: form, mail, link, account on trial; one trial for an organisation."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import aiohttp
import pytest
from tests.support.browsing import Browsing, browsing
from tests.support.makers import START, make_tenant
from tests.support.server import serve

from tocsin.accounts import store as accounts_store
from tocsin.billing import service as billing
from tocsin.clock import SetClock
from tocsin.db import Databases
from tocsin.licensing import terms_store
from tocsin.licensing.model import Standing
from tocsin.settings import Settings

FORM = {"company": "Edge Ltd", "country": "PL", "time_zone": "Europe/Warsaw", "locale": "en"}
PERSON = {"full_name": "Ana", "password": "correct horse battery", "time_zone": "Europe/Warsaw", "locale": "en"}


@pytest.fixture
async def operator(databases: Databases) -> None:
    """Somebody runs the server: sign-up mails are the server's."""
    tenant = await make_tenant(databases, "operators")
    async with databases.engine.transaction() as tx:
        await accounts_store.insert_operator(tx, tenant.account_id, tenant.owner.id, START)


@pytest.fixture
async def visitor(browser: Browsing, operator: None) -> Browsing:
    await browser.get("/try")
    return browser


def address() -> str:
    return f"ana@{uuid4().hex[:10]}.example"


async def link_to(databases: Databases, email: str) -> str:
    """The path of the newest mailed link."""
    async with databases.engine.transaction() as tx:
        text = await tx.value(
            "select text_body from mails where to_address = %(email)s and purpose = 'sign-up' order by id desc limit 1",
            email=email,
        )
    found = re.search(r"/try/[\w-]+", text or "")
    assert found, text
    return found.group()


async def account_of(databases: Databases, email: str) -> int:
    async with databases.engine.transaction() as tx:
        return int(await tx.value("select account_id from users where username = %(email)s", email=email))


async def start(visitor: Browsing, databases: Databases, email: str, **form: str) -> tuple[int, str]:
    """Sign up to the end: the account, and the key that was shown."""
    await visitor.post("/try", **{**FORM, "email": email, **form})
    path = await link_to(databases, email)
    await visitor.get(path)
    page = await visitor.post(path, **PERSON)
    assert page.status == 200, page.text
    key = re.search(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", page.text)
    assert key
    return await account_of(databases, email), key.group()


async def test_r2_1_a_trial_starts_with_company_confirmed_address_country_and_zone(
    visitor: Browsing, url: str, databases: Databases
) -> None:
    email = address()

    account_id, key = await start(visitor, databases, email)

    async with databases.engine.transaction() as tx:
        account = await accounts_store.get_account(tx, account_id)
        [term] = await terms_store.list_terms(tx, account_id)
    known = await billing.find(databases.app.for_account(account_id), account_id)
    assert known is not None
    assert (account.name, account.time_zone) == ("Edge Ltd", "Europe/Warsaw")
    assert (term.standing, term.plan) == (Standing.TRIALING, "enterprise")
    assert (known.subscription.currency, known.buyer.country) == ("PLN", "PL")
    assert known.subscription.trial_ends_at == datetime(2026, 3, 16, 23, tzinfo=UTC)  # 2 March + 14 whole days, Warsaw
    async with (
        aiohttp.ClientSession() as client,
        client.post(
            f"{url}/v2/alerts", headers={"Authorization": f"GenieKey {key}"}, json={"message": "first"}
        ) as response,
    ):
        assert response.status == 202


async def test_r2_1_the_same_organisation_gets_free_the_second_time(visitor: Browsing, databases: Databases) -> None:
    email = address()
    await start(visitor, databases, email)
    second = email.replace("ana@", "bo@")
    await visitor.post("/sign-out")
    await visitor.get("/try")

    account_id, _ = await start(visitor, databases, second)

    async with databases.engine.transaction() as tx:
        [term] = await terms_store.list_terms(tx, account_id)
    assert (term.standing, term.plan) == (Standing.FREE, "free")


async def test_opening_the_link_changes_nothing_and_it_works_once(visitor: Browsing, databases: Databases) -> None:
    email = address()
    await visitor.post("/try", **FORM, email=email)
    path = await link_to(databases, email)

    opened = [await visitor.get(path) for _ in range(2)]
    await visitor.post(path, **PERSON)
    again = await visitor.get(path)

    assert [page.status for page in opened] == [200, 200]
    assert again.status == 404
    assert "was used already" in again


async def test_the_link_is_good_for_two_days(visitor: Browsing, databases: Databases, clock: SetClock) -> None:
    email = address()
    await visitor.post("/try", **FORM, email=email)
    path = await link_to(databases, email)

    clock.at = START + timedelta(days=2, seconds=1)

    assert (await visitor.get(path)).status == 404


async def test_what_is_wrong_is_said_by_field_and_what_was_typed_stays(visitor: Browsing, databases: Databases) -> None:
    page = await visitor.post("/try", **{**FORM, "email": "nonsense", "country": "", "company": "Edge & Sons"})

    assert page.status == 422
    assert "This is not an e-mail address" in page
    assert "Choose the country" in page
    assert "Edge &amp; Sons" in page.text


async def test_a_weak_password_is_refused_and_the_link_stays_good(visitor: Browsing, databases: Databases) -> None:
    email = address()
    await visitor.post("/try", **FORM, email=email)
    path = await link_to(databases, email)
    await visitor.get(path)

    refused = await visitor.post(path, **{**PERSON, "password": "short"})

    assert refused.status == 422
    assert (await visitor.post(path, **PERSON)).status == 200


async def test_many_mails_to_one_address_are_throttled(visitor: Browsing) -> None:
    email = address()

    statuses = [(await visitor.post("/try", **FORM, email=email)).status for _ in range(5)]

    assert statuses[0] == 200
    assert statuses[-1] == 429


@pytest.fixture
async def closed(settings: Settings, database_url: str) -> AsyncIterator[str]:
    shut = settings.model_copy(update={"sign_up": "closed"})
    async with serve(shut, database_url, SetClock(START)) as running:
        yield running


async def test_a_closed_server_lets_no_stranger_sign_up(closed: str, operator: None) -> None:
    async with browsing(closed) as stranger:
        assert (await stranger.get("/try")).status == 404
