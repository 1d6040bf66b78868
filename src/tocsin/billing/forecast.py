"""The next invoices of an account, if nothing is changed and each of them is paid: its own billing, rehearsed. Pure.

Every step is the one that the engine will make (`decide.advance`), on values that nobody keeps, so what is told here
is what comes. Usage so far counts, and none is added. Source: licensing requirements R7.1, invariant 10; ADR 14
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from functools import partial
from uuid import UUID
from zoneinfo import ZoneInfo

from tocsin.billing import usage_bills
from tocsin.billing.account import AccountBilling, Books, ChargeFor, Context, Outcome, PaymentMethod
from tocsin.billing.commands import ChargeSettled
from tocsin.billing.debits import RECURRING
from tocsin.billing.decide import advance, decide, next_due
from tocsin.billing.decision import midnight_in
from tocsin.billing.model import Document, DocumentKind, DocumentStatus
from tocsin.licensing.metering import Closing, Facts
from tocsin.licensing.model import FREE, Standing, Subscription
from tocsin.licensing.periods import Period, boundary, day_of
from tocsin.licensing.tariff import Tariff

MOST = 12
MONTHS = 13
"""How far is looked: a year of monthly invoices with the days that their usage waits, and an annual one."""


class End(StrEnum):
    """Why no invoice comes, or none after the last that does."""

    FREE = "free"  # the account is on Free
    TRIAL = "trial"  # the trial ends, and no plan is chosen
    CANCELED = "canceled"
    GRANTED = "granted"  # everything, never billed
    DELETING = "deleting"


@dataclass(frozen=True, slots=True)
class Forecast:
    """The invoices in the order in which they are finalised; each is unpaid but for the balance that it uses.

    With `end` no other follows, and the account is on Free from `ends_on`, where that is still to come.
    """

    invoices: tuple[Document, ...]
    end: End | None = None
    ends_on: date | None = None


def forecast(billing: AccountBilling, books: Books, facts: Facts | None, at: datetime) -> Forecast:
    """What is invoiced from `at` on: at most `MOST` invoices of the next `MONTHS` months, counted from a trial's end.

    `facts` is what the account's usage is rated from; None where there was none. What is owed now counts as paid.
    Raises: Invalid where nothing can be invoiced, for instance because the price book names no seller.
    """
    subscription = billing.subscription
    if subscription.standing in _NEVER:
        return Forecast((), _NEVER[subscription.standing])
    run = _Run(billing, books, facts)
    run.pay_what_is_owed(at)
    horizon = _horizon(subscription, at)
    while len(run.invoices) < MOST:
        context = run.context()
        due_at = next_due(run.billing, context)
        outcome = advance(run.billing, context) if due_at is not None and due_at < horizon else None
        if due_at is None or outcome is None:
            break
        run.take(outcome, due_at)
    return Forecast(tuple(run.invoices[:MOST]), *run.end(subscription))


_NEVER = {Standing.GRANTED: End.GRANTED, Standing.DELETING: End.DELETING, Standing.DELETED: End.DELETING}


def _horizon(subscription: Subscription, at: datetime) -> datetime:
    starts_at = max(at, subscription.trial_ends_at) if subscription.trial_ends_at else at
    return midnight_in(boundary(day_of(starts_at, ZoneInfo(subscription.zone)), MONTHS), subscription.zone)


class _Run:
    """The account as it becomes, step by step, and the invoices that come of it."""

    def __init__(self, billing: AccountBilling, books: Books, facts: Facts | None) -> None:
        self.billing = billing
        self.invoices: list[Document] = []
        self._books = books
        self._facts = facts
        self._begun = len(billing.terms)  # those are among the facts; later ones are added to them
        self._closings: list[Closing] = []
        self._known: set[UUID] = {one.document.id for one in billing.unpaid}
        self._free_at: datetime | None = None

    def context(self) -> Context:
        """What the next decision consults: usage is rated by the terms as they are by then."""
        facts, subscription = self._facts, self.billing.subscription
        if facts is None:
            return Context(self._books, partial(usage_bills.billed, {}))
        terms = [*facts.terms, *self.billing.terms[self._begun :]]
        versions = {term.book_version for term in terms}
        rated = replace(
            facts,
            terms=terms,
            tariffs={version: Tariff(self._books.version(version), subscription.currency) for version in versions},
            closings=[*facts.closings, *self._closings],
        )
        return Context(self._books, partial(usage_bills.billed, {subscription.account_id: rated}))

    def pay_what_is_owed(self, at: datetime) -> None:
        """The first charge of a trial's end, and every invoice that is open."""
        subscription = self.billing.subscription
        if subscription.converting or subscription.grace_ends_at is not None:
            self._pay(ChargeSettled(ChargeFor.CONVERSION, None, 0), at)
        self._pay_invoices(at)

    def take(self, outcome: Outcome, at: datetime) -> None:
        """Go on with what a step came to, every charge of it paid."""
        was_free = self.billing.subscription.plan == FREE
        self.billing = outcome.billing
        if outcome.closings:
            self._closings += outcome.closings
            self.billing = replace(self.billing, late_usage=False)
        if self.billing.subscription.plan == FREE and not was_free:
            self._free_at = at
        self._note(outcome)
        if self.billing.subscription.converting:
            self._pay(ChargeSettled(ChargeFor.CONVERSION, None, 0), at)
        self._pay_invoices(at)

    def _pay(self, settled: ChargeSettled, at: datetime) -> None:
        self.take(decide(self.billing, settled, at, self.context()), at)

    def _pay_invoices(self, at: datetime) -> None:
        while self.billing.unpaid:
            document = self.billing.unpaid[0].document
            self._pay(ChargeSettled(ChargeFor.INVOICE, document.id, document.owed_minor), at)

    def _note(self, outcome: Outcome) -> None:
        for document in outcome.documents:
            final = document.kind is DocumentKind.INVOICE and document.status is not DocumentStatus.DRAFT
            if final and document.id not in self._known:
                self._known.add(document.id)
                self.invoices.append(_unpaid(document, outcome))

    def end(self, begun: Subscription) -> tuple[End | None, date | None]:
        """Why nothing follows, and since when, for an account that began as `begun`."""
        if len(self.invoices) >= MOST or self.billing.subscription.plan != FREE:
            return None, None
        if self._free_at is None:
            return End.FREE, None
        why = End.CANCELED if begun.cancels else End.TRIAL if begun.standing is Standing.TRIALING else End.FREE
        return why, day_of(self._free_at, ZoneInfo(self.billing.subscription.zone))


def _unpaid(document: Document, outcome: Outcome) -> Document:
    """The invoice with nothing paid but what the balance had."""
    balance = sum(
        payment.amount_minor
        for payment in outcome.payments
        if payment.document_id == document.id and payment.method is PaymentMethod.BALANCE
    )
    status = DocumentStatus.PAID if balance >= document.gross_minor else DocumentStatus.OPEN
    return replace(document, paid_minor=balance, status=status)


def period_of(document: Document) -> Period | None:
    """The days that an invoice is for: those of its seats and numbers, or else those of the usage on it."""
    lines = [line for line in document.lines if line.kind in RECURRING] or document.lines
    return _span([(line.starts_on, line.ends_on) for line in lines])


def _span(days: Sequence[tuple[date | None, date | None]]) -> Period | None:
    starts = [first for first, _ in days if first is not None]
    ends = [last for _, last in days if last is not None]
    return Period(min(starts), max(ends)) if starts and ends else None
