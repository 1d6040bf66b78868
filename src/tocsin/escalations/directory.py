"""The directory: the people, teams, schedules and escalations that a decision may look up. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tocsin.alerts.facts import AlertContent, Responder
from tocsin.escalations.escalation import Escalation
from tocsin.escalations.routing import RoutingRule
from tocsin.schedules.forwarding import Forwarding
from tocsin.schedules.on_call import Schedule

ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Person:
    """A user of the account; a suspended one is told nothing, nor is one who is over the plan's limit."""

    id: str
    username: str
    suspended: bool = False
    over_limit: bool = False
    stakeholder: bool = False  # told of incidents, never of alerts. Source: licensing requirements R8.3

    @property
    def is_told(self) -> bool:
        """Whether alerts may reach them at all."""
        return not (self.suspended or self.over_limit or self.stakeholder)


@dataclass(frozen=True, slots=True)
class Member:
    """A person's place in a team; `role` is admin, user or a custom role's name."""

    user_id: str
    role: str = "user"


@dataclass(frozen=True, slots=True)
class Team:
    id: str
    name: str
    members: tuple[Member, ...] = ()
    routing_rules: tuple[RoutingRule, ...] = ()


@dataclass(frozen=True, slots=True)
class Directory:
    """One account's configuration at one instant, each thing by its id.

    `inactive` are the schedules and escalations that the account's plan does not include.
    """

    people: Mapping[str, Person] = field(default_factory=dict)
    teams: Mapping[str, Team] = field(default_factory=dict)
    schedules: Mapping[str, Schedule] = field(default_factory=dict)
    escalations: Mapping[str, Escalation] = field(default_factory=dict)
    inactive: frozenset[str] = frozenset()
    forwardings: tuple[Forwarding, ...] = ()
    reads_content: bool = field(init=False, default=False)  # whether where an alert goes depends on what it says
    standing_in: tuple[Forwarding, ...] = field(init=False, repr=False, compare=False)
    """The forwardings that hold: one to somebody who is told nothing rests."""

    def __post_init__(self) -> None:
        reads = any(rule.reads_content for team in self.teams.values() for rule in team.routing_rules)
        object.__setattr__(self, "reads_content", reads)
        holding = tuple(it for it in self.forwardings if self.is_told(it.to_user_id))
        object.__setattr__(self, "standing_in", holding)

    def is_told(self, user_id: str) -> bool:
        """Whether there is such a person and alerts may reach them."""
        person = self.people.get(user_id)
        return person is not None and person.is_told

    def named(self, content: AlertContent) -> AlertContent:
        """The content, its responders with the names that they go by now."""
        return replace(content, responders=tuple(replace(it, name=self._name(it)) for it in content.responders))

    def _name(self, responder: Responder) -> str:
        if responder.type == "user":
            person = self.people.get(responder.id)
            return person.username if person else ""
        kinds: Mapping[str, Mapping[str, Team | Schedule | Escalation]] = {
            "team": self.teams, "schedule": self.schedules, "escalation": self.escalations,
        }  # fmt: skip
        found = kinds.get(responder.type, {}).get(responder.id)
        return found.name if found else ""
