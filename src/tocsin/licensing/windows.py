"""Metering windows: the spans in which usage is counted and pools start anew. Pure.

A window is a month cut from the anchor, also for those who pay by the year (M7). It ends early when what the account
has begins anew: at a conversion, a move from months to years (S13), a downgrade to Free (S34). A trial is one window.
A Free account's windows are cut from the day on which it was made. A deletion that is taken back cuts a month in two,
whose second part resumes the first: what it includes is not given again (S29).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from tocsin.licensing.model import FREE, Interval, Standing, Term
from tocsin.licensing.periods import Period, day_of, midnight, period_of


class Footing(StrEnum):
    """On what footing usage is counted."""

    GRANTED = "granted"
    TRIAL = "trial"
    FREE = "free"
    PAID = "paid"
    CLOSED = "closed"  # being deleted: there is no use any more


@dataclass(frozen=True, slots=True)
class Window:
    """The span [starts_at, ends_at); `ends_at` may still come earlier, and is None in a trial that goes on."""

    footing: Footing
    starts_at: datetime
    ends_at: datetime | None
    starts_on: date  # the same in local days
    ends_on: date | None
    run_starts_at: datetime  # when the footing began: the first paid day, the downgrade
    month_ends_on: date | None = None  # where it would end if nothing cut it; None in a trial
    resumes: bool = False  # the first window after a deletion that was taken back
    counts_from: datetime = field(kw_only=True)  # `starts_at`, or where what it resumes began: one count for both

    @property
    def opens_subscription(self) -> bool:
        """Is it the first of a new subscription?"""
        return self.footing is Footing.PAID and self.starts_at == self.run_starts_at

    def holds(self, at: datetime) -> bool:
        return self.starts_at <= at and (self.ends_at is None or at < self.ends_at)


@dataclass(frozen=True, slots=True)
class Series:
    """Windows in a row that are cut from one anchor: [starts_at, ends_at)."""

    footing: Footing
    interval: Interval | None
    zone: ZoneInfo
    anchor_on: date
    starts_at: datetime
    starts_on: date
    ends_at: datetime | None
    run_starts_at: datetime
    resumed_from: datetime | None = None  # where it began before deletions that were taken back

    @property
    def begun_at(self) -> datetime:
        return self.resumed_from or self.starts_at


def footing_of(term: Term) -> Footing:
    match term.standing:
        case Standing.GRANTED:
            return Footing.GRANTED
        case Standing.DELETING | Standing.DELETED:
            return Footing.CLOSED
        case Standing.TRIALING:
            return Footing.TRIAL
        case _:
            return Footing.FREE if term.plan == FREE else Footing.PAID


def in_force(terms: Sequence[Term], at: datetime) -> Term | None:
    """The last of `terms`, which are in order, that starts no later than `at`."""
    low, high = 0, len(terms)
    while low < high:
        middle = (low + high) // 2
        if terms[middle].starts_at <= at:
            low = middle + 1
        else:
            high = middle
    return terms[low - 1] if low else None


def series_of(terms: Sequence[Term]) -> list[Series]:
    """The series that follow from an account's terms, which are in order; of terms at one instant the last counts."""
    facts = [*terms[-1:]]
    for term in reversed(terms[:-1]):
        if term.starts_at < facts[0].starts_at:
            facts.insert(0, term)
    begun: list[Series] = []
    previous: Term | None = None
    for term in facts:
        if previous is None or _cuts(previous, term):
            begun.append(_resumed(begun, term) or _begin(begun[-1] if begun else None, previous, term))
        previous = term
    ends = [it.starts_at for it in begun[1:]]
    return [_ended(it, end) for it, end in zip(begun, [*ends, None], strict=True)]


def _cuts(before: Term, after: Term) -> bool:
    """Do windows begin anew with `after`?"""
    return (footing_of(before), before.interval, before.anchor_on, before.zone) != (
        footing_of(after), after.interval, after.anchor_on, after.zone,
    )  # fmt: skip


def _begin(last: Series | None, previous: Term | None, term: Term) -> Series:
    footing, zone = footing_of(term), ZoneInfo(term.zone)
    starts_on = day_of(term.starts_at, zone)
    goes_on = last is not None and last.footing is footing
    if goes_on and previous is not None and previous.zone != term.zone:
        starts_on = day_of(term.starts_at, ZoneInfo(previous.zone))  # the boundary's day, in the zone that set it. S24
    elif footing is Footing.PAID and term.anchor_on is not None:
        starts_on = max(starts_on, term.anchor_on)  # a zone further west: its first day has not begun there. S24
    return Series(
        footing, term.interval, zone, term.anchor_on or starts_on, term.starts_at, starts_on, None,
        last.run_starts_at if goes_on and last is not None else term.starts_at,
    )  # fmt: skip


def _resumed(begun: Sequence[Series], term: Term) -> Series | None:
    """The series that goes on with `term` after a deletion that was taken back; None where there was none."""
    if len(begun) < 2 or begun[-1].footing is not Footing.CLOSED:
        return None
    before = begun[-2]
    same = (before.footing, before.interval, before.zone, before.anchor_on)
    if same != (footing_of(term), term.interval, ZoneInfo(term.zone), term.anchor_on or before.anchor_on):
        return None
    starts_on = max(day_of(term.starts_at, before.zone), before.starts_on)
    return replace(
        before, starts_at=term.starts_at, starts_on=starts_on, ends_at=None, resumed_from=before.begun_at
    )  # fmt: skip


def _ended(series: Series, ends_at: datetime | None) -> Series:
    return replace(series, ends_at=ends_at)


def window_at(terms: Sequence[Term], at: datetime) -> Window | None:
    """The window that holds `at`, as the facts up to then have it; None before the account's first term."""
    known = [term for term in terms if term.starts_at <= at]
    series = series_of(known)
    return _window_in(series[-1], at) if series else None


def windows(terms: Sequence[Term], since: datetime, until: datetime) -> list[Window]:
    """Every window that ends after `since` and starts no later than `until`, in order, none while being deleted."""
    found: list[Window] = []
    for series in series_of([term for term in terms if term.starts_at <= until]):
        if series.footing is Footing.CLOSED or (series.ends_at is not None and series.ends_at <= since):
            continue
        at = max(since, series.starts_at)
        while at <= until and (series.ends_at is None or at < series.ends_at):
            window = _window_in(series, at)
            found.append(window)
            if window.ends_at is None:
                break
            at = window.ends_at
    return found


def _window_in(series: Series, at: datetime) -> Window:
    """The window of `series` that holds `at`."""
    if series.footing in {Footing.TRIAL, Footing.CLOSED}:
        ends_on = day_of(series.ends_at, series.zone) if series.ends_at else None
        return Window(
            series.footing, series.starts_at, series.ends_at, series.starts_on, ends_on, series.run_starts_at,
            counts_from=series.begun_at,
        )  # fmt: skip
    period = _month(series, at)
    first = period.starts_on <= series.starts_on
    starts_at = series.starts_at if first else midnight(period.starts_on, series.zone)
    ends_at, ends_on = midnight(period.ends_on, series.zone), period.ends_on
    if series.ends_at is not None and series.ends_at < ends_at:
        ends_at, ends_on = series.ends_at, day_of(series.ends_at, series.zone)
    starts_on = series.starts_on if first else period.starts_on
    resumes = first and series.resumed_from is not None
    counts_from = max(series.begun_at, midnight(period.starts_on, series.zone)) if resumes else starts_at
    return Window(
        series.footing, starts_at, ends_at, starts_on, ends_on, series.run_starts_at, period.ends_on, resumes,
        counts_from=counts_from,
    )  # fmt: skip


def _month(series: Series, at: datetime) -> Period:
    """The month cut from the anchor that holds `at`: where a clock shows midnight twice, the first is the boundary."""
    on = max(day_of(at, series.zone), series.starts_on)
    period = period_of(series.anchor_on, 1, on)
    while midnight(period.ends_on, series.zone) <= at:
        period = Period(period.ends_on, period_of(series.anchor_on, 1, period.ends_on).ends_on)
    return period


def is_final(terms: Sequence[Term], window: Window) -> bool:
    """Does the paid time end with this window? Then its usage is billed to the last cent. Source: S07, S27"""
    if window.footing is not Footing.PAID or window.ends_at is None:
        return False
    after = in_force(terms, window.ends_at)
    return after is not None and after.starts_at == window.ends_at and footing_of(after) is not Footing.PAID


def next_start(window: Window, terms: Sequence[Term], earliest: datetime) -> datetime:
    """The first start of a window at or after `earliest`, if nothing changes until then."""
    term = in_force(terms, window.starts_at)
    at = max(window.starts_at, earliest)
    found = window_at(terms, at)
    if term is None or found is None or found.ends_at is None:
        return earliest
    return at if found.starts_at == at else found.ends_at
