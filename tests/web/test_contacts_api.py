"""How users are reached, by API; and the code that confirms an address.

POST /v2/users/{identifier}/contacts
GET /v2/users/{identifier}/contacts
GET /v2/users/{identifier}/contacts/{contact_id}
PATCH /v2/users/{identifier}/contacts/{contact_id}
DELETE /v2/users/{identifier}/contacts/{contact_id}
POST /v2/users/{identifier}/contacts/{contact_id}/enable
POST /v2/users/{identifier}/contacts/{contact_id}/disable
"""

import re
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from tests.support.alert_api import AlertApi, api_of
from tests.support.browsing import Browsing, browsing, give_password
from tests.support.mailbox import mails
from tests.support.makers import Tenant, add_key, add_user, make_tenant

from tocsin.accounts import audit_store
from tocsin.accounts.model import Role
from tocsin.db import Databases

SMS_REASON = "this server has no provider of SMS and calls"


@pytest.fixture
def api(http: aiohttp.ClientSession, tenant: Tenant) -> AlertApi:
    return api_of(http, tenant)


@pytest.fixture
def path(tenant: Tenant) -> str:
    return f"/v2/users/{tenant.owner.username}/contacts"


async def test_contacts_come_change_and_go(api: AlertApi, tenant: Tenant, path: str) -> None:
    phone = await api.call("POST", path, {"method": "sms", "to": "48-512345678"})
    voice = await api.call("POST", path, {"method": "Voice", "to": "39-0669812345"})
    mail = await api.call("POST", path, {"method": "email", "to": "night@example.com"})
    listed = await api.get(path)
    moved = await api.call("PATCH", f"{path}/{phone.data['id']}", {"to": "48-512345679"})
    shown = await api.get(f"{path}/{phone.data['id']}")
    off = await api.call("POST", f"{path}/{mail.data['id']}/disable")
    disabled = await api.get(f"{path}/{mail.data['id']}")
    on = await api.call("POST", f"{path}/{mail.data['id']}/enable")
    gone = await api.call("DELETE", f"{path}/{voice.data['id']}")

    assert [it.status for it in (phone, voice, mail)] == [201, 201, 201]
    assert [it.body["result"] for it in (phone, moved, off, on, gone)] == [
        "Created", "Updated", "Disabled", "Enabled", "Deleted",
    ]  # fmt: skip
    assert all([*it.data] == ["id"] for it in (phone, moved, off, on, gone))
    assert [(it["method"], it["to"], it["status"]["enabled"], it["applyOrder"]) for it in listed.data] == [
        ("email", tenant.owner.username, True, 0),
        ("sms", "48-512345678", False, 1),
        ("voice", "39-0669812345", False, 2),
        ("email", "night@example.com", False, 3),
    ]
    assert listed.data[0] == {
        "id": listed.data[0]["id"],
        "method": "email",
        "to": tenant.owner.username,
        "status": {"enabled": True},
        "applyOrder": 0,
    }
    assert shown.data["to"] == "48-512345679"
    assert SMS_REASON in shown.data["status"]["disabledReason"]
    assert disabled.data["status"]["enabled"] is False
    assert [it["to"] for it in (await api.get(path)).data] == [
        tenant.owner.username, "48-512345679", "night@example.com",
    ]  # fmt: skip
    async with tenant.app.transaction() as tx:
        entries = await audit_store.list_entries(tx, tenant.account_id, 10)
    assert [it.action for it in entries if it.object_type == "contact"] == [
        "removed", "changed", "changed", "changed", "added", "added", "added",
    ]  # fmt: skip
    moved_entry = [it for it in entries if it.object_type == "contact"][3]
    assert (moved_entry.before, moved_entry.after) == ({"address": "+48512345678"}, {"address": "+48512345679"})


@pytest.mark.parametrize(
    ("contact", "field"),
    [
        ({"method": "pigeon", "to": "x"}, "method"),
        ({"method": "mobile", "to": "x"}, "method"),
        ({"to": "x@example.com"}, "method"),
        ({"method": "email", "to": ""}, "to"),
        ({"method": "email", "to": "nobody"}, "to"),
        ({"method": "sms", "to": "1-12"}, "to"),
        ({"method": "voice", "to": "86-13912345678"}, "to"),
    ],
)
async def test_a_contact_that_cannot_be_is_refused_by_field(
    api: AlertApi, path: str, contact: dict[str, Any], field: str
) -> None:
    refused = await api.call("POST", path, contact)

    assert (refused.status, [*refused.errors]) == (422, [field])


async def test_the_address_that_signs_in_is_there_once_and_stays(api: AlertApi, tenant: Tenant, path: str) -> None:
    [own] = (await api.get(path)).data

    again = await api.call("POST", path, {"method": "email", "to": tenant.owner.username.upper()})
    deleted = await api.call("DELETE", f"{path}/{own['id']}")
    moved = await api.call("PATCH", f"{path}/{own['id']}", {"to": "elsewhere@example.com"})

    assert (again.status, deleted.status, moved.status) == (409, 409, 409)
    assert (await api.get(path)).data == [own]


async def test_a_stakeholder_has_no_telephone_contact(api: AlertApi, tenant: Tenant, databases: Databases) -> None:
    stakeholder = await add_user(databases, tenant, role=Role.STAKEHOLDER)

    refused = await api.call("POST", f"/v2/users/{stakeholder.id}/contacts", {"method": "sms", "to": "48-512345678"})

    assert (refused.status, [*refused.errors]) == (422, ["method"])


@pytest.fixture
async def owner(base_url: str, databases: Databases, tenant: Tenant) -> Any:
    async with browsing(base_url) as opened:
        await opened.sign_in(await give_password(databases, tenant.owner))
        yield opened


async def test_a_mailed_code_confirms_an_address(api: AlertApi, tenant: Tenant, path: str, owner: Browsing) -> None:
    made = await api.call("POST", path, {"method": "email", "to": "night@example.com"})
    mail = (await mails(tenant, "verification"))[-1]
    [code] = re.findall(r"(?m)\b(\d{6})\b", mail.text_body)
    page = await owner.get("/profile")

    wrong = await owner.post(f"/profile/contacts/{made.data['id']}/code", code=f"{(int(code) + 1) % 10**6:06}")
    other = await owner.send("POST", f"/profile/contacts/{uuid4()}/code", code=code)
    right = await owner.post(f"/profile/contacts/{made.data['id']}/code", code=f" {code} ")
    again = await owner.post(f"/profile/contacts/{made.data['id']}/code", code=code)

    assert mail.to_address == "night@example.com"
    assert "Code from the mail" in page
    assert "This code is wrong or too old. Ask for another mail." in wrong
    assert other.status == 404
    assert "night@example.com is verified." in right
    assert "There is nothing to confirm about this contact." in again
    shown = await api.get(f"{path}/{made.data['id']}")
    assert shown.data["status"] == {"enabled": True}


async def test_only_the_newest_code_counts_and_tries_are_counted(
    api: AlertApi, tenant: Tenant, path: str, owner: Browsing
) -> None:
    made = await api.call("POST", path, {"method": "email", "to": "night@example.com"})
    here = f"/profile/contacts/{made.data['id']}"
    await owner.get("/profile")
    await owner.post(f"{here}/verification")
    old, new = (re.findall(r"\b(\d{6})\b", it.text_body)[0] for it in await mails(tenant, "verification"))

    refused = await owner.post(f"{here}/code", code=old)
    for _ in range(4):
        await owner.post(f"{here}/code", code="nothing")
    blocked = await owner.post(f"{here}/code", code=new)

    assert old == new or "This code is wrong or too old." in refused
    assert "Too many tries." in blocked
    assert (await api.get(f"{path}/{made.data['id']}")).data["status"]["enabled"] is False


async def test_contacts_of_others_and_of_nobody_are_not_there(
    api: AlertApi, tenant: Tenant, databases: Databases, path: str
) -> None:
    eve = await make_tenant(databases, "others")
    mia = await add_user(databases, tenant)
    [of_mia] = (await api.get(f"/v2/users/{mia.id}/contacts")).data
    calls = [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/enable"), ("POST", "/disable")]

    for method, last in calls:
        for ident in (of_mia["id"], str(uuid4()), "none"):
            answer = await api.call(method, f"{path}/{ident}{last}", {"to": "x@example.com"})
            assert answer.status == 404, (method, last, ident)
    assert (await api.call("POST", f"/v2/users/{eve.owner.id}/contacts", {})).status in {404, 422}


async def test_a_key_without_configuration_access_reads_contacts_and_changes_none(
    http: aiohttp.ClientSession, tenant: Tenant, databases: Databases, path: str
) -> None:
    reading = api_of(http, tenant, await add_key(databases, tenant, allow_configuration_access=False))
    [own] = (await reading.get(path)).data

    assert (await reading.call("POST", path, {})).status == 403
    for method, last in (("PATCH", ""), ("DELETE", ""), ("POST", "/enable"), ("POST", "/disable")):
        assert (await reading.call(method, f"{path}/{own['id']}{last}")).status == 403
