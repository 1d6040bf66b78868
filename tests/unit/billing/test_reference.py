"""The reference model itself says what the licensing requirements say; each test is named after its Accept line."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.support.billing_reference import Command, Doc, Use, World, boundary, list_price, midnight

WARSAW = "Europe/Warsaw"


def local(text: str) -> datetime:
    """An instant from a wall clock in Warsaw."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(WARSAW)).astimezone(UTC)


def does(when: str, command: str, /, **args: Any) -> Command:
    return Command(local(when), command, args)


def chooses(when: str, plan: str, interval: str, seats: int) -> Command:
    return does(when, "choose_plan", plan=plan, interval=interval, seats=seats)


def world(
    *commands: Command,
    until: str,
    created: str = "2026-01-05T12:00",
    outcomes: tuple[str, ...] = (),
    collection: str = "card",
) -> World:
    return World(WARSAW, local(created), collection, outcomes).run(commands, local(until))


def messages(when: str, zone: str, number: int, at: str = "", kind: str = "sms") -> Command:
    return does(when, "usage", uses=[Use(kind, zone, local(at or when), number)])


def invoices(told: World) -> list[tuple[str, int]]:
    return [(doc.dated_on.isoformat(), doc.total) for doc in told.docs if doc.kind == "invoice"]


def amounts(doc: Doc) -> list[int]:
    return [line.amount for line in doc.lines]


def mails(told: World, kind: str) -> list[str]:
    zone = ZoneInfo(WARSAW)
    return [f"{at.astimezone(zone):%d %b %H:%M}" for name, at in told.mails if name.startswith(kind)]


STANDARD_10 = chooses("2026-03-10T10:00", "standard", "month", 10)
ESSENTIALS_10 = chooses("2026-03-10T10:00", "essentials", "month", 10)


def test_r1_1_sixty_standard_seats_cost_1357() -> None:
    assert list_price("standard", "month", 60) == 135700


def test_r1_1_more_seats_never_raise_the_average() -> None:
    prices = [list_price("standard", "month", seats) for seats in range(1, 700)]
    assert prices == sorted(prices)
    assert all(after * (seats + 1) <= before * (seats + 2) for seats, (before, after) in enumerate(pairwise(prices)))


def test_r1_2_the_51st_seat_adds_20_70() -> None:
    assert (list_price("standard", "month", 50), list_price("standard", "month", 51)) == (115000, 117070)


def test_r1_3_ten_annual_standard_seats_cost_2280() -> None:
    assert list_price("standard", "year", 10) == 228000


@pytest.mark.parametrize(
    ("start", "end"),
    [("2026-03-03T15:40", "2026-03-17T23:00+00:00"), ("2026-03-20T09:00", "2026-04-03T22:00+00:00")],
)
def test_r2_1_the_trial_ends_at_a_local_midnight(start: str, end: str) -> None:
    told = world(does(start, "start_trial"), until="2026-05-01T00:00", created=start)
    assert told.standings[-1] == (datetime.fromisoformat(end), "free")


def test_r3_1_reminders_come_before_the_end_and_follow_it_when_it_moves() -> None:
    start = "2026-03-03T15:40"
    told = world(does(start, "start_trial"), until="2026-04-01T00:00", created=start)
    assert mails(told, "trial") == ["11 Mar 09:00", "15 Mar 09:00", "17 Mar 09:00", "18 Mar 09:00"]
    longer = does("2026-03-16T12:00", "extend_trial", last_day=date(2026, 3, 24))
    told = world(does(start, "start_trial"), longer, until="2026-04-01T00:00", created=start)
    assert mails(told, "trial") == [f"{day} Mar 09:00" for day in (11, 15, 18, 22, 24, 25)]


def test_r3_2_a_plan_chosen_in_the_trial_is_charged_at_its_end() -> None:
    start = "2026-03-03T15:40"
    told = world(
        does(start, "start_trial"),
        chooses("2026-03-08T10:00", "standard", "month", 10),
        until="2026-04-17T00:00",
        created=start,
    )
    assert invoices(told) == [("2026-03-18", 23000)]
    assert (told.term_start, told.term_end) == (date(2026, 3, 18), date(2026, 4, 18))


def test_s16_a_first_charge_that_fails_leaves_three_days_and_no_document() -> None:
    start = "2026-03-03T15:40"
    commands = [does(start, "start_trial"), chooses("2026-03-08T10:00", "standard", "month", 10)]
    told = world(*commands, until="2026-03-30T00:00", created=start, outcomes=("soft",))
    assert [name for _, name in told.standings] == ["free", "trialing", "past_due", "free"]
    assert told.standings[-1][0] == local("2026-03-21T00:00")
    assert told.docs == []
    card = does("2026-03-20T23:59:59", "card_added")
    told = world(*commands, card, until="2026-03-30T00:00", created=start, outcomes=("soft", "paid"))
    assert invoices(told) == [("2026-03-18", 23000)]
    assert told.standing == "active"


def test_r4_2_an_order_on_account_is_paid_in_parts() -> None:
    order = does("2026-03-10T10:00", "accept_offline", plan="standard", seats=25, po="4500-77")
    pay = does("2026-03-20T10:00", "record_payment", amount=568900)
    told = world(order, pay, until="2026-03-21T00:00")
    assert invoices(told) == [("2026-03-10", 570000)]
    assert (told.docs[0].day0, told.docs[0].status, told.owed) == (date(2026, 4, 9), "partially_paid", 1100)
    told = world(order, pay, does("2026-03-21T10:00", "record_payment", amount=1100), until="2026-03-22T00:00")
    assert (told.docs[0].status, told.owed, told.standing) == ("paid", 0, "active")


def test_s21_a_shortfall_of_ten_is_written_off() -> None:
    order = does("2026-03-10T10:00", "accept_offline", plan="standard", seats=25)
    told = world(order, does("2026-03-20T10:00", "record_payment", amount=569000), until="2026-03-21T00:00")
    assert (told.docs[0].status, told.owed) == ("paid", 0)


def test_r4_2_on_account_needs_a_year() -> None:
    told = world(chooses("2026-03-10T10:00", "standard", "month", 5), until="2026-03-21T00:00", collection="invoice")
    assert told.refusals == [(0, "offline_requires_annual")]


def test_r4_3_monthly_to_annual_in_the_middle() -> None:
    told = world(STANDARD_10, does("2026-03-24T10:00", "order", interval="year"), until="2026-04-20T00:00")
    assert invoices(told) == [("2026-03-10", 23000), ("2026-03-24", 215387)]
    assert amounts(told.docs[1]) == [-12613, 228000]
    assert (told.term_start, told.term_end) == (date(2026, 3, 24), date(2027, 3, 24))


def test_r4_4_a_declined_switch_changes_nothing() -> None:
    told = world(
        STANDARD_10,
        does("2026-03-24T10:00", "order", interval="year"),
        until="2026-04-11T00:00",
        outcomes=("paid", "soft", "paid"),
    )
    assert invoices(told) == [("2026-03-10", 23000), ("2026-04-10", 23000)]


def test_r5_1_a_good_card_pays_what_is_open_at_once() -> None:
    told = world(
        STANDARD_10, does("2026-04-20T10:00", "card_added"), until="2026-05-09T00:00", outcomes=("paid", *["soft"] * 4)
    )
    assert told.docs[1].states[-1] == (local("2026-04-20T10:00"), "paid")
    assert told.standing == "active"
    assert told.windows[-1].ends_on == date(2026, 5, 10)


def test_r6_1_a_mixed_order_is_split() -> None:
    told = world(
        chooses("2026-03-10T10:00", "essentials", "month", 20),
        does("2026-03-24T10:00", "order", plan="standard", seats=10),
        until="2026-04-12T12:00",
    )
    assert amounts(told.docs[1]) == [-12065, 25226]
    assert invoices(told)[2:] == [("2026-04-10", 23000)]


@pytest.mark.parametrize(
    ("day", "expected"), [("2026-03-24", [-6032, 12613]), ("2026-04-09", [-355, 742]), ("2026-03-10", [-11000, 23000])]
)
def test_r6_3_an_upgrade_is_prorated_by_day(day: str, expected: list[int]) -> None:
    told = world(ESSENTIALS_10, does(f"{day}T12:00", "order", plan="standard"), until="2026-04-12T12:00")
    assert amounts(told.docs[1]) == expected
    assert invoices(told)[2:] == [("2026-04-10", 23000)]


def test_r6_3_a_second_upgrade_credits_what_was_debited() -> None:
    told = world(
        ESSENTIALS_10,
        does("2026-03-24T12:00", "order", plan="standard"),
        does("2026-04-02T12:00", "order", plan="enterprise"),
        until="2026-04-03T12:00",
    )
    assert amounts(told.docs[2]) == [-5936, 9032]


def test_r6_4_a_downgrade_waits_for_the_end() -> None:
    down = does("2026-03-24T12:00", "order", plan="essentials")
    told = world(STANDARD_10, down, until="2026-04-12T12:00")
    assert invoices(told) == [("2026-03-10", 23000), ("2026-04-10", 11000)]
    told = world(STANDARD_10, down, does("2026-04-02T12:00", "order", plan="enterprise"), until="2026-04-10T12:00")
    assert amounts(told.docs[1]) == [-5935, 9032]
    assert invoices(told)[2:] == [("2026-04-10", 35000)]


def test_r8_2_seats_are_added_at_once() -> None:
    told = world(STANDARD_10, does("2026-03-24T12:00", "order", seats=13), until="2026-04-12T12:00")
    assert invoices(told)[1:] == [("2026-03-24", 3784), ("2026-04-10", 29900)]
    told = world(
        chooses("2026-03-10T10:00", "standard", "month", 49),
        does("2026-03-24T12:00", "order", seats=52),
        until="2026-04-01T12:00",
    )
    assert invoices(told)[1:] == [("2026-03-24", 3532)]


def test_r8_2_seats_that_come_and_go_on_one_day_cost_nothing() -> None:
    told = world(
        STANDARD_10,
        does("2026-03-24T12:00", "auto_expand", needed=13),
        does("2026-03-24T13:00", "auto_expand", needed=10),
        until="2026-04-09T12:00",
    )
    assert invoices(told) == [("2026-03-10", 23000)]
    told = world(STANDARD_10, does("2026-03-24T12:00", "auto_expand", needed=13), until="2026-04-12T12:00")
    assert invoices(told)[1:] == [("2026-03-25", 3784), ("2026-04-10", 29900)]


def test_r8_6_seats_go_down_at_the_end() -> None:
    told = world(
        chooses("2026-03-10T10:00", "standard", "month", 20),
        does("2026-03-24T12:00", "order", seats=15),
        until="2026-04-12T12:00",
    )
    assert invoices(told) == [("2026-03-10", 46000), ("2026-04-10", 34500)]


def test_r8_6_seats_are_added_to_a_year() -> None:
    told = world(
        chooses("2026-05-01T10:00", "enterprise", "year", 20),
        does("2026-08-15T12:00", "order", seats=25),
        until="2026-09-01T12:00",
    )
    assert invoices(told)[1:] == [("2026-08-15", 123468)]


def test_r9_1_two_mails_a_window() -> None:
    told = world(
        ESSENTIALS_10,
        messages("2026-03-20T12:00", "us_ca", 799),
        messages("2026-03-21T12:00", "us_ca", 1),
        messages("2026-03-22T12:00", "us_ca", 199),
        messages("2026-03-23T12:00", "us_ca", 1),
        messages("2026-03-24T12:00", "us_ca", 50),
        until="2026-04-09T12:00",
    )
    assert mails(told, "usage_80") == ["21 Mar 12:00"]
    assert mails(told, "usage_100") == ["23 Mar 12:00"]


def test_r9_2_overage_is_billed_with_the_next_invoice() -> None:
    told = world(
        ESSENTIALS_10,
        messages("2026-03-20T12:00", "us_ca", 1000),
        messages("2026-03-21T12:00", "us_ca", 225),
        messages("2026-04-09T23:59:58", "other", 15),
        messages("2026-04-10T00:00:00", "other", 7),
        until="2026-04-12T00:00",
    )
    assert invoices(told)[1:] == [("2026-04-10", 13775)]
    assert told.docs[1].issued_at == local("2026-04-12T00:00")
    assert {(line.kind, line.item, line.quantity, line.amount) for line in told.docs[1].lines} == {
        ("seats", "essentials", 10, 11000),
        ("messages", "us_ca", 225, 2250),
        ("messages", "other", 15, 525),
    }


def test_r9_2_a_record_within_two_days_is_on_time_and_one_after_is_late() -> None:
    told = world(
        ESSENTIALS_10,
        messages("2026-03-20T12:00", "us_ca", 1000),
        messages("2026-04-12T00:00:00", "other", 20, at="2026-04-01T12:00"),
        messages("2026-04-12T00:00:01", "us_ca", 60, at="2026-04-01T12:00"),
        until="2026-05-12T00:00",
    )
    assert [(line.kind, line.quantity) for line in told.docs[1].lines] == [("seats", 10), ("messages", 20)]
    assert [(line.kind, line.quantity) for line in told.docs[2].lines] == [("seats", 10), ("late_messages", 60)]


def test_s07_small_usage_is_carried_three_times() -> None:
    months = [f"2026-{month:02}-20T12:00" for month in (3, 4, 5, 6)]
    told = world(
        chooses("2026-03-10T10:00", "essentials", "month", 1),
        *[messages(month, "us_ca", 110) for month in months],
        until="2026-07-12T12:00",
    )
    assert [total for _, total in invoices(told)] == [1100, 1100, 1100, 1100, 1500]
    told = world(
        chooses("2026-03-10T10:00", "essentials", "month", 1),
        messages("2026-03-20T12:00", "us_ca", 150),
        until="2026-04-12T12:00",
    )
    assert [total for _, total in invoices(told)] == [1100, 1600]


def test_r9_3_free_stops_at_a_hundred_and_is_never_invoiced() -> None:
    told = world(messages("2026-01-20T12:00", "us_ca", 101), until="2026-12-01T00:00")
    assert (told.free_used, told.docs) == (0, [])
    assert mails(told, "usage") == ["20 Jan 12:00", "20 Jan 12:00"]


def test_r10_1_a_number_is_prorated_and_then_monthly() -> None:
    told = world(
        STANDARD_10,
        does("2026-03-10T11:00", "add_number", name="a"),
        does("2026-03-24T11:00", "add_number", name="b"),
        until="2026-04-12T12:00",
    )
    assert invoices(told)[1:] == [("2026-03-24", 548), ("2026-04-10", 24000)]


def test_s35_each_number_is_credited_by_itself() -> None:
    told = world(
        ESSENTIALS_10,
        does("2026-03-10T11:00", "add_number", name="a"),
        does("2026-03-24T11:00", "order", plan="standard"),
        until="2026-04-09T12:00",
    )
    assert sorted(amounts(told.docs[2])) == [-6032, -548, 12613]


def test_r10_2_each_started_minute_counts() -> None:
    legs = [Use("leg", "us_ca", local("2026-03-20T12:00"), seconds) for seconds in (61, 59, 3600, 1800, 600, 1500)]
    assert [leg.minutes for leg in legs] == [2, 1, 60, 30, 10, 25]


def test_r10_4_a_hundred_minutes_and_a_number_are_included() -> None:
    legs = [Use("leg", "us_ca", local("2026-03-20T12:00"), seconds) for seconds in (61, 59, 3600, 1800, 600, 1500)]
    legs.append(Use("leg", "other", local("2026-03-20T13:00"), 425))
    told = world(
        STANDARD_10,
        does("2026-03-10T11:00", "add_number", name="a"),
        does("2026-03-10T11:00", "add_number", name="b"),
        does("2026-03-21T11:00", "usage", uses=legs),
        until="2026-04-12T12:00",
    )
    assert [line.amount for line in told.docs[2].lines if line.kind != "seats"] == [1000, 280, 280]


def test_r11_1_standard_has_no_fixed_limit() -> None:
    told = world(STANDARD_10, messages("2026-03-20T12:00", "other", 50000), until="2026-04-10T00:00")
    assert invoices(told) == [("2026-03-10", 23000), ("2026-04-10", 23000)]
    assert mails(told, "usage") == []


def test_r11_3_a_usage_plan_has_a_pool() -> None:
    told = world(
        STANDARD_10,
        does("2026-05-01T12:00", "usage_plan", effective_on=date(2026, 5, 31)),
        messages("2026-06-09T12:00", "other", 5000),
        messages("2026-06-15T12:00", "other", 1400),
        until="2026-07-12T12:00",
    )
    assert [total for _, total in invoices(told)[-2:]] == [23000, 37000]


def test_r13_2_a_cancelled_year_runs_to_its_end() -> None:
    year = chooses("2026-05-01T10:00", "standard", "year", 10)
    told = world(year, does("2026-07-01T10:00", "cancel"), until="2027-06-01T00:00")
    assert invoices(told) == [("2026-05-01", 228000)]
    assert told.standings[-2:] == [
        (local("2026-07-01T10:00"), "canceling"),
        (local("2027-05-01T00:00"), "free"),
    ]
    told = world(year, does("2026-07-01T10:00", "cancel"), does("2026-08-01T10:00", "resume"), until="2027-06-01T00:00")
    assert invoices(told) == [("2026-05-01", 228000), ("2027-05-01", 228000)]


def test_r13_5_deletion_invoices_what_was_used() -> None:
    uses = [
        Use("leg", "us_ca", local("2026-04-11T09:00"), 325 * 60),
        Use("leg", "other", local("2026-04-11T10:00"), 15 * 60),
    ]
    told = world(
        STANDARD_10,
        does("2026-03-10T11:00", "add_number", name="a"),
        does("2026-04-11T12:00", "usage", uses=uses),
        does("2026-04-15T12:00", "request_deletion"),
        until="2026-06-01T00:00",
        outcomes=("paid", *["soft"] * 20),
    )
    assert invoices(told) == [("2026-03-10", 23000), ("2026-04-10", 23000), ("2026-04-15", 2775)]
    assert told.owed == 25775
    assert told.standings[-1] == (local("2026-04-16T12:00"), "deleted")


def test_dunning_ends_on_day_28() -> None:
    told = world(STANDARD_10, until="2026-06-01T00:00", outcomes=("paid", *["soft"] * 20))
    assert mails(told, "dunning") == [f"{day} 00:00" for day in ("11 Apr", "13 Apr", "17 Apr", "24 Apr", "01 May")]
    assert told.attempts == 7
    assert [(at, name) for at, name in told.standings[1:]] == [
        (local("2026-03-10T10:00"), "active"),
        (local("2026-04-10T00:00"), "past_due"),
        (local("2026-04-24T00:00"), "restricted"),
        (local("2026-05-08T00:00"), "free"),
    ]
    assert (told.docs[-1].kind, amounts(told.docs[-1]), told.owed) == ("credit_note", [1533], 21467)


def test_hard_declines_wait_for_a_new_card() -> None:
    told = world(STANDARD_10, until="2026-06-01T00:00", outcomes=("paid", "hard"))
    assert told.attempts == 2
    assert len(mails(told, "dunning")) == 5


def test_s01_an_invoice_on_account_has_no_retries() -> None:
    order = does("2026-03-10T10:00", "accept_offline", plan="standard", seats=10)
    told = world(order, until="2026-06-01T00:00")
    assert mails(told, "dunning") == [f"{day} 00:00" for day in ("02 Apr", "09 Apr", "16 Apr", "23 Apr", "30 Apr")]
    assert [(at, name) for at, name in told.standings[2:]] == [
        (local("2026-04-10T00:00"), "past_due"),
        (local("2026-04-23T00:00"), "restricted"),
        (local("2026-05-07T00:00"), "free"),
    ]
    assert amounts(told.docs[-1]) == [191770]  # 2 280.00 × 307/365


def test_inv_5_boundaries_come_from_the_anchor() -> None:
    days = [boundary(date(2027, 1, 31), months).isoformat() for months in (1, 2, 3, 11, 12, 13)]
    assert days == ["2027-02-28", "2027-03-31", "2027-04-30", "2027-12-31", "2028-01-31", "2028-02-29"]
    years = [boundary(date(2028, 2, 29), 12 * years).isoformat() for years in (1, 2, 3, 4)]
    assert years == ["2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"]


def test_inv_5_a_leap_term_has_366_days() -> None:
    told = world(
        chooses("2027-05-01T10:00", "enterprise", "year", 1),
        does("2028-02-29T12:00", "order", seats=2),
        until="2028-03-01T12:00",
    )
    assert invoices(told)[1:] == [("2028-02-29", 5895)]


def test_s26_a_smaller_annual_term_fills_the_balance() -> None:
    told = world(
        chooses("2026-03-10T10:00", "enterprise", "month", 10),
        does("2026-03-10T12:00", "order", plan="essentials", interval="year", seats=1),
        until="2026-03-11T12:00",
    )
    assert [(doc.kind, doc.total, doc.owed) for doc in told.docs[1:]] == [
        ("credit_note", 35000, 35000),
        ("invoice", 10800, 0),
    ]
    assert told.balance == 24200


def test_s42_a_number_of_the_trial_is_bought_on_the_first_paid_day() -> None:
    start = "2026-03-03T15:40"
    told = world(
        does(start, "start_trial"),
        does("2026-03-04T10:00", "add_number", name="a"),
        chooses("2026-03-08T10:00", "essentials", "month", 10),
        until="2026-03-19T00:00",
        created=start,
    )
    assert invoices(told) == [("2026-03-18", 12000)]


def test_s39_free_minutes_are_not_refilled_by_leaving_and_coming_back() -> None:
    leg = [Use("leg", "us_ca", local("2026-03-20T12:00"), 70 * 60)]
    more = [Use("leg", "us_ca", local("2026-03-25T12:00"), 60 * 60)]
    told = world(
        STANDARD_10,
        does("2026-03-10T11:00", "add_number", name="a"),
        does("2026-03-20T13:00", "usage", uses=leg),
        does("2026-03-21T13:00", "cancel", now=True),
        chooses("2026-03-22T13:00", "standard", "month", 10),
        does("2026-03-25T13:00", "usage", uses=more),
        until="2026-04-24T12:00",
    )
    assert told.carried == 300  # 100 - 70 were left of the free minutes


def test_one_jump_is_the_same_as_many_steps() -> None:
    once = world(ESSENTIALS_10, until="2027-04-01T00:00")
    many = world(ESSENTIALS_10, until="2026-03-11T00:00")
    at = many.now
    while at < once.now:
        at = min(once.now, at + timedelta(hours=7))
        many.advance(at)
    assert invoices(once) == invoices(many)


def test_midnight_is_the_first_instant_of_a_day() -> None:
    assert midnight(date(2026, 3, 29), "Africa/Cairo").isoformat() == "2026-03-28T22:00:00+00:00"
    assert midnight(date(2026, 4, 24), "Africa/Cairo").isoformat() == "2026-04-23T22:00:00+00:00"
