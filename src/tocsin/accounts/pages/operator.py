"""The operator's page: which accounts are on this server, and who runs it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from tocsin.accounts import operators, operators_store
from tocsin.accounts.pages.audit import whole_number
from tocsin.accounts.pages_access import PageContext, operator_page, path_uuid
from tocsin.errors import Conflict, Invalid, NotFound
from tocsin.i18n import N_

router = APIRouter()
OperatorPage = Annotated[PageContext, Depends(operator_page())]
ConfirmedOperator = Annotated[PageContext, Depends(operator_page(confirmed=True))]
HERE = "/operator"


@router.get("/operator")
async def get_operator(ctx: OperatorPage) -> Response:
    """Accounts and operators."""
    return await _operator_page(ctx)


async def _operator_page(ctx: PageContext, *, errors: dict[str, str] | None = None, status: int = 200) -> Response:
    async with ctx.databases.engine.transaction() as tx:
        accounts = await operators_store.list_accounts(tx)
        named = await operators_store.list_operators(tx)
    return ctx.html(
        "accounts/operator.html",
        status_code=status,
        **ctx.settings_tabs,
        accounts=accounts,
        operators=named,
        typed={"account": ctx.form.text("account") or str(ctx.account_id), "username": ctx.form.text("username")},
        errors={field: ctx.say(text) for field, text in (errors or {}).items()},
    )


@router.post("/operator/operators")
async def post_operator(ctx: ConfirmedOperator) -> Response:
    """Name an operator."""
    account_id = whole_number(ctx.form.text("account"))
    try:
        user = await operators.name(ctx.databases.engine, ctx.actor, account_id or 0, ctx.form.text("username"))
    except Invalid as error:
        return await _operator_page(ctx, errors=error.errors, status=422)
    except Conflict as error:
        return await _operator_page(ctx, errors={"username": error.message}, status=409)
    return ctx.redirect(HERE, "success", ctx.words("%(who)s is an operator from now on.", who=user.username))


@router.post("/operator/operators/{account_id}/{user_id}/remove")
async def post_operator_remove(ctx: ConfirmedOperator, account_id: str, user_id: str) -> Response:
    """Somebody is an operator no more."""
    number = whole_number(account_id)
    if number is None:
        raise NotFound(N_("There is no such page."))
    try:
        await operators.remove(ctx.databases.engine, ctx.actor, number, path_uuid(user_id))
    except Conflict as error:
        return ctx.redirect(HERE, "danger", ctx.say(error))
    return ctx.redirect(
        "/" if path_uuid(user_id) == ctx.user.id else HERE, "success", ctx.words("The operator is removed.")
    )
