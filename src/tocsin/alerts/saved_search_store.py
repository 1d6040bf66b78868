"""The SQL of saved searches."""

from dataclasses import asdict
from typing import Any, Literal
from uuid import UUID

from psycopg.errors import UniqueViolation

from tocsin.alerts.fields import clean
from tocsin.alerts.saved_search import SavedSearch
from tocsin.db import Tx
from tocsin.errors import Conflict

COLUMNS = "account_id, id, name, query, description, owner_id, team_ids, created_at, updated_at"
TAKEN = "A saved search with this name exists already."


async def list_saved_searches(tx: Tx, account_id: int) -> list[SavedSearch]:
    """Every saved search of the account, by name."""
    return await tx.all(
        SavedSearch,
        f"select {COLUMNS} from saved_searches where account_id = %(account_id)s order by name, id",
        account_id=account_id,
    )


async def get_saved_search(
    tx: Tx, account_id: int, identifier: str, identifier_type: Literal["id", "name"], *, lock: bool = False
) -> SavedSearch:
    """The saved search with this id or name, locked if so asked. Raises: NotFound."""
    column = "id::text" if identifier_type == "id" else "name"
    return await tx.one(
        SavedSearch,
        f"""
        select {COLUMNS} from saved_searches
         where account_id = %(account_id)s and {column} = %(identifier)s {"for update" if lock else ""}
        """,
        account_id=account_id,
        identifier=clean(identifier).lower() if identifier_type == "id" else clean(identifier),
        missing="Saved search does not exist",
    )


async def insert_saved_search(tx: Tx, search: SavedSearch) -> None:
    """Raises: Conflict when the name is taken."""
    try:
        await tx.execute(
            """
            insert into saved_searches (account_id, id, name, query, description, owner_id, team_ids, created_at,
                                        updated_at)
            values (%(account_id)s, %(id)s, %(name)s, %(text)s, %(description)s, %(owner_id)s, %(team_ids)s,
                    %(created_at)s, %(updated_at)s)
            """,
            **_columns(search),
        )
    except UniqueViolation:
        raise Conflict(TAKEN) from None


async def save_saved_search(tx: Tx, search: SavedSearch) -> None:
    """Raises: Conflict when the name is taken."""
    try:
        await tx.execute(
            """
            update saved_searches
               set name = %(name)s, query = %(text)s, description = %(description)s, owner_id = %(owner_id)s,
                   team_ids = %(team_ids)s, updated_at = %(updated_at)s
             where account_id = %(account_id)s and id = %(id)s
            """,
            **_columns(search),
        )
    except UniqueViolation:
        raise Conflict(TAKEN) from None


async def delete_saved_search(tx: Tx, account_id: int, search_id: UUID) -> None:
    await tx.execute(
        "delete from saved_searches where account_id = %(account_id)s and id = %(search_id)s",
        account_id=account_id,
        search_id=search_id,
    )


def _columns(search: SavedSearch) -> dict[str, Any]:
    columns = asdict(search)
    columns["text"] = columns.pop("query")  # the first argument of every statement has that name
    return columns
