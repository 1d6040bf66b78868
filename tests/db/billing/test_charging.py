"""Charges whose end is not known at once: lost answers, banks that ask, holders who do not come back."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.support.billing_accounts import Subscriber, advance, at, make_standard
from tests.support.billing_histories import AMERICAN
from tests.support.stripe_fake import StripeFake

from tocsin.billing import charging
from tocsin.billing.account import PaymentMethod
from tocsin.billing.commands import ChangeBuyer, CorrectBuyer, Order, RecordPayment
from tocsin.billing.keeping import Rails
from tocsin.billing.model import DocumentStatus
from tocsin.db import Databases
from tocsin.errors import Conflict
from tocsin.licensing.model import Interval, Standing, Target

D = "2026-03-24 10:00"
ANNUAL = Order(Target("standard", Interval.YEAR, 10))
LEASE = timedelta(minutes=1)


async def look(ana: Subscriber, local: str) -> None:
    """What a worker does."""
    await charging.charge_due(ana.databases.engine, ana.rails, at(local), lease=LEASE)


async def test_m9_an_answer_that_was_lost_is_found_out_by_its_key(
    databases: Databases, rails: Rails, fake: StripeFake
) -> None:
    ana = await make_standard(databases, rails, fake)
    for _ in range(4):
        fake.fail_next("cut")

    result = await ana.do(D, ANNUAL)

    assert result.status == "pending"
    with pytest.raises(Conflict, match="payment"):
        await ana.do(D, Order(Target(seats=20)))
    await look(ana, "2026-03-24 10:10")
    assert len(fake.charged()) == 2
    assert fake.charged()[-1] == 215_387
    assert (await ana.billing()).subscription.interval is Interval.YEAR
    assert [document.gross_minor for document in await ana.documents()] == [23_000, 215_387]


async def test_a_charge_that_was_never_made_is_made_later_once(
    databases: Databases, rails: Rails, fake: StripeFake
) -> None:
    ana = await make_standard(databases, rails, fake)
    for _ in range(2):
        fake.fail_next("cut_undone")
    assert (await ana.do(D, ANNUAL, key="k")).status == "pending"

    for minute in (10, 20, 30):
        await look(ana, f"2026-03-24 10:{minute}")

    assert fake.charged()[1:] == [215_387]
    assert (await ana.do("2026-03-24 11:00", ANNUAL, key="k")).status == "done"


async def test_an_order_waits_for_the_holder_and_holds_when_he_is_back(
    databases: Databases, rails: Rails, fake: StripeFake
) -> None:
    ana = await make_standard(databases, rails, fake)
    await ana.add_card(fake, D, "pm_card_authenticationRequired")

    result = await ana.do(D, ANNUAL)
    assert result.status == "action_required"
    await fake.authenticate(result.url)
    back = await charging.look_again(ana.tenant.app, rails, ana.tenant.account_id, at("2026-03-24 10:05"))

    assert back.status == "done"
    assert (await ana.billing()).subscription.interval is Interval.YEAR


async def test_an_order_whose_holder_does_not_come_back_is_given_up(
    databases: Databases, rails: Rails, fake: StripeFake
) -> None:
    ana = await make_standard(databases, rails, fake)
    await ana.add_card(fake, D, "pm_card_authenticationRequired")
    result = await ana.do(D, ANNUAL, key="k")
    assert result.status == "action_required"

    await look(ana, "2026-03-24 12:00")

    assert (await ana.do("2026-03-24 12:01", ANNUAL, key="k")).status == "declined"
    assert (await ana.billing()).subscription.interval is Interval.MONTH
    await ana.add_card(fake, "2026-03-24 12:02")
    assert (await ana.do("2026-03-24 12:03", ANNUAL)).status == "done"


async def test_r4_1_accept_an_open_invoice_is_paid_after_the_link(
    databases: Databases, rails: Rails, fake: StripeFake
) -> None:
    ana = await make_standard(databases, rails, fake)
    await ana.add_card(fake, "2026-04-09 10:00", "pm_card_authenticationRequired")
    await advance(ana, "2026-04-10 09:00")
    [unpaid] = (await ana.billing()).unpaid
    assert unpaid.document.status is DocumentStatus.ACTION_REQUIRED
    now, account_id = at("2026-04-10 12:00"), ana.tenant.account_id

    asked = await charging.authenticate(
        ana.tenant.app, rails, account_id, unpaid.document.id, "https://tocsin.example/", now
    )
    await fake.authenticate(asked.url)
    await charging.look_again(ana.tenant.app, rails, account_id, now)

    billing = await ana.billing()
    assert billing.unpaid == ()
    assert billing.subscription.standing is Standing.ACTIVE


@pytest.mark.parametrize("brand", ["visa", "mastercard", "discover", "amex"])
async def test_r4_1_accept_each_of_the_four_brands_pays(
    databases: Databases, rails: Rails, fake: StripeFake, brand: str
) -> None:
    ana = await make_standard(databases, rails, fake, f"pm_card_{brand}")

    [invoice] = await ana.documents()

    assert (invoice.gross_minor, invoice.status) == (23_000, DocumentStatus.PAID)


async def test_what_a_holder_confirms_late_is_for_the_invoice_in_its_place(
    databases: Databases, rails: Rails, fake: StripeFake
) -> None:
    """The buyer was corrected between: of 230.00 the transfer paid 100.00, which is a balance in the end."""
    ana = await make_standard(databases, rails, fake)
    await ana.add_card(fake, "2026-04-09 10:00", "pm_card_authenticationRequired")
    await advance(ana, "2026-04-10 09:00")
    [unpaid] = (await ana.billing()).unpaid
    await ana.do("2026-04-10 10:00", RecordPayment(unpaid.document.id, 10_000, PaymentMethod.TRANSFER))
    await ana.do("2026-04-10 10:01", ChangeBuyer(replace(AMERICAN, city="Oakland")))
    await ana.do("2026-04-10 10:02", CorrectBuyer(unpaid.document.id))
    assert [it.document.owed_minor for it in (await ana.billing()).unpaid] == [13_000]
    now, account_id = at("2026-04-10 12:00"), ana.tenant.account_id

    asked = await charging.authenticate(
        ana.tenant.app, rails, account_id, unpaid.document.id, "https://tocsin.example/", now
    )
    await fake.authenticate(asked.url)
    await charging.look_again(ana.tenant.app, rails, account_id, now)

    billing = await ana.billing()
    assert (billing.unpaid, billing.subscription.balance_minor) == ((), 10_000)
