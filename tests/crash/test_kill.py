"""`kill -9` under load: what was answered with 202 is there, and every page arrives (promises 1 and 2)."""

import asyncio
import os
import random
import secrets
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from tests.support.figures import figures
from tests.support.program import eventually
from tests.support.server import scratch_folder
from tests.support.site import Site, alias, site

pytestmark = [pytest.mark.crash, pytest.mark.xdist_group("crash")]

RATE = float(os.environ.get("TOCSIN_CRASH_RATE", "1000"))  # alerts a second
TRICKLE = 50.0  # once the round has had its alerts, so that a slow machine comes to an end
ROUNDS = int(os.environ.get("TOCSIN_CRASH_ROUNDS", "20"))  # of `make soak`
VICTIMS = ("api", "worker", "postgres")


@pytest.fixture
def folder() -> Iterator[Path]:
    with scratch_folder() as path:
        yield path


async def test_what_is_accepted_is_kept_and_paged_through_kill_9_of_every_part(folder: Path) -> None:
    await one_round(folder, alerts=8_000, seed=given_seed())


@pytest.mark.soak
@pytest.mark.timeout(0)
async def test_twenty_rounds_of_kill_9() -> None:
    seeds = random.Random(given_seed())
    for number in range(ROUNDS):
        print(f"round {number + 1}")  # noqa: T201
        with scratch_folder() as folder:
            await one_round(folder, alerts=20_000, seed=seeds.randrange(2**32))


async def test_a_clean_stop_under_load_leaves_no_lease_and_nothing_is_sent_twice(folder: Path) -> None:
    async with site(folder) as it:
        under_load = asyncio.create_task(it.load.run(RATE))
        await eventually(lambda: len(it.load.accepted) > 500 and len(it.webhooks.notifications) > 100)

        status = await asyncio.to_thread(it.program.stop)

        it.load.stop()
        await under_load
        stored = Counter(str(alias) for alias in it.program.column("select alias from alerts"))
        assert status == 0
        assert {alias(number) for number in it.load.accepted} <= stored.keys()
        assert it.program.column("select id from notifications where status = 'sending'") == []

        it.program.start()
        await it.program.ready()
        await it.settled()

        check_pages(it, await it.rows(PAGES), stored)
        print(f"accepted {len(it.load.accepted)} before the stop, {it.load.broken} broken")  # noqa: T201
        assert it.webhooks.duplicates == 0
        assert it.mailed().total() == len(it.mailed())


def given_seed() -> int:
    return int(os.environ.get("TOCSIN_CRASH_SEED") or secrets.randbelow(2**32))


async def one_round(folder: Path, *, alerts: int, seed: int) -> None:
    """Kill API, worker and database in turn, each at a random moment after the last one is back; check everything."""
    print(f"TOCSIN_CRASH_SEED={seed}")  # noqa: T201
    moments = random.Random(seed)
    async with site(folder) as it:
        loop = asyncio.get_running_loop()
        started = loop.time()
        under_load = asyncio.create_task(it.load.run(RATE, alerts, TRICKLE))
        recoveries = [await kill(it, victim, moments.uniform(0.2, 2.0)) for victim in VICTIMS]
        it.load.stop()
        await under_load
        stopped_at = loop.time()
        await it.load.finish()
        await it.settled()

        print(report(it, recoveries, stopped_at - started, loop.time() - stopped_at))  # noqa: T201
        check_answers(it, await it.rows(ALERTS), await it.rows("select id::text from alert_requests"))
        check_pages(it, await it.rows(PAGES), Counter(alias(number) for number in it.load.accepted))
        died = [event for event in it.program.events() if event["event"] == "process_died"]
        assert [(event["process"], event["exit_status"]) for event in died] == [
            (victim, -signal.SIGKILL) for victim in VICTIMS
        ]  # and nothing else stumbled


async def kill(it: Site, victim: str, after: float) -> float:
    """`kill -9` in `after` seconds; the seconds until alerts are accepted and pages arrive again."""
    loop = asyncio.get_running_loop()
    await asyncio.sleep(after)
    os.kill(it.program.pids()[victim], signal.SIGKILL)
    killed_at = loop.time()

    def accepts() -> bool:
        return it.load.last_sent_at > killed_at

    def pages() -> bool:
        return bool(it.webhooks.arrivals) and it.webhooks.arrivals[-1] > killed_at + 0.2  # not what was on its way

    await eventually(lambda: accepts() and pages())
    return loop.time() - killed_at


ALERTS = "select id, alias, status, count from alerts"
PAGES = """
select n.id, a.alias, n.method, n.status, n.attempts, n.ended_at is not null as ended,
       (select count(*) from attempts t where t.account_id = n.account_id and t.notification_id = n.id) as written
  from notifications n join alerts a on a.account_id = n.account_id and a.id = n.alert_id
"""


def check_answers(it: Site, alerts: Sequence[dict[str, object]], requests: Sequence[dict[str, object]]) -> None:
    """Promise 1: each 202 stands for a committed alert, and its request can be asked for."""
    stored = Counter(row["alias"] for row in alerts)
    assert stored == Counter(alias(number) for number in it.load.accepted)
    known = {row["id"] for row in requests}
    assert {accepted.request_id for accepted in it.load.accepted.values()} <= known


def check_pages(it: Site, pages: Sequence[dict[str, object]], aliases: Counter[str]) -> None:
    """Promise 2: one page for each alert, ended once, after an attempt at least, and it did arrive."""
    assert Counter(str(page["alias"]) for page in pages) == aliases
    arrived = {"webhook": it.webhooks.notifications, "email": it.mailed()}
    ends = {"webhook": "delivered", "email": "accepted"}
    for page in pages:
        assert page["status"] == ends[str(page["method"])], page
        assert page["ended"], page
        assert page["attempts"] == page["written"], page
        assert int(str(page["written"])) >= 1, page
        assert arrived[str(page["method"])][int(str(page["id"]))] >= 1, page
    assert it.webhooks.wrong == []


def report(it: Site, recoveries: Sequence[float], load_seconds: float, settle_seconds: float) -> str:
    accepted = it.load.accepted.values()
    mailed = it.mailed()
    pages = [
        it.webhooks.first[alias(number)] - one.answered_at
        for number, one in it.load.accepted.items()
        if alias(number) in it.webhooks.first
    ]
    back = ", ".join(f"{victim} {seconds:.2f} s" for victim, seconds in zip(VICTIMS, recoveries, strict=True))
    return "\n".join(
        [
            f"accepted {len(accepted)} in {load_seconds:.1f} s of load, all quiet {settle_seconds:.1f} s after it",
            f"sent again after another answer {dict(it.load.refused)}, after a broken connection {it.load.broken}",
            f"duplicates: {it.webhooks.duplicates} of {it.webhooks.notifications.total()} webhooks, "
            f"{mailed.total() - len(mailed)} of {mailed.total()} mails",
            f"due → 202: {figures([one.answered_at - one.scheduled_at for one in accepted])}",
            f"202 → page: {figures(pages)}",
            f"accepting and paging again after kill -9 of {back}",
        ]
    )
