from collections.abc import AsyncIterator, Iterator

import pytest
from tests.support.makers import Tenant
from tests.support.world import World

from tocsin.db import Databases
from tocsin.rehearsal.scratch import Scratch, scratch_server
from tocsin.settings import Settings


@pytest.fixture
async def world(databases: Databases, database_url: str, settings: Settings, tenant: Tenant) -> AsyncIterator[World]:
    async with World(databases, database_url, settings, tenant) as made:
        yield made


@pytest.fixture(scope="session")
def scratch() -> Iterator[Scratch]:
    """A server that rehearsals take turns on."""
    with scratch_server() as started:
        yield started
