"""The ids of alerts and requests: random, and in the order of time."""

from datetime import UTC, datetime, timedelta
from uuid import RFC_4122, UUID

from tocsin.escalations.ingest import OrderedIds

AT = datetime(2026, 3, 2, 9, 15, tzinfo=UTC)


def test_ids_of_one_millisecond_and_of_later_ones_are_in_order() -> None:
    make_id = OrderedIds()
    ids = [make_id(AT) for _ in range(10_000)] + [make_id(AT + timedelta(seconds=n)) for n in range(1, 100)]
    assert ids == sorted(set(ids))


def test_a_clock_that_is_set_back_does_not_break_the_order() -> None:
    make_id = OrderedIds()
    ids = [make_id(AT), make_id(AT - timedelta(hours=1)), make_id(AT)]
    assert ids == sorted(set(ids))


def test_an_id_is_a_uuid_that_says_its_millisecond() -> None:
    first, second = (UUID(text) for text in (OrderedIds()(AT), OrderedIds()(AT)))
    assert (first.version, first.variant) == (7, RFC_4122)
    assert first.int >> 80 == int(AT.timestamp() * 1000)
    assert first != second
