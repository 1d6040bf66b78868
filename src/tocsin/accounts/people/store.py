"""The SQL of people: what changes about a user."""

from uuid import UUID

from tocsin.db import Tx


async def set_locale(tx: Tx, account_id: int, user_id: UUID, locale: str) -> None:
    await tx.execute(
        "update users set locale = %(locale)s where account_id = %(account_id)s and id = %(user_id)s",
        account_id=account_id,
        user_id=user_id,
        locale=locale,
    )
