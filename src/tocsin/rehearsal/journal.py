"""The journal of a rehearsal: from log lines and attempts to events with their reasons in words."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from tocsin import i18n
from tocsin.alerts import log
from tocsin.alerts.log import Event as LogEvent
from tocsin.clock import Clock
from tocsin.db import Db
from tocsin.escalations import explain
from tocsin.escalations.explain import Reader
from tocsin.escalations.reason import Reason, ReasonKind, from_json
from tocsin.escalations.resolve import NobodyReason
from tocsin.notifications import words as notification_words
from tocsin.notifications.model import AttemptResult, Outcome
from tocsin.notifications.sender import Ending
from tocsin.rehearsal import events, store
from tocsin.rehearsal.events import Event, without_ids
from tocsin.rehearsal.store import LogLine
from tocsin.wire import wire_time

# What a log line keeps beside these keys, which have a place of their own in the event, goes into `data`.
PLACED = {"path", "reason", "user", "user_id", "addresses"}
NOT_TOLD_OF = {LogEvent.TOLD, LogEvent.NOTIFICATION}  # the notifications themselves are


class Told(Protocol):
    """What this needs to know of a notification."""

    @property
    def id(self) -> int: ...
    @property
    def alert_id(self) -> str | None: ...
    @property
    def user_id(self) -> UUID: ...
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


@dataclass(slots=True)
class Journal:
    """What happened in one account, in the order in which it came about. Words are in the account's language."""

    db: Db
    account_id: int
    locale: str
    zone: ZoneInfo
    usernames: dict[UUID, str]
    clock: Clock
    events: list[Event] = field(default_factory=list)
    _last: int = 0
    _last_mail: int = 0
    _names: dict[str, dict[str, str]] = field(default_factory=dict)  # by alert id
    _left_out: dict[tuple[str, str, datetime], str] = field(default_factory=dict)
    _ended: set[int] = field(default_factory=set)

    def add(self, kind: str, **data: Any) -> None:
        """Something that happens now; what is empty is left out."""
        self._add(self.clock.now(), kind, data)

    def _add(self, at: datetime, kind: str, data: dict[str, Any]) -> None:
        self.events.append(Event(at, kind, {name: value for name, value in data.items() if value not in ("", None)}))

    async def catch_up(self) -> int:
        """Take over what the alerts' logs say since the last time; how many lines."""
        async with self.db.transaction() as tx:
            lines = await store.log_after(tx, self.account_id, self._last)
            mails = await store.mails_after(tx, self.account_id, self._last_mail)
        for line in lines:
            self._last = line.id
            self._log_line(line)
        for mail in mails:
            self._last_mail = mail.id
            self._add(mail.created_at, events.MAIL, {"who": mail.to_address, "text": mail.subject})
        return len(lines)

    async def watch(self, results: Sequence[AttemptResult], endings: Sequence[Ending]) -> None:
        """What a sender hears of, right before it is written down."""
        await self.catch_up()  # what led to it comes first
        for ending in endings:
            self._ended.add(ending.notification.id)
            self._unsent(self.clock.now(), ending.notification, ending.status, ending.reason)
        for result in results:
            self._attempt(result)

    async def finish(self, end: datetime) -> tuple[Event, ...]:
        """Everything, by instant. Notifications that were cancelled or are still open join here."""
        await self.catch_up()
        async with self.db.transaction() as tx:
            unsent = await store.list_unsent(tx, self.account_id)
        for told in unsent:
            if told.ended_at is not None and told.id not in self._ended:
                self._unsent(told.ended_at, told, told.status, told.status_reason)
            elif told.due_at is not None:
                text = explain.status_in_words(told.status, told.status_reason, told.method, self.locale)
                data = {"status": told.status, "text": text, "dueAt": wire_time(told.due_at)}
                self._add(end, events.WAITING, {**self._of(told), **data})
        return tuple(sorted(self.events, key=lambda it: it.at))

    def _unsent(self, at: datetime, told: Told, status: str, reason: str) -> None:
        text = explain.status_in_words(status, reason, told.method, self.locale)
        self._add(at, events.NOT_SENT, {**self._of(told), "status": str(status), "reason": reason, "text": text})

    def _attempt(self, result: AttemptResult) -> None:
        told = result.notification
        text = explain.status_in_words(result.status, result.status_reason, told.method, self.locale)
        data: dict[str, Any] = {**self._of(told), "status": result.status.value, "text": text}
        kind = events.NOTIFICATION
        if result.outcome in {Outcome.FAILED, Outcome.UNKNOWN}:
            kind = events.ATTEMPT_FAILED
            data |= {"reason": result.detail, "againAt": wire_time(result.due_at) if result.due_at else None}
        self._add(result.ended_at, kind, {**data, "attempt": result.number})

    def _of(self, told: Told) -> dict[str, Any]:
        """What an event says of its notification: whom it is for, and every reason."""
        username = self.usernames.get(told.user_id, "")
        path = told.reason.get("path", [])
        why = self._why(path, told.told_at)
        if "last_resort" in told.reason:
            why = [explain.last_resort_in_words(told.reason["last_resort"], self.locale)]
        return {
            **self._names.get(told.alert_id or "", {}),
            "who": username,
            "method": told.method,
            "address": told.address,
            "action": told.action_type,
            "why": why,
            "rule": told.reason.get("rule", {}).get("name"),
            "after": told.reason.get("after") or None,
            "path": without_ids(path),
            "leftOut": self._left_out.get((told.alert_id or "", username, told.told_at)),
        }

    def _why(self, path: list[dict[str, Any]], at: datetime) -> list[str]:
        return explain.path_in_words(from_json(path), Reader(self.locale, self.zone, at))

    def _log_line(self, line: LogLine) -> None:
        named = line.alias if line.alias != line.alert_id else f"#{line.tiny_id}"
        names = self._names[line.alert_id] = {"alert": named, "tinyId": str(line.tiny_id)}
        if line.event in NOT_TOLD_OF:
            left_out = notification_words.left_out_in_words(line.data.get("left_out", []), self.locale)
            self._left_out[line.alert_id, line.data.get("user", ""), line.at] = left_out
            return
        data: dict[str, Any] = {**names, "by": line.owner}
        reason = str(line.data.get("reason", ""))
        said = explain.nobody_in_words(reason, str(line.data.get("name") or ""), self.locale) if reason else ""
        if line.event == LogEvent.NOT_TOLD:
            data |= {"who": _who(line.data), "reason": reason, "text": said}
        elif line.event == LogEvent.ESCALATION and "position" in line.data:
            data |= {"reason": reason, "text": said, "why": self._rule(line)}
        else:
            data |= {"reason": reason, "text": self._words(line, said), "addresses": line.data.get("addresses")}
        if "path" in line.data:
            data |= {"why": self._why(line.data["path"], line.at), "path": without_ids(line.data["path"])}
        rest = {key: value for key, value in line.data.items() if key not in PLACED}
        self._add(line.at, line.event, {**data, "data": without_ids(rest) or None})

    def _words(self, line: LogLine, reason: str) -> str:
        data = {**line.data, "reason": reason, "path": []}  # the path has words of its own
        if "until" in data:
            data["until"] = i18n.instant(self.locale, self.zone, datetime.fromisoformat(data["until"]))
        return log.words(line.event, data, self.locale)

    def _rule(self, line: LogLine) -> list[str]:
        """Which rule it was that did not fire."""
        data = line.data
        rule = Reason(
            ReasonKind.RULE, position=data["position"], round=data["round"], delay=timedelta(seconds=data["delay"])
        )
        escalation = Reason(ReasonKind.ESCALATION, name=data["name"])
        return explain.path_in_words((escalation, rule), Reader(self.locale, self.zone, line.at))


def _who(data: dict[str, Any]) -> str:
    """Whom or what a way ended at; something that no longer exists has no name."""
    return "" if data.get("reason") == NobodyReason.MISSING else str(data.get("user") or data.get("name") or "")
