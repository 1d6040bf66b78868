"""The SQL of billing: accounts loaded and saved set by set, whole, under a lock.

Rows travel as JSON and become rows of their table in the server: one statement for any number of accounts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec

from tocsin.billing.account import AccountBilling, ClosedWindow, Debit, Draft, Number, Outcome, Unpaid
from tocsin.billing.cards.on_file import CardOnFile
from tocsin.billing.cards.store import CARD
from tocsin.billing.model import (
    Buyer,
    Document,
    DocumentKind,
    DocumentStatus,
    Line,
    LineKind,
    Seller,
    TaxTotal,
)
from tocsin.billing.vat_id import VatCheck
from tocsin.db import Tx
from tocsin.errors import Invalid, NotFound
from tocsin.i18n import N_
from tocsin.licensing import terms_store
from tocsin.licensing.metering import Carried
from tocsin.licensing.model import Collection, Interval, Standing, Subscription, Target, Term
from tocsin.licensing.pricebook import SellerProfile

SUBSCRIPTION = tuple(field.name for field in fields(Subscription))
SUBSCRIPTION_EXTRAS = ("closed", "carried_minor", "carried_times")
LINE = (
    "id", "kind", "item", "quantity", "amount_minor", "unit_minor", "starts_on", "ends_on", "days_left", "days",
    "credits", "tax_category", "tax_rate_bp", "detail",
)  # fmt: skip
DOCUMENT = (
    "account_id", "id", "kind", "status", "number", "currency", "dated_on", "issued_at", "due_at", "taxes", "net_minor",
    "tax_minor", "gross_minor", "paid_minor", "seller", "buyer", "collection", "po_number", "notes", "zone", "credits",
    "book_version",
)  # fmt: skip
SERIES = ("series_seller", "series_year", "series_number")
WAITING = ("finalise_at", "is_final", "windows")
DUNNING = ("due_on", "day_done", "hard", "charging")
BUYER = tuple(field.name for field in fields(Buyer))
OPEN = "('draft', 'open', 'action_required', 'partially_paid')"


@dataclass(frozen=True, slots=True)
class Change:
    """An account before a decision, and what the decision came to."""

    before: AccountBilling
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Numbered:
    """A finalised document with its number, and its place in the seller's series."""

    document: Document
    seller: str
    place: int


@dataclass(frozen=True, slots=True)
class Numbering:
    """Who numbers documents: the seller's profile, and the name of his series."""

    profile: SellerProfile

    @property
    def seller(self) -> str:
        return self.profile.vat_id or self.profile.name


# Loading


async def lock(tx: Tx, account_id: int) -> tuple[AccountBilling, str | None]:
    """The account's billing, locked until the transaction ends, and the command whose charge is under way, if any.

    Raises: NotFound.
    """
    sql = f"select {_columns(SUBSCRIPTION)}, {_columns(SUBSCRIPTION_EXTRAS)}, pending_key from subscriptions"
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
    sql = f"select {_columns(SUBSCRIPTION)}, {_columns(SUBSCRIPTION_EXTRAS)}, pending_key from subscriptions"
    rows = await tx.dicts(f"{sql} where account_id = %(account_id)s", account_id=account_id)
    return (await _assemble(tx, rows)).get(account_id)


async def claim_due(tx: Tx, now: datetime, limit: int) -> dict[int, AccountBilling]:
    """Accounts to which something happens by itself, locked until the transaction ends, the longest due first."""
    sql = f"""
        select {_columns(SUBSCRIPTION)}, {_columns(SUBSCRIPTION_EXTRAS)}, pending_key from subscriptions
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
    lines = await _lines_of(tx, documents)
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
                                       and x.starts_at <= coalesce(s.window_starts_at, 'infinity')), '-infinity')
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
    select {", ".join(f"d.{name}" for name in (*DOCUMENT, *WAITING, *DUNNING))}, null as credits_number
      from documents d
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


async def _lines_of(tx: Tx, documents: Sequence[Mapping[str, Any]]) -> dict[tuple[int, UUID], tuple[Line, ...]]:
    if not documents:
        return {}
    rows = await tx.dicts(
        f"""
        select l.account_id, l.document_id, {", ".join(f"l.{name}" for name in LINE)}
          from unnest(%(accounts)s::bigint[], %(documents)s::uuid[]) as d (account_id, document_id)
          join document_lines l using (account_id, document_id)
         order by l.account_id, l.document_id, l.position
        """,
        accounts=[row["account_id"] for row in documents],
        documents=[row["id"] for row in documents],
    )
    found: dict[tuple[int, UUID], list[Line]] = {}
    for row in rows:
        line = Line(**{name: row[name] for name in LINE} | {"kind": LineKind(row["kind"])})
        found.setdefault((row["account_id"], row["document_id"]), []).append(line)
    return {key: tuple(lines) for key, lines in found.items()}


DOCUMENTS = f"""
    select {", ".join(f"d.{name}" for name in DOCUMENT)}, c.number as credits_number
      from documents d
      left join documents c on c.account_id = d.account_id and c.id = d.credits
"""


async def get_document(tx: Tx, account_id: int, document_id: UUID) -> Document:
    """Raises: NotFound."""
    sql = f"{DOCUMENTS} where d.account_id = %(account_id)s and d.id = %(id)s"
    rows = await tx.dicts(sql, account_id=account_id, id=document_id)
    if not rows:
        raise NotFound(N_("There is no such invoice."))
    return to_document(rows[0], await _lines_of(tx, rows))


async def list_documents(tx: Tx, account_id: int, limit: int | None = None, offset: int = 0) -> list[Document]:
    """Finalised invoices and credit notes, the newest first; with `limit` so many of them."""
    sql = f"""{DOCUMENTS} where d.account_id = %(account_id)s and d.number is not null
               order by d.issued_at desc, d.number desc, d.id limit %(limit)s offset %(offset)s"""
    rows = await tx.dicts(sql, account_id=account_id, limit=limit, offset=offset)
    lines = await _lines_of(tx, rows)
    return [to_document(row, lines) for row in rows]


async def count_documents(tx: Tx, account_id: int) -> int:
    """How many finalised invoices and credit notes there are."""
    found: int = await tx.value(
        "select count(*) from documents where account_id = %(account_id)s and number is not null",
        account_id=account_id,
    )
    return found


def _columns(names: Sequence[str]) -> str:
    return ", ".join(names)


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


def to_document(row: Mapping[str, Any], lines: Mapping[tuple[int, UUID], tuple[Line, ...]]) -> Document:
    """A document from its row, which has `credits_number` too, and its lines."""
    values = {name: row[name] for name in DOCUMENT}
    values["kind"] = DocumentKind(values["kind"])
    values["status"] = DocumentStatus(values["status"])
    values["taxes"] = msgspec.convert(values["taxes"], tuple[TaxTotal, ...])
    values["seller"] = msgspec.convert(values["seller"], Seller | None)
    values["buyer"] = msgspec.convert(values["buyer"], Buyer)
    values["notes"] = tuple(values["notes"])
    return Document(**values, lines=lines.get((row["account_id"], row["id"]), ()), credits_number=row["credits_number"])


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
        insert into subscriptions ({_columns(names)})
        select {_columns(names)} from json_populate_recordset(null::subscriptions, %(rows)s::json)
        """,
        rows=_json([_subscription_row(billing)]),
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
    await _delete_drafts(tx, changes)
    await _save_settled(tx, changes)
    waiting = [one for one in fresh if one.status is DocumentStatus.DRAFT]
    numbered = await _number(tx, [one for one in fresh if one.status is not DocumentStatus.DRAFT], numbering)
    final = [one.document for one in numbered]
    await _save_documents(tx, waiting, numbered, changes)
    await _save_lines(tx, [*waiting, *final], changes)
    await _end_debits(tx, changes)
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
        insert into billing_information ({_columns(names)})
        select {_columns(names)} from json_populate_recordset(null::billing_information, %(rows)s::json)
            on conflict (account_id) do update set {", ".join(f"{name} = excluded.{name}" for name in kept)},
                   vat_retry_at = null
        """,
        rows=_json([row]),
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


def _json(rows: Sequence[object]) -> str:
    return msgspec.json.encode(rows).decode()


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
        rows=_json([_subscription_row(change.outcome.billing) for change in changes]),
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
            rows=_json(rows),
        )


async def _delete_drafts(tx: Tx, changes: Sequence[Change]) -> None:
    dropped = [
        (change.before.subscription.account_id, document_id)
        for change in changes
        for document_id in change.outcome.dropped
    ]
    if dropped:
        await tx.execute(
            """
            delete from documents d using unnest(%(accounts)s::bigint[], %(documents)s::uuid[]) as g (account_id, id)
             where d.account_id = g.account_id and d.id = g.id and d.number is null
            """,
            accounts=[account for account, _ in dropped],
            documents=[document_id for _, document_id in dropped],
        )


async def _number(tx: Tx, documents: Sequence[Document], numbering: Numbering | None) -> list[Numbered]:
    """The documents with the next numbers of their series, in the order in which they were issued."""
    if not documents:
        return []
    if numbering is None:
        raise Invalid(N_("The price book names no seller, so nothing can be finalised."))
    series: dict[tuple[str, int], list[Document]] = {}
    for document in sorted(documents, key=lambda one: (one.issued_at, one.account_id, one.dated_on, str(one.id))):
        series.setdefault((document.kind.value, document.dated_on.year), []).append(document)
    numbered = []
    for (kind, year), members in sorted(series.items()):
        last = await tx.value(
            """
            insert into document_series as s (seller, kind, year, last)
            values (%(seller)s, %(kind)s, %(year)s, %(count)s)
                on conflict (seller, kind, year) do update set last = s.last + %(count)s
            returning last
            """,
            seller=numbering.seller, kind=kind, year=year, count=len(members),
        )  # fmt: skip
        for place, document in enumerate(members, last - len(members) + 1):
            number = numbering.profile.number(kind, year, place)
            numbered.append(Numbered(replace(document, number=number), numbering.seller, place))
    return numbered


async def _save_documents(
    tx: Tx, documents: Sequence[Document], numbered: Sequence[Numbered], changes: Sequence[Change]
) -> None:
    """New documents, and drafts that became final."""
    rows = [*({name: getattr(one, name) for name in DOCUMENT} for one in documents), *map(_numbered_row, numbered)]
    if not rows:
        return
    waiting = {draft.document.id: draft for change in changes for draft in change.outcome.billing.drafts}
    unpaid = _unpaid_of(changes)
    for row in rows:
        if (draft := waiting.get(row["id"])) is not None:
            row |= {"finalise_at": draft.finalise_at, "is_final": draft.final, "windows": draft.windows}
        row |= _dunning_row(unpaid.get(row["id"]))
    names = (*DOCUMENT, *SERIES, *WAITING, *DUNNING, "render_at")
    await tx.execute(
        f"""
        insert into documents ({_columns(names)})
        select {_columns(names)} from json_populate_recordset(null::documents, %(rows)s::json)
            on conflict (account_id, id) do update set {", ".join(f"{name} = excluded.{name}" for name in names)}
        """,
        rows=_json(rows),
    )


def _numbered_row(numbered: Numbered) -> dict[str, Any]:
    document = numbered.document
    row: dict[str, Any] = {name: getattr(document, name) for name in DOCUMENT}
    return row | {
        "series_seller": numbered.seller,
        "series_year": document.dated_on.year,
        "series_number": numbered.place,
        "render_at": document.issued_at,
    }


def _unpaid_of(changes: Sequence[Change]) -> dict[UUID, Unpaid]:
    return {one.document.id: one for change in changes for one in change.outcome.billing.unpaid}


def _dunning_row(unpaid: Unpaid | None) -> dict[str, Any]:
    if unpaid is None:
        return {"due_on": None, "day_done": None, "hard": False, "charging": False}
    return {name: getattr(unpaid, name) for name in DUNNING}


async def _save_lines(tx: Tx, documents: Sequence[Document], changes: Sequence[Change]) -> None:
    """The lines of new documents; a draft's are written anew."""
    if not documents:
        return
    rewritten = {draft.document.id for change in changes for draft in change.before.drafts}
    again = [one for one in documents if one.id in rewritten]
    if again:
        await tx.execute(
            """
            delete from document_lines l
             using unnest(%(accounts)s::bigint[], %(documents)s::uuid[]) as g (account_id, document_id)
             where l.account_id = g.account_id and l.document_id = g.document_id
            """,
            accounts=[one.account_id for one in again],
            documents=[one.id for one in again],
        )
    running = {debit.line_id for change in changes for debit in change.outcome.billing.debits}
    rows = [
        {
            "account_id": document.account_id,
            "document_id": document.id,
            "position": position,
            "running": line.id in running,
            **{name: getattr(line, name) for name in LINE},
        }
        for document in documents
        for position, line in enumerate(document.lines)
    ]
    names = ("account_id", "document_id", "position", "running", *LINE)
    if rows:
        await tx.execute(
            f"""
            insert into document_lines ({_columns(names)})
            select {_columns(names)} from json_populate_recordset(null::document_lines, %(rows)s::json)
            """,
            rows=_json(rows),
        )


async def _end_debits(tx: Tx, changes: Sequence[Change]) -> None:
    """What runs no longer: given back, or its days are over."""
    ended = []
    for change in changes:
        running = {debit.line_id for debit in change.outcome.billing.debits}
        ended += [debit for debit in change.before.debits if debit.line_id not in running]
    if ended:
        await tx.execute(
            """
            update document_lines l set running = false
              from unnest(%(ids)s::uuid[], %(accounts)s::bigint[]) as g (id, account_id)
             where l.account_id = g.account_id and l.id = g.id and l.running
            """,
            ids=[debit.line_id for debit in ended],
            accounts=[
                change.before.subscription.account_id
                for change in changes
                for debit in change.before.debits
                if debit.line_id not in {one.line_id for one in change.outcome.billing.debits}
            ],
        )


async def _save_settled(tx: Tx, changes: Sequence[Change]) -> None:
    """What was paid of finalised documents, and how far their dunning has come."""
    unpaid, known = _unpaid_of(changes), {one.document.id: one for change in changes for one in change.before.unpaid}
    paid = {
        document.id: document
        for change in changes
        for document in change.outcome.documents
        if document.number is not None
    }
    touched = {key: one.document for key, one in unpaid.items() if known.get(key) != one and one.document.number}
    rows = [
        {"account_id": one.account_id, "id": one.id, "status": one.status, "paid_minor": one.paid_minor}
        | _dunning_row(unpaid.get(one.id))
        for one in (touched | paid).values()
    ]
    if rows:
        await tx.execute(
            """
            update documents d
               set status = v.status, paid_minor = v.paid_minor, due_on = v.due_on, day_done = v.day_done,
                   hard = v.hard, charging = v.charging
              from json_populate_recordset(null::documents, %(rows)s::json) v
             where d.account_id = v.account_id and d.id = v.id
            """,
            rows=_json(rows),
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
            rows=_json(rows),
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
            rows=_json(rows),
        )
