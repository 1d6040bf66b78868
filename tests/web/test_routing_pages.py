"""Routing rules on a team's page: who sees which, and what may be changed by whom."""

import re
from html import unescape
from uuid import UUID, uuid4

import pytest
from tests.support.browsing import Answer, Browsing
from tests.support.makers import START, Tenant

from tocsin.accounts import team_service
from tocsin.accounts.audit import system
from tocsin.accounts.model import User
from tocsin.db import Databases
from tocsin.escalations import routing_store
from tocsin.escalations.pages.routing_view import NOBODY
from tocsin.escalations.plan_limits import PlanLimits
from tocsin.escalations.routing_store import RoutingRow
from tocsin.escalations.team_defaults import create_team
from tocsin.licensing import terms_store
from tocsin.licensing.model import Standing, Term

Form = dict[str, str | list[str]]
FORM: Form = {
    "name": "Nights", "match": "match-all-conditions", "target": NOBODY, "time_zone": "Asia/Kolkata",
    "field": ["priority", "", "extra-properties"], "not": ["", "", "not"],
    "operation": ["greater-than", "equals", "equals"],
    "key": ["", "", "env"], "expected": ["p3", "", "prod"],
    "start_day": ["every-day", ""], "start": ["20:00", ""], "end_day": ["every-day", ""], "end": ["08:00", ""],
}  # fmt: skip
ANY: Form = {"match": "match-all", "target": NOBODY, "time_zone": "", "field": [""], "start_day": [""]}


def words(page: Answer) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


async def add_team(databases: Databases, tenant: Tenant, *members: tuple[User, str]) -> UUID:
    async with databases.engine.transaction() as tx:
        people = [(member.id, role) for member, role in members]
        return (await create_team(tx, tenant.account_id, "Web", people, time_zone="Europe/Warsaw", at=START)).id


async def rules(tenant: Tenant, team_id: UUID) -> list[RoutingRow]:
    async with tenant.app.transaction() as tx:
        return await routing_store.list_of_team(tx, tenant.account_id, team_id)


async def names(tenant: Tenant, team_id: UUID) -> list[str]:
    return [it.name for it in await rules(tenant, team_id)]


async def test_a_rule_is_made_from_the_form_and_shown_in_words(
    ana: Browsing, databases: Databases, tenant: Tenant
) -> None:
    team_id = await add_team(databases, tenant, (tenant.owner, "admin"))
    await ana.get(f"/teams/{team_id}")

    page = words(await ana.post(f"/teams/{team_id}/routing-rules", **FORM))

    assert "The rule is there." in page
    asked = "priority is above P3 and the extra property env is not “prod”"
    assert f"{asked}, daily 20:00–08:00 (Asia/Kolkata): nobody is told" in page
    assert "all others: the escalation Web_escalation" in page
    made = (await rules(tenant, team_id))[0]
    assert made.criteria == {
        "type": "match-all-conditions",
        "conditions": [
            {"field": "priority", "not": False, "operation": "greater-than", "expectedValue": "P3", "order": 0},
            {"field": "extra-properties", "key": "env", "not": True, "operation": "equals", "expectedValue": "prod",
             "order": 1},
        ],
    }  # fmt: skip
    assert made.time_zone == "Asia/Kolkata"


async def test_a_rule_is_changed_moved_and_removed(ana: Browsing, databases: Databases, tenant: Tenant) -> None:
    team_id = await add_team(databases, tenant, (tenant.owner, "admin"))
    base = f"/teams/{team_id}/routing-rules"
    await ana.get(f"/teams/{team_id}")
    for name in ("a", "b", "c"):
        await ana.post(base, **FORM | {"name": name})
    first, second, third, default = await rules(tenant, team_id)

    await ana.post(f"{base}/{first.id}/down")
    assert await names(tenant, team_id) == ["b", "a", "c", "Default Routing Rule"]
    await ana.post(f"{base}/{third.id}/up")
    assert await names(tenant, team_id) == ["b", "c", "a", "Default Routing Rule"]
    await ana.post(f"{base}/{second.id}", **ANY | {"name": "open"})
    removed = await ana.post(f"{base}/{third.id}/remove")
    kept = await ana.post(f"{base}/{default.id}", default="1", name="Else", target=NOBODY)

    changed, other, last = await rules(tenant, team_id)
    assert "Removed." in removed
    assert "Saved." in kept
    assert (changed.name, changed.criteria, changed.restriction, changed.time_zone) == (
        "open", {"type": "match-all"}, None, None,
    )  # fmt: skip
    assert (other.name, other.restriction is not None) == ("a", True)
    assert (last.name, last.is_default, last.notify_type) == ("Else", True, "none")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"time_zone": "Mars/Olympus"}, "There is no such time zone."),
        ({"target": "schedule:"}, "Choose where the alerts go."),
        ({"target": "robot:7"}, "Choose where the alerts go."),
        ({"expected": ["urgent", "", "prod"]}, "Priority should be one of"),
        ({"start": ["20:00", ""], "end": ["", ""]}, "Hours have a start and an end"),
    ],
)
async def test_a_rule_that_makes_no_sense_is_refused_with_a_reason(
    ana: Browsing, databases: Databases, tenant: Tenant, wrong: Form, said: str
) -> None:
    team_id = await add_team(databases, tenant, (tenant.owner, "admin"))
    await ana.get(f"/teams/{team_id}")

    page = await ana.post(f"/teams/{team_id}/routing-rules", **FORM | wrong)

    assert said in words(page)
    assert len(await rules(tenant, team_id)) == 1


async def test_the_default_rule_is_not_removed_and_does_not_move(
    ana: Browsing, databases: Databases, tenant: Tenant
) -> None:
    team_id = await add_team(databases, tenant, (tenant.owner, "admin"))
    [default] = await rules(tenant, team_id)
    base = f"/teams/{team_id}/routing-rules/{default.id}"
    await ana.get(f"/teams/{team_id}")

    removed = await ana.post(f"{base}/remove")
    moved = await ana.send("POST", f"{base}/up")
    missing = await ana.send("POST", f"/teams/{team_id}/routing-rules/{uuid4()}/up")

    assert "The default routing rule cannot be deleted" in removed
    assert (moved.status, missing.status) == (403, 404)
    assert len(await rules(tenant, team_id)) == 1


async def test_who_only_belongs_to_the_team_reads_its_rules_unless_his_role_grants_more(
    bo: Browsing, databases: Databases, tenant: Tenant, bo_user: User
) -> None:
    team_id = await add_team(databases, tenant, (tenant.owner, "admin"), (bo_user, "user"))
    base, actor = f"/teams/{team_id}/routing-rules", system(tenant.account_id, START)
    page = await bo.get(f"/teams/{team_id}")
    assert "New routing rule" not in page
    assert (await bo.send("POST", base, **FORM)).status == 403

    await team_service.make_role(tenant.app, actor, team_id, "Router", {"edit-routing-rules": True})
    await team_service.set_member(tenant.app, actor, team_id, bo_user.id, "Router")

    made = await bo.post(base, **FORM)
    rule = (await rules(tenant, team_id))[0]
    assert "The rule is there." in made
    assert (await bo.send("POST", f"{base}/{rule.id}/remove")).status == 403


async def test_a_plan_with_fewer_rules_shows_which_rest_and_refuses_more(
    ana: Browsing, databases: Databases, tenant: Tenant
) -> None:
    team_id = await add_team(databases, tenant, (tenant.owner, "admin"))
    await ana.get(f"/teams/{team_id}")
    await ana.post(f"/teams/{team_id}/routing-rules", **FORM)
    async with databases.engine.transaction() as tx:
        await terms_store.insert_terms(tx, [Term(tenant.account_id, START, Standing.FREE, "free", 5, None, 1)])
        await PlanLimits(billing=True).settle(tx, tenant.account_id, START)

    page = await ana.get(f"/teams/{team_id}")
    refused = await ana.send("POST", f"/teams/{team_id}/routing-rules", **FORM)

    assert "nobody is told Inactive: over the plan" in words(page)
    assert refused.status == 402
