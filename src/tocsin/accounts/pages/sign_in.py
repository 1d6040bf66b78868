"""Pages: the first one, signing in and out, the second factor, confirming that it is you, the language."""

from datetime import timedelta
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response

from tocsin import crypto, i18n
from tocsin.accounts import store
from tocsin.accounts.gate import Gate
from tocsin.accounts.model import Role, UserStatus
from tocsin.accounts.pages_access import (
    CONFIRMATION_LASTS,
    FIRST_PAGE,
    YEAR_SECONDS,
    Page,
    PageContext,
    first_page_of,
    page,
    rights_of_user,
    safe_next,
    visitor,
)
from tocsin.accounts.people import store as people
from tocsin.accounts.sign_in import factors_store, passkeys, service
from tocsin.accounts.sign_in import store as sessions
from tocsin.accounts.sign_in.passwords import Passwords
from tocsin.accounts.sign_in.service import Person
from tocsin.db import Tx
from tocsin.errors import NotFound, Throttled
from tocsin.i18n import N_, Translator

router = APIRouter()

Visitor = Annotated[Page, Depends(visitor)]
SignedInPage = Annotated[PageContext, Depends(page())]
SECOND_FACTOR = "second-factor"
CHOICE = "account-choice"
SECOND_FACTOR_SECONDS = int(service.SECOND_FACTOR_LASTS.total_seconds())


def passwords_of(request: Request) -> Passwords:
    """The one pool of hashing threads."""
    passwords: Passwords = request.app.state.passwords
    return passwords


def too_many(_: Translator, error: Throttled) -> str:
    """How long to wait, in words."""
    wait = i18n.duration(_.locale, timedelta(seconds=error.period_seconds))
    return _("Too many tries. Wait %(wait)s, then try again.", wait=wait)


@router.get("/")
async def get_first_page(here: Visitor) -> Response:
    """On to the alerts; on a server without any account, what to do about that."""
    if isinstance(here, PageContext):
        return here.redirect(first_page_of(here.rights))
    async with here.databases.engine.transaction() as tx:
        if await store.any_account(tx):
            return here.redirect(FIRST_PAGE)
    return here.html("accounts/first_run.html")


@router.get("/sign-in")
async def get_sign_in(here: Visitor) -> Response:
    """Name and password, or a passkey."""
    wanted = safe_next(here.request.query_params.get("next", ""))
    if isinstance(here, PageContext):
        return here.redirect(wanted)
    return _sign_in_form(here, wanted)


def _sign_in_form(here: Page, wanted: str, *, username: str = "", error: str = "", status: int = 200) -> Response:
    return here.html(
        "accounts/sign_in.html",
        status_code=status,
        next=wanted,
        username=username,
        error=error,
        can_use_passkeys=passkeys.site_of(here.request, here.settings) is not None,
        sold=here.settings.billing == "on",
    )


@router.post("/sign-in")
async def post_sign_in(here: Visitor) -> Response:
    """Check name and password; on to the second factor, the choice of account, or in."""
    _, form, wanted = here.words, here.form, safe_next(here.form.raw("next"))
    username = form.text("username")
    try:
        found = await service.check_password(
            here.databases.engine,
            passwords_of(here.request),
            username,
            form.raw("password"),
            address=here.info.address,
            device=service.device_for(here.settings.key, here.cookie("device"), username, here.at),
            at=here.at,
        )
    except Throttled as error:
        response = _sign_in_form(here, wanted, username=username, error=too_many(_, error), status=429)
        response.headers["Retry-After"] = str(error.period_seconds)
        return response
    if not found:
        wrong = _("The e-mail address or the password is not right.")
        return _sign_in_form(here, wanted, username=username, error=wrong, status=422)
    persons = [Person(one.account_id, one.user_id, one.has_totp) for one in found]
    if len(found) > 1:
        signed = service.sign_person(here.settings.key, CHOICE, persons, here.at)
        accounts = [(str(one.account_id), one.account_name) for one in found]
        return here.html("accounts/choose_account.html", next=wanted, signed=signed, accounts=accounts)
    return await _go_on(here, persons[0], wanted)


@router.post("/sign-in/account")
async def post_account(here: Visitor) -> Response:
    """The account that somebody who is in several of them chose."""
    persons = service.unsign_person(here.settings.key, CHOICE, here.form.raw("signed"), here.at)
    chosen = [person for person in persons if str(person.account_id) == here.form.raw("account")]
    if not chosen:
        raise NotFound(N_("There is no such account."))
    return await _go_on(here, chosen[0], safe_next(here.form.raw("next")))


async def _go_on(here: Page, person: Person, wanted: str) -> Response:
    if not person.has_totp:
        return await let_in(here, person, wanted)
    response = here.redirect(f"/sign-in/second-factor?next={quote(wanted)}")
    signed = service.sign_person(here.settings.key, SECOND_FACTOR, [person], here.at)
    here.set_cookie(response, "second-factor", signed, SECOND_FACTOR_SECONDS)
    return response


@router.get("/sign-in/second-factor")
async def get_second_factor(here: Visitor) -> Response:
    """The code of the app."""
    if not here.cookie("second-factor"):
        return here.redirect("/sign-in")
    wanted = safe_next(here.request.query_params.get("next", ""))
    return here.html("accounts/second_factor.html", next=wanted, error="")


@router.post("/sign-in/second-factor")
async def post_second_factor(here: Visitor) -> Response:
    """Check the code, and let in."""
    _, wanted = here.words, safe_next(here.form.raw("next"))
    try:
        [person] = service.unsign_person(here.settings.key, SECOND_FACTOR, here.cookie("second-factor"), here.at)
    except NotFound:
        return here.redirect("/sign-in", "info", _("That took too long. Sign in again."))
    status, error = 422, _("The code is not right, or was used before.")
    try:
        if await service.check_second_factor(
            here.databases.engine,
            here.settings.key,
            person.account_id,
            person.user_id,
            here.form.text("code"),
            here.at,
        ):
            return await let_in(here, person, wanted)
    except Throttled as throttled:
        status, error = 429, too_many(_, throttled)
    return here.html("accounts/second_factor.html", status_code=status, next=wanted, error=error)


@router.post("/sign-in/passkey/options")
async def post_passkey_options(here: Visitor) -> Response:
    """What the browser asks the person's device for."""
    options, challenge = passkeys.sign_in_options(passkeys.require_site(here.request, here.settings))
    return with_challenge(here, options, challenge, "sign-in")


@router.post("/sign-in/passkey")
async def post_passkey(here: Visitor) -> Response:
    """Check what the device signed, and let in: a passkey is both factors."""
    wanted = safe_next(here.form.raw("next"))
    challenge = passkeys.unsign_challenge(here.settings.key, "sign-in", here.cookie("challenge"), here.at)
    passkey = await passkeys.check(
        here.databases.engine,
        passkeys.require_site(here.request, here.settings),
        here.form.raw("credential"),
        challenge,
        address=here.info.address,
        at=here.at,
    )
    if passkey is None:
        return _sign_in_form(here, wanted, error=here.words("This passkey is not known here."), status=422)
    response = await let_in(here, Person(passkey.account_id, passkey.user_id, False), wanted)
    here.delete_cookie(response, "challenge")
    return response


def with_challenge(
    here: Page, options: str, challenge: bytes, purpose: Literal["sign-in", "confirm", "enrol"]
) -> Response:
    """The options, and in a cookie the challenge that their answer has to hold."""
    response = Response(options, media_type="application/json", headers={"Cache-Control": "no-store"})
    signed = passkeys.sign_challenge(here.settings.key, purpose, challenge, here.at)
    here.set_cookie(response, "challenge", signed, passkeys.CHALLENGE_SECONDS)
    return response


async def let_in(here: Page, person: Person, wanted: str) -> Response:
    """A new session, never one that was there before; on to the page that was wanted.

    Whoever is over the plan's limit reads why he cannot come in. Source: R3.4
    """
    settings, at = here.settings, here.at
    async with here.databases.engine.transaction() as tx:
        user = await store.get_user(tx, person.account_id, person.user_id)
        if user.inactive_since is not None:
            return await _over_limit(here, tx, person.account_id)
        if old := here.cookie("session"):
            await sessions.delete_session_by_token(tx, crypto.token_hash(old))
        gate: Gate = here.request.app.state.gate
        rights = await rights_of_user(tx, gate, user, at)
        token = await service.open_session(
            tx, person.account_id, person.user_id, here.browser, at, settings.session_days
        )
    response = here.redirect(first_page_of(rights) if wanted == FIRST_PAGE else wanted)
    here.set_cookie(response, "session", token, settings.session_days * 86400)
    here.set_cookie(response, "device", service.sign_device(settings.key, user.username, at), YEAR_SECONDS)
    here.set_cookie(response, "language", user.locale, YEAR_SECONDS)
    here.delete_cookie(response, "second-factor")
    return response


async def _over_limit(here: Page, tx: Tx, account_id: int) -> Response:
    account, users = await store.get_account(tx, account_id), await store.list_users(tx, account_id)
    owners = [it for it in users if it.role is Role.OWNER and it.status is UserStatus.ACTIVE]
    names = [it.full_name or it.username for it in owners if it.inactive_since is None]
    return here.html("accounts/over_limit.html", status_code=402, account_name=account.name, owners=names)


@router.post("/sign-out")
async def post_sign_out(ctx: SignedInPage) -> Response:
    """This browser's session ends."""
    async with ctx.db.transaction() as tx:
        await sessions.delete_session(tx, ctx.account_id, ctx.user.id, ctx.session.id)
    response = ctx.redirect("/sign-in", "info", ctx.words("You are signed out."))
    ctx.delete_cookie(response, "session")
    return response


@router.get("/confirm")
async def get_confirm(ctx: SignedInPage) -> Response:
    """Before something that a stolen browser must not do: is it you?"""
    return await _confirm_form(ctx, safe_next(ctx.request.query_params.get("next", "")))


async def _confirm_form(ctx: PageContext, wanted: str, *, error: str = "", status: int = 200) -> Response:
    async with ctx.db.transaction() as tx:
        has_password = await sessions.find_password_hash(tx, ctx.account_id, ctx.user.id) is not None
        has_passkeys = bool(await factors_store.list_passkeys(tx, ctx.account_id, ctx.user.id))
    return ctx.html(
        "accounts/confirm.html",
        status_code=status,
        next=wanted,
        error=error,
        minutes=int(CONFIRMATION_LASTS.total_seconds() // 60),
        has_password=has_password,
        can_use_passkeys=has_passkeys and passkeys.site_of(ctx.request, ctx.settings) is not None,
    )


@router.post("/confirm")
async def post_confirm(ctx: SignedInPage) -> Response:
    """Check the password; then on to what was wanted."""
    _, wanted = ctx.words, safe_next(ctx.form.raw("next"))
    try:
        right = await service.check_own_password(
            ctx.databases.engine,
            passwords_of(ctx.request),
            ctx.account_id,
            ctx.user.id,
            ctx.form.raw("password"),
            ctx.at,
        )
    except Throttled as error:
        return await _confirm_form(ctx, wanted, error=too_many(_, error), status=429)
    if not right:
        return await _confirm_form(ctx, wanted, error=_("The password is not right."), status=422)
    return await _confirmed(ctx, wanted)


@router.post("/confirm/passkey/options")
async def post_confirm_options(ctx: SignedInPage) -> Response:
    """What the browser asks the person's device for."""
    async with ctx.db.transaction() as tx:
        own = await factors_store.list_passkeys(tx, ctx.account_id, ctx.user.id)
    options, challenge = passkeys.sign_in_options(passkeys.require_site(ctx.request, ctx.settings), own)
    return with_challenge(ctx, options, challenge, "confirm")


@router.post("/confirm/passkey")
async def post_confirm_passkey(ctx: SignedInPage) -> Response:
    """Check what the device signed; then on to what was wanted."""
    wanted = safe_next(ctx.form.raw("next"))
    passkey = await passkeys.check(
        ctx.databases.engine,
        passkeys.require_site(ctx.request, ctx.settings),
        ctx.form.raw("credential"),
        passkeys.unsign_challenge(ctx.settings.key, "confirm", ctx.cookie("challenge"), ctx.at),
        address=ctx.info.address,
        at=ctx.at,
    )
    if passkey is None or (passkey.account_id, passkey.user_id) != (ctx.account_id, ctx.user.id):
        return await _confirm_form(ctx, wanted, error=ctx.words("This passkey is not yours."), status=422)
    response = await _confirmed(ctx, wanted)
    ctx.delete_cookie(response, "challenge")
    return response


async def _confirmed(ctx: PageContext, wanted: str) -> Response:
    async with ctx.db.transaction() as tx:
        await sessions.confirm_session(tx, ctx.account_id, ctx.session.id, ctx.at)
    return ctx.redirect(wanted)


@router.post("/language")
async def post_language(here: Visitor) -> Response:
    """The reader's language, from now on."""
    locale = here.form.text("locale")
    if locale not in i18n.LOCALES:
        raise NotFound(N_("There is no such language."))
    if isinstance(here, PageContext):
        async with here.db.transaction() as tx:
            await people.set_locale(tx, here.account_id, here.user.id, locale)
    response = here.redirect(safe_next(here.form.raw("next")) if here.form.raw("next") != "/sign-in" else "/sign-in")
    here.set_cookie(response, "language", locale, YEAR_SECONDS)
    return response
