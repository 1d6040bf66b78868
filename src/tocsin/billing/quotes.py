"""Quotes: what an annual order by purchase order would be invoiced at, as an offer on paper. Pure.

The lines and sums are those of the invoice that accepting the order would make. Source: licensing requirements R3.2,
R4.2
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import uuid5

from tocsin.billing import decide, trial
from tocsin.billing.account import AccountBilling, Context
from tocsin.billing.commands import AcceptOfflineOrder
from tocsin.billing.decision import DOCUMENTS, Decision
from tocsin.billing.invoicing import make_document
from tocsin.billing.model import Document, DocumentKind
from tocsin.billing.orders import check_target
from tocsin.errors import Conflict
from tocsin.i18n import N_
from tocsin.licensing.model import Interval, Standing, Target

VALID_DAYS = 30


@dataclass(frozen=True, slots=True)
class Quote:
    """An offer: `document` is the invoice that it would come to, never finalised, under the quote's own number."""

    document: Document
    valid_until: date


def quote(billing: AccountBilling, plan: str, seats: int, po_number: str, at: datetime, context: Context) -> Quote:
    """The offer of a year of so many seats; in a trial, from its end on. The same day gives it the same number.

    Raises: Invalid, Conflict as the order would; Conflict for an order that is no more than what is bought.
    """
    order = AcceptOfflineOrder(Target(plan, Interval.YEAR, seats), po_number)
    check_target(Decision(billing, at, context), order.target)  # the seller may order more than its owners may ask for
    outcome = decide.decide(billing, order, at, context)
    made = outcome.documents
    if billing.subscription.standing is Standing.TRIALING and billing.subscription.trial_ends_at is not None:
        begun = Decision(outcome.billing, billing.subscription.trial_ends_at, context)
        trial.convert(begun, None)
        made = tuple(begun.documents.values())
    found = next((one for one in made if one.kind is DocumentKind.INVOICE), None)
    if found is None:
        raise Conflict(N_("That costs nothing now, so there is nothing to quote: quote a larger plan, or more users."))
    today = Decision(outcome.billing, at, context)
    document = make_document(today, DocumentKind.INVOICE, found.lines, document_id=found.id)
    name = f"{document.account_id}/{plan}/{seats}/{po_number}"
    number = f"Q-{document.account_id}-{document.dated_on:%Y%m%d}-{uuid5(DOCUMENTS, name).hex[:4].upper()}"
    return Quote(replace(document, number=number), document.dated_on + timedelta(days=VALID_DAYS))
