"""Deleting an account: access ends at once, a day to take it back, and then nothing is left but invoices."""

import io
import json
import re
import zipfile
from datetime import timedelta

import aiohttp
import pytest
from tests.support.browsing import PASSWORD, Browsing, add_person, give_password
from tests.support.makers import START, Tenant, make_tenant

from tocsin.accounts import store as accounts_store
from tocsin.billing import service as billing
from tocsin.clock import SetClock
from tocsin.db import Databases
from tocsin.deletion import export, service, store
from tocsin.mail import outbox

HERE = "/settings/delete-account"
DAY = timedelta(hours=24)


@pytest.fixture
async def server(databases: Databases) -> Tenant:
    """Whoever runs the server: mails about accounts that go are the server's."""
    tenant = await make_tenant(databases, "operators")
    async with databases.engine.transaction() as tx:
        await tx.execute("delete from operators")  # those of other tests: the first one's account is the server's
        await accounts_store.insert_operator(tx, tenant.account_id, tenant.owner.id, START)
    return tenant


@pytest.fixture
async def going(browser: Browsing, databases: Databases, tenant: Tenant, server: Tenant) -> Browsing:
    """The owner of an account on trial, on the page where it is deleted."""
    async with databases.engine.transaction() as tx:
        await billing.start_trial(tx, tenant.account_id, "Europe/Warsaw", "USD", START)
    await browser.sign_in(await give_password(databases, tenant.owner))
    await browser.get(HERE)
    return browser


async def undo_link(databases: Databases, tenant: Tenant) -> str:
    async with databases.engine.transaction() as tx:
        text = await tx.value(
            "select text_body from mails where to_address = %(to)s and purpose = 'deletion-requested' order by id desc",
            to=tenant.owner.username,
        )
    found = re.search(r"/undo-deletion/[\w-]+", text or "")
    assert found, text
    return found.group()


async def places_with(databases: Databases, needle: str) -> list[str]:
    """Every table but the archive in which a row says `needle` anywhere."""
    async with databases.engine.transaction() as tx:
        tables = await tx.values(
            """
            select relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
             where n.nspname = 'public' and relkind = 'r' and relname <> 'fiscal_archive'
               and relname not like '%%yoyo%%' and has_table_privilege('tocsin_engine', c.oid, 'select')
            """
        )
        return [
            table
            for table in tables
            if await tx.value(
                f"select exists (select from {table} t where t::text ilike %(needle)s)", needle=f"%{needle}%"
            )
        ]


async def test_r13_3_access_ends_at_once_for_people_and_keys(
    going: Browsing, url: str, databases: Databases, tenant: Tenant
) -> None:
    answer = await going.post(HERE, name="edge")
    page = await going.get("/alerts")
    again = await going.post("/sign-in", username=tenant.owner.username, password=PASSWORD)

    assert "The account is being deleted" in answer
    assert page.path.startswith("/sign-in")
    assert again.status == 422
    async with aiohttp.ClientSession() as client, client.get(f"{url}/v2/account", headers=tenant.headers) as response:
        assert response.status == 401


async def test_the_name_must_be_typed_and_only_owners_may(
    going: Browsing, databases: Databases, tenant: Tenant
) -> None:
    wrong = await going.post(HERE, name="Edge")

    assert wrong.status == 422
    assert "Type the name exactly" in wrong
    person = await add_person(databases, tenant)
    await going.post("/sign-out")
    await going.get("/sign-in")
    await going.sign_in(person)
    assert (await going.get(HERE)).status == 403


async def test_choice_56_for_a_day_the_mailed_link_brings_everything_back(
    going: Browsing, databases: Databases, tenant: Tenant, clock: SetClock
) -> None:
    await going.post(HERE, name="edge")
    link = await undo_link(databases, tenant)
    clock.at = START + DAY - timedelta(seconds=1)

    opened = await going.get(link)
    back = await going.post(link)
    signed_in = await going.sign_in(tenant.owner)

    assert "Bring the account back" in opened
    assert "The account is back" in back
    assert signed_in.status in {200, 303}
    clock.at = START + DAY
    assert (await going.get(link)).status == 404


async def test_r13_3_every_owner_finds_it_in_the_settings_and_nobody_else(ana: Browsing, bo: Browsing) -> None:
    users = await ana.get("/settings/users")

    assert f'href="{HERE}"' in users.text
    assert f'href="{HERE}"' not in (await bo.get("/settings/users")).text


async def test_a_deletion_that_cannot_begin_leaves_billing_and_access_as_they_were(
    browser: Browsing, databases: Databases, tenant: Tenant
) -> None:
    async with databases.engine.transaction() as tx:
        await tx.execute("delete from operators")
        await billing.start_trial(tx, tenant.account_id, "Europe/Warsaw", "USD", START)
    await browser.sign_in(await give_password(databases, tenant.owner))
    await browser.get(HERE)

    refused = await browser.post(HERE, name="edge")

    assert refused.status == 404
    found = await billing.find(tenant.app, tenant.account_id)
    assert found is not None
    assert found.subscription.standing == "trialing"
    assert (await browser.get("/alerts")).status == 200


async def test_r13_5_within_two_days_nothing_is_left(
    going: Browsing, databases: Databases, tenant: Tenant, server: Tenant, clock: SetClock
) -> None:
    clock.at = START
    marked = tenant.owner.username
    async with databases.engine.transaction() as tx:
        asked = f"A question of {marked}"
        await outbox.enqueue(tx, server.account_id, "inquiry", "help@example.com", "A question", asked, asked, START)
    form = await going.get("/contact")
    await going.post(
        "/contact", key=form.field("key"), name="Ana", email=marked, about="prices", message=f"Write to {marked}."
    )
    before = await places_with(databases, marked)
    await going.post(HERE, name="edge")
    assert await service.advance_due(databases.engine, START + DAY - timedelta(seconds=1)) in {0, 1}
    assert await places_with(databases, marked)

    while await service.advance_due(databases.engine, START + DAY):
        pass
    while await outbox.send_due(databases.engine, START + DAY, None, "tocsin@localhost", lease=timedelta(minutes=1)):
        pass
    async with databases.engine.transaction() as tx:
        proofs = await tx.values("select text_body from mails where to_address = %(to)s", to=marked)
        await store.erase_proofs(tx, START + DAY + timedelta(hours=12))

    assert {"inquiries", "sign_in_failures", "users"} <= {*before}
    assert len(proofs) == 1
    assert "Your account is erased" in proofs[0] or "gone" in proofs[0]
    assert await places_with(databases, marked) == []
    async with databases.engine.transaction() as tx:
        assert await tx.value("select count(*) from accounts where id = %(id)s", id=tenant.account_id) == 0


async def test_what_another_account_has_of_the_same_address_stays(
    going: Browsing, databases: Databases, tenant: Tenant, clock: SetClock
) -> None:
    clock.at = START
    other = await make_tenant(databases, "other")
    async with databases.engine.transaction() as tx:
        await outbox.enqueue(tx, other.account_id, "page", tenant.owner.username, "A page", "a text", "html", START)
    await going.post(HERE, name="edge")

    while await service.advance_due(databases.engine, START + DAY):
        pass

    async with databases.engine.transaction() as tx:
        assert await tx.value("select count(*) from accounts where id = %(id)s", id=tenant.account_id) == 0
        left = await tx.values("select purpose from mails where account_id = %(id)s", id=other.account_id)
    assert left == ["page"]


async def test_a_legal_hold_keeps_everything_until_it_ends(
    going: Browsing, databases: Databases, tenant: Tenant
) -> None:
    await service.set_legal_hold(databases.engine, tenant.account_id, True)
    page = await going.get(HERE)
    await going.post(HERE, name="edge")

    while await service.advance_due(databases.engine, START + DAY):
        pass
    held = await places_with(databases, tenant.owner.username)
    await service.set_legal_hold(databases.engine, tenant.account_id, False)
    while await service.advance_due(databases.engine, START + 2 * DAY):
        pass

    assert "legal hold" in page
    assert "users" in held
    assert "users" not in await places_with(databases, tenant.owner.username)


async def test_the_export_has_everything_but_secrets(going: Browsing, databases: Databases, tenant: Tenant) -> None:
    page = await going.get(HERE)

    content = await export.as_zip(databases.engine, tenant.account_id)

    assert f'href="{HERE}/export"' in page.text
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        users = json.loads(file.read("users.json"))
        names = file.namelist()
    assert [user["username"] for user in users] == [tenant.owner.username]
    assert "password_hash" not in users[0]
    assert "sessions.json" not in names
    assert "contacts.json" in names
