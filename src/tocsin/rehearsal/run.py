"""Rehearsing a scenario: the real ingest, services and engine on a scratch server, with a clock that jumps."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tocsin.accounts import store as accounts_store
from tocsin.accounts.model import Account, ContactMethod, Integration
from tocsin.clock import SetClock
from tocsin.db import Databases, Db, open_databases
from tocsin.engine.engine import Engine, make_engine
from tocsin.errors import Invalid
from tocsin.escalations.ingest import Ingest
from tocsin.escalations.responders import Directories
from tocsin.notifications.model import ChannelError, Envelope, Sent
from tocsin.rehearsal import events
from tocsin.rehearsal.calls import Calls
from tocsin.rehearsal.cards import RehearsedCards
from tocsin.rehearsal.commands import Use
from tocsin.rehearsal.drive import run_until
from tocsin.rehearsal.events import Event
from tocsin.rehearsal.expectation import Line, difference
from tocsin.rehearsal.journal import Journal
from tocsin.rehearsal.ledger import Ledger, publish_first
from tocsin.rehearsal.live import LiveAccount, write_account
from tocsin.rehearsal.making import make_account
from tocsin.rehearsal.naming import numbered
from tocsin.rehearsal.scenario import Failure, Scenario
from tocsin.rehearsal.scratch import Scratch
from tocsin.rehearsal.subscription_commands import SubscriptionAction
from tocsin.settings import Settings
from tocsin.wire import wire_time

MOMENT = timedelta(microseconds=1)  # the database's smallest: what is due before a command, is due by then


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What came of a scenario. `unmet` is empty where all came as expected, or nothing was."""

    scenario: Scenario
    account: Account
    events: tuple[Event, ...]
    unmet: tuple[Line, ...]

    def as_json(self) -> dict[str, Any]:
        """The same for the same scenario, byte by byte once it is written out."""
        return {
            "start": wire_time(self.scenario.start),
            "end": wire_time(self.scenario.end),
            "timeZone": self.account.time_zone,
            "events": [event.as_json() for event in self.events],
            "asExpected": None if self.scenario.expectation is None else not self.unmet,
        }


@dataclass(slots=True)
class RehearsedChannel:
    """A channel that reaches nobody: it takes everything, but for contacts that are to fail."""

    name: str
    clock: SetClock
    failures: Sequence[Failure]
    in_flight: int = 100

    async def send(self, envelope: Envelope) -> Sent:
        for failure in self.failures:
            if failure.covers(self.name, envelope.receiver.address, self.clock.at):
                raise ChannelError(failure.reason, retry=not failure.permanent, provider="rehearsal")
        return Sent(provider="rehearsal", delivered=self.name == "webhook")  # which alone has a receipt

    async def close(self) -> None:
        """Nothing is held open."""


async def rehearse(
    scenario: Scenario, scratch: Scratch, live: LiveAccount | None = None, price_book: str = ""
) -> Rehearsal:
    """Run the scenario on `scratch`, on its own account or on a copy of `live`. Raises: Invalid, Conflict.

    `price_book` is a document, for a scenario that has none and prices other than the shipped ones.
    """
    async with scratch.lock:
        await scratch.clear()
        async with open_databases(scratch.url, app_size=2, engine_size=2) as databases:
            if scenario.is_billed:
                chosen = scenario.price_book.document if scenario.price_book is not None else price_book
                await publish_first(databases.engine, chosen, scenario.start)
            account = await _make(scenario, databases.engine, live)
            async with _stage(scenario, account, databases, scratch.url) as stage:
                if stage.ledger is not None:
                    await stage.ledger.open()
                happened = await stage.play()
    unmet = difference(scenario.expectation, happened) if scenario.expectation is not None else []
    return Rehearsal(scenario, account, happened, tuple(unmet))


async def _make(scenario: Scenario, engine: Db, live: LiveAccount | None) -> Account:
    async with engine.transaction() as tx:
        if live is not None:
            account_id = await write_account(tx, live)
        elif scenario.account is not None:
            account_id = await make_account(tx, scenario.account, scenario.start)
        else:
            raise Invalid("The scenario describes no account, and no live one was given.")
        return await accounts_store.get_account(tx, account_id)


@asynccontextmanager
async def _stage(scenario: Scenario, account: Account, databases: Databases, url: str) -> AsyncIterator["_Stage"]:
    """Everything that takes part, ready at the start."""
    clock, next_id = SetClock(scenario.start), numbered("alert")
    async with databases.engine.transaction() as tx:
        usernames = {user.id: user.username for user in await accounts_store.list_users(tx, account.id)}
        integrations = await accounts_store.load_integrations(tx, account.id)
    zone = ZoneInfo(account.time_zone)
    journal = Journal(databases.engine, account.id, account.locale, zone, usernames, clock)
    channels = {it.value: RehearsedChannel(it.value, clock, scenario.failures) for it in ContactMethod}
    gateway = RehearsedCards()
    engine = make_engine(_settings(), databases.engine, clock, channels, watch=journal.watch, gateway=gateway)
    ledger = Ledger(account, engine, clock, gateway) if scenario.is_billed else None
    directories = Directories(databases.engine)
    ingest = Ingest(url, directories, clock, queue_limit=1_000, make_id=lambda _: str(next_id()))
    calls = Calls(account.id, databases.app.for_account(account.id), ingest, _by_name(integrations.values()))
    await ingest.open()
    try:
        yield _Stage(scenario, clock, engine, calls, journal, ledger)
    finally:
        await ingest.close()


def _settings() -> Settings:
    """The defaults, whatever the environment says: a rehearsal comes out the same everywhere."""
    return Settings.model_construct(secret_key="no secret is kept", public_url="http://localhost")  # noqa: S106 - it says so


def _by_name(integrations: Iterable[Integration]) -> dict[str, Integration]:
    """The enabled API integrations, in order of their names."""
    able = [it for it in integrations if it.type == "API" and it.enabled]
    return {it.name: it for it in sorted(able, key=lambda it: it.name)}


@dataclass(frozen=True, slots=True)
class _Stage:
    scenario: Scenario
    clock: SetClock
    engine: Engine
    calls: Calls
    journal: Journal
    ledger: Ledger | None

    async def play(self) -> tuple[Event, ...]:
        """Every command at its instant, before what is due then; and all that comes of them, to the end."""
        next_request = numbered("request")
        for command in self.scenario.commands:
            if command.at > self.clock.at:
                await run_until(self.engine, self.clock, command.at - MOMENT, self._look)
                self.clock.at = command.at
            await self.journal.catch_up()
            if isinstance(command.action, SubscriptionAction):
                if self.ledger is not None:
                    await self.ledger.do(command.action, command.name)
                await self._look()
                continue
            result = await self.calls.do(command, next_request())
            told = await self.journal.catch_up()
            if isinstance(command.action, Use):
                text = f"{command.action.kind} to {command.action.number}: {result.status}"
                self.journal.add(events.USAGE, command=command.name, text=text)
            elif not told:
                kind = events.UNCHANGED if result.success else events.REFUSED
                self.journal.add(kind, alert=command.alert, by=command.user, command=command.name, text=result.status)
        await run_until(self.engine, self.clock, self.scenario.end, self._look)
        happened = await self.journal.finish(self.scenario.end)
        return happened if self.ledger is None else self.ledger.merged(happened)

    async def _look(self) -> None:
        """Take over what happened at this instant, before what is deleted later is gone."""
        if self.ledger is not None:
            await self.ledger.catch_up()
            await self.journal.catch_up()
