"""Declines: which cards are not tried again, and what people are told."""

import pytest

from tocsin.billing.cards import declines
from tocsin.billing.cards.stripe_objects import declined_by

REPORTED = ["lost_card", "stolen_card", "pickup_card", "fraudulent", "restricted_card", "merchant_blacklist"]


@pytest.mark.parametrize("code", [*REPORTED, "expired_card", "incorrect_number", "revocation_of_authorization"])
def test_a_card_that_cannot_work_is_not_tried_again(code: str) -> None:
    assert declines.is_hard(code)


@pytest.mark.parametrize(
    "code", ["generic_decline", "do_not_honor", "insufficient_funds", "processing_error", "issuer_not_available"]
)
def test_a_card_that_may_work_tomorrow_is_tried_again(code: str) -> None:
    assert not declines.is_hard(code)


def test_a_code_that_nobody_has_seen_yet_is_soft_and_told_in_words() -> None:
    declined = declined_by({"code": "card_declined", "decline_code": "on_a_tuesday"})

    assert (declined.code, declined.hard) == ("on_a_tuesday", False)
    assert declined.message == declines.DECLINED


@pytest.mark.parametrize("advice", ["do_not_try_again", "confirm_card_data"])
def test_what_the_bank_advises_counts_more_than_a_soft_code(advice: str) -> None:
    assert declined_by({"decline_code": "generic_decline", "advice_code": advice}).hard


@pytest.mark.parametrize("code", REPORTED)
def test_nobody_is_told_that_a_card_was_reported(code: str) -> None:
    assert declines.message_of(code) == declines.message_of("generic_decline")


def test_no_code_is_both_hard_and_soft() -> None:
    assert not declines.HARD.keys() & declines.SOFT.keys()


def test_the_code_stands_in_where_there_is_no_decline_code() -> None:
    assert declined_by({"code": "expired_card"}).message == declines.EXPIRED
