"""The SQL of fair use: windows to look at, what they cost, cases and what was said about them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tocsin import arrays
from tocsin.db import Tx
from tocsin.licensing.fair_use import Case, WindowCost

CASE = "account_id, id, status, opened_at, until, effective_at"


@dataclass(frozen=True, slots=True)
class Review:
    """A window that is over and whose cost nobody has looked at."""

    account_id: int
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class Note:
    """What was done or said about a case."""

    at: datetime
    by: str
    action: str
    note: str


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case as it is listed."""

    account_id: int
    account_name: str
    id: UUID
    status: str
    opened_at: datetime
    effective_at: datetime | None
    windows: list[dict[str, Any]]
    currency: str
    plan: str

    @property
    def number(self) -> str:
        """What people call it."""
        return number_of(self.id)


def number_of(case_id: UUID) -> str:
    return f"FU-{case_id.hex[:8].upper()}"


async def claim_reviews(tx: Tx, now: datetime, limit: int) -> list[Review]:
    """Windows that are due; each comes up once."""
    return await tx.all(
        Review,
        """
        update usage_windows w set review_at = null
          from (select account_id, starts_at from usage_windows
                 where review_at is not null and review_at <= %(now)s
                 order by review_at limit %(limit)s for update skip locked) d
         where w.account_id = d.account_id and w.starts_at = d.starts_at
        returning w.account_id, w.starts_at
        """,
        now=now,
        limit=limit,
    )


async def review_again(tx: Tx, review: Review, at: datetime) -> None:
    await tx.execute(
        "update usage_windows set review_at = %(at)s where account_id = %(account_id)s and starts_at = %(starts_at)s",
        at=at,
        account_id=review.account_id,
        starts_at=review.starts_at,
    )


async def earliest_review(tx: Tx) -> datetime | None:
    found: datetime | None = await tx.value("select min(review_at) from usage_windows where review_at is not null")
    return found


async def cost_of(tx: Tx, account_id: int, since: datetime, until: datetime) -> int:
    """What carriers asked for an account's use in [since, until)."""
    return int(
        await tx.value(
            """
            select coalesce(sum(cost_minor), 0) from usage_records
             where account_id = %(account_id)s and at >= %(since)s and at < %(until)s and not reserved
            """,
            account_id=account_id,
            since=since,
            until=until,
        )
    )


async def median_of_plan(tx: Tx, plan: str, currency: str, since: datetime, until: datetime) -> int:
    """The cost of one seat in the middle of the accounts that pay for `plan` in this currency."""
    found = await tx.value(
        """
        select percentile_disc(0.5) within group (order by cost)
          from (select coalesce((select sum(r.cost_minor) from usage_records r
                                  where r.account_id = s.account_id and r.at >= %(since)s and r.at < %(until)s
                                    and not r.reserved), 0) / greatest(s.seats, 1) as cost
                  from subscriptions s
                 where s.plan = %(plan)s and s.currency = %(currency)s and s.term_ends_on is not null) each
        """,
        plan=plan,
        currency=currency,
        since=since,
        until=until,
    )
    return int(found or 0)


async def list_cases(tx: Tx, account_id: int) -> list[Case]:
    """The account's cases, oldest first, locked until the transaction ends."""
    sql = f"select {CASE} from fair_use_cases where account_id = %(account_id)s order by opened_at, id for update"
    return await tx.all(Case, sql, account_id=account_id)


async def count_waiting(tx: Tx) -> int:
    """How many cases wait for an operator's decision."""
    return int(await tx.value("select count(*) from fair_use_cases where status = 'opened'"))


async def lock_case(tx: Tx, account_id: int, case_id: UUID) -> Case:
    """The case, locked until the transaction ends. Raises: NotFound."""
    sql = f"select {CASE} from fair_use_cases where account_id = %(account_id)s and id = %(id)s for update"
    return await tx.one(Case, sql, missing="There is no such case.", account_id=account_id, id=case_id)


async def insert_case(tx: Tx, case: Case, windows: Sequence[WindowCost], currency: str, plan: str) -> None:
    seen = [
        {
            "starts_at": it.starts_at.isoformat(),
            "ends_at": it.ends_at.isoformat(),
            "cost_minor": it.cost_minor,
            "revenue_minor": it.revenue_minor,
        }
        for it in windows
    ]
    await tx.execute(
        """
        insert into fair_use_cases (account_id, id, status, opened_at, until, effective_at, windows, currency, plan)
        values (%(account_id)s, %(id)s, %(status)s, %(opened_at)s, %(until)s, %(effective_at)s,
                (%(windows)s::jsonb[])[1], %(currency)s, %(plan)s)
        """,
        account_id=case.account_id, id=case.id, status=case.status.value, opened_at=case.opened_at, until=case.until,
        effective_at=case.effective_at, windows=arrays.jsons([seen]), currency=currency, plan=plan,
    )  # fmt: skip


async def save_case(tx: Tx, case: Case) -> None:
    await tx.execute(
        """
        update fair_use_cases set status = %(status)s, until = %(until)s, effective_at = %(effective_at)s
         where account_id = %(account_id)s and id = %(id)s
        """,
        account_id=case.account_id, id=case.id, status=case.status.value, until=case.until,
        effective_at=case.effective_at,
    )  # fmt: skip


async def add_note(tx: Tx, account_id: int, case_id: UUID, note: Note) -> None:
    await tx.execute(
        """
        insert into fair_use_notes (account_id, case_id, at, by, action, note)
        values (%(account_id)s, %(case_id)s, %(at)s, %(by)s, %(action)s, %(note)s)
        """,
        account_id=account_id, case_id=case_id, at=note.at, by=note.by, action=note.action, note=note.note,
    )  # fmt: skip


async def list_notes(tx: Tx, account_id: int, case_id: UUID) -> list[Note]:
    """Oldest first."""
    return await tx.all(
        Note,
        """
        select at, by, action, note from fair_use_notes
         where account_id = %(account_id)s and case_id = %(case_id)s order by id
        """,
        account_id=account_id,
        case_id=case_id,
    )


LISTED = """
    select c.account_id, a.name as account_name, c.id, c.status, c.opened_at, c.effective_at, c.windows, c.currency,
           c.plan
      from fair_use_cases c join accounts a on a.id = c.account_id
"""


async def list_all(tx: Tx, limit: int) -> list[CaseRow]:
    """Every account's cases: those that wait for somebody first, then the newest."""
    sql = f"{LISTED} order by c.status <> 'opened', c.opened_at desc limit %(limit)s"
    return await tx.all(CaseRow, sql, limit=limit)


async def find_open(tx: Tx, account_id: int) -> CaseRow | None:
    """The account's case under notice or in effect: what its owners know of."""
    sql = f"{LISTED} where c.account_id = %(account_id)s and c.status in ('noticed', 'effective')"
    return await tx.find(CaseRow, sql, account_id=account_id)
