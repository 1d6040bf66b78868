"""Reasons: the path by which a decision reached a person, or nobody, as data. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from tocsin.escalations.escalation import NotifyType


class ReasonKind(StrEnum):
    TEAM = "team"  # the team was reached, and its routing rules asked
    ROUTING_RULE = "routing-rule"
    ESCALATION = "escalation"
    RULE = "rule"  # one rule of the escalation before it
    SCHEDULE = "schedule"
    MEMBER = "member"  # the team was opened to its members
    FORWARDING = "forwarding"  # what was for one person goes to another


@dataclass(frozen=True, slots=True)
class Reason:
    """One stretch of the path. Which fields speak depends on `kind`; the rest are None.

    RULE: position, round, delay, notify_type. SCHEDULE: notify_type, rotation (its name), the shift's
    span, and the alias of the override that decided. MEMBER: notify_type, role. FORWARDING: its id, the
    username that it forwards from as `name`, and until when as `shift_ends_at`.
    """

    kind: ReasonKind
    id: str | None = None
    name: str | None = None
    position: int | None = None
    round: int | None = None
    delay: timedelta | None = None
    notify_type: NotifyType | None = None
    rotation: str | None = None
    shift_starts_at: datetime | None = None
    shift_ends_at: datetime | None = None
    override: str | None = None
    role: str | None = None


Path = tuple[Reason, ...]


def as_json(path: Path) -> list[dict[str, str | int]]:
    """The path for a JSON column: what is None is left out, instants are ISO 8601, `delay` is in seconds."""
    return [{name: text for name in NAMES if (text := _as_json(getattr(reason, name))) is not None} for reason in path]


def from_json(stored: Sequence[Mapping[str, Any]]) -> Path:
    """The path that `as_json` wrote."""
    return tuple(Reason(**{name: _from_json(name, value) for name, value in reason.items()}) for reason in stored)


NAMES = [field.name for field in fields(Reason)]


def _as_json(value: object) -> str | int | None:
    match value:
        case datetime():
            return value.isoformat()
        case timedelta():
            return value // timedelta(seconds=1)
        case str() | int() | None:
            return value
        case _:
            raise TypeError(f"a reason cannot hold {value!r}")


def _from_json(name: str, value: Any) -> Any:
    match name:
        case "kind":
            return ReasonKind(value)
        case "notify_type":
            return NotifyType(value)
        case "delay":
            return timedelta(seconds=value)
        case "shift_starts_at" | "shift_ends_at":
            return datetime.fromisoformat(value)
        case _:
            return value
