"""Escalations and whole teams that come, change and go on a team's page: each a form, each answered by a page."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from tocsin.accounts.directory import Reference
from tocsin.accounts.pages_access import PageContext, page, path_uuid
from tocsin.accounts.rights import Action
from tocsin.accounts.team_rights import TeamRight
from tocsin.errors import InUse, Invalid
from tocsin.escalations import config_service, config_store
from tocsin.escalations.drafts import REPEAT_LIMIT, WAIT_LIMIT, EscalationDraft, RuleDraft
from tocsin.escalations.escalation import Repeat
from tocsin.escalations.pages.common import Removing, Responding
from tocsin.escalations.pages.team_forms import check_team, done, rule_form
from tocsin.i18n import N_

router = APIRouter()
Dissolving = Annotated[PageContext, Depends(page(Action.CONFIGURE, Action.DELETE_CONFIGURATION))]
MINUTE = timedelta(minutes=1)


@router.post("/teams/{team_id}/escalations")
async def post_escalation(ctx: Responding, team_id: str) -> Response:
    """A new escalation of the team, with its first rule."""
    ident = path_uuid(team_id)
    to = await check_team(ctx, ident, TeamRight.EDIT_ESCALATIONS)
    return await done(ctx, to, _make(ctx, ident), ctx.words("The escalation is there."))


async def _make(ctx: PageContext, team_id: UUID) -> None:
    rule = await rule_form(ctx)
    recipient = Reference(rule.recipient_kind.value, str(rule.recipient_id))
    draft = EscalationDraft(
        name=ctx.form.text("name"),
        owner_team=Reference("team", str(team_id)),
        rules=(RuleDraft(rule.delay, rule.condition, rule.notify_type, recipient),),
    )
    await config_service.make_escalation(ctx.db, ctx.gate, ctx.actor, draft)


@router.post("/escalations/{escalation_id}")
async def post_change_escalation(ctx: Responding, escalation_id: str) -> Response:
    """Its name, and whether it begins again."""
    ident = path_uuid(escalation_id)
    to = f"{await _page_of(ctx, ident, TeamRight.EDIT_ESCALATIONS)}#escalation-{ident}"
    return await done(ctx, to, _change(ctx, ident), ctx.words("Saved."))


async def _change(ctx: PageContext, escalation_id: UUID) -> None:
    form = ctx.form
    repeat = Repeat(
        _number(form.text("wait"), WAIT_LIMIT // MINUTE) * MINUTE,
        _number(form.text("count"), REPEAT_LIMIT),
        form.has("resets"),
        form.has("closes"),
    )
    draft = EscalationDraft(name=form.text("name"), repeat=repeat)
    await config_service.change_escalation(ctx.db, ctx.actor, escalation_id, draft)


@router.post("/escalations/{escalation_id}/remove")
async def post_remove_escalation(ctx: Removing, escalation_id: str) -> Response:
    """It tells nobody any more; refused while something uses it."""
    ident = path_uuid(escalation_id)
    to = await _page_of(ctx, ident, TeamRight.DELETE_ESCALATIONS)
    try:
        await config_service.delete_escalation(ctx.db, ctx.gate, ctx.actor, ident)
    except InUse as error:
        return ctx.redirect(f"{to}#escalation-{ident}", "danger", ctx.say(error))
    return ctx.redirect(to, "success", ctx.words("Removed."))


@router.post("/teams/{team_id}/remove")
async def post_remove_team(ctx: Dissolving, team_id: str) -> Response:
    """The team goes with all that is its own; refused while something of others uses that."""
    ident = path_uuid(team_id)
    to = await check_team(ctx, ident)
    try:
        await config_service.delete_team(ctx.db, ctx.gate, ctx.actor, ident)
    except InUse as error:
        return ctx.redirect(to, "danger", ctx.say(error))
    return ctx.redirect("/teams", "success", ctx.words("The team is gone. Its members are still in the account."))


async def _page_of(ctx: PageContext, escalation_id: UUID, right: TeamRight) -> str:
    """The address of the page that shows the escalation. Raises: NotFound, Forbidden."""
    async with ctx.db.transaction() as tx:
        escalation = await config_store.lock_escalation(tx, ctx.account_id, escalation_id)
    return await check_team(ctx, escalation.team_id, right)


def _number(text: str, most: int) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > 6 or int(text) > most:
        raise Invalid(N_("This number is from 0 to %(most)s."), params={"most": most})
    return int(text)
