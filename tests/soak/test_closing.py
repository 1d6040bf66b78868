"""Closing one period for many subscriptions at once. Small here, 100,000 in `make soak`."""

import resource
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from tests.support.billing_accounts import make_rails
from tests.support.books import REQUIREMENTS
from tests.support.many_subscriptions import BOUNDARY, invoices_of, make_many
from tests.support.server import scratch_database

from tocsin.billing import due
from tocsin.db import Databases, open_databases
from tocsin.licensing import pricebook_store
from tocsin.licensing.pricebook_store import PublishedBook

SET = 1_000


@pytest.fixture
async def selling() -> AsyncIterator[Databases]:
    with scratch_database() as url:
        async with open_databases(url) as opened:
            async with opened.engine.transaction() as tx:
                long_ago = datetime(2020, 1, 1, tzinfo=UTC)
                await pricebook_store.insert(tx, PublishedBook(2, REQUIREMENTS, long_ago, "", ""))
            yield opened


@pytest.mark.parametrize("count", [1_500, pytest.param(100_000, marks=pytest.mark.soak)])
async def test_every_subscription_gets_one_numbered_invoice_at_the_boundary(selling: Databases, count: int) -> None:
    await make_many(selling, count)
    rails = make_rails()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    started, moved = time.perf_counter(), 0
    while (step := await due.advance_due(selling.engine, rails, BOUNDARY, SET)) > 0:
        moved += step
    seconds = time.perf_counter() - started

    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"{count} invoices in {seconds:.1f} s: {count / seconds:.0f}/s, {grown:.0f} MB more at most")
    assert moved == count
    assert await invoices_of(selling, BOUNDARY) == (count, 1, count)
