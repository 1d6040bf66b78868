"""What a version of the price book says of usage, in one currency: what a term includes and what more costs. Pure.

Source: licensing requirements §2, CHOICE-16, CHOICE-17, CHOICE-21, CHOICE-29, R10, R11.3
"""

from dataclasses import dataclass

from tocsin.licensing.model import Standing, Term
from tocsin.licensing.pricebook import Beyond, IncomingCalls, Messages, PriceBook, Zone

EVERYTHING = Messages(None, per_seat=False, voice=True, beyond=Beyond.UNLIMITED)


@dataclass(frozen=True, slots=True)
class Tariff:
    """All that rating needs. Amounts are minor units of `currency`."""

    book: PriceBook
    currency: str

    def messages(self, term: Term) -> Messages:
        """What `term` includes of SMS and voice. Raises: Invalid for a plan that the book does not have."""
        if term.standing is Standing.GRANTED:
            return EVERYTHING
        known = self.book.plan(term.plan).messages
        if term.usage_billed and known.included is None:
            return Messages(
                self.book.fair_use.included_per_seat, per_seat=True, voice=known.voice, beyond=Beyond.CHARGE
            )
        return known

    def pool(self, term: Term) -> int | None:
        """How many SMS and voice calls `term` includes in a window; None: no fixed limit."""
        return self.messages(term).pool(term.seats)

    def incoming(self, term: Term) -> IncomingCalls:
        return self.book.plan(term.plan).incoming

    def message_minor(self, zone: Zone) -> int:
        """What an SMS or a call beyond the pool costs."""
        return self.book.rates.messages[zone][self.currency]

    def minute_minor(self, zone: Zone) -> int:
        """What a started minute of a forwarded call costs beyond the free ones."""
        return self.book.rates.minutes[zone][self.currency]

    @property
    def carry_below_minor(self) -> int:
        return self.book.thresholds.carry_below[self.currency]
