"""Stripe's public test cards, and what each of them does. Source: Stripe's documentation, "Test cards"."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class TestCard:
    """`setup` and `charge` are decline codes, empty when the bank says yes."""

    __test__ = False

    brand: str
    funding: str = "credit"
    setup: str = ""
    charge: str = ""
    asks_on_setup: bool = False  # 3-D Secure when it is saved
    asks_on_charge: bool = False  # 3-D Secure each time, also off-session
    country: str = "US"


VISA = TestCard("visa")

CARDS = {
    "4242424242424242": VISA,
    "4000056655665556": replace(VISA, funding="debit"),
    "4000006160000005": replace(VISA, country="PL"),
    "5555555555554444": TestCard("mastercard"),
    "5105105105105100": TestCard("mastercard", funding="prepaid"),
    "378282246310005": TestCard("amex"),
    "6011111111111117": TestCard("discover"),
    "3056930009020004": TestCard("diners"),
    "3566002020360505": TestCard("jcb"),
    "6200000000000005": TestCard("unionpay"),
    "4000000000000002": replace(VISA, setup="generic_decline"),
    "4000000000009995": replace(VISA, setup="insufficient_funds"),
    "4000000000009987": replace(VISA, setup="lost_card"),
    "4000000000009979": replace(VISA, setup="stolen_card"),
    "4000000000000069": replace(VISA, setup="expired_card"),
    "4000000000000127": replace(VISA, setup="incorrect_cvc"),
    "4000000000000119": replace(VISA, setup="processing_error"),
    "4000000000000341": replace(VISA, charge="generic_decline"),
    "4000002500003155": replace(VISA, asks_on_setup=True),
    "4000002760003184": replace(VISA, asks_on_setup=True, asks_on_charge=True),
    "4000008260003178": replace(VISA, asks_on_setup=True, charge="insufficient_funds"),
}

TOKENS = {
    "pm_card_visa": "4242424242424242",
    "pm_card_visa_debit": "4000056655665556",
    "pm_card_pl": "4000006160000005",
    "pm_card_mastercard": "5555555555554444",
    "pm_card_mastercard_prepaid": "5105105105105100",
    "pm_card_amex": "378282246310005",
    "pm_card_discover": "6011111111111117",
    "pm_card_chargeCustomerFail": "4000000000000341",
    "pm_card_authenticationRequiredOnSetup": "4000002500003155",
    "pm_card_authenticationRequired": "4000002760003184",
    "pm_card_visa_chargeDeclined": "4000000000000002",
    "pm_card_visa_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_visa_chargeDeclinedLostCard": "4000000000009987",
    "pm_card_visa_chargeDeclinedStolenCard": "4000000000009979",
    "pm_card_chargeDeclinedExpiredCard": "4000000000000069",
    "pm_card_chargeDeclinedIncorrectCvc": "4000000000000127",
    "pm_card_chargeDeclinedProcessingError": "4000000000000119",
}

ERRORS = {
    "insufficient_funds": ("card_declined", "Your card has insufficient funds."),
    "expired_card": ("expired_card", "Your card has expired."),
    "incorrect_cvc": ("incorrect_cvc", "Your card's security code is incorrect."),
    "processing_error": ("processing_error", "An error occurred while processing your card."),
    "authentication_required": ("authentication_required", "This card needs authentication."),
}


def card_error(decline_code: str) -> dict[str, str]:
    """The error of a decline, as it stands in an answer and in `last_payment_error`."""
    code, message = ERRORS.get(decline_code, ("card_declined", "Your card was declined."))
    error = {"type": "card_error", "code": code, "message": message}
    if code in {"card_declined", "authentication_required"}:
        error["decline_code"] = decline_code
    return error


def luhn(number: str) -> bool:
    """Whether the number's check digit is right."""
    digits = [int(digit) for digit in reversed(number)]
    return (sum(digits[0::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])) % 10 == 0
