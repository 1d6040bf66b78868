"""Delivery under load: sends run side by side within bounds, and their results share transactions."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta

import psycopg
import structlog

from tocsin.clock import Clock
from tocsin.db import Db
from tocsin.notifications import store
from tocsin.notifications.model import AttemptResult, Envelope, Notification
from tocsin.notifications.sender import Ending, Sender

log = structlog.get_logger("tocsin.engine")


class Delivery:
    """Sends claimed notifications, at most `limit` at once and `per_account` of one account.

    A slow address holds up its own account's share and nobody else's.
    """

    def __init__(
        self, engine: Db, clock: Clock, sender: Sender, *, lease: timedelta, limit: int = 1000, per_account: int = 200
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._sender = sender
        self._lease = lease
        self._limit = limit
        self._per_account = per_account
        self._in_flight: dict[tuple[int, int], Notification] = {}
        self._by_account: Counter[int] = Counter()
        self._slots = {name: asyncio.Semaphore(channel.in_flight) for name, channel in sender.channels.items()}
        self._results: list[AttemptResult] = []
        self._endings: list[Ending] = []
        self._finished = asyncio.Event()  # there is something to record
        self.freed = asyncio.Event()  # there is room to claim what was held back
        self._held_back = False  # the last claim left out what it had no room for
        self._tasks: set[asyncio.Task[None]] = set()
        self._recorder: asyncio.Task[None] | None = None
        self._stopping = False

    @property
    def room(self) -> int:
        """How many more may be claimed now."""
        return max(0, self._limit - len(self._in_flight))

    @property
    def busy(self) -> list[int]:
        """The accounts that use all of their share: nothing more of theirs may be claimed now."""
        return [account_id for account_id, count in self._by_account.items() if count >= self._per_account]

    @property
    def tasks(self) -> list[asyncio.Task[None]]:
        """What must go on as long as the delivery is open."""
        return [self._recorder] if self._recorder is not None else []

    def open(self) -> None:
        self._recorder = asyncio.create_task(self._record_results(), name="recorder")

    async def claim(self) -> int:
        """Claim and start what is due, as far as there is room; how many."""
        busy = self.busy
        self._held_back = bool(busy) or not self.room
        if not self.room:
            return 0
        async with self._engine.transaction() as tx:
            claimed = await store.claim_due(
                tx, self._clock.now(), self._lease, self._per_account, min(self.room, 400), busy
            )
        await self.start(claimed)
        return len(claimed)

    async def start(self, claimed: Sequence[Notification]) -> None:
        """Send these, which are leased to us, side by side with the rest."""
        if not claimed:
            return
        for told in claimed:
            self._in_flight[told.account_id, told.id] = told
        self._by_account.update(told.account_id for told in claimed)
        try:
            envelopes, endings = await self._sender.prepare(claimed)
        except BaseException:
            self._forget(claimed)  # the leases run out, and they are due again
            raise
        if endings:
            self._endings += endings
            self._finished.set()
        for envelope in envelopes:
            task = asyncio.create_task(self._send(envelope))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def renew(self) -> None:
        """Prolong the leases of what is in flight; called well before they run out."""
        in_flight = list(self._in_flight.values())
        if in_flight:
            async with self._engine.transaction() as tx:
                await store.renew(tx, in_flight, self._clock.now() + self._lease)

    async def _send(self, envelope: Envelope) -> None:
        slots = self._slots.get(envelope.notification.method)
        async with slots or nullcontext():
            result = await self._sender.send(envelope)
        self._results.append(result)  # only now: meanwhile the recorder may have taken the list
        self._finished.set()

    async def _record_results(self) -> None:
        while True:
            await self._finished.wait()
            self._finished.clear()
            results, self._results = self._results, []
            endings, self._endings = self._endings, []
            if not results and not endings:
                if self._stopping and not self._tasks:
                    return
                continue
            try:
                instead = await self._record(results, endings)
            except Exception as error:  # noqa: BLE001 - the database may be away for a while; nothing may be forgotten
                log.error("record_failed", error=repr(error), notifications=len(results) + len(endings))
                self._results += results
                self._endings += endings
                await asyncio.sleep(0.2)
                self._finished.set()
                continue
            self._forget([it.notification for it in results])
            self._forget([it.notification for it in endings])
            try:
                await self.start(instead)
            except Exception as error:  # noqa: BLE001 - they are leased: they come back when the leases run out
                log.error("start_failed", error=repr(error), notifications=len(instead))
            if self._stopping:
                self._finished.set()

    async def _record(self, results: Sequence[AttemptResult], endings: Sequence[Ending]) -> list[Notification]:
        """Record them together; where one of them cannot be stored, one by one, so that it stands in nobody's way."""
        try:
            return await self._sender.record(results, endings)
        except psycopg.DataError as error:
            if len(results) + len(endings) == 1:
                log.error("result_refused", error=str(error), results=repr([*results, *endings]))
                plain = [replace(it, detail="", receipt="", status_reason="", provider="") for it in results]
                return await self._sender.record(plain, [replace(it, reason="") for it in endings])
        instead: list[Notification] = []
        for result in results:
            instead += await self._record([result], [])
        for ending in endings:
            instead += await self._record([], [ending])
        return instead

    def _forget(self, notifications: Sequence[Notification]) -> None:
        for told in notifications:
            if self._in_flight.pop((told.account_id, told.id), None) is not None:
                self._by_account[told.account_id] -= 1
                if not self._by_account[told.account_id]:
                    del self._by_account[told.account_id]
        if self._held_back:
            self.freed.set()

    async def close(self, patience: float = 20.0) -> None:
        """Finish what is being sent and record it; what does not finish within `patience` seconds is given back."""
        self._stopping = True
        self._finished.set()
        if self._recorder is not None:
            _, pending = await asyncio.wait({self._recorder}, timeout=patience)
            if pending:
                for task in (*self._tasks, self._recorder):
                    task.cancel()
                await asyncio.gather(*self._tasks, self._recorder, return_exceptions=True)
        left = list(self._in_flight.values())
        if left:
            async with self._engine.transaction() as tx:
                await store.release(tx, left, self._clock.now())
        for channel in self._sender.channels.values():
            await channel.close()
