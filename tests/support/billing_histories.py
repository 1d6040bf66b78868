"""Histories of one account's billing: commands at their instants, each charge with a chosen outcome.

    history = History(start=at("2026-03-03 15:40"))
    history.do("2026-03-08 10:00", Order(Target("standard", Interval.MONTH, 10)))
    history.until("2026-05-01")
    history.finals(), history.standing()

Local times are those of `zone`. Whatever is due happens before a command, step by step.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from tests.support.books import requirements_book

from tocsin.billing import trial
from tocsin.billing.account import (
    AccountBilling,
    ChargeFor,
    ChargeOrder,
    Context,
    Invoiced,
    Letter,
    Outcome,
    Payment,
    UsageAsked,
    UsageBill,
)
from tocsin.billing.commands import ChargeSettled, Command
from tocsin.billing.decide import ABOUT_DOCUMENTS, advance, decide, next_due
from tocsin.billing.decision import Decision
from tocsin.billing.model import Buyer, Document, DocumentKind, DocumentStatus, Line, LineKind
from tocsin.errors import TocsinError
from tocsin.licensing.metering import Carried
from tocsin.licensing.model import Standing, Subscription
from tocsin.licensing.pricebook import PriceBook

AMERICAN = Buyer("Acme Corp.", ("1 Main Street",), "94105", "San Francisco", "US", emails=("bills@acme.example",))
"""A buyer whose purchases bear no VAT, so that totals are net."""

PAID, SOFT, HARD, ACTION = "paid", "soft", "hard", "action"
Charger = Callable[[ChargeOrder, datetime], str]


@dataclass(frozen=True, slots=True)
class TestBooks:
    """Published books: version → book, and when each was announced."""

    __test__ = False

    books: Mapping[int, PriceBook]
    announced: Mapping[int, datetime]

    def version(self, number: int) -> PriceBook:
        return self.books[number]

    def newest(self, announced_by: datetime) -> int:
        return max((number for number, at in self.announced.items() if at <= announced_by), default=min(self.books))

    def announced_after(self, number: int) -> tuple[tuple[int, datetime], ...]:
        return tuple((version, at) for version, at in sorted(self.announced.items()) if version > number)


LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def one_book(book: PriceBook | None = None) -> TestBooks:
    """The requirements' book, announced long ago."""
    return TestBooks({1: book or requirements_book()}, {1: LONG_AGO})


def always(outcome: str) -> Charger:
    return lambda charge, at: outcome


@dataclass(slots=True)
class Used:
    """Usage that a history's windows come to: (instant, minor amount), billed with the window that holds it."""

    records: list[tuple[datetime, int]] = field(default_factory=list)

    def __call__(self, billing: AccountBilling, asked: UsageAsked) -> UsageBill:
        amount = sum(minor for at, minor in self.records if any(w.starts_at <= at < w.ends_at for w in asked.windows))
        total, times = amount + asked.carried.minor, asked.carried.times
        if 0 < total < 500 and not asked.final and times < 3:
            return UsageBill((), Carried(total, times + 1))
        lines = [(LineKind.MESSAGES, amount), (LineKind.CARRIED, asked.carried.minor)]
        return UsageBill(tuple(Line(kind, "other", 1, minor) for kind, minor in lines if minor))


class History:
    """One account from its sign-up on."""

    def __init__(
        self,
        start: str,
        *,
        zone: str = "Europe/Warsaw",
        currency: str = "USD",
        buyer: Buyer = AMERICAN,
        books: TestBooks | None = None,
        charger: Charger | None = None,
        account_id: int = 42,
    ) -> None:
        self.zone = ZoneInfo(zone)
        self.usage = Used()
        self.books = books or one_book()
        self.context = Context(self.books, self.usage)
        self.charger = charger or always(PAID)
        self.documents: dict[UUID, Document] = {}
        self.letters: list[Letter] = []
        self.charged: list[tuple[datetime, ChargeOrder, str]] = []
        self.refused: list[tuple[datetime, Command, str]] = []
        self.payments: list[Payment] = []
        self._series: dict[tuple[str, int], int] = {}
        at = self.instant(start)
        newest = self.books.newest(at)
        subscription = trial.new_trial(account_id, zone, currency, self.books.version(newest), newest, at)
        decision = Decision(AccountBilling(subscription, buyer), at, self.context)
        decision.begin_term()
        self.billing = decision.billing
        self.now = at

    # what is known

    @property
    def subscription(self) -> Subscription:
        return self.billing.subscription

    def standing(self) -> Standing:
        return self.subscription.standing

    def instant(self, local: str) -> datetime:
        """The instant of a local time like "2026-03-24 10:00"; a day alone is its midnight."""
        return datetime.fromisoformat(local).replace(tzinfo=self.zone).astimezone(UTC)

    def finals(self, kind: DocumentKind = DocumentKind.INVOICE) -> list[Document]:
        """Finalised documents of a kind, in the order of their numbers."""
        found = [document for document in self.documents.values() if document.kind is kind and document.number]
        return sorted(found, key=lambda document: (document.issued_at, document.number))

    def last(self) -> Document:
        return self.finals()[-1]

    def owed(self) -> int:
        return sum(one.document.owed_minor for one in self.billing.unpaid)

    # what happens

    def until(self, local: str | datetime) -> "History":
        """Let everything happen that is due up to this instant."""
        end = local if isinstance(local, datetime) else self.instant(local)
        while (due_at := next_due(self.billing, self.context)) is not None and due_at <= end:
            step = advance(self.billing, self.context)
            assert step is not None
            self._apply(step, due_at)
        self.now = max(self.now, end)
        return self

    def preview(self, local: str, command: Command) -> Outcome:
        """What a command would come to. Raises what `decide` raises."""
        at = self.instant(local)
        self.until(at)
        return decide(self.billing, command, at, self.context)

    def do(self, local: str, command: Command) -> Outcome | None:
        """Do a command; None where its first charge was declined, and nothing came of it."""
        at = self.instant(local)
        self.until(at)
        outcome = decide(self.billing, command, at, self.context, self.about(command))
        if outcome.first is not None:
            answer = self.charger(outcome.first, at)
            self.charged.append((at, outcome.first, answer))
            if answer != PAID:
                return None
        self._apply(outcome, at)
        return outcome

    def about(self, command: Command) -> Invoiced | None:
        """The document that a command names, with what reduced it."""
        if not isinstance(command, ABOUT_DOCUMENTS) or command.document_id not in self.documents:
            return None
        document = self.documents[command.document_id]
        written = [one for one in self.payments if one.document_id == document.id and one.method == "write_off"]
        notes = tuple(one for one in self.finals(DocumentKind.CREDIT_NOTE) if one.credits == document.id)
        return Invoiced(document, sum(one.amount_minor for one in written), notes)

    def attempt(self, local: str, command: Command) -> Outcome | None:
        """Like `do`; a refusal is noted instead of raised."""
        try:
            return self.do(local, command)
        except TocsinError as error:
            self.refused.append((self.now, command, str(error)))
            return None

    def play(self, commands: Sequence[tuple[str, Command]], end: str) -> "History":
        """Every command in its order, then everything that is due up to the end."""
        for local, command in commands:
            self.attempt(local, command)
        return self.until(end)

    def _apply(self, outcome: Outcome, at: datetime) -> None:
        self.billing = outcome.billing
        for dropped in outcome.dropped:
            self.documents.pop(dropped, None)
        for document in outcome.documents:
            self.documents[document.id] = self._numbered(document)
        self.billing = replace(
            self.billing,
            unpaid=tuple(replace(one, document=self.documents[one.document.id]) for one in self.billing.unpaid),
        )
        self.letters += outcome.letters
        self.payments += outcome.payments
        for charge in outcome.charges:
            answer = self.charger(charge, at)
            self.charged.append((at, charge, answer))
            self._apply(decide(self.billing, _settled(charge, answer), at, self.context), at)

    def _numbered(self, document: Document) -> Document:
        before = self.documents.get(document.id)
        if document.status is DocumentStatus.DRAFT:
            return document
        if before is not None and before.number:
            return replace(document, number=before.number)
        series = (document.kind.value, document.dated_on.year)
        self._series[series] = self._series.get(series, 0) + 1
        seller = self.books.version(self.books.newest(self.now)).seller
        assert seller is not None
        return replace(document, number=seller.number(series[0], series[1], self._series[series]))


def _settled(charge: ChargeOrder, answer: str) -> ChargeSettled:
    return ChargeSettled(
        charge.purpose,
        charge.document_id,
        charge.amount_minor,
        declined=None if answer == PAID else {"soft": "insufficient_funds", "hard": "lost_card"}.get(answer, answer),
        hard=answer == HARD,
        action_required=answer == ACTION,
    )


def day(text: str) -> date:
    return date.fromisoformat(text)


__all__ = ["ACTION", "AMERICAN", "HARD", "PAID", "SOFT", "ChargeFor", "History", "TestBooks", "Used", "always", "day"]
