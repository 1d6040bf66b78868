"""Cards on file: adding one through the provider's fields, keeping it up to date, removing it, forgetting all.

The provider is asked outside of transactions. What a card is for (which one is the default, what it is charged for) is
the subscription's matter.
"""

import hashlib
from datetime import datetime
from uuid import uuid4

from tocsin.accounts import audit
from tocsin.accounts.audit import Actor
from tocsin.billing.cards import store
from tocsin.billing.cards.gateway import CardGateway, CardSetup, CardUpdated, Declined, Event
from tocsin.billing.cards.on_file import CardOnFile
from tocsin.db import Db, Tx
from tocsin.errors import InUse, NotFound
from tocsin.i18n import N_

NEEDED = N_("The subscription is paid with this card. Add another card first.")
NO_SETUP = N_("Nobody began to add a card here. Open the page again.")


async def start_setup(db: Db, gateway: CardGateway, account_id: int, name: str, email: str) -> CardSetup:
    """What the page needs to show the provider's fields. Raises: Unavailable."""
    return await gateway.start_card_setup(await _customer(db, gateway, account_id, name, email))


async def finish_setup(db: Db, gateway: CardGateway, actor: Actor, setup: str) -> CardOnFile | Declined | None:
    """The card that was added, why it was not, or None while the setup is not finished.

    Asked as often as one likes: when the browser returns, when it is loaded again, when the event comes. Raises:
    NotFound for a setup of somebody else, Unavailable.
    """
    async with db.transaction() as tx:
        customer = await store.find_customer(tx, actor.account_id)
    if customer is None:
        raise NotFound(NO_SETUP)
    result = await gateway.setup_result(customer, setup)
    if result.card is None:
        return result.declined
    async with db.transaction() as tx:
        known = await store.find_by_ref(tx, actor.account_id, result.card.ref)
        kept = await store.keep_card(tx, actor.account_id, uuid4(), result.card, actor.at)
        if known is None:
            await audit.record(tx, actor, "added", "card", kept.id, _name(kept))
    return kept if kept.removed_at is None else None


async def remove(db: Db, gateway: CardGateway, actor: Actor, card: CardOnFile, *, needed: bool) -> None:
    """Forget a card, here and at the provider. Raises: InUse for one that is `needed` to collect; Unavailable."""
    if needed:
        raise InUse(NEEDED)
    async with db.transaction() as tx:
        customer = await store.find_customer(tx, actor.account_id)
    if customer is not None:
        await gateway.detach(customer, card.ref)
    async with db.transaction() as tx:
        if await store.mark_removed(tx, actor.account_id, card.id, actor.at):
            await audit.record(tx, actor, "removed", "card", card.id, _name(card))


async def refresh(
    db: Db, gateway: CardGateway, account_id: int, event: CardUpdated, now: datetime
) -> CardOnFile | None:
    """The card as it is at the provider now, after the network changed it; None if it is no card of ours.

    The event only says that: of two that come in the wrong order, the older would win. Raises: Unavailable.
    """
    async with db.transaction() as tx:
        customer = await store.find_customer(tx, account_id)
        known = await store.find_by_ref(tx, account_id, event.card.ref)
    if customer is None or known is None or known.removed_at is not None:
        return None
    try:
        card = await gateway.card(customer, known.ref)
    except NotFound:
        return None
    async with db.transaction() as tx:
        return await store.keep_card(tx, account_id, known.id, card, now)


async def take_event(tx: Tx, account_id: int, event: Event, now: datetime) -> bool:
    """Whether this transaction is the first to handle the event; what it does about it commits together with that."""
    return await store.first_time(tx, account_id, event.id, event.at, now)


async def forget(db: Db, gateway: CardGateway | None, account_id: int) -> None:
    """Erase the account's customer and cards, at the provider first, then here. Raises: Unavailable.

    Without a gateway (the operator gave Stripe up) only what is here can be erased.
    """
    async with db.transaction() as tx:
        customer = await store.find_customer(tx, account_id)
    if customer is not None and gateway is not None:
        await gateway.forget_customer(customer)
    async with db.transaction() as tx:
        await store.erase(tx, account_id)


async def _customer(db: Db, gateway: CardGateway, account_id: int, name: str, email: str) -> str:
    """The account's customer, made at the first need; of two that are made at once the first is kept."""
    async with db.transaction() as tx:
        customer = await store.find_customer(tx, account_id)
        if customer is not None:
            return customer
        key = await store.key_of_customer(tx, account_id, uuid4())
    said = hashlib.sha256(f"{name}\0{email}".encode()).hexdigest()[:16]  # a key is for one wording alone
    made = await gateway.create_customer(account_id, name, email, key=f"customer-{key}-{said}")
    async with db.transaction() as tx:
        return await store.keep_customer(tx, account_id, made)


def _name(card: CardOnFile) -> str:
    return f"{card.brand} {card.last4}"
