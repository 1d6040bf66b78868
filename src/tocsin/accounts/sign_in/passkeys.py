"""Passkeys: enrolling one, and signing in by it. The device proves possession and its person at once."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import uuid4

from fastapi import Request

from tocsin import crypto
from tocsin.accounts.model import User
from tocsin.accounts.sign_in import factors_store, service, throttle
from tocsin.accounts.sign_in.factors_store import Passkey
from tocsin.db import Db
from tocsin.errors import Invalid, NotFound
from tocsin.i18n import N_
from tocsin.settings import Settings

CHALLENGE_SECONDS = 300
NAME_LENGTH = 60
LOOPBACK = {"127.0.0.1", "[::1]", "localhost"}


@dataclass(frozen=True, slots=True)
class Site:
    """Whom a passkey is made for: the host, and the address that pages come from."""

    id: str
    origin: str


def site_of(request: Request, settings: Settings) -> Site | None:
    """The site that browsers make passkeys for; None where they would not: an address of numbers, or plain http.

    A server on this very machine may be visited as localhost, whatever its public address.
    """
    public = urlsplit(settings.base_url)
    host = request.headers.get("host", "")
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    if name == "localhost" and (public.hostname or "") in {"127.0.0.1", "::1", "localhost"}:
        return Site("localhost", f"http://{host}")
    hostname = public.hostname or ""
    if public.scheme == "https" and not _is_number(hostname):
        return Site(hostname, f"{public.scheme}://{public.netloc}")
    return None


def require_site(request: Request, settings: Settings) -> Site:
    """The site. Raises: Invalid where browsers make no passkeys."""
    site = site_of(request, settings)
    if site is None:
        raise Invalid(N_("Passkeys need https and a host name. Set TOCSIN_PUBLIC_URL to the address that people use."))
    return site


def _is_number(hostname: str) -> bool:
    return ":" in hostname or hostname.replace(".", "").isdigit()


def sign_in_options(site: Site, known: list[Passkey] | None = None) -> tuple[str, bytes]:
    """What the browser is asked, as JSON, and the challenge in it.

    Without `known` the device offers whom it knows here; with it, one of these passkeys is wanted.
    """
    from webauthn import generate_authentication_options, options_to_json
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor, UserVerificationRequirement

    options = generate_authentication_options(
        rp_id=site.id,
        allow_credentials=[PublicKeyCredentialDescriptor(id=passkey.credential_id) for passkey in known or ()],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json(options), options.challenge


def enrolment_options(site: Site, user: User, account_name: str, known: list[Passkey]) -> tuple[str, bytes]:
    """What the browser is asked for a new passkey, as JSON, and the challenge in it."""
    from webauthn import generate_registration_options, options_to_json
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        PublicKeyCredentialDescriptor,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    options = generate_registration_options(
        rp_id=site.id,
        rp_name="Tocsin",
        user_id=f"{user.account_id}:{user.id.hex}".encode(),
        user_name=user.username,
        user_display_name=f"{user.full_name or user.username} ({account_name})",
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=passkey.credential_id) for passkey in known],
    )
    return options_to_json(options), options.challenge


def new_passkey(site: Site, user: User, credential: str, challenge: bytes, name: str, at: datetime) -> Passkey:
    """The passkey that the browser made. Raises: Invalid if it does not answer the challenge."""
    from webauthn import verify_registration_response
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        verified = verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.id,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError):
        raise Invalid(N_("The passkey could not be added: your browser's answer does not fit. Try again.")) from None
    return Passkey(
        account_id=user.account_id,
        id=uuid4(),
        user_id=user.id,
        credential_id=verified.credential_id,
        public_key=verified.credential_public_key,
        sign_count=verified.sign_count,
        name=name[:NAME_LENGTH],
        created_at=at,
        last_used_at=None,
    )


async def check(
    engine: Db, site: Site, credential: str, challenge: bytes, *, address: str, at: datetime
) -> Passkey | None:
    """The passkey that signed the challenge, now used; None for one that we do not know, or a wrong signature.

    Raises: Throttled for an address that keeps failing.
    """
    from webauthn import verify_authentication_response
    from webauthn.helpers import base64url_to_bytes
    from webauthn.helpers.exceptions import WebAuthnException

    subject = f"address:{address}"
    await service.count_try(engine, {subject: throttle.ADDRESS}, at)
    try:
        async with engine.transaction() as tx:
            credential_id = base64url_to_bytes(json.loads(credential)["id"])
            passkey = await factors_store.lock_passkey_by_credential(tx, credential_id)
            if passkey is None:
                return None
            verified = verify_authentication_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=site.id,
                expected_origin=site.origin,
                credential_public_key=passkey.public_key,
                credential_current_sign_count=passkey.sign_count,
                require_user_verification=True,
            )
            await factors_store.use_passkey(tx, passkey.account_id, passkey.id, verified.new_sign_count, at)
    except (WebAuthnException, ValueError, KeyError, TypeError):
        return None
    await service.forgive(engine, at, one_of=(subject,))
    return passkey


def sign_challenge(key: bytes, purpose: str, challenge: bytes, at: datetime) -> str:
    """For a cookie: the challenge that the browser has to answer within five minutes."""
    until = at + timedelta(seconds=CHALLENGE_SECONDS)
    return crypto.sign(key, f"passkey {purpose}", challenge.hex(), until)


def unsign_challenge(key: bytes, purpose: str, signed: str, at: datetime) -> bytes:
    """The challenge. Raises: Invalid if it was too long ago."""
    try:
        return bytes.fromhex(crypto.unsign(key, f"passkey {purpose}", signed, at))
    except NotFound:
        raise Invalid(N_("That took too long. Try again.")) from None
