"""Metering: what is included, what is charged, and what a window's bill says. Pure.

Everything follows from facts: terms, records, corrections and the closings of windows. A record is in the bill of the
first window closed after it was received, of its own window or a later one of the same paid run; so it is billed once
or never, whatever the order and number of deliveries (invariant 6).

Source: licensing requirements R9.2, R10, S05, S06, S07, S13, S27, S32, S33, S39
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from tocsin.errors import Invalid
from tocsin.licensing.model import Term
from tocsin.licensing.pricebook import Beyond, Zone
from tocsin.licensing.tariff import Tariff
from tocsin.licensing.usage import Correction, UsageKind, UsageRecord, started_minutes
from tocsin.licensing.windows import Footing, Window, in_force, is_final, windows

LATE = timedelta(hours=48)
"""How long after its window's end a record or a correction still counts as in time."""

LOOP = timedelta(days=30)
"""Free minutes used so long before a new subscription are not given again. Source: S39"""


class UsageLineKind(StrEnum):
    """What a line of a usage bill is for; the values are those of billing's line kinds."""

    MESSAGES = "messages"
    MINUTES = "minutes"
    LATE_MESSAGES = "late_messages"
    LATE_MINUTES = "late_minutes"
    CARRIED = "carried"


KINDS = {True: UsageLineKind.MESSAGES, False: UsageLineKind.MINUTES}
LATE_KINDS = {True: UsageLineKind.LATE_MESSAGES, False: UsageLineKind.LATE_MINUTES}
FOREVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Carried:
    """Usage of earlier windows that was too little to bill, and how many window ends have passed it on. Source: S07"""

    minor: int = 0
    times: int = 0


NOTHING_CARRIED = Carried()


@dataclass(frozen=True, slots=True)
class Closing:
    """A window whose bill was made: whatever was received up to `closed_at` is in it or in one before."""

    window_starts_at: datetime
    closed_at: datetime


@dataclass(frozen=True, slots=True)
class UsageLine:
    """Units of one zone at one price. A carried amount has neither. `window` is the one that the use fell in."""

    kind: UsageLineKind
    zone: Zone | None
    quantity: int
    unit_minor: int | None
    amount_minor: int
    window: Window


@dataclass(frozen=True, slots=True)
class UsageBill:
    """What usage adds to the invoice that is made for a window.

    `lines` is empty where the amount is carried on, as `carried` says. `usage_minor` is all that is new in this bill,
    carried or not.
    """

    window: Window
    lines: tuple[UsageLine, ...]
    carried: Carried
    usage_minor: int

    @property
    def total_minor(self) -> int:
        return sum(line.amount_minor for line in self.lines)


@dataclass(frozen=True, slots=True)
class Rated:
    """What became of one record: so many units included, so many charged at `unit_minor` each."""

    record: UsageRecord
    included: int
    charged: int
    unit_minor: int


@dataclass(slots=True)
class Meter:
    """The running count of one window: records go in one by one, in their order."""

    window: Window
    included: int = 0  # SMS and voice
    free_minutes: int = 0  # used, of forwarded calls to the US and Canada
    units: Counter[UsageKind] = field(default_factory=Counter)
    charged_minor: int = 0

    def count(self, record: UsageRecord, term: Term, tariff: Tariff) -> Rated:
        """Count `record` in, under the term in force at its time."""
        self.units[record.kind] += 1
        bills = self.window.footing is Footing.PAID
        rated = Rated(record, 0, 0, 0)
        if record.kind.is_message:
            pool = tariff.pool(term)
            fits = pool is None or self.included < pool
            self.included += fits
            rated = Rated(record, int(fits), int(bills and not fits), tariff.message_minor(record.zone))
        elif record.kind is UsageKind.CALL_LEG:
            minutes = started_minutes(record.seconds)
            free = self._free(record.zone, minutes, tariff.incoming(term).minutes_included)
            rated = Rated(record, free, (minutes - free) * bills, tariff.minute_minor(record.zone))
        self.charged_minor += rated.charged * rated.unit_minor
        return rated

    def _free(self, zone: Zone, minutes: int, pool: int) -> int:
        if zone is not Zone.US_CA:
            return 0
        free = min(minutes, max(0, pool - self.free_minutes))
        self.free_minutes += free
        return free


@dataclass(frozen=True, slots=True)
class Facts:
    """All that an account's usage is rated from. Terms and closings are in order of time; records need not be.

    `tariffs` are by version of the price book, for the account's currency.
    """

    terms: Sequence[Term]
    tariffs: Mapping[int, Tariff]
    records: Sequence[UsageRecord] = ()
    corrections: Sequence[Correction] = ()
    closings: Sequence[Closing] = ()

    def term(self, at: datetime) -> Term:
        """The term in force. Raises: Invalid before the account's first."""
        found = in_force(self.terms, at)
        if found is None:
            raise Invalid(f"There was no account yet on {at:%Y-%m-%d}.")
        return found

    def tariff(self, term: Term) -> Tariff:
        return self.tariffs[term.book_version]


def close_window(
    facts: Facts, window: Window, closed_at: datetime, carried: Carried = NOTHING_CARRIED, *, final: bool = False
) -> UsageBill:
    """The bill of `window` from what was received up to `closed_at`; late use of earlier windows comes with it.

    `closed_at` is the instant at which the bill was to be made, not the one at which somebody got round to it.
    `carried` is what the bill before passed on. Below the price book's threshold nothing is billed but carried on, at
    most three times; the last bill of a paid time takes any amount: one that is `final`, or whose terms say so. Closing
    the same window again says the same.
    """
    others = [it for it in facts.closings if it.window_starts_at < window.starts_at]
    closed = replace(facts, closings=[*others, Closing(window.starts_at, closed_at)])
    lines = _new_lines(closed, window)
    usage_minor = sum(line.amount_minor for line in lines)
    total, tariff = usage_minor + carried.minor, facts.tariff(facts.term(window.starts_at))
    little = 0 < total < tariff.carry_below_minor and carried.times < tariff.book.thresholds.carry_windows
    if little and not final and not is_final(facts.terms, window):
        return UsageBill(window, (), Carried(total, carried.times + 1), usage_minor)
    if carried.minor:
        lines.append(UsageLine(UsageLineKind.CARRIED, None, 1, None, carried.minor, window))
    return UsageBill(window, tuple(lines), NOTHING_CARRIED, usage_minor)


def could_charge(facts: Facts, window: Window, carried: Carried = NOTHING_CARRIED) -> bool:
    """May a bill of `window` say anything? Only then it waits 48 hours for late use. Numbers are the caller's. S04

    True where use beyond a pool has a price at any moment of the window, or something is carried on.
    """
    if window.footing is not Footing.PAID:
        return False
    within = [it for it in facts.terms if window.holds(it.starts_at)]
    plans = [facts.term(window.starts_at), *within]
    charges = any(facts.tariff(term).messages(term).beyond is Beyond.CHARGE for term in plans)
    return charges or carried.minor > 0


def rate(facts: Facts, window: Window) -> tuple[Meter, list[Rated]]:
    """How the records of `window` come out, one by one, and their count: all that is known of it."""
    return _rate(facts, window, _places(facts))


@dataclass(frozen=True, slots=True)
class _Slip:
    """A record, and the start of the window whose bill takes it; None: no bill yet."""

    record: UsageRecord
    billed_in: datetime | None
    late: bool

    @property
    def order(self) -> tuple[bool, datetime, tuple[datetime, datetime, str]]:
        """In time; what came after its window's bill counts as last, bill by bill. Source: S06, S32"""
        return self.late, (self.billed_in or FOREVER) if self.late else FOREVER, self.record.order


@dataclass(frozen=True, slots=True)
class _Places:
    """Where each record belongs: slips by the start of their window, in the order in which they count."""

    windows: Mapping[datetime, Window]
    slips: Mapping[datetime, Sequence[_Slip]]


def _places(facts: Facts) -> _Places:
    records = sorted(_once(facts.records), key=lambda it: it.order)
    starts = [it.window_starts_at for it in facts.closings] + [records[0].at] if records else []
    if not records:
        return _Places({}, {})
    known = windows(facts.terms, min(starts), max(records[-1].at, *starts))
    runs: defaultdict[datetime, list[Closing]] = defaultdict(list)
    starts_of = {it.starts_at: it for it in known}
    for closing in facts.closings:
        if closing.window_starts_at in starts_of:  # else a window of no length: begun and ended at one instant
            runs[starts_of[closing.window_starts_at].run_starts_at].append(closing)
    corrections = _by_record(facts.corrections)
    slips: defaultdict[datetime, list[_Slip]] = defaultdict(list)
    index = 0
    for record in records:
        while index < len(known) and not _before(record.at, known[index].ends_at):
            index += 1
        if index == len(known) or record.at < known[index].starts_at:
            continue  # before the account's first term, or while it is being deleted
        own = known[index]
        slip = _slip(facts.terms, own, record, runs[own.run_starts_at])
        if slip is not None:
            corrected = _corrected(record, own, corrections.get(record.id, ()))
            slips[own.starts_at].append(replace(slip, record=corrected))
    return _Places(starts_of, {start: sorted(found, key=lambda it: it.order) for start, found in slips.items()})


def _before(at: datetime, end: datetime | None) -> bool:
    return end is None or at < end


def _in_time(received_at: datetime, end: datetime | None) -> bool:
    """Did it come no later than 48 hours after its window's `end`?"""
    return end is None or received_at <= end + LATE


def _once(records: Iterable[UsageRecord]) -> Iterable[UsageRecord]:
    """Of records with the same id, the one that was received first."""
    first: dict[str, UsageRecord] = {}
    for record in records:
        known = first.get(record.id)
        if known is None or record.received_at < known.received_at:
            first[record.id] = record
    return first.values()


def _slip(terms: Sequence[Term], own: Window, record: UsageRecord, closings: Sequence[Closing]) -> _Slip | None:
    """The first bill of the same paid run that can take the record; None after the run's last: it is dropped."""
    later = [it for it in closings if it.window_starts_at >= own.starts_at]
    taken = next((it.window_starts_at for it in later if it.closed_at >= record.received_at), None)
    if taken is None and later and is_final(terms, _known(terms, later[-1])):
        return None
    missed = bool(later) and later[0].window_starts_at == own.starts_at != taken
    return _Slip(record, taken, late=missed or not _in_time(record.received_at, own.ends_at))


def _known(terms: Sequence[Term], closing: Closing) -> Window:
    [window, *_] = windows(terms, closing.window_starts_at, closing.window_starts_at)
    return window


def _by_record(corrections: Iterable[Correction]) -> Mapping[str, Sequence[Correction]]:
    found: defaultdict[str, list[Correction]] = defaultdict(list)
    for correction in sorted(corrections, key=lambda it: (it.received_at, it.id)):
        found[correction.record_id].append(correction)
    return found


def _corrected(record: UsageRecord, own: Window, corrections: Iterable[Correction]) -> UsageRecord:
    """With the last duration that came no later than 48 hours after the window's end. Source: S33"""
    for correction in corrections:
        if _in_time(correction.received_at, own.ends_at):
            record = replace(record, seconds=correction.seconds)
    return record


def _rate(facts: Facts, window: Window, places: _Places) -> tuple[Meter, list[Rated]]:
    meter = _meter(facts, window, places)
    rated = []
    for slip in places.slips.get(window.starts_at, ()):
        term = facts.term(slip.record.at)
        rated.append(meter.count(slip.record, term, facts.tariff(term)))
    return meter, rated


def _meter(facts: Facts, window: Window, places: _Places) -> Meter:
    """The meter with which a window begins: at nothing, or where the first part of its month stopped. Source: S29"""
    if window.resumes:
        before = max((it for it in places.windows.values() if it.starts_at < window.starts_at),
                     key=lambda it: it.starts_at, default=None)  # fmt: skip
        if before is not None and before.month_ends_on == window.month_ends_on:
            stopped, _ = _rate(facts, before, places)
            return Meter(window, included=stopped.included, free_minutes=stopped.free_minutes)
    return Meter(window, free_minutes=_used_before(facts, window, places))


def _used_before(facts: Facts, window: Window, places: _Places) -> int:
    """Free minutes of the last 30 days under the subscription before, where `window` opens one. Source: S39"""
    if not window.opens_subscription:
        return 0
    since = window.starts_at - LOOP
    earlier = [
        it
        for it in places.windows.values()
        if it.footing is Footing.PAID and it.ends_at is not None and since < it.ends_at <= window.starts_at
    ]
    return sum(
        rated.included
        for it in earlier
        for rated in _rate(facts, it, places)[1]
        if rated.record.kind is UsageKind.CALL_LEG and rated.record.at >= since
    )


def _new_lines(facts: Facts, window: Window) -> list[UsageLine]:
    """The lines of the last closing, that of `window`: its own units, then late ones, the newest window first."""
    places = _places(facts)
    lines: list[UsageLine] = []
    for start in sorted(places.slips, reverse=True):
        slips, own = places.slips[start], places.windows[start]
        if any(it.billed_in == window.starts_at for it in slips):
            _, rated = _rate(facts, own, places)
            new = [pair for pair in zip(slips, rated, strict=True) if pair[0].billed_in == window.starts_at]
            lines += _lines(new, own)
    return lines


def _lines(rated: Iterable[tuple[_Slip, Rated]], own: Window) -> list[UsageLine]:
    """What was charged, a line for each kind, zone and price. Whole units at whole prices: nothing is rounded."""
    quantities: Counter[tuple[UsageLineKind, Zone, int]] = Counter()
    for slip, it in rated:
        if it.charged:
            kinds = LATE_KINDS if slip.late else KINDS
            quantities[kinds[it.record.kind.is_message], it.record.zone, it.unit_minor] += it.charged
    return [
        UsageLine(kind, zone, quantity, unit_minor, quantity * unit_minor, own)
        for (kind, zone, unit_minor), quantity in sorted(quantities.items(), key=lambda it: _rank(*it[0]))
    ]


def _rank(kind: UsageLineKind, zone: Zone, unit_minor: int) -> tuple[int, int, int]:
    return list(UsageLineKind).index(kind), list(Zone).index(zone), unit_minor
