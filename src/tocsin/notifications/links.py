"""Links that act for one person on one alert, without a sign-in. Pure.

A link names account, notification, person and alert, and is signed. Opening it changes nothing, so a mail scanner that
follows every link acknowledges nothing; the page behind it has buttons.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tocsin import crypto
from tocsin.errors import NotFound
from tocsin.notifications.model import Notification

PURPOSE = "alert-link"


@dataclass(frozen=True, slots=True)
class Link:
    """Who may act on what."""

    account_id: int
    notification_id: int
    user_id: UUID
    alert_id: str


def token(key: bytes, notification: Notification) -> str:
    """The signed text for `/a/<token>`. It holds as long as the alert does."""
    return crypto.sign(
        key,
        PURPOSE,
        f"{notification.account_id} {notification.id} {notification.user_id.hex} {notification.alert_id}",
    )


def read(key: bytes, text: str, at: datetime) -> Link:
    """What a token says. Raises: NotFound for one that we did not sign."""
    account_id, notification_id, user_id, alert_id = crypto.unsign(key, PURPOSE, text, at).split(" ", 3)
    try:
        return Link(int(account_id), int(notification_id), UUID(hex=user_id), alert_id)
    except ValueError:
        raise NotFound("This link is not valid.") from None


def addresses(base_url: str, key: bytes, notification: Notification) -> dict[str, str]:
    """The absolute addresses in a message: act on the alert, and see it. None for a test page."""
    if notification.alert_id is None:
        return {}
    act = f"{base_url}/a/{token(key, notification)}"
    return {
        "acknowledge": f"{act}?do=acknowledge",
        "close": f"{act}?do=close",
        "alert": f"{base_url}/alerts/{notification.alert_id}",
    }
