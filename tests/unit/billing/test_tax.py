"""Tax: the treatment of a sale, and the totals of a document."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.documents import AMERICAN, GERMAN, NOON, POLISH, SELLER, make_document, seats

from tocsin.billing.model import Buyer, Line, LineKind
from tocsin.billing.tax import totals, treatment
from tocsin.billing.vat_areas import STANDARD_RATES, in_union, vat_prefix
from tocsin.billing.vat_id import VatCheck, check_format
from tocsin.errors import Invalid

OSS = replace(SELLER, oss=True)


def formally(buyer: Buyer) -> VatCheck:
    return check_format(buyer.vat_id, buyer.country, NOON)


def test_r7_2_a_german_company_with_a_valid_vat_id_pays_no_vat_and_is_told_why() -> None:
    found = treatment(SELLER, GERMAN, formally(GERMAN), NOON)

    assert (found.category, found.rate_bp, found.notes) == ("AE", 0, ("reverse_charge",))
    assert found.evidence["vat_id"] == "DE136695976"
    assert found.evidence["checked_by"] == "format"


@pytest.mark.parametrize("vat_id", ["DE136695977", "", "FR40303265045", "GB980780684"])
def test_r7_2_without_a_valid_vat_id_the_rules_for_consumers_apply(vat_id: str) -> None:
    buyer = replace(GERMAN, vat_id=vat_id)

    assert treatment(SELLER, buyer, formally(buyer), NOON).rate_bp == 2300
    assert treatment(OSS, buyer, formally(buyer), NOON).rate_bp == 1900


def test_a_customer_at_home_pays_the_standard_rate_whatever_its_vat_id() -> None:
    for vat_id in (POLISH.vat_id, ""):
        buyer = replace(POLISH, vat_id=vat_id)
        found = treatment(SELLER, buyer, formally(buyer), NOON)
        assert (found.category, found.rate_bp, found.notes) == ("S", 2300, ())


@pytest.mark.parametrize("country", ["US", "GB", "CH", "NO", "IC", "RE", "GL", "XI"])
def test_a_customer_outside_the_union_is_not_subject_to_its_vat(country: str) -> None:
    buyer = replace(AMERICAN, country=country, vat_id="XI980780684")

    found = treatment(OSS, buyer, formally(buyer), NOON)

    assert (found.category, found.rate_bp, found.notes) == ("O", 0, ("outside_union",))


@pytest.mark.parametrize(("country", "rate_bp"), [("MC", 2000), ("AX", 2550), ("GR", 2400), ("EE", 2400)])
def test_a_territory_is_taxed_as_the_member_state_it_belongs_to(country: str, rate_bp: int) -> None:
    assert treatment(OSS, replace(GERMAN, country=country, vat_id=""), None, NOON).rate_bp == rate_bp


def test_the_registrys_answer_counts_for_a_day_and_then_vat_is_charged() -> None:
    verified = VatCheck("DE136695976", True, "registry", NOON, request_id="WAPIAAAA")

    within = treatment(SELLER, GERMAN, verified, NOON + timedelta(hours=24))
    after = treatment(SELLER, GERMAN, verified, NOON + timedelta(hours=25))

    assert (within.category, after.category) == ("AE", "S")
    assert within.evidence["request_id"] == "WAPIAAAA"


def test_an_answer_about_the_id_before_says_nothing_about_the_new_one() -> None:
    verified = VatCheck("DE811569869", True, "registry", NOON)

    assert treatment(SELLER, GERMAN, verified, NOON).category == "S"


def test_a_number_that_the_registry_does_not_know_saves_no_vat() -> None:
    assert treatment(SELLER, GERMAN, VatCheck("DE136695976", False, "registry", NOON), NOON).category == "S"


def test_a_seller_without_vat_id_charges_none_and_says_so() -> None:
    small = replace(SELLER, vat_id="")

    assert treatment(small, POLISH, None, NOON).category == "E"
    assert treatment(small, GERMAN, formally(GERMAN), NOON).notes == ("not_registered",)
    assert treatment(replace(small, registration=""), POLISH, None, NOON).category == "O"
    assert treatment(replace(small, country="US"), AMERICAN, None, NOON).category == "O"


def test_a_seller_outside_the_union_taxes_at_home_by_the_price_book() -> None:
    swiss = replace(SELLER, country="CH", vat_id="CHE107787577", vat_rates={"CH": 810})

    assert treatment(swiss, replace(AMERICAN, country="CH"), None, NOON).rate_bp == 810
    assert treatment(swiss, GERMAN, None, NOON).category == "O"
    assert treatment(replace(swiss, oss=True), replace(GERMAN, vat_id=""), None, NOON).rate_bp == 1900
    with pytest.raises(Invalid, match="vat_rates"):
        treatment(replace(swiss, vat_rates={}), replace(AMERICAN, country="CH"), None, NOON)


def test_the_operator_can_correct_a_rate() -> None:
    assert treatment(replace(SELLER, vat_rates={"PL": 2200}), POLISH, None, NOON).rate_bp == 2200


def test_the_table_has_the_27_member_states_and_no_rate_outside_the_directives_bounds() -> None:
    assert len(STANDARD_RATES) == 27
    assert all(1500 <= rate <= 2700 for rate in STANDARD_RATES.values())
    assert all(in_union(country) for country in STANDARD_RATES)
    assert (vat_prefix("GR"), vat_prefix("MC"), vat_prefix("PL")) == ("EL", "FR", "PL")


def test_r4_2_annual_standard_25_seats_come_to_7011_with_vat() -> None:
    invoice = make_document([seats(570_000, 25, 22_800)])

    assert (invoice.net_minor, invoice.tax_minor, invoice.gross_minor) == (570_000, 131_100, 701_100)


def test_r6_3_tax_is_rounded_once_on_the_sum_of_its_rate() -> None:
    lines = [
        seats(-6_032, 10, plan="essentials", tax_rate_bp=2300),
        seats(12_613, 10, tax_rate_bp=2300),
    ]

    assert totals(lines)[1:] == (6_581, 1_514, 8_095)


def test_each_rate_has_its_own_tax_and_the_highest_comes_first() -> None:
    lines = [
        seats(100, 1, tax_category="AE"),
        seats(333, 1, tax_rate_bp=1900),
        seats(333, 1, tax_rate_bp=2300),
        seats(334, 1, tax_rate_bp=1900),
    ]

    taxes, net, tax, gross = totals(lines)

    assert [(each.category, each.rate_bp, each.net_minor, each.tax_minor) for each in taxes] == [
        ("S", 2300, 333, 77),
        ("S", 1900, 667, 127),
        ("AE", 0, 100, 0),
    ]
    assert (net, tax, gross) == (1100, 204, 1304)


def test_a_document_without_lines_comes_to_nothing() -> None:
    assert totals([]) == ((), 0, 0, 0)


@given(st.lists(st.tuples(st.integers(-(10**9), 10**9), st.sampled_from([0, 1900, 2300, 2550])), max_size=30))
def test_giving_a_document_back_gives_back_what_it_came_to(lines: list[tuple[int, int]]) -> None:
    there = [Line(LineKind.SEATS, "standard", 1, amount, tax_rate_bp=rate) for amount, rate in lines]
    back = [Line(LineKind.SEATS, "standard", 1, -amount, tax_rate_bp=rate) for amount, rate in lines]

    assert totals(back).gross_minor == -totals(there).gross_minor
    assert totals(there).net_minor == sum(amount for amount, _ in lines)
