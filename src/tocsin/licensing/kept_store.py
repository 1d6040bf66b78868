"""What owners chose to keep active where their plan includes less than there is."""

from collections.abc import Sequence
from uuid import UUID

from tocsin.db import Tx


async def load_kept(tx: Tx, account_id: int, kind: str) -> dict[UUID, int]:
    """The chosen things of a kind, with their positions."""
    rows = await tx.dicts(
        "select id, position from kept where account_id = %(account_id)s and kind = %(kind)s",
        account_id=account_id,
        kind=kind,
    )
    return {row["id"]: row["position"] for row in rows}


async def save_kept(tx: Tx, account_id: int, kind: str, ids: Sequence[UUID]) -> None:
    """These, in this order, instead of what was chosen before."""
    await tx.execute(
        "delete from kept where account_id = %(account_id)s and kind = %(kind)s", account_id=account_id, kind=kind
    )
    sql = "insert into kept (account_id, kind, id, position) values (%(account_id)s, %(kind)s, %(id)s, %(position)s)"
    rows = [
        {"account_id": account_id, "kind": kind, "id": id_, "position": position} for position, id_ in enumerate(ids)
    ]
    await tx.execute_many(sql, rows)
