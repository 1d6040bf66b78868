"""SMS and calls where they cost: asked for room before they go, counted once they went, else replaced."""

from datetime import timedelta

import pytest
from tests.support.makers import START
from tests.support.world import World

from tocsin.accounts.model import ContactMethod, User
from tocsin.billing import metered, service
from tocsin.licensing import terms_store
from tocsin.licensing.model import Interval, Standing, Term
from tocsin.licensing.usage import UsageKind, make_record
from tocsin.notifications.model import ChannelError

PHONE, PUSH = "+48123456789", "device-1"
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def free(world: World) -> World:
    """An account on Free since the start: 100 SMS in a window."""
    async with world.databases.engine.transaction() as tx:
        await service.start_free(tx, world.tenant.account_id, "Europe/Warsaw", "USD", START - 5 * MINUTE)
    return world


async def texting(world: World, name: str) -> User:
    """Somebody who is told by SMS alone."""
    [user] = await world.users(name)
    async with world.databases.engine.transaction() as tx:
        await tx.execute(
            "delete from notification_rule_steps where account_id = %(a)s and rule_id in"
            " (select id from notification_rules where account_id = %(a)s and user_id = %(u)s)",
            a=world.tenant.account_id, u=user.id,
        )  # fmt: skip
    await world.contact(user, ContactMethod.SMS, PHONE)
    return user


async def use_up(world: World, count: int) -> None:
    """So many SMS were sent before."""
    records = [
        make_record(world.tenant.account_id, f"before-{n}", UsageKind.SMS, START - MINUTE, START - MINUTE, PHONE)
        for n in range(count)
    ]
    async with world.databases.engine.transaction() as tx:
        assert await metered.record(tx, world.tenant.account_id, records, "http://tocsin.example") == count


async def kept(world: World) -> list[tuple[str, bool]]:
    """What was recorded of real sends, as (kind, still reserved)."""
    async with world.databases.engine.transaction() as tx:
        rows = await tx.dicts(
            "select kind, reserved from usage_records where account_id = %(a)s and id like 'notification:%%'",
            a=world.tenant.account_id,
        )
    return [(row["kind"], row["reserved"]) for row in rows]


async def ends(world: World) -> list[tuple[str, str, str]]:
    """How the notifications ended, as (method, status, reason)."""
    async with world.databases.engine.transaction() as tx:
        rows = await tx.dicts(
            "select method, status, status_reason from notifications where account_id = %(a)s order by id",
            a=world.tenant.account_id,
        )
    return [(row["method"], row["status"], row["status_reason"]) for row in rows]


async def tell(world: World, user: User) -> None:
    await world.trigger("disk full", {"type": "user", "username": user.username})


async def test_an_sms_is_counted_once_the_carrier_took_it(free: World) -> None:
    ana = await texting(free, "ana")
    await tell(free, ana)
    assert free.sent == [(0, PHONE, "disk full")]
    assert await kept(free) == [("sms", False)]


async def test_r9_3_accept_the_101st_sms_on_free_is_an_e_mail_and_the_log_says_why(free: World) -> None:
    ana = await texting(free, "ana")
    await use_up(free, 100)

    await tell(free, ana)

    assert free.sent == [(0, ana.username, "disk full")]
    assert await ends(free) == [("sms", "suppressed", "limit"), ("email", "accepted", "")]
    assert await kept(free) == []
    async with free.databases.engine.transaction() as tx:
        [line] = await tx.dicts(
            "select data from alert_log where account_id = %(a)s and event = 'notification'", a=free.tenant.account_id
        )
    assert (line["data"]["reason"], line["data"]["method"], line["data"]["user"]) == ("limit", "sms", ana.username)

    free.clock.at = START + timedelta(days=31)  # the next window
    await free.trigger("disk full again", {"type": "user", "username": ana.username})
    assert free.sent[1:] == [(31 * 24 * 60, PHONE, "disk full again")]


async def test_r9_3_a_push_is_better_than_an_e_mail(free: World) -> None:
    ana = await texting(free, "ana")
    await free.contact(ana, ContactMethod.VOICE, PHONE)
    await free.contact(ana, ContactMethod.PUSH, PUSH)
    async with free.databases.engine.transaction() as tx:  # a contact that no rule uses
        await tx.execute(
            "delete from notification_rule_steps where account_id = %(a)s and contact_id in"
            " (select id from contacts where account_id = %(a)s and method = 'push')",
            a=free.tenant.account_id,
        )
    await use_up(free, 100)

    await tell(free, ana)

    assert free.sent == [(0, PUSH, "disk full")]  # one, for the SMS and the call
    assert sorted(await ends(free)) == [
        ("push", "accepted", ""), ("sms", "suppressed", "limit"), ("voice", "suppressed", "plan-without-voice"),
    ]  # fmt: skip


async def test_whoever_is_told_by_e_mail_anyway_gets_one_e_mail(free: World) -> None:
    [ana] = await free.users("ana")
    await free.contact(ana, ContactMethod.SMS, PHONE)
    await use_up(free, 100)
    await tell(free, ana)
    assert free.sent == [(0, ana.username, "disk full")]


async def test_the_last_resort_tells_the_owners_where_nothing_can_take_its_place(free: World) -> None:
    ana = await texting(free, "ana")
    async with free.databases.engine.transaction() as tx:
        await tx.execute(
            "delete from contacts where account_id = %(a)s and user_id = %(u)s and method = 'email'",
            a=free.tenant.account_id, u=ana.id,
        )  # fmt: skip
    await use_up(free, 100)
    await tell(free, ana)
    assert free.sent == [(0, free.tenant.owner.username, "disk full")]


async def test_what_the_carrier_did_not_take_is_not_counted(free: World) -> None:
    ana = await texting(free, "ana")
    await use_up(free, 99)
    free.sms.failing[PHONE] = ChannelError("no route", retry=True)
    await tell(free, ana)
    assert await kept(free) == []

    free.sms.failing.clear()
    await free.advance(minutes=5)
    assert [address for _, address, _ in free.sent] == [PHONE]  # the 100th, by a second try
    assert await kept(free) == [("sms", False)]


async def test_r11_1_nothing_stops_an_sms_on_standard(free: World) -> None:
    ana = await texting(free, "ana")
    term = Term(free.tenant.account_id, START - MINUTE, Standing.ACTIVE, "standard", 1, Interval.MONTH, 1)
    async with free.databases.engine.transaction() as tx:
        await terms_store.insert_terms(tx, [term])
    await use_up(free, 300)
    await tell(free, ana)
    assert free.sent == [(0, PHONE, "disk full")]


async def test_r8_4_whoever_becomes_a_stakeholder_gets_no_sms_any_more(free: World) -> None:
    ana = await texting(free, "ana")
    free.sms.failing[PHONE] = ChannelError("no route", retry=True)
    await tell(free, ana)
    free.sms.failing.clear()
    async with free.databases.engine.transaction() as tx:
        await tx.execute(
            "update users set licence_kind = 'stakeholder', role = 'stakeholder'"
            " where account_id = %(a)s and id = %(u)s",
            a=free.tenant.account_id, u=ana.id,
        )  # fmt: skip

    await free.advance(minutes=5)

    assert await ends(free) == [("sms", "suppressed", "stakeholder")]
    assert free.sms.sent == []
    assert await kept(free) == []
