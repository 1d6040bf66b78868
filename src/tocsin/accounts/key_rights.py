"""What an API key may do, and what is said where it may not. Pure."""

from tocsin.accounts.model import Integration, Right
from tocsin.errors import Forbidden

DENIED = {
    Right.READ: "API Key is not granted with read access",
    Right.WRITE: "API Key is not granted with create and update access",
    Right.DELETE: "API Key is not granted with delete access",
    Right.CONFIGURATION: "API Key is not granted with configuration access",
    Right.BILLING: "API Key is not granted with billing access",
}


def check_right(integration: Integration, *rights: Right) -> None:
    """Raises: Forbidden, naming the first right that the key lacks."""
    for right in rights:
        if not integration.allows(right):
            raise Forbidden(DENIED[right])
