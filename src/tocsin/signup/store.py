"""The SQL of sign-ups. No account exists yet, so the engine role asks."""

from dataclasses import asdict, dataclass
from datetime import datetime

from tocsin.db import Tx


@dataclass(frozen=True, slots=True)
class SignUp:
    """What somebody wrote into the form; the link that was mailed finds it."""

    token_hash: bytes
    email: str
    company: str
    country: str
    time_zone: str
    locale: str
    created_at: datetime
    expires_at: datetime


SIGN_UP = "token_hash, email, company, country, time_zone, locale, created_at, expires_at"


async def insert_sign_up(tx: Tx, sign_up: SignUp) -> None:
    await tx.execute(
        f"""
        insert into sign_ups ({SIGN_UP})
        values (%(token_hash)s, %(email)s, %(company)s, %(country)s, %(time_zone)s, %(locale)s, %(created_at)s,
                %(expires_at)s)
        """,
        **asdict(sign_up),
    )


async def find_sign_up(tx: Tx, token_hash: bytes, at: datetime) -> SignUp | None:
    """The sign-up whose link is still good, locked, or None."""
    return await tx.find(
        SignUp,
        f"""
        select {SIGN_UP} from sign_ups
         where token_hash = %(token_hash)s and used_at is null and expires_at > %(at)s for update
        """,
        token_hash=token_hash,
        at=at,
    )


async def use_sign_up(tx: Tx, token_hash: bytes, at: datetime) -> None:
    """The link is not good any more, and what it found is forgotten but for the fact."""
    await tx.execute(
        """
        update sign_ups set used_at = %(at)s, email = '', company = ''
         where token_hash = %(token_hash)s
        """,
        token_hash=token_hash,
        at=at,
    )


async def forget_old(tx: Tx, now: datetime) -> int:
    """Remove sign-ups whose link is too old; how many."""
    return await tx.execute("delete from sign_ups where expires_at < %(now)s", now=now)


async def give_trial(tx: Tx, organisation: bytes, at: datetime) -> bool:
    """Note that the organisation has its trial now. False: it has had one."""
    given = await tx.execute(
        """
        insert into trials_given (organisation, given_at) values (%(organisation)s, %(at)s)
        on conflict (organisation) do nothing
        """,
        organisation=organisation,
        at=at,
    )
    return given > 0
