"""Deciding about an account: a command, or the next thing that happens by itself. Pure.

A preview is the decision that is not kept, so it equals its invoice. Whoever decides first lets happen what is due
(`next_due`), one step after the other: one jump of the clock and many small steps come to the same documents.
Source: licensing requirements §4, §5, S04, S15
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from tocsin.billing import (
    boundary,
    cancellation,
    correction,
    dunning,
    expansion,
    numbers,
    offline,
    orders,
    particulars,
    payments,
    trial,
)
from tocsin.billing import commands as c
from tocsin.billing.account import AccountBilling, Context, Invoiced, Outcome
from tocsin.billing.decision import Decision, midnight_in, window_of
from tocsin.errors import Conflict, Forbidden, Invalid
from tocsin.i18n import N_
from tocsin.licensing.model import Standing


def decide(
    billing: AccountBilling, command: c.Command, at: datetime, context: Context, about: Invoiced | None = None
) -> Outcome:
    """What a command comes to. `about` is the document that a command of `ABOUT_DOCUMENTS` names.

    Nothing may be due before `at`. Raises: Invalid, Conflict, NotFound, Forbidden.
    """
    decision = Decision(billing, at, context)
    _refuse(decision, command)
    _dispatch(decision, command, about)
    if decision.subscription.zone != billing.subscription.zone:
        dunning.take_zone(decision)
    decision.change(version=billing.subscription.version + 1)
    return decision.outcome()


def _refuse(decision: Decision, command: c.Command) -> None:
    """Raises: what keeps every command, or almost every one, from being decided."""
    standing = decision.subscription.standing
    settles = (
        c.RecordPayment,
        c.WriteOff,
        c.ReversePayment,
        c.ChargeSettled,
        c.CardAdded,
        c.ChangeBuyer,
        c.UndoDeletion,
    )
    if standing is Standing.DELETED or (standing is Standing.DELETING and not isinstance(command, settles)):
        raise Forbidden(N_("The account is being deleted; nothing can be changed any more."))
    if standing is Standing.GRANTED and not isinstance(
        command, c.ChangeBuyer | c.ChangeZone | c.RequestDeletion | c.Grant | c.EndGrant
    ):
        raise Conflict(N_("This account has everything and is never billed."))


ABOUT_DOCUMENTS = (c.RecordPayment, c.ReversePayment, c.CorrectBuyer)
"""Commands about a document that may be settled."""


def _dispatch(decision: Decision, command: c.Command, about: Invoiced | None) -> None:
    if isinstance(command, ABOUT_DOCUMENTS) and about is not None and about.document.id != command.document_id:
        raise Invalid(N_("Name the invoice that it is about."))
    match command:
        case c.Order():
            _order(decision, command)
        case c.RecordPayment():
            payments.record(decision, command, about)
        case c.ReversePayment():
            payments.reverse(decision, command, _known(about).document)
        case c.CorrectBuyer():
            correction.correct_buyer(decision, _known(about))
        case _:
            _handler(command)(decision, command)


def _known(about: Invoiced | None) -> Invoiced:
    """Raises: Invalid where the invoice that it is about is not known."""
    if about is None:
        raise Invalid(N_("Name the invoice that it is about."))
    return about


def _order(decision: Decision, command: c.Order) -> None:
    standing = decision.subscription.standing
    if decision.subscription.grace_ends_at is not None or decision.subscription.converting:
        raise Conflict(N_("Pay for the chosen plan first, then change it."))
    if standing is Standing.TRIALING:
        trial.choose(decision, command)
    else:
        orders.order(decision, command)


HANDLERS: dict[type, Callable[..., None]] = {
    c.ExtendTrial: trial.extend,
    c.GrantTrial: trial.grant_another,
    c.AcceptOfflineOrder: offline.accept,
    c.DropScheduled: orders.drop_scheduled,
    c.Cancel: cancellation.cancel,
    c.Resume: cancellation.resume,
    c.AddNumber: numbers.add,
    c.ReleaseNumber: numbers.release,
    c.SetAutoExpand: orders.set_auto_expand,
    c.AutoExpand: expansion.follow,
    c.SetSpendingCap: orders.set_spending_cap,
    c.WriteOff: payments.write_off,
    c.CardAdded: payments.add_card,
    c.ChargeSettled: payments.settled,
    c.ChangeZone: particulars.change_zone,
    c.ChangeCurrency: particulars.change_currency,
    c.ChangeBuyer: particulars.change_buyer,
    c.SetUsageBilling: particulars.set_usage_billing,
    c.RequestDeletion: cancellation.request_deletion,
    c.UndoDeletion: cancellation.undo_deletion,
    c.Grant: particulars.grant,
    c.EndGrant: particulars.end_grant,
}


def _handler(command: c.Command) -> Callable[..., None]:
    return HANDLERS[type(command)]


class Due(NamedTuple):
    """Something that happens by itself: when, in which order at one instant, and how."""

    at: datetime
    order: int
    step: Callable[[Decision], None]


def next_due(billing: AccountBilling, context: Context) -> datetime | None:
    """When the next thing happens by itself; None while a charge is under way, or where nothing will."""
    first = _next(billing, context)
    return first.at if first else None


def advance(billing: AccountBilling, context: Context) -> Outcome | None:
    """The next step that happens by itself, as of the instant at which it is due; None where there is none."""
    first = _next(billing, context)
    if first is None:
        return None
    decision = Decision(billing, first.at, context)
    first.step(decision)
    decision.change(version=billing.subscription.version + 1)
    return decision.outcome()


def _next(billing: AccountBilling, context: Context) -> Due | None:
    if is_charging(billing):
        return None
    return min(_all_due(billing, context), key=lambda due: (due.at, due.order), default=None)


def is_charging(billing: AccountBilling) -> bool:
    """Whether a charge is under way whose end decides what happens next. Source: M14"""
    return billing.subscription.converting or any(one.charging for one in billing.unpaid)


def _all_due(billing: AccountBilling, context: Context) -> Iterator[Due]:
    subscription = billing.subscription
    if subscription.standing in (Standing.DELETED, Standing.GRANTED):
        return
    if subscription.standing is Standing.DELETING:
        if subscription.deletion_requested_at is not None:
            yield Due(subscription.deletion_requested_at + cancellation.UNDO_FOR, 0, cancellation.delete)
        return
    yield from _due_of_trial(billing, context)
    yield from _due_of_debts(billing)
    yield from _due_of_term(billing, context)


def _due_of_trial(billing: AccountBilling, context: Context) -> Iterator[Due]:
    subscription = billing.subscription
    if subscription.grace_ends_at is not None:
        yield Due(subscription.grace_ends_at, 4, trial.end_grace)
    elif subscription.trial_ends_at is not None:
        yield Due(subscription.trial_ends_at, 4, trial.end)
        reminder = trial.next_reminder(billing, context.books.version(subscription.book_version))
        if reminder is not None:
            yield Due(reminder[0], 0, trial.remind)
    if subscription.free_since is not None and numbers.held(billing.numbers):
        yield Due(subscription.free_since + numbers.HELD_ON_FREE, 6, _release_held)


def _due_of_debts(billing: AccountBilling) -> Iterator[Due]:
    for at, is_end, unpaid in dunning.due(billing.unpaid, billing.subscription.zone):
        yield Due(at, 2 if is_end else 1, partial(dunning.step, unpaid=unpaid))


def _due_of_term(billing: AccountBilling, context: Context) -> Iterator[Due]:
    subscription = billing.subscription
    for waiting in billing.drafts:
        yield Due(waiting.finalise_at, 3, partial(boundary.finalise_draft, waiting=waiting))
    if subscription.term_ends_on is None:
        return
    if subscription.expanded_on is not None:
        midnight = midnight_in(subscription.expanded_on + timedelta(days=1), subscription.zone)
        yield Due(midnight, 0, boundary.bill_expansion)
    yield Due(midnight_in(window_of(subscription).ends_on, subscription.zone), 5, boundary.end_window)
    notice_at = payments.next_card_notice(billing)
    if notice_at is not None:
        yield Due(notice_at, 0, payments.notice_card)
    for version, announced_at in context.books.announced_after(subscription.price_noticed)[:1]:
        yield Due(announced_at, 0, partial(boundary.notice_prices, version=version, announced_at=announced_at))


def _release_held(decision: Decision) -> None:
    """Numbers of an account that stayed on Free are given back. Source: R3.4 (e)"""
    numbers.end_released(decision, everything=True)
    decision.change(free_since=None)
