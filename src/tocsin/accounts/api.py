"""GET /v2/account: whose key is this? GET /v2/request-limits: how much may it ask?"""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from tocsin.accounts import store
from tocsin.accounts.access import ApiContext, api
from tocsin.accounts.model import Right
from tocsin.accounts.rate_limits import DOMAINS, MINUTE, NEVER_REACHED, SECOND, RateLimiter, RequestLimit
from tocsin.errors import Forbidden
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


@router.get("/v2/request-limits")
async def get_request_limits(ctx: Annotated[ApiContext, Depends(api(Right.READ))]) -> Response:
    """How many requests of each domain the account may send in a second and in a minute; not for a team's key.

    Source: reference, conventions (rate limiting)
    """
    if ctx.integration.team_id is not None:
        raise Forbidden("API Key of a team cannot read the request limits of the account")
    limiter: RateLimiter = ctx.request.app.state.rate_limiter
    limits = await limiter.limits(ctx.account_id, ctx.at)
    return answer(
        ctx.request,
        data={"rateLimits": [_as_json(domain, limits.get(domain, NEVER_REACHED)) for domain in DOMAINS]},
    )


def _as_json(domain: str, limit: RequestLimit) -> dict[str, object]:
    windows = ((limit.per_second, SECOND), (limit.per_minute, MINUTE))
    return {"domain": domain, "limits": [{"limit": most, "periodInSeconds": seconds} for most, seconds in windows]}
