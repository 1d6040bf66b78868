"""Purchase orders: what an order on an invoice may come to at most. Pure.

The ceiling is net, for a year of all the seats, whenever in the year they are added. Source: requirement R4.2
"""

from tocsin.billing.account import LetterKind
from tocsin.billing.decision import Decision
from tocsin.errors import Conflict
from tocsin.i18n import N_
from tocsin.licensing.model import Collection, Interval, Target
from tocsin.licensing.pricebook import seat_price

WARN_PERCENT = 80
"""How much of a purchase order may be used before its owner is told."""

ORDER_TOO_SMALL = N_("The purchase order covers less than the order comes to.")
SEATS_TOO_MANY = N_("The purchase order does not cover so many seats; send an amended one.")
AMENDED_EACH_TIME = N_("The buyer asks for an amended purchase order for each change of seats.")


def begin(decision: Decision, plan: str, seats: int) -> None:
    """Check an order against its own purchase order; tell where most of it is used. Raises: Conflict beyond it."""
    _hold(decision, plan, seats, 0, ORDER_TOO_SMALL)


def add(decision: Decision, plan: str | None, seats: int | None) -> None:
    """Check a raise of plan or seats against the purchase order in force; tell when most of it is used by it.

    Raises: Conflict beyond it, or where seats need an amended one.
    """
    subscription = decision.subscription
    if subscription.collection is not Collection.INVOICE:
        return
    had = subscription.chosen or Target(subscription.plan, None, subscription.seats)
    had_plan, had_seats = had.plan or subscription.plan, had.seats or 0
    if subscription.po_required and seats is not None and seats > had_seats:
        raise Conflict(AMENDED_EACH_TIME)
    before = _price(decision, had_plan, had_seats) if had_seats else 0
    _hold(decision, plan or had_plan, seats or had_seats, before, SEATS_TOO_MANY)


def _hold(decision: Decision, plan: str, seats: int, before: int, too_much: str) -> None:
    ceiling = decision.subscription.po_ceiling_minor
    if ceiling is None:
        return
    price = _price(decision, plan, seats)
    if price > ceiling:
        raise Conflict(too_much, {"users": "beyond the purchase order"})
    if before * 100 < ceiling * WARN_PERCENT <= price * 100:
        decision.tell(
            LetterKind.PO_NEARLY_USED,
            used_minor=price,
            ceiling_minor=ceiling,
            currency=decision.subscription.currency,
        )


def _price(decision: Decision, plan: str, seats: int) -> int:
    return seat_price(decision.book, plan, Interval.YEAR, decision.subscription.currency, seats)
