"""Rented numbers: which are included, what the others cost, and until when a released one stays. Pure.

A number's period is the metering window, for every subscriber. Source: licensing requirements R10.1, S13, S14, S42
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from tocsin.billing.account import Debit, Number
from tocsin.billing.commands import AddNumber, ReleaseNumber
from tocsin.billing.debits import number_line, running
from tocsin.billing.decision import Decision, is_paid_term
from tocsin.billing.invoicing import credit_running, invoice_now
from tocsin.billing.model import Line, LineKind
from tocsin.errors import Conflict, Invalid, NotFound
from tocsin.i18n import N_
from tocsin.licensing.model import Standing

HELD_ON_FREE = timedelta(days=14)
"""How long a number is kept for an account that fell to Free. Source: R3.4 (e)"""


def held(numbers: Sequence[Number]) -> list[Number]:
    """The numbers that are ours to use, oldest first and in the order of their coming.

    A released one is ours until its window ends.
    """
    return sorted((number for number in numbers if number.ended_at is None), key=lambda number: number.added_at)


def charged(decision: Decision) -> list[Number]:
    """The held numbers that are paid for: all but the oldest ones, which the plan includes."""
    return held(decision.billing.numbers)[decision.plan.incoming.numbers_included :]


def window_lines(decision: Decision) -> list[Line]:
    """The rent of a whole window, a line for each number that is not included; none while telephony is stopped."""
    if decision.subscription.telephony_stopped:
        return []
    currency = decision.subscription.currency
    return [number_line(decision.book, number.e164, currency, decision.window) for number in charged(decision)]


def now_included(decision: Decision) -> list[Line]:
    """The credits of numbers that were paid for and that the plan in force includes. Source: R10.1"""
    paid_for = {number.e164 for number in charged(decision)}
    return credit_running(decision, [debit for debit in _debits(decision) if debit.item not in paid_for])


def credit_rest(decision: Decision) -> list[Line]:
    """The credits of all numbers, for a window that ends early; those that were released end with it. Source: S13"""
    lines = credit_running(decision, _debits(decision))
    end_released(decision)
    return lines


def _debits(decision: Decision) -> list[Debit]:
    return [debit for debit in running(decision.billing.debits, decision.on) if debit.kind is LineKind.NUMBER]


def end_released(decision: Decision, *, everything: bool = False) -> None:
    """At a window's end the released numbers are given back; with `everything` all are."""
    decision.keep(
        numbers=tuple(
            replace(number, ended_at=decision.at)
            if number.ended_at is None and (everything or number.released_at is not None)
            else number
            for number in decision.billing.numbers
        )
    )


def add(decision: Decision, command: AddNumber) -> None:
    """Rent a number: free in a trial, else for what is left of the window. Raises: Conflict, Invalid."""
    subscription = decision.subscription
    if any(number.id == command.number_id for number in decision.billing.numbers):
        raise Conflict(N_("This number is rented already."))
    if subscription.cancels:
        raise Conflict(N_("The subscription is being cancelled: resume it first, then rent a number."))
    if subscription.standing in (Standing.PAST_DUE, Standing.RESTRICTED):
        raise Conflict(N_("Pay the open invoices first; no number can be rented while something is overdue."))
    if not decision.plan.incoming.rentable:
        raise Invalid(N_("The plan has no incoming numbers; Essentials is the first that has."), {"plan": "no numbers"})
    number = Number(command.number_id, command.e164, decision.at)
    if subscription.standing is Standing.TRIALING:
        limit = decision.book.trial.numbers_limit
        if len(held(decision.billing.numbers)) >= limit:
            raise Conflict(N_("A trial may have %(limit)s number; more come with a plan."), params={"limit": limit})
    decision.keep(numbers=(*decision.billing.numbers, number))
    if is_paid_term(subscription) and number in charged(decision):
        line = number_line(decision.book, number.e164, subscription.currency, decision.window, decision.on)
        invoice_now(decision, [line], first=True)


def release(decision: Decision, command: ReleaseNumber) -> None:
    """Give a number back: at the window's end, or at once where nothing was paid. Raises: NotFound, Conflict."""
    if decision.subscription.standing is Standing.RESTRICTED:
        raise Conflict(N_("Nothing but paying is possible before the open invoices are paid."))
    found = next((number for number in decision.billing.numbers if number.id == command.number_id), None)
    if found is None:
        raise NotFound(N_("There is no such number."))
    if found.released_at is not None or found.ended_at is not None:
        raise Conflict(N_("The number was given back already."))
    ended_at = None if is_paid_term(decision.subscription) else decision.at
    released = replace(found, released_at=decision.at, ended_at=ended_at)
    decision.keep(numbers=tuple(released if number.id == found.id else number for number in decision.billing.numbers))
