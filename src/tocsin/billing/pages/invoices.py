"""Pages: invoices and credit notes, their files, and how each line came about. Source: R7.1"""

from typing import Literal
from uuid import uuid4

from fastapi import APIRouter, Response
from starlette.responses import StreamingResponse

from tocsin.accounts.pages.audit import whole_number
from tocsin.accounts.pages_access import PageContext, path_uuid
from tocsin.billing import charging, files_store, rendering, service
from tocsin.billing.documents.archive import FinishedFile, zip_of
from tocsin.billing.pages.common import (
    SUBSCRIPTIONS,
    Owning,
    document_row,
    file_answer,
    rails_of,
)
from tocsin.errors import NotFound
from tocsin.i18n import N_
from tocsin.licensing.model import Collection

router = APIRouter()
HERE = f"{SUBSCRIPTIONS}/invoices"
PER_PAGE = 25
FARTHEST = 1_000_000  # an offset beyond it is a mistake
Format = Literal["pdf", "xml"]
TYPES: dict[Format, str] = {"pdf": "application/pdf", "xml": "application/xml"}


@router.get(HERE)
async def get_invoices(ctx: Owning) -> Response:
    """Every document, the newest first."""
    first = min(whole_number(ctx.request.query_params.get("from", "0")) or 0, FARTHEST)
    found, total = await service.page_of_documents(ctx.db, ctx.account_id, PER_PAGE, first)
    shown = [document_row(ctx.viewer.locale, it) for it in found]
    return ctx.html(
        "billing/invoices.html",
        rows=shown,
        total=total,
        previous=f"{HERE}?from={max(0, first - PER_PAGE)}" if first else "",
        next=f"{HERE}?from={first + PER_PAGE}" if first + PER_PAGE < total else "",
        **ctx.settings_tabs,
    )


@router.get(f"{HERE}/all.zip")
async def get_all(ctx: Owning) -> Response:
    """All PDF and XML files in one."""
    dated = {it.number: it.dated_on for it in await service.documents(ctx.db, ctx.account_id)}
    async with ctx.db.transaction() as tx:
        files = [
            FinishedFile(number, dated[number], format_, content)
            for format_ in TYPES
            for number, content in await files_store.list_files(tx, ctx.account_id, format_)
        ]
    if not files:
        raise NotFound(N_("There is no invoice yet."))
    headers = {"Content-Disposition": 'attachment; filename="invoices.zip"', "Cache-Control": "private, no-store"}
    return StreamingResponse(zip_of(files), media_type="application/zip", headers=headers)


@router.get(HERE + "/{document_id}")
async def get_invoice(ctx: Owning, document_id: str) -> Response:
    """One document with its lines explained; or one of its files."""
    ident, _, ending = document_id.partition(".")
    document = await service.document(ctx.db, ctx.account_id, path_uuid(ident))
    for format_, media_type in TYPES.items():
        if ending == format_:
            content = await rendering.file(ctx.db, ctx.account_id, document.id, format_, ctx.at)
            return file_answer(content, media_type, rendering.file_name(document, format_), inline=format_ == "pdf")
    if ending:
        raise NotFound(N_("There is no such page."))
    return ctx.html(
        "billing/invoice.html",
        row=document_row(ctx.viewer.locale, document),
        waits=document.status == "action_required",
        by_card=rails_of(ctx.request).gateway is not None and document.collection == Collection.CARD,
        key=str(uuid4()),
        **ctx.settings_tabs,
    )


@router.post(HERE + "/{document_id}/confirm")
async def post_confirm(ctx: Owning, document_id: str) -> Response:
    """On to the bank, which wants the card's holder to confirm this payment."""
    ident = path_uuid(document_id)
    back = f"{ctx.settings.base_url}{SUBSCRIPTIONS}/returned"
    result = await charging.authenticate(ctx.db, rails_of(ctx.request), ctx.account_id, ident, back, ctx.at)
    return await _on(ctx, result.url, result.status)


async def _on(ctx: PageContext, url: str, status: str) -> Response:
    if url:
        return ctx.html("billing/confirm_at_bank.html", url=url, **ctx.settings_tabs)
    kind = "success" if status == "done" else "danger"
    said = ctx.words("The payment is through.") if status == "done" else ctx.words("The payment did not go through.")
    return ctx.redirect(HERE, "success" if kind == "success" else "danger", said)
