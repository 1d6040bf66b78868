"""SMS and calls where they cost: asked for room before they go, counted once they went, else replaced."""

from datetime import timedelta

import pytest
from tests.support.makers import START
from tests.support.world import World

from tocsin.accounts.model import ContactMethod, User
from tocsin.billing import metered, service
from tocsin.licensing import countries_store, terms_store
from tocsin.licensing.countries import Override
from tocsin.licensing.model import Interval, Standing, Term
from tocsin.licensing.usage import UsageKind, make_record
from tocsin.notifications.model import ChannelError

PHONE, CHINA, PREMIUM, PUSH = "+48123456789", "+8613812345678", "+48701234567", "device-1"
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


@pytest.fixture
async def standard(free: World) -> World:
    """The account on Standard: no fixed limit of SMS and calls."""
    term = Term(free.tenant.account_id, START - MINUTE, Standing.ACTIVE, "standard", 1, Interval.MONTH, 1)
    async with free.databases.engine.transaction() as tx:
        await terms_store.insert_terms(tx, [term])
    return free


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


async def test_r11_1_nothing_stops_an_sms_on_standard(standard: World) -> None:
    ana = await texting(standard, "ana")
    await use_up(standard, 300)
    await tell(standard, ana)
    assert standard.sent == [(0, PHONE, "disk full")]


async def test_r12_2_a_call_to_where_none_goes_is_an_e_mail_and_the_log_says_why(standard: World) -> None:
    ana = await texting(standard, "ana")
    await standard.contact(ana, ContactMethod.VOICE, CHINA)

    await tell(standard, ana)

    assert sorted(standard.sent) == [(0, PHONE, "disk full"), (0, ana.username, "disk full")]
    assert sorted(await ends(standard)) == [
        ("email", "accepted", ""), ("sms", "accepted", ""), ("voice", "suppressed", "country-not-supported"),
    ]  # fmt: skip
    assert await kept(standard) == [("sms", False)]
    async with standard.databases.engine.transaction() as tx:
        [line] = await tx.dicts(
            "select data from alert_log where account_id = %(a)s and event = 'notification'"
            " and data->>'status' = 'suppressed'",
            a=standard.tenant.account_id,
        )
    assert (line["data"]["reason"], line["data"]["method"]) == ("country-not-supported", "voice")


async def test_r12_2_a_country_that_the_operator_dropped_stops_what_waits_to_be_sent(standard: World) -> None:
    ana = await texting(standard, "ana")
    standard.sms.failing[PHONE] = ChannelError("no route", retry=True)
    await tell(standard, ana)
    standard.sms.failing.clear()
    try:
        async with standard.databases.engine.transaction() as tx:
            await countries_store.save(tx, Override("PL", sms=False, voice=True))
        await standard.advance(minutes=5)
    finally:
        async with standard.databases.engine.transaction() as tx:
            await countries_store.delete(tx, "PL")

    assert [address for _, address, _ in standard.sent] == [ana.username]
    assert await ends(standard) == [("sms", "suppressed", "country-not-supported"), ("email", "accepted", "")]
    assert await kept(standard) == []


async def test_r11_2_a_number_that_costs_extra_gets_nothing_and_its_holder_an_e_mail(standard: World) -> None:
    [ana] = await standard.users("ana")
    await standard.contact(ana, ContactMethod.VOICE, PREMIUM)
    await standard.contact(ana, ContactMethod.SMS, PREMIUM)

    await tell(standard, ana)

    assert standard.sent == [(0, ana.username, "disk full")]
    assert sorted(await ends(standard)) == [
        ("email", "accepted", ""), ("sms", "suppressed", "number-costs-extra"),
        ("voice", "suppressed", "number-costs-extra"),
    ]  # fmt: skip
    assert await kept(standard) == []


async def test_the_owners_are_told_where_nothing_reaches_somebody_s_country_and_he_has_nothing_else(
    standard: World,
) -> None:
    [ana] = await standard.users("ana")
    async with standard.databases.engine.transaction() as tx:
        await tx.execute(
            "delete from contacts where account_id = %(a)s and user_id = %(u)s", a=standard.tenant.account_id, u=ana.id
        )
    await standard.contact(ana, ContactMethod.VOICE, CHINA)

    await tell(standard, ana)

    assert standard.sent == [(0, standard.tenant.owner.username, "disk full")]
    assert (await ends(standard))[0] == ("voice", "failed", "country-not-supported")


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
