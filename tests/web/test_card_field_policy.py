"""The Content-Security-Policy: strict everywhere, wider by the provider's origins where card fields are."""

import socket
from collections.abc import Mapping

import pytest
from aiohttp import ClientSession
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse
from tests.support.server import serve_app

from tocsin.billing.cards.policy import allow_card_fields, card_field_sources
from tocsin.settings import Settings
from tocsin.web.security import SecurityMiddleware, content_security_policy

STRIPE = {"stripe_api_key": "sk_live_1", "stripe_publishable_key": "pk_live_1"}
STAND_IN = {"stripe_api_base": "http://127.0.0.1:4242", "stripe_js_url": "http://127.0.0.1:4242/v3/"}


def settings_of(**values: str) -> Settings:
    return Settings.model_validate(values)


def directives(policy: str) -> Mapping[str, set[str]]:
    return {name: set(rest) for name, *rest in (part.split() for part in policy.split(";"))}


@pytest.fixture
def pages() -> FastAPI:
    app = FastAPI()

    @app.get("/card")
    async def get_card(request: Request) -> HTMLResponse:
        allow_card_fields(request)
        return HTMLResponse("card fields")

    @app.get("/other")
    async def get_other() -> HTMLResponse:
        return HTMLResponse("another page")

    return app


async def policy_of(pages: FastAPI, settings: Settings, path: str) -> Mapping[str, set[str]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}{path}"
        async with (
            serve_app(SecurityMiddleware(pages, settings), listener, lifespan="off"),
            ClientSession() as session,
            session.get(url) as answer,
        ):
            return directives(answer.headers["content-security-policy"])


async def test_a_page_with_card_fields_may_load_the_providers_and_no_other_may(pages: FastAPI) -> None:
    settings = settings_of(**STRIPE)

    card, other = await policy_of(pages, settings, "/card"), await policy_of(pages, settings, "/other")

    assert {"https://js.stripe.com", "https://*.js.stripe.com"} <= card["script-src"]
    assert {"https://js.stripe.com", "https://hooks.stripe.com"} <= card["frame-src"]
    assert card["connect-src"] == {"'self'", "https://api.stripe.com"}
    assert card["form-action"] == {"'self'", "https://hooks.stripe.com"}
    assert not [source for sources in other.values() for source in sources if "stripe" in source]


async def test_even_there_nothing_in_the_page_runs_without_its_nonce(pages: FastAPI) -> None:
    card = await policy_of(pages, settings_of(**STRIPE), "/card")

    assert card["default-src"] == {"'none'"}
    assert card["style-src"] == {"'self'"}
    assert card["frame-ancestors"] == {"'none'"}
    assert not [source for sources in card.values() for source in sources if "unsafe" in source]


async def test_a_stand_in_is_named_by_its_origin(pages: FastAPI) -> None:
    card = await policy_of(pages, settings_of(**STRIPE, **STAND_IN), "/card")

    for name in ["script-src", "frame-src", "connect-src", "form-action"]:
        assert "http://127.0.0.1:4242" in card[name]
    assert not [source for sources in card.values() for source in sources if "stripe.com" in source]


async def test_without_a_provider_no_page_is_wider(pages: FastAPI) -> None:
    settings = settings_of()

    assert card_field_sources(settings) == {}
    card, other = await policy_of(pages, settings, "/card"), await policy_of(pages, settings, "/other")
    assert {**card, "script-src": set()} == {**other, "script-src": set()}


async def test_a_page_of_the_application_is_strict(http: ClientSession) -> None:
    async with http.get("/sign-in") as answer:
        policy = answer.headers["content-security-policy"]

    nonce = next(part for part in policy.split() if part.startswith("'nonce-")).removeprefix("'nonce-").rstrip("';")
    assert policy == content_security_policy(nonce)
