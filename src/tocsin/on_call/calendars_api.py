"""Shifts as calendars, by API.

Source: reference, schedules (.ics)
"""

from fastapi import APIRouter, Response

from tocsin.accounts.access import ApiContext
from tocsin.accounts.directory import Reference
from tocsin.accounts.store import list_users, load_directory
from tocsin.db import Tx
from tocsin.errors import NotFound
from tocsin.http import text_of
from tocsin.on_call.access import Reading, TypeParam, get_schedule, snapshot
from tocsin.on_call.calendar import AHEAD, Span, of_person, of_schedule
from tocsin.on_call.schedules_api import PATH

router = APIRouter(tags=["Who is on call"])

LOCALE = "en"


@router.get(PATH + "/on-calls/{user}.ics")
async def get_calendar_of_user(ctx: Reading, user: str) -> Response:
    """When somebody is on call in the next three months, as a calendar."""
    async with ctx.db.transaction() as tx:
        names = await load_directory(tx, ctx.account_id)
        entry = names.find(Reference("user", text_of(user)))
        if entry is None:
            raise NotFound("User does not exist")
        directory = (await snapshot(ctx.request, tx, ctx.account_id)).directory
    return calendar(of_person(str(entry.id), entry.name, directory, _span(ctx), LOCALE))


@router.get(PATH + "/{identifier}.ics")
async def get_calendar_of_schedule(ctx: Reading, identifier: str, identifier_type: TypeParam = "id") -> Response:
    """Who is on call in the next three months, as a calendar."""
    async with ctx.db.transaction() as tx:
        row = await get_schedule(tx, ctx, identifier, identifier_type)
        directory = (await snapshot(ctx.request, tx, ctx.account_id)).directory
        names = await names_of(tx, ctx.account_id)
    return calendar(of_schedule(directory.schedules[str(row.id)], directory, _span(ctx), names, LOCALE))


def _span(ctx: ApiContext) -> Span:
    return Span(ctx.at, ctx.at + AHEAD, ctx.at)


async def names_of(tx: Tx, account_id: int) -> dict[str, str]:
    """What people read instead of a user's id."""
    return {str(user.id): user.full_name or user.username for user in await list_users(tx, account_id)}


def calendar(content: bytes) -> Response:
    """A calendar as the answer."""
    return Response(content, media_type="text/calendar; charset=utf-8")
