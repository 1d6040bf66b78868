"""Schedules: gaps in what is used, schedules that are used and rest, one-person rotations, clashes. Pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import combinations

from tocsin.escalations.directory import Directory
from tocsin.escalations.escalation import RecipientKind
from tocsin.on_call.lint.findings import Code, Finding, ObjectType, Severity
from tocsin.on_call.lint.needs import Needs, Node, Span, common
from tocsin.on_call.lint.reach import Reach, ways_of
from tocsin.schedules.on_call import Schedule, shifts
from tocsin.schedules.overrides import Override, newer
from tocsin.schedules.rotation import NOBODY, ParticipantKind, Rotation

GAPS_TOLD = 3  # of a schedule's gaps, the first ones are named


def findings(directory: Directory, reach: Reach) -> Iterator[Finding]:
    """Of every schedule."""
    needs = Needs(directory, reach.start, reach.end)
    for schedule in directory.schedules.values():
        users = needs.users(schedule.id)
        if users and (not schedule.enabled or schedule.id in directory.inactive):
            yield _resting(schedule, directory, next(iter(users)))
        if schedule.enabled and schedule.id not in directory.inactive:
            yield from _uncovered(schedule, directory, reach, users)
            yield from _alone(schedule, reach.start, reach.end)
            yield from _clashes(schedule, reach.start, reach.end)


def gaps(schedule: Schedule, start: datetime, end: datetime) -> list[Span]:
    """When nobody is on call by any rotation or override, within [start, end)."""
    found, covered = [], start
    for since, until in sorted((it.starts_at, it.ends_at) for it in shifts(schedule, start, end)):
        if since > covered:
            found.append((covered, since))
        covered = max(covered, until)
    if covered < end:
        found.append((covered, end))
    return found


def _uncovered(
    schedule: Schedule, directory: Directory, reach: Reach, users: Mapping[Node, list[Span]]
) -> Iterator[Finding]:
    """A warning while every escalation and routing rule still reaches somebody else; an error where one does not."""
    found = common(gaps(schedule, reach.start, reach.end), [span for spans in users.values() for span in spans])
    if not found:
        return
    hit = [user for user, spans in users.items() if common(found, spans)]
    left_alone = [user for user in hit if _tells_nobody_within(user, directory, reach, common(found, users[user]))]
    yield Finding(
        Code.COVERAGE_GAP,
        Severity.ERROR if left_alone else Severity.WARNING,
        ObjectType.SCHEDULE,
        schedule.id,
        schedule.name,
        {
            "gaps": tuple(found[:GAPS_TOLD]),
            "count": len(found),
            "total": sum((until - since for since, until in found), timedelta(0)),
            "horizon": reach.end - reach.start,
            "user": _name(directory, (left_alone or hit)[0]),
        },
    )


def _tells_nobody_within(user: Node, directory: Directory, reach: Reach, spans: list[Span]) -> bool:
    kind, ident = user
    if kind is RecipientKind.TEAM:
        return True  # a routing rule names the schedule alone
    if ident in directory.inactive:
        return False
    pieces = [it for it in reach.together(ways_of(directory.escalations[ident])) if it.surely_nobody]
    return bool(common([(it.starts_at, it.ends_at) for it in pieces], spans))


def _resting(schedule: Schedule, directory: Directory, user: Node) -> Finding:
    reason = "disabled" if not schedule.enabled else "plan"
    return Finding(
        Code.DISABLED_IN_USE, Severity.WARNING, ObjectType.SCHEDULE, schedule.id, schedule.name,
        {"reason": reason, "user": _name(directory, user)},
    )  # fmt: skip


def _name(directory: Directory, user: Node) -> tuple[str, str]:
    """What uses a schedule, as (kind, name)."""
    kind, ident = user
    found = directory.teams[ident].name if kind is RecipientKind.TEAM else directory.escalations[ident].name
    return kind.value, found


def runs_within(rotation: Rotation, start: datetime, end: datetime) -> bool:
    """Has the rotation turns in [start, end)?"""
    return rotation.starts_at < end and (rotation.ends_at is None or rotation.ends_at > start)


def _alone(schedule: Schedule, start: datetime, end: datetime) -> Iterator[Finding]:
    for rotation in schedule.rotations:
        people = {*rotation.participants} - {NOBODY}
        if not runs_within(rotation, start, end) or len(people) != 1:
            continue
        [only] = people
        if only.kind is ParticipantKind.USER:
            yield Finding(
                Code.ONE_PERSON_ROTATION, Severity.WARNING, ObjectType.SCHEDULE, schedule.id, schedule.name,
                {"rotation": rotation.name, "rotation_id": rotation.id, "person": only.id},
            )  # fmt: skip


def _clashes(schedule: Schedule, start: datetime, end: datetime) -> Iterator[Finding]:
    """Overrides by different people at one time: a hint where the newer lies within the older, as if cut out of it."""
    there = [it for it in schedule.overrides if it.starts_at < end and it.ends_at > start]
    for one, other in combinations(sorted(there, key=lambda it: (it.starts_at, it.alias)), 2):
        since, until = max(one.starts_at, other.starts_at, start), min(one.ends_at, other.ends_at, end)
        if since >= until or one.user_id == other.user_id or not _meet(schedule, one, other):
            continue
        wins = newer(one, other)
        loses = other if wins is one else one
        cut_out = loses.starts_at <= wins.starts_at and wins.ends_at <= loses.ends_at
        whole = (wins.starts_at, wins.ends_at) == (loses.starts_at, loses.ends_at)
        yield Finding(
            Code.OVERRIDE_CLASH,
            Severity.HINT if cut_out and not whole else Severity.WARNING,
            ObjectType.SCHEDULE,
            schedule.id,
            schedule.name,
            {"wins": wins.user_id, "loses": loses.user_id, "from": since, "to": until,
             "aliases": (wins.alias, loses.alias)},
        )  # fmt: skip


def _meet(schedule: Schedule, one: Override, other: Override) -> bool:
    lanes: list[str | None] = [it.id for it in schedule.rotations] or [None]
    return any(one.applies_to(lane) and other.applies_to(lane) for lane in lanes)
