"""Who sees prices? Everybody, where something is sold: with billing off there are no prices, and no pages of them."""

from typing import Annotated

from fastapi import Depends, Request

from tocsin.accounts.pages_access import Page, visitor
from tocsin.errors import NotFound
from tocsin.i18n import N_
from tocsin.licensing.tax_estimate import TaxEstimator
from tocsin.settings import Settings


async def sold(request: Request) -> None:
    """A dependency. Raises: NotFound where the operator has turned billing off."""
    settings: Settings = request.app.state.settings
    if settings.billing == "off":
        raise NotFound(N_("There is no such page."))


async def _shop(here: Annotated[Page, Depends(visitor)], _: Annotated[None, Depends(sold)]) -> Page:
    return here


Shop = Annotated[Page, Depends(_shop)]
"""A page about prices, for whoever comes."""


def estimator_of(request: Request) -> TaxEstimator:
    """Says what tax comes on top; it stands below, and the application hands it over."""
    estimator: TaxEstimator = request.app.state.tax_estimate
    return estimator
