"""Throttling of sign-in: how long to wait after how many failures. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

WINDOW = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Limit:
    """`free` failures cost nothing; each one after them doubles the wait, from `first` to `most`."""

    free: int
    first: timedelta
    most: timedelta


USERNAME = Limit(free=5, first=timedelta(seconds=15), most=timedelta(minutes=10))
ADDRESS = Limit(free=30, first=timedelta(seconds=15), most=timedelta(minutes=15))
SECOND_FACTOR = Limit(free=5, first=timedelta(seconds=30), most=timedelta(minutes=15))
MAILS = Limit(free=3, first=timedelta(minutes=5), most=timedelta(minutes=15))


def wait_until(limit: Limit, failures: Sequence[datetime], at: datetime) -> datetime | None:
    """When the next try may come, or None: now. `failures` are the recent ones of one subject, in any order."""
    recent = sorted(failed_at for failed_at in failures if failed_at > at - WINDOW)
    over = len(recent) - limit.free
    if over < 0:
        return None
    doubled = limit.first * 2 ** min(over, 30)
    free_at = recent[-1] + min(doubled, limit.most)
    return free_at if free_at > at else None
