import aiohttp
import pytest
from tests.support.browsing import Browsing, add_person, give_password
from tests.support.makers import Tenant, add_team, make_tenant

from tocsin.accounts import api_keys_store, audit_store
from tocsin.accounts.model import Role
from tocsin.db import Databases

NEW: dict[str, str | list[str]] = {"name": "Prometheus", "type": "API", "rights": ["read", "write"], "team": ""}


async def make_key(browser: Browsing, **changes: str | list[str]) -> str:
    answer = await browser.post("/settings/keys", **(NEW | changes))
    assert answer.status == 200, answer.text
    return answer.find(r'id="api-key"[^>]*>([0-9a-f-]{36})<')


async def status_with(http: aiohttp.ClientSession, key: str) -> int:
    async with http.get("/v2/account", headers={"Authorization": f"GenieKey {key}"}) as response:
        return response.status


async def test_a_new_key_is_shown_once_and_works(
    browser: Browsing, http: aiohttp.ClientSession, databases: Databases, tenant: Tenant
) -> None:
    await browser.sign_in(await give_password(databases, tenant.owner))

    key = await make_key(browser)

    page = await browser.get("/settings/keys")
    assert await status_with(http, key) == 200
    assert key not in page.text
    assert key[-4:] in page.text
    async with tenant.app.transaction() as tx:
        [entry] = await audit_store.list_entries(tx, tenant.account_id, 10)
    assert (entry.action, entry.object_type, entry.object_name) == ("created", "api-key", "Prometheus")
    assert entry.after == {"type": "API", "rights": ["read", "write"]}
    assert key not in str(entry)


async def test_rights_are_changed_and_a_key_is_switched_off_and_deleted(
    browser: Browsing, databases: Databases, tenant: Tenant
) -> None:
    await browser.sign_in(await give_password(databases, tenant.owner))
    await make_key(browser)
    async with tenant.app.transaction() as tx:
        key = next(one for one in await api_keys_store.list_keys(tx, tenant.account_id) if one.name == "Prometheus")
    at = f"/settings/keys/{key.id}"

    await browser.post(f"{at}/rights", rights=["configuration"])
    nothing = await browser.post(f"{at}/rights")
    await browser.post(f"{at}/disable")
    async with tenant.app.transaction() as tx:
        changed = await api_keys_store.lock_key(tx, tenant.account_id, key.id)
    await browser.post(f"{at}/delete")

    assert "A key without any right can do nothing." in nothing
    assert (changed.allow_read_access, changed.allow_configuration_access, changed.enabled) == (False, True, False)
    assert (await browser.send("POST", f"{at}/enable")).status == 404
    async with tenant.app.transaction() as tx:
        entries = await audit_store.list_entries(tx, tenant.account_id, 10)
    assert [entry.action for entry in entries] == ["deleted", "changed", "changed", "created"]
    assert entries[2].before == {"rights": ["read", "write"]}
    assert entries[2].after == {"rights": ["configuration"]}


async def test_alerts_of_a_key_go_to_the_team_that_was_chosen(
    browser: Browsing, databases: Databases, tenant: Tenant
) -> None:
    await browser.sign_in(await give_password(databases, tenant.owner))
    team_id = await add_team(databases, tenant, tenant.owner)

    await make_key(browser, team=str(team_id))

    async with tenant.app.transaction() as tx:
        responders = await tx.value(
            "select responders from integrations where account_id = %(account_id)s and name = 'Prometheus'",
            account_id=tenant.account_id,
        )
    assert responders == [{"type": "team", "id": str(team_id)}]


@pytest.mark.parametrize(
    ("changes", "status", "because"),
    [
        ({"name": ""}, 422, "1 to 100 characters"),
        ({"name": "x" * 101}, 422, "1 to 100 characters"),
        ({"name": "Default API"}, 409, "Another key has this name."),
        ({"type": "Skeleton"}, 422, "There is no such kind of key."),
        ({"rights": []}, 422, "A key without any right can do nothing."),
        ({"rights": ["everything"]}, 422, "A key without any right can do nothing."),
        ({"team": "nonsense"}, 422, "There is no such team."),
        ({"team": "foreign"}, 422, "There is no such team."),
    ],
    ids=str,
)
async def test_a_key_that_cannot_be_is_not_made(
    browser: Browsing,
    databases: Databases,
    tenant: Tenant,
    changes: dict[str, str | list[str]],
    status: int,
    because: str,
) -> None:
    await browser.sign_in(await give_password(databases, tenant.owner))
    if changes.get("team") == "foreign":
        other = await make_tenant(databases)
        changes = {"team": str(await add_team(databases, other, other.owner))}

    answer = await browser.post("/settings/keys", **(NEW | changes))

    assert (answer.status, because in answer) == (status, True)
    async with tenant.app.transaction() as tx:
        assert [key.name for key in await api_keys_store.list_keys(tx, tenant.account_id)] == ["Default API"]


async def test_an_admin_may_make_keys_and_a_user_may_not(
    browser: Browsing, databases: Databases, tenant: Tenant
) -> None:
    await browser.sign_in(await add_person(databases, tenant, role=Role.ADMIN))
    await make_key(browser)
    await browser.post("/sign-out")
    await browser.sign_in(await add_person(databases, tenant))

    answer = await browser.post("/settings/keys", **(NEW | {"name": "another"}))

    assert answer.status == 403


async def test_m13_an_owner_alone_lets_a_key_handle_billing(
    browser: Browsing, databases: Databases, tenant: Tenant
) -> None:
    admin = await add_person(databases, tenant, role=Role.ADMIN)
    await browser.sign_in(admin)
    refused = await browser.send("POST", "/settings/keys", **(NEW | {"rights": ["read", "billing"]}))
    offered = 'value="billing"' in (await browser.get("/settings/keys")).text
    await browser.post("/sign-out")

    await browser.sign_in(await give_password(databases, tenant.owner))
    await make_key(browser, rights=["read", "billing"])
    async with tenant.app.transaction() as tx:
        key = next(one for one in await api_keys_store.list_keys(tx, tenant.account_id) if one.name == "Prometheus")
    await browser.post("/sign-out")
    await browser.sign_in(admin)
    await browser.post(f"/settings/keys/{key.id}/rights", rights=["write"])
    async with tenant.app.transaction() as tx:
        changed = await api_keys_store.lock_key(tx, tenant.account_id, key.id)

    assert (refused.status, offered) == (403, False)
    assert (changed.allow_read_access, changed.allow_write_access, changed.allow_billing_access) == (False, True, True)
