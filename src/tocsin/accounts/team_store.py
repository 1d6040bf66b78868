"""The SQL of teams that people change."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from psycopg.types.json import Jsonb

from tocsin.accounts.model import Team
from tocsin.db import Tx

IdentifierType = Literal["id", "name"]


async def find_team(tx: Tx, account_id: int, identifier: str, identifier_type: IdentifierType) -> Team | None:
    """The team with this id or name, or None."""
    column = "id::text" if identifier_type == "id" else "name"
    return await tx.find(
        Team,
        f"""
        select account_id, id, name, description, created_at from teams
         where account_id = %(account_id)s and {column} = %(identifier)s
        """,
        account_id=account_id,
        identifier=identifier.lower() if identifier_type == "id" else identifier,
    )


async def lock_team(tx: Tx, account_id: int, team_id: UUID) -> Team:
    """The team, locked until the transaction ends. Raises: NotFound."""
    return await tx.one(
        Team,
        """
        select account_id, id, name, description, created_at from teams
         where account_id = %(account_id)s and id = %(team_id)s for update
        """,
        account_id=account_id,
        team_id=team_id,
        missing="There is no such team.",
    )


async def update_team(tx: Tx, account_id: int, team_id: UUID, name: str, description: str) -> None:
    await tx.execute(
        """
        update teams set name = %(name)s, description = %(description)s
         where account_id = %(account_id)s and id = %(team_id)s
        """,
        account_id=account_id, team_id=team_id, name=name, description=description,
    )  # fmt: skip


async def delete_team(tx: Tx, account_id: int, team_id: UUID) -> None:
    """With everything that is the team's own: schedules, escalations, routing rules, roles, keys."""
    await tx.execute(
        "delete from teams where account_id = %(account_id)s and id = %(team_id)s",
        account_id=account_id,
        team_id=team_id,
    )


async def delete_team_member(tx: Tx, account_id: int, team_id: UUID, user_id: UUID) -> int:
    """How many were removed: one, or none who is not in the team."""
    return await tx.execute(
        """
        delete from team_members
         where account_id = %(account_id)s and team_id = %(team_id)s and user_id = %(user_id)s
        """,
        account_id=account_id,
        team_id=team_id,
        user_id=user_id,
    )


@dataclass(frozen=True, slots=True)
class TeamIntegration:
    """An integration or key of one team, as others may see it."""

    name: str
    type: str
    enabled: bool


async def list_integrations(tx: Tx, account_id: int, team_id: UUID) -> list[TeamIntegration]:
    """The team's integrations, by name."""
    return await tx.all(
        TeamIntegration,
        """
        select name, type, enabled from integrations
         where account_id = %(account_id)s and team_id = %(team_id)s order by name
        """,
        account_id=account_id,
        team_id=team_id,
    )


@dataclass(frozen=True, slots=True)
class TeamRole:
    """What a team calls a member's part in it, and what that part may do: right → granted."""

    id: UUID
    team_id: UUID
    name: str
    rights: dict[str, bool]


async def list_roles(tx: Tx, account_id: int, team_id: UUID) -> list[TeamRole]:
    """The roles that the team made itself, by name."""
    return await tx.all(
        TeamRole,
        """
        select id, team_id, name, rights from team_roles
         where account_id = %(account_id)s and team_id = %(team_id)s order by name
        """,
        account_id=account_id,
        team_id=team_id,
    )


async def insert_role(tx: Tx, account_id: int, role: TeamRole) -> None:
    await tx.execute(
        """
        insert into team_roles (account_id, id, team_id, name, rights)
        values (%(account_id)s, %(id)s, %(team_id)s, %(name)s, %(rights)s)
        """,
        account_id=account_id, id=role.id, team_id=role.team_id, name=role.name, rights=Jsonb(role.rights),
    )  # fmt: skip


async def update_role(
    tx: Tx, account_id: int, team_id: UUID, role_id: UUID, name: str, rights: Mapping[str, bool]
) -> None:
    await tx.execute(
        """
        update team_roles set name = %(name)s, rights = %(rights)s
         where account_id = %(account_id)s and team_id = %(team_id)s and id = %(id)s
        """,
        account_id=account_id, team_id=team_id, id=role_id, name=name, rights=Jsonb(dict(rights)),
    )  # fmt: skip


async def rename_role_of_members(tx: Tx, account_id: int, team_id: UUID, before: str, after: str) -> None:
    """Members keep their part under its new name."""
    await tx.execute(
        """
        update team_members set role = %(after)s
         where account_id = %(account_id)s and team_id = %(team_id)s and role = %(before)s
        """,
        account_id=account_id, team_id=team_id, before=before, after=after,
    )  # fmt: skip


async def delete_role(tx: Tx, account_id: int, team_id: UUID, role_id: UUID) -> None:
    await tx.execute(
        "delete from team_roles where account_id = %(account_id)s and team_id = %(team_id)s and id = %(id)s",
        account_id=account_id,
        team_id=team_id,
        id=role_id,
    )
