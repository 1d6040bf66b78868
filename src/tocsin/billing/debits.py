"""Running debits: what was charged for days still to come, and the credit of what is left of it. Pure.

Source: licensing requirements M3, M4, S11, S12, S36
"""

from dataclasses import replace
from datetime import date

from tocsin.billing.account import Debit
from tocsin.billing.model import Document, Line, LineKind
from tocsin.licensing.model import Interval
from tocsin.licensing.periods import Period
from tocsin.licensing.pricebook import PriceBook, seat_price, tiers_detail
from tocsin.money import prorate

RECURRING = (LineKind.SEATS, LineKind.NUMBER)


def debits_of(document: Document) -> tuple[Debit, ...]:
    """The debits that a document adds."""
    return tuple(
        Debit(
            line.id,
            document.id,
            line.kind,
            line.item,
            line.quantity,
            line.amount_minor,
            line.starts_on,
            line.ends_on,
            line.tax_category,
            line.tax_rate_bp,
        )
        for line in document.lines
        if line.kind in RECURRING
        and line.amount_minor > 0
        and line.id is not None
        and line.starts_on is not None
        and line.ends_on is not None
    )


def running(debits: tuple[Debit, ...], on: date) -> tuple[Debit, ...]:
    """The debits that still cover `on` or a later day."""
    return tuple(debit for debit in debits if debit.ends_on > on)


def credit(debit: Debit, on: date) -> Line:
    """What is left of a debit from `on` to its end, given back: a fraction of what was debited."""
    covered = Period(debit.starts_on, debit.ends_on)
    left = covered.days_left(on)
    return Line(
        kind=debit.kind,
        item=debit.item,
        quantity=debit.quantity,
        amount_minor=-prorate(debit.amount_minor, left, covered.days),
        starts_on=max(on, debit.starts_on),
        ends_on=debit.ends_on,
        days_left=left,
        days=covered.days,
        credits=debit.line_id,
        tax_category=debit.tax_category,
        tax_rate_bp=debit.tax_rate_bp,
    )


def seats_line(
    book: PriceBook, plan: str, interval: Interval, currency: str, seats: int, period: Period, on: date | None = None
) -> Line:
    """`seats` seats of a plan for a period, or for what is left of it from `on` on: one line on the total."""
    price = seat_price(book, plan, interval, currency, seats)
    tiers = tiers_detail(book, plan, interval, currency, seats)
    line = Line(
        kind=LineKind.SEATS,
        item=plan,
        quantity=seats,
        amount_minor=price,
        unit_minor=tiers[0].unit_minor if len(tiers) == 1 else None,
        starts_on=period.starts_on,
        ends_on=period.ends_on,
        detail={"interval": interval.value, "tiers": [(tier.seats, tier.unit_minor) for tier in tiers]},
    )
    return line if on is None else prorated(line, period, on)


def added_seats_line(
    book: PriceBook,
    plan: str,
    interval: Interval,
    currency: str,
    seats: tuple[int, int],
    period: Period,
    on: date,
) -> Line:
    """The rise from the first number of seats to the second for the rest of a period: on the difference of totals.

    Source: R1.1, R8.2
    """
    before, after = seats
    difference = seat_price(book, plan, interval, currency, after) - seat_price(book, plan, interval, currency, before)
    line = Line(
        kind=LineKind.SEATS,
        item=plan,
        quantity=after - before,
        amount_minor=difference,
        starts_on=period.starts_on,
        ends_on=period.ends_on,
        detail={"interval": interval.value, "seats_before": before, "seats_after": after},
    )
    return prorated(line, period, on)


def number_line(book: PriceBook, e164: str, currency: str, window: Period, on: date | None = None) -> Line:
    """The rent of a number for a metering window, or what is left of it from `on` on. Source: R10.1, S14, S35"""
    price = book.rates.number[currency]
    line = Line(
        kind=LineKind.NUMBER,
        item=e164,
        quantity=1,
        amount_minor=price,
        unit_minor=price,
        starts_on=window.starts_on,
        ends_on=window.ends_on,
    )
    return line if on is None else prorated(line, window, on)


def prorated(line: Line, period: Period, on: date) -> Line:
    """The line for what is left of its period from `on` on; on the period's first day that is all of it."""
    left = period.days_left(on)
    if left == period.days:
        return line
    return replace(
        line,
        amount_minor=prorate(line.amount_minor, left, period.days),
        unit_minor=None,
        starts_on=max(on, period.starts_on),
        days_left=left,
        days=period.days,
        detail={**line.detail, "whole_minor": line.amount_minor},
    )
