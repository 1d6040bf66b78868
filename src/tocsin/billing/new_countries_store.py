"""The SQL of the countries that accounts use, and of alerts that wait for an operator."""

from dataclasses import dataclass
from datetime import datetime

from tocsin.db import Tx
from tocsin.licensing.new_countries import CountryUse
from tocsin.licensing.places import country_of_zone


@dataclass(frozen=True, slots=True)
class Alert:
    """A new country that was used a lot at once, as operators list it."""

    account_id: int
    account_name: str
    country: str
    units: int
    alerted_at: datetime


async def lock(tx: Tx, account_id: int, country: str, first_at: datetime) -> CountryUse:
    """How the account uses the country, beginning with `first_at`; nobody else counts until the transaction ends."""
    return await tx.one(
        CountryUse,
        """
        insert into countries_used (account_id, country, first_at, units)
        values (%(account_id)s, %(country)s, %(first_at)s, 0)
        on conflict (account_id, country) do update set units = countries_used.units
        returning account_id, country, first_at, units, alerted_at
        """,
        account_id=account_id,
        country=country,
        first_at=first_at,
        missing="The country is not kept.",
    )


async def save(tx: Tx, use: CountryUse) -> None:
    await tx.execute(
        """
        update countries_used set units = %(units)s, alerted_at = %(alerted_at)s
         where account_id = %(account_id)s and country = %(country)s
        """,
        account_id=use.account_id,
        country=use.country,
        units=use.units,
        alerted_at=use.alerted_at,
    )


async def homes(tx: Tx, account_id: int) -> set[str]:
    """The country of the billing address, and that of the account's time zone, where they are known."""
    row = await tx.dicts(
        """
        select a.time_zone, coalesce(b.country, '') as country
          from accounts a left join billing_information b on b.account_id = a.id
         where a.id = %(account_id)s
        """,
        account_id=account_id,
    )
    return {country for it in row for country in (it["country"], country_of_zone(it["time_zone"])) if country}


async def list_alerts(tx: Tx, limit: int) -> list[Alert]:
    """Those that no operator has looked at, newest first; the engine role asks."""
    return await tx.all(
        Alert,
        """
        select c.account_id, a.name as account_name, c.country, c.units, c.alerted_at
          from countries_used c join accounts a on a.id = c.account_id
         where c.alerted_at is not null and c.done_at is null
         order by c.alerted_at desc, c.account_id, c.country limit %(limit)s
        """,
        limit=limit,
    )


async def done(tx: Tx, account_id: int, country: str, at: datetime) -> bool:
    """An operator has looked at it. Whether it waited for that."""
    return bool(
        await tx.execute(
            """
            update countries_used set done_at = %(at)s
             where account_id = %(account_id)s and country = %(country)s and alerted_at is not null and done_at is null
            """,
            account_id=account_id,
            country=country,
            at=at,
        )
    )
