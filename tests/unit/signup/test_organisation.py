import pytest

from tocsin.licensing.places import country_options, currency_in, is_country
from tocsin.signup.organisation import organisation_hash, organisation_of


@pytest.mark.parametrize(
    ("email", "organisation"),
    [
        ("Ana@Example.COM", "example.com"),
        ("bo+trial@example.com", "example.com"),
        ("a.n.a+second@gmail.com", "ana@gmail.com"),
        ("a.na@wp.pl", "a.na@wp.pl"),
        ("ana+x@outlook.com", "ana@outlook.com"),
    ],
)
def test_r2_1_an_organisation_is_its_mail_domain_or_the_address_at_a_provider(email: str, organisation: str) -> None:
    assert organisation_of(email) == organisation


def test_only_a_hash_is_kept_and_it_is_the_same_for_colleagues() -> None:
    assert organisation_hash("ana@example.com") == organisation_hash("bo@example.com")
    assert organisation_hash("ana@gmail.com") != organisation_hash("bo@gmail.com")
    assert b"example" not in organisation_hash("ana@example.com")


def test_countries_have_names_in_both_languages_in_their_order() -> None:
    assert dict(country_options("en"))["PL"] == "Poland"
    polish = [name for _, name in country_options("pl")]
    assert polish.index("Łotwa") < polish.index("Macedonia Północna")
    assert is_country("DE")
    assert not any(is_country(code) for code in ("EU", "ZZ", "UN", "xx", ""))


def test_prices_begin_in_the_countrys_currency_where_there_are_any() -> None:
    offered = ("USD", "EUR", "PLN")
    assert [currency_in(country, offered) for country in ("PL", "DE", "US", "JP")] == ["PLN", "EUR", "USD", "USD"]
    assert currency_in("PL", ("EUR",)) == "EUR"
