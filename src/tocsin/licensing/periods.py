"""Periods: half-open spans of calendar days in the billing time zone, every boundary computed from the anchor. Pure.

Source: licensing requirements M3, M5, M6, M7
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from tocsin.wall import wall_instant


@dataclass(frozen=True, slots=True)
class Period:
    """The days from `starts_on` up to, and without, `ends_on`."""

    starts_on: date
    ends_on: date

    @property
    def days(self) -> int:
        return (self.ends_on - self.starts_on).days

    def days_left(self, on: date) -> int:
        """How many days from `on` to the end, `on` included; a day before the start counts as the start."""
        return (self.ends_on - max(on, self.starts_on)).days


def boundary(anchor: date, months: int) -> date:
    """`months` months after (or before) `anchor`, on the month's last day where the day is missing."""
    index = anchor.year * 12 + anchor.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(anchor.day, monthrange(year, month + 1)[1]))


def period_of(anchor: date, months: int, on: date) -> Period:
    """The period of `months` months, cut from `anchor`, that holds the day `on`."""
    number = ((on.year - anchor.year) * 12 + on.month - anchor.month) // months
    if boundary(anchor, number * months) > on:
        number -= 1
    elif boundary(anchor, (number + 1) * months) <= on:
        number += 1
    return Period(boundary(anchor, number * months), boundary(anchor, (number + 1) * months))


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, at which `day` begins in `zone`; where the clock skips midnight, the first after it."""
    return wall_instant(day, time(0), zone)


def day_of(at: datetime, zone: ZoneInfo) -> date:
    """The calendar day of `at` in `zone`."""
    return at.astimezone(zone).date()
