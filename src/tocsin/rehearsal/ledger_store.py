"""What a ledger reads of one account's billing on the scratch server."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from tocsin.db import Tx
from tocsin.rehearsal.store import MailLine


@dataclass(frozen=True, slots=True)
class TermLine:
    """From when on the account stood so."""

    id: int
    starts_at: datetime
    standing: str
    plan: str
    seats: int
    interval: str | None


async def terms_after(tx: Tx, account_id: int, last: int) -> list[TermLine]:
    """What the account had, past the id `last`."""
    return await tx.all(
        TermLine,
        """
        select id, starts_at, standing, plan, seats, interval from subscription_terms
         where account_id = %(account_id)s and id > %(last)s order by id
        """,
        account_id=account_id,
        last=last,
    )


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """How a finalised invoice or credit note stands."""

    id: UUID
    number: str
    kind: str
    status: str
    owed_minor: int


async def finalised(tx: Tx, account_id: int) -> list[DocumentLine]:
    """Invoices and credit notes, in the order in which they became final."""
    return await tx.all(
        DocumentLine,
        """
        select id, number, kind, status, gross_minor - paid_minor as owed_minor from documents
         where account_id = %(account_id)s and number is not null
         order by issued_at, kind desc, number
        """,
        account_id=account_id,
    )


@dataclass(frozen=True, slots=True)
class PaymentLine:
    """Something that was paid or otherwise settled; below zero: taken back. `excess_minor` went to the balance."""

    id: UUID
    document_id: UUID
    method: str
    amount_minor: int
    excess_minor: int
    paid_at: datetime
    reference: str


async def payments(tx: Tx, account_id: int) -> list[PaymentLine]:
    return await tx.all(
        PaymentLine,
        """
        select p.id, p.document_id, p.method, p.amount_minor, p.excess_minor, p.paid_at, p.reference
          from payments p join documents d on d.account_id = p.account_id and d.id = p.document_id
         where p.account_id = %(account_id)s order by p.paid_at, d.number, p.method
        """,
        account_id=account_id,
    )


@dataclass(frozen=True, slots=True)
class Planned:
    """What is to change at the period's end, or at the trial's: the fields that do."""

    fields: dict[str, Any]
    term_ends_on: date | None
    trial_ends_at: datetime | None


async def planned(tx: Tx, account_id: int) -> Planned | None:
    """None where nothing is."""
    return await tx.find(
        Planned,
        """
        select coalesce(scheduled, chosen) as fields, term_ends_on, trial_ends_at from subscriptions
         where account_id = %(account_id)s
           and (jsonb_typeof(scheduled) = 'object' or jsonb_typeof(chosen) = 'object' and trial_ends_at is not null)
        """,
        account_id=account_id,
    )


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A case of fair use: `windows` are those that it was opened for."""

    id: UUID
    status: str
    effective_at: datetime | None
    windows: list[dict[str, Any]]


async def cases(tx: Tx, account_id: int) -> list[CaseLine]:
    """Oldest first."""
    return await tx.all(
        CaseLine,
        """
        select id, status, effective_at, windows from fair_use_cases
         where account_id = %(account_id)s order by opened_at, id
        """,
        account_id=account_id,
    )


async def server_mails_after(tx: Tx, account_id: int, last: int) -> list[MailLine]:
    """Mails of the server itself, past the id `last`."""
    return await tx.all(
        MailLine,
        """
        select id, created_at, to_address, subject from mails
         where account_id = %(account_id)s and id > %(last)s order by id
        """,
        account_id=account_id,
        last=last,
    )


async def undo_token(tx: Tx, account_id: int) -> str:
    """The token of the link that takes a deletion back, from the mail that told of it."""
    body: str = await tx.value(
        """
        select text_body from mails where account_id = %(account_id)s and text_body like '%%/undo-deletion/%%'
         order by id desc limit 1
        """,
        account_id=account_id,
    )
    found = re.search(r"/undo-deletion/(\S+)", body)
    return found[1] if found else ""


async def is_gone(tx: Tx, account_id: int) -> bool:
    """Whether the account was erased."""
    found: bool = await tx.value(
        "select not exists (select 1 from accounts where id = %(account_id)s)", account_id=account_id
    )
    return found
