"""The SQL of people: what changes about users, contacts and operators; one-time links."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from psycopg.types.json import Jsonb

from tocsin.accounts.model import Contact, CustomRole, LicenceKind, Particulars, Role, User, UserStatus
from tocsin.accounts.store import CONTACT, USER
from tocsin.db import Tx

ROLE = "account_id, id, name, base, granted, disallowed, created_at"


@dataclass(frozen=True, slots=True)
class Token:
    """A one-time link that is still good."""

    account_id: int
    token_hash: bytes
    user_id: UUID
    contact_id: UUID | None
    purpose: str
    expires_at: datetime


async def lock_user(tx: Tx, account_id: int, user_id: UUID) -> User:
    """The user, locked until the transaction ends. Raises: NotFound."""
    return await tx.one(
        User,
        f"select {USER} from users where account_id = %(account_id)s and id = %(user_id)s for update",
        account_id=account_id,
        user_id=user_id,
        missing="There is no such user.",
    )


async def lock_active_owners(tx: Tx, account_id: int) -> list[UUID]:
    """The owners who can sign in, locked: two owners cannot unmake each other at once."""
    return await tx.values(
        """
        select id from users
         where account_id = %(account_id)s and role = 'owner' and status = 'active' order by id for update
        """,
        account_id=account_id,
    )


async def set_locale(tx: Tx, account_id: int, user_id: UUID, locale: str) -> None:
    await tx.execute(
        "update users set locale = %(locale)s where account_id = %(account_id)s and id = %(user_id)s",
        account_id=account_id,
        user_id=user_id,
        locale=locale,
    )


async def set_profile(tx: Tx, account_id: int, user_id: UUID, *, full_name: str, time_zone: str, locale: str) -> None:
    await tx.execute(
        """
        update users set full_name = %(full_name)s, time_zone = %(time_zone)s, locale = %(locale)s
         where account_id = %(account_id)s and id = %(user_id)s
        """,
        account_id=account_id,
        user_id=user_id,
        full_name=full_name,
        time_zone=time_zone,
        locale=locale,
    )


async def set_role(
    tx: Tx, account_id: int, user_id: UUID, role: Role, licence_kind: LicenceKind, role_id: UUID | None = None
) -> None:
    await tx.execute(
        """
        update users set role = %(role)s, licence_kind = %(licence_kind)s, role_id = %(role_id)s
         where account_id = %(account_id)s and id = %(user_id)s
        """,
        account_id=account_id,
        user_id=user_id,
        role=role,
        licence_kind=licence_kind,
        role_id=role_id,
    )


async def get_role(tx: Tx, account_id: int, identifier: str, by: Literal["id", "name"]) -> CustomRole:
    """The custom role of that id or name (any case). Raises: NotFound."""
    return await tx.one(
        CustomRole,
        f"""
        select {ROLE} from roles
         where account_id = %(account_id)s
           and case when %(by)s = 'id' then id::text = lower(%(identifier)s)
                    else lower(name) = lower(%(identifier)s) end
        """,
        account_id=account_id,
        identifier=identifier,
        by=by,
        missing="Role does not exist.",
    )


async def get_particulars(tx: Tx, account_id: int, user_id: UUID) -> Particulars:
    """What is kept of the person beside his profile. Raises: NotFound."""
    return await tx.one(
        Particulars,
        """
        select skype_username, address, tags, details, language_tag from users
         where account_id = %(account_id)s and id = %(user_id)s
        """,
        account_id=account_id,
        user_id=user_id,
        missing="There is no such user.",
    )


async def set_particulars(tx: Tx, account_id: int, user_id: UUID, particulars: Particulars) -> None:
    await tx.execute(
        """
        update users set skype_username = %(skype_username)s, address = %(address)s, tags = %(tags)s,
                         details = %(details)s, language_tag = %(language_tag)s
         where account_id = %(account_id)s and id = %(user_id)s
        """,
        account_id=account_id,
        user_id=user_id,
        skype_username=particulars.skype_username,
        address=Jsonb(particulars.address),
        tags=particulars.tags,
        details=Jsonb(particulars.details),
        language_tag=particulars.language_tag,
    )


async def set_status(tx: Tx, account_id: int, user_id: UUID, status: UserStatus) -> None:
    await tx.execute(
        "update users set status = %(status)s where account_id = %(account_id)s and id = %(user_id)s",
        account_id=account_id,
        user_id=user_id,
        status=status,
    )


async def set_verified(tx: Tx, account_id: int, user_id: UUID, at: datetime) -> None:
    """The person's own address is his: he followed a link that was sent there."""
    await tx.execute(
        """
        update users set verified_at = coalesce(verified_at, %(at)s)
         where account_id = %(account_id)s and id = %(user_id)s
        """,
        account_id=account_id,
        user_id=user_id,
        at=at,
    )


async def delete_user(tx: Tx, account_id: int, user_id: UUID) -> None:
    """Gone with everything that is his."""
    await tx.execute(
        "delete from users where account_id = %(account_id)s and id = %(user_id)s",
        account_id=account_id,
        user_id=user_id,
    )


async def get_contact(tx: Tx, account_id: int, user_id: UUID, contact_id: UUID) -> Contact:
    """A person's own contact, locked. Raises: NotFound."""
    return await tx.one(
        Contact,
        f"""
        select {CONTACT} from contacts
         where account_id = %(account_id)s and user_id = %(user_id)s and id = %(contact_id)s for update
        """,
        account_id=account_id,
        user_id=user_id,
        contact_id=contact_id,
        missing="There is no such contact.",
    )


async def find_contact(tx: Tx, account_id: int, user_id: UUID, method: str, address: str) -> Contact | None:
    """A person's contact with that address, or None."""
    return await tx.find(
        Contact,
        f"""
        select {CONTACT} from contacts
         where account_id = %(account_id)s and user_id = %(user_id)s and method = %(method)s
           and lower(address) = lower(%(address)s)
        """,
        account_id=account_id,
        user_id=user_id,
        method=method,
        address=address,
    )


async def set_contact_enabled(tx: Tx, account_id: int, contact_id: UUID, enabled: bool) -> None:
    await tx.execute(
        "update contacts set enabled = %(enabled)s where account_id = %(account_id)s and id = %(contact_id)s",
        account_id=account_id,
        contact_id=contact_id,
        enabled=enabled,
    )


async def set_contact_verified(tx: Tx, account_id: int, contact_id: UUID, at: datetime) -> None:
    await tx.execute(
        """
        update contacts set verified_at = coalesce(verified_at, %(at)s)
         where account_id = %(account_id)s and id = %(contact_id)s
        """,
        account_id=account_id,
        contact_id=contact_id,
        at=at,
    )


async def set_contact_address(tx: Tx, account_id: int, contact_id: UUID, address: str) -> None:
    """Another address, which nobody has verified."""
    await tx.execute(
        """
        update contacts set address = %(address)s, verified_at = null
         where account_id = %(account_id)s and id = %(contact_id)s
        """,
        account_id=account_id,
        contact_id=contact_id,
        address=address,
    )
    await tx.execute(
        "delete from tokens where account_id = %(account_id)s and contact_id = %(contact_id)s",
        account_id=account_id,
        contact_id=contact_id,
    )


async def delete_contact(tx: Tx, account_id: int, contact_id: UUID) -> None:
    await tx.execute(
        "delete from contacts where account_id = %(account_id)s and id = %(contact_id)s",
        account_id=account_id,
        contact_id=contact_id,
    )


async def insert_token(tx: Tx, token: Token, at: datetime) -> None:
    await tx.execute(
        """
        insert into tokens (account_id, token_hash, user_id, contact_id, purpose, created_at, expires_at)
        values (%(account_id)s, %(token_hash)s, %(user_id)s, %(contact_id)s, %(purpose)s, %(at)s, %(expires_at)s)
        """,
        account_id=token.account_id, token_hash=token.token_hash, user_id=token.user_id,
        contact_id=token.contact_id, purpose=token.purpose, at=at, expires_at=token.expires_at,
    )  # fmt: skip


async def delete_contact_tokens(tx: Tx, account_id: int, contact_id: UUID, purpose: str) -> None:
    """None of a contact's links or codes of that purpose is good any more."""
    await tx.execute(
        """
        delete from tokens
         where account_id = %(account_id)s and contact_id = %(contact_id)s and purpose = %(purpose)s
        """,
        account_id=account_id,
        contact_id=contact_id,
        purpose=purpose,
    )


async def lock_token(tx: Tx, token_hash: bytes, purpose: str, at: datetime) -> Token | None:
    """The link that is still good, locked, or None; the engine role asks: the link names no account."""
    return await tx.find(
        Token,
        """
        select t.account_id, t.token_hash, t.user_id, t.contact_id, t.purpose, t.expires_at
          from tokens t join users u on u.account_id = t.account_id and u.id = t.user_id
          join accounts a on a.id = t.account_id
         where t.token_hash = %(token_hash)s and t.purpose = %(purpose)s and t.used_at is null
           and t.expires_at > %(at)s and u.status <> 'suspended' and a.deleted_at is null
           for update of t
        """,
        token_hash=token_hash,
        purpose=purpose,
        at=at,
    )


async def use_tokens(tx: Tx, account_id: int, user_id: UUID, purpose: str, at: datetime) -> None:
    """None of a person's links of that purpose is good any more."""
    await tx.execute(
        """
        update tokens set used_at = %(at)s
         where account_id = %(account_id)s and user_id = %(user_id)s and purpose = %(purpose)s and used_at is null
        """,
        account_id=account_id,
        user_id=user_id,
        purpose=purpose,
        at=at,
    )


async def use_token(tx: Tx, account_id: int, token_hash: bytes, at: datetime) -> None:
    await tx.execute(
        "update tokens set used_at = %(at)s where account_id = %(account_id)s and token_hash = %(token_hash)s",
        account_id=account_id,
        token_hash=token_hash,
        at=at,
    )


async def set_inactive(tx: Tx, account_id: int, user_ids: Sequence[UUID], since: datetime | None) -> None:
    """These people are over the plan's limit since then, and signed out; or, with None, they fit again."""
    await tx.execute(
        """
        update users set inactive_since = %(since)s where account_id = %(account_id)s and id = any(%(user_ids)s)
        """,
        account_id=account_id,
        user_ids=list(user_ids),
        since=since,
    )
    if since is not None:
        await tx.execute(
            "delete from sessions where account_id = %(account_id)s and user_id = any(%(user_ids)s)",
            account_id=account_id,
            user_ids=list(user_ids),
        )
