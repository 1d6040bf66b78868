"""Ids that are the same in every rehearsal. Pure."""

from collections.abc import Callable
from itertools import count
from uuid import UUID, uuid5

NAMESPACE = UUID("6e2b5f0a-8c1d-5a57-9d27-2f6f5a3c9b10")  # of the ids that rehearsals make up


def numbered(what: str) -> Callable[[], UUID]:
    """A source of ids: the first `what`, the second one, and so on, the same in every rehearsal."""
    numbers = count(1)
    return lambda: uuid5(NAMESPACE, f"{what} {next(numbers)}")
