"""When somebody is locked out of the server itself: the operator's last ways in, on the machine."""

from argon2 import PasswordHasher

from tocsin.backup import open_target
from tocsin.bootstrap import generate_password
from tocsin.errors import NotFound
from tocsin.server_key import NAME as KEY_FACT
from tocsin.server_key import fingerprint
from tocsin.settings import Settings


def reset_password(settings: Settings, email: str, *, drop_second_factor: bool) -> str:
    """Give a person a new password, which is returned, and end their sessions.

    With `drop_second_factor` codes and passkeys go too. Raises: NotFound, BackupFailed.
    """
    password = generate_password()
    hasher = PasswordHasher(settings.password_hash_passes, settings.password_hash_memory_kib, parallelism=1)
    with open_target(settings, exclusive=False) as target, target.connect() as conn, conn.transaction():
        conn.execute("set local role tocsin_engine")
        person = {"username": email.strip().lower(), "hash": hasher.hash(password)}
        found = conn.execute(
            "update users set password_hash = %(hash)s where username = %(username)s returning account_id, id", person
        ).fetchall()
        if not found:
            raise NotFound(f"There is no user {email}.")
        for account_id, user_id in found:
            key = {"account_id": account_id, "user_id": user_id}
            conn.execute("delete from sessions where account_id = %(account_id)s and user_id = %(user_id)s", key)
            if drop_second_factor:
                conn.execute("delete from passkeys where account_id = %(account_id)s and user_id = %(user_id)s", key)
                conn.execute(
                    "update users set totp_secret = null, totp_confirmed_at = null, totp_last_step = null "
                    "where account_id = %(account_id)s and id = %(user_id)s",
                    key,
                )
    return password


def adopt_secret_key(settings: Settings) -> tuple[int, int]:
    """Make the database belong to the present secret key, the old one being lost.

    What was encrypted with it cannot be read any more: codes as second factor are dropped, webhook contacts switched
    off until they get a new secret. How many of each. Raises: BackupFailed.
    """
    with open_target(settings, exclusive=False) as target, target.connect() as conn, conn.transaction():
        conn.execute("set local role tocsin_owner")
        conn.execute(
            "insert into server_facts (name, value) values (%s, %s) "
            "on conflict (name) do update set value = excluded.value",
            (KEY_FACT, fingerprint(settings.key)),
        )
        people = conn.execute(
            "update users set totp_secret = null, totp_confirmed_at = null, totp_last_step = null "
            "where totp_secret is not null"
        ).rowcount
        contacts = conn.execute("update contacts set secret = null, enabled = false where secret is not null").rowcount
    return people, contacts
