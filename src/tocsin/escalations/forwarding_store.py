"""The SQL of forwarding rules."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from tocsin.db import Tx

IdentifierType = Literal["id", "alias"]


@dataclass(frozen=True, slots=True)
class ForwardingRow:
    """What would reach one person in [starts_at, ends_at) reaches the other."""

    account_id: int
    id: UUID
    alias: str
    from_user_id: UUID
    to_user_id: UUID
    starts_at: datetime
    ends_at: datetime
    created_at: datetime


RULE = "account_id, id, alias, from_user_id, to_user_id, starts_at, ends_at, created_at"


async def list_rules(tx: Tx, account_id: int) -> list[ForwardingRow]:
    """Every forwarding rule of the account, the oldest first."""
    return await tx.all(
        ForwardingRow,
        f"select {RULE} from forwarding_rules where account_id = %(account_id)s order by created_at, id",
        account_id=account_id,
    )


async def find(
    tx: Tx, account_id: int, identifier: str, identifier_type: IdentifierType, *, lock: bool = False
) -> ForwardingRow | None:
    """The rule with this id or alias, locked if so asked; or None."""
    column = "id::text" if identifier_type == "id" else "alias"
    return await tx.find(
        ForwardingRow,
        f"""
        select {RULE} from forwarding_rules
         where account_id = %(account_id)s and {column} = %(identifier)s {"for update" if lock else ""}
        """,
        account_id=account_id,
        identifier=identifier.lower() if identifier_type == "id" else identifier,
    )


async def insert(tx: Tx, rule: ForwardingRow) -> None:
    await tx.execute(
        """
        insert into forwarding_rules (account_id, id, alias, from_user_id, to_user_id, starts_at, ends_at, created_at)
        values (%(account_id)s, %(id)s, %(alias)s, %(from_user_id)s, %(to_user_id)s, %(starts_at)s, %(ends_at)s,
                %(created_at)s)
        """,
        **asdict(rule),
    )


async def save(tx: Tx, rule: ForwardingRow) -> None:
    await tx.execute(
        """
        update forwarding_rules
           set alias = %(alias)s, from_user_id = %(from_user_id)s, to_user_id = %(to_user_id)s,
               starts_at = %(starts_at)s, ends_at = %(ends_at)s
         where account_id = %(account_id)s and id = %(id)s
        """,
        **asdict(rule),
    )


async def delete(tx: Tx, account_id: int, rule_id: UUID) -> None:
    await tx.execute(
        "delete from forwarding_rules where account_id = %(account_id)s and id = %(rule_id)s",
        account_id=account_id,
        rule_id=rule_id,
    )
