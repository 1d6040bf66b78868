"""What a scenario does to a subscription: billing's commands by name, with plain fields. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from uuid import uuid5
from zoneinfo import available_timezones

from tocsin.billing import commands as billing
from tocsin.billing.account import PaymentMethod
from tocsin.billing.commands import Command as BillingCommand
from tocsin.errors import Invalid
from tocsin.licensing.model import Interval, Target
from tocsin.licensing.numbers import region_of
from tocsin.rehearsal.cards import ANSWERS
from tocsin.rehearsal.naming import NAMESPACE
from tocsin.yaml_tree import Fields, Node

MOST_SEATS = 100_000
MOST_MINOR = 100_000_000_00


@dataclass(frozen=True, slots=True)
class Subscribe:
    """A command of billing, as the pages would give it."""

    command: BillingCommand


@dataclass(frozen=True, slots=True)
class Pay:
    """Money that arrives for an invoice (`number`), or is taken back where `bounces`."""

    number: str
    amount_minor: int
    method: PaymentMethod
    bounces: bool


@dataclass(frozen=True, slots=True)
class AnotherCard:
    """A new card is added; `answers` are those of the next attempts to charge it."""

    answers: tuple[str, ...]


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


SubscriptionAction = Subscribe | Pay | AnotherCard | CardAnswers | ConfirmPayment | DeleteAccount


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


def _order(fields: Fields) -> Subscribe:
    return Subscribe(billing.Order(_target(fields), fields.flag("startToday", False)))


def _offline_order(fields: Fields) -> Subscribe:
    return Subscribe(billing.AcceptOfflineOrder(_target(fields), fields.text("poNumber")))


def _cancel(fields: Fields) -> Subscribe:
    return Subscribe(billing.Cancel(now=fields.flag("now", False)))


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


def _pay(fields: Fields, *, bounces: bool) -> Pay:
    given = fields.get("method")
    method = given.choice(("transfer", "cheque"), "method") if given is not None else "transfer"
    return Pay(
        fields.need("invoice").text(),
        fields.need("amountMinor").integer(1, MOST_MINOR),
        PaymentMethod(method),
        bounces,
    )


def _answers(fields: Fields) -> tuple[str, ...]:
    return tuple(it.choice(ANSWERS, "answer") for it in fields.items("answers"))


_MAKERS: dict[str, tuple[tuple[str, ...], Callable[[Fields], SubscriptionAction]]] = {
    "order": (("plan", "interval", "seats", "startToday"), _order),
    "accept-offline-order": (("plan", "interval", "seats", "poNumber"), _offline_order),
    "cancel": (("now",), _cancel),
    "resume": ((), _resume),
    "drop-scheduled-change": ((), _drop),
    "extend-trial": (("endsOn",), _extend),
    "add-number": (("number",), _add_number),
    "release-number": (("number",), _release_number),
    "change-zone": (("timeZone",), _zone),
    "record-payment": (("invoice", "amountMinor", "method"), lambda fields: _pay(fields, bounces=False)),
    "bounce-payment": (("invoice", "amountMinor", "method"), lambda fields: _pay(fields, bounces=True)),
    "add-card": (("answers",), lambda fields: AnotherCard(_answers(fields))),
    "card-answers": (("answers",), lambda fields: CardAnswers(_answers(fields))),
    "confirm-payment": ((), lambda fields: ConfirmPayment()),
    "delete-account": ((), lambda fields: DeleteAccount(undo=False)),
    "undo-deletion": ((), lambda fields: DeleteAccount(undo=True)),
}
NAMES = tuple(_MAKERS)
