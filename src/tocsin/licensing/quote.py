"""Quotes: what a plan would cost a team, line by line, before anybody signs up. Pure.

Prices come from the functions that invoices use, so a quote's first invoice equals the one that is made. Tax is left
out. Source: licensing requirements R1
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tocsin.errors import Invalid
from tocsin.licensing.model import Interval
from tocsin.licensing.pricebook import Beyond, Plan, PriceBook, Zone, monthly_equivalent, seat_price, tiers_detail
from tocsin.licensing.tariff import Tariff

MONTHS = 12
MOST_SEATS = 100_000
MOST_NUMBERS = 1_000
MOST_UNITS = 10_000_000


class QuoteLineKind(StrEnum):
    """What a line of a quote is for; the values are those of billing's line kinds."""

    SEATS = "seats"
    STAKEHOLDERS = "stakeholders"
    NUMBER = "number"
    MESSAGES = "messages"
    MINUTES = "minutes"


@dataclass(frozen=True, slots=True)
class Team:
    """Who and what is to be paid for. `messages` are SMS and voice calls in a month, `minutes` those of forwarded
    incoming calls; `numbers` counts all rented ones, also those that the plan includes.
    """

    responders: int
    stakeholders: int = 0
    numbers: int = 0
    messages: Mapping[Zone, int] = field(default_factory=dict)
    minutes: Mapping[Zone, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class QuoteLine:
    """So much of something, paid once in `every`. `unit_minor` is None where seats have several prices.

    `included` units of `quantity` cost nothing; `stopped` ones are not sent at all, for the plan sells no more.
    """

    kind: QuoteLineKind
    zone: Zone | None
    quantity: int
    unit_minor: int | None
    amount_minor: int
    every: Interval
    included: int = 0
    stopped: int = 0


@dataclass(frozen=True, slots=True)
class Quote:
    """What a plan costs. Amounts are minor units of `currency`, without tax."""

    book_version: int
    plan: Plan
    interval: Interval
    currency: str
    lines: tuple[QuoteLine, ...]

    @property
    def first_invoice_minor(self) -> int:
        """What is paid at the start: the first period's seats, and the numbers of its first month."""
        return sum(line.amount_minor for line in self.lines if line.kind not in USAGE)

    @property
    def usage_minor(self) -> int:
        """What use adds to each month's invoice, afterwards."""
        return sum(line.amount_minor for line in self.lines if line.kind in USAGE)

    @property
    def total_minor(self) -> int:
        """What one interval costs, with everything that is paid monthly in it."""
        return sum(
            line.amount_minor * (MONTHS if line.every is Interval.MONTH and self.interval is Interval.YEAR else 1)
            for line in self.lines
        )

    @property
    def monthly_minor(self) -> int:
        """The same for a month; of a year it is a twelfth, for display only. Source: R1.3"""
        return monthly_equivalent(self.total_minor) if self.interval is Interval.YEAR else self.total_minor


USAGE = (QuoteLineKind.MESSAGES, QuoteLineKind.MINUTES)


def quote(book: PriceBook, plan: str, interval: Interval, currency: str, team: Team) -> Quote:
    """The price of a plan that is on sale, for a team. Raises: Invalid for what it does not sell, or is not on sale."""
    found = book.plan_on_sale(plan)
    book.currency(currency)
    _check(book, found, team)
    tariff = Tariff(book, currency)
    lines = [_seats(book, found, interval, currency, team.responders)]
    if team.stakeholders:
        lines.append(QuoteLine(QuoteLineKind.STAKEHOLDERS, None, team.stakeholders, 0, 0, _period(found, interval)))
    if team.numbers:
        lines.append(_numbers(found, tariff, team.numbers))
    lines += _messages(found, tariff, team)
    lines += _minutes(found, tariff, team.minutes)
    return Quote(book.version, found, interval, currency, tuple(lines))


def _period(plan: Plan, interval: Interval) -> Interval:
    return Interval.MONTH if plan.is_free else interval


def _check(book: PriceBook, plan: Plan, team: Team) -> None:
    """Raises: Invalid."""
    errors: dict[str, str] = {}
    if not 1 <= team.responders <= MOST_SEATS:
        errors["responders"] = f"The number of responders is from 1 to {MOST_SEATS}."
    elif plan.seats_limit is not None and team.responders > plan.seats_limit:
        others = " / ".join(it.name for it in book.with_room(team.responders))
        more = f"For more there are: {others}." if others else "No plan is for so many."
        errors["responders"] = f"{plan.name} is for at most {plan.seats_limit} responders. {more}"
    most = book.thresholds.stakeholders_fair_limit if plan.stakeholders_limit is None else plan.stakeholders_limit
    if not 0 <= team.stakeholders <= most:
        has_them = f"{plan.name} is for at most {most} stakeholders."
        errors["stakeholders"] = has_them if most else f"{plan.name} has no stakeholders."
    errors |= _wrong_telephony(plan, team)
    if errors:
        raise Invalid(" ".join(errors.values()), errors)


def _wrong_telephony(plan: Plan, team: Team) -> dict[str, str]:
    errors: dict[str, str] = {}
    if not 0 <= team.numbers <= MOST_NUMBERS:
        errors["numbers"] = f"The number of rented numbers is from 0 to {MOST_NUMBERS}."
    elif team.numbers and not plan.incoming.rentable:
        errors["numbers"] = f"{plan.name} has no incoming numbers."
    for name, counts in (("messages", team.messages), ("minutes", team.minutes)):
        for zone, count in counts.items():
            if not 0 <= count <= MOST_UNITS:
                errors[f"{name}_{zone.value}"] = f"This number is from 0 to {MOST_UNITS}."
            elif count and name == "minutes" and not plan.incoming.rentable:
                errors[f"{name}_{zone.value}"] = f"{plan.name} has no incoming calls."
    return errors


def _seats(book: PriceBook, plan: Plan, interval: Interval, currency: str, seats: int) -> QuoteLine:
    tiers = tiers_detail(book, plan.key, interval, currency, seats)
    unit = tiers[0].unit_minor if len(tiers) == 1 else None if tiers else 0
    amount = seat_price(book, plan.key, interval, currency, seats)
    return QuoteLine(QuoteLineKind.SEATS, None, seats, unit, amount, _period(plan, interval))


def _numbers(plan: Plan, tariff: Tariff, numbers: int) -> QuoteLine:
    included = min(numbers, plan.incoming.numbers_included)
    unit = tariff.book.rates.number[tariff.currency]
    amount = (numbers - included) * unit
    return QuoteLine(QuoteLineKind.NUMBER, None, numbers, unit, amount, Interval.MONTH, included)


def _messages(plan: Plan, tariff: Tariff, team: Team) -> list[QuoteLine]:
    """What is included goes to the cheapest use first: no order in which it happens costs more."""
    pool = plan.messages.pool(team.responders)
    lines = []
    for zone in sorted(Zone, key=tariff.message_minor):
        count = team.messages.get(zone, 0)
        included = count if pool is None else min(count, pool)
        pool = None if pool is None else pool - included
        beyond = count - included
        unit = tariff.message_minor(zone) if plan.messages.beyond is Beyond.CHARGE else 0
        stopped = beyond if plan.messages.beyond is Beyond.STOP else 0
        if count:
            kind, amount = QuoteLineKind.MESSAGES, beyond * unit
            lines.append(QuoteLine(kind, zone, count, unit, amount, Interval.MONTH, included, stopped))
    return lines


def _minutes(plan: Plan, tariff: Tariff, minutes: Mapping[Zone, int]) -> list[QuoteLine]:
    """Free minutes are for calls to the US and Canada. Source: R10.4"""
    lines = []
    for zone in Zone:
        count, unit = minutes.get(zone, 0), tariff.minute_minor(zone)
        included = min(count, plan.incoming.minutes_included) if zone is Zone.US_CA else 0
        if count:
            amount = (count - included) * unit
            lines.append(QuoteLine(QuoteLineKind.MINUTES, zone, count, unit, amount, Interval.MONTH, included))
    return lines
