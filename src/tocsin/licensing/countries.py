"""Countries: where SMS and voice calls go, with calling code, zone and what to know of senders. Pure.

The shipped table has every ISO 3166 country. SMS go everywhere, but for legal exceptions; calls to every country with
numbering metadata, but for China; the operator's own list comes before it. Source: licensing requirements R12, plans §8
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

from babel import Locale

from tocsin import i18n
from tocsin.errors import Invalid
from tocsin.i18n import DEFAULT_LOCALE, N_
from tocsin.licensing.numbers import costs_extra, region_of, zone_of
from tocsin.licensing.pricebook import Zone

# Codes that babel has names for and that are no countries of ISO 3166.
NO_COUNTRIES = frozenset({"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"})

NO_VOICE = {"CN"}
"""Calls cannot be delivered there. Source: plans §8"""

REGISTERED = {
    "AE", "BY", "CN", "EG", "IN", "JO", "KE", "KW", "LK", "NG", "OM", "PH", "QA", "RU", "SA", "SG", "TH", "TR", "VN",
}  # fmt: skip
"""A sender's name has to be registered before SMS are let through."""

NUMERIC = {"CA", "MX", "US", "CO", "BR", "AR", "CL", "NZ"}
"""Senders are numbers; a name is not allowed."""


@dataclass(frozen=True, slots=True)
class Country:
    """What may be sent to a country. `calling_code` is 0 where there is no numbering plan."""

    code: str  # ISO 3166 alpha-2
    calling_code: int
    sms: bool
    voice: bool
    zone: Zone
    registered_sender: bool
    numeric_sender: bool
    note: str = ""  # the operator's


@dataclass(frozen=True, slots=True)
class Override:
    """What the operator's provider really does for a country."""

    code: str
    sms: bool
    voice: bool
    note: str = ""


@cache
def shipped() -> Mapping[str, Country]:
    """The table before the operator's changes, by code."""
    import phonenumbers  # its metadata takes a while to load, and few processes need it

    numbered = phonenumbers.SUPPORTED_REGIONS
    return {
        code: Country(
            code=code,
            calling_code=phonenumbers.country_code_for_region(code),
            sms=True,
            voice=code in numbered and code not in NO_VOICE,
            zone=zone_of(code),
            registered_sender=code in REGISTERED,
            numeric_sender=code in NUMERIC,
        )
        for code in sorted(Locale("en").territories)
        if len(code) == 2 and code not in NO_COUNTRIES
    }


def table(overrides: Mapping[str, Override]) -> Mapping[str, Country]:
    """The table in force."""
    return {code: _changed(country, overrides.get(code)) for code, country in shipped().items()}


def _changed(country: Country, override: Override | None) -> Country:
    if override is None:
        return country
    return replace(country, sms=override.sms, voice=override.voice, note=override.note)


NO_SMS = N_("SMS do not reach this country: %(country)s. A voice call does.")
NO_CALL = N_("Calls do not reach this country: %(country)s. An SMS does.")
NOTHING = N_("Neither SMS nor calls reach this country: %(country)s. Use an e-mail address or a webhook.")


EXTRA = N_(
    "This number is of a range that costs extra, or is no person's telephone: premium-rate, shared-cost, company-wide"
    " and pager numbers are neither called nor sent SMS. Use a mobile or landline number."
)


class CostsExtra(Invalid):
    """Nothing is sent to numbers of this range, in whatever country."""

    def __init__(self, field: str) -> None:
        super().__init__(EXTRA, {field: EXTRA})


class Unreachable(Invalid):
    """Calls or SMS do not go to this country; `sms_supported` says whether an SMS would."""

    def __init__(self, country: Country, field: str, *, voice: bool, locale: str) -> None:
        self.sms_supported = country.sms
        offers = country.sms if voice else country.voice
        text = (NO_CALL if voice else NO_SMS) if offers else NOTHING
        super().__init__(text, params={"country": i18n.country(locale, country.code)})
        self.errors = {field: self.message}


def check_reach(
    number: str,
    *,
    voice: bool,
    overrides: Mapping[str, Override],
    field: str = "address",
    locale: str = DEFAULT_LOCALE,
) -> None:
    """Does a voice call, or an SMS, reach this E.164 number? The country's name in a refusal is in `locale`.

    Raises: CostsExtra, Unreachable, Invalid for what is no number.
    """
    region = region_of(number)
    if costs_extra(number):
        raise CostsExtra(field)
    known = shipped().get(region)
    if known is None:
        return  # a number of no country, such as a satellite phone's: the carrier decides
    country = _changed(known, overrides.get(region))
    if not (country.voice if voice else country.sms):
        raise Unreachable(country, field, voice=voice, locale=locale)
