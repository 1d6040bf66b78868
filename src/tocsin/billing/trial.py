"""The trial: its end, its reminders, the plan that follows it, and the first charge. Pure.

Source: licensing requirements R2.1, R3, CHOICE-20, 22, 23, 24, S16, S28
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tocsin.billing import purchase_order
from tocsin.billing.account import AccountBilling, ChargeFor, ChargeOrder, Context, Letter, LetterKind, PaymentMethod
from tocsin.billing.boundary import to_free
from tocsin.billing.commands import ChargeSettled, ExtendTrial, GrantTrial, Order
from tocsin.billing.decision import Decision, facts_of, midnight_in, restand
from tocsin.billing.invoicing import finalise, invoice_now, make_document
from tocsin.billing.model import Document, DocumentKind
from tocsin.billing.orders import begin_term_today, check_target, offline_requires_annual, term_lines
from tocsin.errors import Conflict, Invalid
from tocsin.i18n import N_
from tocsin.licensing.model import Collection, Interval, Standing, Subscription, Target
from tocsin.licensing.periods import day_of
from tocsin.licensing.pricebook import PriceBook
from tocsin.wall import wall_instant

MAILS_AT = time(9)
"""When mails about a trial go out, by the account's clock. Source: S28"""


def trial_end(started_at: datetime, zone: str, days: int) -> datetime:
    """Midnight after so many whole local days that follow the first one. Source: CHOICE-20"""
    return midnight_in(day_of(started_at, ZoneInfo(zone)) + timedelta(days=days + 1), zone)


def new_trial(account_id: int, zone: str, currency: str, book: PriceBook, newest: int, at: datetime) -> Subscription:
    """The subscription of an account that signs up: every feature of the trial's plan until the trial ends."""
    return Subscription(
        account_id=account_id,
        standing=Standing.TRIALING,
        plan=book.trial.plan,
        interval=None,
        seats=0,
        currency=currency,
        zone=zone,
        book_version=newest,
        collection=Collection.CARD,
        created_on=day_of(at, ZoneInfo(zone)),
        trial_ends_at=trial_end(at, zone, book.trial.days),
        reminded_until=at,
        price_noticed=newest,
    )


def choose(decision: Decision, command: Order) -> None:
    """Pick what follows the trial, or begin it today. The trial goes on until its end, and costs nothing."""
    subscription = decision.subscription
    check_target(decision, command.target)
    if subscription.converting:
        raise Conflict(N_("The first payment is being made; try again in a moment."))
    before = subscription.chosen or Target()
    seats = command.target.seats or before.seats or max(1, decision.billing.responders)
    plan = command.target.plan or before.plan
    interval = command.target.interval or before.interval or Interval.MONTH
    if plan is None:
        raise Invalid(N_("Name the plan that is to follow the trial."), {"plan": "missing"})
    if subscription.collection is Collection.INVOICE and interval is not Interval.YEAR:
        raise offline_requires_annual()
    decision.change(book_version=decision.context.books.newest(decision.at))
    chosen = Target(plan, interval, seats)
    check_target(decision, chosen)
    purchase_order.add(decision, plan, seats)
    decision.change(chosen=chosen, cancels=False)
    if command.start_today:
        begin_term_today(decision, chosen)
        invoice_now(decision, term_lines(decision), first=True)
        decision.tell(LetterKind.CHANGED, **facts_of(chosen))
        return
    decision.tell(LetterKind.CHANGE_SCHEDULED, on=ends_on(subscription), **_chosen_facts(decision.subscription))
    decision.because("begins when the trial ends")
    if lacks_card(decision.subscription):
        decision.because("no card is on file: without one by the trial's end it cannot begin")


def lacks_card(subscription: Subscription) -> bool:
    """Whether a plan is chosen that a card pays, and none is on file."""
    by_card = subscription.collection is Collection.CARD and subscription.default_card_id is None
    return by_card and subscription.chosen is not None


def _chosen_facts(subscription: Subscription) -> Mapping[str, object]:
    """What follows the trial, for a letter; nothing where that is Free."""
    if subscription.chosen is None or subscription.cancels:
        return {}
    return {**facts_of(subscription.chosen), **({"lacks_card": True} if lacks_card(subscription) else {})}


def extend(decision: Decision, command: ExtendTrial) -> None:
    """Move the trial's end; reminders are those of the new end that are still to come. Raises: Conflict, Invalid."""
    subscription = decision.subscription
    if subscription.standing is not Standing.TRIALING or subscription.trial_ends_at is None:
        raise Conflict(N_("The account is in no trial."))
    new_end = midnight_in(command.ends_on, subscription.zone)
    if new_end < subscription.trial_ends_at:
        raise Invalid(N_("A trial can be extended, not shortened."), {"ends_on": "earlier than now"})
    decision.change(trial_ends_at=new_end, reminded_until=decision.at)


def grant_another(decision: Decision, command: GrantTrial) -> None:
    """An account on Free has everything again until the trial's new end. Raises: Conflict, Invalid. Source: R2.1"""
    subscription = decision.subscription
    if subscription.standing is not Standing.FREE:
        raise Conflict(N_("Another trial is for an account on Free."))
    if decision.billing.unpaid:
        raise Conflict(N_("Its open invoices come first."))
    new_end = midnight_in(command.ends_on, subscription.zone)
    if new_end <= decision.at:
        raise Invalid(N_("A trial ends after today."), {"ends_on": "not later than today"})
    newest = decision.context.books.newest(decision.at)
    decision.change(
        standing=Standing.TRIALING,
        plan=decision.context.books.version(newest).trial.plan,
        book_version=newest,
        seats=0,
        trial_ends_at=new_end,
        reminded_until=decision.at,
        free_since=None,
        chosen=None,
        cancels=False,
    )
    decision.begin_term()


def ends_on(subscription: Subscription) -> date:
    """The first day after the trial."""
    assert subscription.trial_ends_at is not None  # noqa: S101
    return day_of(subscription.trial_ends_at, ZoneInfo(subscription.zone))


def next_reminder(billing: AccountBilling, book: PriceBook) -> tuple[datetime, int] | None:
    """When the next mail about the trial's end goes out, and how many days before the end that is."""
    subscription = billing.subscription
    if subscription.trial_ends_at is None or subscription.reminded_until is None:
        return None
    zone, end = ZoneInfo(subscription.zone), ends_on(subscription)
    for days in sorted(book.trial.reminder_days, reverse=True):
        at = wall_instant(end - timedelta(days=days), MAILS_AT, zone)
        if at > subscription.reminded_until and days > 0:
            return at, days
    return None


def remind(decision: Decision) -> None:
    """Send the reminder that is due."""
    subscription = decision.subscription
    found = next_reminder(decision.billing, decision.book)
    if found is None:
        return
    decision.change(reminded_until=found[0])
    facts = {"ends_on": ends_on(subscription), **_chosen_facts(subscription)}
    decision.tell(LetterKind.TRIAL_REMINDER, days=found[1], **facts)


def end(decision: Decision) -> None:
    """The trial is over: the chosen plan begins with its first charge, or the account is on Free. Source: R3.2, R3.4"""
    subscription = decision.subscription
    ended_on = ends_on(subscription)
    _tell_at_nine(decision, LetterKind.TRIAL_ENDED, ended_on, ends_on=ended_on, **_chosen_facts(subscription))
    if subscription.chosen is None or subscription.cancels:
        to_free(decision, tell=False)
        return
    if subscription.collection is Collection.INVOICE:
        convert(decision, None)
        return
    charge_first(decision)


def _tell_at_nine(decision: Decision, kind: LetterKind, on: date, **facts: object) -> None:
    """What happened at a midnight is told at 09:00 of the day `on` that it began."""
    subscription = decision.subscription
    zone = ZoneInfo(subscription.next_zone or subscription.zone)  # in force from the trial's end on. S24
    at = wall_instant(on, MAILS_AT, zone)
    decision.letters.append(Letter(kind, max(at, decision.at), facts))


def charge_first(decision: Decision) -> None:
    """Charge what the first invoice will come to; no document exists before it is paid. Source: S16"""
    converted = _converted(decision)
    unpaid = converted.billing.unpaid
    owed = sum(one.document.owed_minor for one in unpaid)
    decision.change(converting=True)
    decision.charges.append(ChargeOrder(ChargeFor.CONVERSION, owed, decision.subscription.currency, None))


def _converted(decision: Decision) -> Decision:
    """What the account would be with the first invoice made and open."""
    trial = Decision(decision.billing, decision.at, decision.context)
    _begin(trial)
    draft = make_document(trial, DocumentKind.INVOICE, term_lines(trial), dated_on=trial.subscription.anchor_on)
    finalise(trial, draft)
    return trial


def first_invoice(billing: AccountBilling, at: datetime, context: Context) -> Document | None:
    """The draft of the invoice that the chosen plan begins with, at the tax of now; None where none will be made.

    It is dated the day after the trial. Source: R3.2, R6.1
    """
    subscription = billing.subscription
    if subscription.standing is not Standing.TRIALING or subscription.chosen is None or subscription.cancels:
        return None
    assert subscription.trial_ends_at is not None  # noqa: S101
    begun = Decision(billing, subscription.trial_ends_at, context)
    _begin(begun)
    lines, today = term_lines(begun), Decision(begun.billing, at, context)
    if not sum(line.amount_minor for line in lines):
        return None
    begins_on = ends_on(subscription)
    draft = make_document(today, DocumentKind.INVOICE, lines, dated_on=begins_on)
    if subscription.collection is not Collection.INVOICE:
        return draft
    due_on = begins_on + timedelta(days=begun.book.thresholds.net_days)
    return replace(draft, due_at=midnight_in(due_on, begun.subscription.zone))


def _begin(decision: Decision) -> None:
    """The paid term, from the trial's end on, whenever it was paid."""
    subscription = decision.subscription
    assert subscription.chosen is not None and subscription.trial_ends_at is not None  # noqa: S101, PT018
    if subscription.grace_ends_at is None:
        decision.facts_from = subscription.trial_ends_at
    anchor = ends_on(subscription)
    started_at = subscription.trial_ends_at
    zone, next_zone = subscription.next_zone or subscription.zone, None
    if subscription.grace_ends_at is not None:  # a payment is no boundary: the window goes on in its zone. S24
        zone, next_zone = subscription.zone, subscription.next_zone
    begin_term_today(decision, subscription.chosen, anchor)
    decision.change(window_starts_at=started_at, zone=zone, next_zone=next_zone)
    decision.begin_term()


def convert(decision: Decision, settled: ChargeSettled | None) -> None:
    """The first charge is paid, or the order is on an invoice: the term begins and its invoice is finalised."""
    _begin(decision)
    invoice_now(decision, term_lines(decision), first=settled is not None, dated_on=decision.subscription.anchor_on)
    decision.first = None
    if settled is not None:
        method = PaymentMethod.WRITE_OFF if settled.waived else PaymentMethod.CARD
        decision.payments[-1] = replace(decision.payments[-1], reference=settled.reference, method=method)


def first_charge_failed(decision: Decision, settled: ChargeSettled) -> None:
    """Three days to pay, with the chosen plan's features and no document. Source: S16"""
    subscription = decision.subscription
    assert subscription.chosen is not None  # noqa: S101
    decision.change(converting=False)
    if subscription.grace_ends_at is None:
        grace_ends_on = ends_on(subscription) + timedelta(days=decision.book.trial.grace_days)
        decision.change(
            grace_ends_at=midnight_in(grace_ends_on, subscription.zone),
            plan=subscription.chosen.plan,
            seats=subscription.chosen.seats,
            interval=subscription.chosen.interval,
            standing=Standing.PAST_DUE,
        )
        decision.facts_from = subscription.trial_ends_at
        restand(decision)
    decision.tell(
        LetterKind.FIRST_CHARGE_FAILED,
        code=settled.declined,
        action_required=settled.action_required,
        until=decision.subscription.grace_ends_at,
        amount_minor=settled.amount_minor,
        currency=subscription.currency,
    )


def end_grace(decision: Decision) -> None:
    """Not paid in time: Free, and nothing owed. Source: S16"""
    ended_at = decision.subscription.grace_ends_at or decision.at
    _tell_at_nine(decision, LetterKind.MOVED_TO_FREE, day_of(ended_at, ZoneInfo(decision.subscription.zone)))
    to_free(decision, tell=False)
