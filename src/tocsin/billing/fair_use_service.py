"""Use cases of fair use: the meter opens a case, a person decides it, notice is given, and unlimited use comes back.

Nothing happens to an account by itself but that its case is opened, and that unlimited use comes back.
Source: licensing requirements R11.3, R11.4, CHOICE-51, CHOICE-52, S40
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

import structlog

from tocsin.billing import books, fair_use_letters, metered_store, service
from tocsin.billing import fair_use_store as store
from tocsin.billing.books import PublishedBooks
from tocsin.billing.commands import SetUsageBilling
from tocsin.billing.fair_use_store import Note, Review
from tocsin.billing.keeping import Rails
from tocsin.billing.metered_store import Terms
from tocsin.billing.service import Asked
from tocsin.db import Db, Tx
from tocsin.errors import Conflict, Invalid, TocsinError
from tocsin.i18n import N_
from tocsin.licensing import fair_use
from tocsin.licensing.fair_use import Case, CaseStatus, WindowCost
from tocsin.licensing.model import Term
from tocsin.licensing.periods import day_of, midnight
from tocsin.licensing.pricebook import PriceBook
from tocsin.licensing.windows import Footing, Window, in_force, next_start, window_at, windows

log = structlog.get_logger("tocsin.billing")

SET = 100
MOMENT = timedelta(microseconds=1)
SPAN = timedelta(days=100)  # holds the windows that decide
AGAIN_AFTER = timedelta(hours=1)
NOTE_LIMIT = 2_000
CASES = UUID("5b2f8f0e-3d3c-4f7e-9b0a-6f6f2d1f4a11")
SYSTEM = "Tocsin"


@dataclass(frozen=True, slots=True)
class Known:
    """What is looked at of an account: its terms, the window that is over, and the last term in it."""

    terms: Terms
    window: Window
    term: Term
    book: PriceBook


async def review_due(db: Db, rails: Rails, now: datetime, limit: int = SET) -> int:
    """Look at what finished windows cost; returns how many there were. Any number of workers may run it."""
    back: list[tuple[Review, Case]] = []
    async with db.transaction() as tx:
        due = await store.claim_reviews(tx, now, limit)
        published = await books.load(tx) if due else None
        for review in due:
            assert published is not None  # noqa: S101
            returned = await _review(tx, review, published, rails.base_url, now)
            back += [(review, returned)] if returned else []
    for review, case in back:
        await _give_back(db, rails, review, case, now)
    return len(due)


async def _review(tx: Tx, review: Review, published: PublishedBooks, base_url: str, now: datetime) -> Case | None:
    """Open a case where the windows call for one; a case whose account is unlimited again comes back."""
    known = await _known(tx, review.account_id, review.starts_at, published)
    if known is None or known.window.footing is not Footing.PAID:
        return None
    rules, cases = known.book.fair_use, await store.list_cases(tx, review.account_id)
    effective = await _taken_effect(tx, cases, known)
    costs = await _costs(tx, known, published)
    if effective is not None:
        return effective if fair_use.returns(effective, costs, rules) else None
    if fair_use.opens(costs, rules, cases):
        seen = costs[-rules.windows :]
        case_id = uuid5(CASES, f"{review.account_id}:{seen[-1].ends_at.isoformat()}")
        case = Case(review.account_id, case_id, CaseStatus.OPENED, now, seen[-1].ends_at)
        await store.insert_case(tx, case, seen, known.terms.currency, known.term.plan)
        await store.add_note(tx, case.account_id, case.id, Note(now, SYSTEM, "opened", ""))
        await fair_use_letters.tell_operators(tx, case.account_id, case.id, "", base_url, now)
    return None


async def _known(tx: Tx, account_id: int, at: datetime, published: PublishedBooks) -> Known | None:
    terms = (await metered_store.list_terms(tx, [account_id])).get(account_id)
    found = window_at(terms.terms, at) if terms is not None else None
    if terms is None or found is None:
        return None
    [window, *_] = windows(terms.terms, at, at + SPAN)  # with its end as it came
    term = in_force(terms.terms, (window.ends_at or at + MOMENT) - MOMENT)
    return Known(terms, window, term, published.version(term.book_version)) if term is not None else None


async def _taken_effect(tx: Tx, cases: Sequence[Case], known: Known) -> Case | None:
    """The case under which the window was billed by use, if one was."""
    for case in cases:
        if case.status is CaseStatus.NOTICED and known.term.usage_billed:
            case = fair_use.take_effect(case)
            await store.save_case(tx, case)
        if case.status is CaseStatus.EFFECTIVE:
            return case
    return None


async def _costs(tx: Tx, known: Known, published: PublishedBooks) -> list[WindowCost]:
    """The cost of this window and of those before it on the same footing, in order."""
    end = known.window.ends_at
    costs: list[WindowCost] = []
    if end is None:
        return costs
    for window in windows(known.terms.terms, end - SPAN, end - MOMENT):
        term = in_force(known.terms.terms, (window.ends_at or end) - MOMENT)
        if term is None or window.ends_at is None or term.usage_billed is not known.term.usage_billed:
            continue
        book = published.version(term.book_version)
        if not term.usage_billed and not fair_use.is_watched(term, window, book):
            continue
        since, until, currency = window.starts_at, window.ends_at, known.terms.currency
        cost = await store.cost_of(tx, term.account_id, since, until)
        median = await store.median_of_plan(tx, term.plan, currency, since, until) if cost else 0
        revenue = fair_use.revenue_of(term, book, currency)
        costs.append(WindowCost(since, until, cost, revenue, max(term.seats, 1), median))
    return costs


async def _give_back(db: Db, rails: Rails, review: Review, case: Case, now: datetime) -> None:
    """Unlimited again from the next window on. While a payment is under way it has to wait."""
    try:
        await _set_billing(db, rails, case, enabled=False, now=now)
    except TocsinError as error:
        log.info("fair_use_return_waits", account_id=case.account_id, reason=str(error))
        async with db.transaction() as tx:
            await store.review_again(tx, review, now + AGAIN_AFTER)
        return
    async with db.transaction() as tx:
        returned = fair_use.give_back(await store.lock_case(tx, case.account_id, case.id), now)
        await store.save_case(tx, returned)
        await store.add_note(tx, case.account_id, case.id, Note(now, SYSTEM, "returned", ""))


async def _set_billing(
    db: Db, rails: Rails, case: Case, *, enabled: bool, now: datetime, from_on: date | None = None
) -> None:
    command = SetUsageBilling(enabled, from_on or now.date())
    await service.perform(db, rails, case.account_id, Asked(command, f"fair-use:{case.id}:{enabled}"), now)


async def approve(db: Db, rails: Rails, account_id: int, case_id: UUID, by: str, note: str, now: datetime) -> Case:
    """Give notice: use is billed from the first window that begins 30 days from now or later. The owners are told.

    Raises: NotFound, Conflict, Invalid without a note.
    """
    _check_note(note)
    async with db.transaction() as tx:
        case = await store.lock_case(tx, account_id, case_id)
        known = await _known(tx, account_id, now, await books.load(tx))
        if known is None or known.window.footing is not Footing.PAID:
            raise Conflict(N_("The account has no paid plan any more. Dismiss the case."))
        earliest = fair_use.earliest_effect(now, known.book.fair_use)
        noticed = fair_use.approve(case, next_start(known.window, known.terms.terms, earliest))
    zone = ZoneInfo(known.term.zone)
    from_on = day_of(earliest, zone)
    if midnight(from_on, zone) < earliest:
        from_on += timedelta(days=1)
    await _set_billing(db, rails, case, enabled=True, now=now, from_on=from_on)
    async with db.transaction() as tx:
        fair_use.approve(await store.lock_case(tx, account_id, case_id), now)  # nobody was faster
        await store.save_case(tx, noticed)
        await store.add_note(tx, account_id, case_id, Note(now, by, "approved", note))
        await fair_use_letters.send_notice(tx, noticed, note, rails.base_url, now)
    return noticed


async def dismiss(db: Db, account_id: int, case_id: UUID, by: str, note: str, now: datetime) -> Case:
    """Nothing follows. Raises: NotFound, Conflict, Invalid without a note."""
    _check_note(note)
    async with db.transaction() as tx:
        case = fair_use.dismiss(await store.lock_case(tx, account_id, case_id))
        await store.save_case(tx, case)
        await store.add_note(tx, account_id, case_id, Note(now, by, "dismissed", note))
    return case


async def withdraw(db: Db, rails: Rails, account_id: int, case_id: UUID, by: str, note: str, now: datetime) -> Case:
    """An appeal was heard: the plan stays without a limit. Raises: NotFound, Conflict, Invalid without a note."""
    _check_note(note)
    async with db.transaction() as tx:
        case = fair_use.withdraw(await store.lock_case(tx, account_id, case_id), now)
    await _set_billing(db, rails, case, enabled=False, now=now)
    async with db.transaction() as tx:
        case = fair_use.withdraw(await store.lock_case(tx, account_id, case_id), now)
        await store.save_case(tx, case)
        await store.add_note(tx, account_id, case_id, Note(now, by, "withdrawn", note))
        await fair_use_letters.send_withdrawal(tx, case, note, rails.base_url, now)
    return case


async def reply(db: Db, account_id: int, by: str, note: str, base_url: str, now: datetime) -> None:
    """What an owner says about the case of the account; the operators are told.

    Raises: Conflict without a case, Invalid without a text.
    """
    _check_note(note)
    async with db.transaction() as tx:
        case = await store.find_open(tx, account_id)
        if case is None:
            raise Conflict(N_("There is no case to answer."))
        await store.add_note(tx, account_id, case.id, Note(now, by, "reply", note))
        await fair_use_letters.tell_operators(tx, account_id, case.id, f"{by}: {note}", base_url, now)


def _check_note(note: str) -> None:
    if not note.strip() or len(note) > NOTE_LIMIT:
        raise Invalid(
            N_("Say why, in at most 2,000 characters."), {"note": N_("Say why, in at most 2,000 characters.")}
        )
