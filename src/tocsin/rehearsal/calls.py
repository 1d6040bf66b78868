"""Doing what a command says, by the functions that the API itself calls."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from tocsin.accounts.model import Integration
from tocsin.alerts import service as alerts_service
from tocsin.alerts import store as alerts_store
from tocsin.alerts.model import API_NAME, Call, RequestResult
from tocsin.billing import metered
from tocsin.db import Db
from tocsin.errors import Invalid
from tocsin.escalations import service
from tocsin.escalations.ingest import Ingest, Request
from tocsin.rehearsal.commands import AddResponder, Assign, Command, Create, Edit, Escalate, Plain, Snooze, Use

PLAIN = {
    "acknowledge": service.acknowledge,
    "unacknowledge": service.unacknowledge,
    "close": service.close,
    "delete": service.delete,
}
BASE_URL = "http://localhost"
ADDRESS = "rehearsal"  # the source of an alert that names none, which is otherwise the sender's address


@dataclass(frozen=True, slots=True)
class Calls:
    """The API of one account. `integrations` are its enabled API integrations, by name."""

    account_id: int
    db: Db
    ingest: Ingest
    integrations: Mapping[str, Integration]

    async def do(self, command: Command, request_id: UUID) -> RequestResult:
        """What became of it, as the API's request status has it. Raises: Invalid for an unknown integration."""
        match command.action:
            case Create() as create:
                return await self._create(command, create, request_id)
            case Plain(verb):
                return await PLAIN[verb](self.db, self._call(command, request_id))
            case Snooze(until):
                return await service.snooze(self.db, self._call(command, request_id), until)
            case Escalate(escalation):
                return await service.escalate(self.db, self._call(command, request_id), escalation)
            case Assign(owner):
                return await service.assign(self.db, self._call(command, request_id), owner)
            case AddResponder(responder, action):
                return await service.add_responder(self.db, self._call(command, request_id), responder, action)
            case Use() as use:
                return await self._use(command, use, request_id)
            case Edit("Add Note"):
                return await service.add_note(self.db, self._call(command, request_id))
            case Edit(action, decide):
                return await alerts_service.act(self.db, self._call(command, request_id), action, decide)
            case _:
                raise Invalid(f"{command.place}: This is no call about alerts.")

    async def _use(self, command: Command, use: Use, request_id: UUID) -> RequestResult:
        """Usage as a provider reports it: each id counts once."""
        async with self.db.transaction() as tx:
            new = await metered.record(tx, self.account_id, use.records(self.account_id, command.at), BASE_URL)
        return RequestResult(self.account_id, request_id, "Usage", "", "", True, f"{new} recorded", None, command.at)

    async def _create(self, command: Command, create: Create, request_id: UUID) -> RequestResult:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        integration = self._integration(command, create)
        await self.ingest.submit(Request(str(request_id), integration, create.alert, ADDRESS, command.at, done))
        async with self.db.transaction() as tx:
            result = await alerts_store.find_request(tx, self.account_id, request_id)
        assert result is not None  # noqa: S101 - it is written with the alert
        return result

    def _integration(self, command: Command, create: Create) -> Integration:
        name = create.integration or next(iter(self.integrations), "")
        if name not in self.integrations:
            known = ", ".join(self.integrations) or "none"
            raise Invalid(f"{command.place}: There is no enabled API integration {name!r}. Known: {known}.")
        return self.integrations[name]

    def _call(self, command: Command, request_id: UUID) -> Call:
        tiny = command.alert.startswith("#")
        return Call(
            account_id=self.account_id,
            request_id=request_id,
            at=command.at,
            identifier=command.alert[1:] if tiny else command.alert,
            identifier_type="tiny" if tiny else "alias",
            by=command.user or API_NAME,
            user=command.user,
            source=command.source,
            note=command.note,
        )
