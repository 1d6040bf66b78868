"""How I am told: the page of my notification rules."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from tests.support.browsing import Answer, Browsing
from tests.support.makers import Tenant

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
    "wrong", [{"name": ""}, {"name": "x" * 101}, {"action_type": "schedule-start"}, {"action_type": "nonsense"}]
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
