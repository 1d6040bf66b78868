from datetime import UTC, datetime, timedelta

import pytest

from tocsin.accounts.rate_limits import DOMAINS, Limits, RateLimiter, RequestLimit, domain_of
from tocsin.errors import Throttled

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SLOW = RequestLimit(per_minute=6, per_second=2)


@pytest.mark.parametrize(
    ("method", "path", "domain"),
    [
        ("POST", "/v2/alerts", "alert"),
        ("GET", "/v2/alerts", "search"),
        ("GET", "/v2/alerts/count", "search"),
        ("GET", "/v2/alerts/requests/1", "alert"),
        ("POST", "/v2/alerts/1/close", "alert"),
        ("GET", "/v2/alerts/saved-searches", "alert"),
        ("GET", "/v2/users", "search"),
        ("GET", "/v2/users/1", "configuration"),
        ("GET", "/v2/heartbeats/x/ping", "heartbeat"),
        ("POST", "/v1/incidents/create", "incident"),
        ("GET", "/v2/integrations", "integration-configuration"),
        ("GET", "/v2/schedules/x/on-calls", "schedule-oncalls"),
        ("GET", "/v2/schedules/on-calls", "schedule-oncalls"),
        ("GET", "/v2/schedules/x/next-on-calls", "schedule-oncalls"),
        ("GET", "/v2/schedules/x/timeline", "configuration"),
        ("GET", "/v2/teams", "configuration"),
        ("GET", "/v2/request-limits", ""),
    ],
)
def test_a_request_counts_in_one_domain(method: str, path: str, domain: str) -> None:
    assert domain_of(method, path) == domain
    assert domain in (*DOMAINS, "")


def limiter(limits: Limits) -> RateLimiter:
    async def limits_of(account_id: int) -> Limits:
        return limits

    return RateLimiter(limits_of)


async def taken(one: RateLimiter, domain: str, at: datetime, tries: int, account_id: int = 1) -> tuple[int, set[int]]:
    """How many requests of `tries` went through, and the windows that stopped the others."""
    stopped = []
    for _ in range(tries):
        try:
            await one.take(account_id, domain, at)
        except Throttled as error:
            stopped.append(error.period_seconds)
    return tries - len(stopped), set(stopped)


async def test_a_second_and_a_minute_take_so_many_and_fill_again() -> None:
    one = limiter({"search": SLOW})

    assert await taken(one, "search", NOW, 5) == (2, {1})
    assert await taken(one, "search", NOW + timedelta(seconds=1), 5) == (2, {1})
    assert await taken(one, "search", NOW + timedelta(seconds=2), 5) == (2, {60})
    assert await taken(one, "search", NOW + timedelta(seconds=3), 5) == (0, {60})
    assert await taken(one, "search", NOW + timedelta(minutes=5), 5) == (2, {1})


async def test_no_stretch_of_time_lets_more_through_than_its_bucket_and_what_flowed_in() -> None:
    one, went = limiter({"search": SLOW}), 0
    for tenth in range(6000):  # ten minutes
        went += (await taken(one, "search", NOW + timedelta(milliseconds=100 * tenth), 1))[0]

    assert went in {65, 66}  # six at once, six a minute


async def test_domains_and_accounts_do_not_touch_each_other() -> None:
    one = limiter({"search": SLOW, "alert": SLOW})

    assert await taken(one, "search", NOW, 5) == (2, {1})
    assert await taken(one, "alert", NOW, 2) == (2, set())
    assert await taken(one, "search", NOW, 2, account_id=2) == (2, set())
    assert await taken(one, "heartbeat", NOW, 1000) == (1000, set())


async def test_a_clock_that_is_set_back_gives_and_takes_nothing() -> None:
    one = limiter({"search": SLOW})
    await taken(one, "search", NOW, 2)

    assert await taken(one, "search", NOW - timedelta(hours=1), 1) == (0, {1})
    assert await taken(one, "search", NOW + timedelta(seconds=1), 5) == (2, {1})


async def test_a_new_limit_counts_within_half_a_minute() -> None:
    known: dict[str, RequestLimit] = {}

    async def limits_of(account_id: int) -> Limits:
        return dict(known)

    one = RateLimiter(limits_of)
    await one.take(1, "search", NOW)
    known["search"] = SLOW

    assert await taken(one, "search", NOW + timedelta(seconds=29), 5) == (5, set())
    assert await taken(one, "search", NOW + timedelta(seconds=30), 5) == (2, {1})
