"""Charging cards: outside of any transaction, once by key, and hearing what came of it whoever brings the news.

A charge is a row before it is made, and its id is the provider's idempotency key; so whatever happens to the process,
a worker can ask what became of it. Source: licensing requirements M9, M14, R4.1, R4.4
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import structlog

from tocsin.billing import books, charges_store, commands, documents_store, store
from tocsin.billing.account import Change, ChargeFor, PaymentMethod
from tocsin.billing.account import Outcome as Decided
from tocsin.billing.cards.gateway import (
    SMALLEST_CHARGE_MINOR,
    ActionRequired,
    Cancelled,
    Charge,
    Declined,
    Event,
    Outcome,
    Paid,
    PaymentEvent,
    Processing,
    Unknown,
)
from tocsin.billing.cards.service import take_event
from tocsin.billing.charges_store import Attempt
from tocsin.billing.commands import ChargeSettled, Command
from tocsin.billing.decide import decide
from tocsin.billing.keeping import Rails, context, keep
from tocsin.db import Db, Tx
from tocsin.errors import NotFound, TocsinError, Unavailable
from tocsin.i18n import N_

log = structlog.get_logger("tocsin.billing")

BACK_OFF = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
"""How long to wait before asking again what became of a charge."""

HOLDER_HAS = timedelta(hours=1)
"""How long an order waits for the card's holder to authenticate."""

NO_CARD = Declined("no_card", True, N_("No card is on file. Add one, and what is open is paid with it."))
NO_PROVIDER = Declined("no_provider", True, N_("This server has no card provider: pay by bank transfer."))


CONFIRM = N_("Your bank wants you to confirm the payment.")
NOT_THROUGH = N_("The payment is not through yet; you will hear of it.")


@dataclass(frozen=True, slots=True)
class Waived:
    """So little that no card can be charged for it."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a command: `done`, `declined`, `action_required` (send the browser to `url`) or `pending`.

    `documents` are those it made or changed. `message` is an English source text, marked for translation.
    """

    status: str
    documents: tuple[UUID, ...] = ()
    code: str = ""
    message: str = ""
    url: str = ""
    reasons: tuple[str, ...] = ()


async def charge_order(db: Db, rails: Rails, account_id: int, charge_id: UUID, return_url: str, at: datetime) -> Result:
    """Make the charge on which an order waits, and tell what came of it to whoever is here."""
    async with db.transaction() as tx:
        attempt = await charges_store.get_attempt(tx, account_id, charge_id)
    outcome = await _made(rails, attempt, return_url, on_session=True)
    return await settle(db, rails, attempt, outcome, at)


async def charge_due(
    db: Db, rails: Rails, now: datetime, *, lease: timedelta, limit: int = 20, account_id: int | None = None
) -> int:
    """Make the charges that are due, and ask again about those whose end is unknown; returns how many there were."""
    async with db.transaction() as tx:
        attempts = await charges_store.claim_due(tx, now, now + lease, limit, account_id)
    outcomes = await asyncio.gather(*(_again(db, rails, attempt) for attempt in attempts))
    for attempt, outcome in zip(attempts, outcomes, strict=True):
        try:
            await settle(db, rails, attempt, outcome, now)
        except TocsinError as error:
            log.error("charge_not_settled", account_id=attempt.account_id, charge=str(attempt.id), reason=error.message)
    return len(attempts)


async def _again(db: Db, rails: Rails, attempt: Attempt) -> Outcome | Waived:
    if attempt.status == "action_required" and rails.gateway is not None:
        return await rails.gateway.cancel(attempt.reference)  # the holder did not come back
    await _give_up_older(db, rails, attempt)
    return await _made(rails, attempt, f"{rails.base_url}/settings/billing", on_session=False)


async def _give_up_older(db: Db, rails: Rails, attempt: Attempt) -> None:
    """A link that was mailed for an earlier attempt must not pay the invoice a second time."""
    if attempt.document_id is None or attempt.tries > 1 or rails.gateway is None:
        return
    async with db.transaction() as tx:
        older = await charges_store.waiting_for_holder(tx, attempt.account_id, attempt.document_id)
    for one in older:
        if one.reference and isinstance(await rails.gateway.cancel(one.reference), Cancelled):
            async with db.transaction() as tx:
                await charges_store.save_charge(tx, one.account_id, one.id, "cancelled")


async def _made(rails: Rails, attempt: Attempt, return_url: str, *, on_session: bool) -> Outcome | Waived:
    if attempt.amount_minor < SMALLEST_CHARGE_MINOR.get(attempt.currency, 0):
        return Waived()
    if rails.gateway is None:
        return NO_PROVIDER
    if attempt.customer_ref is None or attempt.card_ref is None:
        return NO_CARD
    charge = Charge(
        customer=attempt.customer_ref,
        card=attempt.card_ref,
        amount_minor=attempt.amount_minor,
        currency=attempt.currency,
        key=str(attempt.id),
        description=attempt.number or f"Tocsin {attempt.account_id}",
        return_url=return_url or rails.base_url,
        metadata={"account": str(attempt.account_id), "charge": str(attempt.id)},
        off_session=not on_session,
    )
    try:
        return await rails.gateway.charge(charge, again=attempt.tries > 1)
    except Unavailable as error:
        return Unknown(error.message)


async def settle(db: Db, rails: Rails, attempt: Attempt, outcome: Outcome | Waived, at: datetime) -> Result:
    """Keep what came of a charge; the same news again changes nothing."""
    async with db.transaction() as tx:
        if await charges_store.lock_charge(tx, attempt.account_id, attempt.id) in ("paid", "declined", "cancelled"):
            return Result("done")
        match outcome:
            case Processing() | Unknown():
                due_at = at + BACK_OFF[min(attempt.tries, len(BACK_OFF)) - 1]
                reference = outcome.ref if isinstance(outcome, Processing) else ""
                await charges_store.save_charge(
                    tx, attempt.account_id, attempt.id, "sent", reference=reference, due_at=due_at
                )
                return Result("pending", message=NOT_THROUGH)
            case ActionRequired():
                return await _wait_for_holder(tx, rails, attempt, outcome, at)
            case Paid() | Waived():
                reference = outcome.ref if isinstance(outcome, Paid) else ""
                await charges_store.save_charge(
                    tx, attempt.account_id, attempt.id, "paid", reference=reference, settled_at=at
                )
                return await _paid(tx, rails, attempt, reference, isinstance(outcome, Waived), at)
            case Declined():
                await charges_store.save_charge(
                    tx, attempt.account_id, attempt.id, "declined",
                    code=outcome.code, reference=outcome.ref or "", settled_at=at,
                )  # fmt: skip
                return await _declined(tx, rails, attempt, outcome, at)
            case Cancelled():
                await charges_store.save_charge(tx, attempt.account_id, attempt.id, "cancelled", settled_at=at)
                return await _declined(tx, rails, attempt, NOT_CONFIRMED, at)


NOT_CONFIRMED = Declined("not_confirmed", False, N_("The payment was not confirmed at the bank."))


async def _wait_for_holder(tx: Tx, rails: Rails, attempt: Attempt, outcome: ActionRequired, at: datetime) -> Result:
    is_order = attempt.purpose is ChargeFor.ORDER
    await charges_store.save_charge(
        tx, attempt.account_id, attempt.id, "action_required",
        reference=outcome.ref, due_at=at + HOLDER_HAS if is_order else None,
    )  # fmt: skip
    if not is_order:
        settled = _settled(attempt, "authentication_required", action_required=True, reference=outcome.ref)
        await _apply(tx, rails, attempt.account_id, settled, at)
    return Result("action_required", url=outcome.url or "", message=CONFIRM)


async def _paid(tx: Tx, rails: Rails, attempt: Attempt, reference: str, waived: bool, at: datetime) -> Result:
    if attempt.purpose is not ChargeFor.ORDER:
        settled = _settled(attempt, None, reference=reference, waived=waived)
        return await _apply(tx, rails, attempt.account_id, settled, at)
    billing, _ = await store.lock(tx, attempt.account_id)
    kept = await charges_store.find_command(tx, attempt.account_id, attempt.command_key or "")
    if kept is None:
        return Result("done")
    published = await books.load(tx)
    outcome = decide(billing, to_command(kept.command), kept.created_at, context(published, {}))
    outcome = paid_by(outcome, reference, waived)
    await charges_store.set_pending(tx, attempt.account_id, None)
    documents = await keep(tx, rails, [Change(billing, outcome)], published, at)
    result = Result("done", tuple(one.id for one in documents), reasons=outcome.reasons)
    await _note(tx, attempt.account_id, kept.key, "done", result)
    return result


async def _declined(tx: Tx, rails: Rails, attempt: Attempt, declined: Declined, at: datetime) -> Result:
    result = Result("declined", code=declined.code, message=declined.message)
    if attempt.purpose is not ChargeFor.ORDER:
        settled = _settled(attempt, declined.code, hard=declined.hard, reference=declined.ref or "")
        await _apply(tx, rails, attempt.account_id, settled, at)
        return result
    await charges_store.set_pending(tx, attempt.account_id, None)
    await store.wake(tx)
    await _note(tx, attempt.account_id, attempt.command_key or "", "declined", result)
    return result


async def _apply(tx: Tx, rails: Rails, account_id: int, settled: ChargeSettled, at: datetime) -> Result:
    billing, _ = await store.lock(tx, account_id)
    if settled.document_id is not None:  # what a holder confirms late is for the invoice that stands in its place
        settled = replace(settled, document_id=await documents_store.in_place_of(tx, account_id, settled.document_id))
    published = await books.load(tx)
    outcome = decide(billing, settled, at, context(published, {}))
    documents = await keep(tx, rails, [Change(billing, outcome)], published, at)
    return Result("done", tuple(one.id for one in documents))


def _settled(
    attempt: Attempt,
    declined: str | None,
    *,
    hard: bool = False,
    action_required: bool = False,
    waived: bool = False,
    reference: str = "",
) -> ChargeSettled:
    return ChargeSettled(
        attempt.purpose,
        attempt.document_id,
        attempt.amount_minor,
        declined=declined,
        hard=hard,
        action_required=action_required,
        waived=waived,
        reference=reference,
    )


def paid_by(outcome: Decided, reference: str, waived: bool) -> Decided:
    """The outcome of an order whose charge is paid, with the provider's name of the payment."""
    method = PaymentMethod.WRITE_OFF if waived else PaymentMethod.CARD
    payments = tuple(
        replace(payment, reference=reference, method=method) if payment.method is PaymentMethod.CARD else payment
        for payment in outcome.payments
    )
    return replace(outcome, payments=payments)


async def _note(tx: Tx, account_id: int, key: str, status: str, result: Result) -> None:
    await charges_store.settle_command(tx, account_id, key, status, msgspec.json.encode(result).decode())


def to_json(command: Command) -> str:
    """A command as it is kept."""
    return msgspec.json.encode({"kind": type(command).__name__, **msgspec.to_builtins(command)}).decode()


def to_command(kept: Mapping[str, Any]) -> Command:
    """The command that was kept."""
    kind: type[Command] = getattr(commands, kept["kind"])
    return msgspec.convert({name: value for name, value in kept.items() if name != "kind"}, kind)


async def hear(db: Db, rails: Rails, event: Event, now: datetime) -> bool:
    """Take in what the provider tells of a payment by itself; whether it was new and concerned us.

    What is true of the payment is asked of the provider, not concluded from the order of events. Source: M14
    """
    if not isinstance(event, PaymentEvent) or rails.gateway is None:
        return False
    charge, account = event.metadata.get("charge"), event.metadata.get("account")
    if charge is None or account is None:
        return False
    async with db.transaction() as tx:
        attempt = await charges_store.find_attempt(tx, int(account), UUID(charge))
    if attempt is None:
        return False
    outcome = await rails.gateway.payment(event.outcome.ref) if event.outcome.ref else event.outcome
    await settle(db, rails, attempt, outcome, now)  # the same news again changes nothing, so it is noted afterwards
    async with db.transaction() as tx:
        return await take_event(tx, attempt.account_id, event, now)


async def look_again(db: Db, rails: Rails, account_id: int, at: datetime) -> Result:
    """What became of the payments that waited for the card's holder: he is back from his bank. Raises: Unavailable."""
    result = Result("done")
    if rails.gateway is None:
        return result
    async with db.transaction() as tx:
        waiting = await charges_store.list_waiting(tx, account_id)
    for attempt in waiting:
        outcome = await rails.gateway.payment(attempt.reference)
        if not isinstance(outcome, ActionRequired):
            result = await settle(db, rails, attempt, outcome, at)
    return result


async def authenticate(
    db: Db, rails: Rails, account_id: int, document_id: UUID, return_url: str, at: datetime
) -> Result:
    """Begin the confirmation of an invoice's payment at the bank: send the browser to `url`.

    Raises: NotFound where no payment of the invoice waits for it; Unavailable.
    """
    async with db.transaction() as tx:
        waiting = await charges_store.waiting_for_holder(tx, account_id, document_id)
    if not waiting or rails.gateway is None:
        raise NotFound(N_("No payment of this invoice waits to be confirmed."))
    attempt = waiting[-1]
    if attempt.card_ref is None:
        raise NotFound(N_("The card of this payment was removed; add another one."))
    outcome = await rails.gateway.authenticate(attempt.reference, attempt.card_ref, return_url)
    if isinstance(outcome, ActionRequired):
        return Result("action_required", url=outcome.url or "", message=CONFIRM)
    return await settle(db, rails, attempt, outcome, at)
