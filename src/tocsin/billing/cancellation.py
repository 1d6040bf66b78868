"""Leaving: cancellation and its reversal, deletion and its undoing. Pure.

Source: licensing requirements R13, CHOICE-52, 54, 55, 56, 57, S10, S20, S38, S41
"""

from dataclasses import replace
from datetime import timedelta

from tocsin.billing import numbers
from tocsin.billing.account import Draft, LetterKind
from tocsin.billing.boundary import finalise_draft, to_free
from tocsin.billing.commands import Cancel, RequestDeletion, Resume, UndoDeletion
from tocsin.billing.debits import running
from tocsin.billing.decision import Decision, restand
from tocsin.billing.invoicing import credit_note, credit_running, make_document
from tocsin.billing.model import DocumentKind
from tocsin.billing.orders import close_window
from tocsin.errors import Conflict
from tocsin.i18n import N_
from tocsin.licensing.model import Interval, Standing, Subscription

REASON_LIMIT = 1_000  # characters
UNDO_FOR = timedelta(hours=24)
"""How long a deletion can be taken back. Source: CHOICE-56"""


def cancel(decision: Decision, command: Cancel) -> None:
    """Free at the end of what is paid, or now. Nothing is credited, but in the one case of usage billing."""
    subscription = decision.subscription
    if subscription.standing is Standing.FREE:
        raise Conflict(N_("The account is on Free already."))
    if subscription.standing is Standing.RESTRICTED:
        raise Conflict(N_("The subscription cannot be cancelled before the open invoices are paid."))
    if subscription.converting:
        raise Conflict(N_("The first payment is being made; try again in a moment."))
    if command.refund_unused:
        _refund_unused(decision)
    if command.now or command.refund_unused or subscription.grace_ends_at is not None:
        to_free(decision)
        restand(decision)
        return
    if subscription.cancels:
        raise Conflict(N_("The subscription is being cancelled already."))
    decision.change(cancels=True, scheduled=None, chosen=None)
    restand(decision)
    decision.tell(LetterKind.CANCELED, on=subscription.term_ends_on, at=subscription.trial_ends_at)
    decision.because("ends with what is paid")


def may_have_unused_back(subscription: Subscription) -> bool:
    """Whether an annual term may be left with its unused part given back. Source: CHOICE-52"""
    moved = subscription.usage_billed or bool(subscription.usage_billed_next)
    return moved and subscription.interval is Interval.YEAR


def _refund_unused(decision: Decision) -> None:
    """Who is moved to usage billing may leave an annual term and gets the unused part back. Source: CHOICE-52"""
    if not may_have_unused_back(decision.subscription):
        raise Conflict(N_("Unused months are given back only where an annual subscription was moved to usage billing."))
    unpaid = {one.document.id: one for one in decision.billing.unpaid}
    for document_id in {debit.document_id for debit in decision.billing.debits}:
        debits = [debit for debit in running(decision.billing.debits, decision.on) if debit.document_id == document_id]
        if debits:
            credit_note(decision, credit_running(decision, debits), against=unpaid.get(document_id))


def resume(decision: Decision, command: Resume) -> None:
    """The subscription goes on as it is in force; a change that was pending before is not back. Source: S10"""
    if not decision.subscription.cancels:
        raise Conflict(N_("The subscription is not being cancelled."))
    decision.change(cancels=False)
    restand(decision)
    decision.tell(LetterKind.RESUMED)


def request_deletion(decision: Decision, command: RequestDeletion) -> None:
    """Access ends; accrued usage is invoiced at once and stays owed; nothing is charged or reminded of any more."""
    subscription = decision.subscription
    if subscription.standing in (Standing.DELETING, Standing.DELETED):
        raise Conflict(N_("The account is being deleted already."))
    if subscription.converting or any(one.charging for one in decision.billing.unpaid):
        raise Conflict(N_("A payment is being made; try again in a moment."))
    if subscription.term_ends_on is not None:
        close_window(decision)
    for waiting in decision.billing.drafts:
        finalise_draft(decision, waiting)
    if decision.billing.closed or decision.billing.carried.minor:
        windows = decision.billing.closed
        decision.keep(closed=())
        empty = make_document(decision, DocumentKind.INVOICE, [], dated_on=decision.on)
        finalise_draft(decision, Draft(empty, windows, decision.at, final=True))
    _do_not_charge(decision)
    decision.change(standing=Standing.DELETING, deletion_requested_at=decision.at)
    decision.begin_term()
    decision.tell(LetterKind.DELETION_REQUESTED, until=decision.at + UNDO_FOR)


def _do_not_charge(decision: Decision) -> None:
    """What was finalised just now is owed, but no card is charged for it. Source: S38"""
    decision.charges.clear()
    for one in decision.billing.unpaid:
        if one.charging:
            decision.owe(replace(one, charging=False, day_done=0))


def undo_deletion(decision: Decision, command: UndoDeletion) -> None:
    """The account is as before. Raises: Conflict after 24 hours."""
    subscription = decision.subscription
    if subscription.standing is not Standing.DELETING or subscription.deletion_requested_at is None:
        raise Conflict(N_("The account is not being deleted."))
    trialing = subscription.trial_ends_at is not None
    decision.change(standing=Standing.TRIALING if trialing else Standing.ACTIVE, deletion_requested_at=None)
    if subscription.term_ends_on is not None or subscription.window_starts_at is not None:
        decision.change(window_starts_at=decision.at)  # a window of its own: what was used before is invoiced
    restand(decision)
    decision.tell(LetterKind.DELETION_UNDONE)


def delete(decision: Decision) -> None:
    """The deletion cannot be undone any more: numbers are given back, the account is nobody's."""
    numbers.end_released(decision, everything=True)
    decision.change(standing=Standing.DELETED)
    decision.begin_term()
