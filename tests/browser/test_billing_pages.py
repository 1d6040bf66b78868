"""The paths to billing that customers know by heart, walked by their labels in a real browser, to a card that pays."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import pytest
from playwright.async_api import Browser, Page, ViewportSize, expect
from tests.browser import axe
from tests.support.browsing import browsing, give_password
from tests.support.chromium import DESK, PHONE, troubles
from tests.support.makers import Tenant
from tests.support.shop import on_trial, shop
from tests.support.stripe_fake import stripe_fake

from tocsin.clock import SetClock
from tocsin.db import Databases
from tocsin.settings import Settings

pytestmark = pytest.mark.browser

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
BOTH = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
Open = Callable[..., Awaitable[Page]]


@pytest.fixture
async def owner(
    browser: Browser, settings: Settings, database_url: str, databases: Databases, tenant: Tenant
) -> AsyncIterator[Open]:
    """Opens the alert list as the owner of an account on trial; at the end nothing may have gone wrong."""
    clock = SetClock(NOW)
    wrong: list[list[str]] = []
    async with AsyncExitStack() as stack:
        fake = await stack.enter_async_context(stripe_fake(lambda: NOW))
        url = await stack.enter_async_context(shop(settings, database_url, databases, fake, clock))
        ana = await give_password(databases, (await on_trial(databases, tenant, clock)).owner)

        async def opened(size: ViewportSize, locale: str = "en") -> Page:
            async with databases.engine.transaction() as tx:
                await tx.execute("update users set locale = %(to)s where id = %(id)s", to=locale, id=ana.id)
            context = await browser.new_context(base_url=url, viewport=size)
            stack.push_async_callback(context.close)
            async with browsing(url) as signing_in:
                await signing_in.sign_in(ana)
                await context.add_cookies(
                    [{"name": it.key, "value": it.value, "url": url} for it in signing_in.session.cookie_jar]
                )
            page = await context.new_page()
            wrong.append(troubles(page))
            await page.goto("/alerts")
            return page

        yield opened
        assert not any(wrong), wrong


async def follow(page: Page, *labels: str) -> None:
    """Settings first, then a tab for each label: as a person reads the path out of a help page."""
    await page.get_by_role("link", name="Settings", exact=True).locator("visible=true").first.click()
    await page.wait_for_url("**/settings/**")
    for label in labels:
        await page.get_by_role("main").get_by_role("link", name=label, exact=True).first.click()
        await page.wait_for_load_state()


async def add_card(page: Page, number: str = "4242424242424242") -> None:
    await page.get_by_role("button", name="Enter the card").click()
    fields = page.frame_locator("[data-card-place] iframe")
    await fields.get_by_label("Card number").fill(number)
    await fields.get_by_label("Expiry").fill("12 / 30")
    await fields.get_by_label("Security code").fill("123")
    await page.get_by_role("button", name="Add card").click()
    await expect(page.get_by_text("•••• 4242")).to_be_visible()


async def order(page: Page, billing: str, users: str, plan: str) -> None:
    await page.get_by_label(billing).check()
    await page.get_by_label("Users").fill(users)
    await page.get_by_label("Plan Type").select_option(label=plan)
    await page.get_by_role("button", name="Change", exact=True).click()


async def sound(page: Page) -> None:
    """Nothing grave for people with disabilities, and nothing wider than the screen."""
    assert await axe.violations(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


@BOTH
async def test_r6_2_the_six_paths_of_the_help_lead_where_they_say(owner: Open, size: ViewportSize) -> None:
    page = await owner(size)

    # R5.1: Settings > Billing > Billing Information > Add a Card
    await follow(page, "Billing", "Billing Information", "Add a Card")
    await sound(page)
    await add_card(page)
    await sound(page)

    # R7.2: Settings > Billing > Billing Information > Edit your Billing Address
    await follow(page, "Billing", "Billing Information", "Edit your Billing Address")
    await page.get_by_label("Name", exact=False).first.fill("Example Ltd")
    await sound(page)

    # R4.3: Settings > Subscriptions > Annual, Users, Plan Type, Change
    await follow(page, "Subscriptions")
    await sound(page)
    await page.get_by_label("Start today").check()
    await order(page, "Annual", "10", "Standard")
    await expect(page.get_by_text("Due now: 2,280.00\N{NO-BREAK SPACE}USD")).to_be_visible()
    await sound(page)
    await page.get_by_role("button", name="Pay 2,280.00\N{NO-BREAK SPACE}USD and change").click()
    await expect(page.get_by_text("10 March 2027").first).to_be_visible()

    # R6.2: Settings > Billing > Subscriptions > the new plan
    await follow(page, "Billing", "Subscriptions")
    await order(page, "Annual", "10", "Enterprise")
    await expect(page.get_by_role("button", name="and change")).to_be_visible()

    # R7.1: Subscriptions > Invoices
    await follow(page, "Subscriptions", "Invoices")
    await sound(page)
    address = await page.get_by_role("link", name="PDF").first.get_attribute("href")
    invoice = await page.request.get(address or "")
    assert (await invoice.body()).startswith(b"%PDF")

    # R13.1: Settings > Subscriptions > Cancel
    await follow(page, "Subscriptions", "Cancel")
    await sound(page)
    await page.get_by_role("button", name="Cancel the subscription").click()
    await expect(page.get_by_role("button", name="Resume")).to_be_visible()
    await sound(page)


@BOTH
async def test_pages_of_billing_fit_in_polish(owner: Open, size: ViewportSize) -> None:
    page = await owner(size, "pl")

    for path in (
        "/settings/subscriptions", "/settings/subscriptions/change?billing=annual&users=60&plan=enterprise&start=today",
        "/settings/subscriptions/cancel", "/settings/subscriptions/invoices", "/settings/billing/information",
        "/settings/billing/information/address", "/settings/billing/information/card", "/settings/usage",
    ):  # fmt: skip
        await page.goto(path)
        await sound(page)
