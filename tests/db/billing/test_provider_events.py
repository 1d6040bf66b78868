"""What the card provider tells by itself, on the wire: signed, repeated, about payments and disputes.

POST /v1/billing/stripe/webhook
"""

import copy
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr
from tests.support import stripe_fake as wire
from tests.support.billing_accounts import advance, at, make_standard, make_subscriber
from tests.support.billing_histories import AMERICAN
from tests.support.server import serve
from tests.support.stripe_fake import StripeFake

from tocsin.accounts import audit_store
from tocsin.billing import charging
from tocsin.billing.commands import ChangeBuyer, CorrectBuyer, Order
from tocsin.billing.keeping import Rails
from tocsin.billing.model import DocumentStatus
from tocsin.clock import SetClock
from tocsin.db import Databases
from tocsin.licensing.model import Interval, Standing, Target
from tocsin.settings import Settings

PATH = "/v1/billing/stripe/webhook"
Event = dict[str, Any]


@pytest.fixture
def clock() -> SetClock:
    """What provider and application go by."""
    return SetClock(at("2026-03-10 09:00"))


@pytest.fixture
async def fake(clock: SetClock) -> AsyncIterator[StripeFake]:
    async with wire.stripe_fake(clock.now) as running:
        yield running


@pytest.fixture
async def site(
    databases: Databases, selling_url: str, settings: Settings, fake: StripeFake, clock: SetClock
) -> AsyncIterator[str]:
    """The application with the provider's keys."""
    with_cards = settings.model_copy(
        update={
            "stripe_api_key": SecretStr(wire.API_KEY),
            "stripe_publishable_key": wire.PUBLISHABLE_KEY,
            "stripe_webhook_secret": SecretStr(wire.WEBHOOK_SECRET),
            "stripe_api_base": fake.url,
        }
    )
    async with serve(with_cards, selling_url, clock) as url:
        yield url


async def test_a_payment_that_is_confirmed_elsewhere_is_heard_of(
    databases: Databases, rails: Rails, fake: StripeFake, site: str, clock: SetClock
) -> None:
    ana = await make_standard(databases, rails, fake)
    await ana.add_card(fake, "2026-04-09 10:00", "pm_card_authenticationRequired")
    await advance(ana, "2026-04-10 09:00")
    [unpaid] = (await ana.billing()).unpaid
    clock.at, fake.webhook_url = at("2026-04-10 12:00"), site + PATH
    asked = await charging.authenticate(
        ana.tenant.app, rails, ana.tenant.account_id, unpaid.document.id, "https://tocsin.example/", clock.at
    )

    await fake.authenticate(asked.url)
    await fake.delivered()

    assert set(fake.statuses) == {200}
    assert (await ana.billing()).unpaid == ()
    await fake.deliver(*fake.store.events)
    assert set(fake.statuses) == {200}
    paid = [document for document in await ana.documents() if document.status is DocumentStatus.PAID]
    assert len(paid) == 2
    assert (await ana.billing()).subscription.balance_minor == 0


async def test_an_event_that_is_not_signed_by_the_provider_is_refused(site: str) -> None:
    async with aiohttp.ClientSession() as session, session.post(site + PATH, data=b"{}") as answer:
        assert answer.status == 422


async def test_a_server_without_a_provider_hears_nothing(
    databases: Databases, selling_url: str, settings: Settings
) -> None:
    async with (
        serve(settings, selling_url, SetClock(at("2026-03-10"))) as url,
        aiohttp.ClientSession() as session,
        session.post(url + PATH, data=b"{}") as answer,
    ):
        assert answer.status == 404


async def test_a_dispute_owes_the_invoice_again_until_it_is_won(
    databases: Databases, rails: Rails, fake: StripeFake, site: str, clock: SetClock
) -> None:
    ana = await make_standard(databases, rails, fake)
    payment = fake.store.of("payment_intent")[-1]["id"]
    clock.at, fake.webhook_url = at("2026-03-20"), site + PATH

    dispute = fake.store.dispute(payment)
    await fake.deliver(dispute, dispute)
    billing = await ana.billing()
    assert [one.document.owed_minor for one in billing.unpaid] == [23_000]
    assert billing.subscription.standing is Standing.PAST_DUE

    won = fake.store.close_dispute(dispute["data"]["object"]["id"], "won")
    await fake.deliver(won, won, dispute)
    billing = await ana.billing()
    assert billing.unpaid == ()
    assert billing.subscription.standing is Standing.ACTIVE


async def won(fake: StripeFake, dispute: Event) -> Event:
    """The event that the dispute was decided for us."""
    return fake.store.close_dispute(dispute["data"]["object"]["id"], "won")


async def test_a_dispute_is_told_of_and_in_the_owners_log(
    databases: Databases, rails: Rails, fake: StripeFake, site: str, clock: SetClock
) -> None:
    ana = await make_standard(databases, rails, fake)
    dispute = fake.store.dispute(fake.store.of("payment_intent")[-1]["id"])
    clock.at, fake.webhook_url = at("2026-03-20"), site + PATH

    await fake.deliver(dispute)
    await fake.deliver(await won(fake, dispute))

    mails = await ana.mails()
    assert mails.count("A card payment is disputed") == 2  # to the owner and to where invoices go
    assert mails.count("A disputed payment counts again") == 2
    async with ana.tenant.app.transaction() as tx:
        entries = await audit_store.list_entries(tx, ana.tenant.account_id, 10)
    said = [(it.action, (it.after or {}).get("reason")) for it in entries if it.object_type == "invoice"]
    assert said == [("won the dispute of", "fraudulent"), ("took back the payment of", "fraudulent")]


async def test_a_dispute_that_is_known_to_be_won_takes_nothing_when_its_beginning_comes_late(
    databases: Databases, rails: Rails, fake: StripeFake, site: str, clock: SetClock
) -> None:
    ana = await make_standard(databases, rails, fake)
    dispute = fake.store.dispute(fake.store.of("payment_intent")[-1]["id"])
    begun = copy.deepcopy(dispute)
    clock.at, fake.webhook_url = at("2026-03-20"), site + PATH

    await fake.deliver(await won(fake, dispute), begun)

    billing = await ana.billing()
    assert (billing.unpaid, billing.subscription.balance_minor) == ((), 0)
    assert billing.subscription.standing is Standing.ACTIVE


async def test_an_inquiry_of_the_bank_takes_nothing(
    databases: Databases, rails: Rails, fake: StripeFake, site: str, clock: SetClock
) -> None:
    ana = await make_standard(databases, rails, fake)
    inquiry = fake.store.dispute(fake.store.of("payment_intent")[-1]["id"])
    inquiry["data"]["object"]["status"] = "warning_needs_response"
    clock.at, fake.webhook_url = at("2026-03-20"), site + PATH

    await fake.deliver(inquiry)

    assert (await ana.billing()).unpaid == ()


async def test_the_first_payment_after_a_trial_can_be_disputed_too(
    databases: Databases, rails: Rails, fake: StripeFake, site: str, clock: SetClock
) -> None:
    """Its charge was made before there was an invoice."""
    ana = await make_subscriber(databases, rails)
    await ana.add_card(fake, "2026-03-10 09:30")
    await ana.do("2026-03-11 10:00", Order(Target("standard", Interval.MONTH, 10)))
    await advance(ana, "2026-03-26")
    [invoice] = await ana.documents()
    assert invoice.owed_minor == 0
    dispute = fake.store.dispute(fake.store.of("payment_intent")[-1]["id"])
    clock.at, fake.webhook_url = at("2026-03-27"), site + PATH

    await fake.deliver(dispute)

    assert [one.document.id for one in (await ana.billing()).unpaid] == [invoice.id]


async def test_a_disputed_payment_of_an_invoice_made_out_anew_is_owed_of_the_one_in_its_place(
    databases: Databases, rails: Rails, fake: StripeFake, site: str, clock: SetClock
) -> None:
    ana = await make_standard(databases, rails, fake)
    [invoice] = await ana.documents()
    dispute = fake.store.dispute(fake.store.of("payment_intent")[-1]["id"])
    await ana.do("2026-03-19 10:00", ChangeBuyer(replace(AMERICAN, city="Oakland")))
    await ana.do("2026-03-19 11:00", CorrectBuyer(invoice.id))
    clock.at, fake.webhook_url = at("2026-03-20"), site + PATH

    await fake.deliver(dispute)
    [unpaid] = (await ana.billing()).unpaid
    await fake.deliver(await won(fake, dispute))

    assert (unpaid.document.corrects, unpaid.document.owed_minor) == (invoice.id, 23_000)
    assert (await ana.billing()).unpaid == ()
