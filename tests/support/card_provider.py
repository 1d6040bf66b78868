"""Providers for the contract test of the card driver: the fake, and localstripe."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

import aiohttp
from tests.support import localstripe, stripe_fake
from tests.support.stripe_fake import StripeFake

from tocsin.billing.cards.stripe_gateway import StripeGateway

PUBLISHABLE = {"fake": stripe_fake.PUBLISHABLE_KEY, "localstripe": "pk_test_localstripe"}


class Provider(Protocol):
    """Somebody who answers as Stripe, and what the card's holder does in the browser."""

    url: str
    gateway: StripeGateway

    async def type_card(self, setup: str, secret: str, number: str) -> None:
        """What the hosted fields send."""
        ...

    async def card_on_file(self, customer: str, number: str) -> str:
        """A card that was saved before, whatever the bank wanted then."""
        ...

    async def send_webhooks_to(self, url: str) -> None:
        """Sign with `stripe_fake.WEBHOOK_SECRET`."""
        ...


class Fake:
    def __init__(self, fake: StripeFake, gateway: StripeGateway) -> None:
        self.url = fake.url
        self.gateway = gateway
        self._fake = fake

    async def type_card(self, setup: str, secret: str, number: str) -> None:
        await _type_card(self.url, PUBLISHABLE["fake"], setup, secret, number)

    async def card_on_file(self, customer: str, number: str) -> str:
        return self._fake.add_card(customer, number)

    async def send_webhooks_to(self, url: str) -> None:
        self._fake.webhook_url = url


class Local:
    def __init__(self, url: str, gateway: StripeGateway) -> None:
        self.url = url
        self.gateway = gateway

    async def type_card(self, setup: str, secret: str, number: str) -> None:
        """Stripe puts the card on the customer's file by itself; localstripe has to be told."""
        found = await _type_card(self.url, PUBLISHABLE["localstripe"], setup, secret, number)
        if found.get("payment_method") and found["status"] == "succeeded":
            await self._post(f"/v1/payment_methods/{found['payment_method']}/attach", customer=found["customer"])

    async def card_on_file(self, customer: str, number: str) -> str:
        fields = {f"card[{name}]": value for name, value in _typed(number).items()}
        card = await self._post("/v1/payment_methods", type="card", **fields)
        await self._post(f"/v1/payment_methods/{card['id']}/attach", customer=customer)
        return card["id"]

    async def send_webhooks_to(self, url: str) -> None:
        await self._post("/_config/webhooks/contract", url=url, secret=stripe_fake.WEBHOOK_SECRET)

    async def _post(self, path: str, **fields: str) -> dict[str, str]:
        headers = {"Authorization": f"Bearer {localstripe.KEY}"}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.post(f"{self.url}{path}", data=fields) as answer,
        ):
            text = await answer.text()
            assert answer.status == 200, text
            found: dict[str, str] = json.loads(text or "{}")
            return found


def _typed(number: str) -> dict[str, str]:
    return {"number": number, "exp_month": "12", "exp_year": "2030", "cvc": "123"}


async def _type_card(url: str, key: str, setup: str, secret: str, number: str) -> dict[str, str]:
    fields = {f"payment_method_data[card][{name}]": value for name, value in _typed(number).items()}
    fields |= {"key": key, "client_secret": secret, "payment_method_data[type]": "card"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{url}/v1/setup_intents/{setup}/confirm", data=fields) as answer,
    ):
        found: dict[str, str] = await answer.json()
        return found


def gateway_to(url: str, api_key: str = stripe_fake.API_KEY, timeout_seconds: float = 30.0) -> StripeGateway:
    """The real driver, pointed at a stand-in."""
    return StripeGateway(
        api_key,
        publishable_key=stripe_fake.PUBLISHABLE_KEY,
        webhook_secret=stripe_fake.WEBHOOK_SECRET,
        script_url=f"{url}/v3/",
        api_base=url,
        timeout_seconds=timeout_seconds,
    )


@asynccontextmanager
async def provider(name: str) -> AsyncIterator[Provider]:
    """A fresh one, `fake` or `localstripe`."""
    if name == "fake":
        async with stripe_fake.stripe_fake() as fake:
            gateway = gateway_to(fake.url)
            try:
                yield Fake(fake, gateway)
            finally:
                await gateway.close()
        return
    async with localstripe.localstripe() as url:
        gateway = gateway_to(url, localstripe.KEY)
        try:
            yield Local(url, gateway)
        finally:
            await gateway.close()
