"""Price books for tests: the one of the requirements' examples, and the shipped one."""

from functools import cache
from pathlib import Path

from tocsin.licensing import pricebook_document
from tocsin.licensing.pricebook import PriceBook

HERE = Path(__file__).parent / "pricebooks"
REQUIREMENTS = (HERE / "requirements.yaml").read_text()
"""The document of the requirements' price book (§2)."""

SHIPPED = (Path(pricebook_document.__file__).parent / "pricebook.yaml").read_text()
"""The document that a fresh server begins with."""


@cache
def requirements_book(version: int = 1) -> PriceBook:
    """The book on which every amount of the requirements is computed; it has a seller."""
    return pricebook_document.parse_book(REQUIREMENTS, version)


@cache
def shipped_book(version: int = 1) -> PriceBook:
    return pricebook_document.parse_book(SHIPPED, version)
