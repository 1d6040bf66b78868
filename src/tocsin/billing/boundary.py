"""Boundaries: a window or a term ends, its invoice waits for late usage where it must, and the next one begins. Pure.

Source: licensing requirements M6, M7, M12, R6.4, R9.2, R13.2, S04, S07, S14, S15, S18, S22, S24, S25, S27
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from tocsin.billing import numbers
from tocsin.billing.account import ClosedWindow, Debit, Draft, LetterKind, UsageAsked
from tocsin.billing.debits import added_seats_line
from tocsin.billing.decision import Decision, facts_of, midnight_in, restand, window_of
from tocsin.billing.invoicing import finalise, invoice_now, make_document, register_debits
from tocsin.billing.model import Document, DocumentKind, Line
from tocsin.billing.orders import close_window, term_lines
from tocsin.licensing.metering import Closing
from tocsin.licensing.model import FREE, Collection, Interval, Standing, Target
from tocsin.licensing.periods import boundary
from tocsin.licensing.pricebook import seat_price

LATE_USAGE = timedelta(hours=48)
"""How long a draft waits for usage records that arrive late: elapsed hours. Source: R9.2, S04"""


def end_window(decision: Decision) -> None:
    """A metering window ends, and with the last of a term the term itself."""
    subscription = decision.subscription
    window = window_of(subscription)
    ends_term = window.ends_on == subscription.term_ends_on
    if ends_term and subscription.cancels:
        to_free(decision)
        return
    closed = close_window(decision)
    numbers.end_released(decision)
    if ends_term and subscription.next_currency and not subscription.balance_minor:
        _bill_last_usage(decision, closed, window.ends_on)  # in the currency in which it was used
        closed = None
    if ends_term:
        _renew(decision, window.ends_on)
    resumed_at = subscription.window_starts_at or decision.at  # later, where the boundary passed during a deletion
    decision.change(window_starts_on=window.ends_on, window_starts_at=max(decision.at, resumed_at))
    _apply_usage_billing(decision, window.ends_on)
    restand(decision)
    lines = term_lines(decision) if ends_term else numbers.window_lines(decision)
    _draft_or_finalise(decision, lines, closed, window.ends_on)


def _renew(decision: Decision, starts_on: date) -> None:
    """The next term, with the scheduled change, the newest price version, the new zone and currency."""
    subscription = decision.subscription
    target = subscription.scheduled
    notice = timedelta(days=decision.book.thresholds.price_notice_days)
    newest = max(decision.context.books.newest(decision.at - notice), subscription.book_version)
    interval = (target.interval if target else None) or subscription.interval or Interval.MONTH
    currency = subscription.currency
    if subscription.next_currency and not subscription.balance_minor:
        currency = subscription.next_currency
        decision.change(next_currency=None)
    assert subscription.anchor_on is not None  # noqa: S101
    passed = (starts_on.year - subscription.anchor_on.year) * 12 + starts_on.month - subscription.anchor_on.month
    decision.change(
        plan=(target.plan if target else None) or subscription.plan,
        seats=(target.seats if target else None) or subscription.seats,
        interval=interval,
        currency=currency,
        book_version=newest,
        scheduled=None,
        expanded_on=None,
        term_starts_on=starts_on,
        term_ends_on=boundary(subscription.anchor_on, passed + interval.months),
        zone=subscription.next_zone or subscription.zone,
        next_zone=None,
    )
    decision.keep(debits=tuple(debit for debit in decision.billing.debits if debit.ends_on > starts_on))
    if target:
        decision.tell(LetterKind.CHANGED, **facts_of(target))
        decision.because("the scheduled change took effect")


def _apply_usage_billing(decision: Decision, starts_on: date) -> None:
    subscription = decision.subscription
    if subscription.usage_billed_on is None or subscription.usage_billed_on > starts_on:
        return
    decision.change(usage_billed=bool(subscription.usage_billed_next), usage_billed_next=None, usage_billed_on=None)


def _draft_or_finalise(decision: Decision, lines: Sequence[Line], closed: ClosedWindow | None, dated_on: date) -> None:
    """A closed window that could come to a charge makes its invoice wait. Source: S04

    One that could not is billed at once: late usage of a window before may have come in it. Source: R9.2
    """
    if not decision.billing.closed:
        late = usage_lines(decision, (closed,), final=False, currency=decision.subscription.currency) if closed else []
        lines = [*lines, *late]
        if any(line.amount_minor for line in lines):
            invoice_now(decision, lines, dated_on=dated_on)
        return
    _wait(decision, lines, dated_on, final=False)


def _wait(decision: Decision, lines: Sequence[Line], dated_on: date, *, final: bool) -> None:
    draft = make_document(decision, DocumentKind.INVOICE, lines, dated_on=dated_on)
    register_debits(decision, draft)
    windows = decision.billing.closed
    waiting = Draft(draft, windows, decision.at + LATE_USAGE, final)
    decision.keep(closed=(), drafts=(*decision.billing.drafts, waiting))
    decision.documents[draft.id] = draft


def finalise_draft(decision: Decision, waiting: Draft) -> None:
    """The wait is over: usage is added, and what is to be paid is finalised, charged and due. Source: S04"""
    decision.keep(drafts=tuple(one for one in decision.billing.drafts if one is not waiting))
    usage = usage_lines(decision, waiting.windows, final=waiting.final, currency=waiting.document.currency)
    lines = [*waiting.document.lines, *usage]
    if sum(line.amount_minor for line in lines) <= 0:
        decision.documents.pop(waiting.document.id, None)
        decision.dropped.append(waiting.document.id)
        return
    before = waiting.document
    document = make_document(
        decision,
        DocumentKind.INVOICE,
        lines,
        document_id=before.id,
        dated_on=before.dated_on,
        currency=before.currency,
    )
    document = replace(document, collection=before.collection, po_number=before.po_number)
    _retax(decision, document)
    finalise(decision, document)


def _retax(decision: Decision, document: Document) -> None:
    """Debits of a draft bear the tax that its finalised line got."""
    taxed = {line.id: line for line in document.lines}

    def anew(debit: Debit) -> Debit:
        line = taxed.get(debit.line_id)
        return replace(debit, tax_category=line.tax_category, tax_rate_bp=line.tax_rate_bp) if line else debit

    decision.keep(debits=tuple(anew(debit) for debit in decision.billing.debits))


def usage_lines(decision: Decision, windows: tuple[ClosedWindow, ...], *, final: bool, currency: str) -> list[Line]:
    """The lines of usage that is billed now; too little of it is carried on instead. Source: S07"""
    asked = UsageAsked(
        windows, decision.at, decision.billing.carried, final, currency, tuple(decision.closings)
    )  # fmt: skip
    bill = decision.context.usage(decision.billing, asked)
    decision.keep(carried=bill.carried)
    decision.closings += [Closing(window.starts_at, decision.at) for window in windows]
    return list(bill.lines)


def _bill_last_usage(decision: Decision, closed: ClosedWindow | None, dated_on: date) -> None:
    """What was used in a paid time that ends, on a last invoice of its own, whatever it comes to. Source: S27

    While a bill of earlier windows waits, this one comes after it, or it would take their usage too: invariant 6.
    """
    if closed and decision.billing.drafts and not decision.billing.closed:
        decision.keep(closed=(closed,))
    if decision.billing.closed:
        _wait(decision, [], dated_on, final=True)
    elif closed and (late := usage_lines(decision, (closed,), final=True, currency=decision.subscription.currency)):
        invoice_now(decision, late, dated_on=dated_on)


def to_free(decision: Decision, *, tell: bool = True) -> None:
    """The account is on Free from now on: nothing is credited, accrued usage follows on a last invoice.

    Numbers are kept a while, in case a plan is bought. Without `tell` another letter says so.
    Source: R3.4, R13.2, S20, S27, S34
    """
    subscription = decision.subscription
    if subscription.term_ends_on is not None:
        closed = close_window(decision)
        _bill_last_usage(decision, closed, decision.on)
    numbers.end_released(decision)
    newest = decision.context.books.newest(decision.at)
    decision.keep(debits=())
    decision.change(
        plan=FREE,
        interval=None,
        collection=Collection.CARD,
        seats=decision.context.books.version(newest).plan(FREE).seats_limit or 0,
        book_version=newest,
        standing=Standing.FREE,
        anchor_on=None,
        term_starts_on=None,
        term_ends_on=None,
        window_starts_on=None,
        window_starts_at=None,
        trial_ends_at=None,
        chosen=None,
        converting=False,
        grace_ends_at=None,
        scheduled=None,
        cancels=False,
        expanded_on=None,
        usage_billed=False,
        usage_billed_next=None,
        usage_billed_on=None,
        telephony_stopped=False,
        zone=subscription.next_zone or subscription.zone,
        next_zone=None,
        free_since=decision.at,
    )
    decision.begin_term()
    if tell:
        decision.tell(LetterKind.MOVED_TO_FREE)
    decision.because("the account is on Free")


def bill_expansion(decision: Decision) -> None:
    """The day's net auto-expansion, at the midnight that ends the day, prorated from that day. Source: S22"""
    subscription = decision.subscription
    assert subscription.expanded_on is not None and subscription.interval is not None  # noqa: S101, PT018
    line = added_seats_line(
        decision.book,
        subscription.plan,
        subscription.interval,
        subscription.currency,
        (subscription.expanded_from, subscription.seats),
        decision.term,
        subscription.expanded_on,
    )
    decision.change(expanded_on=None, expanded_from=0)
    _drop_pending_reduction(decision)
    if line.amount_minor > 0:
        invoice_now(decision, [line])


def _drop_pending_reduction(decision: Decision) -> None:
    """Raising seats drops a pending reduction. Source: S09"""
    scheduled = decision.subscription.scheduled
    if scheduled is not None and scheduled.seats is not None:
        left = Target(scheduled.plan, scheduled.interval)
        decision.change(scheduled=None if left == Target() else left)


def next_expansion(decision_at: date, zone: str) -> datetime:
    """When the auto-expansion of a day is invoiced."""
    return midnight_in(decision_at + timedelta(days=1), zone)


def notice_prices(decision: Decision, version: int, announced_at: datetime) -> None:
    """A new price version was announced: tell of a rise, with the first renewal that has it. Source: M16, S25"""
    subscription = decision.subscription
    decision.change(price_noticed=version)
    if subscription.term_ends_on is None or subscription.interval is None or subscription.cancels:
        return
    book = decision.context.books.version(version)
    first = announced_at + timedelta(days=book.thresholds.price_notice_days)
    renews_on = subscription.term_ends_on
    while midnight_in(renews_on, subscription.zone) < first:
        assert subscription.anchor_on is not None  # noqa: S101
        months = (renews_on.year - subscription.anchor_on.year) * 12 + renews_on.month - subscription.anchor_on.month
        renews_on = boundary(subscription.anchor_on, months + subscription.interval.months)
    target = subscription.scheduled
    plan = (target.plan if target else None) or subscription.plan
    interval = (target.interval if target else None) or subscription.interval
    seats = (target.seats if target else None) or subscription.seats
    if plan not in book.plans:
        return
    now = seat_price(decision.book, plan, interval, subscription.currency, seats)
    then = seat_price(book, plan, interval, subscription.currency, seats)
    if then > now:
        decision.tell(
            LetterKind.PRICE_RISES,
            on=renews_on,
            now_minor=now,
            then_minor=then,
            currency=subscription.currency,
            plan=plan,
            seats=seats,
            interval=interval.value,
        )
