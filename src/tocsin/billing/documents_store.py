"""The SQL of documents: invoices and credit notes with their lines, numbers and dunning, set by set.

Rows travel as JSON and become rows of their table in the server: one statement for any number of accounts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import msgspec

from tocsin.billing.account import Change, Invoiced, Unpaid
from tocsin.billing.model import Buyer, Document, DocumentKind, DocumentStatus, Line, LineKind, Seller, TaxTotal
from tocsin.billing.tax import Note
from tocsin.db import Tx
from tocsin.errors import Invalid, NotFound
from tocsin.i18n import N_
from tocsin.licensing.pricebook import SellerProfile

LINE = (
    "id", "kind", "item", "quantity", "amount_minor", "unit_minor", "starts_on", "ends_on", "days_left", "days",
    "credits", "tax_category", "tax_rate_bp", "detail",
)  # fmt: skip
DOCUMENT = (
    "account_id", "id", "kind", "status", "number", "currency", "dated_on", "issued_at", "due_at", "taxes", "net_minor",
    "tax_minor", "gross_minor", "paid_minor", "seller", "buyer", "collection", "po_number", "notes", "zone", "credits",
    "book_version", "corrects",
)  # fmt: skip
SERIES = ("series_seller", "series_year", "series_number")
WAITING = ("finalise_at", "is_final", "windows")
DUNNING = ("due_on", "day_done", "hard", "charging")


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


NUMBERS = ("credits_number", "corrects_number", "replaced_by_number", "corrected_by_number")
"""The numbers of other documents that one names."""

DOCUMENTS = f"""
    select {", ".join(f"d.{name}" for name in DOCUMENT)}, c.number as credits_number, o.number as corrects_number,
           (select n.number from documents n where n.account_id = d.account_id
               and n.corrects = case when d.kind = 'invoice' then d.id
                                     when '{Note.BUYER_CORRECTED}' = any(d.notes) then d.credits end)
             as replaced_by_number,
           (select n.number from documents n where n.account_id = d.account_id and n.credits = d.corrects
               and '{Note.BUYER_CORRECTED}' = any(n.notes)) as corrected_by_number
      from documents d
      left join documents c on c.account_id = d.account_id and c.id = d.credits
      left join documents o on o.account_id = d.account_id and o.id = d.corrects
"""


async def get_document(tx: Tx, account_id: int, document_id: UUID) -> Document:
    """Raises: NotFound."""
    sql = f"{DOCUMENTS} where d.account_id = %(account_id)s and d.id = %(id)s"
    rows = await tx.dicts(sql, account_id=account_id, id=document_id)
    if not rows:
        raise NotFound(N_("There is no such invoice."))
    return to_document(rows[0], await lines_of(tx, rows))


async def in_place_of(tx: Tx, account_id: int, document_id: UUID) -> UUID:
    """The invoice that stands in the place of this one by now, or itself."""
    found: UUID = await tx.value(
        """
        with recursive chain as (
          select %(id)s::uuid as id, 0 as place
          union all
          select d.id, chain.place + 1 from chain
            join documents d on d.account_id = %(account_id)s and d.corrects = chain.id)
        select id from chain order by place desc limit 1
        """,
        account_id=account_id,
        id=document_id,
    )
    return found


async def get_invoiced(tx: Tx, account_id: int, document_id: UUID) -> Invoiced:
    """A finalised document with what reduced it. Raises: NotFound."""
    document = await get_document(tx, account_id, document_id)
    written_off: int = await tx.value(
        """
        select coalesce(sum(amount_minor), 0)::bigint from payments
         where account_id = %(account_id)s and document_id = %(id)s and method = 'write_off'
        """,
        account_id=account_id,
        id=document_id,
    )
    rows = await tx.dicts(
        f"{DOCUMENTS} where d.account_id = %(account_id)s and d.credits = %(id)s order by d.issued_at, d.series_number",
        account_id=account_id,
        id=document_id,
    )
    lines = await lines_of(tx, rows)
    return Invoiced(document, written_off, tuple(to_document(row, lines) for row in rows))


async def list_documents(tx: Tx, account_id: int, limit: int | None = None, offset: int = 0) -> list[Document]:
    """Finalised invoices and credit notes, the newest first; with `limit` so many of them."""
    sql = f"""{DOCUMENTS} where d.account_id = %(account_id)s and d.number is not null
               order by d.issued_at desc, d.number desc, d.id limit %(limit)s offset %(offset)s"""
    rows = await tx.dicts(sql, account_id=account_id, limit=limit, offset=offset)
    lines = await lines_of(tx, rows)
    return [to_document(row, lines) for row in rows]


async def count_documents(tx: Tx, account_id: int) -> int:
    """How many finalised invoices and credit notes there are."""
    found: int = await tx.value(
        "select count(*) from documents where account_id = %(account_id)s and number is not null",
        account_id=account_id,
    )
    return found


async def lines_of(tx: Tx, documents: Sequence[Mapping[str, Any]]) -> dict[tuple[int, UUID], tuple[Line, ...]]:
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


def to_document(row: Mapping[str, Any], lines: Mapping[tuple[int, UUID], tuple[Line, ...]]) -> Document:
    """A document from its row, which may have `NUMBERS` too, and its lines."""
    values = {name: row[name] for name in DOCUMENT}
    values["kind"] = DocumentKind(values["kind"])
    values["status"] = DocumentStatus(values["status"])
    values["taxes"] = msgspec.convert(values["taxes"], tuple[TaxTotal, ...])
    values["seller"] = msgspec.convert(values["seller"], Seller | None)
    values["buyer"] = msgspec.convert(values["buyer"], Buyer)
    values["notes"] = tuple(values["notes"])
    values |= {name: row.get(name) for name in NUMBERS}
    return Document(**values, lines=lines.get((row["account_id"], row["id"]), ()))


# Saving


async def number(tx: Tx, documents: Sequence[Document], numbering: Numbering | None) -> list[Numbered]:
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


async def save_documents(
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
        insert into documents ({columns(names)})
        select {columns(names)} from json_populate_recordset(null::documents, %(rows)s::json)
            on conflict (account_id, id) do update set {", ".join(f"{name} = excluded.{name}" for name in names)}
        """,
        rows=as_json(rows),
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


async def save_lines(tx: Tx, documents: Sequence[Document], changes: Sequence[Change]) -> None:
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
            insert into document_lines ({columns(names)})
            select {columns(names)} from json_populate_recordset(null::document_lines, %(rows)s::json)
            """,
            rows=as_json(rows),
        )


async def end_debits(tx: Tx, changes: Sequence[Change]) -> None:
    """What runs no longer: given back, or its days are over."""
    ended: list[tuple[int, UUID]] = []
    for change in changes:
        running = {debit.line_id for debit in change.outcome.billing.debits}
        gone = (debit.line_id for debit in change.before.debits if debit.line_id not in running)
        ended += [(change.before.subscription.account_id, line_id) for line_id in gone]
    if ended:
        await tx.execute(
            """
            update document_lines l set running = false
              from unnest(%(ids)s::uuid[], %(accounts)s::bigint[]) as g (id, account_id)
             where l.account_id = g.account_id and l.id = g.id and l.running
            """,
            ids=[line_id for _, line_id in ended],
            accounts=[account_id for account_id, _ in ended],
        )


async def save_settled(tx: Tx, changes: Sequence[Change]) -> None:
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
            rows=as_json(rows),
        )


async def delete_drafts(tx: Tx, changes: Sequence[Change]) -> None:
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


def columns(names: Sequence[str]) -> str:
    return ", ".join(names)


def as_json(rows: Sequence[object]) -> str:
    return msgspec.json.encode(rows).decode()
