"""The SQL of API keys as people manage them; the key itself is not among it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tocsin.db import Tx


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as the list shows it."""

    account_id: int
    id: UUID
    name: str
    type: str
    key_hint: str
    enabled: bool
    allow_read_access: bool
    allow_write_access: bool
    allow_delete_access: bool
    allow_configuration_access: bool
    allow_billing_access: bool
    team_name: str | None  # whose it is
    created_at: datetime


KEY = """i.account_id, i.id, i.name, i.type, i.key_hint, i.enabled, i.allow_read_access, i.allow_write_access,
         i.allow_delete_access, i.allow_configuration_access, i.allow_billing_access, t.name as team_name,
         i.created_at"""


async def list_keys(tx: Tx, account_id: int) -> list[ApiKey]:
    """Every key of the account, by name."""
    return await tx.all(
        ApiKey,
        f"""
        select {KEY} from integrations i left join teams t on t.account_id = i.account_id and t.id = i.team_id
         where i.account_id = %(account_id)s order by lower(i.name), i.id
        """,
        account_id=account_id,
    )


async def lock_key(tx: Tx, account_id: int, key_id: UUID) -> ApiKey:
    """The key, locked until the transaction ends. Raises: NotFound."""
    return await tx.one(
        ApiKey,
        f"""
        select {KEY} from integrations i left join teams t on t.account_id = i.account_id and t.id = i.team_id
         where i.account_id = %(account_id)s and i.id = %(key_id)s for update of i
        """,
        account_id=account_id,
        key_id=key_id,
        missing="There is no such key.",
    )


async def is_name_taken(tx: Tx, account_id: int, name: str) -> bool:
    """Has a key of the account this name?"""
    return bool(
        await tx.value(
            "select exists (select from integrations where account_id = %(account_id)s and name = %(name)s)",
            account_id=account_id,
            name=name,
        )
    )


async def set_enabled(tx: Tx, account_id: int, key_id: UUID, enabled: bool) -> None:
    await tx.execute(
        "update integrations set enabled = %(enabled)s where account_id = %(account_id)s and id = %(key_id)s",
        account_id=account_id,
        key_id=key_id,
        enabled=enabled,
    )


async def set_rights(tx: Tx, account_id: int, key_id: UUID, rights: dict[str, bool]) -> None:
    """Exactly these rights: read, write, delete, configuration, billing."""
    await tx.execute(
        """
        update integrations
           set allow_read_access = %(read)s, allow_write_access = %(write)s, allow_delete_access = %(delete)s,
               allow_configuration_access = %(configuration)s, allow_billing_access = %(billing)s
         where account_id = %(account_id)s and id = %(key_id)s
        """,
        account_id=account_id,
        key_id=key_id,
        **rights,
    )


async def delete_key(tx: Tx, account_id: int, key_id: UUID) -> None:
    await tx.execute(
        "delete from integrations where account_id = %(account_id)s and id = %(key_id)s",
        account_id=account_id,
        key_id=key_id,
    )
