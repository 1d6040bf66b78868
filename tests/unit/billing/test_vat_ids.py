"""VAT ids: their form, and how long an answer about one holds."""

from datetime import UTC, datetime, timedelta

import pytest

from tocsin.billing.vat_id import VatCheck, check_format, check_vat_id, is_vat_id
from tocsin.errors import Invalid

NOON = datetime(2026, 3, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "country", "written"),
    [
        ("DE136695976", "DE", "DE136695976"),
        ("de 136.695 976", "DE", "DE136695976"),
        ("136695976", "DE", "DE136695976"),
        ("PL 856-734-62-15", "PL", "PL8567346215"),
        ("EL094259216", "GR", "EL094259216"),
        ("GR094259216", "GR", "EL094259216"),
        ("094259216", "GR", "EL094259216"),
        ("FR40303265045", "MC", "FR40303265045"),
        ("", "DE", ""),
        ("   ", "DE", ""),
    ],
)
def test_a_vat_id_is_written_with_its_prefix_and_nothing_between(typed: str, country: str, written: str) -> None:
    assert check_vat_id(typed, country) == written


@pytest.mark.parametrize(
    ("typed", "country"),
    [
        ("DE136695977", "DE"),  # check digit
        ("DE13669597", "DE"),  # too short
        ("DE136695976", "FR"),  # another country's
        ("GB980780684", "DE"),  # not a member state
        ("XI980780684", "DE"),
        ("hello", "PL"),
        ("PL" + "1" * 60, "PL"),
    ],
)
def test_what_is_no_vat_id_of_the_country_is_refused(typed: str, country: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_vat_id(typed, country)

    assert "vat_id" in refused.value.errors


@pytest.mark.parametrize(("typed", "country"), [("GB 980 7806 84", "GB"), ("XI980780684", "XI"), ("12-3456789", "US")])
def test_a_tax_number_from_outside_the_union_is_kept_and_is_no_vat_id_of_it(typed: str, country: str) -> None:
    assert check_vat_id(typed, country) == typed
    assert not is_vat_id(typed, country)
    assert not check_format(typed, country, NOON).valid


def test_a_malformed_id_is_kept_as_it_was_typed_and_is_not_valid() -> None:
    check = check_format("DE1", "DE", NOON)

    assert (check.vat_id, check.valid) == ("DE1", False)


def test_a_registrys_answer_holds_for_a_day() -> None:
    check = VatCheck("DE136695976", True, "registry", NOON)

    assert check.holds("DE136695976", NOON + timedelta(hours=24))
    assert not check.holds("DE136695976", NOON + timedelta(hours=24, seconds=1))


def test_an_answer_about_another_id_or_about_none_does_not_hold() -> None:
    assert not VatCheck("DE136695976", True, "registry", NOON).holds("DE811569869", NOON)
    assert not VatCheck("", True, "registry", NOON).holds("", NOON)
