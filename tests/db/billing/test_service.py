"""Commands on a real database, cards on the wire fake: once by key, by one owner at a time, money first."""

import asyncio
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from tests.support.billing_accounts import Subscriber, advance, at, make_rails, make_standard, make_subscriber
from tests.support.makers import make_tenant
from tests.support.stripe_fake import StripeFake

from tocsin.billing import service, store
from tocsin.billing.account import Change
from tocsin.billing.commands import AddNumber, Cancel, ChangeBuyer, Order, RecordPayment
from tocsin.billing.keeping import Rails
from tocsin.billing.model import DocumentStatus
from tocsin.db import Databases
from tocsin.errors import Conflict
from tocsin.licensing.model import Interval, Standing, Target

D = "2026-03-24 10:00"


async def test_an_order_is_paid_before_it_holds(databases: Databases, rails: Rails, fake: StripeFake) -> None:
    ana = await make_standard(databases, rails, fake)

    result = await ana.do(D, Order(Target("enterprise")))

    assert result.status == "done"
    first, second = await ana.documents()
    assert (first.net_minor, second.net_minor) == (23_000, 6_581 - 6_581 + 19_194 - 12_613)
    assert second.status is DocumentStatus.PAID
    assert (await ana.billing()).subscription.plan == "enterprise"


async def test_what_is_loaded_is_what_was_saved(databases: Databases, rails: Rails, fake: StripeFake) -> None:
    ana = await make_standard(databases, rails, fake)
    await ana.do(D, AddNumber(uuid4(), "+48220000001"))
    await ana.do(D, AddNumber(uuid4(), "+48220000002"))
    await ana.do(D, Order(Target("essentials", None, 8)))

    billing = await ana.billing()

    assert billing.subscription.scheduled == Target("essentials", None, 8)
    assert [debit.amount_minor for debit in billing.debits] == [23_000, 548]
    assert len(billing.numbers) == 2
    assert billing.terms[-1].plan == "standard"
    outcome = await service.preview(ana.tenant.app, rails, ana.tenant.account_id, Order(Target("enterprise")), at(D))
    assert [line.amount_minor for line in outcome.documents[0].lines] == [-12_613, 19_194]


async def test_r4_4_accept_a_declined_card_leaves_everything_as_it_was(
    databases: Databases, rails: Rails, fake: StripeFake
) -> None:
    ana = await make_standard(databases, rails, fake)
    before = await ana.billing()
    await ana.add_card(fake, D, "pm_card_chargeCustomerFail")

    result = await ana.do(D, Order(Target("standard", Interval.YEAR, 10)))

    assert result.status == "declined"
    assert result.message
    after = await ana.billing()
    assert after.subscription.interval is Interval.MONTH
    assert after.debits == before.debits
    assert len(await ana.documents()) == 1


async def test_m9_a_retry_with_the_same_key_gets_the_first_result(
    databases: Databases, rails: Rails, fake: StripeFake
) -> None:
    ana = await make_standard(databases, rails, fake)

    first = await ana.do(D, Order(Target(seats=13)), key="k1")
    again = await ana.do(D, Order(Target(seats=13)), key="k1")

    assert first == again
    assert len(await ana.documents()) == 2
    assert (await ana.billing()).subscription.seats == 13


async def test_two_owners_at_once_are_one_change_one_conflict_one_charge(
    databases: Databases, rails: Rails, fake: StripeFake
) -> None:
    ana = await make_standard(databases, rails, fake)
    version = (await ana.billing()).subscription.version

    results = await asyncio.gather(
        ana.do(D, Order(Target("standard", Interval.YEAR, 10)), version=version),
        ana.do(D, Order(Target("enterprise", None, 10)), version=version),
        return_exceptions=True,
    )

    assert sorted(type(result).__name__ for result in results) == ["Conflict", "Result"]
    assert len(await ana.documents()) == 2


async def test_a_command_from_an_old_view_is_refused(databases: Databases, rails: Rails, fake: StripeFake) -> None:
    ana = await make_standard(databases, rails, fake)
    version = (await ana.billing()).subscription.version
    await ana.do(D, Order(Target(seats=11)))

    with pytest.raises(Conflict, match="Somebody else has changed"):
        await ana.do(D, Order(Target(seats=12)), version=version)


async def test_a_renewal_is_charged_and_numbered(databases: Databases, rails: Rails, fake: StripeFake) -> None:
    ana = await make_standard(databases, rails, fake)

    await advance(ana, "2026-05-10 12:00")

    documents = await ana.documents()
    assert [document.net_minor for document in documents] == [23_000] * 3
    assert {document.status for document in documents} == {DocumentStatus.PAID}
    assert [document.dated_on.month for document in documents] == [3, 4, 5]


async def test_dunning_runs_on_the_database_as_in_the_pure_engine(
    databases: Databases, rails: Rails, fake: StripeFake
) -> None:
    ana = await make_standard(databases, rails, fake)
    await ana.add_card(fake, "2026-04-09 09:00", "pm_card_chargeCustomerFail")

    await advance(ana, "2026-04-10 12:00")
    assert (await ana.billing()).subscription.standing is Standing.PAST_DUE
    await advance(ana, "2026-04-24 12:00")
    assert (await ana.billing()).subscription.standing is Standing.RESTRICTED
    await advance(ana, "2026-05-08 12:00")

    billing = await ana.billing()
    assert billing.subscription.standing is Standing.FREE
    assert [document.gross_minor for document in await ana.documents()] == [23_000, 23_000, 1_533]
    assert sum(one.document.owed_minor for one in billing.unpaid) == 21_467
    assert "Your account is restricted" in await ana.mails()


async def test_r5_1_accept_a_good_card_pays_in_the_same_minute(
    databases: Databases, rails: Rails, fake: StripeFake
) -> None:
    ana = await make_standard(databases, rails, fake)
    await ana.add_card(fake, "2026-04-09 09:00", "pm_card_chargeCustomerFail")
    await advance(ana, "2026-04-20 11:00")

    await ana.add_card(fake, "2026-04-20 12:00", "pm_card_mastercard")

    billing = await ana.billing()
    assert billing.unpaid == ()
    assert billing.subscription.standing is Standing.ACTIVE
    assert str(billing.subscription.term_ends_on) == "2026-05-10"


async def test_a_trial_becomes_a_subscription_by_its_first_charge(
    databases: Databases, rails: Rails, fake: StripeFake
) -> None:
    ana = await make_subscriber(databases, rails, "2026-03-03 15:40")
    await ana.add_card(fake, "2026-03-08 11:00")
    await ana.do("2026-03-08 12:00", Order(Target("standard", Interval.MONTH, 10)))

    await advance(ana, "2026-03-18 09:30")

    [invoice] = await ana.documents()
    assert (invoice.net_minor, str(invoice.dated_on)) == (23_000, "2026-03-18")
    assert "Your trial ends on 18 March 2026" in await ana.mails()


async def test_r3_4_a_trial_without_a_plan_is_free_at_its_end(databases: Databases) -> None:
    ana = await make_subscriber(databases, make_rails(), "2026-03-03 15:40")

    await advance(ana, "2026-03-18 00:00")

    assert (await ana.billing()).subscription.standing is Standing.FREE


async def test_an_invoice_that_is_final_cannot_be_changed_or_deleted(
    databases: Databases, rails: Rails, fake: StripeFake
) -> None:
    import psycopg

    ana = await make_standard(databases, rails, fake)
    for sql in ("update documents set net_minor = 1", "delete from documents"):
        with pytest.raises(psycopg.errors.RaiseException, match="final"):
            async with databases.engine.transaction() as tx:
                await tx.execute(f"{sql} where account_id = %(account_id)s", account_id=ana.tenant.account_id)


async def test_r7_2_accept_an_address_holds_for_invoices_after_it(
    databases: Databases, rails: Rails, fake: StripeFake
) -> None:
    ana = await make_standard(databases, rails, fake)
    buyer = (await ana.billing()).buyer

    await ana.do(D, ChangeBuyer(replace(buyer, name="Acme International")))
    await ana.do(D, Order(Target(seats=11)))

    assert [document.buyer.name for document in await ana.documents()] == ["Acme Corp.", "Acme International"]


async def test_r7_2_accept_a_german_company_with_a_valid_vat_id_is_charged_no_vat(
    databases: Databases, rails: Rails, fake: StripeFake
) -> None:
    ana = await make_standard(databases, rails, fake)
    here = (await ana.billing()).buyer

    await ana.do(D, ChangeBuyer(replace(here, country="DE", vat_id="136 695 976")))
    await ana.do(D, Order(Target(seats=11)))
    await ana.do(D, ChangeBuyer(replace(here, country="DE", vat_id="DE136695977")))
    await ana.do(D, Order(Target(seats=12)))

    valid, invalid = (await ana.documents())[1:]
    assert valid.buyer.vat_id == "DE136695976"
    assert (valid.notes, valid.tax_minor, valid.gross_minor) == (("reverse_charge",), 0, valid.net_minor)
    assert {line.tax_category for line in valid.lines} == {"AE"}
    assert (invalid.notes, invalid.tax_minor > 0) == ((), True)


async def test_nobody_sees_another_account(databases: Databases, rails: Rails, fake: StripeFake) -> None:
    ana = await make_standard(databases, rails, fake)
    eve = await make_tenant(databases)

    assert await service.documents(eve.app, ana.tenant.account_id) == []
    assert await service.find(eve.app, ana.tenant.account_id) is None


async def test_cancel_and_a_payment_of_an_unknown_invoice(databases: Databases, rails: Rails, fake: StripeFake) -> None:
    from tocsin.billing.account import PaymentMethod
    from tocsin.errors import NotFound

    ana = await make_standard(databases, rails, fake)
    await ana.do(D, Cancel())
    assert (await ana.billing()).subscription.standing is Standing.CANCELING
    with pytest.raises(NotFound):
        await ana.do(D, RecordPayment(UUID(int=1), 100, PaymentMethod.TRANSFER))


async def test_r7_1_accept_a_thousand_finalisations_at_once_leave_no_gap(databases: Databases) -> None:
    rails = make_rails()
    anas = [await make_subscriber(databases, rails) for _ in range(20)]
    async with databases.engine.transaction() as tx:
        before = await tx.value(
            "select coalesce(max(last), 0) from document_series where kind = 'invoice' and year = 2031"
        )

    some = asyncio.Semaphore(40)

    async def finalise(ana: Subscriber, number: int) -> None:
        async with some:
            await finalise_one(ana, number)

    async def finalise_one(ana: Subscriber, number: int) -> None:
        from tocsin.billing import books
        from tocsin.billing.account import Outcome
        from tocsin.billing.decision import Decision
        from tocsin.billing.invoicing import invoice_now
        from tocsin.billing.keeping import context
        from tocsin.billing.model import Line, LineKind

        async with ana.tenant.app.transaction() as tx:
            published = await books.load(tx)
            billing, _ = await store.lock(tx, ana.tenant.account_id)
            decision = Decision(billing, at("2031-05-05 10:00"), context(published, {}))
            invoice_now(decision, [Line(LineKind.MESSAGES, "other", 1, 100 + number)])
            outcome: Outcome = decision.outcome()
            await store.save(tx, [Change(billing, outcome)], published.numbering(decision.at), decision.at)
            if number % 10 == 0:
                raise RuntimeError("undone")

    results = await asyncio.gather(
        *(finalise(anas[number % 20], number) for number in range(1_100)), return_exceptions=True
    )
    assert sum(isinstance(result, RuntimeError) for result in results) == 110
    assert [
        result for result in results if isinstance(result, Exception) and not isinstance(result, RuntimeError)
    ] == []
    async with databases.engine.transaction() as tx:
        numbers = await tx.values(
            "select series_number from documents where series_year = 2031 and kind = 'invoice' order by series_number"
        )
    assert numbers == list(range(before + 1, before + 991))
