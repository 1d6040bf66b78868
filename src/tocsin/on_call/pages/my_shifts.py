"""Pages: my shifts in every schedule, and the links by which calendar programs read them."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from tocsin.accounts.pages_access import PageContext, path_uuid, zone_of
from tocsin.accounts.rights import Action
from tocsin.errors import Invalid
from tocsin.escalations.pages.common import Responding, snapshot
from tocsin.escalations.pages.on_call import names_for
from tocsin.http import info
from tocsin.on_call import feed_store, feeds
from tocsin.on_call.calendar import shifts_of
from tocsin.on_call.calendars_api import calendar
from tocsin.on_call.chart import Clocks, instant_text, query, why_of
from tocsin.on_call.feed_limit import FeedLimit
from tocsin.on_call.swap import AROUND
from tocsin.schedules import store
from tocsin.schedules.on_call import Shift

router = APIRouter()

HERE = "/my-shifts"
PAGE = timedelta(weeks=4)
PAGES = 13  # a year
MINE = "mine"


@router.get(HERE)
async def get_my_shifts(ctx: Responding, page: str = "") -> Response:
    """The shifts of four weeks, the next ones first."""
    return await _page(ctx, page)


async def _page(ctx: PageContext, page: str = "", *, link: str = "", error: str = "") -> Response:
    number = min(int(page), PAGES - 1) if page.isdecimal() and len(page) < 4 else 0
    start = ctx.at + number * PAGE
    async with ctx.db.transaction() as tx:
        configuration = await snapshot(ctx.request, tx, ctx.account_id)
        names = await names_for(tx, ctx, configuration)
        mine = await feed_store.list_feeds(tx, ctx.account_id, ctx.user.id)
        schedules = await store.list_schedules(tx, ctx.account_id)
    around = shifts_of(str(ctx.user.id), configuration.directory, start - AROUND, start + PAGE + AROUND)
    found = sorted(
        (it for it in around if _is_on(it[1], start, is_first=not number)),
        key=lambda it: (it[1].starts_at, it[0].name),
    )
    reader, _ = zone_of(ctx.user.time_zone), ctx.words
    may_open = ctx.may(Action.VIEW_CONFIGURATION)
    shown = []
    for schedule, shift in found:
        clocks = Clocks(schedule.zone, reader, ctx.viewer.locale)
        there, here = (clocks.span(shift.starts_at, shift.ends_at, readers=it) for it in (False, True))
        rotation_id = shift.rotation.id if shift.rotation else ""
        shown.append({
            "schedule": schedule,
            "rotation": shift.rotation.name if shift.rotation else "",
            "span": here,
            "there": there if there != here else "",
            "is_now": shift.starts_at <= ctx.at < shift.ends_at,
            "why": why_of(shift, names),
            "as_one_of": names.of(shift.participant) if shift.participant.id != str(ctx.user.id) else "",
            "href": query(f"/schedules/{schedule.id}/shift", at=instant_text(shift.starts_at), rotation=rotation_id)
            if may_open
            else "",
        })  # fmt: skip
    return ctx.html(
        "on_call/my_shifts.html",
        shifts=shown,
        zone=reader.key,
        start=start,
        end=start + PAGE,
        previous=f"{HERE}?page={number - 1}" if number else "",
        next=f"{HERE}?page={number + 1}" if number < PAGES - 1 else "",
        feeds=mine,
        choices=[
            (MINE, _("My shifts in every schedule")),
            *((str(it.id), it.name) for it in schedules if may_open),
        ],
        link=link,
        error=error,
        status_code=422 if error else 200,
    )


def _is_on(shift: Shift, start: datetime, *, is_first: bool) -> bool:
    """Does it belong on the page that begins then? Each shift has one; one under way is on the first."""
    return start <= shift.starts_at < start + PAGE or (is_first and shift.starts_at <= start < shift.ends_at)


@router.post(f"{HERE}/feeds")
async def post_feed(ctx: Responding) -> Response:
    """A new link, shown once."""
    schedule = ctx.form.text("schedule")
    if schedule != MINE:
        ctx.require(Action.VIEW_CONFIGURATION)
    try:
        token = await feeds.make_feed(ctx.db, ctx.actor, ctx.user.id, None if schedule == MINE else path_uuid(schedule))
    except Invalid as error:
        return await _page(ctx, error=ctx.say(error))
    return await _page(ctx, link=f"{ctx.settings.base_url}/calendar/{token}.ics")


@router.post(f"{HERE}/feeds/{{feed_id}}/revoke")
async def post_revoke(ctx: Responding, feed_id: str) -> Response:
    """The link is dead."""
    await feeds.revoke_feed(ctx.db, ctx.actor, ctx.user.id, path_uuid(feed_id))
    _ = ctx.words
    return ctx.redirect(HERE, "success", _("The calendar link is revoked."))


def _limit(request: Request) -> FeedLimit:
    limit: FeedLimit = request.app.state.feed_limit
    return limit


@router.get("/calendar/{token}.ics")
async def get_calendar(request: Request, token: str, limit: Annotated[FeedLimit, Depends(_limit)]) -> Response:
    """The calendar behind a link, for whoever holds it."""
    state, asked = request.app.state, info(request)
    content = await feeds.read_feed(state.databases.engine, state.snapshots, limit, token, asked.address, asked.at)
    return calendar(content)
