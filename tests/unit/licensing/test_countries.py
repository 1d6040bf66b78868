"""The table of countries. Source: licensing requirements R12"""

import pytest

from tocsin.errors import Invalid
from tocsin.licensing.countries import CostsExtra, Override, Unreachable, check_reach, shipped, table
from tocsin.licensing.pricebook import Zone


def test_r12_2_accept_calls_go_to_at_least_170_countries_and_sms_to_all() -> None:
    countries = shipped().values()
    assert sum(country.voice for country in countries) >= 170
    assert len(countries) >= 249
    assert all(country.sms for country in countries)


def test_only_the_us_and_canada_are_in_their_zone_though_jamaica_has_the_same_code() -> None:
    assert {code for code, country in shipped().items() if country.zone is Zone.US_CA} == {"US", "CA"}
    assert shipped()["JM"].calling_code == shipped()["US"].calling_code == 1


def test_r12_2_accept_a_call_to_a_country_without_voice_is_refused_with_an_sms_offered() -> None:
    with pytest.raises(Unreachable) as refused:
        check_reach("+8613812345678", voice=True, overrides={})
    assert refused.value.sms_supported
    assert refused.value.status == 422
    assert refused.value.errors == {"address": "Calls do not reach this country: China. An SMS does."}
    check_reach("+8613812345678", voice=False, overrides={})
    check_reach("+48512345678", voice=True, overrides={})


def test_the_operator_s_list_comes_before_the_shipped_one() -> None:
    overrides = {"PL": Override("PL", sms=False, voice=False, note="no carrier"), "CN": Override("CN", True, True)}
    assert table(overrides)["PL"].note == "no carrier"
    with pytest.raises(Unreachable) as refused:
        check_reach("+48512345678", voice=True, overrides=overrides)
    assert not refused.value.sms_supported
    with pytest.raises(Unreachable):
        check_reach("+48512345678", voice=False, overrides=overrides)
    check_reach("+8613812345678", voice=True, overrides=overrides)


@pytest.mark.parametrize("voice", [True, False])
@pytest.mark.parametrize(
    "number",
    ["+48701234567", "+48801234567", "+48804123456", "+48642123456", "+19002345678", "+449098790000", "+33891234567"],
)
def test_r11_2_premium_shared_cost_company_and_pager_numbers_are_refused(number: str, voice: bool) -> None:
    with pytest.raises(CostsExtra) as refused:
        check_reach(number, voice=voice, overrides={})
    assert refused.value.status == 422
    assert "costs extra" in refused.value.errors["address"]


@pytest.mark.parametrize("number", ["+48512345678", "+48221234567", "+12125550123", "+448001111111", "+447400123456"])
def test_mobile_landline_and_toll_free_numbers_are_not(number: str) -> None:
    check_reach(number, voice=True, overrides={})


def test_a_number_of_no_country_is_left_to_the_carrier() -> None:
    check_reach("+881612345678", voice=True, overrides={})


def test_what_is_no_number_is_refused() -> None:
    with pytest.raises(Invalid):
        check_reach("hello", voice=True, overrides={})
