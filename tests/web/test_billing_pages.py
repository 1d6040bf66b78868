"""The owner's billing pages, as a person uses them: the money first, then the change."""

import io
import re
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from tests.support.alert_api import api_of
from tests.support.alerts import add_alert
from tests.support.billing_accounts import make_rails
from tests.support.browsing import Answer, Browsing, add_person, browsing, give_password
from tests.support.card_provider import gateway_to
from tests.support.makers import Tenant, add_key
from tests.support.paper import text_of
from tests.support.shop import on_trial
from tests.support.shop import shop as running_shop
from tests.support.stripe_fake import StripeFake, stripe_fake
from tests.support.vat_registry import vat_registry

from tocsin.accounts.audit import Actor
from tocsin.accounts.model import Role
from tocsin.billing import service
from tocsin.billing.cards import service as cards
from tocsin.billing.cards.on_file import CardOnFile
from tocsin.billing.commands import SetUsageBilling
from tocsin.clock import SetClock
from tocsin.db import Databases
from tocsin.escalations.team_defaults import create_team
from tocsin.licensing.model import Target
from tocsin.settings import Settings

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
HERE, INFORMATION = "/settings/subscriptions", "/settings/billing/information"
ADDRESS = {
    "name": "Acme GmbH", "street": "Unter den Linden 1", "postal_code": "10117", "city": "Berlin", "country": "DE",
    "vat_id": "DE136695976", "emails": "bills@acme.example\nana@acme.example", "reference": "cost centre 7",
    "locale": "en", "currency": "USD", "time_zone": "Europe/Warsaw", "key": "address",
}  # fmt: skip


@pytest.fixture
async def fake() -> AsyncIterator[StripeFake]:
    async with stripe_fake(lambda: NOW) as running:
        yield running


@pytest.fixture
def now() -> SetClock:
    return SetClock(NOW)


@pytest.fixture
async def shop(
    settings: Settings, database_url: str, databases: Databases, fake: StripeFake, now: SetClock
) -> AsyncIterator[str]:
    async with running_shop(settings, database_url, databases, fake, now) as url:
        yield url


@pytest.fixture
async def trial(databases: Databases, tenant: Tenant, now: SetClock) -> Tenant:
    """An account on trial since this morning."""
    return await on_trial(databases, tenant, now)


@pytest.fixture
async def ana(shop: str, databases: Databases, trial: Tenant) -> AsyncIterator[Browsing]:
    """Its owner, signed in."""
    async with browsing(shop) as opened:
        await opened.sign_in(await give_password(databases, trial.owner))
        yield opened


async def with_card(
    databases: Databases, trial: Tenant, fake: StripeFake, ana: Browsing, token: str = "pm_card_visa"
) -> None:
    """A card is typed into the provider's fields, and the browser comes back."""
    gateway = gateway_to(fake.url)
    try:
        setup = await cards.start_setup(trial.app, gateway, trial.account_id, "Acme", "a@example.com")
        confirmed = fake.store.confirm_setup(setup.ref, {"payment_method": token, "return_url": "https://x.example/"})
        if action := confirmed.get("next_action"):
            await fake.authenticate(action["redirect_to_url"]["url"])
        card = await cards.finish_setup(trial.app, gateway, Actor(trial.account_id, "ana", NOW), setup.ref)
        assert isinstance(card, CardOnFile)
        await ana.get(f"{INFORMATION}/card/added?setup_intent={setup.ref}")
    finally:
        await gateway.close()


def hidden(page: Answer) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))


def selected(page: str) -> str:
    """The plan that the form begins with."""
    found = re.search(r'<option value="(\w+)" selected', page)
    assert found is not None
    return found[1]


async def change(ana: Browsing, plan: str, users: int, billing: str = "monthly", start: str = "today") -> Answer:
    """Both clicks: see the money, then pay."""
    preview = await ana.get(f"{HERE}/change?billing={billing}&users={users}&plan={plan}&start={start}")
    assert preview.status == 200, preview.text
    fields = {name: value for name, value in hidden(preview).items() if name != "csrf_token"}
    return await ana.post(f"{HERE}/change", **fields)


async def test_r3_2_the_page_of_a_trial_says_when_it_ends_and_what_follows(ana: Browsing) -> None:
    page = await ana.get(HERE)

    assert "Trial ends" in page
    assert "Free, unless you choose a plan" in page
    assert 'action="/settings/subscriptions/change"' in page.text


async def test_r4_3_the_money_is_shown_before_anything_changes(
    ana: Browsing, databases: Databases, trial: Tenant, fake: StripeFake
) -> None:
    await with_card(databases, trial, fake, ana)

    preview = await ana.get(f"{HERE}/change?billing=monthly&users=10&plan=standard&start=today")

    assert "230.00\N{NO-BREAK SPACE}USD" in preview
    assert "Pay" in preview
    found = await service.find(trial.app, trial.account_id)
    assert found is not None
    assert found.subscription.standing == "trialing"


async def test_r6_3_a_purchase_holds_once_it_is_paid_and_its_invoice_is_there(
    ana: Browsing, databases: Databases, trial: Tenant, fake: StripeFake
) -> None:
    await with_card(databases, trial, fake, ana)

    done = await change(ana, "standard", 10)
    invoices = await ana.get(f"{HERE}/invoices")
    address = re.search(r'href="(/settings/subscriptions/invoices/[0-9a-f-]{36})"', invoices.text)
    assert address
    invoice, pdf, xml = [await ana.get(address.group(1) + ending) for ending in ("", ".pdf", ".xml")]

    assert "Done." in done
    assert "Standard" in await ana.get(HERE)
    assert "Paid" in invoices
    assert re.search(r'data-label="Period">10\sMar\s–\s9\sApr\s2026<', invoices.text), invoices.text
    assert "Explain this line" in invoice
    assert (pdf.headers["content-type"], xml.headers["content-type"]) == ("application/pdf", "application/xml")
    assert (await ana.get(f"{HERE}/invoices/all.zip")).headers["content-type"] == "application/zip"


MONEY = frozenset(
    {
        "audit_log", "billing_commands", "billing_information", "card_customers", "card_events", "cards", "charges",
        "document_files", "document_lines", "documents", "mails", "payments", "retention", "subscription_terms",
        "subscriptions",
    }
)  # fmt: skip
"""Every table that buying a plan may write to; `retention` says when the plan's is next looked at."""


async def everything_else(ana: Browsing) -> dict[str, str]:
    """What the account has besides money, as the owner's export tells it: a hash a table."""
    exported = await ana.session.get("/settings/delete-account/export")
    with zipfile.ZipFile(io.BytesIO(await exported.read())) as found:
        tables = {name.removesuffix(".json") for name in found.namelist()} - MONEY
        return {table: sha256(found.read(f"{table}.json")).hexdigest() for table in tables}


async def test_r3_3_accept_a_purchase_changes_nothing_but_money(
    ana: Browsing, databases: Databases, trial: Tenant, fake: StripeFake
) -> None:
    await with_card(databases, trial, fake, ana)
    async with databases.engine.transaction() as tx:
        await create_team(tx, trial.account_id, "Core", [(trial.owner.id, "admin")], time_zone="Europe/Warsaw", at=NOW)
    await add_alert(databases, trial)
    key = await add_key(databases, trial)
    before = await everything_else(ana)

    done = await change(ana, "standard", 10)

    assert "Done." in done
    assert {"alerts", "escalations", "integrations", "routing_rules", "schedules", "teams", "users"} <= before.keys()
    assert await everything_else(ana) == before
    assert (await api_of(ana.session, trial, key).call("GET", "/v2/alerts/count", {})).body["data"]["count"] == 1


async def test_r4_4_a_declined_card_changes_nothing_and_says_why(
    ana: Browsing, databases: Databases, trial: Tenant, fake: StripeFake
) -> None:
    await with_card(databases, trial, fake, ana, "pm_card_chargeCustomerFail")

    refused = await change(ana, "standard", 10)

    assert refused.status == 402
    assert "Nothing has changed" in refused
    assert "Trial ends" in await ana.get(HERE)
    assert "No invoice yet" in await ana.get(f"{HERE}/invoices")


async def test_r4_1_a_bank_that_wants_a_confirmation_gets_it_and_then_the_change_holds(
    ana: Browsing, databases: Databases, trial: Tenant, fake: StripeFake
) -> None:
    await with_card(databases, trial, fake, ana, "pm_card_authenticationRequired")

    waiting = await change(ana, "standard", 10)
    url = re.search(r'href="(http[^"]+)"', waiting.text)
    assert url, waiting.text
    await fake.authenticate(url.group(1).replace("&amp;", "&"))
    back = await ana.get(f"{HERE}/returned")

    assert "Confirm at your bank" in waiting
    assert "The payment is through" in back
    assert "Standard" in await ana.get(HERE)


async def test_two_owners_at_once_the_second_hears_of_the_first(
    ana: Browsing, databases: Databases, trial: Tenant, fake: StripeFake
) -> None:
    await with_card(databases, trial, fake, ana)
    await change(ana, "standard", 10)
    one = await ana.get(f"{HERE}/change?billing=monthly&users=12&plan=standard")
    two = await ana.get(f"{HERE}/change?billing=monthly&users=15&plan=standard")
    fields = [{k: v for k, v in hidden(page).items() if k != "csrf_token"} for page in (one, two)]

    first, second = [await ana.post(f"{HERE}/change", **it) for it in fields]
    again = await ana.post(f"{HERE}/change", **fields[0])

    assert "Done." in first
    assert second.status == 422
    assert "Somebody else has changed the subscription" in second
    assert "Done." in again  # the same form twice is one change
    known = await service.find(trial.app, trial.account_id)
    assert known is not None
    assert known.subscription.seats == 12


async def test_r6_4_a_smaller_plan_waits_for_the_period_s_end_and_can_be_dropped(
    ana: Browsing, databases: Databases, trial: Tenant, fake: StripeFake
) -> None:
    await with_card(databases, trial, fake, ana)
    await change(ana, "standard", 10)

    await change(ana, "essentials", 10)
    scheduled = await ana.get(HERE)
    dropped = await ana.post(f"{HERE}/do/drop", key="drop")

    assert "From 10 April 2026 on: Essentials" in scheduled
    assert "The scheduled change is dropped" in dropped


async def test_s08_more_seats_by_the_form_leave_a_scheduled_plan_alone(
    ana: Browsing, databases: Databases, trial: Tenant, fake: StripeFake
) -> None:
    await with_card(databases, trial, fake, ana)
    await change(ana, "standard", 10)
    await change(ana, "essentials", 10)

    form = (await ana.get(HERE)).text
    preview = await ana.get(f"{HERE}/change?billing=monthly&users=13&plan={selected(form)}")
    await change(ana, selected(form), 13, start="")
    known = await service.find(trial.app, trial.account_id)

    assert "This form begins with what is scheduled for 10 April 2026" in form
    assert selected(form) == "essentials"
    assert "Due now" in preview
    assert "From 10 April 2026 on: Essentials." in preview
    assert "This replaces" not in preview
    assert known is not None
    assert (known.subscription.plan, known.subscription.seats) == ("standard", 13)
    assert known.subscription.scheduled == Target(plan="essentials")


@pytest.mark.parametrize(
    ("plan", "users", "gone"),
    [("standard", 8, "Essentials"), ("essentials", 9, "8 seats"), ("enterprise", 11, "Essentials, 8 seats")],
)
async def test_s08_what_an_order_takes_out_of_the_schedule_is_said_before(
    ana: Browsing, databases: Databases, trial: Tenant, fake: StripeFake, plan: str, users: int, gone: str
) -> None:
    await with_card(databases, trial, fake, ana)
    await change(ana, "standard", 10)
    await change(ana, "essentials", 8)

    preview = await ana.get(f"{HERE}/change?billing=monthly&users={users}&plan={plan}")

    assert f"This replaces the change scheduled for 10 April 2026: {gone}." in preview


async def test_the_next_invoices_are_told_with_what_is_scheduled_and_nothing_is_kept(
    ana: Browsing, databases: Databases, trial: Tenant, fake: StripeFake
) -> None:
    await with_card(databases, trial, fake, ana)
    await change(ana, "standard", 10)
    before = await service.find(trial.app, trial.account_id)

    regular = await ana.get(f"{HERE}/next-invoices")
    await change(ana, "essentials", 10)
    smaller = await ana.get(f"{HERE}/next-invoices")

    assert regular.text.count('<th scope="row">') == 12
    assert "2,760.00\N{NO-BREAK SPACE}USD" in regular  # 12 × 230.00
    assert '<th scope="row"><time>2026-04-10</time></th>' in regular
    assert "1,320.00\N{NO-BREAK SPACE}USD" in smaller  # 12 × 110.00
    assert "Essentials plan, monthly subscription" in smaller
    assert len(await service.documents(trial.app, trial.account_id)) == 1
    assert f'href="{HERE}/next-invoices"' in await ana.get(HERE)
    assert f'href="{HERE}/next-invoices"' in await ana.get(f"{HERE}/invoices")
    after = await service.find(trial.app, trial.account_id)
    assert before is not None
    assert after is not None
    assert after.subscription.documents_made == before.subscription.documents_made


async def test_who_is_not_invoiced_reads_why(ana: Browsing) -> None:
    trial = await ana.get(f"{HERE}/next-invoices")
    await ana.post(f"{HERE}/cancel", key="c", when="end", reason="")
    canceled = await ana.get(f"{HERE}/next-invoices")

    assert "No invoice comes" in trial
    assert "no plan is chosen" in trial
    assert "On Free from 25 March 2026 on." in trial
    assert "The subscription is cancelled" in canceled


async def test_r13_1_cancel_and_resume(ana: Browsing, databases: Databases, trial: Tenant, fake: StripeFake) -> None:
    await with_card(databases, trial, fake, ana)
    await change(ana, "standard", 10)

    asked = await ana.get(f"{HERE}/cancel")
    done = await ana.post(f"{HERE}/cancel", key="c", when="end", reason="too loud")
    back = await ana.post(f"{HERE}/do/resume", key="r")

    assert "10 April 2026" in asked
    assert "Cancelled." in done
    assert "goes on as before" in back


async def test_choice_52_who_is_billed_by_use_leaves_a_year_and_gets_the_unused_months_back(
    ana: Browsing, databases: Databases, trial: Tenant, fake: StripeFake
) -> None:
    await with_card(databases, trial, fake, ana)
    await change(ana, "standard", 10, billing="annual")
    ordinary = await ana.get(f"{HERE}/cancel")
    moved = service.Asked(SetUsageBilling(True, NOW.date()), "fair-use")
    await service.perform(databases.engine, make_rails(), trial.account_id, moved, NOW)

    page = await ana.get(f"{HERE}/cancel")
    left = await ana.post(f"{HERE}/cancel", key="leave-1", when="refund")
    invoices = await ana.get(f"{HERE}/invoices")

    assert "unused months" not in ordinary
    assert "the unused months are given back" in page
    assert "The account is on Free now" in left
    assert "2,280.00" in invoices
    assert "Credit note" in invoices


async def test_r13_1_a_trial_is_cancelled_until_its_end(ana: Browsing) -> None:
    done = await ana.post(f"{HERE}/cancel", key="c", when="end", reason="")

    assert "Cancelled." in done
    assert "Everything goes on until the trial ends, then" in done
    assert "until ," not in done


async def test_nobody_buys_before_the_country_that_taxes_is_known(
    ana: Browsing, databases: Databases, trial: Tenant, fake: StripeFake
) -> None:
    await with_card(databases, trial, fake, ana)
    async with databases.engine.transaction() as tx:
        await tx.execute("delete from billing_information where account_id = %(id)s", id=trial.account_id)

    refused = await ana.get(f"{HERE}/change?billing=monthly&users=10&plan=standard&start=today")

    assert "Fill in the billing address first" in refused
    assert "No invoice yet" in await ana.get(f"{HERE}/invoices")


async def test_r4_2_offline_is_for_annual_terms(ana: Browsing) -> None:
    monthly = await ana.get(f"{HERE}/change?billing=monthly&users=10&plan=standard&start=today")
    annual = await ana.get(f"{HERE}/change?billing=annual&users=10&plan=standard&start=today")

    assert "are for annual billing" in monthly
    assert "Pay by bank transfer" in annual


async def test_r7_2_the_address_is_checked_and_kept(ana: Browsing) -> None:
    await ana.get(f"{INFORMATION}/address")

    wrong = await ana.post(f"{INFORMATION}/address", **{**ADDRESS, "vat_id": "DE000000000", "emails": "nonsense"})
    saved = await ana.post(f"{INFORMATION}/address", **ADDRESS)

    assert wrong.status == 422
    assert "Unter den Linden 1" in wrong
    assert "Acme GmbH" in saved
    assert "DE136695976" in saved


async def test_m12_another_currency_is_announced_and_stays_when_the_address_is_saved_again(
    ana: Browsing, databases: Databases, trial: Tenant, fake: StripeFake
) -> None:
    await with_card(databases, trial, fake, ana)
    await change(ana, "standard", 10)
    await ana.get(f"{INFORMATION}/address")

    saved = await ana.post(f"{INFORMATION}/address", **{**ADDRESS, "currency": "EUR"})
    form = await ana.get(f"{INFORMATION}/address")

    assert "USD → EUR from the next period" in re.sub(r"\s+", " ", saved.text)
    assert '<option value="EUR" selected' in form.text


async def test_r7_2_the_registry_is_asked_about_a_vat_id(
    settings: Settings, database_url: str, databases: Databases, fake: StripeFake, trial: Tenant, now: SetClock
) -> None:
    async with vat_registry() as registry:
        asking = settings.model_copy(update={"vat_registry_url": registry.url})
        async with running_shop(asking, database_url, databases, fake, now) as url, browsing(url) as owner:
            await owner.sign_in(await give_password(databases, trial.owner))
            refused = await owner.post(f"{INFORMATION}/address", **ADDRESS)
            unknown = await service.find(trial.app, trial.account_id)
            registry.valid.add("DE136695976")
            await owner.post(f"{INFORMATION}/address", **ADDRESS | {"key": "again"})
            known = await service.find(trial.app, trial.account_id)

    assert "Acme GmbH" in refused  # it is kept, and counts as no VAT id
    assert unknown is not None
    assert known is not None
    assert (unknown.buyer.vat_verified_at, known.buyer.vat_verified_at) == (None, NOW)


async def test_a_vat_id_is_refused_in_the_readers_language(ana: Browsing, databases: Databases, trial: Tenant) -> None:
    async with databases.engine.transaction() as tx:
        await tx.execute("update users set locale = 'pl' where account_id = %(a)s", a=trial.account_id)

    await ana.get(f"{INFORMATION}/address")

    refused = await ana.post(f"{INFORMATION}/address", **{**ADDRESS, "vat_id": "DE000000000"})

    assert refused.status == 422
    assert "DE000000000 nie jest numerem VAT kraju DE: zaczynałby się od DE" in refused


async def test_r5_1_cards_are_listed_made_default_and_the_needed_one_stays(
    ana: Browsing, databases: Databases, trial: Tenant, fake: StripeFake
) -> None:
    await with_card(databases, trial, fake, ana)
    await change(ana, "standard", 10)
    page = await ana.get(INFORMATION)
    card = re.search(r"information/card/([0-9a-f-]{36})/remove", page.text)
    assert card

    kept = await ana.post(f"{INFORMATION}/card/{card.group(1)}/remove")

    assert "•••• 4242" in page
    assert "Add another card first" in kept


async def test_m13_only_owners_see_billing(shop: str, databases: Databases, trial: Tenant) -> None:
    person = await add_person(databases, trial, role=Role.ADMIN)
    async with browsing(shop) as admin:
        await admin.sign_in(person)
        pages = [await admin.get(path) for path in (HERE, INFORMATION, f"{HERE}/invoices", f"{HERE}/next-invoices")]
        pages.append(await admin.get(f"{HERE}/cancel"))
        settings_page = await admin.get("/settings/users")

    assert [page.status for page in pages] == [403] * 5
    assert "/settings/subscriptions" not in settings_page.text


async def test_an_account_that_is_granted_everything_has_nothing_to_pay(
    shop: str, databases: Databases, tenant: Tenant
) -> None:
    async with browsing(shop) as owner:
        await owner.sign_in(await give_password(databases, tenant.owner))

        assert "Everything is included" in await owner.get(HERE)
        assert "Everything is included" in await owner.get(INFORMATION)
        assert "Everything is included" in await owner.get(f"{HERE}/next-invoices")


async def test_nonsense_is_refused_with_what_would_be_right(ana: Browsing) -> None:
    for query in ("billing=weekly&users=1&plan=standard", "billing=monthly&users=0&plan=standard",
                  "billing=monthly&users=ten&plan=standard", "billing=monthly&users=5&plan=gold"):  # fmt: skip
        page = await ana.get(f"{HERE}/change?{query}")
        assert page.status == 422, query
        assert 'role="alert"' in page.text


async def test_r3_2_a_quote_for_a_purchase_order_is_a_pdf_in_the_account_s_language(ana: Browsing) -> None:
    await ana.post(f"{INFORMATION}/address", **ADDRESS | {"locale": "pl", "country": "PL", "vat_id": ""})
    preview = await ana.get(f"{HERE}/change?billing=annual&users=25&plan=standard&start=")

    assert 'action="/settings/subscriptions/quote.pdf"' in preview.text
    async with ana.session.get(f"{HERE}/quote.pdf?users=25&plan=standard&po_number=4500-77") as response:
        assert response.content_type == "application/pdf"
        text = text_of(await response.read())
    for said in ("Oferta Q-", "Zamówienie 4500-77", "Ważna do 9 kwietnia 2026", "7 011,00", "Acme GmbH"):
        assert said in text
    assert (await ana.get(f"{HERE}/invoices")).text.count("INV/") == 0


async def test_what_cannot_be_quoted_is_said_on_the_page(ana: Browsing) -> None:
    page = await ana.get(f"{HERE}/quote.pdf?users=0&plan=standard")
    free = await ana.get(f"{HERE}/quote.pdf?users=5&plan=free")

    assert (page.status, "The number of users is a whole number" in page) == (422, True)
    assert (free.status, "To go to Free, cancel" in free) == (422, True)
