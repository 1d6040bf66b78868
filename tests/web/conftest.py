"""People with browsers, for tests of pages."""

from collections.abc import AsyncIterator

import pytest
from tests.support.browsing import Browsing, add_person, browsing, give_password
from tests.support.makers import Tenant, make_tenant
from tests.support.world import World

from tocsin.accounts.model import Role, User
from tocsin.db import Databases
from tocsin.settings import Settings


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


@pytest.fixture
async def world(databases: Databases, database_url: str, settings: Settings, tenant: Tenant) -> AsyncIterator[World]:
    """The real engine on the tenant's account, with a clock that the test holds."""
    async with World(databases, database_url, settings, tenant) as made:
        yield made
