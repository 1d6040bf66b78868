"""How often a calendar's link may be read, and an address may try links: counted by each process for itself. Pure."""

from collections import deque
from datetime import datetime, timedelta

from tocsin.errors import Throttled
from tocsin.i18n import N_

WINDOW = timedelta(minutes=1)
READS = 12  # of one link in a minute: a calendar program asks once in a while, on a few devices
TRIES = 120  # of one address in a minute: many people may sit behind one
KEYS = 10_000


class FeedLimit:
    """The reads of the last minute."""

    def __init__(self) -> None:
        self._reads: dict[str, deque[datetime]] = {}

    def take(self, key: str, most: int, at: datetime) -> None:
        """One more read under that key. Raises: Throttled where the last minute has had so many."""
        if len(self._reads) >= KEYS and key not in self._reads:
            self._reads = {it: reads for it, reads in self._reads.items() if reads and reads[-1] > at - WINDOW}
        reads = self._reads.setdefault(key, deque())
        while reads and reads[0] <= at - WINDOW:
            reads.popleft()
        if len(reads) >= most:
            raise Throttled(N_("This calendar is read too often. Once an hour is enough."), period_seconds=60)
        reads.append(at)
