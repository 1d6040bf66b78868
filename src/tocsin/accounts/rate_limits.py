"""Request limits: how many API requests of each domain an account may send in a minute and in a second. Pure.

Each domain has two token buckets, one a window, so that one domain's storm leaves the others alone. Each API process
counts for itself. Source: reference, conventions (rate limiting); plans §7
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from tocsin.errors import Throttled

MINUTE, SECOND = 60, 1
KNOWN_SECONDS = 30.0  # a new plan's limits count within this
DOMAINS = (
    "alert", "integration", "heartbeat", "email", "incident", "configuration", "search", "schedule-oncalls",
    "integration-configuration",
)  # fmt: skip
SEARCHES = {"/v2/alerts", "/v2/alerts/count", "/v2/users"}
ON_CALLS = re.compile(r"/v2/schedules/(?:on-calls|[^/]+/(?:on-calls|next-on-calls))(?:/|$)")
PREFIXES = (
    ("/v2/request-limits", ""),  # whoever is throttled may ask why
    ("/v2/alerts", "alert"),
    ("/v2/heartbeats", "heartbeat"),
    ("/v1/incidents", "incident"),
    ("/v2/integrations", "integration-configuration"),
)
TOO_MANY = "You are making too many requests! To avoid errors, we recommend you limit requests."


@dataclass(frozen=True, slots=True)
class RequestLimit:
    """Requests that one domain takes in a minute, and at most in one second of it."""

    per_minute: int
    per_second: int


Limits = Mapping[str, RequestLimit]
"""By domain; a domain that is absent is not limited."""
LimitsOf = Callable[[int], Awaitable[Limits]]
"""The limits of an account, by its id: what a plan supplies."""
NEVER_REACHED = RequestLimit(1_000_000, 50_000)  # what a domain without a limit is listed with: clients want a number


def domain_of(method: str, path: str) -> str:
    """The domain of a request to the API, or "" for one that is never limited."""
    if method == "GET" and path in SEARCHES:
        return "search"
    if ON_CALLS.match(path):
        return "schedule-oncalls"
    return next((domain for prefix, domain in PREFIXES if path == prefix or path.startswith(f"{prefix}/")),
                "configuration")  # fmt: skip


@dataclass(slots=True)
class _Buckets:
    """What is left of one domain's two windows at an instant, in requests."""

    minute: float
    second: float
    at: float

    def take(self, limit: RequestLimit, at: float) -> int:
        """0, one request being taken from both; or the seconds of the window that has none left."""
        passed = max(0.0, at - self.at)
        self.at = max(self.at, at)
        self.minute = min(limit.per_minute, self.minute + passed * limit.per_minute / MINUTE)
        self.second = min(limit.per_second, self.second + passed * limit.per_second / SECOND)
        if self.minute < 1:
            return MINUTE
        if self.second < 1:
            return SECOND
        self.minute -= 1
        self.second -= 1
        return 0


class RateLimiter:
    """Counts the requests of one process against the limits that `limits_of` knows."""

    def __init__(self, limits_of: LimitsOf) -> None:
        self._limits_of = limits_of
        self._known: dict[int, tuple[Limits, float]] = {}
        self._buckets: dict[tuple[int, str], _Buckets] = {}

    async def limits(self, account_id: int, now: datetime) -> Limits:
        """The account's limits, as they were at most half a minute ago."""
        at = now.timestamp()
        known = self._known.get(account_id)
        if known is None or not known[1] <= at < known[1] + KNOWN_SECONDS:
            known = self._known[account_id] = (await self._limits_of(account_id), at)
        return known[0]

    async def take(self, account_id: int, domain: str, now: datetime) -> None:
        """One request more. Raises: Throttled, naming the window that is used up."""
        limit = (await self.limits(account_id, now)).get(domain)
        if limit is None:
            return
        at = now.timestamp()
        buckets = self._buckets.get((account_id, domain))
        if buckets is None:
            buckets = self._buckets[account_id, domain] = _Buckets(limit.per_minute, limit.per_second, at)
        period_seconds = buckets.take(limit, at)
        if period_seconds:
            raise Throttled(TOO_MANY, reason="ACCOUNT", period_seconds=period_seconds)
