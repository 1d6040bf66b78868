"""Who is told, when: the promises, on the real engine with a clock we hold."""

from datetime import timedelta

from tests.support.world import World, escalation, team, user

from tocsin.alerts.log import words
from tocsin.notifications.channels.email.channel import MailboxChannel
from tocsin.notifications.model import ChannelError


async def test_a_responder_is_told_at_once(world: World) -> None:
    [ana] = await world.users("ana")

    await world.trigger("disk full", user(ana))

    assert world.sent == [(0, ana.username, "disk full")]
    assert await world.ends() == {"accepted": 1}
    assert await world.events() == ["created", "told"]


async def test_an_unacknowledged_alert_reaches_the_second_responder(world: World) -> None:
    ana, bo = await world.users("ana", "bo")
    plan = await world.escalation((0, ana), (10, bo))

    await world.trigger("disk full", escalation(plan))
    assert world.sent == [(0, ana.username, "disk full")]

    await world.advance(minutes=10)
    assert world.sent[1:] == [(10, bo.username, "disk full")]


async def test_an_acknowledged_alert_reaches_nobody_more(world: World) -> None:
    ana, bo = await world.users("ana", "bo")
    plan = await world.escalation((0, ana), (10, bo))
    alert_id = await world.trigger("disk full", escalation(plan))

    await world.advance(minutes=1)
    await world.acknowledge(alert_id)
    await world.advance(minutes=60)

    assert world.sent == [(0, ana.username, "disk full")]
    assert await world.events() == ["created", "told", "escalation"]


async def test_a_teams_alert_goes_to_whoever_is_on_call_then_the_next_then_all(world: World) -> None:
    ana, bo, cy = await world.users("ana", "bo", "cy")
    _, name = await world.team(ana, bo, cy)

    await world.trigger("disk full", team(name))
    await world.advance(minutes=30)

    assert world.sent[0] == (0, ana.username, "disk full")
    assert world.sent[1] == (5, bo.username, "disk full")
    assert sorted(world.sent[2:]) == sorted((10, it.username, "disk full") for it in (ana, bo, cy))


async def test_later_steps_of_a_persons_rule_stop_when_somebody_acknowledges(world: World) -> None:
    [ana] = await world.users("ana")
    await world.reachable(ana, timedelta(minutes=3), timedelta(minutes=8), action_type="renotified-alert")
    async with world.databases.engine.transaction() as tx:
        await tx.execute(
            "update notification_rules set action_type = 'create-alert', position = -1 "
            "where account_id = %(account_id)s and action_type = 'renotified-alert'",
            account_id=world.tenant.account_id,
        )
    alert_id = await world.trigger("disk full", user(ana))

    await world.advance(minutes=4)
    await world.acknowledge(alert_id)
    await world.advance(minutes=10)

    assert world.sent == [(3, ana.username, "disk full")]
    assert await world.ends() == {"accepted": 1, "cancelled": 1}


async def test_a_repeat_tells_again_and_takes_the_acknowledgement_back(world: World) -> None:
    [ana] = await world.users("ana")
    plan = await world.escalation((0, ana), repeat={"wait": 10, "count": 1, "reset": True})
    alert_id = await world.trigger("disk full", escalation(plan))

    await world.advance(minutes=5)
    await world.acknowledge(alert_id)
    await world.advance(minutes=60)

    assert world.sent == [(0, ana.username, "disk full"), (10, ana.username, "disk full")]
    [alert] = await world.rows("select acknowledged from alerts where account_id = %(account_id)s")
    assert alert["acknowledged"] is False


async def test_an_acknowledgement_taken_back_no_longer_stops_what_is_due_at_that_instant(world: World) -> None:
    ana, bo = await world.users("ana", "bo")
    repeating = await world.escalation((0, ana), repeat={"wait": 10, "count": 1, "reset": True})
    other = await world.escalation((10, bo))
    alert_id = await world.trigger("disk full", escalation(other), escalation(repeating))

    await world.advance(minutes=5)
    await world.acknowledge(alert_id)
    await world.advance(minutes=60)

    assert world.sent[0] == (0, ana.username, "disk full")
    assert sorted(world.sent[1:]) == [(10, ana.username, "disk full"), (10, bo.username, "disk full")]


async def test_an_escalation_can_close_its_alert_after_all_rounds(world: World) -> None:
    [ana] = await world.users("ana")
    plan = await world.escalation((0, ana), repeat={"wait": 10, "count": 1, "close": True})
    await world.trigger("disk full", escalation(plan))

    await world.advance(minutes=60)

    [alert] = await world.rows("select status, closed_by, closed_at from alerts where account_id = %(account_id)s")
    assert (alert["status"], alert["closed_by"]) == ("closed", "System")
    assert "closed" in await world.events()


async def test_a_failed_attempt_is_tried_again_until_it_goes_through(world: World) -> None:
    [ana] = await world.users("ana")
    world.email.failing[ana.username] = ChannelError("greylisted", retry=True)
    await world.trigger("disk full", user(ana))
    assert await world.ends() == {"retrying": 1}

    del world.email.failing[ana.username]
    await world.advance(minutes=1)

    assert [address for _, address, _ in world.sent] == [ana.username]
    attempts = await world.rows(
        "select outcome, detail from attempts where account_id = %(account_id)s order by number"
    )
    assert [attempt["outcome"] for attempt in attempts] == ["failed", "accepted"]
    assert attempts[0]["detail"] == "greylisted"


async def test_when_every_contact_fails_the_owner_is_told(world: World) -> None:
    [ana] = await world.users("ana")
    world.email.failing[ana.username] = ChannelError("no such mailbox", retry=False)

    await world.trigger("disk full", user(ana))

    assert world.sent == [(0, world.tenant.owner.username, "disk full")]
    assert await world.ends() == {"failed": 1, "accepted": 1}
    assert await world.events() == ["created", "told", "last_resort"]


async def test_without_a_mail_server_each_mail_stays_once_and_the_owner_s_page_is_not_repeated(world: World) -> None:
    [ana] = await world.users("ana")
    owner = world.tenant.owner
    mailbox = MailboxChannel(world.databases.engine, world.clock)
    world.engine.sender.channels = {**world.engine.sender.channels, "email": mailbox}

    await world.trigger("to the owner", user(owner))
    await world.trigger("to ana", user(ana))

    kept = await world.rows("select to_address, purpose from mails where account_id = %(account_id)s order by id")
    assert [(row["to_address"], row["purpose"]) for row in kept] == [
        (owner.username, "create-alert"),
        (ana.username, "create-alert"),
        (owner.username, "last-resort"),
    ]
    assert await world.ends() == {"failed": 3}
    entries = await world.rows(
        "select data from alert_log where account_id = %(account_id)s and event = 'last_resort' order by id"
    )
    assert [words("last_resort", entry["data"]) for entry in entries] == [
        f"Nobody could be told: without a mail server, the mail to {owner.username} stays here",
        f"Nobody could be told; the owners were written to: {owner.username}",
    ]


async def test_an_owner_s_mail_that_failed_otherwise_is_tried_once_more(world: World) -> None:
    owner = world.tenant.owner
    world.email.failing[owner.username] = ChannelError("the server is down", retry=False)

    await world.trigger("disk full", user(owner))

    assert await world.ends() == {"failed": 2}


async def test_when_nobody_can_be_told_the_owner_is(world: World) -> None:
    _, name = await world.team()  # a team without members: its schedule has a gap

    await world.trigger("disk full", team(name))

    assert world.sent == [(0, world.tenant.owner.username, "disk full")]
    assert await world.events() == ["created", "not_told", "last_resort"]


async def test_a_responder_that_does_not_exist_is_told_to_the_owner(world: World) -> None:
    await world.trigger("disk full", team("no such team"))

    assert world.sent == [(0, world.tenant.owner.username, "disk full")]


async def test_silence_that_was_asked_for_stays_silent(world: World) -> None:
    await world.trigger("nobody named")

    await world.advance(minutes=60)

    assert world.sent == []


async def test_a_person_without_any_rule_is_a_dead_end(world: World) -> None:
    [ana] = await world.users("ana")
    async with world.databases.engine.transaction() as tx:
        await tx.execute(
            "delete from notification_rules where account_id = %(account_id)s and user_id = %(user_id)s",
            account_id=world.tenant.account_id, user_id=ana.id,
        )  # fmt: skip

    await world.trigger("disk full", user(ana))

    assert world.sent == [(0, world.tenant.owner.username, "disk full")]
    [entry] = await world.rows("select data from alert_log where account_id = %(account_id)s and event = 'not_told'")
    assert entry["data"]["reason"] == "no-rule"


async def test_a_snoozed_alert_tells_its_responders_again_when_the_snooze_ends(world: World) -> None:
    [ana] = await world.users("ana")
    alert_id = await world.trigger("disk full", user(ana))
    async with world.tenant.app.transaction() as tx:
        await tx.execute(
            "update alerts set acknowledged = true, acknowledged_at = %(at)s, snoozed_until = %(until)s "
            "where account_id = %(account_id)s and id = %(id)s",
            account_id=world.tenant.account_id, id=alert_id, at=world.clock.at,
            until=world.clock.at + timedelta(minutes=30),
        )  # fmt: skip

    await world.advance(minutes=29)
    assert len(world.sent) == 1
    await world.advance(minutes=2)

    assert world.sent == [(0, ana.username, "disk full"), (30, ana.username, "disk full")]


async def test_two_ways_to_one_person_at_one_instant_tell_once(world: World) -> None:
    [ana] = await world.users("ana")
    plan = await world.escalation((0, ana))

    await world.trigger("disk full", user(ana), escalation(plan))

    assert world.sent == [(0, ana.username, "disk full")]


async def test_what_reached_somebody_earlier_does_not_excuse_a_later_failure(world: World) -> None:
    [ana] = await world.users("ana")
    plan = await world.escalation((0, ana), repeat={"wait": 10, "count": 1})
    await world.trigger("disk full", escalation(plan))

    world.email.failing[ana.username] = ChannelError("no such mailbox", retry=False)
    await world.advance(minutes=11)

    assert world.sent == [(0, ana.username, "disk full"), (10, world.tenant.owner.username, "disk full")]


async def test_each_time_that_nobody_can_be_told_the_owner_is(world: World) -> None:
    _, name = await world.team()

    await world.trigger("disk full", team(name))
    await world.advance(minutes=6)

    assert world.sent == [
        (0, world.tenant.owner.username, "disk full"),
        (5, world.tenant.owner.username, "disk full"),
    ]
