"""A person's action and the engine may meet head on; the action then wins at its second try."""

import asyncio
from uuid import uuid4

from tests.support.alerts import add_alert, add_run, runs_of
from tests.support.makers import START, Tenant

from tocsin.alerts.model import Call
from tocsin.db import Databases, Tx
from tocsin.escalations import service


async def blocked(tx: Tx) -> bool:
    """Is somebody waiting for a lock that this transaction holds?"""
    return bool(
        await tx.value(
            "select exists (select from pg_locks where not granted and pg_backend_pid() = any(pg_blocking_pids(pid)))"
        )
    )


async def test_closing_an_alert_survives_a_deadlock_with_the_engine(databases: Databases, tenant: Tenant) -> None:
    alert = await add_alert(databases, tenant)
    run_id = await add_run(databases, alert, "user", tenant.owner.id)
    call = Call(tenant.account_id, uuid4(), START, alert.id)

    async with databases.engine.transaction() as engine:
        await engine.execute("select from escalation_runs where id = %(id)s for update", id=run_id)
        closing = asyncio.create_task(service.close(tenant.app, call))
        while not await blocked(engine):
            pass
        await engine.execute(  # the engine now waits for the alert, which the action holds: the action is undone
            "update alerts set updated_at = %(at)s where account_id = %(account_id)s and id = %(id)s",
            at=START, account_id=tenant.account_id, id=alert.id,
        )  # fmt: skip
    result = await closing

    assert (result.success, result.status) == (True, "Closed alert")
    assert [run["due_at"] for run in await runs_of(databases, alert)] == [None]
