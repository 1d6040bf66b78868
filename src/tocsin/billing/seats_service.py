"""Seats that follow the people who hold them, inside the transaction in which somebody comes or goes.

Source: licensing requirements R8.2, CHOICE-39, S02, S22
"""

from datetime import datetime

from tocsin.billing import books, store
from tocsin.billing.account import AccountBilling, Change
from tocsin.billing.commands import AutoExpand
from tocsin.billing.decide import decide, is_charging
from tocsin.billing.keeping import context, refuse_other_view, with_due
from tocsin.db import Tx
from tocsin.errors import Conflict
from tocsin.i18n import N_


async def hold(tx: Tx, account_id: int) -> bool:
    """Whether seats follow people here; if so, nobody else changes the subscription until the transaction ends.

    Comes before any other lock on the account, as it does wherever a plan is changed.
    """
    return await store.lock_expanding(tx, account_id)


async def follow(tx: Tx, account_id: int, people: int, at: datetime) -> None:
    """As many seats as people, never fewer than were bought; the day's growth is invoiced at its end.

    Raises: Conflict where nothing can be bought now, or a payment is under way.
    """
    billing, pending = await store.lock(tx, account_id)
    refuse_other_view(billing, pending, None)
    if _is_behind(billing, at):
        raise Conflict(N_("The subscription is being brought up to date. Try again in a moment."))
    await _keep(tx, billing, people, at)


async def give_back(tx: Tx, account_id: int, people: int, at: datetime) -> None:
    """Seats that came today and that nobody holds any more are gone, and cost nothing. Source: invariant 4"""
    billing, pending = await store.lock(tx, account_id)
    subscription = billing.subscription
    held = pending is not None or is_charging(billing) or _is_behind(billing, at)
    if subscription.expanded_on is not None and people < subscription.seats and not held:
        await _keep(tx, billing, people, at)


def _is_behind(billing: AccountBilling, at: datetime) -> bool:
    """Whether something is due that no worker got round to yet, such as the invoice for the day before."""
    due_at = billing.subscription.due_at
    return due_at is not None and due_at <= at


async def _keep(tx: Tx, billing: AccountBilling, people: int, at: datetime) -> None:
    published = await books.load(tx)
    by = context(published, {})
    outcome = decide(billing, AutoExpand(people), at, by)
    if outcome.billing.subscription.seats == billing.subscription.seats:
        return
    await store.save(tx, [Change(billing, with_due(outcome, by))], published.numbering(at), at)
    await store.wake(tx)
