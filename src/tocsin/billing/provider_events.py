"""What the card provider tells by itself, and what follows: payments, setups, renewed cards, disputes.

Perhaps twice, perhaps late, perhaps in the wrong order: each leads to a question or a command with a key of its own, so
that a repeat changes nothing. Source: licensing requirements M9, M14, R4.1, S37
"""

from datetime import datetime
from functools import partial

import msgspec
import structlog

from tocsin.accounts import audit
from tocsin.accounts.audit import Actor
from tocsin.billing import charges_store, charging, service, store
from tocsin.billing.account import PaymentMethod
from tocsin.billing.cards import service as cards
from tocsin.billing.cards import store as cards_store
from tocsin.billing.cards.gateway import CardUpdated, Disputed, Event, PaymentEvent, SetupEvent
from tocsin.billing.cards.on_file import CardOnFile
from tocsin.billing.charges_store import PaidByCard
from tocsin.billing.commands import CardAdded, Command, RecordPayment, ReversePayment
from tocsin.billing.keeping import Rails
from tocsin.billing.service import Asked
from tocsin.db import Db, Tx
from tocsin.errors import Forbidden

log = structlog.get_logger("tocsin.billing")

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
    """The holder wants the money back: the invoice is owed again while he may get it, and paid when he does not.

    Once each, in whatever order it is heard: what was won before it was lost was never taken. Source: M9, S37
    """
    async with engine.transaction() as tx:
        paid = await charges_store.find_paid(tx, event.payment)
    if paid is None or event.status == "inquiry":
        return
    db = engine.for_account(paid.account_id)
    taken, won = (f"dispute-{event.dispute}-{word}" for word in ("open", "won"))
    command: Command
    if event.status == "won":
        if not await _was_taken(db, paid.account_id, taken, won, now):
            return
        command, key = RecordPayment(paid.document_id, event.amount_minor, PaymentMethod.CARD, event.dispute), won
    else:
        async with db.transaction() as tx:
            if await charges_store.find_command(tx, paid.account_id, won) is not None:
                return
        excess = max(0, event.amount_minor - (paid.amount_minor - paid.excess_minor))
        command = ReversePayment(
            paid.document_id, event.amount_minor, PaymentMethod.CARD, excess, reference=event.dispute
        )
        key = taken
    alongside = partial(_note, paid=paid, event=event, now=now)
    try:
        await service.perform(db, rails, paid.account_id, Asked(command, key), now, alongside)
    except Forbidden:
        log.warning("dispute_of_a_deleted_account", account_id=paid.account_id, dispute=event.dispute)


async def _was_taken(db: Db, account_id: int, taken: str, won: str, now: datetime) -> bool:
    """Whether the disputed money was taken here; where it was not, it is noted that it never will be."""
    async with db.transaction() as tx:
        await store.lock(tx, account_id)
        if await charges_store.find_command(tx, account_id, taken) is not None:
            return True
        if await charges_store.find_command(tx, account_id, won) is None:
            await charges_store.insert_command(tx, account_id, won, "{}", None, "done", NOTHING_DONE, now)
        return False


NOTHING_DONE = msgspec.json.encode(charging.Result("done")).decode()


async def _note(tx: Tx, *, paid: PaidByCard, event: Disputed, now: datetime) -> None:
    """In the account's own log: its owners read what the bank did."""
    actor = Actor(paid.account_id, PROVIDER, now)
    action = "won the dispute of" if event.status == "won" else "took back the payment of"
    facts = {"dispute": event.dispute, "reason": event.reason, "amount_minor": event.amount_minor}
    await audit.record(tx, actor, action, "invoice", paid.document_id, paid.number, after=facts)
