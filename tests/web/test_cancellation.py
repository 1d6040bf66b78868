"""Leaving: two clicks in every state, and an account that is deleted with what it owes. Source: R13"""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest
from tests.support.alerts import add_alert
from tests.support.billing_accounts import at
from tests.support.browsing import PASSWORD, add_person
from tests.support.customer import Customer, customer
from tests.support.makers import START, Tenant, make_contact, make_tenant
from tests.support.program import eventually

from tocsin.accounts import store as accounts_store
from tocsin.accounts.model import ContactMethod
from tocsin.billing import metered
from tocsin.billing.commands import AddNumber
from tocsin.db import Databases
from tocsin.deletion import service, store
from tocsin.licensing.usage import UsageKind, make_record
from tocsin.mail import outbox
from tocsin.settings import Settings

PHONE = "+48601234567"
ASKED, GONE = "2026-04-15 12:00", "2026-04-17 12:00"  # 10:00 UTC


@pytest.fixture
async def ana(settings: Settings, database_url: str, databases: Databases, tenant: Tenant) -> AsyncIterator[Customer]:
    """The owner of an account on trial since 10 March 2026, with a card."""
    async with customer(settings, database_url, databases, tenant) as made:
        await made.add_card()
        yield made


async def bring_to(ana: Customer, state: str) -> None:
    """An account in one of the states of R13.1."""
    if state == "trialing":
        return
    await ana.comes_to("2026-03-10 10:00")
    await ana.order(plan="standard", interval="month", seats=10, startToday=True)
    if state == "scheduled-downgrade":
        await ana.order(plan="essentials")
    if state == "past_due":
        await ana.add_card("pm_card_chargeCustomerFail")
        await ana.comes_to("2026-04-11 10:00")


@pytest.mark.parametrize(
    ("state", "standing"),
    [("trialing", "trialing"), ("active", "active"), ("past_due", "past_due"), ("scheduled-downgrade", "active")],
)
async def test_r13_1_accept_cancel_is_two_clicks_in_each_of_these_states(
    ana: Customer, state: str, standing: str
) -> None:
    await bring_to(ana, state)
    before = await ana.subscription()
    settings_page = await ana.owner.get("/settings/users")
    subscriptions = await ana.owner.get(settings_page.find(r'href="(/settings/subscriptions)"'))

    asked = await ana.owner.get(subscriptions.find(r'href="(/settings/subscriptions/cancel)"'))
    done = await ana.owner.post("/settings/subscriptions/cancel", key=asked.field("key"), when="end", reason="")

    after = await ana.subscription()
    assert (before["standing"], before["cancels"]) == (standing, False)
    assert (before["scheduled"] or {}).get("plan") == ("essentials" if state == "scheduled-downgrade" else None)
    assert "Cancelled." in done
    assert (after["cancels"], after["scheduled"]) == (True, None)
    if state == "past_due":
        return  # the debt decides how it ends: section 4
    ends = "2026-03-25 00:00" if state == "trialing" else "2026-04-10 00:00"
    await ana.comes_to(ends)
    assert ((await ana.subscription())["standing"], len(await ana.nets())) == ("free", 0 if state == "trialing" else 1)


@pytest.fixture
async def server(databases: Databases) -> Tenant:
    """Whoever runs the server."""
    tenant = await make_tenant(databases, "operators")
    async with databases.engine.transaction() as tx:
        await accounts_store.insert_operator(tx, tenant.account_id, tenant.owner.id, START)
    return tenant


async def use_minutes(ana: Customer, local: str) -> None:
    """325 minutes to the USA, of which 100 are included, and 15 to Poland: 22.50 and 5.25."""
    account_id, when = ana.tenant.account_id, at(local)
    legs = [("us", "+12125550123", 325), ("pl", "+48123456789", 15)]
    records = [
        make_record(account_id, name, UsageKind.CALL_LEG, when, when, number, seconds=60 * minutes)
        for name, number, minutes in legs
    ]
    async with ana.databases.engine.transaction() as tx:
        await metered.record(tx, account_id, records, ana.url)


async def key_is_dead(ana: Customer) -> bool:
    return (await ana.api.get("/v1/subscription")).status == 401


async def rows_with(databases: Databases, account_id: int, *needles: str) -> dict[str, int]:
    """By table, the archive of invoices apart: rows of the account, and rows in which one of `needles` stands."""
    found: dict[str, int] = {}
    async with databases.engine.transaction() as tx:
        tables = await tx.dicts(
            """
            select c.relname as name,
                   exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'account_id') as owned
              from pg_class c join pg_namespace n on n.oid = c.relnamespace
             where n.nspname = 'public' and relkind in ('r', 'p') and relname <> 'fiscal_archive'
               and relname not like '%%yoyo%%' and has_table_privilege('tocsin_engine', c.oid, 'select')
            """
        )
        for table in tables:
            name = table["name"]
            owned = "account_id = %(id)s" if table["owned"] else "id = %(id)s" if name == "accounts" else "false"
            count = await tx.value(
                f"select count(*) from {name} t where {owned} or t::text ilike any(%(needles)s)",
                id=account_id, needles=[f"%{needle}%" for needle in needles],
            )  # fmt: skip
            found |= {name: count} if count else {}
    return found


async def test_r13_5_accept_257_75_are_owed_nobody_comes_in_and_in_two_days_the_archive_alone_is_left(
    ana: Customer, server: Tenant
) -> None:
    tenant, databases = ana.tenant, ana.databases
    async with databases.engine.transaction() as tx:
        await accounts_store.insert_contact(tx, make_contact(tenant.owner, ContactMethod.SMS, PHONE))
    await ana.comes_to("2026-03-10 10:00")
    await ana.order(plan="standard", interval="month", seats=10, startToday=True)
    await ana.subscriber.do("2026-03-10 10:30", AddNumber(uuid4(), "+48220000001"))
    await ana.comes_to("2026-04-01 10:00")
    await ana.add_card("pm_card_chargeCustomerFail")
    await ana.comes_to("2026-04-12 08:00")
    await use_minutes(ana, "2026-04-13 09:00")
    await ana.comes_to(ASKED)
    [paid, unpaid] = await ana.documents()
    data = (tenant.owner.username, PHONE, PHONE.removeprefix("+"))
    before = await rows_with(databases, tenant.account_id, *data)

    await ana.owner.get("/settings/delete-account")
    requested = await ana.owner.post("/settings/delete-account", name="edge")
    await ana.owner.get("/sign-in")
    signed_in = await ana.owner.post("/sign-in", username=tenant.owner.username, password=PASSWORD)
    await eventually(lambda: key_is_dead(ana))  # within the second for which it is remembered
    documents = await ana.subscriber.documents()
    now = at(ASKED)
    while now < at(GONE):
        now += timedelta(hours=1)
        await service.advance_due(databases.engine, now, ana.subscriber.rails.gateway)
        await outbox.send_due(databases.engine, now, None, "tocsin@localhost", lease=timedelta(minutes=1), limit=99)
    async with databases.engine.transaction() as tx:
        await store.erase_proofs(tx, now)
        archived = await tx.values("select number from fiscal_archive where account_id = %(id)s", id=tenant.account_id)

    final = documents[-1]
    assert (paid["status"], unpaid["owedMinor"], final.gross_minor) == ("paid", 23_000, 2_775)
    assert [(it.item, it.quantity, it.amount_minor) for it in final.lines] == [
        ("us_ca", 225, 2_250),
        ("other", 15, 525),
    ]
    assert sum(it.owed_minor for it in documents) == 25_775
    assert "The account is being deleted" in requested
    assert signed_in.status == 422
    assert {"users", "contacts", "subscriptions", "documents", "usage_records"} <= set(before)
    assert await rows_with(databases, tenant.account_id, *data) == {}
    assert sorted(archived) == sorted([paid["number"], unpaid["number"], final.number])


KEPT = (
    "users", "contacts", "teams", "schedules", "rotations", "escalations", "escalation_rules", "notification_rules",
    "integrations", "alerts", "alert_log", "alert_notes", "documents", "usage_records",
)  # fmt: skip


async def everything(ana: Customer) -> dict[str, int]:
    """How much of each kind the account has."""
    async with ana.databases.engine.transaction() as tx:
        return {
            table: await tx.value(f"select count(*) from {table} where account_id = %(id)s", id=ana.tenant.account_id)
            for table in KEPT
        }


@pytest.mark.parametrize("way", ["trial-ends", "at-the-end", "at-once", "unpaid"])
async def test_inv_8_no_way_to_free_deletes_anything(ana: Customer, way: str) -> None:
    databases, tenant = ana.databases, ana.tenant
    people = [await add_person(databases, tenant) for _ in range(8)]
    await ana.join(f"bo-{uuid4().hex[:6]}@example.com")  # with a notification rule
    for _ in range(3):
        team_id = uuid4()
        await ana.owner.get("/teams")
        await ana.owner.post("/teams", name=f"team {team_id.hex[:6]}", members=[str(it.id) for it in people])
    alert = await add_alert(databases, tenant)
    await ana.owner.get(f"/alerts/{alert.id}")
    await ana.owner.post(f"/alerts/{alert.id}/notes", note="look at the fans")
    await bring_to(ana, {"trial-ends": "trialing", "unpaid": "past_due"}.get(way, "active"))
    await use_minutes(ana, "2026-03-10 11:00")
    before = await everything(ana)

    if way in {"at-the-end", "at-once"}:
        await ana.api.call("POST", "/v1/subscription/cancel", {"now": way == "at-once"})
    await ana.comes_to("2026-05-09 12:00")

    after = await everything(ana)
    assert (await ana.subscription())["standing"] == "free"
    assert [table for table in KEPT if not before[table]] == (["documents"] if way == "trial-ends" else [])
    assert {table: count for table, count in before.items() if after[table] < count} == {}
