"""Use cases of billing: look, preview, do. One function is one use case.

A command is done at most once by its key. Where it needs money first, the account is held, the card is charged outside
of any transaction, and only success applies it; what became of a charge that nobody knows of is found out later by its
own key (`charging.py`). Source: licensing requirements M9, R4.3, R4.4, CHOICE-35
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import msgspec

from tocsin.billing import books, charges_store, charging, documents_store, quotes, store, trial, vat_refresh
from tocsin.billing.account import AccountBilling, Change, Invoiced, Outcome
from tocsin.billing.books import PublishedBooks
from tocsin.billing.buyers import refuse_nameless
from tocsin.billing.charging import Result
from tocsin.billing.commands import (
    AcceptOfflineOrder,
    AddNumber,
    Cancel,
    CardAdded,
    Command,
    CorrectBuyer,
    Order,
    RecordPayment,
    RequestDeletion,
    ReversePayment,
)
from tocsin.billing.decide import decide
from tocsin.billing.decision import Decision
from tocsin.billing.forecast import Forecast, forecast
from tocsin.billing.keeping import Rails, UsageSource, catch_up, context, keep, refuse_other_view, with_due
from tocsin.billing.model import Buyer, Document
from tocsin.billing.vat_id import check_format
from tocsin.db import Db, Tx
from tocsin.errors import Invalid, NotFound
from tocsin.i18n import N_
from tocsin.licensing.model import FREE, Collection, Interval, Standing, Subscription, Target

INVOICES = (Order, AcceptOfflineOrder, AddNumber, CardAdded, Cancel, RequestDeletion, CorrectBuyer)
"""Commands that may make an invoice: what is known of the buyer's VAT id has to be fresh."""
NO_COUNTRY = N_("Fill in the billing address first: the tax depends on its country.")
NO_CARDS_ANNUAL = N_("This server takes no cards. Ask for an invoice: it is paid by bank transfer or cheque.")
NO_CARDS_MONTHLY = N_(
    "Monthly billing is paid by card, and this server takes none. Choose annual billing, and ask for an invoice."
)
ASK_AGAIN = timedelta(minutes=1)
"""When a worker asks what became of a charge that its maker did not come back from."""


Alongside = Callable[[Tx], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A command with who asks and by which key; `version` is that of the view it was made from."""

    command: Command
    key: str
    by: UUID | None = None
    version: int | None = None
    return_url: str = ""


async def find(db: Db, account_id: int) -> AccountBilling | None:
    """The account's billing as it stands; None for an account without any."""
    async with db.transaction() as tx:
        return await store.find(tx, account_id)


async def preview(db: Db, rails: Rails, account_id: int, command: Command, at: datetime) -> Outcome:
    """What a command would come to now: the decision that is not kept. Raises: what `decide` raises."""
    await vat_refresh.refresh(db, rails, account_id, at)
    async with db.transaction() as tx:
        published = await books.load(tx)
        billing = await store.find(tx, account_id)
        if billing is None:
            raise NotFound(N_("This account has no subscription."))
        by = context(published, {})
        outcome = decide(billing, command, at, by)
        _refuse_nobody(command, outcome)
        return replace(outcome, begins_with=trial.first_invoice(outcome.billing, at, by))


async def quote(
    db: Db, rails: Rails, account_id: int, plan: str, seats: int, po_number: str, at: datetime
) -> quotes.Quote:
    """The offer of a year of a plan, paid on an invoice. Raises: what `quotes.quote` raises. Source: R4.2"""
    await vat_refresh.refresh(db, rails, account_id, at)
    async with db.transaction() as tx:
        published = await books.load(tx)
        billing = await store.find(tx, account_id)
    if billing is None:
        raise NotFound(N_("This account has no subscription."))
    if not billing.buyer.country:
        raise Invalid(NO_COUNTRY)
    return quotes.quote(billing, plan, seats, po_number, at, context(published, {}))


async def next_invoices(db: Db, usage: UsageSource, account_id: int, at: datetime) -> Forecast:
    """The invoices that come if nothing is changed and each is paid; nothing of it is kept.

    Raises: NotFound for an account without a subscription, Invalid where nothing can be invoiced.
    """
    async with db.transaction() as tx:
        billing = await store.find(tx, account_id)
        if billing is None:
            raise NotFound(N_("This account has no subscription."))
        published = await books.load(tx)
        facts = await usage.facts(tx, [account_id], at)
    return forecast(billing, published, facts.get(account_id), at)


async def start_trial(
    tx: Tx, account_id: int, zone: str, currency: str, at: datetime, buyer: Buyer | None = None
) -> Subscription:
    """The subscription of an account that signs up, with its trial, as a part of the caller's transaction."""
    published = await books.load(tx)
    newest = published.newest(at)
    subscription = trial.new_trial(account_id, zone, currency, published.version(newest), newest, at)
    return await _begin(tx, subscription, published, at, buyer)


async def start_free(
    tx: Tx, account_id: int, zone: str, currency: str, at: datetime, buyer: Buyer | None = None
) -> Subscription:
    """The subscription of an account that had its trial before: Free from the start. Source: R2.1"""
    published = await books.load(tx)
    newest = published.newest(at)
    book = published.version(newest)
    subscription = replace(
        trial.new_trial(account_id, zone, currency, book, newest, at),
        standing=Standing.FREE,
        plan=FREE,
        seats=book.plan(FREE).seats_limit or 0,
        trial_ends_at=None,
        reminded_until=None,
    )
    return await _begin(tx, subscription, published, at, buyer)


async def start_granted(tx: Tx, account_id: int, zone: str, at: datetime) -> Subscription:
    """The subscription of an account that has everything and is never billed."""
    published = await books.load(tx)
    newest = published.newest(at)
    granted = replace(
        trial.new_trial(account_id, zone, "USD", published.version(newest), newest, at),
        standing=Standing.GRANTED,
        trial_ends_at=None,
        reminded_until=None,
    )
    return await _begin(tx, granted, published, at, None)


async def _begin(
    tx: Tx, subscription: Subscription, published: PublishedBooks, at: datetime, buyer: Buyer | None
) -> Subscription:
    decision = Decision(AccountBilling(subscription, buyer or store.NOBODY), at, context(published, {}))
    decision.begin_term()
    billing = with_due(decision.outcome(), decision.context).billing
    await store.insert_subscription(tx, billing)
    if buyer is not None:
        vat_check = check_format(buyer.vat_id, buyer.country, at)
        await store.save_buyer(tx, subscription.account_id, buyer, vat_check)
    return billing.subscription


async def perform(
    db: Db, rails: Rails, account_id: int, asked: Asked, at: datetime, alongside: Alongside | None = None
) -> Result:
    """Do a command, once; `alongside` is done in the same transaction, for commands that nothing is charged for first.

    Raises: what `decide` raises; Conflict where the view was old or a payment is under way.
    """
    if isinstance(asked.command, INVOICES):
        await vat_refresh.refresh(db, rails, account_id, at)
    await catch_up(db, rails, account_id, at)
    charge_id: UUID | None = None
    async with db.transaction() as tx:
        billing, pending = await store.lock(tx, account_id)
        kept = await charges_store.find_command(tx, account_id, asked.key)
        if kept is not None:
            return msgspec.convert(kept.result, Result)
        refuse_other_view(billing, pending, asked.version)
        published = await books.load(tx)
        command, about = await _about(tx, account_id, asked.command)
        bills = isinstance(asked.command, RequestDeletion)
        facts = await rails.usage.facts(tx, [account_id], at) if bills else {}
        outcome = decide(billing, command, at, context(published, facts), about)
        _refuse_nobody(asked.command, outcome)
        _refuse_unpayable(rails, asked.command, outcome)
        if outcome.first is None:
            documents = await keep(tx, rails, [Change(billing, outcome)], published, at)
            result = Result("done", tuple(one.id for one in documents), reasons=outcome.reasons)
            await _note(tx, account_id, asked, result, at)
            if alongside is not None:
                await alongside(tx)
        else:
            charge_id = uuid4()
            result = Result("pending", message=charging.NOT_THROUGH)
            await _note(tx, account_id, asked, result, at)
            await charges_store.set_pending(tx, account_id, asked.key)
            await charges_store.insert_charge(
                tx, account_id, charge_id, outcome.first, asked.key, billing.subscription.default_card_id, at,
                at + ASK_AGAIN,
            )  # fmt: skip
    if charge_id is not None:
        return await charging.charge_order(db, rails, account_id, charge_id, asked.return_url, at)
    if outcome.charges:
        await charging.charge_due(db, rails, at, lease=ASK_AGAIN, account_id=account_id)
    return result


def _refuse_nobody(command: Command, outcome: Outcome) -> None:
    """Raises: AddressMissing for an order that comes to an invoice, now or at the trial's end, and whose buyer is not
    known well enough for one.
    """
    if isinstance(command, (Order, AcceptOfflineOrder)) and (outcome.documents or _waits(outcome)):
        refuse_nameless(outcome.billing.buyer)


def _refuse_unpayable(rails: Rails, command: Command, outcome: Outcome) -> None:
    """Raises: Invalid for an order that only a card could pay, where none is taken. Source: R4.1, R4.2"""
    subscription = outcome.billing.subscription
    if rails.gateway is not None or not isinstance(command, Order) or subscription.collection is not Collection.CARD:
        return
    if not outcome.first and not outcome.charges and not _waits(outcome):
        return
    wanted = subscription.chosen or Target(interval=subscription.interval)
    if wanted.interval is Interval.YEAR:
        raise Invalid(NO_CARDS_ANNUAL, {"collection": "no_card_provider"})
    raise Invalid(NO_CARDS_MONTHLY, {"interval": "no_card_provider"})


def _waits(outcome: Outcome) -> bool:
    """Whether a plan is chosen that begins by itself when the trial ends."""
    subscription = outcome.billing.subscription
    return subscription.standing is Standing.TRIALING and subscription.chosen is not None


async def _note(tx: Tx, account_id: int, asked: Asked, result: Result, at: datetime) -> None:
    await charges_store.insert_command(
        tx,
        account_id,
        asked.key,
        charging.to_json(asked.command),
        asked.by,
        "pending" if result.status == "pending" else "done",
        msgspec.json.encode(result).decode(),
        at,
    )


async def _about(tx: Tx, account_id: int, command: Command) -> tuple[Command, Invoiced | None]:
    """The document that a command is about; money for an invoice that was made out anew is for the one in its place."""
    match command:
        case CorrectBuyer():
            return command, await documents_store.get_invoiced(tx, account_id, command.document_id)
        case RecordPayment() | ReversePayment():
            standing = await documents_store.in_place_of(tx, account_id, command.document_id)
            about = await documents_store.get_invoiced(tx, account_id, standing)
            return replace(command, document_id=standing), about
        case _:
            return command, None


async def document(db: Db, account_id: int, document_id: UUID) -> Document:
    """An invoice or credit note, whole. Raises: NotFound."""
    async with db.transaction() as tx:
        return await documents_store.get_document(tx, account_id, document_id)


async def page_of_documents(db: Db, account_id: int, limit: int, offset: int) -> tuple[list[Document], int]:
    """So many finalised documents from `offset` on, the newest first, and how many there are. Source: R7.1"""
    async with db.transaction() as tx:
        total = await documents_store.count_documents(tx, account_id)
        return await documents_store.list_documents(tx, account_id, limit, offset), total


async def documents(db: Db, account_id: int) -> list[Document]:
    """Every finalised invoice and credit note, the newest first. Source: R7.1"""
    async with db.transaction() as tx:
        return await documents_store.list_documents(tx, account_id)
