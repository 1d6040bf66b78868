"""The acceptance lines of trial, dunning, payments, numbers and leaving, on the requirements' price book."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from tests.support.billing_histories import ACTION, HARD, PAID, SOFT, History, always
from tests.support.documents import POLISH

from tocsin.billing.account import ChargeFor, LetterKind, PaymentMethod
from tocsin.billing.commands import (
    AcceptOfflineOrder,
    AddNumber,
    AutoExpand,
    Cancel,
    CardAdded,
    ChangeCurrency,
    ChangeZone,
    ExtendTrial,
    Order,
    RecordPayment,
    ReleaseNumber,
    RequestDeletion,
    Resume,
    ReversePayment,
    SetAutoExpand,
    SetUsageBilling,
    UndoDeletion,
    WriteOff,
)
from tocsin.billing.model import DocumentKind, DocumentStatus
from tocsin.errors import Conflict, Forbidden, Invalid, NotFound
from tocsin.licensing.model import Collection, Interval, Standing, Target

M, Y = Interval.MONTH, Interval.YEAR
D = "2026-03-24 10:00"
CARD = UUID(int=7)


def subscriber(plan: str = "standard", seats: int = 10, interval: Interval = M, start: str = "2026-03-10") -> History:
    """An account whose paid term began on that day, its trial cut short."""
    history = History(f"{start} 09:00")
    history.do(f"{start} 10:00", Order(Target(plan, interval, seats), start_today=True))
    return history


def in_debt() -> History:
    """Standard ×10, 230.00 due on 10 April and declined."""
    history = subscriber()
    history.charger = always(SOFT)
    return history.until("2026-04-10")


def nets(history: History) -> list[int]:
    return [document.net_minor for document in history.finals()]


def days_of(history: History, kind: LetterKind) -> list[str]:
    """The local times at which mails of a kind were due."""
    return [f"{letter.at.astimezone(history.zone):%d %b %H:%M}" for letter in history.letters if letter.kind is kind]


# The trial


def test_r2_1_accept_fourteen_days_end_at_a_local_midnight() -> None:
    assert History("2026-03-03 15:40").subscription.trial_ends_at == datetime(2026, 3, 17, 23, tzinfo=UTC)
    over_dst = History("2026-03-20 15:40")
    assert over_dst.subscription.trial_ends_at == over_dst.instant("2026-04-04")


def test_r3_1_accept_reminders_go_out_at_nine_on_three_days() -> None:
    history = History("2026-03-03 15:40").until("2026-03-19")

    assert days_of(history, LetterKind.TRIAL_REMINDER) == ["11 Mar 09:00", "15 Mar 09:00", "17 Mar 09:00"]
    assert days_of(history, LetterKind.TRIAL_ENDED) == ["18 Mar 09:00"]


@pytest.mark.parametrize(("zone", "local"), [("America/New_York", "18 Mar 14:00"), ("Asia/Tokyo", "18 Mar 01:00")])
def test_s24_the_mail_of_the_trials_end_goes_out_at_nine_by_the_zone_to_come(zone: str, local: str) -> None:
    history = History("2026-03-03 15:40")
    history.do("2026-03-10 12:00", ChangeZone(zone))
    history.until("2026-03-19")

    assert days_of(history, LetterKind.TRIAL_ENDED) == [local]  # as a clock in Warsaw has it


def test_r3_1_accept_an_extended_trial_reminds_anew_and_never_twice() -> None:
    history = History("2026-03-03 15:40")

    history.do("2026-03-16 12:00", ExtendTrial(date(2026, 3, 25)))
    history.until("2026-03-26")

    assert days_of(history, LetterKind.TRIAL_REMINDER)[2:] == ["18 Mar 09:00", "22 Mar 09:00", "24 Mar 09:00"]


def test_a_trial_is_never_shortened() -> None:
    with pytest.raises(Invalid, match="not shortened"):
        History("2026-03-03 15:40").do("2026-03-05", ExtendTrial(date(2026, 3, 10)))


def test_r3_2_accept_a_plan_chosen_in_the_trial_is_charged_at_its_end() -> None:
    history = History("2026-03-03 15:40")

    history.do("2026-03-08 12:00", Order(Target("standard", M, 10)))
    history.until("2026-03-17 23:59")
    assert history.charged == []
    history.until("2026-03-18")

    assert nets(history) == [23_000]
    [line] = history.last().lines
    assert (line.starts_on, line.ends_on) == (date(2026, 3, 18), date(2026, 4, 18))
    assert history.subscription.anchor_on == date(2026, 3, 18)
    assert history.standing() is Standing.ACTIVE


def test_r3_4_accept_a_trial_without_a_plan_ends_on_free() -> None:
    history = History("2026-03-03 15:40").until("2026-03-18")

    assert history.standing() is Standing.FREE
    assert history.documents == {}
    history.do("2026-03-19 10:00", Order(Target("standard", M, 12)))
    assert history.last().net_minor == 27_600
    assert history.subscription.anchor_on == date(2026, 3, 19)


def test_s16_a_failed_first_charge_leaves_three_days_and_no_document() -> None:
    history = History("2026-03-03 15:40", charger=always(SOFT))
    history.do("2026-03-08 12:00", Order(Target("standard", M, 10)))

    history.until("2026-03-20 23:59")
    assert history.standing() is Standing.PAST_DUE
    assert history.subscription.plan == "standard"
    assert history.documents == {}
    history.until("2026-03-21")

    assert history.standing() is Standing.FREE
    assert history.owed() == 0


def test_s16_a_payment_within_the_grace_is_one_invoice_from_the_trial_end() -> None:
    history = History("2026-03-03 15:40", charger=always(HARD))
    history.do("2026-03-08 12:00", Order(Target("standard", M, 10)))
    history.until("2026-03-19")
    history.charger = always(PAID)

    history.do("2026-03-20 20:00", CardAdded(CARD))

    assert nets(history) == [23_000]
    assert history.last().dated_on == date(2026, 3, 18)
    assert history.standing() is Standing.ACTIVE
    assert history.subscription.term_ends_on == date(2026, 4, 18)


# Dunning


def test_s4_accept_the_calendar_of_dunning() -> None:
    history = in_debt()
    assert history.standing() is Standing.PAST_DUE

    history.until("2026-04-23 23:59")
    assert history.standing() is Standing.PAST_DUE
    history.until("2026-04-24")
    assert history.standing() is Standing.RESTRICTED
    history.until("2026-05-08")

    assert history.standing() is Standing.FREE
    retries = [f"{at.astimezone(history.zone):%d %b}" for at, charge, _ in history.charged[2:]]
    assert retries == ["11 Apr", "13 Apr", "17 Apr", "24 Apr", "01 May"]
    [note] = history.finals(DocumentKind.CREDIT_NOTE)
    assert note.gross_minor == 1_533
    assert history.owed() == 21_467
    history.until("2026-08-01")
    assert nets(history) == [23_000, 23_000]
    assert days_of(history, LetterKind.WRITE_OFF_PROPOSED) == ["09 Jul 00:00"]


def test_s4_what_is_written_off_is_owed_no_more_and_a_new_plan_can_be_bought() -> None:
    history = in_debt().until("2026-07-09")
    [invoice] = [one.document for one in history.billing.unpaid]

    history.do("2026-07-10 10:00", WriteOff(invoice.id, " insolvent "))

    assert history.documents[invoice.id].status is DocumentStatus.WRITTEN_OFF
    assert (history.owed(), history.standing()) == (0, Standing.FREE)
    history.charger = always(PAID)
    assert history.do("2026-07-10 11:00", Order(Target("standard", M, 10))) is not None
    assert history.standing() is Standing.ACTIVE


def test_s4_a_write_off_lifts_the_restriction_of_its_invoice() -> None:
    history = in_debt().until("2026-04-24")
    [invoice] = [one.document for one in history.billing.unpaid]
    assert history.standing() is Standing.RESTRICTED

    outcome = history.do("2026-04-25 10:00", WriteOff(invoice.id, "our mistake"))

    assert outcome is not None
    [payment] = outcome.payments
    assert (payment.method, payment.amount_minor, payment.reference) == ("write_off", 23_000, "our mistake")
    assert (history.standing(), outcome.letters) == (Standing.ACTIVE, ())


def test_a_write_off_needs_a_reason_and_something_owed() -> None:
    history = in_debt().until("2026-04-24")
    [invoice] = [one.document for one in history.billing.unpaid]

    with pytest.raises(Invalid, match="Say why"):
        history.do("2026-04-25 10:00", WriteOff(invoice.id, " "))
    history.do("2026-04-25 10:00", WriteOff(invoice.id, "insolvent"))
    with pytest.raises(NotFound):
        history.do("2026-04-25 11:00", WriteOff(invoice.id, "insolvent"))


def test_s4_accept_paid_on_20_april_keeps_the_anchor() -> None:
    history = in_debt().until("2026-04-15")
    history.charger = always(PAID)

    history.do("2026-04-20 12:00", CardAdded(CARD))

    assert history.standing() is Standing.ACTIVE
    assert history.owed() == 0
    history.until("2026-05-10")
    assert history.last().dated_on == date(2026, 5, 10)


def test_s23_nothing_but_paying_is_possible_while_restricted() -> None:
    history = subscriber()
    history.do("2026-03-10 12:00", AddNumber(UUID(int=1), "+4822000001"))
    history.charger = always(SOFT)
    history.until("2026-04-26")
    assert history.standing() is Standing.RESTRICTED

    for command in (ReleaseNumber(UUID(int=1)), Order(Target(seats=5)), Order(Target(seats=20)), Cancel()):
        with pytest.raises(Conflict, match=r"paid|Pay"):
            history.do("2026-04-26", command)


def test_a_hard_decline_is_not_retried_but_told_of() -> None:
    history = subscriber()
    history.charger = always(HARD)

    history.until("2026-04-20")

    assert len(history.charged) == 2
    assert days_of(history, LetterKind.DUNNING) == ["11 Apr 00:00", "13 Apr 00:00", "17 Apr 00:00"]


def test_r4_1_accept_a_card_that_wants_authentication_leaves_the_invoice_to_be_paid_by_link() -> None:
    history = subscriber()
    history.charger = always(ACTION)
    history.until("2026-04-10")
    assert history.last().status is DocumentStatus.ACTION_REQUIRED

    history.do("2026-04-10 09:00", RecordPayment(history.last().id, 23_000, PaymentMethod.CARD))

    assert history.last().status is DocumentStatus.PAID
    assert history.standing() is Standing.ACTIVE


def test_s15_an_account_that_moves_to_free_at_a_boundary_is_not_renewed() -> None:
    history = subscriber("essentials", 10)
    history.usage.records.append((history.instant("2026-04-05"), 2_000))
    history.charger = always(SOFT)  # due on 12 April after its wait, so day 28 is the boundary of 10 May

    history.until("2026-06-01")

    assert history.standing() is Standing.FREE
    assert nets(history) == [11_000, 13_000]
    assert history.finals(DocumentKind.CREDIT_NOTE) == []


def test_s15_a_boundary_passed_while_past_due_is_invoiced_and_credited_on_day_28_of_the_oldest() -> None:
    history = subscriber("standard", 10, start="2026-01-31")
    history.charger = always(SOFT)

    history.until("2026-03-28")

    # 28 Feb is due, day 28 is 28 Mar: before the boundary of 31 Mar
    assert history.standing() is Standing.FREE
    [note] = history.finals(DocumentKind.CREDIT_NOTE)
    assert note.gross_minor == 2_226  # 230.00 × 3/31


def test_s19_unpaid_usage_of_an_annual_term_stops_telephony_and_keeps_the_plan() -> None:
    history = subscriber("essentials", 10, Y)
    history.usage.records.append((history.instant("2026-04-01"), 2_775))
    history.charger = always(SOFT)

    history.until("2026-05-10")

    assert history.subscription.plan == "essentials"
    stopped = history.subscription.telephony_stopped
    assert stopped
    history.charger = always(PAID)
    history.do("2026-05-12", CardAdded(CARD))
    assert not history.subscription.telephony_stopped
    assert history.standing() is Standing.ACTIVE


def test_s19_numbers_stop_with_telephony_and_are_not_charged_meanwhile() -> None:
    history = subscriber("essentials", 10, Y)
    history.do("2026-03-10 12:00", AddNumber(UUID(int=1), "+4822000001"))
    history.charger = always(SOFT)

    history.until("2026-06-12")  # the rent of 10 April was due on the 12th: day 28 is the boundary of 10 May

    assert history.subscription.plan == "essentials"
    assert [document.dated_on.month for document in history.finals()] == [3, 3, 4]
    assert history.billing.debits[0].item == "essentials"
    history.charger = always(PAID)
    history.do("2026-06-13", CardAdded(CARD))
    assert history.until("2026-07-12").last().net_minor == 1_000


def test_a_new_card_pays_first_what_was_due_first_and_then_what_was_finalised_first() -> None:
    history = offline()
    for number in (1, 2):
        history.do("2026-03-25 10:00", AddNumber(UUID(int=number), f"+4822000000{number}"))
    history.do("2026-03-25 10:01", Order(Target(seats=26)))
    history.do("2026-03-25 10:02", AddNumber(UUID(int=3), "+48220000003"))
    history.charger = always(PAID)

    history.do("2026-04-01", CardAdded(CARD))

    charged = [history.documents[charge.document_id].number for _, charge, _ in history.charged if charge.document_id]
    assert charged == [document.number for document in history.finals()]


def test_a_declined_card_does_not_begin_the_dunning_of_an_invoice_on_account() -> None:
    history = offline()
    history.charger = always(SOFT)

    history.do("2026-04-01", CardAdded(CARD))

    history.until("2026-04-18")
    assert history.standing() is Standing.ACTIVE
    assert days_of(history, LetterKind.DUNNING) == ["17 Apr 00:00"]


def test_a_new_plan_after_dunning_needs_the_debt_paid() -> None:
    history = in_debt().until("2026-05-08")

    with pytest.raises(Conflict, match="Pay the open invoices"):
        history.do("2026-05-09", Order(Target("standard", M, 5)))
    history.charger = always(PAID)
    history.do("2026-05-09", CardAdded(CARD))
    history.do("2026-05-09", Order(Target("standard", M, 5)))

    assert history.standing() is Standing.ACTIVE


def test_s01_an_account_on_free_may_buy_on_the_due_day_of_its_invoice_and_not_after() -> None:
    history = offline()
    history.do("2026-04-20", Cancel(now=True))
    again = Order(Target("standard", M, 5))
    history.preview("2026-04-24 12:00", again)

    with pytest.raises(Conflict, match="Pay the open invoices"):
        history.preview("2026-04-25", again)


# Offline


def offline() -> History:
    history = History("2026-03-10 09:00", buyer=POLISH)
    history.until("2026-03-25")
    history.do("2026-03-25 10:00", AcceptOfflineOrder(Target("standard", Y, 25), "4500-77"))
    return history


def test_r4_2_accept_an_offline_order_is_due_after_thirty_days() -> None:
    history = offline()
    invoice = history.last()
    assert (invoice.net_minor, invoice.tax_minor, invoice.gross_minor) == (570_000, 131_100, 701_100)
    assert invoice.po_number == "4500-77"
    assert invoice.due_at == history.instant("2026-04-24")
    assert history.standing() is Standing.ACTIVE
    assert history.charged == []

    history.do("2026-04-01", RecordPayment(invoice.id, 700_000, PaymentMethod.TRANSFER, "first"))
    assert history.last().status is DocumentStatus.PARTIALLY_PAID
    assert history.owed() == 1_100
    history.do("2026-04-02", RecordPayment(invoice.id, 1_100, PaymentMethod.TRANSFER, "rest"))
    assert history.last().status is DocumentStatus.PAID


def test_r4_2_a_payment_counts_from_the_day_on_which_it_came() -> None:
    history = offline()
    invoice = history.last()

    def pay(paid_on: date | None) -> datetime:
        outcome = history.do(
            "2026-04-20 12:00", RecordPayment(invoice.id, 100, PaymentMethod.TRANSFER, paid_on=paid_on)
        )
        assert outcome is not None
        return outcome.payments[0].paid_at

    assert pay(date(2026, 4, 17)) == history.instant("2026-04-17")
    assert pay(None) == pay(date(2026, 4, 20)) == history.instant("2026-04-20 12:00")
    with pytest.raises(Invalid, match="today or before"):
        pay(date(2026, 4, 21))


def test_r4_2_accept_offline_requires_annual() -> None:
    history = History("2026-03-10 09:00").until("2026-03-25")

    with pytest.raises(Invalid) as refused:
        history.do("2026-03-25 10:00", AcceptOfflineOrder(Target("standard", M, 25)))

    assert refused.value.errors == {"interval": "offline_requires_annual"}
    assert history.subscription.collection is Collection.CARD


@pytest.mark.parametrize(("short", "left"), [(1, 0), (1_000, 0), (1_001, 1_001)])
def test_s21_a_shortfall_up_to_ten_is_written_off(short: int, left: int) -> None:
    history = offline()

    history.do("2026-04-01", RecordPayment(history.last().id, 701_100 - short, PaymentMethod.TRANSFER))

    assert history.owed() == left


def test_an_overpayment_is_a_balance_for_the_next_invoices() -> None:
    history = offline()

    history.do("2026-04-01", RecordPayment(history.last().id, 702_000, PaymentMethod.TRANSFER))

    assert history.subscription.balance_minor == 900


def test_s37_a_bounced_cheque_begins_dunning_anew_on_its_day() -> None:
    history = offline()
    invoice = history.last()
    history.do("2026-04-01", RecordPayment(invoice.id, 701_100, PaymentMethod.CHEQUE))

    history.do("2026-04-08 12:00", ReversePayment(invoice.id, 701_100, PaymentMethod.CHEQUE))

    assert history.standing() is Standing.ACTIVE
    assert history.owed() == 701_100
    history.until("2026-04-09")
    assert history.standing() is Standing.PAST_DUE
    history.until("2026-04-22")
    assert history.standing() is Standing.RESTRICTED
    history.until("2026-05-06")
    assert history.standing() is Standing.FREE


def test_s37_after_a_bounced_cheque_a_card_that_was_declined_is_tried_again() -> None:
    history = in_debt()
    invoice = history.last()
    history.do("2026-04-10 12:00", RecordPayment(invoice.id, 23_000, PaymentMethod.CHEQUE))
    history.charger = always(PAID)

    history.do("2026-04-15 12:00", ReversePayment(invoice.id, 23_000, PaymentMethod.CHEQUE))

    assert history.standing() is Standing.PAST_DUE
    history.until("2026-04-16")
    assert history.standing() is Standing.ACTIVE
    assert history.owed() == 0


def test_after_a_disputed_card_payment_the_card_is_not_tried_again() -> None:
    history = subscriber()
    before = len(history.charged)

    history.do("2026-03-15", ReversePayment(history.last().id, 23_000, PaymentMethod.CARD))

    assert history.standing() is Standing.PAST_DUE
    assert days_of(history, LetterKind.PAYMENT_DISPUTED) == ["15 Mar 00:00"]
    assert days_of(history, LetterKind.CHARGE_FAILED) == []
    history.until("2026-04-08")
    assert len(history.charged) == before
    assert history.standing() is Standing.RESTRICTED


def test_a_disputed_payment_that_is_won_stands_again() -> None:
    history = subscriber()
    invoice = history.last()
    history.do("2026-03-15", ReversePayment(invoice.id, 23_000, PaymentMethod.CARD, reference="du_1"))

    history.do("2026-04-01", RecordPayment(invoice.id, 23_000, PaymentMethod.CARD, "du_1"))

    assert (history.standing(), history.owed(), history.subscription.balance_minor) == (Standing.ACTIVE, 0, 0)
    assert days_of(history, LetterKind.DISPUTE_WON) == ["01 Apr 00:00"]
    assert days_of(history, LetterKind.PAYMENT_RECEIVED) == []


def test_a_dispute_that_is_won_after_another_card_paid_is_a_balance() -> None:
    history = subscriber()
    invoice = history.last()
    history.do("2026-03-15", ReversePayment(invoice.id, 23_000, PaymentMethod.CARD))
    history.do("2026-03-16", CardAdded(CARD))
    assert history.owed() == 0

    history.do("2026-03-20", RecordPayment(invoice.id, 23_000, PaymentMethod.CARD))

    assert history.subscription.balance_minor == 23_000
    assert history.documents[invoice.id].status is DocumentStatus.PAID


def test_a_dispute_that_is_won_after_day_28_pays_what_is_owed_and_the_rest_is_a_balance() -> None:
    history = subscriber()
    history.do("2026-04-01", ReversePayment(history.last().id, 23_000, PaymentMethod.CARD))
    invoice = history.finals()[0]
    history.charger = always(HARD)
    history.until("2026-04-30")
    assert history.standing() is Standing.FREE
    owed = next(it.document.owed_minor for it in history.billing.unpaid if it.document.id == invoice.id)

    history.do("2026-05-02", RecordPayment(invoice.id, 23_000, PaymentMethod.CARD))

    assert invoice.id not in {it.document.id for it in history.billing.unpaid}
    assert history.subscription.balance_minor == 23_000 - owed


def test_a_dispute_takes_what_went_to_the_balance_from_the_balance_even_below_zero() -> None:
    history = subscriber()

    history.do("2026-03-15", ReversePayment(history.last().id, 25_000, PaymentMethod.CARD, 1_000))

    assert (history.owed(), history.subscription.balance_minor) == (23_000, -2_000)


def test_a_bounced_cheque_is_told_of_as_what_it_is() -> None:
    history = subscriber()
    invoice = history.last()

    history.do("2026-03-15 12:00", ReversePayment(invoice.id, 23_000, PaymentMethod.CHEQUE))

    assert days_of(history, LetterKind.PAYMENT_TAKEN_BACK) == ["15 Mar 12:00"]


def test_s01_an_unpaid_offline_invoice_ends_like_dunning_from_its_due_date() -> None:
    history = offline()
    history.until("2026-04-24 23:59")
    assert history.standing() is Standing.ACTIVE
    history.until("2026-04-25")
    assert history.standing() is Standing.PAST_DUE
    history.until("2026-05-08")
    assert history.standing() is Standing.RESTRICTED
    history.until("2026-05-22")
    assert history.standing() is Standing.FREE
    assert days_of(history, LetterKind.DUNNING) == [
        "17 Apr 00:00",
        "24 Apr 00:00",
        "01 May 00:00",
        "08 May 00:00",
        "15 May 00:00",
    ]


def test_a_purchase_order_bounds_the_seats() -> None:
    history = History("2026-03-10 09:00").until("2026-03-25")
    history.do("2026-03-25 10:00", AcceptOfflineOrder(Target("standard", Y, 25), "4500-77", ceiling_minor=600_000))
    assert days_of(history, LetterKind.PO_NEARLY_USED) == ["25 Mar 10:00"]

    history.do("2026-03-26 10:00", Order(Target(seats=26)))
    with pytest.raises(Conflict, match="does not cover"):
        history.do("2026-03-26 10:00", Order(Target(seats=27)))


def test_r4_2_a_seat_that_uses_most_of_the_purchase_order_is_told_of_once() -> None:
    history = History("2026-03-10 09:00", buyer=POLISH).until("2026-03-25")
    history.do("2026-03-25 10:00", AcceptOfflineOrder(Target("standard", Y, 25), "4500-77", ceiling_minor=800_000))
    assert days_of(history, LetterKind.PO_NEARLY_USED) == []

    history.do("2026-03-26 10:00", Order(Target(seats=28)))  # 6 384.00 of 8 000.00
    assert days_of(history, LetterKind.PO_NEARLY_USED) == []
    history.do("2026-03-27 10:00", Order(Target(seats=29)))  # 6 612.00
    history.do("2026-03-28 10:00", Order(Target(seats=30)))

    assert days_of(history, LetterKind.PO_NEARLY_USED) == ["27 Mar 10:00"]
    [letter] = [one for one in history.letters if one.kind is LetterKind.PO_NEARLY_USED]
    assert (letter.facts["used_minor"], letter.facts["ceiling_minor"]) == (661_200, 800_000)


def test_r4_2_neither_a_plan_nor_a_person_too_many_goes_beyond_the_purchase_order() -> None:
    history = History("2026-03-10 09:00", buyer=POLISH).until("2026-03-25")
    history.do("2026-03-25 10:00", AcceptOfflineOrder(Target("standard", Y, 25), "4500-77", ceiling_minor=600_000))
    history.do("2026-03-25 11:00", SetAutoExpand(True))
    before = history.billing

    for command in (AutoExpand(27), Order(Target("enterprise")), Order(Target("enterprise", Y, 26))):
        with pytest.raises(Conflict, match="does not cover"):
            history.do("2026-03-26 10:00", command)

    assert history.billing == before
    history.do("2026-03-26 10:00", AutoExpand(26))
    assert history.subscription.seats == 26


def test_r4_2_an_amended_purchase_order_takes_the_place_of_the_first() -> None:
    history = History("2026-03-10 09:00", buyer=POLISH).until("2026-03-25")
    history.do("2026-03-25 10:00", AcceptOfflineOrder(Target("standard", Y, 25), "4500-77", ceiling_minor=600_000))

    history.do("2026-04-02 10:00", AcceptOfflineOrder(Target("standard", Y, 40), "4500-78", ceiling_minor=1_000_000))

    assert (history.subscription.seats, history.subscription.po_number) == (40, "4500-78")
    assert history.last().po_number == "4500-78"
    with pytest.raises(Conflict, match="does not cover"):
        history.do("2026-04-03 10:00", Order(Target(seats=44)))


def test_r4_2_in_a_trial_the_owner_chooses_no_more_than_the_accepted_order_covers() -> None:
    history = History("2026-03-10 09:00", buyer=POLISH)
    history.do("2026-03-11 10:00", AcceptOfflineOrder(Target("standard", Y, 25), "4500-77", ceiling_minor=600_000))

    with pytest.raises(Conflict, match="does not cover"):
        history.do("2026-03-12 10:00", Order(Target("standard", Y, 30)))

    assert history.subscription.chosen == Target("standard", Y, 25)
    assert days_of(history, LetterKind.PO_NEARLY_USED) == ["11 Mar 10:00"]


# Usage at boundaries


def test_r9_2_accept_overage_is_on_the_next_regular_invoice() -> None:
    history = subscriber("essentials")
    history.usage.records.append((history.instant("2026-04-09 23:59"), 2_775))
    history.usage.records.append((history.instant("2026-04-10"), 900))

    history.until("2026-04-11 23:59")
    assert nets(history) == [11_000]
    history.until("2026-04-12")

    assert history.last().net_minor == 13_775
    assert history.last().dated_on == date(2026, 4, 10)


def test_s07_small_usage_is_carried_three_times_and_no_more() -> None:
    history = subscriber("essentials", 10, Y)
    for month in (3, 4, 5, 6):
        history.usage.records.append((history.instant(f"2026-{month:02}-20"), 100))

    history.until("2026-07-09")
    assert nets(history) == [108_000]
    history.until("2026-07-12")

    assert history.last().net_minor == 400


def test_s07_exactly_five_is_billed() -> None:
    history = subscriber("essentials", 10, Y)
    history.usage.records.append((history.instant("2026-03-20"), 500))

    assert history.until("2026-04-12").last().net_minor == 500


def test_s04_an_order_during_the_wait_credits_the_recurring_lines() -> None:
    history = subscriber("essentials").until("2026-04-10")

    history.do("2026-04-11 10:00", Order(Target("standard")))

    assert [line.amount_minor for line in history.last().lines] == [-10_633, 22_233]
    history.until("2026-04-12")
    assert history.last().net_minor == 11_000


# Numbers


def test_r10_1_accept_a_second_number_is_prorated_and_then_whole() -> None:
    history = subscriber()
    history.do("2026-03-10 12:00", AddNumber(UUID(int=1), "+4822000001"))
    assert nets(history) == [23_000]

    history.do(D, AddNumber(UUID(int=2), "+4822000002"))

    assert history.last().net_minor == 548
    history.until("2026-04-12")
    assert history.last().net_minor == 24_000


def test_r10_1_a_released_number_is_paid_and_kept_until_the_window_ends() -> None:
    history = subscriber()
    history.do("2026-03-10 12:00", AddNumber(UUID(int=1), "+4822000001"))
    history.do("2026-03-10 12:01", AddNumber(UUID(int=2), "+4822000002"))

    history.do(D, ReleaseNumber(UUID(int=1)))

    history.until("2026-04-09")
    assert history.billing.numbers[0].ended_at is None
    history.until("2026-04-12")
    assert history.billing.numbers[0].ended_at == history.instant("2026-04-10")
    assert history.last().net_minor == 23_000


def test_r10_1_a_number_that_becomes_included_is_credited() -> None:
    history = subscriber("essentials")
    history.do("2026-03-10 12:00", AddNumber(UUID(int=1), "+4822000001"))

    history.do(D, Order(Target("standard")))

    assert [line.amount_minor for line in history.last().lines] == [-6_032, 12_613, -548]


def test_s42_a_number_of_the_trial_is_added_on_the_first_paid_day() -> None:
    history = History("2026-03-03 15:40")
    history.do("2026-03-04", AddNumber(UUID(int=1), "+4822000001"))
    with pytest.raises(Conflict, match="A trial may have 1 number"):
        history.do("2026-03-04", AddNumber(UUID(int=2), "+4822000002"))
    history.do("2026-03-08", Order(Target("essentials", M, 10)))

    history.until("2026-03-18")

    assert history.last().net_minor == 12_000


def test_numbers_of_an_account_on_free_are_released_after_two_weeks() -> None:
    history = subscriber()
    history.do("2026-03-11", AddNumber(UUID(int=1), "+4822000001"))
    history.do(D, Cancel())

    history.until("2026-04-23 23:59")
    assert history.billing.numbers[0].ended_at is None
    history.until("2026-04-24")
    assert history.billing.numbers[0].ended_at == history.instant("2026-04-24")


def test_s13_paid_numbers_are_credited_and_charged_anew_with_an_annual_term() -> None:
    history = subscriber("essentials")
    history.do("2026-03-10 12:00", AddNumber(UUID(int=1), "+4822000001"))

    history.do(D, Order(Target("essentials", Y, 10)))

    assert [line.amount_minor for line in history.last().lines] == [-6_032, -548, 108_000, 1_000]


# Leaving


def test_r13_2_accept_an_annual_term_runs_to_its_end_and_is_resumed() -> None:
    canceled, resumed = (subscriber("standard", 10, Y, "2026-05-01") for _ in range(2))
    for history in (canceled, resumed):
        history.do("2026-07-01 10:00", Cancel())
    resumed.do("2026-08-01 10:00", Resume())

    for history in (canceled, resumed):
        history.until("2027-04-30 23:59")
        assert history.subscription.plan == "standard"
        history.until("2027-05-03")

    assert canceled.standing() is Standing.FREE
    assert nets(canceled) == [228_000]
    assert canceled.finals(DocumentKind.CREDIT_NOTE) == []
    assert nets(resumed) == [228_000, 228_000]
    assert resumed.last().dated_on == date(2027, 5, 1)


@pytest.mark.parametrize("state", ["trialing", "active", "past_due", "scheduled"])
def test_r13_1_accept_cancel_works_in_each_of_these_states(state: str) -> None:
    history = History("2026-03-10") if state == "trialing" else in_debt() if state == "past_due" else subscriber()
    if state == "scheduled":
        history.do(D, Order(Target("essentials")))

    history.do("2026-04-15" if state == "past_due" else D if state != "trialing" else "2026-03-11", Cancel())

    assert history.subscription.cancels
    assert history.subscription.scheduled is None


def test_s20_ending_now_gives_nothing_back() -> None:
    history = subscriber()

    history.do(D, Cancel(now=True))

    assert history.standing() is Standing.FREE
    assert nets(history) == [23_000]
    assert history.finals(DocumentKind.CREDIT_NOTE) == []


def test_r13_2_accrued_overage_follows_on_a_final_invoice() -> None:
    history = subscriber("essentials")
    history.usage.records.append((history.instant("2026-03-20"), 123))
    history.do(D, Cancel(now=True))

    history.until("2026-03-26 09:00")
    assert nets(history) == [11_000]
    history.until("2026-03-26 10:00")

    assert nets(history) == [11_000, 123]


def test_s38_nothing_is_retried_once_deletion_is_requested_and_the_debt_stays() -> None:
    history = in_debt()
    history.do("2026-04-10 12:00", RequestDeletion())
    assert history.standing() is Standing.DELETING
    with pytest.raises(Forbidden):
        history.do("2026-04-10 13:00", Resume())
    before = len(history.charged)

    history.until("2026-04-15")

    assert len(history.charged) == before
    assert history.standing() is Standing.DELETED
    assert history.owed() == 23_000


def test_r13_5_accept_with_accrued_minutes_257_75_is_owed() -> None:
    history = subscriber()
    history.do("2026-03-11", AddNumber(UUID(int=1), "+4822000001"))
    history.charger = always(SOFT)
    history.until("2026-04-15 11:00")
    history.usage.records.append((history.instant("2026-04-14"), 2_775))

    history.do("2026-04-15 12:00", RequestDeletion())  # 10:00 UTC

    assert history.last().gross_minor == 2_775
    assert history.owed() == 25_775


def test_a_deletion_can_be_undone_for_a_day() -> None:
    history = subscriber()
    history.do(D, RequestDeletion())

    history.do("2026-03-25 09:59", UndoDeletion())

    assert history.standing() is Standing.ACTIVE
    history.until("2026-04-13")
    assert nets(history) == [23_000, 23_000]


def test_s04_an_invoice_waits_where_its_window_had_essentials_before_a_deletion_that_was_taken_back() -> None:
    history = subscriber("essentials", 5)
    history.do("2026-03-20 12:00", Order(Target("standard", seats=1)))
    history.do("2026-03-21 12:00", RequestDeletion())
    history.do("2026-03-21 20:00", UndoDeletion())

    history.until("2026-04-11 23:59")
    assert [document.dated_on for document in history.finals()] == [date(2026, 3, 10), date(2026, 3, 20)]

    history.until("2026-04-12")
    assert history.last().dated_on == date(2026, 4, 10)


# Particulars


def test_s24_a_new_zone_takes_effect_at_the_next_boundary() -> None:
    history = subscriber()
    history.do(D, ChangeZone("America/New_York"))

    history.until("2026-04-10")

    assert history.last().dated_on == date(2026, 4, 10)
    assert history.subscription.zone == "America/New_York"
    history.do("2026-04-10 01:00", Order(Target(seats=13)))  # still the 9th in New York
    assert history.last().net_minor == 6_900


def test_s24_a_zone_that_has_a_day_of_dunning_already_brings_it_at_once_and_not_before() -> None:
    history = in_debt()
    history.do("2026-04-12 10:00", ChangeZone("Pacific/Auckland"))

    history.do("2026-04-12 20:00", Cancel(now=True))  # the 13th in Auckland, the third day after the 10th

    assert days_of(history, LetterKind.CHARGE_FAILED) == ["10 Apr 00:00", "11 Apr 00:00", "12 Apr 20:00"]
    history.until("2026-04-17")
    assert days_of(history, LetterKind.CHARGE_FAILED)[3:] == ["16 Apr 14:00"]  # midnight of the 17th


def test_s24_a_zone_on_free_that_has_a_day_of_dunning_already_brings_it_at_once() -> None:
    history = in_debt()
    history.do("2026-04-12 10:00", Cancel(now=True))

    history.do("2026-04-12 20:00", ChangeZone("Pacific/Auckland"))

    assert days_of(history, LetterKind.CHARGE_FAILED)[2:] == ["12 Apr 20:00"]


def test_s24_a_first_payment_that_comes_late_leaves_its_window_in_its_zone() -> None:
    history = History("2026-03-10 09:00")
    history.charger = always(SOFT)
    history.do("2026-03-11 09:00", Order(Target("essentials", M, 1)))
    history.do("2026-03-12 09:00", ChangeZone("America/New_York"))
    history.until("2026-03-25 12:00")
    assert history.standing() is Standing.PAST_DUE
    history.charger = always(PAID)

    history.do("2026-03-26 12:00", CardAdded(CARD))

    assert history.subscription.zone == "Europe/Warsaw"
    history.until("2026-04-26")
    assert history.subscription.zone == "America/New_York"


def test_m12_another_currency_waits_for_the_next_period_and_has_its_own_prices() -> None:
    history = subscriber()
    history.do(D, ChangeCurrency("EUR"))

    history.do("2026-03-24 11:00", Order(Target(seats=13)))
    within = history.last()
    history.until("2026-04-10")
    renewed = history.last()

    assert (within.currency, within.net_minor) == ("USD", 3_784)
    assert (renewed.currency, renewed.net_minor) == ("EUR", 29_900)
    assert history.subscription.next_currency is None


def test_m12_before_the_first_invoice_another_currency_holds_at_once() -> None:
    history = History("2026-03-10 09:00")

    history.do("2026-03-11 10:00", ChangeCurrency("EUR"))

    assert (history.subscription.currency, history.subscription.next_currency) == ("EUR", None)


def test_m12_a_currency_that_nothing_is_sold_in_is_refused() -> None:
    history = subscriber()
    with pytest.raises(Invalid, match="USD, EUR"):
        history.do(D, ChangeCurrency("GBP"))


def test_r11_3_usage_billing_begins_with_the_first_window_after_the_notice() -> None:
    history = subscriber()

    history.do("2026-05-01 10:00", SetUsageBilling(True, date(2026, 5, 31)))

    history.until("2026-06-09")
    assert not history.subscription.usage_billed
    history.until("2026-06-10")
    assert history.subscription.usage_billed


def test_choice_52_who_is_moved_to_usage_billing_gets_the_unused_year_back() -> None:
    history = subscriber("standard", 10, Y)
    with pytest.raises(Conflict):
        history.do(D, Cancel(refund_unused=True))
    history.do(D, SetUsageBilling(True, date(2026, 4, 23)))

    history.do("2026-04-01 10:00", Cancel(refund_unused=True))

    [note] = history.finals(DocumentKind.CREDIT_NOTE)
    assert note.gross_minor == 214_258  # 2 280.00 × 343/365
    assert history.standing() is Standing.FREE


def test_m6_boundaries_come_from_the_anchor() -> None:
    history = subscriber("standard", 1, start="2027-01-31")

    history.until("2028-03-01")

    dates = [document.dated_on.isoformat()[5:] for document in history.finals()]
    assert dates[:4] == ["01-31", "02-28", "03-31", "04-30"]
    assert dates[-3:] == ["12-31", "01-31", "02-29"]


def test_invariant_5_a_leap_term_has_366_days() -> None:
    history = subscriber("enterprise", 1, Y, "2027-05-01")

    history.do("2028-02-29 12:00", Order(Target(seats=2)))

    assert history.last().net_minor == 5_895


def test_an_order_starts_a_charge_for_itself_only() -> None:
    history = subscriber()

    outcome = history.preview(D, Order(Target(seats=11)))

    assert outcome.first is not None
    assert outcome.first.purpose is ChargeFor.ORDER
    assert outcome.first.amount_minor == 1_261
