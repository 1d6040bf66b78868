"""The style guide as a site of its own, under the policy that the application answers with."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import BaseRoute, Mount, Route

from tocsin import templating
from tocsin.templating import Notice, Viewer
from tocsin.web.assets import Assets

NONCE = "c3R5bGUtZ3VpZGU"
POLICY = f"default-src 'self'; script-src 'self' 'nonce-{NONCE}'; style-src 'self'; object-src 'none'; base-uri 'none'"
AT = datetime(2026, 11, 22, 3, 10, 7, tzinfo=UTC)


def viewer(locale: str = "en", name: str = "Ana Nowak") -> Viewer:
    """Somebody on call in Warsaw, at ten past three at night in London."""
    return Viewer(
        locale=locale,
        zone=ZoneInfo("Europe/Warsaw"),
        at=AT,
        csrf_token="the-token-of-this-session",
        nonce=NONCE,
        name=name,
        account_name="Example Shop" if name else "",
        banners=(
            Notice("warning", "No mail server is set: nobody outside is reached.", "/mailbox", "Read the mails here"),
        )
        if name
        else (),
        flashes=(Notice("success", "The alert is acknowledged. Nobody else will be woken for it."),) if name else (),
    )


def page(template: str, reader: Viewer) -> str:
    """One of the guide's templates as HTML."""
    return templating.render(reader, template, minute=timedelta(minutes=1))


def respond(html: str, status: int = 200) -> HTMLResponse:
    """HTML under the policy."""
    return HTMLResponse(html, status_code=status, headers={"Content-Security-Policy": POLICY})


async def get_guide(request: Request) -> HTMLResponse:
    return respond(page("style-guide.html", viewer(request.query_params.get("locale", "en"))))


async def get_bare(request: Request) -> HTMLResponse:
    return respond(page("style-guide-bare.html", viewer(request.query_params.get("locale", "en"), name="")))


async def get_error(request: Request) -> HTMLResponse:
    reader = viewer(request.query_params.get("locale", "en"))
    values = {"title": "No such alert", "message": "It may have been deleted.", "request_id": "5f0c1b1e"}
    return respond(templating.render(reader, "error.html", status=404, **values), 404)


def style_guide(more: Sequence[BaseRoute] = ()) -> Starlette:
    """The guide at `/`, its bare pages at `/bare` and `/error`, and whatever routes a test adds."""
    own = [Route("/", get_guide), Route("/bare", get_bare), Route("/error", get_error), Mount("/static", Assets())]
    return Starlette(routes=[*more, *own])
