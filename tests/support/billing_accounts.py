"""Accounts with a subscription in a real database, and what is asked of them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4
from zoneinfo import ZoneInfo

from tests.support.billing_histories import AMERICAN
from tests.support.makers import Tenant, make_tenant
from tests.support.stripe_fake import StripeFake

from tocsin.accounts.audit import Actor
from tocsin.billing import charging, due, service
from tocsin.billing.account import AccountBilling
from tocsin.billing.cards import service as cards
from tocsin.billing.cards.gateway import CardGateway
from tocsin.billing.cards.on_file import CardOnFile
from tocsin.billing.charging import Result
from tocsin.billing.commands import CardAdded, Command, Order
from tocsin.billing.keeping import Rails, Unmetered
from tocsin.billing.letters import OutboxTeller
from tocsin.billing.model import Buyer, Document
from tocsin.billing.service import Asked
from tocsin.db import Databases
from tocsin.licensing.model import Interval, Target

WARSAW = ZoneInfo("Europe/Warsaw")


def at(local: str) -> datetime:
    """The instant of a local time in Warsaw."""
    return datetime.fromisoformat(local).replace(tzinfo=WARSAW).astimezone(UTC)


def make_rails(gateway: CardGateway | None = None) -> Rails:
    return Rails(Unmetered(), OutboxTeller("https://tocsin.example"), gateway, "https://tocsin.example")


@dataclass
class Subscriber:
    """An account, and who asks for things in its name."""

    tenant: Tenant
    databases: Databases
    rails: Rails

    async def do(self, local: str, command: Command, *, key: str | None = None, version: int | None = None) -> Result:
        asked = Asked(command, key or str(uuid4()), self.tenant.owner.id, version, "https://tocsin.example/back")
        return await service.perform(self.tenant.app, self.rails, self.tenant.account_id, asked, at(local))

    async def billing(self) -> AccountBilling:
        found = await service.find(self.tenant.app, self.tenant.account_id)
        assert found is not None
        return found

    async def documents(self) -> list[Document]:
        """Oldest first."""
        return list(reversed(await service.documents(self.tenant.app, self.tenant.account_id)))

    async def add_card(self, fake: StripeFake, local: str, token: str = "pm_card_visa") -> CardOnFile:
        assert self.rails.gateway is not None
        app, account_id = self.tenant.app, self.tenant.account_id
        setup = await cards.start_setup(app, self.rails.gateway, account_id, "Acme Corp.", "bills@acme.example")
        confirmed = fake.store.confirm_setup(
            setup.ref, {"payment_method": token, "return_url": "https://tocsin.example/"}
        )
        if action := confirmed.get("next_action"):
            await fake.authenticate(action["redirect_to_url"]["url"])
        actor = Actor(account_id, "ana@example.com", at(local))
        card = await cards.finish_setup(app, self.rails.gateway, actor, setup.ref)
        assert isinstance(card, CardOnFile)
        await self.do(local, CardAdded(card.id))
        return card

    async def mails(self) -> list[str]:
        async with self.databases.engine.transaction() as tx:
            return await tx.values(
                "select subject from mails where account_id = %(account_id)s order by id",
                account_id=self.tenant.account_id,
            )


async def make_subscriber(
    databases: Databases, rails: Rails, local: str = "2026-03-10 09:00", buyer: Buyer = AMERICAN
) -> Subscriber:
    """An account that signed up and is in its trial."""
    tenant = await make_tenant(databases)
    async with databases.engine.transaction() as tx:
        await service.start_trial(tx, tenant.account_id, "Europe/Warsaw", "USD", at(local), buyer)
    return Subscriber(tenant, databases, rails)


async def make_standard(
    databases: Databases, rails: Rails, fake: StripeFake, token: str = "pm_card_visa"
) -> Subscriber:
    """Standard ×10 by the month since 10 March 2026, paid by card."""
    subscriber = await make_subscriber(databases, rails)
    await subscriber.add_card(fake, "2026-03-10 09:30", token)
    target = Target("standard", Interval.MONTH, 10)
    assert (await subscriber.do("2026-03-10 10:00", Order(target, start_today=True))).status == "done"
    return subscriber


async def advance(subscriber: Subscriber, until: str) -> None:
    """Let happen to everybody what is due up to an instant, and charge what is to be charged."""
    end = at(until)
    engine, rails = subscriber.databases.engine, subscriber.rails
    while True:
        moved = await due.advance_due(engine, rails, end)
        moved += await charging.charge_due(engine, rails, end, lease=service.ASK_AGAIN)
        if not moved:
            return
