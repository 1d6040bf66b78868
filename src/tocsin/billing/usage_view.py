"""Usage as the page and the API show it: how far a window has come, and what it costs so far. Pure.

Source: licensing requirements R9.2, R10, R11.1
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tocsin.licensing.metering import Facts, Meter, Rated
from tocsin.licensing.model import Standing, Term
from tocsin.licensing.pricebook import Beyond, Zone
from tocsin.licensing.usage import UsageKind, started_minutes
from tocsin.licensing.windows import Window, in_force


@dataclass(frozen=True, slots=True)
class Charged:
    """Units of one meter and zone at one price, beyond what is included."""

    meter: str  # "messages" or "minutes"
    zone: Zone
    quantity: int
    unit_minor: int

    @property
    def amount_minor(self) -> int:
        return self.quantity * self.unit_minor


@dataclass(frozen=True, slots=True)
class WindowUsage:
    """One metering window. Amounts are minor units of `currency`; a pool of None has no fixed limit.

    In a trial SMS and calls have pools of their own: `sms_pool` and `voice_pool`.
    """

    window: Window
    plan: str
    currency: str
    sms: int
    voice: int
    codes: int
    included: int  # of SMS and calls together
    pool: int | None
    sms_pool: int | None
    voice_pool: int | None
    beyond: Beyond
    minutes: int  # of forwarded calls
    free_minutes: int  # of those, the included ones
    minutes_pool: int
    charged: tuple[Charged, ...]

    @property
    def charged_minor(self) -> int:
        return sum(it.amount_minor for it in self.charged)


def window_usage(facts: Facts, window: Window, meter: Meter, rated: Sequence[Rated]) -> WindowUsage:
    """How `window` stands, by the last term that was in force in it."""
    term = _last_term(facts, window)
    tariff = facts.tariff(term)
    trial = tariff.book.trial if term.standing is Standing.TRIALING else None
    legs = [it for it in rated if it.record.kind is UsageKind.CALL_LEG]
    return WindowUsage(
        window=window,
        plan=term.plan,
        currency=tariff.currency,
        sms=meter.units[UsageKind.SMS],
        voice=meter.units[UsageKind.VOICE],
        codes=meter.units[UsageKind.VERIFICATION],
        included=meter.included,
        pool=None if trial else tariff.pool(term),
        sms_pool=trial.sms_limit if trial else None,
        voice_pool=trial.calls_limit if trial else None,
        beyond=tariff.messages(term).beyond,
        minutes=sum(started_minutes(it.record.seconds) for it in legs),
        free_minutes=sum(it.included for it in legs),
        minutes_pool=tariff.incoming(term).minutes_included,
        charged=_charged(rated),
    )


def _last_term(facts: Facts, window: Window) -> Term:
    within = [term for term in facts.terms if window.holds(term.starts_at)]
    found = within[-1] if within else in_force(facts.terms, window.starts_at)
    assert found is not None  # noqa: S101 - a window follows from a term
    return found


def _charged(rated: Sequence[Rated]) -> tuple[Charged, ...]:
    found: Counter[tuple[str, Zone, int]] = Counter()
    for it in rated:
        if it.charged:
            meter = "messages" if it.record.kind.is_message else "minutes"
            found[meter, it.record.zone, it.unit_minor] += it.charged
    order = list(Zone)
    rows = sorted(found.items(), key=lambda row: (row[0][0], order.index(row[0][1]), row[0][2]))
    return tuple(Charged(meter, zone, quantity, unit) for (meter, zone, unit), quantity in rows)
