"""GET /v1/plans and POST /v1/quotes: what is sold and what it would cost, without a key.

Amounts are integers in the currency's minor unit, without tax. Every answer names the version of the price book.
"""

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from tocsin.db import Databases
from tocsin.http import answer
from tocsin.licensing import pricebook_service
from tocsin.licensing.access import estimator_of, sold
from tocsin.licensing.features import FEATURES, FeatureValue, has_gate
from tocsin.licensing.model import Interval
from tocsin.licensing.pricebook import Beyond, Plan, PriceBook, Zone
from tocsin.licensing.quote import Quote, QuoteLineKind, Team, quote
from tocsin.licensing.tax_estimate import TaxEstimate

router = APIRouter(tags=["Plans and prices"], dependencies=[Depends(sold)])


class Wire(BaseModel):
    """A JSON object with camelCase names; names that nobody knows are refused."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, extra="forbid")


class TierOut(Wire):
    """From this seat on, each costs so much for one interval."""

    from_seat: int
    unit_minor: int


class MessagesOut(Wire):
    """SMS and voice calls that are included in a month; null: no fixed limit."""

    included: int | None
    per_seat: bool
    voice: bool
    beyond: Beyond


class IncomingOut(Wire):
    """What is included of incoming calls."""

    rentable: bool
    numbers_included: int
    minutes_included: int


class PlanOut(Wire):
    """A plan. A limit of null is no limit; lengths of time are in days."""

    key: str
    name: str
    rank: int
    responders_limit: int | None
    stakeholders_limit: int | None
    seat_prices: dict[Interval, list[TierOut]]
    messages: MessagesOut
    incoming: IncomingOut
    features: dict[str, bool | int | str | None]


class RatesOut(Wire):
    """What is charged by use: for an SMS or call, for a started minute, for a number and month."""

    message_minor: dict[Zone, int]
    minute_minor: dict[Zone, int]
    number_minor: int


class PlansOut(Wire):
    """The plans on sale and their prices in one currency."""

    version: int
    currency: str
    decimals: int
    currencies: list[str]
    plans: list[PlanOut]
    rates: RatesOut


class QuoteIn(Wire):
    """A team that asks what a plan costs. `messages` and `minutes` are those of a month, by zone.

    With `country` (ISO 3166) the tax is estimated; `hasVatId` says that the buyer has a valid VAT id.
    """

    plan: str
    interval: Interval = Interval.MONTH
    currency: str = ""
    responders: int
    stakeholders: int = 0
    numbers: int = 0
    messages: dict[Zone, int] = {}
    minutes: dict[Zone, int] = {}
    country: str = ""
    has_vat_id: bool = False


class QuoteLineOut(Wire):
    """One line; `unit_minor` is null where seats have several prices."""

    kind: QuoteLineKind
    zone: Zone | None
    quantity: int
    included: int
    stopped: int
    unit_minor: int | None
    amount_minor: int
    every: Interval


class TaxOut(Wire):
    """The tax of an amount in a country, at so many basis points. `category` is the code of EN 16931."""

    country: str
    category: str
    rate_bp: int
    net_minor: int
    tax_minor: int
    gross_minor: int


class QuoteOut(Wire):
    """What it costs: for one interval, shown for a month, on the first invoice, and by use afterwards.

    `tax` is estimated on the first invoice, as that invoice would have it; null without a country or a seller.
    """

    version: int
    plan: str
    interval: Interval
    currency: str
    decimals: int
    lines: list[QuoteLineOut]
    total_minor: int
    monthly_minor: int
    first_invoice_minor: int
    usage_minor: int
    tax: TaxOut | None


class PlansAnswer(Wire):
    """The envelope around the plans."""

    data: PlansOut
    took: float
    request_id: str


class QuoteAnswer(Wire):
    """The envelope around a quote."""

    data: QuoteOut
    took: float
    request_id: str


async def _book(request: Request) -> PriceBook:
    databases: Databases = request.app.state.databases
    async with databases.engine.transaction() as tx:
        return await pricebook_service.current(tx)


Book = Annotated[PriceBook, Depends(_book)]


@router.get("/v1/plans", responses={200: {"model": PlansAnswer}})
async def get_plans(request: Request, book: Book, currency: Annotated[str, Query()] = "") -> Response:
    """The plans on sale with prices, limits and features, in `currency`, or in the first there is."""
    code = currency or next(iter(book.currencies))
    known = book.currency(code)
    plans = PlansOut(
        version=book.version,
        currency=code,
        decimals=known.decimals,
        currencies=list(book.currencies),
        plans=[_plan_out(plan, code) for plan in book.on_sale],
        rates=RatesOut(
            message_minor={zone: prices[code] for zone, prices in book.rates.messages.items()},
            minute_minor={zone: prices[code] for zone, prices in book.rates.minutes.items()},
            number_minor=book.rates.number[code],
        ),
    )
    return answer(request, data=plans.model_dump(mode="json", by_alias=True))


def _plan_out(plan: Plan, currency: str) -> PlanOut:
    return PlanOut(
        key=plan.key,
        name=plan.name,
        rank=plan.rank,
        responders_limit=plan.seats_limit,
        stakeholders_limit=plan.stakeholders_limit,
        seat_prices={
            interval: [TierOut(from_seat=tier.from_seat, unit_minor=tier.minor) for tier in prices[currency]]
            for interval, prices in plan.seat_prices.items()
        },
        messages=MessagesOut(
            included=plan.messages.included,
            per_seat=plan.messages.per_seat,
            voice=plan.messages.voice,
            beyond=plan.messages.beyond,
        ),
        incoming=IncomingOut(
            rentable=plan.incoming.rentable,
            numbers_included=plan.incoming.numbers_included,
            minutes_included=plan.incoming.minutes_included,
        ),
        features={key: _value(plan.features[key]) for key in FEATURES if has_gate(key)},
    )


def _value(value: FeatureValue) -> bool | int | str | None:
    return value if isinstance(value, bool | int | str) or value is None else value.days


@router.post("/v1/quotes", responses={200: {"model": QuoteAnswer}})
async def post_quotes(request: Request, book: Book, asked: Annotated[QuoteIn, Body()]) -> Response:
    """What a plan would cost a team; nothing is ordered by it."""
    code = asked.currency or next(iter(book.currencies))
    team = Team(asked.responders, asked.stakeholders, asked.numbers, asked.messages, asked.minutes)
    found = quote(book, asked.plan, asked.interval, code, team)
    tax = None
    if asked.country:
        estimate, net_minor = estimator_of(request), found.first_invoice_minor
        tax = estimate(book, asked.country, business=asked.has_vat_id, net_minor=net_minor)
    out = _quote_out(found, book.currency(code).decimals, tax)
    return answer(request, data=out.model_dump(mode="json", by_alias=True))


def _tax_out(tax: TaxEstimate) -> TaxOut:
    return TaxOut(
        country=tax.country,
        category=tax.category,
        rate_bp=tax.rate_bp,
        net_minor=tax.net_minor,
        tax_minor=tax.tax_minor,
        gross_minor=tax.gross_minor,
    )


def _quote_out(found: Quote, decimals: int, tax: TaxEstimate | None) -> QuoteOut:
    return QuoteOut(
        version=found.book_version,
        plan=found.plan.key,
        interval=found.interval,
        currency=found.currency,
        decimals=decimals,
        lines=[
            QuoteLineOut(
                kind=line.kind,
                zone=line.zone,
                quantity=line.quantity,
                included=line.included,
                stopped=line.stopped,
                unit_minor=line.unit_minor,
                amount_minor=line.amount_minor,
                every=line.every,
            )
            for line in found.lines
        ],
        total_minor=found.total_minor,
        monthly_minor=found.monthly_minor,
        first_invoice_minor=found.first_invoice_minor,
        usage_minor=found.usage_minor,
        tax=_tax_out(tax) if tax is not None else None,
    )
