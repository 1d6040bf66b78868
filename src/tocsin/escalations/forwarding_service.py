"""What people change about who is told instead of whom. Each one transaction, with its audit entry."""

from dataclasses import replace
from uuid import UUID, uuid4

from psycopg.errors import UniqueViolation

from tocsin.accounts import audit, team_service
from tocsin.accounts import store as accounts_store
from tocsin.accounts.audit import Actor
from tocsin.db import Db, Tx
from tocsin.errors import Conflict, Forbidden, Invalid, NotFound
from tocsin.escalations import forwarding_store
from tocsin.escalations.drafts import ForwardingDraft
from tocsin.escalations.forwarding_store import ForwardingRow, IdentifierType
from tocsin.i18n import N_

TAKEN = N_("A forwarding rule with the alias %(alias)s exists already.")
NOT_YOURS = "API Key of a team cannot forward the notifications of others than its members"


async def make_rule(db: Db, actor: Actor, draft: ForwardingDraft, within: UUID | None = None) -> ForwardingRow:
    """A new forwarding rule; `within` is the team whose key asks, for one of its members.

    Raises: NotFound (somebody named), Invalid, Conflict (the alias is taken), Forbidden.
    """
    async with db.transaction() as tx:
        rule_id = uuid4()
        blank = ForwardingRow(
            actor.account_id, rule_id, str(rule_id), rule_id, rule_id, draft.starts_at, draft.ends_at, actor.at
        )
        rule = await _drafted(tx, actor, blank, draft, within)
        try:
            await forwarding_store.insert(tx, rule)
        except UniqueViolation:
            raise Conflict(TAKEN, params={"alias": rule.alias}) from None
        await _recorded(tx, actor, "created", rule, None, rule)
    return rule


async def change_rule(
    db: Db,
    actor: Actor,
    identifier: str,
    identifier_type: IdentifierType,
    draft: ForwardingDraft,
    within: UUID | None = None,
) -> ForwardingRow:
    """The rule as the draft says. Raises: NotFound, Invalid, Conflict (the alias is taken), Forbidden."""
    async with db.transaction() as tx:
        before = await get_rule(tx, actor.account_id, identifier, identifier_type, within, lock=True)
        after = await _drafted(tx, actor, before, draft, within)
        try:
            await forwarding_store.save(tx, after)
        except UniqueViolation:
            raise Conflict(TAKEN, params={"alias": after.alias}) from None
        await _recorded(tx, actor, "changed", after, before, after)
    return after


async def delete_rule(
    db: Db, actor: Actor, identifier: str, identifier_type: IdentifierType, within: UUID | None = None
) -> None:
    """Everybody is told himself again. Raises: NotFound."""
    async with db.transaction() as tx:
        rule = await get_rule(tx, actor.account_id, identifier, identifier_type, within, lock=True)
        await forwarding_store.delete(tx, actor.account_id, rule.id)
        await _recorded(tx, actor, "deleted", rule, rule, None)


async def get_rule(
    tx: Tx,
    account_id: int,
    identifier: str,
    identifier_type: IdentifierType,
    within: UUID | None = None,
    *,
    lock: bool = False,
) -> ForwardingRow:
    """The rule with this id or alias. Raises: NotFound, also where it is not about a member of the calling team."""
    found = await forwarding_store.find(tx, account_id, identifier, identifier_type, lock=lock)
    if found is None or (within and found.from_user_id not in await members(tx, account_id, within)):
        raise NotFound(
            "Forwarding rule does not exist with %(kind)s: [%(identifier)s]",
            params={"kind": identifier_type, "identifier": identifier},
        )
    return found


async def members(tx: Tx, account_id: int, team_id: UUID) -> set[UUID]:
    """Who is in the team."""
    return {it.user_id for it in await accounts_store.list_team_members(tx, account_id) if it.team_id == team_id}


async def _drafted(
    tx: Tx, actor: Actor, rule: ForwardingRow, draft: ForwardingDraft, within: UUID | None
) -> ForwardingRow:
    directory = await accounts_store.load_directory(tx, actor.account_id)
    from_user_id, to_user_id = (team_service.user_meant(directory, it) for it in (draft.from_user, draft.to_user))
    if from_user_id == to_user_id:
        raise Invalid(N_("Forwarding goes to somebody else."), {"toUser": "must not be the same as fromUser"})
    if within and from_user_id not in await members(tx, actor.account_id, within):
        raise Forbidden(NOT_YOURS)
    await accounts_store.require_responders(tx, actor.account_id, {to_user_id})
    return replace(
        rule,
        alias=draft.alias or rule.alias,
        from_user_id=from_user_id,
        to_user_id=to_user_id,
        starts_at=draft.starts_at,
        ends_at=draft.ends_at,
    )


def _facts(rule: ForwardingRow) -> dict[str, object]:
    return {
        "alias": rule.alias,
        "from_user": str(rule.from_user_id),
        "to_user": str(rule.to_user_id),
        "starts_at": rule.starts_at,
        "ends_at": rule.ends_at,
    }


async def _recorded(
    tx: Tx, actor: Actor, action: str, rule: ForwardingRow, before: ForwardingRow | None, after: ForwardingRow | None
) -> None:
    facts = [_facts(it) if it is not None else None for it in (before, after)]
    await audit.record(tx, actor, action, "forwarding-rule", rule.id, rule.alias, before=facts[0], after=facts[1])
