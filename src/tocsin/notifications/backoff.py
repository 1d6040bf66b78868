"""Back-off: when a failed attempt is made again, and when to give up. Pure; every instant is UTC."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits double from `first` up to `longest`; after `attempts` failures in all, no more.

    As it stands, somebody who cannot be reached is given up after about nine minutes, so that the
    next contact, the escalation or the last resort still comes in time.
    """

    first: timedelta = timedelta(seconds=5)
    longest: timedelta = timedelta(minutes=5)
    attempts: int = 8


STANDARD = Backoff()


@dataclass(frozen=True, slots=True)
class RetryAt:
    at: datetime


@dataclass(frozen=True, slots=True)
class GiveUp:
    attempts: int


def retry(notification_id: str, failures: int, failed_at: datetime, backoff: Backoff = STANDARD) -> RetryAt | GiveUp:
    """What follows the `failures`-th failure of a notification, counted from 1, at `failed_at`.

    The wait is shortened by up to a fifth, by the notification's id and the count: notifications that
    failed together come back apart, and a rehearsal sees the same instants as the night itself.
    """
    if failures >= backoff.attempts:
        return GiveUp(failures)
    doublings = min(failures - 1, 20)  # a million times is past any `longest`
    wait = min(backoff.first * 2**doublings, backoff.longest)
    return RetryAt(failed_at + wait * (1 - _fraction(f"{notification_id}:{failures}") / 5))


def _fraction(seed: str) -> float:
    """A number in [0, 1) that looks random and is always the same for one seed."""
    return int.from_bytes(sha256(seed.encode()).digest()[:4]) / 2**32
