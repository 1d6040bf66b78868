import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from tests.support.browsing import PASSWORD, Browsing, add_person, browsing, give_password
from tests.support.mailbox import link_in, mails
from tests.support.makers import START, Tenant, make_contact, make_user

from tocsin.accounts import audit_store, store
from tocsin.accounts.audit import Actor
from tocsin.accounts.model import Contact, Role, User, UserStatus
from tocsin.accounts.people import service
from tocsin.accounts.sign_in import factors_store
from tocsin.accounts.sign_in.factors_store import Passkey, Totp
from tocsin.clock import SetClock
from tocsin.db import Databases
from tocsin.errors import Conflict
from tocsin.escalations.plan_limits import PlanLimits

JOINING = {"full_name": "Chloé Brandt", "password": PASSWORD, "time_zone": "Europe/Paris", "locale": "en"}


async def invite(browser: Browsing, tenant: Tenant, email: str, role: str = "user", locale: str = "en") -> str:
    """The link in the invitation."""
    answer = await browser.post("/settings/users", email=email, role=role, time_zone="Europe/Paris", locale=locale)
    assert f"{email} is invited by mail." in answer
    return link_in((await mails(tenant, "invitation"))[-1], "/invitation/")


async def user_named(tenant: Tenant, username: str) -> User:
    async with tenant.app.transaction() as tx:
        found = await store.find_user_by_username(tx, tenant.account_id, username)
    assert found is not None
    return found


async def contact_at(tenant: Tenant, user: User, address: str) -> Contact:
    async with tenant.app.transaction() as tx:
        contacts = await store.list_contacts(tx, tenant.account_id, user.id)
    return next(contact for contact in contacts if contact.address == address)


async def test_an_invited_person_comes_in_by_the_link_and_is_told_of_new_alerts(
    browser: Browsing, url: str, databases: Databases, tenant: Tenant
) -> None:
    await browser.sign_in(await give_password(databases, tenant.owner))
    link = await invite(browser, tenant, "chloe@example.com", "admin", locale="pl")
    async with browsing(url) as phone:
        page = await phone.get(link)
        answer = await phone.send("POST", link, **JOINING)
        profile = await phone.get(answer.location)
        again = await phone.send("POST", link, **JOINING)

    chloe = await user_named(tenant, "chloe@example.com")
    assert "chloe@example.com" in page
    assert answer.location == "/profile"
    assert "Chloé Brandt" in profile
    assert again.status == 404
    assert (chloe.role, chloe.status, chloe.time_zone, chloe.locale) == (
        Role.ADMIN,
        UserStatus.ACTIVE,
        "Europe/Paris",
        "en",
    )
    assert chloe.verified_at == START
    async with tenant.app.transaction() as tx:
        steps = await tx.dicts(
            """
            select r.action_type, c.address, c.verified_at, s.after
              from notification_rules r
              join notification_rule_steps s on s.account_id = r.account_id and s.rule_id = r.id
              join contacts c on c.account_id = s.account_id and c.id = s.contact_id
             where r.account_id = %(account_id)s and r.user_id = %(user_id)s
            """,
            account_id=tenant.account_id, user_id=chloe.id,
        )  # fmt: skip
    assert steps == [
        {
            "action_type": "create-alert",
            "address": "chloe@example.com",
            "verified_at": START,
            "after": timedelta(0),
        }
    ]


async def test_an_invitation_speaks_the_language_it_was_written_for(
    browser: Browsing, databases: Databases, tenant: Tenant
) -> None:
    await browser.sign_in(await give_password(databases, tenant.owner))

    await invite(browser, tenant, "zofia@example.com", locale="pl")

    [mail] = await mails(tenant, "invitation")
    assert mail.subject == "Zaproszenie do konta edge w Tocsin"
    assert "Twoja rola: Użytkownik" in mail.text_body
    assert '<html lang="pl">' in mail.html_body
    assert "9 marca 2026, 10:00:00 CET" in mail.text_body


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({"full_name": ""}, "A name is needed"),
        ({"full_name": "x" * 101}, "at most 100 characters"),
        ({"password": "short"}, "at least 10 characters"),
        ({"time_zone": "Mars/Olympus"}, "There is no such time zone."),
        ({"locale": "tlh"}, "There is no such language."),
    ],
)
async def test_what_is_wrong_with_a_form_is_said_and_nothing_happens(
    browser: Browsing, databases: Databases, tenant: Tenant, changes: dict[str, str], because: str
) -> None:
    await browser.sign_in(await give_password(databases, tenant.owner))
    link = await invite(browser, tenant, "chloe@example.com")

    answer = await browser.post(link, **(JOINING | changes))

    assert (answer.status, because in answer) == (422, True)
    assert (await user_named(tenant, "chloe@example.com")).status is UserStatus.INVITED


@pytest.mark.parametrize(
    ("changes", "status", "because"),
    [
        ({"email": "chloe"}, 422, "This is not an e-mail address."),
        ({"email": "a b@example.com"}, 422, "This is not an e-mail address."),
        ({"email": "owner"}, 409, "Somebody with this address is in the account already."),
        ({"role": "emperor"}, 422, "There is no such role."),
        ({"time_zone": "nowhere"}, 422, "There is no such time zone."),
    ],
)
async def test_an_invitation_that_cannot_be_is_refused(
    browser: Browsing, databases: Databases, tenant: Tenant, changes: dict[str, str], status: int, because: str
) -> None:
    await browser.sign_in(await give_password(databases, tenant.owner))
    form = {"email": "chloe@example.com", "role": "user", "time_zone": "UTC", "locale": "en"} | changes
    if form["email"] == "owner":
        form["email"] = tenant.owner.username.upper()

    answer = await browser.post("/settings/users", **form)

    assert (answer.status, because in answer) == (status, True)
    assert await mails(tenant) == []


async def test_a_second_invitation_makes_the_first_one_s_link_useless_and_a_withdrawn_one_has_none(
    browser: Browsing, databases: Databases, tenant: Tenant
) -> None:
    await browser.sign_in(await give_password(databases, tenant.owner))
    first = await invite(browser, tenant, "chloe@example.com")
    chloe = await user_named(tenant, "chloe@example.com")

    await browser.post(f"/settings/users/{chloe.id}/invitation")
    second = link_in((await mails(tenant, "invitation"))[-1], "/invitation/")
    before = [(await browser.send("GET", link)).status for link in (first, second)]
    withdrawn = await browser.post(f"/settings/users/{chloe.id}/withdraw")

    assert before == [404, 200]
    assert "The invitation is withdrawn." in withdrawn
    assert (await browser.send("GET", second)).status == 404
    assert "chloe@example.com" not in (await browser.get("/settings/users")).text


async def test_an_invitation_ends_after_a_week(
    browser: Browsing, databases: Databases, tenant: Tenant, clock: SetClock
) -> None:
    await browser.sign_in(await give_password(databases, tenant.owner))
    link = await invite(browser, tenant, "chloe@example.com")

    clock.at += timedelta(days=7)

    assert (await browser.send("GET", link)).status == 404


async def test_a_suspended_person_is_out_at_once_and_back_when_reactivated(
    browser: Browsing, url: str, databases: Databases, tenant: Tenant
) -> None:
    await browser.sign_in(await give_password(databases, tenant.owner))
    ana = await add_person(databases, tenant)
    async with browsing(url) as phone:
        await phone.sign_in(ana)

        suspended = await browser.post(f"/settings/users/{ana.id}/suspend")
        out = await phone.send("GET", "/profile")
        await phone.get("/sign-in")
        refused = await phone.send("POST", "/sign-in", username=ana.username, password=PASSWORD)
        await browser.post(f"/settings/users/{ana.id}/reactivate")
        await phone.sign_in(ana)

    assert "is suspended and signed out." in suspended
    assert out.location.startswith("/sign-in")
    assert refused.status == 422


@pytest.mark.parametrize("change", ["role", "suspend"])
async def test_an_account_never_loses_its_last_owner(
    browser: Browsing, databases: Databases, tenant: Tenant, change: str
) -> None:
    owner = await give_password(databases, tenant.owner)
    await browser.sign_in(owner)

    answer = await browser.post(f"/settings/users/{owner.id}/{change}", role="user")

    assert ("needs an owner" in answer) or ("Nobody can suspend himself." in answer)
    assert (await user_named(tenant, owner.username)).role is Role.OWNER


async def test_two_owners_cannot_unmake_each_other_at_once(databases: Databases, tenant: Tenant) -> None:
    ana, bo = tenant.owner, make_user(tenant.account_id, role=Role.OWNER)
    async with databases.engine.transaction() as tx:
        await store.insert_user(tx, bo, None)

    gate = PlanLimits(billing=True)

    outcomes = await asyncio.gather(
        *(
            service.change_role(tenant.app, gate, Actor(tenant.account_id, by.username, START), by, other.id, Role.USER)
            for by, other in ((ana, bo), (bo, ana))
        ),
        return_exceptions=True,
    )

    async with tenant.app.transaction() as tx:
        roles = [user.role for user in await store.list_users(tx, tenant.account_id)]
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 1
    assert sorted(roles) == [Role.OWNER, Role.USER]


@pytest.mark.parametrize("role", [Role.ADMIN, Role.USER, Role.STAKEHOLDER])
async def test_an_owner_is_out_of_reach_of_everybody_else(
    browser: Browsing, databases: Databases, tenant: Tenant, role: Role
) -> None:
    await browser.sign_in(await add_person(databases, tenant, role=role))
    owner_at = f"/settings/users/{tenant.owner.id}"

    page = await browser.get("/settings/users")
    answers = [
        await browser.post(f"{owner_at}/role", role="user"),
        await browser.post(f"{owner_at}/suspend"),
        await browser.post("/settings/users", email="x@example.com", role="owner", time_zone="UTC", locale="en"),
    ]

    assert page.status == 200
    assert f'action="{owner_at}' not in page.text
    assert all(answer.status in {200, 403} for answer in answers)
    async with tenant.app.transaction() as tx:
        users = await store.list_users(tx, tenant.account_id)
    assert [(user.username, user.status) for user in users if user.role is Role.OWNER] == [
        (tenant.owner.username, UserStatus.ACTIVE)
    ]
    assert len(users) == 2


async def protect(tenant: Tenant, user: User) -> None:
    """Give the person an authenticator app, recovery codes and a passkey, as signing in knows them."""
    passkey = Passkey(tenant.account_id, uuid4(), user.id, uuid4().bytes, b"key", 0, "phone", START, None)
    async with tenant.app.transaction() as tx:
        await factors_store.save_totp(tx, tenant.account_id, user.id, Totp(b"sealed", START, None))
        await factors_store.replace_recovery_codes(tx, tenant.account_id, user.id, [b"code"])
        await factors_store.insert_passkey(tx, passkey)


@pytest.mark.parametrize("role", [Role.OWNER, Role.ADMIN])
async def test_a_lost_second_factor_is_removed_by_an_owner_or_admin_and_the_person_is_told(
    browser: Browsing, url: str, databases: Databases, tenant: Tenant, role: Role
) -> None:
    by = await add_person(databases, tenant, role=role)
    bo = await add_person(databases, tenant)
    await browser.sign_in(by)
    remove = f"/settings/users/{bo.id}/second-factor/remove"
    assert f'action="{remove}"' not in (await browser.get("/settings/users")).text
    assert "there is no second factor to remove" in await browser.post(remove)
    async with browsing(url) as phone:
        await phone.sign_in(bo)
        await protect(tenant, bo)
        assert f'action="{remove}"' in (await browser.get("/settings/users")).text

        answer = await browser.post(remove)

        assert "signs in by password alone now" in answer
        assert (await phone.send("GET", "/profile")).location.startswith("/sign-in")
        await phone.sign_in(bo)  # by the password alone
    async with tenant.app.transaction() as tx:
        assert bo.id not in await factors_store.list_protected(tx, tenant.account_id)
        assert await factors_store.count_recovery_codes(tx, tenant.account_id, bo.id) == 0
        entry = (await audit_store.list_entries(tx, tenant.account_id, 1))[0]
    assert (entry.actor, entry.action, entry.object_name) == (by.username, "removed the second factor of", bo.username)
    assert entry.before == {"authenticator_app": True, "passkeys": ["phone"]}
    [mail] = await mails(tenant, "notice")
    assert mail.to_address == bo.username
    assert "Your authenticator app and passkeys were removed" in mail.text_body
    assert f"Changed by: {by.full_name or by.username}" in mail.text_body


async def test_a_second_factor_stays_where_removing_it_is_not_for_this_person(
    browser: Browsing, clock: SetClock, databases: Databases, tenant: Tenant
) -> None:
    admin, user = await add_person(databases, tenant, role=Role.ADMIN), await add_person(databases, tenant)
    for one in (tenant.owner, admin, user):
        await protect(tenant, one)
    async with tenant.app.transaction() as tx:
        await factors_store.delete_factors(tx, tenant.account_id, admin.id)
    await browser.sign_in(admin)

    own = await browser.post(f"/settings/users/{admin.id}/second-factor/remove")
    owners = await browser.post(f"/settings/users/{tenant.owner.id}/second-factor/remove")
    clock.at += timedelta(hours=1)
    unconfirmed = await browser.send("POST", f"/settings/users/{user.id}/second-factor/remove")

    assert "Change your own way to sign in under Profile, Security." in own
    assert "Only an owner can make, change or suspend an owner." in owners
    assert unconfirmed.location.startswith("/confirm")
    async with tenant.app.transaction() as tx:
        assert await factors_store.list_protected(tx, tenant.account_id) == {tenant.owner.id, user.id}
    assert await mails(tenant) == []


@pytest.mark.parametrize("path", ["/settings/keys", "/settings/audit", "/mailbox"])
async def test_a_user_does_not_see_what_is_not_for_him(
    browser: Browsing, databases: Databases, tenant: Tenant, path: str
) -> None:
    await browser.sign_in(await add_person(databases, tenant))

    answer = await browser.get(path)

    assert answer.status == 403
    assert path not in (await browser.get("/settings/users")).text or path == "/mailbox"


async def test_a_profile_is_saved_and_speaks_the_new_language_at_once(
    browser: Browsing, databases: Databases, tenant: Tenant
) -> None:
    ana = await add_person(databases, tenant)
    await browser.sign_in(ana)

    wrong = await browser.post("/profile", full_name="", time_zone="UTC", locale="pl")
    right = await browser.post("/profile", full_name="Ana Nowak", time_zone="Asia/Tokyo", locale="pl")

    assert (wrong.status, "A name is needed" in wrong) == (422, True)
    assert "Twój profil zapisano." in right
    saved = await user_named(tenant, ana.username)
    assert (saved.full_name, saved.time_zone, saved.locale) == ("Ana Nowak", "Asia/Tokyo", "pl")


async def test_each_change_is_in_the_audit_log_with_before_and_after(
    browser: Browsing, databases: Databases, tenant: Tenant
) -> None:
    await browser.sign_in(await give_password(databases, tenant.owner))
    ana = await add_person(databases, tenant)

    await browser.post(f"/settings/users/{ana.id}/role", role="admin")

    page = await browser.get("/settings/audit")
    async with tenant.app.transaction() as tx:
        [entry] = await audit_store.list_entries(tx, tenant.account_id, 10)
    assert (entry.actor, entry.action, entry.object_type, entry.object_id, entry.before, entry.after) == (
        tenant.owner.username, "changed", "user", str(ana.id), {"role": "user"}, {"role": "admin"},
    )  # fmt: skip
    assert (entry.at, entry.address) == (START, "127.0.0.1")
    assert "<del>user</del> <ins>admin</ins>" in page.text


async def test_the_audit_log_is_read_page_by_page_and_back(
    browser: Browsing, databases: Databases, tenant: Tenant
) -> None:
    await browser.sign_in(await give_password(databases, tenant.owner))
    for number in range(120):
        async with tenant.app.transaction() as tx:
            await audit_store.insert_entry(
                tx, account_id=tenant.account_id, at=START, actor="ana", actor_id=None, action="changed",
                object_type="thing", object_id=str(number), object_name=f"thing-{number:03}", before=None,
                after=None, address="", request_id=None,
            )  # fmt: skip

    first = await browser.get("/settings/audit")
    second = await browser.get(first.find(r'rel="next" href="([^"]+)"'))
    third = await browser.get(second.find(r'rel="next" href="([^"]+)"'))
    back = await browser.get(third.find(r'rel="prev" href="([^"]+)"'))

    assert [("thing-119" in first), ("thing-070" in first), ("thing-069" in first)] == [True, True, False]
    assert [("thing-069" in second), ("thing-020" in second)] == [True, True]
    assert [("thing-019" in third), ("thing-000" in third), ('rel="next"' in third)] == [True, True, False]
    assert [("thing-069" in back), ("thing-020" in back), ("thing-019" in back)] == [True, True, False]


async def test_a_contact_is_used_once_its_owner_said_yes(
    browser: Browsing, url: str, databases: Databases, tenant: Tenant
) -> None:
    ana = await add_person(databases, tenant)
    await browser.sign_in(ana)
    added = await browser.post("/profile/contacts", method="email", address="ana.second@example.com")
    [mail] = await mails(tenant, "verification")
    link = link_in(mail, "/verify/")

    async with browsing(url) as scanner:
        opened = await scanner.get(link)
        before = await contact_at(tenant, ana, "ana.second@example.com")
        said = await scanner.post(link)
        again = await scanner.send("POST", link)

    after = await contact_at(tenant, ana, "ana.second@example.com")
    assert "Follow its link to confirm the address." in added
    assert mail.to_address == "ana.second@example.com"
    assert opened.status == 200
    assert before.verified_at is None
    assert "ana.second@example.com is verified." in said
    assert after.verified_at == START
    assert again.status == 404


async def test_a_contact_is_switched_off_and_on_and_removed(
    browser: Browsing, databases: Databases, tenant: Tenant
) -> None:
    ana = await add_person(databases, tenant)
    await browser.sign_in(ana)
    night = make_contact(ana, address=f"night-{ana.username}")
    async with tenant.app.transaction() as tx:
        [own] = await store.list_contacts(tx, tenant.account_id, ana.id)
        await store.insert_contact(tx, night)
    at = f"/profile/contacts/{night.id}"

    texts = [(await browser.post(f"{at}/{change}")).text for change in ("disable", "enable", "remove")]
    stays = await browser.post(f"/profile/contacts/{own.id}/remove")

    for text, said in zip(texts, ("switched off", "switched on", "removed"), strict=True):
        assert f"{night.address} is {said}." in text
    assert (await browser.send("POST", f"{at}/enable")).status == 404
    assert "This is the address that signs in: it stays. It can be switched off." in stays
    async with tenant.app.transaction() as tx:
        assert await store.list_contacts(tx, tenant.account_id, ana.id) == [own]


@pytest.mark.parametrize(
    ("method", "address", "status", "because"),
    [
        ("email", "ana@", 422, "This is not an e-mail address."),
        ("webhook", "chat.example.com/hook", 422, "This is not a web address."),
        ("webhook", "ftp://chat.example.com", 422, "This is not a web address."),
        ("webhook", "https://", 422, "This is not a web address."),
        ("webhook", "https://chat.example.com:99999/", 422, "This is not a web address."),
        ("webhook", "https://user:secret@chat.example.com/", 422, "password in it is not accepted"),
        ("pigeon", "roof", 422, "There is no such channel."),
        ("email", "OWN", 409, "You have this contact already."),
    ],
)
async def test_an_address_that_cannot_be_is_refused(
    browser: Browsing, databases: Databases, tenant: Tenant, method: str, address: str, status: int, because: str
) -> None:
    ana = await add_person(databases, tenant)
    await browser.sign_in(ana)

    answer = await browser.post(
        "/profile/contacts", method=method, address=ana.username.title() if address == "OWN" else address
    )

    assert (answer.status, because in answer) == (status, True)


async def test_a_webhook_s_secret_is_shown_once_and_kept_sealed(
    browser: Browsing, databases: Databases, tenant: Tenant
) -> None:
    ana = await add_person(databases, tenant)
    await browser.sign_in(ana)

    answer = await browser.post("/profile/contacts", method="webhook", address="https://chat.example.com/hooks/1")
    secret = answer.find(r">(whsec_[A-Za-z0-9+/=]+)<")

    async with tenant.app.transaction() as tx:
        kept = await tx.value(
            "select secret from contacts where account_id = %(account_id)s and method = 'webhook'",
            account_id=tenant.account_id,
        )
    assert len(secret) > 30
    assert secret.removeprefix("whsec_").encode() not in kept
    assert secret not in (await browser.get("/profile")).text


async def test_a_test_page_is_sent_to_a_contact_but_not_twice_at_once(
    browser: Browsing, databases: Databases, tenant: Tenant, clock: SetClock
) -> None:
    ana = await add_person(databases, tenant)
    await browser.sign_in(ana)
    async with tenant.app.transaction() as tx:
        [contact] = await store.list_contacts(tx, tenant.account_id, ana.id)

    sent = await browser.post(f"/profile/contacts/{contact.id}/test")
    again = await browser.post(f"/profile/contacts/{contact.id}/test")

    assert "A test page is on its way." in sent
    assert "Wait half a minute" in again
    async with tenant.app.transaction() as tx:
        told = await tx.dicts(
            "select contact_id, action_type, alert_id from notifications where account_id = %(account_id)s",
            account_id=tenant.account_id,
        )
    assert told == [{"contact_id": contact.id, "action_type": "test", "alert_id": None}]


async def test_nobody_is_flooded_with_requests_to_confirm(
    browser: Browsing, databases: Databases, tenant: Tenant
) -> None:
    ana = await add_person(databases, tenant)
    await browser.sign_in(ana)
    await browser.post("/profile/contacts", method="email", address="victim@example.com")
    contact = await contact_at(tenant, ana, "victim@example.com")

    answers = [await browser.post(f"/profile/contacts/{contact.id}/verification") for _ in range(5)]

    assert ["Too many tries." in answer for answer in answers] == [False, False, False, True, True]
    assert len(await mails(tenant, "verification")) == 4
