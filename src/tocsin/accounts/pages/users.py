"""Pages of the account's people: who is here, invitations, roles, suspending, lost second factors."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from tocsin import i18n
from tocsin.accounts import security, store
from tocsin.accounts.model import CustomRole, Role
from tocsin.accounts.pages.profile import zone_options
from tocsin.accounts.pages.security import where
from tocsin.accounts.pages_access import PageContext, allows_custom_roles, page, path_uuid
from tocsin.accounts.people import roles_store, service
from tocsin.accounts.people import store as people
from tocsin.accounts.people.letters import ROLES
from tocsin.accounts.rights import Action, grantable
from tocsin.accounts.sign_in import factors_store
from tocsin.errors import Conflict, Forbidden, Invalid, NotFound
from tocsin.i18n import N_

router = APIRouter()
Member = Annotated[PageContext, Depends(page())]
Manager = Annotated[PageContext, Depends(page(Action.MANAGE_USERS))]
ConfirmedManager = Annotated[PageContext, Depends(page(Action.MANAGE_USERS, confirmed=True))]
HERE = "/settings/users"


@router.get("/settings")
async def get_settings(ctx: Member) -> Response:
    """On to the first of the settings."""
    return ctx.redirect(HERE)


@router.get("/settings/users")
async def get_users(ctx: Member) -> Response:
    """Who is in the account; for those who may, with what can be done about it."""
    return await _users_page(ctx)


async def _users_page(
    ctx: PageContext,
    *,
    typed: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    async with ctx.db.transaction() as tx:
        users = await store.list_users(tx, ctx.account_id)
        protected = await factors_store.list_protected(tx, ctx.account_id)
        custom = await roles_store.list_roles(tx, ctx.account_id)
        has_custom = bool(custom) and await allows_custom_roles(tx, ctx.gate, ctx.account_id, ctx.at)
    invitation = typed or {
        "email": "",
        "role": Role.USER,
        "time_zone": ctx.account.time_zone,
        "locale": ctx.viewer.locale,
    }
    roles = grantable(ctx.user.role)
    offered = [(role.value, ctx.words(ROLES[role])) for role in roles]
    offered += [(str(it.id), it.name) for it in custom if has_custom and it.role in roles]
    return ctx.html(
        "accounts/users.html",
        status_code=status,
        users=users,
        protected=protected,
        me=ctx.user.id,
        may_manage=ctx.may(Action.MANAGE_USERS),
        **ctx.settings_tabs,
        grantable=roles,
        role_names={role: ctx.words(ROLES[role]) for role in Role} | {it.id: it.name for it in custom},
        offered=offered,
        has_custom=has_custom,
        invitation=invitation,
        zones=zone_options(invitation["time_zone"]),
        errors={field: ctx.say(text) for field, text in (errors or {}).items()},
    )


@router.post("/settings/users")
async def post_invitation(ctx: Manager) -> Response:
    """Invite somebody."""
    typed = {field: ctx.form.text(field) for field in ("email", "role", "time_zone", "locale")}
    try:
        if typed["time_zone"] not in {name for name, _ in zone_options("UTC")}:
            raise Invalid(N_("Something is not right yet."), {"time_zone": N_("There is no such time zone.")})
        if typed["locale"] not in i18n.LOCALES:
            raise Invalid(N_("Something is not right yet."), {"locale": N_("There is no such language.")})
        role, custom = await _role_of(ctx, typed["role"])
        user = await service.invite(
            ctx.db, ctx.gate, ctx.actor, ctx.user, where(ctx), email=typed["email"], role=role, custom=custom,
            time_zone=typed["time_zone"], locale=typed["locale"],
        )  # fmt: skip
    except (Invalid, Conflict) as error:
        errors = error.errors or {"email": error.message}
        return await _users_page(ctx, typed=typed, errors=errors, status=error.status)
    return ctx.redirect(HERE, "success", ctx.words("%(who)s is invited by mail.", who=user.username))


@router.post("/settings/users/{user_id}/role")
async def post_role(ctx: ConfirmedManager, user_id: str) -> Response:
    """Another role for somebody."""
    try:
        role, custom = await _role_of(ctx, ctx.form.text("role"))
        user = await service.change_role(ctx.db, ctx.gate, ctx.actor, ctx.user, path_uuid(user_id), role, custom)
    except (Conflict, Forbidden, Invalid) as error:
        return _refused(ctx, error)
    name = custom.name if custom is not None else ctx.say(ROLES[role])
    said = ctx.words("%(who)s is %(role)s from now on.", who=user.full_name or user.username, role=name)
    return ctx.redirect(HERE, "success", said)


async def _role_of(ctx: PageContext, text: str) -> tuple[Role, CustomRole | None]:
    """The built-in role of that name, or the custom role of that id with what it is based on. Raises: Invalid,
    PlanRequired.
    """
    try:
        ident = UUID(text)
    except ValueError:
        return service.role_named(text), None
    async with ctx.db.transaction() as tx:
        await ctx.gate.require(tx, ctx.account_id, "custom_roles", ctx.at)
        custom = await people.get_role(tx, ctx.account_id, str(ident), "id")
    return custom.role, custom


@router.post("/settings/users/{user_id}/second-factor/remove")
async def post_lost_factor(ctx: ConfirmedManager, user_id: str) -> Response:
    """Somebody has lost his phone or passkey: the password alone is enough again."""
    try:
        user = await security.remove_lost_factors(ctx.db, ctx.actor, ctx.user, path_uuid(user_id), where(ctx))
    except (Conflict, Forbidden) as error:
        return _refused(ctx, error)
    said = ctx.words(
        "%(who)s signs in by password alone now, is signed out everywhere, and is told by mail.",
        who=user.full_name or user.username,
    )
    return ctx.redirect(HERE, "success", said)


@router.post("/settings/users/{user_id}/{change}")
async def post_change(ctx: Manager, user_id: str, change: str) -> Response:
    """Invite again, withdraw the invitation, suspend or reactivate."""
    user_uuid, _ = path_uuid(user_id), ctx.words
    try:
        match change:
            case "invitation":
                await service.invite_again(ctx.db, ctx.actor, ctx.user, where(ctx), user_uuid)
                said = _("Another invitation is on its way.")
            case "withdraw":
                await service.withdraw(ctx.db, ctx.actor, user_uuid)
                said = _("The invitation is withdrawn.")
            case "suspend":
                user = await service.suspend(ctx.databases.engine, ctx.gate, ctx.actor, ctx.user, user_uuid)
                said = _("%(who)s is suspended and signed out.", who=user.full_name or user.username)
            case "reactivate":
                user = await service.reactivate(ctx.db, ctx.gate, ctx.actor, ctx.user, user_uuid)
                said = _("%(who)s can sign in again.", who=user.full_name or user.username)
            case _:
                raise NotFound(N_("There is no such page."))
    except (Conflict, Forbidden) as error:
        return _refused(ctx, error)
    return ctx.redirect(HERE, "success", said)


def _refused(ctx: PageContext, error: Conflict | Forbidden | Invalid) -> Response:
    return ctx.redirect(HERE, "danger", ctx.say(next(iter(error.errors.values()), error.message)))
