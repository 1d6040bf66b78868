"""The SQL of asking the registry of VAT ids again: whose answer would be too old for the next invoice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

from tocsin.billing.vat_id import VatCheck
from tocsin.db import Tx


@dataclass(frozen=True, slots=True)
class Asked:
    """A VAT id that is asked about, and what is known of it. `needed_at` is when it may decide a tax."""

    account_id: int
    vat_id: str
    country: str
    last: VatCheck | None
    needed_at: datetime


_UNANSWERED = """
    (b.vat_check is null or b.vat_check->>'source' = 'format' or b.vat_check->>'answered' = 'false')
"""
_MAY_BE_ASKED = """
    b.vat_id <> '' and b.country = any(%(countries)s) and coalesce(b.vat_retry_at, '-infinity') <= %(now)s
"""
_DUE = f"""
    s.due_at is not null and s.pending_key is null and s.standing not in ('granted', 'deleting', 'deleted')
    and b.vat_id <> '' and b.country = any(%(countries)s)
    and ({_UNANSWERED} or (b.vat_check->>'checked_at')::timestamptz < s.due_at - %(holds)s)
"""


async def claim_due(
    tx: Tx, countries: Sequence[str], now: datetime, holds: timedelta, again_at: datetime, limit: int
) -> list[Asked]:
    """Ids that are asked about before their account is due, the first due first; nobody else asks until `again_at`.

    An answer decides for `holds`; the engine role asks.
    """
    rows = await tx.dicts(
        f"""
        with due as (select b.account_id, s.due_at
                       from subscriptions s join billing_information b on b.account_id = s.account_id
                      where {_DUE} and s.due_at <= %(now)s::timestamptz + %(holds)s
                        and coalesce(b.vat_retry_at, '-infinity') <= %(now)s
                      order by s.due_at limit %(limit)s for update of b skip locked)
        update billing_information b set vat_retry_at = %(again_at)s
          from due where due.account_id = b.account_id
        returning b.account_id, b.vat_id, b.country, b.vat_check, due.due_at as needed_at
        """,
        countries=list(countries),
        now=now,
        holds=holds,
        again_at=again_at,
        limit=limit,
    )
    return sorted(map(_asked, rows), key=lambda it: it.needed_at)


async def claim(
    tx: Tx, account_id: int, countries: Sequence[str], now: datetime, holds: timedelta, again_at: datetime
) -> list[Asked]:
    """The account's id, where it is to be asked about before it decides a tax now; none otherwise."""
    rows = await tx.dicts(
        f"""
        update billing_information b set vat_retry_at = %(again_at)s
         where b.account_id = %(account_id)s and {_MAY_BE_ASKED}
           and ({_UNANSWERED} or (b.vat_check->>'checked_at')::timestamptz < %(now)s::timestamptz - %(holds)s)
        returning b.account_id, b.vat_id, b.country, b.vat_check, %(now)s::timestamptz as needed_at
        """,
        account_id=account_id,
        countries=list(countries),
        now=now,
        holds=holds,
        again_at=again_at,
    )
    return [_asked(row) for row in rows]


def _asked(row: Mapping[str, Any]) -> Asked:
    last = msgspec.convert(row["vat_check"], VatCheck) if row["vat_check"] else None
    return Asked(row["account_id"], row["vat_id"], row["country"], last, row["needed_at"])


async def earliest_due(tx: Tx, countries: Sequence[str], holds: timedelta) -> datetime | None:
    """When the next id is to be asked about; the engine role asks."""
    found: datetime | None = await tx.value(
        f"""
        select min(greatest(s.due_at - %(holds)s, b.vat_retry_at))
          from subscriptions s join billing_information b on b.account_id = s.account_id
         where {_DUE}
        """,
        countries=list(countries),
        holds=holds,
    )
    return found


async def save_check(tx: Tx, asked: Asked, check: VatCheck, again_at: datetime | None) -> bool:
    """Keep what was found out, unless the id was changed meanwhile; whether it was kept."""
    kept = await tx.execute(
        """
        update billing_information
           set vat_check = %(check)s::jsonb, vat_verified_at = %(verified_at)s, vat_retry_at = %(again_at)s
         where account_id = %(account_id)s and vat_id = %(vat_id)s and country = %(country)s
        """,
        check=msgspec.json.encode(check).decode(),
        verified_at=check.checked_at if check.valid and check.source == "registry" else None,
        again_at=again_at,
        account_id=asked.account_id,
        vat_id=asked.vat_id,
        country=asked.country,
    )
    return bool(kept)
