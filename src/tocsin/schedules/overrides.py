"""Overrides: who stands in for a rotation's turn, for a while. Pure; every instant is UTC."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise


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


def deciding(
    overrides: Iterable[Override], rotation_id: str | None, start: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime, Override]]:
    """Which override decides for a rotation, and when: [start, end) in order, cut at every boundary of one."""
    there = [it for it in overrides if it.starts_at < end and it.ends_at > start and it.applies_to(rotation_id)]
    edges = {max(it.starts_at, start) for it in there} | {min(it.ends_at, end) for it in there}
    begins: dict[datetime, list[Override]] = {}
    for override in there:
        begins.setdefault(max(override.starts_at, start), []).append(override)
    active: list[Override] = []
    for since, until in pairwise(sorted(edges)):
        active = [it for it in active if it.ends_at > since] + begins.get(since, [])
        decides = override_at(active, rotation_id, since)
        if decides is not None:
            yield since, until, decides


def newer(one: Override, other: Override) -> Override:
    """Of two overrides the one created last; of two created at one instant, the later alias."""
    return max(one, other, key=lambda override: (override.created_at, override.alias))
