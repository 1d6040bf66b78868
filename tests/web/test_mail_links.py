"""The links of a page's mail: looking changes nothing, a button acts for the person who was mailed."""

from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import uuid4

import pytest
from tests.support.alerts import add_alert, add_notification
from tests.support.browsing import Browsing, browsing
from tests.support.makers import START, Tenant, add_user

from tocsin.accounts.model import User
from tocsin.alerts import store
from tocsin.alerts.model import Alert, AlertStatus
from tocsin.db import Databases
from tocsin.notifications import links
from tocsin.notifications.model import Notification
from tocsin.settings import Settings


@pytest.fixture
async def stranger(base_url: str) -> AsyncIterator[Browsing]:
    """A browser in which nobody is signed in."""
    async with browsing(base_url) as opened:
        yield opened


@pytest.fixture
async def bo(databases: Databases, tenant: Tenant) -> User:
    return await add_user(databases, tenant)


@pytest.fixture
async def alert(databases: Databases, tenant: Tenant) -> Alert:
    return await add_alert(databases, tenant, message="disk is full", description="df says 100 %")


def notification(alert: Alert, user: User, notification_id: int) -> Notification:
    return Notification(
        alert.account_id, notification_id, alert.id, user.id, None, "email", user.username, "create-alert", {}, START, 0
    )


@pytest.fixture
async def path(databases: Databases, settings: Settings, alert: Alert, bo: User) -> str:
    """The address in bo's mail."""
    notification_id = await add_notification(databases, alert, bo, "accepted")
    return f"/a/{links.token(settings.key, notification(alert, bo, notification_id))}"


async def now(tenant: Tenant, alert: Alert) -> Alert:
    async with tenant.app.transaction() as tx:
        found = await store.find(tx, tenant.account_id, alert.id, "id")
    assert found is not None
    return found


async def test_a_scanner_that_follows_the_links_acknowledges_nothing(
    stranger: Browsing, tenant: Tenant, alert: Alert, path: str
) -> None:
    pages = [await stranger.send(method, f"{path}?do=acknowledge") for method in ("GET", "GET", "HEAD")]

    assert [page.status for page in pages[:2]] == [200, 200]
    assert await now(tenant, alert) == alert


async def test_the_page_shows_the_alert_and_for_whom_it_acts(stranger: Browsing, bo: User, path: str) -> None:
    page = await stranger.get(path)

    for shown in ("disk is full", "df says 100 %", "Nobody has acknowledged it yet.", f"You act as {bo.full_name}."):
        assert shown in page


async def test_a_button_acknowledges_as_the_person_who_was_mailed(
    stranger: Browsing, tenant: Tenant, alert: Alert, bo: User, path: str
) -> None:
    await stranger.get(path)

    page = await stranger.post(path, do="acknowledge")

    after = await now(tenant, alert)
    assert (after.acknowledged, after.acknowledged_by, after.owner) == (True, bo.username, bo.username)
    assert "Acknowledged. Nobody else is told while you look into it." in page
    assert f"Acknowledged by {bo.full_name}" in page


async def test_a_button_closes(stranger: Browsing, tenant: Tenant, alert: Alert, path: str) -> None:
    await stranger.get(f"{path}?do=close")

    page = await stranger.post(path, do="close")

    assert (await now(tenant, alert)).status is AlertStatus.CLOSED
    assert "Closed." in page
    assert 'name="do"' not in page.text


async def test_who_comes_late_reads_who_was_first(
    stranger: Browsing, databases: Databases, tenant: Tenant, settings: Settings, bo: User
) -> None:
    alert = await add_alert(
        databases, tenant, acknowledged=True, acknowledged_at=START, acknowledged_by=tenant.owner.username
    )
    notification_id = await add_notification(databases, alert, bo, "accepted")
    path = f"/a/{links.token(settings.key, notification(alert, bo, notification_id))}"
    looked = await stranger.get(path)

    page = await stranger.post(path, do="acknowledge")

    assert f"Acknowledged by {tenant.owner.full_name}" in looked
    assert f"{tenant.owner.full_name} had acknowledged it already." in page
    assert (await now(tenant, alert)).acknowledged_by == tenant.owner.username


async def test_it_speaks_the_language_of_the_person_who_was_mailed(
    stranger: Browsing, databases: Databases, bo: User, path: str
) -> None:
    async with databases.engine.transaction() as tx:
        await tx.execute("update users set locale = 'pl' where id = %(id)s", id=bo.id)

    page = await stranger.get(path)

    assert "Nikt go jeszcze nie potwierdził." in page


async def test_a_post_from_another_site_changes_nothing(
    stranger: Browsing, tenant: Tenant, alert: Alert, path: str
) -> None:
    await stranger.get(path)

    answer = await stranger.send("POST", path, {"Sec-Fetch-Site": "cross-site"}, do="close")

    assert answer.status == 403
    assert await now(tenant, alert) == alert


async def test_a_post_that_says_nothing_is_refused(stranger: Browsing, path: str) -> None:
    await stranger.get(path)

    assert (await stranger.send("POST", path, do="explode")).status == 422


@pytest.mark.parametrize("change", ["letter", "nonsense", "empty"])
async def test_a_link_that_we_did_not_send_opens_nothing(stranger: Browsing, path: str, change: str) -> None:
    forged = {"letter": path[:-1] + ("A" if path[-1] != "A" else "B"), "nonsense": "/a/nonsense", "empty": "/a/"}[
        change
    ]

    page = await stranger.get(forged)

    assert page.status == 404
    assert "disk is full" not in page


async def test_a_link_for_one_person_is_not_one_for_another(
    stranger: Browsing, databases: Databases, tenant: Tenant, settings: Settings, alert: Alert, bo: User
) -> None:
    notification_id = await add_notification(databases, alert, bo, "accepted")
    other = replace(notification(alert, bo, notification_id), user_id=tenant.owner.id)

    page = await stranger.get(f"/a/{links.token(settings.key, other)}")

    assert page.status == 404


async def test_a_link_dies_with_the_person_and_the_alert(
    stranger: Browsing, databases: Databases, tenant: Tenant, alert: Alert, bo: User, path: str
) -> None:
    async with databases.engine.transaction() as tx:
        await tx.execute("update users set status = 'suspended' where id = %(id)s", id=bo.id)
    suspended = await stranger.get(path)
    async with databases.engine.transaction() as tx:
        await tx.execute("update users set status = 'active' where id = %(id)s", id=bo.id)
        await tx.execute("update alerts set status = 'deleted' where id = %(id)s", id=alert.id)

    deleted = await stranger.get(path)

    assert (suspended.status, deleted.status) == (404, 404)


async def test_a_link_to_an_alert_that_never_was_opens_nothing(
    stranger: Browsing, databases: Databases, settings: Settings, alert: Alert, bo: User
) -> None:
    notification_id = await add_notification(databases, alert, bo, "accepted")
    other = replace(notification(alert, bo, notification_id), alert_id=f"{uuid4()}-1")

    assert (await stranger.get(f"/a/{links.token(settings.key, other)}")).status == 404
