"""Saved searches, which every key of the account may use.

Source: reference, alerts (saved searches)
"""

from typing import Annotated, Literal
from uuid import uuid4
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Response

from tocsin.accounts.access import ApiContext, api
from tocsin.accounts.model import Right
from tocsin.accounts.store import get_account, load_directory
from tocsin.alerts import saved_search
from tocsin.alerts import saved_search_store as store
from tocsin.alerts.access import default
from tocsin.alerts.fields import NOT_PROCESSABLE
from tocsin.alerts.search_store import compile_query
from tocsin.db import Tx
from tocsin.errors import Invalid
from tocsin.http import answer, body_object, text_of

router = APIRouter(tags=["Saved searches"])

Reading = Annotated[ApiContext, Depends(api(Right.READ))]
Writing = Annotated[ApiContext, Depends(api(Right.WRITE))]
Deleting = Annotated[ApiContext, Depends(api(Right.DELETE))]
SearchIdentifierType = Literal["id", "name"]
TypeParam = Annotated[SearchIdentifierType, default("id"), Query(alias="identifierType")]

PATH = "/v2/alerts/saved-searches"


@router.get(PATH)
async def get_saved_searches(ctx: Reading) -> Response:
    """Ids and names of every saved search."""
    async with ctx.db.transaction() as tx:
        found = await store.list_saved_searches(tx, ctx.account_id)
    return answer(ctx.request, data=[{"id": str(search.id), "name": search.name} for search in found])


@router.post(PATH, status_code=201)
async def post_saved_search(ctx: Writing) -> Response:
    """Save a search under a new name."""
    payload = await body_object(ctx.request)
    async with ctx.db.transaction() as tx:
        directory = await load_directory(tx, ctx.account_id)
        blank = saved_search.blank(ctx.account_id, uuid4(), ctx.at)
        made = saved_search.written(blank, payload, directory, ctx.at)
        await _check_query(tx, ctx, made.query)
        await store.insert_saved_search(tx, made)
    return answer(ctx.request, status=201, result="Created", data={"id": str(made.id), "name": made.name})


@router.get(PATH + "/{identifier}")
async def get_saved_search(ctx: Reading, identifier: str, identifier_type: TypeParam = "id") -> Response:
    """One saved search."""
    async with ctx.db.transaction() as tx:
        found = await store.get_saved_search(tx, ctx.account_id, text_of(identifier), identifier_type)
    return answer(ctx.request, data=saved_search.as_json(found))


@router.patch(PATH + "/{identifier}")
async def patch_saved_search(ctx: Writing, identifier: str, identifier_type: TypeParam = "id") -> Response:
    """Change a saved search; what the body leaves out stays."""
    payload = await body_object(ctx.request)
    async with ctx.db.transaction() as tx:
        found = await store.get_saved_search(tx, ctx.account_id, text_of(identifier), identifier_type, lock=True)
        directory = await load_directory(tx, ctx.account_id)
        changed = saved_search.written(found, payload, directory, ctx.at)
        await _check_query(tx, ctx, changed.query)
        await store.save_saved_search(tx, changed)
    return answer(ctx.request, result="Updated", data=saved_search.as_json(changed))


@router.delete(PATH + "/{identifier}")
async def delete_saved_search(ctx: Deleting, identifier: str, identifier_type: TypeParam = "id") -> Response:
    """Delete a saved search."""
    async with ctx.db.transaction() as tx:
        found = await store.get_saved_search(tx, ctx.account_id, text_of(identifier), identifier_type, lock=True)
        await store.delete_saved_search(tx, ctx.account_id, found.id)
    return answer(ctx.request, result="Deleted", data={"id": str(found.id), "name": found.name})


async def _check_query(tx: Tx, ctx: ApiContext, query: str) -> None:
    """Raises: Invalid for a query that is none, so that no broken one is kept."""
    account = await get_account(tx, ctx.account_id)
    try:
        await compile_query(tx, ctx.account_id, query, ZoneInfo(account.time_zone))
    except Invalid as error:
        raise Invalid(NOT_PROCESSABLE, {"query": error.message}) from None
