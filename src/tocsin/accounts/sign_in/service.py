"""Signing in and out: a password, a second factor, a session. Tries are counted before they are judged."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from uuid import UUID, uuid4

from tocsin import crypto
from tocsin.accounts.sign_in import factors_store, store, throttle, totp
from tocsin.accounts.sign_in.model import Browser, Session
from tocsin.accounts.sign_in.passwords import MAX_LENGTH, Passwords
from tocsin.accounts.sign_in.store import Candidate
from tocsin.accounts.sign_in.throttle import Limit
from tocsin.db import Db, Tx
from tocsin.errors import NotFound, Throttled
from tocsin.i18n import N_

TOTP_PURPOSE = "totp"
SECOND_FACTOR_LASTS = timedelta(minutes=10)
DEVICE_LASTS = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whose password was right; `has_totp` says whether that is enough."""

    account_id: int
    user_id: UUID
    has_totp: bool


async def check_password(
    engine: Db,
    passwords: Passwords,
    username: str,
    password: str,
    *,
    address: str,
    device: str = "",
    at: datetime,
) -> list[Candidate]:
    """Whose password it is, in each account where it is somebody's; empty for nobody's.

    Whether the name exists cannot be told from the answer, nor from the work it takes. `device` names a browser
    that this person signed in from before: its tries are counted apart, so that strangers cannot lock him out.
    Raises: Throttled, Unavailable.
    """
    name = username.strip().lower()[:MAX_LENGTH]
    by_name = f"device:{device}" if device else f"user:{name}"
    by_address = f"address:{address}"
    await count_try(engine, {by_name: throttle.USERNAME, by_address: throttle.ADDRESS}, at)
    async with engine.transaction() as tx:
        candidates = await store.list_candidates(tx, name)
    typed = password[: MAX_LENGTH + 1]
    right: list[Candidate] = []
    for candidate in candidates:
        if await passwords.verify(candidate.password_hash, typed):
            right.append(candidate)
    if not candidates:
        await passwords.verify(None, typed)
    if right:
        await forgive(engine, at, all_of=(by_name,), one_of=(by_address,))
        await _renew_hashes(engine, passwords, right, typed)
    return right


async def _renew_hashes(engine: Db, passwords: Passwords, candidates: list[Candidate], password: str) -> None:
    """Hashes made with older parameters are made anew, now that the password is at hand."""
    for candidate in candidates:
        if candidate.password_hash is not None and passwords.is_outdated(candidate.password_hash):
            renewed = await passwords.hash(password)
            async with engine.transaction() as tx:
                await store.set_password_hash(tx, candidate.account_id, candidate.user_id, renewed)


async def check_own_password(
    engine: Db, passwords: Passwords, account_id: int, user_id: UUID, password: str, at: datetime
) -> bool:
    """Is it the password of somebody who is signed in? Tries are counted as his own. Raises: Throttled."""
    subject = f"own:{user_id}"
    await count_try(engine, {subject: throttle.USERNAME}, at)
    async with engine.transaction() as tx:
        password_hash = await store.find_password_hash(tx, account_id, user_id)
    right = await passwords.verify(password_hash, password[: MAX_LENGTH + 1])
    if right:
        await forgive(engine, at, all_of=(subject,))
    return right


async def check_second_factor(engine: Db, key: bytes, account_id: int, user_id: UUID, code: str, at: datetime) -> bool:
    """Is it the app's code of now, or an unused recovery code? Either works once. Raises: Throttled."""
    subject = f"totp:{user_id}"
    await count_try(engine, {subject: throttle.SECOND_FACTOR}, at)
    async with engine.transaction() as tx:
        right = await use_totp(tx, key, account_id, user_id, code, at) or await factors_store.use_recovery_code(
            tx, account_id, user_id, totp.recovery_hash(code), at
        )
    if right:
        await forgive(engine, at, all_of=(subject,))
    return right


async def use_totp(tx: Tx, key: bytes, account_id: int, user_id: UUID, code: str, at: datetime) -> bool:
    """Is it a code of the person's app that was not used yet? It is used now."""
    known = await factors_store.lock_totp(tx, account_id, user_id)
    if known.totp_secret is None:
        return False
    step = totp.matching_step(crypto.unseal(key, TOTP_PURPOSE, known.totp_secret).decode(), code, at)
    if step is None or (known.totp_last_step is not None and step <= known.totp_last_step):
        return False
    confirmed_at = known.totp_confirmed_at or at
    await factors_store.save_totp(tx, account_id, user_id, factors_store.Totp(known.totp_secret, confirmed_at, step))
    return True


async def open_session(tx: Tx, account_id: int, user_id: UUID, browser: Browser, at: datetime, days: int) -> str:
    """The token of a new session: the cookie's value, kept nowhere else."""
    token = crypto.new_token()
    session = Session(
        account_id=account_id,
        id=uuid4(),
        user_id=user_id,
        csrf_token=secrets.token_urlsafe(32),
        created_at=at,
        last_seen_at=at,
        expires_at=at + timedelta(days=days),
        confirmed_at=at,
        user_agent=browser.user_agent,
        address=browser.address,
    )
    await store.insert_session(tx, session, crypto.token_hash(token))
    return token


async def count_try(engine: Db, limits: Mapping[str, Limit], at: datetime) -> None:
    """Count a try of each subject, before it is known how it ends; so tries at once, on any machines, all count.

    Raises: Throttled, with the seconds to wait; a try that is turned away is not counted.
    """
    async with engine.transaction() as tx:
        for subject in sorted(limits):
            await store.lock_subject(tx, subject)
        for subject, limit in limits.items():
            failures = await store.list_failures(tx, subject, at - throttle.WINDOW)
            until = throttle.wait_until(limit, failures, at)
            if until is not None:
                seconds = ceil((until - at).total_seconds())
                raise Throttled(N_("Too many tries."), reason="SIGN-IN", period_seconds=seconds)
        for subject in limits:
            await store.insert_failure(tx, subject, at)


async def forgive(engine: Db, at: datetime, *, all_of: tuple[str, ...] = (), one_of: tuple[str, ...] = ()) -> None:
    """A try ended well: forget every failure of some subjects, and this one try of others."""
    async with engine.transaction() as tx:
        for subject in all_of:
            await store.delete_failures(tx, subject)
        for subject in one_of:
            await store.delete_failures(tx, subject, at)


def sign_person(key: bytes, purpose: str, persons: list[Person], at: datetime) -> str:
    """For a cookie or a form: who showed the right password, for the next step of signing in."""
    payload = json.dumps([[person.account_id, str(person.user_id), person.has_totp] for person in persons])
    return crypto.sign(key, purpose, payload, at + SECOND_FACTOR_LASTS)


def unsign_person(key: bytes, purpose: str, signed: str, at: datetime) -> list[Person]:
    """Who showed the right password. Raises: NotFound if that is too long ago, or forged."""
    return [
        Person(account_id, UUID(user_id), has_totp)
        for account_id, user_id, has_totp in json.loads(crypto.unsign(key, purpose, signed, at))
    ]


def sign_device(key: bytes, username: str, at: datetime) -> str:
    """For a cookie: this browser has signed this person in."""
    return crypto.sign(key, "device", f"{secrets.token_urlsafe(12)} {username}", at + DEVICE_LASTS)


def device_for(key: bytes, signed: str, username: str, at: datetime) -> str:
    """The browser's name if it has signed this person in before, else nothing."""
    try:
        device, _, known = crypto.unsign(key, "device", signed, at).partition(" ")
    except NotFound:
        return ""
    return device if known == username.strip().lower() else ""
