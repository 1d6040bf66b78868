"""Walks of one account through billing: every step is kept, so that what must hold of all of them can be looked at.

A `Walk` is a `History` on instants instead of local times, with real usage. `fork` makes a second one that goes its own
way from here on: what would have become of the account otherwise.
"""

import copy
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import cache
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

from tests.support.billing_histories import LONG_AGO, PAID, History, TestBooks, always
from tests.support.books import REQUIREMENTS, requirements_book

from tocsin.billing.account import AccountBilling, Context, Outcome, UsageAsked, UsageBill
from tocsin.billing.commands import Cancel, CardAdded, Command
from tocsin.billing.decide import next_due
from tocsin.billing.model import Document, DocumentKind, DocumentStatus, Line, LineKind
from tocsin.billing.usage_bills import billed
from tocsin.licensing import pricebook_document
from tocsin.licensing.entitlements import entitlements
from tocsin.licensing.metering import Closing, Facts
from tocsin.licensing.model import Standing, Subscription
from tocsin.licensing.periods import day_of
from tocsin.licensing.pricebook import PriceBook, seat_price
from tocsin.licensing.tariff import Tariff
from tocsin.licensing.usage import UsageRecord
from tocsin.licensing.windows import Footing, footing_of, in_force, window_at

GONE = (Standing.DELETING, Standing.DELETED)
RECURRING = (LineKind.SEATS, LineKind.NUMBER)
USE = (
    LineKind.MESSAGES,
    LineKind.MINUTES,
    LineKind.LATE_MESSAGES,
    LineKind.LATE_MINUTES,
    LineKind.CARRIED,
)
ROSE_ON = datetime(2027, 6, 1, 12, tzinfo=UTC)
"""When the second, dearer price book is announced."""


@cache
def dearer_book() -> PriceBook:
    """The requirements' book with higher prices of seats."""
    document = REQUIREMENTS
    for was, now in (("{1: 11.00", "{1: 12.50"), ("{1: 23.00", "{1: 24.99"), ("{1: 228.00", "{1: 241.00")):
        document = document.replace(was, now)
    return pricebook_document.parse_book(document, 2)


def two_books() -> TestBooks:
    return TestBooks({1: requirements_book(), 2: dearer_book()}, {1: LONG_AGO, 2: ROSE_ON})


@dataclass(frozen=True, slots=True)
class Moment:
    """A decision that was kept: the account after it. `asked` is the command; None: it happened by itself."""

    at: datetime
    on: date  # from which day on what it changed counts
    billing: AccountBilling
    asked: Command | None
    run: int  # which subscription this is, counted from 1; 0 before the first
    runs: bool  # whether that one is in force

    @property
    def subscription(self) -> Subscription:
        return self.billing.subscription


class Walk(History):
    """One account from its sign-up on, and each step that it took."""

    def __init__(self, start: datetime, zone: str) -> None:
        self.records: list[UsageRecord] = []  # as they were delivered
        self.closings: list[Closing] = []
        self.moments: list[Moment] = []
        self.finalised: list[UUID] = []  # in the order in which it happened
        self.frozen: dict[UUID, Document] = {}  # each as it was finalised
        self.run_of: dict[UUID, int] = {}  # to which subscription a document belongs
        self.ids: set[str] = set()
        self._asked: Command | None = None
        super().__init__(start.isoformat(), zone=zone, books=two_books())
        self.context = Context(self.books, self._billed)
        self._note(self.billing, start)

    def instant(self, local: str) -> datetime:
        return datetime.fromisoformat(local).astimezone(UTC)

    def fork(self) -> "Walk":
        """The same account, whose further steps are its own; its card pays."""
        other = copy.copy(self)
        for name, value in vars(self).items():
            if isinstance(value, list | dict | set):
                setattr(other, name, copy.copy(value))
        other.context = Context(self.books, other._billed)
        other.charger = always(PAID)
        return other

    def ask(self, command: Command) -> Outcome | None:
        """Do it now; None where it was refused, or its charge declined."""
        self._asked = command
        try:
            return self.attempt(self.now.isoformat(), command)
        finally:
            self._asked = None

    def on(self, span: timedelta) -> "Walk":
        """Let that much time pass."""
        self.until(self.now + span)
        return self

    @property
    def today(self) -> date:
        """The day in the billing time zone."""
        return _counts_as(self.subscription, self.now)

    def deliver(self, record: UsageRecord, place: int | None = None) -> None:
        """A record arrives, in whatever place among the others."""
        self.ids.add(record.id)
        self.records.insert(len(self.records) if place is None else place, record)

    def _billed(self, billing: AccountBilling, asked: UsageAsked) -> UsageBill:
        tariffs = {version: Tariff(book, "USD") for version, book in self.books.books.items()}
        facts = Facts(billing.terms, tariffs, self.records, closings=self.closings)
        return billed({billing.subscription.account_id: facts}, billing, asked)

    def _apply(self, outcome: Outcome, at: datetime) -> None:
        self.closings += outcome.closings
        self._note(outcome.billing, at)
        for document in outcome.documents:
            self.run_of.setdefault(document.id, self.moments[-1].run)
            if document.status is not DocumentStatus.DRAFT and document.id not in self.frozen:
                self.finalised.append(document.id)
                self.frozen[document.id] = document
        super()._apply(outcome, at)

    def _note(self, billing: AccountBilling, at: datetime) -> None:
        after = billing.subscription
        last = self.moments[-1] if self.moments else None
        before = last.subscription if last else None
        run, runs = (last.run if last else 0), after.term_ends_on is not None
        if runs and (last is None or not last.runs):
            run += 1
        begins = runs and (before is None or before.term_starts_on != after.term_starts_on)
        # another zone may begin with Free: the day of leaving is still the old one's
        counted = last.subscription if last is not None and last.runs and not runs else after
        on = after.term_starts_on if begins and after.term_starts_on else _counts_as(counted, at)
        self.moments.append(Moment(at, on, billing, self._asked, run, runs))


def _counts_as(subscription: Subscription, at: datetime) -> date:
    """The local day of `at`; before the period's first day it counts as that one. Source: S24"""
    today = day_of(at, ZoneInfo(subscription.zone))
    return max(today, subscription.window_starts_on) if subscription.window_starts_on else today


def lines_of(walk: Walk, run: int | None = None) -> Iterator[tuple[Document, Line, int]]:
    """Every line of every document, of one subscription or of all, with 1 for what is debited, -1 for what is not."""
    for document in walk.documents.values():
        if run is None or walk.run_of[document.id] == run:
            for line in document.lines:
                given_back = document.kind is DocumentKind.CREDIT_NOTE or line.amount_minor < 0
                yield document, line, -1 if given_back else 1


# invariant 1


@dataclass(frozen=True, slots=True)
class Spell:
    """Days in a row on which the same was in force, and what they were billed with: exact minor units a day."""

    starts_on: date
    ends_on: date
    due: Fraction
    seats: int
    billed: Fraction
    billed_seats: int
    slack: Fraction  # one minor unit a line, over the line's days. S31

    @property
    def is_right(self) -> bool:
        return abs(self.due - self.billed) <= self.slack and self.seats == self.billed_seats


def spells(walk: Walk, run: int) -> list[Spell]:
    """The days of a subscription, as far as it is in force, with what each was billed. Source: invariant 1, S31"""
    rows = [
        (line.starts_on, line.ends_on, sign * abs(line.amount_minor), sign * line.quantity)
        for _, line, sign in lines_of(walk, run)
        if line.kind is LineKind.SEATS and line.starts_on and line.ends_on
    ]
    found = []
    for starts_on, ends_on, subscription in _in_force(walk, run):
        cuts = {starts_on, ends_on} | {day for row in rows for day in row[:2] if starts_on < day < ends_on}
        days = sorted(cuts)
        price, seats = _price_of_a_day(walk, subscription), _billed_by_now(walk, subscription)
        for first, end in pairwise(days):
            covering = [row for row in rows if row[0] <= first < row[1]]
            found.append(
                Spell(
                    first, end, price, seats,
                    sum((Fraction(row[2], (row[1] - row[0]).days) for row in covering), Fraction(0)),
                    sum(row[3] for row in covering),
                    sum((Fraction(1, (row[1] - row[0]).days) for row in covering), Fraction(0)),
                )
            )  # fmt: skip
    return found


def _price_of_a_day(walk: Walk, subscription: Subscription) -> Fraction:
    starts_on, ends_on, interval = subscription.term_starts_on, subscription.term_ends_on, subscription.interval
    assert starts_on is not None
    assert ends_on is not None
    assert interval is not None
    book = walk.books.version(subscription.book_version)
    seats = _billed_by_now(walk, subscription)
    price = seat_price(book, subscription.plan, interval, subscription.currency, seats)
    return Fraction(price, (ends_on - starts_on).days)


def _billed_by_now(walk: Walk, subscription: Subscription) -> int:
    """The seats that are to be billed for: those of a day's auto-expansion from its midnight on. Source: S22"""
    waits = subscription.expanded_on is not None and walk.subscription.expanded_on == subscription.expanded_on
    return subscription.expanded_from if waits else subscription.seats


def _in_force(walk: Walk, run: int) -> Iterator[tuple[date, date, Subscription]]:
    """Spans of days with the subscription in force on each: the last of a day counts. None after a deletion."""
    moments = [moment for moment in walk.moments if moment.run == run]
    if moments and moments[-1].subscription.standing in GONE:
        while len(moments) > 1 and moments[-2].subscription.standing in GONE:
            moments.pop()
    ends_on = date.max
    found = []
    for moment in reversed(moments):
        subscription = moment.subscription
        is_last_gone = moment is moments[-1] and subscription.standing in GONE
        if moment.runs and not is_last_gone and subscription.term_ends_on is not None:
            end = min(ends_on, subscription.term_ends_on)
            if moment.on < end:
                found.append((moment.on, end, subscription))
        ends_on = min(ends_on, moment.on)
    return reversed(found)


def number_days(walk: Walk, run: int) -> Iterator[tuple[str, date, Fraction, Fraction]]:
    """Each day on which what is billed for a number changes: the number, the day, the minor units, the slack."""
    rows: dict[str, list[tuple[date, date, int]]] = defaultdict(list)
    for _, line, sign in lines_of(walk, run):
        if line.kind is LineKind.NUMBER and line.starts_on and line.ends_on:
            rows[line.item].append((line.starts_on, line.ends_on, sign * abs(line.amount_minor)))
    for number, spans in rows.items():
        for day in sorted({day for span in spans for day in span[:2]}):
            covering = [span for span in spans if span[0] <= day < span[1]]
            billed_then = sum((Fraction(span[2], (span[1] - span[0]).days) for span in covering), Fraction(0))
            slack = sum((Fraction(1, (span[1] - span[0]).days) for span in covering), Fraction(0))
            yield number, day, billed_then, slack


# invariants 6 and 12


def usage_minor(walk: Walk) -> int:
    """All that was ever billed for use, and what is carried on."""
    lines = sum(line.amount_minor for _, line, _ in lines_of(walk) if line.kind in USE)
    return lines + walk.billing.carried.minor


def settled(walk: Walk) -> Walk:
    """The account long after: everything paid, the subscription ended, the last use billed."""
    walk.ask(CardAdded(UUID(int=9)))
    walk.on(timedelta(days=70))
    walk.ask(Cancel(now=True))
    return walk.on(timedelta(days=4))


def footing_at(walk: Walk, at: datetime) -> Footing | None:
    """On what footing the account was at an instant."""
    term = in_force(walk.billing.terms, at)
    return footing_of(term) if term else None


# invariant 7


def answer(walk: Walk, at: datetime) -> tuple[object, ...]:
    """What the account may at an instant, and since when its use is counted."""
    terms = walk.billing.terms
    term = in_force(terms, at)
    assert term is not None
    window = window_at(terms, at)
    rights = entitlements(term, walk.books.version(term.book_version), at)
    return rights, term.seats, term.usage_billed, term.telephony_stopped, window and window.starts_at


# invariant 5


def months_after(anchor: date, months: int) -> date:
    """The day so many months later, the month's last where there is none of that number; found by trying."""
    year, month = anchor.year + (anchor.month - 1 + months) // 12, (anchor.month - 1 + months) % 12 + 1
    for day in range(anchor.day, 27, -1):
        try:
            return date(year, month, day)
        except ValueError:
            continue
    return date(year, month, anchor.day)


def next_step(walk: Walk) -> datetime | None:
    """When something happens next by itself."""
    return next_due(walk.billing, walk.context)
