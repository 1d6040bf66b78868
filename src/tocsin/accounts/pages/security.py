"""Pages of one's own security: password, authenticator app, passkeys, sessions."""

import io
from base64 import b64encode
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from tocsin.accounts import security
from tocsin.accounts.pages.sign_in import passwords_of, too_many, with_challenge
from tocsin.accounts.pages_access import PageContext, page, path_uuid
from tocsin.accounts.people.letters import Address
from tocsin.accounts.sign_in import factors_store, passkeys, service, totp
from tocsin.accounts.sign_in import store as sessions
from tocsin.accounts.sign_in.model import device_of
from tocsin.errors import Invalid, Throttled

router = APIRouter()
Self = Annotated[PageContext, Depends(page())]
ConfirmedSelf = Annotated[PageContext, Depends(page(confirmed=True))]
HERE = "/profile/security"
ISSUER = "Tocsin"


def where(ctx: PageContext) -> Address:
    """For the links and words of mails."""
    return Address(ctx.account.name, ctx.settings.base_url)


@router.get("/profile/security")
async def get_security(ctx: Self) -> Response:
    """Everything about how I sign in."""
    return await _security_page(ctx)


async def _security_page(ctx: PageContext, *, errors: dict[str, str] | None = None, status: int = 200) -> Response:
    async with ctx.db.transaction() as tx:
        known = await factors_store.lock_totp(tx, ctx.account_id, ctx.user.id)
        codes_left = await factors_store.count_recovery_codes(tx, ctx.account_id, ctx.user.id)
        own_passkeys = await factors_store.list_passkeys(tx, ctx.account_id, ctx.user.id)
        own_sessions = await sessions.list_sessions(tx, ctx.account_id, ctx.user.id, ctx.at)
    return ctx.html(
        "accounts/security.html",
        status_code=status,
        errors={field: ctx.say(text) for field, text in (errors or {}).items()},
        totp_since=known.totp_confirmed_at,
        codes_left=codes_left,
        passkeys=own_passkeys,
        can_use_passkeys=passkeys.site_of(ctx.request, ctx.settings) is not None,
        sessions=[(session, device_of(session.user_agent), session.id == ctx.session.id) for session in own_sessions],
    )


@router.post("/profile/security/password")
async def post_password(ctx: Self) -> Response:
    """A new password, for somebody who knows the old one."""
    try:
        right = await service.check_own_password(
            ctx.databases.engine, passwords_of(ctx.request), ctx.account_id, ctx.user.id,
            ctx.form.raw("current_password"), ctx.at,
        )  # fmt: skip
        if not right:
            wrong = ctx.words("The password is not right.")
            return await _security_page(ctx, errors={"current_password": wrong}, status=422)
        await security.change_password(
            ctx.db, passwords_of(ctx.request), ctx.actor, ctx.user, where(ctx), ctx.form.raw("password"),
            keep=ctx.session.id,
        )  # fmt: skip
    except Throttled as error:
        return await _security_page(ctx, errors={"current_password": too_many(ctx.words, error)}, status=429)
    except Invalid as error:
        return await _security_page(ctx, errors=error.errors, status=422)
    return ctx.redirect(HERE, "success", ctx.words("The password is changed; other browsers are signed out."))


@router.get("/profile/security/app")
async def get_app(ctx: ConfirmedSelf) -> Response:
    """The QR code for an authenticator app."""
    return await _app_page(ctx)


async def _app_page(ctx: PageContext, *, error: str = "", status: int = 200) -> Response:
    secret = await security.start_totp(ctx.db, ctx.settings.key, ctx.user)
    address = totp.enrolment_address(secret, ctx.user.username, ISSUER)
    return ctx.html(
        "accounts/app.html", status_code=status, qr=qr_code(address), secret=secret, address=address, error=error
    )


def qr_code(text: str) -> str:
    """A picture of `text`, as an address that an image can show."""
    import segno

    buffer = io.BytesIO()
    segno.make(text, error="m").save(buffer, kind="svg", scale=5, border=3, dark="#000", light="#fff", xmldecl=False)
    return "data:image/svg+xml;base64," + b64encode(buffer.getvalue()).decode()


@router.post("/profile/security/app")
async def post_app(ctx: ConfirmedSelf) -> Response:
    """The app's first code: from now on it is asked for. The recovery codes are shown."""
    try:
        codes = await security.confirm_totp(
            ctx.db, ctx.databases.engine, ctx.settings.key, ctx.actor, ctx.user, where(ctx), ctx.form.text("code")
        )
    except Invalid as error:
        return await _app_page(ctx, error=ctx.say(error.errors["code"]), status=422)
    except Throttled as error:
        return await _app_page(ctx, error=too_many(ctx.words, error), status=429)
    return ctx.html("accounts/recovery_codes.html", codes=codes)


@router.post("/profile/security/recovery-codes")
async def post_recovery_codes(ctx: ConfirmedSelf) -> Response:
    """New recovery codes, shown once."""
    codes = await security.renew_recovery_codes(ctx.db, ctx.actor, ctx.user, where(ctx))
    return ctx.html("accounts/recovery_codes.html", codes=codes)


@router.post("/profile/security/app/remove")
async def post_app_remove(ctx: ConfirmedSelf) -> Response:
    """No second factor any more."""
    await security.remove_totp(ctx.db, ctx.actor, ctx.user, where(ctx))
    return ctx.redirect(HERE, "success", ctx.words("The authenticator app is removed."))


@router.post("/profile/security/passkeys/options")
async def post_passkey_options(ctx: ConfirmedSelf) -> Response:
    """What the browser asks the device for, to make a passkey."""
    async with ctx.db.transaction() as tx:
        known = await factors_store.list_passkeys(tx, ctx.account_id, ctx.user.id)
    site = passkeys.require_site(ctx.request, ctx.settings)
    options, challenge = passkeys.enrolment_options(site, ctx.user, ctx.account.name, known)
    return with_challenge(ctx, options, challenge, "enrol")


@router.post("/profile/security/passkeys")
async def post_passkey(ctx: ConfirmedSelf) -> Response:
    """The passkey that the browser made."""
    name = ctx.form.text("name") or device_of(ctx.browser.user_agent) or ctx.words("Passkey")
    await security.add_passkey(
        ctx.db, ctx.actor, ctx.user, where(ctx), passkeys.require_site(ctx.request, ctx.settings),
        ctx.form.raw("credential"),
        passkeys.unsign_challenge(ctx.settings.key, "enrol", ctx.cookie("challenge"), ctx.at), name,
    )  # fmt: skip
    response = ctx.redirect(HERE, "success", ctx.words("The passkey is added."))
    ctx.delete_cookie(response, "challenge")
    return response


@router.post("/profile/security/passkeys/{passkey_id}/name")
async def post_passkey_name(ctx: Self, passkey_id: str) -> Response:
    """Another name for a passkey."""
    await security.rename_passkey(ctx.db, ctx.actor, ctx.user, path_uuid(passkey_id), ctx.form.text("name"))
    return ctx.redirect(HERE, "success", ctx.words("The passkey is renamed."))


@router.post("/profile/security/passkeys/{passkey_id}/remove")
async def post_passkey_remove(ctx: ConfirmedSelf, passkey_id: str) -> Response:
    """The passkey is not good any more."""
    await security.remove_passkey(ctx.db, ctx.actor, ctx.user, where(ctx), path_uuid(passkey_id))
    return ctx.redirect(HERE, "success", ctx.words("The passkey is removed."))


@router.post("/profile/security/sessions/{session_id}/end")
async def post_session_end(ctx: Self, session_id: str) -> Response:
    """One browser is signed out."""
    await security.end_session(ctx.db, ctx.user, path_uuid(session_id))
    return ctx.redirect(HERE, "success", ctx.words("That browser is signed out."))


@router.post("/profile/security/sessions/end")
async def post_sessions_end(ctx: Self) -> Response:
    """Every other browser is signed out."""
    count = await security.end_other_sessions(ctx.db, ctx.user, ctx.session.id)
    said = ctx.words.ngettext("%(num)s other browser is signed out.", "%(num)s other browsers are signed out.", count)
    return ctx.redirect(HERE, "success", said)
