"""Declines: whether another try with the same card makes sense, and what the person who pays is told. Pure.

Hard are the codes after which Stripe itself does not retry, or whose advice is another card; the rest is soft. What an
unknown code means is soft: a retry costs little, a lost customer much. That a card was reported lost or stolen, or that
a payment looked like fraud, is not said to whoever typed the card in; they hear what a plain decline says.

Source: Stripe's documentation, "Decline codes" and "Smart Retries" (hard decline codes), read for API version
2026-10-28; `advice_code` from "Card declines".
"""

from tocsin.i18n import N_

DECLINED = N_("The bank declined the card and did not say why. Call the bank, or use another card.")
ANOTHER_CARD = N_("The bank does not accept this card for this payment. Use another card.")
FUNDS = N_("There is not enough money on the card, or it is over its limit.")
EXPIRED = N_("The card has expired. Add a card that is valid.")
WRONG_DETAILS = N_("The number, expiry date or security code of the card is not right. Add the card again.")
NOT_SUPPORTED = N_("The card cannot be used for this kind of payment or this currency. Use another card.")
LATER = N_("The bank could not be asked just now; nothing was charged. It will be tried again.")
NOT_AUTHENTICATED = N_(
    "The payment was not confirmed at the bank, so nothing was charged. Try again or use another card."
)
GONE = N_("The card is no longer on file. Add a card.")
TOO_SMALL = N_("The amount is smaller than the least that a card can be charged.")
TOO_LARGE = N_("The amount is larger than what a card can be charged at once.")
REFUSED = N_("The payment provider refused the payment; nothing was charged.")

HARD = {
    "lost_card": DECLINED,
    "stolen_card": DECLINED,
    "pickup_card": DECLINED,
    "restricted_card": DECLINED,
    "fraudulent": DECLINED,
    "highest_risk_level": DECLINED,
    "merchant_blacklist": DECLINED,
    "security_violation": DECLINED,
    "do_not_try_again": DECLINED,
    "transaction_not_allowed": ANOTHER_CARD,
    "not_permitted": ANOTHER_CARD,
    "service_not_allowed": ANOTHER_CARD,
    "revocation_of_all_authorizations": ANOTHER_CARD,
    "revocation_of_authorization": ANOTHER_CARD,
    "stop_payment_order": ANOTHER_CARD,
    "testmode_decline": ANOTHER_CARD,
    "test_mode_live_card": ANOTHER_CARD,
    "invalid_account": ANOTHER_CARD,
    "new_account_information_available": ANOTHER_CARD,
    "expired_card": EXPIRED,
    "incorrect_number": WRONG_DETAILS,
    "invalid_number": WRONG_DETAILS,
    "invalid_expiry_month": WRONG_DETAILS,
    "invalid_expiry_year": WRONG_DETAILS,
    "incorrect_cvc": WRONG_DETAILS,
    "invalid_cvc": WRONG_DETAILS,
    "incorrect_zip": WRONG_DETAILS,
    "incorrect_address": WRONG_DETAILS,
    "card_not_supported": NOT_SUPPORTED,
    "currency_not_supported": NOT_SUPPORTED,
    "amount_too_small": TOO_SMALL,
    "amount_too_large": TOO_LARGE,
}

SOFT = {
    "insufficient_funds": FUNDS,
    "card_velocity_exceeded": FUNDS,
    "withdrawal_count_limit_exceeded": FUNDS,
    "processing_error": LATER,
    "issuer_not_available": LATER,
    "try_again_later": LATER,
    "reenter_transaction": LATER,
    "approve_with_id": LATER,
    "payment_intent_authentication_failure": NOT_AUTHENTICATED,
    "setup_intent_authentication_failure": NOT_AUTHENTICATED,
    "authentication_required": NOT_AUTHENTICATED,
    "authentication_not_handled": NOT_AUTHENTICATED,
}

ADVISED_AGAINST = frozenset({"do_not_try_again", "confirm_card_data"})


def is_hard(code: str, advice: str | None = None) -> bool:
    """Whether another try with this card is useless: by its code, or because the bank advises against it."""
    return code in HARD or advice in ADVISED_AGAINST


def message_of(code: str) -> str:
    """An English source text for the person who pays, in the catalogue."""
    return HARD.get(code) or SOFT.get(code) or DECLINED
