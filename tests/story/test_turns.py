"""Whoever wants to be told that a turn starts or ends is told by the engine, at that time."""

from datetime import timedelta
from uuid import UUID, uuid4

from tests.support.makers import START, make_tenant
from tests.support.world import World

from tocsin.accounts import store as accounts_store
from tocsin.accounts.audit import Actor
from tocsin.accounts.model import User
from tocsin.db import Databases
from tocsin.escalations.plan_limits import PlanLimits
from tocsin.notifications import rules_service
from tocsin.notifications.plan import ActionType, NotificationTime
from tocsin.notifications.rules import Draft, StepDraft
from tocsin.schedules import service
from tocsin.schedules import store as schedules_store
from tocsin.schedules.forms import OverrideForm, RotationForm, ScheduleForm
from tocsin.schedules.rotation import Participant, ParticipantKind, RotationKind

GATE = PlanLimits(billing=False)
HOUR = timedelta(hours=1)


def actor(world: World) -> Actor:
    return Actor(world.tenant.account_id, "ana", world.clock.at)


async def wants(world: World, person: User, kind: ActionType, *times: NotificationTime) -> None:
    async with world.tenant.app.transaction() as tx:
        [contact] = await accounts_store.list_contacts(tx, person.account_id, person.id)
    draft = Draft("turns", kind, times=times)
    await rules_service.add_rule(world.tenant.app, GATE, actor(world), person.id, draft, [StepDraft(contact.id)], None)


async def daily(world: World, *people: User) -> str:
    """A schedule handed on every noon in Warsaw, an hour after START."""
    who = tuple(Participant(ParticipantKind.USER, str(it.id)) for it in people)
    rotation = RotationForm("Days", RotationKind.DAILY, 1, START - 23 * HOUR, who)
    form = ScheduleForm("Duty", "Europe/Warsaw", rotations=(rotation,))
    return str(await service.create_schedule(world.tenant.app, GATE, actor(world), form))


def news(world: World) -> list[tuple[int, str, str]]:
    """(hour since START, whom, what) of every notice of this account."""
    return sorted(
        (int((at - START) // HOUR), it.receiver.username.split("-")[0], it.notification.action_type)
        for at, it in world.email.sent
        if it.notification.account_id == world.tenant.account_id
    )


async def test_starts_and_ends_are_told_at_their_times(world: World) -> None:
    ana, bo = await world.users("ana", "bo")
    await daily(world, ana, bo)
    await wants(world, ana, ActionType.SCHEDULE_START, NotificationTime.JUST_BEFORE, NotificationTime.HOUR_1)
    await wants(world, ana, ActionType.SCHEDULE_END, NotificationTime.JUST_BEFORE)
    await wants(world, bo, ActionType.SCHEDULE_START, NotificationTime.JUST_BEFORE)

    await world.advance(minutes=50 * 60)

    assert news(world) == [
        (1, "ana", "schedule-end"),
        (1, "bo", "schedule-start"),
        (24, "ana", "schedule-start"),
        (25, "ana", "schedule-start"),
        (49, "ana", "schedule-end"),
        (49, "bo", "schedule-start"),
    ]


async def test_a_change_of_the_schedule_changes_who_is_told(world: World) -> None:
    ana, bo, cy = await world.users("ana", "bo", "cy")
    schedule_id = UUID(await daily(world, ana, bo))
    for person in (bo, cy):
        await wants(world, person, ActionType.SCHEDULE_START, NotificationTime.JUST_BEFORE)
    await world.advance(minutes=1)

    form = OverrideForm(cy.id, START + HOUR / 2, START + 3 * HOUR)
    await service.add_override(world.tenant.app, actor(world), schedule_id, form)
    await world.advance(minutes=5 * 60)

    assert news(world) == [(0, "cy", "schedule-start"), (3, "bo", "schedule-start")]


async def test_nothing_that_was_before_the_rule_is_told_and_nothing_twice(world: World) -> None:
    ana, bo = await world.users("ana", "bo")
    await daily(world, ana, bo)
    await world.advance(minutes=61)
    await wants(world, bo, ActionType.SCHEDULE_START, NotificationTime.JUST_BEFORE)

    await world.advance(minutes=10)
    assert news(world) == []

    await world.advance(minutes=48 * 60)
    await wants(world, ana, ActionType.SCHEDULE_END, NotificationTime.JUST_BEFORE)
    await world.advance(minutes=10)
    assert news(world) == [(49, "bo", "schedule-start")]


async def test_who_is_muted_hears_of_no_turn(world: World) -> None:
    [ana] = await world.users("ana")
    bo = world.tenant.owner
    await daily(world, bo, ana)
    await wants(world, ana, ActionType.SCHEDULE_START, NotificationTime.JUST_BEFORE)
    async with world.databases.engine.transaction() as tx:
        await tx.execute(
            "update users set muted_until = %(until)s where account_id = %(account_id)s and id = %(id)s",
            account_id=ana.account_id, id=ana.id, until=START + 3 * HOUR,
        )  # fmt: skip

    await world.advance(minutes=120)

    assert news(world) == []
    assert await world.ends() == {"suppressed": 1}


async def test_an_account_that_cannot_be_read_keeps_nobody_else_from_being_told(
    world: World, databases: Databases
) -> None:
    ana, bo = await world.users("ana", "bo")
    await daily(world, ana, bo)
    await wants(world, bo, ActionType.SCHEDULE_START, NotificationTime.JUST_BEFORE)
    broken = await make_tenant(databases, "broken")
    async with databases.engine.transaction() as tx:
        await schedules_store.insert_schedule(
            tx, broken.account_id, uuid4(), "Broken", time_zone="Nowhere/Atlantis", team_id=None, at=START
        )
        await tx.execute(
            "insert into turn_notices (account_id, due_at) values (%(account_id)s, '-infinity')",
            account_id=broken.account_id,
        )

    await world.advance(minutes=120)

    assert news(world) == [(1, "bo", "schedule-start")]
    async with databases.engine.transaction() as tx:
        await tx.execute("delete from schedules where account_id = %(a)s", a=broken.account_id)
