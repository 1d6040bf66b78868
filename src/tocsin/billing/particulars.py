"""Particulars of an account's billing: zone, currency, buyer, fair use, grant. Pure.

Source: licensing requirements M11, M12, R7.2, R11.3, S24
"""

from dataclasses import replace
from zoneinfo import ZoneInfo

from tocsin.billing.account import LetterKind
from tocsin.billing.commands import ChangeBuyer, ChangeCurrency, ChangeZone, EndGrant, Grant, SetUsageBilling
from tocsin.billing.decision import Decision
from tocsin.billing.vat_id import check_format
from tocsin.errors import Conflict, Invalid
from tocsin.i18n import N_
from tocsin.licensing.model import FREE, Standing


def change_zone(decision: Decision, command: ChangeZone) -> None:
    """At once on Free, else from the next period on. Raises: Invalid for a zone that nobody knows."""
    try:
        ZoneInfo(command.zone)
    except (ValueError, OSError, KeyError):
        raise Invalid(
            N_("%(zone)s is no time zone; write it like Europe/Warsaw."),
            {"zone": "unknown"},
            params={"zone": command.zone},
        ) from None
    subscription = decision.subscription
    if subscription.standing in (Standing.FREE, Standing.GRANTED):
        decision.change(zone=command.zone, next_zone=None)
    else:
        decision.change(next_zone=None if command.zone == subscription.zone else command.zone)


def change_currency(decision: Decision, command: ChangeCurrency) -> None:
    """At once without a paid term, else from the next period on. Raises: Invalid, Conflict."""
    subscription = decision.subscription
    decision.book.currency(command.currency)
    if command.currency == subscription.currency:
        decision.change(next_currency=None)
        return
    if subscription.balance_minor:
        raise Conflict(N_("Use up the balance first: it stays in its currency."))
    if subscription.term_ends_on is None and subscription.grace_ends_at is None and not subscription.converting:
        decision.change(currency=command.currency, next_currency=None)
    else:
        decision.change(next_currency=command.currency)


def change_buyer(decision: Decision, command: ChangeBuyer) -> None:
    """For invoices that are finalised from now on; what is known of the VAT id goes with it, and decides the tax."""
    buyer = command.buyer
    check = command.vat_check or check_format(buyer.vat_id, buyer.country, decision.at)
    verified_at = check.checked_at if check.valid and check.source == "registry" else None
    decision.keep(buyer=replace(buyer, vat_id=check.vat_id, vat_verified_at=verified_at), vat_check=check)


def set_usage_billing(decision: Decision, command: SetUsageBilling) -> None:
    """From the first window that begins on that day or later. Raises: Conflict without a paid term."""
    if decision.subscription.term_ends_on is None:
        raise Conflict(N_("Only a paid subscription is billed by use."))
    decision.change(usage_billed_next=command.enabled, usage_billed_on=command.from_on)
    decision.tell(LetterKind.USAGE_BILLING, enabled=command.enabled, from_on=command.from_on)


def grant(decision: Decision, command: Grant) -> None:
    """Every feature, never billed. Raises: Conflict while a paid term runs or something is owed."""
    subscription = decision.subscription
    if subscription.term_ends_on is not None or decision.billing.unpaid or subscription.converting:
        raise Conflict(N_("Cancel the subscription and settle its invoices first."))
    decision.change(
        standing=Standing.GRANTED,
        plan=decision.book.trial.plan,
        interval=None,
        seats=0,
        trial_ends_at=None,
        chosen=None,
        grace_ends_at=None,
        free_since=None,
        cancels=False,
    )
    decision.begin_term()


def end_grant(decision: Decision, command: EndGrant) -> None:
    """On Free from now on. Raises: Conflict for an account that was granted nothing."""
    if decision.subscription.standing is not Standing.GRANTED:
        raise Conflict(N_("The account was not granted everything."))
    seats = decision.book.plan(FREE).seats_limit or 0
    decision.change(standing=Standing.FREE, plan=FREE, seats=seats, free_since=decision.at)
    decision.begin_term()
