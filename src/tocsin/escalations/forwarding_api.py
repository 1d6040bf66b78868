"""The Forwarding Rule API. A team's key sees the rules that are about members of its team.

Source: reference, escalations and forwarding rules
"""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from tocsin.alerts import fields
from tocsin.alerts.access import default
from tocsin.escalations import config_wire, drafts, forwarding_service, forwarding_store, meant
from tocsin.escalations.forwarding_store import ForwardingRow, IdentifierType
from tocsin.escalations.teams_api import Deleting, Reading, Writing
from tocsin.http import answer, body_object, text_of

router = APIRouter(tags=["Forwarding rules"])

TypeParam = Annotated[IdentifierType, default("id"), Query(alias="identifierType")]
PATH = "/v2/forwarding-rules"


@router.post(PATH, status_code=201)
async def post_forwarding_rule(ctx: Writing) -> Response:
    """Create a forwarding rule."""
    draft = drafts.forwarding(await body_object(ctx.request))
    made = await forwarding_service.make_rule(ctx.db, ctx.actor, draft, ctx.integration.team_id)
    return answer(ctx.request, status=201, result="Created", data=_written(made))


@router.get(PATH)
async def get_forwarding_rules(ctx: Reading) -> Response:
    """Every forwarding rule."""
    own = ctx.integration.team_id
    async with ctx.db.transaction() as tx:
        rules = await forwarding_store.list_rules(tx, ctx.account_id)
        seen = None if own is None else await forwarding_service.members(tx, ctx.account_id, own)
        known = await meant.load(tx, ctx.account_id)
    shown = [config_wire.forwarding_rule(it, known) for it in rules if seen is None or it.from_user_id in seen]
    return answer(ctx.request, data=shown)


@router.get(PATH + "/{identifier}")
async def get_forwarding_rule(ctx: Reading, identifier: str, identifier_type: TypeParam = "id") -> Response:
    """One forwarding rule."""
    async with ctx.db.transaction() as tx:
        rule = await forwarding_service.get_rule(
            tx, ctx.account_id, fields.clean(text_of(identifier)), identifier_type, ctx.integration.team_id
        )
        shown = config_wire.forwarding_rule(rule, await meant.load(tx, ctx.account_id))
    return answer(ctx.request, data=shown)


@router.put(PATH + "/{identifier}")
async def put_forwarding_rule(ctx: Writing, identifier: str, identifier_type: TypeParam = "id") -> Response:
    """Write a forwarding rule anew; without an `alias` it keeps the one it has."""
    draft = drafts.forwarding(await body_object(ctx.request))
    named = fields.clean(text_of(identifier))
    changed = await forwarding_service.change_rule(
        ctx.db, ctx.actor, named, identifier_type, draft, ctx.integration.team_id
    )
    return answer(ctx.request, result="Updated", data=_written(changed))


@router.delete(PATH + "/{identifier}")
async def delete_forwarding_rule(ctx: Deleting, identifier: str, identifier_type: TypeParam = "id") -> Response:
    """Delete a forwarding rule."""
    named = fields.clean(text_of(identifier))
    await forwarding_service.delete_rule(ctx.db, ctx.actor, named, identifier_type, ctx.integration.team_id)
    return answer(ctx.request, result="Deleted")


def _written(rule: ForwardingRow) -> dict[str, str]:
    return {"id": str(rule.id), "alias": rule.alias}
