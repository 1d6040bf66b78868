"""GET /events over real HTTP."""

import asyncio

import aiohttp
from tests.support.alerts import add_alert
from tests.support.browsing import Browsing
from tests.support.makers import Tenant

from tocsin.db import Databases
from tocsin.web.feed import STREAMS_PER_SESSION


async def event(stream: aiohttp.ClientResponse) -> dict[str, str]:
    """The next event of a stream; comments are passed over."""
    found: dict[str, str] = {}
    while True:
        line = (await asyncio.wait_for(stream.content.readline(), 20)).decode().rstrip("\n")
        if line.startswith(":"):
            continue
        if not line:
            if found:
                return found
            continue
        name, _, value = line.partition(": ")
        found[name] = value


async def test_a_change_arrives_with_its_place_in_the_feed(ana: Browsing, databases: Databases, tenant: Tenant) -> None:
    alert = await add_alert(databases, tenant)
    await ana.get("/alerts")
    async with ana.session.get("/events") as stream:
        hello = await event(stream)

        await ana.post(f"/alerts/{alert.id}/acknowledge")

        change = await event(stream)
    assert stream.headers["Content-Type"].startswith("text/event-stream")
    assert stream.headers["Cache-Control"] == "no-store"
    assert hello["id"]
    assert (change["event"], change["data"]) == ("alert", alert.id)
    assert change["id"] != hello["id"]


async def test_who_comes_back_is_told_what_was_missed(ana: Browsing, databases: Databases, tenant: Tenant) -> None:
    alert = await add_alert(databases, tenant)
    await ana.get("/alerts")
    async with ana.session.get("/events") as stream:
        known = (await event(stream))["id"]
        await ana.post(f"/alerts/{alert.id}/acknowledge")
        await event(stream)

    async with ana.session.get("/events", headers={"Last-Event-ID": known}) as stream:
        await event(stream)
        again = await event(stream)

    assert again["event"] == "refresh"


async def test_another_account_hears_nothing(
    ana: Browsing, eve: Browsing, databases: Databases, tenant: Tenant
) -> None:
    alert = await add_alert(databases, tenant)
    await ana.get("/alerts")
    async with eve.session.get("/events") as theirs, ana.session.get("/events") as ours:
        await event(theirs)
        await event(ours)

        await ana.post(f"/alerts/{alert.id}/acknowledge")

        await event(ours)
        assert theirs.content.total_bytes < 100


async def test_a_session_has_so_many_streams_and_gets_them_back(ana: Browsing) -> None:
    streams = [await ana.session.get("/events") for _ in range(STREAMS_PER_SESSION)]
    for stream in streams:
        await event(stream)

    async with ana.session.get("/events") as refused:
        status = refused.status
    for stream in streams:
        stream.close()

    assert status == 204
    while True:  # the server notices a moment later that they are gone
        async with ana.session.get("/events") as again:
            if again.status == 200:
                break


async def test_nobody_listens_without_a_session(ana: Browsing) -> None:
    ana.session.cookie_jar.clear()

    answer = await ana.send("GET", "/events", {"HX-Request": "true"})

    assert answer.status == 401
