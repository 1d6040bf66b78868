"""Stripe's objects, as JSON, read into ours. Pure.

Tolerant: an event may be of another API version than ours, so a field that is not there is no reason to fail.
"""

from collections.abc import Mapping
from typing import Any

from tocsin.billing.cards import declines
from tocsin.billing.cards.gateway import (
    ActionRequired,
    Brand,
    Cancelled,
    Card,
    Declined,
    Funding,
    Paid,
    Processing,
    Refunded,
    RefundRefused,
    SetupResult,
)

API_VERSION = "2026-10-28.endive"
"""What the pinned `stripe` package was made for; the account's default version never decides."""

KEY_FIELD = "tocsin_key"
"""The metadata field that keeps a charge's key, so that the payment can be found when its answer was lost."""

Object = Mapping[str, Any]
Known = Paid | Declined | ActionRequired | Processing | Cancelled

_BRANDS: Mapping[str, Brand] = {
    "visa": "visa",
    "mastercard": "mastercard",
    "amex": "amex",
    "discover": "discover",
    "diners": "diners",
    "jcb": "jcb",
    "unionpay": "unionpay",
}
_FUNDINGS: Mapping[str, Funding] = {"credit": "credit", "debit": "debit", "prepaid": "prepaid"}


def card_of(method: Object) -> Card:
    """The card of a payment method of type card."""
    card = method["card"]
    return Card(
        ref=method["id"],
        brand=_BRANDS.get(card["brand"], "other"),
        last4=card["last4"],
        exp_month=card["exp_month"],
        exp_year=card["exp_year"],
        funding=_FUNDINGS.get(card.get("funding") or "", "unknown"),
        country=card.get("country"),
    )


def ref_of(value: object) -> str | None:
    """The id of what may be an id, the whole object, or nothing."""
    if isinstance(value, Mapping):
        return str(value["id"])
    return str(value) if value else None


def declined_by(error: Object, ref: str | None = None) -> Declined:
    """A card error, or the last error of an intent."""
    code = str(error.get("decline_code") or error.get("code") or "generic_decline")
    return Declined(code, declines.is_hard(code, error.get("advice_code")), declines.message_of(code), ref)


def outcome_of(intent: Object) -> Known:
    """What a PaymentIntent says of its payment."""
    ref = str(intent["id"])
    match intent["status"]:
        case "succeeded":
            return Paid(ref)
        case "canceled":
            return Cancelled(ref)
        case "requires_action":
            return ActionRequired(ref, redirect_of(intent))
        case "requires_payment_method":
            error = intent.get("last_payment_error") or {"code": "card_declined"}
            if "authentication_required" in (error.get("code"), error.get("decline_code")):
                return ActionRequired(ref, None)
            return declined_by(error, ref)
        case _:  # processing; requires_confirmation and requires_capture for an instant, since we do both at once
            return Processing(ref)


def redirect_of(intent: Object) -> str | None:
    """The bank's page, where one waits for the card's holder."""
    redirect = (intent.get("next_action") or {}).get("redirect_to_url") or {}
    return redirect.get("url")


def setup_of(setup: Object) -> SetupResult:
    """What a SetupIntent, with its payment method expanded, says."""
    ref = str(setup["id"])
    if setup["status"] == "succeeded":
        return SetupResult(ref, card=card_of(setup["payment_method"]))
    error = setup.get("last_setup_error")
    if setup["status"] == "requires_payment_method" and error:
        return SetupResult(ref, declined=declined_by(error))
    return SetupResult(ref)


def refund_of(refund: Object) -> Refunded | RefundRefused:
    """What a Refund says of itself."""
    status = refund["status"]
    if status in {"failed", "canceled"}:
        reason = str(refund.get("failure_reason") or status)
        return RefundRefused(reason, f"The refund {refund['id']} {status}: {reason}")
    return Refunded(str(refund["id"]), int(refund["amount"]), pending=status != "succeeded")
