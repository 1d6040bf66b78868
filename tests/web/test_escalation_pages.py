"""Escalations and teams that come, change and go on a team's page."""

import re
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from tests.support.browsing import Answer, Browsing
from tests.support.makers import START, Tenant

from tocsin.accounts.model import User
from tocsin.db import Databases
from tocsin.escalations.team_defaults import create_team


def words(page: Answer) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


async def add_team(databases: Databases, tenant: Tenant, name: str, *members: tuple[User, str]) -> UUID:
    async with databases.engine.transaction() as tx:
        people = [(member.id, role) for member, role in members]
        return (await create_team(tx, tenant.account_id, name, people, time_zone="Europe/Warsaw", at=START)).id


async def escalations(tenant: Tenant) -> dict[str, dict[str, Any]]:
    async with tenant.app.transaction() as tx:
        rows = await tx.dicts("select * from escalations where account_id = %(a)s order by name", a=tenant.account_id)
    return {row["name"]: row for row in rows}


async def test_an_escalation_is_made_with_its_first_rule_and_removed(
    ana: Browsing, databases: Databases, tenant: Tenant
) -> None:
    team_id = await add_team(databases, tenant, "Web", (tenant.owner, "admin"))
    await ana.get(f"/teams/{team_id}")

    made = words(await ana.post(
        f"/teams/{team_id}/escalations", name="Night", minutes="7", condition="if-not-closed",
        recipient=f"user:{tenant.owner.id}:default",
    ))  # fmt: skip
    night = (await escalations(tenant))["Night"]
    taken = await ana.post(
        f"/teams/{team_id}/escalations", name="Night", minutes="7", condition="if-not-closed",
        recipient=f"user:{tenant.owner.id}:default",
    )  # fmt: skip
    gone = await ana.post(f"/escalations/{night['id']}/remove")

    assert f"Who is told: Night 1. after 7 min, if not closed: {tenant.owner.full_name}".replace("1. ", "") in made
    assert night["team_id"] == team_id
    assert "An escalation with the name Night exists already." in words(taken)
    assert "Removed." in gone
    assert [*await escalations(tenant)] == ["Web_escalation"]


async def test_an_escalation_is_renamed_and_begins_again(ana: Browsing, databases: Databases, tenant: Tenant) -> None:
    team_id = await add_team(databases, tenant, "Web", (tenant.owner, "admin"))
    await ana.get(f"/teams/{team_id}")
    ident = (await escalations(tenant))["Web_escalation"]["id"]

    page = words(await ana.post(f"/escalations/{ident}", name="Web day", wait="10", count="2", closes="on"))
    changed = (await escalations(tenant))["Web day"]
    wrong = await ana.post(f"/escalations/{ident}", name="Web day", wait="10", count="21")

    assert "Then 2 more times, each 10 min after the last rule. At the end it closes the alert." in page
    assert (changed["repeat_count"], changed["reset_recipient_states"], changed["close_alert_after_all"]) == (
        2, False, True,
    )  # fmt: skip
    assert "This number is from 0 to 20." in wrong


async def test_an_escalation_in_use_stays_and_says_what_uses_it(
    ana: Browsing, databases: Databases, tenant: Tenant
) -> None:
    team_id = await add_team(databases, tenant, "Web", (tenant.owner, "admin"))
    await ana.get(f"/teams/{team_id}")
    ident = (await escalations(tenant))["Web_escalation"]["id"]

    page = await ana.post(f"/escalations/{ident}/remove")

    assert "Web_escalation is used: routing rule [Web: Default Routing Rule]." in words(page)
    assert len(await escalations(tenant)) == 1


async def test_a_team_is_removed_with_what_is_its_own(ana: Browsing, databases: Databases, tenant: Tenant) -> None:
    team_id = await add_team(databases, tenant, "Web", (tenant.owner, "admin"))
    await ana.get(f"/teams/{team_id}")

    page = await ana.post(f"/teams/{team_id}/remove")

    assert "The team is gone." in page
    assert await escalations(tenant) == {}
    assert (await ana.get(f"/teams/{team_id}")).status == 404


@pytest.mark.parametrize("role", ["user", "admin"])
async def test_a_plain_user_does_not_remove_a_team_not_even_as_its_admin(
    bo: Browsing, databases: Databases, tenant: Tenant, bo_user: User, role: str
) -> None:
    team_id = await add_team(databases, tenant, "Web", (bo_user, role))
    page = await bo.get(f"/teams/{team_id}")
    ident = (await escalations(tenant))["Web_escalation"]["id"]

    answers = [
        await bo.send("POST", f"/teams/{team_id}/remove"),
        await bo.send("POST", f"/escalations/{ident}", name="Mine", wait="0", count="0"),
    ]

    assert "Remove this team" not in page
    assert ("New escalation" in page) is (role == "admin")
    assert [it.status for it in answers] == [403, 403 if role == "user" else 303]
