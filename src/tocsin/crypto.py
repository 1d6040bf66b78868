"""Secrets at rest and signed links, under keys derived from the server's secret. Pure but for the randomness of `seal`.

Every use has a purpose, and a key of its own: what was made for one purpose means nothing to another.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from datetime import UTC, datetime
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tocsin.errors import NotFound, Unavailable

SIGNATURE_BYTES = 20


@lru_cache(maxsize=64)
def derive(key: bytes, purpose: str) -> bytes:
    """32 bytes for `purpose` alone (HKDF-SHA256)."""
    return HKDF(SHA256(), length=32, salt=b"tocsin", info=purpose.encode()).derive(key)


def seal(key: bytes, purpose: str, secret: bytes) -> bytes:
    """`secret`, encrypted and authenticated, as it may lie in the database."""
    return Fernet(base64.urlsafe_b64encode(derive(key, purpose))).encrypt(secret)


def unseal(key: bytes, purpose: str, sealed: bytes) -> bytes:
    """What was sealed. Raises: Unavailable where the server's secret is another one than when it was sealed."""
    try:
        return Fernet(base64.urlsafe_b64encode(derive(key, purpose))).decrypt(sealed)
    except InvalidToken:
        raise Unavailable(
            "A stored secret cannot be read: TOCSIN_SECRET_KEY is not the one it was stored under."
        ) from None


def sign(key: bytes, purpose: str, text: str, expires_at: datetime | None = None) -> str:
    """`text` with a signature, safe in an address or a cookie: readable by whoever holds it, changeable by nobody."""
    until = f"{int(expires_at.timestamp()):x}" if expires_at is not None else ""
    body = f"{_encode(text.encode())}.{until}"
    return f"{body}.{_encode(_signature(key, purpose, body))}"


def unsign(key: bytes, purpose: str, signed: str, at: datetime) -> str:
    """The text that was signed for this purpose. Raises: NotFound if it was changed, or its time is over."""
    body, _, signature = signed.rpartition(".")
    try:
        expected = _encode(_signature(key, purpose, body))
        if not hmac.compare_digest(signature.encode(), expected.encode()):
            raise ValueError
        payload, _, until = body.partition(".")
        text = _decode(payload).decode()
    except (ValueError, binascii.Error):
        raise NotFound("This link is not valid.") from None
    if until and at >= datetime.fromtimestamp(int(until, 16), UTC):
        raise NotFound("This link has expired.")
    return text


def new_token() -> str:
    """256 random bits for a one-time link or a session, safe in an address."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """What is stored of a random token: SHA-256; it holds 256 random bits, so no salt is needed."""
    return hashlib.sha256(token.encode()).digest()


def _signature(key: bytes, purpose: str, body: str) -> bytes:
    return hmac.digest(derive(key, f"sign {purpose}"), body.encode(), "sha256")[:SIGNATURE_BYTES]


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
