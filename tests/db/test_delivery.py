"""Delivery: what is sent is written down, however long each send takes."""

import asyncio
from datetime import timedelta

from tests.support.makers import Tenant
from tests.support.program import eventually

from tocsin.accounts import store as accounts_store
from tocsin.clock import SystemClock
from tocsin.db import Databases
from tocsin.engine.delivery import Delivery
from tocsin.engine.engine import make_engine
from tocsin.notifications import store
from tocsin.notifications.model import Envelope, NewNotification, Sent
from tocsin.settings import Settings

LEASE = timedelta(minutes=1)


class HeldChannel:
    """Sends the first one at once, and every other one when it is let go."""

    name = "email"
    in_flight = 10

    def __init__(self) -> None:
        self.let_go = asyncio.Event()
        self.sent = 0

    async def send(self, envelope: Envelope) -> Sent:
        self.sent += 1
        if self.sent > 1:
            await self.let_go.wait()
        return Sent(provider="held")

    async def close(self) -> None:
        """Nothing is held open."""


async def test_a_send_that_takes_longer_than_others_is_recorded_too(
    databases: Databases, settings: Settings, tenant: Tenant
) -> None:
    clock, channel = SystemClock(), HeldChannel()
    now = clock.now()
    async with databases.engine.transaction() as tx:
        [contact] = await accounts_store.list_contacts(tx, tenant.account_id, tenant.owner.id)
        rows = [
            NewNotification(
                tenant.account_id, f"{number}", None, tenant.owner.id, contact.id, "email", contact.address,
                "create-alert", {}, now, now,
            )
            for number in range(3)
        ]  # fmt: skip
        claimed = await store.enqueue(tx, rows, now, LEASE)
    delivery = Delivery(
        databases.engine, clock, make_engine(settings, databases.engine, clock, {"email": channel}).sender, lease=LEASE
    )

    async def statuses() -> list[str]:
        async with tenant.app.transaction() as tx:
            return await tx.values(
                "select status from notifications where account_id = %(account_id)s order by id",
                account_id=tenant.account_id,
            )

    async def one_is_recorded() -> bool:
        return await statuses() == ["accepted", "sending", "sending"]

    delivery.open()
    await delivery.start(claimed)
    await eventually(one_is_recorded)
    channel.let_go.set()
    await delivery.close()

    assert await statuses() == ["accepted"] * 3
