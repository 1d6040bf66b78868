"""The SQL of the operator's billing pages: it looks across accounts, so the engine role asks, for operators only."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import msgspec

from tocsin.billing.account import PaymentMethod
from tocsin.billing.commands import ReversePayment
from tocsin.billing.model import Buyer
from tocsin.db import Tx

OWED = "('open', 'action_required', 'partially_paid')"


@dataclass(frozen=True, slots=True)
class BilledAccount:
    """An account and how it is billed; without a subscription it has everything and is never billed."""

    id: int
    name: str
    standing: str
    plan: str
    interval: str | None
    seats: int
    collection: str
    currency: str
    owed_minor: int
    trial_ends_at: datetime | None
    term_ends_on: date | None
    failed_because: str | None


@dataclass(frozen=True, slots=True)
class OwedInvoice:
    """A finalised invoice with something owed."""

    account_id: int
    account_name: str
    id: UUID
    number: str
    currency: str
    owed_minor: int
    dated_on: date
    due_on: date | None  # in the account's billing time zone
    collection: str
    po_number: str
    late_days: int  # dunning that was gone through: days after the due date


@dataclass(frozen=True, slots=True)
class MadeOut:
    """A finalised invoice, and to whom it is made out."""

    id: UUID
    number: str
    dated_on: date
    currency: str
    gross_minor: int
    buyer: Buyer


@dataclass(frozen=True, slots=True)
class RecordedPayment:
    """Money that an operator recorded, or a card's; `written_off_minor` of its invoice went with it."""

    account_id: int
    id: UUID
    document_id: UUID
    number: str
    method: str
    amount_minor: int
    excess_minor: int
    written_off_minor: int
    currency: str
    paid_at: datetime
    reference: str
    reversed: bool

    @property
    def came_minor(self) -> int:
        """All that came, with what went to the balance."""
        return self.amount_minor + self.excess_minor

    def taken_back(self, reference: str = "") -> ReversePayment:
        """The command that takes it back whole, and with it what was written off because of it. Source: S37"""
        return ReversePayment(
            self.document_id,
            self.came_minor,
            PaymentMethod(self.method),
            self.excess_minor,
            max(0, self.written_off_minor),
            reference,
        )


async def list_accounts(tx: Tx, search: str, limit: int, offset: int) -> list[BilledAccount]:
    """Accounts whose name or number has `search` in it, those with something overdue first, then by name."""
    return await tx.all(
        BilledAccount,
        f"""
        select a.id, a.name, coalesce(s.standing, 'granted') as standing, coalesce(s.plan, '') as plan, s.interval,
               coalesce(s.seats, 0) as seats, coalesce(s.collection, '') as collection,
               coalesce(s.currency, '') as currency, s.trial_ends_at, s.term_ends_on, s.failed_because,
               coalesce((select sum(d.gross_minor - d.paid_minor) from documents d
                          where d.account_id = a.id and d.kind = 'invoice' and d.status in {OWED}), 0)::bigint
                 as owed_minor
          from accounts a left join subscriptions s on s.account_id = a.id
         where a.deleted_at is null and (position(lower(%(search)s) in lower(a.name)) > 0 or a.id::text = %(search)s)
         order by coalesce(s.standing in ('past_due', 'restricted'), false) desc, lower(a.name), a.id
         limit %(limit)s offset %(offset)s
        """,
        search=search,
        limit=limit,
        offset=offset,
    )


async def list_owed(tx: Tx, limit: int, account_id: int | None = None) -> list[OwedInvoice]:
    """Invoices with something owed, the longest due first; of one account, or of all."""
    return await tx.all(
        OwedInvoice,
        f"""
        select d.account_id, a.name as account_name, d.id, d.number, d.currency,
               d.gross_minor - d.paid_minor as owed_minor, d.dated_on, d.due_on, d.collection, d.po_number,
               coalesce(d.day_done, 0) as late_days
          from documents d join accounts a on a.id = d.account_id
         where d.kind = 'invoice' and d.status in {OWED} and d.gross_minor > d.paid_minor
           and (%(account_id)s::bigint is null or d.account_id = %(account_id)s)
         order by d.due_on, d.number limit %(limit)s
        """,
        account_id=account_id,
        limit=limit,
    )


async def list_written_off(tx: Tx, account_id: int, limit: int) -> list[OwedInvoice]:
    """Invoices of which something was written off, the newest first; `owed_minor` is how much."""
    return await tx.all(
        OwedInvoice,
        """
        select d.account_id, a.name as account_name, d.id, d.number, d.currency, w.minor as owed_minor, d.dated_on,
               d.due_on, d.collection, d.po_number, coalesce(d.day_done, 0) as late_days
          from (select p.account_id, p.document_id, sum(p.amount_minor)::bigint as minor from payments p
                 where p.account_id = %(account_id)s and p.method = 'write_off'
                 group by p.account_id, p.document_id having sum(p.amount_minor) > 0) w
          join documents d on d.account_id = w.account_id and d.id = w.document_id
          join accounts a on a.id = d.account_id
         where d.status in ('paid', 'written_off')
           and not exists (select from documents n where n.account_id = d.account_id and n.corrects = d.id)
         order by d.issued_at desc, d.number desc limit %(limit)s
        """,
        account_id=account_id,
        limit=limit,
    )


async def list_correctable(tx: Tx, account_id: int, limit: int) -> list[MadeOut]:
    """Finalised invoices of which something was not credited and which were not made out anew, the newest first."""
    rows = await tx.dicts(
        """
        select d.id, d.number, d.dated_on, d.currency, d.gross_minor, d.buyer
          from documents d
         where d.account_id = %(account_id)s and d.kind = 'invoice' and d.number is not null
           and not exists (select from documents n where n.account_id = d.account_id and n.corrects = d.id)
           and d.gross_minor > coalesce((select sum(c.gross_minor) from documents c
                                          where c.account_id = d.account_id and c.credits = d.id), 0)
         order by d.issued_at desc, d.number desc limit %(limit)s
        """,
        account_id=account_id,
        limit=limit,
    )
    return [MadeOut(**{**row, "buyer": msgspec.convert(row["buyer"], Buyer)}) for row in rows]


async def list_hopeless(tx: Tx, after_days: int, limit: int) -> list[OwedInvoice]:
    """Invoices still owed so many days after they were due, the longest due first. Source: §4, day 90"""
    return await tx.all(
        OwedInvoice,
        f"""
        select d.account_id, a.name as account_name, d.id, d.number, d.currency,
               d.gross_minor - d.paid_minor as owed_minor, d.dated_on, d.due_on, d.collection, d.po_number,
               d.day_done as late_days
          from documents d join accounts a on a.id = d.account_id
         where d.kind = 'invoice' and d.status in {OWED} and d.gross_minor > d.paid_minor
           and d.day_done >= %(after_days)s
         order by d.due_on, d.number limit %(limit)s
        """,
        after_days=after_days,
        limit=limit,
    )


async def list_payments(tx: Tx, account_id: int, limit: int) -> list[RecordedPayment]:
    """What was paid by transfer, cheque or card, and what was written off for a reason, the newest first."""
    return await tx.all(
        RecordedPayment,
        """
        select p.account_id, p.id, p.document_id, coalesce(d.number, '') as number, p.method, p.amount_minor,
               p.excess_minor, d.currency, p.paid_at, p.reference,
               coalesce((select sum(w.amount_minor) from payments w
                          where w.account_id = p.account_id and w.document_id = p.document_id
                            and w.method = 'write_off'), 0)::bigint as written_off_minor,
               exists (select from billing_commands c where c.account_id = p.account_id
                          and c.key = 'operator-reverse-' || p.id) as reversed
          from payments p join documents d on d.account_id = p.account_id and d.id = p.document_id
         where p.account_id = %(account_id)s
           and (p.method in ('transfer', 'cheque', 'card') or p.method = 'write_off' and p.reference <> '')
         order by p.paid_at desc, p.id limit %(limit)s
        """,
        account_id=account_id,
        limit=limit,
    )
