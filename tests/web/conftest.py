"""People with browsers, for tests of pages; and an application whose clock tests hold."""

from collections.abc import AsyncIterator

import pytest
from tests.support.books import SHIPPED, sell_by
from tests.support.browsing import Browsing, add_person, browsing, give_password
from tests.support.makers import START, Tenant, make_tenant
from tests.support.server import serve

from tocsin.accounts.model import Role, User
from tocsin.accounts.sign_in import store
from tocsin.clock import SetClock
from tocsin.db import Databases
from tocsin.settings import Settings


@pytest.fixture(autouse=True)
async def shipped_prices(databases: Databases) -> None:
    """Each test begins with the prices of a fresh server, whatever the tests before it sold by."""
    async with databases.engine.transaction() as tx:
        await sell_by(tx, SHIPPED, START)


@pytest.fixture
async def ana(base_url: str, databases: Databases, tenant: Tenant) -> AsyncIterator[Browsing]:
    """The owner of the account, signed in."""
    async with browsing(base_url) as opened:
        await opened.sign_in(await give_password(databases, tenant.owner))
        yield opened


@pytest.fixture
async def bo_user(databases: Databases, tenant: Tenant) -> User:
    return await add_person(databases, tenant)


@pytest.fixture
async def bo(base_url: str, bo_user: User) -> AsyncIterator[Browsing]:
    """A plain user of the same account, signed in."""
    async with browsing(base_url) as opened:
        await opened.sign_in(bo_user)
        yield opened


@pytest.fixture
async def stakeholder(base_url: str, databases: Databases, tenant: Tenant) -> AsyncIterator[Browsing]:
    """Somebody who may look and not touch, signed in."""
    async with browsing(base_url) as opened:
        await opened.sign_in(await add_person(databases, tenant, role=Role.STAKEHOLDER))
        yield opened


@pytest.fixture
async def eve(base_url: str, databases: Databases) -> AsyncIterator[Browsing]:
    """The owner of another account, signed in."""
    others = await make_tenant(databases, "others")
    async with browsing(base_url) as opened:
        await opened.sign_in(await give_password(databases, others.owner))
        yield opened


@pytest.fixture(scope="session")
def clock() -> SetClock:
    return SetClock(START)


@pytest.fixture(scope="session")
async def url(settings: Settings, database_url: str, clock: SetClock) -> AsyncIterator[str]:
    """The address of an application that takes its time from `clock`."""
    async with serve(settings, database_url, clock) as running:
        yield running


@pytest.fixture
async def browser(url: str, clock: SetClock, databases: Databases) -> AsyncIterator[Browsing]:
    """Somebody's browser at START, at an address that never failed to sign in."""
    clock.at = START
    async with databases.engine.transaction() as tx:
        await store.delete_failures(tx, "address:127.0.0.1")
        await store.delete_failures(tx, "reset-address:127.0.0.1")
    async with browsing(url) as opened:
        yield opened
