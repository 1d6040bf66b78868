"""What people change about a team: its name and its members. Each one transaction, with its line in the audit log."""

from uuid import UUID

from tocsin.accounts import audit, store, team_store
from tocsin.accounts.audit import Actor
from tocsin.db import Db, Tx
from tocsin.errors import Conflict, Invalid, NotFound
from tocsin.i18n import N_

NAME_LIMIT = 100
DESCRIPTION_LIMIT = 1000
ROLES = ("admin", "user")


def check_name(name: str) -> str:
    """The name without white space around it. Raises: Invalid."""
    name = name.strip()
    if not name or len(name) > NAME_LIMIT:
        raise Invalid(N_("A name has 1 to 100 characters."), {"name": "must have 1 to 100 characters"})
    return name


async def rename_team(db: Db, actor: Actor, team_id: UUID, name: str, description: str) -> None:
    """Another name or description. Raises: NotFound, Invalid, Conflict (the name is taken)."""
    name, description = check_name(name), description.strip()[:DESCRIPTION_LIMIT]
    async with db.transaction() as tx:
        before = await team_store.lock_team(tx, actor.account_id, team_id)
        if any(team.name == name and team.id != team_id for team in await store.list_teams(tx, actor.account_id)):
            raise Conflict(N_("Another team has this name."))
        await team_store.update_team(tx, actor.account_id, team_id, name, description)
        await audit.record(
            tx, actor, "changed", "team", team_id, name,
            before={"name": before.name, "description": before.description},
            after={"name": name, "description": description},
        )  # fmt: skip


async def set_member(db: Db, actor: Actor, team_id: UUID, user_id: UUID, role: str) -> None:
    """Put somebody into the team, or change their role in it. Raises: NotFound, Invalid."""
    if role not in ROLES:
        raise Invalid(N_("A member is an admin of the team or a user."), {"role": "must be admin or user"})
    async with db.transaction() as tx:
        team = await team_store.lock_team(tx, actor.account_id, team_id)
        user = await store.get_user(tx, actor.account_id, user_id)
        was = await _role(tx, actor.account_id, team_id, user_id)
        await store.insert_team_member(tx, actor.account_id, team_id, user_id, role)
        await audit.record(
            tx, actor, "added a member to" if was is None else "changed a member of", "team", team_id, team.name,
            before={"member": user.username, "role": was} if was is not None else None,
            after={"member": user.username, "role": role},
        )  # fmt: skip


async def remove_member(db: Db, actor: Actor, team_id: UUID, user_id: UUID) -> None:
    """Take somebody out of the team; its rotations keep them until somebody changes those. Raises: NotFound."""
    async with db.transaction() as tx:
        team = await team_store.lock_team(tx, actor.account_id, team_id)
        user = await store.get_user(tx, actor.account_id, user_id)
        if not await team_store.delete_team_member(tx, actor.account_id, team_id, user_id):
            raise NotFound(N_("This person is not in the team."))
        await audit.record(
            tx, actor, "removed a member from", "team", team_id, team.name, before={"member": user.username}
        )


async def _role(tx: Tx, account_id: int, team_id: UUID, user_id: UUID) -> str | None:
    members = await store.list_team_members(tx, account_id)
    return next((it.role for it in members if it.team_id == team_id and it.user_id == user_id), None)
