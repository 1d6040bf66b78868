"""Routing rules: which schedule or escalation a team uses for an alert. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from tocsin.escalations.escalation import Recipient, RecipientKind


class TargetKind(StrEnum):
    NONE = "none"
    SCHEDULE = "schedule"
    ESCALATION = "escalation"


@dataclass(frozen=True, slots=True)
class RoutingRule:
    """Where a team's alerts go; `target_id` is None only for `none`, which asks for silence."""

    id: str
    name: str
    position: int
    is_default: bool
    target_kind: TargetKind
    target_id: str | None = None


@dataclass(frozen=True, slots=True)
class RoutedTo:
    rule: RoutingRule
    recipient: Recipient


@dataclass(frozen=True, slots=True)
class RoutedNowhere:
    """The rule says that nobody is told: silence that was asked for."""

    rule: RoutingRule


@dataclass(frozen=True, slots=True)
class Unrouted:
    """The team has no rule that matches: nobody asked for this silence."""


Routed = RoutedTo | RoutedNowhere | Unrouted


def route(rules: Iterable[RoutingRule]) -> Routed:
    """Where the first rule in order sends the alert; the default rule is last, whatever its position."""
    rule = min(rules, key=lambda rule: (rule.is_default, rule.position), default=None)
    if rule is not None and rule.target_kind is TargetKind.NONE:
        return RoutedNowhere(rule)
    if rule is None or rule.target_id is None:
        return Unrouted()
    return RoutedTo(rule, Recipient(RecipientKind(rule.target_kind.value), rule.target_id))
