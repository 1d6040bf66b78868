"""The published price books, as decisions ask for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tocsin.billing.documents_store import Numbering
from tocsin.db import Tx
from tocsin.errors import NotFound
from tocsin.licensing import pricebook_service, pricebook_store
from tocsin.licensing.pricebook import PriceBook
from tocsin.licensing.pricebook_store import PublishedBook


@dataclass(frozen=True, slots=True)
class PublishedBooks:
    """Every published version, the newest first."""

    published: Sequence[PublishedBook]
    books: Mapping[int, PriceBook]

    def version(self, number: int) -> PriceBook:
        """Raises: NotFound."""
        found = self.books.get(number)
        if found is None:
            raise NotFound(f"There is no price book {number}.")
        return found

    def newest(self, announced_by: datetime) -> int:
        return next((one.version for one in self.published if one.announced_at <= announced_by), 1)

    def announced_after(self, number: int) -> tuple[tuple[int, datetime], ...]:
        return tuple((one.version, one.announced_at) for one in reversed(self.published) if one.version > number)

    def numbering(self, at: datetime) -> Numbering | None:
        """Who numbers documents now; None where the newest book names no seller."""
        seller = self.version(self.newest(at)).seller
        return Numbering(seller) if seller is not None else None


async def load(tx: Tx) -> PublishedBooks:
    published = await pricebook_store.list_newest_first(tx)
    return PublishedBooks(published, {one.version: pricebook_service.read(one) for one in published})
