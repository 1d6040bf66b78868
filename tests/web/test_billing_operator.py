"""The operator's billing pages: payments, orders on an invoice, trials, grants."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from tests.support.billing_accounts import make_rails
from tests.support.billing_histories import AMERICAN
from tests.support.books import REQUIREMENTS, sell_by
from tests.support.browsing import Answer, Browsing, give_password
from tests.support.mailbox import mails
from tests.support.makers import START, Tenant, make_tenant
from tests.web.test_page_isolation import pages_of

from tocsin import i18n
from tocsin.accounts import audit_store
from tocsin.accounts import store as accounts_store
from tocsin.app import PAGE_ROUTERS
from tocsin.billing import due, letters, operator_store, rendering, service
from tocsin.billing.account import AccountBilling
from tocsin.billing.commands import ChangeBuyer, Order
from tocsin.billing.model import Buyer
from tocsin.billing.service import Asked
from tocsin.db import Databases
from tocsin.errors import Conflict
from tocsin.licensing import terms_store
from tocsin.licensing.model import Target, Term

HERE = "/operator/billing"


@pytest.fixture
async def trial(databases: Databases, tenant: Tenant) -> Tenant:
    """An account on trial, which a seller of the requirements' price book has."""
    async with databases.engine.transaction() as tx:
        await sell_by(tx, REQUIREMENTS, START)
        await service.start_trial(tx, tenant.account_id, "Europe/Warsaw", "USD", START, AMERICAN)
    return tenant


@pytest.fixture
async def operator(browser: Browsing, databases: Databases) -> AsyncIterator[Browsing]:
    server = await make_tenant(databases, "server")
    async with databases.engine.transaction() as tx:
        await accounts_store.insert_operator(tx, server.account_id, server.owner.id, START)
    await browser.sign_in(await give_password(databases, server.owner))
    yield browser
    async with databases.engine.transaction() as tx:
        await tx.execute("delete from operators where account_id = %(id)s", id=server.account_id)


async def billing_of(tenant: Tenant) -> AccountBilling:
    found = await service.find(tenant.app, tenant.account_id)
    assert found is not None
    return found


async def free_and_ordered(operator: Browsing, databases: Databases, trial: Tenant) -> str:
    """The account ordered Standard ×10 on an invoice, which is open; its id."""
    at = f"{HERE}/{trial.account_id}"
    await operator.post(f"{at}/grant", key=str(uuid4()))
    await operator.post(f"{at}/end-grant", key=str(uuid4()))
    await operator.post(f"{at}/offline", key=str(uuid4()), plan="standard", users="10", po_number="PO-7")
    [unpaid] = (await billing_of(trial)).unpaid
    return str(unpaid.document.id)


async def pay(operator: Browsing, trial: Tenant, invoice: str, amount: str, **changes: str) -> Answer:
    form = {"document": invoice, "amount": amount, "method": "transfer", "reference": "R-1", "key": str(uuid4())}
    return await operator.post(f"{HERE}/{trial.account_id}/payment", **(form | changes))


async def test_accounts_are_found_by_a_part_of_their_name(
    operator: Browsing, databases: Databases, trial: Tenant
) -> None:
    await make_tenant(databases, "Gadgets of Gdynia")

    found, nothing = await operator.get(f"{HERE}?q=of+gdy"), await operator.get(f"{HERE}?q=nobody-at-all")

    assert "Gadgets of Gdynia" in found
    assert f'href="{HERE}/{trial.account_id}"' not in found.text
    assert f'href="{HERE}/{trial.account_id}"' in (await operator.get(f"{HERE}?q={trial.account_id}")).text
    assert "No account matches" in nothing


async def test_r4_2_an_order_on_an_invoice_holds_and_its_invoice_waits_for_money(
    operator: Browsing, databases: Databases, trial: Tenant
) -> None:
    invoice = await free_and_ordered(operator, databases, trial)

    billing, listed = await billing_of(trial), await operator.get(HERE)

    subscription = billing.subscription
    assert (subscription.standing, subscription.plan, subscription.seats) == ("active", "standard", 10)
    assert (subscription.collection, subscription.po_number) == ("invoice", "PO-7")
    [unpaid] = billing.unpaid
    assert str(unpaid.document.id) == invoice
    assert unpaid.document.number is not None
    assert unpaid.document.number in listed
    assert "PO-7" in listed


async def test_r4_2_a_transfer_pays_the_invoice_and_what_is_too_much_is_the_buyer_s(
    operator: Browsing, databases: Databases, trial: Tenant
) -> None:
    invoice = await free_and_ordered(operator, databases, trial)
    owed = (await billing_of(trial)).unpaid[0].document.owed_minor

    done = await pay(operator, trial, invoice, f"{(owed + 500) / 100:.2f}")

    assert "The payment is recorded." in done
    billing = await billing_of(trial)
    assert (billing.unpaid, billing.subscription.balance_minor) == ((), 500)


async def test_s37_a_cheque_that_bounces_is_taken_back_once(
    operator: Browsing, databases: Databases, trial: Tenant
) -> None:
    invoice = await free_and_ordered(operator, databases, trial)
    owed = (await billing_of(trial)).unpaid[0].document.owed_minor
    page = await pay(operator, trial, invoice, f"{(owed + 500) / 100:.2f}", method="cheque")
    payment = page.find(r'name="payment" value="([0-9a-f-]{36})"')

    first = await operator.post(f"{HERE}/{trial.account_id}/reverse", payment=payment)
    again = await operator.post(f"{HERE}/{trial.account_id}/reverse", payment=payment)

    assert "the invoice is owed again" in first
    assert 'name="payment"' not in again.text
    billing = await billing_of(trial)
    assert [one.document.owed_minor for one in billing.unpaid] == [owed]
    assert billing.subscription.balance_minor == 0


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({"amount": "much"}, "An amount looks like 25 or 25.50."),
        ({"amount": ""}, "Say how much came, and how."),
        ({"amount": "0"}, "A payment is more than 0."),
        ({"method": "barter"}, "Say how much came, and how."),
        ({"document": str(uuid4())}, "Choose an invoice that is open."),
        ({"document": "nonsense"}, "This form is too old."),
    ],
)
async def test_a_payment_that_cannot_be_is_refused(
    operator: Browsing, databases: Databases, trial: Tenant, changes: dict[str, str], because: str
) -> None:
    invoice = await free_and_ordered(operator, databases, trial)
    before = await billing_of(trial)

    refused = await pay(operator, trial, invoice, **({"amount": "10"} | changes))

    assert because in refused
    assert await billing_of(trial) == before


async def test_the_day_on_which_an_invoice_is_due_is_the_accounts_wherever_the_operator_is(
    operator: Browsing, databases: Databases, trial: Tenant
) -> None:
    await free_and_ordered(operator, databases, trial)
    [unpaid] = (await billing_of(trial)).unpaid

    pages = [await operator.get(HERE), await operator.get(f"{HERE}/{trial.account_id}")]

    assert unpaid.document.due_at is not None
    assert unpaid.document.due_at.date() < unpaid.due_on  # midnight in Warsaw is the evening before in UTC
    assert all(i18n.date_in_full("en", unpaid.due_on) in page for page in pages)


async def test_r2_1_a_trial_is_extended_and_never_shortened(operator: Browsing, trial: Tenant) -> None:
    at = f"{HERE}/{trial.account_id}/extend"
    ends_at = (await billing_of(trial)).subscription.trial_ends_at
    assert ends_at is not None
    later, earlier = (ends_at + timedelta(days=8)).date(), (ends_at - timedelta(days=3)).date()

    extended = await operator.post(at, key=str(uuid4()), ends_on=later.isoformat())
    shortened = await operator.post(at, key=str(uuid4()), ends_on=earlier.isoformat())
    nonsense = await operator.post(at, key=str(uuid4()), ends_on="soon")

    assert "The trial lasts until then." in extended
    assert "can be extended, not shortened" in shortened
    assert "Choose the day" in nonsense
    now = (await billing_of(trial)).subscription.trial_ends_at
    assert now is not None
    assert now > ends_at + timedelta(days=6)


async def test_r2_1_support_grants_an_account_on_free_another_trial(operator: Browsing, trial: Tenant) -> None:
    at = f"{HERE}/{trial.account_id}"
    await operator.post(f"{at}/grant", key=str(uuid4()))
    await operator.post(f"{at}/end-grant", key=str(uuid4()))
    page = await operator.get(at)

    past = await operator.post(f"{at}/extend", key=str(uuid4()), ends_on=START.date().isoformat())
    granted = await operator.post(
        f"{at}/extend", key=str(uuid4()), ends_on=(START + timedelta(days=10)).date().isoformat()
    )

    assert "Grant another trial" in page
    assert "A trial ends after today" in past
    assert "The trial lasts until then." in granted
    now = (await billing_of(trial)).subscription
    assert (now.standing, now.plan) == ("trialing", "enterprise")
    [*_, term] = await terms_of(trial)
    assert term.standing == "trialing"


async def terms_of(tenant: Tenant) -> list[Term]:
    async with tenant.app.transaction() as tx:
        return await terms_store.list_terms(tx, tenant.account_id)


async def test_everything_is_granted_and_taken_back_and_the_owner_reads_it(operator: Browsing, trial: Tenant) -> None:
    at = f"{HERE}/{trial.account_id}"

    granted = await operator.post(f"{at}/grant", key=str(uuid4()))
    standing = (await billing_of(trial)).subscription.standing
    ended = await operator.post(f"{at}/end-grant", key=str(uuid4()))
    twice = await operator.post(f"{at}/end-grant", key=str(uuid4()))

    assert "has everything from now on" in granted
    assert standing == "granted"
    assert "The account is on Free now." in ended
    assert "was not granted everything" in twice
    assert (await billing_of(trial)).subscription.standing == "free"
    async with trial.app.transaction() as tx:
        actions = [entry.action for entry in await audit_store.list_entries(tx, trial.account_id, 10)]
    assert actions == ["operator: end-grant", "operator: grant"]


async def test_an_account_without_a_subscription_is_shown_as_never_billed(
    operator: Browsing, databases: Databases
) -> None:
    other = await make_tenant(databases)

    assert "Never billed" in await operator.get(f"{HERE}/{other.account_id}")
    assert (await operator.send("POST", f"{HERE}/{other.account_id}/nonsense", key="k")).status == 404
    assert (await operator.get(f"{HERE}/nonsense")).status == 404


async def test_to_an_owner_the_pages_do_not_exist(browser: Browsing, databases: Databases, trial: Tenant) -> None:
    await browser.sign_in(await give_password(databases, trial.owner))

    for path in (HERE, f"{HERE}/{trial.account_id}"):
        assert (await browser.get(path)).status == 404
    assert (await browser.send("POST", f"{HERE}/{trial.account_id}/grant", key="k")).status == 404
    assert (await billing_of(trial)).subscription.standing == "trialing"


def test_mails_lead_to_pages_that_there_are() -> None:
    known = {path for router in PAGE_ROUTERS for _, path in pages_of(router.routes)}

    assert {letters.SUBSCRIPTIONS, letters.BILLING, letters.INVOICES} <= known


async def test_payments_are_listed_newest_first(operator: Browsing, databases: Databases, trial: Tenant) -> None:
    invoice = await free_and_ordered(operator, databases, trial)
    await pay(operator, trial, invoice, "10")
    page = await pay(operator, trial, invoice, "20")

    async with databases.engine.transaction() as tx:
        payments = await operator_store.list_payments(tx, trial.account_id, 10)
    assert sorted(it.amount_minor for it in payments) == [1_000, 2_000]
    assert len(re.findall(r'name="payment"', page.text)) == 2


async def test_r4_2_a_payment_has_the_day_on_which_it_came(
    operator: Browsing, databases: Databases, trial: Tenant
) -> None:
    invoice = await free_and_ordered(operator, databases, trial)
    page = await operator.get(f"{HERE}/{trial.account_id}")
    assert f'name="paid_on" type="date" value="{START.date()}"' in page.text
    earlier, later = START.date() - timedelta(days=3), START.date() + timedelta(days=2)

    done = await pay(operator, trial, invoice, "10", paid_on=earlier.isoformat())
    refused = await pay(operator, trial, invoice, "10", paid_on=later.isoformat())
    nonsense = await pay(operator, trial, invoice, "10", paid_on="soon")

    async with databases.engine.transaction() as tx:
        [payment] = await operator_store.list_payments(tx, trial.account_id, 10)
    assert payment.paid_at.astimezone(ZoneInfo("Europe/Warsaw")).date() == earlier
    assert f'datetime="{payment.paid_at:%Y-%m-%d}' in done.text
    assert "today or before" in refused
    assert "Choose the day on which the money came." in nonsense


async def test_s4_an_invoice_owed_for_90_days_is_proposed_and_written_off_for_a_reason(
    operator: Browsing, databases: Databases, trial: Tenant
) -> None:
    invoice = await free_and_ordered(operator, databases, trial)
    number = (await billing_of(trial)).unpaid[0].document.number
    assert "Proposed for write-off" not in await operator.get(HERE)
    while await due.advance_due(databases.engine, make_rails(), START + timedelta(days=30 + 91)):
        pass
    listed = await operator.get(HERE)
    form = {"document": invoice, "key": listed.field("key")}

    silent = await operator.post(f"{HERE}/{trial.account_id}/write-off", **form, reason="")
    done = await operator.post(f"{HERE}/{trial.account_id}/write-off", **form, reason="insolvent since May")
    again = await operator.post(f"{HERE}/{trial.account_id}/write-off", **form, reason="insolvent since May")

    assert "Proposed for write-off" in listed
    assert f'action="{HERE}/{trial.account_id}/write-off"' in listed.text
    assert "Say why it is written off." in silent
    assert "It is written off" in done
    assert "insolvent since May" in done
    assert "Choose an invoice that is open." in again
    assert number is not None
    assert number not in await operator.get(HERE)
    assert (await billing_of(trial)).unpaid == ()
    document = await service.document(trial.app, trial.account_id, UUID(invoice))
    assert document.status == "written_off"
    async with trial.app.transaction() as tx:
        [entry] = await audit_store.list_entries(tx, trial.account_id, 1)
    assert (entry.action, (entry.after or {})["reason"]) == ("operator: write-off", "insolvent since May")


async def test_r4_2_an_order_with_a_ceiling_is_told_of_at_80_percent_and_never_exceeded(
    operator: Browsing, databases: Databases, trial: Tenant
) -> None:
    at = f"{HERE}/{trial.account_id}"
    for action in ("grant", "end-grant"):
        await operator.post(f"{at}/{action}", key=str(uuid4()))
    order = {"plan": "standard", "users": "25", "po_number": "4500-77"}

    refused = await operator.post(f"{at}/offline", key=str(uuid4()), ceiling="5699.99", **order)
    nonsense = await operator.post(f"{at}/offline", key=str(uuid4()), ceiling="a lot", **order)
    done = await operator.post(f"{at}/offline", key=str(uuid4()), ceiling="6000.00", **order)

    assert "covers less than the order comes to" in refused
    assert "An amount looks like 25 or 25.50." in nonsense
    assert "6,000.00" in done
    [told] = await mails(trial, "po-nearly-used")
    assert "5,700.00" in told.text_body
    assert "6,000.00" in told.text_body
    too_many = Asked(Order(Target(seats=27)), str(uuid4()))
    with pytest.raises(Conflict, match="does not cover so many seats"):
        await service.perform(trial.app, make_rails(), trial.account_id, too_many, START)


async def test_what_is_refused_is_said_in_the_operator_s_language(
    operator: Browsing, databases: Databases, trial: Tenant
) -> None:
    invoice = await free_and_ordered(operator, databases, trial)
    await operator.get(f"{HERE}/{trial.account_id}")
    await operator.post("/language", locale="pl", next="/profile")

    refused = await pay(operator, trial, invoice, "0")
    nowhere = await operator.post(f"{HERE}/{trial.account_id}/extend", key=str(uuid4()), ends_on="2026-05-01")

    assert "Płatność musi być większa niż 0." in refused
    assert "Konto nie jest w okresie próbnym." in nowhere


async def test_money_that_comes_after_a_write_off_is_recorded_and_nothing_is_owed_anew(
    operator: Browsing, databases: Databases, trial: Tenant
) -> None:
    invoice = await free_and_ordered(operator, databases, trial)
    owed = (await billing_of(trial)).unpaid[0].document.owed_minor
    form = {"document": invoice, "key": str(uuid4())}
    page = await operator.post(f"{HERE}/{trial.account_id}/write-off", **form, reason="insolvent")
    assert "written off</option>" in page.text

    part = await pay(operator, trial, invoice, "100", paid_on=START.date().isoformat())
    document = await service.document(trial.app, trial.account_id, UUID(invoice))
    assert "The payment is recorded." in part
    assert (document.status, document.owed_minor) == ("written_off", 0)
    rest = await pay(operator, trial, invoice, f"{(owed - 10_000 + 300) / 100:.2f}", reference="late transfer")
    more = await pay(operator, trial, invoice, "5")

    billing = await billing_of(trial)
    document = await service.document(trial.app, trial.account_id, UUID(invoice))
    assert "The payment is recorded." in rest
    assert "late transfer" in rest
    assert "Choose an invoice that is open." in more
    assert (document.status, document.paid_minor, billing.unpaid) == ("paid", document.gross_minor, ())
    assert billing.subscription.balance_minor == 300
    async with databases.engine.transaction() as tx:
        assert await operator_store.list_written_off(tx, trial.account_id, 10) == []
        sums = "select sum(amount_minor)::bigint from payments where account_id = %(account)s and document_id = %(id)s"
        assert await tx.value(sums, account=trial.account_id, id=document.id) == document.gross_minor
    async with trial.app.transaction() as tx:
        entries = await audit_store.list_entries(tx, trial.account_id, 2)
    assert [entry.action for entry in entries] == ["operator: payment"] * 2
    assert (entries[1].after or {})["paid_on"] == START.date().isoformat()
    assert [(entry.after or {})["written_off_minor"] for entry in entries] == [owed - 10_000, owed]
    assert (entries[0].after or {})["reference"] == "late transfer"


async def move(tenant: Tenant, buyer: Buyer) -> None:
    """The owners change the billing address."""
    asked = Asked(ChangeBuyer(buyer), str(uuid4()))
    await service.perform(tenant.app, make_rails(), tenant.account_id, asked, START)


async def test_r7_2_a_wrong_address_on_a_past_invoice_is_corrected_by_documents_that_name_each_other(
    operator: Browsing, databases: Databases, trial: Tenant
) -> None:
    invoice = await free_and_ordered(operator, databases, trial)
    at = f"{HERE}/{trial.account_id}"
    assert "Correct the buyer" not in await operator.get(at)
    await pay(operator, trial, invoice, "100")
    await move(trial, replace(AMERICAN, address=("2 Side Street",), emails=("new@acme.example",)))
    page = await operator.get(at)
    assert "1 Main Street" in page
    assert "2 Side Street" in page

    form = {"document": invoice, "key": page.field("key")}
    done = await operator.post(f"{at}/correct", **form)
    again = await operator.post(f"{at}/correct", document=invoice, key=str(uuid4()))

    assert "Both are mailed." in done
    assert "another invoice stands in the place of" in again
    assert "Correct the buyer" not in done
    documents = await service.documents(trial.app, trial.account_id)
    [note] = [it for it in documents if it.kind == "credit_note"]
    [new] = [it for it in documents if it.corrects]
    [old] = [it for it in documents if str(it.id) == invoice]
    assert (new.corrects_number, note.credits_number) == (old.number, old.number)
    assert (new.corrected_by_number, note.replaced_by_number, old.replaced_by_number) == (
        note.number, new.number, new.number,
    )  # fmt: skip
    assert (old.buyer.address, note.buyer.address, new.buyer.address) == (
        ("1 Main Street",), ("1 Main Street",), ("2 Side Street",),
    )  # fmt: skip
    [unpaid] = (await billing_of(trial)).unpaid
    assert (unpaid.document.id, new.paid_minor, old.owed_minor) == (new.id, 10_000, 0)
    async with trial.app.transaction() as tx:
        [entry] = await audit_store.list_entries(tx, trial.account_id, 1)
    assert entry.action == "operator: correct"
    assert set((entry.after or {})["documents"]) == {note.number, new.number}


async def test_r7_2_both_documents_are_printed_and_mailed_and_the_old_one_stays_as_it_was(
    operator: Browsing, databases: Databases, trial: Tenant
) -> None:
    invoice = await free_and_ordered(operator, databases, trial)
    before = await rendering.file(trial.app, trial.account_id, UUID(invoice), "pdf", START)
    await move(trial, replace(AMERICAN, name="Acme Holding Inc.", emails=("new@acme.example",)))
    await operator.post(f"{HERE}/{trial.account_id}/correct", document=invoice, key=str(uuid4()))
    old = await service.document(trial.app, trial.account_id, UUID(invoice))

    while await rendering.render_due(databases.engine, "https://tocsin.example", START, lease=timedelta(minutes=5)):
        pass

    numbers = {it.number: it for it in await service.documents(trial.app, trial.account_id)}
    xml = {
        number: (await rendering.file(trial.app, trial.account_id, it.id, "xml", START)).decode()
        for number, it in numbers.items()
    }
    assert await rendering.file(trial.app, trial.account_id, UUID(invoice), "pdf", START) == before
    for number, it in numbers.items():
        if it.id != old.id:
            assert f"<ram:IssuerAssignedID>{old.number}</ram:IssuerAssignedID>" in xml[number or ""]
    async with databases.engine.transaction() as tx:
        sent = await tx.dicts(
            "select to_address, subject from mails where account_id = %(account_id)s", account_id=trial.account_id
        )
    subjects = {(row["subject"], row["to_address"]) for row in sent}
    new = next(it for it in numbers.values() if it.corrects)
    note = next(it for it in numbers.values() if it.credits)
    assert (f"Credit note {note.number}", "bills@acme.example") in subjects
    assert (f"Invoice {new.number}", "new@acme.example") in subjects


async def test_s37_a_cheque_for_an_invoice_made_out_anew_bounces_for_the_one_in_its_place(
    operator: Browsing, databases: Databases, trial: Tenant
) -> None:
    invoice = await free_and_ordered(operator, databases, trial)
    owed = (await billing_of(trial)).unpaid[0].document.owed_minor
    page = await pay(operator, trial, invoice, f"{owed / 100:.2f}", method="cheque")
    payment = page.find(r'name="payment" value="([0-9a-f-]{36})"')
    await move(trial, replace(AMERICAN, city="Oakland"))
    await operator.post(f"{HERE}/{trial.account_id}/correct", document=invoice, key=str(uuid4()))
    assert (await billing_of(trial)).unpaid == ()

    await operator.post(f"{HERE}/{trial.account_id}/reverse", payment=payment)

    [unpaid] = (await billing_of(trial)).unpaid
    assert (str(unpaid.document.corrects), unpaid.document.owed_minor) == (invoice, owed)
