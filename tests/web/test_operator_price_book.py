"""The operator's price book: what holds, in tables; the next version, checked, compared and published by one person."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from tests.support.books import SHIPPED
from tests.support.browsing import Answer, Browsing, browsing, give_password
from tests.support.makers import START, Tenant, make_tenant
from tests.support.server import scratch_database, serve

from tocsin.accounts import audit_store
from tocsin.accounts import store as accounts_store
from tocsin.clock import SetClock
from tocsin.db import Databases, open_databases
from tocsin.licensing import pricebook_service, pricebook_store
from tocsin.licensing.pricebook_store import PublishedBook
from tocsin.settings import Settings

HERE = "/operator/price-book"
NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
DEARER = SHIPPED.replace("us_ca: {USD: 0.10", "us_ca: {USD: 0.12", 1)
DEAREST = SHIPPED.replace("us_ca: {USD: 0.10", "us_ca: {USD: 0.15", 1)


@pytest.fixture
async def fresh() -> AsyncIterator[tuple[str, Databases]]:
    """A migrated database of this test's own, and its address: published books cannot be removed again."""
    with scratch_database() as url:
        async with open_databases(url, app_size=2, engine_size=4) as opened:
            yield url, opened


@pytest.fixture
async def server(fresh: tuple[str, Databases]) -> Tenant:
    """The account whose owner runs the server."""
    _, databases = fresh
    made = await make_tenant(databases, "server")
    async with databases.engine.transaction() as tx:
        await accounts_store.insert_operator(tx, made.account_id, made.owner.id, START)
    return made


@pytest.fixture
async def operator(fresh: tuple[str, Databases], server: Tenant, settings: Settings) -> AsyncIterator[Browsing]:
    url, databases = fresh
    async with serve(settings, url, SetClock(NOW)) as address, browsing(address) as opened:
        await opened.sign_in(await give_password(databases, server.owner))
        await opened.get(HERE)
        yield opened


async def versions(databases: Databases) -> list[PublishedBook]:
    async with databases.engine.transaction() as tx:
        return await pricebook_store.list_newest_first(tx)


async def check(operator: Browsing, document: str) -> Answer:
    return await operator.post(f"{HERE}/check", document=document)


async def publish(operator: Browsing, checked: Answer, document: str, note: str = "") -> Answer:
    """The form of the page that shows the changes."""
    expected = re.search(r'name="expected" value="(\d+)"', checked.text)
    assert expected, checked.text
    return await operator.post(f"{HERE}/publish", document=document, expected=expected.group(1), note=note)


async def upload(operator: Browsing, content: bytes) -> tuple[int, str]:
    form = aiohttp.FormData({"csrf_token": operator.csrf_token, "document": "ignored"})
    form.add_field("file", content, filename="book.yaml", content_type="application/yaml")
    async with operator.session.post(f"{HERE}/check", data=form) as response:
        return response.status, await response.text()


async def test_what_holds_is_read_in_tables_and_as_the_file_that_was_published(operator: Browsing) -> None:
    page = await operator.get(HERE)
    file = await operator.get(f"{HERE}/export?version=1")

    assert "Version 1" in page
    assert "as shipped" in page
    assert "names no seller" in page
    assert re.search(r'Monthly</span></th><td class="number">1–50</td><td class="number">11\.55', page.text)
    assert "trial.days" in page
    assert "Personal notification rules" in page
    assert (file.text, file.headers["content-type"]) == (SHIPPED, "application/yaml")
    assert 'filename="price-book-1.yaml"' in file.headers["content-disposition"]
    assert f'href="{HERE}"' in await operator.get("/operator")
    for unknown in ("7", "x", "9" * 12):
        assert (await operator.get(f"{HERE}?version={unknown}")).status == 404


async def test_a_document_is_checked_compared_and_published_with_an_audit_line(
    operator: Browsing, fresh: tuple[str, Databases], server: Tenant
) -> None:
    changes = await check(operator, DEARER.replace("\n", "\r\n"))
    before = await versions(fresh[1])
    done = await publish(operator, changes, DEARER.replace("\n", "\r\n"), "dearer SMS")

    assert "rates.messages.us_ca.USD" in changes
    assert "+20.0 %" in changes
    assert [it.version for it in before] == [1]
    assert "Version 2 is published, with 1 change." in done
    assert "dearer SMS" in done
    [newest, _] = await versions(fresh[1])
    assert (newest.document, newest.note, newest.published_by, newest.announced_at) == (
        DEARER, "dearer SMS", server.owner.username, NOW,
    )  # fmt: skip
    assert await audited(server) == [
        (
            {"rates.messages.us_ca.USD": "0.10"},
            {"note": "dearer SMS", "changes": 1, "rates.messages.us_ca.USD": "0.12"},
        )
    ]


async def audited(server: Tenant) -> list[tuple[Any, Any]]:
    async with server.app.transaction() as tx:
        entries = await audit_store.list_entries(tx, server.account_id, 10, before_id=None, after_id=None, since=None)
    return [(it.before, it.after) for it in entries if (it.action, it.object_type) == ("published", "price-book")]


async def test_every_mistake_is_told_at_once_with_its_line_and_what_was_typed_stays(
    operator: Browsing, fresh: tuple[str, Databases]
) -> None:
    wrong = DEARER.replace("price_notice_days: 30", "price_notice_days: soon").replace("trial:", "trail:", 1)

    page = await check(operator, wrong)

    assert page.status == 422
    assert re.search(r"line \d+, thresholds\.price_notice_days: ", page.text)
    assert "There is no key &#39;trail&#39; here" in page.text
    assert "price_notice_days: soon" in page
    assert len(await versions(fresh[1])) == 1


async def test_of_two_operators_who_looked_at_the_same_version_the_second_sees_what_came_between(
    operator: Browsing, fresh: tuple[str, Databases]
) -> None:
    looked = await check(operator, DEAREST)
    await pricebook_service.publish(fresh[1].engine, DEARER, "by another", "bob@example.com", NOW)

    refused = await publish(operator, looked, DEAREST)
    done = await publish(operator, refused, DEAREST)

    assert refused.status == 409
    assert "Somebody has published another version since" in refused
    assert "bob@example.com" in refused
    assert "+25.0 %" in refused  # of 0.12 now, not of 0.10
    assert "Version 3 is published" in done
    assert [it.published_by for it in await versions(fresh[1])][1:] == ["bob@example.com", ""]


async def test_a_document_that_changes_nothing_is_refused(operator: Browsing, fresh: tuple[str, Databases]) -> None:
    checked = await check(operator, SHIPPED)
    published = await operator.post(f"{HERE}/publish", document=SHIPPED, expected="2")
    unseen = await operator.post(f"{HERE}/publish", document=DEARER, expected="soon")

    assert (checked.status, published.status, unseen.status) == (409, 409, 422)
    assert "there is nothing to publish" in checked
    assert "Look at the changes first." in unseen
    assert len(await versions(fresh[1])) == 1


async def test_a_file_counts_instead_of_what_is_typed_and_must_be_text(operator: Browsing) -> None:
    good, text = await upload(operator, DEARER.encode())
    bad, told = await upload(operator, b"\xff\xfe\x00")

    assert (good, bad) == (200, 422)
    assert "What it changes" in text
    assert "not UTF-8 text" in told


async def test_others_than_operators_find_no_such_page(fresh: tuple[str, Databases], settings: Settings) -> None:
    url, databases = fresh
    owner = (await make_tenant(databases)).owner
    async with serve(settings, url, SetClock(NOW)) as address, browsing(address) as eve:
        await eve.sign_in(await give_password(databases, owner))
        answers = [
            await eve.get(HERE),
            await eve.get(f"{HERE}/export"),
            await eve.post(f"{HERE}/check", document=DEARER),
            await eve.post(f"{HERE}/publish", document=DEARER, expected="2"),
        ]

    assert [it.status for it in answers] == [404] * 4
    assert len(await versions(databases)) == 1
