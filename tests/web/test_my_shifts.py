"""My shifts, and the calendars that programs subscribe to, read back by another program's reader."""

import itertools
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import aiohttp
import pytest
from icalendar import Calendar
from tests.support.browsing import Answer, Browsing
from tests.support.makers import Tenant
from tests.web.test_schedule_pages import add_schedule, rows, words

from tocsin.accounts.model import User
from tocsin.clock import SystemClock
from tocsin.db import Databases
from tocsin.errors import Throttled
from tocsin.on_call.feed_limit import READS, WINDOW, FeedLimit


@pytest.fixture
async def program(base_url: str) -> AsyncIterator[aiohttp.ClientSession]:
    """A calendar program: no cookies, no key."""
    async with aiohttp.ClientSession(base_url) as client:
        yield client


def link_of(page: Answer) -> str:
    """The path of the link that is shown once."""
    return "/calendar/" + page.find(r"/calendar/([\w-]+\.ics)<")


async def events(program: aiohttp.ClientSession, path: str) -> list[dict[str, Any]]:
    async with program.get(path) as answer:
        assert answer.status == 200
        assert answer.content_type == "text/calendar"
        read = Calendar.from_ical(await answer.read())
    return [
        {
            "starts_at": cast(Any, it["dtstart"]).dt,
            "ends_at": cast(Any, it["dtend"]).dt,
            "summary": str(it["summary"]),
            "uid": str(it["uid"]),
        }
        for it in read.walk("VEVENT")
    ]


async def status(program: aiohttp.ClientSession, path: str) -> int:
    async with program.get(path) as answer:
        return answer.status


async def test_without_shifts_it_says_so(bo: Browsing) -> None:
    page = await bo.get("/my-shifts")

    assert page.status == 200
    assert "No shifts in these four weeks" in page
    assert "No link yet." in page


async def test_shifts_of_every_schedule_are_listed_four_weeks_a_page(
    bo: Browsing, databases: Databases, tenant: Tenant, bo_user: User
) -> None:
    base = await add_schedule(databases, tenant, (tenant.owner, "admin"), (bo_user, "user"))
    soon = SystemClock().now() + timedelta(days=3)
    start, end = soon.strftime("%Y-%m-%dT08:00"), soon.strftime("%Y-%m-%dT20:00")
    await bo.get(base)
    await bo.post(f"{base}/overrides/new", user=str(bo_user.id), starts=start, ends=end)

    page = await bo.get("/my-shifts")
    later = await bo.get("/my-shifts?page=1")
    odd = await bo.get("/my-shifts?page=99999999999")

    told = words(page)
    assert "Web_schedule, Weekly rotation" in told
    assert "by an override" in told
    assert "by turn" in told
    assert f'href="{base}/shift?at=' in page.text
    assert 'href="/my-shifts?page=1"' in page.text
    assert 'href="/my-shifts?page=0"' in later.text
    assert odd.status == 200


async def test_my_calendar_is_read_without_signing_in(
    bo: Browsing, program: aiohttp.ClientSession, databases: Databases, tenant: Tenant, bo_user: User
) -> None:
    await add_schedule(databases, tenant, (tenant.owner, "admin"), (bo_user, "user"))
    await bo.get("/my-shifts")
    now = SystemClock().now()

    page = await bo.post("/my-shifts/feeds", schedule="mine")
    link = link_of(page)
    first = await events(program, link)
    again = await events(program, link)
    listed = await bo.get("/my-shifts")

    assert {it["summary"] for it in first} == {"On call: Web_schedule"}
    assert 5 <= len(first) <= 9  # every second week of fifteen
    assert min(it["starts_at"] for it in first) >= now - timedelta(days=15)
    assert max(it["ends_at"] for it in first) <= now + timedelta(days=92)
    assert [it["uid"] for it in again] == [it["uid"] for it in first]
    assert "/calendar/" not in listed.text  # shown once
    assert "last read" in listed
    [stored] = await rows(tenant, "select token_hash from calendar_feeds where account_id = %(account_id)s")
    assert link.removeprefix("/calendar/").removesuffix(".ics").encode() not in bytes(stored["token_hash"])


async def test_a_schedule_s_calendar_names_who_is_on_call(
    bo: Browsing, program: aiohttp.ClientSession, databases: Databases, tenant: Tenant, bo_user: User
) -> None:
    base = await add_schedule(databases, tenant, (tenant.owner, "admin"), (bo_user, "user"))
    await bo.get("/my-shifts")

    link = link_of(await bo.post("/my-shifts/feeds", schedule=base.removeprefix("/schedules/")))
    found = await events(program, link)

    assert {it["summary"] for it in found} == {tenant.owner.full_name, bo_user.full_name}
    shifts = sorted(found, key=lambda it: it["starts_at"])
    assert all(one["ends_at"] == other["starts_at"] for one, other in itertools.pairwise(shifts))


async def test_a_revoked_link_is_dead_and_others_links_are_not_mine_to_revoke(
    ana: Browsing, bo: Browsing, program: aiohttp.ClientSession, tenant: Tenant
) -> None:
    await bo.get("/my-shifts")
    link = link_of(await bo.post("/my-shifts/feeds", schedule="mine"))
    [feed] = await rows(tenant, "select id::text from calendar_feeds where account_id = %(account_id)s")
    await ana.get("/my-shifts")
    before = await status(program, link)

    not_hers = await ana.send("POST", f"/my-shifts/feeds/{feed['id']}/revoke")
    still = await status(program, link)
    revoked = await bo.post(f"/my-shifts/feeds/{feed['id']}/revoke")

    assert (before, not_hers.status, still) == (200, 404, 200)
    assert "The calendar link is revoked." in revoked
    assert await status(program, link) == 404
    actions = await rows(
        tenant,
        "select action from audit_log where account_id = %(account_id)s and action like '%%calendar%%' order by id",
    )
    assert [row["action"] for row in actions] == ["made a calendar link for", "revoked a calendar link of"]


@pytest.mark.parametrize(
    "sql",
    [
        "update users set status = 'suspended' where id = %(user_id)s",
        "update users set inactive_since = %(at)s where id = %(user_id)s",
        "update users set role = 'stakeholder', licence_kind = 'stakeholder' where id = %(user_id)s",
        "update accounts set deleted_at = %(at)s where id = %(account_id)s",
        "update schedules set inactive_since = %(at)s where account_id = %(account_id)s",
    ],
    ids=["suspended", "over the plan", "stakeholder", "account gone", "schedule over the plan"],
)
async def test_a_link_is_dead_with_the_access_that_it_rests_on(
    bo: Browsing, program: aiohttp.ClientSession, databases: Databases, tenant: Tenant, bo_user: User, sql: str
) -> None:
    base = await add_schedule(databases, tenant, (tenant.owner, "admin"))
    await bo.get("/my-shifts")
    link = link_of(await bo.post("/my-shifts/feeds", schedule=base.removeprefix("/schedules/")))
    before = await status(program, link)

    async with databases.engine.transaction() as tx:
        await tx.execute(sql, user_id=bo_user.id, account_id=tenant.account_id, at=SystemClock().now())

    assert (before, await status(program, link)) == (200, 404)


async def test_a_link_that_is_read_too_often_waits_a_minute(bo: Browsing, program: aiohttp.ClientSession) -> None:
    await bo.get("/my-shifts")
    link = link_of(await bo.post("/my-shifts/feeds", schedule="mine"))

    found = [await status(program, link) for _ in range(READS + 1)]

    assert found == [200] * READS + [429]


async def test_what_is_no_link_is_not_there(program: aiohttp.ClientSession) -> None:
    assert [await status(program, f"/calendar/{token}.ics") for token in ("x", "x" * 43, "%00")] == [404, 404, 404]


async def test_links_have_a_limit_and_schedules_are_those_of_the_account(
    bo: Browsing, eve: Browsing, databases: Databases, tenant: Tenant, bo_user: User
) -> None:
    base = await add_schedule(databases, tenant, (tenant.owner, "admin"))
    await bo.get("/my-shifts")
    for _ in range(20):
        await bo.post("/my-shifts/feeds", schedule="mine")
    await eve.get("/my-shifts")

    full = await bo.post("/my-shifts/feeds", schedule="mine")
    hers = await eve.send("POST", "/my-shifts/feeds", schedule=base.removeprefix("/schedules/"))

    assert full.status == 422
    assert "You have 20 calendar links already." in full
    assert hers.status == 404


async def test_a_stakeholder_has_no_shifts(stakeholder: Browsing) -> None:
    answers = [await stakeholder.send("GET", "/my-shifts"), await stakeholder.send("POST", "/my-shifts/feeds")]

    assert [answer.status for answer in answers] == [403, 403]


def test_the_limit_counts_each_key_for_a_minute() -> None:
    limit, at = FeedLimit(), datetime(2026, 3, 2, tzinfo=UTC)
    for _ in range(3):
        limit.take("one", 3, at)

    limit.take("other", 3, at)
    with pytest.raises(Throttled):
        limit.take("one", 3, at + WINDOW - timedelta(seconds=1))
    limit.take("one", 3, at + WINDOW)
