"""GET and PATCH /v1/subscription, its preview, next invoices, cancellation and resumption.

Changes need a key with the billing right. Amounts are integers in the currency's minor unit.
Source: licensing requirements R4.3, R6.3, R13.2, M9, M13
"""

from datetime import date
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field

from tocsin.billing import service
from tocsin.billing.account import AccountBilling, Outcome
from tocsin.billing.api_access import (
    Envelope,
    Instant,
    OnceKey,
    Paying,
    ResultBody,
    Wire,
    billing_of,
    perform,
    rails_of,
)
from tocsin.billing.cancellation import REASON_LIMIT
from tocsin.billing.commands import Cancel, DropScheduled, Order, Resume
from tocsin.billing.forecast import End, period_of
from tocsin.billing.invoices_api import DocumentBody, LineBody, TaxBody, document_body, line_bodies, tax_bodies
from tocsin.billing.model import Document
from tocsin.http import answer
from tocsin.licensing.model import Collection, Interval, Standing, Target

router = APIRouter(tags=["Billing"])


class TargetBody(Wire):
    """A change that is still to come; null leaves a field as it is."""

    plan: str | None
    interval: Interval | None
    seats: int | None


class NumberBody(Wire):
    """A rented incoming number. Released, it stays until its window ends."""

    id: UUID
    number: str
    added_at: Instant
    released_at: Instant | None


class SubscriptionBody(Wire):
    """How the account is billed now. Days are those of `timeZone`; a term ends before `termEndsOn`."""

    standing: Standing
    plan: str
    interval: Interval | None
    seats: int
    responders: int
    stakeholders: int
    currency: str
    time_zone: str
    collection: Collection
    term_starts_on: date | None
    term_ends_on: date | None
    trial_ends_at: Instant | None
    chosen: TargetBody | None
    scheduled: TargetBody | None
    cancels: bool
    owed_minor: int
    balance_minor: int
    auto_expand: bool
    spending_cap_minor: int | None
    po_number: str
    po_ceiling_minor: int | None
    numbers: list[NumberBody]
    version: int


class OrderBody(Wire):
    """What is wanted; what is left out stays. In a trial it begins at the trial's end, or today with `startToday`.

    With `version` the order is refused where somebody changed the subscription since.
    """

    plan: str | None = None
    interval: Interval | None = None
    seats: int | None = None
    start_today: bool = False
    version: int | None = None

    @property
    def command(self) -> Order:
        return Order(Target(self.plan, self.interval, self.seats), self.start_today)


class NextInvoiceBody(Wire):
    """An invoice to come. Its period is half-open; the balance pays `fromBalanceMinor`, and `owedMinor` is left."""

    dated_on: date
    due_on: date | None
    period_starts_on: date | None
    period_ends_on: date | None
    currency: str
    net_minor: int
    tax_minor: int
    gross_minor: int
    from_balance_minor: int
    owed_minor: int
    lines: list[LineBody]
    taxes: list[TaxBody]


class ForecastBody(Wire):
    """What is invoiced next, the earliest first. `end`: why none follows; on Free from `endsOn`, if that is to come."""

    invoices: list[NextInvoiceBody]
    end: End | None
    ends_on: date | None


class PreviewBody(Wire):
    """What an order would come to now. `dueNowMinor` is what a card is charged first, with tax; `beginsWith` is the
    invoice of a plan that begins when the trial ends.
    """

    due_now_minor: int
    documents: list[DocumentBody]
    begins_with: DocumentBody | None
    reasons: list[str]
    after: SubscriptionBody


class CancelBody(Wire):
    """`now`: on Free at once, instead of at the end of what is paid. `reason` is kept in the audit log, for people."""

    now: bool = False
    reason: str = Field(default="", max_length=REASON_LIMIT)
    version: int | None = None


@router.get("/v1/subscription", responses=Envelope(SubscriptionBody).responses())
async def get_subscription(ctx: Paying) -> Response:
    """Plan, seats, term, what is chosen or scheduled, and what is owed."""
    return answer(ctx.request, data=subscription_body(await billing_of(ctx)).as_json())


def subscription_body(billing: AccountBilling) -> SubscriptionBody:
    """The subscription as the API spells it."""
    it = billing.subscription
    return SubscriptionBody(
        standing=it.standing,
        plan=it.plan,
        interval=it.interval,
        seats=it.seats,
        responders=billing.responders,
        stakeholders=billing.stakeholders,
        currency=it.currency,
        time_zone=it.zone,
        collection=it.collection,
        term_starts_on=it.term_starts_on,
        term_ends_on=it.term_ends_on,
        trial_ends_at=it.trial_ends_at,
        chosen=_target(it.chosen),
        scheduled=_target(it.scheduled),
        cancels=it.cancels,
        owed_minor=sum(one.document.owed_minor for one in billing.unpaid),
        balance_minor=it.balance_minor,
        auto_expand=it.auto_expand,
        spending_cap_minor=it.spending_cap_minor,
        po_number=it.po_number,
        po_ceiling_minor=it.po_ceiling_minor,
        numbers=[
            NumberBody(id=one.id, number=one.e164, added_at=one.added_at, released_at=one.released_at)
            for one in billing.numbers
            if one.ended_at is None
        ],
        version=it.version,
    )


def _target(target: Target | None) -> TargetBody | None:
    return None if target is None else TargetBody(plan=target.plan, interval=target.interval, seats=target.seats)


@router.post("/v1/subscription/preview", responses=Envelope(PreviewBody).responses())
async def post_preview(ctx: Paying, order: OrderBody) -> Response:
    """The money first: what an order would charge now, and how the subscription would stand. Nothing changes."""
    await billing_of(ctx)
    outcome = await service.preview(ctx.db, rails_of(ctx), ctx.account_id, order.command, ctx.at)
    return answer(ctx.request, data=_preview(outcome).as_json())


def _preview(outcome: Outcome) -> PreviewBody:
    return PreviewBody(
        due_now_minor=outcome.first.amount_minor if outcome.first else 0,
        documents=[document_body(one) for one in outcome.documents if one.lines],
        begins_with=document_body(outcome.begins_with) if outcome.begins_with else None,
        reasons=list(outcome.reasons),
        after=subscription_body(outcome.billing),
    )


@router.get("/v1/subscription/next-invoices", responses=Envelope(ForecastBody).responses())
async def get_next_invoices(ctx: Paying) -> Response:
    """At most 12 invoices of the next 13 months, if nothing is changed and each is paid.

    Usage so far counts, and none is added. Nothing is stored, numbered or charged.
    """
    await billing_of(ctx)
    found = await service.next_invoices(ctx.db, rails_of(ctx).usage, ctx.account_id, ctx.at)
    body = ForecastBody(invoices=[_next_invoice(it) for it in found.invoices], end=found.end, ends_on=found.ends_on)
    return answer(ctx.request, data=body.as_json())


def _next_invoice(it: Document) -> NextInvoiceBody:
    period = period_of(it)
    return NextInvoiceBody(
        dated_on=it.dated_on,
        due_on=it.due_on,
        period_starts_on=period.starts_on if period else None,
        period_ends_on=period.ends_on if period else None,
        currency=it.currency,
        net_minor=it.net_minor,
        tax_minor=it.tax_minor,
        gross_minor=it.gross_minor,
        from_balance_minor=it.paid_minor,
        owed_minor=it.owed_minor,
        lines=line_bodies(it),
        taxes=tax_bodies(it),
    )


@router.patch("/v1/subscription", responses=Envelope(ResultBody).responses())
async def patch_subscription(ctx: Paying, order: OrderBody, key: OnceKey = "") -> Response:
    """Change plan, interval or seats. What costs money holds once it is paid; 402 where the card is declined."""
    result = await perform(ctx, order.command, key, action="ordered", version=order.version)
    return answer(ctx.request, data=result.as_json())


@router.delete("/v1/subscription/scheduled", responses=Envelope(ResultBody).responses())
async def delete_scheduled(ctx: Paying, key: OnceKey = "") -> Response:
    """Drop the change that is scheduled for the period's end. Source: R6.4"""
    return answer(ctx.request, data=(await perform(ctx, DropScheduled(), key, action="unscheduled")).as_json())


@router.post("/v1/subscription/cancel", responses=Envelope(ResultBody).responses())
async def post_cancel(ctx: Paying, given: CancelBody | None = None, key: OnceKey = "") -> Response:
    """Free at the end of what is paid, or at once with `now`."""
    given = given or CancelBody()
    result = await perform(
        ctx, Cancel(given.now), key, action="canceled", version=given.version, reason=given.reason.strip()
    )
    return answer(ctx.request, data=result.as_json())


@router.post("/v1/subscription/resume", responses=Envelope(ResultBody).responses())
async def post_resume(ctx: Paying, key: OnceKey = "") -> Response:
    """Take a cancellation back."""
    return answer(ctx.request, data=(await perform(ctx, Resume(), key, action="resumed")).as_json())
