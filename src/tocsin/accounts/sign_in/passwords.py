"""Passwords: argon2 in a few threads of its own, so that a flood of sign-ins cannot take the machine."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from tocsin.errors import Invalid, Unavailable
from tocsin.i18n import N_

MIN_LENGTH = 10
MAX_LENGTH = 200  # a person's longest; hashing costs the same for any length, but reading does not
WAITING_PER_THREAD = 20


class Passwords(Protocol):
    """Makes and checks password hashes."""

    async def hash(self, password: str) -> str: ...

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Is it the password? Without a hash (nobody has that name) it costs the same, and is not."""
        ...

    def is_outdated(self, password_hash: str) -> bool: ...


class Argon2Passwords:
    """argon2id in a pool of `concurrency` threads; whoever would wait too long is told to come back."""

    def __init__(self, *, concurrency: int, memory_kib: int, passes: int) -> None:
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=1)
        self._pool = ThreadPoolExecutor(concurrency, thread_name_prefix="argon2")
        self._waiting = 0
        self._most = concurrency * WAITING_PER_THREAD
        self._nobody: str | None = None

    async def hash(self, password: str) -> str:
        """The hash to keep. Raises: Unavailable when too many wait."""
        return await self._run(password)

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Is it the password of `password_hash`? Raises: Unavailable when too many wait."""
        if self._nobody is None:
            self._nobody = await self._run("nobody's password")
        return await self._check(password_hash or self._nobody, password) and password_hash is not None

    def is_outdated(self, password_hash: str) -> bool:
        """Was it made with other parameters than we use now?"""
        return self._hasher.check_needs_rehash(password_hash)

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _run(self, password: str) -> str:
        self._enter()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, self._hasher.hash, password)
        finally:
            self._waiting -= 1

    async def _check(self, password_hash: str, password: str) -> bool:
        self._enter()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, self._verify, password_hash, password)
        finally:
            self._waiting -= 1

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False

    def _enter(self) -> None:
        if self._waiting >= self._most:
            raise Unavailable(N_("Too many people are signing in right now. Try again in a few seconds."))
        self._waiting += 1


def check_new_password(password: str, username: str) -> None:
    """Raises: Invalid for a password that is too short, too long or the name itself. No other rules: length counts."""
    if len(password) < MIN_LENGTH:
        raise Invalid(N_("Choose a longer password."), {"password": N_("It needs at least 10 characters.")})
    if len(password) > MAX_LENGTH:
        raise Invalid(N_("Choose a shorter password."), {"password": N_("It may have at most 200 characters.")})
    if password.casefold() in {username.casefold(), username.partition("@")[0].casefold()}:
        raise Invalid(N_("Choose another password."), {"password": N_("It must not be your own name or address.")})
