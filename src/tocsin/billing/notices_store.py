"""The SQL of what an account's owners are told on every page: one row."""

from dataclasses import dataclass
from datetime import datetime

from tocsin.db import Tx
from tocsin.licensing.model import Standing


@dataclass(frozen=True, slots=True)
class Stand:
    """How a subscription stands. `chosen` is the plan picked in a trial; `owed_minor` is overdue or wants an answer."""

    standing: Standing
    trial_ends_at: datetime | None
    chosen: str | None
    grace_ends_at: datetime | None
    currency: str
    owed_minor: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "standing", Standing(self.standing))


async def find(tx: Tx, account_id: int, at: datetime) -> Stand | None:
    """None for an account without a subscription."""
    return await tx.find(
        Stand,
        """
        select s.standing, s.trial_ends_at, s.chosen->>'plan' as chosen, s.grace_ends_at, s.currency,
               coalesce((select sum(d.gross_minor - d.paid_minor) from documents d
                          where d.account_id = s.account_id and d.kind = 'invoice' and d.number is not null
                            and d.status in ('open', 'action_required', 'partially_paid') and d.due_at <= %(at)s),
                        0)::bigint as owed_minor
          from subscriptions s
         where s.account_id = %(account_id)s
        """,
        account_id=account_id,
        at=at,
    )
