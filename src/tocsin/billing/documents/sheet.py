"""A document as a sheet of paper: every text of it, in the reader's language and in reading order. Pure.

The template only places what is here; it adds no word and no figure of its own.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from tocsin import i18n
from tocsin.billing.documents import words as say
from tocsin.billing.model import Buyer, Document, DocumentKind, Line, Seller
from tocsin.errors import Invalid
from tocsin.i18n import N_, Translator

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Party:
    """One side: the first line is the name."""

    label: str
    name: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A line, as cells."""

    title: str
    details: tuple[str, ...]
    quantity: str
    unit: str
    tax: str
    net: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything that is printed."""

    lang: str
    title: str  # of the file
    heading: str
    number: str
    dated_on: tuple[int, int, int]
    author: str
    facts: tuple[Pair, ...]
    seller: Party
    buyer: Party
    columns: tuple[str, ...]  # what, how many, at what price, tax, net
    rows: tuple[Row, ...]
    tax_columns: tuple[str, ...]
    taxes: tuple[tuple[str, ...], ...]
    sums: tuple[Pair, ...]
    total: Pair  # the sum that counts
    after: tuple[Pair, ...]  # what is paid, what is owed
    payment: str
    bank: tuple[Pair, ...]
    notes: tuple[str, ...]
    page: str  # with {page} and {pages}


def sheet(document: Document, locale: str, valid_until: date | None = None) -> Sheet:
    """The sheet of a document; with `valid_until` it is a quote, an offer that nobody owes yet.

    Raises: Invalid without a seller.
    """
    if document.seller is None:
        raise Invalid(N_("The price book names no seller, so nothing can be finalised."))
    words = Translator(locale)
    heading = _heading(words, document, valid_until)
    number = document.number or ""
    return Sheet(
        lang=locale,
        title=f"{heading} {number}".strip(),
        heading=heading,
        number=number,
        dated_on=(document.dated_on.year, document.dated_on.month, document.dated_on.day),
        author=document.seller.name,
        facts=tuple(_facts(words, document, valid_until)),
        seller=_seller(words, document.seller),
        buyer=_buyer(words, document.buyer),
        columns=(
            words("Description"),
            words("Quantity"),
            words("Unit price"),
            words("VAT"),
            words("Net (%(currency)s)", currency=document.currency),
        ),
        rows=tuple(_row(words, line, document.currency) for line in document.lines),
        tax_columns=(words("Tax"), words("Net"), words("VAT amount"), words("Gross")),
        taxes=tuple(_taxes(words, document)),
        sums=(
            (words("Net total"), _money(words, document, document.net_minor)),
            (words("VAT total"), _money(words, document, document.tax_minor)),
        ),
        total=_total(words, document),
        after=tuple(_after(words, document, valid_until)),
        payment=_payment(words, document, valid_until),
        bank=tuple(_bank(words, document, document.seller, valid_until)),
        notes=tuple(say.note(words, key) for key in document.notes),
        page=words("Page {page} of {pages}"),
    )


def _heading(words: Translator, document: Document, valid_until: date | None) -> str:
    if valid_until is not None:
        return words("Quote")
    if document.kind is DocumentKind.CREDIT_NOTE:
        return words("Credit note")
    return words("Invoice") if document.number else words("Draft invoice")


def _facts(words: Translator, document: Document, valid_until: date | None) -> Iterable[Pair]:
    yield words("Date of issue"), i18n.date_in_full(words.locale, document.dated_on)
    if valid_until is not None:
        yield words("Valid until"), i18n.date_in_full(words.locale, valid_until)
    elif document.kind is DocumentKind.INVOICE and document.due_on is not None:
        yield words("Due date"), i18n.date_in_full(words.locale, document.due_on)
    if document.credits_number:
        yield words("Credits invoice"), document.credits_number
    if document.corrects_number:
        yield words("In place of invoice"), document.corrects_number
    if document.corrected_by_number:
        yield words("Credit note"), document.corrected_by_number
    if document.replaced_by_number:
        yield words("Replaced by invoice"), document.replaced_by_number
    if document.po_number:
        yield words("Purchase order"), document.po_number
    if document.buyer.reference:
        yield words("Your reference"), document.buyer.reference


def _seller(words: Translator, seller: Seller) -> Party:
    lines = [*_address(words, seller)]
    if seller.vat_id:
        lines.append(words("VAT ID: %(id)s", id=seller.vat_id))
    lines += [text for text in (seller.registration, seller.email, seller.phone) if text]
    return Party(words("Seller"), seller.name, tuple(lines))


def _buyer(words: Translator, buyer: Buyer) -> Party:
    lines = [*_address(words, buyer)]
    if buyer.vat_id:
        lines.append(words("VAT ID: %(id)s", id=buyer.vat_id))
    return Party(words("Buyer"), buyer.name, tuple(lines))


def _address(words: Translator, party: Seller | Buyer) -> Iterable[str]:
    yield from (line for line in party.address if line)
    if town := f"{party.postal_code} {party.city}".strip():
        yield town
    yield i18n.country(words.locale, party.country)


def _row(words: Translator, line: Line, currency: str) -> Row:
    return Row(
        title=say.title(words, line),
        details=say.details(words, line, currency),
        quantity=say.quantity(words, line),
        unit="" if line.unit_minor is None else i18n.amount(words.locale, line.unit_minor, currency),
        tax=say.tax_mark(words, line.tax_category, line.tax_rate_bp),
        net=i18n.amount(words.locale, line.amount_minor, currency),
    )


def _taxes(words: Translator, document: Document) -> Iterable[tuple[str, ...]]:
    for tax in document.taxes:
        amounts = (tax.net_minor, tax.tax_minor, tax.net_minor + tax.tax_minor)
        yield (
            say.tax_name(words, tax.category, tax.rate_bp),
            *(i18n.amount(words.locale, minor, document.currency) for minor in amounts),
        )


def _total(words: Translator, document: Document) -> Pair:
    label = words("Total credited") if document.kind is DocumentKind.CREDIT_NOTE else words("Total")
    return label, _money(words, document, document.gross_minor)


def _after(words: Translator, document: Document, valid_until: date | None) -> Iterable[Pair]:
    if document.kind is DocumentKind.INVOICE and valid_until is None and document.paid_minor:
        yield words("Paid"), _money(words, document, document.paid_minor)
        yield words("Amount due"), _money(words, document, document.owed_minor)


def _payment(words: Translator, document: Document, valid_until: date | None) -> str:
    """How it is paid, in one or two sentences; "" where nothing is to be said."""
    if valid_until is not None:
        return words("This is an offer and not an invoice: nothing is owed until you order.")
    if document.kind is DocumentKind.CREDIT_NOTE:
        return ""
    if document.owed_minor <= 0:
        return words("Paid in full. Thank you.")
    if document.collection == "card":
        return words("The amount due is charged to your card on file.")
    if document.due_on is None:
        return words("Please pay by bank transfer or cheque and quote the document's number.")
    return words(
        "Please pay by %(day)s, by bank transfer or cheque, and quote the document's number.",
        day=i18n.date_in_full(words.locale, document.due_on),
    )


def _bank(words: Translator, document: Document, seller: Seller, valid_until: date | None) -> Iterable[Pair]:
    owed = document.kind is DocumentKind.INVOICE and document.collection != "card" and document.owed_minor > 0
    if not (owed and seller.iban) or valid_until is not None:
        return
    yield words("Account holder"), seller.name
    if seller.bank_name:
        yield words("Bank"), seller.bank_name
    yield "IBAN", grouped(seller.iban)
    if seller.bic:
        yield "BIC", seller.bic
    yield words("Payment reference"), document.number or ""


def grouped(iban: str) -> str:
    """An IBAN in groups of four, as it is printed."""
    compact = iban.replace(" ", "")
    return "\N{NO-BREAK SPACE}".join(compact[start : start + 4] for start in range(0, len(compact), 4))


def _money(words: Translator, document: Document, minor: int) -> str:
    return i18n.money(words.locale, minor, document.currency)
