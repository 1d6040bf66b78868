"""Notices: what whoever answers for an account has to know on every page, as the shell of pages asks it.

The shell knows the question; who answers stands above it, with trial, debts and usage.
Source: licensing requirements R3.1, R9.3, §4
"""

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Protocol

from tocsin.db import Tx
from tocsin.templating import Notice


class Notices(Protocol):
    """Answers from how the account's subscription stands at `at`, in the reader's language and zone."""

    async def __call__(
        self, tx: Tx, account_id: int, *, locale: str, zone: tzinfo, at: datetime
    ) -> Sequence[Notice]: ...
