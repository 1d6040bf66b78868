"""VAT ids: whether one is well formed, and what is known of whether it exists. Pure.

The form is checked without the network, check digits included. Whether the number is in force, only the registry of its
member state knows; its answer holds for a day. Source: R7.2, CHOICE-37
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from stdnum.eu import vat as eu_vat
from stdnum.exceptions import ValidationError

from tocsin.billing.vat_areas import in_union, vat_prefix
from tocsin.errors import Invalid
from tocsin.i18n import N_

REGISTRY_ANSWER_HOLDS = timedelta(hours=24)
RENEW_AFTER = timedelta(hours=20)
"""An older answer is asked for again before it decides, so that it still holds when a card was charged by it."""
LONGEST = 40


@dataclass(frozen=True, slots=True)
class VatCheck:
    """What was found out about a VAT id, by whom and when: the evidence for charging no VAT."""

    vat_id: str  # as `check_vat_id` writes it
    valid: bool
    source: Literal["format", "registry"]
    checked_at: datetime
    request_id: str = ""  # under which the registry keeps the enquiry
    name: str = ""  # as the registry has it
    address: str = ""
    answered: bool = True  # False: the registry was down, so nothing is known

    def holds(self, vat_id: str, at: datetime) -> bool:
        """Whether it says, of this id and still at `at`, that it is valid."""
        fresh = self.source == "format" or at - self.checked_at <= REGISTRY_ANSWER_HOLDS
        return self.valid and fresh and bool(vat_id) and self.vat_id == vat_id


def check_vat_id(vat_id: str, country: str) -> str:
    """The id, with prefix and without spaces, dots and dashes; "" for an empty one.

    The prefix may be left out. Outside the Union any tax number of up to 40 characters is taken as it is: it is
    printed, and decides nothing. Raises: Invalid when it is no VAT id of `country`.
    """
    text = " ".join(vat_id.split()).upper()
    if not text:
        return ""
    if len(text) > LONGEST:
        raise Invalid(N_("A VAT id has at most %(most)s characters."), {"vat_id": "too long"}, params={"most": LONGEST})
    if not in_union(country):
        return text
    prefix = vat_prefix(country)
    compact = "".join(character for character in text if character.isalnum())
    if compact.startswith("GR") and prefix == "EL":
        compact = "EL" + compact[2:]
    if not compact.startswith(prefix):
        compact = prefix + compact
    try:
        return str(eu_vat.validate(compact))
    except ValidationError as error:
        raise Invalid(
            N_("%(id)s is no VAT id of %(country)s: it would begin with %(prefix)s, and its check digits would agree."),
            {"vat_id": "not a VAT id of this country"},
            params={"id": text, "country": country, "prefix": prefix},
        ) from error


def is_vat_id(vat_id: str, country: str) -> bool:
    """Whether it is a well formed VAT id of a member state of the Union, that of `country`."""
    try:
        return in_union(country) and bool(check_vat_id(vat_id, country))
    except Invalid:
        return False


def check_format(vat_id: str, country: str, at: datetime) -> VatCheck:
    """What can be said without the registry."""
    try:
        return VatCheck(check_vat_id(vat_id, country), is_vat_id(vat_id, country), "format", at)
    except Invalid:
        return VatCheck(vat_id, False, "format", at)
