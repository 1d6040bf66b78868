"""The gate: what an account's plan allows, as the doors of every room ask it.

The rooms know the question; who answers stands above them, for the answer takes price book, subscription and all that
is counted. Source: licensing requirements M14, R3.4, R8.2
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from tocsin.db import Tx
from tocsin.i18n import N_

INACTIVE = N_(
    "%(name)s is inactive: the account's plan includes fewer. It can be changed again with a larger plan, or when "
    "another one makes room for it."
)


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """What others may know of an account's plan. `seats` is None where any number of responders may act."""

    name: str
    seats: int | None
    is_yearly: bool


class Gate(Protocol):
    """Answers from the account's terms at `at`; inside the transaction that makes what is asked for."""

    async def plan(self, tx: Tx, account_id: int, at: datetime) -> PlanFacts:
        """The plan in force at `at`."""

    async def require(self, tx: Tx, account_id: int, feature: str, at: datetime) -> None:
        """Raises: PlanRequired, naming the plan that has `feature`, where the account's has not."""

    async def require_choice(self, tx: Tx, account_id: int, feature: str, choice: str, at: datetime) -> None:
        """Raises: PlanRequired, naming the plans that have it, where the account's has not that choice of `feature`."""

    async def require_room(
        self, tx: Tx, account_id: int, kind: str, at: datetime, group: str = "", *, comes: bool = True
    ) -> None:
        """Raises: PlanRequired where one more of a counted kind would be one too many.

        A responder who `comes` buys himself a seat where the account's seats follow people; one who is only invited
        does not yet.

        Kinds are "responder", "stakeholder" and the counted features; `group` is the team that routing rules are of.
        """

    async def require_any_field(self, tx: Tx, account_id: int, at: datetime) -> None:
        """Raises: PlanRequired where the conditions of routing rules may ask for priority and tags alone."""

    async def require_configurable(self, tx: Tx, account_id: int, at: datetime) -> None:
        """Raises: PlanRequired where an unpaid invoice keeps the account from configuring anything but its payment."""

    async def since(self, tx: Tx, account_id: int, feature: str, at: datetime) -> datetime | None:
        """The earliest instant that `feature`, which reaches back, still shows; None: everything."""

    async def settle(self, tx: Tx, account_id: int, at: datetime) -> None:
        """Make inactive what is over the limits, and active again what fits: after terms or things have changed."""
