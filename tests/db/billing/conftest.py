"""A database in which the requirements' price book is published, so that somebody sells."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import pytest
from tests.support.billing_accounts import make_rails
from tests.support.books import REQUIREMENTS
from tests.support.card_provider import gateway_to
from tests.support.server import scratch_database
from tests.support.stripe_fake import StripeFake, stripe_fake

from tocsin.billing.keeping import Rails
from tocsin.db import Databases, open_databases
from tocsin.licensing import pricebook_store
from tocsin.licensing.pricebook_store import PublishedBook

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="session")
def selling_url() -> Iterator[str]:
    with scratch_database() as url:
        yield url


@pytest.fixture(scope="session")
async def databases(selling_url: str) -> AsyncIterator[Databases]:
    async with open_databases(selling_url, app_size=20) as opened:
        async with opened.engine.transaction() as tx:
            await pricebook_store.insert(tx, PublishedBook(2, REQUIREMENTS, LONG_AGO, "", ""))
        yield opened


@pytest.fixture
async def fake() -> AsyncIterator[StripeFake]:
    async with stripe_fake(lambda: datetime(2026, 3, 10, tzinfo=UTC)) as running:
        yield running


@pytest.fixture
async def rails(fake: StripeFake) -> AsyncIterator[Rails]:
    """What use cases need, with the real card driver on the wire fake."""
    gateway = gateway_to(fake.url)
    yield make_rails(gateway)
    await gateway.close()
