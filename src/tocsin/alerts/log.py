"""The log of an alert: what can happen to it, and the words for it. Pure.

Events keep data, not sentences, so that a reader gets them in their own language and a page can show the path of
reasons. `created` and everything before `told` is written where it happens; the engine writes the rest.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from tocsin.i18n import DEFAULT_LOCALE, Translator


class Event(StrEnum):
    """What happened. The comment names the keys of `data`; every action of a person may also have `source`."""

    CREATED = "created"  # source, integration: its name
    OCCURRED = "occurred"  # count: the alert's count from then on; source
    RESPONDER_UNKNOWN = "responder_unknown"  # type, name: as the client wrote them
    ACKNOWLEDGED = "acknowledged"
    UNACKNOWLEDGED = "unacknowledged"
    CLOSED = "closed"
    DELETED = "deleted"
    SNOOZED = "snoozed"  # until: RFC 3339
    SNOOZE_ENDED = "snooze_ended"
    ESCALATED = "escalated"  # id, name: of the escalation
    ASSIGNED = "assigned"  # owner: username
    RESPONDER_ADDED = "responder_added"  # type, id, name
    CUSTOM_ACTION = "custom_action"  # action
    TAGS_ADDED = "tags_added"  # tags: list
    TAGS_REMOVED = "tags_removed"  # tags: list
    DETAILS_ADDED = "details_added"  # keys: list
    DETAILS_REMOVED = "details_removed"  # keys: list
    NOTE_ADDED = "note_added"  # note: its beginning
    MESSAGE_CHANGED = "message_changed"  # before, after
    DESCRIPTION_CHANGED = "description_changed"
    PRIORITY_CHANGED = "priority_changed"  # before, after: P1 … P5
    ATTACHMENT_ADDED = "attachment_added"  # name
    ATTACHMENT_REMOVED = "attachment_removed"  # name
    TOLD = "told"  # user, user_id, action_type, path, rule, contacts: [{method, address, due_at}], left_out
    NOT_TOLD = "not_told"  # reason, path; user and user_id, or name of the team or schedule that led nowhere
    NOTIFICATION = "notification"  # user, method, address, status, reason: one that reached its end
    ESCALATION = "escalation"  # reason; name, position and path of the rule that fired, was skipped or has gone
    LAST_RESORT = "last_resort"  # addresses: list; kept: those whose mail about it stays under /mailbox


RECIPIENT_EVENTS = frozenset({Event.TOLD, Event.NOT_TOLD, Event.NOTIFICATION, Event.LAST_RESORT, Event.RESPONDER_ADDED})
SYSTEM_EVENTS = frozenset({Event.OCCURRED, Event.RESPONDER_UNKNOWN, Event.SNOOZE_ENDED, Event.ESCALATION})


def wire_type(event: str) -> str:
    """Opsgenie's three kinds of log lines. Source: reference, alerts (notes, logs, recipients)."""
    if event in RECIPIENT_EVENTS:
        return "alertRecipient"
    return "system" if event in SYSTEM_EVENTS else "alertAction"


def words(event: str, data: Mapping[str, Any], locale: str = DEFAULT_LOCALE) -> str:
    """What happened, as one line in the reader's language. An event that is not known is its own name."""
    _ = Translator(locale)
    line = _ACTIONS.get(event) or _TELLING.get(event)
    said = line(_, _Data(data)) if line is not None else event
    source = data.get("source")
    return _("%(what)s, via %(source)s", what=said, source=source) if source else said


class _Data:
    """The data of one entry as text: what is missing, an older entry's perhaps, reads as nothing."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._data = data

    def __getattr__(self, name: str) -> str:
        value = self._data.get(name)
        if isinstance(value, list):
            return ", ".join(str(item) for item in value)
        return "" if value is None else str(value)

    def contact_list(self) -> str:
        """Each contact as `method address`."""
        contacts = self._data.get("contacts") or []
        return ", ".join(f"{contact.get('method', '')} {contact.get('address', '')}".strip() for contact in contacts)

    def reasons(self) -> str:
        """The names along the path of reasons, first cause first."""
        path = self._data.get("path") or []
        return " → ".join(str(step.get("name") or step.get("kind", "")) for step in path if isinstance(step, dict))


_Line = Callable[[Translator, _Data], str]

_ACTIONS: Mapping[str, _Line] = {
    Event.CREATED: lambda _, d: _("Alert created by %(integration)s", integration=d.integration or "API"),
    Event.OCCURRED: lambda _, d: _("Happened again, count is now %(count)s", count=d.count),
    Event.RESPONDER_UNKNOWN: lambda _, d: _("There is no %(type)s named %(name)s to be told", type=d.type, name=d.name),
    Event.ACKNOWLEDGED: lambda _, d: _("Alert acknowledged"),
    Event.UNACKNOWLEDGED: lambda _, d: _("Acknowledgement taken back"),
    Event.CLOSED: lambda _, d: _("Alert closed"),
    Event.DELETED: lambda _, d: _("Alert deleted"),
    Event.SNOOZED: lambda _, d: _("Alert snoozed until %(until)s", until=d.until),
    Event.SNOOZE_ENDED: lambda _, d: _("Snooze ended"),
    Event.ESCALATED: lambda _, d: _("Escalated to the next step of %(name)s", name=d.name),
    Event.ASSIGNED: lambda _, d: _("Alert assigned to %(owner)s", owner=d.owner),
    Event.RESPONDER_ADDED: lambda _, d: _("Responder added: %(type)s %(name)s", type=d.type, name=d.name),
    Event.CUSTOM_ACTION: lambda _, d: _("Custom action %(action)s executed", action=d.action),
    Event.TAGS_ADDED: lambda _, d: _("Tags added: %(tags)s", tags=d.tags),
    Event.TAGS_REMOVED: lambda _, d: _("Tags removed: %(tags)s", tags=d.tags),
    Event.DETAILS_ADDED: lambda _, d: _("Details added: %(keys)s", keys=d.keys),
    Event.DETAILS_REMOVED: lambda _, d: _("Details removed: %(keys)s", keys=d.keys),
    Event.NOTE_ADDED: lambda _, d: _("Note added: %(note)s", note=d.note),
    Event.MESSAGE_CHANGED: lambda _, d: _(
        "Message changed from “%(before)s” to “%(after)s”", before=d.before, after=d.after
    ),
    Event.DESCRIPTION_CHANGED: lambda _, d: _("Description changed"),
    Event.PRIORITY_CHANGED: lambda _, d: _(
        "Priority changed from %(before)s to %(after)s", before=d.before, after=d.after
    ),
    Event.ATTACHMENT_ADDED: lambda _, d: _("Attachment %(name)s added", name=d.name),
    Event.ATTACHMENT_REMOVED: lambda _, d: _("Attachment %(name)s removed", name=d.name),
}

_TELLING: Mapping[str, _Line] = {
    Event.TOLD: lambda _, d: _because(_, _("%(user)s told by %(by)s", user=d.user, by=d.contact_list()), d),
    Event.NOT_TOLD: lambda _, d: _because(
        _,
        _("%(who)s not told: %(reason)s", who=d.user or d.name, reason=d.reason)
        if d.user or d.name
        else _("Nobody was told: %(reason)s", reason=d.reason),
        d,
    ),
    Event.NOTIFICATION: lambda _, d: (
        _("Notification of %(user)s by %(by)s: %(status)s", user=d.user, by=f"{d.method} {d.address}", status=d.status)
        + (f" ({d.reason})" if d.reason else "")
    ),
    Event.ESCALATION: lambda _, d: _because(_, _("Escalation %(name)s: %(reason)s", name=d.name, reason=d.reason), d),
    Event.LAST_RESORT: lambda _, d: _last_resort(_, d),
}


def _last_resort(_: Translator, data: _Data) -> str:
    if data.addresses:
        return _("Nobody could be told; the owners were written to: %(addresses)s", addresses=data.addresses)
    if data.kept:
        return _(
            "Nobody could be told: without a mail server, the mail to %(addresses)s stays here", addresses=data.kept
        )
    return _("Nobody could be told, and no owner has an address to write to")


def _because(_: Translator, line: str, data: _Data) -> str:
    path = data.reasons()
    return _("%(what)s, because of %(path)s", what=line, path=path) if path else line
