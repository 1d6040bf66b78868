"""How I am told: the page of my notification rules."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from tests.support.browsing import Answer, Browsing
from tests.support.makers import Tenant

from tocsin.accounts import audit_store
from tocsin.accounts import store as accounts_store
from tocsin.accounts.model import Contact
from tocsin.db import Databases

HERE = "/profile/notifications"


def words(page: Answer) -> str:
    """The page's text, white space as one blank."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


async def rules(tenant: Tenant) -> list[dict[str, Any]]:
    async with tenant.app.transaction() as tx:
        return await tx.dicts(
            """
            select r.name, r.action_type, r.enabled, array_agg(s.after order by s.after) as after
              from notification_rules r left join notification_rule_steps s
                   on s.account_id = r.account_id and s.rule_id = r.id
             where r.account_id = %(account_id)s group by r.account_id, r.id order by r.position
            """,
            account_id=tenant.account_id,
        )


@pytest.fixture
async def contact(tenant: Tenant) -> Contact:
    async with tenant.app.transaction() as tx:
        [found] = await accounts_store.list_contacts(tx, tenant.account_id, tenant.owner.id)
    return found


async def add(ana: Browsing, contact: Contact, name: str = "New alerts", about: str = "create-alert") -> Answer:
    await ana.get(HERE)
    return await ana.post(HERE, name=name, action_type=about, contact=str(contact.id))


async def test_without_a_rule_nothing_would_reach_me(ana: Browsing) -> None:
    page = await ana.get(HERE)

    assert page.status == 200
    assert "A new alert would not reach you. There is no notification rule for new alerts." in words(page)
    assert "No rules yet" in page


async def test_a_rule_is_added_with_its_first_step(ana: Browsing, tenant: Tenant, contact: Contact) -> None:
    page = await add(ana, contact)

    told = words(page)
    assert "New alerts" in told
    assert f"at once : e-mail {contact.address}" in told
    assert "would not reach you" not in told
    assert await rules(tenant) == [
        {"name": "New alerts", "action_type": "create-alert", "enabled": True, "after": [timedelta(0)]}
    ]


async def test_steps_come_are_switched_and_go(ana: Browsing, tenant: Tenant, contact: Contact) -> None:
    base = (await add(ana, contact)).find(f'action="({HERE}/[^"/]+)/steps"')

    added = await ana.post(f"{base}/steps", contact=str(contact.id), minutes="5")
    twice = await ana.post(f"{base}/steps", contact=str(contact.id), minutes="5")
    step = added.find(f'action="({base}/steps/[^"/]+)/disable"')
    off = await ana.post(f"{step}/disable")
    on = await ana.post(f"{step}/enable")
    gone = await ana.post(f"{step}/remove")
    again = await ana.send("POST", f"{step}/remove")

    assert f"after 5 min : e-mail {contact.address}" in words(added)
    assert "The rule has this step already." in twice
    assert words(off).count("Disabled") == 1
    assert "Disabled" not in words(on)
    assert "at once :" not in words(gone)
    assert again.status == 404
    assert (await rules(tenant))[0]["after"] == [timedelta(minutes=5)]


async def test_a_rule_that_is_off_warns(ana: Browsing, contact: Contact) -> None:
    base = (await add(ana, contact)).find(f'action="({HERE}/[^"/]+)/steps"')

    off = await ana.post(f"{base}/disable")
    on = await ana.post(f"{base}/enable")

    assert "Every notification rule for new alerts is disabled." in off
    assert "would not reach you" not in words(on)


async def test_a_contact_that_is_not_verified_warns(
    ana: Browsing, databases: Databases, tenant: Tenant, contact: Contact
) -> None:
    await add(ana, contact)
    async with databases.engine.transaction() as tx:
        await tx.execute("update contacts set verified_at = null where id = %(id)s", id=contact.id)

    page = await ana.get(HERE)

    assert "No contact of the notification rule is verified and enabled." in page
    assert "Not verified" in page


async def test_rules_change_places(ana: Browsing, tenant: Tenant, contact: Contact) -> None:
    await add(ana, contact, "first")
    page = await add(ana, contact, "second")
    second = page.find(f'.*action="({HERE}/[^"/]+)/up"')

    await ana.post(f"{second}/up")
    raised = [rule["name"] for rule in await rules(tenant)]
    await ana.post(f"{second}/up")
    still = [rule["name"] for rule in await rules(tenant)]
    await ana.post(f"{second}/down")

    assert raised == still == ["second", "first"]
    assert [rule["name"] for rule in await rules(tenant)] == ["first", "second"]


async def test_a_rule_is_removed_and_leaves_its_trace(ana: Browsing, tenant: Tenant, contact: Contact) -> None:
    base = (await add(ana, contact)).find(f'action="({HERE}/[^"/]+)/steps"')

    page = await ana.post(f"{base}/remove")

    assert "No rules yet" in page
    async with tenant.app.transaction() as tx:
        trace = await tx.values(
            """
            select action from audit_log
             where account_id = %(account_id)s and object_type = 'notification-rule' order by id
            """,
            account_id=tenant.account_id,
        )
    assert trace == ["created", "deleted"]


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"name": "x" * 101}, {"action_type": "incoming-call-routing"}, {"action_type": "nonsense"}]
)
async def test_a_rule_that_makes_no_sense_is_refused_with_a_reason(
    ana: Browsing, tenant: Tenant, contact: Contact, wrong: dict[str, str]
) -> None:
    await ana.get(HERE)
    form = {"name": "New alerts", "action_type": "create-alert", "contact": str(contact.id)} | wrong

    page = await ana.post(HERE, **form)

    assert 'class="flash danger"' in page.text
    assert await rules(tenant) == []


@pytest.mark.parametrize("minutes", ["-1", "", "soon", "2881", "99999999999"])
async def test_a_delay_that_makes_no_sense_is_refused_with_a_reason(
    ana: Browsing, tenant: Tenant, contact: Contact, minutes: str
) -> None:
    base = (await add(ana, contact)).find(f'action="({HERE}/[^"/]+)/steps"')

    page = await ana.post(f"{base}/steps", contact=str(contact.id), minutes=minutes)

    assert "A step waits 48 hours at most." in page
    assert (await rules(tenant))[0]["after"] == [timedelta(0)]


async def test_nobody_else_reaches_my_rules(
    ana: Browsing, bo: Browsing, eve: Browsing, tenant: Tenant, contact: Contact
) -> None:
    base = (await add(ana, contact)).find(f'action="({HERE}/[^"/]+)/steps"')

    for other in (bo, eve):
        page = await other.get(HERE)
        assert "New alerts" not in page
        for action in ("remove", "disable", "up", "steps"):
            answer = await other.send("POST", f"{base}/{action}", contact=str(contact.id), minutes="1")
            assert answer.status == 404
        with_mine = await other.send("POST", HERE, name="Mine", action_type="create-alert", contact=str(contact.id))
        assert with_mine.status == 404

    assert [rule["name"] for rule in await rules(tenant)] == ["New alerts"]


async def test_a_stakeholder_has_rules_too(stakeholder: Browsing) -> None:
    assert (await stakeholder.get(HERE)).status == 200


async def test_the_page_speaks_polish(ana: Browsing, contact: Contact) -> None:
    await add(ana, contact)
    await ana.post("/language", locale="pl")

    told = words(await ana.get(HERE))

    assert "Jak dostajesz powiadomienia" in told
    assert f"od razu : e-mail {contact.address}" in told


async def kept(tenant: Tenant) -> dict[str, Any]:
    async with tenant.app.transaction() as tx:
        [row] = await tx.dicts(
            """
            select name, criteria, restriction, repeat_after, repeat_enabled from notification_rules
             where account_id = %(account_id)s
            """,
            account_id=tenant.account_id,
        )
    return row


async def test_a_rule_is_limited_to_alerts_and_hours_and_begins_again(
    ana: Browsing, tenant: Tenant, contact: Contact
) -> None:
    base = (await add(ana, contact)).find(f'action="({HERE}/[^"/]+)/settings"')
    blank = {"field": ["priority", "", ""], "key": ["", "", ""], "not": ["not", "", ""],
             "operation": ["equals", "equals", "equals"], "expected": ["p5", "", ""]}  # fmt: skip
    hours = {"start_day": ["friday", ""], "start": ["17:30", ""], "end_day": ["monday", ""], "end": ["09:00", ""]}

    saved = await ana.post(
        f"{base}/settings", name="Weekends", match="match-all-conditions", repeat="on", repeat_minutes="15", **blank,
        **hours,
    )  # fmt: skip
    found = await kept(tenant)
    shown = words(saved)
    cleared = await ana.post(f"{base}/settings", name="Weekends", match="match-all", repeat_minutes="15")

    assert found == {
        "name": "Weekends",
        "criteria": {
            "type": "match-all-conditions",
            "conditions": [
                {"field": "priority", "not": True, "operation": "equals", "expectedValue": "P5", "order": 0}
            ],
        },
        "restriction": {
            "type": "weekday-and-time-of-day",
            "restrictions": [
                {"startDay": "friday", "startHour": 17, "startMin": 30, "endDay": "monday", "endHour": 9, "endMin": 0}
            ],
        },
        "repeat_after": timedelta(minutes=15),
        "repeat_enabled": True,
    }
    assert "only alerts that meet 1 condition · only at some hours · again every 15 min until somebody acts" in shown
    assert 'value="17:30"' in saved.text
    assert "only alerts" not in words(cleared)
    assert (await kept(tenant))["criteria"] == {"type": "match-all"}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"field": "priority", "key": "", "not": "", "operation": "contains", "expected": "P1"}, "does not fit field"),
        ({"field": "message", "key": "", "not": "", "operation": "matches", "expected": "("}, "regular expression"),
        ({"start_day": "every-day", "start": "22:00", "end_day": "", "end": ""}, "Hours have a start and an end"),
        ({"repeat": "on", "repeat_minutes": ""}, "Say after how many minutes the steps begin again"),
        ({"repeat": "on", "repeat_minutes": "1441"}, "after one minute to 24 hours"),
        ({"name": ""}, "A name has 1 to 100 characters."),
    ],
)
async def test_settings_that_cannot_be_are_refused_in_words(
    ana: Browsing, tenant: Tenant, contact: Contact, wrong: dict[str, str], said: str
) -> None:
    base = (await add(ana, contact)).find(f'action="({HERE}/[^"/]+)/settings"')
    before = await kept(tenant)

    page = await ana.post(f"{base}/settings", **({"name": "x", "match": "match-any-condition"} | wrong))

    assert said in words(page)
    assert await kept(tenant) == before


async def test_a_rule_about_turns_says_how_long_before(ana: Browsing, tenant: Tenant, contact: Contact) -> None:
    page = await add(ana, contact, "My turns", "schedule-start")
    base = page.find(f'action="({HERE}/[^"/]+)/settings"')

    saved = await ana.post(f"{base}/settings", name="My turns", time=["1-hour-ago", "1-day-ago"])
    refused = await ana.post(f"{base}/settings", name="My turns")

    assert "at that moment" in words(page)
    assert "1 hour before · 1 day before" in words(saved)
    assert "Choose how long before your turn you are told." in words(refused)


async def test_silence_for_a_while_is_seen_and_taken_back(ana: Browsing, tenant: Tenant) -> None:
    await ana.get(HERE)

    muted = await ana.post("/profile/mute", minutes="480")
    wrong = await ana.send("POST", "/profile/mute", minutes="7")
    loud = await ana.post("/profile/mute")

    assert "Nothing is sent to you until" in words(muted)
    assert "Tell me again" in words(muted)
    assert wrong.status == 422
    assert "Nothing is sent to you until" not in words(loud)
    async with tenant.app.transaction() as tx:
        entries = await audit_store.list_entries(tx, tenant.account_id, 2)
    assert [it.object_name for it in entries] == [tenant.owner.username] * 2
    assert (entries[1].before, entries[0].after) == ({"muted_until": None}, {"muted_until": None})


async def test_quiet_hours_are_saved_shown_and_removed(ana: Browsing, tenant: Tenant) -> None:
    await ana.get(HERE)
    always = {"start_day": "every-day", "start": "00:00", "end_day": "every-day", "end": "00:00"}

    saved = await ana.post("/profile/quiet-hours", **always)
    wrong = await ana.post("/profile/quiet-hours", start_day="monday", start="22:00", end_day="tuesday", end="")
    gone = await ana.post("/profile/quiet-hours", start_day="", start="", end_day="", end="")

    assert "These are your quiet hours: nothing is sent to you now." in words(saved)
    assert "Hours have a start and an end, like 22:00 and 6:00." in words(wrong)
    assert "These are your quiet hours" in words(wrong)
    assert "These are your quiet hours" not in words(gone)
