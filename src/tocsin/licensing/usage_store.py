"""The SQL of usage: records, corrections, closed windows, counters of running ones."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from tocsin.db import Tx
from tocsin.licensing.metering import Closing
from tocsin.licensing.usage import Correction, UsageRecord

RECORD = """account_id, id, kind, at, received_at, number, region, zone, seconds, cost_minor, user_id, alert_id"""


@dataclass(frozen=True, slots=True)
class WindowCount:
    """The counters of a window. `told` names the levels that its owners heard of."""

    account_id: int
    starts_at: datetime
    included: int = 0
    sms: int = 0
    voice: int = 0
    charged_minor: int = 0
    told: Sequence[str] = ()


async def insert_records(tx: Tx, records: Sequence[UsageRecord], *, reserved: bool = False) -> set[str]:
    """Keep each record once; the ids of those that are new."""
    sql = f"""
        insert into usage_records ({RECORD}, reserved)
        select {RECORD}, %(reserved)s from json_populate_recordset(null::usage_records, %(rows)s::json)
        on conflict (account_id, id) do nothing
        returning id
    """
    import msgspec

    rows = msgspec.json.encode(records).decode()
    return set(await tx.values(sql, rows=rows, reserved=reserved))


async def confirm(tx: Tx, account_id: int, record_id: str, cost_minor: int | None) -> UsageRecord | None:
    """The carrier took what was reserved; the record, None where there is none."""
    return await tx.find(
        UsageRecord,
        f"""
        update usage_records set reserved = false, cost_minor = coalesce(%(cost_minor)s, cost_minor)
         where account_id = %(account_id)s and id = %(id)s and reserved returning {RECORD}
        """,
        account_id=account_id,
        id=record_id,
        cost_minor=cost_minor,
    )


async def release(tx: Tx, account_id: int, record_id: str) -> UsageRecord | None:
    """What was reserved and not taken counts for nothing; the record as it was, None where there is none."""
    return await tx.find(
        UsageRecord,
        f"""
        delete from usage_records where account_id = %(account_id)s and id = %(id)s and reserved returning {RECORD}
        """,
        account_id=account_id,
        id=record_id,
    )


async def count_reserved(tx: Tx, account_id: int, since: datetime, until: datetime) -> int:
    """How many SMS and calls of [since, until) are being sent right now."""
    return int(
        await tx.value(
            """
            select count(*) from usage_records
             where account_id = %(account_id)s and at >= %(since)s and at < %(until)s
               and reserved and kind in ('sms', 'voice')
            """,
            account_id=account_id,
            since=since,
            until=until,
        )
    )


async def list_reserved(tx: Tx, before: datetime, limit: int = 500) -> list[tuple[int, str]]:
    """What was reserved before then and neither confirmed nor released, as (account, id)."""
    rows = await tx.dicts(
        "select account_id, id from usage_records where reserved and received_at < %(before)s limit %(limit)s",
        before=before,
        limit=limit,
    )
    return [(row["account_id"], row["id"]) for row in rows]


async def insert_corrections(tx: Tx, corrections: Sequence[Correction]) -> None:
    sql = """
        insert into usage_corrections (account_id, id, record_id, received_at, seconds)
        values (%(account_id)s, %(id)s, %(record_id)s, %(received_at)s, %(seconds)s)
        on conflict do nothing
    """
    await tx.execute_many(sql, [asdict(correction) for correction in corrections])


async def insert_closings(tx: Tx, closings: Mapping[int, Sequence[Closing]]) -> None:
    """Note the windows whose bills were made; of one that is closed again the first time counts."""
    sql = """
        insert into usage_closings (account_id, window_starts_at, closed_at)
        values (%(account_id)s, %(window_starts_at)s, %(closed_at)s) on conflict do nothing
    """
    rows = [{"account_id": account_id, **asdict(it)} for account_id, found in closings.items() for it in found]
    await tx.execute_many(sql, rows)


async def list_closings(tx: Tx, account_ids: Sequence[int]) -> dict[int, list[Closing]]:
    rows = await tx.dicts(
        """
        select account_id, window_starts_at, closed_at from usage_closings
         where account_id = any(%(ids)s) order by account_id, window_starts_at
        """,
        ids=list(account_ids),
    )
    found: dict[int, list[Closing]] = {}
    for row in rows:
        found.setdefault(row["account_id"], []).append(Closing(row["window_starts_at"], row["closed_at"]))
    return found


async def list_records(
    tx: Tx, account_ids: Sequence[int], since: datetime, until: datetime, *, with_reserved: bool = False
) -> list[UsageRecord]:
    """What happened in [since, until) and the carrier took, or is being asked to, in order of time."""
    sql = f"""
        select {RECORD} from usage_records
         where account_id = any(%(ids)s) and at >= %(since)s and at < %(until)s and (not reserved or %(with_reserved)s)
         order by account_id, at
    """
    return await tx.all(UsageRecord, sql, ids=list(account_ids), since=since, until=until, with_reserved=with_reserved)


async def list_corrections(tx: Tx, account_ids: Sequence[int]) -> list[Correction]:
    sql = """
        select account_id, id, record_id, received_at, seconds from usage_corrections where account_id = any(%(ids)s)
    """
    return await tx.all(Correction, sql, ids=list(account_ids))


async def accounts_with_usage(tx: Tx, account_ids: Sequence[int]) -> list[int]:
    """Those of the accounts that used anything at all."""
    return await tx.values(
        """
        select a.id from unnest(%(ids)s::bigint[]) as a(id)
         where exists (select from usage_records r where r.account_id = a.id)
        """,
        ids=list(account_ids),
    )


async def lock_window(tx: Tx, account_id: int, starts_at: datetime, review_at: datetime | None = None) -> WindowCount:
    """The window's counters, made where they are missing, locked until the transaction ends.

    `review_at` is when the cost of a new window is looked at.
    """
    await tx.execute(
        """
        insert into usage_windows (account_id, starts_at, review_at) values (%(a)s, %(at)s, %(review_at)s)
        on conflict do nothing
        """,
        a=account_id,
        at=starts_at,
        review_at=review_at,
    )
    return await tx.one(
        WindowCount,
        """
        select account_id, starts_at, included, sms, voice, charged_minor, told from usage_windows
         where account_id = %(a)s and starts_at = %(at)s for update
        """,
        a=account_id,
        at=starts_at,
    )


async def find_window(tx: Tx, account_id: int, starts_at: datetime) -> WindowCount:
    """The window's counters as they are."""
    found = await tx.find(
        WindowCount,
        """
        select account_id, starts_at, included, sms, voice, charged_minor, told from usage_windows
         where account_id = %(a)s and starts_at = %(at)s
        """,
        a=account_id,
        at=starts_at,
    )
    return found or WindowCount(account_id, starts_at)


async def save_window(tx: Tx, count: WindowCount) -> None:
    await tx.execute(
        """
        update usage_windows set included = %(included)s, sms = %(sms)s, voice = %(voice)s,
               charged_minor = %(charged_minor)s, told = %(told)s
         where account_id = %(account_id)s and starts_at = %(starts_at)s
        """,
        **{**asdict(count), "told": list(count.told)},
    )


async def count_codes(tx: Tx, account_id: int, user_id: UUID, since: datetime) -> int:
    """Verification codes that a person was sent since then."""
    return int(
        await tx.value(
            """
            select count(*) from usage_records
             where account_id = %(account_id)s and kind = 'verification' and user_id = %(user_id)s and at >= %(since)s
            """,
            account_id=account_id,
            user_id=user_id,
            since=since,
        )
    )


@dataclass(frozen=True, slots=True)
class CountryCost:
    """What a country took of the SMS and calls in a span, and what they cost us where the carrier said so."""

    region: str
    units: int
    cost_minor: int


async def dearest_countries(tx: Tx, account_id: int, since: datetime, until: datetime, limit: int) -> list[CountryCost]:
    """The countries by cost, then by units. Source: R11.2"""
    return await tx.all(
        CountryCost,
        """
        select region, count(*)::int as units, coalesce(sum(cost_minor), 0)::bigint as cost_minor from usage_records
         where account_id = %(account_id)s and kind in ('sms', 'voice') and not reserved
           and at >= %(since)s and at < %(until)s
         group by region order by cost_minor desc, units desc, region limit %(limit)s
        """,
        account_id=account_id,
        since=since,
        until=until,
        limit=limit,
    )
