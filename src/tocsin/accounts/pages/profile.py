"""Pages of one's own profile: name, zone, language, contacts."""

from collections.abc import Sequence
from functools import cache
from typing import Annotated
from uuid import UUID
from zoneinfo import available_timezones

from fastapi import APIRouter, Depends, Response

from tocsin import i18n
from tocsin.accounts import store
from tocsin.accounts.model import OFFERED, TELEPHONE, Contact, ContactMethod
from tocsin.accounts.pages.security import where
from tocsin.accounts.pages.sign_in import too_many
from tocsin.accounts.pages_access import YEAR_SECONDS, PageContext, page, path_uuid
from tocsin.accounts.people import contacts, service
from tocsin.accounts.people.service import Profile
from tocsin.accounts.rights import Action
from tocsin.accounts.sign_in import service as sign_in
from tocsin.accounts.sign_in import throttle
from tocsin.db import Tx
from tocsin.errors import Conflict, Invalid, Throttled
from tocsin.i18n import N_

router = APIRouter()
Self = Annotated[PageContext, Depends(page())]
ProfileEditor = Annotated[PageContext, Depends(page(Action.EDIT_PROFILE))]
ContactsEditor = Annotated[PageContext, Depends(page(Action.EDIT_CONTACTS))]
HERE = "/profile"
REGIONS = (
    "Africa/", "America/", "Antarctica/", "Arctic/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/",
    "Pacific/",
)  # fmt: skip


@cache
def zones() -> tuple[str, ...]:
    """The time zones that people know by a place, by name, and UTC before them."""
    return ("UTC", *sorted(name for name in available_timezones() if name.startswith(REGIONS)))


def zone_options(chosen: str) -> list[tuple[str, str]]:
    """For a select; the one that was chosen is among them, whatever it is."""
    known = zones() if chosen in zones() else (chosen, *zones())
    return [(name, name.replace("_", " ")) for name in known]


@router.get("/profile")
async def get_profile(ctx: Self) -> Response:
    """Who I am here, and how I am reached."""
    return await _profile_page(ctx)


async def _profile_page(
    ctx: PageContext,
    *,
    profile: Profile | None = None,
    contact: tuple[str, str] = ("email", ""),
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    async with ctx.db.transaction() as tx:
        own = await store.list_contacts(tx, ctx.account_id, ctx.user.id)
        lost = await _out_of_reach(ctx, tx, own)
    shown = profile or Profile(ctx.user.full_name, ctx.user.time_zone, ctx.user.locale)
    return ctx.html(
        "accounts/profile.html",
        status_code=status,
        username=ctx.user.username,
        profile=shown,
        zones=zone_options(shown.time_zone),
        contacts=own,
        lost=lost,
        contact=contact,
        errors={field: ctx.say(text) for field, text in (errors or {}).items()},
        may_edit=ctx.may(Action.EDIT_PROFILE),
        may_edit_contacts=ctx.may(Action.EDIT_CONTACTS),
    )


async def _out_of_reach(ctx: PageContext, tx: Tx, own: Sequence[Contact]) -> dict[UUID, str]:
    """Why SMS or calls do not get to some of these contacts, though they once did."""
    found = {}
    for it in own:
        if it.method in TELEPHONE:
            try:
                await ctx.reach(tx, it.address, voice=it.method is ContactMethod.VOICE, locale=ctx.viewer.locale)
            except Invalid as error:
                found[it.id] = ctx.say(error)
    return found


@router.post("/profile")
async def post_profile(ctx: ProfileEditor) -> Response:
    """Name, zone and language as they are from now on."""
    profile = Profile(ctx.form.text("full_name"), ctx.form.text("time_zone"), ctx.form.text("locale"))
    try:
        await service.save_profile(ctx.db, ctx.actor, ctx.user, profile)
    except Invalid as error:
        return await _profile_page(ctx, profile=profile, errors=error.errors, status=422)
    response = ctx.redirect(HERE, "success", i18n.gettext(profile.locale, N_("Your profile is saved.")))
    ctx.set_cookie(response, "language", profile.locale, YEAR_SECONDS)
    return response


@router.post("/profile/contacts")
async def post_contact(ctx: ContactsEditor) -> Response:
    """One more way to be reached."""
    typed = (ctx.form.text("method"), ctx.form.text("address"))
    try:
        if typed[0] not in OFFERED:
            raise Invalid(N_("Something is not right yet."), {"method": N_("There is no such channel.")})
        if typed[0] == ContactMethod.EMAIL:
            await _count_mail(ctx, typed[1])
        contact, secret = await contacts.add(
            ctx.db, ctx.settings.key, ctx.reach, ctx.actor, ctx.user, where(ctx), ContactMethod(typed[0]), typed[1]
        )
    except Throttled as error:
        errors = {"address": too_many(ctx.words, error)}
        return await _profile_page(ctx, contact=typed, errors=errors, status=429)
    except (Invalid, Conflict) as error:
        errors = error.errors or {"address": error.message}
        if error.params:
            errors = dict.fromkeys(errors, ctx.say(error))
        return await _profile_page(ctx, contact=typed, errors=errors, status=error.status)
    if secret:
        return ctx.html("accounts/contact_secret.html", contact=contact, secret=secret)
    if contact.method in TELEPHONE:
        said = ctx.words(
            "%(address)s is kept, but not verified and not used yet: this server has no provider of SMS and calls.",
            address=contact.address,
        )
        return ctx.redirect(HERE, "warning", said)
    said = ctx.words(
        "A mail is on its way to %(address)s. Follow its link to confirm the address.", address=contact.address
    )
    return ctx.redirect(HERE, "success", said)


async def _count_mail(ctx: PageContext, subject: str) -> None:
    """Nobody's mailbox is flooded from here. Raises: Throttled."""
    limits = {f"verify:{subject.lower()[:254]}": throttle.MAILS, f"verify-by:{ctx.user.id}": throttle.ADDRESS}
    await sign_in.count_try(ctx.databases.engine, limits, ctx.at)


@router.post("/profile/contacts/{contact_id}/verification")
async def post_contact_verification(ctx: ContactsEditor, contact_id: str) -> Response:
    """Another mail to confirm the address."""
    try:
        await _count_mail(ctx, path_uuid(contact_id).hex)
        contact = await contacts.verify_again(ctx.db, ctx.actor, ctx.user, where(ctx), path_uuid(contact_id))
    except Throttled as error:
        return ctx.redirect(HERE, "danger", too_many(ctx.words, error))
    except Conflict as error:
        return ctx.redirect(HERE, "danger", ctx.say(error))
    said = ctx.words(
        "A mail is on its way to %(address)s. Follow its link to confirm the address.", address=contact.address
    )
    return ctx.redirect(HERE, "success", said)


@router.post("/profile/contacts/{contact_id}/code")
async def post_contact_code(ctx: ContactsEditor, contact_id: str) -> Response:
    """The code out of the mail: the address is mine."""
    ident = path_uuid(contact_id)
    try:
        await sign_in.count_try(ctx.databases.engine, {f"code:{ident}": throttle.SECOND_FACTOR}, ctx.at)
        contact = await contacts.verify_by_code(ctx.db, ctx.actor, ctx.user, ident, ctx.form.text("code"))
    except Throttled as error:
        return ctx.redirect(HERE, "danger", too_many(ctx.words, error))
    except (Conflict, Invalid) as error:
        return ctx.redirect(HERE, "danger", ctx.say(error))
    return ctx.redirect(HERE, "success", ctx.words("%(address)s is verified.", address=contact.address))


@router.post("/profile/contacts/{contact_id}/enable")
async def post_contact_enable(ctx: ContactsEditor, contact_id: str) -> Response:
    """The contact is used again."""
    contact = await contacts.set_enabled(ctx.db, ctx.actor, ctx.user, path_uuid(contact_id), True)
    return ctx.redirect(HERE, "success", ctx.words("%(address)s is switched on.", address=contact.address))


@router.post("/profile/contacts/{contact_id}/disable")
async def post_contact_disable(ctx: ContactsEditor, contact_id: str) -> Response:
    """The contact is not used for now."""
    contact = await contacts.set_enabled(ctx.db, ctx.actor, ctx.user, path_uuid(contact_id), False)
    return ctx.redirect(HERE, "success", ctx.words("%(address)s is switched off.", address=contact.address))


@router.post("/profile/contacts/{contact_id}/remove")
async def post_contact_remove(ctx: ContactsEditor, contact_id: str) -> Response:
    """The contact is gone."""
    try:
        contact = await contacts.remove(ctx.db, ctx.actor, ctx.user, path_uuid(contact_id))
    except Conflict as error:
        return ctx.redirect(HERE, "danger", ctx.say(error))
    return ctx.redirect(HERE, "success", ctx.words("%(address)s is removed.", address=contact.address))
