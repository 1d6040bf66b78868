"""Metering against a slow and obvious model: a clerk who takes what has arrived to each bill, unit by unit."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.metered import PL, TARIFF, US

from tocsin.licensing.metering import Carried, Closing, Facts, close_window
from tocsin.licensing.model import Interval, Standing, Term
from tocsin.licensing.usage import Correction, UsageKind, UsageRecord, make_record
from tocsin.licensing.windows import Footing, windows

START = datetime(2026, 3, 10, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass
class Month:
    """A window as the clerk keeps it. `bill_at` is None where it is cut off: its use goes on the next bill."""

    start: datetime
    end: datetime
    paid: bool
    bill_at: datetime | None
    final: bool
    first: bool  # of a new subscription
    counted: list[UsageRecord] = field(default_factory=list)
    included: int = 0
    free_minutes: list[datetime] = field(default_factory=list)  # when each was used
    used_before: int = 0


def month_after(at: datetime, day: int) -> datetime:
    """The next midnight of a day `day` of a month. All of this is in UTC, and days are 28 at most."""
    at = datetime(at.year, at.month, at.day, tzinfo=UTC) + DAY
    while at.day != day:
        at += DAY
    return at


class Clerk:
    """Months, in order, and what was received so far."""

    def __init__(self, terms: list[Term], until: datetime) -> None:
        self.terms = terms
        self.months: list[Month] = []
        at, before = terms[0].starts_at, None
        while at <= until:
            term = self.term(at)
            assert term.anchor_on is not None
            end = month_after(at, term.anchor_on.day)
            cut = [it.starts_at for it in terms if at < it.starts_at < end and self.is_new(it)]
            end = min([end, *cut])
            paid = term.plan != "free"
            after = self.term(end)
            final = paid and after.plan == "free"
            goes_on = bool(cut) and after.plan != "free"
            bill_at = end + 2 * DAY if paid and not goes_on else None
            first = paid and (before is None or not before.paid)
            self.months.append(Month(at, end, paid, bill_at, final, first))
            at, before = end, self.months[-1]

    def term(self, at: datetime) -> Term:
        return [it for it in self.terms if it.starts_at <= at][-1]

    def is_new(self, term: Term) -> bool:
        before = [it for it in self.terms if it.starts_at < term.starts_at][-1]
        return (before.plan == "free") != (term.plan == "free") or before.interval != term.interval

    def bills(self, deliveries: list[UsageRecord], corrections: list[Correction]) -> list[tuple[Month, dict[str, int]]]:
        """Each bill: what is new by kind, and what it asks for in the end."""
        received: dict[str, UsageRecord] = {}
        for record in sorted(deliveries, key=lambda it: it.received_at):
            received.setdefault(record.id, record)
        waiting = list(received.values())
        made, carried, times = [], 0, 0
        for number, bill in enumerate(self.months):
            if bill.bill_at is None:
                if not bill.paid:
                    waiting = [it for it in waiting if not it.at < bill.end]  # free, or too late for the last bill
                continue
            new: dict[str, int] = {}
            for month in self.months[: number + 1]:
                if month.start == bill.start and month.first:
                    month.used_before = sum(
                        bill.start - 30 * DAY <= it for other in self.months[:number] for it in other.free_minutes
                    )
                mine = [it for it in waiting if month.start <= it.at < month.end and it.received_at <= bill.bill_at]
                for late in (False, True):
                    some = [it for it in mine if (self.is_late(it, month, bill)) == late]
                    for record in sorted(some, key=lambda it: (it.at, it.received_at, it.id)):
                        self.count(month, self.corrected(record, month, corrections), late, new)
                        waiting.remove(record)
            carried += sum(new.values())
            if carried < 500 and times < 3 and not bill.final:
                times = times + 1 if carried else 0
                made.append((bill, {"new": sum(new.values()), "asked": 0}))
            else:
                made.append((bill, new | {"new": sum(new.values()), "asked": carried}))
                carried = times = 0
        return made

    def is_late(self, record: UsageRecord, month: Month, bill: Month) -> bool:
        if month.bill_at is not None and month is not bill:
            return True
        return record.received_at > month.end + 2 * DAY

    def corrected(self, record: UsageRecord, month: Month, corrections: list[Correction]) -> UsageRecord:
        for it in sorted(corrections, key=lambda it: (it.received_at, it.id)):
            if it.record_id == record.id and it.received_at <= month.end + 2 * DAY:
                record = replace(record, seconds=it.seconds)
        return record

    def count(self, month: Month, record: UsageRecord, late: bool, new: dict[str, int]) -> None:
        term = self.term(record.at)
        us = record.number == US
        key = ("late_" if late else "") + ("minutes" if record.kind is UsageKind.CALL_LEG else "messages")
        if record.kind is UsageKind.CALL_LEG:
            free = 100 if term.plan == "standard" else 0
            for _ in range(0, record.seconds, 60):
                if us and len(month.free_minutes) + month.used_before < free:
                    month.free_minutes.append(record.at)
                else:
                    new[key] = new.get(key, 0) + (10 if us else 35)
        else:
            pool = 10**9 if term.plan == "standard" and not term.usage_billed else 100 * term.seats
            if month.included < pool:
                month.included += 1
            else:
                new[key] = new.get(key, 0) + (10 if us else 35)


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Term], list[UsageRecord], list[Correction]]:
    """Half a year of an account: changes of plan, seats and interval, use with delays, doubles and corrections."""
    random = Random(draw(st.integers(0, 10**9)))
    terms: list[Term] = []
    at, anchor, interval = START, START.date(), Interval.MONTH
    for plan in draw(st.lists(st.sampled_from(["essentials", "standard", "usage", "free"]), min_size=1, max_size=6)):
        was_free = bool(terms) and terms[-1].plan == "free"
        if terms and plan != "free" and not was_free and interval is Interval.MONTH and random.random() < 0.3:
            interval, anchor = Interval.YEAR, at.date()
        elif was_free and plan != "free":
            interval, anchor = Interval.MONTH, at.date()
        created = date(2026, 1, 20)
        terms.append(
            Term(
                1, at, Standing.FREE if plan == "free" else Standing.ACTIVE, "standard" if plan == "usage" else plan,
                random.randint(1, 2), None if plan == "free" else interval, 1, plan == "usage",
                anchor_on=created if plan == "free" else anchor,
            )
        )  # fmt: skip
        at += random.randint(1, 50) * DAY + random.randint(0, 23) * HOUR
        if at.day > 28:
            at += 4 * DAY
    records, corrections = [], []
    for number in range(draw(st.integers(0, 40))):
        burst = random.choice([1, 1, 30, 90])
        at = START + random.randint(0, 150 * 24) * HOUR
        for piece in range(burst):
            kind = random.choice([UsageKind.SMS, UsageKind.VOICE, UsageKind.CALL_LEG])
            received_at = at + random.choice([timedelta(0), HOUR, 47 * HOUR, 48 * HOUR, 60 * HOUR, 20 * DAY, 70 * DAY])
            seconds = random.choice([0, 1, 60, 61, 600]) if kind is UsageKind.CALL_LEG else 0
            name = f"{random.randint(0, 9)}{number}-{piece}"
            record = make_record(1, name, kind, at, received_at, random.choice([US, PL]), seconds=seconds)
            records.append(record)
            if random.random() < 0.05:
                records.append(replace(record, received_at=record.received_at + random.randint(0, 90) * DAY))
            if kind is UsageKind.CALL_LEG and random.random() < 0.2:
                later = received_at + random.randint(0, 60 * 24) * HOUR
                corrections.append(Correction(1, f"k{name}", name, later, random.choice([59, 121])))
    return terms, records, corrections


@pytest.mark.parametrize("seed", [1, 2])
@given(history=histories())
def test_bills_are_those_of_a_clerk_who_takes_each_unit_by_itself(
    seed: int, history: tuple[list[Term], list[UsageRecord], list[Correction]]
) -> None:
    terms, records, corrections = history
    until = START + 220 * DAY
    clerk = Clerk(terms, until)
    expected = [(it.start, new) for it, new in clerk.bills(records, corrections)]

    Random(seed).shuffle(records)  # the order of deliveries does not matter
    facts = Facts(terms, {1: TARIFF}, records, corrections)
    closings: list[Closing] = []
    carried = Carried()
    made = []
    months = {it.start: it for it in clerk.months}
    for window in windows(terms, START, until):
        month = months[window.starts_at]
        assert (window.ends_at, window.footing is Footing.PAID) == (month.end, month.paid)
        if month.bill_at is not None:
            bill = close_window(replace(facts, closings=closings), window, month.bill_at, carried)
            closings.append(Closing(window.starts_at, month.bill_at))
            carried = bill.carried
            new: dict[str, int] = {"asked": bill.total_minor, "new": bill.usage_minor}
            for line in bill.lines:
                if line.kind.value != "carried":
                    new[line.kind.value] = new.get(line.kind.value, 0) + line.amount_minor
            made.append((window.starts_at, new))

    assert made == expected
