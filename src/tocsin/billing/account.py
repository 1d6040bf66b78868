"""What billing knows of one account, and what a decision about it comes to. Pure.

Amounts are minor units of the subscription's currency unless a document says another. Days are calendar days of the
billing time zone; spans are half-open.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from tocsin.billing.model import Buyer, Document, Line, LineKind
from tocsin.billing.vat_id import VatCheck
from tocsin.licensing.metering import NOTHING_CARRIED, Carried, Closing
from tocsin.licensing.model import Subscription, Term
from tocsin.licensing.pricebook import PriceBook


@dataclass(frozen=True, slots=True)
class Number:
    """A rented incoming number. Released, it stays usable and paid until its window ends. Source: R10.1"""

    id: UUID
    e164: str
    added_at: datetime
    released_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Debit:
    """A line that was debited for days of which some are still to come: what a credit is a fraction of. Source: M4"""

    line_id: UUID
    document_id: UUID
    kind: LineKind
    item: str
    quantity: int
    amount_minor: int
    starts_on: date
    ends_on: date
    tax_category: str
    tax_rate_bp: int


@dataclass(frozen=True, slots=True)
class ClosedWindow:
    """A metering window, or a part of one, that is over and whose usage is on no invoice yet."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Draft:
    """An invoice that waits 48 hours for late usage. `final`: the last one of a paid time, any amount. Source: S04"""

    document: Document
    windows: tuple[ClosedWindow, ...]
    finalise_at: datetime
    final: bool


@dataclass(frozen=True, slots=True)
class Unpaid:
    """A finalised invoice with something owed. `day_done` is the last day of dunning that was gone through.

    `hard`: another try with the same card is useless. `charging`: a charge is under way; until its end is known nothing
    else happens to the account by itself.
    """

    document: Document
    due_on: date  # day 0
    day_done: int
    hard: bool = False
    charging: bool = False


@dataclass(frozen=True, slots=True)
class Invoiced:
    """A finalised document as it is now, owed or settled, for a command about it.

    `written_off_minor` of what was paid of it was written off; `credit_notes` reduce it, the first one first.
    """

    document: Document
    written_off_minor: int = 0
    credit_notes: tuple[Document, ...] = ()


@dataclass(frozen=True, slots=True)
class UsageBill:
    """What closed windows come to: `lines` without tax, and what is carried on instead. Source: S07"""

    lines: tuple[Line, ...] = ()
    carried: Carried = NOTHING_CARRIED


@dataclass(frozen=True, slots=True)
class UsageAsked:
    """The windows to be billed as of `closed_at`, in order, and what the bill before passed on.

    `currency` is that of the bill: by then the account may have another one (M12).
    """

    windows: tuple[ClosedWindow, ...]
    closed_at: datetime
    carried: Carried
    final: bool  # the last bill of a paid time: any amount
    currency: str
    closings: tuple[Closing, ...] = ()  # of bills that the same decision made before: what is in them is billed


@dataclass(frozen=True, slots=True)
class AccountBilling:
    """Everything that a decision about an account looks at.

    `terms` are those in force at some moment since the running window began, and in the month before it, oldest first:
    a deletion that is taken back begins the window anew. `responders` and `stakeholders` are how many people the
    account has now.
    """

    subscription: Subscription
    buyer: Buyer
    terms: tuple[Term, ...] = ()
    numbers: tuple[Number, ...] = ()
    debits: tuple[Debit, ...] = ()
    drafts: tuple[Draft, ...] = ()
    unpaid: tuple[Unpaid, ...] = ()
    closed: tuple[ClosedWindow, ...] = ()  # their usage goes on the next regular invoice. S13
    carried: Carried = NOTHING_CARRIED
    vat_check: VatCheck | None = None  # the last that is known of the buyer's VAT id
    late_usage: bool = False  # records of earlier windows came after their bills
    card_notices: tuple[date, ...] = ()  # the days on which the default card's expiry is told of, earliest first. R4.1
    responders: int = 0
    stakeholders: int = 0


class ChargeFor(StrEnum):
    """What a card is charged for."""

    ORDER = "order"  # the outcome holds only once it is paid
    CONVERSION = "conversion"  # the first charge at a trial's end: the invoice is made when it is paid. S16
    INVOICE = "invoice"


@dataclass(frozen=True, slots=True)
class ChargeOrder:
    """A charge to be made, outside of any transaction; `decide` hears what came of it as a `ChargeSettled`."""

    purpose: ChargeFor
    amount_minor: int
    currency: str
    document_id: UUID | None  # None: no document exists until it is paid


class PaymentMethod(StrEnum):
    """How something was paid or otherwise settled."""

    CARD = "card"
    TRANSFER = "transfer"
    CHEQUE = "cheque"
    BALANCE = "balance"
    WRITE_OFF = "write_off"
    CREDIT_NOTE = "credit_note"


@dataclass(frozen=True, slots=True)
class Payment:
    """An amount that counts against a document; below zero it was taken back. `excess_minor` went to the balance."""

    document_id: UUID
    method: PaymentMethod
    amount_minor: int
    paid_at: datetime
    reference: str = ""
    excess_minor: int = 0
    id: UUID | None = None  # of the command that recorded it


class LetterKind(StrEnum):
    """Mails to an account's owners; words are made from `facts` elsewhere."""

    TRIAL_STARTED = "trial_started"
    TRIAL_REMINDER = "trial_reminder"
    TRIAL_ENDED = "trial_ended"
    FIRST_CHARGE_FAILED = "first_charge_failed"
    MOVED_TO_FREE = "moved_to_free"
    INVOICE = "invoice"  # goes to the invoice recipients once it is rendered
    CREDIT_NOTE = "credit_note"
    PAYMENT_RECEIVED = "payment_received"
    CHARGE_FAILED = "charge_failed"
    PAYMENT_TAKEN_BACK = "payment_taken_back"  # a cheque bounced
    PAYMENT_DISPUTED = "payment_disputed"
    DISPUTE_WON = "dispute_won"
    ACTION_REQUIRED = "action_required"
    DUNNING = "dunning"
    RESTRICTED = "restricted"
    TELEPHONY_STOPPED = "telephony_stopped"
    WRITE_OFF_PROPOSED = "write_off_proposed"  # to the operator
    CHANGE_SCHEDULED = "change_scheduled"
    CHANGED = "changed"
    CANCELED = "canceled"
    RESUMED = "resumed"
    PRICE_RISES = "price_rises"
    CARD_EXPIRES = "card_expires"
    USAGE_BILLING = "usage_billing"
    PO_NEARLY_USED = "po_nearly_used"
    DELETION_REQUESTED = "deletion_requested"
    DELETION_UNDONE = "deletion_undone"


@dataclass(frozen=True, slots=True)
class Letter:
    """Facts for one mail. Days are `date`, amounts minor units beside "currency"."""

    kind: LetterKind
    at: datetime
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a decision comes to. `documents` are the new and changed ones, each once, as they are now.

    With `first`, nothing of it holds until that charge is paid; the rest of the charges are made afterwards.
    """

    billing: AccountBilling
    documents: tuple[Document, ...] = ()
    dropped: tuple[UUID, ...] = ()  # drafts that came to nothing
    payments: tuple[Payment, ...] = ()
    first: ChargeOrder | None = None
    charges: tuple[ChargeOrder, ...] = ()
    letters: tuple[Letter, ...] = ()
    reasons: tuple[str, ...] = ()
    closings: tuple[Closing, ...] = ()  # windows whose usage was billed now
    begins_with: Document | None = None  # of a preview: the draft that the plan chosen in a trial begins with


@dataclass(frozen=True, slots=True)
class Change:
    """An account before a decision, and what the decision came to."""

    before: AccountBilling
    outcome: Outcome


class Books(Protocol):
    """The published price books."""

    def version(self, number: int) -> PriceBook:
        """Raises: NotFound."""
        ...

    def newest(self, announced_by: datetime) -> int:
        """The newest version that was announced at that time or before; the first version where none was."""
        ...

    def announced_after(self, number: int) -> tuple[tuple[int, datetime], ...]:
        """The versions after `number`, each with the instant of its announcement, in their order."""
        ...


@dataclass(frozen=True, slots=True)
class Context:
    """What decisions consult besides the account. `usage` answers what closed windows come to."""

    books: Books
    usage: Callable[[AccountBilling, UsageAsked], UsageBill]
