"""Ingest when the connection breaks between the commit and its answer: once is once."""

import asyncio
from pathlib import Path

from tests.support.cut import wire
from tests.support.makers import Tenant

from tocsin.alerts.create import parse_create
from tocsin.clock import SystemClock
from tocsin.db import Databases
from tocsin.escalations.ingest import Ingest, Request, new_id
from tocsin.escalations.responders import Directories


async def test_a_batch_whose_answer_was_lost_is_written_once(
    databases: Databases, database_url: str, tenant: Tenant, tmp_path: Path
) -> None:
    clock = SystemClock()

    def request(message: str) -> Request:
        done = asyncio.get_running_loop().create_future()
        now = clock.now()
        return Request(new_id(now), tenant.integration, parse_create({"message": message}), "", now, done)

    async with wire(database_url, tmp_path) as cut:
        ingest = Ingest(cut.url, Directories(databases.engine), clock, queue_limit=10)
        await ingest.open()
        await ingest.submit(request("before"))
        cut.cutting = True

        await ingest.submit(request("lost answer"))

        await ingest.submit(request("after"))
        await ingest.close()
    async with tenant.app.transaction() as tx:
        messages = await tx.values(
            "select message from alerts where account_id = %(account_id)s order by tiny_id",
            account_id=tenant.account_id,
        )
    assert cut.cuts == 1
    assert messages == ["before", "lost answer", "after"]
