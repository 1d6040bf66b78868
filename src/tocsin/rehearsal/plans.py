"""What an account is to be made of: a scenario's people, teams, schedules and escalations. Pure.

Whoever is named is there: the parser has seen to it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tocsin.accounts.directory import Reference
from tocsin.accounts.model import ContactMethod, Role
from tocsin.alerts.criteria import MATCH_ALL, Criteria
from tocsin.escalations.escalation import Condition, NotifyType
from tocsin.notifications.plan import NotificationTime
from tocsin.schedules.restrictions import Restriction
from tocsin.schedules.rotation import RotationKind


@dataclass(frozen=True, slots=True)
class ContactPlan:
    """An address of a person; it is verified."""

    method: ContactMethod
    to: str
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class StepPlan:
    """Notify the contact with this method and address when `after` has passed."""

    method: ContactMethod
    to: str
    after: timedelta
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class RulePlan:
    """When and how a person is told about one kind of action."""

    name: str
    action_type: str
    steps: tuple[StepPlan, ...]
    enabled: bool = True
    criteria: Criteria = MATCH_ALL
    restriction: Restriction | None = None
    repeat_after: timedelta | None = None
    times: tuple[NotificationTime, ...] = ()
    schedules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UserPlan:
    """A person. `blocked` is suspended: told nothing; until `muted_until`, and in quiet hours, nothing is sent."""

    username: str
    full_name: str
    role: Role
    time_zone: str
    locale: str
    blocked: bool
    contacts: tuple[ContactPlan, ...]
    rules: tuple[RulePlan, ...]
    muted_until: datetime | None = None
    quiet_hours: Restriction | None = None


@dataclass(frozen=True, slots=True)
class RoutePlan:
    """A routing rule: where it leads (type `none` is nowhere), for which alerts, at which hours of which zone."""

    name: str
    target: Reference
    is_default: bool
    criteria: Criteria = MATCH_ALL
    restriction: Restriction | None = None
    time_zone: str | None = None


@dataclass(frozen=True, slots=True)
class TeamPlan:
    """A team. Without a default rule among `routes` the product's own stays."""

    name: str
    members: tuple[tuple[str, str], ...]  # username, role
    routes: tuple[RoutePlan, ...]


@dataclass(frozen=True, slots=True)
class RotationPlan:
    """A rotation; a participant of type `none` has no name."""

    name: str
    kind: RotationKind
    length: int
    starts_at: datetime
    ends_at: datetime | None
    participants: tuple[Reference, ...]
    restriction: Restriction | None = None


@dataclass(frozen=True, slots=True)
class ForwardingPlan:
    """What is for `from_user` reaches `to_user` in [starts_at, ends_at)."""

    alias: str
    from_user: str
    to_user: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class OverridePlan:
    """`username` (None: nobody) stands in for [starts_at, ends_at); no rotations: the whole schedule."""

    alias: str
    username: str | None
    starts_at: datetime
    ends_at: datetime
    rotations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SchedulePlan:
    name: str
    time_zone: str
    enabled: bool
    team: str | None
    rotations: tuple[RotationPlan, ...]
    overrides: tuple[OverridePlan, ...]


@dataclass(frozen=True, slots=True)
class EscalationRulePlan:
    condition: Condition
    notify_type: NotifyType
    delay: timedelta
    recipient: Reference


@dataclass(frozen=True, slots=True)
class RepeatPlan:
    """A `wait` of zero is no repeat."""

    wait: timedelta = timedelta(0)
    count: int = 0
    reset_recipient_states: bool = False
    close_alert_after_all: bool = False


@dataclass(frozen=True, slots=True)
class EscalationPlan:
    name: str
    team: str | None
    rules: tuple[EscalationRulePlan, ...]
    repeat: RepeatPlan


@dataclass(frozen=True, slots=True)
class AccountPlan:
    """Everything to make. `responders` are those of an alert that names none."""

    name: str
    time_zone: str
    locale: str
    users: tuple[UserPlan, ...]
    teams: tuple[TeamPlan, ...]
    schedules: tuple[SchedulePlan, ...]
    escalations: tuple[EscalationPlan, ...]
    responders: tuple[Reference, ...]
    forwardings: tuple[ForwardingPlan, ...] = ()
    plan: str = ""  # "free" or "trial", from the start on; empty: everything, never billed
    currency: str = "USD"
    country: str = "US"  # of the invoices' address
    vat_id: str = ""
