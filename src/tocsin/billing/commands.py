"""What can be asked of an account's billing: each a value, decided by `decide.py`. Pure."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from tocsin.billing.account import ChargeFor, PaymentMethod
from tocsin.billing.model import Buyer
from tocsin.billing.vat_id import VatCheck
from tocsin.licensing.model import Target


@dataclass(frozen=True, slots=True)
class ExtendTrial:
    """The trial ends at the start of this day instead; never earlier than now set. Source: R2.1, R3.1"""

    ends_on: date


@dataclass(frozen=True, slots=True)
class Order:
    """Change plan, interval, seats, or buy them anew. In a trial it takes effect at the trial's end, or today with
    `start_today`. Source: R3.2, R4.3, R6, R8.2, CHOICE-33
    """

    target: Target
    start_today: bool = False


@dataclass(frozen=True, slots=True)
class AcceptOfflineOrder:
    """The seller accepts an order that is paid on an invoice: annual only. Source: R4.2

    `ceiling_minor` is the most that the purchase order covers, net.
    """

    target: Target
    po_number: str = ""
    ceiling_minor: int | None = None
    po_required: bool = False


@dataclass(frozen=True, slots=True)
class GrantTrial:
    """Support grants an account on Free another trial, until the start of `ends_on`. Source: R2.1"""

    ends_on: date


@dataclass(frozen=True, slots=True)
class DropScheduled:
    """The scheduled change is not wanted any more. Source: R6.4"""


@dataclass(frozen=True, slots=True)
class Cancel:
    """Free at the end of what is paid, or at once. `refund_unused`: leaving an annual term because of usage billing.

    Source: R13.2, S20, CHOICE-52
    """

    now: bool = False
    refund_unused: bool = False


@dataclass(frozen=True, slots=True)
class Resume:
    """Take a cancellation back. Source: R13.2, S10"""


@dataclass(frozen=True, slots=True)
class AddNumber:
    """Rent an incoming number. Source: R10.1, S42"""

    number_id: UUID
    e164: str


@dataclass(frozen=True, slots=True)
class ReleaseNumber:
    """Give a number back at the end of its window."""

    number_id: UUID


@dataclass(frozen=True, slots=True)
class SetAutoExpand:
    """Whether a person too many buys a seat by himself. Source: CHOICE-39"""

    enabled: bool


@dataclass(frozen=True, slots=True)
class AutoExpand:
    """So many people hold seats now: seats follow, never below what was bought. Source: S02, S22"""

    seats: int


@dataclass(frozen=True, slots=True)
class SetSpendingCap:
    """The most overage of a window, or None. Source: CHOICE-45"""

    minor: int | None


@dataclass(frozen=True, slots=True)
class RecordPayment:
    """Money arrived for an invoice. Too much goes to the balance, a little short is written off. Source: R4.2, S21

    What was written off and comes after all is written off no more. `paid_on` is the day on which it arrived, in the
    billing time zone; None is today.
    """

    document_id: UUID
    amount_minor: int
    method: PaymentMethod
    reference: str = ""
    payment_id: UUID | None = None
    paid_on: date | None = None


@dataclass(frozen=True, slots=True)
class WriteOff:
    """What is owed of an invoice will not come: nobody asks for it any more. Source: §4, day 90"""

    document_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class ReversePayment:
    """A cheque bounced, a card payment was charged back: the invoice is owed again. Source: S37

    `excess_minor` of the payment had gone to the balance; `written_off_minor` was written off because of it.
    """

    document_id: UUID
    amount_minor: int
    method: PaymentMethod
    excess_minor: int = 0
    written_off_minor: int = 0
    reference: str = ""
    payment_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class CardAdded:
    """A checked card becomes the default one and pays what is open. Source: CHOICE-32"""

    card_id: UUID


@dataclass(frozen=True, slots=True)
class ChargeSettled:
    """What came of a charge. `declined` None: it is paid. Source: R4.1, R4.4"""

    purpose: ChargeFor
    document_id: UUID | None
    amount_minor: int
    declined: str | None = None  # the reason's code
    hard: bool = False
    action_required: bool = False
    waived: bool = False  # too little for any card: written off
    reference: str = ""


@dataclass(frozen=True, slots=True)
class ChangeZone:
    """Another billing time zone, from the next period on. Source: M11, S24"""

    zone: str


@dataclass(frozen=True, slots=True)
class ChangeCurrency:
    """Another currency: at once before the first invoice, else from the next period on. Source: M12"""

    currency: str


@dataclass(frozen=True, slots=True)
class ChangeBuyer:
    """Another address or tax id, for invoices finalised from now on. Source: R7.2

    `vat_check` is what the registry says of the VAT id; without one its form decides.
    """

    buyer: Buyer
    vat_check: VatCheck | None = None


@dataclass(frozen=True, slots=True)
class CorrectBuyer:
    """The seller makes a finalised invoice out anew, to the buyer as he is known now. Source: R7.2, M8"""

    document_id: UUID


@dataclass(frozen=True, slots=True)
class SetUsageBilling:
    """SMS and voice are billed by usage, or no longer, from the first window that begins on `from_on` or later.

    Source: R11.3
    """

    enabled: bool
    from_on: date


@dataclass(frozen=True, slots=True)
class RequestDeletion:
    """Delete the account. Source: R13.3"""


@dataclass(frozen=True, slots=True)
class UndoDeletion:
    """Within 24 hours. Source: CHOICE-56"""


@dataclass(frozen=True, slots=True)
class Grant:
    """Everything, never billed: the operator's word."""


@dataclass(frozen=True, slots=True)
class EndGrant:
    """No longer everything: the account is on Free."""


Command = (
    ExtendTrial
    | GrantTrial
    | Order
    | AcceptOfflineOrder
    | DropScheduled
    | Cancel
    | Resume
    | AddNumber
    | ReleaseNumber
    | SetAutoExpand
    | AutoExpand
    | SetSpendingCap
    | RecordPayment
    | WriteOff
    | ReversePayment
    | CardAdded
    | ChargeSettled
    | ChangeZone
    | ChangeCurrency
    | ChangeBuyer
    | CorrectBuyer
    | SetUsageBilling
    | RequestDeletion
    | UndoDeletion
    | Grant
    | EndGrant
)
