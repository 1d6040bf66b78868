"""Price books for tests: the one of the requirements' examples, and the shipped one."""

from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from tocsin.db import Tx
from tocsin.licensing import pricebook_document, pricebook_store
from tocsin.licensing.pricebook import PriceBook
from tocsin.licensing.pricebook_store import PublishedBook

HERE = Path(__file__).parent / "pricebooks"
REQUIREMENTS = (HERE / "requirements.yaml").read_text()
"""The document of the requirements' price book (§2)."""

SHIPPED = (Path(pricebook_document.__file__).parent / "pricebook.yaml").read_text()
"""The document that a fresh server begins with."""


@cache
def requirements_book(version: int = 1) -> PriceBook:
    """The book on which every amount of the requirements is computed; it has a seller."""
    return pricebook_document.parse_book(REQUIREMENTS, version)


def limited(**limits: int) -> str:
    """The requirements' document, with plans that are for so many users."""
    document = REQUIREMENTS
    for plan, most in limits.items():
        at = document.index(UNLIMITED, document.index(f"  {plan}:"))
        document = f"{document[:at]}seats: {most}{document[at + len(UNLIMITED) :]}"
    return document


UNLIMITED = "seats: unlimited"


@cache
def shipped_book(version: int = 1) -> PriceBook:
    return pricebook_document.parse_book(SHIPPED, version)


async def sell_by(tx: Tx, document: str, at: datetime) -> None:
    """Make `document` the newest price book, announced long before `at`; nothing if it is already."""
    newest = await pricebook_store.newest(tx)
    if newest.document != document:
        book = PublishedBook(newest.version + 1, document, at - timedelta(days=400), "", "")
        await pricebook_store.insert(tx, book)
