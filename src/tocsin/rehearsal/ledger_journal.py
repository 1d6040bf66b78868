"""What a billed account comes to, as events: how it stands, documents, payments, cases, the server's mails."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from tocsin.billing import documents_store, fair_use_store
from tocsin.billing.account import Outcome
from tocsin.billing.model import Document, DocumentKind, Line
from tocsin.clock import SetClock
from tocsin.db import Db
from tocsin.licensing.model import Target
from tocsin.licensing.periods import day_of
from tocsin.money import share
from tocsin.rehearsal import events, ledger_store
from tocsin.rehearsal.cards import RehearsedCards
from tocsin.rehearsal.events import Event
from tocsin.rehearsal.ledger_store import CaseLine, DocumentLine, PaymentLine, Planned, TermLine
from tocsin.rehearsal.store import MailLine
from tocsin.wire import wire_time


@dataclass(frozen=True, slots=True)
class Found:
    """What there is to tell at an instant; everything is empty once the account is gone."""

    mails: Sequence[MailLine]
    is_gone: bool
    terms: Sequence[TermLine] = ()
    documents: Sequence[DocumentLine] = ()
    new: Sequence[Document] = ()
    payments: Sequence[PaymentLine] = ()
    planned: Planned | None = None
    cases: Sequence[CaseLine] = ()


@dataclass(slots=True)
class LedgerJournal:
    """One account's billing. `server` is the account whose mails tell of accounts that are gone."""

    account_id: int
    db: Db
    clock: SetClock
    zone: ZoneInfo
    cards: RehearsedCards
    server: int = 0
    told: list[Event] = field(default_factory=list)
    _documents: dict[UUID, DocumentLine] = field(default_factory=dict)
    _payments: set[UUID] = field(default_factory=set)
    _cases: dict[UUID, str] = field(default_factory=dict)
    _planned: dict[str, object] = field(default_factory=dict)
    _last_term: int = 0
    _last_mail: int = 0
    _erased: bool = False

    def tell(self, kind: str, **data: object) -> None:
        """Something that happens now; what is empty is left out."""
        self._add(self.clock.at, kind, data)

    def _add(self, at: datetime, kind: str, data: dict[str, object]) -> None:
        self.told.append(Event(at, kind, {key: value for key, value in data.items() if value not in ("", None)}))

    async def catch_up(self) -> None:
        """Tell what is new: states, finalised documents, payments, cases, and at last that all was erased."""
        found = await self._find()
        for term in found.terms:
            self._last_term = term.id
            data = {"plan": term.plan, "standing": term.standing, "seats": term.seats, "interval": term.interval}
            self._add(term.starts_at, events.PLAN, data)
        if not found.is_gone:
            self._plan(found.planned)
        for document in found.new:
            self._document(document)
        self._pay(found)
        for case in found.cases:
            self._case(case)
        for mail in found.mails:
            self._last_mail = mail.id
            self._add(mail.created_at, events.MAIL, {"who": mail.to_address, "text": mail.subject})
        if found.is_gone and not self._erased:
            self._erased = True
            self.tell(events.ERASED, text="Everything of the account is erased; its invoices are archived.")

    async def _find(self) -> Found:
        async with self.db.transaction() as tx:
            mails = await ledger_store.server_mails_after(tx, self.server, self._last_mail)
            if self._erased or await ledger_store.is_gone(tx, self.account_id):
                return Found(mails, is_gone=True)
            documents = await ledger_store.finalised(tx, self.account_id)
            new = [it.id for it in documents if it.id not in self._documents]
            return Found(
                mails,
                is_gone=False,
                terms=await ledger_store.terms_after(tx, self.account_id, self._last_term),
                documents=documents,
                new=[await documents_store.get_document(tx, self.account_id, it) for it in new],
                payments=await ledger_store.payments(tx, self.account_id),
                planned=await ledger_store.planned(tx, self.account_id),
                cases=await ledger_store.cases(tx, self.account_id),
            )

    def _plan(self, planned: Planned | None) -> None:
        """What is to come, where that is otherwise than before."""
        data: dict[str, object] = {}
        if planned is not None:
            ends = planned.trial_ends_at
            day = day_of(ends, self.zone) if ends is not None else planned.term_ends_on
            data = {**planned.fields, "from": day.isoformat() if day is not None else None}
        if data != self._planned:
            self._planned = data
            self.tell(events.SCHEDULED, **(data or {"text": "Nothing is to change any more."}))

    def _document(self, document: Document) -> None:
        data = {
            "number": document.number,
            "status": str(document.status),
            "datedOn": document.dated_on.isoformat(),
            "dueOn": document.due_on.isoformat() if document.due_on else None,
            "purchaseOrder": document.po_number,
            "credits": document.credits_number,
            **sums(document),
        }
        self._add(document.issued_at or self.clock.at, str(document.kind), data)

    def _pay(self, found: Found) -> None:
        """Payments, each with how its invoice stands afterwards; and invoices that stand otherwise without one."""
        now = {it.id: it for it in found.documents}
        paid: set[UUID] = set()
        for payment in found.payments:
            if payment.id in self._payments:
                continue
            self._payments.add(payment.id)
            paid.add(payment.document_id)
            document = now[payment.document_id]
            paid_data: dict[str, object] = {
                "number": document.number,
                "amount": amount(payment.amount_minor),
                "excess": amount(payment.excess_minor) if payment.excess_minor else None,
                "method": payment.method,
                "card": self.cards.brand_of(payment.reference) if payment.method == "card" else None,
                "status": document.status,
                "owed": amount(document.owed_minor),
            }
            self._add(payment.paid_at, events.PAYMENT, paid_data)
        for document in found.documents:
            before = self._documents.get(document.id)
            self._documents[document.id] = document
            if before is not None and before.status != document.status and document.id not in paid:
                owed = amount(document.owed_minor)
                self.tell(events.INVOICE_STATUS, number=document.number, status=document.status, owed=owed)

    def _case(self, case: CaseLine) -> None:
        if self._cases.get(case.id) == case.status:
            return
        self._cases[case.id] = case.status
        costs = [
            f"{amount(it['cost_minor'])} of {amount(it['revenue_minor'])}"
            + (f" ({share(it['cost_minor'], 100, it['revenue_minor'])} %)" if it["revenue_minor"] else "")
            for it in case.windows
        ]
        self.tell(
            events.FAIR_USE,
            number=fair_use_store.number_of(case.id),
            status=case.status,
            dueAt=wire_time(case.effective_at) if case.effective_at else None,
            text=", ".join(costs),
        )

    def preview(self, outcome: Outcome, before: set[UUID]) -> None:
        """What an order would come to: what is due now, and what changes later. `before` are the invoices there are."""
        charges = [outcome.first] if outcome.first is not None else list(outcome.charges)
        made = [it for it in outcome.documents if it.id not in before and it.kind is DocumentKind.INVOICE]
        later = outcome.billing.subscription.scheduled or Target()
        ends_on = outcome.billing.subscription.term_ends_on
        self.tell(
            events.PREVIEW,
            **(sums(made[-1]) if made else {}),
            amount=amount(sum(it.amount_minor for it in charges)),
            plan=later.plan,
            seats=later.seats,
            interval=str(later.interval) if later.interval else None,
            **({"from": ends_on.isoformat()} if later != Target() and ends_on is not None else {}),
        )

    def merged(self, others: Sequence[Event]) -> tuple[Event, ...]:
        """With the events of others, by instant; what billing decided stands before the mail that tells of it."""
        return tuple(sorted([*self.told, *others], key=lambda it: it.at))


def sums(document: Document) -> dict[str, object]:
    """The lines of a document and what they come to."""
    return {
        "currency": document.currency,
        "lines": [line_in_words(line) for line in document.lines],
        "covers": [f"{it.starts_on}/{it.ends_on}" for it in document.lines if it.starts_on is not None],
        "net": amount(document.net_minor),
        "tax": amount(document.tax_minor),
        "gross": amount(document.gross_minor),
    }


def amount(minor: int) -> str:
    """`-12345` is -123.45: each currency of a price book has two digits."""
    return str(Decimal(minor).scaleb(-2))


def line_in_words(line: Line) -> str:
    """`10 seats essentials: 110.00`, with the days of a prorated one."""
    days = f" ({line.days_left} of {line.days} days)" if line.days_left is not None else ""
    return f"{line.quantity} {line.kind} {line.item}{days}: {amount(line.amount_minor)}"
