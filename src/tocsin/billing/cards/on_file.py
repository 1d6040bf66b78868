"""A card on file: what is kept of it, and until when it can be charged. Pure."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from tocsin.billing.cards.gateway import Brand, Funding

NOTICE_DAYS = (30, 7)
"""Before a card expires its owners hear of it. Source: licensing requirements R4.1"""


@dataclass(frozen=True, slots=True)
class CardOnFile:
    """A card of an account. `ref` is the provider's name of it; a removed one is kept for what it paid."""

    account_id: int
    id: UUID
    ref: str
    brand: Brand
    last4: str
    exp_month: int
    exp_year: int
    funding: Funding
    country: str | None
    added_at: datetime
    removed_at: datetime | None = None

    @property
    def expires_on(self) -> date:
        """The first day on which it cannot be charged: a card is good to the end of its month."""
        years, month = divmod(self.exp_month, 12)
        return date(self.exp_year + years, month + 1, 1)

    @property
    def notices_on(self) -> tuple[date, ...]:
        """The days on which its owners are told that it expires, earliest first."""
        return tuple(self.expires_on - timedelta(days=days) for days in NOTICE_DAYS)
