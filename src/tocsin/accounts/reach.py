"""Reach: does an SMS or a call get to a telephone number, as the form for contacts asks it.

The room knows the question; who answers stands above it, with the table of countries.
Source: licensing requirements R12
"""

from typing import Protocol

from tocsin.db import Tx


class Reach(Protocol):
    """Answers from the table of countries that is in force."""

    async def __call__(self, tx: Tx, number: str, *, voice: bool, locale: str) -> str:
        """The number as it is kept. Raises: Invalid, whose message names the country in the language of `locale`."""
