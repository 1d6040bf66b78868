"""Orders: what takes effect now, what waits for the period's end, and what is due at once. Pure.

Source: licensing requirements R4.3, R6, R8.2, R8.6, CHOICE-30, 31, 33, S03, S08, S09, S11, S12, S13, S23, S41
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from tocsin.billing import numbers, purchase_order
from tocsin.billing.account import ClosedWindow, LetterKind
from tocsin.billing.commands import DropScheduled, Order, SetAutoExpand, SetSpendingCap
from tocsin.billing.debits import added_seats_line, running, seats_line
from tocsin.billing.decision import Decision, could_charge, facts_of, is_late, restand
from tocsin.billing.invoicing import credit_running, invoice_now
from tocsin.billing.model import Line, LineKind
from tocsin.errors import Conflict, Invalid
from tocsin.i18n import N_
from tocsin.licensing.model import FREE, Collection, Interval, Standing, Subscription, Target
from tocsin.licensing.periods import Period, boundary
from tocsin.licensing.pricebook import Plan, PriceBook
from tocsin.licensing.quote import MOST_SEATS

NOTHING = Target()
SEATS_BOUNDS = N_("The number of users is a whole number from 1 to %(most)s.")


@dataclass(frozen=True, slots=True)
class Split:
    """The part of an order that takes effect now and the one that waits; `new_term`: a new term begins today."""

    now: Target
    later: Target
    new_term: bool = False


def split(subscription: Subscription, target: Target, book: PriceBook) -> Split:
    """Up is now, down is at the period's end; moving to annual begins a new term with everything at once.

    A field that is named as it is already in force is in neither part, but no longer pending. Source: CHOICE-33, S03
    """
    bought = billed_seats(subscription)
    if target.interval is Interval.YEAR and subscription.interval is Interval.MONTH:
        whole = Target(target.plan or subscription.plan, Interval.YEAR, target.seats or bought)
        return Split(whole, NOTHING, new_term=True)
    now, later = NOTHING, NOTHING
    if target.plan and target.plan != subscription.plan:
        if book.plan(target.plan).rank > book.plan(subscription.plan).rank:
            now = replace(now, plan=target.plan)
        else:
            later = replace(later, plan=target.plan)
    if target.interval and target.interval is not subscription.interval:
        later = replace(later, interval=target.interval)
    if target.seats and target.seats != bought:
        if target.seats > bought:
            now = replace(now, seats=target.seats)
        else:
            later = replace(later, seats=target.seats)
    return Split(now, later)


def order(decision: Decision, command: Order) -> None:
    """Decide an order of an account that is on Free or in a paid term. Raises: Invalid, Conflict."""
    subscription = decision.subscription
    check_target(decision, command.target)
    if subscription.cancels:
        raise Conflict(N_("The subscription is being cancelled: resume it first, then change it."))
    if subscription.standing is Standing.FREE:
        buy(decision, command.target)
        return
    parts = split(subscription, command.target, decision.book)
    if parts.now != NOTHING:
        refuse_in_debt(decision)
        if parts.now.seats is not None:
            _check_people(decision, command.target.seats or subscription.seats)
        purchase_order.add(decision, parts.now.plan, parts.now.seats)
    if decision.subscription.collection is Collection.INVOICE and parts.later.interval is Interval.MONTH:
        raise offline_requires_annual()
    if decision.subscription.standing is Standing.RESTRICTED:
        raise Conflict(N_("Plan and seats cannot be changed before the open invoices are paid."))
    _schedule(decision, command.target, parts)
    _check_room(decision, parts)
    if parts.new_term:
        begin_annual_term(decision, parts.now)
    elif parts.now != NOTHING:
        _raise_now(decision, parts.now)


def offline_requires_annual() -> Invalid:
    return Invalid(
        N_("Paying on an invoice is for annual subscriptions: choose annual billing, or pay by card."),
        {"interval": "offline_requires_annual"},
    )


def check_target(decision: Decision, target: Target) -> None:
    """Raises: Invalid for a plan that cannot be bought, for seats that nobody can have, and for more than it is for."""
    if target == NOTHING:
        raise Invalid(N_("An order names a plan, an interval or a number of seats."), {"plan": "missing"})
    if target.seats is not None and not 1 <= target.seats <= MOST_SEATS:
        raise Invalid(SEATS_BOUNDS, {"seats": f"from 1 to {MOST_SEATS}"}, params={"most": MOST_SEATS})
    if target.plan is None:
        return
    plan = _plan_for(decision, target.plan)
    if plan.is_free:
        raise Invalid(N_("To go to Free, cancel the subscription."), {"plan": "cancel instead"})
    if target.seats is not None:
        refuse_beyond(decision, plan, target.seats)


def refuse_beyond(decision: Decision, plan: Plan, seats: int) -> None:
    """Raises: Invalid for more seats than the plan is for, with the plans on sale that have room for them."""
    books = decision.context.books
    books.version(books.newest(decision.at)).refuse_beyond(plan, seats)


def _check_room(decision: Decision, parts: Split) -> None:
    """Raises: Invalid where plan and seats do not go together, now or when the scheduled change takes effect."""
    subscription, now = decision.subscription, parts.now
    plan, seats = now.plan or subscription.plan, now.seats or billed_seats(subscription)
    if now.plan or now.seats:
        refuse_beyond(decision, decision.book.plan(plan), seats)
    then = subscription.scheduled
    if then is not None and not parts.new_term and (then.plan or then.seats):
        refuse_beyond(decision, decision.book.plan(then.plan or plan), then.seats or seats)


def _plan_for(decision: Decision, key: str) -> Plan:
    """The plan of this name, if the account may know of it: a hidden one is given by the seller alone.

    Raises: Invalid, for a hidden plan just as for one that there is not. Source: R1.2, R6.2
    """
    books, subscription = decision.context.books, decision.subscription
    newest = books.version(books.newest(decision.at))
    book = newest if subscription.standing in (Standing.FREE, Standing.TRIALING) else decision.book
    found = book.plan(key)
    shown = newest.plans.get(key, found)
    if (found.hidden or shown.hidden) and not decision.by_seller and key not in plans_had(subscription):
        raise newest.no_plan(key)
    return found


def plans_had(subscription: Subscription) -> frozenset[str]:
    """The plans that the account has now, or has chosen for later. A trial's plan is only lent."""
    lent = subscription.standing in (Standing.TRIALING, Standing.FREE, Standing.GRANTED)
    pending = (target.plan for target in (subscription.chosen, subscription.scheduled) if target is not None)
    return frozenset({*(plan for plan in pending if plan), *(() if lent else (subscription.plan,))})


def refuse_in_debt(decision: Decision) -> None:
    """Raises: Conflict where something is owed that has to be paid before more is bought. Source: S23, §4"""
    subscription = decision.subscription
    if subscription.standing in (Standing.PAST_DUE, Standing.RESTRICTED) or (
        subscription.standing is Standing.FREE and any(is_late(one) for one in decision.billing.unpaid)
    ):
        raise Conflict(N_("Pay the open invoices first; nothing more can be bought while something is overdue."))


def _check_people(decision: Decision, seats: int) -> None:
    """Raises: Conflict for fewer seats than people who hold one now. Source: R4.3"""
    if seats < decision.billing.responders:
        raise Conflict(
            N_("%(count)s people hold a responder licence: choose who stays, or order as many seats."),
            params={"count": decision.billing.responders},
        )


def _schedule(decision: Decision, target: Target, parts: Split) -> None:
    """The pending change after this order: named fields are overwritten, raised ones dropped. Source: S08, S09"""
    if parts.new_term:
        decision.change(scheduled=None)
        return
    before = decision.subscription.scheduled or NOTHING
    after = Target(
        parts.later.plan if target.plan else before.plan,
        parts.later.interval if target.interval else before.interval,
        parts.later.seats if target.seats else before.seats,
    )
    decision.change(scheduled=None if after == NOTHING else after)
    if parts.later != NOTHING:
        decision.tell(LetterKind.CHANGE_SCHEDULED, on=decision.term.ends_on, **facts_of(after))
        decision.because("scheduled for the end of the period")


def _raise_now(decision: Decision, now: Target) -> None:
    """Raise plan, seats or both within the running term. Source: R6.3, R8.2, S11, S12"""
    subscription = decision.subscription
    term, on = decision.term, decision.on
    interval = subscription.interval or Interval.MONTH
    billed = billed_seats(subscription)
    plan, seats = now.plan or subscription.plan, now.seats or billed
    book, currency = decision.book, subscription.currency
    if now.plan is None:
        lines = [added_seats_line(book, plan, interval, currency, (billed, seats), term, on)]
    else:
        lines = credit_running(decision, _running_seats(decision))
        lines.append(seats_line(book, plan, interval, currency, seats, term, on))
    decision.change(plan=plan, **_with_bought(subscription, seats))
    lines += numbers.now_included(decision)
    lines += stakeholders_lines(decision, term, on)
    restand(decision)
    invoice_now(decision, lines, first=True)
    decision.tell(LetterKind.CHANGED, plan=plan, seats=seats, interval=interval.value)
    decision.because("takes effect at once")


def begin_annual_term(decision: Decision, now: Target) -> None:
    """Monthly to annual: a new term from today, the unused monthly time credited. Source: CHOICE-30, S03, S13"""
    close_window(decision)
    lines = credit_running(decision, _running_seats(decision))
    lines += numbers.credit_rest(decision)
    begin_term_today(decision, now)
    invoice_now(decision, [*lines, *term_lines(decision)], first=True)
    decision.tell(LetterKind.CHANGED, **facts_of(now))
    decision.because("a new annual term begins today")


def buy(decision: Decision, target: Target) -> None:
    """A new subscription from today: new anchor, the price version of the day. Source: R13.2"""
    refuse_in_debt(decision)
    if target.plan is None:
        raise Invalid(N_("Name the plan to buy."), {"plan": "missing"})
    if decision.subscription.collection is Collection.INVOICE and target.interval is not Interval.YEAR:
        raise offline_requires_annual()
    decision.change(book_version=decision.context.books.newest(decision.at))
    whole = Target(target.plan, target.interval or Interval.MONTH, target.seats or max(1, decision.billing.responders))
    check_target(decision, whole)
    _check_people(decision, whole.seats or 1)
    begin_term_today(decision, whole)
    invoice_now(decision, term_lines(decision), first=True)
    decision.tell(LetterKind.CHANGED, **facts_of(whole))
    decision.because("a new subscription begins today")


def begin_term_today(decision: Decision, target: Target, on: date | None = None) -> None:
    """Everything of the target from now on; the anchor is today, or `on`."""
    on = on or decision.on
    interval = target.interval or Interval.MONTH
    decision.change(
        plan=target.plan,
        interval=interval,
        anchor_on=on,
        term_starts_on=on,
        term_ends_on=boundary(on, interval.months),
        window_starts_on=on,
        window_starts_at=decision.at,
        **_with_bought(decision.subscription, target.seats or 1),
        chosen=None,
        trial_ends_at=None,
        converting=False,
        grace_ends_at=None,
        free_since=None,
        standing=Standing.ACTIVE,
        cancels=False,
    )
    restand(decision)


def term_lines(decision: Decision) -> list[Line]:
    """What a whole new term and its first window cost: seats, stakeholders, numbers."""
    subscription = decision.subscription
    interval = subscription.interval or Interval.MONTH
    bought = billed_seats(subscription)
    seats = seats_line(decision.book, subscription.plan, interval, subscription.currency, bought, decision.term)
    return [seats, *stakeholders_lines(decision, decision.term), *numbers.window_lines(decision)]


def stakeholders_lines(decision: Decision, term: Period, on: date | None = None) -> Sequence[Line]:
    """The stakeholders of a plan that has them, at nothing. Source: R8.5"""
    count = decision.billing.stakeholders
    if not count or decision.plan.stakeholders_limit == 0:
        return []
    starts_on = max(on, term.starts_on) if on else term.starts_on
    return [Line(LineKind.STAKEHOLDERS, decision.plan.key, count, 0, 0, starts_on, term.ends_on)]


def billed_seats(subscription: Subscription) -> int:
    """The seats that debits exist for: those of the day's auto-expansion are invoiced at its end. Source: S22"""
    return subscription.expanded_from if subscription.expanded_on is not None else subscription.seats


def _with_bought(subscription: Subscription, bought: int) -> dict[str, object]:
    """The fields of seats after so many are bought: those that expanded today are priced by its midnight alone."""
    if subscription.expanded_on is not None and subscription.seats > bought:
        return {"seats": subscription.seats, "expanded_from": bought}
    return {"seats": bought, "expanded_on": None, "expanded_from": 0}


def close_window(decision: Decision) -> ClosedWindow | None:
    """The running window ends now; its usage goes on the next regular invoice, if it could come to anything.

    What comes back is the window, None where there is none.
    """
    starts_at = decision.subscription.window_starts_at
    if starts_at is None or starts_at >= decision.at:
        return None
    window = ClosedWindow(starts_at, decision.at)
    if could_charge(decision, window) or decision.billing.closed:  # else what one before carries would wait longer. S07
        decision.keep(closed=(*decision.billing.closed, window))
    return window


def _running_seats(decision: Decision) -> list:  # type: ignore[type-arg]
    return [debit for debit in running(decision.billing.debits, decision.on) if debit.kind is LineKind.SEATS]


def drop_scheduled(decision: Decision, command: DropScheduled) -> None:
    """Raises: Conflict where nothing is scheduled."""
    if decision.subscription.scheduled is None:
        raise Conflict(N_("No change is scheduled."))
    decision.change(scheduled=None)


def set_auto_expand(decision: Decision, command: SetAutoExpand) -> None:
    decision.change(auto_expand=command.enabled)


def set_spending_cap(decision: Decision, command: SetSpendingCap) -> None:
    """Raises: Invalid below zero."""
    if command.minor is not None and command.minor < 0:
        raise Invalid(N_("A spending cap is an amount of at least 0."), {"cap": "below zero"})
    decision.change(spending_cap_minor=command.minor)


def is_free(subscription: Subscription) -> bool:
    return subscription.plan == FREE
