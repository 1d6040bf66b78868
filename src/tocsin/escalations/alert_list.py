"""The alert list's address: which alerts, in which order, and the search text that it stands for. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import urlencode

from tocsin.i18n import N_

PAGE_SIZE = 25
PAGE_LIMIT = 400
PRIORITIES = ("P1", "P2", "P3", "P4", "P5")
QUERY_LIMIT = 1000


class Show(StrEnum):
    """The quick filters."""

    OPEN = "open"
    UNACKNOWLEDGED = "unacknowledged"
    MINE = "mine"
    CLOSED = "closed"
    ALL = "all"


LABELS: Mapping[Show, str] = {
    Show.OPEN: N_("All open"),
    Show.UNACKNOWLEDGED: N_("Not acknowledged"),
    Show.MINE: N_("Mine"),
    Show.CLOSED: N_("All closed"),
    Show.ALL: N_("All"),
}


class Order(StrEnum):
    """The orders that people want; the value stands in the address."""

    NEWEST = "newest"
    OLDEST = "oldest"
    LAST_OCCURRED = "last-occurred"
    UPDATED = "updated"
    COUNT = "count"


ORDER_LABELS: Mapping[Order, str] = {
    Order.NEWEST: N_("Newest first"),
    Order.OLDEST: N_("Oldest first"),
    Order.LAST_OCCURRED: N_("Last occurred"),
    Order.UPDATED: N_("Last changed"),
    Order.COUNT: N_("Most often"),
}
SORT: Mapping[Order, tuple[str, str]] = {
    Order.NEWEST: ("createdAt", "desc"),
    Order.OLDEST: ("createdAt", "asc"),
    Order.LAST_OCCURRED: ("lastOccurredAt", "desc"),
    Order.UPDATED: ("updatedAt", "desc"),
    Order.COUNT: ("count", "desc"),
}


@dataclass(frozen=True, slots=True)
class Listing:
    """What the reader asked for. `page` counts from 1; `q` is as typed; a filter that is unknown is the default."""

    show: Show = Show.OPEN
    priority: str = ""
    q: str = ""
    order: Order = Order.NEWEST
    page: int = 1

    @property
    def offset(self) -> int:
        return (self.page - 1) * PAGE_SIZE

    @property
    def is_narrowed(self) -> bool:
        """Does more than the quick filter narrow it?"""
        return bool(self.q or self.priority)

    def address(self, **changes: object) -> str:
        """The list's address with these changes. Anything but another page starts at the first one."""
        changed = replace(self, **{"page": 1, **changes})  # type: ignore[arg-type]  # the caller names fields
        given = {**dict(changed.fields("show", "priority", "q", "order")), "page": str(changed.page)}
        if changed.page == 1:
            del given["page"]
        return f"/alerts?{urlencode(given)}" if given else "/alerts"

    def fields(self, *names: str) -> list[tuple[str, str]]:
        """Those of its parts that are not the default, for an address or hidden fields."""
        default = Listing()
        return [(name, str(getattr(self, name))) for name in names if getattr(self, name) != getattr(default, name)]


def listing(params: Mapping[str, str]) -> Listing:
    """The listing that an address asks for; what it does not know, it leaves out."""
    show, order, page = params.get("show", ""), params.get("order", ""), params.get("page", "")
    return Listing(
        show=Show(show) if show in set(Show) else Show.OPEN,
        priority=priority if (priority := params.get("priority", "")) in PRIORITIES else "",
        q=params.get("q", "").strip()[:QUERY_LIMIT],
        order=Order(order) if order in set(Order) else Order.NEWEST,
        page=min(max(int(page), 1), PAGE_LIMIT) if page.isdecimal() and len(page) < 6 else 1,
    )


def quoted(value: str) -> str:
    """The value as one phrase of the search language, whatever is in it."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def filters(show: Show, priority: str, username: str) -> str:
    """The quick filters in the search language; empty for all alerts."""
    terms = {
        Show.OPEN: ["status: open"],
        Show.UNACKNOWLEDGED: ["status: open", "acknowledged: false"],
        Show.MINE: ["status: open", f"owner: {quoted(username)}"],
        Show.CLOSED: ["status: closed"],
        Show.ALL: [],
    }[show]
    return " AND ".join([*terms, f"priority: {priority}"] if priority else terms)


def search_text(asked: Listing, username: str) -> str:
    """The whole search: what was typed, within the quick filters."""
    narrowing = filters(asked.show, asked.priority, username)
    if not asked.q:
        return narrowing
    return f"({asked.q}) AND {narrowing}" if narrowing else asked.q
