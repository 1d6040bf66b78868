import pytest

from tocsin.errors import Invalid
from tocsin.licensing.numbers import NOWHERE, normalised, region_of, zone_of
from tocsin.licensing.pricebook import Zone


@pytest.mark.parametrize(
    ("number", "region", "zone"),
    [
        ("+12125550123", "US", Zone.US_CA),
        ("+14165550123", "CA", Zone.US_CA),
        ("+18005550123", "US", Zone.US_CA),  # toll-free
        ("+18765550123", "JM", Zone.OTHER),  # +1, and not the US
        ("+17875550123", "PR", Zone.OTHER),  # a territory with a region of its own
        ("+48123456789", "PL", Zone.OTHER),
        ("+441481256789", "GG", Zone.OTHER),
        ("+38349123456", "XK", Zone.OTHER),
        ("+881612345678", NOWHERE, Zone.OTHER),  # a satellite
    ],
)
def test_s17_the_full_number_says_where_it_is_and_in_which_zone(number: str, region: str, zone: Zone) -> None:
    assert region_of(number) == region
    assert zone_of(region) is zone


@pytest.mark.parametrize("number", ["", "123456789", "0048123456789", "ana@example.com"])
def test_what_is_no_number_is_refused(number: str) -> None:
    with pytest.raises(Invalid, match=r"\+48123456789"):
        region_of(number)


@pytest.mark.parametrize("typed", ["+48 22 123-45-67", " +48221234567", "+48 (22) 123 45 67", "tel:+48221234567"])
def test_a_number_is_kept_in_one_form_however_it_was_typed(typed: str) -> None:
    assert normalised(typed) == "+48221234567"


@pytest.mark.parametrize("typed", ["22 123 45 67", "+48 1", "+999 123456789", "+48221234567 ext. 5", "hello", ""])
def test_a_number_that_nobody_can_have_is_refused(typed: str) -> None:
    with pytest.raises(Invalid) as refused:
        normalised(typed)
    assert "with the country's code" in refused.value.errors["address"]
