"""The alert list: each of its states, and what is done from it."""

import re
from datetime import timedelta

import aiohttp
import pytest
from tests.support.alerts import add_alert
from tests.support.browsing import Browsing, browsing, give_password
from tests.support.makers import START, Tenant
from tests.support.many_alerts import make_alerts, make_company
from tests.support.server import serve

from tocsin.accounts.model import User
from tocsin.alerts import store
from tocsin.alerts.model import Alert, AlertStatus
from tocsin.clock import SystemClock
from tocsin.db import Databases, connect
from tocsin.settings import Settings


async def now(tenant: Tenant, alert: Alert) -> Alert:
    async with tenant.app.transaction() as tx:
        found = await store.find(tx, tenant.account_id, alert.id, "id")
    assert found is not None
    return found


async def test_an_account_without_alerts_is_shown_how_to_send_one(ana: Browsing, base_url: str) -> None:
    page = await ana.get("/alerts")

    assert page.status == 200
    assert f"curl -X POST {base_url}/v2/alerts" in page
    assert 'href="/settings/keys"' in page.text
    assert "(" not in page.find("<title>([^<]*)</title>")


async def test_who_may_not_make_keys_is_sent_to_an_admin(bo: Browsing) -> None:
    page = await bo.get("/alerts")

    assert "An admin of your account can make another one." in page
    assert 'href="/settings/keys"' not in page.text


async def test_an_alert_shows_what_matters_at_night(ana: Browsing, databases: Databases, tenant: Tenant) -> None:
    await add_alert(databases, tenant, message="tape drive on fire", priority=1, count=17, tags=["db"], owner="")

    page = await ana.get("/alerts")

    assert "tape drive on fire" in page
    for shown in ('class="priority p1"', "×17", "Open", ">db</a>", "Acknowledge"):
        assert shown in page.text
    assert page.find("<title>([^<]*)</title>") == "(1) Alerts · Tocsin"


async def test_the_filters_show_what_they_say(ana: Browsing, databases: Databases, tenant: Tenant) -> None:
    await add_alert(databases, tenant, message="nobody looks")
    await add_alert(databases, tenant, message="ana looks", acknowledged=True, owner=tenant.owner.username)
    await add_alert(databases, tenant, message="long over", status=AlertStatus.CLOSED)
    expected = {
        "/alerts": {"nobody looks", "ana looks"},
        "/alerts?show=unacknowledged": {"nobody looks"},
        "/alerts?show=mine": {"ana looks"},
        "/alerts?show=closed": {"long over"},
        "/alerts?show=all": {"nobody looks", "ana looks", "long over"},
    }

    shown = {path: await ana.get(path) for path in expected}

    for path, messages in expected.items():
        assert {it for it in ("nobody looks", "ana looks", "long over") if it in shown[path]} == messages, path


async def test_a_search_narrows_within_the_filter(ana: Browsing, databases: Databases, tenant: Tenant) -> None:
    await add_alert(databases, tenant, message="disk is full", tags=["db"])
    await add_alert(databases, tenant, message="memory full", tags=["web"])
    await add_alert(databases, tenant, message="disk was full", tags=["db"], status=AlertStatus.CLOSED)

    page = await ana.get("/alerts?q=tag:db+OR+tag:none")

    assert "disk is full" in page
    assert "memory full" not in page
    assert "disk was full" not in page


@pytest.mark.parametrize("query", ["status: (open", "createdAt > yesterday", ") OR (tag: db"])
async def test_a_wrong_search_says_what_is_wrong_where_it_was_typed(
    ana: Browsing, databases: Databases, tenant: Tenant, query: str
) -> None:
    await add_alert(databases, tenant, message="tape drive")

    page = await ana.get(f"/alerts?q={query.replace(' ', '+').replace('>', '%3E')}")

    assert page.status == 200
    assert page.find('id="q-error">.*?<span>([^<]+)</span>')
    assert page.find('name="q" value="([^"]*)"') == query
    assert "tape drive" not in page


async def test_nothing_that_matches_is_not_the_same_as_nothing(
    ana: Browsing, databases: Databases, tenant: Tenant
) -> None:
    await add_alert(databases, tenant, message="disk is full")

    page = await ana.get("/alerts?q=unicorn")

    assert "No alert matches" in page
    assert "curl" not in page


async def test_many_alerts_come_in_pages(ana: Browsing, databases: Databases, tenant: Tenant) -> None:
    for number in range(27):
        at = START + timedelta(minutes=number)
        await add_alert(databases, tenant, message=f"alert no {number:02}", created_at=at)

    first = await ana.get("/alerts")
    second = await ana.get(first.find('rel="next" href="([^"]+)"'))

    assert "1–25 of 27" in first
    assert "alert no 26" in first
    assert "alert no 01" not in first
    assert "26–27 of 27" in second
    assert "alert no 01" in second
    assert "alert no 02" not in second


async def test_an_order_is_kept(ana: Browsing, databases: Databases, tenant: Tenant) -> None:
    await add_alert(databases, tenant, message="rare", count=2)
    await add_alert(databases, tenant, message="frequent", count=90)

    page = await ana.get("/alerts?order=count")

    assert page.text.index("frequent") < page.text.index("rare")


async def test_acknowledging_from_the_list_leads_back_to_it(
    ana: Browsing, databases: Databases, tenant: Tenant
) -> None:
    alert = await add_alert(databases, tenant, message="disk is full")
    await ana.get("/alerts?show=all")

    page = await ana.post(f"/alerts/{alert.id}/acknowledge", next="/alerts?show=all")

    assert page.path == "/alerts?show=all"
    assert "Acknowledged. Nobody else is told while you look into it." in page
    after = await now(tenant, alert)
    assert (after.acknowledged, after.acknowledged_by) == (True, tenant.owner.username)


async def test_a_form_leads_back_to_our_pages_only(ana: Browsing, databases: Databases, tenant: Tenant) -> None:
    alert = await add_alert(databases, tenant)
    await ana.get("/alerts")

    answer = await ana.send("POST", f"/alerts/{alert.id}/close", next="https://elsewhere.example.com/")

    assert answer.location == "/alerts"


async def test_many_are_closed_at_once(ana: Browsing, databases: Databases, tenant: Tenant) -> None:
    alerts = [await add_alert(databases, tenant) for _ in range(3)]
    await ana.get("/alerts")

    page = await ana.post("/alerts/bulk", action="close", alert=[alert.id for alert in alerts])

    assert "3 alerts closed." in page
    assert all([(await now(tenant, alert)).status is AlertStatus.CLOSED for alert in alerts])


async def test_what_could_not_be_done_in_bulk_is_named(
    ana: Browsing, databases: Databases, tenant: Tenant, bo_user: User
) -> None:
    fresh = await add_alert(databases, tenant)
    taken = await add_alert(databases, tenant, acknowledged=True, acknowledged_by=bo_user.username)
    await ana.get("/alerts")

    page = await ana.post("/alerts/bulk", action="acknowledge", alert=[fresh.id, taken.id, "gone-1772442901389"])

    assert "1 alert acknowledged." in page
    assert f"#{taken.tiny_id}: {bo_user.full_name} had acknowledged it already." in page
    assert "It is not there any more." in page


async def test_nothing_selected_is_said(ana: Browsing, databases: Databases, tenant: Tenant) -> None:
    await add_alert(databases, tenant)
    await ana.get("/alerts")

    page = await ana.post("/alerts/bulk", action="close")

    assert "No alert was selected." in page


async def test_r8_3_a_stakeholder_sees_no_alerts_and_may_do_nothing(
    stakeholder: Browsing, databases: Databases, tenant: Tenant
) -> None:
    alert = await add_alert(databases, tenant, message="disk is full")

    page = await stakeholder.get("/alerts")
    refused = await stakeholder.send("POST", f"/alerts/{alert.id}/close")
    in_bulk = await stakeholder.send("POST", "/alerts/bulk", action="close", alert=[alert.id])

    assert "disk is full" not in page
    assert (page.status, refused.status, in_bulk.status) == (403, 403, 403)
    assert (await now(tenant, alert)).status is AlertStatus.OPEN


async def test_another_account_sees_and_reaches_nothing(eve: Browsing, databases: Databases, tenant: Tenant) -> None:
    alert = await add_alert(databases, tenant, message="tape drive on fire")
    await eve.get("/alerts")

    listed = [await eve.get(path) for path in ("/alerts", "/alerts?show=all", "/alerts?q=tape")]
    page = await eve.get(f"/alerts/{alert.id}")
    done = await eve.post("/alerts/bulk", action="close", alert=[alert.id])

    assert not any("tape drive" in it for it in listed)
    assert page.status == 404
    assert "It is not there any more." in done
    assert (await now(tenant, alert)).status is AlertStatus.OPEN


async def test_who_is_not_signed_in_is_asked_to(base_url: str, ana: Browsing) -> None:
    ana.session.cookie_jar.clear()

    answer = await ana.send("GET", "/alerts?show=closed")

    assert answer.status == 303
    assert answer.location == "/sign-in?next=%2Falerts%3Fshow%3Dclosed"


async def test_htmx_gets_the_part_that_changes(ana: Browsing, databases: Databases, tenant: Tenant) -> None:
    await add_alert(databases, tenant, message="disk is full")

    answer = await ana.send("GET", "/alerts", {"HX-Request": "true"})

    assert "disk is full" in answer
    assert "<title>(1) Alerts · Tocsin</title>" in answer
    assert '<div id="live"' in answer.text
    assert "<html" not in answer.text
    assert answer.headers["Vary"] == "HX-Request"


async def test_the_list_speaks_polish(ana: Browsing, databases: Databases, tenant: Tenant) -> None:
    at = SystemClock().now() - timedelta(minutes=5, seconds=30)
    await add_alert(databases, tenant, message="disk is full", created_at=at)
    await ana.post("/language", locale="pl", next="/alerts")

    page = await ana.get("/alerts")

    for shown in ("Niepotwierdzone", "Potwierdź", "Zamknij", "5 minut temu"):
        assert shown in page


async def test_a_search_is_saved_used_and_removed(ana: Browsing, databases: Databases, tenant: Tenant) -> None:
    await add_alert(databases, tenant, message="disk is full", tags=["db"])
    await ana.get("/alerts?q=tag:db")

    saved = await ana.post("/alerts/saved", name="Databases", q="tag:db", next="/alerts?q=tag:db")
    used = await ana.get(saved.find('class="menu-item" href="(/alerts[^"]+)"'))
    again = await ana.post("/alerts/saved", name="Databases", q="tag:web")
    removed = await ana.post("/alerts/saved/remove", id=saved.find('name="id" value="([^"]+)"'))

    assert "Saved as Databases." in saved
    assert "disk is full" in used
    assert "A saved search with this name exists already." in again
    assert "No saved searches yet." in removed


async def test_a_saved_search_is_removed_by_its_owner_or_an_admin(ana: Browsing, bo: Browsing) -> None:
    await ana.get("/alerts")
    saved = await ana.post("/alerts/saved", name="Ana's", q="tag:db")
    search_id = saved.find('name="id" value="([^"]+)"')
    seen = await bo.get("/alerts")

    refused = await bo.send("POST", "/alerts/saved/remove", id=search_id)

    assert "Ana's" in seen
    assert search_id not in seen.text
    assert refused.status == 403


async def test_a_page_counts_ten_thousand_and_says_that_there_are_more(
    ana: Browsing, databases: Databases, tenant: Tenant
) -> None:
    await make_alerts(databases, tenant, await make_company(databases, tenant), 10_050, seed=1)

    first = await ana.get("/alerts?show=all")
    last = await ana.get("/alerts?show=all&page=400")
    few = await ana.get("/alerts?show=all&q=service+OR+tag:qa&page=2")

    assert "1–25 of 10,000+" in first
    assert "9,976–10,000 of 10,000+" in last
    assert 'rel="next"' in first.text
    assert 'rel="next"' not in last.text
    assert re.search(r"26–50 of 1,\d{3}\b", few.text)


async def test_a_search_that_takes_too_long_is_stopped_and_says_what_would_help(
    settings: Settings, database_url: str, databases: Databases, tenant: Tenant
) -> None:
    impatient = f"{database_url}{'&' if '?' in database_url else '?'}options=-c%20statement_timeout%3D300ms"
    await add_alert(databases, tenant, message="disk full")
    async with (
        serve(settings, impatient, SystemClock()) as base_url,
        browsing(base_url) as ana,
        aiohttp.ClientSession(base_url, headers=tenant.headers) as http,
        await connect(database_url, "tocsin_owner") as other,
    ):
        await ana.sign_in(await give_password(databases, tenant.owner))
        assert "disk full" in await ana.get("/alerts?q=disk")
        async with other.transaction():  # searches wait for it, as they would for a large table
            await other.execute("lock table alert_texts in access exclusive mode")

            page = await ana.get("/alerts?q=disk")
            async with http.get("/v2/alerts", params={"query": "disk"}) as response:
                body = await response.json()

        assert (page.status, "This search took too long and was stopped." in page) == (200, True)
        assert (response.status, "took too long" in body["message"]) == (422, True)
        assert "disk full" in await ana.get("/alerts?q=disk")
