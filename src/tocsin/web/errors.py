"""Errors, as the API's envelope or as a page: what went wrong, in the reader's language, and the way on."""

from urllib.parse import urlencode

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from tocsin import i18n
from tocsin.accounts.pages_access import Unconfirmed, any_page, sign_in_address, wanted_page
from tocsin.errors import (
    Forbidden,
    Invalid,
    NotFound,
    PlanRequired,
    Throttled,
    TocsinError,
    Unauthenticated,
    misfit_in_words,
)
from tocsin.http import API_PREFIXES, failure, no_route
from tocsin.i18n import N_

TITLES: dict[type[TocsinError], str] = {
    NotFound: N_("Not here"),
    Forbidden: N_("Not allowed"),
    Throttled: N_("Too many tries"),
    PlanRequired: N_("Not in your plan"),
}
BROKEN = N_("The server could not do this. It has been noted; try again in a moment.")


NOT_PAGES = (*API_PREFIXES, "/healthz", "/readyz", "/metrics", "/openapi.json", "/static/")


def add_error_handlers(app: FastAPI) -> None:
    """Every error of a request gets its one answer here."""
    app.add_exception_handler(TocsinError, _known_error)
    app.add_exception_handler(RequestValidationError, _bad_parameters)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _unknown_error)


def is_page(request: Request) -> bool:
    """Does a person read the answer, rather than a program?"""
    return not request.url.path.startswith(NOT_PAGES)


async def _known_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, TocsinError)  # noqa: S101 - registered for this class
    return await page_error(request, error) if is_page(request) else failure(request, error)


async def _bad_parameters(request: Request, error: Exception) -> Response:
    """A parameter that does not fit: 422 with one line a field."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class
    if is_page(request):
        return await page_error(request, NotFound(N_("There is no such page.")))
    errors = {str(problem["loc"][-1]): misfit_in_words(problem) for problem in error.errors()}
    return failure(request, Invalid("Request is not processable. Please check the errors.", errors))


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class
    if error.status_code in {404, 405} and is_page(request):
        return await page_error(request, NotFound(N_("There is no such page.")))
    if error.status_code == 404:
        return failure(request, no_route(request))
    taken = (error.headers or {}).get("Allow")
    known = TocsinError(_not_taken(request, taken) if error.status_code == 405 and taken else str(error.detail))
    known.status = error.status_code
    response = await _known_error(request, known)
    response.headers.update(error.headers or {})
    return response


def _not_taken(request: Request, taken: str) -> str:
    return f"{request.url.path} does not take {request.method}. It takes {taken}."


async def _unknown_error(request: Request, error: Exception) -> Response:
    """A fault of ours: the request middleware logs it with the request's id, which the answer names too."""
    return await _known_error(request, TocsinError("Internal server error."))


async def page_error(request: Request, error: TocsinError) -> Response:
    """The page of an error; who is not signed in is shown where to."""
    if isinstance(error, Unconfirmed):
        return _elsewhere(request, "/confirm?" + urlencode({"next": wanted_page(request)}))
    if isinstance(error, Unauthenticated):
        return _elsewhere(request, sign_in_address(request))
    made = await any_page(request)
    words = i18n.translations(made.viewer.locale)
    title = next((text for kind, text in TITLES.items() if isinstance(error, kind)), N_("That did not work"))
    broken = error.status >= 500 and type(error) is TocsinError
    response = made.html(
        "error.html",
        status_code=error.status,
        status=error.status,
        title=words.gettext(title),
        message=made.say(BROKEN if broken else error),
        request_id=str(made.info.id),
    )
    if isinstance(error, Throttled):
        response.headers["Retry-After"] = str(error.period_seconds)
    return response


def _elsewhere(request: Request, address: str) -> Response:
    if "hx-request" in request.headers:  # a fragment cannot hold another page: the script reloads
        return Response(status_code=401, headers={"HX-Redirect": address})
    return RedirectResponse(address, status_code=303)
