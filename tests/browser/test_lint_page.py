"""What lint finds, in a real browser: it fits a phone, axe has nothing to say, and a finding leads to what mends it."""

import re

import pytest
from playwright.async_api import ViewportSize, expect
from tests.browser import axe
from tests.browser.test_schedule_pages import SIZES, Open, add_schedule, open_page
from tests.support.makers import Tenant

from tocsin.db import Databases

pytestmark = pytest.mark.browser
__all__ = ["open_page"]  # the fixture


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scripted", [True, False], ids=["script", "no script"])
async def test_a_finding_leads_to_what_mends_it(
    open_page: Open,
    databases: Databases,
    tenant: Tenant,
    size: ViewportSize,
    scripted: bool,
) -> None:
    schedule = await add_schedule(databases, tenant, tenant.owner)
    page = await open_page("/on-call", size, scripted=scripted)
    await page.get_by_role("link", name="Check the configuration").click()

    await expect(page.get_by_role("heading", name="Check the on-call configuration")).to_be_visible()
    if scripted:
        assert await axe.violations(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    await page.get_by_role("link", name="is the only person in the rotation").click()

    await expect(page).to_have_url(re.compile(re.escape(schedule)))
