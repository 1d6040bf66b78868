"""One bad row must not stop the rest."""

from tests.support.world import World, team, user


async def test_a_configuration_that_cannot_be_read_stops_nobody_elses_page(world: World) -> None:
    [ana] = await world.users("ana")
    _, name = await world.team(ana)
    await set_zone(world, "Nowhere/Atlantis")

    await world.trigger("disk full", team(name))

    assert world.sent == [(0, world.tenant.owner.username, "disk full")]
    [run] = await world.rows("select error, due_at from escalation_runs where account_id = %(account_id)s")
    assert "Nowhere/Atlantis" in run["error"]
    assert (run["due_at"] - world.clock.at).total_seconds() == 3600


async def test_it_goes_on_when_the_configuration_is_mended(world: World) -> None:
    [ana] = await world.users("ana")
    _, name = await world.team(ana)
    await set_zone(world, "Nowhere/Atlantis")
    await world.trigger("disk full", team(name))

    await set_zone(world, "UTC")
    await world.advance(minutes=61)

    assert (60, ana.username, "disk full") in world.sent


async def test_a_person_whose_zone_cannot_be_read_fails_alone(world: World) -> None:
    ana, bo = await world.users("ana", "bo")
    async with world.databases.engine.transaction() as tx:
        await tx.execute(
            "update users set time_zone = 'Nowhere/Atlantis' where account_id = %(account_id)s and id = %(id)s",
            account_id=world.tenant.account_id, id=ana.id,
        )  # fmt: skip

    await world.trigger("disk full", user(ana), user(bo))

    assert world.sent == [(0, bo.username, "disk full")]
    assert await world.ends() == {"accepted": 1, "failed": 1}


async def set_zone(world: World, zone: str) -> None:
    async with world.databases.engine.transaction() as tx:
        await tx.execute(
            "update schedules set time_zone = %(zone)s where account_id = %(account_id)s",
            account_id=world.tenant.account_id, zone=zone,
        )  # fmt: skip
