"""Telephone numbers as contacts: kept in one form, refused where nothing gets there, unused while not verified."""

import pytest
from tests.support.browsing import Browsing, add_person
from tests.support.makers import Tenant

from tocsin.accounts import store
from tocsin.accounts.model import Contact, ContactMethod, Role, User
from tocsin.db import Databases
from tocsin.licensing import countries_store
from tocsin.licensing.countries import Override

HERE = "/profile/contacts"
WARSAW, CHINA, TUVALU = "+48 22 123-45-67", "+86 138 1234 5678", "+688 901 234"


@pytest.fixture
async def ana(browser: Browsing, databases: Databases, tenant: Tenant) -> User:
    """A responder, signed in."""
    person = await add_person(databases, tenant)
    await browser.sign_in(person)
    return person


async def numbers(tenant: Tenant, user: User) -> list[Contact]:
    async with tenant.app.transaction() as tx:
        found = await store.list_contacts(tx, tenant.account_id, user.id)
    return [it for it in found if it.method in {ContactMethod.SMS, ContactMethod.VOICE}]


async def test_a_number_is_kept_in_one_form_and_said_to_be_unused(browser: Browsing, tenant: Tenant, ana: User) -> None:
    said = await browser.post(HERE, method="sms", address=WARSAW)

    [kept] = await numbers(tenant, ana)
    assert (kept.method, kept.address, kept.verified_at) == (ContactMethod.SMS, "+48221234567", None)
    assert "+48221234567 is kept, but not verified and not used yet" in said
    assert "This server has no provider of SMS and calls." in said


async def test_no_test_page_is_sent_to_a_number_that_nobody_proved(
    browser: Browsing, tenant: Tenant, ana: User
) -> None:
    await browser.post(HERE, method="voice", address=WARSAW)
    [kept] = await numbers(tenant, ana)

    page = await browser.get("/profile")
    said = await browser.post(f"{HERE}/{kept.id}/test")

    assert f"{HERE}/{kept.id}/test" not in page
    assert f"{HERE}/{kept.id}/remove" in page
    assert "This number is not verified: nothing is sent there." in said
    async with tenant.app.transaction() as tx:
        told = await tx.value("select count(*) from notifications where account_id = %(a)s", a=tenant.account_id)
    assert told == 0


@pytest.mark.parametrize("number", ["22 123 45 67", "hello", "+48 1", "+999 123456789", "+48221234567 ext. 5", ""])
async def test_what_is_no_number_is_refused_with_one_that_is(
    browser: Browsing, tenant: Tenant, ana: User, number: str
) -> None:
    refused = await browser.post(HERE, method="sms", address=number)

    assert refused.status == 422
    assert "This is not a telephone number. One looks like +48 22 123 45 67" in refused
    assert await numbers(tenant, ana) == []


async def test_r12_2_accept_a_voice_contact_where_no_call_goes_is_refused_and_an_sms_offered(
    browser: Browsing, tenant: Tenant, ana: User
) -> None:
    refused = await browser.post(HERE, method="voice", address=CHINA)
    none = await numbers(tenant, ana)
    accepted = await browser.post(HERE, method="sms", address=CHINA)

    assert refused.status == 422
    assert "Calls do not reach this country: China. An SMS does." in refused
    assert 'value="+86 138 1234 5678"' in refused  # what was typed is still there
    assert none == []
    assert "+8613812345678 is kept" in accepted


@pytest.mark.parametrize("method", ["sms", "voice"])
@pytest.mark.parametrize("number", ["+48 701 234 567", "+48 801 234 567", "+44 909 879 0000", "+49 164 123 45"])
async def test_r11_2_a_number_that_costs_extra_is_refused_in_the_readers_language(
    browser: Browsing, databases: Databases, tenant: Tenant, ana: User, method: str, number: str
) -> None:
    refused = await browser.post(HERE, method=method, address=number)
    async with databases.engine.transaction() as tx:
        await tx.execute(
            "update users set locale = 'pl' where account_id = %(a)s and id = %(u)s", a=tenant.account_id, u=ana.id
        )
    in_polish = await browser.post(HERE, method=method, address=number)

    assert (refused.status, in_polish.status) == (422, 422)
    assert "This number is of a range that costs extra" in refused
    assert "Ten numer należy do zakresu o podwyższonej opłacie" in in_polish
    assert await numbers(tenant, ana) == []


async def test_r12_2_the_operator_s_word_holds_when_a_contact_is_saved_and_is_said_of_those_there_are(
    browser: Browsing, databases: Databases, tenant: Tenant, ana: User
) -> None:
    await browser.post(HERE, method="sms", address=TUVALU)
    try:
        async with databases.engine.transaction() as tx:
            await countries_store.save(tx, Override("TV", sms=False, voice=True))
        voice_only = await browser.post(HERE, method="sms", address="+688 901 235")
        async with databases.engine.transaction() as tx:
            await countries_store.save(tx, Override("TV", sms=False, voice=False))
            await tx.execute(
                "update users set locale = 'pl' where account_id = %(a)s and id = %(u)s",
                a=tenant.account_id, u=ana.id,
            )  # fmt: skip
        neither = await browser.post(HERE, method="voice", address=TUVALU)
        profile = await browser.get("/profile")
    finally:
        async with databases.engine.transaction() as tx:
            await countries_store.delete(tx, "TV")

    assert (voice_only.status, neither.status) == (422, 422)
    assert "SMS do not reach this country: Tuvalu. A voice call does." in voice_only
    assert "Ani SMS-y, ani połączenia nie docierają do tego kraju: Tuvalu." in neither
    assert "Ani SMS-y, ani połączenia nie docierają do tego kraju: Tuvalu." in profile
    assert [it.address for it in await numbers(tenant, ana)] == ["+688901234"]


async def test_there_are_two_numbers_for_sms_and_two_for_calls(browser: Browsing, tenant: Tenant, ana: User) -> None:
    for method in ("sms", "voice"):
        first, second, third = [
            await browser.post(HERE, method=method, address=f"+48 22 123 45 6{last}") for last in "678"
        ]
        assert (first.status, second.status, third.status) == (200, 200, 409)
        assert "You have 2 numbers on this channel, which is the most." in third
    twice = await browser.post(HERE, method="sms", address="+48 (22) 123 45 66")

    assert "You have this contact already." in twice
    assert len(await numbers(tenant, ana)) == 4


async def test_r8_4_a_stakeholder_adds_no_number(browser: Browsing, databases: Databases, tenant: Tenant) -> None:
    bo = await add_person(databases, tenant, role=Role.STAKEHOLDER)
    await browser.sign_in(bo)

    refused = await browser.post(HERE, method="sms", address=WARSAW)

    assert refused.status == 422
    assert "Stakeholders are told by e-mail and push, not by SMS or calls." in refused
    assert await numbers(tenant, bo) == []


async def test_a_number_that_is_not_verified_is_in_no_rule_s_way(browser: Browsing, tenant: Tenant, ana: User) -> None:
    """It may be chosen for a step, and the page says that nothing would reach its owner by that."""
    await browser.post(HERE, method="sms", address=WARSAW)
    [kept] = await numbers(tenant, ana)

    said = await browser.post(
        "/profile/notifications", name="by night", action_type="create-alert", contact=str(kept.id)
    )

    assert "No contact of the notification rule is verified and enabled." in said
