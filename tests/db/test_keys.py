"""API keys: looked up once for all who ask at the same time."""

import asyncio

import pytest
from tests.support.makers import Tenant

from tocsin.accounts.keys import KeyRing
from tocsin.db import Databases
from tocsin.errors import Unauthenticated


async def test_who_asks_for_a_key_at_the_same_time_shares_one_look(databases: Databases, tenant: Tenant) -> None:
    keys = KeyRing(databases.engine)
    authorization = tenant.headers["Authorization"]
    found = await asyncio.gather(*(keys.authenticate(authorization) for _ in range(50)))
    assert found[0].id == tenant.integration.id
    assert all(integration is found[0] for integration in found)


async def test_one_caller_that_gives_up_takes_nothing_from_the_others(databases: Databases, tenant: Tenant) -> None:
    keys = KeyRing(databases.engine)
    first, second = (asyncio.create_task(keys.authenticate(tenant.headers["Authorization"])) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).id == tenant.integration.id


async def test_everybody_with_an_unknown_key_is_told_so(databases: Databases) -> None:
    keys = KeyRing(databases.engine)
    unknown = "GenieKey 00000000-0000-4000-8000-000000000000"
    found = await asyncio.gather(*(keys.authenticate(unknown) for _ in range(5)), return_exceptions=True)
    assert all(isinstance(error, Unauthenticated) for error in found)
    with pytest.raises(Unauthenticated):
        await keys.authenticate(unknown)
