"""Is this the secret key that the database was set up with? A wrong one would make sessions, links and secrets fail."""

import hmac

from tocsin.db import Tx

NAME = "secret_key_fingerprint"


class WrongKey(Exception):
    """Another secret key than the database's; the message says what to do."""


def fingerprint(key: bytes) -> str:
    """Tells keys apart and gives nothing of them away."""
    return hmac.digest(key, b"tocsin secret key fingerprint", "sha256").hex()


async def check_key(tx: Tx, key: bytes) -> None:
    """The first server leaves its key's fingerprint; every later one must have the same key. Raises: WrongKey."""
    await tx.execute(
        "insert into server_facts (name, value) values (%(name)s, %(value)s) on conflict do nothing",
        name=NAME,
        value=fingerprint(key),
    )
    kept = await tx.value("select value from server_facts where name = %(name)s", name=NAME)
    if kept != fingerprint(key):
        raise WrongKey(
            "The secret key is not the one this database was set up with. Set TOCSIN_SECRET_KEY to the same value on "
            "every machine, or bring back the file secret.key from the data directory of the first one. "
            "If the key is lost for good, run `tocsin adopt-secret-key`."
        )
