from datetime import UTC, datetime

from tocsin.clock import SetClock, SystemClock


def test_the_system_clock_is_aware_utc() -> None:
    assert SystemClock().now().tzinfo is UTC


def test_a_set_clock_stands_until_it_is_moved() -> None:
    clock = SetClock(datetime(2026, 3, 1, tzinfo=UTC))

    clock.at = datetime(2026, 3, 2, tzinfo=UTC)

    assert clock.now() == datetime(2026, 3, 2, tzinfo=UTC)
