"""Usage that comes long after its window, and a card that is about to expire."""

from dataclasses import replace
from datetime import timedelta

from tests.support.billing_accounts import advance, at, make_standard, make_subscriber
from tests.support.stripe_fake import StripeFake

from tocsin.billing import metered
from tocsin.billing.commands import ChangeBuyer, Order
from tocsin.billing.keeping import Rails
from tocsin.billing.model import LineKind
from tocsin.db import Databases
from tocsin.licensing.model import Interval, Target
from tocsin.licensing.usage import UsageKind, make_record


async def test_s06_late_usage_is_billed_though_its_plan_is_left(
    databases: Databases, rails: Rails, fake: StripeFake
) -> None:
    rails = Rails(metered.RecordedUsage(), rails.teller, rails.gateway, rails.base_url)
    ana = await make_subscriber(databases, rails)
    await ana.add_card(fake, "2026-03-10 09:30")
    await ana.do("2026-03-10 10:00", Order(Target("essentials", Interval.MONTH, 1), start_today=True))
    first = at("2026-04-05 08:00")

    async def keep(count: int, name: str, received: str | None) -> None:
        records = [
            make_record(
                ana.tenant.account_id,
                f"{name}{n}",
                UsageKind.SMS,
                first + timedelta(seconds=n),
                at(received) if received else first + timedelta(seconds=n),
                "+12125550123",
            )
            for n in range(count)
        ]
        async with databases.engine.transaction() as tx:
            await metered.record(tx, ana.tenant.account_id, records, rails.base_url)

    await keep(100, "in-time", None)
    await advance(ana, "2026-04-14 00:00")
    await ana.do("2026-04-14 10:00", Order(Target("standard")))
    await advance(ana, "2026-05-20 00:00")
    await keep(60, "late", "2026-05-20 12:00")

    await advance(ana, "2026-06-11 23:00")
    before = await ana.documents()
    await advance(ana, "2026-06-12 00:00")

    [invoice] = [one for one in await ana.documents() if one not in before]
    assert [(line.kind, line.amount_minor) for line in invoice.lines] == [
        (LineKind.SEATS, 2_300),
        (LineKind.LATE_MESSAGES, 600),
    ]


async def test_r4_1_owners_hear_30_and_7_days_before_a_card_expires(
    databases: Databases, rails: Rails, fake: StripeFake
) -> None:
    ana = await make_standard(databases, rails, fake)
    billing = await ana.billing()
    last, first = billing.card_notices[-1], billing.card_notices[0]
    assert (last - first).days == 23
    async with databases.engine.transaction() as tx:
        await tx.execute(
            "update cards set exp_month = 5, exp_year = 2026 where account_id = %(account_id)s",
            account_id=ana.tenant.account_id,
        )
    buyer = replace(billing.buyer, reference="again")

    await ana.do("2026-04-01 10:00", ChangeBuyer(buyer))  # anything that looks at what is due next
    for day, told in (("2026-05-02 08:00", 0), ("2026-05-02 09:00", 1), ("2026-05-25 09:00", 2), ("2026-06-20", 2)):
        await advance(ana, day)
        assert (await ana.mails()).count("Your card expires") == told
