"""The public page of prices: every number from the price book, a calculator that works without a script."""

import pytest
from tests.support.books import REQUIREMENTS, limited, sell_by
from tests.support.browsing import Browsing, browsing
from tests.support.makers import START
from tests.support.server import serve

from tocsin.clock import SetClock
from tocsin.db import Databases
from tocsin.settings import Settings

STANDARD = "/pricing?plan=standard&interval=year&currency=USD&responders=10"


async def test_prices_need_no_sign_in_and_name_tax_year_and_month(browser: Browsing) -> None:
    page = await browser.get("/pricing?interval=year&currency=USD")

    assert page.status == 200
    assert "19.95\xa0USD" in page
    assert "239.40\xa0USD per responder and year, excl. VAT" in page
    assert 'href="/try"' in page


async def test_r1_3_the_calculator_answers_a_year_by_the_month_too(browser: Browsing) -> None:
    page = await browser.get(f"{STANDARD}&messages_other=50000")

    assert "199.50\xa0USD a month" in page
    assert "2,394.00\xa0USD a year" in page


async def test_r1_2_the_table_shows_the_marginal_price_of_each_tier(browser: Browsing) -> None:
    page = await browser.get("/pricing?interval=month&currency=USD")

    assert all(price in page for price in ("24.15\xa0USD", "21.74\xa0USD", "19.32\xa0USD", "16.91\xa0USD"))
    assert "51–100" in page


async def test_currency_and_interval_are_chosen_by_links_that_keep_the_rest(browser: Browsing) -> None:
    page = await browser.get(f"{STANDARD}&numbers=3")

    assert "currency=PLN&interval=year&plan=standard&responders=10&numbers=3" in page
    assert "currency=USD&interval=month&plan=standard&responders=10&numbers=3" in page


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("plan=free&responders=6", "Free is for at most 5 responders."),
        ("plan=free&responders=5&numbers=1", "Free has no incoming calls."),
        ("plan=standard&responders=5&stakeholders=2", "Standard has no stakeholders."),
        ("plan=standard&responders=many", "Write a whole number."),
        ("plan=standard&responders=0", "Write a number from 1 to 100,000."),
        ("plan=standard&numbers=999999999999", "Write a number from 0 to 1,000."),
        ("plan=enterprise&minutes_other=10000001", "Write a number from 0 to 10,000,000."),
        ("plan=free&messages_other=10000001", "Write a number from 0 to 10,000,000."),
    ],
)
async def test_what_cannot_be_priced_is_said_beside_its_field(browser: Browsing, asked: str, said: str) -> None:
    page = await browser.get(f"/pricing?{asked}")

    assert page.status == 200
    assert said in page


async def test_only_features_that_the_program_asks_for_are_listed(browser: Browsing) -> None:
    page = await browser.get("/pricing")

    assert "Routing rules per team" in page or "Schedules" in page
    assert "User provisioning (SCIM)" not in page


async def test_what_an_address_asks_for_that_does_not_exist_falls_back_to_the_usual(browser: Browsing) -> None:
    page = await browser.get("/pricing?currency=XXX&interval=decade&plan=golden")

    assert page.status == 200
    assert "USD a year" in page


async def test_with_billing_off_there_is_no_such_page(settings: Settings, database_url: str, clock: SetClock) -> None:
    async with (
        serve(settings.model_copy(update={"billing": "off"}), database_url, clock) as url,
        browsing(url) as nobody,
    ):
        assert (await nobody.get("/pricing")).status == 404


async def test_r1_3_the_calculator_shows_the_tax_in_the_buyer_s_country(
    browser: Browsing, databases: Databases
) -> None:
    async with databases.engine.transaction() as tx:
        await sell_by(tx, REQUIREMENTS, START)
    team = "/pricing?plan=standard&interval=month&currency=USD&responders=10"

    without, polish, german = [await browser.get(team + more) for more in ("", "&country=PL", "&country=DE&vat_id=yes")]

    assert "with tax" not in without
    assert "230.00\xa0USD net + 52.90\xa0USD (23%) = 282.90\xa0USD" in polish
    assert "reverse charge" in german
    assert '<option value="DE" selected>' in german.text


async def test_a_plan_for_so_many_says_so_and_which_ones_have_room_for_more(
    browser: Browsing, databases: Databases
) -> None:
    async with databases.engine.transaction() as tx:
        await sell_by(tx, limited(essentials=10), START)

    page = await browser.get("/pricing?plan=essentials&responders=11&interval=month&currency=USD")

    assert "For up to 10 responders." in page
    assert "Essentials is for at most 10 responders. For more there are: Standard / Enterprise." in page
