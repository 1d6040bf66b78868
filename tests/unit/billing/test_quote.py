"""Quotes equal invoices: seats and numbers as a preview says, use as the meter rates it. Source: R1"""

from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.billing_histories import AMERICAN, Used, one_book
from tests.support.books import requirements_book
from tests.support.metered import P_START, US, facts, leg, make_term, unit

from tocsin.billing import trial
from tocsin.billing.account import AccountBilling, Context, Number
from tocsin.billing.commands import Order
from tocsin.billing.decide import decide
from tocsin.billing.decision import Decision
from tocsin.errors import Invalid
from tocsin.licensing.metering import rate
from tocsin.licensing.model import Interval, Target
from tocsin.licensing.pricebook import Zone, seat_price
from tocsin.licensing.quote import QuoteLineKind, Team, quote
from tocsin.licensing.usage import UsageRecord
from tocsin.licensing.windows import window_at

BOOK = requirements_book()
M, Y = Interval.MONTH, Interval.YEAR
PAID = ("essentials", "standard", "enterprise")
POLAND = "+48123456789"
AT = datetime(2026, 3, 10, 9, tzinfo=UTC)


def previewed(plan: str, interval: Interval, team: Team, currency: str) -> int:
    """What the first invoice comes to, for a fresh account on trial that begins today."""
    context = Context(one_book(), Used())
    subscription = trial.new_trial(42, "Europe/Warsaw", currency, BOOK, 1, AT)
    numbers = tuple(Number(UUID(int=n), f"+1212555{n:04}", AT) for n in range(team.numbers))
    fresh = AccountBilling(subscription, AMERICAN, numbers=numbers, stakeholders=team.stakeholders)
    decision = Decision(fresh, AT, context)
    decision.begin_term()
    outcome = decide(decision.billing, Order(Target(plan, interval, team.responders), start_today=True), AT, context)
    return sum(document.net_minor for document in outcome.documents)


def a_team(random: Random, plan: str) -> Team:
    return Team(
        responders=random.choice((random.randint(1, 120), random.randint(1, 3_000))),
        stakeholders=random.randint(0, 500) if plan == "enterprise" else 0,
        numbers=random.choice((0, 0, 1, 2, 5)),
    )


def test_r1_1_accept_sixty_standard_seats_cost_1357() -> None:
    assert quote(BOOK, "standard", M, "USD", Team(60)).total_minor == 135_700


@given(st.sampled_from(PAID), st.sampled_from((M, Y)), st.integers(1, 2_000))
def test_r1_1_more_seats_never_cost_less_and_never_raise_the_average(plan: str, interval: Interval, n: int) -> None:
    now, then = (quote(BOOK, plan, interval, "USD", Team(seats)).total_minor for seats in (n, n + 1))
    assert then >= now
    assert then * n <= now * (n + 1)


def test_r1_2_accept_the_51st_standard_seat_adds_20_70() -> None:
    fifty, more = (quote(BOOK, "standard", M, "USD", Team(seats)).total_minor for seats in (50, 51))
    assert (fifty, more - fifty) == (115_000, 2_070)


@given(st.sampled_from(PAID), st.sampled_from((M, Y)), st.integers(1, 2_000))
def test_r1_2_no_seat_costs_more_than_the_first_tier(plan: str, interval: Interval, n: int) -> None:
    assert quote(BOOK, plan, interval, "USD", Team(n)).total_minor <= n * seat_price(BOOK, plan, interval, "USD", 1)


def test_r1_3_accept_ten_seats_by_the_year_are_2280_shown_as_190_a_month() -> None:
    found = quote(BOOK, "standard", Y, "USD", Team(10))
    assert (found.total_minor, found.monthly_minor) == (228_000, 19_000)


def test_r1_3_accept_ten_thousand_quotes_equal_their_previewed_invoices() -> None:
    random = Random(13)
    for _ in range(10_000):
        plan, interval, currency = random.choice(PAID), random.choice((M, Y)), random.choice([*BOOK.currencies])
        team = a_team(random, plan)
        found = quote(BOOK, plan, interval, currency, team).first_invoice_minor
        assert found == previewed(plan, interval, team, currency), team


counts = st.fixed_dictionaries({zone: st.integers(0, 130) for zone in Zone})


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(PAID), st.integers(1, 3), counts, counts, st.randoms(use_true_random=False))
def test_r1_3_use_costs_what_the_meter_says_and_never_more(
    plan: str, seats: int, messages: dict[Zone, int], minutes: dict[Zone, int], random: Random
) -> None:
    found = quote(BOOK, plan, M, "USD", Team(seats, messages=messages, minutes=minutes))
    cheap_first = [Zone.US_CA] * messages[Zone.US_CA] + [Zone.OTHER] * messages[Zone.OTHER]
    any_order = random.sample(cheap_first, len(cheap_first))

    assert found.usage_minor == metered(plan, seats, cheap_first, minutes)
    assert found.usage_minor >= metered(plan, seats, any_order, minutes)


def metered(plan: str, seats: int, messages: list[Zone], minutes: dict[Zone, int]) -> int:
    """What the meter charges for so much use in the first window."""
    term = make_term(plan, seats)
    window = window_at([term], P_START)
    assert window is not None
    to = {Zone.US_CA: US, Zone.OTHER: POLAND}
    records: list[UsageRecord] = [
        unit(f"m{n}", P_START + timedelta(seconds=n), to[zone]) for n, zone in enumerate(messages)
    ]
    records += [leg(f"c{zone}", P_START, 60 * count, to[zone]) for zone, count in minutes.items() if count]
    return rate(facts([term], records), window)[0].charged_minor


def test_r9_3_free_stops_and_never_charges() -> None:
    found = quote(BOOK, "free", M, "USD", Team(5, messages={Zone.OTHER: 140}))
    [line] = [line for line in found.lines if line.kind is QuoteLineKind.MESSAGES]
    assert (found.total_minor, line.included, line.stopped) == (0, 100, 40)


def test_a_year_counts_what_is_paid_monthly_twelve_times() -> None:
    found = quote(BOOK, "essentials", Y, "USD", Team(1, numbers=1, messages={Zone.US_CA: 110}))
    assert (found.first_invoice_minor, found.usage_minor) == (10_800 + 1_000, 100)
    assert found.total_minor == 10_800 + 12 * 1_100
    assert found.monthly_minor == 900 + 1_100


def test_r8_5_stakeholders_of_enterprise_are_a_line_of_nothing() -> None:
    found = quote(BOOK, "enterprise", Y, "USD", Team(20, stakeholders=400))
    assert [(line.quantity, line.amount_minor) for line in found.lines] == [(20, 696_000), (400, 0)]


@pytest.mark.parametrize(
    ("plan", "team", "field"),
    [
        ("free", Team(6), "responders"),
        ("standard", Team(0), "responders"),
        ("standard", Team(5, stakeholders=1), "stakeholders"),
        ("free", Team(5, numbers=1), "numbers"),
        ("free", Team(5, minutes={Zone.US_CA: 1}), "minutes_us_ca"),
        ("standard", Team(5, messages={Zone.OTHER: -1}), "messages_other"),
    ],
)
def test_what_a_plan_does_not_sell_is_refused_by_field(plan: str, team: Team, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        quote(BOOK, plan, M, "USD", team)
    assert list(refused.value.errors) == [field]
