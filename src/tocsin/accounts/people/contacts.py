"""Contacts: where a person is reached. An address is used only after its owner has said yes."""

import base64
import secrets
from dataclasses import replace
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from tocsin import crypto
from tocsin.accounts import audit, store
from tocsin.accounts.audit import Actor
from tocsin.accounts.model import TELEPHONE, Contact, ContactMethod, LicenceKind, User
from tocsin.accounts.people import letters, service
from tocsin.accounts.people import store as people
from tocsin.accounts.people.letters import Address
from tocsin.accounts.people.store import Token
from tocsin.accounts.reach import Reach
from tocsin.db import Db, Tx
from tocsin.errors import Conflict, Invalid, NotFound
from tocsin.i18n import N_

VERIFICATION = "verification"
CODE = "verification-code"
CODE_DIGITS = 6
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
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    await people.delete_contact_tokens(tx, user.account_id, contact.id, CODE)
    kept = Token(user.account_id, _code_hash(contact.id, code), user.id, contact.id, CODE,
                 actor.at + letters.CODE_LASTS)  # fmt: skip
    await people.insert_token(tx, kept, actor.at)
    await letters.send_verification(tx, user, contact.address, token, code, where, actor.at)


def _code_hash(contact_id: UUID, code: str) -> bytes:
    """A code is short, so it is good for its contact alone; whoever tries codes is counted first."""
    return crypto.token_hash(f"{contact_id}:{code}")


async def verify_by_code(db: Db, actor: Actor, user: User, contact_id: UUID, code: str) -> Contact:
    """The contact that the mailed code verifies; the newest code is the only good one. Raises: NotFound, Conflict,
    Invalid for a code that is wrong, too old, or was used.
    """
    async with db.transaction() as tx:
        contact = await people.get_contact(tx, user.account_id, user.id, contact_id)
        if contact.verified_at is not None:
            raise Conflict(N_("There is nothing to confirm about this contact."))
        found = await people.lock_token(tx, _code_hash(contact_id, code.strip()), CODE, actor.at)
        if found is None:
            raise Invalid(N_("This code is wrong or too old. Ask for another mail."), {"code": "is wrong or too old"})
        await people.delete_contact_tokens(tx, user.account_id, contact_id, CODE)
        await _set_verified(tx, user, contact, actor)
    return contact


async def _set_verified(tx: Tx, user: User, contact: Contact, actor: Actor) -> None:
    await people.set_contact_verified(tx, user.account_id, contact.id, actor.at)
    if is_own_address(user, contact):
        await people.set_verified(tx, user.account_id, user.id, actor.at)
    await audit.record(tx, actor, "verified", "contact", contact.id, contact.address)


def is_own_address(user: User, contact: Contact) -> bool:
    """Is it the address that the person signs in by? That contact stays."""
    return contact.method is ContactMethod.EMAIL and contact.address.lower() == user.username


async def verify(engine: Db, token: str, actor_at: Actor) -> Contact:
    """The contact that a mailed link verifies: whoever reads mails there said yes. Raises: NotFound."""
    async with engine.transaction() as tx:
        link = await service.lock_link(tx, token, VERIFICATION, actor_at.at)
        if link.contact_id is None:
            raise NotFound(N_("This link was used already, or is too old. Ask for a new one."))
        contact = await people.get_contact(tx, link.account_id, link.user_id, link.contact_id)
        user = await store.get_user(tx, link.account_id, link.user_id)
        await people.use_token(tx, link.account_id, link.token_hash, actor_at.at)
        actor = Actor(link.account_id, user.username, actor_at.at, user.id, actor_at.address, actor_at.request_id)
        await _set_verified(tx, user, contact, actor)
    return contact


async def set_enabled(db: Db, actor: Actor, user: User, contact_id: UUID, enabled: bool) -> Contact:
    """The contact, as it was. Raises: NotFound."""
    async with db.transaction() as tx:
        contact = await people.get_contact(tx, user.account_id, user.id, contact_id)
        await people.set_contact_enabled(tx, user.account_id, contact_id, enabled)
        before, after = {"enabled": contact.enabled}, {"enabled": enabled}
        await audit.record(tx, actor, "changed", "contact", contact_id, contact.address, before=before, after=after)
    return contact


def _check_not_own(user: User, contact: Contact) -> None:
    if is_own_address(user, contact):
        raise Conflict(N_("This is the address that signs in: it stays. It can be switched off."))


async def change_address(
    db: Db, reach: Reach, actor: Actor, user: User, where: Address, contact_id: UUID, address: str
) -> Contact:
    """The contact as it was; the new address is not verified yet, and the steps of rules go on with it.

    Raises: NotFound, Invalid, Conflict, also for the address that signs in, and for a webhook, whose secret would stay.
    """
    async with db.transaction() as tx:
        method = (await people.get_contact(tx, user.account_id, user.id, contact_id)).method
    if method in TELEPHONE:
        address = await _check_number(db, reach, user, method, address)
    else:
        address = check_address(method, address)
    async with db.transaction() as tx:
        await people.lock_user(tx, user.account_id, user.id)
        contact = await people.get_contact(tx, user.account_id, user.id, contact_id)
        if contact.address == address:
            return contact
        _check_not_own(user, contact)
        if method is ContactMethod.WEBHOOK:
            raise Conflict(N_("A webhook is not changed: add another one and remove this one."))
        if await people.find_contact(tx, user.account_id, user.id, method, address) is not None:
            raise Conflict(N_("You have this contact already."), {"address": N_("You have this contact already.")})
        await people.set_contact_address(tx, user.account_id, contact_id, address)
        if method is ContactMethod.EMAIL:
            await _send_verification(tx, actor, user, replace(contact, address=address, verified_at=None), where)
        before, after = {"address": contact.address}, {"address": address}
        await audit.record(tx, actor, "changed", "contact", contact_id, address, before=before, after=after)
    return contact


async def remove(db: Db, actor: Actor, user: User, contact_id: UUID) -> Contact:
    """The contact that is gone, and with it the steps of rules that named it. Raises: NotFound, Conflict."""
    async with db.transaction() as tx:
        contact = await people.get_contact(tx, user.account_id, user.id, contact_id)
        _check_not_own(user, contact)
        await people.delete_contact(tx, user.account_id, contact_id)
        await audit.record(
            tx, actor, "removed", "contact", contact_id, contact.address, before={"method": contact.method}
        )
    return contact
