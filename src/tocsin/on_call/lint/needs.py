"""When a schedule or an escalation is needed: in the hours of what sends alerts to it. Pure; every instant is UTC."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from tocsin.escalations.directory import Directory
from tocsin.escalations.escalation import RecipientKind
from tocsin.escalations.routing import RoutingRule
from tocsin.on_call.lint.reach import onwards, target_of
from tocsin.schedules.restrictions import openings

Span = tuple[datetime, datetime]
Node = tuple[RecipientKind, str]


@dataclass(slots=True)
class Needs:
    """Who names what, in [start, end). An escalation that nothing names may be named by alerts, at any time."""

    directory: Directory
    start: datetime
    end: datetime
    rules: dict[Node, list[tuple[str, RoutingRule]]] = field(default_factory=dict)  # with the team's id
    escalations: dict[Node, list[str]] = field(default_factory=dict)
    schedules: dict[Node, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for team in self.directory.teams.values():
            for rule in team.routing_rules:
                target = target_of(rule)
                if target is not None:
                    self.rules.setdefault((target.kind, target.id), []).append((team.id, rule))
        for kind, things, named in (
            (RecipientKind.ESCALATION, self.directory.escalations, self.escalations),
            (RecipientKind.SCHEDULE, self.directory.schedules, self.schedules),
        ):
            for ident in things:
                for node in dict.fromkeys(onwards(self.directory, (kind, ident))):
                    named.setdefault(node, []).append(ident)

    def users(self, schedule_id: str) -> dict[Node, list[Span]]:
        """The escalations, and the teams by their routing rules, that use a schedule, and when."""
        node = (RecipientKind.SCHEDULE, schedule_id)
        found: dict[Node, list[Span]] = {
            (RecipientKind.ESCALATION, it): self._of_escalation(it, frozenset())
            for it in self.escalations.get(node, ())
        }  # fmt: skip
        for team_id, rule in self.rules.get(node, ()):
            team = (RecipientKind.TEAM, team_id)
            found[team] = union([*found.get(team, ()), *self._of_rule(rule)])
        return found

    def _of_rule(self, rule: RoutingRule) -> list[Span]:
        if rule.is_default or rule.restriction is None:
            return [(self.start, self.end)]
        spans = openings(rule.restriction, rule.zone, self.start, self.end)
        return [(max(since, self.start), min(until, self.end)) for since, until in spans]

    def _of_escalation(self, escalation_id: str, passed: frozenset[str]) -> list[Span]:
        node = (RecipientKind.ESCALATION, escalation_id)
        by_others = [it for it in self.escalations.get(node, ()) if it not in passed and it != escalation_id]
        by_rules = self.rules.get(node, [])
        if self.schedules.get(node) or not (by_others or by_rules):
            return [(self.start, self.end)]
        spans = [span for _, rule in by_rules for span in self._of_rule(rule)]
        for other in by_others:
            spans += self._of_escalation(other, passed | {escalation_id})
        return union(spans)


def union(spans: Iterable[Span]) -> list[Span]:
    """The spans in order, those that touch or overlap as one."""
    joined: list[Span] = []
    for since, until in sorted(spans):
        if joined and since <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], until)
        else:
            joined.append((since, until))
    return joined


def common(some: Iterable[Span], others: Iterable[Span]) -> list[Span]:
    """What lies in both."""
    rest = list(others)
    found = ((max(since, start), min(until, end)) for since, until in some for start, end in rest)
    return union(span for span in found if span[0] < span[1])
