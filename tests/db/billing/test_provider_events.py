"""What the card provider tells by itself, on the wire: signed, repeated, about payments and disputes."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from pydantic import SecretStr
from tests.support import stripe_fake as wire
from tests.support.billing_accounts import advance, at, make_standard
from tests.support.server import serve
from tests.support.stripe_fake import StripeFake

from tocsin.billing import charging
from tocsin.billing.keeping import Rails
from tocsin.billing.model import DocumentStatus
from tocsin.clock import SetClock
from tocsin.db import Databases
from tocsin.licensing.model import Standing
from tocsin.settings import Settings

PATH = "/v1/billing/stripe/webhook"


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
