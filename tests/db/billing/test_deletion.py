"""What is left of an account that is deleted: its invoices, and nothing else. Source: R13.3-R13.5"""

from uuid import uuid4

from tests.support.billing_accounts import Subscriber, advance, at, make_standard
from tests.support.makers import START, make_tenant
from tests.support.stripe_fake import StripeFake

from tocsin.accounts import store as accounts_store
from tocsin.billing import metered
from tocsin.billing.commands import AddNumber
from tocsin.billing.keeping import Rails
from tocsin.db import Databases
from tocsin.deletion import service
from tocsin.licensing.usage import UsageKind, make_record

ASKED, GONE = "2026-04-15 12:00", "2026-04-17 12:00"


async def leg(ana: Subscriber, name: str, minutes: int, number: str) -> None:
    when = at("2026-04-12 09:00")
    seconds = minutes * 60
    made = make_record(ana.tenant.account_id, name, UsageKind.CALL_LEG, when, when, number, seconds=seconds)
    async with ana.databases.engine.transaction() as tx:
        await metered.record(tx, ana.tenant.account_id, [made], "")


async def test_r13_5_accept_everything_is_gone_within_two_days_but_what_is_owed_and_archived(
    databases: Databases, rails: Rails, fake: StripeFake
) -> None:
    operators = await make_tenant(databases, "operators")
    async with databases.engine.transaction() as tx:
        await accounts_store.insert_operator(tx, operators.account_id, operators.owner.id, START)
    rails = Rails(metered.RecordedUsage(), rails.teller, rails.gateway, rails.base_url)
    ana = await make_standard(databases, rails, fake)
    account_id = ana.tenant.account_id
    await ana.do("2026-03-10 10:30", AddNumber(uuid4(), "+48220000001"))
    await ana.add_card(fake, "2026-04-01 09:00", "pm_card_chargeCustomerFail")
    await advance(ana, "2026-04-12 08:00")  # the renewal of 10 April is declined: 230.00 stay open
    for number in range(13):
        await leg(ana, f"us{number}", 25, "+12125550123")
    await leg(ana, "pl", 15, "+48123456789")
    await advance(ana, "2026-04-15 11:00")
    before = {it.id for it in await ana.documents()}
    async with databases.engine.transaction() as tx:
        account = await accounts_store.get_account(tx, account_id)

    await service.request(databases.engine, rails, account, ana.tenant.owner, "https://tocsin.example", at(ASKED))
    final = [it for it in await ana.documents() if it.id not in before]
    owed = sum(it.owed_minor for it in await ana.documents())
    numbers = {it.number for it in await ana.documents()}
    while await service.advance_due(databases.engine, at(GONE), rails.gateway):
        pass

    assert [it.gross_minor for it in final] == [2_775]
    assert owed == 25_775
    async with databases.engine.transaction() as tx:
        assert await tx.value("select count(*) from accounts where id = %(id)s", id=account_id) == 0
        kept = await tx.values("select number from fiscal_archive where account_id = %(id)s", id=account_id)
        left = await tx.value("select count(*) from mails where to_address = %(to)s and purpose <> 'deletion-proof'",
                              to=ana.tenant.owner.username)  # fmt: skip
        assert await tx.value("select count(*) from usage_records where account_id = %(id)s", id=account_id) == 0
    assert {*kept} == numbers
    assert left == 0
