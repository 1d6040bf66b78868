"""What a page with card fields may load from the provider: the Content-Security-Policy of that page, and no other's.

Source: Stripe's documentation, "Integration security guide", Content Security Policy
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.types import Scope

from tocsin.settings import Settings

PROVIDER = "js.stripe.com"
FLAG = "tocsin.card_fields"

Sources = Mapping[str, tuple[str, ...]]


def allow_card_fields(request: Request) -> None:
    """Let the answer to this request show card fields. A handler calls it; nothing else widens a page's policy."""
    request.scope[FLAG] = True


def are_allowed(scope: Scope) -> bool:
    """Whether the page that was asked for shows card fields."""
    return scope.get(FLAG) is True


def card_field_sources(settings: Settings) -> Sources:
    """By directive, the origins that card fields need besides our own; empty without a provider.

    `form-action` is there since a form of ours may answer by sending the browser on to the bank's page, and browsers
    hold a redirect against the form that led to it.
    """
    if settings.stripe_api_key is None:
        return {}
    script, api = origin_of(settings.stripe_js_url), origin_of(settings.stripe_api_base)
    if urlsplit(script).hostname == PROVIDER:
        return {
            "script-src": (script, "https://*.js.stripe.com"),
            "frame-src": (script, "https://*.js.stripe.com", "https://hooks.stripe.com"),
            "connect-src": (api,),
            "img-src": ("https://*.stripe.com",),
            "form-action": ("https://hooks.stripe.com",),
        }
    both = (script,) if script == api else (script, api)
    return {"script-src": (script,), "frame-src": both, "connect-src": both, "form-action": both}


def origin_of(address: str) -> str:
    """Scheme, host and port."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
