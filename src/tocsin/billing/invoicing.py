"""Making documents of lines: tax, balance, what is owed, credit notes. Pure.

No document has a negative total, and none is made for nothing. Source: licensing requirements M2, M8, CHOICE-36, S26
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID, uuid5

from tocsin.billing import tax
from tocsin.billing.account import ChargeFor, ChargeOrder, Debit, LetterKind, Payment, PaymentMethod, Unpaid
from tocsin.billing.debits import credit, debits_of
from tocsin.billing.decision import Decision, midnight_in
from tocsin.billing.model import Document, DocumentKind, DocumentStatus, Line, Seller
from tocsin.errors import Invalid
from tocsin.i18n import N_
from tocsin.licensing.model import Collection
from tocsin.licensing.pricebook import SellerProfile


def seller_of(decision: Decision) -> Seller:
    """Who sells, as the newest price book says. Raises: Invalid where it names nobody: nothing can be finalised."""
    books = decision.context.books
    profile = books.version(books.newest(decision.at)).seller
    if profile is None:
        raise Invalid(N_("The price book names no seller, so nothing can be sold; the operator fills in its `seller`."))
    return seller_in(profile)


def seller_in(profile: SellerProfile) -> Seller:
    """The price book's seller, as documents have him."""
    return Seller(
        name=profile.name,
        address=profile.address,
        postal_code=profile.postal_code,
        city=profile.city,
        country=profile.country,
        vat_id=profile.vat_id,
        registration=profile.registration,
        email=profile.email,
        phone=profile.phone,
        bank_name=profile.bank_name,
        iban=profile.iban,
        bic=profile.bic,
        oss=profile.oss,
        vat_rates=profile.vat_rates,
    )


def make_document(
    decision: Decision,
    kind: DocumentKind,
    lines: Sequence[Line],
    *,
    document_id: UUID | None = None,
    dated_on: date | None = None,
    currency: str | None = None,
) -> Document:
    """A document of these lines, as a draft: each line taxed as of now; credits keep their debit's tax."""
    subscription = decision.subscription
    document_id = document_id or decision.new_document_id()
    seller = seller_of(decision)
    treatment = tax.treatment(seller, decision.billing.buyer, decision.billing.vat_check, decision.at)
    taxed = tuple(
        replace(
            line,
            id=line.id or uuid5(document_id, str(position)),
            tax_category=line.tax_category if line.credits else treatment.category,
            tax_rate_bp=line.tax_rate_bp if line.credits else treatment.rate_bp,
        )
        for position, line in enumerate(lines)
    )
    totals = tax.totals(taxed)
    return Document(
        account_id=subscription.account_id,
        id=document_id,
        kind=kind,
        status=DocumentStatus.DRAFT,
        number=None,
        currency=currency or subscription.currency,
        dated_on=dated_on or decision.on,
        issued_at=None,
        due_at=None,
        lines=taxed,
        taxes=totals.taxes,
        net_minor=totals.net_minor,
        tax_minor=totals.tax_minor,
        gross_minor=totals.gross_minor,
        paid_minor=0,
        seller=seller,
        buyer=decision.billing.buyer,
        collection=subscription.collection.value,
        po_number=subscription.po_number,
        notes=treatment.notes,
        zone=subscription.zone,
        book_version=subscription.book_version,
    )


def invoice_now(
    decision: Decision, lines: Sequence[Line], *, first: bool = False, dated_on: date | None = None
) -> None:
    """Finalise an invoice of these lines; what would be below zero is split into an invoice and a credit note.

    With `first` the order holds only once its charge is paid: the invoice is made as paid. Otherwise a card is charged
    afterwards.
    """
    draft = _invoice(decision, lines, dated_on)
    if draft.gross_minor > 0 and draft.net_minor > 0:
        register_debits(decision, finalise(decision, draft, first=first))
        return
    given_back = [line for line in lines if line.amount_minor < 0]
    debits = [line for line in lines if line.amount_minor >= 0]
    if given_back:
        credit_note(decision, given_back, dated_on=dated_on)
    if sum(line.amount_minor for line in debits):
        register_debits(decision, finalise(decision, _invoice(decision, debits, dated_on), first=first))


def _invoice(decision: Decision, lines: Sequence[Line], dated_on: date | None) -> Document:
    return make_document(decision, DocumentKind.INVOICE, lines, dated_on=dated_on)


def finalise(decision: Decision, draft: Document, *, first: bool = False) -> Document:
    """Finalise a draft with an amount: the balance pays first, a card or a transfer the rest."""
    subscription = decision.subscription
    on_invoice = draft.collection == Collection.INVOICE.value
    today = decision.on
    due_on = today + timedelta(days=decision.book.thresholds.net_days) if on_invoice else today
    due_at = midnight_in(due_on, subscription.zone) if on_invoice else decision.at
    document = replace(draft, status=DocumentStatus.OPEN, issued_at=decision.at, due_at=due_at)
    decision.change(invoiced=True)
    document = pay_from_balance(decision, document)
    owed = document.owed_minor
    if owed == 0:
        document = replace(document, status=DocumentStatus.PAID)
    elif first and not on_invoice:
        decision.first = ChargeOrder(ChargeFor.ORDER, owed, document.currency, document.id)
        decision.payments.append(Payment(document.id, PaymentMethod.CARD, owed, decision.at))
        document = replace(document, status=DocumentStatus.PAID, paid_minor=document.gross_minor)
    elif on_invoice:
        decision.owe(Unpaid(document, due_on, NOTHING_DONE))
    else:
        decision.owe(Unpaid(document, due_on, -1, charging=True))
        decision.charges.append(ChargeOrder(ChargeFor.INVOICE, owed, document.currency, document.id))
    decision.documents[document.id] = document
    decision.tell(LetterKind.INVOICE, document_id=document.id)
    return document


NOTHING_DONE = -30  # days: before the first reminder


def register_debits(decision: Decision, document: Document) -> None:
    """From now on the document's lines count as debited."""
    decision.keep(debits=(*decision.billing.debits, *debits_of(document)))


def credit_running(decision: Decision, debits: Sequence[Debit]) -> list[Line]:
    """A credit line for what is left of each of these debits, which run no longer. Source: S11"""
    gone = {debit.line_id for debit in debits}
    decision.keep(debits=tuple(debit for debit in decision.billing.debits if debit.line_id not in gone))
    return [credit(debit, decision.on) for debit in debits]


def credit_note(
    decision: Decision, given_back: Sequence[Line], *, dated_on: date | None = None, against: Unpaid | None = None
) -> Document:
    """Issue a credit note of these lines. It reduces the invoice `against`; without one, and beyond it, the balance.

    On a credit note amounts are what is given back, above zero. Source: S19, S26
    """
    lines = [replace(line, amount_minor=-line.amount_minor) for line in given_back]
    currency = against.document.currency if against else None
    draft = make_document(decision, DocumentKind.CREDIT_NOTE, lines, dated_on=dated_on, currency=currency)
    document = replace(
        draft,
        status=DocumentStatus.ISSUED,
        issued_at=decision.at,
        paid_minor=draft.gross_minor,
        credits=against.document.id if against else None,
        credits_number=against.document.number if against else None,
        collection=against.document.collection if against else draft.collection,
    )
    decision.documents[document.id] = document
    rest = document.gross_minor
    if against is not None:
        used = min(rest, against.document.owed_minor)
        rest -= used
        settle(decision, against, Payment(against.document.id, PaymentMethod.CREDIT_NOTE, used, decision.at))
    decision.change(balance_minor=decision.subscription.balance_minor + rest)
    decision.tell(LetterKind.CREDIT_NOTE, document_id=document.id)
    return document


def settle(decision: Decision, unpaid: Unpaid, payment: Payment) -> Document:
    """Count a payment against an unpaid invoice; what it was is known of it afterwards."""
    document = unpaid.document
    paid = document.paid_minor + payment.amount_minor
    if paid >= document.gross_minor:
        status = DocumentStatus.PAID
    else:
        status = DocumentStatus.PARTIALLY_PAID if paid > 0 else DocumentStatus.OPEN
    document = replace(document, paid_minor=paid, status=status)
    decision.payments.append(payment)
    decision.documents[document.id] = document
    decision.owe(replace(unpaid, document=document))
    return document


def pay_from_balance(decision: Decision, document: Document) -> Document:
    """The document after the balance has paid what it can of it."""
    balance = decision.subscription.balance_minor
    used = max(0, min(balance, document.owed_minor))
    if not used or document.currency != decision.subscription.currency:
        return document
    decision.change(balance_minor=balance - used)
    decision.payments.append(Payment(document.id, PaymentMethod.BALANCE, used, decision.at))
    return replace(document, paid_minor=document.paid_minor + used, status=DocumentStatus.PARTIALLY_PAID)
