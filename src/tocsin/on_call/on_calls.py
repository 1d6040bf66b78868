"""Who is on call, as Opsgenie's JSON tells it: nested, flat, and who comes next. Pure.

Source: reference, schedules (on-calls); on-call semantics, "Participants", "Forwarding", "Timeline window"
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tocsin.escalations.directory import Directory
from tocsin.escalations.escalation import NotifyType, Recipient, RecipientKind
from tocsin.escalations.resolve import resolve
from tocsin.schedules.forwarding import Forwarding, chain, forwards_at
from tocsin.schedules.on_call import Schedule, edges, on_call_at
from tocsin.schedules.rotation import Participant, ParticipantKind

YEAR = timedelta(days=366)
MINUTE = timedelta(minutes=1)


def usernames(schedule: Schedule, directory: Directory, at: datetime) -> list[str]:
    """Everybody who would be told at `at`, once each: teams and escalations opened, forwardings followed."""
    found = resolve(Recipient(RecipientKind.SCHEDULE, schedule.id), NotifyType.DEFAULT, directory, at)
    return [person.username for person in found.people]


def participants(schedule: Schedule, directory: Directory, at: datetime) -> list[dict[str, Any]]:
    """Who is on call at `at` as configured, each once, with whom a team or an escalation means within."""
    if schedule.id in directory.inactive:
        return []
    opening = _Opening(directory, at)
    found = (opening.participant(it.participant) for it in on_call_at(schedule, at))
    return _each_once(it for it in found if it is not None)


def next_at(schedule: Schedule, directory: Directory, at: datetime) -> tuple[datetime | None, datetime | None]:
    """When the next change puts people on call, and the next one that puts others there; None: not within a year.

    A change to nobody, as when the hours of a restriction end, is waited out.
    """
    present = set(usernames(schedule, directory, at))
    following: datetime | None = None
    for edge in _edges(schedule, directory.standing_in, at, at + YEAR):
        people = set(usernames(schedule, directory, edge))
        if people and following is None:
            following = edge
        if people and people != present:
            return following, edge
    return following, None


def _edges(schedule: Schedule, forwardings: Iterable[Forwarding], start: datetime, end: datetime) -> Iterator[datetime]:
    """Every instant in (start, end] when the schedule or a forwarding may change who is on call, in order."""
    of_forwardings = sorted({edge for it in forwardings for edge in (it.starts_at, it.ends_at) if start < edge <= end})
    waiting = iter(of_forwardings)
    other = next(waiting, None)
    for edge in edges(schedule, start, end):
        while other is not None and other < edge:
            yield other
            other = next(waiting, None)
        if other == edge:
            other = next(waiting, None)
        yield edge
    while other is not None:
        yield other
        other = next(waiting, None)


@dataclass(slots=True)
class _Opening:
    """Participants opened to those whom they mean; what is opened already on the same way adds nobody."""

    directory: Directory
    at: datetime
    forwards: dict[str, Forwarding] = field(init=False)

    def __post_init__(self) -> None:
        self.forwards = forwards_at(self.directory.standing_in, self.at)

    def participant(self, participant: Participant, way: tuple[str, ...] = ()) -> dict[str, Any] | None:
        ident = participant.id or ""
        match participant.kind:
            case ParticipantKind.USER:
                return self.user(ident)
            case ParticipantKind.TEAM:
                return self.team(ident)
            case ParticipantKind.ESCALATION:
                return self.escalation(ident, way)
            case ParticipantKind.NONE:
                return None

    def user(self, user_id: str) -> dict[str, Any] | None:
        steps = chain(user_id, self.forwards)
        reached = self.directory.people.get(steps[-1].to_user_id if steps else user_id)
        if reached is None or not reached.is_told:
            return None
        shown: dict[str, Any] = {"id": reached.id, "name": reached.username, "type": "user"}
        if steps:
            passed = (self.directory.people.get(it.from_user_id) for it in steps)
            shown["forwardedFrom"] = [{"id": it.id, "name": it.username, "type": "user"} for it in passed if it]
        return shown

    def team(self, team_id: str, notify_type: NotifyType = NotifyType.ALL) -> dict[str, Any] | None:
        team = self.directory.teams.get(team_id)
        if team is None:
            return None
        members = [
            it for it in team.members
            if notify_type not in {NotifyType.ADMINS, NotifyType.USERS}
            or (it.role == "admin") is (notify_type is NotifyType.ADMINS)
        ]  # fmt: skip
        people = (self.user(it.user_id) for it in members)
        shown = _each_once(it for it in people if it is not None)
        return {"id": team.id, "name": team.name, "type": "team", "onCallParticipants": shown}

    def escalation(self, escalation_id: str, way: tuple[str, ...]) -> dict[str, Any] | None:
        escalation = self.directory.escalations.get(escalation_id)
        if escalation is None or escalation_id in way or escalation_id in self.directory.inactive:
            return None
        found = []
        for rule in escalation.in_due_order():
            shown = self.recipient(rule.recipient, rule.notify_type, (*way, escalation_id))
            if shown is not None:
                found.append({**shown, "escalationTime": rule.delay // MINUTE, "notifyType": rule.notify_type.value})
        return {"id": escalation.id, "name": escalation.name, "type": "escalation", "onCallParticipants": found}

    def recipient(self, recipient: Recipient, notify_type: NotifyType, way: tuple[str, ...]) -> dict[str, Any] | None:
        match recipient.kind:
            case RecipientKind.USER:
                return self.user(recipient.id)
            case RecipientKind.TEAM:
                return self.team(recipient.id, notify_type)
            case RecipientKind.ESCALATION:
                return self.escalation(recipient.id, way)
            case RecipientKind.SCHEDULE:
                return self.schedule(recipient.id, way)

    def schedule(self, schedule_id: str, way: tuple[str, ...]) -> dict[str, Any] | None:
        schedule = self.directory.schedules.get(schedule_id)
        if schedule is None or schedule_id in self.directory.inactive:
            return None
        found = (self.participant(it.participant, way) for it in on_call_at(schedule, self.at))
        shown = _each_once(it for it in found if it is not None)
        return {"id": schedule.id, "name": schedule.name, "type": "schedule", "onCallParticipants": shown}


def _each_once(found: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    kept: dict[tuple[str, str], dict[str, Any]] = {}
    for it in found:
        kept.setdefault((it["type"], it["id"]), it)
    return list(kept.values())
