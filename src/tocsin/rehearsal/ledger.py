"""The subscription of a rehearsed account, and its seller: commands done as the pages do them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from tocsin.accounts import store as accounts_store
from tocsin.accounts.model import Account, LicenceKind, Role, User, UserStatus
from tocsin.billing import charging, fair_use_service, operator_store
from tocsin.billing import service as billing
from tocsin.billing.cards import store as cards_store
from tocsin.billing.charging import Result
from tocsin.billing.commands import CardAdded, RecordPayment
from tocsin.billing.commands import Command as BillingCommand
from tocsin.billing.service import Asked
from tocsin.clock import SetClock
from tocsin.db import Db
from tocsin.deletion import service as deletion
from tocsin.engine.engine import Engine
from tocsin.errors import Invalid, TocsinError
from tocsin.licensing import pricebook_service, pricebook_store
from tocsin.licensing.pricebook_store import PublishedBook
from tocsin.rehearsal import events, ledger_store
from tocsin.rehearsal.books import next_document
from tocsin.rehearsal.cards import CUSTOMER, RehearsedCards
from tocsin.rehearsal.events import Event
from tocsin.rehearsal.ledger_journal import LedgerJournal
from tocsin.rehearsal.naming import NAMESPACE
from tocsin.rehearsal.subscription_commands import (
    AnotherCard,
    Bounce,
    CardAnswers,
    ConfirmPayment,
    DeleteAccount,
    FairUse,
    Pay,
    Preview,
    PublishBook,
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
MOST_PAYMENTS = 10_000


async def publish_first(engine: Db, price_book: str, at: datetime) -> None:
    """Publish the price book that the rehearsal begins with; empty: the shipped one, with a seller."""
    async with engine.transaction() as tx:
        shipped = await pricebook_store.newest(tx)
        document = price_book or shipped.document + SELLER
        book = PublishedBook(shipped.version + 1, document, at - PUBLISHED_BEFORE, "", "rehearsal")
        pricebook_service.read(book)  # a book that cannot be used says so here
        await pricebook_store.insert(tx, book)


@dataclass(slots=True)
class Ledger:
    """One account's billing. `card_gateway` is the provider that the engine uses, too."""

    account: Account
    engine: Engine
    clock: SetClock
    card_gateway: RehearsedCards
    journal: LedgerJournal = field(init=False)
    _server: int = 0
    _deletion_token: str = ""
    _done: int = 0

    def __post_init__(self) -> None:
        zone = ZoneInfo(self.account.time_zone)
        self.journal = LedgerJournal(self.account.id, self.engine.db, self.clock, zone, self.card_gateway)

    async def open(self) -> None:
        """Make the server's own account, with an operator."""
        at = self.clock.at
        async with self.engine.db.transaction() as tx:
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
        self.journal.server = self._server

    async def do(self, action: SubscriptionAction, name: str) -> None:
        """Do it now; a refusal is an event."""
        self._done += 1
        try:
            result = await self._done_by(action)
        except TocsinError as error:
            self.journal.tell(events.REFUSED, command=name, text=error.message, reason=", ".join(error.errors.values()))
            return
        if result is not None and result.status != "done":
            self.journal.tell(
                events.REFUSED, command=name, status=result.status, text=result.message, reason=result.code
            )
        await self.catch_up()

    async def catch_up(self) -> None:
        """Tell what is new."""
        await self.journal.catch_up()

    def merged(self, others: Sequence[Event]) -> tuple[Event, ...]:
        """What was told, with the events of others, by instant."""
        return self.journal.merged(others)

    async def _done_by(self, action: SubscriptionAction) -> Result | None:
        match action:
            case Subscribe(command):
                return await self._perform(command)
            case Pay():
                return await self._pay(action)
            case Bounce():
                return await self._bounce(action)
            case AnotherCard():
                return await self._add_card(action)
            case ConfirmPayment():
                self.card_gateway.confirm()
                return await charging.look_again(self.engine.db, self.engine.rails, self.account.id, self.clock.at)
            case _:
                await self._done_without_result(action)
                return None

    async def _done_without_result(self, action: SubscriptionAction) -> None:
        match action:
            case CardAnswers(answers):
                self.card_gateway.answers[:] = answers
            case Preview():
                await self._preview(action)
            case DeleteAccount(undo):
                await (self._undo_deletion() if undo else self._delete())
            case FairUse():
                await self._decide_fair_use(action)
            case PublishBook():
                await self._publish(action)
            case _:
                raise Invalid("This is no command about a subscription.")

    async def _perform(self, command: BillingCommand, key: str = "") -> Result:
        asked = Asked(command, key or f"command {self._done}")
        return await billing.perform(self.engine.db, self.engine.rails, self.account.id, asked, self.clock.at)

    async def _preview(self, action: Preview) -> None:
        before = {it.id for it in await billing.documents(self.engine.db, self.account.id)}
        outcome = await billing.preview(self.engine.db, self.engine.rails, self.account.id, action.order, self.clock.at)
        self.journal.preview(outcome, before)

    async def _pay(self, action: Pay) -> Result:
        for document in await billing.documents(self.engine.db, self.account.id):
            if document.number == action.number:
                payment_id = uuid5(NAMESPACE, f"payment {self._done}")
                return await self._perform(
                    RecordPayment(document.id, action.amount_minor, action.method, payment_id=payment_id)
                )
        raise Invalid(f"There is no invoice {action.number}.")

    async def _bounce(self, action: Bounce) -> Result:
        async with self.engine.db.transaction() as tx:
            known = await operator_store.list_payments(tx, self.account.id, MOST_PAYMENTS)
        for it in known:
            came = it.amount_minor > 0 and not it.reversed and (it.number, it.method) == (action.number, action.method)
            if came and action.amount_minor in (None, it.came_minor):
                return await self._perform(it.taken_back(), f"operator-reverse-{it.id}")
        said = "" if action.amount_minor is None else " of that amount"
        raise Invalid(f"Nothing{said} was paid by {action.method} for an invoice {action.number}.")

    async def _add_card(self, action: AnotherCard) -> Result:
        self.card_gateway.answers[:] = action.answers
        card = self.card_gateway.new_card(f"card {self._done}", action.brand)
        card_id = uuid5(NAMESPACE, card.ref)
        async with self.engine.db.transaction() as tx:
            await cards_store.key_of_customer(tx, self.account.id, uuid5(NAMESPACE, CUSTOMER))
            await cards_store.keep_customer(tx, self.account.id, CUSTOMER)
            await cards_store.keep_card(tx, self.account.id, card_id, card, self.clock.at)
        return await self._perform(CardAdded(card_id))

    async def _delete(self) -> None:
        owner = await self._owner()
        await deletion.request(self.engine.db, self.engine.rails, self.account, owner, BASE_URL, self.clock.at)
        async with self.engine.db.transaction() as tx:
            self._deletion_token = await ledger_store.undo_token(tx, self._server)

    async def _owner(self) -> User:
        async with self.engine.db.transaction() as tx:
            users = await accounts_store.list_users(tx, self.account.id)
        return next(it for it in users if it.role is Role.OWNER)

    async def _undo_deletion(self) -> None:
        await deletion.undo(self.engine.db, self.engine.rails, self._deletion_token, self.clock.at)

    async def _decide_fair_use(self, action: FairUse) -> None:
        db, rails, account_id, at = self.engine.db, self.engine.rails, self.account.id, self.clock.at
        if action.verb == "answer":
            owner = await self._owner()
            await fair_use_service.reply(db, account_id, owner.username, action.note, rails.base_url, at)
            return
        case_id = await self._newest_case()
        match action.verb:
            case "approve":
                await fair_use_service.approve(db, rails, account_id, case_id, OPERATOR, action.note, at)
            case "dismiss":
                await fair_use_service.dismiss(db, account_id, case_id, OPERATOR, action.note, at)
            case _:
                await fair_use_service.withdraw(db, rails, account_id, case_id, OPERATOR, action.note, at)

    async def _newest_case(self) -> UUID:
        async with self.engine.db.transaction() as tx:
            cases = await ledger_store.cases(tx, self.account.id)
        if not cases:
            raise Invalid("No case of fair use was opened: usage with a `costMinor` opens one, where it is too much.")
        return cases[-1].id

    async def _publish(self, action: PublishBook) -> None:
        async with self.engine.db.transaction() as tx:
            newest = await pricebook_store.newest(tx)
        document = next_document(action.book, newest.document)
        book, changes = await pricebook_service.publish(self.engine.db, document, action.note, OPERATOR, self.clock.at)
        self.journal.tell(
            events.PRICE_BOOK, text=f"Version {book.version} of the price book", changes=[str(it) for it in changes]
        )
