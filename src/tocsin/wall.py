"""Wall clocks: the instant when a zone's clock shows a time. Pure; every instant is UTC."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SECOND = timedelta(seconds=1)


def wall_instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The first instant when the clock in `zone` shows `at` on `day`, or a later time.

    In a gap that is the gap's end, in a fold the first showing; so boundaries never run backwards.
    Source: on-call semantics, "Boundaries".
    """
    wall = datetime.combine(day, at)
    before, first = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (1, 0))
    if before >= first:  # only in a gap does fold=1 read earlier than fold=0
        return first
    before = before.replace(microsecond=0)  # transitions fall on whole seconds
    seconds = (first - before) // SECOND + 1
    low, high = 0, seconds
    while high - low > 1:
        middle = (low + high) // 2
        if wall_clock(before + middle * SECOND, zone) < wall:
            low = middle
        else:
            high = middle
    return before + high * SECOND


def wall_clock(at: datetime, zone: ZoneInfo) -> datetime:
    """What the clock in `zone` shows at the instant `at`, without a zone."""
    return at.astimezone(zone).replace(tzinfo=None)


def snapped(wall: datetime) -> datetime:
    """The nearest :00 or :30 of what a clock shows; 15 and 45 go up. Source: on-call semantics, "Rounding"."""
    whole = wall.replace(minute=0, second=0, microsecond=0)
    halves = (wall - whole + timedelta(minutes=15)) // timedelta(minutes=30)
    return whole + halves * timedelta(minutes=30)
