"""How a person signs in: password, app, passkeys, sessions. Each change is told by mail.

A person changes it himself; only what was lost, an owner or admin can remove for him.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from tocsin import crypto
from tocsin.accounts import audit, store
from tocsin.accounts.audit import Actor
from tocsin.accounts.model import User
from tocsin.accounts.people import letters, service
from tocsin.accounts.people import store as people
from tocsin.accounts.people.letters import Address
from tocsin.accounts.sign_in import factors_store, passkeys, throttle, totp
from tocsin.accounts.sign_in import service as sign_in
from tocsin.accounts.sign_in import store as sign_in_store
from tocsin.accounts.sign_in.factors_store import Passkey, Totp
from tocsin.accounts.sign_in.passkeys import Site
from tocsin.accounts.sign_in.passwords import Passwords, check_new_password
from tocsin.db import Db, Tx
from tocsin.errors import Conflict, Invalid, NotFound
from tocsin.i18n import N_

RESET = "password-reset"
MOST_PASSKEYS = 20


async def change_password(
    db: Db, passwords: Passwords, actor: Actor, user: User, where: Address, password: str, *, keep: UUID
) -> None:
    """A new password; every session but `keep` ends. Raises: Invalid."""
    check_new_password(password, user.username)
    password_hash = await passwords.hash(password)
    async with db.transaction() as tx:
        await _set_password(tx, actor, user, where, password_hash, keep)


async def _set_password(
    tx: Tx, actor: Actor, user: User, where: Address, password_hash: str, keep: UUID | None
) -> None:
    await sign_in_store.set_password_hash(tx, user.account_id, user.id, password_hash)
    await sign_in_store.delete_sessions(tx, user.account_id, user.id, keep=keep)
    await people.use_tokens(tx, user.account_id, user.id, RESET, actor.at)
    await _tell(tx, actor, user, where, "changed the password of", N_("Your password was changed."))


async def request_reset(engine: Db, username: str, base_url: str, *, address: str, at: datetime) -> None:
    """Mails a link to whoever has this username, in each account; nothing happens for an unknown one.

    Raises: Throttled.
    """
    name = username.strip().lower()[:200]
    limits = {f"reset:{name}": throttle.MAILS, f"reset-address:{address}": throttle.ADDRESS}
    await sign_in.count_try(engine, limits, at)
    async with engine.transaction() as tx:
        for candidate in await sign_in_store.list_candidates(tx, name):
            user = await store.get_user(tx, candidate.account_id, candidate.user_id)
            token = await service.issue(tx, user, RESET, at, at + letters.RESET_LASTS)
            await letters.send_reset(tx, user, token, Address(candidate.account_name, base_url), at)


async def reset_password(
    engine: Db, passwords: Passwords, token: str, password: str, base_url: str, asked: Actor
) -> None:
    """A new password by a mailed link; every session ends, and the address is verified by it.

    `asked` says when and from where. Raises: NotFound for a link that is not good, Invalid.
    """
    user = await service.find_link(engine, token, RESET, asked.at)
    check_new_password(password, user.username)
    password_hash = await passwords.hash(password)
    async with engine.transaction() as tx:
        await service.lock_link(tx, token, RESET, asked.at)
        account = await store.get_account(tx, user.account_id)
        actor = Actor(user.account_id, user.username, asked.at, user.id, asked.address, asked.request_id)
        await people.set_verified(tx, user.account_id, user.id, asked.at)
        await _set_password(tx, actor, user, Address(account.name, base_url), password_hash, None)


async def start_totp(db: Db, key: bytes, user: User) -> str:
    """The secret for the person's app, which counts once a code of it was typed.

    The same one until then, so that a page that is opened twice shows one QR code. Raises: Conflict.
    """
    async with db.transaction() as tx:
        known = await factors_store.lock_totp(tx, user.account_id, user.id)
        if known.totp_confirmed_at is not None:
            raise Conflict(N_("You use an authenticator app already."))
        if known.totp_secret is not None:
            return crypto.unseal(key, sign_in.TOTP_PURPOSE, known.totp_secret).decode()
        secret = totp.new_secret()
        sealed = crypto.seal(key, sign_in.TOTP_PURPOSE, secret.encode())
        await factors_store.save_totp(tx, user.account_id, user.id, Totp(sealed, None, None))
    return secret


async def confirm_totp(
    db: Db, engine: Db, key: bytes, actor: Actor, user: User, where: Address, code: str
) -> list[str]:
    """The app counts from now on; its recovery codes, shown this once. Raises: Invalid, Conflict, Throttled."""
    subject = f"totp:{user.id}"
    await sign_in.count_try(engine, {subject: throttle.SECOND_FACTOR}, actor.at)
    async with db.transaction() as tx:
        known = await factors_store.lock_totp(tx, user.account_id, user.id)
        if known.totp_confirmed_at is not None:
            raise Conflict(N_("You use an authenticator app already."))
        if not await sign_in.use_totp(tx, key, user.account_id, user.id, code, actor.at):
            raise Invalid(
                N_("That is not the code."),
                {"code": N_("This is not the code of now. Look at the app again; its clock must be right.")},
            )
        codes = await _new_codes(tx, user)
        said = N_("An authenticator app was added: signing in needs its code.")
        await _tell(tx, actor, user, where, "added an authenticator app for", said)
    await sign_in.forgive(engine, actor.at, all_of=(subject,))
    return codes


async def renew_recovery_codes(db: Db, actor: Actor, user: User, where: Address) -> list[str]:
    """New codes; those before are not good any more. Raises: Conflict without an app."""
    async with db.transaction() as tx:
        known = await factors_store.lock_totp(tx, user.account_id, user.id)
        if known.totp_confirmed_at is None:
            raise Conflict(N_("You use no authenticator app."))
        codes = await _new_codes(tx, user)
        said = N_("New recovery codes were made; the ones before are not good any more.")
        await _tell(tx, actor, user, where, "renewed the recovery codes of", said)
    return codes


async def _new_codes(tx: Tx, user: User) -> list[str]:
    codes = totp.new_recovery_codes()
    hashes = [totp.recovery_hash(code) for code in codes]
    await factors_store.replace_recovery_codes(tx, user.account_id, user.id, hashes)
    return codes


async def remove_totp(db: Db, actor: Actor, user: User, where: Address) -> None:
    """Signing in needs no code any more."""
    async with db.transaction() as tx:
        known = await factors_store.lock_totp(tx, user.account_id, user.id)
        await factors_store.save_totp(tx, user.account_id, user.id, Totp(None, None, None))
        await factors_store.replace_recovery_codes(tx, user.account_id, user.id, [])
        if known.totp_confirmed_at is not None:
            said = N_("The authenticator app was removed: signing in needs no code any more.")
            await _tell(tx, actor, user, where, "removed the authenticator app of", said)


async def add_passkey(
    db: Db, actor: Actor, user: User, where: Address, site: Site, credential: str, challenge: bytes, name: str
) -> Passkey:
    """The new passkey. Raises: Invalid, Conflict."""
    passkey = passkeys.new_passkey(site, user, credential, challenge, name, actor.at)
    async with db.transaction() as tx:
        await people.lock_user(tx, user.account_id, user.id)
        known = await factors_store.list_passkeys(tx, user.account_id, user.id)
        if len(known) >= MOST_PASSKEYS:
            raise Conflict(N_("You have 20 passkeys, which is the most. Remove one first."))
        if any(one.credential_id == passkey.credential_id for one in known):
            raise Conflict(N_("You have this passkey already."))
        await factors_store.insert_passkey(tx, passkey)
        said = N_("A passkey was added.")
        await _tell(tx, actor, user, where, "added a passkey for", said, after={"passkey": passkey.name})
    return passkey


async def rename_passkey(db: Db, actor: Actor, user: User, passkey_id: UUID, name: str) -> None:
    """Raises: NotFound, Invalid."""
    if not name or len(name) > passkeys.NAME_LENGTH:
        raise Invalid(N_("A passkey's name has 1 to 60 characters."))
    async with db.transaction() as tx:
        before = await _get_passkey(tx, user, passkey_id)
        await factors_store.rename_passkey(tx, user.account_id, user.id, passkey_id, name)
        await audit.record(
            tx, actor, "renamed a passkey of", "user", user.id, user.username,
            before={"passkey": before.name}, after={"passkey": name},
        )  # fmt: skip


async def remove_passkey(db: Db, actor: Actor, user: User, where: Address, passkey_id: UUID) -> None:
    """Raises: NotFound."""
    async with db.transaction() as tx:
        passkey = await _get_passkey(tx, user, passkey_id)
        await factors_store.delete_passkey(tx, user.account_id, user.id, passkey_id)
        said = N_("A passkey was removed.")
        await _tell(tx, actor, user, where, "removed a passkey of", said, before={"passkey": passkey.name})


async def _get_passkey(tx: Tx, user: User, passkey_id: UUID) -> Passkey:
    for passkey in await factors_store.list_passkeys(tx, user.account_id, user.id):
        if passkey.id == passkey_id:
            return passkey
    raise NotFound(N_("There is no such passkey."))


async def remove_lost_factors(db: Db, actor: Actor, by: User, user_id: UUID, where: Address) -> User:
    """Somebody has lost his phone: his password is enough again, and he is signed out everywhere.

    Raises: NotFound, Forbidden, Conflict for oneself or where there is nothing to remove.
    """
    if user_id == by.id:
        raise Conflict(N_("Change your own way to sign in under Profile, Security."))
    async with db.transaction() as tx:
        user = await people.lock_user(tx, actor.account_id, user_id)
        service.check_grantable(by.role, user.role)
        totp_since = (await factors_store.lock_totp(tx, user.account_id, user.id)).totp_confirmed_at
        names = await factors_store.delete_factors(tx, user.account_id, user.id)
        if totp_since is None and not names:
            raise Conflict(N_("This person signs in by password alone: there is no second factor to remove."))
        await sign_in_store.delete_sessions(tx, user.account_id, user.id)
        before = {"authenticator_app": totp_since is not None, "passkeys": names}
        await audit.record(tx, actor, "removed the second factor of", "user", user.id, user.username, before=before)
        said = N_(
            "Your authenticator app and passkeys were removed, because they were said to be lost: your password alone "
            "lets you in. You were signed out everywhere. Add an app or a passkey again soon."
        )
        await letters.send_notice(tx, user, said, where, actor.at, by=by.full_name or by.username)
    return user


async def end_session(db: Db, user: User, session_id: UUID) -> None:
    """One browser is signed out. Raises: NotFound."""
    async with db.transaction() as tx:
        if not await sign_in_store.delete_session(tx, user.account_id, user.id, session_id):
            raise NotFound(N_("There is no such session."))


async def end_other_sessions(db: Db, user: User, keep: UUID) -> int:
    """How many browsers were signed out: all but this one."""
    async with db.transaction() as tx:
        return await sign_in_store.delete_sessions(tx, user.account_id, user.id, keep=keep)


async def _tell(
    tx: Tx,
    actor: Actor,
    user: User,
    where: Address,
    action: str,
    said: str,
    *,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
) -> None:
    await audit.record(tx, actor, action, "user", user.id, user.username, before=before, after=after)
    await letters.send_notice(tx, user, said, where, actor.at)
