"""Pages: the alert list, and what is done to many alerts at once."""

from fastapi import APIRouter, Request, Response

from tocsin.accounts.pages_access import PageContext, zone_of
from tocsin.accounts.rights import Action
from tocsin.alerts import store as alerts_store
from tocsin.alerts.counts_store import OpenCounts, any_alert, count_open
from tocsin.alerts.model import Alert, RequestResult
from tocsin.alerts.search_store import compile_query, count_alerts, search_alerts
from tocsin.db import Tx
from tocsin.errors import Invalid
from tocsin.escalations import alert_view, service
from tocsin.escalations.alert_list import (
    LABELS,
    ORDER_LABELS,
    PAGE_LIMIT,
    PAGE_SIZE,
    PRIORITIES,
    SORT,
    Listing,
    Show,
    listing,
    search_text,
)
from tocsin.escalations.pages.common import (
    Responding,
    Tone,
    Viewing,
    back,
    call,
    feed_of,
    names_by_username,
    outcome,
    respond,
)
from tocsin.escalations.pages.saved_searches import saved_for
from tocsin.i18n import N_, number

router = APIRouter()

BULK_LIMIT = 100
COUNTED = PAGE_LIMIT * PAGE_SIZE  # past what can be turned to, counting only costs time: a second for a million
EMPTY = {
    Show.OPEN: (N_("No open alerts"), N_("Nothing wants attention. New alerts show here by themselves.")),
    Show.UNACKNOWLEDGED: (N_("Everything is acknowledged"), N_("Somebody is looking at each open alert.")),
    Show.MINE: (N_("Nothing is yours"), N_("No open alert is assigned to you.")),
    Show.CLOSED: (N_("Nothing is closed yet"), N_("Closed alerts are kept here.")),
    Show.ALL: (N_("No alerts"), N_("New alerts show here by themselves.")),
}


@router.get("/alerts")
async def get_alerts(ctx: Viewing, request: Request) -> Response:
    """The alerts that fit the search and the filters; for htmx the part that changes."""
    asked = listing(request.query_params)
    known = feed_of(request).position()  # before anything is read: what changes from here on is told
    async with ctx.db.transaction() as tx:
        counts = await count_open(tx, ctx.account_id, ctx.user.username)
        found, total, problem = await _search(tx, ctx, asked)
        names = await names_by_username(tx, ctx.account_id)
        saved = await saved_for(tx, ctx, asked)
        is_new = not found and not await any_alert(tx, ctx.account_id)
    _ = ctx.words
    title, text = EMPTY[asked.show]
    return respond(
        ctx,
        "escalations/alerts.html",
        "escalations/_alert_list_swap.html",
        position=known,
        listing=asked,
        address=asked.address(page=asked.page),
        alerts=[alert_view.row(alert, ctx.at, names) for alert in found],
        counts=counts,
        pages=_pages(ctx, asked, len(found), total),
        query_error=problem,
        may_respond=ctx.may(Action.RESPOND),
        may=ctx.rights,
        first_steps=_first_steps(ctx) if is_new and not asked.is_narrowed else None,
        empty={"title": _(title), "text": _(text)},
        chips=_chips(ctx, asked, counts),
        priorities=[("", _("Any priority")), *((level, level) for level in PRIORITIES)],
        orders=[(order.value, _(label)) for order, label in ORDER_LABELS.items()],
        search_fields=asked.fields("show", "priority", "order"),
        order_fields=asked.fields("show", "q"),
        saved_searches=saved,
    )


async def _search(tx: Tx, ctx: PageContext, asked: Listing) -> tuple[list[Alert], int, str]:
    """A page of alerts, how many there are, and what is wrong with the query, if anything."""
    text, zone = search_text(asked, ctx.user.username), zone_of(ctx.account.time_zone)
    sort, order = SORT[asked.order]
    try:
        async with tx.savepoint():
            since = await ctx.gate.since(tx, ctx.account_id, "retention", ctx.at)
            if asked.q:
                await compile_query(tx, ctx.account_id, asked.q, zone)  # its own mistakes, at their own places
            found = await search_alerts(
                tx, ctx.account_id, text, sort=sort, order=order, offset=asked.offset, limit=PAGE_SIZE, zone=zone,
                since=since,
            )  # fmt: skip
            total = asked.offset + len(found)
            if len(found) == PAGE_SIZE or (not found and asked.offset):
                total = await count_alerts(tx, ctx.account_id, text, zone=zone, since=since, at_most=COUNTED + 1)
    except Invalid as error:
        return [], 0, ctx.say(error.message)
    return found, total, ""


def _pages(ctx: PageContext, asked: Listing, shown: int, total: int) -> dict[str, str]:
    _, locale = ctx.words, ctx.viewer.locale
    summary = _(
        "%(first)s–%(last)s of %(total)s",
        first=number(locale, asked.offset + 1),
        last=number(locale, asked.offset + shown),
        total=number(locale, total) if total <= COUNTED else f"{number(locale, COUNTED)}+",
    )
    return {
        "previous": asked.address(page=asked.page - 1) if asked.page > 1 else "",
        "next": asked.address(page=asked.page + 1) if asked.offset + shown < total and asked.page < PAGE_LIMIT else "",
        "summary": summary if shown else "",
    }


def _chips(ctx: PageContext, asked: Listing, counts: OpenCounts) -> list[tuple[str, str, bool, int | None]]:
    """The quick filters as (address, text, is current, how many)."""
    numbers = {Show.OPEN: counts.open, Show.UNACKNOWLEDGED: counts.unacknowledged, Show.MINE: counts.mine}
    _ = ctx.words
    return [(asked.address(show=it), _(label), it is asked.show, numbers.get(it)) for it, label in LABELS.items()]


def _first_steps(ctx: PageContext) -> dict[str, str]:
    curl = (
        f"curl -X POST {ctx.settings.base_url}/v2/alerts \\\n"
        '  -H "Authorization: GenieKey $API_KEY" \\\n'
        '  -H "Content-Type: application/json" \\\n'
        """  -d '{"message": "Disk full on db-1", "priority": "P1"}'"""
    )
    return {"curl": curl, "keys_address": "/settings/keys" if ctx.may(Action.MANAGE_KEYS) else ""}


ACTIONS = {"acknowledge": service.acknowledge, "close": service.close}
NEEDED = {"acknowledge": (Action.ACKNOWLEDGE, Action.ACKNOWLEDGE_ALL), "close": (Action.CLOSE, Action.CLOSE_ALL)}


@router.post("/alerts/bulk")
async def post_bulk(ctx: Responding) -> Response:
    """Acknowledge or close the alerts that were picked; those that could not be are named."""
    _ = ctx.words
    action = ACTIONS.get(ctx.form.raw("action"))
    picked = list(dict.fromkeys(ctx.form.all("alert")))[:BULK_LIMIT]
    if action is None:
        raise Invalid(N_("Choose what to do: acknowledge or close."))
    if not picked:
        return ctx.redirect(back(ctx, "/alerts"), "warning", _("No alert was selected."))
    for right in NEEDED[ctx.form.raw("action")][: len(picked)]:
        ctx.require(right)
    results = [await action(ctx.db, call(ctx, alert_id)) for alert_id in picked]
    tone, text = await _told(ctx, results, ctx.form.raw("action"))
    return ctx.redirect(back(ctx, "/alerts"), tone, text)


async def _told(ctx: PageContext, results: list[RequestResult], action: str) -> tuple[Tone, str]:
    """How many were done, and for each that was not the reason."""
    _ = ctx.words
    meant = "Acknowledged alert" if action == "acknowledge" else "Closed alert"
    done = sum(1 for result in results if result.status == meant)
    text = (
        _.ngettext("%(num)s alert acknowledged.", "%(num)s alerts acknowledged.", done)
        if action == "acknowledge"
        else _.ngettext("%(num)s alert closed.", "%(num)s alerts closed.", done)
    )
    undone = [result for result in results if result.status != meant]
    if not undone:
        return "success", text
    reasons = []
    async with ctx.db.transaction() as tx:
        names = await names_by_username(tx, ctx.account_id)
        for result in undone[:5]:
            alert = await alerts_store.find(tx, ctx.account_id, result.alert_id, "id") if result.alert_id else None
            said = outcome(_, result, alert, names)[1]
            reasons.append(f"#{alert.tiny_id}: {said}" if alert is not None else said)
    if len(undone) > len(reasons):
        more = len(undone) - len(reasons)
        reasons.append(_.ngettext("and %(num)s more.", "and %(num)s more.", more))
    return ("warning" if done == 0 else "info"), f"{text} {' '.join(reasons)}"
