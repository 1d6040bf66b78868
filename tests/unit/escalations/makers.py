"""Escalations and directories to test with: plain functions with defaults."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tocsin.escalations.directory import Directory, Member, Person, Team
from tocsin.escalations.escalation import (
    Condition,
    Escalation,
    EscalationRule,
    NotifyType,
    Recipient,
    RecipientKind,
    Repeat,
)
from tocsin.escalations.routing import RoutingRule, TargetKind
from tocsin.schedules.forwarding import Forwarding
from tocsin.schedules.on_call import Schedule
from tocsin.schedules.overrides import Override
from tocsin.schedules.rotation import Participant, ParticipantKind, Rotation, RotationKind

START = datetime(2026, 11, 2, 9, tzinfo=UTC)
WEEK = timedelta(weeks=1)


def after(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


def recipient(name: str) -> Recipient:
    """`user:ana`, `team:ops`, `schedule:main`, `escalation:night`."""
    kind, _, id_ = name.partition(":")
    return Recipient(RecipientKind(kind), id_)


def participant(name: str) -> Participant:
    """`user:ana`, `team:ops`, `escalation:night`, `none`."""
    kind, _, id_ = name.partition(":")
    return Participant(ParticipantKind(kind), id_ or None)


def make_rule(
    minutes: int,
    who: str = "user:ana",
    *,
    position: int = 0,
    condition: Condition = Condition.IF_NOT_ACKED,
    notify_type: NotifyType = NotifyType.DEFAULT,
) -> EscalationRule:
    return EscalationRule(position, condition, notify_type, timedelta(minutes=minutes), recipient(who))


def make_escalation(*rules: EscalationRule, repeat: Repeat | None = None, name: str = "night") -> Escalation:
    return Escalation(name, name.title(), rules, repeat)


def make_repeat(wait: int, count: int, *, resets: bool = False, closes: bool = False) -> Repeat:
    return Repeat(timedelta(minutes=wait), count, resets, closes)


def make_schedule(
    *who: str, name: str = "main", enabled: bool = True, overrides: tuple[Override, ...] = ()
) -> Schedule:
    """One weekly rotation of `who`, from a week before START on, so the second of them is on call at START."""
    rotations: tuple[Rotation, ...] = ()
    if who:
        starts_at = START - WEEK
        people = tuple(map(participant, who))
        rotations = (Rotation(f"{name}-1", "Weekly", people, starts_at, None, RotationKind.WEEKLY, 1),)
    return Schedule(name, name.title(), ZoneInfo("UTC"), enabled, rotations, overrides)


def make_route(to: str, *, position: int = 0, is_default: bool = True) -> RoutingRule:
    """`none`, `schedule:main`, `escalation:night`."""
    kind, _, id_ = to.partition(":")
    return RoutingRule(f"route-{position}", "Routing rule", position, is_default, TargetKind(kind), id_ or None)


def make_team(*members: str, name: str = "ops", to: str | None = None) -> Team:
    """Members are `ana` or, as an administrator, `ana!`."""
    places = tuple(Member(it.rstrip("!"), "admin" if it.endswith("!") else "user") for it in members)
    return Team(name, name.title(), places, (make_route(to),) if to else ())


def make_directory(
    *things: Team | Schedule | Escalation,
    people: tuple[str, ...] = ("ana", "bo", "cy"),
    suspended: tuple[str, ...] = (),
    forwards: tuple[tuple[str, str], ...] = (),
) -> Directory:
    """`forwards` are pairs of who forwards to whom, for the hour after START."""
    return Directory(
        people={name: Person(name, f"{name}@example.com", name in suspended) for name in (*people, *suspended)},
        teams={it.id: it for it in things if isinstance(it, Team)},
        schedules={it.id: it for it in things if isinstance(it, Schedule)},
        escalations={it.id: it for it in things if isinstance(it, Escalation)},
        forwardings=tuple(
            Forwarding(f"{it}-{other}", f"{it}-{other}", it, other, START, after(60), START) for it, other in forwards
        ),
    )
