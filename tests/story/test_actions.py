"""What people do to an alert, and what that does to who is told: on the real engine, with a clock we hold."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from tests.support.world import World, escalation, user

from tocsin.accounts.directory import Reference
from tocsin.accounts.model import User
from tocsin.alerts.model import Call
from tocsin.escalations import service
from tocsin.rehearsal.drive import settle


def call(world: World, alert_id: str, by: User | None = None) -> Call:
    made = Call(world.tenant.account_id, uuid4(), world.clock.at, alert_id)
    return replace(made, by=by.username, user=by.username) if by else made


async def now(world: World) -> None:
    """Let the engine do what is due at this instant."""
    await settle(world.engine, world.clock.at)


async def test_acknowledging_cancels_what_waits_and_stops_rules_that_ask_for_it(world: World) -> None:
    ana, bo = await world.users("ana", "bo")
    await world.reachable(ana, timedelta(0), timedelta(minutes=5))
    plan = await world.escalation((0, ana), (10, bo))
    alert_id = await world.trigger("disk full", escalation(plan))
    await world.advance(minutes=1)

    await service.acknowledge(world.tenant.app, call(world, alert_id, ana))
    await world.advance(minutes=30)

    assert world.sent == [(0, ana.username, "disk full")]
    events = await world.events()
    assert events[:3] == ["created", "told", "acknowledged"]
    assert "told" not in events[3:]


async def test_taking_an_acknowledgement_back_tells_the_responders_again(world: World) -> None:
    [ana] = await world.users("ana")
    alert_id = await world.trigger("disk full", user(ana))
    await world.advance(minutes=1)
    await service.acknowledge(world.tenant.app, call(world, alert_id, ana))
    await world.advance(minutes=1)

    await service.unacknowledge(world.tenant.app, call(world, alert_id, ana))
    await now(world)

    assert world.sent == [(0, ana.username, "disk full"), (2, ana.username, "disk full")]


async def test_a_run_under_way_goes_on_when_an_acknowledgement_is_taken_back(world: World) -> None:
    ana, bo = await world.users("ana", "bo")
    plan = await world.escalation((0, ana), (10, bo))
    alert_id = await world.trigger("disk full", escalation(plan))
    await world.advance(minutes=1)
    await service.acknowledge(world.tenant.app, call(world, alert_id, ana))
    await world.advance(minutes=1)

    await service.unacknowledge(world.tenant.app, call(world, alert_id, ana))
    await world.advance(minutes=30)

    assert world.sent == [(0, ana.username, "disk full"), (10, bo.username, "disk full")]


async def test_nobody_is_told_of_an_alert_that_was_closed(world: World) -> None:
    ana, bo = await world.users("ana", "bo")
    plan = await world.escalation((0, ana), (10, bo))
    alert_id = await world.trigger("disk full", escalation(plan))
    await world.advance(minutes=1)

    await service.close(world.tenant.app, call(world, alert_id, ana))
    await world.advance(minutes=30)

    assert world.sent == [(0, ana.username, "disk full")]
    runs = await world.rows("select due_at from escalation_runs where account_id = %(account_id)s")
    assert [run["due_at"] for run in runs] == [None]


async def test_nobody_is_told_of_an_alert_that_was_deleted(world: World) -> None:
    ana, bo = await world.users("ana", "bo")
    plan = await world.escalation((0, ana), (10, bo))
    alert_id = await world.trigger("disk full", escalation(plan))
    await world.advance(minutes=1)

    await service.delete(world.tenant.app, call(world, alert_id, ana))
    await world.advance(minutes=30)

    assert world.sent == [(0, ana.username, "disk full")]


async def test_a_snoozed_alert_is_quiet_and_wakes_by_telling_again(world: World) -> None:
    [ana] = await world.users("ana")
    alert_id = await world.trigger("disk full", user(ana))
    await world.advance(minutes=1)

    await service.snooze(world.tenant.app, call(world, alert_id, ana), world.clock.at + timedelta(minutes=20))
    await world.advance(minutes=60)

    assert world.sent == [(0, ana.username, "disk full"), (21, ana.username, "disk full")]


async def test_escalating_takes_the_next_step_at_once_and_only_once(world: World) -> None:
    ana, bo, cy = await world.users("ana", "bo", "cy")
    plan = await world.escalation((0, ana), (10, bo), (20, cy))
    alert_id = await world.trigger("disk full", escalation(plan))
    await world.advance(minutes=2)

    await service.escalate(world.tenant.app, call(world, alert_id, ana), Reference("escalation", name=plan))
    await now(world)
    assert world.sent[1:] == [(2, bo.username, "disk full")]

    await world.advance(minutes=60)
    assert world.sent[2:] == [(20, cy.username, "disk full")]


async def test_escalating_tells_somebody_although_the_alert_is_acknowledged_and_snoozed(world: World) -> None:
    ana, bo = await world.users("ana", "bo")
    plan = await world.escalation((0, ana), (10, bo))
    alert_id = await world.trigger("disk full", escalation(plan))
    await world.advance(minutes=2)
    await service.snooze(world.tenant.app, call(world, alert_id, ana), world.clock.at + timedelta(hours=1))
    await world.advance(minutes=1)

    await service.escalate(world.tenant.app, call(world, alert_id, ana), Reference("escalation", name=plan))
    await now(world)

    assert world.sent[1:] == [(3, bo.username, "disk full")]


async def test_escalating_past_the_last_step_begins_again(world: World) -> None:
    [ana] = await world.users("ana")
    plan = await world.escalation((0, ana))
    alert_id = await world.trigger("disk full", escalation(plan))
    await world.advance(minutes=5)

    await service.escalate(world.tenant.app, call(world, alert_id), Reference("escalation", name=plan))
    await now(world)

    assert world.sent[1:] == [(5, ana.username, "disk full")]


async def test_escalating_to_an_escalation_that_never_ran_takes_its_first_step_whatever_its_delay(
    world: World,
) -> None:
    ana, bo, cy = await world.users("ana", "bo", "cy")
    plan = await world.escalation((15, bo), (20, cy))
    alert_id = await world.trigger("disk full", user(ana))
    await world.advance(minutes=1)

    await service.escalate(world.tenant.app, call(world, alert_id), Reference("escalation", name=plan))
    await now(world)
    assert world.sent[1:] == [(1, bo.username, "disk full")]

    await world.advance(minutes=60)
    assert world.sent[2:] == [(21, cy.username, "disk full")]


async def test_escalating_to_an_escalation_without_rules_reaches_the_last_resort(world: World) -> None:
    [ana] = await world.users("ana")
    plan = await world.escalation()
    alert_id = await world.trigger("disk full", user(ana))
    await world.advance(minutes=1)

    await service.escalate(world.tenant.app, call(world, alert_id), Reference("escalation", name=plan))
    await now(world)

    assert world.sent[1:] == [(1, world.tenant.owner.username, "disk full")]


@pytest.mark.parametrize("acknowledged", [False, True])
async def test_an_added_responder_is_told_at_once(world: World, acknowledged: bool) -> None:
    ana, bo = await world.users("ana", "bo")
    alert_id = await world.trigger("disk full", user(ana))
    await world.advance(minutes=2)
    if acknowledged:
        await service.acknowledge(world.tenant.app, call(world, alert_id, ana))
        await world.advance(minutes=1)

    await service.add_responder(world.tenant.app, call(world, alert_id), Reference("user", name=bo.username))
    await now(world)

    assert [sent[1] for sent in world.sent] == [ana.username, bo.username]
