import re
from datetime import timedelta

import pyotp
import pytest
from tests.support.browsing import PASSWORD, Browsing, add_person, browsing
from tests.support.mailbox import link_in, mails
from tests.support.makers import START, Tenant

from tocsin.accounts import audit_store
from tocsin.accounts.model import Role, User
from tocsin.accounts.sign_in import factors_store, store
from tocsin.clock import SetClock
from tocsin.db import Databases

NEW_PASSWORD = "a quite different password"


async def add_app(browser: Browsing, clock: SetClock) -> tuple[str, list[str]]:
    """Enrol an authenticator app; returns its secret and the recovery codes."""
    page = await browser.get("/profile/security/app")
    secret = page.find(r'id="totp-secret"[^>]*>([A-Z2-7]+)<')
    answer = await browser.post("/profile/security/app", code=pyotp.TOTP(secret).at(clock.at))
    assert answer.status == 200, answer.text
    codes = answer.find(r'(?s)id="recovery-codes"[^>]*><code>(.*?)</code>').split()
    return secret, codes


async def passed_password(browser: Browsing, user: User, password: str = PASSWORD) -> None:
    """Sign in as far as the second factor."""
    await browser.get("/sign-in")
    answer = await browser.post("/sign-in", username=user.username, password=password)
    assert "One more step" in answer


async def test_a_new_password_counts_and_ends_the_other_sessions(
    browser: Browsing, url: str, databases: Databases, tenant: Tenant
) -> None:
    ana = await add_person(databases, tenant)
    await browser.sign_in(ana)
    async with browsing(url) as phone:
        await phone.sign_in(ana)

        answer = await browser.post("/profile/security/password", current_password=PASSWORD, password=NEW_PASSWORD)

        assert "other browsers are signed out" in answer
        assert (await phone.send("GET", "/profile")).location.startswith("/sign-in")
    await browser.post("/sign-out")
    await browser.sign_in(ana, NEW_PASSWORD)
    [told] = await mails(tenant, "notice")
    assert "Your password was changed." in told.text_body
    assert told.to_address == ana.username


@pytest.mark.parametrize(
    ("current", "new", "because"),
    [
        ("wrong", NEW_PASSWORD, "The password is not right."),
        (PASSWORD, "short", "It needs at least 10 characters."),
        (PASSWORD, "x" * 201, "It may have at most 200 characters."),
    ],
)
async def test_a_password_that_is_not_acceptable_changes_nothing(
    browser: Browsing, databases: Databases, tenant: Tenant, current: str, new: str, because: str
) -> None:
    ana = await add_person(databases, tenant)
    await browser.sign_in(ana)

    answer = await browser.post("/profile/security/password", current_password=current, password=new)

    assert (answer.status, because in answer) == (422, True)
    await browser.post("/sign-out")
    await browser.sign_in(ana)
    assert await mails(tenant) == []


async def test_an_authenticator_app_is_asked_for_once_it_is_added(
    browser: Browsing, databases: Databases, tenant: Tenant, clock: SetClock
) -> None:
    ana = await add_person(databases, tenant)
    await browser.sign_in(ana)
    page = await browser.get("/profile/security/app")
    again = await browser.get("/profile/security/app")
    secret, codes = await add_app(browser, clock)
    await browser.post("/sign-out")
    clock.at += timedelta(minutes=1)
    code = pyotp.TOTP(secret).at(clock.at)

    await passed_password(browser, ana)
    in_between = await browser.send("GET", "/profile")
    wrong = await browser.post("/sign-in/second-factor", code="000000")
    right = await browser.send("POST", "/sign-in/second-factor", code=f"{code[:3]} {code[3:]}", next="/profile")

    assert page.find(r'<img src="(data:image/svg[^"]+)"') == again.find(r'<img src="(data:image/svg[^"]+)"')
    assert len(codes) == 10
    assert in_between.location.startswith("/sign-in")
    assert (wrong.status, "The code is not right" in wrong) == (422, True)
    assert (right.status, right.location) == (303, "/profile")
    assert "10 recovery codes are left." in await browser.get("/profile/security")


async def test_a_code_works_once(browser: Browsing, databases: Databases, tenant: Tenant, clock: SetClock) -> None:
    ana = await add_person(databases, tenant)
    await browser.sign_in(ana)
    secret, codes = await add_app(browser, clock)
    await browser.post("/sign-out")

    await passed_password(browser, ana)
    enrolling = await browser.post("/sign-in/second-factor", code=pyotp.TOTP(secret).at(clock.at))
    first = await browser.send("POST", "/sign-in/second-factor", code=codes[3].upper())
    await browser.get("/profile")
    await browser.post("/sign-out")
    await passed_password(browser, ana)
    second = await browser.send("POST", "/sign-in/second-factor", code=codes[3])

    assert (enrolling.status, first.status, second.status) == (422, 303, 422)


async def test_guessing_codes_means_waiting(
    browser: Browsing, databases: Databases, tenant: Tenant, clock: SetClock
) -> None:
    ana = await add_person(databases, tenant)
    await browser.sign_in(ana)
    await add_app(browser, clock)
    await browser.post("/sign-out")
    await passed_password(browser, ana)

    statuses = [(await browser.post("/sign-in/second-factor", code=f"00000{number}")).status for number in range(6)]

    assert statuses == [422] * 5 + [429]


async def test_a_second_factor_that_comes_too_late_starts_again(
    browser: Browsing, databases: Databases, tenant: Tenant, clock: SetClock
) -> None:
    ana = await add_person(databases, tenant)
    await browser.sign_in(ana)
    secret, _ = await add_app(browser, clock)
    await browser.post("/sign-out")
    await passed_password(browser, ana)
    clock.at += timedelta(minutes=11)

    answer = await browser.send("POST", "/sign-in/second-factor", code=pyotp.TOTP(secret).at(clock.at))

    assert answer.location == "/sign-in"


async def test_the_app_s_secret_does_not_lie_open_in_the_database(
    browser: Browsing, databases: Databases, tenant: Tenant, clock: SetClock
) -> None:
    ana = await add_person(databases, tenant)
    await browser.sign_in(ana)

    secret, _ = await add_app(browser, clock)

    async with tenant.app.transaction() as tx:
        kept = await factors_store.lock_totp(tx, tenant.account_id, ana.id)
        entries = await audit_store.list_entries(tx, tenant.account_id, 10)
    assert kept.totp_secret is not None
    assert secret.encode() not in kept.totp_secret
    assert secret not in str(entries)
    assert entries[0].action == "added an authenticator app for"


async def test_a_removed_app_is_not_asked_for(
    browser: Browsing, databases: Databases, tenant: Tenant, clock: SetClock
) -> None:
    ana = await add_person(databases, tenant)
    await browser.sign_in(ana)
    await add_app(browser, clock)

    answer = await browser.post("/profile/security/app/remove")

    assert "The authenticator app is removed." in answer
    await browser.post("/sign-out")
    await browser.sign_in(ana)
    assert "signing in needs no code any more" in (await mails(tenant, "notice"))[-1].text_body


async def test_new_recovery_codes_replace_the_old(
    browser: Browsing, databases: Databases, tenant: Tenant, clock: SetClock
) -> None:
    ana = await add_person(databases, tenant)
    await browser.sign_in(ana)
    _, old = await add_app(browser, clock)

    page = await browser.post("/profile/security/recovery-codes")
    new = page.find(r'(?s)id="recovery-codes"[^>]*><code>(.*?)</code>').split()

    await browser.post("/sign-out")
    await passed_password(browser, ana)
    assert (await browser.post("/sign-in/second-factor", code=old[0])).status == 422
    assert (await browser.send("POST", "/sign-in/second-factor", code=new[0])).status == 303


@pytest.mark.parametrize("path", ["/profile/security/app", "/settings/keys", "/profile/security/app/remove"])
async def test_what_a_stolen_browser_must_not_do_asks_for_the_password_after_a_while(
    browser: Browsing, databases: Databases, tenant: Tenant, clock: SetClock, path: str
) -> None:
    ana = await add_person(databases, tenant, role=Role.OWNER)
    await browser.sign_in(ana)
    clock.at += timedelta(minutes=31)

    asked = await browser.send("POST", path, {"Referer": "http://elsewhere.example.com/x"})
    wrong = await browser.post("/confirm", password="wrong", next="/profile/security/app")
    right = await browser.post("/confirm", password=PASSWORD, next="/profile/security/app")

    assert (asked.status, asked.location) == (303, "/confirm?next=%2Falerts")
    assert (wrong.status, "The password is not right." in wrong) == (422, True)
    assert "Add an authenticator app" in right


async def test_sessions_are_listed_and_ended_one_by_one_and_all_at_once(
    browser: Browsing, url: str, databases: Databases, tenant: Tenant
) -> None:
    ana = await add_person(databases, tenant)
    await browser.sign_in(ana)
    async with browsing(url) as one, browsing(url) as two, browsing(url) as three:
        for other in (one, two, three):
            await other.sign_in(ana)
        async with tenant.app.transaction() as tx:
            sessions = await store.list_sessions(tx, tenant.account_id, ana.id, START)
        page = await browser.get("/profile/security")
        ends = [session for session in sessions if f"/sessions/{session.id}/end" in page.text]

        await browser.post(f"/profile/security/sessions/{ends[0].id}/end")
        left = [other for other in (one, two, three) if (await other.send("GET", "/profile")).status == 200]
        answer = await browser.post("/profile/security/sessions/end")

        assert len(ends) == 3
        assert len(left) == 2
        assert "2 other browsers are signed out." in answer
        assert [(await other.send("GET", "/profile")).status for other in (one, two, three)] == [303, 303, 303]
    assert (await browser.send("GET", "/profile")).status == 200


async def test_a_forgotten_password_is_replaced_by_a_mailed_link_that_works_once(
    browser: Browsing, url: str, databases: Databases, tenant: Tenant
) -> None:
    ana = await add_person(databases, tenant)
    async with browsing(url) as phone:
        await phone.sign_in(ana)
        await browser.get("/forgot")
        answer = await browser.post("/forgot", username=ana.username.upper())
        [mail] = await mails(tenant, "password-reset")
        link = link_in(mail, "/reset/")

        short = await browser.post(link, password="short")
        page = await browser.get(link)
        saved = await browser.post(link, password=NEW_PASSWORD)

        assert (await phone.send("GET", "/profile")).status == 303
    assert "If somebody here has this address" in answer
    assert mail.to_address == ana.username
    assert (short.status, page.status) == (422, 200)
    assert "The new password counts from now on." in saved
    assert (await browser.send("GET", link)).status == 404
    await browser.sign_in(ana, NEW_PASSWORD)


async def test_nobody_learns_from_the_forgotten_page_who_is_here(
    browser: Browsing, databases: Databases, tenant: Tenant
) -> None:
    ana = await add_person(databases, tenant)
    await browser.get("/forgot")

    known = await browser.post("/forgot", username=ana.username)
    unknown = await browser.post("/forgot", username="nobody@example.com")

    assert known.status == unknown.status == 200
    assert re.findall("(?s)<main.*</main>", known.text) == re.findall("(?s)<main.*</main>", unknown.text) != []


async def test_a_link_for_a_new_password_ends_after_an_hour(
    browser: Browsing, databases: Databases, tenant: Tenant, clock: SetClock
) -> None:
    ana = await add_person(databases, tenant)
    await browser.get("/forgot")
    await browser.post("/forgot", username=ana.username)
    link = link_in((await mails(tenant, "password-reset"))[0], "/reset/")

    clock.at += timedelta(minutes=61)

    assert (await browser.send("GET", link)).status == 404
    assert (await browser.send("POST", link, password=NEW_PASSWORD)).status == 404


async def test_nobody_s_mailbox_is_flooded_with_links(browser: Browsing, databases: Databases, tenant: Tenant) -> None:
    ana = await add_person(databases, tenant)
    await browser.get("/forgot")

    statuses = [(await browser.post("/forgot", username=ana.username)).status for _ in range(6)]

    assert statuses == [200, 200, 200, 429, 429, 429]
    assert len(await mails(tenant, "password-reset")) == 3


async def test_passkeys_are_not_offered_where_browsers_make_none(
    browser: Browsing, databases: Databases, tenant: Tenant
) -> None:
    await browser.sign_in(await add_person(databases, tenant))

    page = await browser.get("/profile/security")
    refused = await browser.post("/profile/security/passkeys/options")

    assert "Browsers make passkeys only for https and a host name." in page
    assert (refused.status, "TOCSIN_PUBLIC_URL" in refused) == (422, True)
    assert "data-passkey" not in (await browser.get("/confirm")).text
