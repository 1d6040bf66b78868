"""A whole Tocsin under load: `tocsin up` on a scratch folder, people to page, sinks at the far ends of the wires."""

import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from psycopg.rows import dict_row
from tests.support.load import Load
from tests.support.makers import make_contact, make_user
from tests.support.page_sink import WebhookSink, webhook_sink
from tests.support.program import Program, eventually, running
from tests.support.smtp import SmtpSink, smtp_sink

from tocsin import crypto
from tocsin.accounts import store as accounts_store
from tocsin.accounts.model import Contact, ContactMethod
from tocsin.accounts.people.contacts import CONTACT_SECRET
from tocsin.db import Tx, connect
from tocsin.notifications import rules_store
from tocsin.postgres import EmbeddedServer

SECRET_KEY = "the secret of a server that lives for a minute"
SIGNING_SECRET = b"the secret of a contact that lives for a minute"
PEOPLE = 20
BY_MAIL_EVERY = 100  # every hundredth alert pages by e-mail, the others by webhook
LEASE_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Site:
    """What a test of the whole needs at hand."""

    program: Program
    load: Load
    webhooks: WebhookSink
    mails: SmtpSink
    database_url: str

    async def rows(self, sql: str) -> list[dict[str, Any]]:
        """What the engine's role sees. Raises: psycopg.OperationalError while the database is away."""
        async with (
            await connect(self.database_url, "tocsin_engine") as conn,
            conn.cursor(row_factory=dict_row) as cursor,
        ):
            await cursor.execute(sql)
            return await cursor.fetchall()

    async def settled(self, seconds: float = 90.0) -> None:
        """Wait until nothing is due any more. Raises: AssertionError after `seconds`."""

        async def nothing_is_due() -> bool:
            try:
                [row] = await self.rows(
                    "select (select count(*) from notifications where due_at is not null)"
                    "     + (select count(*) from escalation_runs where due_at is not null) as open"
                )
            except psycopg.OperationalError:
                return False
            return bool(row["open"] == 0)

        await eventually(nothing_is_due, seconds)

    def mailed(self) -> Counter[int]:
        """How often each notification was mailed."""
        return Counter(int(mail["X-Tocsin-Notification"]) for mail in self.mails.mails)


def alias(number: int) -> str:
    return f"alert-{number}"


def alert(number: int) -> bytes:
    """The alert of that number, as it is posted; it pages one person."""
    way = "mail" if number % BY_MAIL_EVERY == 0 else "hook"
    return json.dumps(
        {
            "message": f"load {number}",
            "alias": alias(number),
            "responders": [{"type": "user", "username": f"{way}{number % PEOPLE}@example.com"}],
            "tags": ["load"],
            "details": {"number": str(number)},
        }
    ).encode()


@asynccontextmanager
async def site(folder: Path) -> AsyncIterator[Site]:
    """A durable server in `folder` whose first account has people with webhooks, and people with mail."""
    async with webhook_sink(SIGNING_SECRET) as webhooks, smtp_sink() as mails:
        key = str(uuid4())
        environment = {
            "TOCSIN_SECRET_KEY": SECRET_KEY,
            "TOCSIN_SMTP_URL": mails.url,
            "TOCSIN_ALLOWED_PRIVATE_NETWORKS": "127.0.0.0/8",
            "TOCSIN_LEASE_SECONDS": str(LEASE_SECONDS),
            "TOCSIN_BOOTSTRAP_API_KEY": key,
            "TOCSIN_BOOTSTRAP_OWNER_EMAIL": "owner@example.com",
            "TOCSIN_BOOTSTRAP_OWNER_PASSWORD": "a password for a minute",
        }
        async with running(folder, **environment) as program:
            url = EmbeddedServer(folder / "data").url()
            async with await connect(url, "tocsin_engine") as conn, conn.transaction():
                await people(Tx(conn), webhooks.url)
            load = Load(program.base_url, key, alert)
            try:
                yield Site(program, load, webhooks, mails, url)
            finally:
                load.close()


async def people(tx: Tx, webhook_url: str) -> None:
    """Put `PEOPLE` with a webhook and as many with an e-mail address into the only account."""
    account_id = await tx.value("select id from accounts")
    for number in range(PEOPLE):
        await person(tx, account_id, f"mail{number}@example.com", None)
        await person(tx, account_id, f"hook{number}@example.com", webhook_url)


async def person(tx: Tx, account_id: int, username: str, webhook_url: str | None) -> None:
    """Somebody who is told of new alerts at once: by webhook, or by e-mail without one."""
    user = make_user(account_id, username)
    contact: Contact = make_contact(user)
    secret = None
    if webhook_url is not None:
        contact = replace(contact, method=ContactMethod.WEBHOOK, address=webhook_url)
        secret = crypto.seal(SECRET_KEY.encode(), CONTACT_SECRET, SIGNING_SECRET)
    rule_id = uuid4()
    await accounts_store.insert_user(tx, user, None)
    await accounts_store.insert_contact(tx, contact, secret)
    await rules_store.insert_rule(tx, account_id, rule_id, user.id, "New alert", action_type="create-alert", position=0)
    await rules_store.insert_step(tx, account_id, uuid4(), rule_id, contact.id, after=timedelta(0), position=0)
