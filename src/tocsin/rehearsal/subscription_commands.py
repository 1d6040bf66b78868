"""What a scenario does to a subscription, and its seller: billing's commands by name, with plain fields. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from uuid import uuid5
from zoneinfo import available_timezones

from tocsin.billing import commands as billing
from tocsin.billing.account import PaymentMethod
from tocsin.billing.commands import Command as BillingCommand
from tocsin.errors import Invalid
from tocsin.licensing.model import Interval, Target
from tocsin.licensing.numbers import region_of
from tocsin.rehearsal.books import Book, parse_next_book
from tocsin.rehearsal.cards import ANSWERS, BRANDS
from tocsin.rehearsal.naming import NAMESPACE
from tocsin.yaml_tree import Fields, Node

MOST_SEATS = 100_000
MOST_MINOR = 100_000_000_00
VISA = "visa"
FAIR_USE_VERBS = ("approve", "dismiss", "withdraw", "answer")


@dataclass(frozen=True, slots=True)
class Subscribe:
    """A command of billing, as the pages would give it."""

    command: BillingCommand


@dataclass(frozen=True, slots=True)
class Preview:
    """Look at what an order would come to, and leave it at that."""

    order: billing.Order


@dataclass(frozen=True, slots=True)
class Pay:
    """Money that arrives for an invoice (`number`)."""

    number: str
    amount_minor: int
    method: PaymentMethod


@dataclass(frozen=True, slots=True)
class Bounce:
    """The last payment of an invoice by `method` is taken back, whole; `amount_minor` picks one of several."""

    number: str
    amount_minor: int | None
    method: PaymentMethod


@dataclass(frozen=True, slots=True)
class AnotherCard:
    """A new card is added; `answers` are those of the next attempts to charge it."""

    answers: tuple[str, ...]
    brand: str = VISA


@dataclass(frozen=True, slots=True)
class CardAnswers:
    """From now on the card on file answers so, attempt by attempt; then it works again."""

    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConfirmPayment:
    """The card's holder follows the mailed link and confirms at the bank."""


@dataclass(frozen=True, slots=True)
class DeleteAccount:
    """Delete the account, or take that back."""

    undo: bool


@dataclass(frozen=True, slots=True)
class FairUse:
    """The seller, or for `answer` an owner, says something about the account's case of fair use."""

    verb: str
    note: str


@dataclass(frozen=True, slots=True)
class PublishBook:
    """The seller publishes the next price book."""

    book: Book
    note: str


SubscriptionAction = (
    Subscribe
    | Preview
    | Pay
    | Bounce
    | AnotherCard
    | CardAnswers
    | ConfirmPayment
    | DeleteAccount
    | FairUse
    | PublishBook
)


def parse_subscription_action(name: str, node: Node) -> SubscriptionAction:
    """The action of one of NAMES. Raises: Invalid, naming the place."""
    keys, make = _MAKERS[name]
    return make(node.fields(*keys))


def _target(fields: Fields) -> Target:
    interval, seats = fields.get("interval"), fields.get("seats")
    target = Target(
        fields.text("plan") or None,
        Interval(interval.choice(list(Interval), "interval")) if interval is not None else None,
        seats.integer(1, MOST_SEATS) if seats is not None else None,
    )
    if target == Target():
        fields.need("plan")
    return target


def _order(fields: Fields) -> billing.Order:
    return billing.Order(_target(fields), fields.flag("startToday", False))


def _offline_order(fields: Fields) -> Subscribe:
    ceiling = fields.get("ceilingMinor")
    return Subscribe(
        billing.AcceptOfflineOrder(
            _target(fields),
            fields.text("poNumber"),
            ceiling.integer(1, MOST_MINOR) if ceiling is not None else None,
            fields.flag("poRequired", False),
        )
    )


def _cancel(fields: Fields) -> Subscribe:
    return Subscribe(billing.Cancel(now=fields.flag("now", False), refund_unused=fields.flag("refundUnused", False)))


def _resume(fields: Fields) -> Subscribe:
    return Subscribe(billing.Resume())


def _drop(fields: Fields) -> Subscribe:
    return Subscribe(billing.DropScheduled())


def _extend(fields: Fields) -> Subscribe:
    given = fields.need("endsOn")
    text = given.value.isoformat() if isinstance(given.value, date) else given.text()
    try:
        return Subscribe(billing.ExtendTrial(date.fromisoformat(text)))
    except ValueError:
        raise given.refusal(f"{text!r} is no day; write one like 2026-03-25.") from None


def _add_number(fields: Fields) -> Subscribe:
    given = fields.need("number")
    try:
        region_of(given.text())
    except Invalid as error:
        raise given.refusal(error.message) from None
    return Subscribe(billing.AddNumber(uuid5(NAMESPACE, given.text()), given.text()))


def _release_number(fields: Fields) -> Subscribe:
    return Subscribe(billing.ReleaseNumber(uuid5(NAMESPACE, fields.need("number").text())))


def _zone(fields: Fields) -> Subscribe:
    return Subscribe(billing.ChangeZone(fields.need("timeZone").choice(available_timezones(), "time zone")))


def _pay(fields: Fields) -> Pay:
    amount = fields.need("amountMinor").integer(1, MOST_MINOR)
    return Pay(fields.need("invoice").text(), amount, _method(fields, PaymentMethod.TRANSFER))


def _bounce(fields: Fields) -> Bounce:
    amount = fields.get("amountMinor")
    return Bounce(
        fields.need("invoice").text(),
        amount.integer(1, MOST_MINOR) if amount is not None else None,
        _method(fields, PaymentMethod.CHEQUE),
    )


def _method(fields: Fields, default: PaymentMethod) -> PaymentMethod:
    given = fields.get("method")
    return PaymentMethod(given.choice(("transfer", "cheque"), "method")) if given is not None else default


def _add_card(fields: Fields) -> AnotherCard:
    brand = fields.get("brand")
    return AnotherCard(_answers(fields), brand.choice(BRANDS, "brand") if brand is not None else VISA)


def _fair_use(verb: str, fields: Fields) -> FairUse:
    return FairUse(verb, fields.need("note").text())


def _publish(fields: Fields) -> PublishBook:
    return PublishBook(parse_next_book(fields), fields.text("note"))


def _answers(fields: Fields) -> tuple[str, ...]:
    return tuple(it.choice(ANSWERS, "answer") for it in fields.items("answers"))


ORDER = ("plan", "interval", "seats", "startToday")
_MAKERS: dict[str, tuple[tuple[str, ...], Callable[[Fields], SubscriptionAction]]] = {
    "order": (ORDER, lambda fields: Subscribe(_order(fields))),
    "preview-order": (ORDER, lambda fields: Preview(_order(fields))),
    "accept-offline-order": (("plan", "interval", "seats", "poNumber", "ceilingMinor", "poRequired"), _offline_order),
    "cancel": (("now", "refundUnused"), _cancel),
    "resume": ((), _resume),
    "drop-scheduled-change": ((), _drop),
    "extend-trial": (("endsOn",), _extend),
    "add-number": (("number",), _add_number),
    "release-number": (("number",), _release_number),
    "change-zone": (("timeZone",), _zone),
    "record-payment": (("invoice", "amountMinor", "method"), _pay),
    "bounce-payment": (("invoice", "amountMinor", "method"), _bounce),
    "add-card": (("answers", "brand"), _add_card),
    "card-answers": (("answers",), lambda fields: CardAnswers(_answers(fields))),
    "confirm-payment": ((), lambda fields: ConfirmPayment()),
    "delete-account": ((), lambda fields: DeleteAccount(undo=False)),
    "undo-deletion": ((), lambda fields: DeleteAccount(undo=True)),
    **{f"{verb}-fair-use": (("note",), partial(_fair_use, verb)) for verb in FAIR_USE_VERBS},
    "publish-price-book": (("book", "changes", "note"), _publish),
}
NAMES = tuple(_MAKERS)
