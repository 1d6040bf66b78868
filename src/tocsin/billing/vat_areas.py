"""VAT areas: which country's VAT law a country code means, and the standard rates of the European Union. Pure.

Rates are in basis points. Source: European Commission, "Taxes in Europe" database and "VAT rates applied in the member
states", standard rates; territories: VAT Directive 2006/112/EC, articles 5 to 7
"""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

STANDARD_RATES_AS_OF = date(2026, 1, 1)

# The price book's seller overrides a line of this table when a member state changes its rate: `vat_rates`.
STANDARD_RATES: Mapping[str, int] = MappingProxyType(
    {
        "AT": 2000,
        "BE": 2100,
        "BG": 2000,
        "CY": 1900,
        "CZ": 2100,
        "DE": 1900,
        "DK": 2500,
        "EE": 2400,
        "ES": 2100,
        "FI": 2550,
        "FR": 2000,
        "GR": 2400,
        "HR": 2500,
        "HU": 2700,
        "IE": 2300,
        "IT": 2200,
        "LT": 2100,
        "LU": 1700,
        "LV": 2100,
        "MT": 1800,
        "NL": 2100,
        "PL": 2300,
        "PT": 2300,
        "RO": 2100,
        "SE": 2500,
        "SI": 2200,
        "SK": 2300,
    }
)

# Codes of their own whose services are taxed as those of a member state. The other way round needs no line: the
# Canaries (IC), Ceuta and Melilla (EA), Guadeloupe, Réunion and the rest of overseas France, Northern Ireland (XI, of
# the Union for goods alone), Greenland and the Faroes are not in the table above, and so are outside.
_TAXED_AS: Mapping[str, str] = MappingProxyType({"MC": "FR", "AX": "FI", "EL": "GR"})

UNION = (*STANDARD_RATES, *_TAXED_AS)
"""Every country code whose services are inside the Union's VAT area."""

# A VAT id begins with the country's code, but for Greece.
_PREFIXES: Mapping[str, str] = MappingProxyType({"GR": "EL"})


def vat_country(country: str) -> str:
    """The country whose VAT law holds for services in `country`: Monaco is France, Åland is Finland."""
    return _TAXED_AS.get(country, country)


def in_union(country: str) -> bool:
    """Whether services to `country` are inside the Union's VAT area."""
    return vat_country(country) in STANDARD_RATES


def vat_prefix(country: str) -> str:
    """The two letters with which a VAT id of `country` begins."""
    return _PREFIXES.get(vat_country(country), vat_country(country))
