"""Who and what stays active where a plan includes less than there is. Pure.

Nothing is deleted: the rest is inactive, and active again as soon as there is room. Source: R3.4, CHOICE-26, promise 7
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Candidate:
    """One thing of a kind that is limited. Lower ranks stay first, then the older; what its owner keeps is before all.

    `group` is within what it is counted: a team for routing rules, a person and kind of event for notification rules.
    One that is `barred` asks for what the plan does not include: it is inactive whatever room there is.
    """

    id: UUID
    created_at: datetime
    rank: int = 0
    inactive: bool = False
    group: str = ""
    barred: bool = False


@dataclass(frozen=True, slots=True)
class Fit:
    """What changes so that no more than the limit are active."""

    wakes: tuple[UUID, ...] = ()
    rests: tuple[UUID, ...] = ()


def fit(candidates: Iterable[Candidate], limit: int | None, kept: Mapping[UUID, int] | None = None) -> Fit:
    """Which become active and which inactive; `limit` is for each group, None for as many as there are.

    `kept` are the owner's choices with their positions.
    """
    chosen = kept or {}
    groups: defaultdict[str, list[Candidate]] = defaultdict(list)
    wakes: list[UUID] = []
    rests: list[UUID] = []
    for candidate in candidates:
        if not candidate.barred:
            groups[candidate.group].append(candidate)
        elif not candidate.inactive:
            rests.append(candidate.id)
    for group in groups.values():
        group.sort(key=lambda it: (chosen.get(it.id, len(chosen) + 1), it.rank, it.created_at, it.id))
        room = len(group) if limit is None else limit
        wakes += [it.id for it in group[:room] if it.inactive]
        rests += [it.id for it in group[room:] if not it.inactive]
    return Fit(tuple(wakes), tuple(rests))
