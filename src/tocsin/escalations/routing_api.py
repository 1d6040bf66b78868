"""The Team Routing Rule API.

Source: reference, teams (routing rules)
"""

from uuid import UUID

from fastapi import APIRouter, Response

from tocsin.accounts.access import ApiContext
from tocsin.accounts.model import Team
from tocsin.accounts.store import get_account
from tocsin.accounts.team_store import IdentifierType
from tocsin.alerts import fields
from tocsin.db import Tx
from tocsin.errors import NotFound
from tocsin.escalations import config_wire, drafts, meant, routing_service, routing_store
from tocsin.escalations.routing_store import RoutingRow
from tocsin.escalations.teams_api import Deleting, Reading, TeamTypeParam, Writing, get_team
from tocsin.http import answer, body_object, text_of

router = APIRouter(tags=["Team routing rules"])

PATH = "/v2/teams/{identifier}/routing-rules"


@router.get(PATH)
async def get_rules(ctx: Reading, identifier: str, identifier_type: TeamTypeParam = "id") -> Response:
    """A team's routing rules in their order, the default one last."""
    async with ctx.db.transaction() as tx:
        team = await get_team(tx, ctx, identifier, identifier_type)
        shown = await _shown(tx, ctx, team)
    return answer(ctx.request, data=shown)


@router.post(PATH, status_code=201)
async def post_rule(ctx: Writing, identifier: str, identifier_type: TeamTypeParam = "id") -> Response:
    """Create a routing rule, at the place `order` or after the others."""
    draft = drafts.routing_rule(await body_object(ctx.request))
    fields.required("notify", draft.notify)
    async with ctx.db.transaction() as tx:
        team = await get_team(tx, ctx, identifier, identifier_type)
    made = await routing_service.make_rule(ctx.db, ctx.gate, ctx.actor, team.id, draft, ctx.integration.team_id)
    return answer(ctx.request, status=201, result="Created", data=config_wire.named(made.id, made.name))


@router.get(PATH + "/{rule}")
async def get_rule(ctx: Reading, identifier: str, rule: str, identifier_type: TeamTypeParam = "id") -> Response:
    """One routing rule."""
    async with ctx.db.transaction() as tx:
        team = await get_team(tx, ctx, identifier, identifier_type)
        found = await _find(tx, ctx, team, rule)
        shown = next(it for it in await _shown(tx, ctx, team) if it["id"] == str(found.id))
    return answer(ctx.request, data=shown)


@router.patch(PATH + "/{rule}")
async def patch_rule(ctx: Writing, identifier: str, rule: str, identifier_type: TeamTypeParam = "id") -> Response:
    """Change a routing rule; what the body leaves out stays, and `timeRestriction: null` takes that away."""
    draft = drafts.routing_rule(await body_object(ctx.request))
    team_id, rule_id = await _ids(ctx, identifier, identifier_type, rule)
    changed = await routing_service.change_rule(
        ctx.db, ctx.gate, ctx.actor, team_id, rule_id, draft, ctx.integration.team_id
    )
    return answer(ctx.request, result="Updated", data=config_wire.named(changed.id, changed.name))


@router.delete(PATH + "/{rule}")
async def delete_rule(ctx: Deleting, identifier: str, rule: str, identifier_type: TeamTypeParam = "id") -> Response:
    """Delete a routing rule; the default one stays."""
    team_id, rule_id = await _ids(ctx, identifier, identifier_type, rule)
    await routing_service.delete_rule(ctx.db, ctx.gate, ctx.actor, team_id, rule_id)
    return answer(ctx.request, result="Deleted")


@router.post(PATH + "/{rule}/change-order")
async def post_change_order(
    ctx: Writing, identifier: str, rule: str, identifier_type: TeamTypeParam = "id"
) -> Response:
    """Put a routing rule at the place `order`, from 0."""
    order = drafts.order(await body_object(ctx.request))
    team_id, rule_id = await _ids(ctx, identifier, identifier_type, rule)
    moved = await routing_service.move_rule(ctx.db, ctx.gate, ctx.actor, team_id, rule_id, order)
    return answer(ctx.request, result="Updated", data=config_wire.named(moved.id, moved.name))


async def _ids(ctx: ApiContext, identifier: str, identifier_type: IdentifierType, rule: str) -> tuple[UUID, UUID]:
    async with ctx.db.transaction() as tx:
        team = await get_team(tx, ctx, identifier, identifier_type)
        return team.id, (await _find(tx, ctx, team, rule)).id


async def _find(tx: Tx, ctx: ApiContext, team: Team, rule: str) -> RoutingRow:
    named = fields.clean(text_of(rule))
    for found in await routing_store.list_of_team(tx, ctx.account_id, team.id):
        if str(found.id) == named.lower():
            return found
    raise NotFound(f"Team routing rule does not exist with id: [{named}]")


async def _shown(tx: Tx, ctx: ApiContext, team: Team) -> list[config_wire.Json]:
    account = await get_account(tx, ctx.account_id)
    rules = await routing_store.list_of_team(tx, ctx.account_id, team.id)
    return config_wire.routing_rules(rules, await meant.load(tx, ctx.account_id), account.time_zone)
