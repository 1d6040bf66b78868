from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tocsin.notifications.backoff import STANDARD, Backoff, GiveUp, RetryAt, retry

AT = datetime(2026, 11, 2, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def wait(failures: int, notification_id: str = "n1", backoff: Backoff = STANDARD) -> timedelta:
    decision = retry(notification_id, failures, AT, backoff)
    assert isinstance(decision, RetryAt)
    return decision.at - AT


def test_waits_double_up_to_the_longest_and_then_it_gives_up() -> None:
    longest = [5, 10, 20, 40, 80, 160, 300]  # seconds

    for failures, seconds in enumerate(longest, start=1):
        assert seconds * SECOND * 0.8 < wait(failures) <= seconds * SECOND
    assert retry("n1", 8, AT) == GiveUp(8)


def test_the_night_and_its_rehearsal_see_the_same_instants_and_two_notifications_differ() -> None:
    assert wait(3) == wait(3)
    assert len({wait(3, f"n{number}") for number in range(50)}) == 50


def test_somebody_who_cannot_be_reached_is_given_up_within_eleven_minutes() -> None:
    total = sum((wait(failures) for failures in range(1, 8)), timedelta(0))

    assert timedelta(minutes=8) < total < timedelta(minutes=11)


@given(failures=st.integers(1, 10_000), notification_id=st.text(max_size=40))
def test_however_often_it_failed_the_wait_stays_within_bounds(failures: int, notification_id: str) -> None:
    backoff = Backoff(SECOND, 60 * SECOND, attempts=100_000)

    assert timedelta(0) < wait(failures, notification_id, backoff) <= 60 * SECOND
