import pytest
from tests.support.metered import TARIFF, free_term, make_term, warsaw

from tocsin.licensing.model import Standing
from tocsin.licensing.pricebook import Zone
from tocsin.licensing.quota import Allowed, Level, Stopped, StopReason, Used, levels, may_send
from tocsin.licensing.usage import UsageKind

FREE = free_term(warsaw(3, 10), warsaw(3, 10).date())
ESSENTIALS, STANDARD = make_term("essentials"), make_term("standard")
TRIAL = make_term("enterprise", standing=Standing.TRIALING, interval=None)
SMS, VOICE, CODE = UsageKind.SMS, UsageKind.VOICE, UsageKind.VERIFICATION


def test_r9_3_free_stops_at_its_limit() -> None:
    assert may_send(FREE, TARIFF, Used(included=99), SMS, Zone.OTHER, None) == Allowed()
    assert may_send(FREE, TARIFF, Used(included=100), SMS, Zone.US_CA, None) == Stopped(StopReason.LIMIT)
    assert may_send(FREE, TARIFF, Used(), VOICE, Zone.US_CA, None) == Stopped(StopReason.PLAN)


def test_r9_2_essentials_goes_on_at_the_price_of_the_zone() -> None:
    assert may_send(ESSENTIALS, TARIFF, Used(included=999), VOICE, Zone.OTHER, None) == Allowed()
    beyond = may_send(ESSENTIALS, TARIFF, Used(included=1_000), SMS, Zone.OTHER, None)
    assert beyond == Allowed(35)
    assert beyond.paid
    assert may_send(ESSENTIALS, TARIFF, Used(included=1_000), VOICE, Zone.US_CA, None) == Allowed(10)


def test_s30_a_unit_that_would_lift_the_overage_above_the_cap_is_not_sent() -> None:
    used = Used(included=1_000, charged_minor=470)
    assert may_send(ESSENTIALS, TARIFF, used, SMS, Zone.OTHER, 500) == Stopped(StopReason.SPENDING_CAP)
    assert may_send(ESSENTIALS, TARIFF, used, SMS, Zone.US_CA, 500) == Allowed(10)
    assert may_send(ESSENTIALS, TARIFF, Used(included=1_000, charged_minor=490), SMS, Zone.US_CA, 500) == Allowed(10)
    assert may_send(ESSENTIALS, TARIFF, Used(included=999, charged_minor=900), SMS, Zone.OTHER, 500) == Allowed()


def test_r2_1_a_trial_has_50_sms_and_20_calls() -> None:
    assert may_send(TRIAL, TARIFF, Used(sms=49, voice=20), SMS, Zone.OTHER, None) == Allowed()
    assert may_send(TRIAL, TARIFF, Used(sms=50), SMS, Zone.OTHER, None) == Stopped(StopReason.TRIAL)
    assert may_send(TRIAL, TARIFF, Used(voice=19), VOICE, Zone.OTHER, None) == Allowed()
    assert may_send(TRIAL, TARIFF, Used(voice=20), VOICE, Zone.OTHER, None) == Stopped(StopReason.TRIAL)


def test_r11_1_no_counter_stops_standard() -> None:
    used = Used(included=50_000, sms=50_000)
    assert may_send(STANDARD, TARIFF, used, SMS, Zone.OTHER, 0) == Allowed()


def test_s19_unpaid_usage_stops_sms_and_voice() -> None:
    stopped = make_term("standard", telephony_stopped=True)
    assert may_send(stopped, TARIFF, Used(), VOICE, Zone.US_CA, None) == Stopped(StopReason.UNPAID)


def test_r9_3_codes_are_outside_the_limit_and_ten_a_day_for_each_person() -> None:
    assert may_send(FREE, TARIFF, Used(included=100, codes=9), CODE, Zone.OTHER, None) == Allowed()
    assert may_send(FREE, TARIFF, Used(codes=10), CODE, Zone.OTHER, None) == Stopped(StopReason.CODES)


@pytest.mark.parametrize("standing", [Standing.DELETING, Standing.DELETED])
def test_a_closed_account_sends_nothing(standing: Standing) -> None:
    term = make_term("standard", standing=standing)
    assert may_send(term, TARIFF, Used(), SMS, Zone.OTHER, None) == Stopped(StopReason.CLOSED)


def test_a_granted_account_has_no_limit() -> None:
    term = make_term("enterprise", 0, standing=Standing.GRANTED, interval=None)
    assert may_send(term, TARIFF, Used(included=10**6), VOICE, Zone.OTHER, None) == Allowed()


def test_r9_1_mails_are_owed_at_80_percent_and_at_the_limit() -> None:
    assert levels(ESSENTIALS, TARIFF, 799, 0, None) == set()
    assert levels(ESSENTIALS, TARIFF, 800, 0, None) == {Level.POOL_WARNING}
    assert levels(ESSENTIALS, TARIFF, 999, 0, None) == {Level.POOL_WARNING}
    assert levels(ESSENTIALS, TARIFF, 1_000, 0, None) == {Level.POOL_WARNING, Level.POOL_USED}
    assert levels(FREE, TARIFF, 80, 0, None) == {Level.POOL_WARNING}
    assert levels(STANDARD, TARIFF, 50_000, 0, 100) == set()


def test_a_cap_is_told_at_80_percent_and_when_nothing_fits_under_it_any_more() -> None:
    assert levels(ESSENTIALS, TARIFF, 0, 390, 500) == set()
    assert levels(ESSENTIALS, TARIFF, 0, 400, 500) == {Level.CAP_WARNING}
    assert levels(ESSENTIALS, TARIFF, 0, 490, 500) == {Level.CAP_WARNING}
    assert levels(ESSENTIALS, TARIFF, 0, 491, 500) == {Level.CAP_WARNING, Level.CAP_REACHED}
