"""At three in the morning, in a real browser: the list, the alert, and the rest, with and without a script."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta

import aiohttp
import pytest
from playwright.async_api import Browser, Page, ViewportSize, expect
from tests.browser import axe
from tests.support.alerts import add_alert
from tests.support.browsing import browsing, give_password
from tests.support.chromium import DESK, PHONE, troubles
from tests.support.makers import Tenant
from tests.support.world import World, team

from tocsin.accounts.model import User
from tocsin.alerts import store
from tocsin.alerts.model import Alert, AlertStatus
from tocsin.clock import SystemClock
from tocsin.db import Databases
from tocsin.settings import Settings

pytestmark = pytest.mark.browser

Open = Callable[..., Awaitable[Page]]
SMALL = ViewportSize(width=PHONE["width"], height=PHONE["height"])
WIDE = ViewportSize(width=DESK["width"], height=DESK["height"])
SOON = 20_000  # milliseconds: for what comes by the feed


@pytest.fixture
async def open_page(browser: Browser, base_url: str, databases: Databases, tenant: Tenant) -> AsyncIterator[Open]:
    """Opens a path as the owner of the account, in a browser of its own; at the end nothing may have gone wrong."""
    owner = await give_password(databases, tenant.owner)
    found: list[str] = []
    async with AsyncExitStack() as stack:

        async def opened(
            path: str,
            *,
            user: User = owner,
            size: ViewportSize = SMALL,
            scripted: bool = True,
            scheme: str = "light",
            locale: str = "en",
        ) -> Page:
            async with databases.engine.transaction() as tx:
                await tx.execute("update users set locale = %(to)s where id = %(id)s", to=locale, id=user.id)
            context = await browser.new_context(
                base_url=base_url,
                viewport=size,
                java_script_enabled=scripted,
                color_scheme="dark" if scheme == "dark" else "light",
            )
            stack.push_async_callback(context.close)
            async with browsing(base_url) as signing_in:
                await signing_in.sign_in(user)
                await context.add_cookies(
                    [{"name": it.key, "value": it.value, "url": base_url} for it in signing_in.session.cookie_jar]
                )
            page = await context.new_page()
            page.on("pageerror", lambda error: found.append(f"script error: {error}"))
            page.on("console", lambda message: found.append(message.text) if message.type == "error" else None)
            await page.goto(path)
            return page

        yield opened
        assert found == []


async def now(tenant: Tenant, alert: Alert) -> Alert:
    async with tenant.app.transaction() as tx:
        found = await store.find(tx, tenant.account_id, alert.id, "id")
    assert found is not None
    return found


async def live(page: Page) -> None:
    """Wait until the page hears of changes."""
    await expect(page.locator("[data-live=on]")).to_be_visible(timeout=SOON)


async def test_an_alert_is_acknowledged_from_the_list_without_leaving_it(
    open_page: Open, databases: Databases, tenant: Tenant
) -> None:
    alert = await add_alert(databases, tenant, message="disk is full")
    page = await open_page("/alerts")
    await page.evaluate("window.stayed = true")

    await page.get_by_role("button", name="Acknowledge #").click()

    await expect(page.get_by_text("Acknowledged. Nobody else is told while you look into it.")).to_be_visible()
    await expect(page.locator(f"#alert-{alert.id} .status")).to_have_text("Acknowledged")
    assert await page.evaluate("window.stayed") is True
    assert (await now(tenant, alert)).acknowledged
    assert await page.title() == "Alerts · Tocsin"


async def test_keys_walk_pick_and_close(open_page: Open, databases: Databases, tenant: Tenant) -> None:
    first = SystemClock().now()
    alerts = [
        await add_alert(databases, tenant, message=f"alert {n}", created_at=first - timedelta(minutes=n))
        for n in range(3)
    ]
    page = await open_page("/alerts", size=WIDE)

    for key in ("j", "x", "j", "x"):
        await page.keyboard.press(key)
    await expect(page.locator("[data-pick-count]")).to_have_text("2")
    await page.get_by_role("button", name="Close", exact=True).first.click()

    await expect(page.get_by_text("2 alerts closed.")).to_be_visible()
    await expect(page.locator("[data-row]")).to_have_count(1)
    assert [(await now(tenant, alert)).status for alert in alerts] == [
        AlertStatus.CLOSED, AlertStatus.CLOSED, AlertStatus.OPEN,
    ]  # fmt: skip


async def test_a_key_acknowledges_the_current_one(open_page: Open, databases: Databases, tenant: Tenant) -> None:
    alert = await add_alert(databases, tenant, message="disk is full")
    page = await open_page("/alerts", size=WIDE)

    await page.keyboard.press("j")
    await page.keyboard.press("a")

    await expect(page.locator(f"#alert-{alert.id} .status")).to_have_text("Acknowledged")
    assert (await now(tenant, alert)).acknowledged


async def test_a_new_alert_comes_by_itself_and_the_ticks_stay(
    open_page: Open, databases: Databases, tenant: Tenant, base_url: str
) -> None:
    old = await add_alert(databases, tenant, message="old trouble")
    page = await open_page("/alerts")
    await live(page)
    await page.locator(f"#pick-{old.id}").check()

    async with aiohttp.ClientSession(base_url) as client:
        answer = await client.post("/v2/alerts", json={"message": "fresh trouble"}, headers=tenant.headers)
        assert answer.status == 202

    await expect(page.get_by_role("link", name="fresh trouble")).to_be_visible(timeout=SOON)
    await expect(page).to_have_title("(2) Alerts · Tocsin")
    await expect(page.locator(f"#pick-{old.id}")).to_be_checked()
    await expect(page.locator("[data-pick-count]")).to_have_text("1")


async def test_an_alert_that_changes_is_shown_anew_around_what_is_being_typed(
    open_page: Open, databases: Databases, tenant: Tenant, world: World
) -> None:
    [bo] = await world.users("bo")
    alert = await add_alert(databases, tenant, message="disk is full")
    page = await open_page(f"/alerts/{alert.id}")
    await live(page)
    await page.get_by_label("Add a note").fill("looking at")
    await page.locator("summary", has_text="Everybody").click()  # it was open
    await page.locator("summary", has_text="Assign").click()

    async with browsing(str(await page.evaluate("location.origin"))) as other:
        await other.sign_in(await give_password(databases, bo))
        await other.get("/alerts")
        await other.post(f"/alerts/{alert.id}/acknowledge")

    await expect(page.get_by_text(f"{bo.full_name} is looking into it since")).to_be_visible(timeout=SOON)
    await expect(page.get_by_label("Add a note")).to_have_value("looking at")
    await expect(page.get_by_label("To whom")).to_be_visible()
    assert await page.locator("details.everybody").get_attribute("open") is None


async def test_what_the_engine_does_shows_by_itself(open_page: Open, world: World) -> None:
    [bo] = await world.users("bo")
    _, name = await world.team(bo)
    alert_id = await world.trigger("disk is full", team(name))
    page = await open_page(f"/alerts/{alert_id}")
    await live(page)

    await world.advance(minutes=5)

    await expect(page.locator("#log").get_by_text(f"{bo.full_name} is told")).to_have_count(2, timeout=SOON)


async def test_a_page_that_was_cut_off_catches_up(
    open_page: Open, databases: Databases, tenant: Tenant, base_url: str
) -> None:
    page = await open_page("/alerts")
    await live(page)
    async with databases.app.transaction() as tx:
        await tx.value(
            """
            select count(pg_terminate_backend(pid)) from pg_stat_activity
             where query = 'listen tocsin_alerts' and pid <> pg_backend_pid()
            """
        )

    async with aiohttp.ClientSession(base_url) as client:
        await client.post("/v2/alerts", json={"message": "missed trouble"}, headers=tenant.headers)

    await expect(page.get_by_role("link", name="missed trouble")).to_be_visible(timeout=SOON)


async def test_without_a_script_every_step_is_a_form(open_page: Open, databases: Databases, tenant: Tenant) -> None:
    alert = await add_alert(databases, tenant, message="disk is full")
    other = await add_alert(databases, tenant, message="memory is full")
    page = await open_page("/alerts", scripted=False)

    await page.locator(f"#alert-{alert.id}").get_by_role("button", name="Acknowledge #").click()
    await expect(page.get_by_text("Acknowledged. Nobody else is told while you look into it.")).to_be_visible()
    await page.get_by_role("link", name="disk is full").click()
    await page.get_by_label("Add a note").fill("moving the archive")
    await page.get_by_role("button", name="Add note").click()
    await expect(page.locator("#notes").get_by_text("moving the archive")).to_be_visible()
    await page.locator("summary", has_text="Snooze").click()
    await page.get_by_role("button", name="1 hour").click()
    await expect(page.get_by_text("Snoozed. Nobody is told until then.")).to_be_visible()
    await page.locator("summary", has_text="Priority").click()
    await page.get_by_label("Priority").select_option("P1")
    await page.get_by_role("button", name="Change priority").click()
    await expect(page.locator(".priority.p1").first).to_be_visible()
    await page.get_by_role("link", name="Alerts").first.click()
    await page.locator(f"#pick-{other.id}").check()
    await page.get_by_role("button", name="Close", exact=True).first.click()
    await expect(page.get_by_text("1 alert closed.")).to_be_visible()
    await page.get_by_role("link", name="Refresh").click()

    after = await now(tenant, alert)
    assert after.priority == 1
    assert after.snoozed_until is not None
    assert (await now(tenant, other)).status is AlertStatus.CLOSED


async def test_without_a_script_a_search_is_saved(open_page: Open, databases: Databases, tenant: Tenant) -> None:
    await add_alert(databases, tenant, message="disk is full", tags=["db"])
    page = await open_page("/alerts", scripted=False)

    await page.get_by_label("Search alerts").fill("tag: db")
    await page.get_by_role("button", name="Search", exact=True).click()
    await page.locator("summary", has_text="Saved").click()
    await page.get_by_label("Save this search as").fill("Databases")
    await page.get_by_role("button", name="Save", exact=True).click()

    await expect(page.get_by_text("Saved as Databases.")).to_be_visible()


async def test_without_a_script_a_team_is_made_and_its_rules_changed(open_page: Open) -> None:
    page = await open_page("/teams", scripted=False)

    await page.get_by_label("Name", exact=True).fill("Operations")
    await page.get_by_role("button", name="Make the team").click()
    await page.locator("summary", has_text="New override").click()
    await page.get_by_role("button", name="Add override").click()
    await expect(page.get_by_text("The override is there.")).to_be_visible()
    await page.locator("summary", has_text="New rule").click()
    new_rule = page.locator("details", has=page.locator("summary", has_text="New rule")).last
    await new_rule.get_by_label("After how many minutes").fill("20")
    await new_rule.get_by_role("button", name="Add rule").click()

    await expect(page.get_by_text(re.compile("after 20 min, if not acknowledged"))).to_be_visible()


# What sticks out of the screen, menus included, and cannot be scrolled to within something of its own.
OUTSIDE = """[...document.querySelectorAll("main *")].filter((it) => {
  const box = it.getBoundingClientRect();
  const scrolls = it.closest(".filters, .tabs, .code, .copyable, svg, .visually-hidden");
  return it.checkVisibility() && !scrolls && box.width > 1 && (box.left < -1 || box.right > innerWidth + 1);
}).map((it) => `outside: ${it.tagName} ${it.className} ${it.textContent.trim().slice(0, 40)}`)"""
PAGES = ["/alerts", "/alerts?show=closed", "/alerts?q=(", "/on-call", "/teams", "/profile/notifications"]


@pytest.mark.parametrize(
    ("size", "scheme", "locale"), [(WIDE, "light", "en"), (SMALL, "light", "pl"), (SMALL, "dark", "en")]
)
async def test_every_page_fits_and_is_readable(
    open_page: Open, world: World, tenant: Tenant, size: ViewportSize, scheme: str, locale: str
) -> None:
    [bo] = await world.users("bo")
    team_id, name = await world.team(tenant.owner, bo)
    _, empty = await world.team()
    alert_id = await world.trigger(
        "disk is full on a-host-name-that-never-ends-and-has-no-place-to-break.internal.example.com:9100/metrics",
        team(name), team(empty), priority="P1", tags=["db", "eu-west-1"], actions=["restart"],
        details={"runbook": "https://wiki.example.com/disk"}, description="df says\n100 %",
    )  # fmt: skip
    await world.advance(minutes=6)
    page = await open_page("/alerts", size=size, scheme=scheme, locale=locale)
    found: dict[str, list[str]] = {}

    for path in [*PAGES, f"/alerts/{alert_id}", f"/teams/{team_id}"]:
        await page.goto(path)
        await page.evaluate("for (const it of document.querySelectorAll('main details:not(.menu)')) it.open = true")
        problems = await axe.violations(page)
        await page.evaluate("for (const it of document.querySelectorAll('main details.menu')) it.open = true")
        wide = await page.evaluate(OUTSIDE)
        if wide or problems:
            found[path] = [*wide, *problems]

    assert found == {}


async def test_the_link_of_a_mail_is_readable_too(
    browser: Browser, world: World, base_url: str, settings: Settings
) -> None:
    [bo] = await world.users("bo")
    _, name = await world.team(bo)
    await world.trigger("disk is full", team(name))
    [(_, envelope)] = world.email.sent
    path = envelope.links["acknowledge"].removeprefix(settings.base_url)
    context = await browser.new_context(base_url=base_url, viewport=SMALL)
    page = await context.new_page()
    wrong = troubles(page)

    await page.goto(path)
    problems = await axe.violations(page)
    await page.get_by_role("button", name="Acknowledge").click()

    await expect(page.get_by_text("Acknowledged. Nobody else is told while you look into it.")).to_be_visible()
    assert problems == wrong == []
    await context.close()
