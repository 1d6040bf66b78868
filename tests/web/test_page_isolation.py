"""Promise 6 for pages: eve, the owner of another account, sees and changes nothing of ana's, on any page there is.

The list of pages comes from the application. A new page with a new parameter needs a line in `ana_s`.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute
from tests.support.alerts import add_alert
from tests.support.browsing import Browsing, add_person, browsing, give_password
from tests.support.mailbox import mails
from tests.support.makers import START, Tenant, make_contact, make_tenant

from tocsin.accounts import audit, store
from tocsin.accounts.model import ContactMethod, CustomRole, Role
from tocsin.accounts.people import roles_store
from tocsin.accounts.sign_in import factors_store, service
from tocsin.accounts.sign_in import store as sessions
from tocsin.accounts.sign_in.factors_store import Passkey
from tocsin.accounts.sign_in.model import Browser
from tocsin.app import PAGE_ROUTERS
from tocsin.db import Databases, Tx
from tocsin.escalations.team_defaults import create_team
from tocsin.mail import outbox
from tocsin.mail import store as mail_store
from tocsin.mail.attachment import Attachment
from tocsin.notifications import rules_store
from tocsin.on_call import feed_store

MARK = "ana-s-own"  # is in everything of ana's that a page could show
ENDLESS = {"/events"}  # a stream; tests/web/test_events.py proves that it tells eve nothing


def pages_of(routes: Iterable[BaseRoute]) -> Iterator[tuple[str, str]]:
    """Method and path of every page, those of included routers too."""
    for route in routes:
        if isinstance(route, APIRoute):
            yield from ((method, route.path) for method in route.methods or ())
        else:
            included: APIRouter = route.original_router  # type: ignore[attr-defined]  # what FastAPI keeps of an include
            yield from pages_of(included.routes)


ROUTES = sorted(
    (method, path) for router in PAGE_ROUTERS for method, path in pages_of(router.routes) if path not in ENDLESS
)
FOR_EVERYBODY = (
    "/sign-in", "/forgot", "/reset/", "/verify/", "/invitation/", "/language", "/a/", "/try", "/undo-deletion/",
    "/pricing", "/licensing-faq", "/contact", "/supported-countries", "/calendar/",
)  # fmt: skip
WORDS = {"change", "action", "switch", "what", "decision"}  # parameters that name what to do
VERBS = ("remove", "delete", "disable", "enable", "suspend", "reactivate", "withdraw", "invitation")
FORM = {
    "account": "1", "action": "remove", "address": "eve@example.com", "code": "123456", "credential": "{}",
    "email": "new@example.com", "full_name": "Eve", "locale": "en", "method": "email", "name": "eve's", "next": "/",
    "note": "eve was here", "password": "eve's own password", "rights": "read", "role": "user", "signed": "x",
    "time_zone": "UTC", "type": "API", "username": "eve@example.com",
}  # fmt: skip


@dataclass(frozen=True)
class Anas:
    """Ids of things that are ana's, by the name that they have in addresses."""

    tenant: Tenant
    ids: dict[str, str]


@pytest.fixture
async def anas(databases: Databases) -> Anas:
    tenant = await make_tenant(databases, f"{MARK} account")
    account_id, at = tenant.account_id, START
    ana = await add_person(databases, tenant, f"{MARK}@example.com", role=Role.ADMIN)
    contact = make_contact(ana, ContactMethod.WEBHOOK, f"https://{MARK}.example.com/")
    passkey = Passkey(account_id, uuid4(), ana.id, uuid4().bytes, b"key", 0, f"{MARK} passkey", at, None)
    alert = await add_alert(databases, tenant, message=f"{MARK} alert", tags=[MARK], owner=ana.username)
    async with databases.engine.transaction() as tx:
        await store.insert_contact(tx, contact)
        team = await create_team(tx, account_id, f"{MARK} team", [(ana.id, "admin")], time_zone="UTC", at=at)
        await tx.execute(
            """
            insert into alert_attachments (account_id, alert_id, name, content, created_at)
            values (%(account_id)s, %(alert_id)s, %(name)s, %(name)s::text::bytea, %(at)s)
            """,
            account_id=account_id, alert_id=alert.id, name=MARK, at=at,
        )  # fmt: skip
        ids = {
            f"{thing}_id": await tx.value(
                f"select id from {thing}s where account_id = %(account_id)s limit 1", account_id=account_id
            )
            for thing in ("schedule", "rotation", "escalation")
        }
        ids["route_id"] = await tx.value(
            "select id from routing_rules where account_id = %(account_id)s", account_id=account_id
        )
        rule_id, step_id = uuid4(), uuid4()
        await rules_store.insert_rule(tx, account_id, rule_id, ana.id, MARK, action_type="create-alert", position=0)
        await rules_store.insert_step(tx, account_id, step_id, rule_id, contact.id, after=timedelta(0), position=0)
        role = CustomRole(account_id, uuid4(), f"{MARK} role", "user", [], [], at)
        await roles_store.insert_role(tx, role)
        feed_id = uuid4()
        await feed_store.insert_feed(tx, account_id, feed_id, ana.id, None, feed_id.bytes, at)
        ids |= {"rule_id": rule_id, "step_id": step_id, "role_id": role.id, "feed_id": feed_id}
        ids["attachment_id"] = await tx.value(
            "select id from alert_attachments where account_id = %(account_id)s", account_id=account_id
        )
        ids["card_id"], ids["document_id"] = await add_card(tx, account_id), await add_draft(tx, account_id)
        await factors_store.insert_passkey(tx, passkey)
        kept = await outbox.keep(tx, account_id, "notice", ana.username, f"{MARK} mail", MARK, f"<p>{MARK}</p>", at)
        await mail_store.insert_attachments(tx, account_id, kept, [Attachment(MARK, "text/plain", MARK.encode())])
        await audit.record(tx, audit.system(account_id, at), "changed", "user", ana.id, MARK)
        await service.open_session(tx, account_id, ana.id, Browser(MARK, MARK), at, 30)
        [session] = await sessions.list_sessions(tx, account_id, ana.id, at)
    [mail] = await mails(tenant)
    return Anas(
        tenant,
        {
            **{name: str(value) for name, value in ids.items()},
            "account_id": str(account_id),
            "alert_id": alert.id,
            "archived_id": "1",
            "case_id": str(uuid4()),
            "contact_id": str(contact.id),
            "country": "PL",
            "inquiry_id": str(uuid4()),
            "key_id": str(tenant.integration.id),
            "mail_id": str(mail.id),
            "passkey_id": str(passkey.id),
            "session_id": str(session.id),
            "place": "1",
            "position": "0",
            "team_id": str(team.id),
            "token": "x" * 43,
            "user_id": str(ana.id),
        },
    )


async def add_card(tx: Tx, account_id: int) -> UUID:
    new: UUID = await tx.value(
        """
        with payer as (insert into card_customers values (%(account_id)s, gen_random_uuid(), null))
        insert into cards (account_id, id, ref, brand, last4, exp_month, exp_year, funding, added_at)
        values (%(account_id)s, gen_random_uuid(), gen_random_uuid()::text, %(mark)s, '4242', 12, 2030, 'credit',
            %(at)s)
        returning id
        """,
        account_id=account_id, mark=MARK, at=START,
    )  # fmt: skip
    return new


async def add_draft(tx: Tx, account_id: int) -> UUID:
    new: UUID = await tx.value(
        """
        insert into documents (account_id, id, kind, status, currency, dated_on, taxes, net_minor, tax_minor,
            gross_minor, paid_minor, buyer, collection, po_number, notes, zone, book_version)
        values (%(account_id)s, gen_random_uuid(), 'invoice', 'draft', 'USD', %(at)s, '[]', 100, 0, 100, 0,
            jsonb_build_object('name', %(mark)s::text), 'card', %(mark)s, array[%(mark)s], 'UTC', 1)
        returning id
        """,
        account_id=account_id, mark=MARK, at=START,
    )  # fmt: skip
    return new


async def everything_of(databases: Databases, account_id: int) -> dict[str, str]:
    """A digest of each table's rows of the account."""
    async with databases.engine.transaction() as tx:
        tables = await tx.values(
            """
            select table_name from information_schema.columns
             where column_name = 'account_id' and table_schema = 'public' order by table_name
            """
        )
        return {
            table: await tx.value(
                f"select md5(coalesce(string_agg(t::text, '|' order by t::text), '')) from {table} t "
                "where account_id = %(account_id)s",
                account_id=account_id,
            )
            for table in tables
        }


def test_there_are_pages() -> None:
    assert len(ROUTES) > 40


@pytest.mark.parametrize(("method", "path"), ROUTES, ids=lambda value: str(value))
async def test_eve_sees_and_changes_nothing_of_ana_s(
    url: str, databases: Databases, anas: Anas, method: str, path: str
) -> None:
    eve = await make_tenant(databases, "eve's account")
    await give_password(databases, eve.owner)
    async with databases.engine.transaction() as tx:
        await sessions.delete_failures(tx, "address:127.0.0.1")
    before = await everything_of(databases, anas.tenant.account_id)
    parameters = [name.partition(":")[0] for name in re.findall(r"{([^}]+)}", path)]
    wanted = path
    for name in parameters:
        if name not in WORDS:
            wanted = re.sub(rf"{{{name}[^}}]*}}", anas.ids[name], wanted)

    async with browsing(url) as browser:
        await browser.sign_in(eve.owner)
        answers = [
            await browser.send(
                method,
                re.sub(r"{(change|action|switch|what|decision)}", verb, wanted),
                **(FORM if method == "POST" else {}),
            )
            for verb in (VERBS if WORDS & set(parameters) else VERBS[:1])
        ]

    for answer in answers:
        assert answer.status < 500, answer.text
        assert MARK not in answer.text + answer.location
        if set(parameters) - WORDS:
            assert answer.status in ({404} if method == "GET" else {303, 404, 422}), answer.location
    assert await everything_of(databases, anas.tenant.account_id) == before


@pytest.mark.parametrize(("method", "path"), ROUTES, ids=lambda value: str(value))
async def test_who_is_not_signed_in_is_shown_the_way_in_or_a_page_for_everybody(
    browser: Browsing, anas: Anas, method: str, path: str
) -> None:
    filled = re.sub(r"{([a-z_]+)[^}]*}", lambda found: anas.ids.get(found.group(1), "remove"), path)
    await browser.get("/sign-in")

    answer = await browser.send(method, filled, **(FORM if method == "POST" else {}))

    assert answer.status < 500
    assert MARK not in answer.text + answer.location
    if not path.startswith(FOR_EVERYBODY) and path != "/":
        assert (answer.status, answer.location.partition("?")[0]) == (303, "/sign-in")
