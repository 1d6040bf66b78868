"""GET /v1/quotes.pdf: an offer to an owner's buyers, to a key with the billing right. Source: R3.2, R4.2"""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Response

from tocsin.billing import service
from tocsin.billing.api_access import Paying, billing_of, rails_of
from tocsin.billing.quotes import Quote
from tocsin.licensing.quote import MOST_SEATS

router = APIRouter(tags=["Billing"])
PO_LIMIT = 200


@router.get("/v1/quotes.pdf", responses={200: {"content": {"application/pdf": {}}}})
async def get_quote(
    ctx: Paying,
    plan: str,
    seats: Annotated[int, Query(ge=1, le=MOST_SEATS)],
    po_number: Annotated[str, Query(alias="poNumber", max_length=PO_LIMIT)] = "",
) -> Response:
    """A quote for a year of a plan, paid on an invoice, in the language of the account's invoices."""
    await billing_of(ctx)
    quote = await service.quote(ctx.db, rails_of(ctx), ctx.account_id, plan, seats, po_number.strip(), ctx.at)
    return await quote_file(quote)


async def quote_file(quote: Quote) -> Response:
    """The quote on paper; printing takes a while, so a thread does it."""
    from tocsin.billing.documents import pdf

    document = quote.document
    content = await asyncio.to_thread(pdf.render_quote, document, document.buyer.locale, quote.valid_until)
    headers = {"Content-Disposition": f'inline; filename="{document.number}.pdf"', "Cache-Control": "private, no-store"}
    return Response(content, media_type="application/pdf", headers=headers)
