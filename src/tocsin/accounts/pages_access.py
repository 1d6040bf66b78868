"""Who asks for a page, and may he? What every page's door asks first: session, rights, and that a form is ours."""

import hmac
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal
from urllib.parse import urlencode, urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.datastructures import FormData

from tocsin import crypto, i18n
from tocsin.accounts.audit import Actor
from tocsin.accounts.gate import Gate
from tocsin.accounts.model import Account, CustomRole, User
from tocsin.accounts.notices import Notices
from tocsin.accounts.people import store as people
from tocsin.accounts.reach import Reach
from tocsin.accounts.rights import CONFIGURING, Action, may, rights_of
from tocsin.accounts.sign_in import store
from tocsin.accounts.sign_in.model import Browser, Session, SignedIn
from tocsin.db import Databases, Db, Tx
from tocsin.errors import Forbidden, NotFound, PlanRequired, TocsinError, Unauthenticated
from tocsin.http import RequestInfo, info
from tocsin.i18n import N_, Translator
from tocsin.settings import Settings
from tocsin.templating import Notice, Viewer, render

CONFIRMATION_LASTS = timedelta(minutes=30)
TOUCH_EVERY = timedelta(minutes=5)
FLASH_LASTS = timedelta(minutes=5)
YEAR_SECONDS = 365 * 86400
FIRST_PAGE = "/alerts"
READING = {"GET", "HEAD"}
SECTIONS = {"alerts": Action.VIEW, "on-call": Action.VIEW_ON_CALL, "teams": Action.VIEW_CONFIGURATION}
"""The parts of the main menu that are not for everybody."""
CookieName = Literal["session", "visitor", "flash", "language", "device", "second-factor", "challenge"]


class Unconfirmed(Unauthenticated):
    """Signed in, but too long ago for this: prove again who you are."""


class Form:
    """The fields of a posted form; a field that is missing is empty."""

    def __init__(self, data: FormData | None = None) -> None:
        self._data = data if data is not None else FormData()

    def text(self, name: str) -> str:
        """The field without white space around it."""
        return self.raw(name).strip()

    def raw(self, name: str) -> str:
        """The field as it was typed: passwords may begin with a space."""
        value = self._data.get(name)
        return value if isinstance(value, str) else ""

    def all(self, name: str) -> list[str]:
        """Every value of a field that may be ticked more than once."""
        return [value for value in self._data.getlist(name) if isinstance(value, str)]

    def has(self, name: str) -> bool:
        """Was the box ticked, or the button pressed?"""
        return name in self._data


@dataclass(frozen=True, slots=True)
class Page:
    """A page request: who reads, and how it is answered. Nobody needs to be signed in."""

    request: Request
    info: RequestInfo
    settings: Settings
    databases: Databases
    viewer: Viewer
    form: Form

    @property
    def at(self) -> datetime:
        """When the request came."""
        return self.info.at

    @property
    def words(self) -> Translator:
        """Use it as `_`: the reader's language."""
        return Translator(self.viewer.locale)

    def say(self, text: str | TocsinError) -> str:
        """A marked text, or an error's message, in the reader's language."""
        if isinstance(text, TocsinError):
            gettext = i18n.translations(self.viewer.locale).gettext
            params = {key: gettext(it) if isinstance(it, str) and it else it for key, it in text.params.items()}
            return gettext(text.text) % params if params else gettext(text.text)
        return i18n.translations(self.viewer.locale).gettext(text) if text else ""

    @property
    def browser(self) -> Browser:
        return Browser(self.request.headers.get("user-agent", "")[:300], self.info.address)

    def html(self, template: str, /, status_code: int = 200, **values: object) -> HTMLResponse:
        """The template, for this reader. Flashes were shown then."""
        response = HTMLResponse(render(self.viewer, template, **values), status_code=status_code)
        if self.viewer.flashes:
            self.delete_cookie(response, "flash")
        return response

    def redirect(
        self, to: str, kind: Literal["info", "success", "warning", "danger"] = "success", text: str = ""
    ) -> Response:
        """On to another page of ours after a post; `text`, already translated, is shown there once."""
        response = RedirectResponse(to, status_code=303)
        if text:
            payload = json.dumps([kind, text], ensure_ascii=False)
            signed = crypto.sign(self.settings.key, "flash", payload, self.at + FLASH_LASTS)
            self.set_cookie(response, "flash", signed, int(FLASH_LASTS.total_seconds()))
        return response

    def cookie(self, name: CookieName) -> str:
        """The cookie's value, or nothing."""
        return self.request.cookies.get(cookie_name(self.settings, name), "")

    def set_cookie(self, response: Response, name: CookieName, value: str, max_age: int) -> None:
        """A cookie that no script reads and no other site sends, kept for `max_age` seconds."""
        response.set_cookie(
            cookie_name(self.settings, name), value, max_age=max_age, path="/",
            secure=is_https(self.settings), httponly=True, samesite="lax",
        )  # fmt: skip

    def delete_cookie(self, response: Response, name: CookieName) -> None:
        response.delete_cookie(
            cookie_name(self.settings, name), path="/", secure=is_https(self.settings), httponly=True, samesite="lax"
        )


@dataclass(frozen=True, slots=True)
class PageContext(Page):
    """A page request of somebody who is signed in. `db` sees his account only."""

    signed_in: SignedIn
    db: Db
    rights: frozenset[Action]

    @property
    def account_id(self) -> int:
        return self.signed_in.account.id

    @property
    def account(self) -> Account:
        return self.signed_in.account

    @property
    def user(self) -> User:
        return self.signed_in.user

    @property
    def session(self) -> Session:
        return self.signed_in.session

    @property
    def is_operator(self) -> bool:
        return self.signed_in.is_operator

    @property
    def actor(self) -> Actor:
        """Who the audit log names."""
        return Actor(self.account_id, self.user.username, self.at, self.user.id, self.info.address, self.info.id)

    @property
    def gate(self) -> Gate:
        """What the account's plan allows."""
        found: Gate = self.request.app.state.gate
        return found

    @property
    def reach(self) -> Reach:
        """Which telephone numbers SMS and calls get to."""
        found: Reach = self.request.app.state.reach
        return found

    @property
    def csrf_token(self) -> str:
        return self.session.csrf_token

    def may(self, action: Action) -> bool:
        """Does the person's role allow it?"""
        return action in self.rights

    @property
    def settings_tabs(self) -> dict[str, bool]:
        """Which of the settings the person sees: for `accounts/_settings_tabs.html`."""
        return {
            "may_manage_roles": self.may(Action.MANAGE_ROLES),
            "may_manage_keys": self.may(Action.MANAGE_KEYS),
            "may_manage_account": self.may(Action.MANAGE_ACCOUNT),
            "may_manage_billing": self.may(Action.MANAGE_BILLING) and self.settings.billing == "on",
            "may_delete_account": self.may(Action.MANAGE_BILLING),
            "may_see_audit": self.may(Action.VIEW_AUDIT),
            "may_read_mails": self.is_operator or self.may(Action.VIEW_MAILBOX),
            "is_operator": self.is_operator,
        }

    async def require_configurable(self) -> None:
        """Raises: PlanRequired while an invoice is long unpaid."""
        async with self.db.transaction() as tx:
            await self.gate.require_configurable(tx, self.account_id, self.at)

    def require(self, action: Action) -> None:
        """Raises: Forbidden where the person's role does not allow it."""
        if not self.may(action):
            raise Forbidden(N_("Your role does not allow this. Ask an owner or an admin of the account."))


def page(
    *actions: Action, confirmed: bool = False, configures: bool = True
) -> Callable[[Request], Awaitable[PageContext]]:
    """A dependency: the context of a signed-in person whose role allows `actions`. A form must be ours.

    With `confirmed` he must have proved within the last half hour who he is. Without `configures` the page says by
    itself what may not be changed while an invoice is long unpaid.
    Raises: Unauthenticated, Unconfirmed, Forbidden, PlanRequired (to change anything while an invoice is long unpaid).
    """

    async def context(request: Request) -> PageContext:
        made = await _signed_in_page(request)
        if made is None:
            raise Unauthenticated(N_("Sign in first."))
        await _check_form(request, made.settings, made.csrf_token, made.form)
        for action in actions:
            made.require(action)
        if configures and CONFIGURING & {*actions} and request.method not in READING:
            await made.require_configurable()
        if confirmed and made.session.confirmed_at < made.at - CONFIRMATION_LASTS:
            raise Unconfirmed(N_("Confirm that it is you."))
        return made

    return context


def operator_page(*, confirmed: bool = False) -> Callable[[Request], Awaitable[PageContext]]:
    """A dependency: like `page`, for operators of the server. To others the page does not exist."""
    signed_in = page(confirmed=confirmed)

    async def context(request: Request) -> PageContext:
        made = await signed_in(request)
        if not made.is_operator:
            raise NotFound(N_("There is no such page."))
        return made

    return context


async def visitor(request: Request) -> Page:
    """A dependency: the context of a page for whoever comes, signed in or not. A form must be ours."""
    made = await _signed_in_page(request) or await _visitors_page(request)
    await _check_form(request, made.settings, made.viewer.csrf_token, made.form)
    return made


async def any_page(request: Request) -> Page:
    """The context of whoever comes, unchecked and without his form: for error pages."""
    return await _signed_in_page(request, reads_form=False) or await _visitors_page(request, reads_form=False)


async def _signed_in_page(request: Request, *, reads_form: bool = True) -> PageContext | None:
    settings, databases, asked = _parts(request)
    token = request.cookies.get(cookie_name(settings, "session"))
    if not token:
        return None
    async with databases.engine.transaction() as tx:
        found = await store.find_session(tx, crypto.token_hash(token), asked.at)
        if found is None:
            return None
        session = found.session
        if session.last_seen_at < asked.at - TOUCH_EVERY:
            expires_at = asked.at + timedelta(days=settings.session_days)
            await store.touch_session(tx, session.account_id, session.id, asked.at, expires_at, asked.address)
        notices = await _account_notices(request, tx, settings, found, asked.at)
        rights = rights_of(found.user.role, await _custom_role(request, tx, found, asked.at))
    user = found.user
    viewer = Viewer(
        locale=user.locale if user.locale in i18n.LOCALES else i18n.DEFAULT_LOCALE,
        zone=zone_of(user.time_zone),
        at=asked.at,
        csrf_token=session.csrf_token,
        nonce=request.scope.get("tocsin.nonce", ""),
        name=user.full_name or user.username,
        account_name=found.account.name,
        role=user.role,
        closed=frozenset(name for name, action in SECTIONS.items() if action not in rights),
        path=request.url.path,
        banners=(*_banners(settings, found), *notices),
        flashes=_flashes(request, settings, asked.at),
    )
    form = await _form(request) if reads_form else Form()
    db = databases.app.for_account(session.account_id)
    return PageContext(request, asked, settings, databases, viewer, form, found, db, rights)


def first_page_of(rights: frozenset[Action]) -> str:
    """Where somebody begins: at the alerts, or at his profile where those are not for him."""
    return FIRST_PAGE if Action.VIEW in rights else "/profile"


async def _custom_role(request: Request, tx: Tx, found: SignedIn, at: datetime) -> CustomRole | None:
    """The person's custom role, while the plan has them."""
    gate: Gate = request.app.state.gate
    return found.custom if found.custom and await allows_custom_roles(tx, gate, found.account.id, at) else None


async def allows_custom_roles(tx: Tx, gate: Gate, account_id: int, at: datetime) -> bool:
    """Does the plan have custom roles? Without them each counts as the role that it is based on."""
    try:
        await gate.require(tx, account_id, "custom_roles", at)
    except PlanRequired:
        return False
    return True


async def rights_of_user(tx: Tx, gate: Gate, user: User, at: datetime) -> frozenset[Action]:
    """All that somebody may do whose session is not at hand."""
    custom = None
    if user.role_id is not None and await allows_custom_roles(tx, gate, user.account_id, at):
        custom = await people.get_role(tx, user.account_id, str(user.role_id), "id")
    return rights_of(user.role, custom)


async def _visitors_page(request: Request, *, reads_form: bool = True) -> Page:
    settings, databases, asked = _parts(request)
    locale = request.cookies.get(cookie_name(settings, "language"), "")
    viewer = Viewer(
        locale=locale if locale in i18n.LOCALES else i18n.negotiate(request.headers.get("accept-language")),
        zone=UTC,
        at=asked.at,
        csrf_token=visitor_csrf_token(settings, request.scope.get("tocsin.visitor", "")),
        nonce=request.scope.get("tocsin.nonce", ""),
        path=request.url.path,
        flashes=_flashes(request, settings, asked.at),
    )
    return Page(request, asked, settings, databases, viewer, await _form(request) if reads_form else Form())


def _parts(request: Request) -> tuple[Settings, Databases, RequestInfo]:
    settings: Settings = request.app.state.settings
    databases: Databases = request.app.state.databases
    return settings, databases, info(request)


async def _form(request: Request) -> Form:
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if request.method in READING or kind not in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        return Form()
    return Form(await request.form())


async def _check_form(request: Request, settings: Settings, expected: str, form: Form) -> None:
    """Raises: Forbidden unless a request that changes something comes from a page of ours."""
    if request.method in READING:
        return
    given = request.headers.get("x-csrf-token") or form.raw("csrf_token")
    if not same_site(request, settings) or not hmac.compare_digest(given.encode(), expected.encode()):
        raise Forbidden(N_("This form is too old, or was not sent from our page. Open the page again and retry."))


def same_site(request: Request, settings: Settings) -> bool:
    """Do the browser's own headers say that the request comes from a page of ours?"""
    fetch_site = request.headers.get("sec-fetch-site")
    if fetch_site is not None:
        return fetch_site in {"same-origin", "none"}
    origin = request.headers.get("origin")
    if origin is None:
        return True  # an old browser, or none at all: the token decides
    return origin == origin_of(settings.base_url) or urlsplit(origin).netloc == request.headers.get("host")


def visitor_csrf_token(settings: Settings, visitor_id: str) -> str:
    """The form token of somebody who is not signed in: bound to a cookie that only his browser has."""
    return hmac.new(crypto.derive(settings.key, "csrf"), visitor_id.encode(), "sha256").hexdigest()


def _banners(settings: Settings, found: SignedIn) -> tuple[Notice, ...]:
    if settings.smtp_url:
        return ()
    _ = Translator(found.user.locale)
    text = _("No mail server is set, so nobody outside is reached by mail.")
    if found.is_operator or may(found.user.role, Action.VIEW_MAILBOX):
        return (Notice("warning", text, "/mailbox", _("Read the mails here")),)
    return (Notice("warning", text),)


async def _account_notices(
    request: Request, tx: Tx, settings: Settings, found: SignedIn, at: datetime
) -> Sequence[Notice]:
    """What whoever may pay for the account has to know of its subscription."""
    if settings.billing == "off" or not may(found.user.role, Action.MANAGE_BILLING):
        return ()
    notices: Notices = request.app.state.notices
    locale = found.user.locale if found.user.locale in i18n.LOCALES else i18n.DEFAULT_LOCALE
    return await notices(tx, found.account.id, locale=locale, zone=zone_of(found.user.time_zone), at=at)


def _flashes(request: Request, settings: Settings, at: datetime) -> tuple[Notice, ...]:
    signed = request.cookies.get(cookie_name(settings, "flash"))
    if not signed:
        return ()
    try:
        kind, text = json.loads(crypto.unsign(settings.key, "flash", signed, at))
    except NotFound:
        return ()
    return (Notice(kind, text),)


def is_https(settings: Settings) -> bool:
    """Do people come by https? Then cookies are for https only."""
    return settings.base_url.startswith("https:")


def cookie_name(settings: Settings, name: CookieName) -> str:
    """The cookie's name; on https with the prefix that pins it to this host."""
    return f"__Host-tocsin-{name}" if is_https(settings) else f"tocsin-{name}"


def origin_of(url: str) -> str:
    """`https://host:port` of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def zone_of(name: str) -> ZoneInfo:
    """The zone of that name; UTC for one that this machine does not know."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def safe_next(path: str) -> str:
    """`path` if it leads to a page of ours, else the first page: nobody is sent elsewhere by a forged link."""
    if not path.startswith("/") or path.startswith("//") or "\\" in path or not path.isprintable():
        return FIRST_PAGE
    return FIRST_PAGE if urlsplit(path).path in {"/", "/sign-in", "/sign-out"} or len(path) > 2000 else path


def sign_in_address(request: Request) -> str:
    """Where to sign in, and come back to the page that was wanted (for a form: the page it was on)."""
    return "/sign-in?" + urlencode({"next": wanted_page(request)})


def wanted_page(request: Request) -> str:
    """The page that a request asked for, or for a form the page that it was on."""
    if request.method in READING:
        query = f"?{request.url.query}" if request.url.query else ""
        return safe_next(request.url.path + query)
    referer = urlsplit(request.headers.get("referer", ""))
    if referer.netloc == request.headers.get("host"):
        return safe_next(referer.path + (f"?{referer.query}" if referer.query else ""))
    return FIRST_PAGE


def in_language(made: Page, locale: str) -> Page:
    """The same page in another language."""
    return replace(made, viewer=replace(made.viewer, locale=locale))


def path_uuid(text: str) -> UUID:
    """The id in a path. Raises: NotFound for what is none."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFound(N_("There is no such page.")) from None
