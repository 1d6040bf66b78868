"""Sending what is claimed: check that it still makes sense, send outside any transaction, record what came of it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog

from tocsin import metrics
from tocsin.alerts.facts import AlertFacts
from tocsin.alerts.fields import clean
from tocsin.alerts.store import notify_all_changed
from tocsin.clock import Clock
from tocsin.db import Db, Tx
from tocsin.notifications import links, metering, store
from tocsin.notifications.backoff import GiveUp, RetryAt, retry
from tocsin.notifications.channels import Channel
from tocsin.notifications.model import (
    LAST_RESORT,
    MUTED,
    QUIET_HOURS,
    STAKEHOLDER,
    TEST_PAGE,
    AlertSummary,
    AttemptResult,
    ChannelError,
    Envelope,
    NewNotification,
    Notification,
    NotificationStatus,
    Outcome,
    Receiver,
)
from tocsin.notifications.plan import SHIFT_NOTICES, ActionType, Cancel, should_send
from tocsin.schedules import restrictions

SAID_LIMIT = 1_000
log = structlog.get_logger("tocsin.notifications")


@dataclass(frozen=True, slots=True)
class Ending:
    """A claimed notification that is not sent any more."""

    notification: Notification
    status: NotificationStatus
    reason: str
    instead: NewNotification | None = None  # what takes its place


Explain = Callable[[Notification, str, ZoneInfo], tuple[str, ...]]
OnFailed = Callable[[Tx, Sequence[Notification], datetime], Awaitable[list[Notification]]]
Watch = Callable[[Sequence[AttemptResult], Sequence[Ending]], Awaitable[None]]


class Sender:
    """Sends notifications through the channels.

    `explain` puts a notification's reasons into words; `on_failed` hears of those that ended as failed, in the
    transaction that records it, and answers what is to be sent instead (the last resort). `watch` hears of everything
    that is about to be recorded.
    """

    def __init__(
        self,
        engine: Db,
        clock: Clock,
        channels: Mapping[str, Channel],
        *,
        key: bytes,
        base_url: str,
        explain: Explain,
        on_failed: OnFailed,
        watch: Watch | None = None,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self.channels = channels
        self._key = key
        self._base_url = base_url
        self._explain = explain
        self._on_failed = on_failed
        self._watch = watch

    async def deliver(self, claimed: Sequence[Notification]) -> None:
        """Send and record all of `claimed`, and what takes the place of those that fail."""
        while claimed:
            envelopes, endings = await self.prepare(claimed)
            results = await asyncio.gather(*(self.send(envelope) for envelope in envelopes))
            claimed = await self.record(results, endings)

    async def prepare(self, claimed: Sequence[Notification]) -> tuple[list[Envelope], list[Ending]]:
        """What each channel needs, loaded set-wise; and those not worth sending any more, with the reason."""
        async with self._engine.statements() as tx:
            alerts = await store.alert_summaries(tx, claimed)
            receivers = await store.receivers(tx, claimed)
        envelopes, endings, now = [], [], self._clock.now()
        for told in claimed:
            alert = alerts.get((told.account_id, told.alert_id)) if told.alert_id is not None else None
            receiver = receivers.get(told.contact_id) if told.contact_id is not None else None
            try:
                prepared = self._prepare(told, alert, receiver, now)
            except Exception as error:
                # one message's boundary: what cannot be read fails its own page, and the last resort hears of it
                log.error("prepare_raised", notification_id=told.id, error=repr(error), exc_info=True)
                prepared = Ending(told, NotificationStatus.FAILED, _kept(f"internal error: {error!r}"))
            if isinstance(prepared, Ending):
                endings.append(prepared)
            else:
                envelopes.append(prepared)
        if any(it.notification.method in metering.METERED for it in envelopes):
            return await self._with_room(envelopes, endings)
        return envelopes, endings

    async def _with_room(
        self, envelopes: Sequence[Envelope], endings: list[Ending]
    ) -> tuple[list[Envelope], list[Ending]]:
        """Leave out what there is no room for; the person is told otherwise, or, without another way, nobody is."""
        going = []
        for envelope in envelopes:
            told, now = envelope.notification, self._clock.now()
            if told.method not in metering.METERED:
                going.append(envelope)
                continue
            async with self._engine.transaction() as tx:
                reason = await metering.reserve(tx, told, now)
                instead = await metering.instead_of(tx, told, reason, now) if reason and told.alert_id else None
            if reason is None:
                going.append(envelope)
            else:
                spoken = instead is not None or told.alert_id is None
                status = NotificationStatus.SUPPRESSED if spoken else NotificationStatus.FAILED
                endings.append(Ending(told, status, reason, instead))
        return going, endings

    def _prepare(
        self, told: Notification, alert: AlertSummary | None, receiver: Receiver | None, now: datetime
    ) -> Envelope | Ending:
        ending = _ending(told, alert, receiver, now)
        if ending is not None or receiver is None:
            return ending or Ending(told, NotificationStatus.FAILED, "contact-missing")
        why = self._explain(told, receiver.locale, ZoneInfo(receiver.time_zone))
        return Envelope(told, receiver, alert, links.addresses(self._base_url, self._key, told), why)

    async def send(self, envelope: Envelope) -> AttemptResult:
        """One attempt. Never raises: whatever happens is an outcome."""
        told, started_at = envelope.notification, self._clock.now()
        channel = self.channels.get(told.method)
        try:
            if channel is None:
                raise ChannelError(f"There is no channel {told.method} on this server.", retry=False)
            sent = await channel.send(envelope)
        except ChannelError as error:
            return self._failed(told, started_at, error)
        except Exception as error:
            log.error("channel_raised", method=told.method, notification_id=told.id, error=repr(error), exc_info=True)
            return self._failed(told, started_at, ChannelError(f"internal error: {error!r}", retry=True, unknown=True))
        outcome = Outcome.DELIVERED if sent.delivered else Outcome.ACCEPTED
        status = NotificationStatus.DELIVERED if sent.delivered else NotificationStatus.ACCEPTED
        metrics.DELIVERIES.labels(told.method, outcome.value).inc()
        return AttemptResult(
            told, told.attempts + 1, sent.provider, started_at, self._clock.now(), outcome, "", _kept(sent.receipt),
            status, "", None,
        )  # fmt: skip

    def _failed(self, told: Notification, started_at: datetime, error: ChannelError) -> AttemptResult:
        now, number = self._clock.now(), told.attempts + 1
        outcome = Outcome.UNKNOWN if error.unknown else Outcome.FAILED
        status, due_at = NotificationStatus.FAILED, None
        if error.retry:
            match retry(str(told.id), number, now):
                case RetryAt(at=at):
                    status, due_at = NotificationStatus.RETRYING, at
                case GiveUp():
                    pass
        metrics.DELIVERIES.labels(told.method, outcome.value).inc()
        log.warning(
            "attempt_failed", method=told.method, notification_id=told.id, alert_id=told.alert_id, attempt=number,
            reason=error.reason, again_at=due_at.isoformat() if due_at else None,
        )  # fmt: skip
        return AttemptResult(
            told, number, error.provider or told.method, started_at, now, outcome, _kept(error.reason), "", status,
            _kept(error.reason), due_at,
        )  # fmt: skip

    async def record(self, results: Sequence[AttemptResult], endings: Sequence[Ending]) -> list[Notification]:
        """Write down what came of them, in one transaction; returns what was claimed to take their place."""
        if not results and not endings:
            return []
        if self._watch is not None:
            await self._watch(results, endings)
        failed = [it.notification for it in results if it.status is NotificationStatus.FAILED]
        failed += [it.notification for it in endings if it.status is NotificationStatus.FAILED]
        now = self._clock.now()
        ended = [*(it.notification for it in results), *(it.notification for it in endings)]
        uses = any(it.method in metering.METERED for it in ended)
        if not failed and not uses:
            async with self._engine.at_once() as tx:
                await _write(tx, results, endings, now)
            return []
        async with self._engine.transaction() as tx:
            await _write(tx, results, endings, now)
            if uses:
                await self._meter(tx, results, endings, now)
            return await self._on_failed(tx, failed, now) if failed else []

    async def _meter(self, tx: Tx, results: Sequence[AttemptResult], endings: Sequence[Ending], now: datetime) -> None:
        await metering.settle(tx, results, [it.notification for it in endings], self._base_url)
        stopped = [(it.notification, it.reason, it.instead) for it in endings if it.instead is not None]
        if stopped:
            await metering.tell_otherwise(tx, stopped, now)


async def _write(tx: Tx, results: Sequence[AttemptResult], endings: Sequence[Ending], now: datetime) -> None:
    if results:
        await store.record(tx, results)
    if endings:
        await store.end_unsent(tx, [(it.notification, it.status.value, it.reason) for it in endings], now)
    answered = [it.notification for it in results if it.notification.alert_id is None and not it.status_reason]
    if answered:
        await store.verify_answering(tx, answered, now)
    ended = [*(it.notification for it in results), *(it.notification for it in endings)]
    await notify_all_changed(tx, ((it.account_id, it.alert_id) for it in ended if it.alert_id is not None))


def _kept(said: str) -> str:
    """What a provider said, as the ledger keeps it: it may be long, and hold anything."""
    return clean(said)[:SAID_LIMIT]


def _silence(told: Notification, receiver: Receiver | None, now: datetime) -> str | None:
    """Why the person wants nothing to be sent now, if so. The last resort and one's own test pages are sent."""
    if receiver is None or told.action_type in {LAST_RESORT, TEST_PAGE}:
        return None
    if receiver.muted_until is not None and now < receiver.muted_until:
        return MUTED
    quiet = restrictions.from_json(receiver.quiet_hours)
    if quiet is not None and restrictions.is_open(quiet, ZoneInfo(receiver.time_zone), now):
        return QUIET_HOURS
    return None


def _ending(told: Notification, alert: AlertSummary | None, receiver: Receiver | None, now: datetime) -> Ending | None:
    """Why a notification is not sent after all, if so. Pure."""
    found = _moot_or_barred(told, alert, receiver, now)
    silence = None if found is not None else _silence(told, receiver, now)
    return Ending(told, NotificationStatus.SUPPRESSED, silence) if silence is not None else found


def _moot_or_barred(
    told: Notification, alert: AlertSummary | None, receiver: Receiver | None, now: datetime
) -> Ending | None:
    if told.action_type in SHIFT_NOTICES:
        reason = _barred(receiver)
        return Ending(told, NotificationStatus.CANCELLED, reason) if reason is not None else None
    if told.alert_id is None:
        return None
    if alert is None or alert.status == "deleted":
        return Ending(told, NotificationStatus.CANCELLED, "deleted")
    action = ActionType.CREATE_ALERT if told.action_type == LAST_RESORT else ActionType(told.action_type)
    facts = AlertFacts(alert.status != "open", alert.acknowledged, alert.acknowledged_at, alert.snoozed_until)
    match should_send(action, facts, told.told_at, now):
        case Cancel(reason=reason):
            return Ending(told, NotificationStatus.CANCELLED, reason.value)
        case _:
            pass
    if receiver is None:
        return Ending(told, NotificationStatus.FAILED, "contact-missing")
    if told.action_type == LAST_RESORT:
        return None
    if receiver.licence_kind == STAKEHOLDER and told.method in metering.METERED:
        return Ending(told, NotificationStatus.SUPPRESSED, STAKEHOLDER)
    barred = _barred(receiver)
    return Ending(told, NotificationStatus.FAILED, barred) if barred is not None else None


def _barred(receiver: Receiver | None) -> str | None:
    """Why nothing is sent to this contact any more, if so."""
    if receiver is None:
        return "contact-missing"
    if receiver.user_status == "suspended":
        return "suspended"
    if not receiver.enabled:
        return "contact-disabled"
    return None if receiver.verified else "contact-unverified"
