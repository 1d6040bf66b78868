"""Pages: the cards on file. The number is typed into the provider's own fields and never reaches us. Source: R5.1"""

from urllib.parse import quote
from uuid import uuid4

from fastapi import APIRouter, Response

from tocsin.accounts.pages_access import path_uuid
from tocsin.billing import service
from tocsin.billing.cards import service as cards
from tocsin.billing.cards import store as cards_store
from tocsin.billing.cards.gateway import Declined
from tocsin.billing.cards.policy import allow_card_fields
from tocsin.billing.commands import CardAdded
from tocsin.billing.pages.common import INFORMATION, Owning, existing, rails_of, then_of
from tocsin.billing.payments import collects_with
from tocsin.billing.service import Asked
from tocsin.errors import Conflict, InUse, NotFound, Unavailable
from tocsin.i18n import N_

router = APIRouter()
CARD = f"{INFORMATION}/card"
NO_PROVIDER = N_("This server has no card provider: annual subscriptions are paid by bank transfer.")


@router.get(CARD)
async def get_card(ctx: Owning) -> Response:
    """Add a Card: a button, for each look at the fields is news to the provider."""
    gateway = rails_of(ctx.request).gateway
    return ctx.html("billing/card.html", has_gateway=gateway is not None, then=then_of(ctx), **ctx.settings_tabs)


@router.post(CARD)
async def post_card(ctx: Owning) -> Response:
    """The provider's fields."""
    gateway, billing = rails_of(ctx.request).gateway, await existing(ctx)
    if gateway is None:
        return ctx.redirect(INFORMATION, "danger", ctx.say(NO_PROVIDER))
    name = billing.buyer.name or ctx.account.name
    email = billing.buyer.emails[0] if billing.buyer.emails else ctx.user.username
    try:
        setup = await cards.start_setup(ctx.db, gateway, ctx.account_id, name, email)
    except Unavailable:
        said = ctx.words("The payment provider cannot be reached at the moment. Try again in a minute.")
        return ctx.redirect(INFORMATION, "danger", said)
    allow_card_fields(ctx.request)
    back = f"{ctx.settings.base_url}{CARD}/added?then={quote(then_of(ctx), safe='')}"
    return ctx.html("billing/card_fields.html", setup=setup, return_url=back, **ctx.settings_tabs)


@router.get(f"{CARD}/added")
async def get_added(ctx: Owning) -> Response:
    """The card becomes the default one, and pays what is open. Source: CHOICE-32"""
    rails, to = rails_of(ctx.request), then_of(ctx)
    setup = ctx.request.query_params.get("setup_intent", "")
    if rails.gateway is None or not setup:
        raise NotFound(N_("There is no such page."))
    added = await cards.finish_setup(ctx.db, rails.gateway, ctx.actor, setup)
    if isinstance(added, Declined):
        return ctx.redirect(CARD, "danger", ctx.say(added.message))
    if added is None:
        return ctx.redirect(INFORMATION, "info", ctx.words("The card is being checked; it shows here in a moment."))
    try:
        asked = Asked(CardAdded(added.id), f"card-{added.id}", ctx.user.id)
        await service.perform(ctx.db, rails, ctx.account_id, asked, ctx.at)
    except Conflict as error:
        return ctx.redirect(to, "info", ctx.say(error))
    said = ctx.words("The card ending in %(last4)s is the default one now.", last4=added.last4)
    return ctx.redirect(to, "success", said)


@router.post(CARD + "/{card_id}/default")
async def post_default(ctx: Owning, card_id: str) -> Response:
    """Charge this one from now on; it pays what is open."""
    async with ctx.db.transaction() as tx:
        card = await cards_store.get_card(tx, ctx.account_id, path_uuid(card_id))
    asked = Asked(CardAdded(card.id), f"default-{card.id}-{uuid4()}", ctx.user.id)
    await service.perform(ctx.db, rails_of(ctx.request), ctx.account_id, asked, ctx.at)
    said = ctx.words("The card ending in %(last4)s is the default one now.", last4=card.last4)
    return ctx.redirect(INFORMATION, "success", said)


@router.post(CARD + "/{card_id}/remove")
async def post_remove(ctx: Owning, card_id: str) -> Response:
    """Forget the card, unless it is what the subscription is paid with."""
    billing, gateway = await existing(ctx), rails_of(ctx.request).gateway
    if gateway is None:
        return ctx.redirect(INFORMATION, "danger", ctx.say(NO_PROVIDER))
    async with ctx.db.transaction() as tx:
        card = await cards_store.get_card(tx, ctx.account_id, path_uuid(card_id))
    needed = collects_with(billing, card.id)
    try:
        await cards.remove(ctx.db, gateway, ctx.actor, card, needed=needed)
    except InUse as error:
        return ctx.redirect(INFORMATION, "danger", ctx.say(error))
    return ctx.redirect(INFORMATION, "success", ctx.words("The card is forgotten, here and at the provider."))
