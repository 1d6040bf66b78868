"""Contacts: where a person is reached. An address is used only after its owner has said yes."""

import base64
import secrets
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from tocsin import crypto
from tocsin.accounts import audit, store
from tocsin.accounts.audit import Actor
from tocsin.accounts.model import TELEPHONE, Contact, ContactMethod, LicenceKind, User
from tocsin.accounts.people import letters, service
from tocsin.accounts.people import store as people
from tocsin.accounts.people.letters import Address
from tocsin.accounts.reach import Reach
from tocsin.db import Db, Tx
from tocsin.errors import Conflict, Invalid, NotFound
from tocsin.i18n import N_

VERIFICATION = "verification"
CONTACT_SECRET = "contact-secret"  # noqa: S105 - the purpose that a contact's signing secret is sealed for
SECRET_BYTES = 24
MOST = 20
MOST_NUMBERS = 2
"""Telephone numbers of one method."""
URL_LENGTH = 2000


async def add(
    db: Db, key: bytes, reach: Reach, actor: Actor, user: User, where: Address, method: ContactMethod, address: str
) -> tuple[Contact, str]:
    """The new contact, not verified yet; for a webhook also its signing secret, which is shown this once.

    Raises: Invalid, also for a number in a country that `reach` says no to; Conflict.
    """
    if method in TELEPHONE:
        address = await _check_number(db, reach, user, method, address)
    else:
        address = check_address(method, address)
    secret = secrets.token_bytes(SECRET_BYTES) if method is ContactMethod.WEBHOOK else None
    contact = Contact(user.account_id, uuid4(), user.id, method, address, True, None, actor.at)
    async with db.transaction() as tx:
        await people.lock_user(tx, user.account_id, user.id)
        if await people.find_contact(tx, user.account_id, user.id, method, address) is not None:
            raise Conflict(N_("You have this contact already."), {"address": N_("You have this contact already.")})
        own = await store.list_contacts(tx, user.account_id, user.id)
        if len(own) >= MOST:
            raise Conflict(N_("You have 20 contacts, which is the most. Remove one first."))
        if method in TELEPHONE and sum(it.method is method for it in own) >= MOST_NUMBERS:
            raise Conflict(N_("You have 2 numbers on this channel, which is the most. Remove one first."))
        sealed = crypto.seal(key, CONTACT_SECRET, secret) if secret is not None else None
        await store.insert_contact(tx, contact, sealed)
        if method is ContactMethod.EMAIL:
            await _send_verification(tx, actor, user, contact, where)
        await audit.record(tx, actor, "added", "contact", contact.id, address, after={"method": method})
    return contact, shown(secret) if secret is not None else ""


async def _check_number(db: Db, reach: Reach, user: User, method: ContactMethod, number: str) -> str:
    """The number as it is kept. Raises: Invalid."""
    if user.licence_kind is LicenceKind.STAKEHOLDER:
        raise Invalid(
            N_("Something is not right yet."),
            {"method": N_("Stakeholders are told by e-mail and push, not by SMS or calls.")},
        )
    async with db.transaction() as tx:
        return await reach(tx, number, voice=method is ContactMethod.VOICE, locale=user.locale)


def check_address(method: ContactMethod, address: str) -> str:
    """The e-mail or web address, if it is one. Raises: Invalid."""
    if method is ContactMethod.EMAIL:
        return service.mail_address(address, "address")
    text = address.strip()
    try:
        parts = urlsplit(text)
        fits = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
    if not fits or not text.isprintable() or " " in text or len(text) > URL_LENGTH:
        raise Invalid(
            N_("Something is not right yet."),
            {"address": N_("This is not a web address. One looks like https://chat.example.com/hooks/1.")},
        )
    if "@" in urlsplit(text).netloc:
        raise Invalid(
            N_("Something is not right yet."), {"address": N_("A web address with a password in it is not accepted.")}
        )
    return text


def shown(secret: bytes) -> str:
    """A signing secret as the receiving side keeps it (Standard Webhooks)."""
    return "whsec_" + base64.b64encode(secret).decode()


async def verify_again(db: Db, actor: Actor, user: User, where: Address, contact_id: UUID) -> Contact:
    """Another mail to confirm the address. Raises: NotFound, Conflict."""
    async with db.transaction() as tx:
        contact = await people.get_contact(tx, user.account_id, user.id, contact_id)
        if contact.verified_at is not None or contact.method is not ContactMethod.EMAIL:
            raise Conflict(N_("There is nothing to confirm about this contact."))
        await _send_verification(tx, actor, user, contact, where)
    return contact


async def _send_verification(tx: Tx, actor: Actor, user: User, contact: Contact, where: Address) -> None:
    token = await service.issue(
        tx, user, VERIFICATION, actor.at, actor.at + letters.VERIFICATION_LASTS, contact_id=contact.id
    )
    await letters.send_verification(tx, user, contact.address, token, where, actor.at)


async def verify(engine: Db, token: str, actor_at: Actor) -> Contact:
    """The contact that a mailed link verifies: whoever reads mails there said yes. Raises: NotFound."""
    async with engine.transaction() as tx:
        link = await service.lock_link(tx, token, VERIFICATION, actor_at.at)
        if link.contact_id is None:
            raise NotFound(N_("This link was used already, or is too old. Ask for a new one."))
        contact = await people.get_contact(tx, link.account_id, link.user_id, link.contact_id)
        user = await store.get_user(tx, link.account_id, link.user_id)
        await people.use_token(tx, link.account_id, link.token_hash, actor_at.at)
        await people.set_contact_verified(tx, link.account_id, contact.id, actor_at.at)
        if contact.address.lower() == user.username:
            await people.set_verified(tx, link.account_id, user.id, actor_at.at)
        actor = Actor(link.account_id, user.username, actor_at.at, user.id, actor_at.address, actor_at.request_id)
        await audit.record(tx, actor, "verified", "contact", contact.id, contact.address)
    return contact


async def set_enabled(db: Db, actor: Actor, user: User, contact_id: UUID, enabled: bool) -> Contact:
    """The contact, as it was. Raises: NotFound."""
    async with db.transaction() as tx:
        contact = await people.get_contact(tx, user.account_id, user.id, contact_id)
        await people.set_contact_enabled(tx, user.account_id, contact_id, enabled)
        before, after = {"enabled": contact.enabled}, {"enabled": enabled}
        await audit.record(tx, actor, "changed", "contact", contact_id, contact.address, before=before, after=after)
    return contact


async def remove(db: Db, actor: Actor, user: User, contact_id: UUID) -> Contact:
    """The contact that is gone, and with it the steps of rules that named it. Raises: NotFound."""
    async with db.transaction() as tx:
        contact = await people.get_contact(tx, user.account_id, user.id, contact_id)
        await people.delete_contact(tx, user.account_id, contact_id)
        await audit.record(
            tx, actor, "removed", "contact", contact_id, contact.address, before={"method": contact.method}
        )
    return contact
