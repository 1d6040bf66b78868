"""Page: the invoices that come next, if nothing is changed and each of them is paid. Owners only. Source: R7.1"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from fastapi import APIRouter, Response

from tocsin import i18n
from tocsin.accounts.pages_access import PageContext
from tocsin.billing import service
from tocsin.billing.forecast import End, Forecast, period_of
from tocsin.billing.model import Document
from tocsin.billing.pages.common import SUBSCRIPTIONS, DocumentRow, Owning, billing_of, document_row, rails_of
from tocsin.errors import Invalid
from tocsin.i18n import N_
from tocsin.licensing.model import Standing

router = APIRouter()
ONE_DAY = timedelta(days=1)

ENDS = {
    End.FREE: N_("The account is on Free, which is never invoiced. Choose a plan, and its invoices are shown here."),
    End.TRIAL: N_("The trial ends and no plan is chosen; the account is on Free then, and nothing is invoiced."),
    End.CANCELED: N_("The subscription is cancelled; the account is on Free then, and nothing is invoiced."),
    End.GRANTED: N_("This account has everything and is never billed."),
    End.DELETING: N_("The account is being deleted: nothing is invoiced any more."),
}


@dataclass(frozen=True, slots=True)
class NextRow:
    """An invoice to come, in the reader's language. `from_balance` is empty where the balance pays nothing."""

    row: DocumentRow
    period: str
    from_balance: str


@router.get(f"{SUBSCRIPTIONS}/next-invoices")
async def get_next_invoices(ctx: Owning) -> Response:
    """At most twelve, in the order in which they come. Nothing is stored and nothing is charged."""
    billing = await billing_of(ctx)
    if billing is None or billing.subscription.standing is Standing.GRANTED:
        return ctx.html("billing/granted.html", **ctx.settings_tabs)
    found, error = Forecast(()), ""
    try:
        found = await service.next_invoices(ctx.db, rails_of(ctx.request).usage, ctx.account_id, ctx.at)
    except Invalid as refusal:
        error = ctx.say(refusal)
    return ctx.html(
        "billing/next_invoices.html",
        error=error,
        rows=[_row(ctx.viewer.locale, it) for it in found.invoices],
        sums=_sums(ctx.viewer.locale, found.invoices),
        why=_why(ctx, found),
        **ctx.settings_tabs,
    )


def _why(ctx: PageContext, found: Forecast) -> str:
    """Why none follows, and since when; empty where others do."""
    if found.end is None:
        return ""
    since = i18n.date_in_full(ctx.viewer.locale, found.ends_on) if found.ends_on else ""
    free = ctx.words("On Free from %(day)s on.", day=since) if since else ""
    return f"{ctx.say(ENDS[found.end])} {free}".strip()


def _row(locale: str, document: Document) -> NextRow:
    period = period_of(document)
    return NextRow(
        row=document_row(locale, document),
        period=i18n.span_of_days(locale, period.starts_on, period.ends_on - ONE_DAY) if period else "–",
        from_balance=i18n.money(locale, document.paid_minor, document.currency) if document.paid_minor else "",
    )


def _sums(locale: str, documents: Sequence[Document]) -> str:
    """What they come to together, tax included, by currency."""
    totals: Counter[str] = Counter()
    for document in documents:
        totals[document.currency] += document.gross_minor
    return " + ".join(i18n.money(locale, minor, currency) for currency, minor in totals.items())
