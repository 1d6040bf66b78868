"""Fair use: when the cost of SMS and calls on an unlimited plan is looked at by a person, and what follows. Pure.

Detection opens a case and changes nothing. A person approves or dismisses it; approval gives notice, and from the
first window that begins after the notice use is billed (a pool and rates), until two windows in a row are normal again.
Source: licensing requirements R11.3, CHOICE-51, CHOICE-52, S40
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from tocsin.errors import Conflict
from tocsin.i18n import N_
from tocsin.licensing.model import Interval, Term
from tocsin.licensing.pricebook import FairUse, PriceBook, monthly_equivalent, seat_price
from tocsin.licensing.windows import Footing, Window


@dataclass(frozen=True, slots=True)
class WindowCost:
    """What a finished window's SMS and calls cost us, against what its seats brought in."""

    starts_at: datetime
    ends_at: datetime
    cost_minor: int
    revenue_minor: int
    seats: int
    plan_median_minor: int = 0  # of the cost of one seat, over the accounts of the plan; 0: not known


class CaseStatus(StrEnum):
    """A case is open until it is dismissed, withdrawn or has run its course."""

    OPENED = "opened"  # somebody is to look at it
    DISMISSED = "dismissed"
    NOTICED = "noticed"  # approved; the owners know from when on use is billed
    WITHDRAWN = "withdrawn"  # an appeal was heard before it took effect
    EFFECTIVE = "effective"
    RETURNED = "returned"  # unlimited again

    @property
    def is_open(self) -> bool:
        return self in {CaseStatus.OPENED, CaseStatus.NOTICED, CaseStatus.EFFECTIVE}


@dataclass(frozen=True, slots=True)
class Case:
    """One account's case. The windows that it was opened for are never held against it again."""

    account_id: int
    id: UUID
    status: CaseStatus
    opened_at: datetime
    until: datetime  # the end of the last window that counts for it
    effective_at: datetime | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "status", CaseStatus(self.status))


def revenue_of(term: Term, book: PriceBook, currency: str) -> int:
    """What the seats of `term` bring in for a month: a twelfth of the price of a year. Source: S40"""
    if term.interval is None or term.seats < 1:
        return 0
    price = seat_price(book, term.plan, term.interval, currency, term.seats)
    return price if term.interval is Interval.MONTH else monthly_equivalent(price)


def is_unusual(window: WindowCost, rules: FairUse) -> bool:
    """More than half of the revenue, or more than ten times what a seat of the plan costs in the middle."""
    dear = window.cost_minor * 100 > window.revenue_minor * rules.cost_percent
    median = window.plan_median_minor * rules.median_factor * window.seats
    return dear or (median > 0 and window.cost_minor > median)


def is_watched(term: Term, window: Window, book: PriceBook) -> bool:
    """Is this the use of somebody who pays a fixed price for any number?"""
    unlimited = book.plan(term.plan).messages.included is None
    return window.footing is Footing.PAID and unlimited and not term.usage_billed


def opens(windows: Sequence[WindowCost], rules: FairUse, before: Sequence[Case]) -> bool:
    """Do the last windows, which are in order and finished, call for a case? `before` are the account's cases."""
    if any(case.status.is_open for case in before):
        return False
    since = max((case.until for case in before), default=None)
    last = [it for it in windows if since is None or it.starts_at >= since][-rules.windows :]
    in_a_row = all(one.ends_at == two.starts_at for one, two in itertools.pairwise(last))
    return len(last) == rules.windows and in_a_row and all(is_unusual(it, rules) for it in last)


def earliest_effect(approved_at: datetime, rules: FairUse) -> datetime:
    """Use is billed from the first window that begins no earlier."""
    return approved_at + timedelta(days=rules.notice_days)


def approve(case: Case, effective_at: datetime) -> Case:
    """Give notice. Raises: Conflict when somebody decided before."""
    _need(case, CaseStatus.OPENED)
    return replace(case, status=CaseStatus.NOTICED, effective_at=effective_at)


def dismiss(case: Case) -> Case:
    """An incident storm, say: nothing follows. Raises: Conflict when somebody decided before."""
    _need(case, CaseStatus.OPENED)
    return replace(case, status=CaseStatus.DISMISSED)


def withdraw(case: Case, now: datetime) -> Case:
    """Take the notice back. Raises: Conflict when it has taken effect, or none was given."""
    _need(case, CaseStatus.NOTICED)
    return replace(case, status=CaseStatus.WITHDRAWN, until=max(case.until, now))


def take_effect(case: Case) -> Case:
    _need(case, CaseStatus.NOTICED)
    return replace(case, status=CaseStatus.EFFECTIVE)


def returns(case: Case, windows: Sequence[WindowCost], rules: FairUse) -> bool:
    """Were the last windows under the usage plan normal, as many as it takes?"""
    if case.status is not CaseStatus.EFFECTIVE or case.effective_at is None:
        return False
    since = [it for it in windows if it.starts_at >= case.effective_at][-rules.normal_windows :]
    return len(since) == rules.normal_windows and not any(is_unusual(it, rules) for it in since)


def give_back(case: Case, at: datetime) -> Case:
    """Unlimited again from `at` on."""
    _need(case, CaseStatus.EFFECTIVE)
    return replace(case, status=CaseStatus.RETURNED, until=at)


def _need(case: Case, status: CaseStatus) -> None:
    if case.status is not status:
        raise Conflict(N_("This case has gone on since, or was decided by somebody else. Look at it again."))
