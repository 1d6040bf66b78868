"""Pages: delete the account, take that back; the operator's legal hold and archive."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from tocsin.accounts.pages_access import Page, PageContext, operator_page, page, visitor
from tocsin.accounts.rights import Action
from tocsin.billing.keeping import Rails
from tocsin.deletion import export, service, store
from tocsin.errors import NotFound
from tocsin.i18n import N_

router = APIRouter()
Owner = Annotated[PageContext, Depends(page(Action.MANAGE_BILLING, confirmed=True))]
Operator = Annotated[PageContext, Depends(operator_page())]
ConfirmedOperator = Annotated[PageContext, Depends(operator_page(confirmed=True))]
Visitor = Annotated[Page, Depends(visitor)]
HERE = "/settings/delete-account"
PER_PAGE = 50


def rails_of(request: Request) -> Rails:
    """What billing needs besides the database."""
    rails: Rails = request.app.state.rails
    return rails


@router.get(HERE)
async def get_delete(ctx: Owner) -> Response:
    """What happens then, an export first, and the account's name to type."""
    return await _page(ctx)


async def _page(ctx: PageContext, typed: str = "", error: str = "") -> Response:
    async with ctx.databases.engine.transaction() as tx:
        held = await store.is_held(tx, ctx.account_id)
    return ctx.html(
        "deletion/delete.html",
        status_code=422 if error else 200,
        typed=typed,
        error=error,
        held=held,
        is_servers=ctx.is_operator,
        **ctx.settings_tabs,
    )


@router.post(HERE)
async def post_delete(ctx: Owner) -> Response:
    """Access ends now."""
    typed = ctx.form.text("name")
    if ctx.is_operator:
        return await _page(ctx, typed, ctx.words("This account runs the server: name another operator first."))
    if typed != ctx.account.name:
        return await _page(ctx, typed, ctx.words("Type the name exactly: %(name)s", name=ctx.account.name))
    await service.request(
        ctx.databases.engine, rails_of(ctx.request), ctx.account, ctx.user, ctx.settings.base_url, ctx.at
    )
    response = ctx.html("deletion/requested.html", email=ctx.user.username, account_name=ctx.account.name)
    ctx.delete_cookie(response, "session")
    return response


@router.get(HERE + "/export")
async def get_export(ctx: Owner) -> Response:
    """Everything of the account as a ZIP of JSON files, without secrets."""
    content = await export.as_zip(ctx.databases.engine, ctx.account_id)
    name = f"tocsin-{ctx.at:%Y-%m-%d}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, media_type="application/zip", headers=headers)


@router.get("/undo-deletion/{token}")
async def get_undo(here: Visitor, token: str) -> Response:
    """Take it back? Opening the link changes nothing."""
    deletion = await service.find(here.databases.engine, token, here.at)
    return here.html("deletion/undo.html", token=token, until=deletion.requested_at + service.UNDO_FOR)


@router.post("/undo-deletion/{token}")
async def post_undo(here: Visitor, token: str) -> Response:
    """As before."""
    await service.undo(here.databases.engine, rails_of(here.request), token, here.at)
    said = here.words("The account is back, as it was. Sign in again.")
    return here.redirect("/sign-in", "success", said)


@router.get("/operator/archive")
async def get_archive(ctx: Operator) -> Response:
    """The invoices of accounts that are gone, as long as the law wants them."""
    before = ctx.request.query_params.get("before", "")
    async with ctx.databases.engine.transaction() as tx:
        found = await store.list_archived(tx, PER_PAGE + 1, int(before) if before.isdecimal() else None)
    older = f"/operator/archive?before={found[PER_PAGE - 1].id}" if len(found) > PER_PAGE else ""
    return ctx.html("deletion/archive.html", documents=found[:PER_PAGE], older=older, **ctx.settings_tabs)


@router.get("/operator/archive/{archived_id}.pdf")
async def get_archived(ctx: Operator, archived_id: int) -> Response:
    async with ctx.databases.engine.transaction() as tx:
        content = await store.archived_pdf(tx, archived_id)
    if content is None:
        raise NotFound(N_("There is no such document."))
    return Response(content, media_type="application/pdf", headers={"Cache-Control": "no-store"})


@router.post("/operator/accounts/{account_id}/legal-hold")
async def post_legal_hold(ctx: ConfirmedOperator, account_id: int) -> Response:
    """Hold everything of the account, or let it go."""
    held = ctx.form.text("held") == "on"
    await service.set_legal_hold(ctx.databases.engine, account_id, held)
    said = ctx.words("Nothing of it is erased until you end the hold.") if held else ctx.words("The hold is over.")
    return ctx.redirect("/operator", "success", said)
