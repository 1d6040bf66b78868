"""A small world for stories: one account, a clock that we hold, and channels that record."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from tests.support.makers import START, Tenant, add_user, make_contact

from tocsin.accounts import store as accounts_store
from tocsin.accounts.model import ContactMethod, User
from tocsin.alerts.create import parse_create
from tocsin.clock import SetClock
from tocsin.db import Databases
from tocsin.engine.engine import Engine, make_engine
from tocsin.escalations import config_store, team_defaults
from tocsin.escalations.escalation import Condition, NotifyType, RecipientKind
from tocsin.escalations.ingest import Ingest, Request, new_id
from tocsin.escalations.responders import Directories
from tocsin.notifications import rules_store
from tocsin.notifications.model import ChannelError, Envelope, Sent
from tocsin.rehearsal.drive import run_until, settle
from tocsin.settings import Settings


@dataclass(slots=True)
class RecordingChannel:
    """Keeps what it is given; raises what it is told to for addresses in `failing`."""

    name: str
    clock: SetClock
    in_flight: int = 50
    sent: list[tuple[datetime, Envelope]] = field(default_factory=list)
    failing: dict[str, ChannelError] = field(default_factory=dict)

    async def send(self, envelope: Envelope) -> Sent:
        error = self.failing.get(envelope.receiver.address)
        if error is not None:
            raise error
        self.sent.append((self.clock.at, envelope))
        return Sent(provider="recording", delivered=self.name == "webhook")

    async def close(self) -> None:
        """Nothing is held open."""


class World:
    """One account in the shared test database. What belongs to others is never looked at."""

    def __init__(self, databases: Databases, database_url: str, settings: Settings, tenant: Tenant) -> None:
        self.databases = databases
        self.tenant = tenant
        self.clock = SetClock(START)
        self.email = RecordingChannel("email", self.clock)
        self.webhook = RecordingChannel("webhook", self.clock)
        self.sms, self.voice, self.push = (RecordingChannel(name, self.clock) for name in ("sms", "voice", "push"))
        all_channels = (self.email, self.webhook, self.sms, self.voice, self.push)
        channels = {channel.name: channel for channel in all_channels}
        self.engine: Engine = make_engine(settings, databases.engine, self.clock, channels)
        self._ingest = Ingest(database_url, Directories(databases.engine), self.clock, queue_limit=1000)

    async def __aenter__(self) -> "World":
        await self._ingest.open()
        await self.reachable(self.tenant.owner)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._ingest.close()

    @property
    def sent(self) -> list[tuple[int, str, str]]:
        """What went out for this account, as (minute since the start, address, message)."""
        everything = [*self.email.sent, *self.webhook.sent, *self.sms.sent, *self.voice.sent, *self.push.sent]
        ours = [(at, it) for at, it in everything if it.notification.account_id == self.tenant.account_id]
        return [
            (int((at - START).total_seconds() // 60), it.receiver.address, it.alert.message if it.alert else "test")
            for at, it in sorted(ours, key=lambda pair: (pair[0], pair[1].notification.id))
        ]

    async def users(self, *names: str) -> list[User]:
        """People with a verified e-mail contact and a rule that uses it at once."""
        users = [await add_user(self.databases, self.tenant, f"{name}-{uuid4().hex[:6]}@example.com") for name in names]
        for user in users:
            await self.reachable(user)
        return users

    async def reachable(self, user: User, *after: timedelta, action_type: str = "create-alert") -> None:
        """One more notification rule: the person's e-mail contact after each of these delays (at once by default)."""
        async with self.databases.engine.transaction() as tx:
            contacts = await accounts_store.list_contacts(tx, user.account_id, user.id)
            contact = next(it for it in contacts if it.method is ContactMethod.EMAIL)
            rule_id = uuid4()
            await rules_store.insert_rule(
                tx, user.account_id, rule_id, user.id, "rule", action_type=action_type, position=0
            )
            for position, delay in enumerate(after or (timedelta(0),)):
                await rules_store.insert_step(
                    tx, user.account_id, uuid4(), rule_id, contact.id, after=delay, position=position
                )

    async def webhook_contact(self, user: User, address: str) -> None:
        """A verified webhook contact, with a step at once in the person's first rule."""
        await self.contact(user, ContactMethod.WEBHOOK, address)

    async def contact(self, user: User, method: ContactMethod, address: str) -> None:
        """A verified contact, with a step at once in the person's first rule."""
        contact = make_contact(user, method, address)
        async with self.databases.engine.transaction() as tx:
            await accounts_store.insert_contact(tx, contact, b"")
            rule_id = await tx.value(
                "select id from notification_rules where account_id = %(a)s and user_id = %(u)s order by position",
                a=user.account_id, u=user.id,
            )  # fmt: skip
            await rules_store.insert_step(
                tx, user.account_id, uuid4(), rule_id, contact.id, after=timedelta(0), position=9
            )

    async def team(self, *members: User) -> tuple[UUID, str]:
        """A team with its defaults: schedule, escalation at 0, 5 and 10 minutes, routing rule. Its id and name."""
        name = f"team-{uuid4().hex[:6]}"
        async with self.databases.engine.transaction() as tx:
            made = await team_defaults.create_team(
                tx,
                self.tenant.account_id,
                name,
                [(member.id, "user") for member in members],
                time_zone="Europe/Warsaw",
                at=START,
            )
        return made.id, name

    async def escalation(self, *rules: tuple[int, User], repeat: dict[str, Any] | None = None) -> str:
        """An escalation that tells these people after so many minutes while nobody acknowledged. Its name."""
        name, ident = f"escalation-{uuid4().hex[:6]}", uuid4()
        async with self.databases.engine.transaction() as tx:
            await config_store.insert_escalation(tx, self.tenant.account_id, ident, name, team_id=None, at=START)
            for position, (minutes, user) in enumerate(rules):
                await config_store.insert_escalation_rule(
                    tx,
                    self.tenant.account_id,
                    ident,
                    position=position,
                    condition=Condition.IF_NOT_ACKED,
                    notify_type=NotifyType.DEFAULT,
                    delay=timedelta(minutes=minutes),
                    recipient_type=RecipientKind.USER,
                    recipient_id=user.id,
                )
            if repeat:
                await tx.execute(
                    """
                    update escalations set repeat_wait = %(wait)s, repeat_count = %(count)s,
                           reset_recipient_states = %(reset)s, close_alert_after_all = %(close)s
                     where account_id = %(account_id)s and id = %(id)s
                    """,
                    account_id=self.tenant.account_id, id=ident, wait=timedelta(minutes=repeat["wait"]),
                    count=repeat["count"], reset=repeat.get("reset", False), close=repeat.get("close", False),
                )  # fmt: skip
        return name

    async def trigger(self, message: str, *responders: dict[str, str], **payload: Any) -> str:
        """Create an alert through the ingest queue, and let the engine do what is due at once. The alert's id."""
        import asyncio

        request = Request(
            new_id(self.clock.at),
            self.tenant.integration,
            parse_create({"message": message, "responders": list(responders), **payload}),
            "127.0.0.1",
            self.clock.at,
            asyncio.get_running_loop().create_future(),
        )
        await self._ingest.submit(request)
        await settle(self.engine, self.clock.at)
        async with self.tenant.app.transaction() as tx:
            alert_id: str = await tx.value(
                "select alert_id from alert_requests where account_id = %(account_id)s and id = %(id)s",
                account_id=self.tenant.account_id, id=UUID(request.id),
            )  # fmt: skip
        return alert_id

    async def advance(self, *, minutes: float) -> None:
        """Let so much time pass."""
        await run_until(self.engine, self.clock, self.clock.at + timedelta(minutes=minutes))

    async def acknowledge(self, alert_id: str) -> None:
        await self._change(alert_id, "acknowledged = true, acknowledged_at = %(at)s, acknowledged_by = 'ana'")

    async def close(self, alert_id: str) -> None:
        await self._change(alert_id, "status = 'closed', closed_at = %(at)s")

    async def _change(self, alert_id: str, change: str) -> None:
        async with self.tenant.app.transaction() as tx:
            await tx.execute(
                f"update alerts set {change} where account_id = %(account_id)s and id = %(id)s",
                account_id=self.tenant.account_id, id=alert_id, at=self.clock.at,
            )  # fmt: skip

    async def rows(self, sql: str) -> Sequence[dict[str, Any]]:
        async with self.tenant.app.transaction() as tx:
            return await tx.dicts(sql, account_id=self.tenant.account_id)

    async def ends(self) -> dict[str, int]:
        """How many notifications of the account are in each status."""
        found = await self.rows(
            "select status, count(*) as n from notifications where account_id = %(account_id)s group by status"
        )
        return {row["status"]: row["n"] for row in found}

    async def events(self) -> list[str]:
        found = await self.rows("select event from alert_log where account_id = %(account_id)s order by id")
        return [row["event"] for row in found]


def user(it: User) -> dict[str, str]:
    return {"type": "user", "username": it.username}


def team(name: str) -> dict[str, str]:
    return {"type": "team", "name": name}


def escalation(name: str) -> dict[str, str]:
    return {"type": "escalation", "name": name}
