"""Usage on a real database: kept once, counted under a lock, billed at the window's end."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from tests.support.billing_accounts import Subscriber, advance, at, make_standard, make_subscriber
from tests.support.billing_accounts import make_rails as make_plain_rails
from tests.support.stripe_fake import StripeFake

from tocsin.billing import metered, service
from tocsin.billing.commands import AddNumber, Cancel, Order, RequestDeletion, SetSpendingCap, UndoDeletion
from tocsin.billing.keeping import Rails
from tocsin.billing.model import LineKind
from tocsin.db import Databases
from tocsin.licensing import usage_store
from tocsin.licensing.model import Interval, Target
from tocsin.licensing.quota import Allowed, Stopped, StopReason
from tocsin.licensing.usage import Correction, UsageKind, UsageRecord, make_record

US, PL = "+12125550123", "+48123456789"
SECOND = timedelta(seconds=1)


@pytest.fixture
def rails(rails: Rails) -> Rails:
    """The same, with usage that is read from the database."""
    return Rails(metered.RecordedUsage(), rails.teller, rails.gateway, rails.base_url)


def units(ana: Subscriber, count: int, local: str, number: str = US, name: str = "u") -> list[UsageRecord]:
    """So many SMS, a second apart."""
    start = at(local)
    return [
        make_record(
            ana.tenant.account_id, f"{name}{n:05}", UsageKind.SMS, start + n * SECOND, start + n * SECOND, number
        )
        for n in range(count)
    ]


def leg(ana: Subscriber, name: str, local: str, seconds: int, number: str = US) -> UsageRecord:
    return make_record(ana.tenant.account_id, name, UsageKind.CALL_LEG, at(local), at(local), number, seconds=seconds)


async def keep(ana: Subscriber, *records: UsageRecord) -> int:
    async with ana.databases.engine.transaction() as tx:
        return await metered.record(tx, ana.tenant.account_id, records, "https://tocsin.example")


async def make_essentials(databases: Databases, rails: Rails, fake: StripeFake) -> Subscriber:
    """Essentials ×10 by the month since 10 March 2026: a pool of 1 000."""
    ana = await make_subscriber(databases, rails)
    await ana.add_card(fake, "2026-03-10 09:30")
    target = Target("essentials", Interval.MONTH, 10)
    assert (await ana.do("2026-03-10 10:00", Order(target, start_today=True))).status == "done"
    return ana


async def test_r9_2_accept_what_is_beyond_the_pool_is_on_the_next_invoice(
    databases: Databases, rails: Rails, fake: StripeFake
) -> None:
    ana = await make_essentials(databases, rails, fake)
    await keep(ana, *units(ana, 1_225, "2026-03-20 08:00"))
    await keep(ana, *units(ana, 15, "2026-04-09 23:59", PL, "p"))

    await advance(ana, "2026-04-12 00:00")

    invoice = (await ana.documents())[-1]
    assert (invoice.dated_on.isoformat(), invoice.net_minor) == ("2026-04-10", 13_775)
    assert {(line.kind, line.item, line.quantity, line.amount_minor) for line in invoice.lines} == {
        (LineKind.SEATS, "essentials", 10, 11_000),
        (LineKind.MESSAGES, "us_ca", 225, 2_250),
        (LineKind.MESSAGES, "other", 15, 525),
    }


async def test_what_is_told_of_the_next_invoice_is_what_comes(
    databases: Databases, rails: Rails, fake: StripeFake
) -> None:
    ana = await make_essentials(databases, rails, fake)
    await keep(ana, *units(ana, 1_225, "2026-03-20 08:00"))
    account_id = ana.tenant.account_id

    told = await service.next_invoices(ana.tenant.app, rails.usage, account_id, at("2026-03-21 09:00"))
    await advance(ana, "2026-05-13 00:00")
    waits = await service.next_invoices(ana.tenant.app, rails.usage, account_id, at("2026-06-11 09:00"))

    came = (await ana.documents())[-2:]
    assert [it.gross_minor for it in told.invoices] == [13_250] + [11_000] * 11
    for one, made in zip(told.invoices, came, strict=False):
        assert (one.id, one.gross_minor, one.dated_on, one.due_on) == (
            made.id, made.gross_minor, made.dated_on, made.due_on,
        )  # fmt: skip
        assert [(it.id, it.kind, it.amount_minor) for it in one.lines] == [
            (it.id, it.kind, it.amount_minor) for it in made.lines
        ]
    assert [it.id for it in waits.invoices[:3]] == [it.id for it in told.invoices[2:5]]


async def test_m9_a_record_that_comes_twice_is_one_unit(databases: Databases, rails: Rails, fake: StripeFake) -> None:
    ana = await make_essentials(databases, rails, fake)
    records = units(ana, 1_050, "2026-03-20 08:00")

    first, again = await keep(ana, *records), await keep(ana, *reversed(records))
    await advance(ana, "2026-04-12 00:00")

    assert (first, again) == (1_050, 0)
    assert (await ana.documents())[-1].net_minor == 11_000 + 500


async def test_r9_1_accept_owners_hear_once_of_80_percent_and_once_of_the_limit(
    databases: Databases, rails: Rails, fake: StripeFake
) -> None:
    ana = await make_essentials(databases, rails, fake)
    before = len(await ana.mails())
    records = units(ana, 1_100, "2026-03-20 08:00")

    for start in range(0, 1_100, 100):
        await keep(ana, *records[start : start + 100])

    assert (await ana.mails())[before:] == [
        "Most of your SMS and voice calls are used",
        "Your included SMS and voice calls are used up",
    ]


async def test_a_deletion_that_is_taken_back_goes_on_with_the_count_of_the_month(
    databases: Databases, rails: Rails, fake: StripeFake
) -> None:
    ana = await make_essentials(databases, rails, fake)
    await keep(ana, *units(ana, 850, "2026-03-20 08:00"))
    await ana.do("2026-03-21 10:00", RequestDeletion())
    await ana.do("2026-03-21 15:00", UndoDeletion())
    before = len(await ana.mails())

    await keep(ana, *units(ana, 149, "2026-03-22 08:00", name="after"))
    refused, taken = units(ana, 2, "2026-03-23 08:00", name="last")
    async with databases.engine.transaction() as tx:
        assert await metered.reserve(tx, refused) == Allowed()
        await metered.release(tx, ana.tenant.account_id, refused.id)
        assert await metered.reserve(tx, taken) == Allowed()
        await metered.confirm(tx, ana.tenant.account_id, taken.id, "https://tocsin.example")
        assert await metered.reserve(tx, replace(taken, id="beyond")) == Allowed(10)

    assert (await ana.mails())[before:] == ["Your included SMS and voice calls are used up"]


async def test_late_use_of_earlier_windows_is_billed_when_the_plan_ends_at_once(
    databases: Databases, rails: Rails, fake: StripeFake
) -> None:
    ana = await make_standard(databases, rails, fake)
    await advance(ana, "2026-04-13 12:00")
    before = {it.id for it in await ana.documents()}
    late = make_record(
        ana.tenant.account_id, "late", UsageKind.CALL_LEG, at("2026-03-20 08:00"), at("2026-04-14 08:00"), PL,
        seconds=425,
    )  # fmt: skip
    await keep(ana, late)

    await ana.do("2026-04-15 10:00", Cancel(now=True))
    await advance(ana, "2026-04-20 12:00")

    assert sum(it.net_minor for it in await ana.documents() if it.id not in before) == 280


async def test_two_sends_racing_for_the_last_unit_are_one_limit_mail(
    databases: Databases, rails: Rails, fake: StripeFake
) -> None:
    ana = await make_essentials(databases, rails, fake)
    await keep(ana, *units(ana, 999, "2026-03-20 08:00"))
    before = len(await ana.mails())

    async def send(record: UsageRecord) -> Allowed | Stopped:
        async with databases.engine.transaction() as tx:
            answer = await metered.reserve(tx, record)
        async with databases.engine.transaction() as tx:
            await metered.confirm(tx, ana.tenant.account_id, record.id, "https://tocsin.example")
        return answer

    answers = await asyncio.gather(*(send(it) for it in units(ana, 8, "2026-03-21 08:00", name="race")))

    assert sorted(isinstance(it, Allowed) and it.paid for it in answers) == [False] + [True] * 7
    assert (await ana.mails())[before:] == ["Your included SMS and voice calls are used up"]


async def test_what_the_carrier_did_not_take_counts_for_nothing(
    databases: Databases, rails: Rails, fake: StripeFake
) -> None:
    ana = await make_essentials(databases, rails, fake)
    [refused, taken] = units(ana, 2, "2026-03-20 08:00")
    async with databases.engine.transaction() as tx:
        for it in (refused, taken):
            assert await metered.reserve(tx, it) == Allowed()
        await metered.release(tx, ana.tenant.account_id, refused.id)
        await metered.confirm(tx, ana.tenant.account_id, taken.id, "", 3)
        known = await metered.usage(tx, ana.tenant.account_id, at("2026-03-21 08:00"), at("2026-03-21 08:00"))
        assert known is not None
        [running] = known.windows
        count = await usage_store.find_window(tx, ana.tenant.account_id, running.window.starts_at)
        [country] = await usage_store.dearest_countries(
            tx, ana.tenant.account_id, running.window.starts_at, at("2026-03-21 08:00"), 5
        )

    assert (count.included, count.sms) == (1, 1)
    assert (running.sms, running.included, running.charged) == (1, 1, ())
    assert (country.region, country.units, country.cost_minor) == ("US", 1, 3)


async def test_r9_1_owners_hear_of_the_limit_when_the_carrier_took_the_unit_and_of_none_that_it_refused(
    databases: Databases, rails: Rails, fake: StripeFake
) -> None:
    ana = await make_essentials(databases, rails, fake)
    await keep(ana, *units(ana, 998, "2026-03-20 08:00"))
    before = len(await ana.mails())
    refused, late, forgotten, last = units(ana, 4, "2026-03-21 08:00", PL, name="try")
    async with databases.engine.transaction() as tx:
        answers = [await metered.reserve(tx, it) for it in (refused, late, forgotten)]
        assert answers == [Allowed(), Allowed(), Allowed(35)]
        await metered.release(tx, ana.tenant.account_id, refused.id)
        await metered.confirm(tx, ana.tenant.account_id, late.id, "https://tocsin.example")
        assert await metered.release_forgotten(tx, at("2026-03-22 08:00")) >= 1
    assert (await ana.mails())[before:] == []

    async with databases.engine.transaction() as tx:
        assert await metered.reserve(tx, last) == Allowed()  # 999 were taken: there is room for one
        await metered.confirm(tx, ana.tenant.account_id, last.id, "https://tocsin.example")
        count = await usage_store.find_window(tx, ana.tenant.account_id, at("2026-03-10 10:00"))
    assert (count.included, count.sms, count.charged_minor) == (1_000, 1_000, 0)
    assert (await ana.mails())[before:] == ["Your included SMS and voice calls are used up"]


async def test_choice_45_nothing_is_sent_beyond_a_spending_cap(
    databases: Databases, rails: Rails, fake: StripeFake
) -> None:
    ana = await make_essentials(databases, rails, fake)
    await ana.do("2026-03-10 11:00", SetSpendingCap(100))
    await keep(ana, *units(ana, 1_000, "2026-03-20 08:00"))

    async with databases.engine.transaction() as tx:
        answers = [await metered.reserve(tx, it) for it in units(ana, 12, "2026-03-21 08:00", name="more")]

    assert [isinstance(it, Allowed) for it in answers] == [True] * 10 + [False] * 2
    assert answers[-1] == Stopped(StopReason.SPENDING_CAP)


async def test_r10_4_accept_minutes_beyond_the_free_ones_and_a_second_number(
    databases: Databases, rails: Rails, fake: StripeFake
) -> None:
    ana = await make_standard(databases, rails, fake)
    await ana.do("2026-03-10 10:30", AddNumber(uuid4(), "+48220000001"))
    await ana.do("2026-03-10 10:31", AddNumber(uuid4(), "+48220000002"))
    for number, seconds in enumerate((61, 59, 3_600, 1_800, 600, 1_500)):
        await keep(ana, leg(ana, f"leg{number}", f"2026-03-2{number} 09:00", seconds))
    await keep(ana, leg(ana, "warsaw", "2026-03-27 09:00", 425, PL))

    await advance(ana, "2026-04-12 00:00")

    invoice = (await ana.documents())[-1]
    usage = {line.item: line.amount_minor for line in invoice.lines if line.kind is LineKind.MINUTES}
    numbers = sum(line.amount_minor for line in invoice.lines if line.kind is LineKind.NUMBER)
    assert usage == {"us_ca": 280, "other": 280}
    assert sum(usage.values()) + numbers == 1_560


async def test_s33_a_corrected_duration_counts_within_48_hours(
    databases: Databases, rails: Rails, fake: StripeFake
) -> None:
    ana = await make_standard(databases, rails, fake)
    await ana.do("2026-03-10 10:30", AddNumber(uuid4(), "+48220000001"))
    await keep(ana, leg(ana, "long", "2026-03-20 09:00", 60, PL))
    async with databases.engine.transaction() as tx:
        correction = Correction(ana.tenant.account_id, "c1", "long", at("2026-04-11 23:00"), 3_000)
        await metered.correct(tx, [correction, correction])

    await advance(ana, "2026-04-13 00:00")

    lines = [line for document in await ana.documents() for line in document.lines if line.kind is LineKind.MINUTES]
    assert [(line.quantity, line.amount_minor) for line in lines] == [(50, 1_750)]


async def test_r13_5_what_was_used_is_invoiced_at_once_when_the_account_goes(
    databases: Databases, rails: Rails, fake: StripeFake
) -> None:
    ana = await make_standard(databases, rails, fake)
    await ana.do("2026-03-10 10:30", AddNumber(uuid4(), "+48220000001"))
    await keep(ana, *(leg(ana, f"us{n}", "2026-03-20 09:00", 60 * 25) for n in range(13)))  # 325 minutes, 100 free
    await keep(ana, leg(ana, "pl", "2026-03-20 12:00", 60 * 15, PL))
    before = {it.id for it in await ana.documents()}

    await ana.do("2026-04-05 12:00", RequestDeletion())

    assert [it.net_minor for it in await ana.documents() if it.id not in before] == [2_775]


async def test_another_account_sees_nothing_of_it(databases: Databases, rails: Rails, fake: StripeFake) -> None:
    ana, eve = await make_standard(databases, rails, fake), await make_subscriber(databases, make_plain_rails())
    await keep(ana, leg(ana, "mine", "2026-03-20 09:00", 60))

    async with eve.tenant.app.transaction() as tx:
        seen = await usage_store.list_records(
            tx, [ana.tenant.account_id], datetime.fromisoformat("2026-01-01T00:00Z"), at("2027-01-01 00:00")
        )

    assert seen == []
