"""Supported countries as a page and as an API, for whoever comes. Source: licensing requirements R12.3"""

from importlib.resources import files
from typing import Any

import aiohttp
import pytest
from tests.support.browsing import Browsing


async def test_r12_3_the_list_is_public_and_searched_by_name_or_calling_code(browser: Browsing) -> None:
    page = await browser.get("/supported-countries")
    found = await browser.get("/supported-countries?q=%2B48")
    none = await browser.get("/supported-countries?q=atlantis")

    assert page.status == 200
    assert "Poland" in page and "Jamaica" in page  # noqa: PT018
    assert "Poland" in found and "Jamaica" not in found  # noqa: PT018
    assert "No country is called that" in none


@pytest.fixture
async def listed(http: aiohttp.ClientSession, url: str) -> dict[str, dict[str, Any]]:
    """The countries of the API, by their codes."""
    async with http.get(f"{url}/v1/countries") as response:
        return {it["code"]: it for it in (await response.json())["data"]}


async def test_r12_1_accept_every_country_of_iso_3166_has_sms(listed: dict[str, dict[str, Any]]) -> None:
    lines = (files("tzdata") / "zoneinfo" / "iso3166.tab").read_text(encoding="utf-8").splitlines()
    countries = {line.split("\t")[0] for line in lines if not line.startswith("#")}

    assert len(countries) == 249
    assert [code for code in sorted(countries) if not listed[code]["sms"]] == []


async def test_r12_2_accept_at_least_170_countries_have_voice(listed: dict[str, dict[str, Any]]) -> None:
    assert sum(it["voice"] for it in listed.values()) >= 170
    assert listed["JM"]["zone"] == "other"
