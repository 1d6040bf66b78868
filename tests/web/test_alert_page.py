"""The alert page: how it stands, why somebody was told or not, and every action."""

import re
from datetime import timedelta
from html import unescape
from uuid import uuid4

import aiohttp
import pytest
from tests.support.alerts import add_alert
from tests.support.browsing import Answer, Browsing, browsing, give_password
from tests.support.makers import Tenant, make_contact
from tests.support.world import World, team, user

from tocsin.accounts import store as accounts_store
from tocsin.accounts.model import User
from tocsin.alerts import store
from tocsin.alerts.model import Alert, AlertStatus
from tocsin.clock import SystemClock
from tocsin.db import Databases


async def now(tenant: Tenant, alert: Alert) -> Alert:
    async with tenant.app.transaction() as tx:
        found = await store.find(tx, tenant.account_id, alert.id, "id")
    assert found is not None
    return found


def words(page: Answer, section: str = "told") -> str:
    """The text of one section of the page, white space as one blank."""
    found = re.search(rf'<section [^>]*id="{section}">(.*?)</section>', page.text, re.DOTALL)
    assert found is not None
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", found.group(1))).split())


@pytest.fixture
async def alert(databases: Databases, tenant: Tenant) -> Alert:
    return await add_alert(
        databases, tenant, message="disk is full", priority=2, description="df says 100 %", tags=["db"],
        details={"region": "eu"}, actions=["restart"],
    )  # fmt: skip


async def test_an_alert_shows_everything_about_it(ana: Browsing, alert: Alert) -> None:
    page = await ana.get(f"/alerts/{alert.id}")

    assert page.status == 200
    for shown in ("disk is full", "df says 100 %", "db", "region", "eu", "restart", alert.alias, "10.0.0.8"):
        assert shown in page
    assert "Nobody has acknowledged it yet." in page


async def test_its_number_leads_to_it(ana: Browsing, alert: Alert) -> None:
    page = await ana.get(f"/alerts/{alert.tiny_id}")

    assert page.path == f"/alerts/{alert.id}"


@pytest.mark.parametrize("identifier", ["999999999", "nonsense", "99999999999999999999999999", "%00", "%2Fetc"])
async def test_an_alert_that_is_not_there_is_a_page_that_says_so(ana: Browsing, identifier: str) -> None:
    page = await ana.get(f"/alerts/{identifier}")

    assert page.status == 404
    assert "There is no such alert." in page or "Not here" in page


async def test_what_is_in_an_alert_is_text_and_not_markup(ana: Browsing, databases: Databases, tenant: Tenant) -> None:
    nasty = "<script>alert(1)</script>"
    made = await add_alert(
        databases, tenant, message=nasty, description=nasty, tags=[nasty], details={nasty: "javascript:alert(1)"}
    )

    page = await ana.get(f"/alerts/{made.id}")
    listed = await ana.get("/alerts")

    assert nasty in page
    assert "<script>alert" not in page.text + listed.text
    assert 'href="javascript' not in page.text


async def test_why_somebody_was_told_names_rule_schedule_and_contact(
    world: World, base_url: str, databases: Databases
) -> None:
    [ana] = await world.users("ana")
    await give_password(databases, ana)
    _, name = await world.team(ana)
    alert_id = await world.trigger("disk is full", team(name))

    async with browsing(base_url) as browser:
        await browser.sign_in(ana)
        page = await browser.get(f"/alerts/{alert_id}")

    told = words(page)
    assert told.startswith("Why was I told?")
    for step in (
        f"team {name}, routing rule Default Routing Rule",
        f"rule 1 of {name}_escalation, at once",
        f"on call in {name}_schedule (Weekly rotation, until",
        "notification rule “rule”",
        f"e-mail {ana.username}",
        "Accepted by the mail server; whether it was read is not known",
    ):
        assert step in told
    assert "elivered" not in told


async def test_somebody_else_reads_why_they_were_not_told_and_who_was(
    world: World, ana: Browsing, databases: Databases
) -> None:
    [bo] = await world.users("bo")
    alert_id = await world.trigger("disk is full", user(bo))

    told = words(await ana.get(f"/alerts/{alert_id}"))

    assert told.startswith("Why was I not told?")
    assert "No responder of the alert led to you" in told
    assert "Everybody: 1 person told" in told
    assert bo.full_name in told
    assert "named as a responder" in told


async def test_an_alert_without_responders_says_that_nobody_was_to_be_told(world: World, ana: Browsing) -> None:
    alert_id = await world.trigger("disk is full")

    told = words(await ana.get(f"/alerts/{alert_id}"))

    assert "The alert names no responders, so nobody was to be told." in told


async def test_a_gap_in_the_schedule_and_the_last_resort_are_told(world: World, ana: Browsing) -> None:
    _, name = await world.team()
    alert_id = await world.trigger("disk is full", team(name))

    told = words(await ana.get(f"/alerts/{alert_id}"))

    assert "last resort: nobody else could be reached" in told
    assert f"Nobody was on call in {name}_schedule: a gap in the schedule." in told


async def test_who_has_no_verified_contact_reads_that(
    world: World, base_url: str, databases: Databases, tenant: Tenant
) -> None:
    [bo] = await world.users("bo")
    await give_password(databases, bo)
    async with tenant.app.transaction() as tx:
        await tx.execute(
            "update contacts set verified_at = null where account_id = %(a)s and user_id = %(u)s",
            a=tenant.account_id, u=bo.id,
        )  # fmt: skip
    alert_id = await world.trigger("disk is full", user(bo))

    async with browsing(base_url) as browser:
        await browser.sign_in(bo)
        told = words(await browser.get(f"/alerts/{alert_id}"))

    assert told.startswith("Why was I not told?")
    assert "No contact of the notification rule is verified and enabled." in told


async def test_a_rule_skipped_for_an_acknowledgement_is_told(world: World, ana: Browsing) -> None:
    [bo] = await world.users("bo")
    _, name = await world.team(bo)
    alert_id = await world.trigger("disk is full", team(name))
    await world.advance(minutes=1)
    await world.acknowledge(alert_id)
    before = words(await ana.get(f"/alerts/{alert_id}"))
    await world.advance(minutes=5)

    after = words(await ana.get(f"/alerts/{alert_id}"))

    assert f"rule 2 of {name}_escalation: who is next on call in {name}_schedule" in before
    assert "not as long as it is acknowledged" in before
    assert f"Rule 2 of {name}_escalation, after 5 min, told nobody" in after
    assert "The alert was acknowledged before." in after


async def test_what_comes_next_is_told(world: World, ana: Browsing) -> None:
    [bo] = await world.users("bo")
    _, name = await world.team(bo)

    alert_id = await world.trigger("disk is full", team(name))

    told = words(await ana.get(f"/alerts/{alert_id}"))
    assert "What comes next" in told
    assert f"rule 3 of {name}_escalation: everybody in the team {name}" in told


async def test_the_log_is_filtered(world: World, ana: Browsing) -> None:
    [bo] = await world.users("bo")
    alert_id = await world.trigger("disk is full", user(bo))

    everything = words(await ana.get(f"/alerts/{alert_id}"), "log")
    told = words(await ana.get(f"/alerts/{alert_id}?log=told"), "log")

    assert "Alert created by" in everything
    assert f"{bo.full_name} is told: e-mail {bo.username}" in told
    assert "Alert created by" not in told


@pytest.mark.parametrize(
    ("action", "fields", "said"),
    [
        ("acknowledge", {}, "Acknowledged."),
        ("close", {}, "Closed."),
        ("snooze", {"minutes": "60"}, "Snoozed."),
        ("priority", {"priority": "P1"}, "Priority changed."),
        ("tags", {"tags": "web, eu"}, "Tags added."),
        ("untag", {"tag": "db"}, "Tag removed."),
        ("details", {"key": "rack", "value": "7"}, "Detail added."),
        ("undetail", {"key": "region"}, "Detail removed."),
        ("execute", {"action": "restart"}, "The action is in the log"),
        ("notes", {"note": "looking at the volume"}, "Note added."),
    ],
)
async def test_each_action_is_done_and_said(
    ana: Browsing, tenant: Tenant, alert: Alert, action: str, fields: dict[str, str], said: str
) -> None:
    await ana.get(f"/alerts/{alert.id}")

    page = await ana.post(f"/alerts/{alert.id}/{action}", **fields)

    assert page.path == f"/alerts/{alert.id}"
    assert said in page
    assert (await now(tenant, alert)).updated_at > alert.updated_at


async def test_actions_change_what_they_say(ana: Browsing, tenant: Tenant, alert: Alert, bo_user: User) -> None:
    base = f"/alerts/{alert.id}"
    await ana.get(base)
    before = SystemClock().now()

    await ana.post(f"{base}/snooze", minutes="15")
    await ana.post(f"{base}/assign", owner=bo_user.username)
    await ana.post(f"{base}/responders", responder=f"user:{bo_user.id}")
    await ana.post(f"{base}/tags", tags="web,,db")
    await ana.post(f"{base}/details", key="region", value="us")

    after = await now(tenant, alert)
    assert after.snoozed_until is not None
    assert timedelta(minutes=14) < after.snoozed_until - before < timedelta(minutes=16)
    assert after.owner == bo_user.username
    assert after.responders == [{"type": "user", "id": str(bo_user.id)}]
    assert after.tags == ["db", "web"]
    assert after.details == {"region": "us"}


async def test_an_acknowledgement_is_taken_back(ana: Browsing, tenant: Tenant, alert: Alert) -> None:
    await ana.get("/alerts")
    await ana.post(f"/alerts/{alert.id}/acknowledge")

    page = await ana.post(f"/alerts/{alert.id}/unacknowledge")

    assert "The acknowledgement is taken back" in page
    assert not (await now(tenant, alert)).acknowledged


async def test_who_comes_second_reads_who_was_first(ana: Browsing, bo: Browsing, bo_user: User, alert: Alert) -> None:
    await ana.get("/alerts")
    await bo.get("/alerts")
    await bo.post(f"/alerts/{alert.id}/acknowledge")

    acknowledged = await ana.post(f"/alerts/{alert.id}/acknowledge")
    await bo.post(f"/alerts/{alert.id}/close")
    closed = await ana.post(f"/alerts/{alert.id}/close")

    assert f"{bo_user.full_name} had acknowledged it already." in acknowledged
    assert f"{bo_user.full_name} had closed it already." in closed


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("snooze", {"minutes": "0"}),
        ("snooze", {"minutes": "999999"}),
        ("snooze", {}),
        ("priority", {"priority": "P9"}),
        ("tags", {"tags": " , "}),
        ("details", {"key": "", "value": "x"}),
        ("notes", {"note": "  "}),
        ("responders", {"responder": "nonsense"}),
    ],
)
async def test_what_makes_no_sense_is_refused_with_a_reason(
    ana: Browsing, tenant: Tenant, alert: Alert, action: str, fields: dict[str, str]
) -> None:
    await ana.get("/alerts")

    page = await ana.post(f"/alerts/{alert.id}/{action}", **fields)

    assert page.status == 422
    assert await now(tenant, alert) == alert


async def test_somebody_who_does_not_exist_cannot_be_put_in_charge(ana: Browsing, tenant: Tenant, alert: Alert) -> None:
    await ana.get("/alerts")

    page = await ana.post(f"/alerts/{alert.id}/assign", owner="nobody@example.com")

    assert "nobody@example.com" in page
    assert (await now(tenant, alert)).owner == ""


async def test_r8_3_accept_a_stakeholder_sees_no_alert_and_notes_nothing(stakeholder: Browsing, alert: Alert) -> None:
    page = await stakeholder.get(f"/alerts/{alert.id}")
    refused = await stakeholder.send("POST", f"/alerts/{alert.id}/notes", note="hello")

    assert "disk is full" not in page
    assert (page.status, refused.status) == (403, 403)


async def test_another_account_reaches_no_action(eve: Browsing, tenant: Tenant, alert: Alert) -> None:
    await eve.get("/alerts")

    for action in ("acknowledge", "close", "notes", "tags"):
        answer = await eve.post(f"/alerts/{alert.id}/{action}", note="hi", tags="x")
        assert answer.status in {200, 404}

    assert await now(tenant, alert) == alert


async def test_a_form_without_its_token_changes_nothing(ana: Browsing, tenant: Tenant, alert: Alert) -> None:
    await ana.get("/alerts")
    ana.csrf_token = "forged"

    answer = await ana.send("POST", f"/alerts/{alert.id}/close")

    assert answer.status == 403
    assert (await now(tenant, alert)).status is AlertStatus.OPEN


async def upload(browser: Browsing, alert: Alert, name: str, content: bytes) -> int:
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("csrf_token", browser.csrf_token)
    form.add_field("file", content, filename=name)
    async with browser.session.post(f"/alerts/{alert.id}/attachments", data=form, allow_redirects=False) as answer:
        return answer.status


async def test_a_file_is_attached_downloaded_and_removed(ana: Browsing, alert: Alert) -> None:
    await ana.get(f"/alerts/{alert.id}")

    status = await upload(ana, alert, "../zażółć.log", b"line 1\n")
    page = await ana.get(f"/alerts/{alert.id}")
    link = page.find(f'href="(/alerts/{alert.id}/attachments/[0-9]+)"')
    async with ana.session.get(link) as download:
        content, headers = await download.read(), download.headers
    removed = await ana.post(f"{link}/remove")

    assert status == 303
    assert "zażółć.log is attached." in page
    assert content == b"line 1\n"
    assert headers["Content-Disposition"].startswith("attachment;")
    assert "zażółć.log is removed." in removed
    assert "/attachments/1" not in removed.text


async def test_a_file_of_another_account_is_not_to_be_had(ana: Browsing, eve: Browsing, alert: Alert) -> None:
    await ana.get(f"/alerts/{alert.id}")
    await upload(ana, alert, "secret.log", b"secret")
    page = await ana.get(f"/alerts/{alert.id}")
    link = page.find(f'href="(/alerts/{alert.id}/attachments/[0-9]+)"')

    answer = await eve.send("GET", link)

    assert answer.status == 404


async def test_no_file_is_said(ana: Browsing, alert: Alert) -> None:
    await ana.get(f"/alerts/{alert.id}")

    answer = await ana.send("POST", f"/alerts/{alert.id}/attachments")

    assert answer.status == 422
    assert "Choose a file first." in answer


async def test_the_page_speaks_polish(ana: Browsing, world: World) -> None:
    [bo] = await world.users("bo")
    _, name = await world.team(bo)
    alert_id = await world.trigger("disk is full", team(name))
    await ana.post("/language", locale="pl")

    page = await ana.get(f"/alerts/{alert_id}")

    told = words(page)
    assert told.startswith("Dlaczego mnie nie powiadomiono?")
    assert f"reguła 1 z {name}_escalation, od razu" in told
    assert "Nikt go jeszcze nie potwierdził." in page


async def test_htmx_gets_the_part_that_changes(ana: Browsing, alert: Alert) -> None:
    answer = await ana.send("GET", f"/alerts/{alert.id}", {"HX-Request": "true"})

    assert f"<title>#{alert.tiny_id} disk is full · Tocsin</title>" in answer
    assert '<div id="live"' in answer.text
    assert "<html" not in answer.text


async def test_an_alert_that_was_told_twice_shows_both(world: World, ana: Browsing, tenant: Tenant) -> None:
    contact = make_contact(tenant.owner, address=f"second-{uuid4().hex[:6]}@example.com")
    async with tenant.app.transaction() as tx:
        await accounts_store.insert_contact(tx, contact)
    await world.reachable(tenant.owner, action_type="renotified-alert")
    _, name = await world.team(tenant.owner)
    alert_id = await world.trigger("disk is full", team(name))
    await world.advance(minutes=11)

    told = words(await ana.get(f"/alerts/{alert_id}"))

    assert "New alert" in told
    assert "Told again" in told
    assert f"rule 3 of {name}_escalation, after 10 min" in told
