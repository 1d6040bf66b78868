"""Who would be told by a recipient, over a stretch of time, whatever the alert says. Pure; every instant is UTC.

Where a team's routing rules ask what an alert says, or somebody is taken at random, there are several outcomes at one
instant; what holds in every one of them is sure.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from tocsin.alerts.criteria import MATCH_ALL
from tocsin.escalations.directory import Directory
from tocsin.escalations.escalation import Escalation, NotifyType, Recipient, RecipientKind
from tocsin.escalations.resolve import MEMBERS_OF_TEAM, resolve
from tocsin.escalations.routing import RoutingRule, TargetKind, in_order
from tocsin.schedules.on_call import Schedule, edges
from tocsin.schedules.restrictions import is_open, openings
from tocsin.schedules.rotation import ParticipantKind

Outcomes = frozenset[frozenset[str]]  # the people told in each case that may be, as user ids

NOBODY: Outcomes = frozenset({frozenset()})
MOST_OUTCOMES = 32  # more are not told apart: whoever may be told then, and somebody else


@dataclass(frozen=True, slots=True)
class Piece:
    """The outcomes hold for all of [starts_at, ends_at)."""

    starts_at: datetime
    ends_at: datetime
    outcomes: Outcomes

    @property
    def surely_nobody(self) -> bool:
        return self.outcomes == NOBODY

    @property
    def surely(self) -> str | None:
        """The only person told, in every case; None where that is not sure."""
        [first, *others] = self.outcomes
        return next(iter(first)) if not others and len(first) == 1 else None


@dataclass(frozen=True, slots=True)
class Way:
    """A recipient, and whom of it."""

    recipient: Recipient
    notify_type: NotifyType = NotifyType.DEFAULT


@dataclass(slots=True)
class Reach:
    """A directory looked at over [start, end); what was found once is kept."""

    directory: Directory
    start: datetime
    end: datetime
    _edges: dict[tuple[RecipientKind, str], frozenset[datetime]] = field(default_factory=dict)
    _pieces: dict[Way, list[Piece]] = field(default_factory=dict)

    def pieces(self, way: Way) -> list[Piece]:
        """The outcomes of telling it, from `start` to `end` without a break."""
        if way not in self._pieces:
            cuts = sorted({self.start, self.end, *self._edges_of(way), *self._forwarding_edges()})
            found: list[Piece] = []
            for since, until in pairwise(cuts):
                outcomes = self.at(way, since)
                if found and found[-1].outcomes == outcomes:
                    since = found.pop().starts_at
                found.append(Piece(since, until, outcomes))
            self._pieces[way] = found
        return self._pieces[way]

    def together(self, ways: Iterable[Way]) -> list[Piece]:
        """The outcomes of telling them all."""
        lanes = [self.pieces(way) for way in ways]
        cuts = sorted({self.start, self.end, *(piece.starts_at for lane in lanes for piece in lane)})
        found, places = [], [0] * len(lanes)
        for since, until in pairwise(cuts):
            outcomes = NOBODY
            for index, lane in enumerate(lanes):
                while lane[places[index]].ends_at <= since:
                    places[index] += 1
                outcomes = both(outcomes, lane[places[index]].outcomes)
            found.append(Piece(since, until, outcomes))
        return found

    def at(self, way: Way, at: datetime, passed: frozenset[str] = frozenset()) -> Outcomes:
        """The outcomes at one instant; `passed` are the escalations and teams on the way, which tell nobody more."""
        recipient = way.recipient
        match recipient.kind:
            case RecipientKind.ESCALATION:
                return self._by_escalation(recipient.id, at, passed)
            case RecipientKind.TEAM if way.notify_type is NotifyType.RANDOM:
                return self._by_chance(recipient.id, at)
            case RecipientKind.TEAM if way.notify_type not in MEMBERS_OF_TEAM:
                return self._by_routing(recipient.id, at, passed)
            case _:
                found = resolve(recipient, way.notify_type, self.directory, at)
                return frozenset({frozenset(person.user_id for person in found.people)})

    def _by_escalation(self, escalation_id: str, at: datetime, passed: frozenset[str]) -> Outcomes:
        escalation = self.directory.escalations.get(escalation_id)
        if escalation is None or escalation_id in self.directory.inactive or escalation_id in passed:
            return NOBODY
        outcomes = NOBODY
        for way in ways_of(escalation):
            outcomes = both(outcomes, self.at(way, at, passed | {escalation_id}))
        return outcomes

    def _by_chance(self, team_id: str, at: datetime) -> Outcomes:
        """Random is one of those who can be told; each may be it. Where none can, it is all of them."""
        team = self.directory.teams.get(team_id)
        able = [it.user_id for it in team.members if self.directory.is_told(it.user_id)] if team else []
        if not able:
            return self.at(Way(Recipient(RecipientKind.TEAM, team_id), NotifyType.ALL), at)
        people = (Way(Recipient(RecipientKind.USER, user_id)) for user_id in able)
        return _few(frozenset(outcome for way in people for outcome in self.at(way, at)))

    def _by_routing(self, team_id: str, at: datetime, passed: frozenset[str]) -> Outcomes:
        team = self.directory.teams.get(team_id)
        if team is None or team_id in passed:
            return NOBODY
        outcomes: set[frozenset[str]] = set()
        for rule in in_order(team.routing_rules):
            if not (rule.is_default or is_open(rule.restriction, rule.zone, at)):
                continue
            target = target_of(rule)
            outcomes |= NOBODY if target is None else self.at(Way(target), at, passed | {team_id})
            if rule.is_default or rule.criteria == MATCH_ALL:
                return _few(frozenset(outcomes))
        return _few(frozenset(outcomes | NOBODY))

    def _edges_of(self, way: Way) -> frozenset[datetime]:
        """When what is behind a recipient may change, over all that it leads to; a team's members stay the same."""
        recipient, found = way.recipient, set[datetime]()
        if recipient.kind is RecipientKind.TEAM and way.notify_type in MEMBERS_OF_TEAM:
            return frozenset()
        for node in reachable(self.directory, (recipient.kind, recipient.id)):
            if node not in self._edges:
                self._edges[node] = frozenset(self._own_edges(node))
            found |= self._edges[node]
        return frozenset(found)

    def _own_edges(self, node: tuple[RecipientKind, str]) -> Iterator[datetime]:
        kind, ident = node
        if kind is RecipientKind.SCHEDULE and ident in self.directory.schedules:
            yield from (it for it in edges(self.directory.schedules[ident], self.start, self.end) if it < self.end)
        if kind is RecipientKind.TEAM and ident in self.directory.teams:
            for rule in self.directory.teams[ident].routing_rules:
                if rule.restriction is not None:
                    spans = openings(rule.restriction, rule.zone, self.start, self.end)
                    yield from (it for span in spans for it in span if self.start < it < self.end)

    def _forwarding_edges(self) -> Iterator[datetime]:
        for it in self.directory.forwardings:
            yield from (edge for edge in (it.starts_at, it.ends_at) if self.start < edge < self.end)


def both(one: Outcomes, other: Outcomes) -> Outcomes:
    """What comes of telling both, each in any of its cases."""
    return _few(frozenset(first | second for first in one for second in other))


def ways_of(escalation: Escalation) -> list[Way]:
    """All that an escalation's rules name, in the order in which they fire."""
    return [Way(rule.recipient, rule.notify_type) for rule in escalation.in_due_order()]


def target_of(rule: RoutingRule) -> Recipient | None:
    """Where a routing rule sends alerts; None for nowhere."""
    if rule.target_kind is TargetKind.NONE or rule.target_id is None:
        return None
    return Recipient(RecipientKind(rule.target_kind.value), rule.target_id)


def reachable(directory: Directory, start: tuple[RecipientKind, str]) -> set[tuple[RecipientKind, str]]:
    """The thing itself and all that it leads to."""
    found, waiting = {start}, [start]
    while waiting:
        for node in onwards(directory, waiting.pop()):
            if node not in found:
                found.add(node)
                waiting.append(node)
    return found


def onwards(directory: Directory, node: tuple[RecipientKind, str]) -> list[tuple[RecipientKind, str]]:
    """What a team, a schedule or an escalation leads to directly; a team does by its routing rules."""
    kind, ident = node
    match kind:
        case RecipientKind.ESCALATION if ident in directory.escalations:
            rules = directory.escalations[ident].in_due_order()
            return [
                (it.recipient.kind, it.recipient.id) for it in rules
                if it.recipient.kind is not RecipientKind.TEAM or it.notify_type not in MEMBERS_OF_TEAM
            ]  # fmt: skip
        case RecipientKind.TEAM if ident in directory.teams:
            targets = (target_of(rule) for rule in in_order(directory.teams[ident].routing_rules))
            return [(it.kind, it.id) for it in targets if it is not None]
        case RecipientKind.SCHEDULE if ident in directory.schedules:
            return [
                (RecipientKind.ESCALATION, it) for it in _escalations_on_duty(directory.schedules[ident])
            ]  # fmt: skip
        case _:
            return []


def _escalations_on_duty(schedule: Schedule) -> list[str]:
    return [
        it.id for rotation in schedule.rotations for it in rotation.participants
        if it.kind is ParticipantKind.ESCALATION and it.id is not None
    ]  # fmt: skip


def _few(outcomes: Outcomes) -> Outcomes:
    """The same where there are few; of many, that nobody may be told, that anybody may be."""
    if len(outcomes) <= MOST_OUTCOMES:
        return outcomes
    everybody = frozenset(person for outcome in outcomes for person in outcome)
    return frozenset({everybody} | (outcomes & NOBODY))
