"""A card on file: until when it is good, and when its owners hear that it expires."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from tests.support.makers import START

from tocsin.billing.cards.on_file import CardOnFile


def expiring(month: int, year: int) -> CardOnFile:
    return CardOnFile(1, UUID(int=1), "pm_1", "visa", "4242", month, year, "credit", "US", START)


@pytest.mark.parametrize(
    ("month", "year", "expires_on"),
    [
        (4, 2026, date(2026, 5, 1)),
        (12, 2026, date(2027, 1, 1)),
        (1, 2028, date(2028, 2, 1)),
        (2, 2028, date(2028, 3, 1)),
    ],
)
def test_a_card_is_good_to_the_end_of_its_month(month: int, year: int, expires_on: date) -> None:
    assert expiring(month, year).expires_on == expires_on


def test_r4_1_owners_hear_of_it_thirty_and_seven_days_before() -> None:
    card = expiring(4, 2026)

    assert card.notices_on == (date(2026, 4, 1), date(2026, 4, 24))
    assert card.expires_on - card.notices_on[-1] == timedelta(days=7)
