"""The SQL of charges, cards and commands: attempts at a card, and what was asked for with which key."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tocsin.billing.account import ChargeFor, ChargeOrder
from tocsin.db import Tx


@dataclass(frozen=True, slots=True)
class Attempt:
    """A charge that is being made, with the refs by which the provider knows payer and card.

    `tries` counts from 1: from the second on its outcome may be known to the provider already.
    """

    account_id: int
    id: UUID
    purpose: ChargeFor
    document_id: UUID | None
    command_key: str | None
    amount_minor: int
    currency: str
    status: str
    reference: str
    tries: int
    customer_ref: str | None
    card_ref: str | None
    number: str | None  # the invoice's

    def __post_init__(self) -> None:
        object.__setattr__(self, "purpose", ChargeFor(self.purpose))


@dataclass(frozen=True, slots=True)
class KeptCommand:
    """A command that was asked for: pending while its charge is under way, else with what came of it."""

    account_id: int
    key: str
    command: dict[str, Any]
    by_user_id: UUID | None
    status: str
    result: dict[str, Any]
    created_at: datetime


ATTEMPT = """
    select c.account_id, c.id, c.purpose, c.document_id, c.command_key, c.amount_minor, c.currency, c.status,
           c.reference, c.tries, b.customer as customer_ref, k.ref as card_ref, d.number
      from charges c
      left join card_customers b on b.account_id = c.account_id
      left join cards k on k.account_id = c.account_id and k.id = c.card_id and k.removed_at is null
      left join documents d on d.account_id = c.account_id and d.id = c.document_id
"""
COMMAND = "account_id, key, command, by_user_id, status, result, created_at"


async def insert_charge(
    tx: Tx, account_id: int, charge_id: UUID, charge: ChargeOrder, command_key: str, card_id: UUID | None,
    at: datetime, due_at: datetime,
) -> None:  # fmt: skip
    """A charge that its caller makes himself; at `due_at` a worker asks what became of it."""
    await tx.execute(
        """
        insert into charges (account_id, id, purpose, document_id, command_key, amount_minor, currency, card_id, status,
                             tries, created_at, due_at)
        values (%(account_id)s, %(id)s, %(purpose)s, %(document_id)s, %(command_key)s, %(amount_minor)s, %(currency)s,
                %(card_id)s, 'sent', 1, %(at)s, %(due_at)s)
        """,
        account_id=account_id, id=charge_id, purpose=charge.purpose, document_id=charge.document_id,
        command_key=command_key, amount_minor=charge.amount_minor, currency=charge.currency, card_id=card_id, at=at,
        due_at=due_at,
    )  # fmt: skip


async def claim_due(tx: Tx, now: datetime, leased_until: datetime, limit: int, account_id: int | None) -> list[Attempt]:
    """Charges that are due, the caller's until the lease ends; of one account only, if it is named."""
    claimed = await tx.dicts(
        """
        update charges c set status = case when status = 'wanted' then 'sent' else status end, tries = tries + 1,
               due_at = %(leased_until)s
         where (c.account_id, c.id) in (
                 select account_id, id from charges
                  where due_at <= %(now)s and status in ('wanted', 'sent', 'action_required')
                    and (%(account_id)s::bigint is null or account_id = %(account_id)s)
                  order by due_at limit %(limit)s for update skip locked)
        returning c.account_id, c.id
        """,
        now=now, leased_until=leased_until, limit=limit, account_id=account_id,
    )  # fmt: skip
    if not claimed:
        return []
    return await tx.all(
        Attempt,
        f"""{ATTEMPT} join unnest(%(accounts)s::bigint[], %(ids)s::uuid[]) as g (account_id, id)
                         on g.account_id = c.account_id and g.id = c.id""",
        accounts=[row["account_id"] for row in claimed],
        ids=[row["id"] for row in claimed],
    )


async def earliest_due(tx: Tx) -> datetime | None:
    found: datetime | None = await tx.value("select min(due_at) from charges where due_at is not null")
    return found


async def get_attempt(tx: Tx, account_id: int, charge_id: UUID) -> Attempt:
    """Raises: NotFound."""
    return await tx.one(
        Attempt, f"{ATTEMPT} where c.account_id = %(account_id)s and c.id = %(id)s", account_id=account_id, id=charge_id
    )


async def find_attempt(tx: Tx, account_id: int, charge_id: UUID) -> Attempt | None:
    return await tx.find(
        Attempt, f"{ATTEMPT} where c.account_id = %(account_id)s and c.id = %(id)s", account_id=account_id, id=charge_id
    )


@dataclass(frozen=True, slots=True)
class PaidByCard:
    """A payment that a card made: of `amount_minor` so much went to the balance."""

    account_id: int
    document_id: UUID
    number: str
    amount_minor: int
    excess_minor: int


async def find_paid(tx: Tx, reference: str) -> PaidByCard | None:
    """What a provider's payment paid, whoever's it is: the engine role asks.

    One that was made a second time paid no invoice, and is all in the balance.
    """
    return await tx.find(
        PaidByCard,
        """
        select c.account_id, d.id as document_id, coalesce(d.number, '') as number,
               c.amount_minor, coalesce(p.excess_minor, c.amount_minor) as excess_minor
          from charges c
          left join payments p on p.account_id = c.account_id and p.reference = c.reference and p.method = 'card'
           and p.amount_minor + p.excess_minor > 0
          join documents d on d.account_id = c.account_id and d.id = coalesce(p.document_id, c.document_id)
         where c.reference = %(reference)s and c.status = 'paid' and d.number is not null
         limit 1
        """,
        reference=reference,
    )


async def lock_charge(tx: Tx, account_id: int, charge_id: UUID) -> str:
    """The charge's status, locked until the transaction ends."""
    status: str = await tx.value(
        "select status from charges where account_id = %(account_id)s and id = %(id)s for update",
        account_id=account_id,
        id=charge_id,
    )
    return status


async def save_charge(
    tx: Tx, account_id: int, charge_id: UUID, status: str, *, code: str = "", reference: str = "",
    settled_at: datetime | None = None, due_at: datetime | None = None,
) -> None:  # fmt: skip
    await tx.execute(
        """
        update charges set status = %(status)s, code = %(code)s, settled_at = %(settled_at)s, due_at = %(due_at)s,
               reference = case when %(reference)s = '' then reference else %(reference)s end
         where account_id = %(account_id)s and id = %(id)s
        """,
        account_id=account_id, id=charge_id, status=status, code=code, reference=reference, settled_at=settled_at,
        due_at=due_at,
    )  # fmt: skip


async def waiting_for_holder(tx: Tx, account_id: int, document_id: UUID) -> list[Attempt]:
    """Attempts at an invoice for which the card's holder was to authenticate, or that were declined but can still be
    completed by a mailed link: to be given up before another attempt.
    """
    return await tx.all(
        Attempt,
        f"""{ATTEMPT} where c.account_id = %(account_id)s and c.document_id = %(document_id)s
                        and c.status = 'action_required'""",
        account_id=account_id,
        document_id=document_id,
    )


async def list_waiting(tx: Tx, account_id: int) -> list[Attempt]:
    """Every attempt of the account for which the card's holder was to authenticate."""
    return await tx.all(
        Attempt,
        f"{ATTEMPT} where c.account_id = %(account_id)s and c.status = 'action_required' order by c.created_at",
        account_id=account_id,
    )


async def find_command(tx: Tx, account_id: int, key: str) -> KeptCommand | None:
    return await tx.find(
        KeptCommand,
        f"select {COMMAND} from billing_commands where account_id = %(account_id)s and key = %(key)s",
        account_id=account_id,
        key=key,
    )


async def insert_command(
    tx: Tx, account_id: int, key: str, command: str, by: UUID | None, status: str, result: str, at: datetime
) -> None:
    """`command` and `result` are JSON."""
    await tx.execute(
        """
        insert into billing_commands (account_id, key, command, by_user_id, status, result, created_at)
        values (%(account_id)s, %(key)s, %(command)s::jsonb, %(by)s, %(status)s, %(result)s::jsonb, %(at)s)
        """,
        account_id=account_id, key=key, command=command, by=by, status=status, result=result, at=at,
    )  # fmt: skip


async def settle_command(tx: Tx, account_id: int, key: str, status: str, result: str) -> None:
    """What came of a command; `result` is JSON."""
    await tx.execute(
        """
        update billing_commands set status = %(status)s, result = %(result)s::jsonb
         where account_id = %(account_id)s and key = %(key)s
        """,
        account_id=account_id,
        key=key,
        status=status,
        result=result,
    )


async def set_pending(tx: Tx, account_id: int, key: str | None) -> None:
    """Hold the account for the command whose charge is under way, or let it go."""
    await tx.execute(
        "update subscriptions set pending_key = %(key)s where account_id = %(account_id)s",
        account_id=account_id,
        key=key,
    )
