"""What a request to one alert says: which alert, by whom, and whether the key may reach it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Query, Request, Response
from pydantic import BeforeValidator

from tocsin.accounts.access import ApiContext, api
from tocsin.accounts.directory import Reference
from tocsin.accounts.model import Right
from tocsin.alerts import fields, store
from tocsin.alerts.model import API_NAME, Alert, Call, IdentifierType
from tocsin.db import Tx
from tocsin.errors import NotFound
from tocsin.http import answer, body_object, text_of

MISSING = "Alert does not exist"
RETENTION = "retention"  # the plan's feature
PROCESSING = "Request will be processed"


def default(value: Any) -> BeforeValidator:
    """An empty query parameter means `value`, as an absent one does."""
    return BeforeValidator(lambda given: value if given == "" else given)


IdentifierTypeParam = Annotated[IdentifierType, default("id"), Query(alias="identifierType")]
AttachmentTypeParam = Annotated[IdentifierType, default("id"), Query(alias="alertIdentifierType")]


@dataclass(frozen=True, slots=True)
class Asked:
    """An authenticated request to do something to one alert; `body` holds its fields, or the query's for a DELETE."""

    ctx: ApiContext
    body: dict[str, Any]
    call: Call

    def accepted(self) -> Response:
        """202: the status of the request can be read already."""
        return answer(self.ctx.request, result=PROCESSING, status=202)


def asked(right: Right) -> Callable[..., Awaitable[Asked]]:
    """A dependency for `/v2/alerts/{identifier}/…`. Raises: as `api`, and Malformed, Invalid (the call's fields)."""

    async def read(
        request: Request,
        ctx: Annotated[ApiContext, Depends(api(right))],
        identifier: str,
        identifier_type: IdentifierTypeParam = "id",
    ) -> Asked:
        body: dict[str, Any] = dict(request.query_params)
        body.update(await body_object(request))
        errors: fields.Errors = {}
        user = fields.text(body, "user", fields.NAME_LIMIT, errors)
        call = Call(
            account_id=ctx.account_id,
            request_id=ctx.request_id,
            at=ctx.at,
            identifier=text_of(identifier),
            identifier_type=identifier_type,
            by=user or API_NAME,
            user=user,
            source=fields.text(body, "source", fields.NAME_LIMIT, errors),
            note=fields.text(body, "note", fields.NOTE_LIMIT, errors),
            integration_id=ctx.integration.id,
            team_id=ctx.integration.team_id,
        )
        fields.check(errors)
        return Asked(ctx, body, call)

    return read


async def get_alert(tx: Tx, ctx: ApiContext, identifier: str, identifier_type: IdentifierType) -> Alert:
    """The alert that a path segment names.

    Raises: NotFound, also where it is not the calling team's, or older than what the plan shows.
    """
    alert = await store.find(tx, ctx.account_id, text_of(identifier), identifier_type)
    team_id = ctx.integration.team_id
    if alert is not None and not alert.is_seen(await ctx.gate.since(tx, ctx.account_id, RETENTION, ctx.at)):
        raise NotFound(MISSING)
    if alert is None or (team_id is not None and not alert.belongs_to_team(team_id)):
        raise NotFound(MISSING)
    return alert


def named(given: Asked, field: str, kind: str) -> Reference:
    """Who the body names as `field`, of type `kind`. Raises: Invalid."""
    errors: fields.Errors = {}
    found = fields.reference(given.body.get(field), field, frozenset({kind}), errors, default_type=kind)
    fields.check(errors)
    if found is None:
        raise fields.empty(field)
    return found
