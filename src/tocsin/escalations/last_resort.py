"""The last resort: when somebody was to be told and nobody could be, the owners are, by e-mail. Pure."""

from datetime import datetime
from uuid import UUID

from tocsin.escalations.snapshot import Snapshot
from tocsin.notifications.model import LAST_RESORT, NewNotification

LAST_RESORT_METHODS = ("email",)


def last_resort(snapshot: Snapshot, account_id: int, alert_id: str, why: str, now: datetime) -> list[NewNotification]:
    """One notification for each e-mail contact of each owner; each time that it happens.

    Contacts that are disabled or not verified are used too: better a mail to a wrong setting than none at all.
    """
    return [
        NewNotification(
            account_id=account_id,
            key=f"{LAST_RESORT}:{now.timestamp()}",
            alert_id=alert_id,
            user_id=UUID(owner),
            contact_id=UUID(contact.id),
            method=contact.method,
            address=contact.address,
            action_type=LAST_RESORT,
            reason={"last_resort": why},
            told_at=now,
            due_at=now,
        )
        for owner in snapshot.owners
        for contact in snapshot.contacts.get(owner, ())
        if contact.method in LAST_RESORT_METHODS
    ]
