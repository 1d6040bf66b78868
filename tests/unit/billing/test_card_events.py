"""Events: which are believed, and what they say."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.billing.cards.events import READERS, read_event
from tocsin.billing.cards.gateway import (
    ActionRequired,
    Card,
    CardUpdated,
    Declined,
    Disputed,
    Event,
    Ignored,
    Paid,
    PaymentEvent,
    RefundChanged,
    SetupEvent,
)
from tocsin.errors import Invalid

SECRET = "whsec_one"
NOW = datetime(2026, 4, 10, 8, 0, tzinfo=UTC)
AT = NOW - timedelta(hours=1)

INTENT = {
    "id": "pi_1",
    "object": "payment_intent",
    "status": "succeeded",
    "amount": 23000,
    "currency": "usd",
    "customer": "cus_1",
    "metadata": {"tocsin_key": "invoice-7-1", "account_id": "3", "invoice": "7"},
}
METHOD = {
    "id": "pm_1",
    "customer": "cus_1",
    "card": {"brand": "amex", "last4": "0005", "exp_month": 4, "exp_year": 2031, "funding": "credit", "country": "US"},
}
DISPUTE = {
    "id": "dp_1",
    "payment_intent": "pi_1",
    "charge": "ch_1",
    "status": "needs_response",
    "reason": "fraudulent",
    "amount": 23000,
    "currency": "usd",
}
REFUND = {
    "id": "re_1",
    "payment_intent": "pi_1",
    "charge": "ch_1",
    "status": "succeeded",
    "amount": 500,
    "currency": "eur",
    "metadata": {"credit_note": "9"},
}


def payload(type_: str, value: Any) -> bytes:
    event = {"id": "evt_1", "object": "event", "created": int(AT.timestamp()), "type": type_, "data": {"object": value}}
    return json.dumps(event).encode()


def signature(body: bytes, at: datetime = NOW, secret: str = SECRET) -> str:
    signed_at = str(int(at.timestamp()))
    return f"t={signed_at},v1={hmac.new(secret.encode(), f'{signed_at}.'.encode() + body, hashlib.sha256).hexdigest()}"


def read(type_: str, value: Any) -> Event:
    body = payload(type_, value)
    return read_event(body, signature(body), SECRET, NOW)


def test_a_payment_that_succeeded() -> None:
    assert read("payment_intent.succeeded", INTENT) == PaymentEvent(
        "evt_1",
        AT,
        outcome=Paid("pi_1"),
        customer="cus_1",
        amount_minor=23000,
        currency="USD",
        key="invoice-7-1",
        metadata={"account_id": "3", "invoice": "7"},
    )


def test_a_payment_that_was_declined() -> None:
    error = {"code": "card_declined", "decline_code": "insufficient_funds"}
    event = read(
        "payment_intent.payment_failed", INTENT | {"status": "requires_payment_method", "last_payment_error": error}
    )

    assert isinstance(event, PaymentEvent)
    assert isinstance(event.outcome, Declined)
    assert (event.outcome.code, event.outcome.hard, event.outcome.ref) == ("insufficient_funds", False, "pi_1")


def test_a_payment_that_the_holder_has_to_confirm() -> None:
    error = {"code": "authentication_required", "decline_code": "authentication_required"}
    failed = read(
        "payment_intent.payment_failed", INTENT | {"status": "requires_payment_method", "last_payment_error": error}
    )
    action = {"type": "redirect_to_url", "redirect_to_url": {"url": "https://hooks.stripe.com/3ds"}}
    waiting = read("payment_intent.requires_action", INTENT | {"status": "requires_action", "next_action": action})

    assert isinstance(failed, PaymentEvent)
    assert isinstance(waiting, PaymentEvent)
    assert failed.outcome == ActionRequired("pi_1", None)
    assert waiting.outcome == ActionRequired("pi_1", "https://hooks.stripe.com/3ds")


def test_a_payment_that_we_did_not_make_has_no_key() -> None:
    event = read("payment_intent.succeeded", {**INTENT, "metadata": {}, "customer": None})

    assert isinstance(event, PaymentEvent)
    assert (event.key, event.customer) == (None, None)


def test_a_setup_names_its_card_once_it_succeeded() -> None:
    setup = {"id": "seti_1", "customer": "cus_1", "status": "succeeded", "payment_method": "pm_1"}

    assert read("setup_intent.succeeded", setup) == SetupEvent("evt_1", AT, "seti_1", "cus_1", "pm_1")
    failed = read("setup_intent.setup_failed", setup | {"status": "requires_payment_method"})
    assert failed == SetupEvent("evt_1", AT, "seti_1", "cus_1", None)


def test_a_card_that_the_network_replaced() -> None:
    card = Card("pm_1", "amex", "0005", 4, 2031, "credit", "US")

    assert read("payment_method.automatically_updated", METHOD) == CardUpdated("evt_1", AT, "cus_1", card)


@pytest.mark.parametrize(
    ("status", "ours"),
    [
        ("needs_response", "open"),
        ("under_review", "open"),
        ("won", "won"),
        ("lost", "lost"),
        ("warning_needs_response", "inquiry"),
        ("warning_under_review", "inquiry"),
        ("warning_closed", "inquiry"),
    ],
)
def test_a_dispute(status: str, ours: Any) -> None:
    event = read("charge.dispute.updated", DISPUTE | {"status": status})

    assert event == Disputed("evt_1", AT, "dp_1", "pi_1", ours, "fraudulent", 23000, "USD")


@pytest.mark.parametrize(
    ("status", "ours"),
    [("pending", "pending"), ("requires_action", "pending"), ("succeeded", "succeeded"), ("failed", "failed")],
)
def test_a_refund(status: str, ours: Any) -> None:
    event = read("refund.updated", REFUND | {"status": status})

    assert event == RefundChanged("evt_1", AT, "re_1", "pi_1", ours, 500, "EUR", {"credit_note": "9"})


def test_a_kind_that_means_nothing_to_us_is_no_error() -> None:
    assert read("customer.updated", {"id": "cus_1"}) == Ignored("evt_1", AT, "customer.updated")


def test_the_same_event_sent_again_reads_the_same() -> None:
    body = payload("payment_intent.succeeded", INTENT)
    later = NOW + timedelta(hours=2)

    first = read_event(body, signature(body), SECRET, NOW)

    assert read_event(body, signature(body, later), SECRET, later) == first


@pytest.mark.parametrize("minutes", [-5, 0, 5])
def test_five_minutes_between_two_clocks_are_tolerated(minutes: int) -> None:
    body = payload("customer.updated", {})

    assert read_event(body, signature(body, NOW + timedelta(minutes=minutes)), SECRET, NOW).id == "evt_1"


@pytest.mark.parametrize("seconds", [-301, 301])
def test_an_event_that_was_recorded_and_replayed_is_refused(seconds: int) -> None:
    body = payload("customer.updated", {})

    with pytest.raises(Invalid, match="5 minutes"):
        read_event(body, signature(body, NOW + timedelta(seconds=seconds)), SECRET, NOW)


def test_one_signature_that_fits_is_enough_while_a_secret_is_replaced() -> None:
    body = payload("customer.updated", {})
    both = f"{signature(body, secret='whsec_old')},{signature(body).partition(',')[2]}"

    assert read_event(body, both, SECRET, NOW).id == "evt_1"


GOOD = payload("customer.updated", {})


@pytest.mark.parametrize(
    "header",
    [
        "",
        "nonsense",
        "t=,v1=",
        signature(GOOD).replace("v1=", "v0="),
        signature(GOOD, secret="whsec_other"),
        signature(GOOD).replace("t=", "t=1"),
        signature(GOOD) + "0",
        "t=1,v1=żółw",
    ],
)
def test_a_wrong_signature_is_refused(header: str) -> None:
    with pytest.raises(Invalid, match="signature"):
        read_event(GOOD, header, SECRET, NOW)


def test_a_changed_body_is_refused() -> None:
    with pytest.raises(Invalid, match="signature"):
        read_event(GOOD.replace(b"evt_1", b"evt_2"), signature(GOOD), SECRET, NOW)


def test_without_a_secret_nothing_is_believed() -> None:
    with pytest.raises(Invalid, match="signature"):
        read_event(GOOD, signature(GOOD, secret=""), "", NOW)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"{}", b'{"id": "evt_1"}', b"\xff", payload("refund.created", {})]
)
def test_a_signed_body_that_is_no_event_is_refused_in_words(body: bytes) -> None:
    with pytest.raises(Invalid, match="not an event"):
        read_event(body, signature(body), SECRET, NOW)


@given(
    st.sampled_from(sorted(READERS)),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ),
)
def test_whatever_is_signed_is_an_event_or_refused(type_: str, value: Any) -> None:
    body = payload(type_, value)
    try:
        event = read_event(body, signature(body), SECRET, NOW)
    except Invalid:
        return
    assert event.id == "evt_1"
