"""Card payments: what is asked of a provider and what it may answer. Pure.

Amounts are minor units beside an upper-case ISO currency; every `ref` is the provider's own name of a thing, to be kept
as it is. A `key` makes a command happen once: the same command with the same key gets the first answer again, also
after a time-out (licensing requirements M9). No card number is ever seen here: people type it into the provider's own
fields (R4.1).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol

Brand = Literal["visa", "mastercard", "amex", "discover", "diners", "jcb", "unionpay", "other"]
Funding = Literal["credit", "debit", "prepaid", "unknown"]

KEY_LASTS = timedelta(hours=24)
"""How long a provider surely remembers a key. An attempt that is still unknown then, and that `find` does not know,
was never made."""

SMALLEST_CHARGE_MINOR: Mapping[str, int] = {"EUR": 50, "PLN": 200, "USD": 50}
"""Less than this no card can be charged. Source: Stripe's documentation, "Supported currencies", minimum amounts."""


@dataclass(frozen=True, slots=True)
class Card:
    """A card as it may be shown: "Visa ending in 4242, 12/2030". `country` is the issuer's, evidence for tax."""

    ref: str
    brand: Brand
    last4: str
    exp_month: int
    exp_year: int  # four digits
    funding: Funding = "unknown"
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Charge:
    """An order to charge a card. One key per attempt; a retry after a decline is another attempt with another key.

    `off_session` means that nobody is at the screen to authenticate. `metadata` comes back with every event: put the
    account and the invoice in it. `return_url` is where the browser comes back after an authentication.
    """

    customer: str
    card: str
    amount_minor: int
    currency: str
    key: str
    description: str
    return_url: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    off_session: bool = True


@dataclass(frozen=True, slots=True)
class Paid:
    """The money is taken."""

    ref: str


@dataclass(frozen=True, slots=True)
class Declined:
    """The card was not charged. `hard`: another try with this card is useless or forbidden, a new card is needed.

    `message` is an English source text for the person who pays, marked for translation.
    """

    code: str
    hard: bool
    message: str
    ref: str | None = None  # the payment, where one was begun


@dataclass(frozen=True, slots=True)
class ActionRequired:
    """The bank wants the card's holder to authenticate; until then nothing is charged.

    `url` leads to the bank and grows old within minutes, so it is for a person who is here now. It is None after an
    off-session charge: mail a link to a page of ours that calls `authenticate` when it is opened.
    """

    ref: str
    url: str | None


@dataclass(frozen=True, slots=True)
class Processing:
    """The provider is still at it; an event, or `payment`, will tell."""

    ref: str


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The payment was given up before anything was taken; it can never be taken any more."""

    ref: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody can say yet whether the card was charged, or the provider cannot be reached. Not a decline.

    Ask again: the same `Charge` with `again=True`. It is never charged twice. `reason` is for the operator.
    """

    reason: str


Outcome = Paid | Declined | ActionRequired | Processing | Cancelled | Unknown


@dataclass(frozen=True, slots=True)
class CardSetup:
    """What the page needs for the provider's hosted fields; the secret is for this one setup and this one person."""

    ref: str
    client_secret: str
    publishable_key: str
    script_url: str


@dataclass(frozen=True, slots=True)
class SetupResult:
    """What became of a card setup: a checked `card`, or why not; neither while it is not finished."""

    ref: str
    card: Card | None = None
    declined: Declined | None = None


@dataclass(frozen=True, slots=True)
class Refunded:
    """Given back, or on its way (`pending`); an event tells if that fails."""

    ref: str
    amount_minor: int
    pending: bool = False


@dataclass(frozen=True, slots=True)
class RefundRefused:
    """Nothing was given back, e.g. because more was asked for than was paid. `reason` is for the operator."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Event:
    """Something the provider tells by itself: perhaps twice, perhaps late, perhaps before what came earlier.

    Keep the ids that were handled and ignore a repeat. Do not conclude a state from the order of events: ask `payment`
    or `card` what is true now (M14). `at` is the provider's time.
    """

    id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PaymentEvent(Event):
    """A payment succeeded, was declined, waits for authentication or was given up.

    `key` and `metadata` are the charge's; `key` is None for a payment that we did not make.
    """

    outcome: Paid | Declined | ActionRequired | Processing | Cancelled
    customer: str | None
    amount_minor: int
    currency: str
    key: str | None
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SetupEvent(Event):
    """A card setup was finished: `card_ref` is the card, None if the setup failed."""

    setup: str
    customer: str | None
    card_ref: str | None


@dataclass(frozen=True, slots=True)
class CardUpdated(Event):
    """The network replaced number or expiry of a card that we have; its `ref` stays."""

    customer: str | None
    card: Card


@dataclass(frozen=True, slots=True)
class Disputed(Event):
    """The holder wants money back through the bank. While `open` and when `lost` the amount is gone from us.

    An `inquiry` only asks: nothing is taken unless it becomes a dispute.
    """

    dispute: str
    payment: str
    status: Literal["open", "won", "lost", "inquiry"]
    reason: str
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class RefundChanged(Event):
    """A refund was made here or at the provider, arrived, or failed (then the money is with us again)."""

    refund: str
    payment: str
    status: Literal["pending", "succeeded", "failed"]
    amount_minor: int
    currency: str
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Ignored(Event):
    """An event of a kind that means nothing to us."""

    type: str


class CardGateway(Protocol):
    """A provider that keeps cards and charges them.

    Besides what is said at each: Unavailable when the provider cannot be reached or does not accept our key, NotFound
    when it does not know a ref of this customer, Conflict when a key was used for something else.
    """

    async def create_customer(self, account_id: int, name: str, email: str, key: str) -> str:
        """The ref under which the account's cards are kept."""
        ...

    async def forget_customer(self, customer: str) -> None:
        """Erase name, e-mail and cards at the provider; payments made stay there. Forgotten already is no error."""
        ...

    async def start_card_setup(self, customer: str) -> CardSetup:
        """A new setup, for the page where somebody enters a card: checked, and good for off-session charges."""
        ...

    async def setup_result(self, customer: str, setup: str) -> SetupResult:
        """What became of the setup, asked when the browser returns. Raises: NotFound if it is another customer's."""
        ...

    async def card(self, customer: str, card: str) -> Card:
        """The card as the provider knows it now. Raises: NotFound if it is not, or no longer, this customer's."""
        ...

    async def make_default(self, customer: str, card: str) -> None:
        """From now on the provider, too, takes this card by default."""
        ...

    async def detach(self, customer: str, card: str) -> None:
        """Forget the card; a card that is already forgotten is no error."""
        ...

    async def charge(self, charge: Charge, *, again: bool = False) -> Outcome:
        """What became of the attempt; never raises for what a bank or a network does.

        `again` says that this very attempt was made before and its outcome is unknown: it is looked for first, so that
        it is charged once even when the provider has forgotten the key. Raises: Conflict.
        """
        ...

    async def find(self, customer: str, key: str) -> Outcome | None:
        """What became of the attempt that was made with `key`; None if no payment came of it."""
        ...

    async def payment(self, ref: str) -> Outcome:
        """What is true of a payment now. Raises: NotFound, Unavailable."""
        ...

    async def authenticate(self, ref: str, card: str, return_url: str) -> Outcome:
        """Begin the authentication of a payment that asked for it: ActionRequired with a fresh `url`, as a rule.

        Its holder is here now; `return_url` is where the bank sends the browser back, whatever came of it.
        """
        ...

    async def cancel(self, ref: str) -> Outcome:
        """Give up a payment: Cancelled, or Paid if it was too late.

        Before another attempt for the same invoice, cancel one that was declined or waits for authentication: else its
        mailed link could still be used, and the invoice paid twice.
        """
        ...

    async def refund(
        self, payment: str, amount_minor: int, key: str, metadata: Mapping[str, str]
    ) -> Refunded | RefundRefused | Unknown:
        """Give back a part or all of a payment; the same key again is safe."""
        ...

    def read_event(self, payload: bytes, signature: str, now: datetime) -> Event:
        """The event in a webhook, its signature and age checked. Raises: Invalid."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
