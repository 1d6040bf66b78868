"""A letter to the owners that an address refuses for good: who gets it instead, by what is passed in alone.

Source: licensing requirements R3.1
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Readers:
    """The addresses of an account's active owners, and of its admins."""

    owners: Sequence[str]
    admins: Sequence[str]


def stand_ins(failed: Mapping[str, bool], readers: Readers) -> tuple[str, ...]:
    """Who gets the letter now. `failed` says of each address that it went to whether that failed for good.

    Owners who have not got it; where every owner's copy failed, the admins. Nobody gets it twice, so it ends.
    """
    tried = {address.casefold(): lost for address, lost in failed.items()}
    fresh = tuple(it for it in readers.owners if it.casefold() not in tried)
    if fresh:
        return fresh
    if not all(tried[it.casefold()] for it in readers.owners):
        return ()
    return tuple(it for it in readers.admins if it.casefold() not in tried)
