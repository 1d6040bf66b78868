"""The SQL of sign-in: sessions, failures. Nobody is known yet, so the engine role asks where no account is named."""

from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from tocsin.accounts.model import Account, CustomRole, User
from tocsin.accounts.sign_in.model import Session, SignedIn
from tocsin.db import Tx

SESSION = """account_id, id, user_id, csrf_token, created_at, last_seen_at, expires_at, confirmed_at, user_agent,
             address"""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who may be signing in: one person can be in several accounts under the same username."""

    account_id: int
    user_id: UUID
    account_name: str
    password_hash: str | None
    has_totp: bool


async def list_candidates(tx: Tx, username: str) -> list[Candidate]:
    """The active people with this username, in every account."""
    return await tx.all(
        Candidate,
        """
        select u.account_id, u.id as user_id, a.name as account_name, u.password_hash,
               u.totp_confirmed_at is not null as has_totp
          from users u join accounts a on a.id = u.account_id
         where u.username = lower(%(username)s) and u.status = 'active' and a.deleted_at is null
         order by u.account_id
        """,
        username=username,
    )


async def insert_session(tx: Tx, session: Session, token_hash: bytes) -> None:
    await tx.execute(
        """
        insert into sessions (account_id, id, user_id, token_hash, csrf_token, created_at, last_seen_at, expires_at,
                              confirmed_at, user_agent, address)
        values (%(account_id)s, %(id)s, %(user_id)s, %(token_hash)s, %(csrf_token)s, %(created_at)s,
                %(last_seen_at)s, %(expires_at)s, %(confirmed_at)s, %(user_agent)s, %(address)s)
        """,
        **asdict(session),
        token_hash=token_hash,
    )


async def find_session(tx: Tx, token_hash: bytes, at: datetime) -> SignedIn | None:
    """Who is signed in by that token, or None: unknown, expired, suspended, over the plan, or no account."""
    rows = await tx.dicts(
        """
        select s.account_id, s.id, s.user_id, s.csrf_token, s.created_at, s.last_seen_at, s.expires_at,
               s.confirmed_at, s.user_agent, s.address, u.username, u.full_name, u.role, u.licence_kind, u.status,
               u.time_zone, u.locale, u.created_at as user_created_at, u.verified_at, a.name as account_name,
               a.time_zone as account_time_zone, a.locale as account_locale, a.created_at as account_created_at,
               exists (select from operators o where o.account_id = s.account_id and o.user_id = s.user_id)
                 as is_operator,
               u.role_id, r.name as role_name, r.base, r.granted, r.disallowed, r.created_at as role_created_at
          from sessions s
          join users u on u.account_id = s.account_id and u.id = s.user_id
          left join roles r on r.account_id = u.account_id and r.id = u.role_id
          join accounts a on a.id = s.account_id
         where s.token_hash = %(token_hash)s and s.expires_at > %(at)s and u.status = 'active'
           and u.inactive_since is null and a.deleted_at is null
        """,
        token_hash=token_hash,
        at=at,
    )
    if not rows:
        return None
    row = rows[0]
    account_id = row["account_id"]
    return SignedIn(
        Session(
            account_id, row["id"], row["user_id"], row["csrf_token"], row["created_at"], row["last_seen_at"],
            row["expires_at"], row["confirmed_at"], row["user_agent"], row["address"],
        ),
        User(
            account_id, row["user_id"], row["username"], row["full_name"], row["role"], row["licence_kind"],
            row["status"], row["time_zone"], row["locale"], row["user_created_at"], row["verified_at"], None,
            row["role_id"],
        ),
        Account(
            account_id, row["account_name"], row["account_time_zone"], row["account_locale"],
            row["account_created_at"],
        ),
        row["is_operator"],
        CustomRole(
            account_id, row["role_id"], row["role_name"], row["base"], row["granted"], row["disallowed"],
            row["role_created_at"],
        ) if row["role_id"] else None,
    )  # fmt: skip


async def touch_session(
    tx: Tx, account_id: int, session_id: UUID, at: datetime, expires_at: datetime, address: str
) -> None:
    await tx.execute(
        """
        update sessions set last_seen_at = %(at)s, expires_at = %(expires_at)s, address = %(address)s
         where account_id = %(account_id)s and id = %(session_id)s
        """,
        account_id=account_id,
        session_id=session_id,
        at=at,
        expires_at=expires_at,
        address=address,
    )


async def confirm_session(tx: Tx, account_id: int, session_id: UUID, at: datetime) -> None:
    """Its person has proved again who he is."""
    await tx.execute(
        "update sessions set confirmed_at = %(at)s where account_id = %(account_id)s and id = %(session_id)s",
        account_id=account_id,
        session_id=session_id,
        at=at,
    )


async def list_sessions(tx: Tx, account_id: int, user_id: UUID, at: datetime) -> list[Session]:
    """The sessions of a person that have not expired, the one last seen first."""
    return await tx.all(
        Session,
        f"""
        select {SESSION} from sessions
         where account_id = %(account_id)s and user_id = %(user_id)s and expires_at > %(at)s
         order by last_seen_at desc, id
        """,
        account_id=account_id,
        user_id=user_id,
        at=at,
    )


async def delete_session(tx: Tx, account_id: int, user_id: UUID, session_id: UUID) -> int:
    """How many sessions ended: one, or none of that id."""
    return await tx.execute(
        """
        delete from sessions
         where account_id = %(account_id)s and user_id = %(user_id)s and id = %(session_id)s
        """,
        account_id=account_id,
        user_id=user_id,
        session_id=session_id,
    )


async def delete_sessions(tx: Tx, account_id: int, user_id: UUID, keep: UUID | None = None) -> int:
    """How many sessions of a person ended: all but `keep`."""
    return await tx.execute(
        """
        delete from sessions
         where account_id = %(account_id)s and user_id = %(user_id)s and id is distinct from %(keep)s
        """,
        account_id=account_id,
        user_id=user_id,
        keep=keep,
    )


async def delete_session_by_token(tx: Tx, token_hash: bytes) -> None:
    """The session of a browser that signs in anew ends, whosever it was."""
    await tx.execute("delete from sessions where token_hash = %(token_hash)s", token_hash=token_hash)


async def delete_expired(tx: Tx, at: datetime, failures_before: datetime) -> int:
    """How many sessions and remembered failures are over and were removed; the engine role asks."""
    sessions = await tx.execute("delete from sessions where expires_at <= %(at)s", at=at)
    return sessions + await tx.execute(
        "delete from sign_in_failures where failed_at < %(before)s", before=failures_before
    )


async def lock_subject(tx: Tx, subject: str) -> None:
    """Until the transaction ends, nobody else counts this subject's failures, on any machine."""
    await tx.value("select pg_advisory_xact_lock(hashtextextended(%(subject)s, 7450265))", subject=subject)


async def list_failures(tx: Tx, subject: str, since: datetime) -> list[datetime]:
    """When the subject failed since then."""
    return await tx.values(
        "select failed_at from sign_in_failures where subject = %(subject)s and failed_at > %(since)s",
        subject=subject,
        since=since,
    )


async def insert_failure(tx: Tx, subject: str, at: datetime) -> None:
    await tx.execute(
        "insert into sign_in_failures (subject, failed_at) values (%(subject)s, %(at)s)", subject=subject, at=at
    )


async def delete_failures(tx: Tx, subject: str, at: datetime | None = None) -> None:
    """Forget the subject's failures: all, or the one of that instant."""
    await tx.execute(
        """
        delete from sign_in_failures
         where subject = %(subject)s and (%(at)s::timestamptz is null or failed_at = %(at)s)
        """,
        subject=subject,
        at=at,
    )


async def set_password_hash(tx: Tx, account_id: int, user_id: UUID, password_hash: str) -> None:
    await tx.execute(
        """
        update users set password_hash = %(password_hash)s
         where account_id = %(account_id)s and id = %(user_id)s
        """,
        account_id=account_id,
        user_id=user_id,
        password_hash=password_hash,
    )


async def find_password_hash(tx: Tx, account_id: int, user_id: UUID) -> str | None:
    """The hash of a person's password, or None where he has none."""
    found: str | None = await tx.value(
        "select password_hash from users where account_id = %(account_id)s and id = %(user_id)s",
        account_id=account_id,
        user_id=user_id,
    )
    return found
