"""Pages of custom roles: what each changes about the role that it is based on."""

from collections.abc import Awaitable, Mapping
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Response

from tocsin.accounts.model import CustomRole
from tocsin.accounts.pages_access import Form, PageContext, allows_custom_roles, page, path_uuid
from tocsin.accounts.people import roles_service, roles_store
from tocsin.accounts.people import store as people
from tocsin.accounts.rights import ASKED_FOR, Action
from tocsin.errors import Conflict, InUse, Invalid, PlanRequired
from tocsin.i18n import N_

router = APIRouter()
Manager = Annotated[PageContext, Depends(page(Action.MANAGE_ROLES))]
HERE = "/settings/roles"
GRANTED, DISALLOWED = "granted", "disallowed"

BASES: Mapping[str, str] = {"user": N_("User"), "observer": N_("Observer"), "stakeholder": N_("Stakeholder")}
CHOICES: Mapping[str, str] = {"": N_("as the base role"), GRANTED: N_("granted"), DISALLOWED: N_("disallowed")}
WORDS: Mapping[str, str] = {
    "see-alerts": N_("See alerts"),
    "alert-acknowledge": N_("Acknowledge an alert"),
    "alert-acknowledge-all": N_("Acknowledge several alerts at once"),
    "alert-unacknowledge": N_("Take an acknowledgement back"),
    "alert-close": N_("Close an alert"),
    "alert-close-all": N_("Close several alerts at once"),
    "alert-snooze": N_("Snooze an alert"),
    "alert-add-note": N_("Add notes"),
    "alert-assign-ownership": N_("Assign an alert to somebody"),
    "alert-take-ownership": N_("Assign an alert to oneself"),
    "alert-add-responder": N_("Add people, schedules and escalations as responders"),
    "alert-add-team": N_("Add teams as responders"),
    "alert-escalate": N_("Escalate an alert"),
    "alert-update-priority": N_("Change the priority"),
    "alert-edit-tags": N_("Change tags"),
    "alert-edit-details": N_("Change details"),
    "alert-custom-action": N_("Execute an alert's own actions"),
    "alert-add-attachment": N_("Attach files"),
    "alert-delete-attachment": N_("Remove attached files"),
    "who-is-on-call-show-all": N_("See who is on call in every team"),
    "configurations-read-only": N_("See teams, schedules and escalations"),
    "configurations-edit": N_("Configure every team, schedule and escalation"),
    "configurations-delete": N_("Remove what one may configure"),
    "profile-edit": N_("Change one's own name, zone and language"),
    "contacts-edit": N_("Change one's own contacts"),
    "notification-rules-edit": N_("Change one's own notification rules"),
    "quiet-hours-edit": N_("Mute oneself and have quiet hours"),
    "manage-roles": N_("Make and change custom roles"),
    "logs-page-access": N_("Read the audit log"),
}
"""The rights that this program asks for, as the page names them."""


@router.get(HERE)
async def get_roles(ctx: Manager) -> Response:
    """The custom roles, each with its rights."""
    async with ctx.db.transaction() as tx:
        roles = await roles_store.list_roles(tx, ctx.account_id)
        allowed = await allows_custom_roles(tx, ctx.gate, ctx.account_id, ctx.at)
    _ = ctx.words
    return ctx.html(
        "accounts/roles.html",
        roles=[_view(role, ctx) for role in roles],
        allowed=allowed,
        bases=[(value, _(text)) for value, text in BASES.items()],
        choices=[(value, _(text)) for value, text in CHOICES.items()],
        **ctx.settings_tabs,
    )


def _view(role: CustomRole, ctx: PageContext) -> dict[str, object]:
    _ = ctx.words
    return {
        "id": role.id,
        "name": role.name,
        "base": role.base,
        "base_name": _(BASES[role.base]),
        "granted": [_(WORDS[it]) for it in role.granted if it in WORDS],
        "disallowed": [_(WORDS[it]) for it in role.disallowed if it in WORDS],
        "others": len({*role.granted, *role.disallowed} - {*WORDS}),
        "rights": [(right, _(text), _choice(role, right)) for right, text in WORDS.items()],
    }


def _choice(role: CustomRole, right: str) -> str:
    return DISALLOWED if right in role.disallowed else GRANTED if right in role.granted else ""


async def _done(ctx: PageContext, change: Awaitable[CustomRole], said: str) -> Response:
    """Back to the page; what was not acceptable is said there. `said` has the role's `name` to fill in."""
    try:
        role = await change
    except (Invalid, Conflict, InUse, PlanRequired) as error:
        return ctx.redirect(HERE, "danger", ctx.say(error))
    return ctx.redirect(f"{HERE}#role-{role.id}", "success", ctx.words(said, name=role.name))


@router.post(HERE)
async def post_role(ctx: Manager) -> Response:
    """A new role, which changes nothing of its base yet."""
    role = CustomRole(ctx.account_id, uuid4(), ctx.form.text("name"), ctx.form.text("base"), [], [], ctx.at)
    return await _done(ctx, roles_service.create(ctx.db, ctx.gate, ctx.actor, role), N_("%(name)s is there."))


@router.post(HERE + "/{role_id}")
async def post_rights(ctx: Manager, role_id: str) -> Response:
    """Name, base and rights as they are from now on; rights that the page does not show stay as they are."""
    ident = path_uuid(role_id)
    async with ctx.db.transaction() as tx:
        before = await people.get_role(tx, ctx.account_id, str(ident), "id")
    wanted = CustomRole(
        ctx.account_id, ident, ctx.form.text("name"), ctx.form.text("base"),
        _kept(before.granted, ctx.form, GRANTED), _kept(before.disallowed, ctx.form, DISALLOWED), ctx.at,
    )  # fmt: skip
    changing = roles_service.change(ctx.db, ctx.gate, ctx.actor, str(ident), "id", wanted)
    return await _done(ctx, changing, N_("%(name)s is saved."))


def _kept(before: list[str], form: Form, choice: str) -> list[str]:
    return [it for it in before if it not in WORDS] + [it for it in ASKED_FOR if form.text(it) == choice]


@router.post(HERE + "/{role_id}/remove")
async def post_remove(ctx: Manager, role_id: str) -> Response:
    """Without that role."""
    change = roles_service.delete(ctx.db, ctx.actor, str(path_uuid(role_id)), "id")
    return await _done(ctx, change, N_("%(name)s is removed."))
