"""Page: one alert: how it stands, who was told and why, what happened."""

from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from tocsin.accounts import store as accounts_store
from tocsin.accounts.directory import Directory
from tocsin.accounts.model import User, UserStatus
from tocsin.accounts.pages_access import PageContext
from tocsin.accounts.rights import Action
from tocsin.alerts import store as alerts_store
from tocsin.alerts.attachments_store import Attachment, list_attachments
from tocsin.alerts.model import Alert, LogEntry, Note
from tocsin.db import Tx
from tocsin.errors import NotFound
from tocsin.escalations import alert_view, runs_store
from tocsin.escalations.alert_list import PRIORITIES
from tocsin.escalations.explain import Reader
from tocsin.escalations.pages.common import Viewing, feed_of, respond, snapshot
from tocsin.escalations.snapshot import Snapshot
from tocsin.escalations.told import account_of
from tocsin.escalations.upcoming import upcoming
from tocsin.i18n import N_, instant
from tocsin.notifications.ledger_store import Delivery, list_deliveries

router = APIRouter()

LOG_LINES = 100
ALL_LOG_LINES = 2000
SNOOZES = ((15, N_("15 minutes")), (60, N_("1 hour")), (240, N_("4 hours")), (1440, N_("Until tomorrow, same time")))
TARGETS = (("team", N_("Team")), ("schedule", N_("Schedule")), ("escalation", N_("Escalation")), ("user", N_("Person")))


@dataclass(frozen=True, slots=True)
class Known:
    """All that the page reads of an alert."""

    alert: Alert
    log: list[LogEntry]  # newest first
    notes: list[Note]
    attachments: list[Attachment]
    deliveries: list[Delivery]
    runs: list[runs_store.PendingRun]
    users: list[User]
    directory: Directory
    configuration: Snapshot


@router.get("/alerts/{alert_id}")
async def get_alert(ctx: Viewing, request: Request, alert_id: str) -> Response:
    """The alert; for htmx the part that changes. A number is its short name."""
    known_at = feed_of(request).position()
    async with ctx.db.transaction() as tx:
        known = await _read(tx, ctx, alert_id)
    if known.alert.id != alert_id:
        return ctx.redirect(f"/alerts/{known.alert.id}")
    kind = request.query_params.get("log", "")
    kind = kind if kind in alert_view.LOG_FILTERS else ""
    whole = request.query_params.get("lines") == "all"
    return respond(ctx, "escalations/alert.html", "escalations/_alert_swap.html", position=known_at,
                   **_view(ctx, known, kind, whole))  # fmt: skip


async def find_alert(tx: Tx, ctx: PageContext, identifier: str) -> Alert:
    """The alert by its id, or by its number. Raises: NotFound, also where it is older than what the plan shows."""
    alert = await alerts_store.find(tx, ctx.account_id, identifier, "tiny" if identifier.isdecimal() else "id")
    if alert is None:
        raise NotFound(N_("There is no such alert. It may have been deleted."))
    since = await ctx.gate.since(tx, ctx.account_id, "retention", ctx.at)
    if not alert.is_seen(since):
        raise NotFound(N_("This alert is older than what your plan shows. A larger plan shows it again."))
    return alert


async def _read(tx: Tx, ctx: PageContext, identifier: str) -> Known:
    alert = await find_alert(tx, ctx, identifier)
    key = (ctx.account_id, alert.id)
    return Known(
        alert=alert,
        log=await alerts_store.list_log(tx, *key, after=None, ascending=False, limit=ALL_LOG_LINES),
        notes=await alerts_store.list_notes(tx, *key, after=None, ascending=False, limit=200),
        attachments=await list_attachments(tx, *key),
        deliveries=await list_deliveries(tx, *key),
        runs=await runs_store.list_pending(tx, *key),
        users=await accounts_store.list_users(tx, ctx.account_id),
        directory=await accounts_store.load_directory(tx, ctx.account_id),
        configuration=await snapshot(ctx.request, tx, ctx.account_id),
    )


def _view(ctx: PageContext, known: Known, kind: str, whole: bool) -> dict[str, object]:
    _, alert = ctx.words, known.alert
    reader = Reader(ctx.viewer.locale, ctx.viewer.zone, ctx.at)
    names = {user.username: user.full_name or user.username for user in known.users}
    base = f"/alerts/{alert.id}"
    events = alert_view.events(known.log, names, reader, kind)
    shown = events if whole else events[:LOG_LINES]
    return {
        "alert": alert,
        "base": base,
        "address": _address(base, log=kind, lines="all" if whole else ""),
        "priority": f"P{alert.priority}",
        "state": alert_view.state_of(alert, ctx.at),
        "standing": _standing(ctx, alert, names),
        "owner": names.get(alert.owner, alert.owner),
        "responders": alert_view.responders(alert.responders, known.directory, reader.locale),
        "notes": [{"by": names.get(it.owner, it.owner), "at": it.at, "text": it.note} for it in known.notes],
        "attachments": known.attachments,
        "events": shown,
        "more_log": _address(base, log=kind, lines="all") + "#log" if len(shown) < len(events) else "",
        "log_filters": [(_address(base, log=it), _(label), it == kind) for it, label in alert_view.LOG_FILTERS.items()],
        "told": _told(ctx, known, names, reader),
        "may_respond": ctx.may(Action.RESPOND),
        "may": ctx.rights,
        "viewer_username": ctx.user.username,
        "snoozes": [(minutes, _(text)) for minutes, text in SNOOZES],
        "priorities": [(level, level) for level in PRIORITIES],
        **_choices(ctx, known),
    }


def _address(base: str, **params: str) -> str:
    given = {name: value for name, value in params.items() if value}
    return f"{base}?{urlencode(given)}" if given else base


def _standing(ctx: PageContext, alert: Alert, names: dict[str, str]) -> str:
    """In a sentence: who is at it, or since when nobody is."""
    _, viewer = ctx.words, ctx.viewer
    by = names.get(alert.acknowledged_by, alert.acknowledged_by)
    match alert_view.state_of(alert, ctx.at):
        case "closed":
            at = instant(viewer.locale, viewer.zone, alert.closed_at) if alert.closed_at else ""
            return _("Closed by %(who)s, %(at)s.", who=names.get(alert.closed_by, alert.closed_by), at=at)
        case "snoozed":
            until = instant(viewer.locale, viewer.zone, alert.snoozed_until) if alert.snoozed_until else ""
            return _("Snoozed until %(until)s; nobody is told before that.", until=until)
        case "acknowledged":
            at = instant(viewer.locale, viewer.zone, alert.acknowledged_at) if alert.acknowledged_at else ""
            return _("%(who)s is looking into it since %(at)s.", who=by, at=at)
        case _:
            return _("Nobody has acknowledged it yet.")


def _told(ctx: PageContext, known: Known, names: dict[str, str], reader: Reader) -> dict[str, object]:
    _ = ctx.words
    full_names = {str(user.id): user.full_name or user.username for user in known.users}
    account = account_of(known.deliveries, reversed(known.log), full_names, reader)
    me = account.of(ctx.user.id)
    title = _("Why was I told?") if me is not None and me.tellings else _("Why was I not told?")
    return {
        "title": title,
        "me": me,
        "not_me": _not_me(ctx, known),
        "others": [person for person in account.people if person is not me],
        "nobody": account.nobody,
        "count": sum(1 for person in account.people if person.tellings),
        "upcoming": upcoming(known.runs, known.alert, known.configuration.directory, full_names, reader),
    }


def _not_me(ctx: PageContext, known: Known) -> str:
    """Why nothing led to the person who reads."""
    _ = ctx.words
    if not known.alert.responders:
        return _("The alert names no responders, so nobody was to be told.")
    if ctx.user.status is UserStatus.SUSPENDED:
        return _("You are suspended.")
    return _("No responder of the alert led to you: you were not named, and not on call where it looked.")


def _choices(ctx: PageContext, known: Known) -> dict[str, object]:
    """What the menus offer."""
    _ = ctx.words
    directory = known.configuration.directory
    people = [
        (user.username, user.full_name or user.username)
        for user in known.users
        if user.status is not UserStatus.SUSPENDED
    ]
    found = {
        "team": [(it.id, it.name) for it in directory.teams.values()],
        "schedule": [(it.id, it.name) for it in directory.schedules.values()],
        "escalation": [(it.id, it.name) for it in directory.escalations.values()],
        "user": [(str(user.id), user.full_name or user.username) for user in known.users],
    }
    recipients = [
        (f"{kind}:{ident}", f"{_(label)}: {name}")
        for kind, label in TARGETS
        for ident, name in sorted(found[kind], key=lambda it: it[1].casefold())
    ]
    return {
        "people": sorted(people, key=lambda it: it[1].casefold()),
        "recipients": recipients,
        "escalations": sorted(found["escalation"], key=lambda it: it[1].casefold()),
    }
