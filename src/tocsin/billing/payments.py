"""Payments: what came of charges, what arrives by transfer or cheque, and what is taken back. Pure.

Source: licensing requirements R4.2, R5.1, CHOICE-28, 32, S16, S21, S37
"""

from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from tocsin.billing import trial
from tocsin.billing.account import (
    AccountBilling,
    ChargeFor,
    ChargeOrder,
    Invoiced,
    LetterKind,
    Payment,
    PaymentMethod,
    Unpaid,
)
from tocsin.billing.cards.on_file import NOTICE_DAYS
from tocsin.billing.commands import CardAdded, ChargeSettled, RecordPayment, ReversePayment, WriteOff
from tocsin.billing.decision import Decision, midnight_in, restand
from tocsin.billing.dunning import facts, stand_and_tell
from tocsin.billing.invoicing import settle
from tocsin.billing.model import Document, DocumentStatus
from tocsin.errors import Conflict, Invalid, NotFound
from tocsin.i18n import N_
from tocsin.licensing.model import Collection, Standing
from tocsin.licensing.periods import day_of
from tocsin.wall import wall_instant


def record(decision: Decision, command: RecordPayment, about: Invoiced | None) -> None:
    """Count money that arrived: too much goes to the balance, a shortfall by bank charges is written off.

    Of an invoice that was written off, so much is written off no more; what a card's bank gives back for a settled one
    is a balance. Raises: Invalid; NotFound where the invoice is neither owed nor written off.
    """
    if command.amount_minor <= 0:
        raise Invalid(N_("A payment is more than 0."), {"amount": "not above 0"})
    settled = about if about is not None and not _is_owed(decision, command.document_id) else None
    if settled is not None and (settled.written_off_minor > 0 or command.method is PaymentMethod.CARD):
        _record_late(decision, command, settled)
        return
    unpaid = find(decision, command.document_id)
    owed = unpaid.document.owed_minor
    used, excess = min(command.amount_minor, owed), max(0, command.amount_minor - owed)
    payment = Payment(
        unpaid.document.id,
        command.method,
        used,
        _arrived_at(decision, command.paid_on),
        command.reference,
        excess,
        command.payment_id,
    )
    document = settle(decision, unpaid, payment)
    decision.change(balance_minor=decision.subscription.balance_minor + excess)
    rest = document.owed_minor
    if 0 < rest <= decision.book.thresholds.write_off_up_to.get(document.currency, 0):
        left = replace(unpaid, document=document)
        settle(decision, left, Payment(document.id, PaymentMethod.WRITE_OFF, rest, decision.at))
    _tell_of(decision, command, document)
    stand_and_tell(decision)


def _tell_of(decision: Decision, command: RecordPayment, document: Document) -> None:
    """By card nothing is recorded but what a dispute had taken away."""
    by_card = command.method is PaymentMethod.CARD
    decision.tell(
        LetterKind.DISPUTE_WON if by_card else LetterKind.PAYMENT_RECEIVED,
        document_id=document.id,
        number=document.number,
        amount_minor=command.amount_minor,
        currency=document.currency,
    )


def _is_owed(decision: Decision, document_id: UUID) -> bool:
    return any(one.document.id == document_id for one in decision.billing.unpaid)


def _record_late(decision: Decision, command: RecordPayment, about: Invoiced) -> None:
    """Money for an invoice that is not owed: of what was written off so much is taken back, the rest is a balance."""
    document, written = about.document, about.written_off_minor
    used, excess = min(command.amount_minor, written), max(0, command.amount_minor - written)
    arrived_at = _arrived_at(decision, command.paid_on)
    if used:
        decision.payments.append(Payment(document.id, PaymentMethod.WRITE_OFF, -used, decision.at))
        decision.because("written off no more")
    decision.payments.append(
        Payment(document.id, command.method, used, arrived_at, command.reference, excess, command.payment_id)
    )
    if used == written:
        decision.documents[document.id] = replace(document, status=DocumentStatus.PAID)
    decision.change(balance_minor=decision.subscription.balance_minor + excess)
    _tell_of(decision, command, document)


def _arrived_at(decision: Decision, paid_on: date | None) -> datetime:
    """The instant that stands for the day on which money arrived. Raises: Invalid for a day to come."""
    today = day_of(decision.at, ZoneInfo(decision.subscription.zone))
    if paid_on is None or paid_on == today:
        return decision.at
    if paid_on > today:
        raise Invalid(N_("A payment is recorded once it is there: its day is today or before."), {"paid_on": "to come"})
    return midnight_in(paid_on, decision.subscription.zone)


def write_off(decision: Decision, command: WriteOff) -> None:
    """Ask no more for what is owed of an invoice. Raises: Invalid without a reason, NotFound where nothing is owed."""
    if not command.reason.strip():
        raise Invalid(N_("Say why it is written off."), {"reason": "missing"})
    unpaid = find(decision, command.document_id)
    rest = unpaid.document.owed_minor
    payment = Payment(unpaid.document.id, PaymentMethod.WRITE_OFF, rest, decision.at, command.reason.strip())
    document = settle(decision, unpaid, payment)
    decision.documents[document.id] = replace(document, status=DocumentStatus.WRITTEN_OFF)
    decision.because("written off")
    stand_and_tell(decision)


def find(decision: Decision, document_id: UUID) -> Unpaid:
    """The unpaid invoice of this id. Raises: NotFound."""
    for one in decision.billing.unpaid:
        if one.document.id == document_id:
            return one
    raise NotFound(N_("No such invoice is open."))


def reverse(decision: Decision, command: ReversePayment, document: Document) -> None:
    """Owe an invoice again, from today on. `document` is the invoice as it is now. Source: S37

    Raises: Conflict beyond what was paid. What a card's bank takes is gone all the same, and so is what was paid of
    another invoice in whose place this one stands: there the rest comes out of the balance.
    """
    if command.amount_minor <= 0:
        raise Invalid(N_("What is taken back is more than 0."), {"amount": "not above 0"})
    disputed = command.method is PaymentMethod.CARD
    used, written, excess = _taken_from(command, document, gone=disputed or document.corrects is not None)
    document = _less_paid(document, used + written)
    decision.documents[document.id] = document
    payment_id = command.payment_id
    decision.payments.append(
        Payment(document.id, command.method, -used, decision.at, command.reference, -excess, payment_id)
    )
    if written:
        decision.payments.append(Payment(document.id, PaymentMethod.WRITE_OFF, -written, decision.at))
    decision.change(balance_minor=decision.subscription.balance_minor - excess)
    # a bounced cheque says nothing about the card, which is tried again; a card payment that was disputed does
    owed = Unpaid(document, decision.on, 0, hard=disputed)
    decision.owe(owed)
    decision.tell(LetterKind.PAYMENT_DISPUTED if disputed else LetterKind.PAYMENT_TAKEN_BACK, **facts(owed))
    stand_and_tell(decision)


def _taken_from(command: ReversePayment, document: Document, *, gone: bool) -> tuple[int, int, int]:
    """What is taken back of what was paid, of what was written off, and of the balance.

    Raises: Conflict beyond what was paid, unless it is `gone` anyway.
    """
    written = command.written_off_minor
    used = command.amount_minor - command.excess_minor
    beyond = max(0, used + written - document.paid_minor)
    if beyond and not gone:
        raise Conflict(N_("More cannot be taken back than was paid."))
    less = min(written, beyond)
    return used - (beyond - less), written - less, command.excess_minor + beyond - less


def _less_paid(document: Document, back: int) -> Document:
    paid = document.paid_minor - back
    if not back:
        return document
    return replace(document, paid_minor=paid, status=DocumentStatus.PARTIALLY_PAID if paid else DocumentStatus.OPEN)


def collects_with(billing: AccountBilling, card_id: UUID) -> bool:
    """Whether a paid term or an open invoice is collected by this card, so that it cannot go. Source: R5.1"""
    subscription = billing.subscription
    collects = subscription.collection is Collection.CARD and subscription.term_ends_on is not None
    return card_id == subscription.default_card_id and (collects or bool(billing.unpaid))


def add_card(decision: Decision, command: CardAdded) -> None:
    """The card is the default one from now on, and is charged for everything that is open. Source: CHOICE-32"""
    decision.change(default_card_id=command.card_id, card_noticed_on=None)
    if decision.subscription.standing in (Standing.DELETING, Standing.DELETED):
        return
    if decision.subscription.grace_ends_at is not None:
        trial.charge_first(decision)
    for one in decision.billing.unpaid:
        if one.charging:
            continue
        decision.owe(replace(one, charging=True, hard=False))
        document = one.document
        decision.charges.append(ChargeOrder(ChargeFor.INVOICE, document.owed_minor, document.currency, document.id))


def next_card_notice(billing: AccountBilling) -> datetime | None:
    """When the owners hear next that the card which pays expires; never of a day that was gone through. Source: R4.1"""
    subscription = billing.subscription
    if subscription.term_ends_on is None or subscription.collection is not Collection.CARD:
        return None
    told = subscription.card_noticed_on or subscription.term_starts_on or subscription.created_on
    day = next((day for day in billing.card_notices if day > told), None)
    return wall_instant(day, trial.MAILS_AT, ZoneInfo(subscription.zone)) if day else None


def notice_card(decision: Decision) -> None:
    """Tell that the card expires."""
    decision.change(card_noticed_on=decision.on)
    decision.tell(LetterKind.CARD_EXPIRES, on=decision.billing.card_notices[-1] + timedelta(days=LAST_NOTICE))


LAST_NOTICE = NOTICE_DAYS[-1]


def settled(decision: Decision, command: ChargeSettled) -> None:
    """Hear what came of a charge that was made after a decision; money for what is settled already is a balance."""
    subscription = decision.subscription
    unpaid = next((one for one in decision.billing.unpaid if one.document.id == command.document_id), None)
    waits = subscription.converting or subscription.grace_ends_at is not None
    if command.purpose is ChargeFor.CONVERSION and waits:
        if command.declined is None:
            trial.convert(decision, command)
        else:
            trial.first_charge_failed(decision, command)
    elif unpaid is not None:
        if command.declined is None:
            _charge_paid(decision, unpaid, command)
        else:
            _charge_declined(decision, unpaid, command)
    elif command.declined is None and not command.waived:
        decision.change(balance_minor=subscription.balance_minor + command.amount_minor)
        decision.because("paid a second time: kept as a balance")


def _charge_paid(decision: Decision, unpaid: Unpaid, command: ChargeSettled) -> None:
    owed = unpaid.document.owed_minor
    used, excess = min(command.amount_minor, owed), max(0, command.amount_minor - owed)
    method = PaymentMethod.WRITE_OFF if command.waived else PaymentMethod.CARD
    payment = Payment(unpaid.document.id, method, used, decision.at, command.reference, excess)
    settle(decision, replace(unpaid, charging=False), payment)
    decision.change(balance_minor=decision.subscription.balance_minor + excess)
    restand(decision)


def _charge_declined(decision: Decision, unpaid: Unpaid, command: ChargeSettled) -> None:
    status = DocumentStatus.ACTION_REQUIRED if command.action_required else unpaid.document.status
    document = replace(unpaid.document, status=status)
    declined = replace(
        unpaid,
        document=document,
        charging=False,
        hard=command.hard or command.action_required,
        day_done=max(unpaid.day_done, 0) if unpaid.document.collection == "card" else unpaid.day_done,
    )
    decision.documents[document.id] = document
    decision.owe(declined)
    kind = LetterKind.ACTION_REQUIRED if command.action_required else LetterKind.CHARGE_FAILED
    decision.tell(kind, code=command.declined, **facts(declined))
    stand_and_tell(decision)
