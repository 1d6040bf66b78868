"""GET /v1/plans and POST /v1/quotes: prices for whoever asks, from the price book in force."""

from typing import Any

import aiohttp
import pytest
from tests.support.books import REQUIREMENTS, sell_by
from tests.support.makers import START
from tests.support.server import serve

from tocsin.clock import SetClock
from tocsin.db import Databases
from tocsin.settings import Settings

TEAM = {"plan": "standard", "interval": "year", "currency": "USD", "responders": 10}


async def get(http: aiohttp.ClientSession, url: str) -> tuple[int, dict[str, Any]]:
    async with http.get(url) as response:
        return response.status, await response.json()


async def quoted(http: aiohttp.ClientSession, url: str, **asked: object) -> tuple[int, dict[str, Any]]:
    async with http.post(f"{url}/v1/quotes", json={**TEAM, **asked}) as response:
        return response.status, await response.json()


async def test_plans_are_answered_without_a_key(http: aiohttp.ClientSession, url: str) -> None:
    status, body = await get(http, f"{url}/v1/plans?currency=EUR")

    data = body["data"]
    assert (status, data["currency"], data["decimals"]) == (200, "EUR", 2)
    assert data["version"] >= 1
    assert [plan["key"] for plan in data["plans"]] == ["free", "essentials", "standard", "enterprise"]
    standard = data["plans"][2]
    assert standard["seatPrices"]["month"][0] == {"fromSeat": 1, "unitMinor": 2415}
    assert standard["messages"]["beyond"] == "unlimited"


async def test_a_quote_has_lines_total_and_the_month_s_part_of_a_year(http: aiohttp.ClientSession, url: str) -> None:
    status, body = await quoted(http, url, numbers=2)

    data = body["data"]
    assert status == 200
    assert [line["kind"] for line in data["lines"]] == ["seats", "number"]
    assert data["totalMinor"] == 10 * 12 * 1995 + 12 * 1000
    assert data["monthlyMinor"] == 10 * 1995 + 1000
    assert (data["version"], data["currency"]) == ((await get(http, f"{url}/v1/plans"))[1]["data"]["version"], "USD")


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"plan": "golden"}, "plan"),
        ({"currency": "XXX"}, "currency"),
        ({"responders": 0}, "responders"),
        ({"interval": "decade"}, "interval"),
        ({"seats": 3}, "seats"),
        ({"country": "Germany"}, "country"),
        ({"messages": {"moon": 3}}, "[key]"),
    ],
)
async def test_what_cannot_be_quoted_is_refused_by_field(
    http: aiohttp.ClientSession, url: str, asked: dict[str, object], field: str
) -> None:
    status, body = await quoted(http, url, **asked)

    assert (status, list(body["errors"])) == (422, [field])


@pytest.mark.parametrize(
    ("country", "has_vat_id", "tax"),
    [
        ("PL", False, ("S", 2300, 5_290)),
        ("PL", True, ("S", 2300, 5_290)),
        ("DE", False, ("S", 2300, 5_290)),
        ("DE", True, ("AE", 0, 0)),
        ("US", False, ("O", 0, 0)),
    ],
)
async def test_r1_3_the_tax_is_estimated_by_the_buyer_s_country_as_invoices_have_it(
    http: aiohttp.ClientSession,
    url: str,
    databases: Databases,
    country: str,
    has_vat_id: bool,
    tax: tuple[str, int, int],
) -> None:
    async with databases.engine.transaction() as tx:
        await sell_by(tx, REQUIREMENTS, START)

    status, body = await quoted(http, url, responders=10, interval="month", country=country, hasVatId=has_vat_id)

    category, rate_bp, tax_minor = tax
    assert status == 200, body
    assert body["data"]["tax"] == {
        "country": country, "category": category, "rateBp": rate_bp,
        "netMinor": 23_000, "taxMinor": tax_minor, "grossMinor": 23_000 + tax_minor,
    }  # fmt: skip


async def test_r1_3_without_a_country_no_tax_is_estimated(http: aiohttp.ClientSession, url: str) -> None:
    _, body = await quoted(http, url)

    assert body["data"]["tax"] is None


async def test_both_are_described_in_the_openapi_document(http: aiohttp.ClientSession, url: str) -> None:
    _, document = await get(http, f"{url}/openapi.json")

    answers = document["paths"]["/v1/quotes"]["post"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert answers["$ref"].endswith("/QuoteAnswer")
    assert "totalMinor" in document["components"]["schemas"]["QuoteOut"]["properties"]


async def test_with_billing_off_there_are_no_prices(
    http: aiohttp.ClientSession, settings: Settings, database_url: str, clock: SetClock
) -> None:
    async with serve(settings.model_copy(update={"billing": "off"}), database_url, clock) as running:
        assert (await get(http, f"{running}/v1/plans"))[0] == 404
        assert (await quoted(http, running))[0] == 404
