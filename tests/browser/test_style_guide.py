"""Every component, in a real browser: readable, reachable, within budget, with and without a script."""

import asyncio
import gzip
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Literal

import pytest
from playwright.async_api import Browser, Page, ViewportSize, expect
from playwright.async_api import Route as PlaywrightRoute
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route
from tests.browser import axe
from tests.support import style_guide as guide
from tests.support.chromium import DESK, PHONE, troubles
from tests.support.server import serve_app

from tocsin import templating

pytestmark = pytest.mark.browser

Scheme = Literal["light", "dark"]
BUDGET_BYTES = 100_000


@dataclass(frozen=True, slots=True)
class Opened:
    """A page that is open, and what went wrong on it."""

    page: Page
    troubles: list[str]
    url: str


Open = Callable[..., Awaitable[Opened]]


@pytest.fixture
async def open_page(browser: Browser, listener: socket.socket) -> AsyncIterator[Open]:
    """Opens a path of the style guide, served with the routes of the test."""
    base = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with AsyncExitStack() as stack:

        async def opened(
            path: str = "/",
            size: ViewportSize = DESK,
            scheme: Scheme = "light",
            routes: list[BaseRoute] | None = None,
            scripted: bool = True,
            late: str | None = None,
        ) -> Opened:
            await stack.enter_async_context(serve_app(guide.style_guide(routes or []), listener, lifespan="off"))
            context = await browser.new_context(
                base_url=base,
                viewport={"width": size["width"], "height": size["height"]},
                color_scheme=scheme,
                java_script_enabled=scripted,
                permissions=["clipboard-read", "clipboard-write"],
            )
            stack.push_async_callback(context.close)
            page = await context.new_page()
            found = troubles(page)
            if late:
                await page.route(late, hold_back)
            await page.goto(path)
            return Opened(page, found, base)

        yield opened


async def hold_back(route: PlaywrightRoute) -> None:
    """Lets a script through only when htmx is there and had the time to start, as a slow line may."""
    page = route.request.frame.page
    await page.evaluate(
        """new Promise((done) => {
            const look = () => setTimeout(window.htmx ? () => setTimeout(done) : look);
            look();
        })"""
    )
    await route.continue_()


def component(body: str, viewer: templating.Viewer) -> HTMLResponse:
    """A page of the shell around a few lines of template."""
    source = '{% extends "base.html" %}{% import "ui.html" as ui with context %}{% block title %}Test{% endblock %}'
    template = templating.environment("en").from_string(source + "{% block main %}" + body + "{% endblock %}")
    return guide.respond(template.render(viewer=viewer))


@pytest.mark.parametrize(
    ("path", "scheme", "size"),
    [
        pytest.param("/", "light", DESK, id="desk-light"),
        pytest.param("/", "dark", DESK, id="desk-dark"),
        pytest.param("/", "light", PHONE, id="phone-light"),
        pytest.param("/", "dark", PHONE, id="phone-dark"),
        pytest.param("/?locale=pl", "light", PHONE, id="polish"),
        pytest.param("/bare", "dark", PHONE, id="bare"),
    ],
)
async def test_nobody_is_shut_out(open_page: Open, path: str, scheme: Scheme, size: ViewportSize) -> None:
    opened = await open_page(path, size, scheme)

    assert await axe.violations(opened.page) == []
    assert opened.troubles == []
    assert await opened.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


async def test_what_is_pressed_on_a_phone_is_as_high_as_a_thumb(open_page: Open) -> None:
    opened = await open_page(size=PHONE)

    low = await opened.page.evaluate(
        """() => [...document.querySelectorAll(
            "button, .button, nav a, summary, select, .check, .alert-pick, .field > input")]
            .filter((element) => element.checkVisibility() && element.getBoundingClientRect().height < 44)
            .map((element) => element.outerHTML.slice(0, 100))"""
    )

    assert low == []


def test_a_page_with_all_its_files_is_within_the_budget() -> None:
    html = guide.page("style-guide.html", guide.viewer())
    files = {path for path in re.findall(r'"/static/([^"?]+)\?v=', html) if not path.endswith((".png", "webmanifest"))}

    sent = len(gzip.compress(html.encode())) + sum(
        len(gzip.compress((templating.STATIC / path).read_bytes())) for path in files
    )

    assert {"tocsin.css", "tocsin.js", "vendor/htmx.min.js", "vendor/icons.svg"} <= files
    assert sent < BUDGET_BYTES


async def test_the_list_is_worked_from_the_keyboard(open_page: Open) -> None:
    page = (await open_page()).page
    await page.evaluate("document.activeElement.blur()")

    await page.keyboard.press("j")
    await page.keyboard.press("j")
    await page.keyboard.press("x")
    await page.keyboard.press("k")

    assert await page.evaluate("document.activeElement.textContent") == (
        "Checkout: error rate 38 % on payments-7 (eu-west-1), 5 minutes over 5 %"
    )
    await expect(page.locator("[data-pick-count]")).to_have_text("1")
    await expect(page.locator("[data-pick][value='1041']")).to_be_checked()
    await page.keyboard.press("/")
    await expect(page.locator("#query")).to_be_focused()
    await page.keyboard.type("jax?")
    await expect(page.locator("#query")).to_have_value("jax?")


async def test_the_keys_acknowledge_and_close_the_alert_they_stand_on(open_page: Open) -> None:
    posted: list[str] = []

    async def post(request: Request) -> Response:
        posted.append(request.url.path)
        return Response(status_code=204)

    async def get(request: Request) -> Response:
        row = """<ul class="list">{% for id in ["one", "two"] %}<li class="alert p1" data-row><a class="alert-title"
            href="#">{{ id }}</a>{{ ui.post_button("Acknowledge", "/ack/" ~ id, button_attrs={"data-key": "a"}) }}
            {{ ui.post_button("Close", "/close/" ~ id, button_attrs={"data-key": "c"}) }}</li>{% endfor %}</ul>"""
        return component(row, guide.viewer())

    routes = [Route("/list", get), Route("/{verb}/{id}", post, methods=["POST"])]
    page = (await open_page("/list", routes=routes)).page

    for key in ["j", "j"]:
        await page.keyboard.press(key)
    async with page.expect_response("**/ack/two"):
        await page.keyboard.press("a")
    async with page.expect_response("**/close/two"):
        await page.keyboard.press("c")

    assert posted == ["/ack/two", "/close/two"]


async def test_the_keys_can_be_turned_off(open_page: Open) -> None:
    page = (await open_page()).page
    await page.evaluate("document.activeElement.blur()")

    await page.keyboard.press("?")
    await expect(page.locator("#shortcuts")).to_be_visible()
    await page.get_by_label("Use keyboard shortcuts in this browser").uncheck()
    await page.keyboard.press("Escape")
    await page.evaluate("document.activeElement.blur()")
    await page.keyboard.press("j")

    assert await page.evaluate("document.activeElement.tagName") == "BODY"


async def test_the_bulk_actions_wait_for_a_selection(open_page: Open) -> None:
    page = (await open_page()).page
    close = page.locator("#bulk").get_by_role("button", name="Close")

    await expect(close).to_be_hidden()
    await page.get_by_label("All on this page").check()

    await expect(close).to_be_visible()
    await expect(page.locator("[data-pick-count]")).to_have_text("5")
    await page.locator("[data-pick]").first.uncheck()
    assert await page.locator("[data-pick-all]").evaluate("(box) => box.indeterminate")


async def test_without_a_script_everything_that_acts_is_there_and_acts(open_page: Open) -> None:
    posted: list[tuple[str, str]] = []

    async def post(request: Request) -> Response:
        form = await request.form()
        posted.append((str(form["csrf_token"]), str(form["alert"])))
        return Response("done")

    async def get(request: Request) -> Response:
        body = """{{ ui.post_button("Acknowledge", "/ack", fields={"alert": "1042"}) }}
            {{ ui.confirm_form("Delete", "/ack", "Really?", confirm_text="Yes, delete", fields={"alert": "7"}) }}"""
        return component(body, guide.viewer())

    routes = [Route("/page", get), Route("/ack", post, methods=["POST"])]
    page = (await open_page("/page", routes=routes, scripted=False)).page
    await page.get_by_role("button", name="Acknowledge").click()
    await expect(page.get_by_text("done")).to_be_visible()
    await page.go_back()
    await expect(page.get_by_role("button", name="Yes, delete")).to_be_hidden()
    await page.get_by_text("Delete", exact=True).click()
    await page.get_by_role("button", name="Yes, delete").click()
    await expect(page.get_by_text("done")).to_be_visible()
    await page.goto("/")

    assert posted == [(guide.viewer().csrf_token, "1042"), (guide.viewer().csrf_token, "7")]
    await expect(page.locator("#bulk").get_by_role("button", name="Close")).to_be_visible()
    await expect(page.get_by_role("button", name="Copy")).to_be_hidden()
    await expect(page.get_by_role("button", name="Keys")).to_be_hidden()


async def test_a_secret_is_copied_with_one_press(open_page: Open) -> None:
    page = (await open_page()).page

    await page.get_by_role("button", name="Copy").click()

    await expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert await page.evaluate("navigator.clipboard.readText()") == "3f1e0b5c-0000-4000-8000-9d2a6c1b7e44"


async def test_htmx_sends_the_token_and_shows_the_form_that_comes_back(open_page: Open) -> None:
    tokens: list[str | None] = []

    async def get(request: Request) -> Response:
        body = """<form hx-post="/save" hx-target="#out" method="post" action="/save">{{ ui.button("Save") }}</form>
            <div id="out">nothing yet</div>"""
        return component(body, guide.viewer())

    async def post(request: Request) -> Response:
        tokens.append(request.headers.get("X-CSRF-Token"))
        return HTMLResponse("<p>Give a name.</p>", 422) if len(tokens) == 1 else HTMLResponse("<h1>broken</h1>", 503)

    opened = await open_page("/page", routes=[Route("/page", get), Route("/save", post, methods=["POST"])])
    await opened.page.get_by_role("button", name="Save").click()
    await expect(opened.page.locator("#out")).to_have_text("Give a name.")
    await opened.page.get_by_role("button", name="Save").click()
    await expect(opened.page.locator("#flash")).to_have_text("The server could not do that. Try again in a moment.")

    assert tokens == [guide.viewer().csrf_token] * 2
    await expect(opened.page.locator("#out")).to_have_text("Give a name.")
    assert not [line for line in opened.troubles if "Content Security Policy" in line or "script error" in line]


async def test_a_live_page_says_so_and_takes_what_the_server_sends(open_page: Open) -> None:
    send: asyncio.Queue[str] = asyncio.Queue()
    connected: list[str] = []
    refreshed: list[str] = []

    async def get(request: Request) -> Response:
        body = """{{ ui.live() }}<div hx-sse:connect="/events" hx-swap="none">
            <div id="list" hx-get="/list" hx-trigger="alerts from:body" hx-swap="innerMorph">
              <label><input type="checkbox" id="one"> one</label></div></div>"""
        return component(body, guide.viewer())

    async def events(request: Request) -> Response:
        connected.append(request.headers["Accept"])
        if len(connected) == 2:
            return Response("the server is starting", 503)

        async def stream() -> AsyncIterator[str]:
            while (name := await send.get()) != "end":
                yield f"event: {name}\ndata: 1\n\n"

        return StreamingResponse(stream(), media_type="text/event-stream")

    async def fragment(request: Request) -> Response:
        refreshed.append(request.headers["HX-Request"])
        return HTMLResponse('<label><input type="checkbox" id="one"> one</label><p>two</p>')

    opened = await open_page("/page", routes=[Route("/page", get), Route("/events", events), Route("/list", fragment)])
    await expect(opened.page.locator("[data-live]")).to_have_text("Live")
    await opened.page.locator("#one").check()
    await send.put("alerts")
    await expect(opened.page.locator("#list")).to_contain_text("two")

    await expect(opened.page.locator("#one")).to_be_checked()  # a selection outlives a refresh
    assert refreshed == ["true"]
    await send.put("end")
    await expect(opened.page.locator("[data-live]")).to_have_text("Reconnecting…")
    await expect(opened.page.locator("[data-live]")).to_have_text("Live")
    await send.put("end")
    assert len(connected) == 3


async def test_a_page_gets_live_however_slowly_its_scripts_come(open_page: Open) -> None:
    async def get(request: Request) -> Response:
        return component("""{{ ui.live() }}<div hx-sse:connect="/events" hx-swap="none"></div>""", guide.viewer())

    async def events(request: Request) -> Response:
        return Response(": hello\n\n", media_type="text/event-stream")

    routes = [Route("/page", get), Route("/events", events)]

    page = (await open_page("/page", routes=routes, late="**/hx-sse.min.js*")).page

    await expect(page.locator("[data-live]")).to_be_visible()


async def test_a_time_keeps_counting_by_the_servers_clock(open_page: Open) -> None:
    page = (await open_page(size=PHONE)).page

    shown = page.locator("time[data-ago]").first
    await expect(shown).to_have_text("4 minutes ago")  # the browser's own clock is months away from the sample's
    await page.evaluate("(time) => (time.dateTime = '2026-11-20T03:10:07Z')", await shown.element_handle())
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    await expect(shown).to_have_text("2 days ago")


async def test_the_menu_closes_by_escape_and_by_a_press_elsewhere(open_page: Open) -> None:
    page = (await open_page(size=PHONE)).page
    sign_out = page.get_by_role("button", name="Sign out")

    await page.locator(".bar-menu > summary").click()
    await expect(sign_out).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(sign_out).to_be_hidden()
    await page.locator(".bar-menu > summary").click()
    await page.locator("h1").first.click()

    await expect(sign_out).to_be_hidden()
