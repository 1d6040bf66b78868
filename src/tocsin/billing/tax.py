"""Tax: whose VAT a sale bears, at what rate, why, and the totals of a document. Pure.

What is sold is an electronically supplied service. Source: VAT Directive articles 44, 45, 58, 196 and 226; licensing
requirements M2, R7.2, CHOICE-37
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from tocsin.billing.model import Buyer, Line, Seller, TaxTotal
from tocsin.billing.vat_areas import STANDARD_RATES, STANDARD_RATES_AS_OF, in_union, vat_country
from tocsin.billing.vat_id import VatCheck, check_vat_id
from tocsin.errors import Invalid
from tocsin.i18n import N_
from tocsin.licensing.pricebook import SellerProfile
from tocsin.money import share

WHOLE_BP = 10_000


class Category(StrEnum):
    """The categories of EN 16931 that are used here."""

    STANDARD = "S"
    REVERSE_CHARGE = "AE"
    EXEMPT = "E"
    NOT_SUBJECT = "O"


class Note(StrEnum):
    """Remarks that are printed on a document; the words are in `documents/words.py`."""

    REVERSE_CHARGE = "reverse_charge"
    OUTSIDE_UNION = "outside_union"
    NOT_REGISTERED = "not_registered"
    SUBSCRIPTION_ENDED = "subscription_ended"  # why there is a credit note: §4, day 28
    TERM_CHANGED = "term_changed"  # S26
    BUYER_CORRECTED = "buyer_corrected"  # R7.2


WHY_UNTAXED = (Note.REVERSE_CHARGE, Note.OUTSIDE_UNION, Note.NOT_REGISTERED)
"""The remarks that say why there is no tax."""


@dataclass(frozen=True, slots=True)
class Treatment:
    """How a sale is taxed. `evidence` is what decided, to be kept with the document."""

    category: str
    rate_bp: int
    notes: tuple[str, ...] = ()
    evidence: Mapping[str, str] = field(default_factory=dict)


class Totals(NamedTuple):
    """The sums of a document, in minor units."""

    taxes: tuple[TaxTotal, ...]
    net_minor: int
    tax_minor: int
    gross_minor: int


def treatment(seller: Seller, buyer: Buyer, verified: VatCheck | None, at: datetime) -> Treatment:
    """The tax of a sale at its tax point `at`.

    `verified` is the last that is known of the buyer's VAT id; a registry's answer counts for 24 hours. Without one
    that holds, the buyer is treated as a consumer. Raises: Invalid for a country whose rate nobody has said.
    """
    business = verified is not None and verified.holds(_written(buyer), at)
    rule, found = _rule(seller, buyer.country, business=business)
    evidence = {
        "rule": rule,
        "seller_country": seller.country,
        "buyer_country": buyer.country,
        "at": at.isoformat(),
        **_evidence_of(verified),
    }
    if found.category == Category.STANDARD:
        evidence["rates_as_of"] = STANDARD_RATES_AS_OF.isoformat()
    return Treatment(found.category, found.rate_bp, found.notes, evidence)


def registry_decides(seller: Seller | SellerProfile, country: str) -> bool:
    """Whether the tax of a sale to that country depends on what the registry says of the buyer's VAT id."""
    ours, theirs = vat_country(seller.country), vat_country(country)
    return bool(seller.vat_id) and ours != theirs and in_union(theirs) and (in_union(ours) or seller.oss)


def treatment_in(seller: Seller, country: str, *, business: bool) -> Treatment:
    """The tax of a sale to that country; `business`: to somebody with a valid VAT id. Raises: as `treatment`."""
    return _rule(seller, country, business=business)[1]


def _rule(seller: Seller, country: str, *, business: bool) -> tuple[str, Treatment]:
    """Why, and the treatment; `business`: the buyer has a VAT id that holds."""
    ours, theirs = vat_country(seller.country), vat_country(country)
    if not seller.vat_id:
        return "the seller is not registered for VAT", _not_registered(seller)
    if ours == theirs:
        return "sold within the country", _taxed(seller, ours)
    if not in_union(theirs) or (not in_union(ours) and not seller.oss):
        return "supplied outside the Union", Treatment(Category.NOT_SUBJECT, 0, (Note.OUTSIDE_UNION,))
    if business:
        return (
            "business in another member state with a valid VAT id",
            Treatment(Category.REVERSE_CHARGE, 0, (Note.REVERSE_CHARGE,)),
        )
    if seller.oss:
        return "consumer in another member state, One Stop Shop", _taxed(seller, theirs)
    return "consumer in another member state, below the threshold", _taxed(seller, ours)


def _not_registered(seller: Seller) -> Treatment:
    """Exempt needs a tax number of some kind on the invoice; without any, the sale is not subject to the tax."""
    category = Category.EXEMPT if in_union(seller.country) and seller.registration else Category.NOT_SUBJECT
    return Treatment(category, 0, (Note.NOT_REGISTERED,))


def _taxed(seller: Seller, country: str) -> Treatment:
    """The standard rate of `country`. Raises: Invalid where nobody has said what it is."""
    rate = seller.vat_rates.get(country, STANDARD_RATES.get(country))
    if rate is None:
        raise Invalid(
            N_("The price book's seller has no VAT rate for %(country)s; name it in seller.vat_rates."),
            params={"country": country},
        )
    return Treatment(Category.STANDARD, rate)


def _written(buyer: Buyer) -> str:
    try:
        return check_vat_id(buyer.vat_id, buyer.country)
    except Invalid:
        return ""


def _evidence_of(verified: VatCheck | None) -> dict[str, str]:
    if verified is None or not verified.vat_id:
        return {}
    return {
        "vat_id": verified.vat_id,
        "vat_id_valid": "yes" if verified.valid else "no",
        "checked_by": verified.source,
        "checked_at": verified.checked_at.isoformat(),
        "request_id": verified.request_id,
    }


def totals(lines: Iterable[Line]) -> Totals:
    """The sums of `lines`: the tax of each rate on its summed net, rounded once, half away from zero. Source: M2"""
    nets: dict[tuple[str, int], int] = {}
    for line in lines:
        key = (line.tax_category, line.tax_rate_bp)
        nets[key] = nets.get(key, 0) + line.amount_minor
    taxes = tuple(
        TaxTotal(category, rate_bp, net, share(net, rate_bp, WHOLE_BP))
        for (category, rate_bp), net in sorted(nets.items(), key=lambda entry: (-entry[0][1], entry[0][0]))
    )
    net = sum(total.net_minor for total in taxes)
    tax = sum(total.tax_minor for total in taxes)
    return Totals(taxes, net, tax, net + tax)
