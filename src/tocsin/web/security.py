"""What every answer tells the browser not to do, and how much a form may hold. ASGI middleware."""

import secrets
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tocsin.accounts.pages_access import cookie_name, is_https
from tocsin.billing.cards.policy import Sources, are_allowed, card_field_sources
from tocsin.errors import Invalid
from tocsin.http import API_PREFIXES
from tocsin.i18n import N_
from tocsin.settings import Settings

FORM_BYTES = 500_000
UPLOAD_BYTES = 60_000_000
VISITOR_DAYS = 30

NO_MORE: Sources = {}

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}


def content_security_policy(nonce: str, more: Sources = NO_MORE) -> str:
    """Only our own files, and `more` by directive; a script in markup needs the nonce of its answer, styles in markup
    are not run at all."""
    sources = {
        "default-src": ("'none'",),
        "script-src": ("'self'", f"'nonce-{nonce}'"),
        "style-src": ("'self'",),
        "img-src": ("'self'", "data:"),
        "font-src": ("'self'",),
        "connect-src": ("'self'",),
        "manifest-src": ("'self'",),
        "worker-src": ("'self'",),
        "frame-src": ("'self'",),
        "form-action": ("'self'",),
        "base-uri": ("'none'",),
        "frame-ancestors": ("'none'",),
    }
    return "; ".join(" ".join((name, *own, *more.get(name, ()))) for name, own in sources.items())


class SecurityMiddleware:
    """Headers on each answer; a visitor's cookie, which binds the forms of people who are not signed in."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.https = is_https(settings)
        self.card_fields = card_field_sources(settings)
        self.visitor_cookie = cookie_name(settings, "visitor")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(API_PREFIXES):
            await self.app(scope, receive, send)
            return
        nonce = scope["tocsin.nonce"] = secrets.token_urlsafe(16)
        known = _cookie(scope, self.visitor_cookie)
        visitor = scope["tocsin.visitor"] = known or secrets.token_urlsafe(24)

        async def secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                more = self.card_fields if are_allowed(scope) else NO_MORE
                headers.setdefault("Content-Security-Policy", content_security_policy(nonce, more))
                if self.https:
                    headers.setdefault("Strict-Transport-Security", "max-age=31536000")
                if headers.get("content-type", "").startswith("text/html"):
                    headers.setdefault("Cache-Control", "no-store")
                    if not known:
                        headers.append("Set-Cookie", self._visitor_cookie(visitor))
            await send(message)

        await self.app(scope, _limited(scope, receive), secured)

    def _visitor_cookie(self, visitor: str) -> str:
        secure = "; Secure" if self.https else ""
        age = VISITOR_DAYS * 86400
        return f"{self.visitor_cookie}={visitor}; HttpOnly; Max-Age={age}; Path=/; SameSite=lax{secure}"


def _header(scope: Scope, wanted: bytes) -> str:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == wanted), "")


def _cookie(scope: Scope, name: str) -> str:
    try:
        found = SimpleCookie(_header(scope, b"cookie")).get(name)
    except CookieError:
        return ""
    return found.value if found is not None else ""


def _limited(scope: Scope, receive: Receive) -> Receive:
    """`receive`, raising Invalid once a body is larger than a form has reason to be."""
    left = UPLOAD_BYTES if _header(scope, b"content-type").startswith("multipart/") else FORM_BYTES

    async def limited() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise Invalid(N_("This form is too large."))
        return message

    return limited
