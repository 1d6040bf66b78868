"""Keeping decisions: what every use case does around a pure decision, whoever asks for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from operator import attrgetter
from typing import Protocol

from tocsin.accounts.gate import Gate
from tocsin.billing import books, store, usage_bills
from tocsin.billing.account import AccountBilling, Change, Context, Outcome
from tocsin.billing.books import PublishedBooks
from tocsin.billing.cards.gateway import CardGateway
from tocsin.billing.decide import advance, is_charging, next_due
from tocsin.billing.decision import Decision
from tocsin.billing.model import Document
from tocsin.billing.vat_registry import Registry
from tocsin.db import Db, Tx
from tocsin.errors import Conflict
from tocsin.i18n import N_
from tocsin.licensing.metering import Closing, Facts


class UsageSource(Protocol):
    """Where usage comes from, and where closed windows are noted."""

    async def facts(self, tx: Tx, account_ids: Sequence[int], until: datetime) -> Mapping[int, Facts]:
        """What the accounts' usage is rated from."""
        ...

    async def close(self, tx: Tx, closings: Mapping[int, Sequence[Closing]]) -> None:
        """Note, by account, that bills of these windows were made."""
        ...


class Unmetered:
    """Where nothing is metered: windows come to nothing."""

    async def facts(self, tx: Tx, account_ids: Sequence[int], until: datetime) -> Mapping[int, Facts]:
        return {}

    async def close(self, tx: Tx, closings: Mapping[int, Sequence[Closing]]) -> None:
        return None


class Teller(Protocol):
    """Who writes the mails of decisions."""

    async def tell(self, tx: Tx, outcomes: Sequence[Outcome], at: datetime) -> None:
        """Put the letters of these decisions into the outbox."""
        ...


@dataclass(frozen=True, slots=True)
class Rails:
    """What use cases need besides the database. `gateway` None: no card can be charged."""

    usage: UsageSource
    teller: Teller
    gateway: CardGateway | None = None
    base_url: str = ""
    gate: Gate | None = None  # rests what is over a plan, in the transaction that changes the plan. R6.3
    registry: Registry | None = None  # of VAT ids; without one their form decides. R7.2


def context(published: PublishedBooks, facts: Mapping[int, Facts]) -> Context:
    """What decisions consult. Without `facts` no window can be billed, only looked at."""
    return Context(published, partial(usage_bills.billed, facts))


def with_due(outcome: Outcome, by: Context) -> Outcome:
    """The outcome whose subscription says when something happens next by itself."""
    decision = Decision(outcome.billing, NEVER, by)
    decision.change(due_at=next_due(outcome.billing, by))
    return replace(outcome, billing=decision.billing)


NEVER = datetime.max.replace(tzinfo=UTC)


async def keep(
    tx: Tx, rails: Rails, changes: Sequence[Change], published: PublishedBooks, at: datetime
) -> list[Document]:
    """Write decisions with all that comes of them; the finalised documents come back with their numbers."""
    by = context(published, {})
    changes = [Change(change.before, with_due(change.outcome, by)) for change in changes]
    closings = {
        change.before.subscription.account_id: change.outcome.closings for change in changes if change.outcome.closings
    }
    if closings:
        await rails.usage.close(tx, closings)
    await rails.teller.tell(tx, [change.outcome for change in changes if change.outcome.letters], at)
    documents = await store.save(tx, changes, published.numbering(at), at)
    if rails.gate is not None:
        for change in changes:
            if _changes_limits(change):
                await rails.gate.settle(tx, change.before.subscription.account_id, at)
    await store.wake(tx)
    return documents


def _changes_limits(change: Change) -> bool:
    """Whether the decision changed what the account may have, and not just how it stands."""
    before, after = change.before.terms, change.outcome.billing.terms
    was = before[-1] if before else None
    now = after[-1] if after else None
    if was is None or now is None:
        return was is not now
    limits = attrgetter("plan", "seats", "standing")
    return limits(was) != limits(now)


async def catch_up(db: Db, rails: Rails, account_id: int, at: datetime) -> None:
    """Let happen what is due before a command, step by step.

    Raises: Conflict where that waits for a payment under way.
    """
    while True:
        async with db.transaction() as tx:
            billing, pending = await store.lock(tx, account_id)
            due_at = billing.subscription.due_at
            if pending is not None or due_at is None or due_at > at:
                return
            published = await books.load(tx)
            facts = await rails.usage.facts(tx, [account_id], at) if billing.drafts else {}
            by = context(published, facts)
            real = next_due(billing, by)
            outcome = advance(billing, by) if real is not None and real <= at else None
            if outcome is None:
                await store.rest(tx, account_id, real)
                return
            await keep(tx, rails, [Change(billing, outcome)], published, at)


def refuse_other_view(billing: AccountBilling, pending: str | None, version: int | None) -> None:
    """Raises: Conflict where somebody else was faster, or a payment is under way."""
    if pending is not None or is_charging(billing):
        raise Conflict(N_("A payment of this account is being made. Try again in a moment."))
    if version is not None and version != billing.subscription.version:
        raise Conflict(N_("Somebody else has changed the subscription meanwhile. Look at it again before you go on."))
