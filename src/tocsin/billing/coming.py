"""The plan to come: what an account has next, and from when, as far as that is settled. Pure.

Source: licensing requirements R3.2, R3.4, R6.4, R13.2, S16
"""

from dataclasses import dataclass
from datetime import datetime

from tocsin.billing.decision import midnight_in
from tocsin.licensing.model import FREE, Standing, Subscription


@dataclass(frozen=True, slots=True)
class Coming:
    """A plan with so many seats (None: as many as it has) from an instant on."""

    plan: str
    seats: int | None
    starts_at: datetime


def coming(subscription: Subscription) -> Coming | None:
    """What comes after what is in force; None where it goes on as it is."""
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
