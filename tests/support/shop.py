"""An application that sells by the requirements' price book, with the card provider's stand-in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.support.billing_histories import AMERICAN
from tests.support.books import REQUIREMENTS, sell_by
from tests.support.makers import Tenant
from tests.support.server import serve
from tests.support.stripe_fake import API_KEY, PUBLISHABLE_KEY, StripeFake

from tocsin.billing import service
from tocsin.clock import Clock
from tocsin.db import Databases
from tocsin.settings import Settings


@asynccontextmanager
async def shop(
    settings: Settings, database_url: str, databases: Databases, fake: StripeFake, clock: Clock
) -> AsyncIterator[str]:
    """Its base URL; it is stopped at the end."""
    async with databases.engine.transaction() as tx:
        await sell_by(tx, REQUIREMENTS, clock.now())
    selling = Settings.model_validate(
        settings.model_dump()
        | {
            "stripe_api_key": API_KEY,
            "stripe_publishable_key": PUBLISHABLE_KEY,
            "stripe_api_base": fake.url,
            "stripe_js_url": f"{fake.url}/v3/",
        }
    )
    async with serve(selling, database_url, clock) as url:
        yield url


async def on_trial(databases: Databases, tenant: Tenant, clock: Clock) -> Tenant:
    """The tenant, whose trial begins now."""
    async with databases.engine.transaction() as tx:
        await service.start_trial(tx, tenant.account_id, "Europe/Warsaw", "USD", clock.now(), AMERICAN)
    return tenant
