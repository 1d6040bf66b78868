"""What a plan does not include rests, is told so, stops no page, and comes back as it was."""

from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from tests.support.makers import START
from tests.support.world import World, escalation, user

from tocsin.accounts import store as accounts_store
from tocsin.accounts.model import Role, User
from tocsin.accounts.people import store as people_store
from tocsin.accounts.people.service import licence_of
from tocsin.errors import PlanRequired
from tocsin.escalations.plan_limits import Loss, PlanLimits
from tocsin.licensing import kept_store, pricebook_service, terms_store
from tocsin.licensing.model import Interval, Standing, Term
from tocsin.schedules import store as schedules_store

GATE = PlanLimits(billing=True)
DAY = timedelta(days=1)


async def give(world: World, standing: Standing, plan: str, seats: int = 0) -> None:
    """The account has this from now on."""
    interval = Interval.MONTH if standing is Standing.ACTIVE else None
    term = Term(world.tenant.account_id, world.clock.at, standing, plan, seats, interval, 1)
    async with world.databases.engine.transaction() as tx:
        await terms_store.insert_terms(tx, [term])
        await GATE.settle(tx, world.tenant.account_id, world.clock.at)


async def require_room(world: World, kind: str, group: str = "") -> None:
    async with world.databases.engine.transaction() as tx:
        await GATE.require_room(tx, world.tenant.account_id, kind, world.clock.at, group)


async def add_schedules(world: World, count: int) -> list[UUID]:
    made = []
    async with world.databases.engine.transaction() as tx:
        for number in range(count):
            schedule_id = UUID(int=world.tenant.account_id * 1_000 + number)
            await schedules_store.insert_schedule(
                tx, world.tenant.account_id, schedule_id, f"schedule {number}", time_zone="UTC", team_id=None,
                at=START + timedelta(minutes=number),
            )  # fmt: skip
            made.append(schedule_id)
    return made


async def configuration(world: World) -> dict[str, Any]:
    """Everything that is configured, apart from what rests."""
    return {
        table: await world.rows(
            f"select to_jsonb(t) - 'inactive_since' as row from {table} t where account_id = %(account_id)s order by id"
        )
        for table in ("users", "contacts", "schedules", "escalations", "notification_rules", "integrations")
    }


async def resting(world: World, table: str) -> list[UUID]:
    rows = await world.rows(
        f"select id from {table} where account_id = %(account_id)s and inactive_since is not null order by id"
    )
    return [row["id"] for row in rows]


async def test_r3_4_a_trial_that_ends_unpaid_rests_what_free_has_not_and_a_purchase_brings_it_back(
    world: World,
) -> None:
    people = await world.users(*[f"p{number:02}" for number in range(11)])  # and the owner: 12
    schedules = await add_schedules(world, 9)
    await give(world, Standing.TRIALING, "enterprise")
    before = await configuration(world)

    await world.advance(minutes=24 * 60)
    await give(world, Standing.FREE, "free")
    on_free = await configuration(world)
    suspended, inactive = await resting(world, "users"), await resting(world, "schedules")
    alert_id = await world.trigger("meanwhile", user(next(it for it in people if it.id in suspended)))
    await give(world, Standing.ACTIVE, "standard", seats=12)

    assert (len(suspended), len(inactive)) == (7, 8)
    assert world.tenant.owner.id not in suspended
    assert schedules[0] not in inactive
    assert on_free == before == await configuration(world)
    assert await resting(world, "users") == await resting(world, "schedules") == []
    assert alert_id  # taken, and the owner was told instead
    assert (24 * 60, world.tenant.owner.username, "meanwhile") in world.sent


async def keep(world: World, *people: User) -> None:
    async with world.databases.engine.transaction() as tx:
        await kept_store.save_kept(tx, world.tenant.account_id, "user", [it.id for it in people])


async def test_whoever_the_owner_keeps_stays_before_the_others(world: World) -> None:
    people = await world.users(*"abcdef")
    await keep(world, people[5], people[4])

    await give(world, Standing.FREE, "free")

    suspended = await resting(world, "users")
    assert len(suspended) == 2
    assert not {people[5].id, people[4].id, world.tenant.owner.id} & {*suspended}


async def test_choice_26_who_is_soon_on_call_stays_before_who_is_only_older(world: World) -> None:
    people = await world.users(*"abcdefg")
    await world.team(people[6])

    await give(world, Standing.FREE, "free")

    assert people[6].id not in await resting(world, "users")


async def test_r3_4_an_escalation_goes_on_at_once_past_somebody_who_rests(world: World) -> None:
    people = await world.users(*"abcdefg")
    name = await world.escalation((0, people[6]), (10, people[0]))
    await keep(world, *people[:5])
    await give(world, Standing.FREE, "free")

    await world.trigger("disk full", escalation(name))

    assert world.sent == [(0, people[0].username, "disk full")]


async def test_r8_2_the_eleventh_responder_is_refused_with_what_to_buy(world: World) -> None:
    await world.users(*"abcdefghi")
    await give(world, Standing.ACTIVE, "standard", seats=11)
    await require_room(world, "responder")
    await give(world, Standing.ACTIVE, "standard", seats=10)

    with pytest.raises(PlanRequired, match=r"Every seat of 10 is taken\. Buy 1 more"):
        await require_room(world, "responder")


async def test_a_refusal_says_which_plan_has_more(world: World) -> None:
    await add_schedules(world, 1)
    await give(world, Standing.FREE, "free")

    with pytest.raises(PlanRequired, match=r"Schedules: your plan, Free, includes 1, .* Essentials / Standard"):
        await require_room(world, "schedules")
    with pytest.raises(PlanRequired, match=r"Stakeholders: .* These do: Enterprise"):
        await require_room(world, "stakeholder")
    with pytest.raises(PlanRequired, match="Single sign-on"):
        async with world.databases.engine.transaction() as tx:
            await GATE.require(tx, world.tenant.account_id, "sso", world.clock.at)


async def test_r8_5_stakeholders_rest_on_a_plan_without_them_and_none_is_deleted(world: World) -> None:
    watchers = await world.users("w1", "w2")
    async with world.databases.engine.transaction() as tx:
        for it in watchers:
            role = Role.STAKEHOLDER
            await people_store.set_role(tx, world.tenant.account_id, it.id, role, licence_of(role))
    await give(world, Standing.ACTIVE, "enterprise", seats=5)
    on_enterprise = await resting(world, "users")

    await give(world, Standing.ACTIVE, "standard", seats=5)

    assert on_enterprise == []
    assert await resting(world, "users") == sorted(it.id for it in watchers)
    async with world.databases.engine.transaction() as tx:
        assert len(await accounts_store.list_users(tx, world.tenant.account_id)) == 3


async def test_r8_3_a_stakeholder_is_not_told_of_alerts_nor_put_on_call(world: World) -> None:
    [watcher] = await world.users("watcher")
    async with world.databases.engine.transaction() as tx:
        role = Role.STAKEHOLDER
        await people_store.set_role(tx, world.tenant.account_id, watcher.id, role, licence_of(role))

    await world.trigger("disk full", user(watcher))

    assert world.sent == [(0, world.tenant.owner.username, "disk full")]  # the last resort


async def test_r3_1_what_an_account_would_lose_is_counted_before_it_loses_it(world: World) -> None:
    await world.users(*"abcdef")
    await add_schedules(world, 4)
    await give(world, Standing.TRIALING, "enterprise")

    async with world.databases.engine.transaction() as tx:
        free = (await pricebook_service.current(tx)).plan("free")
        losses = await GATE.losses(tx, world.tenant.account_id, free, None, world.clock.at)

    assert Loss("responder", 2, 7) in losses
    assert Loss("schedules", 3, 4) in losses
    assert not {"sso", "scim"} & {it.kind for it in losses}  # nobody has what the program has not
    assert await resting(world, "users") == []


async def test_m15_a_restricted_account_configures_nothing_and_keeps_everything_else(world: World) -> None:
    [ana] = await world.users("ana")
    await give(world, Standing.RESTRICTED, "standard", seats=5)

    await world.trigger("disk full", user(ana))

    assert world.sent == [(0, ana.username, "disk full")]
    with pytest.raises(PlanRequired, match="unpaid"):
        async with world.databases.engine.transaction() as tx:
            await GATE.require_configurable(tx, world.tenant.account_id, world.clock.at)


async def test_without_billing_everybody_has_everything(world: World) -> None:
    await give(world, Standing.FREE, "free")
    await add_schedules(world, 3)
    unlimited = PlanLimits(billing=False)

    async with world.databases.engine.transaction() as tx:
        await unlimited.require_room(tx, world.tenant.account_id, "schedules", world.clock.at)
        await unlimited.require(tx, world.tenant.account_id, "sso", world.clock.at)


STEPS = [
    (standing, plan, seats)
    for standing in Standing
    if standing not in {Standing.DELETING, Standing.DELETED}
    for plan in ("free", "essentials", "standard", "enterprise")
    for seats in (1, 3, 50)
]


async def test_invariant_8_no_standing_plan_or_number_of_seats_deletes_anything(world: World) -> None:
    await world.users(*"abcdef")
    await add_schedules(world, 4)
    await world.trigger("disk full", user(world.tenant.owner))
    before = await configuration(world)
    rested = set()
    random = Random(8)

    for standing, plan, seats in random.sample(STEPS, 60):
        await world.advance(minutes=random.randrange(1, 90 * 24 * 60))
        await give(world, standing, plan, seats)
        rested.add(len(await resting(world, "users")))
        assert await configuration(world) == before, (standing, plan, seats)

    assert len(rested) > 2  # people rested and came back
    assert await world.rows("select id from alerts where account_id = %(account_id)s")


async def test_inv_7_what_an_account_may_follows_from_facts_no_later(world: World) -> None:
    at = world.clock.at
    later = Term(world.tenant.account_id, at + DAY, Standing.ACTIVE, "enterprise", 3, Interval.YEAR, 1)
    await give(world, Standing.FREE, "free")
    async with world.databases.engine.transaction() as tx:
        await terms_store.insert_terms(tx, [later, replace(later, starts_at=at + 2 * DAY, plan="standard")])
        plans = [(await GATE.plan(tx, world.tenant.account_id, at + n * DAY)).name for n in (0, 1, 2)]

    assert plans == ["Free", "Enterprise", "Standard"]
