"""Forwarding: who is told instead of a person, for a while. Pure; every instant is UTC.

Source: on-call semantics, "Forwarding"
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Forwarding:
    """What would reach `from_user_id` in [starts_at, ends_at) reaches `to_user_id`."""

    id: str
    alias: str
    from_user_id: str
    to_user_id: str
    starts_at: datetime
    ends_at: datetime
    created_at: datetime

    def is_active(self, at: datetime) -> bool:
        return self.starts_at <= at < self.ends_at


def forwards_at(forwardings: Iterable[Forwarding], at: datetime) -> dict[str, Forwarding]:
    """The forwarding that holds for each person at `at`: of the active ones, the one created last."""
    found: dict[str, Forwarding] = {}
    for forwarding in forwardings:
        if forwarding.is_active(at):
            other = found.get(forwarding.from_user_id)
            found[forwarding.from_user_id] = forwarding if other is None else _newer(forwarding, other)
    return found


def chain(user_id: str, forwards: Mapping[str, Forwarding]) -> tuple[Forwarding, ...]:
    """The steps from a person to whoever is told in the end; none where nothing is forwarded.

    A step to somebody already passed is not taken: a ↔ b is a swap, and a → c → d → a ends at d.
    """
    passed = {user_id}
    steps = []
    while (step := forwards.get(user_id)) is not None and step.to_user_id not in passed:
        steps.append(step)
        user_id = step.to_user_id
        passed.add(user_id)
    return tuple(steps)


def _newer(one: Forwarding, other: Forwarding) -> Forwarding:
    """Of two the one created last; of two created at one instant, the later id."""
    return max(one, other, key=lambda it: (it.created_at, it.id))
