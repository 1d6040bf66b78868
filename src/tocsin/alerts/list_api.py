"""Lists and counts of alerts, by query or saved search.

Source: reference, alerts (list), conventions (pagination)
"""

from typing import Annotated
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Response

from tocsin.accounts.access import ApiContext, api
from tocsin.accounts.model import Right
from tocsin.accounts.store import get_account, load_integrations
from tocsin.alerts import saved_search_store, wire
from tocsin.alerts.access import RETENTION, default
from tocsin.alerts.saved_search_api import SearchIdentifierType
from tocsin.alerts.search_store import MAX_REACH, count_alerts, search_alerts
from tocsin.db import Tx
from tocsin.http import answer, base_url

router = APIRouter(tags=["Alerts"])

Reading = Annotated[ApiContext, Depends(api(Right.READ))]
Text = Annotated[str, Query()]
SearchTypeParam = Annotated[SearchIdentifierType, default("id"), Query(alias="searchIdentifierType")]


@router.get("/v2/alerts")
async def get_alerts(
    ctx: Reading,
    query: Text = "",
    search_identifier: Annotated[str, Query(alias="searchIdentifier")] = "",
    search_identifier_type: SearchTypeParam = "id",
    offset: Annotated[int, default(0), Query(ge=0)] = 0,
    limit: Annotated[int, default(20), Query(ge=1, le=100)] = 20,
    sort: Annotated[str, default("createdAt"), Query()] = "createdAt",
    order: Annotated[str, default("desc"), Query()] = "desc",
) -> Response:
    """A page of the alerts that match, with links to the first, the previous, the next and the last page."""
    team_id = ctx.integration.team_id
    async with ctx.db.transaction() as tx:
        zone = ZoneInfo((await get_account(tx, ctx.account_id)).time_zone)
        sought = await _sought(tx, ctx, query, search_identifier, search_identifier_type)
        since = await ctx.gate.since(tx, ctx.account_id, RETENTION, ctx.at)
        alerts = await search_alerts(
            tx,
            ctx.account_id,
            sought,
            sort=sort,
            order=order,
            offset=offset,
            limit=limit,
            zone=zone,
            team_id=team_id,
            since=since,
        )
        if len(alerts) == limit or (not alerts and offset):
            total = await count_alerts(
                tx, ctx.account_id, sought, zone=zone, team_id=team_id, since=since, at_most=MAX_REACH
            )
        else:
            total = offset + len(alerts)
        integrations = await load_integrations(tx, ctx.account_id)
    pages = _Pages(
        f"{base_url(ctx.request)}/v2/alerts",
        limit,
        sort,
        order,
        {"query": query, "searchIdentifier": search_identifier, "searchIdentifierType": search_identifier_type},
    )
    return answer(
        ctx.request,
        data=[wire.summary(alert, integrations, ctx.at) for alert in alerts],
        paging=pages.links(offset, total),
    )


@router.get("/v2/alerts/count")
async def get_count(
    ctx: Reading,
    query: Text = "",
    search_identifier: Annotated[str, Query(alias="searchIdentifier")] = "",
    search_identifier_type: SearchTypeParam = "id",
) -> Response:
    """How many alerts match."""
    async with ctx.db.transaction() as tx:
        zone = ZoneInfo((await get_account(tx, ctx.account_id)).time_zone)
        sought = await _sought(tx, ctx, query, search_identifier, search_identifier_type)
        since = await ctx.gate.since(tx, ctx.account_id, RETENTION, ctx.at)
        total = await count_alerts(tx, ctx.account_id, sought, zone=zone, team_id=ctx.integration.team_id, since=since)
    return answer(ctx.request, data={"count": total})


async def _sought(tx: Tx, ctx: ApiContext, query: str, identifier: str, identifier_type: SearchIdentifierType) -> str:
    """The query: the given one, a saved one, or both together. Raises: NotFound for a saved one that is none."""
    if not identifier:
        return query
    saved = await saved_search_store.get_saved_search(tx, ctx.account_id, identifier, identifier_type)
    return f"({saved.query}) AND ({query})" if query.strip() else saved.query


class _Pages:
    """The addresses of a list's pages, with the parameters in the order that Opsgenie writes them."""

    def __init__(self, path: str, limit: int, sort: str, order: str, search: dict[str, str]) -> None:
        self._path = path
        self._limit = limit
        self._sort = sort
        self._order = order
        self._search = {name: value for name, value in search.items() if value}
        if "searchIdentifier" not in self._search:
            self._search.pop("searchIdentifierType", None)

    def links(self, offset: int, total: int) -> dict[str, str]:
        """Where to go from the page at `offset`; there is no next page behind the last one."""
        last = max(0, min(total - 1, MAX_REACH - self._limit) // self._limit * self._limit)
        links = {"first": self._link(0), "last": self._link(last)}
        if offset > 0:
            links["prev"] = self._link(max(0, offset - self._limit))
        if offset + self._limit < total and offset + 2 * self._limit <= MAX_REACH:
            links["next"] = self._link(offset + self._limit)
        return links

    def _link(self, offset: int) -> str:
        parameters = {"limit": self._limit, "sort": self._sort, "offset": offset, "order": self._order}
        return f"{self._path}?{urlencode(parameters | self._search)}"
