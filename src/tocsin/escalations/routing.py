"""Routing rules: which schedule or escalation a team uses for an alert. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from tocsin.alerts.criteria import MATCH_ALL, Criteria, CriteriaType, matches
from tocsin.alerts.facts import AlertContent
from tocsin.escalations.escalation import Recipient, RecipientKind
from tocsin.schedules.restrictions import Restriction, is_open

UTC = ZoneInfo("UTC")


class TargetKind(StrEnum):
    NONE = "none"
    SCHEDULE = "schedule"
    ESCALATION = "escalation"


@dataclass(frozen=True, slots=True)
class RoutingRule:
    """Where a team's alerts go that match, while it is open; `target_id` is None only for `none`: silence.

    `zone` is the rule's own, else the account's: `restriction` is read on its clock. The default rule takes whatever
    no other took, at any time.
    """

    id: str
    name: str
    position: int
    is_default: bool
    target_kind: TargetKind
    target_id: str | None = None
    criteria: Criteria = MATCH_ALL
    restriction: Restriction | None = None
    zone: ZoneInfo = UTC

    @property
    def reads_content(self) -> bool:
        """Whether it asks what the alert says."""
        return not self.is_default and self.criteria.type is not CriteriaType.MATCH_ALL

    def takes(self, content: AlertContent, at: datetime) -> bool:
        """Does it decide for this alert at `at`?"""
        return self.is_default or (is_open(self.restriction, self.zone, at) and matches(self.criteria, content))


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


def in_order(rules: Iterable[RoutingRule]) -> list[RoutingRule]:
    """As they are tried: by their places, the default rule last whatever its place."""
    return sorted(rules, key=lambda rule: (rule.is_default, rule.position, rule.id))


def route(rules: Iterable[RoutingRule], content: AlertContent, at: datetime) -> Routed:
    """Where the first rule that takes the alert sends it."""
    rule = next((rule for rule in in_order(rules) if rule.takes(content, at)), None)
    if rule is not None and rule.target_kind is TargetKind.NONE:
        return RoutedNowhere(rule)
    if rule is None or rule.target_id is None:
        return Unrouted()
    return RoutedTo(rule, Recipient(RecipientKind(rule.target_kind.value), rule.target_id))
