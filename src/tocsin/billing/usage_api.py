"""GET /v1/usage: what the account has used of SMS, voice and call minutes, and what it costs so far."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from tocsin.accounts.access import ApiContext, api
from tocsin.accounts.model import Right
from tocsin.billing import metered
from tocsin.billing.usage_view import WindowUsage
from tocsin.errors import Forbidden, NotFound
from tocsin.http import answer
from tocsin.wire import wire_time

router = APIRouter()
SHOWN = timedelta(days=92)


@router.get("/v1/usage")
async def get_usage(ctx: Annotated[ApiContext, Depends(api(Right.READ))]) -> Response:
    """The running metering window first, then those of the three months before; not for a team's key.

    Amounts are integers in the currency's minor unit. A limit of null is no fixed limit.
    """
    if ctx.integration.team_id is not None:
        raise Forbidden("API Key of a team cannot read the usage of the account")
    async with ctx.db.transaction() as tx:
        found = await metered.usage(tx, ctx.account_id, ctx.at, ctx.at - SHOWN)
    if found is None:
        raise NotFound("This account has no subscription, so nothing is metered.")
    windows = [_as_json(it) for it in found.windows]
    return answer(ctx.request, data={"spendingCapMinor": found.cap_minor, "windows": windows})


def _as_json(it: WindowUsage) -> dict[str, object]:
    return {
        "startsAt": wire_time(it.window.starts_at),
        "endsAt": wire_time(it.window.ends_at) if it.window.ends_at else None,
        "plan": it.plan,
        "messages": {
            "sms": it.sms,
            "voice": it.voice,
            "included": it.included,
            "limit": it.pool,
            "smsLimit": it.sms_pool,
            "voiceLimit": it.voice_pool,
            "verificationCodes": it.codes,
        },
        "minutes": {"used": it.minutes, "included": it.free_minutes, "limit": it.minutes_pool},
        "overage": [
            {
                "meter": one.meter,
                "zone": one.zone.value,
                "quantity": one.quantity,
                "unitMinor": one.unit_minor,
                "amountMinor": one.amount_minor,
            }
            for one in it.charged
        ],
        "currency": it.currency,
        "chargedMinor": it.charged_minor,
    }
