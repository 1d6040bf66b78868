"""When notifications fail: if nothing else reaches anybody about the alert, the last resort does."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from tocsin.alerts import store as alerts_store
from tocsin.alerts.log import Event
from tocsin.db import Tx
from tocsin.escalations import store
from tocsin.escalations.last_resort import last_resort
from tocsin.escalations.snapshot_store import Snapshots
from tocsin.mail.outbox import NO_SERVER
from tocsin.notifications import store as outbox
from tocsin.notifications.model import Notification
from tocsin.notifications.plan import CALLS_TO_ACT


def last_resort_for(
    snapshots: Snapshots, lease: timedelta
) -> Callable[[Tx, Sequence[Notification], datetime], Awaitable[list[Notification]]]:
    """What a sender calls with notifications that have failed, in the transaction that records it."""

    async def on_failed(tx: Tx, failed: Sequence[Notification], now: datetime) -> list[Notification]:
        since: dict[tuple[int, str], datetime] = {}
        for it in failed:
            if it.alert_id and it.action_type in CALLS_TO_ACT:  # a report that fails leaves nobody untold
                key = (it.account_id, it.alert_id)
                since[key] = max(it.told_at, since.get(key, it.told_at))
        unreached = await store.unreached(tx, since) if since else []
        if not unreached:
            return []
        configurations = await snapshots.get(tx, (account_id for account_id, _ in unreached))
        kept = await store.list_kept(tx, {key: since[key] for key in unreached}, NO_SERVER)
        rows = {
            (account_id, alert_id): [
                row
                for row in last_resort(configurations[account_id], account_id, alert_id, "every-contact-failed", now)
                if row.address not in kept.get((account_id, alert_id), ())  # it waits there already
            ]
            for account_id, alert_id in unreached
        }
        claimed = await outbox.enqueue(tx, [row for found in rows.values() for row in found], now, lease)
        told: dict[tuple[int, str], list[str]] = {key: [] for key, found in rows.items() if not found}
        for it in claimed:
            told.setdefault((it.account_id, it.alert_id or ""), []).append(it.address)
        entries = [
            (*key, Event.LAST_RESORT, {"addresses": addresses, "kept": sorted(kept.get(key, ()))})
            for key, addresses in told.items()
        ]
        await alerts_store.insert_logs(tx, entries, now, "System")
        return claimed

    return on_failed
