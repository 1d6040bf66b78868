"""The SQL of second factors and passkeys."""

from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from tocsin.db import Tx


@dataclass(frozen=True, slots=True)
class Totp:
    """A person's authenticator app: its sealed secret, whether it was confirmed, the last step that was used."""

    totp_secret: bytes | None
    totp_confirmed_at: datetime | None
    totp_last_step: int | None


@dataclass(frozen=True, slots=True)
class Passkey:
    """A key on a person's device."""

    account_id: int
    id: UUID
    user_id: UUID
    credential_id: bytes
    public_key: bytes
    sign_count: int
    name: str
    created_at: datetime
    last_used_at: datetime | None


PASSKEY = "account_id, id, user_id, credential_id, public_key, sign_count, name, created_at, last_used_at"


async def list_protected(tx: Tx, account_id: int) -> set[UUID]:
    """Whoever has more than a password: an authenticator app or a passkey."""
    return set(
        await tx.values(
            """
            select id from users where account_id = %(account_id)s and totp_confirmed_at is not null
             union
            select user_id from passkeys where account_id = %(account_id)s
            """,
            account_id=account_id,
        )
    )


async def lock_totp(tx: Tx, account_id: int, user_id: UUID) -> Totp:
    """A person's authenticator app, locked until the transaction ends. Raises: NotFound."""
    return await tx.one(
        Totp,
        """
        select totp_secret, totp_confirmed_at, totp_last_step from users
         where account_id = %(account_id)s and id = %(user_id)s for update
        """,
        account_id=account_id,
        user_id=user_id,
    )


async def save_totp(tx: Tx, account_id: int, user_id: UUID, totp: Totp) -> None:
    await tx.execute(
        """
        update users set totp_secret = %(totp_secret)s, totp_confirmed_at = %(totp_confirmed_at)s,
                         totp_last_step = %(totp_last_step)s
         where account_id = %(account_id)s and id = %(user_id)s
        """,
        **asdict(totp),
        account_id=account_id,
        user_id=user_id,
    )


async def replace_recovery_codes(tx: Tx, account_id: int, user_id: UUID, hashes: list[bytes]) -> None:
    """These codes, and none of those before."""
    await tx.execute(
        "delete from recovery_codes where account_id = %(account_id)s and user_id = %(user_id)s",
        account_id=account_id,
        user_id=user_id,
    )
    await tx.execute_many(
        """
        insert into recovery_codes (account_id, user_id, code_hash)
        values (%(account_id)s, %(user_id)s, %(code_hash)s)
        """,
        [{"account_id": account_id, "user_id": user_id, "code_hash": code_hash} for code_hash in hashes],
    )


async def use_recovery_code(tx: Tx, account_id: int, user_id: UUID, code_hash: bytes, at: datetime) -> bool:
    """Was it an unused code of this person? It is used now."""
    used = await tx.execute(
        """
        update recovery_codes set used_at = %(at)s
         where account_id = %(account_id)s and user_id = %(user_id)s and code_hash = %(code_hash)s
           and used_at is null
        """,
        account_id=account_id,
        user_id=user_id,
        code_hash=code_hash,
        at=at,
    )
    return used > 0


async def count_recovery_codes(tx: Tx, account_id: int, user_id: UUID) -> int:
    """How many codes a person has left."""
    count: int = await tx.value(
        """
        select count(*) from recovery_codes
         where account_id = %(account_id)s and user_id = %(user_id)s and used_at is null
        """,
        account_id=account_id,
        user_id=user_id,
    )
    return count


async def insert_passkey(tx: Tx, passkey: Passkey) -> None:
    await tx.execute(
        """
        insert into passkeys (account_id, id, user_id, credential_id, public_key, sign_count, name, created_at,
                              last_used_at)
        values (%(account_id)s, %(id)s, %(user_id)s, %(credential_id)s, %(public_key)s, %(sign_count)s, %(name)s,
                %(created_at)s, %(last_used_at)s)
        """,
        **asdict(passkey),
    )


async def list_passkeys(tx: Tx, account_id: int, user_id: UUID) -> list[Passkey]:
    """A person's passkeys, oldest first."""
    return await tx.all(
        Passkey,
        f"""
        select {PASSKEY} from passkeys where account_id = %(account_id)s and user_id = %(user_id)s
         order by created_at, id
        """,
        account_id=account_id,
        user_id=user_id,
    )


async def lock_passkey_by_credential(tx: Tx, credential_id: bytes) -> Passkey | None:
    """The passkey of an active person, in whichever account, locked; the engine role asks: nobody is known yet."""
    return await tx.find(
        Passkey,
        f"""
        select {", ".join(f"p.{column.strip()}" for column in PASSKEY.split(","))}
          from passkeys p
          join users u on u.account_id = p.account_id and u.id = p.user_id
          join accounts a on a.id = p.account_id
         where p.credential_id = %(credential_id)s and u.status = 'active' and a.deleted_at is null
           for update of p
        """,
        credential_id=credential_id,
    )


async def use_passkey(tx: Tx, account_id: int, passkey_id: UUID, sign_count: int, at: datetime) -> None:
    await tx.execute(
        """
        update passkeys set sign_count = %(sign_count)s, last_used_at = %(at)s
         where account_id = %(account_id)s and id = %(passkey_id)s
        """,
        account_id=account_id,
        passkey_id=passkey_id,
        sign_count=sign_count,
        at=at,
    )


async def rename_passkey(tx: Tx, account_id: int, user_id: UUID, passkey_id: UUID, name: str) -> int:
    """How many were renamed: one, or none of that id."""
    return await tx.execute(
        """
        update passkeys set name = %(name)s
         where account_id = %(account_id)s and user_id = %(user_id)s and id = %(passkey_id)s
        """,
        account_id=account_id,
        user_id=user_id,
        passkey_id=passkey_id,
        name=name,
    )


async def delete_passkey(tx: Tx, account_id: int, user_id: UUID, passkey_id: UUID) -> int:
    """How many were removed: one, or none of that id."""
    return await tx.execute(
        """
        delete from passkeys
         where account_id = %(account_id)s and user_id = %(user_id)s and id = %(passkey_id)s
        """,
        account_id=account_id,
        user_id=user_id,
        passkey_id=passkey_id,
    )


async def delete_factors(tx: Tx, account_id: int, user_id: UUID) -> list[str]:
    """Remove a person's app with its recovery codes, and every passkey; the passkeys' names, oldest first."""
    await save_totp(tx, account_id, user_id, Totp(None, None, None))
    await replace_recovery_codes(tx, account_id, user_id, [])
    names = [passkey.name for passkey in await list_passkeys(tx, account_id, user_id)]
    await tx.execute(
        "delete from passkeys where account_id = %(account_id)s and user_id = %(user_id)s",
        account_id=account_id,
        user_id=user_id,
    )
    return names
