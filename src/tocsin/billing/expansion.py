"""Seats that follow the people who hold them, where the owner wants that. Pure.

Source: licensing requirements R8.2, CHOICE-39, S02, S22
"""

from tocsin.billing import purchase_order
from tocsin.billing.commands import AutoExpand
from tocsin.billing.decision import Decision
from tocsin.billing.orders import billed_seats, refuse_beyond, refuse_in_debt
from tocsin.errors import Conflict, Invalid
from tocsin.i18n import N_
from tocsin.licensing.model import Standing

BY_HAND = N_("Seats are bought by hand in this account.")
CANCELLED = N_("The subscription is being cancelled: resume it first, then add people.")


def follow(decision: Decision, command: AutoExpand) -> None:
    """As many seats as people, but never fewer than were bought. Raises: Conflict where seats do not follow."""
    subscription = decision.subscription
    if not subscription.auto_expand or subscription.term_ends_on is None:
        raise Conflict(BY_HAND)
    bought = billed_seats(subscription)
    seats = max(command.seats, bought)
    if seats == subscription.seats:
        return
    if seats > subscription.seats:
        refuse_in_debt(decision)
        if subscription.standing is not Standing.ACTIVE:
            raise Conflict(CANCELLED)
        purchase_order.add(decision, None, seats)
        _refuse_beyond(decision, seats)
    grown = seats > bought
    decision.change(
        seats=seats,
        expanded_on=decision.on if grown else None,
        expanded_from=bought if grown else 0,
    )
    decision.begin_term()


def _refuse_beyond(decision: Decision, seats: int) -> None:
    """Raises: Conflict for more seats than the plan is for: whoever comes has asked for none of them."""
    try:
        refuse_beyond(decision, decision.plan, seats)
    except Invalid as error:
        raise Conflict(error.text, params=error.params) from error
