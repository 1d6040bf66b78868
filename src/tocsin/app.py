"""The composition root of the API process: settings in, ASGI application out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from tocsin import __version__, accounts
from tocsin.accounts import api as accounts_api
from tocsin.accounts.keys import KeyRing
from tocsin.alerts import api as alerts_api
from tocsin.clock import Clock
from tocsin.db import open_databases
from tocsin.errors import Invalid, TocsinError
from tocsin.escalations import api as escalations_api
from tocsin.escalations.ingest import Ingest, IngestFront
from tocsin.escalations.responders import Directories
from tocsin.http import RequestMiddleware, failure, no_route
from tocsin.settings import Settings
from tocsin.web import health

log = structlog.get_logger("tocsin.app")

API_ROUTERS = (accounts_api.router, alerts_api.router, escalations_api.router, health.router)


def create_app(settings: Settings, database_url: str, clock: Clock) -> ASGIApp:
    """The whole HTTP side: REST API, pages, health, behind the request middleware."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_databases(database_url) as databases:
            app.state.databases = databases
            app.state.keys = front.keys = KeyRing(databases.engine)
            front.ingest = Ingest(
                database_url, Directories(databases.engine), clock, queue_limit=settings.ingest_queue_limit
            )
            await front.ingest.open()
            try:
                yield
            finally:
                await front.ingest.close()
                front.ingest = None

    app = FastAPI(
        title="Tocsin",
        version=__version__,
        description=accounts.__doc__ or "",
        lifespan=lifespan,
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
    )
    app.state.settings = settings
    app.state.clock = clock
    for router in API_ROUTERS:
        app.include_router(router)
    app.add_exception_handler(TocsinError, _known_error)
    app.add_exception_handler(RequestValidationError, _bad_parameters)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _unexpected)
    front = IngestFront(RequestMiddleware(app, clock), clock)
    return front


async def _known_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, TocsinError)  # noqa: S101 - registered for this class
    return failure(request, error)


async def _bad_parameters(request: Request, error: Exception) -> Response:
    """A parameter that does not fit: 422 with one line a field."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class
    errors = {str(problem["loc"][-1]): str(problem["msg"]) for problem in error.errors()}
    return failure(request, Invalid("Request is not processable. Please check the errors.", errors))


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class
    if error.status_code == 404:
        return failure(request, no_route(request))
    known = TocsinError(str(error.detail))
    known.status = error.status_code
    return failure(request, known)


async def _unexpected(request: Request, error: Exception) -> Response:
    """A fault of ours: the request middleware logs it with the request's id, which the answer names too."""
    return failure(request, TocsinError("Internal server error."))
