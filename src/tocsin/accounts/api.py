"""GET /v2/account: whose key is this?"""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from tocsin.accounts import store
from tocsin.accounts.access import ApiContext, api
from tocsin.accounts.model import Right
from tocsin.http import answer

router = APIRouter()


@router.get("/v2/account")
async def get_account(ctx: Annotated[ApiContext, Depends(api(Right.READ))]) -> Response:
    """The account's name, how many users it has, and its plan."""
    async with ctx.db.transaction() as tx:
        account = await store.get_account(tx, ctx.account_id)
        users = await store.list_users(tx, ctx.account_id)
        plan = await ctx.gate.plan(tx, ctx.account_id, ctx.at)
    return answer(
        ctx.request,
        data={
            "name": account.name,
            "userCount": len(users),
            "plan": {
                "maxUserCount": plan.seats if plan.seats is not None else len(users),
                "name": plan.name,
                "isYearly": plan.is_yearly,
            },
        },
    )
