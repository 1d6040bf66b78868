"""The plan to come: what an account has next, and from when, as far as that is settled. Pure.

Source: licensing requirements R3.2, R3.4, R6.4, R13.2, §4, S16
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tocsin.billing.account import AccountBilling
from tocsin.billing.decision import END_AFTER, billed_lines, is_late, midnight_in
from tocsin.licensing.model import FREE, Standing, Subscription


@dataclass(frozen=True, slots=True)
class Coming:
    """A plan with so many seats (None: as many as it has) from an instant on; `unpaid`: unless what is owed is paid."""

    plan: str
    seats: int | None
    starts_at: datetime
    unpaid: bool = False


def coming(billing: AccountBilling) -> Coming | None:
    """What comes first after what is in force; None where it goes on as it is."""
    settled, ends_at = _settled(billing.subscription), dunning_ends_at(billing)
    if ends_at is None or (settled is not None and settled.starts_at < ends_at):
        return settled
    return Coming(FREE, None, ends_at, unpaid=True)


def dunning_ends_at(billing: AccountBilling) -> datetime | None:
    """When the account moves to Free if nothing is paid; None where nothing that would do so is overdue. Source: §4"""
    subscription = billing.subscription
    if subscription.term_ends_on is None or subscription.standing in (Standing.DELETING, Standing.DELETED):
        return None
    days = [
        one.due_on + timedelta(days=END_AFTER)
        for one in billing.unpaid
        if is_late(one) and one.day_done < END_AFTER and billed_lines(one.document)
    ]
    return midnight_in(min(days), subscription.zone) if days else None


def _settled(subscription: Subscription) -> Coming | None:
    starts_at = next_at(subscription)
    if starts_at is None:
        return None
    if subscription.cancels or subscription.grace_ends_at is not None:
        return Coming(FREE, None, starts_at)
    if subscription.standing is Standing.TRIALING:
        chosen = subscription.chosen
        return Coming(chosen.plan, chosen.seats, starts_at) if chosen and chosen.plan else Coming(FREE, None, starts_at)
    scheduled = subscription.scheduled
    if scheduled is None or (scheduled.plan is None and scheduled.seats is None):
        return None
    return Coming(scheduled.plan or subscription.plan, scheduled.seats or subscription.seats, starts_at)


def next_at(subscription: Subscription) -> datetime | None:
    """When another plan could begin by itself; None where none can: on Free, or while the account is being deleted."""
    if subscription.standing is Standing.TRIALING:
        return subscription.trial_ends_at
    if subscription.standing in (Standing.GRANTED, Standing.FREE, Standing.DELETING, Standing.DELETED):
        return None
    if subscription.grace_ends_at is not None:
        return subscription.grace_ends_at
    return midnight_in(subscription.term_ends_on, subscription.zone) if subscription.term_ends_on else None
