"""Documents: invoices and credit notes, their lines, and who sells to whom. Pure.

Amounts are minor units of the document's currency, net unless they say otherwise. A line's amount was rounded once,
when it was made; totals are sums. A finalised document never changes but for what was paid. Source: M2, M8
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo


class DocumentKind(StrEnum):
    """Each kind has a number series of its own."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"


class DocumentStatus(StrEnum):
    """`draft` waits for late usage; the rest is final. `action_required`: the card's holder confirms at the bank."""

    DRAFT = "draft"
    OPEN = "open"
    ACTION_REQUIRED = "action_required"
    PARTIALLY_PAID = "partially_paid"
    PAID = "paid"
    WRITTEN_OFF = "written_off"
    ISSUED = "issued"  # a credit note


class LineKind(StrEnum):
    """What a line is for. `item` of a line says which."""

    SEATS = "seats"  # item: plan
    STAKEHOLDERS = "stakeholders"  # item: plan
    NUMBER = "number"  # item: the number's E.164
    MESSAGES = "messages"  # SMS and voice beyond what is included; item: zone
    MINUTES = "minutes"  # forwarded call minutes beyond what is included; item: zone
    LATE_MESSAGES = "late_messages"
    LATE_MINUTES = "late_minutes"
    CARRIED = "carried"  # usage of earlier windows that was too little to bill then
    WRITE_OFF = "write_off"  # a shortfall by bank charges


RESTATED = "restated"
"""The detail of a line that says again what the line of another document said."""


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a document. `amount_minor` is net; on an invoice, below zero it gives back.

    A credit note says what it gives back above zero. `quantity` (never below zero) and `unit_minor` are what is shown;
    for a prorated or tiered line `unit_minor` is None. `detail` holds the facts from which words are made in the
    reader's language, each where it makes sense: `plan_name`, `interval` ("month", "year"), `tiers` (pairs of seats
    and their unit price), `seats_before` and `seats_after` of a rise, and for usage the units `included` and `used`.
    """

    kind: LineKind
    item: str
    quantity: int
    amount_minor: int
    unit_minor: int | None = None
    starts_on: date | None = None  # the days it covers, half-open
    ends_on: date | None = None
    days_left: int | None = None  # of `days`, where it was prorated
    days: int | None = None
    credits: UUID | None = None  # the line that it gives back a part of
    tax_category: str = "S"  # EN 16931 code: S, AE (reverse charge), E, Z, O
    tax_rate_bp: int = 0  # basis points: 2300 is 23 %
    detail: Mapping[str, object] = field(default_factory=dict)
    id: UUID | None = None  # set when it is stored


@dataclass(frozen=True, slots=True)
class TaxTotal:
    """The tax of one rate, on the sum of its lines, rounded once."""

    category: str
    rate_bp: int
    net_minor: int
    tax_minor: int


@dataclass(frozen=True, slots=True)
class Seller:
    """Who issues a document, as it is printed. Source: price book, `seller`"""

    name: str
    address: tuple[str, ...]  # street lines
    postal_code: str
    city: str
    country: str  # ISO 3166 alpha-2
    vat_id: str  # with its country's prefix; empty: not registered
    registration: str = ""
    email: str = ""
    phone: str = ""
    bank_name: str = ""
    iban: str = ""
    bic: str = ""
    oss: bool = False  # declares VAT of consumers elsewhere in the Union by the One Stop Shop: their country's rate
    vat_rates: Mapping[str, int] = field(default_factory=dict)  # country → basis points, before the shipped table


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who a document is for, as it stood when it was finalised. Source: R7.2"""

    name: str
    address: tuple[str, ...]
    postal_code: str
    city: str
    country: str
    vat_id: str = ""
    vat_verified_at: datetime | None = None
    emails: tuple[str, ...] = ()
    reference: str = ""  # a text of the buyer's own on each document
    locale: str = "en"


@dataclass(frozen=True, slots=True)
class Document:
    """An invoice or a credit note, whole."""

    account_id: int
    id: UUID
    kind: DocumentKind
    status: DocumentStatus
    number: str | None  # None: a draft
    currency: str
    dated_on: date  # the day it is dated, in the billing time zone
    issued_at: datetime | None
    due_at: datetime | None  # day 0 of dunning
    lines: tuple[Line, ...]
    taxes: tuple[TaxTotal, ...]
    net_minor: int
    tax_minor: int
    gross_minor: int
    paid_minor: int  # payments, balance used, credit notes against it
    seller: Seller | None
    buyer: Buyer
    collection: str = "card"
    po_number: str = ""
    credits_number: str | None = None  # a credit note: the invoice that it reduces
    notes: tuple[str, ...] = ()  # keys of printed remarks, e.g. "reverse_charge"; see `tax.Note`
    zone: str = "UTC"  # the billing time zone, in which its days are days
    credits: UUID | None = None  # a credit note: the invoice's id
    book_version: int = 0  # whose seller issues it
    corrects: UUID | None = None  # an invoice made out anew: the one in whose place it stands. R7.2
    corrects_number: str | None = None  # that one's number
    replaced_by_number: str | None = None  # of the invoice that stands in its place, or in that of what it credits
    corrected_by_number: str | None = None  # of the credit note that took back the one in whose place it stands

    @property
    def owed_minor(self) -> int:
        return self.gross_minor - self.paid_minor

    @property
    def due_on(self) -> date | None:
        """The day, in the billing time zone, by which it is to be paid."""
        return None if self.due_at is None else self.due_at.astimezone(ZoneInfo(self.zone)).date()
