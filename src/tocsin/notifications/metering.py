"""The meter at the sender: what costs by use asks for room before each send, and is counted once it was taken.

Where there is no room, or nothing goes to that country, the person is told by push or e-mail instead: a page is never
dropped (M15). Source: licensing requirements R8.4, R9.3, R12, CHOICE-44
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from tocsin.alerts import store as alerts_store
from tocsin.alerts.log import Event
from tocsin.billing import metered
from tocsin.db import Tx
from tocsin.errors import Invalid
from tocsin.licensing import countries_store
from tocsin.licensing.countries import CostsExtra, Unreachable, check_reach
from tocsin.licensing.quota import Stopped
from tocsin.licensing.usage import UsageKind, UsageRecord, make_record
from tocsin.notifications import metering_store, store
from tocsin.notifications.model import COSTS_EXTRA, NO_COUNTRY, AttemptResult, NewNotification, Notification, Outcome

METERED: Mapping[str, UsageKind] = {"sms": UsageKind.SMS, "voice": UsageKind.VOICE}
"""The methods that are metered; the others never come here."""

BAD_NUMBER = "bad-number"
QUOTA = "quota"  # in a notification's reason: it takes the place of one that was stopped


def unit_of(told: Notification) -> str:
    """The id of the unit that the next attempt would use."""
    return f"notification:{told.id}:{told.attempts + 1}"


async def reserve(tx: Tx, told: Notification, now: datetime) -> str | None:
    """Make room for one attempt.

    Otherwise why there is none: a quota.StopReason, NO_COUNTRY, COSTS_EXTRA or BAD_NUMBER.
    """
    try:
        overrides = await countries_store.list_overrides(tx)
        check_reach(told.address, voice=METERED[told.method] is UsageKind.VOICE, overrides=overrides)
        record = _record(told, now)
    except Unreachable:
        return NO_COUNTRY
    except CostsExtra:
        return COSTS_EXTRA
    except Invalid:
        return BAD_NUMBER
    answer = await metered.reserve(tx, record)
    return answer.reason.value if isinstance(answer, Stopped) else None


def _record(told: Notification, now: datetime) -> UsageRecord:
    return make_record(
        told.account_id, unit_of(told), METERED[told.method], now, now, told.address, user_id=told.user_id,
        alert_id=told.alert_id,
    )  # fmt: skip


async def settle(tx: Tx, results: Iterable[AttemptResult], unsent: Iterable[Notification], base_url: str) -> None:
    """Count what the carrier took, and give back what it did not, or was never asked to."""
    for result in results:
        told = result.notification
        if told.method not in METERED:
            continue
        if result.outcome in {Outcome.ACCEPTED, Outcome.DELIVERED}:
            await metered.confirm(tx, told.account_id, unit_of(told), base_url)
        else:
            await metered.release(tx, told.account_id, unit_of(told))
    for told in unsent:
        if told.method in METERED:
            await metered.release(tx, told.account_id, unit_of(told))


async def instead_of(tx: Tx, told: Notification, reason: str, now: datetime) -> NewNotification | None:
    """What is sent in the place of `told`: a push, else an e-mail. None where the person has neither."""
    contact = await metering_store.find_free_contact(tx, told.account_id, told.user_id)
    if contact is None:
        return None
    return NewNotification(
        account_id=told.account_id,
        key=f"{QUOTA}:{told.told_at.timestamp()}",  # one for all that is stopped of this telling
        alert_id=told.alert_id,
        user_id=told.user_id,
        contact_id=contact.id,
        method=contact.method,
        address=contact.address,
        action_type=told.action_type,
        reason={**told.reason, QUOTA: reason},
        told_at=told.told_at,
        due_at=now,
    )


async def tell_otherwise(tx: Tx, stopped: Sequence[tuple[Notification, str, NewNotification]], now: datetime) -> None:
    """Put replacements into the outbox, but for contacts that this telling reaches anyway, and lines in the log."""
    known = await metering_store.reached_anyway(tx, [row for _, _, row in stopped])
    fresh = [row for _, _, row in stopped if (row.account_id, row.alert_id, row.contact_id, row.told_at) not in known]
    names = await metering_store.names(tx, [told for told, _, _ in stopped])
    await store.enqueue(tx, fresh, now, store.NO_LEASE, claim=False)
    lines = [
        (told.account_id, told.alert_id, Event.NOTIFICATION, _line(told, reason, names.get(told.user_id, "")))
        for told, reason, _ in stopped
        if told.alert_id is not None
    ]
    await alerts_store.insert_logs(tx, lines, now, "System")
    await store.wake_engine(tx)


def _line(told: Notification, reason: str, user: str) -> dict[str, str]:
    return {
        "user": user,
        "user_id": str(told.user_id),
        "method": told.method,
        "address": told.address,
        "status": "suppressed",
        "reason": reason,
    }
