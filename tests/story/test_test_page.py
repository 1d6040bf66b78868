"""A test page: to one's own contact, whatever its state."""

from uuid import UUID

import pytest
from tests.support.makers import START
from tests.support.world import World

from tocsin.accounts import store as accounts_store
from tocsin.accounts.model import Contact, ContactMethod
from tocsin.errors import NotFound, Throttled
from tocsin.notifications.service import send_test_page


async def test_a_test_page_reaches_the_contact(world: World) -> None:
    [ana] = await world.users("ana")
    [contact] = await contacts(world, ana.id)

    await send_test_page(world.tenant.app, world.tenant.account_id, ana.id, contact.id, world.clock.at)
    await world.advance(minutes=1)

    assert world.sent == [(0, ana.username, "test")]


async def test_a_second_one_at_once_is_refused(world: World) -> None:
    [ana] = await world.users("ana")
    [contact] = await contacts(world, ana.id)
    await send_test_page(world.tenant.app, world.tenant.account_id, ana.id, contact.id, world.clock.at)

    with pytest.raises(Throttled):
        await send_test_page(world.tenant.app, world.tenant.account_id, ana.id, contact.id, world.clock.at)


async def test_somebody_elses_contact_is_not_found(world: World) -> None:
    ana, bo = await world.users("ana", "bo")
    [contact] = await contacts(world, bo.id)

    with pytest.raises(NotFound):
        await send_test_page(world.tenant.app, world.tenant.account_id, ana.id, contact.id, world.clock.at)


async def test_a_webhook_that_answers_a_test_page_is_verified_by_that(world: World) -> None:
    [ana] = await world.users("ana")
    await world.webhook_contact(ana, "https://hooks.example.com/ana")
    [hook] = [it for it in await contacts(world, ana.id) if it.method is ContactMethod.WEBHOOK]
    async with world.databases.engine.transaction() as tx:
        await tx.execute("update contacts set verified_at = null where id = %(id)s", id=hook.id)

    await send_test_page(world.tenant.app, world.tenant.account_id, ana.id, hook.id, world.clock.at)
    await world.advance(minutes=1)

    [hook] = [it for it in await contacts(world, ana.id) if it.method is ContactMethod.WEBHOOK]
    assert hook.verified_at == START


async def contacts(world: World, user_id: UUID) -> list[Contact]:
    async with world.tenant.app.transaction() as tx:
        return await accounts_store.list_contacts(tx, world.tenant.account_id, user_id)
