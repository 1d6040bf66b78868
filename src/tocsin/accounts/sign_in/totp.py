"""Codes of authenticator apps (RFC 6238), and the recovery codes for when the app is lost."""

import hashlib
import hmac
import secrets
from datetime import datetime

import pyotp

STEP_SECONDS = 30
RECOVERY_CODES = 10
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that look like another
DIGITS = 6


def new_secret() -> str:
    """160 random bits, as apps take them."""
    return pyotp.random_base32(32)


def enrolment_address(secret: str, username: str, issuer: str) -> str:
    """What the QR code holds."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=issuer)


def matching_step(secret: str, code: str, at: datetime) -> int | None:
    """The time step whose code this is: the current one or a neighbour, for clocks that differ; else None."""
    digits = "".join(code.split())
    if len(digits) != DIGITS or not digits.isascii() or not digits.isdigit():
        return None
    current = int(at.timestamp()) // STEP_SECONDS
    generator = pyotp.TOTP(secret)
    for step in (current, current - 1, current + 1):
        if hmac.compare_digest(generator.generate_otp(step), digits):
            return step
    return None


def new_recovery_codes() -> list[str]:
    """Ten codes of 59 random bits each, as shown once."""
    return [
        "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(3)) for _ in range(RECOVERY_CODES)
    ]


def recovery_hash(code: str) -> bytes:
    """What is stored of a recovery code, however it was typed. It is random, so no salt is needed."""
    return hashlib.sha256("".join(letter for letter in code.lower() if letter in LETTERS).encode()).digest()
