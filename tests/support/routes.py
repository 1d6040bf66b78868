"""The route table of the application, as tests that cover every route read it."""

from collections.abc import Iterable, Iterator
from typing import Any

from fastapi.routing import APIRoute

from tocsin.app import API_ROUTERS, PAGE_ROUTERS

INGEST = ("POST", "/v2/alerts")  # answered in front of the router


def api_routes() -> list[tuple[str, str]]:
    """Every (method, path) of the REST API."""
    found = {route for route in _walk([*API_ROUTERS, *PAGE_ROUTERS]) if route[1].startswith(("/v1/", "/v2/"))}
    return sorted({*found, INGEST}, key=lambda route: (route[1], route[0]))


def _walk(routers: Iterable[Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for router in routers:
        for route in router.routes:
            if isinstance(route, APIRoute):
                yield from ((method, prefix + route.path) for method in route.methods or ())
            elif hasattr(route, "original_router"):
                yield from _walk([route.original_router], prefix + route.include_context.prefix)
