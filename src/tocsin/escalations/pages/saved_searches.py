"""Saved searches from the list's menu: keep the one that is shown, remove one."""

from uuid import uuid4

from fastapi import APIRouter, Response

from tocsin.accounts.pages_access import PageContext
from tocsin.accounts.rights import Action
from tocsin.alerts import saved_search_store
from tocsin.alerts.saved_search import NAME_LIMIT, QUERY_LIMIT, SavedSearch
from tocsin.db import Tx
from tocsin.errors import Conflict, Forbidden, Invalid
from tocsin.escalations.alert_list import Listing, Show
from tocsin.escalations.pages.common import Responding, back
from tocsin.i18n import N_

router = APIRouter()


async def saved_for(tx: Tx, ctx: PageContext, asked: Listing) -> list[dict[str, object]]:
    """The menu's entries: name, address, whether it is the one that is shown, and whether I may remove it."""
    found = await saved_search_store.list_saved_searches(tx, ctx.account_id)
    return [
        {
            "id": it.id,
            "name": it.name,
            "address": Listing(Show.ALL, q=it.query).address(),
            "is_current": it.query == asked.q,
            "may_remove": may_remove(ctx, it),
        }
        for it in found
    ]


def may_remove(ctx: PageContext, search: SavedSearch) -> bool:
    """Whoever saved it may, and so may owners and admins."""
    return search.owner_id == ctx.user.id or ctx.may(Action.CONFIGURE)


@router.post("/alerts/saved")
async def post_saved(ctx: Responding) -> Response:
    """Keep a search under a name."""
    _ = ctx.words
    name, query = ctx.form.text("name"), ctx.form.text("q")
    if not name or len(name) > NAME_LIMIT or not query or len(query) > QUERY_LIMIT:
        raise Invalid(N_("A saved search has a name of 1 to 100 characters and a search."))
    made = SavedSearch(ctx.account_id, uuid4(), name, query, "", ctx.user.id, [], ctx.at, ctx.at)
    try:
        async with ctx.db.transaction() as tx:
            await saved_search_store.insert_saved_search(tx, made)
    except Conflict:
        return ctx.redirect(back(ctx, "/alerts"), "danger", _("A saved search with this name exists already."))
    return ctx.redirect(back(ctx, "/alerts"), "success", _("Saved as %(name)s.", name=name))


@router.post("/alerts/saved/remove")
async def post_remove(ctx: Responding) -> Response:
    """Remove one of mine; owners and admins remove any."""
    _ = ctx.words
    async with ctx.db.transaction() as tx:
        found = await saved_search_store.get_saved_search(tx, ctx.account_id, ctx.form.text("id"), "id", lock=True)
        if not may_remove(ctx, found):
            raise Forbidden(N_("Somebody else saved this search."))
        await saved_search_store.delete_saved_search(tx, ctx.account_id, found.id)
    return ctx.redirect(back(ctx, "/alerts"), "success", _("%(name)s is removed.", name=found.name))
