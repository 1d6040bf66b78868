"""A new team, with what makes it reachable at once: schedule, escalation, default routing rule.

Source: reference, teams (what creating a team makes besides).
"""

from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from psycopg.errors import UniqueViolation

from tocsin.accounts import store as accounts_store
from tocsin.accounts.model import Team
from tocsin.db import Tx
from tocsin.errors import Conflict
from tocsin.escalations import config_store
from tocsin.escalations.escalation import Condition, NotifyType, RecipientKind
from tocsin.schedules import store as schedules_store
from tocsin.schedules.rotation import Participant, ParticipantKind, RotationKind
from tocsin.wall import wall_clock, wall_instant

HANDOFF = time(8, 0)  # of the weekly rotation, on Monday, in the schedule's zone
RULES = (
    (timedelta(minutes=0), NotifyType.DEFAULT, RecipientKind.SCHEDULE),
    (timedelta(minutes=5), NotifyType.NEXT, RecipientKind.SCHEDULE),
    (timedelta(minutes=10), NotifyType.ALL, RecipientKind.TEAM),
)


async def create_team(
    tx: Tx,
    account_id: int,
    name: str,
    members: Sequence[tuple[UUID, str]],
    *,
    time_zone: str,
    at: datetime,
    description: str = "",
    make_id: Callable[[], UUID] = uuid4,
) -> Team:
    """The team, its `members` (user id, role) and its defaults.

    Whoever is on call is told at once, the next one after 5 minutes, everybody after 10, while nobody acknowledges.
    The members take turns of a week, in the order given; without members the schedule has no rotation yet.
    Raises: Conflict when the name of the team, its schedule or its escalation is taken.
    """
    team = Team(account_id, make_id(), name, description, at)
    schedule_id, escalation_id = make_id(), make_id()
    try:
        await accounts_store.insert_team(tx, team)
        await schedules_store.insert_schedule(
            tx, account_id, schedule_id, f"{name}_schedule", time_zone=time_zone, team_id=team.id, at=at
        )
        await config_store.insert_escalation(
            tx, account_id, escalation_id, f"{name}_escalation", team_id=team.id, at=at
        )
    except UniqueViolation:
        raise Conflict(f"The team {name}, its schedule or its escalation exists already.") from None
    for user_id, role in members:
        await accounts_store.insert_team_member(tx, account_id, team.id, user_id, role)
    if members:
        await schedules_store.insert_rotation(
            tx,
            account_id,
            schedule_id,
            make_id(),
            "Weekly rotation",
            position=0,
            kind=RotationKind.WEEKLY,
            length=1,
            starts_at=latest_handoff(at, ZoneInfo(time_zone)),
            ends_at=None,
            participants=[Participant(ParticipantKind.USER, str(user_id)) for user_id, _ in members],
        )
    for position, (delay, notify_type, recipient_type) in enumerate(RULES):
        await config_store.insert_escalation_rule(
            tx,
            account_id,
            escalation_id,
            position=position,
            condition=Condition.IF_NOT_ACKED,
            notify_type=notify_type,
            delay=delay,
            recipient_type=recipient_type,
            recipient_id=schedule_id if recipient_type is RecipientKind.SCHEDULE else team.id,
        )
    await config_store.insert_default_routing_rule(
        tx, account_id, make_id(), team.id, notify_type="escalation", notify_id=escalation_id
    )
    return team


def latest_handoff(at: datetime, zone: ZoneInfo) -> datetime:
    """The last Monday's handoff that is not after `at`: a rotation from then on has somebody on call now."""
    today = wall_clock(at, zone).date()
    monday = today - timedelta(days=today.weekday())
    this_week = wall_instant(monday, HANDOFF, zone)
    return this_week if this_week <= at else wall_instant(monday - timedelta(days=7), HANDOFF, zone)
