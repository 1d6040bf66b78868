"""A card provider in virtual time: it answers as the scenario says, and holds no money."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

from tocsin.billing.cards.gateway import (
    ActionRequired,
    Brand,
    Cancelled,
    Card,
    CardSetup,
    Charge,
    Declined,
    Event,
    Ignored,
    Outcome,
    Paid,
    Refunded,
    RefundRefused,
    SetupResult,
    Unknown,
)
from tocsin.errors import NotFound

WORKS, SOFT, HARD, CONFIRM = "works", "soft", "hard", "action_required"
ANSWERS = (WORKS, SOFT, HARD, CONFIRM)
CUSTOMER = "rehearsed-customer"
BRANDS: Mapping[str, Brand] = {"visa": "visa", "mastercard": "mastercard", "discover": "discover", "amex": "amex"}


@dataclass(slots=True)
class RehearsedCards:
    """`answers` are those of the next attempts, in turn; once they are used up, the card works."""

    answers: list[str] = field(default_factory=list)
    _attempts: dict[str, Outcome] = field(default_factory=dict)  # by key
    _payments: dict[str, Outcome] = field(default_factory=dict)
    _cards: dict[str, Card] = field(default_factory=dict)
    _paid_with: dict[str, str] = field(default_factory=dict)  # a payment's card
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    async def create_customer(self, account_id: int, name: str, email: str, key: str) -> str:
        return CUSTOMER

    async def forget_customer(self, customer: str) -> None:
        """Nothing was kept."""

    async def start_card_setup(self, customer: str) -> CardSetup:
        raise NotFound("Nobody is here to enter a card.")

    async def setup_result(self, customer: str, setup: str) -> SetupResult:
        raise NotFound("Nobody is here to enter a card.")

    async def card(self, customer: str, card: str) -> Card:
        return self._cards[card]

    def new_card(self, ref: str, brand: str) -> Card:
        """A card that its holder has entered."""
        self._cards[ref] = Card(ref, BRANDS[brand], "4242", 12, 2099)
        return self._cards[ref]

    def brand_of(self, payment: str) -> str:
        """The brand of the card that a payment was made with; empty where it was none."""
        card = self._cards.get(self._paid_with.get(payment, ""))
        return card.brand if card is not None else ""

    async def make_default(self, customer: str, card: str) -> None:
        """There is one card at a time."""

    async def detach(self, customer: str, card: str) -> None:
        """Nothing was kept."""

    async def charge(self, charge: Charge, *, again: bool = False) -> Outcome:
        if charge.key not in self._attempts:
            ref = f"payment {next(self._numbers)}"
            outcome = self._answer(ref)
            self._paid_with[ref] = charge.card
            self._attempts[charge.key] = self._payments[ref] = outcome
        return self._attempts[charge.key]

    def _answer(self, ref: str) -> Outcome:
        match self.answers.pop(0) if self.answers else WORKS:
            case "soft":
                return Declined("insufficient_funds", False, "The card has not enough funds.", ref)
            case "hard":
                return Declined("stolen_card", True, "The card was declined.", ref)
            case "action_required":
                return ActionRequired(ref, None)
            case _:
                return Paid(ref)

    async def find(self, customer: str, key: str) -> Outcome | None:
        return self._attempts.get(key)

    async def payment(self, ref: str) -> Outcome:
        if ref not in self._payments:
            raise NotFound("There is no such payment.")
        return self._payments[ref]

    def confirm(self) -> None:
        """The card's holder confirms at the bank whatever waits for that."""
        for ref, outcome in self._payments.items():
            if isinstance(outcome, ActionRequired):
                self._payments[ref] = Paid(ref)

    async def authenticate(self, ref: str, card: str, return_url: str) -> Outcome:
        return await self.payment(ref)

    async def cancel(self, ref: str) -> Outcome:
        if not isinstance(self._payments.get(ref), Paid):
            self._payments[ref] = Cancelled(ref)
        return self._payments[ref]

    async def refund(
        self, payment: str, amount_minor: int, key: str, metadata: Mapping[str, str]
    ) -> Refunded | RefundRefused | Unknown:
        return Refunded(f"refund {key}", amount_minor)

    def read_event(self, payload: bytes, signature: str, now: datetime) -> Event:
        return Ignored("", now, "")

    async def close(self) -> None:
        """Nothing is held open."""
