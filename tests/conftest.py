"""Fixtures for tests with real parts: one migrated database and one running application a worker."""

from collections.abc import AsyncIterator, Iterator

import aiohttp
import hypothesis
import pytest
from tests.support.makers import Tenant, make_tenant
from tests.support.server import scratch_database, serve
from tests.support.world import World

from tocsin.clock import SystemClock
from tocsin.db import Databases, open_databases
from tocsin.settings import Settings

hypothesis.settings.register_profile("ci", derandomize=True, deadline=None, max_examples=100)
hypothesis.settings.load_profile("ci")


@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
    """A migrated database on a scratch server; every test makes its own account in it."""
    with scratch_database() as url:
        yield url


@pytest.fixture(scope="session")
async def databases(database_url: str) -> AsyncIterator[Databases]:
    async with open_databases(database_url) as opened:
        yield opened


@pytest.fixture(scope="session")
def settings() -> Settings:
    return Settings(
        secret_key="a test's own secret, long enough",
        database_url=None,
        password_hash_memory_kib=64,
        password_hash_passes=1,
    )


@pytest.fixture(scope="session")
async def base_url(database_url: str, settings: Settings) -> AsyncIterator[str]:
    """The address of the running application."""
    async with serve(settings, database_url, SystemClock()) as url:
        yield url


@pytest.fixture(scope="session")
async def http(base_url: str) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of the running application; it keeps no cookies and follows no redirects by itself."""
    async with aiohttp.ClientSession(base_url, cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield session


@pytest.fixture
async def tenant(databases: Databases) -> Tenant:
    """An account of this test's own."""
    return await make_tenant(databases)


@pytest.fixture
async def world(databases: Databases, database_url: str, settings: Settings, tenant: Tenant) -> AsyncIterator[World]:
    """The real engine on the tenant's account, with a clock that the test holds."""
    async with World(databases, database_url, settings, tenant) as made:
        yield made
