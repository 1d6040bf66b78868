"""A saved search: a query with a name. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from tocsin.accounts.directory import Directory, Reference
from tocsin.alerts import fields
from tocsin.wire import wire_time

NAME_LIMIT = 100
QUERY_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """Somebody's query under a name that is the account's only one."""

    account_id: int
    id: UUID
    name: str
    query: str
    description: str
    owner_id: UUID
    team_ids: list[UUID]
    created_at: datetime
    updated_at: datetime


def written(search: SavedSearch, payload: Mapping[str, Any], directory: Directory, at: datetime) -> SavedSearch:
    """`search` with what the payload says; what it leaves out stays. Raises: Invalid, naming the fields.

    A name or query that is too long is refused, for a cut one would be another.
    """
    errors: fields.Errors = {}
    name = fields.text(payload, "name", NAME_LIMIT + 1, errors) or search.name
    query = fields.text(payload, "query", QUERY_LIMIT + 1, errors) or search.query
    description = fields.text(payload, "description", fields.DESCRIPTION_LIMIT, errors)
    for field, value, limit in (("name", name, NAME_LIMIT), ("query", query, QUERY_LIMIT)):
        if not value:
            errors.setdefault(field, f"Property [{field}] cannot be empty.")
        elif len(value) > limit:
            errors[field] = f"Property [{field}] should have at most {limit} characters."
    owner = fields.reference(payload.get("owner"), "owner", frozenset({"user"}), errors, default_type="user")
    owner_id = _resolved(owner, "owner", directory, errors) if owner else search.owner_id
    if owner_id.int == 0:
        errors.setdefault("owner", "Property [owner] cannot be empty.")
    team_ids = _teams(payload, directory, errors) if "teams" in payload else search.team_ids
    fields.check(errors)
    return replace(
        search,
        name=name,
        query=query,
        description=description if "description" in payload else search.description,
        owner_id=owner_id,
        team_ids=team_ids,
        updated_at=at,
    )


def blank(account_id: int, ident: UUID, at: datetime) -> SavedSearch:
    """A search that is still to be written."""
    return SavedSearch(account_id, ident, "", "", "", UUID(int=0), [], at, at)


def _teams(payload: Mapping[str, Any], directory: Directory, errors: fields.Errors) -> list[UUID]:
    given = payload.get("teams") or []
    if not isinstance(given, list):
        errors["teams"] = "Property [teams] should be a list."
        return []
    found = [fields.reference(team, "teams", frozenset({"team"}), errors, default_type="team") for team in given]
    return [_resolved(team, "teams", directory, errors) for team in dict.fromkeys(found) if team is not None]


def _resolved(reference: Reference, field: str, directory: Directory, errors: fields.Errors) -> UUID:
    entry = directory.find(reference)
    if entry is None:
        errors[field] = f"{reference.type.capitalize()} does not exist: [{reference.text}]"
        return UUID(int=0)
    return entry.id


def as_json(search: SavedSearch) -> dict[str, Any]:
    """A saved search as it is shown alone."""
    return {
        "id": str(search.id),
        "name": search.name,
        "createdAt": wire_time(search.created_at),
        "updatedAt": wire_time(search.updated_at),
        "owner": {"id": str(search.owner_id)},
        "teams": [{"id": str(team_id)} for team_id in search.team_ids],
        "description": search.description,
        "query": search.query,
    }
