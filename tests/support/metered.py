"""Makers for what is metered: terms, records and the facts they are rated from, on the requirements' price book."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.support.books import requirements_book

from tocsin.licensing.metering import Closing, Facts
from tocsin.licensing.model import Interval, Standing, Term
from tocsin.licensing.tariff import Tariff
from tocsin.licensing.usage import Correction, UsageKind, UsageRecord, make_record

WARSAW = ZoneInfo("Europe/Warsaw")
TARIFF = Tariff(requirements_book(), "USD")
US, PL, JAMAICA = "+12125550123", "+48123456789", "+18765550123"
ANCHOR = date(2026, 3, 10)
AFTER = timedelta(hours=48)


def warsaw(month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0, *, year: int = 2026) -> datetime:
    """The instant at which a clock in Warsaw shows this."""
    return datetime(year, month, day, hour, minute, second, tzinfo=WARSAW).astimezone(UTC)


P_START, P_END = warsaw(3, 10), warsaw(4, 10)


def make_term(
    plan: str,
    seats: int = 10,
    starts_at: datetime = P_START,
    *,
    standing: Standing = Standing.ACTIVE,
    interval: Interval | None = Interval.MONTH,
    anchor_on: date | None = ANCHOR,
    usage_billed: bool = False,
    telephony_stopped: bool = False,
) -> Term:
    return Term(
        1, starts_at, standing, plan, seats, interval, 1, usage_billed, telephony_stopped, anchor_on, "Europe/Warsaw"
    )  # fmt: skip


def free_term(starts_at: datetime, created_on: date) -> Term:
    return make_term("free", 0, starts_at, standing=Standing.FREE, interval=None, anchor_on=created_on)


def unit(
    name: str,
    at: datetime,
    number: str = US,
    kind: UsageKind = UsageKind.SMS,
    *,
    received_at: datetime | None = None,
    seconds: int = 0,
) -> UsageRecord:
    """One record; it is received when it happens unless said otherwise."""
    return make_record(1, name, kind, at, received_at or at, number, seconds=seconds)


def leg(name: str, at: datetime, seconds: int, number: str = US, *, received_at: datetime | None = None) -> UsageRecord:
    return unit(name, at, number, UsageKind.CALL_LEG, received_at=received_at, seconds=seconds)


def units(
    count: int, at: datetime, number: str = US, *, name: str = "u", step: timedelta = timedelta(seconds=1)
) -> list[UsageRecord]:
    """So many SMS in a row."""
    return [unit(f"{name}{n:05}", at + n * step, number) for n in range(count)]


def facts(
    terms: Sequence[Term],
    records: Iterable[UsageRecord] = (),
    closings: Sequence[Closing] = (),
    corrections: Sequence[Correction] = (),
) -> Facts:
    return Facts(terms, {1: TARIFF}, tuple(records), corrections, closings)
