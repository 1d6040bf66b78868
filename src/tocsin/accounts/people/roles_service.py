"""Custom roles: made, changed, deleted; each one transaction, with its line in the audit log."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

from tocsin.accounts import audit
from tocsin.accounts.audit import Actor
from tocsin.accounts.gate import Gate
from tocsin.accounts.model import CustomRole, Role
from tocsin.accounts.people import roles_store
from tocsin.accounts.people import store as people
from tocsin.accounts.people.service import licence_of
from tocsin.accounts.rights import RIGHT_NAMES, unlicensed
from tocsin.db import Db, Tx, retried
from tocsin.errors import Conflict, InUse, Invalid
from tocsin.i18n import N_

BASES = ("user", "observer", "stakeholder")
NAME_LIMIT = 512
BUILT_IN = {*Role, "observer"}


def check(name: str, base: str, granted: Iterable[str], disallowed: Iterable[str]) -> None:
    """Raises: Invalid, with what is wrong by the names that the API gives the fields."""
    errors, said = {}, N_("A role has a name of 1 to 512 characters.")
    if not name.strip() or len(name) > NAME_LIMIT:
        errors["name"] = f"A name has 1 to {NAME_LIMIT} characters."
    elif name.strip().lower() in BUILT_IN:
        errors["name"], said = f"{name.strip()} is a built-in role.", N_("A built-in role has this name.")
    if base not in BASES:
        said = N_("Choose what the role is based on.")
        errors["extendedRole"] = f"Extended role should be one of [{', '.join(BASES)}]."
    for field, names in (("grantedRights", granted), ("disallowedRights", disallowed)):
        if unknown := [it for it in names if it not in RIGHT_NAMES]:
            said = N_("There is no such right.")
            errors[field] = f"There is no right {', '.join(unknown)}."
    if not errors and (needs := unlicensed(Role.USER if base == "user" else Role.STAKEHOLDER, granted)):
        said = N_("A role that takes no responder's seat cannot be granted what responders do.")
        errors["grantedRights"] = f"These need a responder's licence, so extend the user role: {', '.join(needs)}."
    if errors:
        raise Invalid(said, errors)


async def create(db: Db, gate: Gate, actor: Actor, role: CustomRole) -> CustomRole:
    """The new role. Raises: Invalid, Conflict (the name is taken), PlanRequired."""
    check(role.name, role.base, role.granted, role.disallowed)
    async with db.transaction() as tx:
        await gate.require(tx, actor.account_id, "custom_roles", actor.at)
        await _check_name(tx, role)
        await roles_store.insert_role(tx, role)
        await audit.record(tx, actor, "created", "role", role.id, role.name, after=_facts(role))
    return role


@retried
async def change(
    db: Db, gate: Gate, actor: Actor, identifier: str, by: Literal["id", "name"], wanted: CustomRole
) -> CustomRole:
    """The role as it becomes: all but the id is as `wanted`; who has it takes another kind of seat with another base.

    Raises: NotFound, Invalid, Conflict, PlanRequired (no seat, or no custom roles).
    """
    check(wanted.name, wanted.base, wanted.granted, wanted.disallowed)
    async with db.transaction() as tx:
        await gate.require(tx, actor.account_id, "custom_roles", actor.at)
        before = await people.get_role(tx, actor.account_id, identifier, by)
        role = replace(wanted, id=before.id, created_at=before.created_at)
        await _check_name(tx, role)
        await roles_store.save_role(tx, role)
        if role.role is not before.role:
            for user in await roles_store.users_of(tx, actor.account_id, role.id):
                if user.status == "active":
                    await gate.require_room(tx, actor.account_id, licence_of(role.role), actor.at)
                await people.set_role(tx, actor.account_id, user.id, role.role, licence_of(role.role), role.id)
            await gate.settle(tx, actor.account_id, actor.at)
        await audit.record(
            tx, actor, "changed", "role", role.id, role.name, before=_facts(before), after=_facts(role)
        )  # fmt: skip
    return role


async def delete(db: Db, actor: Actor, identifier: str, by: Literal["id", "name"]) -> CustomRole:
    """The role that is gone. Raises: NotFound, InUse while somebody has it."""
    async with db.transaction() as tx:
        role = await people.get_role(tx, actor.account_id, identifier, by)
        if users := await roles_store.users_of(tx, actor.account_id, role.id):
            raise InUse(
                N_("%(who)s has the role %(name)s. Give them another one first."),
                params={"who": ", ".join(user.username for user in users[:5]), "name": role.name},
            )
        await roles_store.delete_role(tx, actor.account_id, role.id)
        await audit.record(tx, actor, "deleted", "role", role.id, role.name, before=_facts(role))
    return role


async def _check_name(tx: Tx, role: CustomRole) -> None:
    if await roles_store.is_name_taken(tx, role.account_id, role.id, role.name):
        raise Conflict(N_("Another role has this name."), {"name": N_("Another role has this name.")})


def _facts(role: CustomRole) -> dict[str, object]:
    return {"name": role.name, "base": role.base, "granted": role.granted, "disallowed": role.disallowed}
