"""The page of prices, with its calculator. Every number on it is read from the price book in force.

Source: licensing requirements R0.1, R1
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from fastapi import APIRouter, Response

from tocsin import i18n
from tocsin.accounts.pages_access import Page
from tocsin.errors import Invalid
from tocsin.licensing import pricebook_service
from tocsin.licensing.access import Shop, estimator_of
from tocsin.licensing.features import FEATURES, Feature, FeatureValue, has_gate
from tocsin.licensing.model import Interval
from tocsin.licensing.places import country_options, is_country
from tocsin.licensing.pricebook import Plan, PriceBook, Tier, Zone, monthly_equivalent, seat_price
from tocsin.licensing.quote import MOST_NUMBERS, MOST_SEATS, MOST_UNITS, Quote, Team, quote
from tocsin.licensing.tax_estimate import TaxEstimate

router = APIRouter()
HERE = "/pricing"
COUNTS = ("responders", "stakeholders", "numbers", "messages_us_ca", "messages_other", "minutes_us_ca", "minutes_other")
MOST_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the visitor looks at."""

    currency: str
    interval: Interval
    plan: Plan
    counts: dict[str, str]  # as they were typed
    country: str  # of the buyer; empty: prices without tax alone
    has_vat_id: bool

    def link(self, **other: str) -> str:
        """The same page with something else chosen."""
        query = {"currency": self.currency, "interval": self.interval.value, "plan": self.plan.key, **other}
        buyer = {"country": self.country, "vat_id": "yes" if self.has_vat_id else ""}
        typed = {name: text for name, text in {**self.counts, **buyer}.items() if text}
        return f"{HERE}?{urlencode({**query, **typed})}"


@dataclass(frozen=True, slots=True)
class TierRow:
    """The marginal price of a seat, and its month's part; `last` is None in the last tier."""

    first: int
    last: int | None
    minor: int
    monthly_minor: int


@dataclass(frozen=True, slots=True)
class PlanCard:
    """A plan with the price of its first seat."""

    plan: Plan
    minor: int
    monthly_minor: int
    tiers: tuple[TierRow, ...]


async def book_of(here: Page) -> PriceBook:
    """The price book in force."""
    async with here.databases.engine.transaction() as tx:
        return await pricebook_service.current(tx)


@router.get(HERE)
async def get_pricing(here: Shop) -> Response:
    """Plans, tiers, features, and what a team of this size pays."""
    book = await book_of(here)
    chosen = _chosen(here, book)
    plans = list(book.on_sale)
    found, errors = _quoted(here, book, chosen)
    return here.html(
        "licensing/pricing.html",
        chosen=chosen,
        cards=[_card(book, plan, chosen) for plan in plans],
        features=_matrix(here, plans),
        quote=found,
        tax=_tax(here, book, chosen, found),
        countries=[("", here.words("Not said")), *country_options(here.viewer.locale)],
        errors=errors,
        book=book,
        currencies=list(book.currencies),
        money=money_in(here.viewer.locale, chosen.currency),
        sign_up=here.settings.sign_up == "open",
    )


def money_in(locale: str, currency: str) -> Callable[[int], str]:
    """Prints amounts of this currency."""
    return lambda minor: i18n.money(locale, minor, currency)


def _chosen(here: Page, book: PriceBook) -> Chosen:
    """What the address asks for; what it does not know is left at the usual."""
    query = here.request.query_params
    currency = query.get("currency", "")
    interval = Interval.MONTH if query.get("interval") == Interval.MONTH else Interval.YEAR
    plan = book.plans.get(query.get("plan", ""))
    usual = [one for one in book.on_sale if not one.is_free]
    if plan is None or plan.hidden:
        plan = usual[len(usual) // 2] if usual else next(iter(book.on_sale))
    counts = {name: query.get(name, "").strip()[:MOST_DIGITS] for name in COUNTS}
    counts["responders"] = counts["responders"] or "10"
    country = query.get("country", "")
    country = country if is_country(country) else ""
    currency = currency if currency in book.currencies else next(iter(book.currencies))
    return Chosen(currency, interval, plan, counts, country, query.get("vat_id") == "yes")


def _quoted(here: Page, book: PriceBook, chosen: Chosen) -> tuple[Quote | None, dict[str, str]]:
    counts = {name: _count(text) for name, text in chosen.counts.items()}
    unread = {name: here.words("Write a whole number.") for name, count in counts.items() if count is None}
    if unread:
        return None, unread
    read = {name: count or 0 for name, count in counts.items()}
    team = Team(
        read["responders"],
        read["stakeholders"],
        read["numbers"],
        {zone: read[f"messages_{zone.value}"] for zone in Zone},
        {zone: read[f"minutes_{zone.value}"] for zone in Zone},
    )
    try:
        return quote(book, chosen.plan.key, chosen.interval, chosen.currency, team), {}
    except Invalid as error:
        return None, _told(here, book, chosen.plan, team.responders, error)


def _tax(here: Page, book: PriceBook, chosen: Chosen, found: Quote | None) -> tuple[TaxEstimate, str] | None:
    """The tax of the first invoice, and its rate in words; None where no country is said, or nobody sells."""
    if found is None or not chosen.country:
        return None
    estimate, net_minor = estimator_of(here.request), found.first_invoice_minor
    try:
        tax = estimate(book, chosen.country, business=chosen.has_vat_id, net_minor=net_minor)
    except Invalid:  # a country of whose rate the seller says nothing
        return None
    return (tax, i18n.percent(here.viewer.locale, tax.rate_bp)) if tax is not None else None


def _told(here: Page, book: PriceBook, plan: Plan, responders: int, error: Invalid) -> dict[str, str]:
    """What is wrong, in the visitor's language: what the plan has not, or between which numbers it has it."""
    _ = here.words

    def from_to(least: int, most: int) -> str:
        first, last = i18n.number(here.viewer.locale, least), i18n.number(here.viewer.locale, most)
        return _("Write a number from %(least)s to %(most)s.", least=first, most=last)

    limit = book.thresholds.stakeholders_fair_limit if plan.stakeholders_limit is None else plan.stakeholders_limit
    told = {
        "responders": _too_many(here, book, plan, responders) if plan.seats_limit else from_to(1, MOST_SEATS),
        "stakeholders": from_to(0, limit) if limit else _("%(plan)s has no stakeholders.", plan=plan.name),
    }
    incoming = "" if plan.incoming.rentable else _("%(plan)s has no incoming calls.", plan=plan.name)
    told["numbers"] = incoming or from_to(0, MOST_NUMBERS)
    units = from_to(0, MOST_UNITS)
    for zone in Zone:
        told |= {f"messages_{zone.value}": units, f"minutes_{zone.value}": incoming or units}
    return {name: told[name] for name in error.errors}


def _too_many(here: Page, book: PriceBook, plan: Plan, responders: int) -> str:
    """That a plan is for fewer, and which ones are not."""
    _, others = here.words, " / ".join(it.name for it in book.with_room(responders))
    first = _("%(plan)s is for at most %(most)s responders.", plan=plan.name, most=plan.seats_limit)
    more = _("For more there are: %(others)s.", others=others) if others else _("No plan is for so many.")
    return f"{first} {more}"


def _count(text: str) -> int | None:
    """A whole number; nothing is 0, and None is what is none."""
    plain = text.replace(" ", "").replace("\N{NO-BREAK SPACE}", "")
    if not plain:
        return 0
    return int(plain) if plain.isascii() and plain.isdecimal() and len(plain) <= MOST_DIGITS else None


def _card(book: PriceBook, plan: Plan, chosen: Chosen) -> PlanCard:
    if plan.is_free:
        return PlanCard(plan, 0, 0, ())
    minor = seat_price(book, plan.key, chosen.interval, chosen.currency, 1)
    tiers = plan.seat_prices[chosen.interval][chosen.currency]
    return PlanCard(plan, minor, _monthly(minor, chosen.interval), _tier_rows(tiers, chosen.interval))


def _monthly(minor: int, interval: Interval) -> int:
    return monthly_equivalent(minor) if interval is Interval.YEAR else minor


def _tier_rows(tiers: tuple[Tier, ...], interval: Interval) -> tuple[TierRow, ...]:
    ends: list[int | None] = [tier.from_seat - 1 for tier in tiers[1:]]
    return tuple(
        TierRow(tier.from_seat, last, tier.minor, _monthly(tier.minor, interval))
        for tier, last in zip(tiers, [*ends, None], strict=True)
    )


def _matrix(here: Page, plans: list[Plan]) -> list[tuple[str, list[str]]]:
    """What the plans differ in: only what the program really asks for."""
    return [
        (here.say(feature.words), [feature_text(here, feature, plan.features[key]) for plan in plans])
        for key, feature in FEATURES.items()
        if has_gate(key)
    ]


def feature_text(here: Page, feature: Feature, value: FeatureValue) -> str:
    """A value as the matrix shows it; empty: not in the plan."""
    match value:
        case bool():
            return here.words("Yes") if value else ""
        case None:
            return here.words("No limit")
        case int():
            return i18n.number(here.viewer.locale, value) if value else ""
        case timedelta():
            return i18n.duration(here.viewer.locale, value)
        case str():
            return here.say((feature.choices or {}).get(value, value))
