"""Contacts as Opsgenie's JSON writes them. Pure.

Source: reference, contacts; telephone numbers are `<country code>-<number>` there
"""

from typing import Any

from tocsin.accounts.model import TELEPHONE, Contact
from tocsin.licensing.numbers import dashed

NOT_VERIFIED = "Contact is not verified: its owner has not confirmed it."
NO_CHANNEL = "Contact is not verified: this server has no provider of SMS and calls to send the code."
SWITCHED_OFF = "Contact is disabled."


def to(contact: Contact) -> str:
    """The address as the API spells it."""
    return dashed(contact.address) if contact.method in TELEPHONE else contact.address


def status(contact: Contact) -> dict[str, Any]:
    """Is it used? Else why not."""
    if contact.verified_at is None:
        reason = NO_CHANNEL if contact.method in TELEPHONE else NOT_VERIFIED
        return {"enabled": False, "disabledReason": reason}
    return {"enabled": True} if contact.enabled else {"enabled": False, "disabledReason": SWITCHED_OFF}


def in_list(contact: Contact, place: int) -> dict[str, Any]:
    """A contact among the person's others; `place` counts from 0."""
    return {
        "id": str(contact.id),
        "method": contact.method.value,
        "to": to(contact),
        "status": status(contact),
        "applyOrder": place,
    }


def in_user(contact: Contact) -> dict[str, Any]:
    """A contact as the expanded user holds it."""
    return {"to": to(contact), "id": str(contact.id), "contactMethod": contact.method.value, **status(contact)}
