"""Pages: the subscription, what a change would cost, and the change. Source: R4.3, R4.4, R6, R8.2"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal
from urllib.parse import urlencode
from uuid import uuid4
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Response

from tocsin import i18n
from tocsin.accounts import audit
from tocsin.accounts.pages_access import PageContext
from tocsin.billing import charging, service, trial
from tocsin.billing.account import AccountBilling, Outcome
from tocsin.billing.buyers import AddressMissing
from tocsin.billing.charging import Result
from tocsin.billing.coming import dunning_ends_at
from tocsin.billing.commands import Command, DropScheduled, Order, Resume, SetAutoExpand
from tocsin.billing.model import DocumentKind
from tocsin.billing.orders import SEATS_BOUNDS, plans_had
from tocsin.billing.pages.common import (
    ADDRESS,
    INFORMATION,
    SUBSCRIPTIONS,
    DocumentRow,
    Owning,
    billing_of,
    book_of,
    document_row,
    existing,
    limits_of,
    rails_of,
)
from tocsin.billing.quotes_api import PO_LIMIT, quote_file
from tocsin.billing.service import Asked
from tocsin.errors import Conflict, Invalid, TocsinError
from tocsin.i18n import N_
from tocsin.licensing.model import FREE, Interval, Standing, Subscription, Target
from tocsin.licensing.periods import day_of
from tocsin.licensing.places import country_options
from tocsin.licensing.pricebook import PriceBook, seat_price
from tocsin.licensing.quote import MOST_SEATS

router = APIRouter()

STANDINGS = {
    Standing.GRANTED: N_("Everything included"),
    Standing.TRIALING: N_("Trial"),
    Standing.ACTIVE: N_("Active"),
    Standing.PAST_DUE: N_("Payment overdue"),
    Standing.RESTRICTED: N_("Restricted: payment long overdue"),
    Standing.CANCELING: N_("Cancelled, runs until the period ends"),
    Standing.FREE: N_("Free"),
    Standing.DELETING: N_("Being deleted"),
    Standing.DELETED: N_("Deleted"),
}
INTERVALS = {"annual": Interval.YEAR, "monthly": Interval.MONTH}
INTERVAL_WORDS = {Interval.YEAR: N_("Annual"), Interval.MONTH: N_("Monthly")}
DIGITS = 9


@dataclass(frozen=True, slots=True)
class Wish:
    """What the form asks for; `address` leads back to its preview."""

    plan: str
    interval: Interval
    seats: int
    start_today: bool

    @property
    def target(self) -> Target:
        return Target(self.plan, self.interval, self.seats)

    @property
    def address(self) -> str:
        name = "annual" if self.interval is Interval.YEAR else "monthly"
        query = {"billing": name, "users": self.seats, "plan": self.plan, "start": "today" if self.start_today else ""}
        return f"{SUBSCRIPTIONS}/change?{urlencode(query)}"


def wish_of(given: dict[str, str]) -> Wish:
    """The form's fields. Raises: Invalid."""
    interval = INTERVALS.get(given.get("billing", ""))
    seats = given.get("users", "").strip()
    if interval is None:
        raise Invalid(N_("Choose monthly or annual billing."), {"billing": "unknown"})
    if not seats.isdecimal() or len(seats) > DIGITS or not 1 <= int(seats) <= MOST_SEATS:
        raise Invalid(SEATS_BOUNDS, {"users": f"from 1 to {MOST_SEATS}"}, params={"most": MOST_SEATS})
    return Wish(given.get("plan", ""), interval, int(seats), given.get("start") == "today")


@router.get(SUBSCRIPTIONS)
async def get_subscription(ctx: Owning) -> Response:
    """How the subscription stands, and what can be done with it."""
    return await _page(ctx)


async def _page(ctx: PageContext, error: str = "", wish: Wish | None = None) -> Response:
    billing = await billing_of(ctx)
    if billing is None or billing.subscription.standing is Standing.GRANTED:
        return ctx.html("billing/granted.html", **ctx.settings_tabs)
    subscription, book = billing.subscription, await book_of(ctx, billing.subscription.book_version)
    newest = await book_of(ctx)
    plans = _plans(newest, billing.subscription)
    shown = wish if wish is not None and wish.plan in dict(plans) else _start(billing, plans, wish)
    return ctx.html(
        "billing/subscription.html",
        status_code=422 if error else 200,
        error=error,
        billing=billing,
        subscription=subscription,
        plan=book.plan(subscription.plan).name,
        standing=ctx.say(STANDINGS[subscription.standing]),
        interval=ctx.say(INTERVAL_WORDS[subscription.interval]) if subscription.interval else "",
        price=_price(ctx, book, billing),
        period_ends=_said(ctx, subscription.term_ends_on),
        scheduled=_target_words(ctx, book, subscription.scheduled),
        chosen=_target_words(ctx, newest, subscription.chosen),
        days_left=_days_left(subscription.trial_ends_at, ctx.at),
        owed=_owed(ctx, billing),
        free_on=_free_on(ctx, billing),
        lacks_card=subscription.standing is Standing.TRIALING and trial.lacks_card(subscription),
        has_gateway=rails_of(ctx.request).gateway is not None,
        plans=plans,
        wish=shown,
        intervals=[("annual", ctx.words("Annual")), ("monthly", ctx.words("Monthly"))],
        key=str(uuid4()),
        **ctx.settings_tabs,
    )


def _plans(newest: PriceBook, subscription: Subscription) -> list[tuple[str, str]]:
    """Key and name of what can be chosen: what is on sale, and what this account has. Source: R6.2"""
    had = plans_had(subscription)
    return [
        (plan.key, plan.name)
        for plan in newest.plans.values()
        if not plan.is_free and (not plan.hidden or plan.key in had)
    ]


def _start(billing: AccountBilling, plans: Sequence[tuple[str, str]], wish: Wish | None) -> Wish:
    """What the form begins with: what is to come, else what there is, else the middle one of the plans.

    So who changes one thing leaves what is scheduled for the others. After a mistake it is as it was typed.
    """
    subscription = billing.subscription
    target = subscription.chosen or subscription.scheduled or Target()
    had = target.plan or (subscription.plan if subscription.term_ends_on else "")
    plan = had or (plans[len(plans) // 2][0] if plans else "")
    if wish is not None:
        return replace(wish, plan=plan)
    interval = target.interval or subscription.interval or Interval.MONTH
    seats = target.seats or (subscription.seats if subscription.term_ends_on else max(1, billing.responders))
    return Wish(plan, interval, seats, start_today=False)


def _price(ctx: PageContext, book: PriceBook, billing: AccountBilling) -> str:
    subscription = billing.subscription
    if subscription.interval is None or subscription.plan == FREE:
        return ""
    minor = seat_price(book, subscription.plan, subscription.interval, subscription.currency, subscription.seats)
    money = i18n.money(ctx.viewer.locale, minor, subscription.currency)
    if subscription.interval is Interval.YEAR:
        return ctx.words("%(money)s a year, plus tax", money=money)
    return ctx.words("%(money)s a month, plus tax", money=money)


def _said(ctx: PageContext, day: date | None) -> str:
    return i18n.date_in_full(ctx.viewer.locale, day) if day else ""


def _owed(ctx: PageContext, billing: AccountBilling) -> str:
    owed = sum(one.document.owed_minor for one in billing.unpaid)
    return i18n.money(ctx.viewer.locale, owed, billing.subscription.currency) if owed else ""


def _free_on(ctx: PageContext, billing: AccountBilling) -> str:
    """The day on which the account moves to Free if what is overdue is not paid; "" where nothing is."""
    ends_at = dunning_ends_at(billing)
    return _said(ctx, day_of(ends_at, ZoneInfo(billing.subscription.zone))) if ends_at else ""


def _days_left(ends_at: datetime | None, at: datetime) -> int:
    return max(0, (ends_at - at) // timedelta(days=1)) if ends_at else 0


def _target_words(ctx: PageContext, book: PriceBook, target: Target | None) -> str:
    """For instance "Standard, 10 seats, annual"."""
    if target is None:
        return ""
    parts = [book.plan(target.plan).name] if target.plan else []
    if target.seats:
        parts.append(ctx.words.ngettext("%(num)s seat", "%(num)s seats", target.seats))
    if target.interval:
        parts.append(ctx.say(INTERVAL_WORDS[target.interval]).lower())
    return ", ".join(parts)


@router.get(f"{SUBSCRIPTIONS}/change")
async def get_change(ctx: Owning) -> Response:
    """What the change would cost and bring: the money first. Nothing has changed yet."""
    try:
        wish = wish_of(dict(ctx.request.query_params))
    except Invalid as error:
        return await _page(ctx, ctx.say(error))
    try:
        return await _preview(ctx, wish)
    except AddressMissing as error:
        return _to_address(ctx, wish, error)
    except (Invalid, Conflict) as error:
        return await _page(ctx, ctx.say(error), wish)


def _to_address(ctx: PageContext, wish: Wish, error: AddressMissing) -> Response:
    """On to the form of the billing address, which leads back to what was chosen."""
    return ctx.redirect(f"{ADDRESS}?{urlencode({'then': wish.address})}", "info", ctx.say(error))


async def _preview(ctx: PageContext, wish: Wish, error: str = "", status: int = 200) -> Response:
    billing = await existing(ctx)
    outcome = await service.preview(
        ctx.db, rails_of(ctx.request), ctx.account_id, Order(wish.target, wish.start_today), ctx.at
    )
    book = await book_of(ctx)
    rails = rails_of(ctx.request)
    return ctx.html(
        "billing/change.html",
        status_code=status,
        error=error,
        wish=wish,
        plan=book.plan(wish.plan).name,
        interval=ctx.say(INTERVAL_WORDS[wish.interval]),
        documents=_documents(ctx, outcome),
        payment=_payment(ctx, outcome),
        scheduled=_target_words(ctx, book, outcome.billing.subscription.scheduled),
        replaced=_target_words(ctx, book, _replaced(billing.subscription, outcome.billing.subscription)),
        replaced_on=_said(ctx, billing.subscription.term_ends_on),
        when=_said(ctx, outcome.billing.subscription.term_ends_on),
        trial_ends_at=billing.subscription.trial_ends_at,
        regular=_regular(ctx, book, wish, billing.subscription.currency),
        losses=await _losses(ctx, wish),
        gains=await _gains(ctx, wish),
        buyer=billing.buyer,
        country=dict(country_options(ctx.viewer.locale)).get(billing.buyer.country, billing.buyer.country),
        needs_card=rails.gateway is not None and billing.subscription.default_card_id is None,
        has_gateway=rails.gateway is not None,
        net_days=book.thresholds.net_days,
        offline=wish.interval is Interval.YEAR,
        version=billing.subscription.version,
        key=str(uuid4()),
        **ctx.settings_tabs,
    )


def _replaced(before: Subscription, after: Subscription) -> Target | None:
    """What was scheduled and would not come any more; None where all of it stays. Source: S08, S09"""
    was, becomes = before.scheduled or Target(), after.scheduled or Target()
    gone = Target(
        was.plan if was.plan != becomes.plan else None,
        was.interval if was.interval != becomes.interval else None,
        was.seats if was.seats != becomes.seats else None,
    )
    return None if gone == Target() else gone


@dataclass(frozen=True, slots=True)
class Payment:
    """How and when the change is paid: `amount` of all that is to be paid, empty for nothing; `day` by which or on
    which that is, empty for now.
    """

    how: Literal["nothing", "card", "invoice"]
    amount: str = ""
    day: str = ""
    waits: bool = False  # for the end of the trial


def _payment(ctx: PageContext, outcome: Outcome) -> Payment:
    subscription, begins = outcome.billing.subscription, outcome.begins_with
    locale, currency = ctx.viewer.locale, subscription.currency
    if begins is not None:
        amount = i18n.money(locale, begins.gross_minor, begins.currency)
        if begins.due_on is not None:
            return Payment("invoice", amount, _said(ctx, begins.due_on), waits=True)
        return Payment("card", amount, _said(ctx, begins.dated_on), waits=True)
    if outcome.first is not None:
        return Payment("card", i18n.money(locale, outcome.first.amount_minor, outcome.first.currency))
    owed = [one for one in outcome.documents if one.kind is DocumentKind.INVOICE and one.owed_minor > 0]
    if not owed:
        return Payment("nothing")
    due_on = min((one.due_on for one in owed if one.due_on is not None), default=None)
    return Payment("invoice", i18n.money(locale, sum(one.owed_minor for one in owed), currency), _said(ctx, due_on))


@router.get(f"{SUBSCRIPTIONS}/quote.pdf")
async def get_quote(ctx: Owning) -> Response:
    """An offer on paper: for whoever orders by purchase order. Source: R3.2, R4.2"""
    given = dict(ctx.request.query_params)
    try:
        wish = wish_of(given | {"billing": "annual"})
        po_number = given.get("po_number", "").strip()[:PO_LIMIT]
        quote = await service.quote(
            ctx.db, rails_of(ctx.request), ctx.account_id, wish.plan, wish.seats, po_number, ctx.at
        )
    except (Invalid, Conflict) as error:
        return await _page(ctx, ctx.say(error))
    return await quote_file(quote)


def _documents(ctx: PageContext, outcome: Outcome) -> Sequence[DocumentRow]:
    """Those of now, and the one that the plan chosen in a trial begins with."""
    later = [outcome.begins_with] if outcome.begins_with is not None else []
    return [document_row(ctx.viewer.locale, it) for it in (*outcome.documents, *later) if it.lines]


def _regular(ctx: PageContext, book: PriceBook, wish: Wish, currency: str) -> str:
    minor = seat_price(book, wish.plan, wish.interval, currency, wish.seats)
    return i18n.money(ctx.viewer.locale, minor, currency)


async def _losses(ctx: PageContext, wish: Wish) -> list[str]:
    async with ctx.db.transaction() as tx:
        found = await limits_of(ctx.request).lost_with(tx, ctx.account_id, wish.plan, wish.seats, ctx.at)
    return [it.in_words(ctx.viewer.locale) for it in found]


async def _gains(ctx: PageContext, wish: Wish) -> list[str]:
    async with ctx.db.transaction() as tx:
        found = await limits_of(ctx.request).gained_with(tx, ctx.account_id, wish.plan, wish.seats, ctx.at)
    return [it.in_words(ctx.viewer.locale) for it in found]


@router.post(f"{SUBSCRIPTIONS}/change")
async def post_change(ctx: Owning) -> Response:
    """The change holds once it is paid."""
    form = ctx.form
    given = {name: form.text(name) for name in ("billing", "users", "plan", "start")}
    try:
        wish = wish_of(given)
    except Invalid as error:
        return await _page(ctx, ctx.say(error))
    version = form.text("version")
    asked = Asked(
        Order(wish.target, wish.start_today),
        f"page-{form.text('key')[:64]}",
        ctx.user.id,
        int(version) if version.isdecimal() else None,
        f"{ctx.settings.base_url}{SUBSCRIPTIONS}/returned",
    )
    try:
        result = await service.perform(ctx.db, rails_of(ctx.request), ctx.account_id, asked, ctx.at)
    except AddressMissing as error:
        return _to_address(ctx, wish, error)
    except (Invalid, Conflict) as error:
        return await _page(ctx, ctx.say(error), wish)
    await _record(ctx, "ordered", {"plan": wish.plan, "billing": wish.interval.value, "seats": wish.seats})
    return await _answer(ctx, result, wish)


async def _answer(ctx: PageContext, result: Result, wish: Wish) -> Response:
    match result.status:
        case "declined":
            said = ctx.say(result.message) or ctx.words("The card was declined.")
            return await _preview(ctx, wish, error=said, status=402)
        case "action_required":
            return ctx.html("billing/confirm_at_bank.html", url=result.url, **ctx.settings_tabs)
        case "pending":
            return ctx.redirect(SUBSCRIPTIONS, "info", ctx.say(charging.NOT_THROUGH))
        case _:
            return await _done(ctx)


async def _done(ctx: PageContext) -> Response:
    """Back to the subscription; where a chosen plan waits for a card, on to that."""
    subscription = (await existing(ctx)).subscription
    if subscription.standing is Standing.TRIALING and trial.lacks_card(subscription):
        said = ctx.words("Your choice is kept. Add a card before the trial ends, so that it can begin.")
        return ctx.redirect(f"{INFORMATION}/card?{urlencode({'then': SUBSCRIPTIONS})}", "success", said)
    return ctx.redirect(SUBSCRIPTIONS, "success", ctx.words("Done. The change is in force as described."))


async def _record(ctx: PageContext, action: str, after: dict[str, object]) -> None:
    async with ctx.db.transaction() as tx:
        await audit.record(tx, ctx.actor, action, "subscription", ctx.account_id, ctx.account.name, after=after)


@router.get(f"{SUBSCRIPTIONS}/returned")
async def get_returned(ctx: Owning) -> Response:
    """Back from the bank: what became of the payment."""
    result = await charging.look_again(ctx.db, rails_of(ctx.request), ctx.account_id, ctx.at)
    if result.status == "declined":
        said = ctx.say(result.message) or ctx.words("The card was declined.")
        return ctx.redirect(SUBSCRIPTIONS, "danger", said)
    if result.status == "pending":
        return ctx.redirect(SUBSCRIPTIONS, "info", ctx.say(charging.NOT_THROUGH))
    return ctx.redirect(SUBSCRIPTIONS, "success", ctx.words("Thank you. The payment is through."))


COMMANDS: dict[str, tuple[Command, str]] = {
    "drop": (DropScheduled(), N_("The scheduled change is dropped.")),
    "resume": (Resume(), N_("The subscription goes on as before.")),
    "expand-on": (SetAutoExpand(True), N_("From now on a person too many buys a seat, told by invoice.")),
    "expand-off": (SetAutoExpand(False), N_("Seats are bought by you alone again.")),
}


@router.post(SUBSCRIPTIONS + "/do/{what}")
async def post_command(ctx: Owning, what: str) -> Response:
    """Drop what is scheduled, resume, switch automatic seats."""
    if what not in COMMANDS:
        raise Invalid(N_("There is no such page."))
    command, said = COMMANDS[what]
    return await perform_and_return(ctx, command, what, ctx.say(said), SUBSCRIPTIONS)


async def perform_and_return(ctx: PageContext, command: Command, what: str, said: str, to: str) -> Response:
    """Do it once by the form's key, and back to a page that says what came of it."""
    asked = Asked(command, f"page-{what}-{ctx.form.text('key')[:64]}", ctx.user.id)
    try:
        result = await service.perform(ctx.db, rails_of(ctx.request), ctx.account_id, asked, ctx.at)
    except TocsinError as error:
        if error.status not in {402, 409, 422, 428}:
            raise
        return ctx.redirect(to, "danger", ctx.say(error))
    if result.status == "declined":
        return ctx.redirect(to, "danger", ctx.say(result.message))
    await _record(ctx, what, {})
    return ctx.redirect(to, "success", said)
