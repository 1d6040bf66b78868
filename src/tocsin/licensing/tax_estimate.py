"""What tax would come on top of a quote. Pure.

How a sale is taxed is for billing to say, which stands below; whoever composes the two hands a `TaxEstimator` over.
Source: licensing requirements R1.3
"""

from dataclasses import dataclass
from typing import Protocol

from tocsin.licensing.pricebook import PriceBook


@dataclass(frozen=True, slots=True)
class TaxEstimate:
    """The tax of `net_minor`, as an invoice would have it. `category` is the code of EN 16931."""

    country: str
    category: str
    rate_bp: int
    net_minor: int
    tax_minor: int
    gross_minor: int


class TaxEstimator(Protocol):
    """Says what tax an amount bears."""

    def __call__(self, book: PriceBook, country: str, *, business: bool, net_minor: int) -> TaxEstimate | None:
        """`business`: the buyer has a VAT id that is valid. None where the book names no seller.

        Raises: Invalid for a country that there is not.
        """
        ...
