"""Card fields in a real browser, under the application's own policy: typed into the provider's frame, not ours."""

import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import Browser, Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from tests.browser import axe
from tests.support import style_guide
from tests.support.card_provider import gateway_to
from tests.support.chromium import DESK, PHONE, troubles
from tests.support.server import serve_app
from tests.support.stripe_fake import API_KEY, PUBLISHABLE_KEY, stripe_fake

from tocsin.billing.cards.gateway import ActionRequired, Charge, Paid
from tocsin.billing.cards.policy import allow_card_fields
from tocsin.billing.cards.stripe_gateway import StripeGateway
from tocsin.settings import Settings
from tocsin.templating import environment
from tocsin.web.assets import Assets
from tocsin.web.security import SecurityMiddleware

pytestmark = pytest.mark.browser

PAGE = """
{% extends "base.html" %}
{% from "billing/_card_fields.html" import card_fields, card_fields_head with context %}
{% block title %}Add a card{% endblock %}
{% block head %}{{ card_fields_head(setup) }}{% endblock %}
{% block main %}
<h1>Add a card</h1>
<section class="card">{{ card_fields(setup, return_url, "Add card") }}</section>
{% endblock %}
"""


BARE = '<!doctype html><title>Ours</title><link rel="icon" href="data:,">{}'


@dataclass
class Site:
    """Our pages, the provider, and what the page saw."""

    page: Page
    gateway: StripeGateway
    customer: str
    wrong: list[str]
    sent_to_us: list[str]

    async def type_card(self, number: str) -> None:
        fields = self.page.frame_locator("[data-card-place] iframe")
        await fields.get_by_label("Card number").fill(number)
        await fields.get_by_label("Expiry").fill("12 / 30")
        await fields.get_by_label("Security code").fill("1234")
        await self.page.get_by_role("button", name="Add card").click()

    async def returned(self) -> dict[str, list[str]]:
        await self.page.wait_for_url("**/added?**")
        return parse_qs(urlsplit(self.page.url).query)


@asynccontextmanager
async def site(
    browser: Browser, listener: socket.socket, *, phone: bool = False, scripted: bool = True, locale: str = "en"
) -> AsyncIterator[Site]:
    base = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with AsyncExitStack() as stack:
        fake = await stack.enter_async_context(stripe_fake())
        gateway = gateway_to(fake.url)
        stack.push_async_callback(gateway.close)
        customer = await gateway.create_customer(3, "Example Ltd", "ana@example.com", key="customer-3")
        sent: list[str] = []

        async def get_card(request: Request) -> Response:
            allow_card_fields(request)
            setup = await gateway.start_card_setup(customer)
            reader = replace(style_guide.viewer(locale), nonce=request.scope["tocsin.nonce"], banners=(), flashes=())
            template = environment(locale).from_string(PAGE)
            return HTMLResponse(template.render(viewer=reader, setup=setup, return_url=f"{base}/added"))

        async def get_added(request: Request) -> Response:
            return HTMLResponse(BARE.format("<p>Added."))

        async def pay(request: Request) -> Response:
            """A form of ours whose answer leads to the bank."""
            allow_card_fields(request)
            if request.method == "GET":
                return HTMLResponse(BARE.format("<form method=post><button>Pay</button></form>"))
            card = fake.add_card(customer, "4000002760003184")
            order = Charge(customer, card, 23000, "USD", "invoice-7-1", "Invoice 7", f"{base}/added", off_session=False)
            outcome = await gateway.charge(order)
            assert isinstance(outcome, ActionRequired)
            assert outcome.url is not None
            return RedirectResponse(outcome.url, 303)

        routes = [Route("/card", get_card), Route("/added", get_added), Route("/pay", pay, methods=["GET", "POST"])]
        app = Starlette(routes=[*routes, Mount("/static", Assets())])
        settings = Settings.model_validate(
            {
                "stripe_api_key": API_KEY,
                "stripe_publishable_key": PUBLISHABLE_KEY,
                "stripe_api_base": fake.url,
                "stripe_js_url": f"{fake.url}/v3/",
            }
        )
        await stack.enter_async_context(serve_app(SecurityMiddleware(app, settings), listener, lifespan="off"))
        context = await browser.new_context(
            base_url=base, viewport=PHONE if phone else DESK, java_script_enabled=scripted
        )
        stack.push_async_callback(context.close)
        page = await context.new_page()
        page.on("request", lambda made: sent.append(f"{made.url} {made.post_data}") if base in made.url else None)
        yield Site(page, gateway, customer, troubles(page), sent)


@pytest.mark.parametrize(
    ("number", "brand"),
    [
        ("4242424242424242", "visa"),
        ("5555 5555 5555 4444", "mastercard"),
        ("378282246310005", "amex"),
        ("6011111111111117", "discover"),
    ],
)
async def test_r5_1_a_card_is_added_and_its_number_never_comes_here(
    browser: Browser, listener: socket.socket, number: str, brand: str
) -> None:
    async with site(browser, listener) as opened:
        await opened.page.goto("/card")
        await opened.type_card(number)
        query = await opened.returned()
        result = await opened.gateway.setup_result(opened.customer, query["setup_intent"][0])

        assert query["redirect_status"] == ["succeeded"]
        assert result.card is not None
        assert result.card.brand == brand
        assert not [line for line in opened.sent_to_us if number in line or number.replace(" ", "") in line]
        assert opened.wrong == []


async def test_r4_1_a_bank_that_asks_is_answered_on_its_own_page(browser: Browser, listener: socket.socket) -> None:
    async with site(browser, listener, phone=True) as opened:
        await opened.page.goto("/card")
        await opened.type_card("4000002500003155")
        await opened.page.get_by_role("button", name="Confirm").click()
        query = await opened.returned()

        result = await opened.gateway.setup_result(opened.customer, query["setup_intent"][0])
        assert result.card is not None
        assert opened.wrong == []


async def test_a_card_that_is_refused_can_be_corrected_on_the_same_page(
    browser: Browser, listener: socket.socket
) -> None:
    async with site(browser, listener) as opened:
        await opened.page.goto("/card")
        await opened.type_card("4000000000009995")
        await expect(opened.page.get_by_role("alert")).to_have_text("Your card has insufficient funds.")

        await opened.type_card("4242424242424242")

        assert (await opened.returned())["redirect_status"] == ["succeeded"]
        assert [line for line in opened.wrong if "402" not in line] == []


async def test_a_form_of_ours_may_lead_to_the_bank(browser: Browser, listener: socket.socket) -> None:
    async with site(browser, listener) as opened:
        await opened.page.goto("/pay")
        await opened.page.get_by_role("button", name="Pay").click()
        await opened.page.get_by_role("button", name="Confirm").click()
        query = await opened.returned()

        assert await opened.gateway.payment(query["payment_intent"][0]) == Paid(query["payment_intent"][0])
        assert opened.wrong == []


async def test_without_a_script_the_page_says_how_to_pay_then(browser: Browser, listener: socket.socket) -> None:
    async with site(browser, listener, scripted=False) as opened:
        await opened.page.goto("/card")

        await expect(opened.page.get_by_text("An annual subscription can be paid by invoice")).to_be_visible()
        await expect(opened.page.get_by_role("button", name="Add card")).to_be_hidden()


async def test_where_the_provider_is_blocked_the_page_says_so(browser: Browser, listener: socket.socket) -> None:
    async with site(browser, listener) as opened:
        await opened.page.route("**/v3/", lambda route: route.abort())
        await opened.page.goto("/card")

        await expect(opened.page.get_by_role("alert")).to_contain_text("could not be loaded")
        await expect(opened.page.get_by_role("button", name="Add card")).to_be_disabled()


@pytest.mark.parametrize("locale", ["en", "pl"])
async def test_everybody_can_use_it(browser: Browser, listener: socket.socket, locale: str) -> None:
    async with site(browser, listener, phone=True, locale=locale) as opened:
        await opened.page.goto("/card")
        await expect(opened.page.get_by_role("button", name="Add card")).to_be_enabled()

        assert await axe.violations(opened.page) == []
        assert await opened.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
