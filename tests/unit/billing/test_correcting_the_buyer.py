"""An invoice that names the buyer wrongly is credited and made out anew. Source: licensing requirements M8, R7.2"""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.billing_histories import ACTION, AMERICAN, HARD, PAID, SOFT, History, always
from tests.support.documents import GERMAN, POLISH

from tocsin.billing.account import LetterKind, PaymentMethod
from tocsin.billing.buyers import AddressMissing
from tocsin.billing.commands import (
    AcceptOfflineOrder,
    CardAdded,
    ChangeBuyer,
    Command,
    CorrectBuyer,
    Order,
    RecordPayment,
    ReversePayment,
    WriteOff,
)
from tocsin.billing.documents import words
from tocsin.billing.model import Buyer, Document, DocumentKind, DocumentStatus
from tocsin.billing.tax import Note
from tocsin.errors import Conflict, Invalid
from tocsin.i18n import Translator
from tocsin.licensing.model import Interval, Standing, Target

M, Y = Interval.MONTH, Interval.YEAR
MOVED = replace(AMERICAN, address=("2 Side Street",))
WARSAW = replace(POLISH, emails=("faktury@przyklad.example",))


def subscriber(buyer: Buyer = AMERICAN, interval: Interval = M) -> History:
    history = History("2026-03-10 09:00", buyer=buyer)
    history.do("2026-03-10 10:00", Order(Target("standard", interval, 10), start_today=True))
    return history


def on_an_invoice(buyer: Buyer = AMERICAN) -> History:
    """Standard ×10 for a year, 2 280.00, to be paid by 9 April."""
    history = History("2026-03-10 09:00", buyer=buyer)
    history.do("2026-03-10 10:00", AcceptOfflineOrder(Target("standard", Y, 10)))
    return history.until("2026-03-25 12:00")


def correct(history: History, local: str, buyer: Buyer, which: Document | None = None) -> tuple[Document, Document]:
    """The credit note and the new invoice."""
    history.do(local, ChangeBuyer(buyer))
    history.do(local, CorrectBuyer((which or history.last()).id))
    [note] = [it for it in history.finals(DocumentKind.CREDIT_NOTE) if Note.BUYER_CORRECTED in it.notes][-1:]
    [invoice] = [it for it in history.finals() if it.corrects == note.credits]
    return note, invoice


def money_in(history: History) -> int:
    """What really came: cards, transfers, cheques, with what went to the balance."""
    came = (PaymentMethod.CARD, PaymentMethod.TRANSFER, PaymentMethod.CHEQUE)
    return sum(it.amount_minor + it.excess_minor for it in history.payments if it.method in came)


def written_off(history: History) -> int:
    return sum(it.amount_minor for it in history.payments if it.method is PaymentMethod.WRITE_OFF)


def assert_sums(history: History) -> None:
    """Payments add up to what documents say is paid, and everything to what was invoiced."""
    invoices, notes = history.finals(), history.finals(DocumentKind.CREDIT_NOTE)
    for one in invoices:
        of_it = [it.amount_minor for it in history.payments if it.document_id == one.id]
        assert sum(of_it) == one.paid_minor, one.number
        assert 0 <= one.paid_minor <= one.gross_minor
        assert one.gross_minor > 0
    assert all(one.gross_minor > 0 for one in notes)
    assert history.owed() == sum(one.owed_minor for one in invoices)
    invoiced = sum(one.gross_minor for one in invoices) - sum(one.gross_minor for one in notes)
    balance = history.subscription.balance_minor
    assert invoiced == money_in(history) + written_off(history) + history.owed() - balance


def test_a_paid_invoice_is_credited_and_made_out_anew_and_no_money_moves() -> None:
    history = subscriber()
    before, charged = history.last(), len(history.charged)

    note, invoice = correct(history, "2026-03-20 12:00", MOVED)

    assert (note.gross_minor, note.buyer, note.credits_number) == (23_000, AMERICAN, before.number)
    assert (invoice.gross_minor, invoice.buyer, invoice.corrects_number) == (23_000, MOVED, before.number)
    assert (invoice.status, invoice.owed_minor) == (DocumentStatus.PAID, 0)
    assert (note.number, invoice.number) == ("CN/2026/00001", "INV/2026/00002")
    assert [(it.item, it.quantity, it.starts_on, it.ends_on) for it in invoice.lines] == [
        (it.item, it.quantity, it.starts_on, it.ends_on) for it in before.lines
    ]
    assert len(history.charged) == charged
    assert history.subscription.balance_minor == 0
    assert history.documents[before.id].buyer == AMERICAN
    assert {it.kind for it in history.letters[-2:]} == {LetterKind.CREDIT_NOTE, LetterKind.INVOICE}
    assert_sums(history)


def test_its_lines_are_said_again_and_are_no_credit_for_unused_time() -> None:
    note, invoice = correct(subscriber(), "2026-03-20 12:00", MOVED)

    said = [words.title(Translator("en"), line) for one in (note, invoice) for line in one.lines]

    assert said == ["Standard plan, monthly subscription"] * 2


def test_what_is_credited_later_is_credited_of_the_new_invoice() -> None:
    history = subscriber()
    _, invoice = correct(history, "2026-03-20 12:00", MOVED)

    history.do("2026-03-24 10:00", Order(Target("enterprise")))

    credit = next(line for line in history.last().lines if line.amount_minor < 0)
    assert (credit.credits, credit.amount_minor) == (invoice.lines[0].id, -12_613)
    assert history.last().net_minor == -12_613 + 19_194
    assert_sums(history)


def test_an_upgrade_is_made_out_anew_with_what_it_gave_back() -> None:
    history = subscriber()
    history.do("2026-03-24 10:00", Order(Target("enterprise")))
    before = history.last()

    note, invoice = correct(history, "2026-03-25", MOVED)

    assert [it.amount_minor for it in note.lines] == [it.amount_minor for it in before.lines]
    assert [it.amount_minor for it in invoice.lines] == [it.amount_minor for it in before.lines]
    assert [it.credits for it in invoice.lines] == [it.credits for it in before.lines]
    assert invoice.status is DocumentStatus.PAID
    assert_sums(history)


def test_an_open_invoice_keeps_its_due_date_and_its_place_in_dunning() -> None:
    history = on_an_invoice().until("2026-05-09")
    [unpaid] = history.billing.unpaid
    assert unpaid.day_done >= 14

    _, invoice = correct(history, "2026-05-09 12:00", MOVED)

    [moved] = history.billing.unpaid
    assert moved.document.id == invoice.id
    assert (moved.due_on, moved.day_done, moved.document.due_at) == (
        unpaid.due_on, unpaid.day_done, unpaid.document.due_at,
    )  # fmt: skip
    assert history.standing() is Standing.RESTRICTED
    assert history.owed() == 228_000
    assert_sums(history)


def test_what_was_paid_in_part_counts_for_the_new_invoice() -> None:
    history = on_an_invoice()
    history.do("2026-03-25 13:00", RecordPayment(history.last().id, 100_000, PaymentMethod.TRANSFER))

    _, invoice = correct(history, "2026-03-26", MOVED)

    assert (invoice.status, invoice.owed_minor) == (DocumentStatus.PARTIALLY_PAID, 128_000)
    assert_sums(history)


def test_a_declined_card_is_not_charged_by_a_correction_and_is_tried_again_on_its_day() -> None:
    history = subscriber()
    history.charger = always(SOFT)
    history.until("2026-04-12")
    before = history.billing.unpaid[0].day_done
    charged = len(history.charged)

    _, invoice = correct(history, "2026-04-12 12:00", MOVED)
    assert len(history.charged) == charged
    history.charger = always(PAID)
    history.until("2026-04-14")

    assert before == 1
    assert [charge.document_id for _, charge, _ in history.charged[charged:]] == [invoice.id]
    assert history.owed() == 0
    assert_sums(history)


def test_a_buyer_elsewhere_bears_his_own_tax_and_the_difference_is_charged() -> None:
    history = subscriber()

    note, invoice = correct(history, "2026-03-20 12:00", WARSAW)

    assert (note.gross_minor, note.tax_minor) == (23_000, 0)
    assert (invoice.net_minor, invoice.gross_minor) == (23_000, 28_290)
    assert [charge.amount_minor for _, charge, _ in history.charged][-1:] == [5_290]
    assert history.documents[invoice.id].status is DocumentStatus.PAID
    assert {it.tax_rate_bp for it in history.billing.debits} == {2300}
    assert_sums(history)


def test_tax_that_was_charged_wrongly_is_a_balance() -> None:
    history = subscriber(WARSAW)

    _, invoice = correct(history, "2026-03-20 12:00", replace(GERMAN, vat_id="DE136695976"))

    assert (invoice.gross_minor, invoice.taxes[0].category) == (23_000, "AE")
    assert invoice.notes == (Note.REVERSE_CHARGE, Note.BUYER_CORRECTED)
    assert history.subscription.balance_minor == 5_290
    assert_sums(history)


def test_the_rate_of_the_tax_point_stays_where_country_and_kind_of_sale_do() -> None:
    history = subscriber(WARSAW)
    before = history.last()
    lines = tuple(replace(line, tax_rate_bp=2200) for line in before.lines)
    taxes = (replace(before.taxes[0], rate_bp=2200, tax_minor=5_060),)
    older = replace(before, lines=lines, taxes=taxes, tax_minor=5_060, gross_minor=28_060, paid_minor=28_060)
    history.documents[before.id] = older

    _, invoice = correct(history, "2026-03-20 12:00", replace(WARSAW, address=("ul. Nowa 1",)), older)

    assert (invoice.taxes[0].rate_bp, invoice.gross_minor) == (2200, 28_060)
    assert invoice.owed_minor == 0


def test_what_day_28_credited_is_left_out_of_both() -> None:
    history = subscriber()
    history.charger = always(HARD)
    history.until("2026-05-09")
    [first] = history.finals(DocumentKind.CREDIT_NOTE)
    assert first.gross_minor == 1_533

    note, invoice = correct(history, "2026-05-10", MOVED)

    assert (note.gross_minor, invoice.gross_minor, history.owed()) == (21_467, 21_467, 21_467)
    assert [it.amount_minor for it in invoice.lines] == [23_000, -1_533]
    assert invoice.lines[1].credits == invoice.lines[0].id
    assert_sums(history)


def test_what_was_written_off_stays_so_and_becomes_no_money() -> None:
    history = on_an_invoice()
    history.do("2026-03-25 13:00", RecordPayment(history.last().id, 227_500, PaymentMethod.TRANSFER))
    assert written_off(history) == 500

    _, invoice = correct(history, "2026-03-26", MOVED)

    assert (invoice.status, written_off(history), history.subscription.balance_minor) == (DocumentStatus.PAID, 500, 0)
    assert_sums(history)


def test_of_an_invoice_written_off_whole_nothing_is_asked_for_anew() -> None:
    history = on_an_invoice()
    history.do("2026-03-25 13:00", WriteOff(history.last().id, "insolvent"))

    _, invoice = correct(history, "2026-03-26", WARSAW)

    assert (invoice.gross_minor, invoice.status, history.owed()) == (280_440, DocumentStatus.WRITTEN_OFF, 0)
    assert_sums(history)


def test_the_invoice_that_was_made_out_anew_can_be_corrected_in_its_turn() -> None:
    history = subscriber()
    _, first = correct(history, "2026-03-20 12:00", MOVED)

    _, second = correct(history, "2026-03-21 12:00", AMERICAN, first)

    assert second.corrects_number == first.number
    assert_sums(history)


def refused(history: History, local: str, command: Command) -> str:
    with pytest.raises((Invalid, Conflict)) as caught:
        history.do(local, command)
    return str(caught.value.message) % (caught.value.params or {})


def test_what_cannot_be_corrected_says_why() -> None:
    history = subscriber()
    before = history.last()
    same = refused(history, "2026-03-20 12:00", CorrectBuyer(before.id))
    note, _ = correct(history, "2026-03-20 13:00", MOVED)

    twice = refused(history, "2026-03-21", CorrectBuyer(before.id))
    of_note = refused(history, "2026-03-21", CorrectBuyer(note.id))
    unknown = refused(history, "2026-03-21", CorrectBuyer(UUID(int=7)))

    assert same == "Nothing to correct: INV/2026/00001 names the buyer just as Billing Information does."
    assert twice == "Nothing to correct: another invoice stands in the place of INV/2026/00001."
    assert of_note == "CN/2026/00001 is a credit note; only an invoice can be made out anew."
    assert unknown == "Name the invoice that it is about."


def test_a_payment_that_waits_for_the_holder_is_waited_for() -> None:
    history = subscriber()
    history.charger = always(ACTION)
    history.until("2026-04-10")
    history.do("2026-04-10 12:00", ChangeBuyer(MOVED))
    [unpaid] = history.billing.unpaid

    assert "A payment of INV/2026/00002 is under way" in refused(
        history, "2026-04-10 13:00", CorrectBuyer(unpaid.document.id)
    )


def test_to_a_buyer_without_an_address_nothing_is_made_out() -> None:
    history = subscriber()
    history.do("2026-03-20 12:00", ChangeBuyer(replace(AMERICAN, city="", name="Somebody")))

    with pytest.raises(AddressMissing):
        history.do("2026-03-20 13:00", CorrectBuyer(history.last().id))


BUYERS = st.sampled_from([AMERICAN, MOVED, WARSAW, replace(GERMAN, vat_id=""), GERMAN])
DOINGS = st.sampled_from(
    [
        "correct",
        "correct",
        "pay",
        "part",
        "late",
        "upgrade",
        "seats",
        "decline",
        "card",
        "write off",
        "time",
        "dispute",
        "won",
    ]
)


def commands(history: History, doing: str, buyer: Buyer, pick: int) -> list[Command]:
    """What is asked for next."""
    invoices, unpaid = history.finals(), [it.document for it in history.billing.unpaid]
    chosen = invoices[pick % len(invoices)]
    owed = unpaid[0] if unpaid else chosen
    share = owed.owed_minor if doing == "pay" else owed.owed_minor // 3
    asked: dict[str, list[Command]] = {
        "correct": [ChangeBuyer(buyer), CorrectBuyer(chosen.id)],
        "pay": [RecordPayment(owed.id, share + pick, PaymentMethod.TRANSFER)],
        "part": [RecordPayment(owed.id, max(1, share), PaymentMethod.TRANSFER)],
        "late": [RecordPayment(chosen.id, 7_000 * (pick + 1), PaymentMethod.CHEQUE)],
        "upgrade": [Order(Target("enterprise"))],
        "seats": [Order(Target(seats=11 + pick))],
        "card": [CardAdded(chosen.id)],
        "write off": [WriteOff(owed.id, "gone")],
        "dispute": [ReversePayment(in_place_of(history, chosen), 23_000 - pick, PaymentMethod.CARD)],
        "won": [RecordPayment(in_place_of(history, chosen), 23_000, PaymentMethod.CARD)],
    }
    return asked.get(doing, [])


def in_place_of(history: History, invoice: Document) -> UUID:
    """Money that comes or goes for an invoice that was made out anew is for the one in its place."""
    following = next((it for it in history.finals() if it.corrects == invoice.id), None)
    return in_place_of(history, following) if following else invoice.id


@settings(max_examples=150, deadline=None)
@given(st.booleans(), BUYERS, st.lists(st.tuples(DOINGS, BUYERS, st.integers(0, 9)), min_size=2, max_size=14))
def test_whatever_is_corrected_when_the_sums_hold_and_each_invoice_once(
    by_card: bool, buyer: Buyer, doings: list[tuple[str, Buyer, int]]
) -> None:
    """Corrections among payments, declines, upgrades, dunning and write-offs. Source: invariants 1, 2, 9"""
    history = subscriber(buyer) if by_card else on_an_invoice(buyer)
    on = date(2026, 3, 25)
    for doing, other, pick in doings:
        on += timedelta(days=pick * (4 if doing == "time" else 0) + 1)
        history.until(f"{on} 12:00")
        if doing == "decline":
            history.charger = always([SOFT, HARD, PAID][pick % 3])
        for command in commands(history, doing, other, pick):
            history.attempt(f"{on} 12:00", command)
        assert_sums(history)
    replaced = [it.corrects for it in history.finals() if it.corrects]
    assert len(replaced) == len(set(replaced))
    for document in (history.documents[it] for it in replaced):
        notes = [it for it in history.finals(DocumentKind.CREDIT_NOTE) if it.credits == document.id]
        assert abs(sum(it.gross_minor for it in notes) - document.gross_minor) <= len(notes)
        assert document.owed_minor == 0
    assert not {it.document_id for it in history.billing.debits} & set(replaced)
    assert_no_line_is_credited_beyond_its_debit(history)


def assert_no_line_is_credited_beyond_its_debit(history: History) -> None:
    """A credit note says it above zero, and takes a credit that it says again back. Source: invariant 2"""
    debits: dict[UUID | None, int] = {}
    credits_: dict[UUID, int] = {}
    for document in history.documents.values():
        sign = 1 if document.kind is DocumentKind.CREDIT_NOTE else -1
        for line in document.lines:
            if line.credits is None:
                debits[line.id] = line.amount_minor
            else:
                credits_[line.credits] = credits_.get(line.credits, 0) + sign * line.amount_minor
    for line_id, amount in credits_.items():
        assert 0 <= amount <= debits[line_id]
