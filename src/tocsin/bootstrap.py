"""The first account: on an empty database, everything it takes for an alert to reach somebody."""

import os
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from argon2 import PasswordHasher

from tocsin.accounts import store
from tocsin.accounts.model import (
    Contact,
    ContactMethod,
    Integration,
    LicenceKind,
    Role,
    User,
    UserStatus,
    is_key,
    key_hash,
)
from tocsin.billing import service as billing
from tocsin.db import Db, Tx
from tocsin.errors import Invalid
from tocsin.escalations.team_defaults import create_team
from tocsin.notifications import rules_store
from tocsin.settings import Settings

LOCK = 7_450_264  # any number, the same for every starter
ACCOUNT_NAME = "Tocsin"
TEAM_NAME = "Operations"
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
        owner_id = await _insert_owner(tx, account_id, email, hashed, time_zone, at)
        team = await create_team(tx, account_id, TEAM_NAME, [(owner_id, "admin")], time_zone=time_zone, at=at)
        await _insert_integration(tx, account_id, team.id, api_key, at)
    return FirstLogin(email, None if settings.bootstrap_owner_password else password, api_key)


def _check(email: str, api_key: str) -> None:
    if not all(email.partition("@")) or any(character.isspace() for character in email):
        raise Invalid(f"TOCSIN_BOOTSTRAP_OWNER_EMAIL is not an e-mail address: {email}")
    if not is_key(api_key):
        raise Invalid("TOCSIN_BOOTSTRAP_API_KEY must look like a UUID, e.g. 8c2f0f5e-5c11-4f6e-9f4b-1f6f7f0a2b3c.")


async def _insert_owner(tx: Tx, account_id: int, email: str, password_hash: str, time_zone: str, at: datetime) -> UUID:
    owner = User(
        account_id=account_id,
        id=uuid4(),
        username=email,
        full_name="Owner",
        role=Role.OWNER,
        licence_kind=LicenceKind.RESPONDER,
        status=UserStatus.ACTIVE,
        time_zone=time_zone,
        locale="en",
        created_at=at,
        verified_at=at,
    )
    contact = Contact(account_id, uuid4(), owner.id, ContactMethod.EMAIL, email, True, at, at)
    rule_id = uuid4()
    await store.insert_user(tx, owner, password_hash)
    await store.insert_operator(tx, account_id, owner.id, at)
    await store.insert_contact(tx, contact)
    await rules_store.insert_rule(
        tx, account_id, rule_id, owner.id, "New alert", action_type="create-alert", position=0
    )
    await rules_store.insert_step(tx, account_id, uuid4(), rule_id, contact.id, after=timedelta(0), position=0)
    return owner.id


async def _insert_integration(tx: Tx, account_id: int, team_id: UUID, api_key: str, at: datetime) -> None:
    integration = Integration(
        account_id=account_id,
        id=uuid4(),
        name="Default API",
        type="API",
        enabled=True,
        allow_read_access=True,
        allow_write_access=True,
        allow_delete_access=True,
        allow_configuration_access=True,
        team_id=None,
        responders=[{"type": "team", "id": str(team_id)}],
    )
    await store.insert_integration(tx, integration, key_hash(api_key), api_key[-4:], at)


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
