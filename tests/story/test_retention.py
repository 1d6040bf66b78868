"""What a plan does not keep is hidden, announced, and removed a month later; a larger plan before that saves it."""

from datetime import timedelta

from tests.story.test_plan_limits import GATE, give
from tests.support.alerts import add_alert
from tests.support.makers import START
from tests.support.world import World

from tocsin.alerts.model import AlertStatus
from tocsin.billing import service as billing
from tocsin.escalations import retention
from tocsin.licensing.model import Standing

DAY = timedelta(days=1)


async def closed_alert(world: World, days_ago: int) -> str:
    then = world.clock.at - days_ago * DAY
    alert = await add_alert(
        world.databases, world.tenant, message=f"{days_ago} days ago", status=AlertStatus.CLOSED, closed_at=then,
        created_at=then, updated_at=then, last_occurred_at=then,
    )  # fmt: skip
    return alert.id


async def left(world: World) -> set[str]:
    rows = await world.rows("select id from alerts where account_id = %(account_id)s")
    return {row["id"] for row in rows}


async def subjects(world: World) -> list[str]:
    rows = await world.rows("select subject from mails where account_id = %(account_id)s order by id")
    return [row["subject"] for row in rows]


async def purge(world: World) -> None:
    while await retention.advance_due(world.databases.engine, world.clock.at):
        pass


async def test_choice_25_hidden_alerts_are_announced_and_removed_after_30_days(world: World) -> None:
    old, recent = await closed_alert(world, 200), await closed_alert(world, 5)
    still_open = (await add_alert(world.databases, world.tenant, created_at=START - 300 * DAY)).id
    await give(world, Standing.FREE, "free")
    world.clock.at = START + 29 * DAY
    await purge(world)
    before = await left(world)

    world.clock.at = START + 31 * DAY
    await purge(world)

    assert await subjects(world) == ["Older alerts are hidden"]
    assert before == {old, recent, still_open}
    assert await left(world) == {recent, still_open}


async def test_a_larger_plan_before_the_date_keeps_everything(world: World) -> None:
    old = await closed_alert(world, 200)
    await give(world, Standing.FREE, "free")
    await give(world, Standing.ACTIVE, "enterprise", seats=3)

    world.clock.at = START + 400 * DAY
    await purge(world)

    assert await left(world) == {old}


async def test_what_belongs_to_a_removed_alert_goes_with_it(world: World) -> None:
    old = await closed_alert(world, 200)
    async with world.databases.engine.transaction() as tx:
        for table, columns in (("alert_log", "event, owner"), ("alert_notes", "owner, note")):
            await tx.execute(
                f"insert into {table} (account_id, alert_id, at, {columns}) "
                "values (%(account_id)s, %(id)s, %(at)s, 'x', 'y')",
                account_id=world.tenant.account_id, id=old, at=START,
            )  # fmt: skip
    await give(world, Standing.FREE, "free")

    world.clock.at = START + 31 * DAY
    await purge(world)

    for table in ("alerts", "alert_log", "alert_notes", "notifications", "search_queue", "alert_texts"):
        column = "id" if table == "alerts" else "alert_id"
        async with world.databases.engine.transaction() as tx:
            found = await tx.value(
                f"select count(*) from {table} where account_id = %(a)s and {column} = %(id)s",
                a=world.tenant.account_id, id=old,
            )  # fmt: skip
        assert found == 0, table


async def test_an_account_that_began_on_free_is_looked_after_too(world: World) -> None:
    async with world.databases.engine.transaction() as tx:
        await billing.start_free(tx, world.tenant.account_id, "UTC", "USD", START)
        await GATE.enrol(tx, START)
    old = await closed_alert(world, 200)

    world.clock.at = START + 31 * DAY
    await purge(world)

    assert old not in await left(world)


async def test_a_granted_account_keeps_everything(world: World) -> None:
    old = await closed_alert(world, 2_000)
    await give(world, Standing.GRANTED, "enterprise")

    world.clock.at = START + 900 * DAY
    await purge(world)

    assert await left(world) == {old}
