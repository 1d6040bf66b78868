"""A decision in the making: the account as it becomes, and what has come of it so far. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from tocsin.billing.account import (
    AccountBilling,
    ChargeOrder,
    ClosedWindow,
    Context,
    Letter,
    LetterKind,
    Outcome,
    Payment,
    Unpaid,
)
from tocsin.billing.model import Document, LineKind
from tocsin.licensing.metering import Closing
from tocsin.licensing.model import FREE, Interval, Standing, Subscription, Target, Term
from tocsin.licensing.periods import Period, boundary, day_of, midnight
from tocsin.licensing.pricebook import Plan, PriceBook, seat_price
from tocsin.licensing.windows import window_at

DOCUMENTS = UUID("6f2f4a5e-4d0c-4f0b-9a58-2a6f0f6f7d11")
"""The namespace of document ids: a decision that is made again makes the same ids."""


@lru_cache(maxsize=4096)
def midnight_in(day: date, zone: str) -> datetime:
    """The instant at which `day` begins in the zone of this name."""
    return midnight(day, ZoneInfo(zone))


_NAMES = tuple(field.name for field in fields(Subscription))
_VALUES = attrgetter(*_NAMES)
_SETTERS = tuple(vars(Subscription)[name].__set__ for name in _NAMES)
_SETTER = dict(zip(_NAMES, _SETTERS, strict=True))


def _changed(subscription: Subscription, news: Mapping[str, object]) -> Subscription:
    """`dataclasses.replace`, at a third of its time: at a boundary it is done a million times."""
    made = object.__new__(Subscription)
    for put, value in zip(_SETTERS, _VALUES(subscription), strict=True):
        put(made, value)
    for name, value in news.items():
        _SETTER[name](made, value)
    return made


@dataclass(slots=True)
class Decision:
    """Collects what a command or a step comes to; `outcome` is the value of it."""

    billing: AccountBilling
    at: datetime
    context: Context
    documents: dict[UUID, Document] = field(default_factory=dict)
    dropped: list[UUID] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    charges: list[ChargeOrder] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    closings: list[Closing] = field(default_factory=list)
    first: ChargeOrder | None = None
    by_seller: bool = False  # the seller himself decides: a hidden plan is his to give
    facts_from: datetime | None = None  # what becomes so is so since then; None: as of `at`

    @property
    def subscription(self) -> Subscription:
        return self.billing.subscription

    @property
    def on(self) -> date:
        """Today in the billing time zone; before the period's first day it counts as that day. Source: S24"""
        subscription = self.subscription
        today = day_of(self.at, ZoneInfo(subscription.zone))
        return max(today, subscription.window_starts_on) if subscription.window_starts_on else today

    @property
    def book(self) -> PriceBook:
        """The version that the subscription has."""
        return self.context.books.version(self.subscription.book_version)

    @property
    def plan(self) -> Plan:
        return self.book.plan(self.subscription.plan)

    @property
    def term(self) -> Period:
        """The paid term in force."""
        subscription = self.subscription
        assert subscription.term_starts_on is not None and subscription.term_ends_on is not None  # noqa: S101, PT018
        return Period(subscription.term_starts_on, subscription.term_ends_on)

    @property
    def window(self) -> Period:
        """The metering window in force of a paid term."""
        return window_of(self.subscription)

    def price(self, seats: int) -> int:
        """What so many seats of the plan and interval in force cost for a whole term."""
        subscription = self.subscription
        assert subscription.interval is not None  # noqa: S101
        return seat_price(self.book, subscription.plan, subscription.interval, subscription.currency, seats)

    def change(self, **wanted: Any) -> None:
        """Set fields of the subscription."""
        subscription = self.billing.subscription
        news = {name: value for name, value in wanted.items() if getattr(subscription, name) != value}
        if news:
            self.billing = replace(self.billing, subscription=_changed(subscription, news))

    def keep(self, **wanted: Any) -> None:
        """Set fields of the account's billing."""
        billing = self.billing
        if any(getattr(billing, name) is not value for name, value in wanted.items()):
            self.billing = replace(billing, **wanted)

    def begin_term(self) -> None:
        """Note as a fact what the account has from now on, if that is anything new.

        No fact comes before one that is known: what was due during a deletion is so from its undoing on.
        Source: invariant 7
        """
        subscription, terms = self.subscription, self.billing.terms
        since = self.facts_from or self.at
        term = Term(
            subscription.account_id,
            max(since, terms[-1].starts_at) if terms else since,
            subscription.standing,
            subscription.plan,
            subscription.seats,
            subscription.interval,
            subscription.book_version,
            subscription.usage_billed,
            subscription.telephony_stopped,
            _windows_from(subscription),
            subscription.zone,
        )
        if not terms or replace(terms[-1], starts_at=term.starts_at) != term:
            self.keep(terms=(*terms, term))

    def new_document_id(self) -> UUID:
        subscription = self.subscription
        number = subscription.documents_made + 1
        self.change(documents_made=number)
        return uuid5(DOCUMENTS, f"{subscription.account_id}/{number}")

    def tell(self, kind: LetterKind, **facts: object) -> None:
        self.letters.append(Letter(kind, self.at, facts))

    def because(self, reason: str) -> None:
        self.reasons.append(reason)

    def owe(self, unpaid: Unpaid) -> None:
        """Keep an unpaid invoice, in place of what was known of it."""
        others = tuple(one for one in self.billing.unpaid if one.document.id != unpaid.document.id)
        kept = (*others, unpaid) if unpaid.document.owed_minor > 0 else others
        self.keep(unpaid=tuple(sorted(kept, key=_age)))

    def outcome(self) -> Outcome:
        return Outcome(
            self.billing,
            tuple(self.documents.values()),
            tuple(self.dropped),
            tuple(self.payments),
            self.first,
            tuple(self.charges),
            tuple(self.letters),
            tuple(self.reasons),
            tuple(self.closings),
        )


def _age(unpaid: Unpaid) -> tuple[date, datetime, int, str]:
    """Orders unpaid invoices as they are paid: the first that was due, of one day the first that was finalised."""
    document = unpaid.document
    assert document.issued_at is not None  # noqa: S101
    number = document.number or NEWEST
    return unpaid.due_on, document.issued_at, len(number), number


NEWEST = "~" * 200
"""Stands for the number of an invoice that gets one only when the decision is kept."""


def _windows_from(subscription: Subscription) -> date | None:
    """The day from which metering windows are cut. Source: M7, R9.3"""
    if subscription.plan == FREE:
        return subscription.created_on
    if subscription.grace_ends_at is not None and subscription.trial_ends_at is not None:
        return day_of(subscription.trial_ends_at, ZoneInfo(subscription.zone))
    return subscription.anchor_on


def window_of(subscription: Subscription) -> Period:
    """The metering window in force of a paid term: a month cut from the anchor. Source: M7"""
    anchor, starts_on = subscription.anchor_on, subscription.window_starts_on
    assert anchor is not None and starts_on is not None  # noqa: S101, PT018
    months = (starts_on.year - anchor.year) * 12 + starts_on.month - anchor.month
    return Period(starts_on, boundary(anchor, months + 1))


def is_paid_term(subscription: Subscription) -> bool:
    """Whether a paid term is running."""
    return subscription.term_ends_on is not None and subscription.standing not in (
        Standing.DELETING,
        Standing.DELETED,
    )


def standing_of(billing: AccountBilling) -> Standing:
    """How the account stands by its debts and wishes; days of dunning that were gone through decide. Source: §4, S29"""
    subscription = billing.subscription
    if subscription.standing in (Standing.GRANTED, Standing.TRIALING, Standing.DELETING, Standing.DELETED):
        return subscription.standing
    if subscription.plan == FREE:
        return Standing.FREE
    if subscription.grace_ends_at is not None:
        return Standing.PAST_DUE
    late = [one for one in billing.unpaid if not one.charging and is_late(one)]
    if any(one.day_done >= RESTRICTED_AFTER for one in late):
        return Standing.RESTRICTED
    if late:
        return Standing.PAST_DUE
    return Standing.CANCELING if subscription.cancels else Standing.ACTIVE


RESTRICTED_AFTER = 14  # days after the due date


def is_late(unpaid: Unpaid) -> bool:
    """Past due: a card invoice once its first charge failed, any other from the day after its due date. Source: S01"""
    return unpaid.day_done >= (0 if unpaid.document.collection == "card" else 1)


def restand(decision: Decision) -> None:
    """Bring standing up to date and note the change as a fact."""
    standing = standing_of(decision.billing)
    stopped = decision.subscription.telephony_stopped and any(
        one.day_done >= END_AFTER for one in decision.billing.unpaid
    )
    decision.change(standing=standing, telephony_stopped=stopped)
    decision.begin_term()


END_AFTER = 28  # days after the due date


def could_charge(decision: Decision, window: ClosedWindow) -> bool:
    """Whether a closed window could come to a charge, so that its invoice waits for late records. Source: S04

    Where a deletion was taken back in it, the whole window counts: records of before the deletion come late as well.
    """
    billing = decision.billing
    if billing.carried.minor or billing.late_usage:
        return True
    if any(number.ended_at is None or number.ended_at > window.starts_at for number in billing.numbers):
        return True
    terms, since = billing.terms, _begun_at(billing.terms, window)
    for term, following in zip(terms, [*terms[1:], None], strict=True):
        over = following.starts_at if following else window.ends_at
        if term.starts_at < window.ends_at and over > since and is_metered(decision, term):
            return True
    return False


def _begun_at(terms: Sequence[Term], window: ClosedWindow) -> datetime:
    """When the window began, be it before a deletion that was taken back. Source: S29"""
    if all(term.standing is not Standing.DELETING for term in terms):
        return window.starts_at
    whole = window_at(terms, window.starts_at)
    return whole.counts_from if whole is not None and whole.resumes else window.starts_at


def is_metered(decision: Decision, term: Term) -> bool:
    """Whether SMS and voice beyond what is included are charged in this term."""
    if term.usage_billed:
        return True
    if term.interval is None:
        return False
    return decision.context.books.version(term.book_version).plan(term.plan).messages.beyond == "charge"


def target_in_force(subscription: Subscription) -> Target:
    """Plan, interval and seats as they are."""
    return Target(subscription.plan, subscription.interval, subscription.seats)


def facts_of(target: Target) -> Mapping[str, object]:
    """The named fields of a target, as facts for a letter."""
    interval = Interval(target.interval).value if target.interval else None
    return {"plan": target.plan, "interval": interval, "seats": target.seats}


def billed_lines(document: Document) -> bool:
    """Whether the document has a line for seats of a term."""
    return any(line.kind is LineKind.SEATS and line.amount_minor > 0 for line in document.lines)
