"""The feed of changes: one LISTEN connection a process, and whoever has a live page open.

A page is told *that* something changed, never what: it reads again what it shows, with its own filter and rights. So
a message that is lost costs a reading, and every doubt is answered by one message, `refresh`.
"""

import asyncio
import contextlib
import secrets
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg
import structlog

from tocsin.db import connect

log = structlog.get_logger("tocsin.feed")

CHANNEL = "tocsin_alerts"  # payload: <account id>:<alert id>; without an alert id, several alerts of the account
WAITING_LIMIT = 100  # alerts that may wait for one page; past that it reads everything anew
STREAMS_PER_SESSION = 8
PROBE_SECONDS = 30.0
RETRY_SECONDS = (0.1, 0.5, 1.0, 2.0, 5.0)


@dataclass(slots=True, eq=False)
class Subscription:
    """One live page. `alert_id` narrows it to one alert; empty is every alert of the account."""

    account_id: int
    alert_id: str
    seen: int  # the number of the last change that it knows of
    changed: dict[str, None] = field(default_factory=dict)
    refresh: bool = False
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, number: int, alert_id: str) -> None:
        """Something changed; too much of it, or nobody knows what, makes it a refresh."""
        if alert_id and self.alert_id and alert_id != self.alert_id:
            return
        self.seen = number
        if not alert_id or len(self.changed) >= WAITING_LIMIT:
            self.refresh = True
        else:
            self.changed[alert_id] = None
        self.wake.set()

    def take(self) -> tuple[str, str] | None:
        """What to send, as (event, data), or None; afterwards nothing waits."""
        changed, refresh = list(self.changed), self.refresh
        self.changed.clear()
        self.refresh = False
        self.wake.clear()
        if refresh:
            return "refresh", ""
        return ("alert", " ".join(changed)) if changed else None


class Feed:
    """Listens for the process, and hands each change to the pages of its account. `open` first, `close` last."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        self._start = secrets.token_hex(4)  # numbers mean nothing in another process, or after a restart
        self._number = 0
        self._latest: dict[int, int] = {}
        self._unsure_before = 0  # changes may have been missed before this number
        self._subscriptions: defaultdict[int, set[Subscription]] = defaultdict(set)
        self._streams: Counter[str] = Counter()
        self._task: asyncio.Task[None] | None = None
        self.closed = asyncio.Event()
        self.listening = asyncio.Event()

    async def open(self) -> None:
        self._task = asyncio.create_task(self._listen(), name="feed")

    async def close(self) -> None:
        """End every stream and the connection."""
        self.end_streams()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def end_streams(self) -> None:
        """The pages reconnect, to a process that stays: a server that drains calls this first."""
        self.closed.set()
        for subscriptions in self._subscriptions.values():
            for subscription in subscriptions:
                subscription.wake.set()

    def position(self, number: int | None = None) -> str:
        """Where the feed stands. Taken before a page reads, it says what that page knows."""
        return f"{self._start}-{self._number if number is None else number}"

    @contextmanager
    def subscribe(
        self, account_id: int, session: str, known: str = "", alert_id: str = ""
    ) -> Iterator[Subscription | None]:
        """A place in the feed from `known` on; None when the session has too many pages open, or all is closing."""
        if self.closed.is_set() or self._streams[session] >= STREAMS_PER_SESSION:
            yield None
            return
        subscription = Subscription(account_id, alert_id, self._number)
        if known and self._has_missed(account_id, known):
            subscription.refresh = True
            subscription.wake.set()
        self._subscriptions[account_id].add(subscription)
        self._streams[session] += 1
        try:
            yield subscription
        finally:
            self._streams[session] -= 1
            if not self._streams[session]:
                del self._streams[session]
            self._subscriptions[account_id].discard(subscription)
            if not self._subscriptions[account_id]:
                del self._subscriptions[account_id]

    def _has_missed(self, account_id: int, known: str) -> bool:
        start, _, number = known.partition("-")
        if start != self._start or not number.isdecimal():
            return True
        return int(number) < max(self._latest.get(account_id, 0), self._unsure_before)

    async def _listen(self) -> None:
        failures = 0
        while True:
            try:
                async for payload in self._payloads():
                    failures = 0
                    if payload is None:
                        self._doubt()
                    else:
                        self._publish(payload)
            except (psycopg.Error, OSError) as error:
                self.listening.clear()
                log.warning("feed_lost", error=str(error))
                await asyncio.sleep(RETRY_SECONDS[min(failures, len(RETRY_SECONDS) - 1)])
                failures += 1

    async def _payloads(self) -> AsyncIterator[str | None]:
        """What other sessions notify; None at the start: whatever came before it is unknown."""
        async with await connect(self._url, "tocsin_app") as conn:
            await conn.execute(f"listen {CHANNEL}")
            yield None
            self.listening.set()
            while True:
                async for notification in conn.notifies(timeout=PROBE_SECONDS):
                    yield notification.payload
                await conn.execute("select 1")  # a connection that died in silence is noticed

    def _publish(self, payload: str) -> None:
        account, _, alert_id = payload.partition(":")
        if not account.isdecimal():
            return
        self._number += 1
        self._latest[int(account)] = self._number
        for subscription in self._subscriptions.get(int(account), ()):
            subscription.put(self._number, alert_id)

    def _doubt(self) -> None:
        """Something may have been missed: everybody reads again."""
        self._number += 1
        self._unsure_before = self._number
        for subscriptions in self._subscriptions.values():
            for subscription in subscriptions:
                subscription.put(self._number, "")
