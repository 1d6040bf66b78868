"""The facts that licensing knows of an account: its terms and how it is billed. Pure."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

FREE = "free"
"""The plan that costs nothing; every other name of a plan comes from the price book."""


class Interval(StrEnum):
    """How often a subscription renews."""

    MONTH = "month"
    YEAR = "year"

    @property
    def months(self) -> int:
        return 1 if self is Interval.MONTH else 12


class Collection(StrEnum):
    """How an account pays: by its card, or on an invoice by bank transfer or cheque."""

    CARD = "card"
    INVOICE = "invoice"


class Standing(StrEnum):
    """How a subscription stands. Source: licensing requirements §5, S29"""

    GRANTED = "granted"  # everything, never billed: the operator's own account and those he grants it to
    TRIALING = "trialing"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    RESTRICTED = "restricted"
    CANCELING = "canceling"
    FREE = "free"
    DELETING = "deleting"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Term:
    """What an account has from `starts_at` on, until its next term: a fact that is added and never changed.

    What an account may at an instant follows from the last term that starts no later. Source: M14, invariant 7
    """

    account_id: int
    starts_at: datetime
    standing: Standing
    plan: str
    seats: int
    interval: Interval | None  # None: Free, trial, grant
    book_version: int
    usage_billed: bool = False  # fair use: a pool and rates instead of "no fixed limit". R11.3
    telephony_stopped: bool = False  # unpaid usage on a paid term: SMS, voice and numbers stop, the plan stays. S19
    anchor_on: date | None = None  # metering windows are months cut from this day; None: the day it all began
    zone: str = "UTC"  # whose midnights bound them

    def __post_init__(self) -> None:
        object.__setattr__(self, "standing", Standing(self.standing))
        object.__setattr__(self, "interval", Interval(self.interval) if self.interval else None)


@dataclass(frozen=True, slots=True)
class Target:
    """What a change asks for; None leaves a field as it is. Source: S08"""

    plan: str | None = None
    interval: Interval | None = None
    seats: int | None = None


@dataclass(frozen=True, slots=True)
class Subscription:
    """How an account is billed now. One row an account.

    `anchor_on` is None until a first paid day is known. `term_starts_on` and `term_ends_on` bound the paid term in
    force (a month or a year); `window_starts_on` is the first day of the metering window, a month cut from the same
    anchor, and `window_starts_at` the instant from which its usage counts.
    """

    account_id: int
    standing: Standing
    plan: str
    interval: Interval | None
    seats: int
    currency: str
    zone: str
    book_version: int
    collection: Collection
    created_on: date  # the anchor of a Free account's windows
    anchor_on: date | None = None
    term_starts_on: date | None = None
    term_ends_on: date | None = None
    window_starts_on: date | None = None
    window_starts_at: datetime | None = None
    trial_ends_at: datetime | None = None
    reminded_until: datetime | None = None  # reminders of the trial's end up to here are done with
    chosen: Target | None = None  # the plan picked in the trial, which starts at its end
    converting: bool = False  # the first charge, at the trial's end, is under way
    grace_ends_at: datetime | None = None  # the first charge failed: pay until then, or Free. S16
    scheduled: Target | None = None  # the one change at the period's end
    cancels: bool = False
    next_zone: str | None = None  # from the next boundary. S24
    next_currency: str | None = None
    balance_minor: int = 0  # what we owe the customer, used by the next invoices
    usage_billed: bool = False
    usage_billed_next: bool | None = None  # from `usage_billed_on`, a window's first day, on. R11.3
    usage_billed_on: date | None = None
    telephony_stopped: bool = False  # S19
    spending_cap_minor: int | None = None
    auto_expand: bool = False
    expanded_on: date | None = None  # the day whose auto-expansion is not invoiced yet, and the seats before it. S22
    expanded_from: int = 0
    po_number: str = ""
    po_ceiling_minor: int | None = None
    po_required: bool = False
    invoiced: bool = False  # an invoice was finalised: from then on the currency is fixed. M12
    free_since: datetime | None = None  # on Free after something better; numbers are kept for a while. R3.4 (e)
    price_noticed: int = 0  # the newest price version that was looked at for a notice. M16
    deletion_requested_at: datetime | None = None
    default_card_id: UUID | None = None
    card_noticed_on: date | None = None  # the last day on which its expiry was told of
    documents_made: int = 0
    version: int = 0  # counts changes: of two orders made from the same view, the second is a conflict
    due_at: datetime | None = None  # when something happens next by itself
