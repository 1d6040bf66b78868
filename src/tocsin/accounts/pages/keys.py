"""Pages of API keys."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from tocsin.accounts import api_keys, api_keys_store, store
from tocsin.accounts.model import Right
from tocsin.accounts.pages_access import Form, PageContext, page, path_uuid
from tocsin.accounts.rights import Action
from tocsin.errors import Conflict, Invalid, NotFound
from tocsin.i18n import N_

router = APIRouter()
Manager = Annotated[PageContext, Depends(page(Action.MANAGE_KEYS))]
ConfirmedManager = Annotated[PageContext, Depends(page(Action.MANAGE_KEYS, confirmed=True))]
HERE = "/settings/keys"
RIGHTS = {
    Right.READ: N_("Read"),
    Right.WRITE: N_("Create and update"),
    Right.DELETE: N_("Delete"),
    Right.CONFIGURATION: N_("Configuration"),
    Right.BILLING: N_("Billing"),
}


@router.get("/settings/keys")
async def get_keys(ctx: Manager) -> Response:
    """The account's keys, and the form for a new one."""
    return await _keys_page(ctx)


async def _keys_page(ctx: PageContext, *, errors: dict[str, str] | None = None, status: int = 200) -> Response:
    async with ctx.db.transaction() as tx:
        keys = await api_keys_store.list_keys(tx, ctx.account_id)
        teams = await store.list_teams(tx, ctx.account_id)
    posted = bool(errors)
    return ctx.html(
        "accounts/keys.html",
        status_code=status,
        keys=[(key, api_keys.rights_of(key)) for key in keys],
        rights={right: ctx.words(text) for right, text in RIGHTS.items()},
        teams=[(str(team.id), team.name) for team in teams],
        typed={field: ctx.form.text(field) for field in ("name", "type", "team")},
        may_bill=ctx.may(Action.MANAGE_BILLING),
        ticked=_rights(ctx.form) if posted else {Right.READ, Right.WRITE, Right.DELETE},
        **ctx.settings_tabs,
        errors={field: ctx.say(text) for field, text in (errors or {}).items()},
    )


def _rights(form: Form) -> set[Right]:
    return {right for right in Right if right in form.all("rights")}


@router.post("/settings/keys")
async def post_key(ctx: ConfirmedManager) -> Response:
    """A new key, shown once."""
    try:
        team = ctx.form.text("team")
        integration, key = await api_keys.create(
            ctx.db, ctx.gate, ctx.actor, name=ctx.form.text("name"), kind=ctx.form.text("type"),
            rights=_rights(ctx.form), responder_team=_team(team) if team else None,
            may_bill=ctx.may(Action.MANAGE_BILLING),
        )  # fmt: skip
    except (Invalid, Conflict) as error:
        return await _keys_page(ctx, errors=error.errors, status=error.status)
    return ctx.html(
        "accounts/key_made.html", name=integration.name, type=integration.type, key=key, base_url=ctx.settings.base_url
    )


def _team(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid(N_("Something is not right yet."), {"team": N_("There is no such team.")}) from None


@router.post("/settings/keys/{key_id}/rights")
async def post_rights(ctx: ConfirmedManager, key_id: str) -> Response:
    """What a key may do from now on."""
    try:
        may_bill = ctx.may(Action.MANAGE_BILLING)
        key = await api_keys.set_rights(ctx.db, ctx.actor, path_uuid(key_id), _rights(ctx.form), may_bill=may_bill)
    except Invalid as error:
        return ctx.redirect(HERE, "danger", ctx.say(error))
    return ctx.redirect(HERE, "success", ctx.words("The rights of %(name)s are saved.", name=key.name))


@router.post("/settings/keys/{key_id}/{change}")
async def post_change(ctx: Manager, key_id: str, change: str) -> Response:
    """Switch a key on or off, or remove it."""
    key_uuid, _ = path_uuid(key_id), ctx.words
    match change:
        case "enable":
            key = await api_keys.set_enabled(ctx.db, ctx.actor, key_uuid, True)
            return ctx.redirect(HERE, "success", _("%(name)s is switched on.", name=key.name))
        case "disable":
            key = await api_keys.set_enabled(ctx.db, ctx.actor, key_uuid, False)
            return ctx.redirect(HERE, "success", _("%(name)s is switched off.", name=key.name))
        case "delete":
            key = await api_keys.delete(ctx.db, ctx.actor, key_uuid)
            return ctx.redirect(HERE, "success", _("%(name)s is deleted.", name=key.name))
        case _:
            raise NotFound(N_("There is no such page."))
