"""Fair use on a real database: the meter opens a case, a person decides, notice is given, unlimited use comes back."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from tests.support.billing_accounts import Subscriber, advance, at, make_subscriber
from tests.support.makers import make_tenant
from tests.support.stripe_fake import StripeFake

from tocsin.accounts import store as accounts_store
from tocsin.billing import fair_use_service, fair_use_store, metered
from tocsin.billing.commands import Order
from tocsin.billing.fair_use_store import CaseRow, Note
from tocsin.billing.keeping import Rails
from tocsin.billing.model import LineKind
from tocsin.db import Databases
from tocsin.errors import Conflict, Invalid
from tocsin.licensing.model import Interval, Target
from tocsin.licensing.usage import UsageKind, make_record

US, PL = "+12125550123", "+48123456789"
BASE = "https://tocsin.example"
SECOND = timedelta(seconds=1)


@pytest.fixture
def rails(rails: Rails) -> Rails:
    """The same, with usage that is read from the database."""
    return Rails(metered.RecordedUsage(), rails.teller, rails.gateway, rails.base_url)


@pytest.fixture
async def ana(databases: Databases, rails: Rails, fake: StripeFake) -> Subscriber:
    """Standard ×10 by the month, 230.00, since 10 February 2026."""
    subscriber = await make_subscriber(databases, rails, "2026-02-10 09:00")
    await subscriber.add_card(fake, "2026-02-10 09:30")
    target = Target("standard", Interval.MONTH, 10)
    assert (await subscriber.do("2026-02-10 10:00", Order(target, start_today=True))).status == "done"
    return subscriber


async def spend(ana: Subscriber, local: str, cost_minor: int, *, number: str = US, count: int = 1) -> None:
    """So many SMS, a second apart, that cost us so much in all."""
    start = at(local)
    records = [
        make_record(
            ana.tenant.account_id, f"{local}-{n}", UsageKind.SMS, start + n * SECOND, start + n * SECOND, number,
            cost_minor=cost_minor if n == 0 else 0,
        )
        for n in range(count)
    ]  # fmt: skip
    async with ana.databases.engine.transaction() as tx:
        await metered.record(tx, ana.tenant.account_id, records, "https://tocsin.example")


async def pass_time(ana: Subscriber, until: str) -> None:
    """Boundaries and reviews, in their order."""
    engine, warsaw = ana.databases.engine, ZoneInfo("Europe/Warsaw")
    while True:
        async with engine.transaction() as tx:
            review_at = await fair_use_store.earliest_review(tx)
        if review_at is None or review_at > at(until):
            break
        await advance(ana, review_at.astimezone(warsaw).replace(tzinfo=None).isoformat())
        await fair_use_service.review_due(engine, ana.rails, review_at)
    await advance(ana, until)


async def case_of(ana: Subscriber) -> CaseRow | None:
    async with ana.databases.engine.transaction() as tx:
        found = [it for it in await fair_use_store.list_all(tx, 500) if it.account_id == ana.tenant.account_id]
    return found[0] if found else None


async def notes_of(ana: Subscriber, case: CaseRow) -> list[Note]:
    async with ana.tenant.app.transaction() as tx:
        return await fair_use_store.list_notes(tx, case.account_id, case.id)


async def opened(ana: Subscriber) -> CaseRow:
    """A case after windows that cost 180.00 and 140.00."""
    await spend(ana, "2026-02-20 08:00", 18_000)
    await spend(ana, "2026-03-20 08:00", 14_000)
    await pass_time(ana, "2026-04-12 00:00")
    case = await case_of(ana)
    assert case is not None
    return case


async def test_r11_3_accept_from_detection_over_notice_to_a_bill_by_use(ana: Subscriber) -> None:
    case = await opened(ana)
    assert (case.status, case.plan) == ("opened", "standard")
    assert [(it["cost_minor"], it["revenue_minor"]) for it in case.windows] == [(18_000, 23_000), (14_000, 23_000)]
    assert (await ana.billing()).subscription.usage_billed_on is None  # nothing happens by itself

    engine = ana.databases.engine
    noticed = await fair_use_service.approve(
        engine,
        ana.rails,
        case.account_id,
        case.id,
        "eve@example.com",
        "No incident explains it.",
        at("2026-05-01 12:00"),
    )
    assert noticed.effective_at == at("2026-06-10 00:00")
    notice = next(it for it in await ana.mails() if "by use" in it)
    assert case.number in notice

    await pass_time(ana, "2026-06-09 23:59")
    assert not (await ana.billing()).subscription.usage_billed
    await pass_time(ana, "2026-06-10 00:00")
    assert (await ana.billing()).subscription.usage_billed

    await spend(ana, "2026-06-11 08:00", 12_000, count=1_000)
    await spend(ana, "2026-06-20 08:00", 9_000, number=PL, count=400)
    await pass_time(ana, "2026-07-12 00:00")

    invoice = (await ana.documents())[-1]
    assert [(it.kind, it.quantity, it.amount_minor) for it in invoice.lines if it.kind is LineKind.MESSAGES] == [
        (LineKind.MESSAGES, 400, 14_000)
    ]
    in_effect = await case_of(ana)
    assert in_effect is not None
    assert in_effect.status == "effective"


async def test_one_dear_window_opens_no_case(ana: Subscriber) -> None:
    await spend(ana, "2026-02-20 08:00", 18_000)
    await spend(ana, "2026-03-20 08:00", 11_500)
    await pass_time(ana, "2026-04-13 00:00")
    assert await case_of(ana) is None


async def test_a_dismissed_case_is_over_and_says_why(ana: Subscriber) -> None:
    case = await opened(ana)
    engine = ana.databases.engine
    with pytest.raises(Invalid, match="Say why"):
        await fair_use_service.dismiss(engine, case.account_id, case.id, "eve@example.com", " ", at("2026-04-13 12:00"))

    await fair_use_service.dismiss(
        engine, case.account_id, case.id, "eve@example.com", "An incident storm.", at("2026-04-13 12:00")
    )

    assert [(it.action, it.note) for it in await notes_of(ana, case)] == [
        ("opened", ""), ("dismissed", "An incident storm."),
    ]  # fmt: skip
    with pytest.raises(Conflict):
        await fair_use_service.dismiss(engine, case.account_id, case.id, "bo", "Again.", at("2026-04-14 12:00"))
    await spend(ana, "2026-04-20 08:00", 18_000)
    await pass_time(ana, "2026-05-13 00:00")
    found = await case_of(ana)
    assert found is not None
    assert found.status == "dismissed"  # one more window alone is no new case


async def test_r11_4_accept_an_owners_reply_lands_on_the_case_and_an_appeal_may_be_heard(
    ana: Subscriber, databases: Databases
) -> None:
    server = await make_tenant(databases, "server")
    async with databases.engine.transaction() as tx:
        await accounts_store.insert_operator(tx, server.account_id, server.owner.id, at("2026-02-10 09:00"))
    case = await opened(ana)
    engine = ana.databases.engine
    with pytest.raises(Conflict, match="no case"):
        await fair_use_service.reply(engine, case.account_id, "ana@example.com", "Why?", BASE, at("2026-04-20 12:00"))
    await fair_use_service.approve(
        engine, ana.rails, case.account_id, case.id, "eve@example.com", "Far above.", at("2026-05-01 12:00")
    )

    await fair_use_service.reply(
        engine, case.account_id, "ana@example.com", "We moved to push.", BASE, at("2026-05-03 12:00")
    )
    await fair_use_service.withdraw(
        engine, ana.rails, case.account_id, case.id, "eve@example.com", "Granted.", at("2026-05-04 12:00")
    )
    await pass_time(ana, "2026-06-12 00:00")

    assert [it.action for it in await notes_of(ana, case)] == ["opened", "approved", "reply", "withdrawn"]
    async with engine.transaction() as tx:
        mails = await tx.values(
            "select text_body from mails where to_address = %(to)s and purpose = 'fair-use-case' order by id",
            to=server.owner.username,
        )
    assert len(mails) == 2  # the case, the answer
    assert all(fair_use_store.number_of(case.id) in text for text in mails)
    assert "We moved to push." in mails[1]
    assert not (await ana.billing()).subscription.usage_billed


async def test_r11_3_unlimited_use_comes_back_after_two_normal_windows(ana: Subscriber) -> None:
    case = await opened(ana)
    await fair_use_service.approve(
        ana.databases.engine,
        ana.rails,
        case.account_id,
        case.id,
        "eve@example.com",
        "Far above.",
        at("2026-05-01 12:00"),
    )
    await pass_time(ana, "2026-06-10 00:00")
    for local in ("2026-06-20 08:00", "2026-07-20 08:00"):
        await spend(ana, local, 100)

    await pass_time(ana, "2026-08-12 06:00")
    returned = await case_of(ana)
    assert returned is not None
    assert returned.status == "returned"
    await pass_time(ana, "2026-09-10 00:00")
    assert not (await ana.billing()).subscription.usage_billed
