"""Notices of turns: who wants to be told, and when, that a turn of theirs starts or ends. Pure.

A turn is a stretch during which a person is on call in a schedule by whatever rotation, override or forwarding, alone
or with a team: a handoff from oneself to oneself is neither an end nor a start.
Source: reference, notification rules (schedule-start, schedule-end)
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from tocsin.escalations.directory import Directory
from tocsin.escalations.resolve import everybody
from tocsin.escalations.snapshot import Snapshot
from tocsin.notifications.plan import ActionType, NotificationRule, NotificationTime, Plan, by_rule
from tocsin.schedules.on_call import Schedule, shifts
from tocsin.schedules.restrictions import is_open
from tocsin.schedules.rotation import ParticipantKind

AHEAD = timedelta(days=8)  # how far the next notice is looked for: within it, an account is looked at again
LONGEST = timedelta(days=1, microseconds=1)  # from a notice to its boundary, which a window ends after
LATE = timedelta(hours=1)  # a notice older than that says nothing worth hearing any more

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Notice:
    """`user_id` is told at `at` that a turn in a schedule starts or ends at `boundary`, as `plan` says."""

    user_id: str
    action_type: ActionType
    schedule_id: str
    schedule: str
    time: NotificationTime
    at: datetime
    boundary: datetime
    plan: Plan


def notices(snapshot: Snapshot, since: datetime, until: datetime) -> list[Notice]:
    """Every notice whose time is within (since, until], the earliest first; those too late to matter left out."""
    found = [
        notice for notice in _notices(snapshot, since, until + LONGEST)
        if since < notice.at <= until and notice.at > until - LATE
    ]  # fmt: skip
    return sorted(found, key=lambda it: (it.at, it.user_id, it.schedule_id))


def next_at(snapshot: Snapshot, now: datetime) -> datetime:
    """When to look next: the time of the next notice, or the day on which those that are not known yet begin."""
    horizon = now + AHEAD
    times = (it.at for it in _notices(snapshot, now, horizon + LONGEST) if it.at > now)
    return min((at for at in times if at < horizon), default=horizon)


def wanted(snapshot: Snapshot) -> bool:
    """Whether anybody has a rule about turns."""
    return any(_rules(snapshot, user_id, kind) for user_id in snapshot.rules for kind in KINDS)


KINDS = (ActionType.SCHEDULE_START, ActionType.SCHEDULE_END)


def _notices(snapshot: Snapshot, start: datetime, end: datetime) -> Iterator[Notice]:
    """What boundaries strictly within (start, end) come to, whatever the time of the notice."""
    people = {user_id for user_id in snapshot.rules if any(_rules(snapshot, user_id, kind) for kind in KINDS)}
    if not people:
        return
    directory = snapshot.directory
    for schedule in directory.schedules.values():
        if not schedule.enabled or schedule.id in directory.inactive:
            continue
        for user_id, turns in turns_of(schedule, directory, start, end).items():
            if user_id in people and directory.is_told(user_id):
                for turn in turns:
                    yield from _of_turn(snapshot, schedule, user_id, turn, start, end)


def turns_of(schedule: Schedule, directory: Directory, start: datetime, end: datetime) -> dict[str, list[Span]]:
    """Each person's turns in [start, end), clipped to it, those that touch or overlap as one."""
    spans: defaultdict[str, list[Span]] = defaultdict(list)
    for shift in shifts(schedule, start, end, directory.standing_in):
        if shift.participant.kind is ParticipantKind.USER:
            spans[shift.participant.id or ""].append((shift.starts_at, shift.ends_at))
        else:
            for told in everybody(shift.participant, directory, shift.starts_at):
                spans[told.user_id].append((shift.starts_at, shift.ends_at))
    return {user_id: _joined(found) for user_id, found in spans.items()}


def _joined(spans: list[Span]) -> list[Span]:
    joined: list[Span] = []
    for starts_at, ends_at in sorted(spans):
        if joined and starts_at <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], ends_at)
        else:
            joined.append((starts_at, ends_at))
    return joined


def _of_turn(
    snapshot: Snapshot, schedule: Schedule, user_id: str, turn: Span, start: datetime, end: datetime
) -> Iterator[Notice]:
    for kind, boundary in zip(KINDS, turn, strict=True):
        if not start < boundary < end:
            continue  # where the window ends, the turn may go on
        for time in NotificationTime:
            at = boundary - time.before
            rule = _rule_at(snapshot, user_id, kind, schedule, time, at)
            plan = by_rule(rule, snapshot.contacts.get(user_id, ()), at) if rule is not None else None
            if isinstance(plan, Plan):
                yield Notice(user_id, kind, schedule.id, schedule.name, time, at, boundary, plan)


def _rule_at(
    snapshot: Snapshot, user_id: str, kind: ActionType, schedule: Schedule, time: NotificationTime, at: datetime
) -> NotificationRule | None:
    """The first enabled rule in order that is about this schedule, this long before, and open at that hour."""
    zone = snapshot.zones.get(user_id, schedule.zone)
    for rule in _rules(snapshot, user_id, kind):
        meant = not rule.schedule_ids or schedule.id in rule.schedule_ids
        if meant and time in rule.times and is_open(rule.restriction, zone, at):
            return rule
    return None


def _rules(snapshot: Snapshot, user_id: str, kind: ActionType) -> list[NotificationRule]:
    found = [it for it in snapshot.rules.get(user_id, ()) if it.enabled and it.action_type is kind]
    return sorted(found, key=lambda it: it.position)
