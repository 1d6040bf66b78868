"""The countries that somebody can be in, by their names, and which currency prices are in there. Pure."""

from babel import Locale
from babel.core import get_global

from tocsin import i18n
from tocsin.licensing.countries import NO_COUNTRIES

EURO = frozenset(
    {
        "AD", "AT", "BE", "BG", "CY", "DE", "EE", "ES", "FI", "FR", "GR", "HR", "IE", "IT", "LT", "LU", "LV", "MC",
        "ME", "MT", "NL", "PT", "SI", "SK", "SM", "VA", "XK",
    }
)  # fmt: skip


def country_options(locale: str) -> list[tuple[str, str]]:
    """Code and name of each, in the order of `locale`'s names."""
    names = Locale.parse(locale).territories
    found = [(code, name) for code, name in names.items() if len(code) == 2 and code not in NO_COUNTRIES]
    return sorted(found, key=lambda pair: i18n.alphabetical(pair[1]))


def is_country(code: str) -> bool:
    """Is it the ISO 3166 code of a country?"""
    return len(code) == 2 and code in Locale("en").territories and code not in NO_COUNTRIES


def country_of_zone(zone: str) -> str:
    """The country that a time zone is in; empty for one that is in none, or that is not known."""
    found = get_global("zone_territories").get(zone, "")
    return found if is_country(found) else ""


def currency_in(country: str, offered: tuple[str, ...]) -> str:
    """The currency that prices are shown and charged in at first; the first that is offered elsewhere."""
    wanted = "PLN" if country == "PL" else "EUR" if country in EURO else "USD"
    return wanted if wanted in offered else offered[0]
