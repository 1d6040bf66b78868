"""Pages behind an opaque cursor: notes and logs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlencode

from fastapi import Query, Request, Response

from tocsin.alerts import wire
from tocsin.alerts.access import IdentifierTypeParam, default
from tocsin.alerts.model import LogEntry, Note
from tocsin.errors import Invalid
from tocsin.http import answer, base_url

Item = TypeVar("Item", Note, LogEntry)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page starts, and which way it goes."""

    after: int | None  # the id of the item before the page; None: from the start
    direction: Literal["next", "prev"]
    order: Literal["asc", "desc"]
    limit: int
    identifier_type: str

    @property
    def ascending(self) -> bool:
        """Is the page read towards younger items?"""
        return (self.order == "asc") == (self.direction == "next")


def place(
    offset: Annotated[str, Query()] = "",
    direction: Annotated[Literal["next", "prev"], default("next"), Query()] = "next",
    limit: Annotated[int, default(20), Query(ge=1, le=100)] = 20,
    order: Annotated[Literal["asc", "desc"], default("desc"), Query()] = "desc",
    identifier_type: IdentifierTypeParam = "id",
) -> Place:
    """A dependency: the page that the query asks for. Raises: Invalid."""
    after = wire.parse_cursor(offset) if offset else None
    if offset and after is None:
        problem = "Offset should be one that an earlier answer gave."
        raise Invalid("Request is not processable. Please check the errors.", {"offset": problem})
    return Place(after, direction, order, limit, identifier_type)


def page(request: Request, asked: Place, found: Sequence[Item], show: Callable[[Item], dict[str, Any]]) -> Response:
    """The answer with the items of a page and links to the first and the next one.

    `found` holds one item more than the page where there are more. The next link goes on in the page's direction.
    """
    shown = list(found[: asked.limit])
    paging = {"first": _link(request, asked, "", "next")}
    if len(found) > asked.limit:
        paging["next"] = _link(request, asked, wire.cursor(shown[-1]), asked.direction)
    if asked.direction == "prev":
        shown.reverse()
    return answer(request, data=[show(item) for item in shown], paging=paging)


def _link(request: Request, asked: Place, offset: str, direction: str) -> str:
    query = {"offset": offset, "direction": direction, "order": asked.order, "limit": asked.limit}
    if not offset:
        del query["offset"]
    if asked.identifier_type != "id":
        query["identifierType"] = asked.identifier_type
    return f"{base_url(request)}{request.scope['path']}?{urlencode(query)}"
