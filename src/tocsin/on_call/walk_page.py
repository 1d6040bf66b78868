"""Page: "this alert, Saturday 03:10": who would be told, when, how, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Response

from tocsin import i18n
from tocsin.accounts import store as accounts_store
from tocsin.accounts.pages_access import zone_of
from tocsin.alerts.facts import AlertContent, Responder
from tocsin.alerts.fields import PRIORITIES
from tocsin.escalations import explain
from tocsin.escalations.directory import Directory
from tocsin.escalations.escalation import Recipient, RecipientKind
from tocsin.escalations.explain import Reader
from tocsin.escalations.pages.common import ConfigurationViewing, snapshot
from tocsin.i18n import N_, Translator
from tocsin.notifications.words import SUPPRESSED, method_in_words
from tocsin.on_call import store
from tocsin.on_call.walk import Kind, Silence, Step, walk
from tocsin.schedules import restrictions
from tocsin.wall import wall_clock, wall_instant

router = APIRouter()

HERE = "/rehearse"
TEXT_LIMIT = 130
TAGS_LIMIT = 20
HOURS = (1, 2, 6, 12, 24)
MINUTES_LIMIT = 24 * 60
TONES: Mapping[Kind, str] = {
    Kind.SENT: "success",
    Kind.SILENT: "quiet",
    Kind.NOT_REACHED: "danger",
    Kind.NOBODY: "warning",
    Kind.LAST_RESORT: "danger",
    Kind.CLOSED: "quiet",
}
STATUS: Mapping[Kind, str] = {
    Kind.SENT: N_("Would be sent"),
    Kind.NOT_REACHED: N_("Nothing can be sent"),
    Kind.NOBODY: N_("Nobody"),
    Kind.LAST_RESORT: N_("Last resort"),
    Kind.CLOSED: N_("The alert is closed"),
}


@dataclass(frozen=True, slots=True)
class Question:
    """What the form asks; `errors`, by field, where it cannot be."""

    responder: Recipient | None
    content: AlertContent
    at: datetime
    hours: int
    acknowledged_after: timedelta | None
    errors: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that would happen."""

    who: str
    how: str
    tone: str
    status: str
    why: tuple[str, ...]


@router.get(HERE)
async def get_rehearse(ctx: ConfigurationViewing) -> Response:
    """The form and, once it is filled in, what would happen. The address holds the question, to be sent to others."""
    async with ctx.db.transaction() as tx:
        configuration = await snapshot(ctx.request, tx, ctx.account_id)
        users = await accounts_store.list_users(tx, ctx.account_id)
        silent = await store.silences(tx, ctx.account_id)
    people = {str(user.id): user.full_name or user.username for user in users}
    options = _options(configuration.directory, people, ctx.words)
    zone = zone_of(ctx.user.time_zone)
    asked = ctx.request.query_params
    question = _question(asked, dict(options), zone, ctx.at, ctx.words)
    answers = "responder" in asked and not question.errors and question.responder is not None
    steps: list[Step] = []
    if answers and question.responder is not None:
        silences = {
            str(row["id"]): Silence(
                row["muted_until"], restrictions.from_json(row["quiet_hours"]), zone_of(row["time_zone"])
            )
            for row in silent
        }
        acknowledged_at = question.at + question.acknowledged_after if question.acknowledged_after is not None else None
        until = question.at + timedelta(hours=question.hours)
        steps = walk(
            configuration, [question.responder], question.content, question.at, until, silences=silences,
            acknowledged_at=acknowledged_at,
        )  # fmt: skip
    values = {"at": wall_clock(question.at, zone).strftime("%Y-%m-%dT%H:%M"), "hours": "2", "priority": "P3"}
    return ctx.html(
        "on_call/rehearse.html",
        status_code=422 if question.errors else 200,
        options=options,
        values={**dict.fromkeys(("responder", "message", "tags", "acknowledged"), ""), **values, **dict(asked)},
        hours=[(str(it), i18n.duration(ctx.viewer.locale, timedelta(hours=it))) for it in HOURS],
        priorities=[(it, it) for it in ("P1", "P2", "P3", "P4", "P5")],
        errors=question.errors,
        answers=answers,
        at=question.at,
        zone=zone.key,
        groups=_groups(steps, question.at, people, Reader(ctx.viewer.locale, zone, question.at)),
        told=len({step.user_id for step in steps if step.kind is Kind.SENT}),
        last_resort=any(step.kind is Kind.LAST_RESORT for step in steps),
    )


def _options(directory: Directory, people: Mapping[str, str], _: Translator) -> list[tuple[str, str]]:
    """Whom an alert may name: teams first, for that is whom most alerts name."""
    groups: list[tuple[RecipientKind, dict[str, str], str]] = [
        (RecipientKind.TEAM, {it.id: it.name for it in directory.teams.values()}, _("Team")),
        (RecipientKind.ESCALATION, {it.id: it.name for it in directory.escalations.values()}, _("Escalation")),
        (RecipientKind.SCHEDULE, {it.id: it.name for it in directory.schedules.values()}, _("Schedule")),
        (RecipientKind.USER, {ident: people.get(ident, "") for ident in directory.people}, _("Person")),
    ]
    return [
        (f"{kind}:{ident}", f"{label}: {name}")
        for kind, named, label in groups
        for ident, name in sorted(named.items(), key=lambda it: it[1].casefold())
    ]


def _question(
    asked: Mapping[str, str], options: Mapping[str, str], zone: ZoneInfo, now: datetime, _: Translator
) -> Question:
    errors: dict[str, str] = {}
    responder, named = None, asked.get("responder", "")
    if named in options:
        kind, _sep, ident = named.partition(":")
        responder = Recipient(RecipientKind(kind), ident)
    elif named:
        errors["responder"] = _("Choose whom the alert names.")
    at = _instant(asked.get("at", ""), zone, now)
    if at is None:
        errors["at"] = _("Give day and time, as in 2026-11-22T08:00.")
    hours = asked.get("hours", "2")
    if hours not in {str(it) for it in HOURS}:
        errors["hours"] = _("Choose how far to look.")
    after = asked.get("acknowledged", "").strip()
    if after and not (after.isdecimal() and len(after) < 5 and int(after) <= MINUTES_LIMIT):
        errors["acknowledged"] = _("Give minutes, 1440 at most; leave it empty where nobody acknowledges.")
    priority = PRIORITIES.get(asked.get("priority", "P3"))
    if priority is None:
        errors["priority"] = _("Choose a priority.")
    content = AlertContent(
        message=asked.get("message", "").strip()[:TEXT_LIMIT],
        priority=priority or 3,
        tags=tuple(tag for it in asked.get("tags", "").split(",") if (tag := it.strip()))[:TAGS_LIMIT],
        responders=(Responder(responder.kind.value, responder.id),) if responder is not None else (),
    )
    acknowledged = timedelta(minutes=int(after)) if after and "acknowledged" not in errors else None
    return Question(responder, content, at or now, int(hours) if "hours" not in errors else 2, acknowledged, errors)


def _instant(text: str, zone: ZoneInfo, now: datetime) -> datetime | None:
    if not text:
        return now.replace(second=0, microsecond=0)
    try:
        wall = datetime.fromisoformat(text)
    except ValueError:
        return None
    return wall_instant(wall.date(), wall.time(), zone) if wall.tzinfo is None and 1970 <= wall.year <= 2200 else None


def _groups(
    steps: Sequence[Step], start: datetime, people: Mapping[str, str], reader: Reader
) -> list[tuple[datetime, str, list[Line]]]:
    """The steps of each instant: when, how long after the start, what."""
    _ = reader.words
    return [
        (
            at,
            _("after %(time)s", time=i18n.duration(reader.locale, at - start)) if at > start else _("at once"),
            [_line(step, people, Reader(reader.locale, reader.zone, at)) for step in group],
        )
        for at, group in groupby(steps, key=lambda step: step.at)
    ]


def _line(step: Step, people: Mapping[str, str], reader: Reader) -> Line:
    _ = reader.words
    how = f"{method_in_words(step.method, reader.locale)} {step.address}" if step.method else ""
    why = explain.path_in_words(step.path, reader) if step.path or step.user_id else []
    if step.kind is Kind.LAST_RESORT:
        why = []
    if step.rule:
        why = [*why, _("notification rule “%(rule)s”", rule=step.rule)]
    if step.kind is Kind.SILENT:
        status = _(SUPPRESSED[step.reason])
    elif step.reason:
        status = explain.nobody_in_words(step.reason, step.name, reader.locale)
    else:
        status = _(STATUS[step.kind])
    return Line(people.get(step.user_id, ""), how, TONES[step.kind], status, tuple(why))
