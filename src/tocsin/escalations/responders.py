"""Whom a create request names: the payload's responders, or the integration's own."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from tocsin.accounts import store as accounts_store
from tocsin.accounts.directory import Directory, Reference
from tocsin.accounts.model import Integration
from tocsin.alerts.create import NewAlert
from tocsin.db import Db

NOBODY = UUID(int=0)  # stands for a responder that the account does not have: telling it is a dead end, and is said so
CACHE_SECONDS = 1.0
CACHE_SIZE = 1_000


@dataclass(frozen=True, slots=True)
class Named:
    """The responders of an alert as (type, id). `nowhere`: none of those that were named exists."""

    responders: list[tuple[str, UUID]]
    visible_to: list[tuple[str, UUID]]
    unknown: list[Reference]
    owner_team_id: UUID | None

    @property
    def nowhere(self) -> list[tuple[str, UUID | None]]:
        """A dead end to walk into, so that the last resort hears of it, when somebody was named and nobody is there."""
        return [("user", None)] if self.unknown and not self.responders else []

    def created_data(self, integration: str) -> dict[str, Any]:
        """What the log keeps of the creation."""
        data: dict[str, Any] = {"integration": integration}
        if not self.responders and not self.unknown:
            data["no_responders"] = True
        return data


def responders_of(integration: Integration, alert: NewAlert, directory: Directory) -> Named:
    """A team's integration always means its team; else the payload's responders; else the integration's defaults.

    Source: reference, alerts (create payload: responders)
    """
    unknown: list[Reference] = []
    if integration.team_id is not None:
        found = [("team", integration.team_id)]
    else:
        found = _resolve(alert.responders, directory, unknown)
        if not found:
            found = [(entry["type"], UUID(entry["id"])) for entry in integration.responders]
    owner_team = next((ident for kind, ident in found if kind == "team"), None)
    return Named(found, _resolve(alert.visible_to, directory, []), unknown, owner_team)


def _resolve(references: Iterable[Reference], directory: Directory, unknown: list[Reference]) -> list[tuple[str, UUID]]:
    found: dict[tuple[str, UUID], None] = {}
    for reference in references:
        entry = directory.find(reference)
        if entry is None:
            unknown.append(reference)
        else:
            found[entry.type, entry.id] = None
    return list(found)


def as_json(named: Iterable[tuple[str, UUID]]) -> str:
    """`[{"type": "team", "id": "…"}]`, as alerts keep it."""
    return msgspec.json.encode([{"type": kind, "id": str(ident)} for kind, ident in named]).decode()


class Directories:
    """The names of accounts, remembered for a second: a new team is known to the next batch after that."""

    def __init__(self, engine: Db) -> None:
        self._engine = engine
        self._known: dict[int, tuple[Directory, float]] = {}

    async def refresh(self, account_ids: set[int]) -> None:
        """Load what is missing or older than a second."""
        now = time.monotonic()
        stale = [it for it in account_ids if it not in self._known or self._known[it][1] <= now]
        if not stale:
            return
        async with self._engine.transaction() as tx:
            loaded = await accounts_store.load_directories(tx, stale)
        if len(self._known) + len(loaded) > CACHE_SIZE:
            self._known = {it: self._known[it] for it in account_ids if it in self._known}
        for account_id, directory in loaded.items():
            self._known[account_id] = (directory, now + CACHE_SECONDS)

    def of(self, account_id: int) -> Directory:
        """The account's names as last loaded."""
        return self._known[account_id][0]
