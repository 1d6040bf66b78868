"""The first account: on an empty database, everything it takes for an alert to reach somebody."""

import os
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from argon2 import PasswordHasher

from tocsin.accounts import store
from tocsin.accounts.model import is_key
from tocsin.billing import service as billing
from tocsin.db import Db
from tocsin.errors import Invalid
from tocsin.escalations.new_account import furnish, new_owner
from tocsin.settings import Settings

LOCK = 7_450_264  # any number, the same for every starter
ACCOUNT_NAME = "Tocsin"
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that look like another


@dataclass(frozen=True, slots=True)
class FirstLogin:
    """What is shown once and never again. `password` is None when the operator had chosen it."""

    email: str
    password: str | None
    api_key: str


async def bootstrap(engine: Db, settings: Settings, at: datetime) -> FirstLogin | None:
    """Make the first account with its owner, team and API integration; None if there is an account already.

    All of it or nothing; of several starters at once, one does it. Raises: Invalid for settings that cannot be.
    """
    email = (settings.bootstrap_owner_email or "owner@localhost").strip().lower()
    api_key = settings.bootstrap_api_key or str(uuid4())
    _check(email, api_key)
    password = settings.bootstrap_owner_password or generate_password()
    async with engine.transaction() as tx:
        await tx.value("select pg_advisory_xact_lock(%(lock)s)", lock=LOCK)
        if await store.any_account(tx):
            return None
        hasher = PasswordHasher(settings.password_hash_passes, settings.password_hash_memory_kib, parallelism=1)
        hashed = hasher.hash(password)
        time_zone = machine_time_zone()
        account_id = await store.insert_account(tx, ACCOUNT_NAME, time_zone, "en", at)
        await billing.start_granted(tx, account_id, time_zone, at)
        owner = new_owner(account_id, email, "Owner", time_zone, "en", at)
        await furnish(tx, owner, hashed, api_key, at)
        await store.insert_operator(tx, account_id, owner.id, at)
    return FirstLogin(email, None if settings.bootstrap_owner_password else password, api_key)


def _check(email: str, api_key: str) -> None:
    if not all(email.partition("@")) or any(character.isspace() for character in email):
        raise Invalid(f"TOCSIN_BOOTSTRAP_OWNER_EMAIL is not an e-mail address: {email}")
    if not is_key(api_key):
        raise Invalid("TOCSIN_BOOTSTRAP_API_KEY must look like a UUID, e.g. 8c2f0f5e-5c11-4f6e-9f4b-1f6f7f0a2b3c.")


def generate_password() -> str:
    """Easy to type, about 79 bits."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(4))


def machine_time_zone() -> str:
    """The IANA name of the machine's time zone; UTC where it has none that we know."""
    candidates = [os.environ.get("TZ", "").removeprefix(":")]
    zone_file = Path("/etc/timezone")
    if zone_file.exists():
        candidates.append(zone_file.read_text().strip())
    candidates.append(str(Path("/etc/localtime").resolve()).partition("zoneinfo/")[2])
    for name in candidates:
        try:
            if name and ZoneInfo(name):
                return "UTC" if name in {"Etc/UTC", "Etc/Universal", "Universal", "UCT", "Zulu"} else name
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    return "UTC"
