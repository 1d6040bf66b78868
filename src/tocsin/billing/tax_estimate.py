"""The tax of a quote, from the code that taxes invoices. Pure. Source: licensing requirements R1.3"""

from tocsin.billing.invoicing import seller_in
from tocsin.billing.model import Line, LineKind
from tocsin.billing.tax import totals, treatment_in
from tocsin.errors import Invalid
from tocsin.i18n import N_
from tocsin.licensing.places import is_country
from tocsin.licensing.pricebook import PriceBook
from tocsin.licensing.tax_estimate import TaxEstimate

UNKNOWN_COUNTRY = N_("The country is the two letters of ISO 3166, such as DE.")


def tax_estimate(book: PriceBook, country: str, *, business: bool, net_minor: int) -> TaxEstimate | None:
    """What an invoice of `net_minor` to that country would add; `business`: to somebody with a valid VAT id.

    None where the book names no seller. Raises: Invalid for a country that there is not, or without a rate.
    """
    if not is_country(country):
        raise Invalid(UNKNOWN_COUNTRY, {"country": "unknown country"})
    if book.seller is None:
        return None
    found = treatment_in(seller_in(book.seller), country, business=business)
    line = Line(LineKind.SEATS, "", 1, net_minor, tax_category=found.category, tax_rate_bp=found.rate_bp)
    sums = totals([line])
    return TaxEstimate(country, found.category, found.rate_bp, net_minor, sums.tax_minor, sums.gross_minor)
