"""Claims: two workers never hold the same alert's runs."""

from uuid import uuid4

from tests.support.makers import START, Tenant

from tocsin.db import Databases, Tx
from tocsin.escalations import store


async def test_all_runs_of_an_alert_are_one_workers_at_a_time(databases: Databases, tenant: Tenant) -> None:
    async with databases.engine.transaction() as tx:
        for alert_id in ("a", "a", "b"):
            await tx.execute(
                "insert into escalation_runs (account_id, alert_id, responder_type, responder_id, started_at, due_at) "
                "values (%(account_id)s, %(alert_id)s, 'user', %(id)s, %(at)s, %(at)s)",
                account_id=tenant.account_id, alert_id=alert_id, id=uuid4(), at=START,
            )  # fmt: skip

    async with databases.engine.transaction() as first, databases.engine.transaction() as second:
        one = await claimed(first, tenant, per_account=1)
        other = await claimed(second, tenant, per_account=10)

    assert one == ["a"]
    assert other == ["b"]


async def claimed(tx: Tx, tenant: Tenant, *, per_account: int) -> list[str]:
    rows = await store.claim_due(tx, START, per_account, 1000)
    return [row.alert_id for row in rows if row.account_id == tenant.account_id]
