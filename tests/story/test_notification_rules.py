"""Which rule tells somebody, at which hours, how often, and when they want silence."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from tests.support.makers import START
from tests.support.world import World, escalation, user

from tocsin.accounts import store as accounts_store
from tocsin.accounts.audit import Actor
from tocsin.accounts.directory import Reference
from tocsin.accounts.model import User
from tocsin.alerts import criteria
from tocsin.alerts.model import Call
from tocsin.escalations import service
from tocsin.escalations.plan_limits import PlanLimits
from tocsin.notifications import rules_service, rules_store
from tocsin.notifications.channels.email.message import compose
from tocsin.notifications.model import ChannelError
from tocsin.notifications.plan import ActionType
from tocsin.notifications.rules import MINUTE, Draft, StepDraft
from tocsin.schedules import restrictions

GATE = PlanLimits(billing=False)
NIGHT = restrictions.from_json(
    {"type": "time-of-day", "restriction": {"startHour": 22, "startMin": 0, "endHour": 6, "endMin": 0}}
)
MORNING = restrictions.from_json(
    {"type": "time-of-day", "restriction": {"startHour": 10, "startMin": 0, "endHour": 11, "endMin": 0}}
)  # START is 10:00 in Warsaw
URGENT = criteria.from_json(
    {
        "type": "match-all-conditions",
        "conditions": [{"field": "priority", "operation": "equals", "expectedValue": "P1"}],
    }
)


def actor(world: World) -> Actor:
    return Actor(world.tenant.account_id, "ana", world.clock.at)


async def rule(world: World, person: User, draft: Draft, *minutes: int, order: int | None = None) -> None:
    async with world.tenant.app.transaction() as tx:
        [contact] = await accounts_store.list_contacts(tx, person.account_id, person.id)
    steps = [StepDraft(contact.id, it * MINUTE) for it in minutes or (0,)]
    await rules_service.add_rule(world.tenant.app, GATE, actor(world), person.id, draft, steps, order)


async def silent(world: World) -> list[tuple[str, str]]:
    """What became of each notification: status and reason."""
    async with world.databases.engine.transaction() as tx:
        rows = await tx.dicts(
            "select status, status_reason from notifications where account_id = %(account_id)s order by id",
            account_id=world.tenant.account_id,
        )
    return [(row["status"], row["status_reason"]) for row in rows]


async def test_a_rule_for_urgent_alerts_comes_before_the_one_for_the_rest(world: World) -> None:
    [ana] = await world.users("ana")
    await rule(world, ana, Draft("urgent", ActionType.CREATE_ALERT, criteria=URGENT), 0, 2, order=0)

    await world.trigger("slow", user(ana), priority="P4")
    await world.trigger("down", user(ana), priority="P1")
    await world.advance(minutes=5)

    assert world.sent == [(0, ana.username, "slow"), (0, ana.username, "down"), (2, ana.username, "down")]


async def test_at_hours_at_which_no_rule_fits_the_owner_is_told_that_nobody_was(world: World) -> None:
    [ana] = await world.users("ana")
    async with world.tenant.app.transaction() as tx:
        [everything] = await rules_store.list_rules(tx, ana.account_id, ana.id)
    await rules_service.change_rule(
        world.tenant.app, GATE, actor(world), ana.id, everything.id, lambda draft: replace(draft, restriction=NIGHT)
    )

    await world.trigger("by day", user(ana))
    await world.advance(minutes=13 * 60)
    await world.trigger("by night", user(ana))

    assert world.sent == [(0, world.tenant.owner.username, "by day"), (13 * 60, ana.username, "by night")]


async def test_a_rule_begins_again_after_its_last_step_until_somebody_acknowledges(world: World) -> None:
    [ana] = await world.users("ana")
    draft = Draft("insist", ActionType.CREATE_ALERT, repeat_after=10 * MINUTE, repeat_enabled=True)
    await rule(world, ana, draft, 0, 2, order=0)

    alert_id = await world.trigger("down", user(ana))
    await world.advance(minutes=30)
    await world.acknowledge(alert_id)
    await world.advance(minutes=60)

    assert [minute for minute, _, _ in world.sent] == [0, 2, 12, 14, 24, 26]


async def test_a_repeat_waits_while_the_configuration_cannot_be_read(world: World) -> None:
    [ana] = await world.users("ana")
    draft = Draft("insist", ActionType.CREATE_ALERT, repeat_after=10 * MINUTE, repeat_enabled=True)
    await rule(world, ana, draft, order=0)
    await world.team(ana)
    await world.trigger("down", user(ana))

    await set_zone(world, "Nowhere/Atlantis")
    await world.advance(minutes=15)
    await set_zone(world, "UTC")
    await world.advance(minutes=30)

    assert [minute for minute, _, _ in world.sent] == [0, 40]


async def set_zone(world: World, zone: str) -> None:
    """Of the account's schedules."""
    async with world.databases.engine.transaction() as tx:
        await tx.execute(
            "update schedules set time_zone = %(zone)s where account_id = %(account_id)s",
            account_id=world.tenant.account_id, zone=zone,
        )  # fmt: skip


async def test_a_rule_that_no_longer_repeats_ends_at_its_next_turn(world: World) -> None:
    [ana] = await world.users("ana")
    draft = Draft("insist", ActionType.CREATE_ALERT, repeat_after=10 * MINUTE, repeat_enabled=True)
    await rule(world, ana, draft, order=0)

    await world.trigger("down", user(ana))
    await world.advance(minutes=15)
    async with world.tenant.app.transaction() as tx:
        insist, _ = await rules_store.list_rules(tx, ana.account_id, ana.id)
    await rules_service.change_rule(
        world.tenant.app, GATE, actor(world), ana.id, insist.id, lambda it: replace(it, repeat_enabled=False)
    )
    await world.advance(minutes=60)

    assert [minute for minute, _, _ in world.sent] == [0, 10]


async def test_two_tellings_repeat_by_themselves_and_one_message_is_enough_at_a_time(world: World) -> None:
    [ana] = await world.users("ana")
    draft = Draft("insist", ActionType.CREATE_ALERT, repeat_after=10 * MINUTE, repeat_enabled=True)
    await rule(world, ana, draft, order=0)
    name = await world.escalation((0, ana), (5, ana), (10, ana))

    alert_id = await world.trigger("down", escalation(name))
    await world.advance(minutes=31)
    await world.close(alert_id)
    await world.advance(minutes=10)

    assert [minute for minute, _, _ in world.sent] == [0, 5, 10, 15, 20, 25, 30]


async def test_somebody_muted_is_sent_nothing_until_then_and_the_next_is_told(world: World) -> None:
    ana, bo = await world.users("ana", "bo")
    await rules_service.mute(world.tenant.app, actor(world), ana.id, START + timedelta(hours=1))
    name = await world.escalation((0, ana), (5, bo))

    await world.trigger("down", escalation(name), priority="P1")
    await world.advance(minutes=61)
    await world.trigger("again", user(ana))

    assert world.sent == [(5, bo.username, "down"), (61, ana.username, "again")]
    assert (await silent(world))[0] == ("suppressed", "muted")


async def test_where_everybody_asked_for_silence_there_is_silence_and_the_alert_says_why(world: World) -> None:
    [ana] = await world.users("ana")
    await rules_service.set_quiet_hours(world.tenant.app, actor(world), ana.id, MORNING)

    await world.trigger("down", user(ana), priority="P1")
    await world.advance(minutes=30)

    assert world.sent == []
    assert await silent(world) == [("suppressed", "quiet-hours")]


async def test_a_step_that_is_due_after_the_quiet_hours_is_sent(world: World) -> None:
    [ana] = await world.users("ana")
    await rules_service.set_quiet_hours(world.tenant.app, actor(world), ana.id, MORNING)
    await rule(world, ana, Draft("patient", ActionType.CREATE_ALERT), 0, 59, 60, order=0)

    await world.trigger("down", user(ana))
    await world.advance(minutes=90)

    assert world.sent == [(60, ana.username, "down")]


@pytest.mark.parametrize(("began", "minutes"), [("2026-03-28T21:00", 7 * 60), ("2026-10-24T20:00", 9 * 60)])
async def test_quiet_hours_are_an_hour_shorter_or_longer_over_a_clock_change(
    world: World, began: str, minutes: int
) -> None:
    [ana] = await world.users("ana")
    await rules_service.set_quiet_hours(world.tenant.app, actor(world), ana.id, NIGHT)
    await rule(world, ana, Draft("patient", ActionType.CREATE_ALERT), minutes - 1, minutes, order=0)
    world.clock.at = start = datetime.fromisoformat(f"{began}:00+00:00")

    await world.trigger("down", user(ana))
    await world.advance(minutes=minutes + 30)

    assert world.sent == [((start - START) // MINUTE + minutes, ana.username, "down")]


async def test_the_last_resort_and_a_test_page_are_sent_to_somebody_who_is_muted(world: World) -> None:
    [ana] = await world.users("ana")
    owner = world.tenant.owner
    await rules_service.mute(world.tenant.app, actor(world), owner.id, START + timedelta(days=1))
    async with world.tenant.app.transaction() as tx:
        [everything] = await rules_store.list_rules(tx, ana.account_id, ana.id)
    await rules_service.set_rule_enabled(world.tenant.app, actor(world), ana.id, everything.id, enabled=False)

    await world.trigger("down", user(ana))

    assert world.sent == [(0, owner.username, "down")]


def call(world: World, alert_id: str, by: User, note: str = "") -> Call:
    return Call(world.tenant.account_id, uuid4(), world.clock.at, alert_id, by=by.username, user=by.username, note=note)


async def listening(world: World, *people: User, kind: ActionType) -> None:
    for person in people:
        await rule(world, person, Draft(kind.value, kind))


async def now(world: World) -> None:
    await world.advance(minutes=0)


async def test_who_was_told_hears_who_acknowledged_and_who_closed_and_the_doer_does_not(world: World) -> None:
    ana, bo, cy, deaf = await world.users("ana", "bo", "cy", "deaf")
    for kind in (ActionType.ACKNOWLEDGED_ALERT, ActionType.CLOSED_ALERT):
        await listening(world, ana, bo, cy, kind=kind)
    alert_id = await world.trigger("down", user(ana), user(bo), user(deaf))
    await world.advance(minutes=1)

    await service.acknowledge(world.tenant.app, call(world, alert_id, bo))
    await service.acknowledge(world.tenant.app, call(world, alert_id, cy))
    await now(world)
    await world.advance(minutes=1)
    await service.close(world.tenant.app, call(world, alert_id, ana))
    await now(world)

    assert world.sent[3:] == [(1, ana.username, "down"), (2, bo.username, "down")]
    subjects = [compose(it).subject for _, it in world.email.sent if it.notification.account_id == ana.account_id]
    assert [subject.partition(":")[0] for subject in subjects[3:]] == ["Acknowledged", "Closed"]
    texts = [compose(it).text for _, it in world.email.sent if it.notification.account_id == ana.account_id]
    assert f"{bo.username} has acknowledged it." in texts[3]
    assert "named as a responder" in texts[0]
    assert "named as a responder" not in texts[3]
    assert f"{ana.username} has closed it." in texts[4]


async def test_whom_an_alert_is_assigned_to_hears_of_it_unless_he_took_it(world: World) -> None:
    ana, bo = await world.users("ana", "bo")
    await listening(world, ana, bo, kind=ActionType.ASSIGNED_ALERT)
    alert_id = await world.trigger("down", user(ana))

    await service.assign(world.tenant.app, call(world, alert_id, ana), Reference("user", name=bo.username))
    await service.assign(world.tenant.app, call(world, alert_id, ana), Reference("user", name=ana.username))
    await now(world)

    assert world.sent[1:] == [(0, bo.username, "down")]


async def test_a_note_is_read_by_who_was_told_and_its_failure_wakes_no_owner(world: World) -> None:
    ana, bo = await world.users("ana", "bo")
    await listening(world, ana, bo, kind=ActionType.ADD_NOTE)
    alert_id = await world.trigger("down", user(ana), user(bo))
    world.email.failing[bo.username] = ChannelError("no such mailbox", retry=False)

    await service.add_note(world.tenant.app, call(world, alert_id, world.tenant.owner, "switched to the replica"))
    await now(world)

    assert world.sent[2:] == [(0, ana.username, "down")]
    [note] = [it for _, it in world.email.sent if it.notification.action_type == ActionType.ADD_NOTE]
    assert f"{world.tenant.owner.username} has noted:\nswitched to the replica" in compose(note).text


async def test_an_escalation_that_closes_its_alert_reports_that_too(world: World) -> None:
    [ana] = await world.users("ana")
    await listening(world, ana, kind=ActionType.CLOSED_ALERT)
    name = await world.escalation((0, ana), repeat={"wait": 10, "count": 0, "close": True})

    await world.trigger("down", escalation(name))
    await world.advance(minutes=30)

    assert world.sent == [(0, ana.username, "down"), (10, ana.username, "down")]


async def test_a_report_keeps_to_its_rules_conditions_and_to_its_persons_silence(world: World) -> None:
    ana, bo = await world.users("ana", "bo")
    await rule(world, ana, Draft("urgent ones", ActionType.CLOSED_ALERT, criteria=URGENT))
    await listening(world, bo, kind=ActionType.CLOSED_ALERT)
    slow = await world.trigger("slow", user(ana), user(bo), priority="P4")
    urgent = await world.trigger("urgent", user(ana), user(bo), priority="P1")
    await rules_service.mute(world.tenant.app, actor(world), bo.id, START + timedelta(hours=1))

    for alert_id in (slow, urgent):
        await service.close(world.tenant.app, call(world, alert_id, world.tenant.owner))
    await now(world)

    assert world.sent[4:] == [(0, ana.username, "urgent")]
    assert ("suppressed", "muted") in await silent(world)
