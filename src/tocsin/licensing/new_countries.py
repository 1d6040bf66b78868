"""A country that an account's SMS and calls never went to, and all at once often: an early sign of pumped use. Pure.

Source: licensing requirements R11.2
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tocsin.licensing.usage import UsageKind, UsageRecord

WITHIN = timedelta(hours=24)
"""How long a country is new: elapsed hours since the first unit that went there."""


@dataclass(frozen=True, slots=True)
class CountryUse:
    """Since when an account uses a country; `units` are those of the first 24 hours."""

    account_id: int
    country: str
    first_at: datetime
    units: int = 0
    alerted_at: datetime | None = None


def with_units(use: CountryUse, instants: Iterable[datetime]) -> CountryUse:
    """The use with these units, as far as they fall into the first hours."""
    return replace(use, units=use.units + sum(at < use.first_at + WITHIN for at in instants))


def is_sudden(use: CountryUse, homes: Collection[str], most: int) -> bool:
    """Is somebody to be told now? Never of a country where the account is at home, and once of any other."""
    return use.alerted_at is None and use.country not in homes and use.units > most


def by_country(records: Iterable[UsageRecord]) -> Mapping[str, list[datetime]]:
    """When something was sent, to each country; calls that came in are left out."""
    found: dict[str, list[datetime]] = {}
    for record in sorted(records, key=lambda it: it.order):
        if record.kind is not UsageKind.CALL_LEG:
            found.setdefault(record.region, []).append(record.at)
    return found
