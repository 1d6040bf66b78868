"""Signing in as people do, in a real browser: password, authenticator app, passkey; with and without a script."""

import re
import socket
from collections.abc import AsyncIterator
from uuid import uuid4

import pyotp
import pytest
from playwright.async_api import Browser, BrowserContext, Page, Route, expect
from tests.browser import axe
from tests.support.browsing import PASSWORD, add_person, give_password
from tests.support.chromium import PHONE, troubles
from tests.support.makers import START, Tenant
from tests.support.server import serve_app

from tocsin.accounts.model import User
from tocsin.accounts.sign_in import factors_store
from tocsin.accounts.sign_in.factors_store import Passkey
from tocsin.app import create_app
from tocsin.clock import SystemClock
from tocsin.db import Databases
from tocsin.settings import Settings

pytestmark = pytest.mark.browser


@pytest.fixture
async def origin(settings: Settings, database_url: str) -> AsyncIterator[str]:
    """The application under a name: browsers make passkeys for localhost, not for 127.0.0.1."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://localhost:{listener.getsockname()[1]}"
        app = create_app(settings.model_copy(update={"public_url": address}), database_url, SystemClock())
        async with serve_app(app, listener):
            yield address


@pytest.fixture
async def context(browser: Browser, origin: str) -> AsyncIterator[BrowserContext]:
    opened = await browser.new_context(base_url=origin, viewport=PHONE, locale="en-GB")
    yield opened
    await opened.close()


async def sign_in(page: Page, user: User) -> None:
    await page.goto("/sign-in?next=/profile/security")
    await page.get_by_label("E-mail address").fill(user.username)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()


async def sign_out(page: Page) -> None:
    await page.locator("summary", has=page.locator(".avatar")).first.click()
    await page.get_by_role("button", name="Sign out", exact=True).first.click()
    await page.get_by_role("heading", name="Sign in").wait_for()


async def add_authenticator(page: Page) -> None:
    """A device that makes and shows passkeys, and whose person always says yes."""
    session = await page.context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    await session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


async def test_a_passkey_is_added_signs_in_confirms_and_is_removed(
    context: BrowserContext, databases: Databases, tenant: Tenant
) -> None:
    ana = await add_person(databases, tenant)
    page = await context.new_page()
    wrong = troubles(page)
    await add_authenticator(page)
    await sign_in(page, ana)

    await page.get_by_label(re.compile("^Name of the new passkey")).fill("test device")
    await page.get_by_role("button", name="Add a passkey").click()
    await page.get_by_text("The passkey is added.").wait_for()
    await page.get_by_text("never used").wait_for()
    await sign_out(page)
    await page.goto("/sign-in?next=/profile/security")
    await page.get_by_role("button", name="Sign in with a passkey").click()
    await page.get_by_text("last used").wait_for()
    await page.goto("/confirm?next=/profile")
    await page.get_by_role("button", name="Confirm with a passkey").click()
    await page.get_by_role("heading", name="How you are reached").wait_for()
    await page.goto("/profile/security")
    row = page.locator("li", has_text="test device")
    await row.locator("summary", has_text="Remove").click()
    await row.get_by_role("button", name="Remove").click()
    await page.get_by_text("The passkey is removed.").wait_for()
    await sign_out(page)
    await page.get_by_role("button", name="Sign in with a passkey").click()

    await page.get_by_text("This passkey is not known here.").wait_for()
    assert [line for line in wrong if "422" not in line] == []


async def test_somebody_else_s_passkey_confirms_nothing(
    context: BrowserContext, databases: Databases, tenant: Tenant
) -> None:
    ana, bo = await add_person(databases, tenant), await add_person(databases, tenant)
    lost = Passkey(tenant.account_id, uuid4(), bo.id, uuid4().bytes, b"key", 0, "lost device", START, None)
    async with databases.engine.transaction() as tx:
        await factors_store.insert_passkey(tx, lost)
    page = await context.new_page()
    await add_authenticator(page)
    await sign_in(page, ana)
    await page.get_by_role("button", name="Add a passkey").click()
    await page.get_by_text("The passkey is added.").wait_for()
    await sign_out(page)
    await sign_in(page, bo)
    await page.get_by_role("heading", name="Passkeys").wait_for()

    async def ask_for_any(route: Route) -> None:
        answer = await route.fetch()
        await route.fulfill(response=answer, json=await answer.json() | {"allowCredentials": []})

    await page.route("**/confirm/passkey/options", ask_for_any)
    await page.goto("/confirm")
    await page.get_by_role("button", name="Confirm with a passkey").click()

    await page.get_by_text("This passkey is not yours.").wait_for()


async def test_an_authenticator_app_is_added_and_asked_for(
    context: BrowserContext, databases: Databases, tenant: Tenant
) -> None:
    ana = await add_person(databases, tenant)
    page = await context.new_page()
    wrong = troubles(page)
    await sign_in(page, ana)

    await page.get_by_role("link", name="Add an authenticator app").click()
    picture = page.get_by_alt_text("QR code for the app")
    width = await picture.evaluate("image => image.naturalWidth")
    secret = await page.locator("#totp-secret").inner_text()
    await page.get_by_label("Code").fill(pyotp.TOTP(secret).now())
    await page.get_by_role("button", name="Use this app").click()
    codes = (await page.locator("#recovery-codes").inner_text()).split()
    await page.get_by_role("link", name="I have kept them").click()
    await sign_out(page)
    await sign_in(page, ana)
    await page.get_by_label("Code").fill(codes[0])
    await page.get_by_role("button", name="Go on").click()

    await page.get_by_text("9 recovery codes are left.").wait_for()
    assert width > 100
    assert wrong == []


async def test_everything_works_without_a_script(
    browser: Browser, origin: str, databases: Databases, tenant: Tenant
) -> None:
    owner = await give_password(databases, tenant.owner)
    context = await browser.new_context(base_url=origin, viewport=PHONE, locale="en-GB", java_script_enabled=False)
    page = await context.new_page()
    await sign_in(page, owner)

    await page.goto("/settings/users")
    await page.get_by_label("E-mail address").fill("chloe@example.com")
    await page.get_by_role("button", name="Send the invitation").click()
    await expect(page.get_by_text("chloe@example.com is invited by mail.")).to_be_visible()
    row = page.locator("tr", has_text="chloe@example.com")
    await row.locator("summary", has_text="Withdraw").click()
    await row.get_by_role("button", name="Withdraw").click()
    await expect(page.get_by_text("The invitation is withdrawn.")).to_be_visible()
    await page.goto("/sign-in")

    assert await page.get_by_role("button", name="Sign in with a passkey").count() == 0
    await context.close()


@pytest.mark.parametrize(
    "path",
    ["/profile", "/profile/security", "/profile/security/app", "/settings/users", "/settings/keys", "/settings/audit",
     "/mailbox", "/confirm"],
)  # fmt: skip
async def test_a_page_is_accessible_fits_a_phone_and_breaks_no_rule_of_ours(
    context: BrowserContext, databases: Databases, tenant: Tenant, path: str
) -> None:
    owner = await give_password(databases, tenant.owner)
    page = await context.new_page()
    wrong = troubles(page)
    await sign_in(page, owner)
    await page.wait_for_url("**/profile/security")

    await page.goto(path)

    assert wrong == []
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert await axe.violations(page) == []


@pytest.mark.parametrize("path", ["/sign-in", "/forgot"])
async def test_a_page_for_everybody_is_accessible_and_fits_a_phone(context: BrowserContext, path: str) -> None:
    page = await context.new_page()
    wrong = troubles(page)

    await page.goto(path)

    assert wrong == []
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert await axe.violations(page) == []
