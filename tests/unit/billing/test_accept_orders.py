"""The acceptance lines of orders, upgrades, downgrades and seats, on the requirements' price book. Base period P:
10 March to 10 April 2026 in Warsaw; day D is 24 March."""

from dataclasses import replace
from datetime import date

import pytest
from tests.support.billing_histories import HARD, PAID, SOFT, History, always

from tocsin.billing.commands import AutoExpand, Cancel, DropScheduled, Order, Resume, SetAutoExpand
from tocsin.billing.model import DocumentKind, LineKind
from tocsin.errors import Conflict, Invalid
from tocsin.licensing.model import Interval, Standing, Target

M, Y = Interval.MONTH, Interval.YEAR
D = "2026-03-24 10:00"


def subscriber(plan: str = "standard", seats: int = 10, interval: Interval = M, start: str = "2026-03-10") -> History:
    """An account whose paid term began on that day, its trial cut short."""
    history = History(f"{start} 09:00")
    history.do(f"{start} 10:00", Order(Target(plan, interval, seats), start_today=True))
    return history


def nets(history: History) -> list[int]:
    return [document.net_minor for document in history.finals()]


def amounts(history: History) -> list[int]:
    return [line.amount_minor for line in history.last().lines]


def test_r1_1_accept_sixty_seats_are_priced_by_tier() -> None:
    assert subscriber(seats=60).last().net_minor == 135_700


def test_r1_2_accept_the_51st_seat_adds_its_own_price() -> None:
    assert subscriber(seats=51).last().net_minor - subscriber(seats=50).last().net_minor == 2_070


def test_r4_3_accept_monthly_to_annual_begins_a_new_term_today() -> None:
    history = subscriber()

    history.do(D, Order(Target("standard", Y, 10)))

    assert amounts(history) == [-12_613, 228_000]
    assert history.last().gross_minor == 215_387
    term = history.subscription
    assert (term.term_starts_on, term.term_ends_on) == (date(2026, 3, 24), date(2027, 3, 24))


@pytest.mark.parametrize("answer", [SOFT, HARD])
def test_r4_4_accept_a_declined_card_changes_nothing(answer: str) -> None:
    history = subscriber()
    history.charger = always(answer)

    assert history.do(D, Order(Target("standard", Y, 10))) is None

    history.charger = always(PAID)
    history.until("2026-04-13")
    assert nets(history) == [23_000, 23_000]
    assert [document.number for document in history.finals()] == ["INV/2026/00001", "INV/2026/00002"]
    assert history.subscription.interval is M


def test_r6_1_accept_a_mixed_order_is_split_into_now_and_later() -> None:
    history = subscriber("essentials", 20)

    outcome = history.do(D, Order(Target("standard", None, 10)))

    assert outcome is not None
    assert history.subscription.plan == "standard"
    assert history.subscription.seats == 20
    assert history.subscription.scheduled == Target(seats=10)
    history.until("2026-04-14")
    assert history.last().net_minor == 23_000


@pytest.mark.parametrize(("at", "lines", "net"), [
    (D, [-6_032, 12_613], 6_581),
    ("2026-04-09 12:00", [-355, 742], 387),
    ("2026-03-10 12:00", [-11_000, 23_000], 12_000),
])  # fmt: skip
def test_r6_3_accept_an_upgrade_credits_the_old_and_debits_the_new(at: str, lines: list[int], net: int) -> None:
    history = subscriber("essentials")

    history.do(at, Order(Target("standard")))

    assert amounts(history) == lines
    assert history.last().net_minor == net


def test_r6_3_accept_the_next_invoice_after_an_upgrade_is_the_new_plan() -> None:
    history = subscriber("essentials")
    history.do(D, Order(Target("standard")))

    history.until("2026-04-12 01:00")

    assert history.last().net_minor == 23_000
    assert history.last().dated_on == date(2026, 4, 10)


def test_r6_3_accept_a_second_upgrade_credits_what_was_debited() -> None:
    history = subscriber("essentials")
    history.do(D, Order(Target("standard")))

    history.do("2026-04-02 09:00", Order(Target("enterprise")))

    assert amounts(history) == [-5_936, 9_032]
    assert history.last().net_minor == 3_096


def test_r6_4_accept_a_downgrade_waits_for_the_period_end() -> None:
    history = subscriber()

    history.do(D, Order(Target("essentials")))

    assert nets(history) == [23_000]
    history.until("2026-04-09 23:59")
    assert history.subscription.plan == "standard"
    history.until("2026-04-10")
    assert history.subscription.plan == "essentials"
    history.until("2026-04-12")
    assert history.last().net_minor == 11_000


def test_r6_4_accept_an_upgrade_after_a_scheduled_downgrade_drops_it() -> None:
    history = subscriber()
    history.do(D, Order(Target("essentials")))

    history.do("2026-04-02 09:00", Order(Target("enterprise")))

    assert amounts(history) == [-5_935, 9_032]
    assert history.last().net_minor == 3_097
    assert history.subscription.scheduled is None
    history.until("2026-04-10")
    assert history.last().net_minor == 35_000


def test_r6_4_a_scheduled_change_can_be_dropped_and_is_one() -> None:
    history = subscriber("enterprise", 10)
    history.do(D, Order(Target("essentials")))
    history.do(D, Order(Target("standard")))
    pending = history.subscription.scheduled
    assert pending == Target("standard")

    history.do(D, DropScheduled())

    assert not history.subscription.scheduled
    with pytest.raises(Conflict):
        history.do(D, DropScheduled())


def test_s08_a_later_order_overwrites_only_what_it_names() -> None:
    history = subscriber("standard", 10)
    history.do(D, Order(Target("essentials", None, 8)))

    history.do(D, Order(Target(seats=7)))
    assert history.subscription.scheduled == Target("essentials", None, 7)

    history.do(D, Order(Target(seats=12)))
    assert history.subscription.scheduled == Target("essentials")


@pytest.mark.parametrize(("before", "after", "due", "following"), [(10, 13, 3_784, 29_900), (49, 52, 3_532, 119_140)])
def test_r8_2_accept_added_seats_cost_the_difference_of_totals(
    before: int, after: int, due: int, following: int
) -> None:
    history = subscriber(seats=before)

    history.do(D, Order(Target(seats=after)))

    assert history.last().net_minor == due
    history.until("2026-04-10")
    assert history.last().net_minor == following


def test_r8_2_accept_seats_added_and_removed_on_a_day_by_auto_expansion_cost_nothing() -> None:
    history = subscriber()
    history.do(D, SetAutoExpand(True))

    history.do("2026-03-24 11:00", AutoExpand(13))
    assert history.subscription.seats == 13
    history.do("2026-03-24 15:00", AutoExpand(10))

    history.until("2026-04-09")
    assert nets(history) == [23_000]


def test_s22_auto_expanded_seats_are_invoiced_at_the_midnight_that_ends_the_day() -> None:
    history = subscriber()
    history.do(D, SetAutoExpand(True))
    history.do("2026-03-24 11:00", AutoExpand(13))

    history.until("2026-03-24 23:59")
    assert nets(history) == [23_000]
    history.until("2026-03-25")

    assert history.last().net_minor == 3_784


def test_s22_seats_that_expanded_today_are_no_part_of_an_orders_price() -> None:
    history = subscriber("essentials")
    history.do(D, SetAutoExpand(True))
    history.do("2026-03-24 11:00", AutoExpand(13))

    history.do("2026-03-24 12:00", Order(Target("standard")))

    assert amounts(history) == [-6_032, 12_613]
    assert history.subscription.seats == 13
    history.until("2026-03-25")
    assert history.last().net_minor == 3_784


def with_people(history: History, people: int) -> History:
    history.billing = replace(history.billing, responders=people)
    return history


def test_r4_3_an_annual_term_for_fewer_seats_than_people_is_refused() -> None:
    history = with_people(subscriber(seats=20), 12)

    with pytest.raises(Conflict, match="12 people hold"):
        history.do(D, Order(Target("standard", Y, 11)))

    history.do(D, Order(Target("standard", Y, 12)))
    assert history.subscription.seats == 12


def test_s22_moving_to_annual_keeps_who_came_today_and_prices_them_at_midnight() -> None:
    history = subscriber()
    history.do(D, SetAutoExpand(True))
    history.do("2026-03-24 11:00", AutoExpand(13))
    with_people(history, 13)

    history.do("2026-03-24 12:00", Order(Target(interval=Y)))

    assert history.subscription.seats == 13
    history.until("2026-03-25")
    assert history.last().net_minor == 3 * 22_800


def test_s22_a_declined_charge_for_expansion_opens_dunning() -> None:
    history = subscriber()
    history.do(D, SetAutoExpand(True))
    history.do("2026-03-24 11:00", AutoExpand(13))
    history.charger = always(SOFT)

    history.until("2026-03-25")

    assert history.standing() is Standing.PAST_DUE
    with pytest.raises(Conflict, match="Pay the open invoices"):
        history.do("2026-03-25 10:00", Order(Target(seats=20)))


def test_r8_6_accept_fewer_seats_wait_for_the_period_end_and_give_nothing_back() -> None:
    history = subscriber(seats=20)

    history.do(D, Order(Target(seats=15)))

    assert nets(history) == [46_000]
    history.until("2026-04-10")
    assert history.last().net_minor == 34_500


def test_r8_6_accept_seats_added_within_an_annual_term() -> None:
    history = subscriber("enterprise", 20, Y, "2026-05-01")

    history.do("2026-08-15 12:00", Order(Target(seats=25)))

    assert history.last().net_minor == 123_468


def test_r8_5_accept_stakeholders_of_enterprise_are_shown_at_nothing() -> None:
    history = History("2026-03-10 09:00")
    history.billing = replace(history.billing, stakeholders=400)
    history.do("2026-03-10 10:00", Order(Target("enterprise", Y, 20), start_today=True))

    assert history.last().net_minor == 696_000
    [line] = [line for line in history.last().lines if line.kind is LineKind.STAKEHOLDERS]
    assert (line.quantity, line.amount_minor) == (400, 0)


def test_s12_plan_and_seats_raised_together_are_one_debit() -> None:
    history = subscriber("essentials")

    history.do(D, Order(Target("standard", None, 12)))

    assert amounts(history) == [-6_032, 15_135]


def test_s11_every_running_debit_is_credited_by_itself() -> None:
    history = subscriber("essentials")
    history.do("2026-03-12 09:00", Order(Target(seats=13)))

    history.do(D, Order(Target("standard")))

    assert amounts(history) == [-6_032, -1_810, 16_397]


def test_s26_what_would_be_negative_is_an_invoice_and_a_credit_note_for_the_balance() -> None:
    history = subscriber("enterprise", 100)

    history.do("2026-03-10 12:00", Order(Target("essentials", Y, 1)))

    [note] = history.finals(DocumentKind.CREDIT_NOTE)
    assert note.gross_minor == 332_500
    assert history.last().gross_minor == 10_800
    assert history.last().owed_minor == 0
    assert history.subscription.balance_minor == 332_500 - 10_800


def test_annual_to_monthly_waits_for_the_term_end_and_keeps_the_anchor() -> None:
    history = subscriber("standard", 10, Y)

    history.do("2026-09-01 10:00", Order(Target(interval=M)))

    assert history.subscription.scheduled == Target(interval=M)
    history.until("2027-03-10")
    assert history.last().net_minor == 23_000
    assert history.subscription.anchor_on == date(2026, 3, 10)
    assert history.subscription.term_ends_on == date(2027, 4, 10)


def test_s41_orders_while_canceling_are_refused() -> None:
    history = subscriber()
    history.do(D, Cancel())
    assert history.standing() is Standing.CANCELING

    with pytest.raises(Conflict, match="resume it first"):
        history.do(D, Order(Target("enterprise")))
    history.do(D, Resume())

    assert history.standing() is Standing.ACTIVE


def test_orders_for_nothing_or_for_free_are_refused_with_words() -> None:
    history = subscriber()

    with pytest.raises(Invalid, match="names a plan"):
        history.do(D, Order(Target()))
    with pytest.raises(Invalid, match="cancel"):
        history.do(D, Order(Target("free")))
    with pytest.raises(Invalid, match="no plan"):
        history.do(D, Order(Target("gold")))
