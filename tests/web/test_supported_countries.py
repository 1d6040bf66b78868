"""Supported countries as a page and as an API, for whoever comes. Source: licensing requirements R12.3"""

import aiohttp
from tests.support.browsing import Browsing


async def test_r12_3_the_list_is_public_and_searched_by_name_or_calling_code(browser: Browsing) -> None:
    page = await browser.get("/supported-countries")
    found = await browser.get("/supported-countries?q=%2B48")
    none = await browser.get("/supported-countries?q=atlantis")

    assert page.status == 200
    assert "Poland" in page and "Jamaica" in page  # noqa: PT018
    assert "Poland" in found and "Jamaica" not in found  # noqa: PT018
    assert "No country is called that" in none


async def test_r12_accept_the_api_lists_at_least_170_countries_with_voice(
    http: aiohttp.ClientSession, url: str
) -> None:
    async with http.get(f"{url}/v1/countries") as response:
        countries = (await response.json())["data"]

    assert sum(it["voice"] for it in countries) >= 170
    assert all(it["sms"] for it in countries)
    assert next(it for it in countries if it["code"] == "JM")["zone"] == "other"
