"""API keys: who calls. Looked up once a second at most, so a revoked key stops working within one."""

import asyncio
import base64
import binascii
import time

from tocsin.accounts import store
from tocsin.accounts.model import Integration, is_key, key_hash
from tocsin.db import Db
from tocsin.errors import Invalid, Unauthenticated

CACHE_SECONDS = 1.0
CACHE_SIZE = 10_000


class KeyRing:
    """The integrations behind API keys, with a short memory."""

    def __init__(self, engine: Db) -> None:
        self._engine = engine
        self._known: dict[str, tuple[Integration, float]] = {}
        self._asking: dict[str, asyncio.Task[Integration | None]] = {}  # who asks for the same key meanwhile waits, too

    def remembered(self, authorization: str) -> Integration | None:
        """The integration of an `Authorization` header that was seen within the last second."""
        entry = self._known.get(authorization)
        return entry[0] if entry is not None and entry[1] > time.monotonic() else None

    async def authenticate(self, authorization: str) -> Integration:
        """The integration that an `Authorization` header names. Raises: Unauthenticated, Invalid (malformed)."""
        known = self.remembered(authorization)
        if known is not None:
            return known
        key = key_of(authorization)
        asking = self._asking.get(authorization)
        if asking is None:
            asking = self._asking[authorization] = asyncio.create_task(self._ask(authorization, key))
            asking.add_done_callback(lambda _: self._asking.pop(authorization, None))
        integration = await asyncio.shield(asking)
        if integration is None:
            raise Unauthenticated("Could not authenticate")
        return integration

    async def _ask(self, authorization: str, key: str) -> Integration | None:
        """Look the key up, and remember it for a second."""
        async with self._engine.transaction() as tx:
            integration = await store.find_integration_by_key(tx, key_hash(key))
        if integration is None:
            self._known.pop(authorization, None)
            return None
        if len(self._known) >= CACHE_SIZE:
            self._known.clear()
        self._known[authorization] = (integration, time.monotonic() + CACHE_SECONDS)
        return integration


def key_of(authorization: str) -> str:
    """The key in `GenieKey <key>`, or in HTTP Basic with an empty user name.

    Raises: Unauthenticated, Invalid. Source: reference, conventions (base URLs and authentication)
    """
    scheme, _, rest = authorization.strip().partition(" ")
    key = rest.strip()
    if scheme.lower() == "basic":
        try:
            user, _, key = base64.b64decode(key, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise Invalid("Key format is not valid!") from None
        if user:
            raise Unauthenticated("Could not authenticate: the API key is the password, the user name stays empty.")
    elif scheme.lower() != "geniekey":
        raise Unauthenticated("Could not authenticate: send the header `Authorization: GenieKey <API key>`.")
    if not is_key(key):
        raise Invalid("Key format is not valid!")
    return key
