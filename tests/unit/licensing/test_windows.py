import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from tests.support.metered import P_END, P_START, free_term, make_term, warsaw

from tocsin.licensing.model import Interval, Standing, Term
from tocsin.licensing.windows import Footing, is_final, window_at, windows

HOUR = timedelta(hours=1)


def test_m7_windows_are_months_cut_from_the_anchor_for_annual_subscribers_too() -> None:
    terms = [make_term("standard", interval=Interval.YEAR, starts_at=warsaw(1, 31), anchor_on=date(2026, 1, 31))]

    found = windows(terms, warsaw(1, 31), warsaw(6, 1))

    assert [window.starts_on for window in found] == [
        date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30), date(2026, 5, 31),
    ]  # fmt: skip
    assert all(one.ends_at == two.starts_at for one, two in itertools.pairwise(found))
    assert found[0].opens_subscription
    assert not found[1].opens_subscription


def test_s13_a_move_to_annual_ends_the_running_window_at_that_instant() -> None:
    moved = warsaw(3, 24, 15, 20)
    terms = [
        make_term("standard"),
        make_term("standard", starts_at=moved, interval=Interval.YEAR, anchor_on=date(2026, 3, 24)),
    ]

    before, after, following = windows(terms, P_START, warsaw(5, 1))

    assert (before.starts_at, before.ends_at) == (P_START, moved)
    assert (after.starts_at, after.ends_at) == (moved, warsaw(4, 24))
    assert following.ends_at == warsaw(5, 24)
    assert not after.opens_subscription  # it goes on with the one that there was
    assert not is_final(terms, before)


def test_s18_a_move_to_monthly_at_the_terms_end_keeps_the_anchor() -> None:
    terms = [
        make_term("standard", interval=Interval.YEAR, starts_at=warsaw(1, 31), anchor_on=date(2026, 1, 31)),
        make_term("standard", starts_at=warsaw(2, 28, year=2027), anchor_on=date(2026, 1, 31)),
    ]
    found = window_at(terms, warsaw(3, 15, year=2027))
    assert found is not None
    assert found.ends_on == date(2027, 3, 31)


def test_changes_of_plan_and_seats_do_not_cut_a_window() -> None:
    terms = [
        make_term("essentials"),
        make_term("standard", starts_at=warsaw(3, 24)),
        make_term("standard", 13, starts_at=warsaw(3, 25)),
    ]
    found = windows(terms, P_START, P_END - HOUR)
    assert [(it.starts_at, it.ends_at) for it in found] == [(P_START, P_END)]


def test_s34_free_begins_anew_at_the_downgrade_and_then_on_each_creation_day() -> None:
    terms = [make_term("essentials"), free_term(warsaw(4, 10), date(2026, 2, 24))]

    paid, first, second = windows(terms, P_START, warsaw(5, 1))

    assert is_final(terms, paid)
    assert (first.starts_at, first.ends_at) == (warsaw(4, 10), warsaw(4, 24))
    assert (second.starts_at, second.ends_at) == (warsaw(4, 24), warsaw(5, 24))
    assert first.footing is Footing.FREE
    assert not first.opens_subscription


def test_a_trial_is_one_window_until_it_is_over() -> None:
    trial = make_term("enterprise", starts_at=warsaw(3, 3, 15, 40), standing=Standing.TRIALING, interval=None)
    found = window_at([trial], warsaw(3, 17))
    assert found is not None
    assert (found.footing, found.ends_at) == (Footing.TRIAL, None)

    bought = make_term("standard", starts_at=warsaw(3, 18), anchor_on=date(2026, 3, 18))
    [first, second] = windows([trial, bought], warsaw(3, 3), warsaw(3, 19))
    assert (first.ends_at, second.starts_at, second.ends_at) == (warsaw(3, 18), warsaw(3, 18), warsaw(4, 18))
    assert second.opens_subscription


def test_s24_a_window_of_a_zone_further_west_begins_before_its_first_day_does_there() -> None:
    starts_at = datetime(2026, 3, 30, 11, tzinfo=UTC)  # the 31st in Apia, still the 30th in Havana
    trial = Term(
        1, datetime(2026, 3, 15, 12, tzinfo=UTC), Standing.TRIALING, "enterprise", 0, None, 1, zone="Pacific/Apia"
    )
    paid = Term(
        1, starts_at, Standing.ACTIVE, "essentials", 1, Interval.YEAR, 1, anchor_on=date(2026, 3, 31),
        zone="America/Havana",
    )  # fmt: skip

    found = window_at([trial, paid], starts_at)

    assert found is not None
    assert (found.starts_at, found.starts_on) == (starts_at, date(2026, 3, 31))
    assert found.ends_at == datetime(2026, 4, 30, tzinfo=ZoneInfo("America/Havana")).astimezone(UTC)


def test_s24_a_new_zone_moves_the_next_boundary_and_not_the_one_at_which_it_begins() -> None:
    for zone in ("America/New_York", "Asia/Tokyo"):
        old = make_term("standard")
        new = Term(1, P_END, Standing.ACTIVE, "standard", 10, Interval.MONTH, 1, anchor_on=old.anchor_on, zone=zone)
        found = window_at([old, new], P_END)
        assert found is not None
        assert (found.starts_at, found.starts_on, found.ends_on) == (P_END, date(2026, 4, 10), date(2026, 5, 10))
        assert found.ends_at == datetime(2026, 5, 10, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def test_nothing_is_metered_while_an_account_is_deleted() -> None:
    terms = [make_term("standard"), make_term("standard", starts_at=warsaw(3, 20, 10), standing=Standing.DELETING)]
    [only] = windows(terms, P_START, warsaw(6, 1))
    assert only.ends_at == warsaw(3, 20, 10)
    assert is_final(terms, only)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 900),
            st.sampled_from(["essentials", "standard", "free", "trial"]),
            st.sampled_from(list(Interval)),
            st.integers(1, 31),
            st.sampled_from(["Europe/Warsaw", "America/New_York", "America/Sao_Paulo", "Asia/Beirut", "UTC"]),
        ),
        min_size=1,
        max_size=8,
    ),
    st.integers(0, 30_000),
)
def test_every_instant_lies_in_one_window_and_windows_leave_no_gap(
    changes: list[tuple[int, str, Interval, int, str]], later: int
) -> None:
    start = datetime(2017, 9, 30, 23, tzinfo=UTC)
    terms = [
        Term(
            1, start + timedelta(hours=13 * at), Standing.TRIALING if plan == "trial" else Standing.ACTIVE,
            "enterprise" if plan == "trial" else plan, 3, interval, 1, anchor_on=date(2017, 1, day), zone=zone,
        )
        for at, plan, interval, day, zone in sorted(changes, key=lambda it: it[0])
    ]  # fmt: skip
    until = terms[0].starts_at + timedelta(hours=later)

    found = windows(terms, terms[0].starts_at, until)

    assert found[0].starts_at == terms[0].starts_at
    assert all(one.ends_at == two.starts_at for one, two in itertools.pairwise(found))
    assert all(it.ends_at is None or it.starts_at < it.ends_at for it in found)
    months = [it.ends_at - it.starts_at for it in found if it.ends_at and it.footing is not Footing.TRIAL]
    assert max(months, default=timedelta(0)) <= timedelta(days=32)
    assert found[-1].holds(until)
    now = window_at(terms, until)
    assert now is not None
    assert now.holds(until)
