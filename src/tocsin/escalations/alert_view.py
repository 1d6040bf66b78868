"""What the alert pages show of an alert, ready for the templates. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tocsin.accounts.directory import Directory
from tocsin.alerts import log
from tocsin.alerts.model import Alert, AlertStatus, LogEntry
from tocsin.escalations import explain
from tocsin.escalations.alert_list import Listing, Show, quoted
from tocsin.escalations.explain import Reader
from tocsin.escalations.reason import from_json
from tocsin.i18n import N_, Translator, instant
from tocsin.notifications import words

KIND_LABELS: Mapping[str, str] = {
    "team": N_("team"),
    "user": N_("person"),
    "schedule": N_("schedule"),
    "escalation": N_("escalation"),
}
# symbol, tone and kind of each event; what is not here is a plain action of somebody
MARKS: Mapping[str, tuple[str, str, str]] = {
    "created": ("alert", "danger", "actions"),
    "occurred": ("retry", "quiet", "system"),
    "responder_unknown": ("warning", "warning", "system"),
    "acknowledged": ("acknowledge", "info", "actions"),
    "unacknowledged": ("reopen", "warning", "actions"),
    "closed": ("close", "success", "actions"),
    "deleted": ("delete", "quiet", "actions"),
    "snoozed": ("snooze", "quiet", "actions"),
    "snooze_ended": ("time", "warning", "system"),
    "escalated": ("escalate", "warning", "actions"),
    "assigned": ("user", "info", "actions"),
    "responder_added": ("teams", "info", "actions"),
    "tags_added": ("tag", "quiet", "actions"),
    "tags_removed": ("tag", "quiet", "actions"),
    "note_added": ("add-note", "quiet", "actions"),
    "told": ("mail", "info", "told"),
    "not_told": ("quiet", "warning", "told"),
    "notification": ("mail", "quiet", "told"),
    "escalation": ("escalate", "quiet", "told"),
    "last_resort": ("warning", "danger", "told"),
}
PLAIN = ("edit", "quiet", "actions")
LOG_FILTERS: Mapping[str, str] = {
    "": N_("Everything"),
    "told": N_("Who was told"),
    "actions": N_("What people did"),
    "system": N_("System"),
}


def state_of(alert: Alert, at: datetime) -> str:
    """One word for where it stands: closed, snoozed, acknowledged or open."""
    if alert.status is not AlertStatus.OPEN:
        return "closed"
    if alert.is_snoozed(at):
        return "snoozed"
    return "acknowledged" if alert.acknowledged else "open"


@dataclass(frozen=True, slots=True)
class Row:
    """An alert in the list."""

    id: str
    tiny_id: int
    message: str
    priority: str
    state: str
    count: int
    created_at: datetime
    snoozed_until: datetime | None
    owner: str
    tags: tuple[str, ...]

    def tag_address(self, tag: str) -> str:
        """The list of open alerts with that tag."""
        return Listing(Show.OPEN, q=f"tag: {quoted(tag)}").address()


def row(alert: Alert, at: datetime, names: Mapping[str, str]) -> Row:
    """An alert as the list shows it; `names` maps usernames to what people read."""
    return Row(
        id=alert.id,
        tiny_id=alert.tiny_id,
        message=alert.message,
        priority=f"P{alert.priority}",
        state=state_of(alert, at),
        count=alert.count,
        created_at=alert.created_at,
        snoozed_until=alert.snoozed_until,
        owner=names.get(alert.owner, alert.owner),
        tags=tuple(alert.tags[:6]),
    )


@dataclass(frozen=True, slots=True)
class Responder:
    """A responder by name; `href` leads to it where it has a page."""

    kind: str
    kind_label: str
    name: str
    href: str = ""


def responders(named: Iterable[Mapping[str, Any]], directory: Directory, locale: str) -> list[Responder]:
    """The responders as people read them."""
    _ = Translator(locale)
    found = []
    for it in named:
        kind, ident = str(it.get("type", "")), str(it.get("id", ""))
        label = _(KIND_LABELS[kind]) if kind in KIND_LABELS else kind
        href = f"/teams/{ident}" if kind == "team" and directory.entry(kind, ident) else ""
        found.append(Responder(kind, label, directory.label(kind, ident), href))
    return found


@dataclass(frozen=True, slots=True)
class Event:
    """A line of the timeline."""

    symbol: str
    tone: str
    text: str
    at: datetime
    by: str
    why: tuple[str, ...] = ()


def events(entries: Iterable[LogEntry], names: Mapping[str, str], reader: Reader, kind: str) -> list[Event]:
    """The log as a timeline; `kind` leaves one sort of line, empty all of them."""
    found = []
    for entry in entries:
        symbol, tone, of_kind = MARKS.get(entry.event, PLAIN)
        if kind and of_kind != kind:
            continue
        by = "" if entry.owner == "System" else names.get(entry.owner, entry.owner)
        found.append(Event(symbol, tone, _text(entry, names, reader), entry.at, by, _why(entry, reader)))
    return found


def _text(entry: LogEntry, names: Mapping[str, str], reader: Reader) -> str:
    _ = reader.words
    data = entry.data
    who = names.get(str(data.get("user", "")), str(data.get("user", "")))
    match entry.event:
        case "told":
            return _("%(who)s is told: %(contacts)s", who=who, contacts=_contacts(data, reader))
        case "not_told":
            reason = explain.nobody_in_words(str(data.get("reason", "")), str(data.get("name") or who), reader.locale)
            return _("%(who)s was not told. %(reason)s", who=who, reason=reason) if who else reason
        case "escalation" if data.get("reason") in explain.SKIPPED:
            reason = explain.nobody_in_words(str(data["reason"]), "", reader.locale)
            number = int(data.get("position", 0)) + 1
            return _("Rule %(number)s of %(name)s was skipped. %(reason)s", number=number, name=data.get("name", ""),
                     reason=reason)  # fmt: skip
        case "escalation" if data.get("reason") == "repeat":
            return _("%(name)s begins again, repeat %(round)s", name=data.get("name", ""), round=data.get("round", ""))
        case "snoozed":
            until = instant(reader.locale, reader.zone, datetime.fromisoformat(str(data["until"])))
            return _("Alert snoozed until %(until)s", until=until)
        case "assigned":
            owner = str(data.get("owner", ""))
            return _("Alert assigned to %(owner)s", owner=names.get(owner, owner))
        case _:
            return log.words(entry.event, data, reader.locale)


def _contacts(data: Mapping[str, Any], reader: Reader) -> str:
    contacts = data.get("contacts") or []
    return ", ".join(
        f"{words.method_in_words(str(it.get('method', '')), reader.locale)} {it.get('address', '')}" for it in contacts
    )


def _why(entry: LogEntry, reader: Reader) -> tuple[str, ...]:
    if entry.event not in {"told", "not_told"}:
        return ()
    told_at = Reader(reader.locale, reader.zone, entry.at)
    why = explain.path_in_words(from_json(entry.data.get("path") or []), told_at)
    if rule := entry.data.get("rule"):
        _ = reader.words
        why.append(_("notification rule “%(rule)s”", rule=rule))
    return tuple(why)
