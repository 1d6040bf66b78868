"""Telephone numbers: the region that number metadata gives for one, and the zone in which use of it is rated. Pure.

Source: licensing requirements R10.2, S17: the full number decides, not its prefix; ported numbers are not looked up.
"""

from functools import lru_cache

from tocsin.errors import Invalid
from tocsin.licensing.pricebook import Zone

NOWHERE = "001"
"""The region of numbers that belong to no country, such as satellite phones."""


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


def zone_of(region: str) -> Zone:
    return Zone.US_CA if region in {"US", "CA"} else Zone.OTHER
