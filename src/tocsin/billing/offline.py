"""Orders that are paid on an invoice, by transfer or cheque: annual only, in force when they are accepted. Pure.

Source: licensing requirements R4.2
"""

from dataclasses import replace

from tocsin.billing import orders, trial
from tocsin.billing.account import LetterKind
from tocsin.billing.commands import AcceptOfflineOrder, Order
from tocsin.billing.decision import Decision
from tocsin.errors import Conflict
from tocsin.licensing.model import Collection, Interval, Standing
from tocsin.licensing.pricebook import seat_price

WARN_PERCENT = 80
"""How much of a purchase order may be used before its owner is told."""


def accept(decision: Decision, command: AcceptOfflineOrder) -> None:
    """Begin, or in a trial plan, an annual term on an invoice. Raises: Invalid `offline_requires_annual`, Conflict."""
    subscription = decision.subscription
    interval = command.target.interval or subscription.interval
    if interval is not Interval.YEAR:
        raise orders.offline_requires_annual()
    target = replace(command.target, interval=Interval.YEAR)
    orders.refuse_in_debt(decision)
    decision.change(
        collection=Collection.INVOICE,
        po_number=command.po_number,
        po_ceiling_minor=command.ceiling_minor,
        po_required=False,
    )
    if subscription.standing is Standing.TRIALING:
        trial.choose(decision, Order(target))
    elif subscription.standing is Standing.FREE:
        orders.buy(decision, target)
    elif subscription.standing is Standing.ACTIVE:
        orders.order(decision, Order(target))
    else:
        raise Conflict("An order on an invoice cannot be accepted now: resume or settle the subscription first.")
    decision.change(po_required=command.po_required)
    _check_ceiling(decision, command)


def _check_ceiling(decision: Decision, command: AcceptOfflineOrder) -> None:
    """Raises: Conflict where the order is more than its purchase order covers."""
    subscription = decision.subscription
    if command.ceiling_minor is None:
        return
    wanted = subscription.chosen or command.target
    plan = wanted.plan or subscription.plan
    seats = wanted.seats or subscription.seats
    price = seat_price(decision.book, plan, Interval.YEAR, subscription.currency, seats)
    if price > command.ceiling_minor:
        raise Conflict("The purchase order covers less than the order comes to.")
    if price * 100 >= command.ceiling_minor * WARN_PERCENT:
        decision.tell(
            LetterKind.PO_NEARLY_USED,
            used_minor=price,
            ceiling_minor=command.ceiling_minor,
            currency=subscription.currency,
        )
