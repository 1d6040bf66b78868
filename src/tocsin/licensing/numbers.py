"""Telephone numbers: the region that number metadata gives for one, and the zone in which use of it is rated. Pure.

Source: licensing requirements R10.2, S17: the full number decides, not its prefix; ported numbers are not looked up.
"""

from functools import lru_cache

from tocsin.errors import Invalid
from tocsin.i18n import N_
from tocsin.licensing.pricebook import Zone

NOWHERE = "001"
"""The region of numbers that belong to no country, such as satellite phones."""

NO_NUMBER = N_("This is not a telephone number. One looks like +48 22 123 45 67, with the country's code.")


def normalised(number: str) -> str:
    """The number in E.164 form: +48221234567. Raises: Invalid for what is no number of any country."""
    import phonenumbers  # its metadata takes a while to load, and few processes need it

    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        raise Invalid(N_("Something is not right yet."), {"address": NO_NUMBER}) from None
    if parsed.extension or not phonenumbers.is_valid_number(parsed):
        raise Invalid(N_("Something is not right yet."), {"address": NO_NUMBER})
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


@lru_cache(maxsize=50_000)
def region_of(number: str) -> str:
    """The ISO 3166 region of an E.164 number, or NOWHERE. Raises: Invalid for what is no E.164 number."""
    import phonenumbers  # its metadata takes a while to load, and few processes need it

    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        raise Invalid("A telephone number is written like +48123456789.") from None
    region: str | None = phonenumbers.region_code_for_number(parsed)
    return region or NOWHERE


def dashed(number: str) -> str:
    """An E.164 number as Opsgenie writes it: 48-221234567. Source: reference, contacts"""
    import phonenumbers  # its metadata takes a while to load, and few processes need it

    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number.removeprefix("+")
    return f"{parsed.country_code}-{phonenumbers.national_significant_number(parsed)}"


def undashed(text: str) -> str:
    """A number as a client writes it, 48-221234567, with a plus before it; others stay as they are."""
    digits = "".join(text.split()).replace("-", "")
    return f"+{digits}" if digits.isdecimal() and digits.isascii() else text.strip()


@lru_cache(maxsize=50_000)
def costs_extra(number: str) -> bool:
    """Whether an E.164 number is of a range whose holder earns by what reaches it, or is no person's telephone.

    Premium-rate, shared-cost, company-wide and pager numbers: traffic is pumped there. Source: R11.2
    """
    import phonenumbers  # its metadata takes a while to load, and few processes need it

    kinds = phonenumbers.PhoneNumberType
    return phonenumbers.number_type(phonenumbers.parse(number)) in {
        kinds.PREMIUM_RATE, kinds.SHARED_COST, kinds.UAN, kinds.PAGER,
    }  # fmt: skip


def zone_of(region: str) -> Zone:
    return Zone.US_CA if region in {"US", "CA"} else Zone.OTHER
