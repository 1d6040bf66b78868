"""Schedules in a real browser: one made from nothing, an override by drag and by keys, a shift that changes hands."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import Browser, Page, ViewportSize, expect
from tests.browser import axe
from tests.support.browsing import add_person, browsing, give_password
from tests.support.chromium import DESK, PHONE
from tests.support.makers import Tenant

from tocsin.accounts.model import User
from tocsin.clock import SystemClock
from tocsin.db import Databases
from tocsin.escalations import team_defaults

pytestmark = pytest.mark.browser

Open = Callable[..., Awaitable[Page]]
SIZES = [
    pytest.param(ViewportSize(width=DESK["width"], height=DESK["height"]), id="1280"),
    pytest.param(ViewportSize(width=PHONE["width"], height=PHONE["height"]), id="390"),
]


@pytest.fixture
async def open_page(browser: Browser, base_url: str, databases: Databases, tenant: Tenant) -> AsyncIterator[Open]:
    """Opens a path as the owner of the account or another user; at the end nothing may have gone wrong."""
    owner = await give_password(databases, tenant.owner)
    found: list[str] = []
    async with AsyncExitStack() as stack:

        async def opened(path: str, size: ViewportSize, *, user: User = owner, scripted: bool = True) -> Page:
            context = await browser.new_context(base_url=base_url, viewport=size, java_script_enabled=scripted)
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


async def rows(tenant: Tenant, sql: str) -> list[dict[str, Any]]:
    async with tenant.app.transaction() as tx:
        return await tx.dicts(sql, account_id=tenant.account_id)


async def add_schedule(databases: Databases, tenant: Tenant, *members: User) -> str:
    """The address of a team's schedule, with one weekly rotation of these members, a month old."""
    async with databases.engine.transaction() as tx:
        await team_defaults.create_team(
            tx, tenant.account_id, "Web", [(member.id, "user") for member in members], time_zone="Europe/Warsaw",
            at=SystemClock().now() - timedelta(days=30),
        )  # fmt: skip
    [row] = await rows(tenant, "select id::text from schedules where account_id = %(account_id)s")
    return f"/schedules/{row['id']}"


async def overrides(tenant: Tenant) -> list[dict[str, Any]]:
    return await rows(
        tenant, "select user_id, starts_at, ends_at, rotation_ids from overrides where account_id = %(account_id)s"
    )


async def fits(page: Page) -> bool:
    """Nothing is wider than the screen, and axe has nothing to say."""
    wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert await axe.violations(page) == []
    return bool(wide <= 0)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scripted", [True, False], ids=["script", "no script"])
async def test_a_schedule_is_made_from_nothing(
    open_page: Open, databases: Databases, tenant: Tenant, size: ViewportSize, scripted: bool
) -> None:
    bo = await add_person(databases, tenant)
    page = await open_page("/schedules", size, scripted=scripted)
    await page.get_by_role("link", name="New schedule").first.click()
    await page.get_by_label("Name").fill("Payments")
    await page.get_by_label("Time zone").fill("Europe/Warsaw")
    await page.get_by_role("button", name="Go on to the rotation").click()

    await page.get_by_label("Turn 1", exact=True).select_option(label=bo.full_name)
    await page.get_by_label("Turn 2", exact=True).select_option(label=tenant.owner.full_name)
    await page.get_by_role("button", name="One more turn").click()
    await page.get_by_label("Turn 3", exact=True).select_option(label="nobody")
    await page.get_by_role("button", name="Turn 3: earlier").click()
    await page.get_by_label("At some hours of every day").check()
    await page.get_by_label("Hours 1: from", exact=True).fill("20:00")
    await page.get_by_label("Hours 1: to", exact=True).fill("08:00")
    await page.get_by_role("button", name="Preview").click()
    await expect(page.get_by_text("Nothing is saved yet.")).to_be_visible()
    if scripted:
        assert await fits(page)
    await page.get_by_role("button", name="Add rotation").click()

    await expect(page.get_by_text("The rotation is there.")).to_be_visible()
    await expect(page.get_by_text(f"{bo.full_name} → nobody → {tenant.owner.full_name}")).to_be_visible()
    if scripted:
        assert await fits(page)
    [rotation] = await rows(tenant, "select kind, participants from rotations where account_id = %(account_id)s")
    assert rotation["kind"] == "weekly"
    assert [it["type"] for it in rotation["participants"]] == ["user", "none", "user"]


@pytest.mark.parametrize("size", SIZES)
async def test_an_override_is_drawn_with_the_mouse(
    open_page: Open, databases: Databases, tenant: Tenant, size: ViewportSize
) -> None:
    bo = await add_person(databases, tenant)
    base = await add_schedule(databases, tenant, bo)
    page = await open_page(f"{base}?view=day&date=2030-06-03", size)
    lane = page.locator("[data-lane] .chart-bars")
    await lane.scroll_into_view_if_needed()
    box = await lane.bounding_box()
    assert box is not None
    hour, middle = box["width"] / 24, box["y"] + box["height"] / 2

    await page.mouse.move(box["x"] + 2 * hour, middle)
    await page.mouse.down()
    await page.mouse.move(box["x"] + 4 * hour, middle, steps=5)
    await page.mouse.move(box["x"] + 5 * hour, middle, steps=5)
    await page.mouse.up()
    await page.wait_for_url("**/overrides/new?*")

    await expect(page.get_by_label("From")).to_have_value("2030-06-03T02:00")
    await expect(page.get_by_label("To", exact=True)).to_have_value("2030-06-03T05:00")
    assert await fits(page)
    await page.get_by_role("button", name="Add override").click()
    await expect(page.get_by_text("The override is there.")).to_be_visible()
    [override] = await overrides(tenant)
    assert override["user_id"] == tenant.owner.id
    assert override["ends_at"] - override["starts_at"] == timedelta(hours=3)
    assert len(override["rotation_ids"]) == 1


@pytest.mark.parametrize("size", SIZES)
async def test_an_override_is_chosen_with_the_keyboard(
    open_page: Open, databases: Databases, tenant: Tenant, size: ViewportSize
) -> None:
    bo = await add_person(databases, tenant)
    base = await add_schedule(databases, tenant, bo)
    page = await open_page(f"{base}?view=day&date=2030-06-03", size)
    said = page.locator("[data-lane-status]")
    await page.get_by_role("button", name="Choose a time").focus()

    await page.keyboard.press("ArrowRight")
    await expect(said).to_contain_text("3 Jun, 00:00 – 3 Jun, 01:00")
    await page.keyboard.press("Escape")
    await expect(said).to_have_text("Nothing is chosen.")
    for key in ("ArrowRight", "Shift+ArrowRight", "ArrowRight", "Shift+ArrowUp", "ArrowDown"):
        await page.keyboard.press(key)
    await expect(said).to_contain_text("3 Jun, 01:30 – 3 Jun, 03:00")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/overrides/new?*")

    await expect(page.get_by_label("From")).to_have_value("2030-06-03T01:30")
    await expect(page.get_by_label("To", exact=True)).to_have_value("2030-06-03T03:00")
    await page.get_by_label("Who is on call instead").select_option(label="nobody")
    await page.get_by_role("button", name="Add override").click()
    await expect(page.get_by_text("The override is there.")).to_be_visible()
    [override] = await overrides(tenant)
    assert override["user_id"] is None


@pytest.mark.parametrize("size", SIZES)
async def test_a_shift_is_given_and_taken_back(
    open_page: Open, databases: Databases, tenant: Tenant, size: ViewportSize
) -> None:
    bo = await add_person(databases, tenant)
    base = await add_schedule(databases, tenant, bo, tenant.owner)
    page = await open_page(base, size)
    for _ in range(2):  # two weeks on, one of the two turns is mine
        await page.get_by_role("link", name="Next").click()
    mine = page.locator(f'[data-lane] a[aria-label^="{tenant.owner.full_name}"]').first
    await mine.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name=f"Shift: {tenant.owner.full_name}")).to_be_visible()
    assert await fits(page)

    await page.get_by_label("Give this shift to").select_option(label=bo.full_name)
    await page.get_by_role("button", name="Give this shift").click()
    await expect(page.get_by_text(f"{bo.full_name} has the shift now, and is told by mail.")).to_be_visible()
    [given] = await overrides(tenant)
    assert given["user_id"] == bo.id

    await page.locator(f'[data-lane] a[aria-label^="{bo.full_name}"][aria-label*="by an override"]').first.focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Take this shift").click()
    await expect(page.get_by_text("The shift is yours now.")).to_be_visible()
    assert {it["user_id"] for it in await overrides(tenant)} == {bo.id, tenant.owner.id}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scripted", [True, False], ids=["script", "no script"])
async def test_a_calendar_link_is_made_and_revoked(
    open_page: Open, databases: Databases, tenant: Tenant, size: ViewportSize, scripted: bool
) -> None:
    await add_schedule(databases, tenant, tenant.owner)
    page = await open_page("/on-call", size, scripted=scripted)
    if scripted:
        assert await fits(page)
    await page.get_by_role("link", name="My shifts").click()
    await page.get_by_label("What it shows").select_option(label="Web_schedule")
    await page.get_by_role("button", name="Make a link").click()

    await expect(page.get_by_label("Calendar link", exact=True)).to_contain_text("/calendar/")
    if scripted:
        assert await fits(page)
    await page.locator("summary", has_text="Revoke").click()
    await page.get_by_role("button", name="Revoke").click()
    await expect(page.get_by_text("The calendar link is revoked.")).to_be_visible()
    await expect(page.get_by_text("No link yet.")).to_be_visible()
