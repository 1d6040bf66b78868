"""Webhook events of Stripe: whether one is genuine and young, and what it says. Pure."""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from tocsin.billing.cards import stripe_objects
from tocsin.billing.cards.gateway import (
    CardUpdated,
    Disputed,
    Event,
    Ignored,
    PaymentEvent,
    RefundChanged,
    SetupEvent,
)
from tocsin.errors import Invalid
from tocsin.i18n import N_

TOLERANCE = timedelta(minutes=5)

FORGED = N_("The signature of this event is not right: check TOCSIN_STRIPE_WEBHOOK_SECRET.")
OUTDATED = N_("This event was signed more than 5 minutes ago, or in the future: check the server's clock.")
UNREADABLE = N_("This is not an event of Stripe.")

_DISPUTES: Mapping[str, Literal["won", "lost", "inquiry"]] = {
    "warning_needs_response": "inquiry",
    "warning_under_review": "inquiry",
    "warning_closed": "inquiry",
    "won": "won",
    "prevented": "won",
    "lost": "lost",
}
_REFUNDS: Mapping[str, Literal["succeeded", "failed"]] = {
    "succeeded": "succeeded",
    "failed": "failed",
    "canceled": "failed",
}


def read_event(payload: bytes, signature: str, secret: str, now: datetime) -> Event:
    """The event in the body of a webhook; `signature` is its Stripe-Signature header. Raises: Invalid.

    A header may carry several signatures while a secret is being replaced; one that fits is enough. An event that is
    repeated is signed anew by Stripe, so a repeat passes; a recorded one does not, once it is 5 minutes old.
    """
    verify(payload, signature, secret, now)
    try:
        event = json.loads(payload)
        identity = (str(event["id"]), datetime.fromtimestamp(int(event["created"]), UTC))
        read = READERS.get(event["type"])
        return Ignored(*identity, str(event["type"])) if read is None else read(*identity, event["data"]["object"])
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        raise Invalid(UNREADABLE) from None


def verify(payload: bytes, signature: str, secret: str, now: datetime) -> None:
    """Raises: Invalid unless the payload was signed with `secret` within `TOLERANCE` of `now`."""
    parts = [part.strip().partition("=") for part in signature.split(",")]
    signed_at = next((value for name, _, value in parts if name == "t"), "")
    wanted = hmac.new(secret.encode(), signed_at.encode() + b"." + payload, hashlib.sha256).hexdigest()
    given = [value for name, _, value in parts if name == "v1"]
    if not secret or not any(hmac.compare_digest(wanted.encode(), value.encode()) for value in given):
        raise Invalid(FORGED)
    if not signed_at.isdecimal() or abs(now.timestamp() - int(signed_at)) > TOLERANCE.total_seconds():
        raise Invalid(OUTDATED)


def _payment(id_: str, at: datetime, intent: Mapping[str, Any]) -> Event:
    metadata = dict(intent.get("metadata") or {})
    return PaymentEvent(
        id_,
        at,
        outcome=stripe_objects.outcome_of(intent),
        customer=stripe_objects.ref_of(intent.get("customer")),
        amount_minor=int(intent["amount"]),
        currency=str(intent["currency"]).upper(),
        key=metadata.pop(stripe_objects.KEY_FIELD, None),
        metadata=metadata,
    )


def _setup(id_: str, at: datetime, setup: Mapping[str, Any]) -> Event:
    done = setup["status"] == "succeeded"
    card = stripe_objects.ref_of(setup.get("payment_method")) if done else None
    return SetupEvent(id_, at, str(setup["id"]), stripe_objects.ref_of(setup.get("customer")), card)


def _card(id_: str, at: datetime, method: Mapping[str, Any]) -> Event:
    customer = stripe_objects.ref_of(method.get("customer"))
    return CardUpdated(id_, at, customer, stripe_objects.card_of(method))


def _dispute(id_: str, at: datetime, dispute: Mapping[str, Any]) -> Event:
    return Disputed(
        id_,
        at,
        dispute=str(dispute["id"]),
        payment=_payment_ref(dispute),
        status=_DISPUTES.get(dispute["status"], "open"),
        reason=str(dispute.get("reason") or "general"),
        amount_minor=int(dispute["amount"]),
        currency=str(dispute["currency"]).upper(),
    )


def _refund(id_: str, at: datetime, refund: Mapping[str, Any]) -> Event:
    return RefundChanged(
        id_,
        at,
        refund=str(refund["id"]),
        payment=_payment_ref(refund),
        status=_REFUNDS.get(refund["status"], "pending"),
        amount_minor=int(refund["amount"]),
        currency=str(refund["currency"]).upper(),
        metadata=dict(refund.get("metadata") or {}),
    )


def _payment_ref(value: Mapping[str, Any]) -> str:
    """The payment of a dispute or refund; the charge's id where it was not one of ours."""
    return stripe_objects.ref_of(value.get("payment_intent")) or stripe_objects.ref_of(value["charge"]) or ""


READERS: Mapping[str, Callable[[str, datetime, Mapping[str, Any]], Event]] = {
    "payment_intent.succeeded": _payment,
    "payment_intent.payment_failed": _payment,
    "payment_intent.requires_action": _payment,
    "payment_intent.processing": _payment,
    "payment_intent.canceled": _payment,
    "setup_intent.succeeded": _setup,
    "setup_intent.setup_failed": _setup,
    "payment_method.automatically_updated": _card,
    "charge.dispute.created": _dispute,
    "charge.dispute.updated": _dispute,
    "charge.dispute.closed": _dispute,
    "refund.created": _refund,
    "refund.updated": _refund,
    "refund.failed": _refund,
}
"""The kinds of events that mean something to us: what the webhook endpoint at Stripe should be subscribed to."""
