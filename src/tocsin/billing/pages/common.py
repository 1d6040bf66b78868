"""What the pages of billing share: who may, what they need, and the documents as a person reads them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Protocol
from uuid import UUID

from fastapi import Depends, Request, Response

from tocsin import i18n
from tocsin.accounts.pages_access import PageContext, page, safe_next
from tocsin.accounts.rights import Action
from tocsin.billing import service
from tocsin.billing.account import AccountBilling
from tocsin.billing.documents import words as document_words
from tocsin.billing.keeping import Rails
from tocsin.billing.letters import Loss
from tocsin.billing.model import Document, Line
from tocsin.db import Tx
from tocsin.errors import NotFound
from tocsin.i18n import N_, Translator
from tocsin.licensing import pricebook_service
from tocsin.licensing.differences import Difference
from tocsin.licensing.pricebook import PriceBook

SUBSCRIPTIONS = "/settings/subscriptions"
BILLING = "/settings/billing"
INFORMATION = "/settings/billing/information"
ADDRESS = f"{INFORMATION}/address"


def owner_page(*, confirmed: bool = False) -> Callable[[Request], Awaitable[PageContext]]:
    """A dependency: the page of an owner, where there is billing. Raises: Forbidden, NotFound where it is off."""
    owner = page(Action.MANAGE_BILLING, confirmed=confirmed)

    async def context(request: Request) -> PageContext:
        made = await owner(request)
        if made.settings.billing == "off":
            raise NotFound(N_("There is no such page."))
        return made

    return context


Owning = Annotated[PageContext, Depends(owner_page())]
ConfirmedOwner = Annotated[PageContext, Depends(owner_page(confirmed=True))]


class Limits(Protocol):
    """Says what an account would lose and gain; it stands above this room."""

    async def lost_with(self, tx: Tx, account_id: int, plan: str, seats: int | None, at: datetime) -> list[Loss]: ...

    async def gained_with(
        self, tx: Tx, account_id: int, plan: str, seats: int | None, at: datetime
    ) -> list[Difference]: ...


def limits_of(request: Request) -> Limits:
    limits: Limits = request.app.state.gate
    return limits


def then_of(ctx: PageContext) -> str:
    """Where whoever came from elsewhere goes on to: a page of ours; else the billing information."""
    wanted = ctx.request.query_params.get("then", "") or ctx.form.raw("then")
    return safe_next(wanted) if wanted else INFORMATION


def rails_of(request: Request) -> Rails:
    """What billing needs besides the database."""
    rails: Rails = request.app.state.rails
    return rails


async def billing_of(ctx: PageContext) -> AccountBilling | None:
    """The account's billing; None for one that is the server's own."""
    return await service.find(ctx.db, ctx.account_id)


async def existing(ctx: PageContext) -> AccountBilling:
    """Raises: NotFound for an account without a subscription."""
    found = await billing_of(ctx)
    if found is None:
        raise NotFound(N_("Everything is included in this account: there is nothing to bill."))
    return found


async def book_of(ctx: PageContext, version: int | None = None) -> PriceBook:
    """The price book that new orders use, or that of a version."""
    async with ctx.db.transaction() as tx:
        if version is None:
            return await pricebook_service.current(tx)
        return await pricebook_service.get(tx, version)


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line of a document in words."""

    title: str
    details: tuple[str, ...]
    quantity: str
    amount: str


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document as its list and its page show it."""

    id: UUID
    document: Document
    net: str
    tax: str
    gross: str
    owed: str
    period: str
    lines: tuple[LineRow, ...]

    @property
    def is_owed(self) -> bool:
        return self.document.kind == "invoice" and self.document.owed_minor > 0


def document_row(locale: str, document: Document) -> DocumentRow:
    """The document in the reader's language."""
    _, currency = Translator(locale), document.currency

    def money(minor: int) -> str:
        return i18n.money(locale, minor, currency)

    return DocumentRow(
        document.id, document, money(document.net_minor), money(document.tax_minor), money(document.gross_minor),
        money(document.owed_minor), document_words.period(_, document.lines),
        tuple(line_row(_, line, currency) for line in document.lines),
    )  # fmt: skip


def line_row(_: Translator, line: Line, currency: str) -> LineRow:
    """The line in words, with how its amount came about."""
    return LineRow(
        document_words.title(_, line),
        document_words.details(_, line, currency),
        document_words.quantity(_, line),
        i18n.money(_.locale, line.amount_minor, currency),
    )


def file_answer(content: bytes, media_type: str, name: str, *, inline: bool = False) -> Response:
    """A file of the account, kept by nobody on the way."""
    how = "inline" if inline else "attachment"
    headers = {"Content-Disposition": f'{how}; filename="{name}"', "Cache-Control": "private, no-store"}
    return Response(content, media_type=media_type, headers=headers)
