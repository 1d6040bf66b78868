"""A person's action and the engine may meet head on: the database undoes one of them, which begins again."""

import asyncio
from uuid import uuid4

import pytest
from psycopg.errors import DeadlockDetected
from tests.support.alerts import add_alert, add_run, runs_of
from tests.support.makers import START, Tenant

from tocsin.alerts.model import Alert, Call
from tocsin.db import DEADLOCK_TRIES, Databases, Tx, retried
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
    closing: list[asyncio.Task[object]] = []

    @retried  # whoever waited a second without an end is undone, and on a slow machine that may be the engine
    async def engine_works(alert: Alert) -> None:
        async with databases.engine.transaction() as engine:
            await engine.execute("select from escalation_runs where id = %(id)s for update", id=run_id)
            if not closing:
                call = Call(tenant.account_id, uuid4(), START, alert.id)
                closing.append(asyncio.create_task(service.close(tenant.app, call)))
                while not await blocked(engine):
                    pass
            await engine.execute(
                "update alerts set updated_at = %(at)s where account_id = %(account_id)s and id = %(id)s",
                at=START, account_id=tenant.account_id, id=alert.id,
            )  # fmt: skip

    await engine_works(alert)
    await closing[0]

    assert [run["due_at"] for run in await runs_of(databases, alert)] == [None]


@pytest.mark.parametrize("deadlocks", range(DEADLOCK_TRIES + 1))
async def test_what_met_a_deadlock_is_begun_again_a_few_times(deadlocks: int) -> None:
    calls: list[int] = []

    @retried
    async def work(number: int) -> int:
        calls.append(number)
        if len(calls) <= deadlocks:
            raise DeadlockDetected
        return number

    if deadlocks < DEADLOCK_TRIES:
        assert await work(7) == 7
    else:
        with pytest.raises(DeadlockDetected):
            await work(7)
    assert calls == [7] * min(deadlocks + 1, DEADLOCK_TRIES)
