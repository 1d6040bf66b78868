"""Orders that are paid on an invoice, by transfer or cheque: annual only, in force when they are accepted. Pure.

Source: licensing requirements R4.2
"""

from dataclasses import replace

from tocsin.billing import orders, purchase_order, trial
from tocsin.billing.commands import AcceptOfflineOrder, Order
from tocsin.billing.decision import Decision
from tocsin.errors import Conflict
from tocsin.i18n import N_
from tocsin.licensing.model import Collection, Interval, Standing


def accept(decision: Decision, command: AcceptOfflineOrder) -> None:
    """Begin, or in a trial plan, an annual term on an invoice. Raises: Invalid `offline_requires_annual`, Conflict."""
    subscription = decision.subscription
    decision.by_seller = True
    interval = command.target.interval or subscription.interval
    if interval is not Interval.YEAR:
        raise orders.offline_requires_annual()
    target = replace(command.target, interval=Interval.YEAR)
    orders.refuse_in_debt(decision)
    decision.change(
        collection=Collection.INVOICE,
        po_number=command.po_number,
        po_ceiling_minor=None,  # the order is held against its own purchase order, below
        po_required=False,
    )
    if subscription.standing is Standing.TRIALING:
        trial.choose(decision, Order(target))
    elif subscription.standing is Standing.FREE:
        orders.buy(decision, target)
    elif subscription.standing is Standing.ACTIVE:
        orders.order(decision, Order(target))
    else:
        raise Conflict(N_("An order on an invoice cannot be accepted now: resume or settle the subscription first."))
    decision.change(po_required=command.po_required, po_ceiling_minor=command.ceiling_minor)
    wanted = decision.subscription.chosen or target
    purchase_order.begin(
        decision, wanted.plan or decision.subscription.plan, wanted.seats or decision.subscription.seats
    )
