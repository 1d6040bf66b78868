import asyncio
from datetime import timedelta

import pytest
from tests.support.browsing import PASSWORD, Answer, Browsing, add_person, browsing
from tests.support.makers import START, Tenant, make_tenant
from tests.support.server import scratch_database, serve

from tocsin.accounts.sign_in import service, store
from tocsin.clock import SetClock
from tocsin.db import Databases
from tocsin.settings import Settings


class CountingPasswords:
    """Counts what work a sign-in costs."""

    def __init__(self, right: str = PASSWORD) -> None:
        self.right = right
        self.verified: list[str | None] = []

    async def hash(self, password: str) -> str:
        return f"hash of {password}"

    async def verify(self, password_hash: str | None, password: str) -> bool:
        self.verified.append(password_hash)
        return password_hash is not None and password == self.right

    def is_outdated(self, password_hash: str) -> bool:
        return False


async def test_the_right_password_leads_to_the_page_that_was_wanted(
    browser: Browsing, databases: Databases, tenant: Tenant
) -> None:
    ana = await add_person(databases, tenant)
    asked = await browser.send("GET", "/confirm?next=/profile")
    form = await browser.send("GET", asked.location)

    answer = await browser.send(
        "POST", "/sign-in", username=ana.username.upper(), password=PASSWORD, next=form.field("next")
    )

    assert asked.location == "/sign-in?next=%2Fconfirm%3Fnext%3D%2Fprofile"
    assert (answer.status, answer.location) == (303, "/confirm?next=/profile")
    assert (await browser.send("GET", "/confirm")).status == 200


@pytest.mark.parametrize(
    "wanted",
    ["https://evil.example.com/", "//evil.example.com", "/\\evil.example.com", "javascript:alert(1)", "/a\nb", ""],
)
async def test_a_forged_link_leads_nowhere_else(
    browser: Browsing, databases: Databases, tenant: Tenant, wanted: str
) -> None:
    ana = await add_person(databases, tenant)
    await browser.get("/sign-in")

    answer = await browser.send("POST", "/sign-in", username=ana.username, password=PASSWORD, next=wanted)

    assert answer.location == "/alerts"


@pytest.mark.parametrize("username", ["", "nobody@example.com", "x" * 5000])
async def test_a_wrong_password_and_an_unknown_name_read_the_same(
    browser: Browsing, databases: Databases, tenant: Tenant, username: str
) -> None:
    ana = await add_person(databases, tenant)
    await browser.get("/sign-in")

    wrong = await browser.send("POST", "/sign-in", username=ana.username, password="wrong password")
    unknown = await browser.send("POST", "/sign-in", username=username, password=PASSWORD)

    assert wrong.status == unknown.status == 422
    assert "The e-mail address or the password is not right." in wrong
    assert "The e-mail address or the password is not right." in unknown
    assert not [cookie for cookie in wrong.cookies + unknown.cookies if "session" in cookie]


@pytest.mark.parametrize("known", [True, False])
async def test_an_unknown_name_costs_the_same_work(databases: Databases, tenant: Tenant, known: bool) -> None:
    ana = await add_person(databases, tenant)
    passwords = CountingPasswords()

    found = await service.check_password(
        databases.engine, passwords, ana.username if known else "nobody@example.com", "wrong password",
        address=f"192.0.2.{ana.id.bytes[0]}", at=START,
    )  # fmt: skip

    assert found == []
    assert len(passwords.verified) == 1


async def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(
    browser: Browsing, databases: Databases, tenant: Tenant
) -> None:
    ana = await add_person(databases, tenant)

    answer = await browser.sign_in(ana)

    [cookie] = [cookie for cookie in answer.cookies if cookie.startswith("tocsin-session=")]
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert "Secure" not in cookie


async def test_on_https_every_cookie_is_secure_and_pinned_to_the_host(
    settings: Settings, database_url: str, databases: Databases, tenant: Tenant
) -> None:
    ana = await add_person(databases, tenant)
    secure = settings.model_copy(update={"public_url": "https://tocsin.example.com"})
    async with serve(secure, database_url, SetClock(START)) as url, browsing(url) as browser:
        page = await browser.send("GET", "/sign-in")
        visitor = page.cookies[0].partition(";")[0]

        answer = await browser.send("POST", "/sign-in", {"Cookie": visitor}, username=ana.username, password=PASSWORD)

    assert answer.status == 303
    assert page.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert [cookie for cookie in answer.cookies if cookie.startswith("__Host-tocsin-session=")]
    for cookie in page.cookies + answer.cookies:
        assert cookie.startswith("__Host-tocsin-"), cookie
        assert {"Secure", "HttpOnly", "Path=/"} <= {part.strip() for part in cookie.split(";")}
        assert "domain" not in cookie.lower()


async def test_signing_in_again_ends_the_session_before(
    browser: Browsing, databases: Databases, tenant: Tenant
) -> None:
    ana, bo = await add_person(databases, tenant), await add_person(databases, tenant)
    await browser.sign_in(ana)
    async with databases.engine.transaction() as tx:
        [before] = await store.list_sessions(tx, tenant.account_id, ana.id, START)

    await browser.sign_in(bo)

    async with databases.engine.transaction() as tx:
        assert await store.list_sessions(tx, tenant.account_id, ana.id, START) == []
        [after] = await store.list_sessions(tx, tenant.account_id, bo.id, START)
    assert before.id != after.id


async def test_whoever_signed_out_is_out(browser: Browsing, databases: Databases, tenant: Tenant) -> None:
    await browser.sign_in(await add_person(databases, tenant))

    answer = await browser.post("/sign-out")

    assert "You are signed out." in answer
    assert "You are signed out." not in await browser.get("/sign-in")
    assert (await browser.send("GET", "/confirm")).location.startswith("/sign-in")


async def test_a_session_lasts_as_long_as_it_is_used(
    browser: Browsing, databases: Databases, tenant: Tenant, clock: SetClock, settings: Settings
) -> None:
    await browser.sign_in(await add_person(databases, tenant))
    almost = timedelta(days=settings.session_days) - timedelta(hours=1)

    clock.at = START + almost
    used = await browser.send("GET", "/confirm")
    clock.at = START + 2 * almost
    still = await browser.send("GET", "/confirm")
    clock.at = START + 3 * almost + timedelta(hours=1)
    after = await browser.send("GET", "/confirm")

    assert (used.status, still.status, after.status) == (200, 200, 303)


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example.com"},
        {"Origin": "null"},
        {"X-CSRF-Token": "forged"},
    ],
    ids=str,
)
async def test_a_form_from_another_site_is_refused(
    browser: Browsing, databases: Databases, tenant: Tenant, headers: dict[str, str]
) -> None:
    await browser.sign_in(await add_person(databases, tenant))

    answer = await browser.send("POST", "/sign-out", headers)

    assert answer.status == 403
    assert "was not sent from our page" in answer
    assert (await browser.send("GET", "/confirm")).status == 200


async def test_a_form_without_its_token_is_refused(browser: Browsing, databases: Databases, tenant: Tenant) -> None:
    ana = await add_person(databases, tenant)
    await browser.get("/sign-in")
    browser.csrf_token = ""

    answer = await browser.send("POST", "/sign-in", username=ana.username, password=PASSWORD)

    assert answer.status == 403


async def test_the_token_of_one_visitor_is_none_for_another(
    browser: Browsing, url: str, databases: Databases, tenant: Tenant
) -> None:
    ana = await add_person(databases, tenant)
    await browser.get("/sign-in")
    async with browsing(url) as other:
        await other.get("/sign-in")
        other.csrf_token = browser.csrf_token

        answer = await other.send("POST", "/sign-in", username=ana.username, password=PASSWORD)

    assert answer.status == 403


async def test_guessing_a_password_means_waiting_longer_and_longer(
    browser: Browsing, databases: Databases, tenant: Tenant, clock: SetClock
) -> None:
    ana = await add_person(databases, tenant)
    await browser.get("/sign-in")
    waits = []

    for _ in range(8):
        while (answer := await guess(browser, ana.username)).status == 429:
            waits.append(int(answer.headers["Retry-After"]))
            clock.at += timedelta(seconds=waits[-1])

    assert waits == [15, 30, 60]
    assert "Wait 2 min, then try again." in await guess(browser, ana.username)
    assert (await guess(browser, ana.username, PASSWORD)).status == 429
    clock.at += timedelta(minutes=2)
    assert (await guess(browser, ana.username, PASSWORD)).status == 303


async def test_tries_at_once_all_count(databases: Databases, tenant: Tenant) -> None:
    ana = await add_person(databases, tenant)
    passwords = CountingPasswords()

    outcomes = await asyncio.gather(
        *(
            service.check_password(
                databases.engine, passwords, ana.username, f"guess {number}", address=f"{number}.{ana.id}", at=START
            )
            for number in range(20)
        ),
        return_exceptions=True,
    )

    assert len(passwords.verified) == 5
    assert sum(isinstance(outcome, Exception) for outcome in outcomes) == 15


async def test_an_address_that_tries_many_names_has_to_wait(
    browser: Browsing, databases: Databases, tenant: Tenant, clock: SetClock
) -> None:
    ana = await add_person(databases, tenant)
    await browser.get("/sign-in")

    answers = [(await guess(browser, f"guess-{number}-{ana.id}@example.com")).status for number in range(31)]

    assert answers == [422] * 30 + [429]
    assert (await guess(browser, ana.username, PASSWORD)).status == 429
    clock.at += timedelta(seconds=15)
    assert (await guess(browser, ana.username, PASSWORD)).status == 303


async def test_strangers_cannot_lock_out_somebody_whose_browser_is_known(
    browser: Browsing, url: str, databases: Databases, tenant: Tenant
) -> None:
    ana = await add_person(databases, tenant)
    await browser.sign_in(ana)
    await browser.post("/sign-out")
    async with browsing(url) as stranger:
        await stranger.get("/sign-in")
        while (await guess(stranger, ana.username)).status != 429:
            pass

    assert (await guess(browser, ana.username, PASSWORD)).status == 303


async def guess(browser: Browsing, username: str, password: str = "a guess") -> Answer:
    return await browser.send("POST", "/sign-in", username=username, password=password)


async def test_somebody_in_two_accounts_chooses_one(browser: Browsing, databases: Databases, tenant: Tenant) -> None:
    ana = await add_person(databases, tenant)
    other = await make_tenant(databases, "the other account")
    await add_person(databases, other, ana.username)
    await browser.get("/sign-in")

    choice = await browser.send("POST", "/sign-in", username=ana.username, password=PASSWORD)
    forged = await browser.send("POST", "/sign-in/account", signed=choice.field("signed") + "x", account="1")
    foreign = await browser.send("POST", "/sign-in/account", signed=choice.field("signed"), account="1")
    answer = await browser.send(
        "POST", "/sign-in/account", signed=choice.field("signed"), account=str(other.account_id)
    )

    assert "the other account" in choice
    assert (forged.status, foreign.status, answer.status) == (404, 404, 303)
    assert "the other account" in await browser.get("/no-such-page")


async def test_pages_speak_the_reader_s_language(browser: Browsing) -> None:
    polish = await browser.send("GET", "/sign-in", {"Accept-Language": "pl,en;q=0.5"})
    chosen = await browser.post("/language", locale="pl", next="/sign-in")

    assert "Zaloguj się" in polish
    assert "Zaloguj się" in chosen
    assert "Zaloguj się" in await browser.get("/sign-in")


async def test_every_page_says_what_browsers_must_not_do(browser: Browsing) -> None:
    first, second = await browser.send("GET", "/sign-in"), await browser.send("GET", "/no-such-page")

    policies = []
    for answer in (first, second):
        headers = answer.headers
        policies.append(headers["Content-Security-Policy"])
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Cache-Control"] == "no-store"
        nonce = answer.find(r'<script [^>]*nonce="([^"]+)"')
        assert f"script-src 'self' 'nonce-{nonce}';" in policies[-1]
        assert "style-src 'self';" in policies[-1]
        assert "frame-ancestors 'none'" in policies[-1]
        assert "unsafe" not in policies[-1]
    assert policies[0] != policies[1]
    assert second.status == 404


async def test_a_form_that_is_too_large_is_refused(browser: Browsing) -> None:
    await browser.get("/sign-in")

    answer = await browser.send("POST", "/sign-in", username="ana@example.com", password="x" * 600_000)

    assert (answer.status, "This form is too large." in answer) == (422, True)


async def test_the_first_page_leads_to_the_alerts(browser: Browsing) -> None:
    assert (await browser.send("GET", "/")).location == "/alerts"


async def test_a_server_without_any_account_says_how_to_make_one(settings: Settings) -> None:
    with scratch_database() as empty:
        async with serve(settings, empty, SetClock(START)) as url, browsing(url) as browser:
            answer = await browser.get("/")

    assert "This server has no account yet" in answer
    assert "tocsin up" in answer


async def test_who_has_no_account_is_led_to_the_trial_and_the_prices_where_something_is_sold(
    browser: Browsing, settings: Settings, database_url: str, clock: SetClock
) -> None:
    selling = await browser.get("/sign-in")
    async with (
        serve(settings.model_copy(update={"billing": "off"}), database_url, clock) as url,
        browsing(url) as other,
    ):
        not_selling = await other.get("/sign-in")

    assert 'href="/try"' in selling.text
    assert 'href="/pricing"' in selling.text
    assert 'href="/try"' not in not_selling.text
