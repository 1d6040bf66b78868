"""Overrides: who stands in for a rotation's turn, for a while. Pure; every instant is UTC."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Override:
    """`user_id` (None: nobody) is on call for [starts_at, ends_at), whoever would be otherwise.

    `rotation_ids` names the rotations it replaces; an empty set is the whole schedule.
    """

    alias: str
    user_id: str | None
    starts_at: datetime
    ends_at: datetime
    created_at: datetime
    rotation_ids: frozenset[str] = frozenset()

    def is_active(self, at: datetime) -> bool:
        return self.starts_at <= at < self.ends_at

    def applies_to(self, rotation_id: str | None) -> bool:
        """Whether it replaces this rotation; None asks for a schedule that has no rotations."""
        return not self.rotation_ids or rotation_id in self.rotation_ids


def override_at(overrides: Iterable[Override], rotation_id: str | None, at: datetime) -> Override | None:
    """The override that decides for a rotation at `at`: of the active ones, the one created last.

    How wide or narrow it is does not matter. When it ends, the one below shows again.
    """
    deciding: Override | None = None
    for override in overrides:
        if override.is_active(at) and override.applies_to(rotation_id):
            deciding = override if deciding is None else newer(deciding, override)
    return deciding


def newer(one: Override, other: Override) -> Override:
    """Of two overrides the one created last; of two created at one instant, the later alias."""
    return max(one, other, key=lambda override: (override.created_at, override.alias))
