"""The page of custom roles."""

import re
from html import unescape

import pytest
from tests.support.browsing import Answer, Browsing
from tests.support.makers import START, Tenant

from tocsin.accounts import audit_store
from tocsin.accounts.model import CustomRole, LicenceKind, User
from tocsin.accounts.pages.roles import WORDS
from tocsin.accounts.people import roles_store
from tocsin.accounts.people import store as people
from tocsin.accounts.rights import ASKED_FOR

HERE = "/settings/roles"


def words(page: Answer) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


async def roles(tenant: Tenant) -> list[CustomRole]:
    async with tenant.app.transaction() as tx:
        return await roles_store.list_roles(tx, tenant.account_id)


async def add(ana: Browsing, name: str = "Night watch", base: str = "user") -> str:
    """The address of a new role."""
    await ana.get(HERE)
    page = await ana.post(HERE, name=name, base=base)
    assert f"{name} is there." in page
    return page.find(f'action="({HERE}/[^"/]+)"')


def test_the_page_names_every_right_that_is_asked_for() -> None:
    assert WORDS.keys() == ASKED_FOR.keys()


async def test_a_role_is_made_given_rights_and_removed(ana: Browsing, tenant: Tenant) -> None:
    empty = await ana.get(HERE)
    at = await add(ana)

    saved = await ana.post(
        at, name="Watch", base="user", **{"logs-page-access": "granted", "alert-close": "disallowed"}
    )
    [role] = await roles(tenant)
    removed = await ana.post(f"{at}/remove")

    assert "No custom roles" in empty
    assert (role.name, role.base, role.granted, role.disallowed) == (
        "Watch", "user", ["logs-page-access"], ["alert-close"],
    )  # fmt: skip
    assert "Granted: Read the audit log" in words(saved)
    assert "Disallowed: Close an alert" in words(saved)
    assert "Watch is removed." in removed
    assert await roles(tenant) == []
    async with tenant.app.transaction() as tx:
        entries = await audit_store.list_entries(tx, tenant.account_id, 3)
    assert [(it.action, it.object_type) for it in entries] == [
        ("deleted", "role"), ("changed", "role"), ("created", "role"),
    ]  # fmt: skip


async def test_rights_that_the_page_does_not_show_stay(ana: Browsing, tenant: Tenant) -> None:
    at = await add(ana)
    [role] = await roles(tenant)
    async with tenant.app.transaction() as tx:
        await roles_store.save_role(
            tx, CustomRole(role.account_id, role.id, role.name, "user", ["incident-close"], ["alert-close"], START)
        )

    saved = await ana.post(at, name="Watch", base="user")

    [after] = await roles(tenant)
    assert (after.granted, after.disallowed) == (["incident-close"], [])
    assert "1 right that this server has no use for is kept." in saved


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"name": "", "base": "user"}, "A role has a name of 1 to 512 characters."),
        ({"name": "Owner", "base": "user"}, "A built-in role has this name."),
        ({"name": "x", "base": "king"}, "Choose what the role is based on."),
        ({"name": "DAY", "base": "user"}, "Another role has this name."),
        (
            {"name": "x", "base": "stakeholder", "alert-close": "granted"},
            "A role that takes no responder's seat cannot be granted what responders do.",
        ),
    ],
)
async def test_a_role_that_cannot_be_is_refused_in_words(
    ana: Browsing, tenant: Tenant, form: dict[str, str], said: str
) -> None:
    at = await add(ana)
    await add(ana, "Day")
    before = await roles(tenant)
    at = f"{HERE}/{next(it.id for it in before if it.name == 'Night watch')}"

    page = await ana.post(at, **form)

    assert said in page
    assert await roles(tenant) == before


async def test_a_role_that_somebody_has_stays(ana: Browsing, tenant: Tenant, bo_user: User) -> None:
    at = await add(ana)
    [role] = await roles(tenant)
    async with tenant.app.transaction() as tx:
        await people.set_role(tx, tenant.account_id, bo_user.id, role.role, LicenceKind.RESPONDER, role.id)

    page = await ana.post(f"{at}/remove")

    assert f"{bo_user.username} has the role Night watch. Give them another one first." in page
    assert await roles(tenant) == [role]


async def test_a_plain_user_has_no_page_of_roles(bo: Browsing) -> None:
    page = await bo.get("/settings/users")

    assert HERE not in page.text
    assert (await bo.send("GET", HERE)).status == 403
