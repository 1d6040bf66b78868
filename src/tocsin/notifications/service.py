"""Use cases of notifications: a test page to one's own contact."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from tocsin.accounts import store as accounts_store
from tocsin.accounts.model import TELEPHONE
from tocsin.db import Db
from tocsin.errors import Conflict, NotFound, Throttled
from tocsin.i18n import N_
from tocsin.notifications import store
from tocsin.notifications.model import TEST_PAGE, NewNotification

TEST_PAGE_EVERY = timedelta(seconds=30)
LEASE = timedelta(0)  # nobody claims here: the engine does, when this commits


async def send_test_page(db: Db, account_id: int, user_id: UUID, contact_id: UUID, at: datetime) -> None:
    """Put a harmless page to this contact into the outbox, for the engine to send at once.

    It goes to contacts that are not verified too: a webhook that answers it is verified by that. A telephone number
    that nobody has proved his is never used. Raises: NotFound for a contact that is not this person's; Conflict for
    such a number; Throttled within 30 seconds of the last one.
    """
    async with db.transaction() as tx:
        contacts = await accounts_store.list_contacts(tx, account_id, user_id)
        contact = next((contact for contact in contacts if contact.id == contact_id), None)
        if contact is None:
            raise NotFound("There is no such contact.")
        if contact.method in TELEPHONE and contact.verified_at is None:
            raise Conflict(N_("This number is not verified: nothing is sent there."))
        last = await store.last_test_page_at(tx, account_id, contact_id)
        if last is not None and at < last + TEST_PAGE_EVERY:
            raise Throttled(N_("A test page to this contact is on its way. Wait half a minute before the next."))
        page = NewNotification(
            account_id=account_id,
            key=f"{TEST_PAGE}:{uuid4()}",
            alert_id=None,
            user_id=user_id,
            contact_id=contact.id,
            method=contact.method.value,
            address=contact.address,
            action_type=TEST_PAGE,
            reason={"test": True},
            told_at=at,
            due_at=at,
        )
        await store.enqueue(tx, [page], at, LEASE, claim=False)
        await store.wake_engine(tx)
