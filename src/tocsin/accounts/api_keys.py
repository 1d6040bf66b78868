"""API keys: made, shown once, given rights, switched off, removed."""

from uuid import UUID, uuid4

from tocsin.accounts import api_keys_store, audit, store
from tocsin.accounts.api_keys_store import ApiKey
from tocsin.accounts.audit import Actor
from tocsin.accounts.gate import Gate
from tocsin.accounts.model import Integration, Right, key_hash
from tocsin.db import Db
from tocsin.errors import Conflict, Forbidden, Invalid
from tocsin.i18n import N_

NAME_LENGTH = 100
HINT_LENGTH = 4
TYPES = ("API", "Key")


async def create(
    db: Db,
    gate: Gate,
    actor: Actor,
    *,
    name: str,
    kind: str,
    rights: set[Right],
    responder_team: UUID | None,
    may_bill: bool,
) -> tuple[Integration, str]:
    """The new key's holder, and the key, which is kept nowhere.

    Alerts that come by an `API` key and name no responder go to `responder_team`.
    `may_bill`: whoever makes it may let it read and change billing. Raises: Invalid, Conflict, Forbidden, PlanRequired.
    """
    errors = {}
    if not name or len(name) > NAME_LENGTH:
        errors["name"] = N_("A key's name has 1 to 100 characters.")
    if kind not in TYPES:
        errors["type"] = N_("There is no such kind of key.")
    if not rights:
        errors["rights"] = N_("A key without any right can do nothing.")
    if errors:
        raise Invalid(N_("Something is not right yet."), errors)
    _refuse_billing(set(), rights, may_bill)
    key = str(uuid4())
    responders = [{"type": "team", "id": str(responder_team)}] if responder_team is not None else []
    integration = Integration(
        account_id=actor.account_id,
        id=uuid4(),
        name=name,
        type=kind,
        enabled=True,
        allow_read_access=Right.READ in rights,
        allow_write_access=Right.WRITE in rights,
        allow_delete_access=Right.DELETE in rights,
        allow_configuration_access=Right.CONFIGURATION in rights,
        team_id=None,
        responders=responders,
        allow_billing_access=Right.BILLING in rights,
    )
    async with db.transaction() as tx:
        if responder_team is not None and all(
            team.id != responder_team for team in await store.list_teams(tx, actor.account_id)
        ):
            raise Invalid(N_("Something is not right yet."), {"team": N_("There is no such team.")})
        await gate.require_room(tx, actor.account_id, "integrations", actor.at)
        if await api_keys_store.is_name_taken(tx, actor.account_id, name):
            raise Conflict(N_("Another key has this name."), {"name": N_("Another key has this name.")})
        await store.insert_integration(tx, integration, key_hash(key), key[-HINT_LENGTH:], actor.at)
        after = {"type": kind, **_facts(rights)}
        await audit.record(tx, actor, "created", "api-key", integration.id, name, after=after)
    return integration, key


async def set_rights(db: Db, actor: Actor, key_id: UUID, rights: set[Right], *, may_bill: bool) -> ApiKey:
    """The key as it was; whoever may not give the billing right leaves it as it is. Raises: NotFound, Invalid,
    Forbidden.
    """
    async with db.transaction() as tx:
        key = await api_keys_store.lock_key(tx, actor.account_id, key_id)
        _refuse_billing(rights_of(key), rights, may_bill)
        if not may_bill:
            rights = rights | (rights_of(key) & {Right.BILLING})
        if not rights:
            raise Invalid(N_("A key without any right can do nothing."))
        await api_keys_store.set_rights(tx, actor.account_id, key_id, {right: right in rights for right in Right})
        before, after = _facts(rights_of(key)), _facts(rights)
        await audit.record(tx, actor, "changed", "api-key", key_id, key.name, before=before, after=after)
    return key


async def set_enabled(db: Db, actor: Actor, key_id: UUID, enabled: bool) -> ApiKey:
    """The key as it was; a disabled one is refused within a second. Raises: NotFound."""
    async with db.transaction() as tx:
        key = await api_keys_store.lock_key(tx, actor.account_id, key_id)
        await api_keys_store.set_enabled(tx, actor.account_id, key_id, enabled)
        before, after = {"enabled": key.enabled}, {"enabled": enabled}
        await audit.record(tx, actor, "changed", "api-key", key_id, key.name, before=before, after=after)
    return key


async def delete(db: Db, actor: Actor, key_id: UUID) -> ApiKey:
    """The key that is gone. Raises: NotFound."""
    async with db.transaction() as tx:
        key = await api_keys_store.lock_key(tx, actor.account_id, key_id)
        await api_keys_store.delete_key(tx, actor.account_id, key_id)
        before = {"type": key.type, "enabled": key.enabled, **_facts(rights_of(key))}
        await audit.record(tx, actor, "deleted", "api-key", key_id, key.name, before=before)
    return key


def _refuse_billing(before: set[Right], after: set[Right], may_bill: bool) -> None:
    if Right.BILLING in after - before and not may_bill:
        raise Forbidden(N_("Only an owner of the account can let a key read and change its billing."))


def rights_of(key: ApiKey) -> set[Right]:
    """What the key may do."""
    held = {
        Right.READ: key.allow_read_access,
        Right.WRITE: key.allow_write_access,
        Right.DELETE: key.allow_delete_access,
        Right.CONFIGURATION: key.allow_configuration_access,
        Right.BILLING: key.allow_billing_access,
    }
    return {right for right, is_held in held.items() if is_held}


def _facts(rights: set[Right]) -> dict[str, object]:
    return {"rights": [right.value for right in Right if right in rights]}
