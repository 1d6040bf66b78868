"""GET /v1/invoices: invoices and credit notes, and their files, to a key with the billing right. Source: R7.1"""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response

from tocsin.billing import rendering, service
from tocsin.billing.api_access import Envelope, Paying, Wire
from tocsin.billing.model import Document, DocumentKind, DocumentStatus, LineKind
from tocsin.errors import NotFound
from tocsin.http import answer

router = APIRouter(tags=["Billing"])
FARTHEST = 1_000_000  # an offset beyond it is a mistake
TYPES: dict[Literal["pdf", "xml"], str] = {"pdf": "application/pdf", "xml": "application/xml"}


class LineBody(Wire):
    """A line. Its days are half-open; below zero it gives back."""

    kind: LineKind
    item: str
    quantity: int
    unit_minor: int | None
    amount_minor: int
    starts_on: date | None
    ends_on: date | None
    tax_category: str
    tax_rate_bp: int


class TaxBody(Wire):
    """The tax of one rate, in basis points."""

    category: str
    rate_bp: int
    net_minor: int
    tax_minor: int


class DocumentBody(Wire):
    """An invoice or a credit note. Amounts are integers in the currency's minor unit."""

    id: UUID
    kind: DocumentKind
    status: DocumentStatus
    number: str | None
    currency: str
    dated_on: date
    due_on: date | None
    net_minor: int
    tax_minor: int
    gross_minor: int
    paid_minor: int
    owed_minor: int
    po_number: str
    credits_number: str | None
    corrects_number: str | None
    replaced_by_number: str | None
    buyer_name: str
    lines: list[LineBody]
    taxes: list[TaxBody]


class DocumentsBody(Wire):
    """A page of documents, the newest first; `total` counts all there are."""

    invoices: list[DocumentBody]
    total: int


def document_body(it: Document) -> DocumentBody:
    """The document as the API spells it."""
    return DocumentBody(
        id=it.id,
        kind=it.kind,
        status=it.status,
        number=it.number,
        currency=it.currency,
        dated_on=it.dated_on,
        due_on=it.due_on,
        net_minor=it.net_minor,
        tax_minor=it.tax_minor,
        gross_minor=it.gross_minor,
        paid_minor=it.paid_minor,
        owed_minor=it.owed_minor,
        po_number=it.po_number,
        credits_number=it.credits_number,
        corrects_number=it.corrects_number,
        replaced_by_number=it.replaced_by_number,
        buyer_name=it.buyer.name,
        lines=line_bodies(it),
        taxes=tax_bodies(it),
    )


def line_bodies(it: Document) -> list[LineBody]:
    """Its lines as the API spells them."""
    return [
        LineBody(
            kind=line.kind,
            item=line.item,
            quantity=line.quantity,
            unit_minor=line.unit_minor,
            amount_minor=line.amount_minor,
            starts_on=line.starts_on,
            ends_on=line.ends_on,
            tax_category=line.tax_category,
            tax_rate_bp=line.tax_rate_bp,
        )
        for line in it.lines
    ]


def tax_bodies(it: Document) -> list[TaxBody]:
    """Its taxes as the API spells them."""
    return [
        TaxBody(category=tax.category, rate_bp=tax.rate_bp, net_minor=tax.net_minor, tax_minor=tax.tax_minor)
        for tax in it.taxes
    ]


@router.get("/v1/invoices", responses=Envelope(DocumentsBody).responses())
async def get_invoices(
    ctx: Paying, limit: Annotated[int, Query(ge=1, le=100)] = 20, offset: Annotated[int, Query(ge=0, le=FARTHEST)] = 0
) -> Response:
    """Finalised invoices and credit notes, the newest first."""
    found, total = await service.page_of_documents(ctx.db, ctx.account_id, limit, offset)
    body = DocumentsBody(invoices=[document_body(it) for it in found], total=total)
    return answer(ctx.request, data=body.as_json())


@router.get("/v1/invoices/{document_id}.pdf", responses={200: {"content": {"application/pdf": {}}}})
async def get_pdf(ctx: Paying, document_id: str) -> Response:
    """The PDF with the structured invoice in it; every download is the same bytes."""
    return await _file(ctx, document_id, "pdf")


@router.get("/v1/invoices/{document_id}.xml", responses={200: {"content": {"application/xml": {}}}})
async def get_xml(ctx: Paying, document_id: str) -> Response:
    """The structured invoice (EN 16931)."""
    return await _file(ctx, document_id, "xml")


async def _file(ctx: Paying, document_id: str, format_: Literal["pdf", "xml"]) -> Response:
    document = await _document(ctx, document_id)
    content = await rendering.file(ctx.db, ctx.account_id, document.id, format_, ctx.at)
    headers = {
        "Content-Disposition": f'attachment; filename="{rendering.file_name(document, format_)}"',
        "Cache-Control": "private, no-store",
    }
    return Response(content, media_type=TYPES[format_], headers=headers)


@router.get("/v1/invoices/{document_id}", responses=Envelope(DocumentBody).responses())
async def get_invoice(ctx: Paying, document_id: str) -> Response:
    """One document with its lines."""
    return answer(ctx.request, data=document_body(await _document(ctx, document_id)).as_json())


async def _document(ctx: Paying, document_id: str) -> Document:
    """A finalised document. Raises: NotFound."""
    try:
        ident = UUID(document_id)
    except ValueError:
        raise NotFound("There is no such invoice.") from None
    found = await service.document(ctx.db, ctx.account_id, ident)
    if found.status is DocumentStatus.DRAFT:
        raise NotFound("There is no such invoice.")
    return found
