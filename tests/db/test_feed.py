"""The feed of changes: who hears of what, and what happens when something may have been missed."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tocsin.db import Databases
from tocsin.web.feed import STREAMS_PER_SESSION, WAITING_LIMIT, Feed, Subscription

SESSION = "a session"


@pytest.fixture
async def feed(database_url: str) -> AsyncIterator[Feed]:
    opened = Feed(database_url)
    await opened.open()
    await opened.listening.wait()
    yield opened
    await opened.close()


async def changed(databases: Databases, account_id: int, alert_id: str = "") -> None:
    async with databases.engine.transaction() as tx:
        await tx.value("select pg_notify('tocsin_alerts', %(it)s)", it=f"{account_id}:{alert_id}")


async def next_message(subscription: Subscription) -> tuple[str, str] | None:
    await asyncio.wait_for(subscription.wake.wait(), 10)
    return subscription.take()


async def test_a_change_reaches_the_pages_of_its_account_only(feed: Feed, databases: Databases) -> None:
    with feed.subscribe(1, SESSION) as ours, feed.subscribe(2, SESSION) as theirs:
        assert ours is not None
        assert theirs is not None

        await changed(databases, 1, "an-alert")
        await changed(databases, 2, "another")

        assert await next_message(ours) == ("alert", "an-alert")
        assert await next_message(theirs) == ("alert", "another")
        assert ours.take() is None


async def test_a_page_of_one_alert_hears_of_that_alert_only(feed: Feed, databases: Databases) -> None:
    with feed.subscribe(1, SESSION, alert_id="mine") as subscription:
        assert subscription is not None

        await changed(databases, 1, "other")
        await changed(databases, 1, "mine")

        assert await next_message(subscription) == ("alert", "mine")


async def test_a_change_that_names_no_alert_reaches_every_page(feed: Feed, databases: Databases) -> None:
    with feed.subscribe(1, SESSION, alert_id="mine") as subscription:
        assert subscription is not None

        await changed(databases, 1)

        assert await next_message(subscription) == ("refresh", "")


def test_more_than_a_page_can_hold_becomes_one_refresh() -> None:
    subscription = Subscription(1, "", 0)

    for number in range(WAITING_LIMIT + 1):
        subscription.put(number, f"alert-{number}")

    assert len(subscription.changed) == WAITING_LIMIT
    assert subscription.take() == ("refresh", "")
    assert subscription.take() is None


async def test_who_comes_back_hears_of_nothing_when_nothing_was_missed(feed: Feed, databases: Databases) -> None:
    known = feed.position()
    with feed.subscribe(2, SESSION) as others:
        assert others is not None
        await changed(databases, 2, "somebody else's")
        await next_message(others)

    with feed.subscribe(1, SESSION, known) as subscription:
        assert subscription is not None

        assert subscription.take() is None


async def test_who_comes_back_after_a_change_reads_again(feed: Feed, databases: Databases) -> None:
    known = feed.position()
    with feed.subscribe(1, SESSION) as others:
        assert others is not None
        await changed(databases, 1, "an-alert")
        await next_message(others)

    with feed.subscribe(1, SESSION, known) as subscription:
        assert subscription is not None

        assert subscription.take() == ("refresh", "")


@pytest.mark.parametrize("known", ["00000000-5", "nonsense", "-", "00000000-99999999999999999999"])
async def test_who_comes_from_another_process_reads_again(feed: Feed, known: str) -> None:
    with feed.subscribe(1, SESSION, known) as subscription:
        assert subscription is not None

        assert subscription.take() == ("refresh", "")


async def test_a_lost_connection_is_made_anew_and_everybody_reads_again(feed: Feed, databases: Databases) -> None:
    with feed.subscribe(1, SESSION) as subscription:
        assert subscription is not None
        async with databases.app.transaction() as tx:
            # The running application of other tests may be listening too; it reconnects as well.
            ended = await tx.value(
                """
                select count(pg_terminate_backend(pid)) from pg_stat_activity
                 where query = 'listen tocsin_alerts' and pid <> pg_backend_pid()
                """
            )

        assert ended >= 1
        assert await next_message(subscription) == ("refresh", "")
        await asyncio.wait_for(feed.listening.wait(), 10)
        await changed(databases, 1, "an-alert")
        assert await next_message(subscription) == ("alert", "an-alert")


async def test_a_session_may_have_so_many_live_pages_and_no_more(feed: Feed) -> None:
    places = [feed.subscribe(1, SESSION) for _ in range(STREAMS_PER_SESSION)]
    for place in places:
        place.__enter__()

    with feed.subscribe(1, SESSION) as one_more, feed.subscribe(1, "another session") as other:
        assert one_more is None
        assert other is not None

    for place in places:
        place.__exit__(None, None, None)
    with feed.subscribe(1, SESSION) as again:
        assert again is not None


async def test_a_closing_feed_wakes_its_pages(feed: Feed) -> None:
    with feed.subscribe(1, SESSION) as subscription:
        assert subscription is not None

        feed.end_streams()

        await asyncio.wait_for(subscription.wake.wait(), 1)
        with feed.subscribe(1, SESSION) as late:
            assert late is None
