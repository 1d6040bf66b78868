"""An account that buys, as its owner and his clients meet the server: pages, the API, and a clock that tests hold."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import aiohttp
from tests.support.alert_api import AlertApi
from tests.support.billing_accounts import Subscriber, at
from tests.support.browsing import PASSWORD, Answer, Browsing, browsing, give_password
from tests.support.card_provider import gateway_to
from tests.support.mailbox import link_in, mails
from tests.support.makers import Tenant, add_key
from tests.support.shop import on_trial, shop
from tests.support.stripe_fake import StripeFake, stripe_fake

from tocsin.billing import service
from tocsin.billing.charging import charge_due
from tocsin.billing.keeping import Rails, catch_up
from tocsin.billing.letters import OutboxTeller
from tocsin.billing.metered import RecordedUsage
from tocsin.clock import SetClock
from tocsin.db import Databases
from tocsin.escalations.plan_limits import PlanLimits
from tocsin.settings import Settings

JOINING = {"full_name": "New Person", "password": PASSWORD, "time_zone": "Europe/Warsaw", "locale": "en"}


@dataclass
class Customer:
    """`owner` is the owner's browser, `api` has a key with the billing right. Instants are local ones in Warsaw."""

    url: str
    tenant: Tenant
    databases: Databases
    clock: SetClock
    owner: Browsing
    api: AlertApi
    subscriber: Subscriber
    fake: StripeFake

    async def comes_to(self, local: str) -> None:
        """Time passes until then, with all that is due; the owner signs in anew, for his session may have ended."""
        now = at(local)
        account_id, rails = self.tenant.account_id, self.subscriber.rails
        while True:
            await catch_up(self.tenant.app, rails, account_id, now)
            if not await charge_due(self.databases.engine, rails, now, lease=service.ASK_AGAIN, account_id=account_id):
                break
        self.clock.at = now
        self.owner.session.cookie_jar.clear()
        await self.owner.sign_in(self.tenant.owner)

    async def add_card(self, token: str = "pm_card_visa") -> None:
        local = self.clock.at.astimezone(at("2026-01-01").tzinfo).replace(tzinfo=None)
        await self.subscriber.add_card(self.fake, local.isoformat(), token)

    async def order(self, **order: Any) -> list[str]:
        """By the API; the ids of what was invoiced. Raises: AssertionError unless it was done."""
        answer = await self.api.call("PATCH", "/v1/subscription", order)
        assert (answer.status, answer.data["status"]) == (200, "done"), answer.body
        invoices: list[str] = answer.data["invoices"]
        return invoices

    async def subscription(self) -> dict[str, Any]:
        data: dict[str, Any] = (await self.api.get("/v1/subscription")).data
        return data

    async def people(self) -> tuple[int, int]:
        """Seats that are taken, and stakeholders."""
        found = await self.subscription()
        return found["responders"], found["stakeholders"]

    async def documents(self) -> list[dict[str, Any]]:
        """Invoices and credit notes, oldest first."""
        return [*reversed((await self.api.get("/v1/invoices?limit=100")).data["invoices"])]

    async def nets(self) -> list[int]:
        return [it["netMinor"] for it in await self.documents()]

    async def invite(self, email: str, role: str = "user") -> Answer:
        await self.owner.get("/settings/users")
        return await self.owner.post("/settings/users", email=email, role=role, time_zone="Europe/Warsaw", locale="en")

    async def join(self, email: str, role: str = "user") -> Answer:
        """Somebody is invited, and comes in by the link. Raises: AssertionError where the invitation is refused."""
        invited = await self.invite(email, role)
        assert f"{email} is invited by mail." in invited
        link = link_in((await mails(self.tenant, "invitation"))[-1], "/invitation/")
        async with browsing(self.url) as phone:
            await phone.get(link)
            return await phone.post(link, **JOINING)

    async def suspend(self, user_id: UUID) -> None:
        page = await self.owner.post(f"/settings/users/{user_id}/suspend")
        assert "is suspended and signed out" in page


@asynccontextmanager
async def customer(
    settings: Settings, database_url: str, databases: Databases, tenant: Tenant, local: str = "2026-03-10 09:00"
) -> AsyncIterator[Customer]:
    """One on trial since then, without a card, at a shop that sells by the requirements' price book."""
    clock = SetClock(at(local))
    async with stripe_fake(clock.now) as fake, shop(settings, database_url, databases, fake, clock) as url:
        await on_trial(databases, tenant, clock)
        gateway = gateway_to(fake.url)
        limits = PlanLimits(billing=True)
        rails = Rails(RecordedUsage(), OutboxTeller(url, limits.lost_with), gateway, url, limits)
        key = await add_key(databases, tenant, allow_billing_access=True)
        try:
            async with browsing(url) as owner, aiohttp.ClientSession(url) as http:
                await owner.sign_in(await give_password(databases, tenant.owner))
                api = AlertApi(http, {"Authorization": f"GenieKey {key}"})
                subscriber = Subscriber(tenant, databases, rails)
                yield Customer(url, tenant, databases, clock, owner, api, subscriber, fake)
        finally:
            await gateway.close()
