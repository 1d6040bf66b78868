"""People come, change and go: invitations, roles, suspending, their profiles."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from email.headerregistry import Address as MailAddress
from typing import Protocol
from uuid import UUID, uuid4
from zoneinfo import available_timezones

from tocsin import crypto, i18n
from tocsin.accounts import audit, operators_store, store
from tocsin.accounts.audit import Actor
from tocsin.accounts.gate import Gate
from tocsin.accounts.model import Contact, ContactMethod, CustomRole, LicenceKind, Particulars, Role, User, UserStatus
from tocsin.accounts.people import letters
from tocsin.accounts.people import store as people
from tocsin.accounts.people.letters import Address
from tocsin.accounts.people.store import Token
from tocsin.accounts.rights import grantable
from tocsin.accounts.sign_in import store as sign_in_store
from tocsin.db import Db, Tx, retried
from tocsin.errors import Conflict, Forbidden, InUse, Invalid, NotFound
from tocsin.i18n import N_

NAME_LENGTH = 100
ADDRESS_LENGTH = 254
INVITATION = "invitation"


class Authority(Protocol):
    """On whose authority people are changed: a person's, or a key's."""

    @property
    def id(self) -> UUID: ...
    @property
    def username(self) -> str: ...
    @property
    def full_name(self) -> str: ...
    @property
    def role(self) -> Role: ...


class Uses(Protocol):
    """Says where a person takes part, in words: who is named there cannot be deleted."""

    async def __call__(self, tx: Tx, account_id: int, user_id: UUID, at: datetime) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class Profile:
    """What a person says about himself."""

    full_name: str
    time_zone: str
    locale: str


def check_profile(profile: Profile) -> None:
    """Raises: Invalid, with what is wrong by field."""
    errors = {}
    if not profile.full_name:
        errors["full_name"] = N_("A name is needed: colleagues look for it at night.")
    elif len(profile.full_name) > NAME_LENGTH:
        errors["full_name"] = N_("A name may have at most 100 characters.")
    if profile.time_zone not in available_timezones():
        errors["time_zone"] = N_("There is no such time zone.")
    if profile.locale not in i18n.LOCALES:
        errors["locale"] = N_("There is no such language.")
    if errors:
        raise Invalid(N_("Something is not right yet."), errors)


def mail_address(text: str, field: str = "email") -> str:
    """`text` as an e-mail address; its case stays. Raises: Invalid."""
    address = text.strip()
    try:
        parsed = MailAddress(addr_spec=address)
    except (ValueError, IndexError):
        parsed = None
    if parsed is None or not parsed.username or not parsed.domain or len(address) > ADDRESS_LENGTH:
        raise Invalid(
            N_("Something is not right yet."),
            {field: N_("This is not an e-mail address. One looks like ana@example.com.")},
        )
    return address


def role_named(text: str) -> Role:
    """Raises: Invalid."""
    try:
        return Role(text)
    except ValueError:
        raise Invalid(N_("Something is not right yet."), {"role": N_("There is no such role.")}) from None


def licence_of(role: Role) -> LicenceKind:
    """A stakeholder is told and not counted; everybody else may respond."""
    return LicenceKind.STAKEHOLDER if role is Role.STAKEHOLDER else LicenceKind.RESPONDER


async def invite(
    db: Db,
    gate: Gate,
    actor: Actor,
    by: Authority,
    where: Address,
    *,
    email: str,
    role: Role,
    time_zone: str,
    locale: str,
    custom: CustomRole | None = None,
    full_name: str = "",
    particulars: Particulars | None = None,
    mails: bool = True,
    furnish: Callable[[Tx, Contact], Awaitable[None]] | None = None,
) -> User:
    """The invited person, and a mail on its way to him; he takes a seat when he accepts. Source: CHOICE-38

    His address is a contact that is not verified yet; `furnish` adds what else he begins with. Without `mails` nobody
    writes to him. Raises: Invalid, Conflict, Forbidden, PlanRequired where there is no room for him.
    """
    check_grantable(by.role, role)
    username = mail_address(email).lower()
    user = User(
        account_id=actor.account_id,
        id=uuid4(),
        username=username,
        full_name=full_name,
        role=role,
        licence_kind=licence_of(role),
        status=UserStatus.INVITED,
        time_zone=time_zone,
        locale=locale,
        created_at=actor.at,
        role_id=custom.id if custom is not None else None,
    )
    contact = Contact(user.account_id, uuid4(), user.id, ContactMethod.EMAIL, username, True, None, actor.at)
    async with db.transaction() as tx:
        if await store.find_user_by_username(tx, actor.account_id, username) is not None:
            raise Conflict(
                N_("Somebody with this address is in the account already."),
                {"email": N_("Somebody with this address is in the account already.")},
            )
        await gate.require_room(tx, actor.account_id, user.licence_kind, actor.at, comes=False)
        await store.insert_user(tx, user, None)
        if particulars is not None:
            await people.set_particulars(tx, user.account_id, user.id, particulars)
        await store.insert_contact(tx, contact)
        if furnish is not None:
            await furnish(tx, contact)
        if mails:
            await _send_invitation(tx, actor, by, user, where)
        after = {"role": custom.name if custom is not None else role}
        await audit.record(tx, actor, "invited", "user", user.id, username, after=after)
    return user


async def invite_again(db: Db, actor: Actor, by: Authority, where: Address, user_id: UUID) -> None:
    """Another invitation mail; the link of the one before is not good any more. Raises: NotFound, Conflict."""
    async with db.transaction() as tx:
        user = await _lock_invited(tx, actor.account_id, user_id)
        await people.use_tokens(tx, actor.account_id, user_id, INVITATION, actor.at)
        await _send_invitation(tx, actor, by, user, where)


async def withdraw(db: Db, actor: Actor, user_id: UUID) -> None:
    """The invitation is off, and the person was never here. Raises: NotFound, Conflict."""
    async with db.transaction() as tx:
        user = await _lock_invited(tx, actor.account_id, user_id)
        await people.delete_user(tx, actor.account_id, user_id)
        await audit.record(tx, actor, "withdrew the invitation of", "user", user.id, user.username)


async def _lock_invited(tx: Tx, account_id: int, user_id: UUID) -> User:
    user = await people.lock_user(tx, account_id, user_id)
    if user.status is not UserStatus.INVITED:
        raise Conflict(N_("This person has accepted the invitation already."))
    return user


async def _send_invitation(tx: Tx, actor: Actor, by: Authority, user: User, where: Address) -> None:
    token = await issue(tx, user, INVITATION, actor.at, actor.at + letters.INVITATION_LASTS)
    await letters.send_invitation(tx, user, token, by.full_name or by.username, where, actor.at)


async def issue(
    tx: Tx, user: User, purpose: str, at: datetime, expires_at: datetime, contact_id: UUID | None = None
) -> str:
    """The token of a new one-time link."""
    token = crypto.new_token()
    kept = Token(user.account_id, crypto.token_hash(token), user.id, contact_id, purpose, expires_at)
    await people.insert_token(tx, kept, at)
    return token


async def find_link(engine: Db, token: str, purpose: str, at: datetime) -> User:
    """Whom a one-time link is for. Raises: NotFound if it was used, is too old, or never was."""
    async with engine.transaction() as tx:
        link = await lock_link(tx, token, purpose, at)
        return await store.get_user(tx, link.account_id, link.user_id)


async def lock_link(tx: Tx, token: str, purpose: str, at: datetime) -> Token:
    """The link, locked; the engine role asks. Raises: NotFound."""
    link = await people.lock_token(tx, crypto.token_hash(token), purpose, at)
    if link is None:
        raise NotFound(N_("This link was used already, or is too old. Ask for a new one."))
    return link


async def accept_invitation(
    tx: Tx, gate: Gate, token: str, profile: Profile, password_hash: str, at: datetime
) -> tuple[User, Contact]:
    """The person who is in now, and his address as a verified contact: he got the mail there.

    Raises: NotFound, PlanRequired where every seat has been taken meanwhile.
    """
    link = await lock_link(tx, token, INVITATION, at)
    account_id, user_id = link.account_id, link.user_id
    user = await people.lock_user(tx, account_id, user_id)
    await gate.require_room(tx, account_id, user.licence_kind, at)
    await people.use_tokens(tx, account_id, user_id, INVITATION, at)
    await people.set_profile(
        tx, account_id, user_id, full_name=profile.full_name, time_zone=profile.time_zone, locale=profile.locale
    )
    await people.set_status(tx, account_id, user_id, UserStatus.ACTIVE)
    await people.set_verified(tx, account_id, user_id, at)
    await sign_in_store.set_password_hash(tx, account_id, user_id, password_hash)
    contact = await _own_address(tx, user, at)
    actor = Actor(account_id, user.username, at, user_id)
    await audit.record(tx, actor, "accepted the invitation", "user", user_id, user.username)
    return await store.get_user(tx, account_id, user_id), contact


async def _own_address(tx: Tx, user: User, at: datetime) -> Contact:
    """The person's own address, as a contact that is verified now."""
    found = await people.find_contact(tx, user.account_id, user.id, ContactMethod.EMAIL, user.username)
    if found is not None:
        await people.set_contact_verified(tx, user.account_id, found.id, at)
        return replace(found, verified_at=at)
    contact = Contact(user.account_id, uuid4(), user.id, ContactMethod.EMAIL, user.username, True, at, at)
    await store.insert_contact(tx, contact)
    return contact


@retried
async def change_role(
    db: Db, gate: Gate, actor: Actor, by: Authority, user_id: UUID, role: Role, custom: CustomRole | None = None
) -> User:
    """The person as he was before; another kind of licence counts from now on. `role` is what `custom` is based on.

    Raises: NotFound, Forbidden, Conflict where no owner would be left, PlanRequired where there is no room.
    """
    async with db.transaction() as tx:
        user, before, after = await _change_role(tx, gate, actor, by, user_id, role, custom)
        await audit.record(tx, actor, "changed", "user", user_id, user.username, before=before, after=after)
    return user


async def _change_role(
    tx: Tx, gate: Gate, actor: Actor, by: Authority, user_id: UUID, role: Role, custom: CustomRole | None
) -> tuple[User, dict[str, object], dict[str, object]]:
    """The person as he was, and the change for the audit log."""

    def check(user: User) -> None:
        check_grantable(by.role, user.role)
        check_grantable(by.role, role)

    user = await _lock_and_check(tx, actor, user_id, check, loses_owner=role is not Role.OWNER)
    if licence_of(role) is not user.licence_kind and user.status is UserStatus.ACTIVE:
        await gate.require_room(tx, actor.account_id, licence_of(role), actor.at)
    before = await _role_name(tx, user)
    await people.set_role(tx, actor.account_id, user_id, role, licence_of(role), custom.id if custom else None)
    await gate.settle(tx, actor.account_id, actor.at)
    return user, {"role": before}, {"role": custom.name if custom else role}


async def _role_name(tx: Tx, user: User) -> str:
    if user.role_id is None:
        return user.role
    return (await people.get_role(tx, user.account_id, str(user.role_id), "id")).name


@dataclass(frozen=True, slots=True)
class Change:
    """What is to become of a person; None: as it is."""

    profile: Profile | None = None
    role: Role | None = None
    custom: CustomRole | None = None  # with `role`, which it is based on
    particulars: Particulars | None = None


@retried
async def change_user(db: Db, gate: Gate, actor: Actor, by: Authority, user_id: UUID, change: Change) -> User:
    """The person as he was before. Raises: Invalid, and as `change_role`."""
    async with db.transaction() as tx:
        before: dict[str, object] = {}
        after: dict[str, object] = {}
        user = await people.lock_user(tx, actor.account_id, user_id)
        custom_id = change.custom.id if change.custom else None
        if change.role is not None and (change.role, custom_id) != (user.role, user.role_id):
            _, before, after = await _change_role(tx, gate, actor, by, user_id, change.role, change.custom)
        if change.profile is not None:
            before |= asdict(Profile(user.full_name, user.time_zone, user.locale))
            after |= asdict(change.profile)
            await people.set_profile(tx, user.account_id, user_id, **asdict(change.profile))
        if change.particulars is not None:
            before |= asdict(await people.get_particulars(tx, user.account_id, user_id))
            after |= asdict(change.particulars)
            await people.set_particulars(tx, user.account_id, user_id, change.particulars)
        await audit.record(tx, actor, "changed", "user", user_id, user.username, before=before, after=after)
    return user


@retried
async def delete(engine: Db, gate: Gate, actor: Actor, by: Authority, user_id: UUID, uses: Uses) -> User:
    """The person who is gone with all that is his; the seat is free. The log of alerts keeps the name.

    Raises: NotFound, Forbidden, Conflict (nobody deletes himself, the last owner or the last operator), InUse.
    """
    if user_id == by.id:
        raise Conflict(N_("Nobody can delete himself."))
    async with engine.transaction() as tx:
        user = await _lock_and_check(
            tx, actor, user_id, lambda user: check_grantable(by.role, user.role), loses_owner=True
        )
        if await operators_store.lock_operators(tx) == [(actor.account_id, user_id)]:
            raise Conflict(N_("The server needs an operator: name somebody else first."))
        if found := await uses(tx, actor.account_id, user_id, actor.at):
            raise InUse(
                N_("%(who)s takes part in %(where)s. Take them out there first."),
                params={"who": user.username, "where": ", ".join(found)},
            )
        before = {"full_name": user.full_name, "role": await _role_name(tx, user), "status": user.status}
        await people.delete_user(tx, actor.account_id, user_id)
        await gate.settle(tx, actor.account_id, actor.at)
        await audit.record(tx, actor, "deleted", "user", user_id, user.username, before=before)
    return user


@retried
async def suspend(engine: Db, gate: Gate, actor: Actor, by: Authority, user_id: UUID) -> User:
    """The person is signed out everywhere and cannot come back in. Raises: NotFound, Forbidden, Conflict."""
    if user_id == by.id:
        raise Conflict(N_("Nobody can suspend himself."))
    async with engine.transaction() as tx:
        user = await _lock_and_check(
            tx, actor, user_id, lambda user: check_grantable(by.role, user.role), loses_owner=True
        )
        if user.status is not UserStatus.ACTIVE:
            raise Conflict(N_("Only somebody who is active can be suspended."))
        if await operators_store.lock_operators(tx) == [(actor.account_id, user_id)]:
            raise Conflict(N_("The server needs an operator: name somebody else first."))
        await people.set_status(tx, actor.account_id, user_id, UserStatus.SUSPENDED)
        await sign_in_store.delete_sessions(tx, actor.account_id, user_id)
        await gate.settle(tx, actor.account_id, actor.at)
        await audit.record(tx, actor, "suspended", "user", user_id, user.username)
    return user


@retried
async def reactivate(db: Db, gate: Gate, actor: Actor, by: Authority, user_id: UUID) -> User:
    """The person may sign in again, as he was. Raises: NotFound, Forbidden, Conflict, PlanRequired (no seat)."""
    async with db.transaction() as tx:
        user = await people.lock_user(tx, actor.account_id, user_id)
        check_grantable(by.role, user.role)
        if user.status is not UserStatus.SUSPENDED:
            raise Conflict(N_("Only somebody who is suspended can be reactivated."))
        await gate.require_room(tx, actor.account_id, user.licence_kind, actor.at)
        await people.set_status(tx, actor.account_id, user_id, UserStatus.ACTIVE)
        await audit.record(tx, actor, "reactivated", "user", user_id, user.username)
    return user


async def _lock_and_check(
    tx: Tx, actor: Actor, user_id: UUID, check: Callable[[User], None], *, loses_owner: bool
) -> User:
    owners = await people.lock_active_owners(tx, actor.account_id)
    user = await people.lock_user(tx, actor.account_id, user_id)
    check(user)
    if loses_owner and owners == [user_id]:
        raise Conflict(N_("The account needs an owner: make somebody else an owner first."))
    return user


def check_grantable(by: Role, role: Role) -> None:
    """May a person of role `by` change one of `role`? Raises: Forbidden."""
    if role not in grantable(by):
        raise Forbidden(N_("Only an owner can make, change or suspend an owner."))


async def save_profile(db: Db, actor: Actor, user: User, profile: Profile) -> None:
    """Raises: Invalid."""
    check_profile(profile)
    async with db.transaction() as tx:
        await people.set_profile(
            tx,
            user.account_id,
            user.id,
            full_name=profile.full_name,
            time_zone=profile.time_zone,
            locale=profile.locale,
        )
        before = {"full_name": user.full_name, "time_zone": user.time_zone, "locale": user.locale}
        after = {"full_name": profile.full_name, "time_zone": profile.time_zone, "locale": profile.locale}
        await audit.record(tx, actor, "changed", "user", user.id, user.username, before=before, after=after)
