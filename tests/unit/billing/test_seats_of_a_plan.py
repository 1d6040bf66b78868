"""A paid plan that is for so many users: nobody buys, schedules or grows beyond it, and hears which plan has more."""

import pytest
from tests.support.billing_histories import LONG_AGO, History, TestBooks
from tests.support.books import limited

from tocsin.billing import quotes
from tocsin.billing.commands import AcceptOfflineOrder, AutoExpand, Command, Order, SetAutoExpand
from tocsin.errors import Conflict, Invalid, TocsinError
from tocsin.licensing import pricebook_document
from tocsin.licensing.model import Interval, Target
from tocsin.licensing.pricebook import PriceBook
from tocsin.licensing.quote import Team, quote

M, Y = Interval.MONTH, Interval.YEAR
TEXT = "Essentials is for at most 10 users. For more there are: Standard / Enterprise."


def limited_book(**limits: int) -> PriceBook:
    return pricebook_document.parse_book(limited(**limits), 1)


def on_trial(book: PriceBook | None = None) -> History:
    return History("2026-03-10 09:00", books=TestBooks({1: book or limited_book(essentials=10)}, {1: LONG_AGO}))


def subscriber(plan: str = "essentials", seats: int = 9) -> History:
    history = on_trial()
    history.do("2026-03-10 10:00", Order(Target(plan, M, seats), start_today=True))
    return history


def refused(history: History, command: Command, local: str = "2026-03-20") -> str:
    before = history.billing
    with pytest.raises(TocsinError) as caught:
        history.do(local, command)
    assert history.billing == before
    return caught.value.message


@pytest.mark.parametrize(
    "command",
    [
        Order(Target("essentials", M, 11), start_today=True),
        Order(Target("essentials", Y, 11)),
        AcceptOfflineOrder(Target("essentials", Y, 11)),
    ],
)
def test_a_plan_is_not_bought_with_more_seats_than_it_is_for(command: Command) -> None:
    assert refused(on_trial(), command, "2026-03-11") == TEXT


def test_up_to_its_limit_it_is() -> None:
    history = subscriber(seats=9)

    history.do("2026-03-20", Order(Target(seats=10)))

    assert history.subscription.seats == 10


@pytest.mark.parametrize("command", [Order(Target(seats=11)), Order(Target(interval=Y, seats=11))])
def test_seats_are_not_raised_beyond_the_plan(command: Command) -> None:
    assert refused(subscriber(), command) == TEXT


def test_seats_and_a_larger_plan_go_together() -> None:
    history = subscriber()

    history.do("2026-03-20", Order(Target("standard", seats=11)))

    assert (history.subscription.plan, history.subscription.seats) == ("standard", 11)


def test_a_smaller_plan_is_scheduled_only_with_seats_that_it_has() -> None:
    history = subscriber("standard", 20)

    assert refused(history, Order(Target("essentials"))) == TEXT
    history.do("2026-03-20", Order(Target("essentials", seats=10)))
    assert history.subscription.scheduled == Target("essentials", None, 10)
    assert refused(history, Order(Target(seats=25))) == TEXT  # raising drops the pending reduction


def test_seats_that_follow_people_end_at_the_plans_limit() -> None:
    history = subscriber(seats=10)
    history.do("2026-03-11", SetAutoExpand(True))

    assert refused(history, AutoExpand(11)) == TEXT
    with pytest.raises(Conflict):
        history.do("2026-03-20", AutoExpand(11))


def test_where_no_plan_has_room_it_says_so() -> None:
    history = on_trial(limited_book(essentials=10, standard=20, enterprise=30))

    said = refused(history, Order(Target("enterprise", M, 31)), "2026-03-11")

    assert said == "Enterprise is for at most 30 users, and no plan is for so many."
    assert "For more there are: Enterprise." in refused(history, Order(Target("essentials", M, 21)), "2026-03-11")


def test_quotes_and_the_calculator_say_the_same() -> None:
    history = on_trial()

    with pytest.raises(Invalid, match="Standard / Enterprise"):
        quotes.quote(history.billing, "essentials", 11, "", history.now, history.context)
    with pytest.raises(Invalid) as caught:
        quote(limited_book(essentials=10), "essentials", M, "USD", Team(11))
    assert caught.value.errors == {
        "responders": "Essentials is for at most 10 responders. For more there are: Standard / Enterprise."
    }
