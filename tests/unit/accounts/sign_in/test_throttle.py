from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tocsin.accounts.sign_in.throttle import ADDRESS, USERNAME, WINDOW, wait_until

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PAST = st.lists(st.timedeltas(timedelta(0), timedelta(hours=1)).map(lambda ago: AT - ago), max_size=60)


def test_the_first_failures_cost_nothing_and_each_further_one_doubles_the_wait() -> None:
    waits = [wait_until(USERNAME, [AT] * failures, AT) for failures in range(12)]

    assert waits[:5] == [None] * 5
    assert [until - AT for until in waits[5:] if until] == [
        timedelta(seconds=15), timedelta(seconds=30), timedelta(minutes=1), timedelta(minutes=2),
        timedelta(minutes=4), timedelta(minutes=8), timedelta(minutes=10),
    ]  # fmt: skip


@given(PAST)
def test_nobody_waits_longer_than_the_most_and_whoever_waited_may_try(failures: list[datetime]) -> None:
    for limit in (USERNAME, ADDRESS):
        until = wait_until(limit, failures, AT)

        if until is not None:
            assert AT < until <= AT + limit.most
            assert wait_until(limit, failures, until) is None


@given(PAST)
def test_failures_out_of_the_window_are_forgotten(failures: list[datetime]) -> None:
    recent = [failed_at for failed_at in failures if failed_at > AT - WINDOW]

    assert wait_until(USERNAME, failures, AT) == wait_until(USERNAME, recent, AT)
