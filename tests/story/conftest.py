from collections.abc import AsyncIterator

import pytest
from tests.support.makers import Tenant
from tests.support.world import World

from tocsin.db import Databases
from tocsin.settings import Settings


@pytest.fixture
async def world(databases: Databases, database_url: str, settings: Settings, tenant: Tenant) -> AsyncIterator[World]:
    async with World(databases, database_url, settings, tenant) as made:
        yield made
