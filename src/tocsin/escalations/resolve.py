"""Who is told: from a recipient to people, each with the path that led there. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from tocsin.alerts.facts import UNREAD, AlertContent
from tocsin.escalations.directory import ADMIN, Directory, Member, Team
from tocsin.escalations.escalation import Escalation, NotifyType, Recipient, RecipientKind, Tell
from tocsin.escalations.reason import Path, Reason, ReasonKind
from tocsin.escalations.routing import RoutedNowhere, RoutedTo, RoutingRule, Unrouted, route
from tocsin.schedules.forwarding import Forwarding, chain, forwards_at
from tocsin.schedules.on_call import OnCall, Schedule, on_call_at, on_call_next, on_call_previous, silencing_override
from tocsin.schedules.rotation import Participant, ParticipantKind


class NobodyReason(StrEnum):
    NO_RESPONDERS = "no-responders"
    ROUTED_NOWHERE = "routed-nowhere"
    SCHEDULE_DISABLED = "schedule-disabled"
    NOBODY_ON_CALL = "nobody-on-call"
    EMPTY_TEAM = "empty-team"
    EMPTY_ESCALATION = "empty-escalation"
    NO_SUCH_MEMBER = "no-such-member"  # members, but none of the kind that the rule names
    SUSPENDED = "suspended"
    STAKEHOLDER = "stakeholder"
    PLAN_LIMIT = "plan-limit"  # over what the account's plan includes, so inactive
    UNROUTED = "unrouted"
    CIRCLE = "circle"
    MISSING = "missing"  # the recipient no longer exists


ASKED_FOR = {NobodyReason.NO_RESPONDERS, NobodyReason.ROUTED_NOWHERE, NobodyReason.SCHEDULE_DISABLED}


@dataclass(frozen=True, slots=True)
class Told:
    """A person to be told now, and why."""

    user_id: str
    username: str
    path: Path


@dataclass(frozen=True, slots=True)
class Nobody:
    """Where a path ended without a person; `name` is whom or what it ended at, where there is one."""

    reason: NobodyReason
    path: Path
    name: str | None = None

    @property
    def asked_for(self) -> bool:
        """Whether the configuration wants this silence, so that the last resort stays out of it."""
        return self.reason in ASKED_FOR


@dataclass(frozen=True, slots=True)
class NestedRun:
    """An escalation to start now; `path` goes with the run and is handed back in `resolve_rule`."""

    escalation_id: str
    path: Path


@dataclass(frozen=True, slots=True)
class Resolution:
    """What comes of telling a recipient: each person once, each escalation once, and the dead ends."""

    people: tuple[Told, ...] = ()
    runs: tuple[NestedRun, ...] = ()
    nobody: tuple[Nobody, ...] = ()

    @property
    def rests_by_plan(self) -> bool:
        """Whether it led to nobody because the plan includes fewer: waiting for an answer would be in vain."""
        return not self.people and not self.runs and any(it.reason is NobodyReason.PLAN_LIMIT for it in self.nobody)

    @property
    def needs_last_resort(self) -> bool:
        """Whether somebody was to be told and nobody could be."""
        return not self.people and not self.runs and any(not it.asked_for for it in self.nobody)


def resolve_responders(
    responders: Iterable[Recipient], directory: Directory, at: datetime, content: AlertContent = UNREAD
) -> Resolution:
    """Whom an alert's responders mean at `at`. Without responders, silence was asked for."""
    found = [resolve(responder, NotifyType.DEFAULT, directory, at, content=content) for responder in responders]
    return merge(found) if found else Resolution(nobody=(Nobody(NobodyReason.NO_RESPONDERS, ()),))


def resolve_rule(
    escalation: Escalation,
    tell: Tell,
    directory: Directory,
    at: datetime,
    path: Path,
    seed: str,
    content: AlertContent = UNREAD,
) -> Resolution:
    """Whom a rule that fires in a run of `escalation` means at `at`; `path` is the run's own.

    `seed` decides a random member: the same seed, the same member; so it should name alert, rule and round.
    """
    rule = tell.rule
    step = Reason(
        ReasonKind.RULE, position=rule.position, round=tell.round, delay=rule.delay, notify_type=rule.notify_type
    )
    return resolve(rule.recipient, rule.notify_type, directory, at, (*path, step), seed, content)


def resolve(
    recipient: Recipient,
    notify_type: NotifyType,
    directory: Directory,
    at: datetime,
    path: Path = (),
    seed: str = "",
    content: AlertContent = UNREAD,
) -> Resolution:
    """Whom a recipient means at `at`; `path` is how it was reached.

    A team by default goes where its routing rules send an alert of that content at `at`; an escalation starts a run of
    its own. A team or escalation that is already on the path tells nobody more.
    """
    gathering = _Gathering(directory, at, seed, content)
    gathering.reach(recipient, notify_type, path)
    return gathering.resolution()


def everybody(participant: Participant, directory: Directory, at: datetime) -> tuple[Told, ...]:
    """Whom a participant of a schedule means at `at`: a team all its members, an escalation all whom it names."""
    gathering = _Gathering(directory, at, "", UNREAD)
    gathering.open_participant(OnCall(participant, at, at, None), ())
    return gathering.resolution().people


def merge(resolutions: Iterable[Resolution]) -> Resolution:
    """Several at one instant as one: each person and each escalation once, by the path found first."""
    people: dict[str, Told] = {}
    runs: dict[str, NestedRun] = {}
    nobody: list[Nobody] = []
    for resolution in resolutions:
        for told in resolution.people:
            people.setdefault(told.user_id, told)
        for run in resolution.runs:
            runs.setdefault(run.escalation_id, run)
        nobody.extend(resolution.nobody)
    return Resolution(tuple(people.values()), tuple(runs.values()), tuple(nobody))


def start_path(escalation: Escalation) -> Path:
    """The path of a run that a person started by naming the escalation."""
    return (Reason(ReasonKind.ESCALATION, escalation.id, escalation.name),)


@dataclass(slots=True)
class _Gathering:
    """One resolution under way: what has been found so far, and which escalations are opened already."""

    directory: Directory
    at: datetime
    seed: str
    content: AlertContent
    people: dict[str, Told] = field(default_factory=dict)
    runs: list[NestedRun] = field(default_factory=list)
    nobody: list[Nobody] = field(default_factory=list)
    opened: set[str] = field(default_factory=set)
    forwards: Mapping[str, Forwarding] = field(init=False)

    def __post_init__(self) -> None:
        self.forwards = forwards_at(self.directory.standing_in, self.at)

    def resolution(self) -> Resolution:
        return Resolution(tuple(self.people.values()), tuple(self.runs), tuple(self.nobody))

    def reach(self, recipient: Recipient, notify_type: NotifyType, path: Path) -> None:
        match recipient.kind:
            case RecipientKind.USER:
                self.tell(recipient.id, path)
            case RecipientKind.SCHEDULE:
                self.open_schedule(recipient.id, notify_type, path)
            case RecipientKind.ESCALATION:
                self.start(recipient.id, path)
            case RecipientKind.TEAM if notify_type in MEMBERS_OF_TEAM:
                self.open_team(recipient.id, notify_type, path)
            case RecipientKind.TEAM:
                self.route_team(recipient.id, path)

    def tell(self, user_id: str, path: Path) -> None:
        """Tell a person, or whoever stands in for them; a forwarding to somebody who is told nothing rests."""
        for step in chain(user_id, self.forwards):
            path = (*path, self.forwarding_reason(step))
            user_id = step.to_user_id
        person = self.directory.people.get(user_id)
        if person is None:
            self.end(NobodyReason.MISSING, path, user_id)
        elif person.suspended:
            self.end(NobodyReason.SUSPENDED, path, person.username)
        elif person.stakeholder:
            self.end(NobodyReason.STAKEHOLDER, path, person.username)
        elif person.over_limit:
            self.end(NobodyReason.PLAN_LIMIT, path, person.username)
        else:
            self.people.setdefault(user_id, Told(user_id, person.username, path))

    def forwarding_reason(self, step: Forwarding) -> Reason:
        person = self.directory.people.get(step.from_user_id)
        name = person.username if person else None
        return Reason(ReasonKind.FORWARDING, step.id, name, shift_ends_at=step.ends_at)

    def end(self, reason: NobodyReason, path: Path, name: str | None = None) -> None:
        self.nobody.append(Nobody(reason, path, name))

    def route_team(self, team_id: str, path: Path) -> None:
        team = self.directory.teams.get(team_id)
        if team is None:
            return self.end(NobodyReason.MISSING, path, team_id)
        if _is_on(path, ReasonKind.TEAM, team_id):
            return self.end(NobodyReason.CIRCLE, path, team.name)
        path = (*path, Reason(ReasonKind.TEAM, team.id, team.name))
        match route(team.routing_rules, self.content, self.at):
            case RoutedTo(rule, recipient):
                self.reach(recipient, NotifyType.DEFAULT, (*path, _routing_reason(rule)))
            case RoutedNowhere(rule):
                self.end(NobodyReason.ROUTED_NOWHERE, (*path, _routing_reason(rule)), team.name)
            case Unrouted():
                self.end(NobodyReason.UNROUTED, path, team.name)
        return None

    def start(self, escalation_id: str, path: Path) -> None:
        escalation = self.directory.escalations.get(escalation_id)
        if escalation is None:
            self.end(NobodyReason.MISSING, path, escalation_id)
        elif escalation_id in self.directory.inactive:
            self.end(NobodyReason.PLAN_LIMIT, path, escalation.name)
        elif _is_on(path, ReasonKind.ESCALATION, escalation_id):
            self.end(NobodyReason.CIRCLE, path, escalation.name)
        elif not escalation.rules:
            self.end(NobodyReason.EMPTY_ESCALATION, path, escalation.name)
        else:
            self.runs.append(NestedRun(escalation_id, (*path, *start_path(escalation))))

    def open_schedule(self, schedule_id: str, notify_type: NotifyType, path: Path) -> None:
        schedule = self.directory.schedules.get(schedule_id)
        if schedule is None:
            return self.end(NobodyReason.MISSING, path, schedule_id)
        if schedule_id in self.directory.inactive:
            reason = Reason(ReasonKind.SCHEDULE, schedule.id, schedule.name)
            return self.end(NobodyReason.PLAN_LIMIT, (*path, reason), schedule.name)
        if not schedule.enabled:
            reason = Reason(ReasonKind.SCHEDULE, schedule.id, schedule.name)
            return self.end(NobodyReason.SCHEDULE_DISABLED, (*path, reason), schedule.name)
        found = _on_call(schedule, notify_type, self.at)
        for on_call in found:
            self.open_participant(on_call, (*path, _schedule_reason(schedule, notify_type, on_call)))
        if not found:
            override = silencing_override(schedule, self.at)
            reason = Reason(
                ReasonKind.SCHEDULE, schedule.id, schedule.name, override=override.alias if override else None
            )
            self.end(NobodyReason.NOBODY_ON_CALL, (*path, reason), schedule.name)
        return None

    def open_participant(self, on_call: OnCall, path: Path) -> None:
        participant = on_call.participant
        match participant.kind:
            case ParticipantKind.USER:
                self.tell(participant.id or "", path)
            case ParticipantKind.TEAM:
                self.open_team(participant.id or "", NotifyType.ALL, path)
            case ParticipantKind.ESCALATION:
                self.open_escalation(participant.id or "", path)
            case ParticipantKind.NONE:
                self.end(NobodyReason.NOBODY_ON_CALL, path)

    def open_team(self, team_id: str, notify_type: NotifyType, path: Path) -> None:
        team = self.directory.teams.get(team_id)
        if team is None:
            return self.end(NobodyReason.MISSING, path, team_id)
        members = self.members_meant(team, notify_type)
        for member in members:
            reason = Reason(ReasonKind.MEMBER, team.id, team.name, notify_type=notify_type, role=member.role)
            self.tell(member.user_id, (*path, reason))
        if not members:
            reason = Reason(ReasonKind.MEMBER, team.id, team.name, notify_type=notify_type)
            empty = NobodyReason.NO_SUCH_MEMBER if team.members else NobodyReason.EMPTY_TEAM
            self.end(empty, (*path, reason), team.name)
        return None

    def members_meant(self, team: Team, notify_type: NotifyType) -> Sequence[Member]:
        match notify_type:
            case NotifyType.ADMINS:
                return [member for member in team.members if member.role == ADMIN]
            case NotifyType.USERS:
                return [member for member in team.members if member.role != ADMIN]
            case NotifyType.RANDOM:
                able = [member for member in team.members if self.is_able(member)]
                return [able[pick(self.seed, len(able))]] if able else team.members
            case _:
                return team.members

    def is_able(self, member: Member) -> bool:
        return self.directory.is_told(member.user_id)

    def open_escalation(self, escalation_id: str, path: Path) -> None:
        """Everyone an escalation on duty names now, at any delay; a circle adds nobody."""
        escalation = self.directory.escalations.get(escalation_id)
        if escalation is None:
            return self.end(NobodyReason.MISSING, path, escalation_id)
        if escalation_id in self.directory.inactive:
            return self.end(NobodyReason.PLAN_LIMIT, path, escalation.name)
        if _is_on(path, ReasonKind.ESCALATION, escalation_id):
            return self.end(NobodyReason.CIRCLE, path, escalation.name)
        if not escalation.rules:
            return self.end(NobodyReason.EMPTY_ESCALATION, path, escalation.name)
        if escalation_id in self.opened:
            return None
        self.opened.add(escalation_id)
        path = (*path, *start_path(escalation))
        for rule in escalation.in_due_order():
            reason = Reason(ReasonKind.RULE, position=rule.position, delay=rule.delay, notify_type=rule.notify_type)
            self.open_recipient(rule.recipient, rule.notify_type, (*path, reason))
        return None

    def open_recipient(self, recipient: Recipient, notify_type: NotifyType, path: Path) -> None:
        match recipient.kind:
            case RecipientKind.USER:
                self.tell(recipient.id, path)
            case RecipientKind.SCHEDULE:
                self.open_schedule(recipient.id, notify_type, path)
            case RecipientKind.ESCALATION:
                self.open_escalation(recipient.id, path)
            case RecipientKind.TEAM:
                some = notify_type in {NotifyType.USERS, NotifyType.ADMINS}
                self.open_team(recipient.id, notify_type if some else NotifyType.ALL, path)


MEMBERS_OF_TEAM = {NotifyType.USERS, NotifyType.ADMINS, NotifyType.RANDOM, NotifyType.ALL}


def pick(seed: str, count: int) -> int:
    """A number below `count` that looks random and is always the same for one seed."""
    return int.from_bytes(sha256(seed.encode()).digest()[:8]) % count


def _is_on(path: Path, kind: ReasonKind, id_: str) -> bool:
    return any(reason.kind is kind and reason.id == id_ for reason in path)


def _on_call(schedule: Schedule, notify_type: NotifyType, at: datetime) -> tuple[OnCall, ...]:
    match notify_type:
        case NotifyType.NEXT:
            return on_call_next(schedule, at)
        case NotifyType.PREVIOUS:
            return on_call_previous(schedule, at)
        case _:
            return on_call_at(schedule, at)


def _routing_reason(rule: RoutingRule) -> Reason:
    return Reason(ReasonKind.ROUTING_RULE, rule.id, rule.name, position=rule.position)


def _schedule_reason(schedule: Schedule, notify_type: NotifyType, on_call: OnCall) -> Reason:
    return Reason(
        ReasonKind.SCHEDULE,
        schedule.id,
        schedule.name,
        notify_type=notify_type,
        rotation=on_call.rotation.name if on_call.rotation else None,
        shift_starts_at=on_call.starts_at,
        shift_ends_at=on_call.ends_at,
        override=on_call.override.alias if on_call.override else None,
    )
