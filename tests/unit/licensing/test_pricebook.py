"""Price books: what seats cost, and what is wrong with a document. Ids are those of the licensing requirements."""

from dataclasses import fields
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.books import REQUIREMENTS, SHIPPED, requirements_book, shipped_book

from tocsin.errors import Invalid
from tocsin.licensing.model import Interval
from tocsin.licensing.pricebook import (
    Beyond,
    Bucket,
    FairUse,
    IncomingCalls,
    Messages,
    Plan,
    PriceBook,
    Rates,
    SellerProfile,
    Thresholds,
    TierShare,
    TrialRules,
    monthly_equivalent,
    seat_price,
    tiers_detail,
)
from tocsin.licensing.pricebook_document import PLACES, parse_book

PARTS = (PriceBook, Plan, Rates, TrialRules, FairUse, Thresholds, SellerProfile, IncomingCalls, Messages, Bucket)
MONTH, YEAR = Interval.MONTH, Interval.YEAR
BOOKS = [requirements_book(), shipped_book()]
PAID = [(book, plan, each, code) for book in BOOKS for plan in list(book.plans)[1:] for each in Interval for code in book.currencies]  # fmt: skip  # noqa: E501


def test_r1_1_sixty_standard_seats_cost_each_at_the_price_of_its_tier() -> None:
    assert seat_price(requirements_book(), "standard", MONTH, "USD", 60) == 1_357_00


@given(case=st.sampled_from(PAID), seats=st.integers(1, 3_000))
def test_r1_1_a_further_seat_never_lowers_the_price_and_never_raises_the_average(
    case: tuple[PriceBook, str, Interval, str], seats: int
) -> None:
    price, next_price = seat_price(*case, seats), seat_price(*case, seats + 1)

    assert next_price >= price
    assert next_price * seats <= price * (seats + 1)


def test_r1_2_the_51st_standard_seat_adds_its_marginal_price() -> None:
    book = requirements_book()

    assert seat_price(book, "standard", MONTH, "USD", 50) == 1_150_00
    assert seat_price(book, "standard", MONTH, "USD", 51) == 1_170_70


@given(case=st.sampled_from(PAID), seats=st.integers(1, 3_000))
def test_r1_2_no_seat_ever_costs_more_than_the_first(case: tuple[PriceBook, str, Interval, str], seats: int) -> None:
    assert max(part.unit_minor for part in tiers_detail(*case, seats)) == seat_price(*case, 1)


@given(case=st.sampled_from(PAID), seats=st.integers(1, 3_000))
def test_the_detail_of_a_price_adds_up_to_it(case: tuple[PriceBook, str, Interval, str], seats: int) -> None:
    detail = tiers_detail(*case, seats)

    assert sum(part.seats for part in detail) == seats
    assert sum(part.seats * part.unit_minor for part in detail) == seat_price(*case, seats)


def test_a_price_says_how_it_came_about() -> None:
    assert tiers_detail(requirements_book(), "standard", MONTH, "USD", 60) == (
        TierShare(1, 50, 23_00, 1_150_00),
        TierShare(51, 10, 20_70, 207_00),
    )


def test_r1_3_ten_standard_seats_for_a_year_are_shown_by_the_month_too() -> None:
    yearly = seat_price(requirements_book(), "standard", YEAR, "USD", 10)

    assert (yearly, monthly_equivalent(yearly)) == (2_280_00, 190_00)


def test_free_costs_nothing_for_any_interval() -> None:
    assert seat_price(requirements_book(), "free", YEAR, "USD", 5) == 0


@pytest.mark.parametrize(
    ("plan", "currency", "seats", "field"),
    [("gold", "USD", 1, "plan"), ("standard", "CHF", 1, "currency"), ("standard", "USD", 0, "seats")],
)
def test_what_has_no_price_is_refused_by_its_field(plan: str, currency: str, seats: int, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        seat_price(requirements_book(), plan, MONTH, currency, seats)

    assert list(refused.value.errors) == [field]


@pytest.mark.parametrize(
    ("plan", "monthly", "yearly"),
    [
        ("essentials", "11.55 10.40 9.24 8.09", "113.40 102.12 90.72 79.44"),
        ("standard", "24.15 21.74 19.32 16.91", "239.40 215.52 191.52 167.64"),
        ("enterprise", "38.50 34.65 30.80 26.95", "382.80 344.52 306.24 267.96"),
    ],
)
def test_the_shipped_book_has_the_published_prices_and_their_tiers(plan: str, monthly: str, yearly: str) -> None:
    prices = shipped_book().plan(plan).seat_prices
    seen = {each: " ".join(f"{tier.minor / 100:.2f}" for tier in prices[each]["USD"]) for each in Interval}

    assert seen == {MONTH: monthly, YEAR: yearly}
    assert [tier.from_seat for tier in prices[MONTH]["USD"]] == [1, 51, 101, 501]
    assert prices[MONTH]["EUR"] == prices[MONTH]["USD"]


def test_shipped_zloty_prices_are_whole_and_a_year_is_twelve_months_of_it() -> None:
    book = shipped_book()
    for plan in list(book.plans.values())[1:]:
        assert all(tier.minor % 100 == 0 for tier in plan.seat_prices[MONTH]["PLN"])
        assert all(tier.minor % 1200 == 0 for tier in plan.seat_prices[YEAR]["PLN"])


def test_messages_are_pooled_as_each_plan_says() -> None:
    plans = requirements_book().plans

    assert [plans[key].messages.pool(10) for key in plans] == [100, 1_000, None, None]
    assert [plans[key].messages.beyond for key in plans][:2] == [Beyond.STOP, Beyond.CHARGE]


def test_ten_standard_seats_may_send_600_alert_requests_a_minute_and_30_a_second() -> None:
    bucket = requirements_book().plan("standard").buckets["alert"]

    assert (bucket.per_minute(10), bucket.per_second(10)) == (600, 30)


def test_the_shipped_book_has_no_seller_and_the_other_numbers_its_documents() -> None:
    seller = requirements_book().seller

    assert shipped_book().seller is None
    assert seller is not None
    assert seller.number("invoice", 2026, 7) == "INV/2026/00007"
    assert (seller.kept_years("FR"), seller.kept_years("US")) == (10, 5)


def test_a_seller_may_name_vat_rates_and_the_one_stop_shop() -> None:
    plain = requirements_book().seller
    given = parse_book(
        REQUIREMENTS.replace("  country: PL", "  country: PL\n  oss: true\n  vat_rates: {PL: 2200}")
    ).seller

    assert plain is not None
    assert (plain.oss, plain.vat_rates) == (False, {})
    assert given is not None
    assert (given.oss, given.vat_rates) == (True, {"PL": 2200})


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("warn_percents: [80, 100]", "warn_percents: [50, 80, 100]", "Write two numbers"),
        ("deletion_hours: 48", "deletion_hours: 24", "48"),
        ("USD: {1: 11.00,", "USD: {1: 11.005,", "plans.essentials.prices.month.USD.1: '11.005' has more decimals"),
        ("USD: {1: 11.00,", "USD: {1: -11.00,", "'-11.0' is no amount"),
        ("USD: {1: 11.00,", "USD: {2: 11.00,", "The first tier starts at seat 1."),
        ("51: 9.90", "51: 11.90", "A tier cannot cost more per seat than the one before"),
        ("51: 9.90", "101: 9.90", "This key is there twice."),
        ("      sso: true", "      sso: perhaps", "plans.standard.features.sso: 'perhaps' stands where true or false"),
        ("      sso: true", "      ssso: true", "There is no key 'ssso' here. Did you mean 'sso'?"),
        ("      retention: 90 days", "      retention: 90", "'90' is no duration; write one like '90 days'"),
        ("      schedules: 1\n", "      schedules: many\n", "'many' is no limit"),
        ("included: 100, per: seat,", "included: 100,", "The key 'per' is missing"),
        ("beyond: charge", "beyond: unlimited", "'included: unlimited' and 'beyond: unlimited' belong together"),
        ("  plan: enterprise", "  plan: free", "There is no plan with a price 'free'."),
        ("{kind}/{year}/{number:05}", "{kind}/{number:05}", "leaves out the kind, the year or the number"),
        ("{kind}/{year}/{number:05}", "{kind}/{month}", "cannot be filled in"),
        ("credit_note: CN", "credit_note: INV", "would share their numbers"),
        ("  free:\n", "  gratis:\n", "There must be a plan 'free'"),
        ("country: PL", "country: Poland", "'Poland' is no country"),
        ("  country: PL", "  country: PL\n  vat_rates: {Poland: 2300}", "'Poland' is no country"),
        ("  country: PL", "  country: PL\n  vat_rates: {PL: 23.5}", "seller.vat_rates.PL"),
        ("reminder_days: [7, 3, 1, 0]", "reminder_days: [1, 3]", "the largest first"),
        ("  other: {USD: 0.35, EUR: 0.35}", "  other: {USD: 0.35}", "The key 'EUR' is missing."),
        ("trial:\n", "tria:\n", "The key 'trial' is missing."),
    ],
)
def test_a_wrong_book_is_refused_with_the_place_and_what_would_be_right(old: str, new: str, told: str) -> None:
    assert old in REQUIREMENTS

    with pytest.raises(Invalid) as refused:
        parse_book(REQUIREMENTS.replace(old, new, 1))

    assert told in refused.value.message
    assert "line " in refused.value.message


def test_all_problems_are_told_at_once() -> None:
    text = REQUIREMENTS.replace("1: 11.00", "1: x").replace("sso: true", "sso: 3").replace("days: 14", "days: 0")

    with pytest.raises(Invalid) as refused:
        parse_book(text)

    assert len(refused.value.message.splitlines()) == 2 + 2 + 1  # USD and EUR, Standard and Enterprise, the trial


@pytest.mark.parametrize("text", ["", "- 1", "currencies: {USD: {decimals: 2}", "plans: 7", "a: &a [*a]"])
def test_what_is_no_book_at_all_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        parse_book(text)


@given(text=st.text(max_size=200) | st.integers(0, 400).map(lambda n: "\n".join(SHIPPED.splitlines()[:n])))
def test_no_text_breaks_the_reader(text: str) -> None:
    try:
        parse_book(text)
    except Invalid:
        return
    assert text.strip().startswith("#")


def test_a_version_published_by_an_older_program_lacks_the_features_that_came_later() -> None:
    older = SHIPPED.replace("      sso: true\n", "      pagers: 7\n").replace("      retention: unlimited\n", "")

    book = parse_book(older, 1, published=True)

    assert book.plan("enterprise").features["sso"] is False
    assert book.plan("enterprise").features["retention"] == timedelta(0)
    assert "pagers" not in book.plan("enterprise").features
    with pytest.raises(Invalid):
        parse_book(older, 1)


def test_every_key_of_a_book_is_explained() -> None:
    explained = (Path(__file__).parents[3] / "docs" / "pricebook.md").read_text()
    keys = {field.name for part in PARTS for field in fields(part)} - {"version", "rank", "key", "code", "from_seat"}

    named = {PLACES.get(key, key) for key in keys} - {"minor"}

    assert [key for key in sorted(named) if f"`{key}`" not in explained] == []
