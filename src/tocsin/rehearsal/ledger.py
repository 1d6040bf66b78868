"""The subscription of a rehearsed account: its commands done as the pages do them, its documents told as events."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid5

from tocsin.accounts import store as accounts_store
from tocsin.accounts.model import Account, LicenceKind, Role, User, UserStatus
from tocsin.billing import charging
from tocsin.billing import service as billing
from tocsin.billing import store as billing_store
from tocsin.billing.cards import store as cards_store
from tocsin.billing.cards.gateway import Card
from tocsin.billing.charging import Result
from tocsin.billing.commands import CardAdded, RecordPayment, ReversePayment
from tocsin.billing.commands import Command as BillingCommand
from tocsin.billing.model import Document, Line
from tocsin.billing.service import Asked
from tocsin.clock import SetClock
from tocsin.deletion import service as deletion
from tocsin.engine.engine import Engine
from tocsin.errors import Invalid, TocsinError
from tocsin.licensing import pricebook_service, pricebook_store
from tocsin.licensing.pricebook_store import PublishedBook
from tocsin.rehearsal import events, ledger_store
from tocsin.rehearsal.cards import CUSTOMER, RehearsedCards
from tocsin.rehearsal.events import Event
from tocsin.rehearsal.naming import NAMESPACE
from tocsin.rehearsal.subscription_commands import (
    AnotherCard,
    CardAnswers,
    ConfirmPayment,
    DeleteAccount,
    Pay,
    Subscribe,
    SubscriptionAction,
)

BASE_URL = "http://localhost"
PUBLISHED_BEFORE = timedelta(days=60)  # a rehearsal's book is announced long enough before its start
SELLER = """
seller:
  name: Rehearsal Seller
  address: [1 Rehearsal Street]
  postal_code: 00-001
  city: Warszawa
  country: PL
  vat_id: PL5260001246
  email: billing@example.com
  bank_name: Rehearsal Bank
  iban: PL61109010140000071219812874
  bic: WBKPPLPP
  number_format: "{kind}/{year}/{number:05}"
  kinds: {invoice: INV, credit_note: CN}
  retention_years: {default: 5}
"""
OPERATOR = "operator@example.com"


@dataclass(slots=True)
class Ledger:
    """One account's billing. `told` collects events; `card_gateway` is the provider that the engine uses."""

    account: Account
    engine: Engine
    clock: SetClock
    card_gateway: RehearsedCards
    told: list[Event] = field(default_factory=list)
    _documents: set[UUID] = field(default_factory=set)
    _numbers: dict[UUID, str] = field(default_factory=dict)
    _payments: set[UUID] = field(default_factory=set)
    _last_term: int = 0
    _last_mail: int = 0
    _erased: bool = False
    _server: int = 0
    _deletion_token: str = ""
    _done: int = 0

    async def open(self, price_book: str = "") -> None:
        """Publish the price book (empty: the shipped one, with a seller), and make the server's own account."""
        at = self.clock.at
        async with self.engine.db.transaction() as tx:
            shipped = await pricebook_store.newest(tx)
            if not price_book and (await pricebook_service.current(tx)).seller is None:
                price_book = shipped.document + SELLER
            if price_book:
                book = PublishedBook(shipped.version + 1, price_book, at - PUBLISHED_BEFORE, "", "rehearsal")
                pricebook_service.read(book)  # a book that cannot be used says so here
                await pricebook_store.insert(tx, book)
            self._server = await accounts_store.insert_account(tx, "Server", "UTC", "en", at)
            operator = User(
                account_id=self._server,
                id=uuid5(NAMESPACE, OPERATOR),
                username=OPERATOR,
                full_name="Operator",
                role=Role.OWNER,
                licence_kind=LicenceKind.RESPONDER,
                status=UserStatus.ACTIVE,
                time_zone="UTC",
                locale="en",
                created_at=at,
                verified_at=at,
            )
            await accounts_store.insert_user(tx, operator, None)
            await accounts_store.insert_operator(tx, self._server, operator.id, at)

    async def do(self, action: SubscriptionAction, name: str) -> None:
        """Do it now; a refusal is an event."""
        self._done += 1
        try:
            result = await self._done_by(action)
        except TocsinError as error:
            self._tell(events.REFUSED, command=name, text=error.message)
            return
        if result is not None and result.status != "done":
            self._tell(events.REFUSED, command=name, status=result.status, text=result.message, reason=result.code)
        await self.catch_up()

    async def _done_by(self, action: SubscriptionAction) -> Result | None:
        match action:
            case Subscribe(command):
                return await self._perform(command)
            case Pay():
                return await self._pay(action)
            case AnotherCard(answers):
                self.card_gateway.answers[:] = answers
                return await self._add_card()
            case CardAnswers(answers):
                self.card_gateway.answers[:] = answers
                return None
            case ConfirmPayment():
                self.card_gateway.confirm()
                return await charging.look_again(self.engine.db, self.engine.rails, self.account.id, self.clock.at)
            case DeleteAccount(undo):
                await (self._undo_deletion() if undo else self._delete())
                return None

    async def _perform(self, command: BillingCommand) -> Result:
        asked = Asked(command, f"command {self._done}")
        return await billing.perform(self.engine.db, self.engine.rails, self.account.id, asked, self.clock.at)

    async def _pay(self, action: Pay) -> Result:
        for document in await billing.documents(self.engine.db, self.account.id):
            if document.number == action.number:
                payment_id = uuid5(NAMESPACE, f"payment {self._done}")
                if action.bounces:
                    return await self._perform(
                        ReversePayment(document.id, action.amount_minor, action.method, payment_id=payment_id)
                    )
                return await self._perform(
                    RecordPayment(document.id, action.amount_minor, action.method, payment_id=payment_id)
                )
        raise Invalid(f"There is no invoice {action.number}.")

    async def _add_card(self) -> Result:
        card = Card(f"card {self._done}", "visa", "4242", 12, 2099)
        card_id = uuid5(NAMESPACE, card.ref)
        async with self.engine.db.transaction() as tx:
            await cards_store.key_of_customer(tx, self.account.id, uuid5(NAMESPACE, CUSTOMER))
            await cards_store.keep_customer(tx, self.account.id, CUSTOMER)
            await cards_store.keep_card(tx, self.account.id, card_id, card, self.clock.at)
        return await self._perform(CardAdded(card_id))

    async def _delete(self) -> None:
        async with self.engine.db.transaction() as tx:
            users = await accounts_store.list_users(tx, self.account.id)
        owner = next(it for it in users if it.role is Role.OWNER)
        await deletion.request(self.engine.db, self.engine.rails, self.account, owner, BASE_URL, self.clock.at)
        async with self.engine.db.transaction() as tx:
            self._deletion_token = await ledger_store.undo_token(tx, self._server)

    async def _undo_deletion(self) -> None:
        await deletion.undo(self.engine.db, self.engine.rails, self._deletion_token, self.clock.at)

    async def catch_up(self) -> None:
        """Tell what is new: states, finalised documents, payments, and at last that all was erased."""
        async with self.engine.db.transaction() as tx:
            if self._erased:
                found, terms, paid = [], [], []
                erased = True
            else:
                terms = await ledger_store.terms_after(tx, self.account.id, self._last_term)
                marks = await ledger_store.finalised(tx, self.account.id)
                paid = await ledger_store.payments(tx, self.account.id)
                new = [mark for mark in marks if mark not in self._documents]
                found = [await billing_store.get_document(tx, self.account.id, mark) for mark in new]
                erased = await ledger_store.is_gone(tx, self.account.id)
            mails = await ledger_store.server_mails_after(tx, self._server, self._last_mail)
        for term in terms:
            self._last_term = term.id
            data = {"plan": term.plan, "standing": term.standing, "seats": term.seats, "interval": term.interval}
            self.told.append(Event(term.starts_at, events.PLAN, {k: v for k, v in data.items() if v is not None}))
        for document in found:
            self._documents.add(document.id)
            self._numbers[document.id] = document.number or ""
            self._document(document)
        for payment in paid:
            if payment.id not in self._payments:
                self._payments.add(payment.id)
                data = {
                    "number": self._numbers.get(payment.document_id, ""),
                    "amount": amount(payment.amount_minor),
                    "method": payment.method,
                }
                self.told.append(Event(payment.paid_at, events.PAYMENT, data))
        for mail in mails:
            self._last_mail = mail.id
            data = {"who": mail.to_address, "text": mail.subject}
            self.told.append(Event(mail.created_at, events.MAIL, data))
        if erased and not self._erased:
            self._erased = True
            self._tell(events.ERASED, text="Everything of the account is erased; its invoices are archived.")

    def _document(self, document: Document) -> None:
        data = {
            "number": document.number,
            "currency": document.currency,
            "lines": [line_in_words(line) for line in document.lines],
            "net": amount(document.net_minor),
            "tax": amount(document.tax_minor),
            "gross": amount(document.gross_minor),
        }
        self.told.append(Event(document.issued_at or self.clock.at, str(document.kind), data))

    def _tell(self, kind: str, **data: object) -> None:
        self.told.append(Event(self.clock.at, kind, {key: value for key, value in data.items() if value != ""}))

    def merged(self, others: Sequence[Event]) -> tuple[Event, ...]:
        """With the events of others, by instant; what billing decided stands before the mail that tells of it."""
        return tuple(sorted([*self.told, *others], key=lambda it: it.at))


def amount(minor: int) -> str:
    """`-12345` is -123.45: each currency of a price book has two digits."""
    return str(Decimal(minor).scaleb(-2))


def line_in_words(line: Line) -> str:
    """`10 seats essentials: 110.00`, with the days of a prorated one."""
    days = f" ({line.days_left} of {line.days} days)" if line.days_left is not None else ""
    return f"{line.quantity} {line.kind} {line.item}{days}: {amount(line.amount_minor)}"
