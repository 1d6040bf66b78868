"""Pages: how accounts are billed, for operators: payments by transfer, offline orders, trials, grants. Source: R4.2"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Response

from tocsin import i18n
from tocsin.accounts import audit, store
from tocsin.accounts.audit import Actor
from tocsin.accounts.pages.audit import whole_number
from tocsin.accounts.pages_access import PageContext, operator_page
from tocsin.billing import operator_store, service
from tocsin.billing.account import PaymentMethod
from tocsin.billing.buyers import LABELS, AddressMissing
from tocsin.billing.commands import (
    AcceptOfflineOrder,
    Command,
    CorrectBuyer,
    EndGrant,
    ExtendTrial,
    Grant,
    GrantTrial,
    RecordPayment,
    WriteOff,
)
from tocsin.billing.correction import is_same_buyer
from tocsin.billing.dunning import WRITE_OFF_AFTER
from tocsin.billing.keeping import Rails
from tocsin.billing.model import Buyer
from tocsin.billing.operator_store import OwedInvoice
from tocsin.billing.orders import SEATS_BOUNDS
from tocsin.billing.pages.subscription import STANDINGS
from tocsin.billing.service import Asked
from tocsin.billing.usage_pages import parse_amount
from tocsin.errors import Conflict, Forbidden, Invalid, NotFound
from tocsin.i18n import N_
from tocsin.licensing import pricebook_service
from tocsin.licensing.model import Interval, Standing, Target
from tocsin.licensing.pricebook import Plan
from tocsin.licensing.quote import MOST_SEATS

router = APIRouter()
Operator = Annotated[PageContext, Depends(operator_page())]
ConfirmedOperator = Annotated[PageContext, Depends(operator_page(confirmed=True))]
HERE = "/operator/billing"
PER_PAGE = 50
OWED_SHOWN = 100
TEXT_LIMIT = 200
NO_PAGE = N_("There is no such page.")


@router.get(HERE)
async def get_accounts(ctx: Operator) -> Response:
    """Accounts with plan, standing and what they owe; invoices that wait for money; who sells."""
    search = ctx.request.query_params.get("q", "").strip()[:TEXT_LIMIT]
    first = whole_number(ctx.request.query_params.get("from", "0")) or 0
    async with ctx.databases.engine.transaction() as tx:
        found = await operator_store.list_accounts(tx, search, PER_PAGE + 1, first)
        owed = await operator_store.list_owed(tx, OWED_SHOWN)
        hopeless = await operator_store.list_hopeless(tx, WRITE_OFF_AFTER, OWED_SHOWN)
        book = await pricebook_service.current(tx)
    return ctx.html(
        "billing/operator_accounts.html",
        accounts=found[:PER_PAGE],
        owed=owed,
        hopeless=hopeless,
        key=str(uuid4()),
        seller=book.seller,
        search=search,
        money=_money(ctx),
        day=_day(ctx),
        standings={standing.value: ctx.say(text) for standing, text in STANDINGS.items()},
        previous=_page_address(search, max(0, first - PER_PAGE)) if first else "",
        next=_page_address(search, first + PER_PAGE) if len(found) > PER_PAGE else "",
        **ctx.settings_tabs,
    )


def _page_address(search: str, first: int) -> str:
    return f"{HERE}?{urlencode({'q': search, 'from': first})}"


def _money(ctx: PageContext) -> Callable[[int, str], str]:
    return lambda minor, currency: i18n.money(ctx.viewer.locale, minor, currency)


def _day(ctx: PageContext) -> Callable[[date], str]:
    return lambda on: i18n.date_in_full(ctx.viewer.locale, on)


@router.get(HERE + "/{account_id}")
async def get_account(ctx: Operator, account_id: str) -> Response:
    """One account: what can be done about its billing."""
    number = whole_number(account_id)
    if number is None:
        raise NotFound(NO_PAGE)
    engine = ctx.databases.engine
    billing = await service.find(engine, number)
    async with engine.transaction() as tx:
        account = await store.get_account(tx, number)
        owed = await operator_store.list_owed(tx, OWED_SHOWN, number)
        written_off = await operator_store.list_written_off(tx, number, OWED_SHOWN)
        made_out = await operator_store.list_correctable(tx, number, OWED_SHOWN)
        payments = await operator_store.list_payments(tx, number, PER_PAGE)
        book = await pricebook_service.current(tx)
    subscription = billing.subscription if billing is not None else None
    standing = subscription.standing if subscription is not None else Standing.GRANTED
    return ctx.html(
        "billing/operator_account.html",
        account=account,
        billing=billing,
        subscription=subscription,
        standing=ctx.say(STANDINGS[standing]),
        plan=book.plan(subscription.plan).name if subscription is not None else "",
        owed=owed,
        written_off=written_off,
        made_out=[it for it in made_out if billing is not None and not is_same_buyer(it.buyer, billing.buyer)],
        address=_address,
        payments=payments,
        plans=[(plan.key, _plan_name(ctx, plan)) for plan in book.plans.values() if not plan.is_free],
        methods=[("transfer", ctx.words("Bank transfer")), ("cheque", ctx.words("Cheque"))],
        today=ctx.at.astimezone(ZoneInfo(subscription.zone if subscription else "UTC")).date().isoformat(),
        money=_money(ctx),
        day=_day(ctx),
        here=f"{HERE}/{number}",
        key=str(uuid4()),
        **ctx.settings_tabs,
    )


def _address(buyer: Buyer) -> str:
    """Who somebody is and where, in one row."""
    town = f"{buyer.postal_code} {buyer.city}".strip()
    return ", ".join(text for text in (buyer.name, *buyer.address, town, buyer.country, buyer.vat_id) if text)


def _plan_name(ctx: PageContext, plan: Plan) -> str:
    return ctx.words("%(plan)s (not on sale)", plan=plan.name) if plan.hidden else plan.name


@router.post(HERE + "/{account_id}/{action}")
async def post_action(ctx: ConfirmedOperator, account_id: str, action: str) -> Response:
    """Record or take back a payment, write off, correct the buyer, accept an order on an invoice, extend the trial,
    grant everything.
    """
    number, make = whole_number(account_id), ACTIONS.get(action)
    if number is None or make is None:
        raise NotFound(NO_PAGE)
    back = f"{HERE}/{number}"
    try:
        command, key, facts = await make(ctx, number)
        asked = Asked(command, f"operator-{action}-{key}")
        rails: Rails = ctx.request.app.state.rails
        result = await service.perform(ctx.databases.engine, rails, number, asked, ctx.at)
        if isinstance(command, CorrectBuyer):
            made = [await service.document(ctx.databases.engine, number, it) for it in result.documents]
            facts["documents"] = [document.number for document in made]
    except AddressMissing as error:
        fields = ", ".join(ctx.say(LABELS[field]) for field in error.fields)
        said = ctx.words(
            "The owners fill in the billing address first, under Settings. It lacks: %(fields)s.", fields=fields
        )
        return ctx.redirect(back, "danger", said)
    except (Invalid, Conflict, Forbidden) as error:
        return ctx.redirect(back, "danger", ctx.say(error))
    await _record(ctx, number, action, facts)
    return ctx.redirect(back, "success", ctx.say(SAID[action]))


Made = tuple[Command, str, dict[str, object]]


async def _payment(ctx: PageContext, account_id: int) -> Made:
    """Money that came by transfer or cheque. Raises: Invalid."""
    form, (invoice, was_written_off) = ctx.form, await _payable(ctx, account_id)
    minor = parse_amount(form.text("amount"), invoice.currency)
    if form.text("method") not in {"transfer", "cheque"} or minor is None:
        raise Invalid(N_("Say how much came, and how."), {"amount": "missing"})
    key, method, reference = form.text("key")[:64], PaymentMethod(form.text("method")), form.text("reference")
    paid_on = _paid_on(form.text("paid_on"))
    command = RecordPayment(invoice.id, minor, method, reference[:TEXT_LIMIT], _ident(key), paid_on)
    facts: dict[str, object] = {"invoice": invoice.number, "amount_minor": minor, "method": method.value}
    if paid_on:
        facts["paid_on"] = paid_on.isoformat()
    if was_written_off:
        facts |= {"written_off_minor": invoice.owed_minor, "reference": reference[:TEXT_LIMIT]}
    return command, key, facts


def _paid_on(text: str) -> date | None:
    """The day of a payment; None for today. Raises: Invalid."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid(N_("Choose the day on which the money came."), {"paid_on": "no date"}) from None


async def _payable(ctx: PageContext, account_id: int) -> tuple[OwedInvoice, bool]:
    """The invoice that the form names, and whether it was written off. Raises: Invalid where nothing of it is open."""
    async with ctx.databases.engine.transaction() as tx:
        owed = await operator_store.list_owed(tx, OWED_SHOWN, account_id)
        written_off = await operator_store.list_written_off(tx, account_id, OWED_SHOWN)
    found = _chosen(ctx, [*written_off, *owed])
    return found, found not in owed


async def _owed(ctx: PageContext, account_id: int) -> OwedInvoice:
    """The invoice that the form names. Raises: Invalid where nothing is owed of it."""
    async with ctx.databases.engine.transaction() as tx:
        return _chosen(ctx, await operator_store.list_owed(tx, OWED_SHOWN, account_id))


def _chosen(ctx: PageContext, invoices: Sequence[OwedInvoice]) -> OwedInvoice:
    document, known = _ident(ctx.form.text("document")), {one.id: one for one in invoices}
    if document not in known:
        raise Invalid(N_("Choose an invoice that is open."), {"document": "not open"})
    return known[document]


async def _correction(ctx: PageContext, account_id: int) -> Made:
    """An invoice that names the buyer wrongly is credited and made out anew. Raises: NotFound."""
    document = await service.document(ctx.databases.engine, account_id, _ident(ctx.form.text("document")))
    facts: dict[str, object] = {"invoice": document.number, "was": _address(document.buyer)}
    return CorrectBuyer(document.id), f"{document.id}-{ctx.form.text('key')[:40]}", facts


async def _write_off(ctx: PageContext, account_id: int) -> Made:
    """What is owed of an invoice will not come. Raises: Invalid."""
    invoice, reason = await _owed(ctx, account_id), ctx.form.text("reason")[:TEXT_LIMIT]
    if not reason:
        raise Invalid(N_("Say why it is written off."), {"reason": "missing"})
    facts = {"invoice": invoice.number, "amount_minor": invoice.owed_minor, "reason": reason}
    return WriteOff(invoice.id, reason), f"{invoice.id}-{ctx.form.text('key')[:40]}", facts


async def _reversal(ctx: PageContext, account_id: int) -> Made:
    """A payment that was taken back: the cheque bounced. Once. Raises: NotFound."""
    wanted = _ident(ctx.form.text("payment"))
    async with ctx.databases.engine.transaction() as tx:
        known = {one.id: one for one in await operator_store.list_payments(tx, account_id, 1_000)}
    it = known.get(wanted)
    if it is None or it.amount_minor <= 0 or it.method == "write_off":
        raise NotFound(N_("There is no such payment."))
    command = it.taken_back(ctx.form.text("reference")[:TEXT_LIMIT])
    return command, str(it.id), {"invoice": it.number, "amount_minor": it.came_minor}


async def _extension(ctx: PageContext, account_id: int) -> Made:
    """Another end of the trial; on Free, another trial. Raises: Invalid."""
    try:
        ends_on = date.fromisoformat(ctx.form.text("ends_on"))
    except ValueError:
        raise Invalid(N_("Choose the day on which the trial ends."), {"ends_on": "no date"}) from None
    billing = await service.find(ctx.databases.engine, account_id)
    is_on_free = billing is not None and billing.subscription.standing is Standing.FREE
    command = GrantTrial(ends_on) if is_on_free else ExtendTrial(ends_on)
    return command, ctx.form.text("key")[:64], {"trial_ends_on": ends_on.isoformat()}


async def _offline(ctx: PageContext, account_id: int) -> Made:
    """An order that is paid on an invoice: annual only. Raises: Invalid."""
    form, seats = ctx.form, whole_number(ctx.form.text("users"))
    if not seats or seats > MOST_SEATS:
        raise Invalid(SEATS_BOUNDS, {"users": f"from 1 to {MOST_SEATS}"}, params={"most": MOST_SEATS})
    po_number = form.text("po_number")[:TEXT_LIMIT]
    target = Target(form.text("plan"), Interval.YEAR, seats)
    ceiling = await _ceiling(ctx, account_id)
    command = AcceptOfflineOrder(target, po_number, ceiling, form.has("po_required"))
    facts: dict[str, object] = {"plan": target.plan, "seats": seats, "po_number": po_number, "ceiling_minor": ceiling}
    return command, form.text("key")[:64], facts


async def _ceiling(ctx: PageContext, account_id: int) -> int | None:
    """What the purchase order covers at most; None where it says nothing. Raises: Invalid."""
    text, billing = ctx.form.text("ceiling"), await service.find(ctx.databases.engine, account_id)
    return parse_amount(text, billing.subscription.currency) if text and billing is not None else None


async def _grant(ctx: PageContext, account_id: int) -> Made:
    return Grant(), ctx.form.text("key")[:64], {"granted": True}


async def _end_grant(ctx: PageContext, account_id: int) -> Made:
    return EndGrant(), ctx.form.text("key")[:64], {"granted": False}


ACTIONS = {
    "payment": _payment,
    "write-off": _write_off,
    "reverse": _reversal,
    "correct": _correction,
    "extend": _extension,
    "offline": _offline,
    "grant": _grant,
    "end-grant": _end_grant,
}
SAID = {
    "payment": N_("The payment is recorded."),
    "write-off": N_("It is written off; nobody asks for it any more."),
    "reverse": N_("The payment is taken back; the invoice is owed again."),
    "correct": N_("The invoice is credited, and a new one is made out to the buyer. Both are mailed."),
    "extend": N_("The trial lasts until then."),
    "offline": N_("The order is accepted. It is invoiced when it begins."),
    "grant": N_("The account has everything from now on, and is never billed."),
    "end-grant": N_("The account is on Free now."),
}


def _ident(text: str) -> UUID:
    """Raises: Invalid."""
    try:
        return UUID(text)
    except ValueError:
        raise Invalid(N_("This form is too old. Open the page again and retry.")) from None


async def _record(ctx: PageContext, account_id: int, action: str, facts: dict[str, object]) -> None:
    """In the account's own log, so that its owners read what the operator did."""
    actor = Actor(account_id, ctx.user.username, ctx.at, None, ctx.info.address, ctx.info.id)
    async with ctx.databases.engine.transaction() as tx:
        await audit.record(tx, actor, f"operator: {action}", "subscription", account_id, "", after=facts)
