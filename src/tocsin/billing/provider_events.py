"""What the card provider tells by itself, and what follows: payments, setups, renewed cards, disputes.

Perhaps twice, perhaps late, perhaps in the wrong order: each leads to a question or a command with a key of its own, so
that a repeat changes nothing. Source: licensing requirements M9, M14, R4.1, S37
"""

from datetime import datetime

from tocsin.accounts.audit import Actor
from tocsin.billing import charges_store, charging, service
from tocsin.billing.account import PaymentMethod
from tocsin.billing.cards import service as cards
from tocsin.billing.cards import store as cards_store
from tocsin.billing.cards.gateway import CardUpdated, Disputed, Event, PaymentEvent, SetupEvent
from tocsin.billing.cards.on_file import CardOnFile
from tocsin.billing.commands import CardAdded, Command, RecordPayment, ReversePayment
from tocsin.billing.keeping import Rails
from tocsin.billing.service import Asked
from tocsin.db import Db

PROVIDER = "the card provider"
"""Who did it, in the audit log."""


async def take(engine: Db, rails: Rails, event: Event, now: datetime) -> None:
    """Do what an event asks for. It belongs to whichever account; the engine role looks. Raises: Unavailable."""
    match event:
        case PaymentEvent():
            await charging.hear(engine, rails, event, now)
        case SetupEvent():
            await _card_was_set_up(engine, rails, event, now)
        case CardUpdated():
            await _card_was_renewed(engine, rails, event, now)
        case Disputed():
            await _disputed(engine, rails, event, now)
        case _:
            return


async def _account_of(engine: Db, customer: str | None) -> int | None:
    if customer is None:
        return None
    async with engine.transaction() as tx:
        return await cards_store.account_of(tx, customer)


async def _card_was_set_up(engine: Db, rails: Rails, event: SetupEvent, now: datetime) -> None:
    """The browser did not come back, or not first: the card is kept, and pays what is open, all the same."""
    account_id = await _account_of(engine, event.customer)
    if account_id is None or rails.gateway is None or event.card_ref is None:
        return
    db = engine.for_account(account_id)
    card = await cards.finish_setup(db, rails.gateway, Actor(account_id, PROVIDER, now), event.setup)
    billing = await service.find(db, account_id)
    if isinstance(card, CardOnFile) and billing is not None and billing.subscription.default_card_id is None:
        await service.perform(db, rails, account_id, Asked(CardAdded(card.id), f"setup-{event.setup}"), now)


async def _card_was_renewed(engine: Db, rails: Rails, event: CardUpdated, now: datetime) -> None:
    account_id = await _account_of(engine, event.customer)
    if account_id is not None and rails.gateway is not None:
        await cards.refresh(engine.for_account(account_id), rails.gateway, account_id, event, now)


async def _disputed(engine: Db, rails: Rails, event: Disputed, now: datetime) -> None:
    """The holder wants the money back: the invoice is owed again while he may get it, and paid when he does not."""
    async with engine.transaction() as tx:
        attempt = await charges_store.find_by_reference(tx, event.payment)
    if attempt is None or attempt.document_id is None:
        return
    command: Command
    if event.status == "won":
        command = RecordPayment(attempt.document_id, event.amount_minor, PaymentMethod.CARD, event.dispute)
    else:
        command = ReversePayment(attempt.document_id, event.amount_minor, PaymentMethod.CARD, reference=event.dispute)
    key = f"dispute-{event.dispute}-{'won' if event.status == 'won' else 'open'}"
    db = engine.for_account(attempt.account_id)
    await service.perform(db, rails, attempt.account_id, Asked(command, key), now)
