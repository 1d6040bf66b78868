"""What happens to alerts that are under way when somebody changes the rules."""

from datetime import timedelta
from uuid import UUID

from tests.support.world import World, escalation

from tocsin.accounts.audit import Actor
from tocsin.accounts.model import User
from tocsin.escalations import config_service
from tocsin.escalations.config_service import RuleForm
from tocsin.escalations.escalation import Condition, NotifyType, RecipientKind


async def escalation_id(world: World, name: str) -> UUID:
    rows = await world.rows("select id, name from escalations where account_id = %(account_id)s")
    return next(UUID(str(row["id"])) for row in rows if row["name"] == name)


def actor(world: World) -> Actor:
    return Actor(world.tenant.account_id, world.tenant.owner.username, world.clock.at)


def tell(user: User, minutes: int) -> RuleForm:
    delay = timedelta(minutes=minutes)
    return RuleForm(delay, Condition.IF_NOT_ACKED, NotifyType.DEFAULT, RecipientKind.USER, user.id)


async def test_a_rule_removed_while_it_runs_takes_no_later_one_with_it(world: World) -> None:
    """The rules behind it move up to places where others have been: they tell all the same."""
    ana, bo = await world.users("ana", "bo")
    name = await world.escalation((0, ana), (5, bo), (10, bo))
    await world.trigger("disk full", escalation(name))
    await world.advance(minutes=6)

    await config_service.remove_rule(world.tenant.app, actor(world), await escalation_id(world, name), 0)
    await world.advance(minutes=6)

    assert world.sent == [(0, ana.username, "disk full"), (5, bo.username, "disk full"), (10, bo.username, "disk full")]


async def test_a_rule_that_is_put_off_while_it_runs_fires_at_its_new_time(world: World) -> None:
    ana, bo = await world.users("ana", "bo")
    name = await world.escalation((0, ana), (5, bo))
    await world.trigger("disk full", escalation(name))
    await world.advance(minutes=2)

    await config_service.change_rule(world.tenant.app, actor(world), await escalation_id(world, name), 1, tell(bo, 9))
    await world.advance(minutes=10)

    assert world.sent == [(0, ana.username, "disk full"), (9, bo.username, "disk full")]


async def test_a_rule_added_while_it_runs_fires_when_its_time_is_still_to_come(world: World) -> None:
    ana, bo = await world.users("ana", "bo")
    name = await world.escalation((0, ana), (20, ana))
    await world.trigger("disk full", escalation(name))
    await world.advance(minutes=2)

    await config_service.add_rule(world.tenant.app, actor(world), await escalation_id(world, name), tell(bo, 5))
    await world.advance(minutes=30)

    assert world.sent == [
        (0, ana.username, "disk full"), (5, bo.username, "disk full"), (20, ana.username, "disk full"),
    ]  # fmt: skip
