"""Which rule tells somebody, at which hours, how often, and when they want silence."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.support.makers import START
from tests.support.world import World, escalation, user

from tocsin.accounts import store as accounts_store
from tocsin.accounts.audit import Actor
from tocsin.accounts.model import User
from tocsin.alerts import criteria
from tocsin.escalations.plan_limits import PlanLimits
from tocsin.notifications import rules_service, rules_store
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
