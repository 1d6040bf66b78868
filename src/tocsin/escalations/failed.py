"""When notifications fail: if nothing else reaches anybody about the alert, the last resort does."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from tocsin.alerts import store as alerts_store
from tocsin.alerts.log import Event
from tocsin.db import Tx
from tocsin.escalations import store
from tocsin.escalations.last_resort import last_resort
from tocsin.escalations.snapshot_store import Snapshots
from tocsin.notifications import store as outbox
from tocsin.notifications.model import LAST_RESORT, Notification


def last_resort_for(
    snapshots: Snapshots, lease: timedelta
) -> Callable[[Tx, Sequence[Notification], datetime], Awaitable[list[Notification]]]:
    """What a sender calls with notifications that have failed, in the transaction that records it."""

    async def on_failed(tx: Tx, failed: Sequence[Notification], now: datetime) -> list[Notification]:
        since: dict[tuple[int, str], datetime] = {}
        for it in failed:
            if it.alert_id and not it.action_type.startswith(LAST_RESORT):
                key = (it.account_id, it.alert_id)
                since[key] = max(it.told_at, since.get(key, it.told_at))
        unreached = await store.unreached(tx, since) if since else []
        if not unreached:
            return []
        configurations = await snapshots.get(tx, (account_id for account_id, _ in unreached))
        rows = [
            row
            for account_id, alert_id in unreached
            for row in last_resort(configurations[account_id], account_id, alert_id, "every-contact-failed", now)
        ]
        claimed = await outbox.enqueue(tx, rows, now, lease)
        told: dict[tuple[int, str], list[str]] = {}
        for it in claimed:
            told.setdefault((it.account_id, it.alert_id or ""), []).append(it.address)
        entries = [(*key, Event.LAST_RESORT, {"addresses": addresses}) for key, addresses in told.items()]
        await alerts_store.insert_logs(tx, entries, now, "System")
        return claimed

    return on_failed
