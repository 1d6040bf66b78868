"""What windows come to, on the requirements' price book: every amount is one of its Accept lines or follows by hand."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from tests.support.metered import (
    AFTER,
    JAMAICA,
    P_END,
    P_START,
    PL,
    US,
    facts,
    free_term,
    leg,
    make_term,
    unit,
    units,
    warsaw,
)

from tocsin.licensing.metering import (
    Carried,
    Closing,
    Facts,
    UsageBill,
    UsageLineKind,
    close_window,
    could_charge,
    rate,
)
from tocsin.licensing.model import Interval, Standing, Term
from tocsin.licensing.pricebook import Zone
from tocsin.licensing.usage import Correction, UsageKind
from tocsin.licensing.windows import Footing, Window, window_at, windows

SECOND = timedelta(seconds=1)


def window_of(given: Facts, at: datetime = P_START) -> Window:
    found = window_at(given.terms, at)
    assert found is not None
    return found


def bill(given: Facts, at: datetime = P_START, carried: Carried | None = None) -> UsageBill:
    """The bill of the window that holds `at`, closed 48 hours after its end, as those before it were."""
    closings = list(given.closings)
    for window in _windows(given):
        assert window.ends_at is not None
        if window.holds(at):
            return close_window(replace(given, closings=closings), window, window.ends_at + AFTER, carried or Carried())
        if window.footing is Footing.PAID and window.starts_at not in {it.window_starts_at for it in closings}:
            closings.append(Closing(window.starts_at, window.ends_at + AFTER))
    raise AssertionError(f"no window holds {at}")


def _windows(given: Facts) -> list[Window]:
    return windows(given.terms, given.terms[0].starts_at, datetime(2030, 1, 1, tzinfo=UTC))


def amounts(made: UsageBill) -> list[tuple[str, str, int, int]]:
    return [(it.kind.value, it.zone.value if it.zone else "", it.quantity, it.amount_minor) for it in made.lines]


def test_r9_2_overage_is_rated_by_the_zone_of_the_number() -> None:
    at = warsaw(4, 1)
    sent = units(1_000, at) + units(225, at + timedelta(hours=1), US, name="v") + units(15, at + AFTER, PL, name="w")
    made = bill(facts([make_term("essentials")], sent))
    assert amounts(made) == [("messages", "us_ca", 225, 2_250), ("messages", "other", 15, 525)]
    assert made.total_minor == 2_775
    assert made.carried == Carried()


def test_r9_2_the_instant_of_submission_decides_the_window() -> None:
    last, first = unit("last", warsaw(4, 9, 23, 59, 58)), unit("first", warsaw(4, 10))
    given = facts([make_term("essentials")], [last, first])
    found = rate(given, window_of(given))[1], rate(given, window_of(given, P_END))[1]
    assert [[it.record.id for it in rated] for rated in found] == [["last"], ["first"]]


def test_r9_2_an_upgrade_stops_overage_from_that_instant() -> None:
    upgrade = warsaw(3, 24, 12)
    terms = [make_term("essentials", 1), make_term("standard", 1, upgrade)]
    before = [*units(160, warsaw(3, 20)), unit("last", upgrade - SECOND)]
    sent = [*before, unit("at", upgrade), *units(900, upgrade + SECOND, name="x")]
    assert amounts(bill(facts(terms, sent))) == [("messages", "us_ca", 61, 610)]


def test_s05_a_pool_that_grows_includes_again_and_overage_once_counted_stays() -> None:
    grows = warsaw(3, 24, 12)
    terms = [make_term("essentials", 1), make_term("essentials", 2, grows)]
    before, after = units(130, warsaw(3, 20)), units(150, grows, name="x")
    given = facts(terms, before + after)
    meter, rated = rate(given, window_of(given))
    assert meter.included == 200
    assert [it.charged for it in rated].count(1) == 30 + 50
    assert bill(given).total_minor == 800


def test_s13_pools_start_anew_where_a_move_to_annual_ends_the_window() -> None:
    moved = warsaw(3, 24, 12)
    annual = make_term("essentials", 1, moved, interval=Interval.YEAR, anchor_on=date(2026, 3, 24))
    given = facts([make_term("essentials", 1), annual], units(160, warsaw(3, 20)) + units(100, moved, name="x"))
    assert bill(given).total_minor == 600
    assert bill(given, moved).total_minor == 0


def test_s13_use_of_the_window_that_was_cut_goes_on_the_next_regular_invoice() -> None:
    moved = warsaw(3, 24, 12)
    annual = make_term("essentials", 1, moved, interval=Interval.YEAR, anchor_on=date(2026, 3, 24))
    given = facts([make_term("essentials", 1), annual], units(160, warsaw(3, 20)) + units(170, moved, name="x"))
    made = close_window(given, window_of(given, moved), warsaw(4, 24) + AFTER)
    assert amounts(made) == [("messages", "us_ca", 70, 700), ("messages", "us_ca", 60, 600)]
    assert [line.window.ends_on for line in made.lines] == [date(2026, 4, 24), date(2026, 3, 24)]


def test_s32_equal_instants_count_by_receipt_and_then_by_id() -> None:
    at = warsaw(3, 20)
    same = [unit("b", at, PL), unit("a", at, US), unit("c", at, US, received_at=at + SECOND)]
    given = facts([make_term("essentials", 1)], [*units(98, warsaw(3, 15)), *reversed(same)])
    _, rated = rate(given, window_of(given))
    assert [(it.record.id, it.charged) for it in rated[98:]] == [("a", 0), ("b", 0), ("c", 1)]


def test_a_verification_code_is_counted_apart_and_costs_nothing() -> None:
    codes = [unit(f"c{n}", warsaw(3, 12), PL, UsageKind.VERIFICATION) for n in range(10)]
    given = facts([make_term("essentials", 1)], codes + units(100, warsaw(3, 20)))
    meter, _ = rate(given, window_of(given))
    assert (meter.included, meter.units[UsageKind.VERIFICATION]) == (100, 10)
    assert bill(given).usage_minor == 0


def test_r10_2_each_answered_leg_counts_its_started_minutes() -> None:
    at = warsaw(3, 12)
    legs = [leg(f"l{n}", at + n * timedelta(hours=1), s) for n, s in enumerate((61, 59, 3_600, 1_800, 600, 1_500))]
    unanswered, polish, jamaican = leg("n", at, 0), leg("p", at, 425, PL), leg("j", at, 30, JAMAICA)
    made = bill(facts([make_term("essentials")], [*legs, unanswered, polish, jamaican]))
    assert amounts(made) == [("minutes", "us_ca", 128, 1_280), ("minutes", "other", 9, 280 + 35)]


def test_r10_4_standard_includes_100_minutes_to_the_us_and_canada() -> None:
    at = warsaw(3, 12)
    legs = [leg(f"l{n}", at + n * timedelta(hours=1), s) for n, s in enumerate((61, 59, 3_600, 1_800, 600, 1_500))]
    made = bill(facts([make_term("standard")], [leg("p", at, 425, PL), *legs]))
    assert amounts(made) == [("minutes", "us_ca", 28, 280), ("minutes", "other", 8, 280)]
    assert made.total_minor + 1_000 == 1_560  # with the second number


def test_r10_2_a_leg_over_the_pools_last_minute_is_split() -> None:
    given = facts([make_term("standard")], [leg("a", warsaw(3, 12), 99 * 60), leg("b", warsaw(3, 13), 3 * 60)])
    _, rated = rate(given, window_of(given))
    assert [(it.included, it.charged) for it in rated] == [(99, 0), (1, 2)]


def test_r10_2_a_leg_belongs_to_the_window_in_which_it_was_answered() -> None:
    given = facts([make_term("essentials")], [leg("over", P_END - SECOND, 3_000)])
    assert bill(given).total_minor == 500
    assert bill(given, P_END).usage_minor == 0


def test_s39_free_minutes_of_the_last_30_days_are_not_given_again() -> None:
    again = warsaw(4, 5)
    terms = [
        make_term("standard"),
        free_term(warsaw(3, 24), date(2026, 2, 1)),
        make_term("standard", starts_at=again, anchor_on=date(2026, 4, 5)),
    ]
    used = [leg("a", warsaw(3, 20), 70 * 60), leg("b", again + SECOND, 50 * 60)]
    assert bill(facts(terms, used), again).usage_minor == 200

    long_ago = facts([terms[0], terms[1], make_term("standard", starts_at=warsaw(4, 25), anchor_on=date(2026, 4, 25))],
                     [leg("a", warsaw(3, 20), 70 * 60), leg("b", warsaw(4, 26), 50 * 60)])  # fmt: skip
    assert bill(long_ago, warsaw(4, 26)).usage_minor == 0


def test_s39_minutes_of_a_trial_are_not_taken_from_the_first_paid_window() -> None:
    trial = make_term("enterprise", starts_at=warsaw(3, 3), standing=Standing.TRIALING, interval=None, anchor_on=None)
    used = [leg("a", warsaw(3, 9), 100 * 60), leg("b", warsaw(3, 12), 100 * 60)]
    assert bill(facts([trial, make_term("standard")], used)).usage_minor == 0


def test_s33_a_corrected_duration_counts_up_to_48_hours_after_the_end() -> None:
    record = leg("a", warsaw(4, 9), 600, PL)
    in_time = Correction(1, "k1", "a", P_END + AFTER, 61)
    too_late = Correction(1, "k2", "a", P_END + AFTER + SECOND, 3_600)
    terms = [make_term("essentials")]
    for corrections in ([in_time, too_late], [too_late, in_time]):
        assert amounts(bill(facts(terms, [record], corrections=corrections))) == []  # 0.70: carried
        assert bill(facts(terms, [record], corrections=corrections)).usage_minor == 70
    assert bill(facts(terms, [record], corrections=[too_late])).usage_minor == 350


def test_r9_2_a_record_up_to_48_hours_late_is_on_its_windows_invoice() -> None:
    sent = [*units(100, warsaw(3, 20)), *units(50, warsaw(3, 21), name="x")]
    late = unit("late", warsaw(3, 11), PL, received_at=P_END + AFTER)
    made = bill(facts([make_term("essentials", 1)], [*sent, late]))
    assert amounts(made) == [("messages", "us_ca", 51, 510)]  # it came first: it is included, and a later one is not


def test_s06_a_later_record_is_the_last_of_its_window_and_on_the_next_invoice() -> None:
    terms = [make_term("essentials", 1)]
    late = [
        unit("late1", warsaw(3, 11), PL, received_at=P_END + AFTER + SECOND),
        unit("late2", warsaw(3, 11), US, received_at=P_END + 2 * AFTER),
    ]
    sent = units(100, warsaw(3, 20))
    april = warsaw(5, 10)

    first = bill(facts(terms, [*sent, *late]))
    assert first.usage_minor == 0

    next_bill = close_window(
        facts(terms, [*sent, *late], [Closing(P_START, P_END + AFTER)]), window_of(facts(terms), P_END), april + AFTER,
        Carried(480, 1),
    )  # fmt: skip
    assert amounts(next_bill) == [
        ("late_messages", "us_ca", 1, 10), ("late_messages", "other", 1, 35), ("carried", "", 1, 480),
    ]  # fmt: skip
    assert next_bill.lines[0].window.starts_at == P_START


def test_s06_late_use_is_priced_with_the_old_windows_pool() -> None:
    terms = [make_term("essentials", 1), make_term("standard", 1, P_END)]
    sent = [*units(90, warsaw(3, 20)), *units(30, warsaw(3, 21), name="late")]
    late = [unit(it.id, it.at, received_at=P_END + 3 * AFTER) for it in sent[90:]]
    given = facts(terms, [*sent[:90], *late], [Closing(P_START, P_END + AFTER)])
    made = close_window(given, window_of(given, P_END), warsaw(5, 10) + AFTER, Carried(300, 1))
    assert amounts(made) == [("late_messages", "us_ca", 20, 200), ("carried", "", 1, 300)]


def test_s27_after_the_final_bill_records_are_dropped() -> None:
    again = warsaw(4, 12)
    terms = [
        make_term("essentials", 1),
        free_term(P_END, date(2026, 3, 1)),
        make_term("essentials", 1, again, anchor_on=date(2026, 4, 12)),
    ]
    dropped = units(400, warsaw(3, 20), PL)
    dropped = [unit(it.id, it.at, PL, received_at=P_END + AFTER + SECOND) for it in dropped]
    given = facts(terms, [*dropped, *units(200, warsaw(4, 11), name="free")], [Closing(P_START, P_END + AFTER)])
    assert rate(given, window_of(given))[1] == []
    assert close_window(given, window_of(given, again), warsaw(5, 12) + AFTER).usage_minor == 0


@pytest.mark.parametrize("standing", [Standing.TRIALING, Standing.FREE, Standing.GRANTED])
def test_inv_12_use_that_is_not_paid_for_costs_nothing(standing: Standing) -> None:
    plan = "free" if standing is Standing.FREE else "enterprise"
    term = make_term(plan, standing=standing, interval=None, anchor_on=date(2026, 3, 10))
    given = facts([term], [*units(300, warsaw(3, 20), PL), leg("l", warsaw(3, 20), 30_000, PL)])
    assert rate(given, window_of(given))[0].charged_minor == 0
    assert close_window(given, window_of(given), P_END).usage_minor == 0


def test_r11_1_no_number_of_messages_costs_anything_on_standard() -> None:
    given = facts([make_term("standard")], units(50_000, warsaw(3, 12), PL))
    meter, _ = rate(given, window_of(given))
    assert (meter.included, meter.charged_minor) == (50_000, 0)


def test_r11_3_use_beyond_the_pool_is_billed_on_the_usage_plan() -> None:
    june = warsaw(6, 10)
    terms = [make_term("standard"), make_term("standard", starts_at=june, usage_billed=True)]
    sent = units(1_000, june + SECOND, US) + units(400, warsaw(6, 20), PL, name="x")
    assert amounts(bill(facts(terms, sent), june)) == [("messages", "other", 400, 14_000)]


def test_s07_little_is_carried_at_most_three_times() -> None:
    terms = [make_term("essentials", 1)]
    given = facts(terms, units(100, warsaw(3, 20)) + units(1, warsaw(3, 21), PL, name="x"))
    first = bill(given)
    assert (first.lines, first.carried) == ((), Carried(35, 1))

    empty = facts(terms)
    second = bill(empty, warsaw(4, 20), first.carried)
    third = bill(empty, warsaw(5, 20), second.carried)
    fourth = bill(empty, warsaw(6, 20), third.carried)

    assert (second.carried, third.carried) == (Carried(35, 2), Carried(35, 3))
    assert amounts(fourth) == [("carried", "", 1, 35)]
    assert fourth.carried == Carried()


def test_s07_exactly_five_is_billed_and_so_is_what_comes_to_it_with_what_was_carried() -> None:
    terms = [make_term("essentials", 1)]
    assert bill(facts(terms, units(150, warsaw(3, 20)))).total_minor == 500
    assert bill(facts(terms, units(149, warsaw(3, 20)))).carried == Carried(490, 1)
    assert bill(facts(terms, units(101, warsaw(3, 20))), carried=Carried(490, 1)).total_minor == 500


def test_s07_a_final_bill_takes_any_amount() -> None:
    terms = [make_term("essentials", 1), free_term(P_END, date(2026, 3, 1))]
    made = bill(facts(terms, units(101, warsaw(3, 20))), carried=Carried(35, 1))
    assert amounts(made) == [("messages", "us_ca", 1, 10), ("carried", "", 1, 35)]


def test_s38_calls_accrued_at_a_deletion_are_billed_at_once() -> None:
    deleted = warsaw(4, 15, 12)
    terms = [make_term("standard"), make_term("standard", starts_at=deleted, standing=Standing.DELETING)]
    legs = [leg("u", warsaw(4, 11), (325) * 60), leg("p", warsaw(4, 12), 15 * 60, PL)]
    given = facts(terms, legs, [Closing(P_START, P_END)])
    made = close_window(given, next(it for it in _windows(given) if it.starts_at == P_END), deleted)
    assert made.total_minor == 2_250 + 525


def test_s29_a_deletion_that_is_taken_back_does_not_give_the_pool_again() -> None:
    asked, undone = warsaw(3, 12, 12), warsaw(3, 12, 18)
    terms = [
        make_term("essentials", 1),
        make_term("essentials", 1, starts_at=asked, standing=Standing.DELETING),
        make_term("essentials", 1, starts_at=undone),
    ]
    used = [*units(90, warsaw(3, 11), PL), *units(150, warsaw(3, 14), PL, name="x")]
    given = facts(terms, used, [Closing(P_START, asked)])

    first, second = [it for it in _windows(given) if it.footing is Footing.PAID][:2]

    assert close_window(facts(terms, used), first, asked).usage_minor == 0
    assert (second.starts_at, second.ends_at, second.opens_subscription) == (undone, P_END, False)
    assert close_window(given, second, P_END).usage_minor == 140 * 35
    [*_, third] = [it for it in _windows(facts(terms, [*used, unit("later", warsaw(4, 20), PL)]))]
    assert not third.resumes


@pytest.mark.parametrize(
    ("terms", "carried", "waits"),
    [
        ([make_term("essentials")], 0, True),
        ([make_term("standard")], 0, False),
        ([make_term("standard")], 120, True),
        ([make_term("essentials"), make_term("standard", starts_at=warsaw(3, 24))], 0, True),
        ([make_term("standard", usage_billed=True)], 0, True),
        ([make_term("standard"), make_term("essentials", starts_at=P_END)], 0, False),
        ([free_term(P_START, date(2026, 3, 10))], 0, False),
    ],
)
def test_s04_a_bill_waits_for_late_use_where_it_could_charge_any(terms: list[Term], carried: int, waits: bool) -> None:
    given = facts(terms)
    assert could_charge(given, window_of(given), Carried(carried, 1)) is waits


def test_a_record_that_comes_twice_counts_once() -> None:
    twice = unit("same", warsaw(3, 20), PL)
    again = unit("same", warsaw(3, 25), US, received_at=warsaw(3, 26))
    given = facts([make_term("essentials", 0)], [again, twice, twice])
    _, rated = rate(given, window_of(given))
    assert [it.record for it in rated] == [twice]


def test_closing_a_window_again_says_the_same() -> None:
    terms = [make_term("essentials", 1)]
    records = units(180, warsaw(3, 20))
    assert bill(facts(terms, records)) == bill(facts(terms, records, [Closing(P_START, P_END + AFTER)]))


def test_lines_carry_what_an_invoice_shows() -> None:
    made = bill(facts([make_term("essentials", 1)], units(180, warsaw(3, 20))))
    [line] = made.lines
    assert (line.kind, line.zone, line.quantity, line.unit_minor) == (UsageLineKind.MESSAGES, Zone.US_CA, 80, 10)
    assert (line.window.starts_on, line.window.ends_on) == (date(2026, 3, 10), date(2026, 4, 10))
