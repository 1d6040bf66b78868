"""The card driver, by the real `stripe` package, against the wire fake: what must never go wrong with money."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import stripe
from aiohttp import web
from aiohttp.test_utils import TestServer
from tests.support.card_provider import gateway_to
from tests.support.stripe_fake import API_KEY, PUBLISHABLE_KEY, StripeFake, stripe_fake
from tests.support.stripe_fake.server import Fault

from tocsin.billing.cards import declines, stripe_objects
from tocsin.billing.cards.gateway import (
    SMALLEST_CHARGE_MINOR,
    ActionRequired,
    Cancelled,
    CardUpdated,
    Charge,
    Declined,
    Disputed,
    Event,
    Paid,
    PaymentEvent,
    RefundChanged,
    Refunded,
    RefundRefused,
    SetupEvent,
    Unknown,
)
from tocsin.billing.cards.stripe_gateway import StripeGateway
from tocsin.errors import Conflict, Unavailable

pytestmark = pytest.mark.clients

AT = datetime(2026, 4, 10, 8, 0, tzinfo=UTC)
BACK = "https://tocsin.example.com/settings/billing/paid"


@pytest.fixture
async def fake() -> AsyncIterator[StripeFake]:
    async with stripe_fake(lambda: AT) as running:
        yield running


@pytest.fixture
async def gateway(fake: StripeFake) -> AsyncIterator[StripeGateway]:
    made = gateway_to(fake.url)
    yield made
    await made.close()


@pytest.fixture
async def hasty(fake: StripeFake) -> AsyncIterator[StripeGateway]:
    """One that waits for an answer only briefly."""
    made = gateway_to(fake.url, timeout_seconds=0.3)
    yield made
    await made.close()


@pytest.fixture
async def customer(gateway: StripeGateway) -> str:
    return await gateway.create_customer(3, "Example Ltd", "ana@example.com", key="customer-3")


def order(customer: str, card: str, key: str = "invoice-7-1") -> Charge:
    return Charge(
        customer=customer,
        card=card,
        amount_minor=23000,
        currency="USD",
        key=key,
        description="Invoice 2026/04/7",
        return_url=BACK,
        metadata={"account_id": "3", "invoice": "7"},
    )


# The four brands of R4.1, and others


@pytest.mark.parametrize(
    ("token", "brand", "last4", "funding"),
    [
        ("pm_card_visa", "visa", "4242", "credit"),
        ("pm_card_mastercard", "mastercard", "4444", "credit"),
        ("pm_card_amex", "amex", "0005", "credit"),
        ("pm_card_discover", "discover", "1117", "credit"),
        ("pm_card_visa_debit", "visa", "5556", "debit"),
        ("pm_card_mastercard_prepaid", "mastercard", "5100", "prepaid"),
    ],
)
async def test_r4_1_each_brand_pays_an_invoice(
    fake: StripeFake, gateway: StripeGateway, customer: str, token: str, brand: str, last4: str, funding: str
) -> None:
    ref = str(fake.store.attach(token, customer)["id"])

    card = await gateway.card(customer, ref)
    outcome = await gateway.charge(order(customer, ref))

    assert (card.brand, card.last4, card.funding, card.country) == (brand, last4, funding, "US")
    assert isinstance(outcome, Paid)
    assert fake.charged() == [23000]


# Declines


@pytest.mark.parametrize(
    ("code", "hard"),
    [
        ("generic_decline", False),
        ("insufficient_funds", False),
        ("processing_error", False),
        ("do_not_honor", False),
        ("expired_card", True),
        ("lost_card", True),
        ("stolen_card", True),
        ("incorrect_cvc", True),
    ],
)
async def test_a_decline_says_whether_another_try_makes_sense(
    fake: StripeFake, gateway: StripeGateway, customer: str, code: str, hard: bool
) -> None:
    card = fake.add_card(customer)
    fake.store.later[card] = [code]

    outcome = await gateway.charge(order(customer, card))

    assert isinstance(outcome, Declined)
    assert (outcome.code, outcome.hard, outcome.message) == (code, hard, declines.message_of(code))
    assert outcome.ref is not None
    assert await gateway.payment(outcome.ref) == outcome
    assert fake.charged() == []


async def test_a_later_attempt_with_another_key_may_succeed(
    fake: StripeFake, gateway: StripeGateway, customer: str
) -> None:
    card = fake.add_card(customer)
    fake.store.later[card] = ["insufficient_funds"]
    declined = await gateway.charge(order(customer, card))
    assert isinstance(declined, Declined)
    assert declined.ref is not None

    await gateway.cancel(declined.ref)
    outcome = await gateway.charge(order(customer, card, "invoice-7-2"))

    assert isinstance(outcome, Paid)
    assert fake.charged() == [23000]


async def test_a_card_that_is_gone_is_a_hard_decline(fake: StripeFake, gateway: StripeGateway, customer: str) -> None:
    outcome = await gateway.charge(order(customer, "pm_gone"))

    assert isinstance(outcome, Declined)
    assert (outcome.code, outcome.hard, outcome.message) == ("card_missing", True, declines.GONE)


@pytest.mark.parametrize("currency", sorted(SMALLEST_CHARGE_MINOR))
async def test_the_smallest_charge_passes_and_one_below_does_not(
    fake: StripeFake, gateway: StripeGateway, customer: str, currency: str
) -> None:
    card = fake.add_card(customer)
    least = SMALLEST_CHARGE_MINOR[currency]

    enough = await gateway.charge(replace(order(customer, card, "1"), amount_minor=least, currency=currency))
    less = await gateway.charge(replace(order(customer, card, "2"), amount_minor=least - 1, currency=currency))

    assert isinstance(enough, Paid)
    assert isinstance(less, Declined)
    assert (less.code, less.hard) == ("amount_too_small", True)


# Once and never twice (M9)


async def test_m9_the_same_attempt_again_gets_the_first_answer(
    fake: StripeFake, gateway: StripeGateway, customer: str
) -> None:
    card = fake.add_card(customer)

    first = await gateway.charge(order(customer, card))
    second = await gateway.charge(order(customer, card))

    assert first == second
    assert fake.charged() == [23000]


async def test_m9_a_decline_is_repeated_too_and_not_tried_again(
    fake: StripeFake, gateway: StripeGateway, customer: str
) -> None:
    card = fake.add_card(customer)
    fake.store.later[card] = ["insufficient_funds"]

    first = await gateway.charge(order(customer, card))
    second = await gateway.charge(order(customer, card))

    assert isinstance(first, Declined)
    assert first == second
    assert fake.charged() == []


async def test_m9_a_key_for_something_else_is_a_conflict(
    fake: StripeFake, gateway: StripeGateway, customer: str
) -> None:
    card = fake.add_card(customer)
    await gateway.charge(order(customer, card))

    with pytest.raises(Conflict):
        await gateway.charge(replace(order(customer, card), amount_minor=1))
    with pytest.raises(Conflict):
        await gateway.refund((await paid(gateway, customer, card)).ref, 1, "invoice-7-1", {})

    assert fake.charged() == [23000]


async def paid(gateway: StripeGateway, customer: str, card: str) -> Paid:
    outcome = await gateway.charge(order(customer, card))
    assert isinstance(outcome, Paid)
    return outcome


LOST: list[Fault] = ["silent", "cut", "error", "gateway", "silent_undone", "cut_undone", "busy"]


@pytest.mark.parametrize("fault", LOST)
@pytest.mark.parametrize("key_forgotten", [False, True], ids=["within a day", "later"])
async def test_r4_4_a_lost_answer_is_resolved_by_the_key_and_never_charged_twice(
    fake: StripeFake, hasty: StripeGateway, customer: str, fault: Fault, key_forgotten: bool
) -> None:
    card = fake.add_card(customer)
    fake.fail_next(fault)

    lost = await hasty.charge(order(customer, card))
    if key_forgotten:
        fake.forget_keys()
    resolved = await hasty.charge(order(customer, card), again=True)

    assert isinstance(lost, Unknown)
    assert lost.reason
    assert isinstance(resolved, Paid)
    assert fake.charged() == [23000]


async def test_a_failure_that_stripe_remembers_stays_unknown_until_it_forgets_the_key(
    fake: StripeFake, gateway: StripeGateway, customer: str
) -> None:
    card = fake.add_card(customer)
    fake.fail_next("error_undone")

    first = await gateway.charge(order(customer, card))
    again = await gateway.charge(order(customer, card), again=True)
    fake.forget_keys()

    assert isinstance(first, Unknown)
    assert isinstance(again, Unknown)
    assert await gateway.find(customer, "invoice-7-1") is None
    assert isinstance(await gateway.charge(order(customer, card), again=True), Paid)


async def test_two_at_once_with_one_key_charge_once(fake: StripeFake, gateway: StripeGateway, customer: str) -> None:
    card = fake.add_card(customer)
    fake.fail_next("held")
    first = asyncio.create_task(gateway.charge(order(customer, card)))
    await fake.holding.wait()

    second = await gateway.charge(order(customer, card))
    fake.release()

    assert isinstance(await first, Paid)
    assert isinstance(second, Unknown)
    assert "409" in second.reason
    assert fake.charged() == [23000]


async def test_a_payment_is_found_among_many(fake: StripeFake, gateway: StripeGateway, customer: str) -> None:
    card = fake.add_card(customer)
    first = await paid(gateway, customer, card)
    for number in range(2, 204):
        fake.store.create_payment({"amount": "100", "currency": "usd", "customer": customer, "metadata": {"n": number}})

    assert await gateway.find(customer, "invoice-7-1") == first
    assert await gateway.find(customer, "invoice-7-9") is None
    assert [request.route for request in fake.requests].count("GET /v1/payment_intents") == 6


async def test_an_attempt_at_a_provider_that_is_away_can_be_made_later(fake: StripeFake, customer: str) -> None:
    nowhere = gateway_to("http://127.0.0.1:1")

    outcome = await nowhere.charge(order(customer, fake.add_card(customer)), again=True)
    with pytest.raises(Unavailable):
        await nowhere.start_card_setup(customer)
    with pytest.raises(Unavailable):
        await nowhere.find(customer, "invoice-7-1")
    await nowhere.close()

    assert isinstance(outcome, Unknown)


async def test_a_refused_key_is_the_operators_matter_and_no_decline(fake: StripeFake, customer: str) -> None:
    stranger = gateway_to(fake.url, "sk_test_revoked")

    outcome = await stranger.charge(order(customer, fake.add_card(customer)))
    with pytest.raises(Unavailable, match="key"):
        await stranger.create_customer(3, "Example Ltd", "ana@example.com", key="customer-3")
    await stranger.close()

    assert isinstance(outcome, Unknown)


async def test_one_customer_is_made_however_often_it_is_asked_for(fake: StripeFake, gateway: StripeGateway) -> None:
    refs = {await gateway.create_customer(5, "Example Ltd", "bo@example.com", key="customer-5") for _ in range(3)}

    assert len(refs) == 1


# 3-D Secure


async def test_r4_1_an_off_session_charge_waits_for_its_holder_and_is_paid_by_the_link(
    fake: StripeFake, gateway: StripeGateway, customer: str
) -> None:
    card = fake.add_card(customer, "4000002760003184")

    asked = await gateway.charge(order(customer, card))
    assert isinstance(asked, ActionRequired)
    assert asked.url is None
    assert await gateway.payment(asked.ref) == asked

    opened = await gateway.authenticate(asked.ref, card, BACK)
    assert isinstance(opened, ActionRequired)
    assert opened.url is not None
    back = await fake.authenticate(opened.url)

    assert back.startswith(f"{BACK}?payment_intent={asked.ref}&")
    assert back.endswith("redirect_status=succeeded")
    assert await gateway.payment(asked.ref) == Paid(asked.ref)
    assert await gateway.authenticate(asked.ref, card, BACK) == Paid(asked.ref)
    assert fake.charged() == [23000]


async def test_opening_the_link_twice_leads_to_one_bank_page_and_one_charge(
    fake: StripeFake, gateway: StripeGateway, customer: str
) -> None:
    card = fake.add_card(customer, "4000002760003184")
    asked = await gateway.charge(order(customer, card))
    assert isinstance(asked, ActionRequired)

    first = await gateway.authenticate(asked.ref, card, BACK)
    second = await gateway.authenticate(asked.ref, card, BACK)

    assert first == second
    assert isinstance(first, ActionRequired)
    assert first.url is not None
    await fake.authenticate(first.url)
    await fake.authenticate(first.url)
    assert fake.charged() == [23000]


async def test_a_refusal_at_the_bank_is_a_soft_decline_and_may_be_tried_again(
    fake: StripeFake, gateway: StripeGateway, customer: str
) -> None:
    card = fake.add_card(customer, "4000002760003184")
    asked = await gateway.charge(replace(order(customer, card), off_session=False))
    assert isinstance(asked, ActionRequired)
    assert asked.url is not None

    await fake.authenticate(asked.url, accept=False)
    refused = await gateway.payment(asked.ref)

    assert isinstance(refused, Declined)
    assert (refused.hard, refused.message) == (False, declines.NOT_AUTHENTICATED)
    assert isinstance(await gateway.authenticate(asked.ref, card, BACK), ActionRequired)


async def test_a_person_at_the_screen_is_sent_to_the_bank_at_once(
    fake: StripeFake, gateway: StripeGateway, customer: str
) -> None:
    card = fake.add_card(customer, "4000002760003184")

    asked = await gateway.charge(replace(order(customer, card), off_session=False))

    assert isinstance(asked, ActionRequired)
    assert asked.url is not None
    assert asked.url.startswith(f"{fake.url}/redirect/authenticate/{asked.ref}")


async def test_a_payment_that_was_given_up_cannot_be_paid_by_its_old_link(
    fake: StripeFake, gateway: StripeGateway, customer: str
) -> None:
    card = fake.add_card(customer, "4000002760003184")
    asked = await gateway.charge(replace(order(customer, card), off_session=False))
    assert isinstance(asked, ActionRequired)
    assert asked.url is not None

    await gateway.cancel(asked.ref)
    back = await fake.authenticate(asked.url)

    assert back.endswith("redirect_status=failed")
    assert await gateway.authenticate(asked.ref, card, BACK) == Cancelled(asked.ref)
    assert fake.charged() == []


async def test_the_bank_may_still_decline_what_its_holder_confirmed(
    fake: StripeFake, gateway: StripeGateway, customer: str
) -> None:
    card = fake.add_card(customer, "4000002760003184")
    fake.store.later[card] = ["insufficient_funds"]
    asked = await gateway.charge(replace(order(customer, card), off_session=False))
    assert isinstance(asked, ActionRequired)
    assert asked.url is not None

    back = await fake.authenticate(asked.url)

    assert back.endswith("redirect_status=failed")
    outcome = await gateway.payment(asked.ref)
    assert isinstance(outcome, Declined)
    assert outcome.code == "insufficient_funds"


# Refunds


async def test_more_than_was_paid_cannot_be_given_back(fake: StripeFake, gateway: StripeGateway, customer: str) -> None:
    payment = await paid(gateway, customer, fake.add_card(customer))

    whole = await gateway.refund(payment.ref, 20000, "credit-note-1", {"credit_note": "1"})
    repeated = await gateway.refund(payment.ref, 20000, "credit-note-1", {"credit_note": "1"})
    more = await gateway.refund(payment.ref, 3001, "credit-note-2", {})

    assert isinstance(whole, Refunded)
    assert repeated == whole
    assert isinstance(more, RefundRefused)
    assert isinstance(await gateway.refund(payment.ref, 3000, "credit-note-3", {}), Refunded)
    assert isinstance(await gateway.refund(payment.ref, 1, "credit-note-4", {}), RefundRefused)


async def test_a_refund_without_an_answer_is_made_once(fake: StripeFake, hasty: StripeGateway, customer: str) -> None:
    payment = await paid(hasty, customer, fake.add_card(customer))
    fake.fail_next("silent", "POST /v1/refunds")

    lost = await hasty.refund(payment.ref, 500, "credit-note-1", {})
    found = await hasty.refund(payment.ref, 500, "credit-note-1", {})

    assert isinstance(lost, Unknown)
    assert isinstance(found, Refunded)
    assert len(fake.store.of("refund")) == 1


# Events


async def test_events_come_repeated_and_out_of_order_and_read_the_same(
    fake: StripeFake, gateway: StripeGateway, customer: str
) -> None:
    card = fake.add_card(customer)
    fake.store.later[card] = ["insufficient_funds"]
    async with endpoint(fake, gateway) as arrived:
        fake.hold_webhooks = True
        await gateway.charge(order(customer, card))
        await gateway.charge(order(customer, card, "invoice-7-2"))
        told = [event for event in fake.store.events if event["type"] != "payment_intent.created"]

        await fake.deliver(*reversed(told), *told)

    events = [event for event in arrived if isinstance(event, PaymentEvent)]
    assert events == [*reversed(events[2:]), *events[2:]]
    assert [(type(event.outcome), event.key) for event in events[2:]] == [
        (Declined, "invoice-7-1"),
        (Paid, "invoice-7-2"),
    ]
    assert len({event.id for event in events}) == 2


async def test_what_bank_and_network_do_by_themselves_is_told(
    fake: StripeFake, gateway: StripeGateway, customer: str
) -> None:
    card = fake.add_card(customer)
    async with endpoint(fake, gateway) as arrived:
        payment = await paid(gateway, customer, card)
        refund = await gateway.refund(payment.ref, 500, "credit-note-1", {"credit_note": "1"})
        assert isinstance(refund, Refunded)
        dispute = fake.store.dispute(payment.ref)["data"]["object"]["id"]
        await fake.delivered()
        await fake.deliver(
            fake.store.replace_card(card, 2034, "1881"),
            fake.store.fail_refund(refund.ref),
            fake.store.close_dispute(dispute, "lost"),
        )

    updated = next(event for event in arrived if isinstance(event, CardUpdated))
    assert (updated.customer, updated.card.ref) == (customer, card)
    assert (updated.card.last4, updated.card.exp_year) == ("1881", 2034)
    refunds = [(event.refund, event.status) for event in arrived if isinstance(event, RefundChanged)]
    assert refunds == [(refund.ref, "succeeded"), (refund.ref, "failed")]
    lost = [event for event in arrived if isinstance(event, Disputed)][-1]
    assert (lost.payment, lost.status, lost.amount_minor) == (payment.ref, "lost", 23000)


async def test_a_finished_setup_is_told(fake: StripeFake, gateway: StripeGateway, customer: str) -> None:
    async with endpoint(fake, gateway) as arrived:
        setup = await gateway.start_card_setup(customer)
        done = fake.store.confirm_setup(setup.ref, {"payment_method": "pm_card_amex"})
        await fake.deliver(fake.store.events[-1])

    assert SetupEvent(arrived[-1].id, AT, setup.ref, customer, done["payment_method"]) == arrived[-1]


async def test_the_api_version_is_the_one_that_the_pinned_package_was_made_for(
    fake: StripeFake, gateway: StripeGateway, customer: str
) -> None:
    await gateway.charge(order(customer, fake.add_card(customer)))

    assert {request.version for request in fake.requests} == {stripe_objects.API_VERSION}
    assert stripe.api_version in {None, stripe_objects.API_VERSION}
    assert stripe.StripeClient("sk_test_1")._requestor.stripe_version == stripe_objects.API_VERSION


async def test_the_package_writes_no_file_and_logs_no_secret(
    fake: StripeFake,
    gateway: StripeGateway,
    customer: str,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    with caplog.at_level(logging.DEBUG):
        setup = await gateway.start_card_setup(customer)
        await gateway.charge(order(customer, "pm_gone"))

    assert setup.client_secret not in caplog.text
    assert API_KEY not in caplog.text
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - a path's own way is for threads


async def test_the_page_gets_what_the_hosted_fields_need(
    fake: StripeFake, gateway: StripeGateway, customer: str
) -> None:
    setup = await gateway.start_card_setup(customer)

    assert (setup.publishable_key, setup.script_url) == (PUBLISHABLE_KEY, f"{fake.url}/v3/")
    assert fake.requests[-1].params == {
        "customer": customer,
        "usage": "off_session",
        "allowed_payment_method_types": ["card"],
    }


@asynccontextmanager
async def endpoint(fake: StripeFake, gateway: StripeGateway) -> AsyncIterator[list[Event]]:
    """The events that an endpoint of ours read, in order of arrival, while the block runs."""
    arrived: list[Event] = []

    async def take(request: web.Request) -> web.Response:
        arrived.append(gateway.read_event(await request.read(), request.headers["Stripe-Signature"], AT))
        return web.Response()

    app = web.Application()
    app.router.add_post("/", take)
    async with TestServer(app) as server:
        fake.webhook_url = str(server.make_url("/"))
        yield arrived
        await fake.delivered()
    assert set(fake.statuses) == {200}
