"""Timelines and who is on call, by API.

Source: reference, schedules (timeline, on-calls)
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from tocsin.accounts.access import ApiContext
from tocsin.alerts import fields
from tocsin.alerts.access import default
from tocsin.escalations.directory import Directory
from tocsin.http import answer
from tocsin.on_call import wire
from tocsin.on_call.access import Reading, ScheduleTypeParam, TypeParam, get_schedule, reaches, snapshot
from tocsin.on_call.layers import LAYERS, IntervalUnit, Layer, timeline, window
from tocsin.on_call.on_calls import next_at, participants, usernames
from tocsin.on_call.schedules_api import PATH
from tocsin.schedules import store
from tocsin.schedules.model import ScheduleRow

router = APIRouter(tags=["Who is on call"])

DateParam = Annotated[str, Query(alias="date")]
FlatParam = Annotated[bool, default(False), Query()]
Unit = Literal["days", "weeks", "months"]


@router.get(PATH + "/on-calls")
async def get_all_on_calls(ctx: Reading, flat: FlatParam = False, date: DateParam = "") -> Response:
    """Who is on call in every schedule."""
    at = _instant(ctx, date)
    async with ctx.db.transaction() as tx:
        rows = [row for row in await store.list_schedules(tx, ctx.account_id) if reaches(ctx, row)]
        directory = (await snapshot(ctx.request, tx, ctx.account_id)).directory
    return answer(ctx.request, data=[_on_calls(row, directory, at, flat) for row in rows])


@router.get(PATH + "/{identifier}/on-calls")
async def get_on_calls(
    ctx: Reading, identifier: str, flat: FlatParam = False, date: DateParam = "", kind: ScheduleTypeParam = "id"
) -> Response:
    """Who is on call: nested as configured, or flat."""
    at = _instant(ctx, date)
    async with ctx.db.transaction() as tx:
        row = await get_schedule(tx, ctx, identifier, kind)
        directory = (await snapshot(ctx.request, tx, ctx.account_id)).directory
    return answer(ctx.request, data=_on_calls(row, directory, at, flat))


@router.get(PATH + "/{identifier}/next-on-calls")
async def get_next_on_calls(
    ctx: Reading, identifier: str, flat: FlatParam = False, date: DateParam = "", kind: ScheduleTypeParam = "id"
) -> Response:
    """Who is on call after the next change, and after the next change to other people."""
    at = _instant(ctx, date)
    async with ctx.db.transaction() as tx:
        row = await get_schedule(tx, ctx, identifier, kind)
        directory = (await snapshot(ctx.request, tx, ctx.account_id)).directory
    schedule = directory.schedules[str(row.id)]
    following, exactly = next_at(schedule, directory, at)
    data: dict[str, Any] = {"_parent": wire.parent(row)}
    for name, when in (("next", following), ("exactNext", exactly)):
        if flat:  # the names are the reverse of those of on-calls
            data[f"{name}OnCallParticipants"] = usernames(schedule, directory, when) if when else []
        else:
            data[f"{name}OnCallRecipients"] = participants(schedule, directory, when) if when else []
    return answer(ctx.request, data=data)


@router.get(PATH + "/{identifier}/timeline")
async def get_timeline(
    ctx: Reading,
    identifier: str,
    identifier_type: TypeParam = "id",
    interval: Annotated[int, default(1), Query()] = 1,
    interval_unit: Annotated[Unit, default("weeks"), Query(alias="intervalUnit")] = "weeks",
    date: DateParam = "",
    expand: Annotated[str, Query()] = "",
) -> Response:
    """Who is on call when: the final timeline, and the layers that `expand` asks for."""
    at = _instant(ctx, date)
    async with ctx.db.transaction() as tx:
        row = await get_schedule(tx, ctx, identifier, identifier_type)
        directory = (await snapshot(ctx.request, tx, ctx.account_id)).directory
    schedule = directory.schedules[str(row.id)]
    start, end = window(at, interval, IntervalUnit(interval_unit), schedule.zone)
    layers = [Layer(name) for name in LAYERS if name in expand.split(",")]
    shown = timeline(schedule, directory, start, end, layers)
    return answer(ctx.request, data={"_parent": wire.parent(row), **shown}, expandable=LAYERS)


def _on_calls(row: ScheduleRow, directory: Directory, at: datetime, flat: bool) -> dict[str, Any]:
    schedule = directory.schedules[str(row.id)]
    data: dict[str, Any] = {"_parent": wire.parent(row)}
    if flat:
        data["onCallRecipients"] = usernames(schedule, directory, at)
    else:
        data["onCallParticipants"] = participants(schedule, directory, at)
    return data


def _instant(ctx: ApiContext, date: str) -> datetime:
    """The instant asked for; now without one. A plus sign that came unescaped is a blank. Raises: Invalid."""
    if not date:
        return ctx.at
    errors: fields.Errors = {}
    found = fields.instant({"date": date.replace(" ", "+")}, "date", errors)
    fields.check(errors)
    return found or ctx.at
