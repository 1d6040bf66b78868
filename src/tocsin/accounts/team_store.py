"""The SQL of teams that people change."""

from dataclasses import dataclass
from uuid import UUID

from tocsin.accounts.model import Team
from tocsin.db import Tx


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
