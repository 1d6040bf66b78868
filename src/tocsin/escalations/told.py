"""Who was told about an alert and who was not, person by person, with every reason. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from tocsin.alerts.model import LogEntry
from tocsin.escalations import explain
from tocsin.escalations.explain import Reader
from tocsin.escalations.reason import from_json
from tocsin.notifications import words
from tocsin.notifications.model import NotificationStatus

TONES: Mapping[str, str] = {
    NotificationStatus.DELIVERED: "success",
    NotificationStatus.ACCEPTED: "info",
    NotificationStatus.RETRYING: "warning",
    NotificationStatus.FAILED_OVER: "warning",
    NotificationStatus.FAILED: "danger",
}


class Delivery(Protocol):
    """What this needs to know of a notification."""

    @property
    def user_id(self) -> UUID: ...
    @property
    def username(self) -> str: ...
    @property
    def full_name(self) -> str: ...
    @property
    def method(self) -> str: ...
    @property
    def address(self) -> str: ...
    @property
    def action_type(self) -> str: ...
    @property
    def reason(self) -> dict[str, Any]: ...
    @property
    def told_at(self) -> datetime: ...
    @property
    def status(self) -> str: ...
    @property
    def status_reason(self) -> str: ...
    @property
    def attempts(self) -> int: ...
    @property
    def due_at(self) -> datetime | None: ...
    @property
    def ended_at(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class Line:
    """One notification: by which contact, and what became of it."""

    method: str
    contact: str  # "e-mail ana@example.com, after 5 min"
    tone: str
    status: str
    at: datetime  # when it ended, else when it is due
    attempts: int


@dataclass(frozen=True, slots=True)
class Telling:
    """Once that a person was told: when, why, and each notification."""

    at: datetime
    action: str
    why: tuple[str, ...]
    lines: tuple[Line, ...]
    left_out: str = ""


@dataclass(frozen=True, slots=True)
class Missed:
    """Once that a way led to nobody, or to a person whom nothing could be sent to."""

    at: datetime
    text: str
    why: tuple[str, ...] = ()
    who: str = ""


@dataclass(slots=True)
class PersonTold:
    """One person's part."""

    user_id: str
    name: str
    tellings: list[Telling] = field(default_factory=list)
    missed: list[Missed] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Account:
    """Everybody's part, and the ways that led to nobody at all."""

    people: tuple[PersonTold, ...]
    nobody: tuple[Missed, ...]

    def of(self, user_id: UUID) -> PersonTold | None:
        """One person's part, or None when nothing led to them."""
        return next((person for person in self.people if person.user_id == str(user_id)), None)


def account_of(
    deliveries: Sequence[Delivery], log: Iterable[LogEntry], names: Mapping[str, str], reader: Reader
) -> Account:
    """Who was told and who was not, from the ledger and the log; `names` maps user ids to what people read."""
    people: dict[str, PersonTold] = {}
    nobody: list[Missed] = []
    left_out: dict[tuple[str, datetime], str] = {}
    for entry in log:
        if entry.event == "told":
            skipped = words.left_out_in_words(entry.data.get("left_out") or [], reader.locale)
            left_out[str(entry.data.get("user_id")), entry.at] = skipped
        missed = _missed(entry, reader)
        if missed is None:
            continue
        user_id = entry.data.get("user_id")
        if user_id:
            _person(people, user_id, names.get(user_id) or entry.data.get("user", "")).missed.append(missed)
        else:
            nobody.append(missed)
    for telling_of, found in _tellings(deliveries).items():
        user_id, at, action_type, _ = telling_of
        name = names.get(user_id) or found[0].full_name or found[0].username
        telling = _telling(found, at, action_type, left_out.get((user_id, at), ""), reader)
        _person(people, user_id, name).tellings.append(telling)
    return Account(tuple(people.values()), tuple(nobody))


def _person(people: dict[str, PersonTold], user_id: str, name: str) -> PersonTold:
    return people.setdefault(user_id, PersonTold(user_id, name or user_id))


def _missed(entry: LogEntry, reader: Reader) -> Missed | None:
    reason, name = str(entry.data.get("reason", "")), str(entry.data.get("name") or "")
    if entry.event == "not_told":
        text = explain.nobody_in_words(reason, name or str(entry.data.get("user", "")), reader.locale)
        return Missed(entry.at, text, _why(entry.data, reader))
    if entry.event == "escalation" and reason in explain.SKIPPED:
        delay = timedelta(seconds=int(entry.data.get("delay", 0)))
        _ = reader.words
        who = _(
            "Rule %(number)s of %(escalation)s, %(delay)s, told nobody",
            number=int(entry.data.get("position", 0)) + 1,
            escalation=name,
            delay=words.after_in_words(delay, reader.locale),
        )
        return Missed(entry.at, explain.nobody_in_words(reason, name, reader.locale), who=who)
    return None


def _why(data: Mapping[str, Any], reader: Reader) -> tuple[str, ...]:
    path = from_json(data.get("path") or [])
    return tuple(explain.path_in_words(path, reader)) if path else ()


def _tellings(deliveries: Sequence[Delivery]) -> dict[tuple[str, datetime, str, str], list[Delivery]]:
    groups: dict[tuple[str, datetime, str, str], list[Delivery]] = {}
    for it in deliveries:
        key = (str(it.user_id), it.told_at, it.action_type, repr(it.reason.get("path")))
        groups.setdefault(key, []).append(it)
    return groups


def _telling(found: Sequence[Delivery], at: datetime, action_type: str, left_out: str, reader: Reader) -> Telling:
    _ = reader.words
    reason = found[0].reason
    if "last_resort" in reason:
        why = [explain.last_resort_in_words(str(reason["last_resort"]), reader.locale)]
    else:
        path = from_json(reason.get("path") or [])
        reported = "by" in reason  # it says itself what happened, and by whose hand
        why = [] if reported else explain.path_in_words(path, Reader(reader.locale, reader.zone, at))
        if rule := (reason.get("rule") or {}).get("name"):
            why.append(_("notification rule “%(rule)s”", rule=rule))
    action = _(words.ACTIONS[action_type]) if action_type in words.ACTIONS else _("Last resort")
    return Telling(at, action, tuple(why), tuple(_line(it, reader) for it in found), left_out)


def _line(it: Delivery, reader: Reader) -> Line:
    contact = f"{words.method_in_words(it.method, reader.locale)} {it.address}"
    after = timedelta(seconds=int(it.reason.get("after", 0)))
    if after:
        contact = f"{contact}, {words.after_in_words(after, reader.locale)}"
    status = explain.status_in_words(it.status, it.status_reason, it.method, reader.locale)
    return Line(
        it.method, contact, TONES.get(it.status, "quiet"), status, it.ended_at or it.due_at or it.told_at, it.attempts
    )
