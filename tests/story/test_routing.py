"""Where a team's alerts go: by what they say and by the hour; and what becomes of them when the team goes."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.support.makers import START
from tests.support.world import World, team

from tocsin.accounts.audit import Actor
from tocsin.accounts.directory import Reference
from tocsin.accounts.model import User
from tocsin.errors import PlanRequired
from tocsin.escalations import config_service, drafts, routing_service
from tocsin.escalations.plan_limits import PlanLimits
from tocsin.licensing import terms_store
from tocsin.licensing.model import Interval, Standing, Term

GATE = PlanLimits(billing=True)


def actor(world: World) -> Actor:
    return Actor(world.tenant.account_id, world.tenant.owner.username, world.clock.at)


def asks(field: str, value: str, operation: str = "equals") -> dict[str, Any]:
    condition = {"field": field, "operation": operation, "expectedValue": value}
    return {"type": "match-all-conditions", "conditions": [condition]}


async def escalation_of(world: World, *people: User) -> str:
    """An escalation that tells these people at once. Its id."""
    name = await world.escalation(*((0, person) for person in people))
    rows = await world.rows("select id, name from escalations where account_id = %(account_id)s")
    return next(str(row["id"]) for row in rows if row["name"] == name)


async def route(world: World, team_id: UUID, escalation_id: str = "", **rule: Any) -> UUID:
    draft = drafts.routing_rule({"notify": {"type": "escalation", "id": escalation_id}, **rule})
    return (await routing_service.make_rule(world.tenant.app, GATE, actor(world), team_id, draft)).id


async def give(world: World, standing: Standing, plan: str) -> None:
    interval = Interval.MONTH if standing is Standing.ACTIVE else None
    term = Term(world.tenant.account_id, world.clock.at, standing, plan, 5, interval, 1)
    async with world.databases.engine.transaction() as tx:
        await terms_store.insert_terms(tx, [term])
        await GATE.settle(tx, world.tenant.account_id, world.clock.at)


async def active(world: World, ids: Sequence[UUID]) -> list[bool]:
    rows = await world.rows("select id, inactive_since from routing_rules where account_id = %(account_id)s")
    resting = {row["id"] for row in rows if row["inactive_since"] is not None}
    return [it not in resting for it in ids]


async def test_what_an_alert_says_decides_who_is_told(world: World) -> None:
    ana, bo, cy = await world.users("ana", "bo", "cy")
    team_id, name = await world.team(cy)
    await route(world, team_id, await escalation_of(world, ana), criteria=asks("priority", "P1"))
    await route(world, team_id, await escalation_of(world, bo), criteria=asks("teams", name, "contains"))

    await world.trigger("urgent", team(name), priority="P1")
    await world.trigger("tagged", team(name), priority="P4")

    assert world.sent == [(0, ana.username, "urgent"), (0, bo.username, "tagged")]


async def test_the_hour_decides_at_the_instant_when_the_team_is_reached(world: World) -> None:
    """It is 10:00 in Warsaw at START: the rule for 10:30 to 12:00 takes what comes in 30 minutes, and not before."""
    ana, bo = await world.users("ana", "bo")
    team_id, name = await world.team(bo)
    late = {"type": "time-of-day", "restriction": {"startHour": 10, "startMin": 30, "endHour": 12, "endMin": 0}}
    await route(world, team_id, await escalation_of(world, ana), timeRestriction=late, timezone="Europe/Warsaw")

    await world.trigger("early", team(name))
    await world.advance(minutes=30)
    await world.trigger("late", team(name))

    told = [(minute, address) for minute, address, message in world.sent if message == "late"]
    assert (0, bo.username, "early") in world.sent
    assert told == [(30, ana.username)]


async def test_a_running_escalation_outlives_its_routing_rule(world: World) -> None:
    ana, bo = await world.users("ana", "bo")
    team_id, name = await world.team()
    plan = await world.escalation((0, ana), (5, bo))
    rows = await world.rows("select id, name from escalations where account_id = %(account_id)s")
    escalation_id = next(str(row["id"]) for row in rows if row["name"] == plan)
    rule_id = await route(world, team_id, escalation_id, criteria=asks("tags", "prod", "contains"))

    await world.trigger("disk full", team(name), tags=["prod"])
    await routing_service.delete_rule(world.tenant.app, GATE, actor(world), team_id, rule_id)
    await world.advance(minutes=6)

    assert world.sent == [(0, ana.username, "disk full"), (5, bo.username, "disk full")]


async def test_a_team_deleted_while_its_escalation_runs_leaves_the_alert_to_the_owners(world: World) -> None:
    ana, bo = await world.users("ana", "bo")
    team_id, name = await world.team(ana, bo)
    await world.trigger("disk full", team(name))
    await world.advance(minutes=2)

    await config_service.delete_team(world.tenant.app, GATE, actor(world), team_id)
    await world.advance(minutes=60)

    assert world.sent == [(0, ana.username, "disk full"), (2, world.tenant.owner.username, "disk full")]
    runs = await world.rows("select due_at, error from escalation_runs where account_id = %(account_id)s")
    assert [(row["due_at"], row["error"]) for row in runs] == [(None, "")]
    people = await world.rows("select id from users where account_id = %(account_id)s")
    assert {ana.id, bo.id} <= {row["id"] for row in people}


async def test_a_team_deleted_after_somebody_acknowledged_wakes_nobody(world: World) -> None:
    [ana] = await world.users("ana")
    team_id, name = await world.team(ana)
    alert_id = await world.trigger("disk full", team(name))
    await world.acknowledge(alert_id)

    await config_service.delete_team(world.tenant.app, GATE, actor(world), team_id)
    await world.advance(minutes=60)

    assert world.sent == [(0, ana.username, "disk full")]


async def test_a_smaller_plan_lets_rules_rest_that_it_has_not_and_a_larger_brings_them_back(world: World) -> None:
    bo, cy = await world.users("bo", "cy")
    team_id, name = await world.team(cy)
    await give(world, Standing.ACTIVE, "standard")
    rules = [
        await route(world, team_id, await escalation_of(world, bo), criteria=asks("message", "disk full")),
        await route(world, team_id, criteria=asks("priority", "P1"), notify={"type": "none"}),
        await route(world, team_id, criteria=asks("tags", "prod", "contains"), notify={"type": "none"}),
    ]

    world.clock.at = START + timedelta(minutes=1)
    await give(world, Standing.FREE, "free")
    assert await active(world, rules) == [False, True, False]
    await world.trigger("disk full", team(name), priority="P1")
    assert world.sent == []

    world.clock.at = START + timedelta(minutes=2)
    await give(world, Standing.ACTIVE, "standard")
    assert await active(world, rules) == [True, True, True]
    await world.trigger("disk full", team(name), priority="P1")
    assert world.sent == [(2, bo.username, "disk full")]


async def test_a_small_plan_has_one_rule_a_team_that_looks_at_priority_or_tags(world: World) -> None:
    [ana] = await world.users("ana")
    team_id, _ = await world.team(ana)
    other_id, _ = await world.team(ana)
    to = await escalation_of(world, ana)
    await give(world, Standing.FREE, "free")

    with pytest.raises(PlanRequired, match="only priority and tags"):
        await route(world, team_id, to, criteria=asks("message", "x"))
    rule_id = await route(world, team_id, to, criteria=asks("priority", "P1"))
    with pytest.raises(PlanRequired, match="Routing rules per team"):
        await route(world, team_id, to, criteria=asks("tags", "x", "contains"))
    await route(world, other_id, to)
    wider = drafts.routing_rule({"criteria": asks("alias", "x")})
    with pytest.raises(PlanRequired, match="only priority and tags"):
        await routing_service.change_rule(world.tenant.app, GATE, actor(world), team_id, rule_id, wider)

    await routing_service.delete_rule(world.tenant.app, GATE, actor(world), team_id, rule_id)
    await route(world, team_id, to)


async def test_a_rule_that_rests_wakes_when_it_asks_for_less(world: World) -> None:
    [ana] = await world.users("ana")
    team_id, _ = await world.team(ana)
    await give(world, Standing.ACTIVE, "standard")
    rule_id = await route(world, team_id, criteria=asks("message", "disk full"), notify={"type": "none"})
    world.clock.at = START + timedelta(minutes=1)
    await give(world, Standing.FREE, "free")
    assert await active(world, [rule_id]) == [False]

    narrow = drafts.routing_rule({"criteria": asks("priority", "P1")})
    await routing_service.change_rule(world.tenant.app, GATE, actor(world), team_id, rule_id, narrow)

    assert await active(world, [rule_id]) == [True]


async def test_an_account_whose_rules_ask_nothing_reads_no_contents(world: World) -> None:
    [ana] = await world.users("ana")
    team_id, _ = await world.team(ana)
    to = await escalation_of(world, ana)
    async with world.databases.engine.transaction() as tx:
        before = (await world.engine.snapshots.get(tx, [world.tenant.account_id]))[world.tenant.account_id]
    await route(world, team_id, to, criteria=asks("source", "x"))
    async with world.databases.engine.transaction() as tx:
        after = (await world.engine.snapshots.get(tx, [world.tenant.account_id]))[world.tenant.account_id]

    assert (before.reads_content, after.reads_content) == (False, True)


async def test_members_and_recipients_are_found_by_id_or_name(world: World) -> None:
    ana, bo = await world.users("ana", "bo")
    people: list[tuple[UUID | Reference, str]] = [(Reference("user", name=ana.username), "admin"), (bo.id, "user")]

    made = await config_service.make_team(world.tenant.app, GATE, actor(world), "Edge", "", people)

    rows = await world.rows("select user_id, role from team_members where account_id = %(account_id)s")
    assert {row["user_id"]: row["role"] for row in rows} == {ana.id: "admin", bo.id: "user"}
    assert made.name == "Edge"
