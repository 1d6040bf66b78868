"""What the page says would happen is what the engine then does."""

from datetime import timedelta
from typing import Any

import pytest
from tests.support.makers import START
from tests.support.world import World, escalation, team

from tocsin.accounts import store as accounts_store
from tocsin.accounts.audit import Actor
from tocsin.accounts.directory import Reference
from tocsin.accounts.model import User
from tocsin.alerts.facts import AlertContent
from tocsin.escalations import snapshot_store
from tocsin.escalations.escalation import Recipient, RecipientKind
from tocsin.escalations.plan_limits import PlanLimits
from tocsin.notifications import rules_service
from tocsin.notifications.plan import ActionType
from tocsin.notifications.rules import Draft, StepDraft
from tocsin.on_call import store
from tocsin.on_call.walk import Kind, Silence, walk
from tocsin.schedules import restrictions

MINUTE = timedelta(minutes=1)
GATE = PlanLimits(billing=False)


async def expected(world: World, responder: dict[str, str], minutes: int, **more: Any) -> list[tuple[int, str]]:
    """(minute, address) of every message that the walk says would go out."""
    account_id = world.tenant.account_id
    async with world.databases.engine.transaction() as tx:
        snapshot = await snapshot_store.load(tx, account_id, 1)
        directory = await accounts_store.load_directory(tx, account_id)
        silent = await store.silences(tx, account_id)
    zones = snapshot.zones
    silences = {
        str(it["id"]): Silence(it["muted_until"], restrictions.from_json(it["quiet_hours"]), zones[str(it["id"])])
        for it in silent
    }
    name = responder.get("username") or responder["name"]
    found = directory.find(Reference(responder["type"], name=name))
    assert found is not None
    recipient = Recipient(RecipientKind(found.type), str(found.id))
    start = world.clock.at
    steps = walk(
        snapshot, [recipient], AlertContent(message="down"), start, start + minutes * MINUTE, silences=silences, **more
    )
    return sorted(
        (int((it.at - start) / MINUTE), it.address) for it in steps if it.kind in {Kind.SENT, Kind.LAST_RESORT}
    )


def sent(world: World) -> list[tuple[int, str]]:
    return sorted((minute, address) for minute, address, _ in world.sent)


async def test_a_teams_defaults(world: World) -> None:
    ana, bo, cy = await world.users("ana", "bo", "cy")
    _, name = await world.team(ana, bo, cy)
    would = await expected(world, team(name), 60)

    await world.trigger("down", team(name))
    await world.advance(minutes=60)

    assert sent(world) == would
    assert len(would) == 5  # one, another, and all three of them


@pytest.mark.parametrize("acknowledged", [None, 7])
async def test_an_escalation_that_repeats_with_and_without_an_acknowledgement(
    world: World, acknowledged: int | None
) -> None:
    ana, bo = await world.users("ana", "bo")
    name = await world.escalation((0, ana), (5, bo), repeat={"wait": 10, "count": 2})
    at = START + acknowledged * MINUTE if acknowledged is not None else None
    would = await expected(world, escalation(name), 90, acknowledged_at=at)

    alert_id = await world.trigger("down", escalation(name))
    if acknowledged is not None:
        await world.advance(minutes=acknowledged)
        await world.acknowledge(alert_id)
    await world.advance(minutes=90)

    assert sent(world) == would
    assert len(would) == (6 if acknowledged is None else 2)


async def test_a_repeat_that_takes_the_acknowledgement_back(world: World) -> None:
    ana, bo = await world.users("ana", "bo")
    name = await world.escalation((0, ana), (5, bo), repeat={"wait": 10, "count": 1, "reset": True})
    would = await expected(world, escalation(name), 90, acknowledged_at=START + 3 * MINUTE)

    alert_id = await world.trigger("down", escalation(name))
    await world.advance(minutes=3)
    await world.acknowledge(alert_id)
    await world.advance(minutes=87)

    assert sent(world) == would
    assert [minute for minute, _ in would] == [0, 15, 20]


async def test_an_escalation_that_closes_the_alert_at_its_end(world: World) -> None:
    ana, bo = await world.users("ana", "bo")
    await world.reachable(ana, timedelta(0), 50 * MINUTE, action_type="renotified-alert")
    name = await world.escalation((0, ana), (5, bo), repeat={"wait": 10, "count": 1, "close": True})
    would = await expected(world, escalation(name), 90)

    await world.trigger("down", escalation(name))
    await world.advance(minutes=90)

    assert sent(world) == would


async def test_rules_that_begin_again_and_people_who_want_silence(world: World) -> None:
    ana, bo = await world.users("ana", "bo")
    await _insist(world, ana)
    async with world.databases.engine.transaction() as tx:
        await tx.execute(
            "update users set muted_until = %(until)s where account_id = %(account_id)s and id = %(id)s",
            account_id=bo.account_id, id=bo.id, until=START + 8 * MINUTE,
        )  # fmt: skip
    name = await world.escalation((0, ana), (5, bo), (9, bo))
    would = await expected(world, escalation(name), 40)

    await world.trigger("down", escalation(name))
    await world.advance(minutes=40)

    assert sent(world) == would
    assert {address for _, address in would} == {ana.username, bo.username}


async def _insist(world: World, person: User) -> None:
    async with world.tenant.app.transaction() as tx:
        [contact] = await accounts_store.list_contacts(tx, person.account_id, person.id)
    draft = Draft("insist", ActionType.CREATE_ALERT, repeat_after=10 * MINUTE, repeat_enabled=True)
    actor = Actor(person.account_id, "ana", world.clock.at)
    steps = [StepDraft(contact.id), StepDraft(contact.id, 2 * MINUTE)]
    await rules_service.add_rule(world.tenant.app, GATE, actor, person.id, draft, steps, 0)


async def test_nobody_there_is_said_and_the_owners_hear_of_it(world: World) -> None:
    _, name = await world.team()
    would = await expected(world, team(name), 60)

    await world.trigger("down", team(name))
    await world.advance(minutes=60)

    assert sent(world) == would
    assert {address for _, address in would} == {world.tenant.owner.username}
