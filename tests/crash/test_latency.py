"""How long from the 202 to the page's first byte: printed, for machines differ; what is asserted is that all arrive."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.figures import figures
from tests.support.program import eventually
from tests.support.server import scratch_folder
from tests.support.site import BY_MAIL_EVERY, Site, alias, site

pytestmark = [pytest.mark.crash, pytest.mark.xdist_group("crash")]

IDLE, BUSY = 10.0, 200.0  # alerts a second


@pytest.fixture
def folder() -> Iterator[Path]:
    with scratch_folder() as path:
        yield path


async def test_a_page_follows_its_alert_at_once(folder: Path) -> None:
    async with site(folder) as it:
        await measure(it, IDLE, 10)  # what is loaded and planned at first use
        for rate, alerts in ((IDLE, 40), (BUSY, 800)):
            print(f"{rate:.0f} alerts/s, 202 → first byte of the page: {await measure(it, rate, alerts)}")  # noqa: T201
        await it.settled()

        assert len(it.webhooks.notifications) + len(it.mailed()) == len(it.load.accepted)


async def measure(it: Site, rate: float, alerts: int) -> str:
    first, last = it.load.next, it.load.next + alerts
    running = asyncio.create_task(it.load.run(rate))
    await eventually(lambda: it.load.next >= last)
    it.load.stop()
    await running
    await it.load.finish()
    hooked = [number for number in range(first, it.load.next) if number % BY_MAIL_EVERY]
    await eventually(lambda: all(alias(number) in it.webhooks.first for number in hooked))
    return str(figures([it.webhooks.first[alias(n)] - it.load.accepted[n].answered_at for n in hooked]))
