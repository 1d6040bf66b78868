"""Random commands to one account, as Hypothesis draws them, and what its card says."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from hypothesis import strategies as st
from tests.support.billing_histories import HARD, PAID, SOFT, History

from tocsin.billing.commands import (
    AddNumber,
    Cancel,
    CardAdded,
    Command,
    DropScheduled,
    Order,
    ReleaseNumber,
    RequestDeletion,
    Resume,
    UndoDeletion,
)
from tocsin.licensing.model import Interval, Target

START = date(2027, 1, 29)
PLANS = st.sampled_from(["essentials", "standard", "enterprise"])
SEATS = st.integers(1, 130)
INTERVALS = st.sampled_from(list(Interval))
ORDERS = st.builds(
    Order,
    st.builds(Target, PLANS, st.none() | INTERVALS, st.none() | SEATS) | st.builds(Target, st.none(), st.none(), SEATS),
)
NUMBERS = st.integers(1, 3)
COMMANDS = st.one_of(
    ORDERS,
    ORDERS,
    st.builds(lambda n: AddNumber(UUID(int=n), f"+4822000000{n}"), NUMBERS),
    st.builds(lambda n: ReleaseNumber(UUID(int=n)), NUMBERS),
    st.builds(Cancel, st.booleans()),
    st.sampled_from([Resume(), DropScheduled(), CardAdded(UUID(int=9)), RequestDeletion(), UndoDeletion()]),
)


@dataclass(frozen=True)
class Past:
    """Commands with the hours between them, and what the card says, in turn."""

    commands: tuple[tuple[int, Command], ...]
    answers: tuple[str, ...]


PASTS = st.builds(
    Past,
    st.lists(st.tuples(st.integers(0, 900), COMMANDS), min_size=1, max_size=10).map(tuple),
    st.lists(st.sampled_from([PAID, PAID, PAID, SOFT, HARD]), min_size=1, max_size=8).map(tuple),
)


def begin(past: Past) -> History:
    history = History(f"{START} 10:00")
    asked = 0

    def answer(charge: object, at: object) -> str:
        nonlocal asked
        asked += 1
        return past.answers[asked % len(past.answers)]

    history.charger = answer
    return history
