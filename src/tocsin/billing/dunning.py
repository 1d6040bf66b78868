"""Dunning: what happens on which day after an invoice was due. Pure.

A card invoice is due when it is finalised and charged, any other at its due date. Source: licensing requirements §4,
S01, S15, S19, S23, S28, S37
"""

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from tocsin.billing.account import ChargeFor, ChargeOrder, LetterKind, Unpaid
from tocsin.billing.boundary import to_free
from tocsin.billing.coming import dunning_ends_at
from tocsin.billing.debits import RECURRING, running
from tocsin.billing.decision import END_AFTER, RESTRICTED_AFTER, Decision, billed_lines, midnight_in, restand
from tocsin.billing.invoicing import credit_note, credit_running
from tocsin.billing.model import LineKind
from tocsin.licensing.model import FREE
from tocsin.licensing.periods import day_of

RETRIES = (1, 3, 7, 14, 21)  # days after the due date on which a card is tried again
REMINDERS = (-7, 0, 7, 14, 21)  # days around it on which an invoice to be transferred is brought to mind
WRITE_OFF_AFTER = 90
CARD_DAYS = (*RETRIES, END_AFTER, WRITE_OFF_AFTER)
INVOICE_DAYS = (-7, 0, 1, 7, RESTRICTED_AFTER, 21, END_AFTER, WRITE_OFF_AFTER)


def next_day(unpaid: Unpaid) -> int | None:
    """The next day of dunning of an invoice; None after the last."""
    days = CARD_DAYS if unpaid.document.collection == "card" else INVOICE_DAYS
    return next((day for day in days if day > unpaid.day_done), None)


def due(unpaid: tuple[Unpaid, ...], zone: str) -> Iterator[tuple[datetime, bool, Unpaid]]:
    """For each invoice when its next day begins, and whether that is its end rather than a retry or reminder."""
    for one in unpaid:
        day = next_day(one)
        if day is not None:
            yield midnight_in(one.due_on + timedelta(days=day), zone), day >= END_AFTER, one


def take_zone(decision: Decision) -> None:
    """In a zone that has just taken force a day of dunning may have begun already: what it brings comes at once.

    Nothing happens before the change that brought the zone. Source: S24
    """
    while begun := _begun(decision):
        step(decision, begun[0])


def _begun(decision: Decision) -> list[Unpaid]:
    """The invoices whose next day of dunning began before now, the oldest first; none whose charge is under way."""
    waiting = tuple(one for one in decision.billing.unpaid if not one.charging)
    return [one for at, _, one in due(waiting, decision.subscription.zone) if at < decision.at]


def step(decision: Decision, unpaid: Unpaid) -> None:
    """Go through the next day of an invoice's dunning."""
    day = next_day(unpaid)
    assert day is not None  # noqa: S101
    by_card = unpaid.document.collection == "card"
    done = replace(unpaid, day_done=day)
    decision.owe(done)
    if day >= WRITE_OFF_AFTER:
        decision.tell(LetterKind.WRITE_OFF_PROPOSED, **facts(done))
        return
    if day >= END_AFTER:
        _end(decision, done)
        return
    if day == 1 and not by_card:
        restand(decision)
        return
    if by_card and not done.hard:
        # the mail is the one that says why it was declined again; a retry that is paid needs none
        decision.owe(replace(done, charging=True))
        document = done.document
        decision.charges.append(ChargeOrder(ChargeFor.INVOICE, document.owed_minor, document.currency, document.id))
        return
    stand_and_tell(decision)
    decision.tell(LetterKind.DUNNING, day=day, **facts(done))


def stand_and_tell(decision: Decision) -> None:
    """Bring the standing up to date, and tell when the account is restricted by it."""
    before = decision.subscription.standing
    restand(decision)
    after = decision.subscription.standing
    if after != before and after == "restricted":
        decision.tell(LetterKind.RESTRICTED, free_on=_free_on(decision))


def _free_on(decision: Decision) -> date | None:
    """The day on which the account moves to Free if nothing is paid; None where the debt does not end the term."""
    ends_at = dunning_ends_at(decision.billing)
    return day_of(ends_at, ZoneInfo(decision.subscription.zone)) if ends_at else None


def facts(unpaid: Unpaid) -> dict[str, object]:
    document = unpaid.document
    return {
        "document_id": document.id,
        "number": document.number,
        "owed_minor": document.owed_minor,
        "currency": document.currency,
        "due_on": unpaid.due_on,
        "collection": document.collection,
    }


def _end(decision: Decision, unpaid: Unpaid) -> None:
    """Day 28: Free, with a credit note for each unpaid invoice; for usage of a paid term only telephony stops."""
    if decision.subscription.plan == FREE:
        return
    if not any(billed_lines(one.document) for one in decision.billing.unpaid if one.day_done >= END_AFTER):
        _give_back(decision, (LineKind.NUMBER,))
        decision.keep(debits=tuple(one for one in decision.billing.debits if one.kind is not LineKind.NUMBER))
        decision.change(telephony_stopped=True)
        decision.tell(LetterKind.TELEPHONY_STOPPED, **facts(unpaid))
        restand(decision)
        return
    _give_back(decision, RECURRING)
    _trim_drafts(decision)
    to_free(decision)


def _give_back(decision: Decision, kinds: Collection[LineKind]) -> None:
    """A credit note for each unpaid invoice: what is left of the days of its lines of these kinds. Source: S15, S19"""
    for one in decision.billing.unpaid:
        debits = [
            debit
            for debit in running(decision.billing.debits, decision.on)
            if debit.document_id == one.document.id and debit.kind in kinds
        ]
        if debits:
            credit_note(decision, credit_running(decision, debits), against=one)


def _trim_drafts(decision: Decision) -> None:
    """A draft that waits is for the days up to now: what it has for later days is taken off it."""
    drafts = []
    for waiting in decision.billing.drafts:
        debits = [
            debit for debit in running(decision.billing.debits, decision.on) if debit.document_id == waiting.document.id
        ]
        lines = (*waiting.document.lines, *credit_running(decision, debits))
        document = replace(waiting.document, lines=lines)
        decision.documents[document.id] = document
        drafts.append(replace(waiting, document=document))
    decision.keep(drafts=tuple(drafts))
