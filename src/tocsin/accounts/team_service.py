"""What people change about a team: its name, members and roles. Each one transaction, with its audit entry."""

from collections.abc import Mapping, Sequence
from uuid import UUID, uuid4

from psycopg.errors import UniqueViolation

from tocsin.accounts import audit, store, team_store
from tocsin.accounts.audit import Actor
from tocsin.accounts.directory import Directory, Reference
from tocsin.accounts.model import Team, TeamMember
from tocsin.accounts.team_rights import ADMIN, USER
from tocsin.accounts.team_store import TeamRole
from tocsin.db import Db, Tx
from tocsin.errors import Conflict, InUse, Invalid, NotFound
from tocsin.i18n import N_

NAME_LIMIT = 100
DESCRIPTION_LIMIT = 10_000
ROLES = (ADMIN, USER)
ROLE_TAKEN = N_("The team has a role of this name.")
NO_ROLE = N_("There is no such role in the team.")


def check_name(name: str) -> str:
    """The name without white space around it. Raises: Invalid."""
    name = name.strip()
    if not name or len(name) > NAME_LIMIT:
        raise Invalid(N_("A name has 1 to 100 characters."), {"name": "must have 1 to 100 characters"})
    return name


async def rename_team(db: Db, actor: Actor, team_id: UUID, name: str, description: str) -> None:
    """Another name or description. Raises: NotFound, Invalid, Conflict (the name is taken)."""
    await change_team(db, actor, team_id, name, description)


async def change_team(
    db: Db,
    actor: Actor,
    team_id: UUID,
    name: str | None = None,
    description: str | None = None,
    members: Sequence[tuple[Reference, str]] | None = None,
) -> Team:
    """The team as it becomes; what is None stays, and `members` are all of them from now on.

    Raises: NotFound (the team, or somebody named), Invalid, Conflict (the name is taken).
    """
    async with db.transaction() as tx:
        before = await team_store.lock_team(tx, actor.account_id, team_id)
        after = Team(
            before.account_id,
            before.id,
            before.name if name is None else check_name(name),
            before.description if description is None else description.strip()[:DESCRIPTION_LIMIT],
            before.created_at,
        )
        try:
            await team_store.update_team(tx, actor.account_id, team_id, after.name, after.description)
        except UniqueViolation:
            raise Conflict(N_("Another team has this name.")) from None
        was, becomes = _facts(before), _facts(after)
        if members is not None:
            was["members"], becomes["members"] = await _replace_members(tx, actor, team_id, members)
        await audit.record(tx, actor, "changed", "team", team_id, after.name, before=was, after=becomes)
    return after


async def set_member(db: Db, actor: Actor, team_id: UUID, user: UUID | Reference, role: str) -> Team:
    """Put somebody into the team, or change their role in it. Raises: NotFound, Invalid."""
    async with db.transaction() as tx:
        team = await team_store.lock_team(tx, actor.account_id, team_id)
        await check_role(tx, actor.account_id, team_id, role)
        found = await store.get_user(tx, actor.account_id, await _user_id(tx, actor.account_id, user))
        was = await _role(tx, actor.account_id, team_id, found.id)
        await store.insert_team_member(tx, actor.account_id, team_id, found.id, role)
        await audit.record(
            tx, actor, "added a member to" if was is None else "changed a member of", "team", team_id, team.name,
            before={found.username: was} if was is not None else None,
            after={found.username: role},
        )  # fmt: skip
    return team


async def remove_member(db: Db, actor: Actor, team_id: UUID, user: UUID | Reference) -> Team:
    """Take somebody out of the team; its rotations keep them until somebody changes those. Raises: NotFound."""
    async with db.transaction() as tx:
        team = await team_store.lock_team(tx, actor.account_id, team_id)
        found = await store.get_user(tx, actor.account_id, await _user_id(tx, actor.account_id, user))
        was = await _role(tx, actor.account_id, team_id, found.id)
        if not await team_store.delete_team_member(tx, actor.account_id, team_id, found.id):
            raise NotFound(N_("This person is not in the team."))
        await audit.record(tx, actor, "removed a member from", "team", team_id, team.name, before={found.username: was})
    return team


async def check_role(tx: Tx, account_id: int, team_id: UUID | None, role: str) -> None:
    """Raises: Invalid for a role that is neither built in nor one of the team's own."""
    own = [it.name for it in await team_store.list_roles(tx, account_id, team_id)] if team_id else []
    if role not in (*ROLES, *own):
        allowed = ", ".join((*ROLES, *own))
        raise Invalid(N_("A member has a role that the team knows."), {"role": f"must be one of {allowed}"})


async def make_role(db: Db, actor: Actor, team_id: UUID, name: str, rights: Mapping[str, bool]) -> TeamRole:
    """One more role. Raises: NotFound, Conflict (the name is taken)."""
    async with db.transaction() as tx:
        team = await team_store.lock_team(tx, actor.account_id, team_id)
        role = TeamRole(uuid4(), team_id, check_name(name), dict(rights))
        await _check_free(tx, actor.account_id, team_id, role)
        await team_store.insert_role(tx, actor.account_id, role)
        await audit.record(
            tx, actor, "added a role to", "team", team_id, team.name, after={"role": role.name, "rights": role.rights}
        )
    return role


async def change_role(
    db: Db, actor: Actor, team_id: UUID, role_id: UUID, name: str | None, rights: Mapping[str, bool] | None
) -> TeamRole:
    """The role as it becomes; what is None stays, and members keep it by its new name. Raises: NotFound, Conflict."""
    async with db.transaction() as tx:
        team = await team_store.lock_team(tx, actor.account_id, team_id)
        before = await _get_role(tx, actor.account_id, team_id, role_id)
        after = TeamRole(
            role_id,
            team_id,
            before.name if name is None else check_name(name),
            before.rights if rights is None else dict(rights),
        )
        await _check_free(tx, actor.account_id, team_id, after)
        await team_store.update_role(tx, actor.account_id, team_id, role_id, after.name, after.rights)
        await team_store.rename_role_of_members(tx, actor.account_id, team_id, before.name, after.name)
        await audit.record(
            tx, actor, "changed a role of", "team", team_id, team.name,
            before={"role": before.name, "rights": before.rights}, after={"role": after.name, "rights": after.rights},
        )  # fmt: skip
    return after


async def delete_role(db: Db, actor: Actor, team_id: UUID, role_id: UUID) -> None:
    """Raises: NotFound, InUse while a member has it."""
    async with db.transaction() as tx:
        team = await team_store.lock_team(tx, actor.account_id, team_id)
        role = await _get_role(tx, actor.account_id, team_id, role_id)
        holders = [it.username for it in await _members(tx, actor.account_id, team_id) if it.role == role.name]
        if holders:
            raise InUse(
                N_("The role %(role)s is used: %(names)s have it."),
                params={"role": role.name, "names": ", ".join(holders)},
            )
        await team_store.delete_role(tx, actor.account_id, team_id, role_id)
        await audit.record(
            tx, actor, "removed a role from", "team", team_id, team.name,
            before={"role": role.name, "rights": role.rights},
        )  # fmt: skip


def user_meant(directory: Directory, user: Reference) -> UUID:
    """The id of whom a client named. Raises: NotFound."""
    found = directory.find(user)
    if found is None:
        raise NotFound("User does not exist: [%(name)s]", params={"name": user.text})
    return found.id


async def _replace_members(
    tx: Tx, actor: Actor, team_id: UUID, members: Sequence[tuple[Reference, str]]
) -> tuple[list[str], list[str]]:
    """Who was in the team, and who is now: `ana@example.com: admin`."""
    directory = await store.load_directory(tx, actor.account_id)
    wanted = {}
    for user, role in members:
        await check_role(tx, actor.account_id, team_id, role)
        wanted[user_meant(directory, user)] = role
    before = await _members(tx, actor.account_id, team_id)
    for member in before:
        if member.user_id not in wanted:
            await team_store.delete_team_member(tx, actor.account_id, team_id, member.user_id)
    for user_id, role in wanted.items():
        await store.insert_team_member(tx, actor.account_id, team_id, user_id, role)
    after = await _members(tx, actor.account_id, team_id)
    was, now = ([f"{it.username}: {it.role}" for it in people] for people in (before, after))
    return was, now


async def _members(tx: Tx, account_id: int, team_id: UUID) -> list[TeamMember]:
    return [it for it in await store.list_team_members(tx, account_id) if it.team_id == team_id]


async def _role(tx: Tx, account_id: int, team_id: UUID, user_id: UUID) -> str | None:
    return next((it.role for it in await _members(tx, account_id, team_id) if it.user_id == user_id), None)


async def _user_id(tx: Tx, account_id: int, user: UUID | Reference) -> UUID:
    return user if isinstance(user, UUID) else user_meant(await store.load_directory(tx, account_id), user)


async def _get_role(tx: Tx, account_id: int, team_id: UUID, role_id: UUID) -> TeamRole:
    for role in await team_store.list_roles(tx, account_id, team_id):
        if role.id == role_id:
            return role
    raise NotFound(NO_ROLE)


async def _check_free(tx: Tx, account_id: int, team_id: UUID, role: TeamRole) -> None:
    taken = [it.name for it in await team_store.list_roles(tx, account_id, team_id) if it.id != role.id]
    if role.name in (*ROLES, *taken):
        raise Conflict(ROLE_TAKEN)


def _facts(team: Team) -> dict[str, object]:
    return {"name": team.name, "description": team.description}
