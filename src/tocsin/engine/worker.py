"""The worker: every kind of due row in a loop of its own, woken by the database or by the next due instant."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

import psycopg
import structlog

from tocsin import metrics
from tocsin.clock import Clock
from tocsin.db import connect, open_databases
from tocsin.engine.delivery import Delivery
from tocsin.engine.engine import Engine, make_engine
from tocsin.engine.presence import make_presence
from tocsin.settings import Settings

log = structlog.get_logger("tocsin.engine")

CHANNEL = "tocsin_due"  # payload: the kind of rows that are due
LONGEST_SLEEP = 15.0  # seconds; a lost wake-up costs no more than this
SHORTEST_SLEEP = 0.05  # what is due and not ours is another worker's: leave it a moment
INDEX_EVERY = 1.0  # seconds; while alerts wait for it, indexing works a quarter of the time
CLEAN_UP_EVERY = timedelta(hours=1)


async def run(settings: Settings, database_url: str, clock: Clock, stopping: asyncio.Event) -> None:
    """Advance what is due until `stopping` is set; then finish what is being sent and leave no lease behind."""
    async with open_databases(database_url, app_size=1, engine_size=6) as databases:
        engine = make_engine(settings, databases.engine, clock)
        delivery = Delivery(databases.engine, clock, engine.sender, lease=engine.lease)
        worker = Worker(engine, delivery, clock, stopping)
        presence = make_presence(databases.engine, clock)
        delivery.open()
        present = asyncio.create_task(presence.keep(stopping))
        listener = asyncio.create_task(worker.listen(database_url))
        loops = [asyncio.create_task(loop) for loop in worker.loops()]
        log.info("worker_started")
        try:
            await _stopped_or_broken(stopping, [listener, present, *loops, *delivery.tasks])
            worker.wake()
            await asyncio.gather(*loops)
        finally:
            for task in (listener, present, *loops):
                task.cancel()
            await asyncio.gather(listener, present, *loops, return_exceptions=True)
            await delivery.close()
            if engine.rails.gateway is not None:
                await engine.rails.gateway.close()
            log.info("worker_stopped")
        await presence.leave()  # but not when it broke


async def _stopped_or_broken(stopping: asyncio.Event, tasks: Sequence[asyncio.Task[None]]) -> None:
    """Return when told to stop. A task that ends by itself has broken: better a new process than half an engine.

    Raises: RuntimeError; the supervisor starts the worker anew.
    """
    told = asyncio.create_task(stopping.wait())
    done, _ = await asyncio.wait({told, *tasks}, return_when=asyncio.FIRST_COMPLETED)
    broken = [task for task in done if task is not told and not stopping.is_set()]
    if not broken:
        return
    told.cancel()
    stopping.set()
    error = broken[0].exception()
    log.error("worker_broken", task=broken[0].get_name(), error=repr(error))
    raise RuntimeError("A part of the worker ended by itself.") from error


class Worker:
    """The loops of one process over an engine and its delivery."""

    def __init__(self, engine: Engine, delivery: Delivery, clock: Clock, stopping: asyncio.Event) -> None:
        self._engine = engine
        self._delivery = delivery
        self._clock = clock
        self._stopping = stopping
        self._wakes: dict[str, asyncio.Event] = {}
        self._cleaned_at: datetime | None = None

    def wake(self, kind: str | None = None) -> None:
        """Something may be due: of this kind, or of any."""
        for event in [self._wakes[kind]] if kind in self._wakes else self._wakes.values():
            event.set()

    def loops(self) -> list[Coroutine[Any, Any, None]]:
        engine = self._engine
        return [
            self._loop("escalations", self._advance, engine.earliest_run),
            self._loop("notifications", self._send, engine.earliest_notification, also=self._delivery.freed),
            self._loop("repeats", engine.repeat_rules, engine.earliest_repeat),
            self._loop("turns", engine.tell_of_turns, engine.earliest_turn),
            self._loop("snoozes", engine.wake_snoozed, engine.earliest_snooze),
            self._loop("mails", engine.send_mails, engine.earliest_mail),
            self._loop("subscriptions", engine.advance_subscriptions, engine.earliest_subscription),
            self._loop("usage", engine.review_usage, engine.earliest_review),
            self._loop("charges", engine.charge_cards, engine.earliest_charge),
            self._loop("deletions", engine.erase_accounts, engine.earliest_deletion),
            self._loop("documents", engine.render_documents, engine.earliest_document),
            self._loop("retention", engine.remove_old_alerts, engine.earliest_retention),
            self._loop("clean-up", self._clean_up, self._next_clean_up),
            self._renew(),
            self._index(),
        ]

    async def listen(self, database_url: str) -> None:
        """Wake the loops whenever a transaction said that something is due; connect again for as long as it takes."""
        while True:
            try:
                async with await connect(database_url, "tocsin_engine") as conn:
                    await conn.execute(f"listen {CHANNEL}")
                    self.wake()  # what was said while nobody listened
                    async for said in conn.notifies():
                        self.wake(said.payload)
            except (psycopg.Error, OSError) as error:
                log.warning("listener_lost", error=str(error))
            await asyncio.sleep(0.5)

    async def _loop(
        self,
        kind: str,
        step: Callable[[datetime], Awaitable[int]],
        earliest: Callable[[], Awaitable[datetime | None]],
        also: asyncio.Event | None = None,
    ) -> None:
        """Run `step` while it moves anything, then sleep until `earliest` or a wake-up."""
        wake = also or asyncio.Event()
        self._wakes[kind] = wake
        while not self._stopping.is_set():
            wake.clear()
            try:
                started = perf_counter()
                moved = await step(self._clock.now())
                if moved:
                    metrics.ENGINE_ADVANCED.labels(kind).inc(moved)
                    metrics.ENGINE_SECONDS.labels(kind).observe(perf_counter() - started)
                due_at = await earliest()
                if moved and due_at is not None and due_at <= self._clock.now():
                    continue  # there is more; where nothing moved, what is due is another worker's
            except Exception as error:
                log.error("step_failed", kind=kind, error=repr(error), exc_info=not isinstance(error, psycopg.Error))
                await _wait(self._stopping, 0.5)
                continue
            await _wait(wake, self._sleep_until(due_at))

    def _sleep_until(self, due_at: datetime | None) -> float:
        if due_at is None:
            return LONGEST_SLEEP
        seconds = (due_at - self._clock.now()).total_seconds()
        return min(max(seconds, SHORTEST_SLEEP), LONGEST_SLEEP)

    async def _advance(self, now: datetime) -> int:
        room, busy = self._delivery.room, self._delivery.busy
        advanced = await self._engine.advance_escalations(now, claim=room > 0, busy=busy)
        await self._delivery.start(advanced.claimed)
        if advanced.runs and (busy or not advanced.claimed):
            self.wake("notifications")
        return advanced.runs

    async def _send(self, now: datetime) -> int:
        return await self._delivery.claim()

    async def _clean_up(self, now: datetime) -> int:
        if self._cleaned_at is not None and now < self._cleaned_at + CLEAN_UP_EVERY:
            return 0
        removed = await self._engine.clean_up(now)
        if not removed:
            self._cleaned_at = now
        return removed

    async def _next_clean_up(self) -> datetime:
        return self._cleaned_at + CLEAN_UP_EVERY if self._cleaned_at else self._clock.now()

    async def _renew(self) -> None:
        """Prolong leases three times within each."""
        while not self._stopping.is_set():
            await _wait(self._stopping, self._engine.lease.total_seconds() / 3)
            try:
                await self._delivery.renew()
            except psycopg.Error as error:
                log.warning("renew_failed", error=str(error))

    async def _index(self) -> None:
        """Keep search up to date, without haste: alerts are found before they are indexed, too, and pages go first."""
        while not self._stopping.is_set():
            started = perf_counter()
            try:
                indexed = await self._engine.index_alerts()
            except psycopg.Error as error:
                log.warning("index_failed", error=str(error))
                indexed = 0
            seconds = perf_counter() - started
            if indexed:
                metrics.ENGINE_ADVANCED.labels("search").inc(indexed)
                metrics.ENGINE_SECONDS.labels("search").observe(seconds)
            await _wait(self._stopping, max(SHORTEST_SLEEP, 3 * seconds) if indexed else INDEX_EVERY)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
