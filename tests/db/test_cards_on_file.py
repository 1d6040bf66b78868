"""Cards on file, with the real driver on the wire fake and a real database."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta

import pytest
from tests.support.card_provider import gateway_to
from tests.support.makers import START, Tenant, make_tenant
from tests.support.stripe_fake import StripeFake, stripe_fake

from tocsin.accounts.audit import Actor
from tocsin.billing.cards import service, store
from tocsin.billing.cards.gateway import CardUpdated, Declined
from tocsin.billing.cards.on_file import CardOnFile
from tocsin.billing.cards.stripe_gateway import StripeGateway
from tocsin.db import Databases
from tocsin.errors import InUse, NotFound, Unavailable

LATER = START + timedelta(minutes=5)


@pytest.fixture
async def fake() -> AsyncIterator[StripeFake]:
    async with stripe_fake(lambda: START) as running:
        yield running


@pytest.fixture
async def gateway(fake: StripeFake) -> AsyncIterator[StripeGateway]:
    made = gateway_to(fake.url)
    yield made
    await made.close()


class Undone(Exception):
    """What goes wrong after an event was taken."""


def ana(tenant: Tenant) -> Actor:
    return Actor(tenant.account_id, "ana@example.com", START)


async def add_card(tenant: Tenant, gateway: StripeGateway, fake: StripeFake, token: str = "pm_card_visa") -> CardOnFile:
    setup = await service.start_setup(tenant.app, gateway, tenant.account_id, "Example Ltd", "ana@example.com")
    fake.store.confirm_setup(setup.ref, {"payment_method": token})
    card = await service.finish_setup(tenant.app, gateway, ana(tenant), setup.ref)
    assert isinstance(card, CardOnFile)
    return card


async def cards_of(tenant: Tenant) -> list[CardOnFile]:
    async with tenant.app.transaction() as tx:
        return await store.list_cards(tx, tenant.account_id)


async def audited(tenant: Tenant) -> list[tuple[str, str]]:
    sql = """
        select action, object_name from audit_log
         where account_id = %(account_id)s and object_type = 'card' order by at, id
    """
    async with tenant.app.transaction() as tx:
        return [(row["action"], row["object_name"]) for row in await tx.dicts(sql, account_id=tenant.account_id)]


async def test_r5_1_an_added_card_is_kept_with_what_may_be_shown_and_noted(
    tenant: Tenant, gateway: StripeGateway, fake: StripeFake
) -> None:
    card = await add_card(tenant, gateway, fake, "pm_card_amex")

    assert (card.brand, card.last4, card.exp_month, card.exp_year, card.funding) == ("amex", "0005", 12, 2030, "credit")
    assert await cards_of(tenant) == [card]
    assert await audited(tenant) == [("added", "amex 0005")]


async def test_finishing_again_keeps_one_card_and_one_note(
    tenant: Tenant, gateway: StripeGateway, fake: StripeFake
) -> None:
    setup = await service.start_setup(tenant.app, gateway, tenant.account_id, "Example Ltd", "ana@example.com")
    fake.store.confirm_setup(setup.ref, {"payment_method": "pm_card_visa"})

    first = await service.finish_setup(tenant.app, gateway, ana(tenant), setup.ref)
    second = await service.finish_setup(tenant.app, gateway, ana(tenant), setup.ref)

    assert first == second
    assert len(await cards_of(tenant)) == 1
    assert len(await audited(tenant)) == 1


async def test_two_owners_at_once_share_one_customer(tenant: Tenant, gateway: StripeGateway, fake: StripeFake) -> None:
    await asyncio.gather(
        *(
            service.start_setup(tenant.app, gateway, tenant.account_id, "Example Ltd", f"{name}@example.com")
            for name in ("ana", "bo", "ana")
        )
    )

    assert len({setup["customer"] for setup in fake.store.of("setup_intent")}) == 1


async def test_a_refused_card_and_an_unfinished_setup_leave_nothing(
    tenant: Tenant, gateway: StripeGateway, fake: StripeFake
) -> None:
    setup = await service.start_setup(tenant.app, gateway, tenant.account_id, "Example Ltd", "ana@example.com")

    assert await service.finish_setup(tenant.app, gateway, ana(tenant), setup.ref) is None
    with pytest.raises(Exception, match="insufficient"):
        fake.store.confirm_setup(setup.ref, {"payment_method": "pm_card_visa_chargeDeclinedInsufficientFunds"})
    refused = await service.finish_setup(tenant.app, gateway, ana(tenant), setup.ref)

    assert isinstance(refused, Declined)
    assert refused.code == "insufficient_funds"
    assert await cards_of(tenant) == []


async def test_eve_can_neither_see_nor_take_anas_card(
    databases: Databases, tenant: Tenant, gateway: StripeGateway, fake: StripeFake
) -> None:
    eve = await make_tenant(databases)
    card = await add_card(tenant, gateway, fake)
    await add_card(eve, gateway, fake)
    setup = fake.store.of("setup_intent")[0]["id"]

    with pytest.raises(NotFound):
        await service.finish_setup(eve.app, gateway, ana(eve), setup)
    async with eve.app.transaction() as tx:
        assert await store.list_cards(tx, tenant.account_id) == []
        assert await store.find_customer(tx, tenant.account_id) is None
        with pytest.raises(NotFound):
            await store.get_card(tx, tenant.account_id, card.id)


async def test_a_setup_is_not_finished_by_who_never_began_one(tenant: Tenant, gateway: StripeGateway) -> None:
    with pytest.raises(NotFound, match="began"):
        await service.finish_setup(tenant.app, gateway, ana(tenant), "seti_1")


async def test_r5_1_the_card_that_is_needed_stays(tenant: Tenant, gateway: StripeGateway, fake: StripeFake) -> None:
    card = await add_card(tenant, gateway, fake)

    with pytest.raises(InUse, match="another card"):
        await service.remove(tenant.app, gateway, ana(tenant), card, needed=True)

    assert await cards_of(tenant) == [card]


async def test_a_removed_card_is_gone_on_both_sides_and_noted_once(
    tenant: Tenant, gateway: StripeGateway, fake: StripeFake
) -> None:
    card = await add_card(tenant, gateway, fake)

    await service.remove(tenant.app, gateway, ana(tenant), card, needed=False)
    await service.remove(tenant.app, gateway, ana(tenant), card, needed=False)

    assert await cards_of(tenant) == []
    assert fake.store.get("payment_method", card.ref)["customer"] is None
    assert await audited(tenant) == [("added", "visa 4242"), ("removed", "visa 4242")]


async def test_a_replaced_card_is_read_as_it_is_now_whatever_the_order_of_events(
    tenant: Tenant, gateway: StripeGateway, fake: StripeFake
) -> None:
    card = await add_card(tenant, gateway, fake)
    older, newer = fake.store.replace_card(card.ref, 2032, "1111"), fake.store.replace_card(card.ref, 2034, "2222")

    for event in (newer, older):
        read = gateway.read_event(*signed(fake, event), START)
        assert isinstance(read, CardUpdated)
        await service.refresh(tenant.app, gateway, tenant.account_id, read, LATER)

    (kept,) = await cards_of(tenant)
    assert (kept.id, kept.last4, kept.exp_year) == (card.id, "2222", 2034)


async def test_a_card_that_is_not_ours_is_not_taken_up(
    tenant: Tenant, gateway: StripeGateway, fake: StripeFake
) -> None:
    card = await add_card(tenant, gateway, fake)
    await service.remove(tenant.app, gateway, ana(tenant), card, needed=False)
    read = gateway.read_event(*signed(fake, fake.store.replace_card(card.ref, 2034)), START)
    assert isinstance(read, CardUpdated)

    assert await service.refresh(tenant.app, gateway, tenant.account_id, read, LATER) is None
    assert await cards_of(tenant) == []


def signed(fake: StripeFake, event: dict[str, object]) -> tuple[bytes, str]:
    payload = json.dumps(event).encode()
    return payload, fake.signature(payload)


async def test_an_event_is_handled_once_and_again_when_that_was_undone(
    databases: Databases, tenant: Tenant, gateway: StripeGateway, fake: StripeFake
) -> None:
    await add_card(tenant, gateway, fake)
    event = gateway.read_event(*signed(fake, fake.store.events[-1]), START)
    async with databases.engine.transaction() as tx:
        assert await store.account_of(tx, fake.store.of("customer")[0]["id"]) == tenant.account_id
        assert await store.account_of(tx, "cus_unknown") is None

    async with databases.engine.transaction() as tx:
        with suppress(Undone):
            async with tx.savepoint():
                assert await service.take_event(tx, tenant.account_id, event, LATER)
                raise Undone
    async with databases.engine.transaction() as tx:
        assert await service.take_event(tx, tenant.account_id, event, LATER)
    async with databases.engine.transaction() as tx:
        assert not await service.take_event(tx, tenant.account_id, event, LATER)


async def test_r13_4_nothing_is_left_of_a_deleted_account_on_either_side(
    databases: Databases, tenant: Tenant, gateway: StripeGateway, fake: StripeFake
) -> None:
    card = await add_card(tenant, gateway, fake)
    async with databases.engine.transaction() as tx:
        event = gateway.read_event(*signed(fake, fake.store.events[-1]), START)
        await service.take_event(tx, tenant.account_id, event, LATER)

    await service.forget(databases.engine, gateway, tenant.account_id)
    await service.forget(databases.engine, gateway, tenant.account_id)

    async with databases.engine.transaction() as tx:
        for table in ("card_events", "cards", "card_customers"):
            sql = f"select count(*) from {table} where account_id = %(account_id)s"
            assert await tx.value(sql, account_id=tenant.account_id) == 0
    assert not [customer for customer in fake.store.of("customer") if not customer.get("deleted")]
    assert fake.store.get("payment_method", card.ref)["customer"] is None


async def test_what_cannot_be_erased_at_the_provider_is_kept_until_it_can(
    databases: Databases, tenant: Tenant, gateway: StripeGateway, fake: StripeFake
) -> None:
    card = await add_card(tenant, gateway, fake)
    fake.fail_next("error_undone", "DELETE /v1/customers/{id}")

    with pytest.raises(Unavailable):
        await service.forget(databases.engine, gateway, tenant.account_id)

    assert await cards_of(tenant) == [card]
