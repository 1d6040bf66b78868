"""The SQL of custom roles."""

from dataclasses import asdict
from uuid import UUID

from tocsin.accounts.model import CustomRole, User
from tocsin.accounts.people.store import ROLE
from tocsin.accounts.store import USER
from tocsin.db import Tx


async def list_roles(tx: Tx, account_id: int) -> list[CustomRole]:
    """The account's custom roles, by name."""
    return await tx.all(
        CustomRole,
        f"select {ROLE} from roles where account_id = %(account_id)s order by lower(name), id",
        account_id=account_id,
    )


async def insert_role(tx: Tx, role: CustomRole) -> None:
    await tx.execute(
        """
        insert into roles (account_id, id, name, base, granted, disallowed, created_at)
        values (%(account_id)s, %(id)s, %(name)s, %(base)s, %(granted)s, %(disallowed)s, %(created_at)s)
        """,
        **asdict(role),
    )


async def save_role(tx: Tx, role: CustomRole) -> None:
    await tx.execute(
        """
        update roles set name = %(name)s, base = %(base)s, granted = %(granted)s, disallowed = %(disallowed)s
         where account_id = %(account_id)s and id = %(id)s
        """,
        account_id=role.account_id, id=role.id, name=role.name, base=role.base, granted=role.granted,
        disallowed=role.disallowed,
    )  # fmt: skip


async def delete_role(tx: Tx, account_id: int, role_id: UUID) -> None:
    await tx.execute(
        "delete from roles where account_id = %(account_id)s and id = %(role_id)s",
        account_id=account_id,
        role_id=role_id,
    )


async def is_name_taken(tx: Tx, account_id: int, role_id: UUID, name: str) -> bool:
    """Has another role this name, in any case?"""
    return bool(
        await tx.value(
            """
            select exists (select from roles
              where account_id = %(account_id)s and id <> %(role_id)s and lower(name) = lower(%(name)s))
            """,
            account_id=account_id,
            role_id=role_id,
            name=name,
        )
    )


async def users_of(tx: Tx, account_id: int, role_id: UUID) -> list[User]:
    """Who has the role, by username, locked."""
    return await tx.all(
        User,
        f"""
        select {USER} from users
         where account_id = %(account_id)s and role_id = %(role_id)s order by username for update
        """,
        account_id=account_id,
        role_id=role_id,
    )
