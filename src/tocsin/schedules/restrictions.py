"""Restrictions: the hours of a day or of a week when something holds. Pure; every instant is UTC.

Kept and sent as the API spells them: `{"type": "time-of-day", "restriction": {…}}` or
`{"type": "weekday-and-time-of-day", "restrictions": [{…}, …]}`. Source: reference, schedules (fields)
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from tocsin.errors import Invalid
from tocsin.i18n import N_
from tocsin.wall import wall_instant

DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)
MONDAY = date(1970, 1, 5)  # weeks are counted from one
WINDOWS_LIMIT = 50

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

# Windows of neighbouring cycles may be open: the last one's reach over midnight; the next one's have begun where the
# clock was put back over midnight.
BEFORE, AFTER = 1, 1

Span = tuple[datetime, datetime]


class RestrictionKind(StrEnum):
    TIME_OF_DAY = "time-of-day"
    WEEKDAY_AND_TIME_OF_DAY = "weekday-and-time-of-day"


@dataclass(frozen=True, slots=True)
class Window:
    """Open from `start` after midnight (of Monday, in a week's restriction) for `length`, as the wall clock shows.

    `to_24` tells an end that was written as 24:00 of a day from one at 0:00 of the next: it is read back as written.
    """

    start: timedelta
    length: timedelta
    to_24: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Restriction:
    """Open in each of `windows`, every day or every week; closed the rest of the time."""

    kind: RestrictionKind
    windows: tuple[Window, ...]
    always: bool = field(init=False, repr=False, compare=False)  # the windows leave nothing out
    _hash: int = field(init=False, repr=False, compare=False)  # kept: restrictions are cache keys

    def __post_init__(self) -> None:
        object.__setattr__(self, "always", _leaves_nothing_out(self.windows, self.cycle))
        object.__setattr__(self, "_hash", hash((self.kind, self.windows)))

    def __hash__(self) -> int:
        return self._hash

    @property
    def cycle(self) -> timedelta:
        """After what time on the wall clock the windows come round again."""
        return DAY if self.kind is RestrictionKind.TIME_OF_DAY else WEEK


def is_open(restriction: Restriction | None, zone: ZoneInfo, at: datetime) -> bool:
    """Whether it is open at `at`; no restriction always is."""
    if restriction is None or restriction.always:
        return True
    around = _around(restriction, zone, _cycle_at(restriction, zone, at))
    return any(starts_at <= at < ends_at for starts_at, ends_at in around)


def openings(restriction: Restriction, zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[Span]:
    """When it is open in [start, end), in order and whole: not clipped to it; spans that touch are one.

    A wall-clock boundary takes effect at the first instant when the clock shows that time or a later one, so a window
    over a clock change is longer, shorter or absent. A restriction that is `always` open has one span, [start, end).
    Source: on-call semantics, "Boundaries"
    """
    if restriction.always:
        if start < end:
            yield start, end
        return
    first, last = _cycle_at(restriction, zone, start) - BEFORE, _cycle_at(restriction, zone, end) + AFTER
    found = sorted(span for number in range(first, last + 1) for span in _windows(restriction, zone, number))
    for starts_at, ends_at in _joined(found):
        if starts_at < end and ends_at > start:
            yield starts_at, ends_at


def from_json(value: object) -> Restriction | None:
    """The restriction as the API spells it; None for null or an empty one. Minutes snap to :00 or :30.

    Raises: Invalid, with the field that is wrong.
    """
    if not value:
        return None
    if not isinstance(value, Mapping):
        raise _wrong("timeRestriction", "must be an object with type and restriction or restrictions")
    spans = _spans(value)
    if not spans:
        return None
    kind = _kind(value.get("type"))
    if len(spans) > WINDOWS_LIMIT:
        raise _wrong("timeRestriction.restrictions", f"must have {WINDOWS_LIMIT} entries at most")
    return Restriction(kind, tuple(dict.fromkeys(_window(span, kind) for span in spans)))


def as_json(restriction: Restriction | None) -> dict[str, Any] | None:
    """The restriction as the API spells it; null where there is none."""
    if restriction is None:
        return None
    spans = [_span_json(window, restriction.kind) for window in restriction.windows]
    if restriction.kind is RestrictionKind.TIME_OF_DAY and len(spans) == 1:
        return {"type": restriction.kind.value, "restriction": spans[0]}
    return {"type": restriction.kind.value, "restrictions": spans}


def _leaves_nothing_out(windows: Sequence[Window], cycle: timedelta) -> bool:
    reached = timedelta(0)
    for start, length in sorted((window.start + n * cycle, window.length) for window in windows for n in (-1, 0)):
        if start > reached:
            return False
        reached = max(reached, start + length)
    return reached >= cycle


def _joined(spans: Iterable[Span]) -> Iterator[Span]:
    """Sorted spans, those that touch or overlap as one."""
    open_since, open_until = None, None
    for starts_at, ends_at in spans:
        if open_since is None or open_until is None:
            open_since, open_until = starts_at, ends_at
        elif starts_at <= open_until:
            open_until = max(open_until, ends_at)
        else:
            yield open_since, open_until
            open_since, open_until = starts_at, ends_at
    if open_since is not None and open_until is not None:
        yield open_since, open_until


@lru_cache(maxsize=1 << 12)
def _around(restriction: Restriction, zone: ZoneInfo, number: int) -> tuple[Span, ...]:
    """The windows that may be open in the cycle of that number."""
    return tuple(span for it in range(number - BEFORE, number + AFTER + 1) for span in _windows(restriction, zone, it))


@lru_cache(maxsize=1 << 14)
def _windows(restriction: Restriction, zone: ZoneInfo, number: int) -> tuple[Span, ...]:
    """The windows that begin in the cycle of that number; what a clock change leaves no time for is absent."""
    begins = datetime.combine(MONDAY, time()) + number * restriction.cycle
    spans = (
        (_instant(begins + window.start, zone), _instant(begins + window.start + window.length, zone))
        for window in restriction.windows
    )
    return tuple(span for span in spans if span[0] < span[1])


@lru_cache(maxsize=1 << 16)
def _instant(wall: datetime, zone: ZoneInfo) -> datetime:
    return wall_instant(wall.date(), wall.time(), zone)


def _cycle_at(restriction: Restriction, zone: ZoneInfo, at: datetime) -> int:
    days = at.astimezone(zone).toordinal() - MONDAY.toordinal()
    return days if restriction.kind is RestrictionKind.TIME_OF_DAY else days // 7


def _kind(value: object) -> RestrictionKind:
    try:
        return RestrictionKind(str(value))
    except ValueError:
        raise _wrong("timeRestriction.type", "must be one of [time-of-day, weekday-and-time-of-day]") from None


def _spans(value: Mapping[str, object]) -> list[Mapping[str, object]]:
    """The entries that say something: a client may send an empty `restriction` beside `restrictions`."""
    listed = value.get("restrictions") or []
    if not isinstance(listed, Sequence) or isinstance(listed, str):
        raise _wrong("timeRestriction.restrictions", "must be a list")
    spans = [*listed, value.get("restriction")]
    found: list[Mapping[str, object]] = []
    for span in spans:
        if not span:
            continue
        if not isinstance(span, Mapping):
            raise _wrong(
                "timeRestriction.restriction", "must be an object with startHour, startMin, endHour and endMin"
            )
        found.append(span)
    return found


def _window(span: Mapping[str, object], kind: RestrictionKind) -> Window:
    cycle = DAY if kind is RestrictionKind.TIME_OF_DAY else WEEK
    start, end = _time(span, "start", kind), _time(span, "end", kind)
    length = (end - start) % cycle  # to the first occurrence of the end strictly after the start
    return Window(start % cycle, length or cycle, to_24=span.get("endHour") == 24)


def _time(span: Mapping[str, object], which: str, kind: RestrictionKind) -> timedelta:
    hour = _number(span, f"{which}Hour", 24)
    minute = _number(span, f"{which}Min", 59, missing=0)
    if hour == 24 and minute:
        raise _wrong(f"timeRestriction.{which}Hour", "24:00 is the last time of a day")
    snapped = (minute + 15) // 30 * 30
    at = timedelta(hours=hour, minutes=snapped)
    if kind is RestrictionKind.TIME_OF_DAY:
        return at
    day = str(span.get(f"{which}Day") or "").lower()
    if day not in WEEKDAYS:
        raise _wrong(f"timeRestriction.{which}Day", f"must be one of [{', '.join(WEEKDAYS)}]")
    return WEEKDAYS.index(day) * DAY + at


def _number(span: Mapping[str, object], key: str, most: int, missing: int | None = None) -> int:
    value = span.get(key, missing)
    if value is None and missing is not None:
        value = missing
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise _wrong(f"timeRestriction.{key}", f"must be a whole number from 0 to {most}")
    return value


def _span_json(window: Window, kind: RestrictionKind) -> dict[str, Any]:
    end = window.start + window.length
    end_day, end_time = end // DAY, end % DAY
    if window.to_24 and not end_time:
        end_day, end_time = end_day - 1, DAY
    start_json, end_json = _time_json("start", window.start % DAY), _time_json("end", end_time)
    if kind is RestrictionKind.TIME_OF_DAY:
        return start_json | end_json
    start_day = window.start // DAY
    return {"startDay": WEEKDAYS[start_day], **start_json, "endDay": WEEKDAYS[end_day % 7], **end_json}


def _time_json(which: str, at: timedelta) -> dict[str, int]:
    minutes = at // timedelta(minutes=1)
    return {f"{which}Hour": minutes // 60, f"{which}Min": minutes % 60}


def _wrong(key: str, what: str) -> Invalid:
    return Invalid(N_("The time restriction is not valid."), {key: what})
