"""Correcting the buyer of a finalised invoice: a credit note takes it back, and a new one is made out anew. Pure.

Both say what the invoice said, less what credit notes gave back of it before. What was paid of it counts for the new
one, and so does its place in dunning: no money moves where both come to the same.
Source: licensing requirements M8, R7.2 (a wrong address on a past invoice)
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid5

from tocsin.billing import tax
from tocsin.billing.account import ChargeFor, ChargeOrder, Debit, Invoiced, LetterKind, Payment, PaymentMethod, Unpaid
from tocsin.billing.buyers import refuse_nameless
from tocsin.billing.decision import Decision, midnight_in
from tocsin.billing.dunning import stand_and_tell
from tocsin.billing.invoicing import NOTHING_DONE, pay_from_balance, seller_of, settle
from tocsin.billing.model import RESTATED, Buyer, Document, DocumentKind, DocumentStatus, Line
from tocsin.billing.tax import Note, Treatment
from tocsin.errors import Conflict, Invalid
from tocsin.i18n import N_
from tocsin.licensing.model import Collection


def is_same_buyer(one: Buyer, other: Buyer) -> bool:
    """Whether both are printed alike: who is mailed, and in which language, is no part of it."""
    return _printed(one) == _printed(other)


def _printed(buyer: Buyer) -> tuple[object, ...]:
    return buyer.name, buyer.address, buyer.postal_code, buyer.city, buyer.country, buyer.vat_id, buyer.reference


def correct_buyer(decision: Decision, about: Invoiced) -> None:
    """Take the invoice back and make it out to the buyer as he is known now. Raises: Invalid, Conflict."""
    _refuse(decision, about)
    owed = next((one for one in decision.billing.unpaid if one.document.id == about.document.id), None)
    treatment = _treatment(decision, about.document)
    note = _credit_note(decision, about)
    invoice = _anew(decision, about, treatment)
    given_minor = _take_back(decision, about, note, owed)
    _put_in_place(decision, about, invoice, given_minor, owed)
    decision.keep(debits=tuple(_moved(debit, about.document, invoice) for debit in decision.billing.debits))
    decision.tell(LetterKind.CREDIT_NOTE, document_id=note.id)
    decision.tell(LetterKind.INVOICE, document_id=invoice.id)
    decision.because("the buyer is corrected")
    stand_and_tell(decision)


def _refuse(decision: Decision, about: Invoiced) -> None:
    """Raises: Invalid, Conflict where there is nothing to correct, or a payment of it is under way."""
    document, buyer = about.document, decision.billing.buyer
    names = {"number": document.number or ""}
    if document.kind is not DocumentKind.INVOICE:
        raise Invalid(N_("%(number)s is a credit note; only an invoice can be made out anew."), params=names)
    if document.number is None:
        raise Invalid(N_("A draft has nothing to correct: it names the buyer as he is when it becomes final."))
    if any(Note.BUYER_CORRECTED in note.notes for note in about.credit_notes):
        raise Conflict(N_("Nothing to correct: another invoice stands in the place of %(number)s."), params=names)
    if sum(note.gross_minor for note in about.credit_notes) >= document.gross_minor:
        raise Conflict(N_("Nothing to correct: all of %(number)s was credited."), params=names)
    if is_same_buyer(document.buyer, buyer):
        raise Conflict(
            N_("Nothing to correct: %(number)s names the buyer just as Billing Information does."), params=names
        )
    refuse_nameless(buyer)
    waits = document.status is DocumentStatus.ACTION_REQUIRED
    if waits or any(one.charging for one in decision.billing.unpaid if one.document.id == document.id):
        raise Conflict(N_("A payment of %(number)s is under way: correct it once that is through."), params=names)


def _treatment(decision: Decision, document: Document) -> Treatment:
    """How the sale is taxed by its own tax point; as it was, where country and kind of sale are the same."""
    billing, at = decision.billing, document.issued_at or decision.at
    found = tax.treatment(document.seller or seller_of(decision), billing.buyer, billing.vat_check, at)
    before = next(line for line in document.lines if line.credits is None)
    if (before.tax_category, document.buyer.country) == (found.category, billing.buyer.country):
        return replace(found, rate_bp=before.tax_rate_bp)
    return found


def _again(line: Line, document_id: UUID, position: int, amount_minor: int) -> Line:
    detail = {**line.detail, RESTATED: True}
    return replace(line, id=uuid5(document_id, str(position)), amount_minor=amount_minor, detail=detail)


def _credit_note(decision: Decision, about: Invoiced) -> Document:
    """Everything that is left of the invoice, given back to the buyer whom it names, with its own tax."""
    before, document_id = about.document, decision.new_document_id()
    said = [(line, line.amount_minor) for line in before.lines]
    said += [(line, -line.amount_minor) for note in about.credit_notes for line in note.lines]
    lines = [_again(line, document_id, position, amount) for position, (line, amount) in enumerate(said)]
    notes = (*(key for key in before.notes if key in tax.WHY_UNTAXED), Note.BUYER_CORRECTED)
    note = _document(decision, before, document_id, lines, notes)
    return replace(
        note,
        kind=DocumentKind.CREDIT_NOTE,
        status=DocumentStatus.ISSUED,
        due_at=None,
        paid_minor=note.gross_minor,
        credits=before.id,
        credits_number=before.number,
    )


def _anew(decision: Decision, about: Invoiced, treatment: Treatment) -> Document:
    """The same lines to the present buyer; what earlier invoices debited is credited with their tax.

    Raises: Conflict where that comes to less than nothing.
    """
    before, document_id = about.document, decision.new_document_id()
    ids: dict[UUID | None, UUID] = {
        line.id: uuid5(document_id, str(position)) for position, line in enumerate(before.lines)
    }
    said = [(line, line.amount_minor) for line in before.lines]
    said += [(line, -line.amount_minor) for note in about.credit_notes for line in note.lines]
    lines = []
    for position, (line, amount) in enumerate(said):
        anew = _again(line, document_id, position, amount)
        if line.credits is None or line.credits in ids:
            anew = replace(
                anew,
                credits=ids.get(line.credits),
                tax_category=treatment.category,
                tax_rate_bp=treatment.rate_bp,
            )
        lines.append(anew)
    notes = (*treatment.notes, Note.BUYER_CORRECTED)
    invoice = _document(decision, replace(before, buyer=decision.billing.buyer), document_id, lines, notes)
    if invoice.gross_minor <= 0:
        raise Conflict(
            N_("Made out anew, %(number)s would come to nothing or less: its taxes differ from those it gives back."),
            params={"number": before.number},
        )
    return replace(invoice, corrects=before.id, corrects_number=before.number)


def _document(
    decision: Decision, before: Document, document_id: UUID, lines: Sequence[Line], notes: tuple[str, ...]
) -> Document:
    totals = tax.totals(lines)
    return replace(
        before,
        id=document_id,
        status=DocumentStatus.OPEN,
        number=None,
        dated_on=decision.on,
        issued_at=decision.at,
        lines=tuple(lines),
        taxes=totals.taxes,
        net_minor=totals.net_minor,
        tax_minor=totals.tax_minor,
        gross_minor=totals.gross_minor,
        paid_minor=0,
        seller=seller_of(decision),
        notes=notes,
        zone=decision.subscription.zone,
        credits=None,
        credits_number=None,
        corrects=None,
        corrects_number=None,
        replaced_by_number=None,
        corrected_by_number=None,
    )


def _take_back(decision: Decision, about: Invoiced, note: Document, owed: Unpaid | None) -> int:
    """Settle the invoice with its credit note; what comes back is what was really paid of it.

    Nothing is written off of it any more. Of tax that was rounded twice, what the credit note lacks is let go.
    """
    document, written = about.document, about.written_off_minor
    decision.documents[note.id] = note
    if written:
        decision.payments.append(Payment(document.id, PaymentMethod.WRITE_OFF, -written, decision.at))
        document = replace(document, paid_minor=document.paid_minor - written)
    used = min(note.gross_minor, document.owed_minor)
    unpaid = replace(owed, document=document) if owed else Unpaid(document, decision.on, 0)
    for method, amount in (
        (PaymentMethod.CREDIT_NOTE, used),
        (PaymentMethod.WRITE_OFF, document.owed_minor - used),
    ):
        if amount:
            document = settle(decision, unpaid, Payment(document.id, method, amount, decision.at))
            unpaid = replace(unpaid, document=document)
    return note.gross_minor - used


def _put_in_place(
    decision: Decision, about: Invoiced, invoice: Document, given_minor: int, owed: Unpaid | None
) -> None:
    """Finalise the new invoice: `given_minor` counts for it, what is too much is the buyer's, the rest is owed."""
    carried = min(given_minor, invoice.gross_minor)
    _to_balance(decision, invoice, given_minor - carried)
    if carried:
        decision.payments.append(Payment(invoice.id, PaymentMethod.BALANCE, carried, decision.at))
        invoice = replace(invoice, paid_minor=carried, status=DocumentStatus.PARTIALLY_PAID)
    invoice = _write_off_again(decision, about, pay_from_balance(decision, invoice))
    if invoice.owed_minor:
        invoice = _owe(decision, invoice, owed)
    decision.documents[invoice.id] = invoice


def _to_balance(decision: Decision, invoice: Document, amount_minor: int) -> None:
    """Raises: Conflict where the balance is in another currency by now."""
    subscription = decision.subscription
    if amount_minor and invoice.currency != subscription.currency:
        raise Conflict(
            N_("What is too much cannot be kept: the balance is in %(now)s, and the invoice in %(then)s."),
            params={"now": subscription.currency, "then": invoice.currency},
        )
    decision.change(balance_minor=subscription.balance_minor + amount_minor)


def _write_off_again(decision: Decision, about: Invoiced, invoice: Document) -> Document:
    """What was written off of the invoice is so of the one in its place; all that is owed, where all of it was."""
    hopeless = about.document.status is DocumentStatus.WRITTEN_OFF
    amount = invoice.owed_minor if hopeless else min(about.written_off_minor, invoice.owed_minor)
    if amount:
        reference = about.document.number or ""
        decision.payments.append(Payment(invoice.id, PaymentMethod.WRITE_OFF, amount, decision.at, reference))
        invoice = replace(invoice, paid_minor=invoice.paid_minor + amount, status=DocumentStatus.PARTIALLY_PAID)
    if invoice.owed_minor:
        return invoice
    return replace(invoice, status=DocumentStatus.WRITTEN_OFF if hopeless and amount else DocumentStatus.PAID)


def _owe(decision: Decision, invoice: Document, owed: Unpaid | None) -> Document:
    """Owe the rest: with the due date and the place in dunning that the invoice had; else as of now."""
    if owed is not None:
        decision.owe(replace(owed, document=invoice))
        return invoice
    if invoice.collection == Collection.INVOICE.value:
        due_on = decision.on + timedelta(days=decision.book.thresholds.net_days)
        invoice = replace(invoice, due_at=midnight_in(due_on, invoice.zone))
        decision.owe(Unpaid(invoice, due_on, NOTHING_DONE))
        return invoice
    invoice = replace(invoice, due_at=decision.at)
    decision.owe(Unpaid(invoice, decision.on, -1, charging=True))
    decision.charges.append(ChargeOrder(ChargeFor.INVOICE, invoice.owed_minor, invoice.currency, invoice.id))
    return invoice


def _moved(debit: Debit, before: Document, invoice: Document) -> Debit:
    """A running debit of the invoice is one of the new invoice from now on, which later credits are of."""
    if debit.document_id != before.id:
        return debit
    position = next(place for place, line in enumerate(before.lines) if line.id == debit.line_id)
    line = invoice.lines[position]
    return replace(
        debit,
        line_id=_id_of(line),
        document_id=invoice.id,
        tax_category=line.tax_category,
        tax_rate_bp=line.tax_rate_bp,
    )


def _id_of(line: Line) -> UUID:
    assert line.id is not None  # noqa: S101
    return line.id
