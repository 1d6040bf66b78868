"""Sessions, and what a sign-in may find. Pure."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tocsin.accounts.model import Account, CustomRole, User


@dataclass(frozen=True, slots=True)
class Session:
    """One browser that is signed in. `confirmed_at` is when its person last proved who he is."""

    account_id: int
    id: UUID
    user_id: UUID
    csrf_token: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    confirmed_at: datetime
    user_agent: str
    address: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is behind a session."""

    session: Session
    user: User
    account: Account
    is_operator: bool
    custom: CustomRole | None = None  # whether it holds is the plan's matter


@dataclass(frozen=True, slots=True)
class Browser:
    """Where a request came from, as the list of sessions shows it."""

    user_agent: str
    address: str


def device_of(user_agent: str) -> str:
    """What a person recognises a browser by: "Firefox, Linux". Empty for what we do not know."""
    names = (
        next((name for mark, name in _BROWSERS if mark in user_agent), ""),
        next((name for mark, name in _SYSTEMS if mark in user_agent), ""),
    )
    return ", ".join(name for name in names if name)


_BROWSERS = (
    ("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("FxiOS/", "Firefox"), ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"), ("Safari/", "Safari"), ("curl/", "curl"),
)  # fmt: skip
_SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip
