"""The page that says who would be told, when, how and why."""

from urllib.parse import urlencode
from uuid import UUID

import pytest
from tests.support.browsing import Browsing
from tests.support.makers import START, Tenant, add_team

from tocsin.accounts.audit import Actor
from tocsin.accounts.model import User
from tocsin.db import Databases
from tocsin.escalations import config_service
from tocsin.escalations.plan_limits import PlanLimits

HERE = "/rehearse"


async def web(databases: Databases, tenant: Tenant, *members: User) -> UUID:
    """A team with its defaults."""
    actor = Actor(tenant.account_id, "ana", START)
    people = [(it.id, "user") for it in members]
    made = await config_service.make_team(
        tenant.app, PlanLimits(billing=False), actor, "Web", "", people, "Europe/Warsaw"
    )
    return made.id


def asking(**values: str) -> str:
    return f"{HERE}?{urlencode({'at': '2026-11-21T03:10', 'priority': 'P1', 'hours': '2', **values})}"


async def test_the_form_offers_whom_an_alert_may_name(ana: Browsing, databases: Databases, tenant: Tenant) -> None:
    await web(databases, tenant, tenant.owner)

    page = await ana.get(HERE)

    for text in (
        "Team: Web",
        "Escalation: Web_escalation",
        "Schedule: Web_schedule",
        f"Person: {tenant.owner.full_name}",
    ):
        assert text in page.text
    assert "What would happen" not in page.text


async def test_saturday_ten_past_three(ana: Browsing, databases: Databases, tenant: Tenant, bo_user: User) -> None:
    team_id = await web(databases, tenant, tenant.owner, bo_user)

    page = await ana.get(asking(responder=f"team:{team_id}", message="Disk full"))

    assert page.status == 200
    assert "What would happen" in page.text
    assert "at once" in page.text
    assert "on call in Web_schedule" in page.text


async def test_an_empty_team_leads_to_the_owners_and_says_so(
    ana: Browsing, databases: Databases, tenant: Tenant
) -> None:
    team_id = await web(databases, tenant)

    page = await ana.get(asking(responder=f"team:{team_id}"))

    assert "Nobody was on call in Web_schedule" in page.text
    assert "the owners of the account would be written to" in page.text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"responder": "team:nobody"}, "Choose whom the alert names."),
        ({"at": "yesterday"}, "Give day and time"),
        ({"hours": "9999"}, "Choose how far to look."),
        ({"acknowledged": "soon"}, "Give minutes, 1440 at most"),
        ({"priority": "P9"}, "Choose a priority."),
    ],
)
async def test_what_cannot_be_is_said_and_what_was_written_stays(
    ana: Browsing, databases: Databases, tenant: Tenant, changes: dict[str, str], said: str
) -> None:
    team_id = await web(databases, tenant, tenant.owner)

    page = await ana.get(asking(**{"responder": f"team:{team_id}", "message": "Keep me", **changes}))

    assert page.status == 422
    assert said in page.text
    assert 'value="Keep me"' in page.text
    assert "What would happen" not in page.text


async def test_a_stakeholder_may_not_look(stakeholder: Browsing) -> None:
    assert (await stakeholder.get(HERE)).status == 403


async def test_another_accounts_team_is_none_of_ours(eve: Browsing, databases: Databases, tenant: Tenant) -> None:
    team_id = await add_team(databases, tenant, tenant.owner, name="Secret")

    page = await eve.get(asking(responder=f"team:{team_id}"))

    assert page.status == 422
    assert "Secret" not in page.text
