"""Terms: what an account has is a fact that is added, found by its instant, and never changed."""

from dataclasses import replace
from datetime import date, timedelta

import psycopg
import pytest
from tests.support.makers import START, make_tenant

from tocsin.db import Databases
from tocsin.licensing import terms_store
from tocsin.licensing.model import Interval, Standing, Term

DAY = timedelta(days=1)


def make_term(account_id: int) -> Term:
    anchor_on = date(2026, 1, 31)
    return Term(
        account_id, START, Standing.ACTIVE, "standard", 10, Interval.MONTH, 1, anchor_on=anchor_on, zone="Asia/Tokyo"
    )


async def test_the_term_in_force_is_the_last_that_has_started(databases: Databases) -> None:
    tenant, other = await make_tenant(databases), await make_tenant(databases)
    first = make_term(tenant.account_id)
    second = replace(first, starts_at=START + DAY, plan="enterprise", interval=None)
    same_instant = replace(second, seats=12)

    async with tenant.app.transaction() as tx:
        await terms_store.insert_terms(tx, [first, second, same_instant])
        before, at_start, later = [
            await terms_store.find_term(tx, tenant.account_id, at) for at in (START - DAY, START, START + 2 * DAY)
        ]
        everything = await terms_store.list_terms(tx, tenant.account_id)
    async with databases.engine.transaction() as tx:
        of_both = await terms_store.terms_of(tx, [tenant.account_id, other.account_id], START)
    async with other.app.transaction() as tx:
        seen_by_others = await terms_store.list_terms(tx, tenant.account_id)

    assert (before, at_start, later) == (None, first, same_instant)
    assert everything == [first, second, same_instant]
    assert of_both == {tenant.account_id: first}
    assert seen_by_others == []


async def test_a_term_cannot_be_changed(databases: Databases) -> None:
    tenant = await make_tenant(databases)
    async with tenant.app.transaction() as tx:
        await terms_store.insert_terms(tx, [make_term(tenant.account_id)])

    with pytest.raises(psycopg.errors.RaiseException, match="is a fact"):
        async with tenant.app.transaction() as tx:
            await tx.execute(
                "update subscription_terms set seats = 99 where account_id = %(account_id)s",
                account_id=tenant.account_id,
            )
