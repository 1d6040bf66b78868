"""What a request to create an alert says, made to fit. Pure, and quick: it runs once for every alert."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tocsin.accounts.directory import Reference
from tocsin.alerts import fields


@dataclass(frozen=True, slots=True)
class NewAlert:
    """A create payload within its limits. Texts are empty when absent; priority 1 is P1, 3 when absent.

    References are as the client wrote them; the account's directory resolves them.
    """

    message: str
    alias: str | None
    description: str
    responders: list[Reference]
    visible_to: list[Reference]
    actions: list[str]
    tags: list[str]
    details: dict[str, str]
    entity: str
    source: str
    priority: int
    user: str
    note: str


def parse_create(payload: Mapping[str, Any]) -> NewAlert:
    """The alert that the decoded JSON object asks for. Unknown fields are ignored. Raises: Invalid, naming the fields.

    Source: reference, alerts (create payload)
    """
    errors: fields.Errors = {}
    message = fields.text(payload, "message", fields.MESSAGE_LIMIT, errors)
    if not message and not errors:
        errors["message"] = "Message can not be empty."
    responders = fields.references(payload, "responders", fields.RESPONDER_TYPES, errors)
    if payload.get("teams"):
        responders = _with_teams(payload, responders, errors)
    new = NewAlert(
        message=message,
        alias=fields.text(payload, "alias", fields.ALIAS_LIMIT, errors) or None,
        description=fields.text(payload, "description", fields.DESCRIPTION_LIMIT, errors),
        responders=responders,
        visible_to=fields.references(payload, "visibleTo", fields.VIEWER_TYPES, errors),
        actions=fields.texts(payload, "actions", fields.ACTIONS_LIMIT, fields.ACTION_LIMIT, errors),
        tags=fields.texts(payload, "tags", fields.TAGS_LIMIT, fields.TAG_LIMIT, errors),
        details=fields.details(payload, "details", errors),
        entity=fields.text(payload, "entity", fields.ENTITY_LIMIT, errors),
        source=fields.text(payload, "source", fields.NAME_LIMIT, errors),
        priority=fields.priority(payload, errors) or fields.DEFAULT_PRIORITY,
        user=fields.text(payload, "user", fields.NAME_LIMIT, errors),
        note=fields.text(payload, "note", fields.NOTE_LIMIT, errors),
    )
    fields.check(errors)
    return new


def _with_teams(payload: Mapping[str, Any], responders: list[Reference], errors: fields.Errors) -> list[Reference]:
    """`responders` and the legacy `teams`: objects or plain names, each a responder of type team."""
    teams = payload["teams"]
    if not isinstance(teams, list):
        errors["teams"] = "Property [teams] should be a list."
        return responders
    kept = dict.fromkeys(responders)
    for team in teams:
        named = {"name": team} if isinstance(team, str) else team
        found = fields.reference(named, "teams", frozenset({"team"}), errors, default_type="team")
        if found is not None:
            kept[found] = None
    return list(kept)[: fields.RESPONDERS_LIMIT]
