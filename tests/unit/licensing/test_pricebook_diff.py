"""What differs between two price books, by the places of the document."""

from tests.support.books import REQUIREMENTS, requirements_book, shipped_book

from tocsin.licensing.pricebook_diff import changes, lost
from tocsin.licensing.pricebook_document import parse_book


def changed(*replacements: tuple[str, str]) -> list[str]:
    text = REQUIREMENTS
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new, 1)
    return [str(change) for change in changes(requirements_book(), parse_book(text, 2))]


def test_a_book_does_not_differ_from_itself() -> None:
    assert changed() == []


def test_each_change_has_its_place_both_values_and_by_how_much() -> None:
    assert changed(
        ("USD: {1: 11.00", "USD: {1: 11.55"),
        ("sso: false", "sso: true"),
        ("retention: 90 days", "retention: unlimited"),
        ("us_ca: {USD: 0.10", "us_ca: {USD: 0.12"),
        ("email: billing@example.com", "email: pay@example.com"),
    ) == [
        "plans.free.features.sso: false → true",
        "plans.free.features.retention: 90 days → unlimited",
        "plans.essentials.prices.month.USD.1: 11.00 → 11.55 (+5.0 %)",
        "rates.messages.us_ca.USD: 0.10 → 0.12 (+20.0 %)",
        "seller.email: billing@example.com → pay@example.com",
    ]


def test_a_tier_that_is_gone_and_one_that_came_are_told() -> None:
    assert changed(("51: 9.90", "61: 9.90")) == [
        "plans.essentials.prices.month.USD.61: – → 9.90",
        "plans.essentials.prices.month.USD.51: 9.90 → –",
    ]


def test_a_seller_who_goes_leaves_nothing_behind() -> None:
    without = parse_book(REQUIREMENTS[: REQUIREMENTS.index("seller:")])

    found = [str(change) for change in changes(requirements_book(), without)]

    assert "seller.city: Warszawa → –" in found
    assert all(line.startswith("seller.") for line in found)


def test_plans_and_currencies_that_subscriptions_have_cannot_be_left_out() -> None:
    assert lost(requirements_book(), shipped_book()) == []
    assert lost(shipped_book(), requirements_book()) == [
        "currencies: PLN is missing; subscriptions may be billed in it."
    ]
    without = parse_book(REQUIREMENTS.replace("  enterprise:\n", "  corporate:\n").replace("plan: enterprise", "plan: corporate"))  # fmt: skip  # noqa: E501
    assert lost(requirements_book(), without) == [
        "plans: The plan 'enterprise' is missing; subscriptions have it. Keep it and write 'hidden: true'."
    ]
