"""Makers with defaults. Each test makes its own account and cleans nothing, which also tests isolation."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

from tocsin.accounts import store
from tocsin.accounts.model import (
    Contact,
    ContactMethod,
    Integration,
    LicenceKind,
    Role,
    Team,
    User,
    UserStatus,
    key_hash,
)
from tocsin.db import Databases, Db

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Tenant:
    """An account with its owner and a key that may do everything."""

    account_id: int
    owner: User
    key: str
    integration: Integration
    app: Db

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"GenieKey {self.key}"}


def make_user(account_id: int, username: str | None = None, *, role: Role = Role.USER) -> User:
    name = username or f"person-{uuid4().hex[:8]}"
    return User(
        account_id=account_id,
        id=uuid4(),
        username=name if "@" in name else f"{name}@example.com",
        full_name=name.split("@")[0].title(),
        role=role,
        licence_kind=LicenceKind.STAKEHOLDER if role is Role.STAKEHOLDER else LicenceKind.RESPONDER,
        status=UserStatus.ACTIVE,
        time_zone="Europe/Warsaw",
        locale="en",
        created_at=START,
        verified_at=START,
    )


def make_integration(account_id: int, name: str = "Default API", type: str = "API") -> Integration:  # noqa: A002
    return Integration(
        account_id=account_id,
        id=uuid4(),
        name=name,
        type=type,
        enabled=True,
        allow_read_access=True,
        allow_write_access=True,
        allow_delete_access=True,
        allow_configuration_access=True,
        team_id=None,
        responders=[],
    )


async def make_tenant(databases: Databases, name: str = "edge") -> Tenant:
    """A fresh account: an owner with a verified e-mail contact, and an API integration."""
    async with databases.engine.transaction() as tx:
        account_id = await store.insert_account(tx, name, "Europe/Warsaw", "en", START)
        owner = make_user(account_id, f"owner-{account_id}", role=Role.OWNER)
        await store.insert_user(tx, owner, None)
        await store.insert_contact(tx, make_contact(owner))
        integration, key = make_integration(account_id), str(uuid4())
        await store.insert_integration(tx, integration, key_hash(key), key[-4:], START)
    return Tenant(account_id, owner, key, integration, databases.app.for_account(account_id))


def make_contact(user: User, method: ContactMethod = ContactMethod.EMAIL, address: str | None = None) -> Contact:
    return Contact(
        account_id=user.account_id,
        id=uuid4(),
        user_id=user.id,
        method=method,
        address=address or user.username,
        enabled=True,
        verified_at=START,
        created_at=START,
    )


async def add_user(databases: Databases, tenant: Tenant, username: str | None = None, role: Role = Role.USER) -> User:
    """One more person in the tenant's account, with a verified e-mail contact."""
    user = make_user(tenant.account_id, username, role=role)
    async with databases.engine.transaction() as tx:
        await store.insert_user(tx, user, None)
        await store.insert_contact(tx, make_contact(user))
    return user


async def add_key(
    databases: Databases, tenant: Tenant, integration: Integration | None = None, **changes: object
) -> str:
    """One more key in the tenant's account, e.g. `add_key(…, allow_write_access=False)`; returns the key."""
    key = str(uuid4())
    holder = replace(
        integration or make_integration(tenant.account_id, f"key {key[:8]}"),
        **changes,  # type: ignore[arg-type]  # the caller names fields of Integration
    )
    async with databases.engine.transaction() as tx:
        await store.insert_integration(tx, holder, key_hash(key), key[-4:], START)
    return key


async def add_team(databases: Databases, tenant: Tenant, *members: User, name: str | None = None) -> UUID:
    """A team with these members; returns its id."""
    team_id = uuid4()
    async with databases.engine.transaction() as tx:
        team = Team(tenant.account_id, team_id, name or f"team {team_id.hex[:8]}", "", START)
        await store.insert_team(tx, team)
        for member in members:
            await store.insert_team_member(tx, tenant.account_id, team_id, member.id, "user")
    return team_id
