"""Money: integer minor units of one currency, and the one rounding. Pure."""

from dataclasses import dataclass

from tocsin.errors import Invalid


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount in minor units (cents, grosze). Only amounts of one currency meet. Source: licensing requirements M1"""

    minor: int
    currency: str

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._of_ours(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._of_ours(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def _of_ours(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise Invalid(f"{other.currency} cannot be added to {self.currency}.")
        return other.minor


def share(minor: int, part: int, whole: int) -> int:
    """`minor` × `part` / `whole`, rounded once, half away from zero. Source: licensing requirements M2

    Raises: Invalid when the whole is not positive or the part is negative.
    """
    if whole <= 0 or part < 0:
        raise Invalid(f"{part} of {whole} is no share.")
    size = (2 * abs(minor) * part + whole) // (2 * whole)
    return size if minor >= 0 else -size


def prorate(minor: int, days_left: int, days: int) -> int:
    """The part of a period's price that falls to its last `days_left` days; the day of a change is one of them.

    Days are calendar days of the billing time zone. Raises: Invalid outside the period.
    Source: licensing requirements M3
    """
    if not 0 <= days_left <= days or days == 0:
        raise Invalid(f"{days_left} days left of a period of {days}.")
    return share(minor, days_left, days)
