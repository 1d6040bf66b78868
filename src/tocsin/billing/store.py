"""The SQL of billing: accounts loaded and saved set by set, whole, under a lock.

Rows travel as JSON and become rows of their table in the server: one statement for any number of accounts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec

from tocsin.billing import documents_store
from tocsin.billing.account import AccountBilling, Change, ClosedWindow, Debit, Draft, Number, Unpaid
from tocsin.billing.cards.on_file import CardOnFile
from tocsin.billing.cards.store import CARD
from tocsin.billing.documents_store import (
    DOCUMENT,
    DUNNING,
    WAITING,
    Numbering,
    as_json,
    columns,
    lines_of,
    to_document,
)
from tocsin.billing.model import (
    Buyer,
    Document,
    DocumentStatus,
    Line,
    LineKind,
)
from tocsin.billing.vat_id import VatCheck
from tocsin.db import Tx
from tocsin.errors import NotFound
from tocsin.i18n import N_
from tocsin.licensing import terms_store
from tocsin.licensing.metering import Carried
from tocsin.licensing.model import Collection, Interval, Standing, Subscription, Target, Term

SUBSCRIPTION = tuple(field.name for field in fields(Subscription))
SUBSCRIPTION_EXTRAS = ("closed", "carried_minor", "carried_times")
BUYER = tuple(field.name for field in fields(Buyer))
OPEN = "('draft', 'open', 'action_required', 'partially_paid')"


# Loading


async def lock(tx: Tx, account_id: int) -> tuple[AccountBilling, str | None]:
    """The account's billing, locked until the transaction ends, and the command whose charge is under way, if any.

    Raises: NotFound.
    """
    sql = f"select {columns(SUBSCRIPTION)}, {columns(SUBSCRIPTION_EXTRAS)}, pending_key from subscriptions"
    rows = await tx.dicts(f"{sql} where account_id = %(account_id)s for update", account_id=account_id)
    if not rows:
        raise NotFound(N_("This account has no subscription."))
    billings = await _assemble(tx, rows)
    return billings[account_id], rows[0]["pending_key"]


async def lock_expanding(tx: Tx, account_id: int) -> bool:
    """Lock the subscription if its seats follow people; whether they do."""
    sql = """
        select account_id from subscriptions
         where account_id = %(account_id)s and auto_expand and term_ends_on is not null for update
    """
    return bool(await tx.values(sql, account_id=account_id))


async def find(tx: Tx, account_id: int) -> AccountBilling | None:
    """The account's billing as it stands."""
    sql = f"select {columns(SUBSCRIPTION)}, {columns(SUBSCRIPTION_EXTRAS)}, pending_key from subscriptions"
    rows = await tx.dicts(f"{sql} where account_id = %(account_id)s", account_id=account_id)
    return (await _assemble(tx, rows)).get(account_id)


async def claim_due(tx: Tx, now: datetime, limit: int) -> dict[int, AccountBilling]:
    """Accounts to which something happens by itself, locked until the transaction ends, the longest due first."""
    sql = f"""
        select {columns(SUBSCRIPTION)}, {columns(SUBSCRIPTION_EXTRAS)}, pending_key from subscriptions
         where due_at <= %(now)s and pending_key is null
         order by due_at limit %(limit)s for update skip locked
    """
    return await _assemble(tx, await tx.dicts(sql, now=now, limit=limit))


async def earliest_due(tx: Tx) -> datetime | None:
    found: datetime | None = await tx.value(
        "select min(due_at) from subscriptions where due_at is not null and pending_key is null"
    )
    return found


async def _assemble(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> dict[int, AccountBilling]:
    """Whole accounts, each part of all of them by one statement."""
    if not rows:
        return {}
    ids = [row["account_id"] for row in rows]
    buyers = {row["account_id"]: row for row in await tx.dicts(BUYERS, ids=ids)}
    terms = _grouped(await tx.dicts(TERMS, ids=ids))
    numbers = _grouped(await tx.dicts(NUMBERS, ids=ids))
    debits = _grouped(await tx.dicts(DEBITS, ids=ids))
    documents = await tx.dicts(OPEN_DOCUMENTS, ids=ids)
    lines = await lines_of(tx, documents)
    people = {row["account_id"]: row for row in await tx.dicts(PEOPLE, ids=ids)}
    late = set(await tx.values(LATE, ids=ids))
    cards = {card.account_id: card for card in await tx.all(CardOnFile, CARDS, ids=ids)}
    opened = _grouped(documents)
    return {
        row["account_id"]: AccountBilling(
            subscription=_subscription(row),
            buyer=_buyer(buyers.get(row["account_id"])),
            vat_check=_vat_check(buyers.get(row["account_id"])),
            terms=tuple(Term(**_without(term, "id")) for term in terms.get(row["account_id"], ())),
            numbers=tuple(Number(**_without(one, "account_id")) for one in numbers.get(row["account_id"], ())),
            debits=tuple(_debit(one) for one in debits.get(row["account_id"], ())),
            drafts=tuple(_draft(one, lines) for one in opened.get(row["account_id"], ()) if one["number"] is None),
            unpaid=tuple(_unpaid(one, lines) for one in opened.get(row["account_id"], ()) if one["number"]),
            closed=_windows(row["closed"]),
            carried=Carried(row["carried_minor"], row["carried_times"]),
            late_usage=row["account_id"] in late,
            card_notices=cards[row["account_id"]].notices_on if row["account_id"] in cards else (),
            responders=people.get(row["account_id"], {}).get("responders", 0),
            stakeholders=people.get(row["account_id"], {}).get("stakeholders", 0),
        )
        for row in rows
    }


BUYERS = f"select account_id, vat_check, {', '.join(BUYER)} from billing_information where account_id = any(%(ids)s)"
TERMS = f"""
    select t.id, {", ".join(f"t.{field.name}" for field in fields(Term))}
      from subscriptions s
      join subscription_terms t on t.account_id = s.account_id
     where s.account_id = any(%(ids)s)
       and t.starts_at >= coalesce((select max(x.starts_at) from subscription_terms x
                                     where x.account_id = s.account_id
                                       and x.starts_at <= coalesce(s.window_starts_at, 'infinity')
                                                          - interval '33 days'), '-infinity')
     order by t.account_id, t.starts_at, t.id
"""
NUMBERS = """
    select n.account_id, n.id, n.e164, n.added_at, n.released_at, n.ended_at
      from rented_numbers n join subscriptions s on s.account_id = n.account_id
     where n.account_id = any(%(ids)s) and (n.ended_at is null or n.ended_at > s.window_starts_at)
     order by n.account_id, n.added_at, n.e164
"""
DEBITS = """
    select account_id, document_id, id, kind, item, quantity, amount_minor, starts_on, ends_on, tax_category,
           tax_rate_bp
      from document_lines
     where account_id = any(%(ids)s) and running
     order by account_id, starts_on, document_id, position
"""
OPEN_DOCUMENTS = f"""
    select {", ".join(f"d.{name}" for name in (*DOCUMENT, *WAITING, *DUNNING))},
           c.number as credits_number, o.number as corrects_number
      from documents d
      left join documents c on c.account_id = d.account_id and c.id = d.credits
      left join documents o on o.account_id = d.account_id and o.id = d.corrects
     where d.account_id = any(%(ids)s) and d.status in {OPEN} and (d.number is null or d.due_on is not null)
     order by d.account_id, d.due_on, d.issued_at, d.series_number
"""
LATE = """
    select s.account_id
      from subscriptions s
     where s.account_id = any(%(ids)s)
       and exists (select 1 from usage_records r
                    where r.account_id = s.account_id and r.received_at - r.at > interval '48 hours'
                      and r.at < s.window_starts_at
                      and r.received_at > coalesce((select max(c.closed_at) from usage_closings c
                                                     where c.account_id = s.account_id), '-infinity'))
"""
CARDS = f"""
    select {", ".join(f"c.{name.strip()}" for name in CARD.split(","))}
      from subscriptions s join cards c on c.account_id = s.account_id and c.id = s.default_card_id
     where s.account_id = any(%(ids)s) and c.removed_at is null
"""
PEOPLE = """
    select account_id, count(*) filter (where licence_kind = 'responder') as responders,
           count(*) filter (where licence_kind = 'stakeholder') as stakeholders
      from users where account_id = any(%(ids)s) and status = 'active'
     group by account_id
"""


def _grouped(rows: Sequence[Mapping[str, Any]]) -> dict[int, list[Mapping[str, Any]]]:
    found: dict[int, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["account_id"], []).append(row)
    return found


def _without(row: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


def _subscription(row: Mapping[str, Any]) -> Subscription:
    values = {name: row[name] for name in SUBSCRIPTION}
    values["standing"] = Standing(values["standing"])
    values["interval"] = Interval(values["interval"]) if values["interval"] else None
    values["collection"] = Collection(values["collection"])
    values["chosen"] = _target(values["chosen"])
    values["scheduled"] = _target(values["scheduled"])
    return Subscription(**values)


def _target(value: Mapping[str, Any] | None) -> Target | None:
    return None if value is None else msgspec.convert(value, Target)


def _windows(value: object) -> tuple[ClosedWindow, ...]:
    return msgspec.convert(value or [], tuple[ClosedWindow, ...])


NOBODY = Buyer("", (), "", "", "")
"""Until somebody fills in who buys."""


def _buyer(row: Mapping[str, Any] | None) -> Buyer:
    if row is None:
        return NOBODY
    values = {name: row[name] for name in BUYER}
    return Buyer(**values | {"address": tuple(values["address"]), "emails": tuple(values["emails"])})


def _vat_check(row: Mapping[str, Any] | None) -> VatCheck | None:
    return msgspec.convert(row["vat_check"], VatCheck) if row and row["vat_check"] else None


def _debit(row: Mapping[str, Any]) -> Debit:
    values = _without(row, "account_id", "id")
    return Debit(**values | {"line_id": row["id"], "kind": LineKind(row["kind"])})


def _draft(row: Mapping[str, Any], lines: Mapping[tuple[int, UUID], tuple[Line, ...]]) -> Draft:
    return Draft(to_document(row, lines), _windows(row["windows"]), row["finalise_at"], bool(row["is_final"]))


def _unpaid(row: Mapping[str, Any], lines: Mapping[tuple[int, UUID], tuple[Line, ...]]) -> Unpaid:
    return Unpaid(to_document(row, lines), row["due_on"], row["day_done"], row["hard"], row["charging"])


# Saving


async def insert_subscription(tx: Tx, billing: AccountBilling) -> None:
    """A new account's subscription with its first terms. Raises: UniqueViolation for an account that has one."""
    names = (*SUBSCRIPTION, *SUBSCRIPTION_EXTRAS)
    await tx.execute(
        f"""
        insert into subscriptions ({columns(names)})
        select {columns(names)} from json_populate_recordset(null::subscriptions, %(rows)s::json)
        """,
        rows=as_json([_subscription_row(billing)]),
    )
    await terms_store.insert_terms(tx, billing.terms)


async def save(tx: Tx, changes: Sequence[Change], numbering: Numbering | None, at: datetime) -> list[Document]:
    """Write what decisions came to, set by set; the finalised documents come back with their numbers.

    Their numbers are assigned here and nowhere else; the series stay locked until the commit. Raises: Invalid without
    `numbering` where something is finalised.
    """
    fresh = [one for change in changes for one in change.outcome.documents if one.number is None]
    await _save_subscriptions(tx, changes)
    await terms_store.insert_terms(tx, [term for change in changes for term in _new_terms(change)])
    await _save_numbers(tx, changes)
    for change in changes:
        after = change.outcome.billing
        if (after.buyer, after.vat_check) != (change.before.buyer, change.before.vat_check):
            await save_buyer(tx, change.before.subscription.account_id, after.buyer, after.vat_check)
    await documents_store.delete_drafts(tx, changes)
    await documents_store.save_settled(tx, changes)
    waiting = [one for one in fresh if one.status is DocumentStatus.DRAFT]
    numbered = await documents_store.number(
        tx, [one for one in fresh if one.status is not DocumentStatus.DRAFT], numbering
    )
    final = [one.document for one in numbered]
    await documents_store.save_documents(tx, waiting, numbered, changes)
    await documents_store.save_lines(tx, [*waiting, *final], changes)
    await documents_store.end_debits(tx, changes)
    await _save_payments(tx, changes)
    await _save_charges(tx, changes, at)
    return final


async def wake(tx: Tx) -> None:
    """Tell the workers that something may be due sooner."""
    await tx.value(
        """
        select pg_notify('tocsin_due', 'subscriptions'), pg_notify('tocsin_due', 'charges'),
               pg_notify('tocsin_due', 'documents')
        """
    )


async def save_buyer(tx: Tx, account_id: int, buyer: Buyer, vat_check: VatCheck | None) -> None:
    """Who buys, and what is known of his VAT id, for documents that are finalised from now on."""
    row = {"account_id": account_id, "vat_check": vat_check, **{name: getattr(buyer, name) for name in BUYER}}
    kept = (*BUYER, "vat_check")
    names = ("account_id", *kept)
    await tx.execute(
        f"""
        insert into billing_information ({columns(names)})
        select {columns(names)} from json_populate_recordset(null::billing_information, %(rows)s::json)
            on conflict (account_id) do update set {", ".join(f"{name} = excluded.{name}" for name in kept)},
                   vat_retry_at = null
        """,
        rows=as_json([row]),
    )


async def rest(tx: Tx, account_id: int, due_at: datetime | None) -> None:
    """Nothing happens to the account by itself before that."""
    await tx.execute(
        "update subscriptions set due_at = %(due_at)s where account_id = %(account_id)s",
        account_id=account_id,
        due_at=due_at,
    )


async def fail(tx: Tx, account_id: int, reason: str, due_at: datetime) -> None:
    """A step could not be taken: try again later, with the reason where an operator sees it."""
    await tx.execute(
        """
        update subscriptions set failed_because = %(reason)s, due_at = %(due_at)s where account_id = %(account_id)s
        """,
        account_id=account_id,
        reason=reason,
        due_at=due_at,
    )


async def wake_for_prices(tx: Tx, version: int, now: datetime, limit: int) -> int:
    """Make due, a set at a time, who has not been looked at for the notice of a new price version."""
    return await tx.execute(
        """
        update subscriptions set due_at = %(now)s
         where account_id in (select account_id from subscriptions
                               where price_noticed < %(version)s and term_ends_on is not null
                                 and (due_at is null or due_at > %(now)s)
                               limit %(limit)s for update skip locked)
        """,
        version=version,
        now=now,
        limit=limit,
    )


def _subscription_row(billing: AccountBilling) -> dict[str, object]:
    row: dict[str, object] = {name: getattr(billing.subscription, name) for name in SUBSCRIPTION}
    row |= {"closed": billing.closed, "carried_minor": billing.carried.minor, "carried_times": billing.carried.times}
    return row


async def _save_subscriptions(tx: Tx, changes: Sequence[Change]) -> None:
    names = [name for name in (*SUBSCRIPTION, *SUBSCRIPTION_EXTRAS) if name != "account_id"]
    await tx.execute(
        f"""
        update subscriptions s
           set {", ".join(f"{name} = v.{name}" for name in names)}, failed_because = null
          from json_populate_recordset(null::subscriptions, %(rows)s::json) v
         where s.account_id = v.account_id
        """,
        rows=as_json([_subscription_row(change.outcome.billing) for change in changes]),
    )


def _new_terms(change: Change) -> tuple[Term, ...]:
    return change.outcome.billing.terms[len(change.before.terms) :]


async def _save_numbers(tx: Tx, changes: Sequence[Change]) -> None:
    rows = [
        {"account_id": change.before.subscription.account_id, **msgspec.to_builtins(number)}
        for change in changes
        for number in set(change.outcome.billing.numbers) - set(change.before.numbers)
    ]
    if rows:
        await tx.execute(
            """
            insert into rented_numbers (account_id, id, e164, added_at, released_at, ended_at)
            select account_id, id, e164, added_at, released_at, ended_at
              from json_populate_recordset(null::rented_numbers, %(rows)s::json)
                on conflict (account_id, id)
                do update set released_at = excluded.released_at, ended_at = excluded.ended_at
            """,
            rows=as_json(rows),
        )


async def _save_payments(tx: Tx, changes: Sequence[Change]) -> None:
    rows = [
        {
            "account_id": change.before.subscription.account_id,
            "id": payment.id or uuid4(),
            "document_id": payment.document_id,
            "method": payment.method,
            "amount_minor": payment.amount_minor,
            "excess_minor": payment.excess_minor,
            "paid_at": payment.paid_at,
            "reference": payment.reference,
        }
        for change in changes
        for payment in change.outcome.payments
    ]
    if rows:
        await tx.execute(
            """
            insert into payments (account_id, id, document_id, method, amount_minor, excess_minor, paid_at, reference)
            select account_id, id, document_id, method, amount_minor, excess_minor, paid_at, reference
              from json_populate_recordset(null::payments, %(rows)s::json)
            """,
            rows=as_json(rows),
        )


async def _save_charges(tx: Tx, changes: Sequence[Change], at: datetime) -> None:
    """Charges that are to be made now."""
    rows = [
        {
            "account_id": change.before.subscription.account_id,
            "id": uuid4(),
            "purpose": charge.purpose,
            "document_id": charge.document_id,
            "amount_minor": charge.amount_minor,
            "currency": charge.currency,
            "card_id": change.outcome.billing.subscription.default_card_id,
            "created_at": at,
            "due_at": at,
        }
        for change in changes
        for charge in change.outcome.charges
    ]
    if rows:
        await tx.execute(
            """
            insert into charges (account_id, id, purpose, document_id, amount_minor, currency, card_id, status,
                                 created_at, due_at)
            select account_id, id, purpose, document_id, amount_minor, currency, card_id, 'wanted', created_at, due_at
              from json_populate_recordset(null::charges, %(rows)s::json)
            """,
            rows=as_json(rows),
        )
