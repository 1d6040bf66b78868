"""The Escalation API. A team's key sees the escalations of its team.

Source: reference, escalations and forwarding rules
"""

from fastapi import APIRouter, Response

from tocsin.accounts.access import ApiContext
from tocsin.accounts.team_store import IdentifierType
from tocsin.alerts import fields
from tocsin.db import Tx
from tocsin.errors import NotFound
from tocsin.escalations import config_service, config_store, config_wire, drafts, meant
from tocsin.escalations.config_store import EscalationRow
from tocsin.escalations.teams_api import Deleting, Reading, TypeParam, Writing
from tocsin.http import answer, body_object, text_of

router = APIRouter(tags=["Escalations"])

PATH = "/v2/escalations"


@router.post(PATH, status_code=201)
async def post_escalation(ctx: Writing) -> Response:
    """Create an escalation."""
    draft = drafts.escalation(await body_object(ctx.request))
    fields.required("name", draft.name)
    fields.required("rules", draft.rules)
    made = await config_service.make_escalation(ctx.db, ctx.gate, ctx.actor, draft, ctx.integration.team_id)
    return answer(ctx.request, status=201, result="Created", data=config_wire.named(made.id, made.name))


@router.get(PATH)
async def get_escalations(ctx: Reading) -> Response:
    """Every escalation with its rules."""
    async with ctx.db.transaction() as tx:
        rows = await config_store.list_escalations(tx, ctx.account_id)
        rules = await config_store.list_all_rules(tx, ctx.account_id)
        known = await meant.load(tx, ctx.account_id)
    return answer(
        ctx.request,
        data=[config_wire.escalation(it, rules.get(it.id, ()), known) for it in rows if _is_seen(ctx, it)],
    )


@router.get(PATH + "/{identifier}")
async def get_escalation(ctx: Reading, identifier: str, identifier_type: TypeParam = "id") -> Response:
    """One escalation."""
    async with ctx.db.transaction() as tx:
        row = await _find(tx, ctx, identifier, identifier_type)
        rules = await config_store.list_rules(tx, ctx.account_id, row.id)
        shown = config_wire.escalation(row, rules, await meant.load(tx, ctx.account_id))
    return answer(ctx.request, data=shown)


@router.patch(PATH + "/{identifier}")
async def patch_escalation(ctx: Writing, identifier: str, identifier_type: TypeParam = "id") -> Response:
    """Change an escalation; what the body leaves out stays, and `rules` replaces them all."""
    draft = drafts.escalation(await body_object(ctx.request))
    async with ctx.db.transaction() as tx:
        row = await _find(tx, ctx, identifier, identifier_type)
    changed = await config_service.change_escalation(ctx.db, ctx.actor, row.id, draft, ctx.integration.team_id)
    return answer(ctx.request, result="Updated", data=config_wire.named(changed.id, changed.name))


@router.delete(PATH + "/{identifier}")
async def delete_escalation(ctx: Deleting, identifier: str, identifier_type: TypeParam = "id") -> Response:
    """Delete an escalation that nothing refers to."""
    async with ctx.db.transaction() as tx:
        row = await _find(tx, ctx, identifier, identifier_type)
    await config_service.delete_escalation(ctx.db, ctx.gate, ctx.actor, row.id)
    return answer(ctx.request, result="Deleted")


def _is_seen(ctx: ApiContext, row: EscalationRow) -> bool:
    return ctx.integration.team_id in {None, row.team_id}


async def _find(tx: Tx, ctx: ApiContext, identifier: str, identifier_type: IdentifierType) -> EscalationRow:
    named = fields.clean(text_of(identifier))
    found = await config_store.find_escalation(tx, ctx.account_id, named, identifier_type)
    if found is None or not _is_seen(ctx, found):
        raise NotFound(f"Escalation does not exist with {identifier_type}: [{named}]")
    return found
