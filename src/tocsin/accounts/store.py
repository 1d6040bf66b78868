"""The SQL of accounts: users, contacts, teams, integrations."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from tocsin.accounts.directory import Directory, Entry
from tocsin.accounts.model import Account, Contact, Integration, LicenceKind, Team, TeamMember, User
from tocsin.db import Tx
from tocsin.errors import Invalid, NotFound
from tocsin.i18n import N_

USER = """
    account_id, id, username, full_name, role, licence_kind, status, time_zone, locale, created_at, verified_at,
    inactive_since, role_id
"""
INTEGRATION = """account_id, id, name, type, enabled, allow_read_access, allow_write_access, allow_delete_access,
                 allow_configuration_access, team_id, responders, allow_billing_access"""
CONTACT = "account_id, id, user_id, method, address, enabled, verified_at, created_at"


async def any_account(tx: Tx) -> bool:
    """Is there an account at all? Only the engine role sees them all."""
    return bool(await tx.value("select exists (select from accounts)"))


async def insert_account(tx: Tx, name: str, time_zone: str, locale: str, at: datetime) -> int:
    """The id of the new account, which the transaction sees from now on."""
    account_id: int = await tx.value("select nextval(pg_get_serial_sequence('accounts', 'id'))")
    await tx.see_account(account_id)
    await tx.execute(
        """
        insert into accounts (id, name, time_zone, locale, created_at) overriding system value
        values (%(account_id)s, %(name)s, %(time_zone)s, %(locale)s, %(at)s)
        """,
        account_id=account_id, name=name, time_zone=time_zone, locale=locale, at=at,
    )  # fmt: skip
    await tx.execute(
        "insert into alert_counters (account_id, last_tiny_id) values (%(account_id)s, 0)",
        account_id=account_id,
    )
    return account_id


async def get_account(tx: Tx, account_id: int) -> Account:
    """The account. Raises: NotFound."""
    return await tx.one(
        Account,
        "select id, name, time_zone, locale, created_at from accounts where id = %(account_id)s and deleted_at is null",
        account_id=account_id,
        missing="There is no such account.",
    )


async def insert_user(tx: Tx, user: User, password_hash: str | None) -> None:
    await tx.execute(
        """
        insert into users (account_id, id, username, full_name, role, licence_kind, status, time_zone, locale,
                           password_hash, created_at, verified_at, role_id)
        values (%(account_id)s, %(id)s, %(username)s, %(full_name)s, %(role)s, %(licence_kind)s, %(status)s,
                %(time_zone)s, %(locale)s, %(password_hash)s, %(created_at)s, %(verified_at)s,
                %(role_id)s)
        """,
        **asdict(user), password_hash=password_hash,
    )  # fmt: skip


async def get_user(tx: Tx, account_id: int, user_id: UUID) -> User:
    """The user. Raises: NotFound."""
    return await tx.one(
        User,
        f"select {USER} from users where account_id = %(account_id)s and id = %(user_id)s",
        account_id=account_id,
        user_id=user_id,
        missing="There is no such user.",
    )


async def require_responders(tx: Tx, account_id: int, user_ids: Iterable[UUID]) -> None:
    """Raises: NotFound for somebody unknown, Invalid for a stakeholder: he is told of incidents and never of alerts."""
    wanted = set(user_ids)
    rows = await tx.dicts(
        "select id, username, licence_kind from users where account_id = %(account_id)s and id = any(%(ids)s)",
        account_id=account_id,
        ids=list(wanted),
    )
    if len(rows) < len(wanted):
        raise NotFound(N_("There is no such person in the account."))
    for row in rows:
        if row["licence_kind"] == LicenceKind.STAKEHOLDER:
            raise Invalid(
                N_("%(name)s is a stakeholder: only responders take part in schedules and escalations."),
                {"user": "must be a responder"},
                params={"name": row["username"]},
            )


async def find_user_by_username(tx: Tx, account_id: int, username: str) -> User | None:
    """The user with this username (any case), or None."""
    return await tx.find(
        User,
        f"select {USER} from users where account_id = %(account_id)s and username = lower(%(username)s)",
        account_id=account_id,
        username=username,
    )


async def list_users(tx: Tx, account_id: int) -> list[User]:
    """Every user of the account, by username."""
    return await tx.all(
        User,
        f"select {USER} from users where account_id = %(account_id)s order by username",
        account_id=account_id,
    )


async def insert_operator(tx: Tx, account_id: int, user_id: UUID, at: datetime) -> None:
    await tx.execute(
        "insert into operators (account_id, user_id, created_at) values (%(account_id)s, %(user_id)s, %(at)s)",
        account_id=account_id,
        user_id=user_id,
        at=at,
    )


async def insert_contact(tx: Tx, contact: Contact, secret: bytes | None = None) -> None:
    await tx.execute(
        """
        insert into contacts (account_id, id, user_id, method, address, secret, enabled, verified_at, created_at)
        values (%(account_id)s, %(id)s, %(user_id)s, %(method)s, %(address)s, %(secret)s, %(enabled)s,
                %(verified_at)s, %(created_at)s)
        """,
        **asdict(contact), secret=secret,
    )  # fmt: skip


async def list_contacts(tx: Tx, account_id: int, user_id: UUID) -> list[Contact]:
    """A user's contacts, oldest first."""
    return await tx.all(
        Contact,
        f"""
        select {CONTACT} from contacts where account_id = %(account_id)s and user_id = %(user_id)s
         order by created_at, id
        """,
        account_id=account_id,
        user_id=user_id,
    )


async def insert_team(tx: Tx, team: Team) -> None:
    await tx.execute(
        """
        insert into teams (account_id, id, name, description, created_at)
        values (%(account_id)s, %(id)s, %(name)s, %(description)s, %(created_at)s)
        """,
        **asdict(team),
    )


async def list_teams(tx: Tx, account_id: int) -> list[Team]:
    """Every team of the account, by name."""
    return await tx.all(
        Team,
        """
        select account_id, id, name, description, created_at from teams
         where account_id = %(account_id)s order by name
        """,
        account_id=account_id,
    )


async def insert_team_member(tx: Tx, account_id: int, team_id: UUID, user_id: UUID, role: str) -> None:
    await tx.execute(
        """
        insert into team_members (account_id, team_id, user_id, role)
        values (%(account_id)s, %(team_id)s, %(user_id)s, %(role)s)
        on conflict (account_id, team_id, user_id) do update set role = excluded.role
        """,
        account_id=account_id, team_id=team_id, user_id=user_id, role=role,
    )  # fmt: skip


async def list_team_members(tx: Tx, account_id: int) -> list[TeamMember]:
    """Every member of every team, by team and username."""
    return await tx.all(
        TeamMember,
        """
        select m.team_id, m.user_id, u.username, u.full_name, m.role
          from team_members m join users u on u.account_id = m.account_id and u.id = m.user_id
         where m.account_id = %(account_id)s order by m.team_id, u.username
        """,
        account_id=account_id,
    )


async def insert_integration(tx: Tx, integration: Integration, key_hash: bytes, key_hint: str, at: datetime) -> None:
    values: dict[str, Any] = asdict(integration) | {"responders": Jsonb(integration.responders)}
    await tx.execute(
        """
        insert into integrations (account_id, id, name, type, key_hash, key_hint, enabled, allow_read_access,
                                  allow_write_access, allow_delete_access, allow_configuration_access, team_id,
                                  responders, allow_billing_access, created_at)
        values (%(account_id)s, %(id)s, %(name)s, %(type)s, %(key_hash)s, %(key_hint)s, %(enabled)s,
                %(allow_read_access)s, %(allow_write_access)s, %(allow_delete_access)s,
                %(allow_configuration_access)s, %(team_id)s, %(responders)s, %(allow_billing_access)s,
                %(at)s)
        """,
        **values, key_hash=key_hash, key_hint=key_hint, at=at,
    )  # fmt: skip


async def find_integration_by_key(tx: Tx, key_hash: bytes) -> Integration | None:
    """The holder of a key, in whichever account, or None: the engine role asks, for no account is known yet."""
    return await tx.find(
        Integration,
        f"""
        select {INTEGRATION} from integrations i
         where key_hash = %(key_hash)s and enabled
           and exists (select from accounts a where a.id = i.account_id and a.deleted_at is null)
        """,
        key_hash=key_hash,
    )


async def load_integrations(tx: Tx, account_id: int) -> dict[UUID, Integration]:
    """Every integration and settings key of the account, by id, disabled ones included."""
    found = await tx.all(
        Integration,
        f"select {INTEGRATION} from integrations where account_id = %(account_id)s",
        account_id=account_id,
    )
    return {integration.id: integration for integration in found}


async def load_directories(tx: Tx, account_ids: Sequence[int]) -> dict[int, Directory]:
    """Who can be named in each of these accounts. An unknown account has an empty directory."""
    entries = await tx.all(
        Entry,
        """
        select account_id, 'user' as type, id, username as name, full_name as label
          from users where account_id = any(%(account_ids)s)
        union all select account_id, 'team', id, name, name from teams where account_id = any(%(account_ids)s)
        union all select account_id, 'schedule', id, name, name from schedules where account_id = any(%(account_ids)s)
        union all
        select account_id, 'escalation', id, name, name from escalations where account_id = any(%(account_ids)s)
        """,
        account_ids=list(account_ids),
    )
    sorted_out: dict[int, list[Entry]] = {account_id: [] for account_id in account_ids}
    for entry in entries:
        sorted_out[entry.account_id].append(entry)
    return {account_id: Directory(found) for account_id, found in sorted_out.items()}


async def load_directory(tx: Tx, account_id: int) -> Directory:
    """Who can be named in the account."""
    return (await load_directories(tx, [account_id]))[account_id]
