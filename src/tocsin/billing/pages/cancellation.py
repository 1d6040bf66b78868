"""Pages: cancel the subscription, in two clicks. Source: R13.1, R13.2, S20"""

from uuid import uuid4

from fastapi import APIRouter, Response

from tocsin import i18n
from tocsin.accounts import audit
from tocsin.billing.cancellation import REASON_LIMIT, may_have_unused_back
from tocsin.billing.commands import Cancel
from tocsin.billing.pages.common import SUBSCRIPTIONS, Owning, existing, limits_of
from tocsin.billing.pages.subscription import perform_and_return
from tocsin.licensing.model import FREE

router = APIRouter()
HERE = f"{SUBSCRIPTIONS}/cancel"


@router.get(HERE)
async def get_cancel(ctx: Owning) -> Response:
    """When it ends, what Free switches off, what stays owed."""
    billing = await existing(ctx)
    subscription = billing.subscription
    async with ctx.db.transaction() as tx:
        losses = await limits_of(ctx.request).lost_with(tx, ctx.account_id, FREE, None, ctx.at)
    owed = sum(one.document.owed_minor for one in billing.unpaid)
    return ctx.html(
        "billing/cancel.html",
        subscription=subscription,
        ends_on=i18n.date_in_full(ctx.viewer.locale, subscription.term_ends_on) if subscription.term_ends_on else "",
        trial_ends_at=subscription.trial_ends_at,
        owed=i18n.money(ctx.viewer.locale, owed, subscription.currency) if owed else "",
        losses=[it.in_words(ctx.viewer.locale) for it in losses],
        gives_back=may_have_unused_back(subscription),
        key=str(uuid4()),
        **ctx.settings_tabs,
    )


@router.post(HERE)
async def post_cancel(ctx: Owning) -> Response:
    """Free at the end of what is paid, or at once."""
    when, reason = ctx.form.text("when"), ctx.form.text("reason")[:REASON_LIMIT]
    if reason:
        async with ctx.db.transaction() as tx:
            await audit.record(
                tx, ctx.actor, "gave a reason to cancel", "subscription", ctx.account_id, ctx.account.name,
                after={"reason": reason},
            )  # fmt: skip
    said = (
        ctx.words("The account is on Free now. Nothing was deleted.")
        if when in {"now", "refund"}
        else ctx.words("Cancelled. Everything goes on until it ends, and you can resume until then.")
    )
    return await perform_and_return(ctx, Cancel(when == "now", when == "refund"), "cancel", said, SUBSCRIPTIONS)
