"""A schedule's timeline as a page draws it: a window of the calendar, lanes, bars with all their words. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from tocsin import i18n
from tocsin.errors import Invalid
from tocsin.escalations.on_call_view import Names
from tocsin.i18n import N_, Translator
from tocsin.schedules.on_call import Schedule, Shift, base_shifts, override_shifts, shifts
from tocsin.schedules.rotation import Participant, ParticipantKind
from tocsin.wall import wall_instant

DAY = timedelta(days=1)
WHOLE = 100.0  # percent


class View(StrEnum):
    DAY = "day"
    WEEK = "week"
    FORTNIGHT = "2-weeks"
    MONTH = "month"


VIEWS = {View.DAY: N_("Day"), View.WEEK: N_("Week"), View.FORTNIGHT: N_("2 weeks"), View.MONTH: N_("Month")}


@dataclass(frozen=True, slots=True)
class Window:
    """The days that a view shows, midnight to midnight on the schedule's clock, and where its neighbours begin."""

    view: View
    days: tuple[date, ...]
    previous: date
    next: date
    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        return self.end - self.start

    def x(self, at: datetime) -> float:
        """How far into the window, in percent."""
        return round(WHOLE * ((at - self.start) / self.length), 3)


@dataclass(frozen=True, slots=True)
class Clocks:
    """The schedule's clock and the reader's, and the language that they are read in."""

    schedule: ZoneInfo
    reader: ZoneInfo
    locale: str

    def differ(self, window: Window) -> bool:
        """Does the reader's clock show other times within the window?"""
        instants = (window.start, window.start + window.length / 2, window.end)
        return any(
            at.astimezone(self.schedule).utcoffset() != at.astimezone(self.reader).utcoffset() for at in instants
        )

    def span(self, starts_at: datetime, ends_at: datetime, *, readers: bool = False) -> str:
        """From when to when: "2 Mar 2026, 08:00 – 9 Mar 2026, 08:00"."""
        zone = self.reader if readers else self.schedule
        return f"{i18n.instant(self.locale, zone, starts_at)} – {i18n.instant(self.locale, zone, ends_at)}"


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch; `text` says all of it, for whoever does not see it. Positions are in percent of the window."""

    x: float
    width: float
    who: str
    is_me: bool
    starts_at: datetime
    ends_at: datetime
    why: str
    text: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Lane:
    """A row of bars; `rotation_id` is empty in a schedule without rotations."""

    name: str
    rotation_id: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Tick:
    """Where a day, or in a day's view three hours, begin; `other` is the reader's time there."""

    x: float
    label: str
    other: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table that says the same."""

    lane: str
    bar: Bar
    is_gap: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """What comes of it all, lane by lane, the gaps, and the layers below: base, overrides, forwardings."""

    window: Window
    ticks: tuple[Tick, ...]
    now_x: float | None
    final: tuple[Lane, ...]
    gaps: tuple[Bar, ...]
    base: tuple[Lane, ...]
    overrides: tuple[Lane, ...]
    forwardings: tuple[Lane, ...]
    differs: bool  # the reader's clock from the schedule's

    @property
    def rows(self) -> list[Row]:
        """Final shifts and gaps, by their start."""
        found = [Row(lane.name, bar, False) for lane in self.final for bar in lane.bars]
        found += [Row("", bar, True) for bar in self.gaps]
        return sorted(found, key=lambda row: (row.bar.starts_at, row.lane))


def window_of(view: str, day: str, at: datetime, zone: ZoneInfo) -> Window:
    """The window that a query asks for; a week, around now, where it asks for nothing that there is.

    A week begins on Monday, a month on its first day.
    """
    shown = View(view) if view in set(View) else View.WEEK
    chosen = _day(day) or at.astimezone(zone).date()
    if shown is View.DAY:
        first, days = chosen, 1
    elif shown is View.MONTH:
        first = chosen.replace(day=1)
        days = (_next_month(first) - first).days
    else:
        first, days = chosen - chosen.weekday() * DAY, 7 if shown is View.WEEK else 14
    previous = (first - DAY).replace(day=1) if shown is View.MONTH else first - days * DAY
    return span_of_days(shown, first, days, zone, previous)


def span_of_days(view: View, first: date, days: int, zone: ZoneInfo, previous: date | None = None) -> Window:
    """So many days from `first` on."""
    following = first + days * DAY
    return Window(
        view,
        tuple(first + number * DAY for number in range(days)),
        previous or first - days * DAY,
        following,
        wall_instant(first, time(), zone),
        wall_instant(following, time(), zone),
    )


def chart(
    schedule: Schedule, window: Window, names: Names, clocks: Clocks, at: datetime, base: str, *, may_override: bool
) -> Chart:
    """The schedule in that window; `base` is the address of its page, empty where nothing is linked."""
    drawing = _Drawing(schedule, window, names, clocks, base, may_override)
    final = list(shifts(schedule, window.start, window.end, names.directory.standing_in))
    return Chart(
        window=window,
        ticks=tuple(_ticks(window, clocks)),
        now_x=window.x(at) if window.start <= at < window.end else None,
        final=drawing.lanes(final, all_of_them=True),
        gaps=tuple(drawing.gaps(final)) if schedule.enabled else (),
        base=drawing.lanes(list(base_shifts(schedule, window.start, window.end)), all_of_them=False),
        overrides=drawing.lanes(list(override_shifts(schedule, window.start, window.end)), all_of_them=False),
        forwardings=drawing.lanes([shift for shift in final if shift.forwarded], all_of_them=False),
        differs=clocks.differ(window),
    )


def why_of(shift: Shift, names: Names) -> str:
    """By what somebody is on call: a turn, an override, a forwarding."""
    _ = Translator(names.locale)
    why = _("by an override") if shift.override else _("by turn")
    if shift.forwarded:
        person = Participant(ParticipantKind.USER, shift.forwarded[0].from_user_id)
        return _("%(why)s, instead of %(who)s", why=_("forwarded"), who=names.of(person))
    return why


def instant_text(at: datetime) -> str:
    """An instant as an address carries it: "2026-03-02T07:00:00Z"."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_instant(text: str) -> datetime:
    """What `instant_text` wrote. Raises: Invalid."""
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is None or not 1970 <= at.year <= 2200:
            raise ValueError
    except ValueError:
        raise Invalid(N_("Give an instant, as in 2026-11-22T08:00:00Z.")) from None
    return at.astimezone(UTC)


def query(path: str, **values: str) -> str:
    """The address with these values, those that are empty left out."""
    given = urlencode({name: value for name, value in values.items() if value})
    return f"{path}?{given}" if given else path


@dataclass(frozen=True, slots=True)
class _Drawing:
    schedule: Schedule
    window: Window
    names: Names
    clocks: Clocks
    base: str
    may_override: bool

    def lanes(self, found: Sequence[Shift], *, all_of_them: bool) -> tuple[Lane, ...]:
        """A lane a rotation; empty ones only with `all_of_them`."""
        keys = [(it.id, it.name) for it in self.schedule.rotations] or [("", self.schedule.name)]
        made = []
        for ident, name in keys:
            mine = [it for it in found if (it.rotation.id if it.rotation else "") == ident]
            if mine or all_of_them:
                made.append(Lane(name, ident, tuple(self.bar(it) for it in mine)))
        return tuple(made)

    def bar(self, shift: Shift) -> Bar:
        rotation_id = shift.rotation.id if shift.rotation else ""
        who, why = self.names.of(shift.participant), why_of(shift, self.names)
        href = query(f"{self.base}/shift", at=instant_text(shift.starts_at), rotation=rotation_id)
        return self._drawn(
            shift.starts_at, shift.ends_at, who, why, href if self.base else "",
            is_me=self.names.is_me(shift.participant),
        )  # fmt: skip

    def gaps(self, found: Iterable[Shift]) -> Iterator[Bar]:
        """When nobody is on call in any rotation."""
        _ = Translator(self.names.locale)
        covered = sorted((shift.starts_at, shift.ends_at) for shift in found)
        reached, end = self.window.start, self.window.end
        for starts_at, ends_at in [*covered, (end, end)]:
            if starts_at > reached:
                href = query(f"{self.base}/overrides/new", start=instant_text(reached), end=instant_text(starts_at))
                linked = href if self.base and self.may_override else ""
                yield self._drawn(reached, starts_at, _("Nobody"), _("gap"), linked, is_me=False)
            reached = max(reached, ends_at)

    def _drawn(self, starts_at: datetime, ends_at: datetime, who: str, why: str, href: str, *, is_me: bool) -> Bar:
        _ = Translator(self.names.locale)
        x = self.window.x(starts_at)
        text = f"{who}, {self.clocks.span(starts_at, ends_at)} ({self.clocks.schedule.key}), {why}"
        if self.clocks.differ(self.window):
            text += "; " + _("for you: %(span)s", span=self.clocks.span(starts_at, ends_at, readers=True))
        width = round(self.window.x(ends_at) - x, 3)
        return Bar(x, width, who, is_me, starts_at, ends_at, why, text, href)


def _ticks(window: Window, clocks: Clocks) -> Iterator[Tick]:
    if window.view is not View.DAY:
        for day in window.days:
            at = wall_instant(day, time(), clocks.schedule)
            number = str(day.day)
            label = number if window.view is View.MONTH else i18n.short_day(clocks.locale, clocks.schedule, at)
            yield Tick(window.x(at), label)
        return
    differ = clocks.differ(window)
    for hour in range(0, 24, 3):
        at = wall_instant(window.days[0], time(hour), clocks.schedule)
        other = i18n.time_of_day(clocks.locale, clocks.reader, at) if differ else ""
        yield Tick(window.x(at), i18n.time_of_day(clocks.locale, clocks.schedule, at), other)


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 1971 <= found.year <= 2199 else None


def _next_month(first: date) -> date:
    return (first + 32 * DAY).replace(day=1)
