"""Custom roles at the door of every page that asks for a right: granted lets in, disallowed keeps out."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import aiohttp
import pytest
from tests.support.alert_api import api_of
from tests.support.alerts import add_alert, add_notification
from tests.support.browsing import Browsing, add_person, browsing
from tests.support.makers import START, Tenant

from tocsin import crypto
from tocsin.accounts import store
from tocsin.accounts.model import CustomRole, LicenceKind, Team, User
from tocsin.accounts.people import roles_store
from tocsin.accounts.people import store as people
from tocsin.accounts.rights import ASKED_FOR
from tocsin.db import Databases
from tocsin.notifications import links
from tocsin.settings import Settings

A, B = "{alert}", "{other}"
DOORS: dict[str, tuple[str, str, dict[str, str | list[str]]]] = {
    "see-alerts": ("GET", "/alerts", {}),
    "who-is-on-call-show-all": ("GET", "/on-call", {}),
    "alert-acknowledge": ("POST", f"/alerts/{A}/acknowledge", {}),
    "alert-acknowledge-all": ("POST", "/alerts/bulk", {"action": "acknowledge", "alert": [A, B]}),
    "alert-unacknowledge": ("POST", f"/alerts/{A}/unacknowledge", {}),
    "alert-close": ("POST", f"/alerts/{A}/close", {}),
    "alert-close-all": ("POST", "/alerts/bulk", {"action": "close", "alert": [A, B]}),
    "alert-snooze": ("POST", f"/alerts/{A}/snooze", {"minutes": "15"}),
    "alert-add-note": ("POST", f"/alerts/{A}/notes", {"note": "a look"}),
    "alert-assign-ownership": ("POST", f"/alerts/{A}/assign", {"owner": "{owner}"}),
    "alert-take-ownership": ("POST", f"/alerts/{A}/assign", {"owner": "{me}"}),
    "alert-add-responder": ("POST", f"/alerts/{A}/responders", {"responder": "user:{owner_id}"}),
    "alert-add-team": ("POST", f"/alerts/{A}/responders", {"responder": "team:{owner_id}"}),
    "alert-escalate": ("POST", f"/alerts/{A}/escalate", {"escalation": "{owner_id}"}),
    "alert-update-priority": ("POST", f"/alerts/{A}/priority", {"priority": "P1"}),
    "alert-edit-tags": ("POST", f"/alerts/{A}/tags", {"tags": "db"}),
    "alert-edit-details": ("POST", f"/alerts/{A}/details", {"key": "k", "value": "v"}),
    "alert-custom-action": ("POST", f"/alerts/{A}/execute", {"action": "restart"}),
    "alert-add-attachment": ("POST", f"/alerts/{A}/attachments", {}),
    "alert-delete-attachment": ("POST", f"/alerts/{A}/attachments/1/remove", {}),
    "configurations-read-only": ("GET", "/teams", {}),
    "configurations-edit": ("POST", "/teams", {"name": "night crew"}),
    "configurations-delete": ("POST", "/teams/{team}/members/remove", {"user": "{owner_id}"}),
    "profile-edit": ("POST", "/profile", {"full_name": "Bo", "time_zone": "UTC", "locale": "en"}),
    "contacts-edit": ("POST", "/profile/contacts", {"method": "email", "address": "bo-at-night@example.com"}),
    "notification-rules-edit": ("POST", "/profile/notifications/{owner_id}/enable", {}),
    "quiet-hours-edit": ("POST", "/profile/quiet-hours", {}),
    "manage-roles": ("POST", "/settings/roles", {"name": "Watch", "base": "user"}),
    "logs-page-access": ("GET", "/settings/audit", {}),
}


def test_there_is_a_door_for_every_right_that_is_asked_for() -> None:
    assert DOORS.keys() == ASKED_FOR.keys()


async def take_role(tenant: Tenant, user: User, granted: list[str], disallowed: list[str], base: str = "user") -> None:
    role = CustomRole(tenant.account_id, uuid4(), f"role {uuid4().hex[:8]}", base, granted, disallowed, START)
    async with tenant.app.transaction() as tx:
        await roles_store.insert_role(tx, role)
        await people.set_role(tx, tenant.account_id, user.id, role.role, LicenceKind.RESPONDER, role.id)


async def own_team(tenant: Tenant, user: User) -> UUID:
    """A team that the person is an admin of."""
    team = Team(tenant.account_id, uuid4(), f"team {uuid4().hex[:8]}", "", START)
    async with tenant.app.transaction() as tx:
        await store.insert_team(tx, team)
        await store.insert_team_member(tx, tenant.account_id, team.id, user.id, "admin")
    return team.id


@pytest.fixture
async def alerts(http: aiohttp.ClientSession, tenant: Tenant) -> list[str]:
    api = api_of(http, tenant)
    return [(await api.act("POST", "/v2/alerts", {"message": f"disk {it} full"}))["alertId"] for it in "ab"]


@pytest.mark.parametrize("right", sorted(DOORS))
async def test_a_right_that_is_granted_lets_in_and_one_that_is_disallowed_keeps_out(
    right: str, bo: Browsing, bo_user: User, tenant: Tenant, alerts: list[str]
) -> None:
    verb, path, fields = DOORS[right]
    names = {
        "alert": alerts[0], "other": alerts[1], "owner": tenant.owner.username, "owner_id": str(tenant.owner.id),
        "me": bo_user.username, "team": str(await own_team(tenant, bo_user)),
    }  # fmt: skip
    filled = {
        name: [it.format(**names) for it in value] if isinstance(value, list) else value.format(**names)
        for name, value in fields.items()
    }
    await bo.get("/profile")

    await take_role(tenant, bo_user, [right], [])
    allowed = await bo.send(verb, path.format(**names), **filled)
    await take_role(tenant, bo_user, [right], [right])
    refused = await bo.send(verb, path.format(**names), **filled)

    assert allowed.status != 403, allowed.text
    assert allowed.status < 500
    assert refused.status == 403
    assert "Your role does not allow this." in refused


@pytest.fixture
async def stakeholders(base_url: str) -> AsyncIterator[Browsing]:
    async with browsing(base_url) as opened:
        yield opened


async def test_a_role_without_a_licence_is_kept_out_of_alerts_whatever_it_was_granted(
    stakeholders: Browsing, databases: Databases, tenant: Tenant, alerts: list[str]
) -> None:
    user = await add_person(databases, tenant)
    await stakeholders.sign_in(user)
    await take_role(tenant, user, ["alert-acknowledge", "see-alerts"], [], base="stakeholder")
    await stakeholders.get("/profile")

    assert (await stakeholders.send("GET", "/alerts")).status == 403
    assert (await stakeholders.send("POST", f"/alerts/{alerts[0]}/acknowledge")).status == 403


async def test_what_a_role_may_not_is_not_offered_on_the_page(
    bo: Browsing, bo_user: User, tenant: Tenant, alerts: list[str]
) -> None:
    before = await bo.get(f"/alerts/{alerts[0]}")
    await take_role(tenant, bo_user, [], ["alert-acknowledge", "alert-add-note", "alert-close"])
    after = await bo.get(f"/alerts/{alerts[0]}")

    for button in (f'formaction="/alerts/{alerts[0]}/acknowledge"', f'formaction="/alerts/{alerts[0]}/close"',
                   f'action="/alerts/{alerts[0]}/notes"'):  # fmt: skip
        assert button in before.text
        assert button not in after.text
    assert f'action="/alerts/{alerts[0]}/snooze"' in after.text


async def test_the_menu_shows_what_is_for_the_person_and_signing_in_leads_there(
    bo: Browsing, bo_user: User, tenant: Tenant, stakeholders: Browsing
) -> None:
    before = await bo.get("/profile")
    await take_role(tenant, bo_user, [], ["see-alerts", "configurations-read-only"])
    after = await bo.get("/profile")
    signed_in = await stakeholders.sign_in(bo_user)

    for address in ("/alerts", "/teams"):
        assert f'<a href="{address}">' in before.text
        assert f'<a href="{address}">' not in after.text
    assert '<a href="/on-call">' in after.text
    assert signed_in.location == "/profile"


async def test_a_mailed_link_gives_no_right_that_the_role_has_not(
    bo: Browsing, bo_user: User, tenant: Tenant, databases: Databases, settings: Settings
) -> None:
    alert = await add_alert(databases, tenant)
    ident = await add_notification(databases, alert, bo_user)
    told = f"{tenant.account_id} {ident} {bo_user.id.hex} {alert.id}"
    link = crypto.sign(settings.key, links.PURPOSE, told)
    await bo.get(f"/a/{link}")

    await take_role(tenant, bo_user, [], ["alert-close"])
    closed = await bo.send("POST", f"/a/{link}", do="close")
    acknowledged = await bo.send("POST", f"/a/{link}", do="acknowledge")

    assert closed.status == 403
    assert acknowledged.status == 200
