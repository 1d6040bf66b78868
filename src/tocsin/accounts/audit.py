"""The audit log: who changed what, written in the transaction that changes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from tocsin.accounts import audit_store
from tocsin.db import Tx

SYSTEM = "System"
Facts = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who changes something, when and from where: a person, a key, or the system itself."""

    account_id: int
    name: str  # a username, the name of a key, or System
    at: datetime
    id: UUID | None = None
    address: str = ""
    request_id: UUID | None = None


def system(account_id: int, at: datetime) -> Actor:
    """The server itself, on nobody's behalf."""
    return Actor(account_id, SYSTEM, at)


async def record(
    tx: Tx,
    actor: Actor,
    action: str,
    object_type: str,
    object_id: object,
    object_name: str = "",
    *,
    before: Facts | None = None,
    after: Facts | None = None,
) -> None:
    """Write one change. `action` is a verb in the past ("created"), `object_type` a noun of ours ("api-key").

    `before` and `after` hold what changed, in plain values; never a secret. What is the same in both is left out.
    """
    if before is not None and after is not None:
        before, after = (
            {name: value for name, value in one.items() if other.get(name) != value or name not in other}
            for one, other in ((before, after), (after, before))
        )
        if not before and not after:
            return
    await audit_store.insert_entry(
        tx,
        account_id=actor.account_id,
        at=actor.at,
        actor=actor.name,
        actor_id=actor.id,
        action=action,
        object_type=object_type,
        object_id=str(object_id),
        object_name=object_name,
        before=_json(before),
        after=_json(after),
        address=actor.address,
        request_id=actor.request_id,
    )


def _json(facts: Facts | None) -> Jsonb | None:
    return Jsonb(msgspec.to_builtins(dict(facts))) if facts is not None else None
