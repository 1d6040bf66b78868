"""Entitlements: what an account may, by its plan, the facts of its subscription and the time. Pure.

Whatever the answer, alerts are taken and somebody is told: what is not included becomes inactive and is never deleted.
Source: M14, M15, R3.4, R8.5, invariant 7
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from tocsin.licensing.features import FEATURES, FeatureKind, FeatureValue
from tocsin.licensing.model import FREE, Standing, Term
from tocsin.licensing.pricebook import Plan, PriceBook

PAID = frozenset({Standing.ACTIVE, Standing.PAST_DUE, Standing.RESTRICTED, Standing.CANCELING})


@dataclass(frozen=True, slots=True)
class Entitlements:
    """What an account may at one instant.

    `features` holds a value for each key of `features.FEATURES`; None is "as much as you like". `seats_limit` and
    `stakeholders_limit` count active people, None likewise.
    """

    standing: Standing
    plan: str
    plan_name: str
    features: Mapping[str, FeatureValue]
    seats_limit: int | None
    stakeholders_limit: int | None
    restricted: bool = False  # long past due: nothing can be configured, everything that wakes people goes on

    def has(self, key: str) -> bool:
        """Is the feature included at all?"""
        value = self.features[key]
        return value is None or bool(value)

    def limit(self, key: str) -> int | None:
        """How many of a counted feature may be active; None: any number. Raises: TypeError for another kind."""
        value = self.features[key]
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            raise TypeError(f"{key} is not counted")
        return value

    def reach(self, key: str) -> timedelta | None:
        """How far back something is seen; None: to the beginning. Raises: TypeError for another kind of feature."""
        value = self.features[key]
        if value is not None and not isinstance(value, timedelta):
            raise TypeError(f"{key} is not a span of time")
        return value

    def since(self, key: str, at: datetime) -> datetime | None:
        """The earliest instant that is still seen at `at`, or None."""
        reach = self.reach(key)
        return at - reach if reach is not None else None

    def choice(self, key: str) -> str:
        """Which of its choices the plan has. Raises: TypeError for another kind of feature."""
        value = self.features[key]
        if not isinstance(value, str):
            raise TypeError(f"{key} is not a choice")
        return value


def entitlements(term: Term | None, book: PriceBook, at: datetime) -> Entitlements:
    """What an account with this term in force may at `at`.

    Without a term the account was made by whoever runs the server, who gives it everything. Raises: ValueError for a
    term that has not started.
    """
    if term is None:
        return everything(book)
    if term.starts_at > at:
        raise ValueError("The term has not started.")
    match term.standing:
        case Standing.GRANTED:
            return everything(book)
        case Standing.TRIALING:
            return _of(book.plan(term.plan), Standing.TRIALING, seats=None)
        case Standing.ACTIVE | Standing.PAST_DUE | Standing.RESTRICTED | Standing.CANCELING:
            return _of(book.plan(term.plan), term.standing, seats=term.seats)
        case Standing.FREE | Standing.DELETING | Standing.DELETED:
            plan = book.plan(FREE)
            return _of(plan, term.standing, seats=plan.seats_limit)


def everything(book: PriceBook) -> Entitlements:
    """Every feature, no limit: the operator's own account, those he grants it to, and a server without billing."""
    widest = max(book.plans.values(), key=lambda plan: plan.rank)
    return Entitlements(Standing.GRANTED, widest.key, widest.name, {key: _widest(key) for key in FEATURES}, None, None)


def _widest(key: str) -> FeatureValue:
    feature = FEATURES[key]
    match feature.kind:
        case FeatureKind.SWITCH:
            return True
        case FeatureKind.COUNT | FeatureKind.DURATION:
            return None
        case FeatureKind.CHOICE:
            return list(feature.choices or {})[-1]


def _of(plan: Plan, standing: Standing, *, seats: int | None) -> Entitlements:
    limits = [limit for limit in (seats, plan.seats_limit) if limit is not None]
    return Entitlements(
        standing=standing,
        plan=plan.key,
        plan_name=plan.name,
        features=plan.features,
        seats_limit=min(limits, default=None),
        stakeholders_limit=plan.stakeholders_limit,
        restricted=standing is Standing.RESTRICTED,
    )


def plans_with(book: PriceBook, key: str, at_least: FeatureValue = True) -> Iterable[Plan]:
    """The plans on sale that include the feature, from the smallest: for "Standard has it" in a refusal.

    `at_least` is a count, a span of time or a choice, for features that are more than a switch.
    """
    found = (plan for plan in book.plans.values() if not plan.hidden and reaches(key, plan.features[key], at_least))
    return sorted(found, key=lambda plan: plan.rank)


def reaches(key: str, value: FeatureValue, wanted: FeatureValue) -> bool:
    """Whether `value` of a feature is at least `wanted`."""
    if value is None:
        return True
    if wanted is None:
        return False
    feature = FEATURES[key]
    match feature.kind:
        case FeatureKind.SWITCH:
            return bool(value)
        case FeatureKind.CHOICE:
            choices = list(feature.choices or {})
            return choices.index(str(value)) >= choices.index(str(wanted))
        case FeatureKind.COUNT:
            return int(value) >= int(wanted) if isinstance(value, int) and isinstance(wanted, int) else False
        case FeatureKind.DURATION:
            return value >= wanted if isinstance(value, timedelta) and isinstance(wanted, timedelta) else False
