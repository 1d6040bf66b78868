"""Published price books: the first is there from the start, each next one is announced, none ever changes."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from tests.support.books import REQUIREMENTS, SHIPPED, shipped_book
from tests.support.server import scratch_database, scratch_folder

from tocsin import pricebook_command
from tocsin.clock import SetClock
from tocsin.db import Databases, open_databases
from tocsin.errors import Conflict, Invalid, NotFound
from tocsin.licensing import pricebook_service as service
from tocsin.licensing import pricebook_store as store
from tocsin.migrate import migrate
from tocsin.postgres import EmbeddedServer
from tocsin.settings import Settings

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DEARER = SHIPPED.replace("us_ca: {USD: 0.10", "us_ca: {USD: 0.12", 1)


@pytest.fixture
async def fresh() -> AsyncIterator[Databases]:
    """A migrated database of this test's own: published books cannot be removed again."""
    with scratch_database() as url:
        async with open_databases(url, app_size=1, engine_size=4) as opened:
            yield opened


async def test_a_fresh_server_has_the_shipped_book_announced_long_ago(fresh: Databases) -> None:
    async with fresh.app.transaction() as tx:
        assert await service.current(tx) == shipped_book(1)
        assert await service.for_renewal(tx, AT) == shipped_book(1)
        with pytest.raises(NotFound):
            await service.get(tx, 2)


async def test_m16_a_new_version_holds_for_orders_at_once_and_for_renewals_after_thirty_days(fresh: Databases) -> None:
    book, [change] = await service.publish(fresh.engine, DEARER, "dearer SMS", "ana@example.com", AT)

    assert (book.version, str(change)) == (2, "rates.messages.us_ca.USD: 0.10 → 0.12 (+20.0 %)")
    async with fresh.app.transaction() as tx:
        assert (await service.current(tx)).version == 2
        assert (await service.for_renewal(tx, AT + timedelta(days=30, seconds=-1))).version == 1
        assert (await service.for_renewal(tx, AT + timedelta(days=30))).version == 2
        assert (await service.get(tx, 1)).version == 1
        [second, first] = await store.list_newest_first(tx)
    assert (second.note, second.published_by, second.announced_at) == ("dearer SMS", "ana@example.com", AT)
    assert first.published_by == ""


async def test_of_several_publishers_at_once_who_looked_at_the_same_version_one_succeeds(fresh: Databases) -> None:
    done = await asyncio.gather(
        *(service.publish(fresh.engine, DEARER, str(n), "", AT, expected=2) for n in range(4)), return_exceptions=True
    )

    assert sorted(type(result).__name__ for result in done) == ["Conflict", "Conflict", "Conflict", "tuple"]
    async with fresh.app.transaction() as tx:
        assert [book.version for book in await store.list_newest_first(tx)] == [2, 1]


async def test_a_document_that_is_wrong_loses_a_plan_or_changes_nothing_is_not_published(fresh: Databases) -> None:
    with pytest.raises(Conflict):
        await service.publish(fresh.engine, SHIPPED, "", "", AT)
    with pytest.raises(Invalid):
        await service.publish(fresh.engine, REQUIREMENTS, "", "", AT)  # without PLN
    with pytest.raises(Invalid):
        await service.publish(fresh.engine, SHIPPED.replace("days: 14", "days: soon"), "", "", AT)
    with pytest.raises(Invalid):
        await service.publish(fresh.engine, DEARER, "x" * 501, "", AT)

    async with fresh.app.transaction() as tx:
        assert (await service.current(tx)).version == 1


@pytest.mark.parametrize(
    "statement", ["update price_books set note = 'x'", "delete from price_books", "truncate price_books"]
)
async def test_the_database_itself_refuses_to_change_what_was_published(database_url: str, statement: str) -> None:
    with (
        psycopg.connect(database_url.replace("{role}", "tocsin_owner")) as conn,
        pytest.raises(psycopg.errors.RaiseException, match="never changes"),
    ):
        conn.execute(statement)


@pytest.fixture(scope="module")
def machine() -> Iterator[Settings]:
    """Settings of a machine whose embedded database runs."""
    with scratch_folder() as folder:
        server = EmbeddedServer(folder, durable=False)
        server.start()
        migrate(server.url())
        yield Settings(secret_key="long enough for a test", data_dir=folder, database_url=None)
        server.stop()


def test_the_command_line_shows_checks_and_publishes(machine: Settings, tmp_path: Path) -> None:
    file, clock = tmp_path / "book.yaml", SetClock(AT)
    file.write_text(pricebook_command.show(machine, None))
    unchanged = pricebook_command.check(machine, file)
    file.write_text(file.read_text().replace("us_ca: {USD: 0.10", "us_ca: {USD: 0.12", 1))

    checked = pricebook_command.check(machine, file)
    published = pricebook_command.publish(machine, file, "dearer", clock)

    line = "  rates.messages.us_ca.USD: 0.10 → 0.12 (+20.0 %)"
    assert unchanged == "This document says what version 1 says; there is nothing to publish."
    assert checked.splitlines()[0] == line
    assert "There is no seller in it: no invoice can be finalised." in checked
    assert checked.splitlines()[-1] == "The file is good. Publishing it makes version 2."
    assert published.splitlines()[0] == line
    assert published.splitlines()[-1].startswith(
        "Version 2 is published: new orders use it now, renewals from 30 days on."
    )
    assert "USD: 0.12" in pricebook_command.show(machine, 2)
    assert pricebook_command.show(machine, 1) == SHIPPED


def test_the_command_line_tells_every_problem_of_a_file(machine: Settings, tmp_path: Path) -> None:
    file = tmp_path / "book.yaml"
    file.write_text(SHIPPED.replace("days: 14", "days: 0").replace("sso: true", "sso: maybe"))

    with pytest.raises(Invalid) as refused:
        pricebook_command.check(machine, file)

    assert len(refused.value.message.splitlines()) == 3
    with pytest.raises(Invalid, match="cannot be read"):
        pricebook_command.check(machine, tmp_path / "none.yaml")
