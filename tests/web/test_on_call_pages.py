"""Who is on call, and the teams: each state, and what may be changed by whom."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from psycopg.types.json import Jsonb
from tests.support.browsing import Answer, Browsing
from tests.support.makers import START, Tenant, add_user

from tocsin.accounts import team_service
from tocsin.accounts.audit import system
from tocsin.accounts.model import User
from tocsin.clock import SystemClock
from tocsin.db import Databases
from tocsin.escalations import team_defaults

WARSAW = ZoneInfo("Europe/Warsaw")


def words(page: Answer) -> str:
    """The page's text, white space as one blank."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


async def add_team(databases: Databases, tenant: Tenant, name: str, *members: tuple[User, str]) -> UUID:
    """A team with its defaults, its rotation a month old; returns its id."""
    async with databases.engine.transaction() as tx:
        made = await team_defaults.create_team(
            tx,
            tenant.account_id,
            name,
            [(member.id, role) for member, role in members],
            time_zone="Europe/Warsaw",
            at=SystemClock().now() - timedelta(days=30),
        )
    return made.id


async def rows(tenant: Tenant, sql: str) -> list[dict[str, Any]]:
    async with tenant.app.transaction() as tx:
        return await tx.dicts(sql, account_id=tenant.account_id)


async def schedule_id(tenant: Tenant) -> str:
    [row] = await rows(tenant, "select id::text from schedules where account_id = %(account_id)s")
    return str(row["id"])


async def escalation_id(tenant: Tenant) -> str:
    [row] = await rows(tenant, "select id::text from escalations where account_id = %(account_id)s")
    return str(row["id"])


async def test_without_schedules_the_way_to_the_teams_is_shown(ana: Browsing) -> None:
    page = await ana.get("/on-call")

    assert page.status == 200
    assert "No schedules yet" in page
    assert 'href="/teams"' in page.text


async def test_who_is_on_call_is_said_by_team(ana: Browsing, databases: Databases, tenant: Tenant) -> None:
    await add_team(databases, tenant, "Web", (tenant.owner, "admin"))

    page = await ana.get("/on-call")

    told = words(page)
    assert "You are on call." in told
    assert f"Web_schedule {tenant.owner.full_name[0]} {tenant.owner.full_name} Weekly rotation You" in told
    assert "nobody on call now" not in told


async def test_the_next_one_is_named_with_the_handoff(
    bo: Browsing, databases: Databases, tenant: Tenant, bo_user: User
) -> None:
    await add_team(databases, tenant, "Web", (tenant.owner, "user"), (bo_user, "user"))

    told = words(await bo.get("/on-call"))

    on_call, following = (tenant.owner, bo_user)
    if f"then {bo_user.full_name}" not in told:
        on_call, following = following, on_call
    assert f"then {following.full_name}" in told
    assert f"{on_call.full_name} Weekly rotation" in told
    assert "08:00" in told


async def test_a_gap_is_loud(ana: Browsing, databases: Databases, tenant: Tenant) -> None:
    await add_team(databases, tenant, "Web")

    page = await ana.get("/on-call")

    assert "One schedule has nobody on call now: see the gap below." in page
    assert "No rotation yet: nobody is on call." in page
    assert "is-gap" in page.text


async def test_any_instant_may_be_asked_for(ana: Browsing, databases: Databases, tenant: Tenant, bo_user: User) -> None:
    team_id = await add_team(databases, tenant, "Web", (tenant.owner, "admin"))
    await ana.get(f"/teams/{team_id}")
    override = {"user": str(bo_user.id), "starts": "2030-01-01T08:00", "ends": "2030-01-01T20:00"}
    await ana.post(f"/schedules/{await schedule_id(tenant)}/overrides", **override)
    async with databases.engine.transaction() as tx:
        await tx.execute("update users set time_zone = 'Europe/Warsaw' where id = %(id)s", id=tenant.owner.id)

    then = words(await ana.get("/on-call?at=2030-01-01T12:00"))
    before = words(await ana.get("/on-call?at=2001-01-01T12:00"))
    wrong = await ana.get("/on-call?at=soon")

    assert "On call on 1 Jan 2030, 12:00" in then
    assert f"{bo_user.full_name} Weekly rotation Override" in then
    assert "Next change: 1 Jan 2030, 20:00" in then
    assert "One schedule has nobody on call then: see the gap below." in before
    assert "Give day and time" in wrong
    assert "On call now" in wrong


async def test_a_team_on_call_is_opened_and_a_forwarding_is_named(
    ana: Browsing, databases: Databases, tenant: Tenant, bo_user: User
) -> None:
    team_id = await add_team(databases, tenant, "Web", (tenant.owner, "admin"), (bo_user, "user"))
    [rotation] = await rotations(tenant)
    base, now = f"/schedules/{await schedule_id(tenant)}", SystemClock().now()
    form = {"name": "Weekly rotation", "kind": "weekly", "length": "1", "starts": "2026-03-02T08:00"}
    await ana.get("/on-call")
    await ana.post(f"{base}/rotations/{rotation['id']}", **form, participant=f"team:{team_id}")
    opened = words(await ana.get("/on-call"))
    await ana.post(f"{base}/rotations/{rotation['id']}", **form, participant=f"user:{tenant.owner.id}")
    async with databases.engine.transaction() as tx:
        await tx.execute(
            """
            insert into forwarding_rules
              (account_id, id, alias, from_user_id, to_user_id, starts_at, ends_at, created_at)
            values (%(account_id)s, gen_random_uuid(), 'away', %(a)s, %(b)s, %(now)s, %(end)s, %(now)s)
            """,
            account_id=tenant.account_id, a=tenant.owner.id, b=bo_user.id, now=now, end=now + timedelta(days=1),
        )  # fmt: skip

    forwarded = words(await ana.get("/on-call"))

    names = [f"{tenant.owner.full_name}, {bo_user.full_name}", f"{bo_user.full_name}, {tenant.owner.full_name}"]
    assert any(f"team Web Weekly rotation You That is: {it}" in opened for it in names)
    assert f"{bo_user.full_name} Weekly rotation Forwarded instead of {tenant.owner.full_name}" in forwarded
    assert "You are not on call." in forwarded


async def test_another_account_sees_no_schedule_and_no_team(
    eve: Browsing, databases: Databases, tenant: Tenant
) -> None:
    team_id = await add_team(databases, tenant, "Tape robots", (tenant.owner, "admin"))

    pages = [await eve.get(path) for path in ("/on-call", "/teams")]
    team = await eve.get(f"/teams/{team_id}")
    refused = await eve.send("POST", f"/teams/{team_id}", name="Mine now")
    changed = await eve.send("POST", f"/schedules/{await schedule_id(tenant)}", name="x", time_zone="UTC")

    assert not any("Tape robots" in page for page in pages)
    assert team.status == 404
    assert (refused.status, changed.status) == (404, 404)


async def test_a_team_is_made_with_all_that_it_needs(ana: Browsing, tenant: Tenant) -> None:
    await ana.get("/teams")

    page = await ana.post("/teams", name="Operations", description="Everything that runs")

    told = words(page)
    assert page.path.startswith("/teams/")
    for shown in (
        "Operations is ready.",
        "Everything that runs",
        "whoever is on call in Operations_schedule",
        "after 5 min, if not acknowledged: who is next on call in Operations_schedule",
        "after 10 min, if not acknowledged: everybody in the team Operations",
        "the escalation Operations_escalation",
        f"{tenant.owner.full_name} Team admin",
        "1 week each",
    ):
        assert shown in told
    [entry] = await rows(
        tenant, "select actor, action from audit_log where account_id = %(account_id)s and object_type = 'team'"
    )
    assert entry == {"actor": tenant.owner.username, "action": "created"}


async def test_a_name_that_is_taken_is_said(ana: Browsing, databases: Databases, tenant: Tenant) -> None:
    await add_team(databases, tenant, "Web")
    await ana.get("/teams")

    page = await ana.post("/teams", name="Web")
    empty = await ana.post("/teams", name="  ")

    assert 'class="flash danger"' in page.text
    assert "A name has 1 to 100 characters." in empty
    assert len(await rows(tenant, "select id from teams where account_id = %(account_id)s")) == 1


async def test_a_user_may_not_make_a_team_or_change_one_that_is_not_his(
    bo: Browsing, databases: Databases, tenant: Tenant
) -> None:
    team_id = await add_team(databases, tenant, "Web", (tenant.owner, "admin"))
    page = await bo.get(f"/teams/{team_id}")

    made = await bo.send("POST", "/teams", name="Mine")
    renamed = await bo.send("POST", f"/teams/{team_id}", name="Mine")
    override = await bo.send("POST", f"/schedules/{await schedule_id(tenant)}/overrides", user="")
    rule = await bo.send("POST", f"/escalations/{await escalation_id(tenant)}/rules/0/remove")

    assert page.status == 200
    assert "<form class=" not in page.text.partition('id="main"')[2]
    assert [made.status, renamed.status, override.status, rule.status] == [403] * 4


async def test_a_team_admin_changes_the_own_team(
    bo: Browsing, databases: Databases, tenant: Tenant, bo_user: User
) -> None:
    team_id = await add_team(databases, tenant, "Web", (bo_user, "admin"))
    await bo.get(f"/teams/{team_id}")

    page = await bo.post(f"/teams/{team_id}", name="Web and shop", description="")

    assert page.find("<h1>([^<]+)</h1>") == "Web and shop"


async def test_a_role_of_the_team_lets_its_members_do_what_it_grants(
    bo: Browsing, databases: Databases, tenant: Tenant, bo_user: User
) -> None:
    """Who manages members takes users in and lets them go; admins are an admin's matter."""
    cy = await add_user(databases, tenant)
    team_id = await add_team(databases, tenant, "Web", (tenant.owner, "admin"), (bo_user, "user"))
    base, actor = f"/teams/{team_id}", system(tenant.account_id, START)
    rights = {"manage-members": True, "edit-escalations": True, "edit-schedules": False}
    await team_service.make_role(tenant.app, actor, team_id, "Lead", rights)
    assert "New rule" not in await bo.get(base)
    await team_service.set_member(tenant.app, actor, team_id, bo_user.id, "Lead")

    page = words(await bo.get(base))
    taken_in = await bo.post(f"{base}/members", user=str(cy.id), role="user")
    let_go = await bo.post(f"{base}/members/remove", user=str(cy.id))
    rule = await bo.post(f"/escalations/{await escalation_id(tenant)}/rules/2/remove")
    refused = [
        await bo.send("POST", f"{base}/members", user=str(bo_user.id), role="admin"),
        await bo.send("POST", f"{base}/members", user=str(tenant.owner.id), role="user"),
        await bo.send("POST", f"{base}/members/remove", user=str(tenant.owner.id)),
        await bo.send("POST", base, name="Mine"),
        await bo.send("POST", f"/schedules/{await schedule_id(tenant)}", name="Mine"),
    ]

    assert f"{bo_user.full_name} Lead" in page
    assert "New rule" in page
    assert "New rotation" not in page
    assert ["Saved." in taken_in, "Removed." in let_go, "Removed." in rule] == [True] * 3
    assert [answer.status for answer in refused] == [403] * 5


async def test_members_come_change_and_go(ana: Browsing, databases: Databases, tenant: Tenant, bo_user: User) -> None:
    team_id = await add_team(databases, tenant, "Web", (tenant.owner, "admin"))
    base = f"/teams/{team_id}"
    await ana.get(base)

    added = words(await ana.post(f"{base}/members", user=str(bo_user.id), role="user"))
    promoted = words(await ana.post(f"{base}/members", user=str(bo_user.id), role="admin"))
    wrong = await ana.post(f"{base}/members", user=str(bo_user.id), role="king")
    gone = await ana.post(f"{base}/members/remove", user=str(bo_user.id))
    again = await ana.send("POST", f"{base}/members/remove", user=str(bo_user.id))

    assert f"{bo_user.full_name} Member" in added
    assert f"{bo_user.full_name} Team admin" in promoted
    assert "A member has a role that the team knows." in wrong
    members = await rows(tenant, "select user_id from team_members where account_id = %(account_id)s")
    assert [row["user_id"] for row in members] == [tenant.owner.id]
    assert "Removed." in gone
    assert again.status == 404


async def test_a_person_of_another_account_cannot_be_taken_in(
    ana: Browsing, eve: Browsing, databases: Databases, tenant: Tenant
) -> None:
    team_id = await add_team(databases, tenant, "Web", (tenant.owner, "admin"))
    async with databases.engine.transaction() as tx:
        stranger = await tx.value("select id::text from users where account_id <> %(a)s limit 1", a=tenant.account_id)
    await ana.get("/teams")

    answer = await ana.send("POST", f"/teams/{team_id}/members", user=stranger, role="user")

    assert answer.status == 404


async def test_a_rotation_is_added_changed_and_removed(
    ana: Browsing, databases: Databases, tenant: Tenant, bo_user: User
) -> None:
    team_id = await add_team(databases, tenant, "Web", (tenant.owner, "admin"))
    base = f"/schedules/{await schedule_id(tenant)}"
    await ana.get(f"/teams/{team_id}")
    form: dict[str, str | list[str]] = {
        "name": "Nights", "kind": "daily", "length": "2", "starts": "2026-03-02T20:14",
        "participant": [f"user:{bo_user.id}", "", "none:", f"user:{tenant.owner.id}"],
    }  # fmt: skip

    added = words(await ana.post(f"{base}/rotations", **form))
    [nights] = [row for row in await rotations(tenant) if row["name"] == "Nights"]
    changed = words(await ana.post(f"{base}/rotations/{nights['id']}", **form | {"length": "1", "kind": "weekly"}))
    removed = await ana.post(f"{base}/rotations/{nights['id']}/remove")

    assert f"Nights : 2 days each, since 2 Mar 2026, 20:00 {bo_user.full_name} → nobody → " in added
    assert nights["starts_at"] == datetime(2026, 3, 2, 19, 0, tzinfo=UTC)  # 20:00 in Warsaw, snapped to the half hour
    assert [it["type"] for it in nights["participants"]] == ["user", "none", "user"]
    assert "Nights : 1 week each" in changed
    assert "Nights" not in removed
    assert [row["name"] for row in await rotations(tenant)] == ["Weekly rotation"]


async def rotations(tenant: Tenant) -> list[dict[str, Any]]:
    return await rows(
        tenant,
        "select id::text, name, starts_at, participants from rotations where account_id = %(account_id)s order by name",
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"length": "0"},
        {"length": "many"},
        {"kind": "yearly"},
        {"starts": "tomorrow"},
        {"name": ""},
        {"participant": ""},
        {"participant": "user:00000000-0000-4000-8000-000000000000"},
        {"participant": "robot:7"},
    ],
)
async def test_a_rotation_that_makes_no_sense_is_refused_with_a_reason(
    ana: Browsing, databases: Databases, tenant: Tenant, wrong: dict[str, str]
) -> None:
    team_id = await add_team(databases, tenant, "Web", (tenant.owner, "admin"))
    await ana.get(f"/teams/{team_id}")
    form = {"name": "Nights", "kind": "daily", "length": "1", "starts": "2026-03-02T20:00",
            "participant": f"user:{tenant.owner.id}"} | wrong  # fmt: skip

    page = await ana.post(f"/schedules/{await schedule_id(tenant)}/rotations", **form)

    assert 'class="flash danger"' in page.text
    assert len(await rotations(tenant)) == 1


async def test_the_hours_of_a_rotation_are_said_and_stay_when_it_is_changed(
    ana: Browsing, databases: Databases, tenant: Tenant
) -> None:
    team_id = await add_team(databases, tenant, "Web", (tenant.owner, "admin"))
    base = f"/schedules/{await schedule_id(tenant)}"
    [weekly] = await rotations(tenant)
    nights = {"type": "time-of-day", "restriction": {"startHour": 20, "startMin": 0, "endHour": 8, "endMin": 0}}
    async with databases.engine.transaction() as tx:
        await tx.execute(
            "update rotations set restriction = %(hours)s where account_id = %(account_id)s and id = %(id)s",
            account_id=tenant.account_id, id=weekly["id"], hours=Jsonb(nights),
        )  # fmt: skip
    await ana.get(f"/teams/{team_id}")

    form: dict[str, str | list[str]] = {
        "name": "Weeks", "kind": "weekly", "length": "1", "starts": "2026-03-02T09:00",
        "participant": [f"user:{tenant.owner.id}"],
    }  # fmt: skip
    changed = words(await ana.post(f"{base}/rotations/{weekly['id']}", **form))

    assert "Weeks : 1 week each, since 2 Mar 2026, 09:00 , daily 20:00–08:00" in changed


async def test_a_member_of_the_team_arranges_an_override(
    bo: Browsing, databases: Databases, tenant: Tenant, bo_user: User
) -> None:
    team_id = await add_team(databases, tenant, "Web", (tenant.owner, "admin"), (bo_user, "user"))
    base = f"/schedules/{await schedule_id(tenant)}"
    local = SystemClock().now().astimezone(WARSAW)
    starts, ends = ((local + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M") for hours in (-1, 3))
    await bo.get(f"/teams/{team_id}")

    page = await bo.post(f"{base}/overrides", user=str(bo_user.id), starts=starts, ends=ends)
    on_call = words(await bo.get("/on-call"))

    assert "The override is there." in page
    assert "You are on call." in on_call
    assert "Override" in on_call


async def test_an_override_is_removed_by_who_may_change_the_team(
    ana: Browsing, databases: Databases, tenant: Tenant
) -> None:
    team_id = await add_team(databases, tenant, "Web", (tenant.owner, "admin"))
    base = f"/schedules/{await schedule_id(tenant)}"
    await ana.get(f"/teams/{team_id}")
    page = await ana.post(f"{base}/overrides", user="", starts="2030-01-01T08:00", ends="2030-01-01T20:00")

    removed = await ana.post(f"{base}/overrides/remove", alias=page.field("alias"))
    again = await ana.send("POST", f"{base}/overrides/remove", alias=page.field("alias"))

    assert "None: the rotations decide." not in page
    assert "None: the rotations decide." in removed
    assert again.status == 404


@pytest.mark.parametrize(
    ("starts", "ends", "said"),
    [
        ("2030-01-01T08:00", "2030-01-01T08:00", "An override ends after it starts."),
        ("2020-01-01T08:00", "2020-01-01T20:00", "This override would be over already."),
        ("2030-01-01T08:00", "2032-01-01T08:00", "An override lasts a year at most."),
        ("soon", "2030-01-01T08:00", "Give day and time"),
    ],
)
async def test_an_override_that_makes_no_sense_is_refused_with_a_reason(
    ana: Browsing, databases: Databases, tenant: Tenant, starts: str, ends: str, said: str
) -> None:
    team_id = await add_team(databases, tenant, "Web", (tenant.owner, "admin"))
    await ana.get(f"/teams/{team_id}")

    page = await ana.post(f"/schedules/{await schedule_id(tenant)}/overrides", user="", starts=starts, ends=ends)

    assert said in page
    assert await rows(tenant, "select alias from overrides where account_id = %(account_id)s") == []


async def test_a_schedule_is_renamed_moved_and_switched_off(
    ana: Browsing, databases: Databases, tenant: Tenant
) -> None:
    team_id = await add_team(databases, tenant, "Web", (tenant.owner, "admin"))
    base = f"/schedules/{await schedule_id(tenant)}"
    await ana.get(f"/teams/{team_id}")

    page = await ana.post(base, name="Day and night", time_zone="America/New_York")
    wrong = await ana.post(base, name="Day and night", time_zone="Mars/Olympus")

    told = words(page)
    assert "On call: Day and night" in told
    assert "Disabled Nobody is on call, and nobody is told." in told
    assert "There is no such time zone." in wrong


async def test_escalation_rules_are_added_changed_and_removed(
    ana: Browsing, databases: Databases, tenant: Tenant, bo_user: User
) -> None:
    team_id = await add_team(databases, tenant, "Web", (tenant.owner, "admin"))
    base = f"/escalations/{await escalation_id(tenant)}"
    await ana.get(f"/teams/{team_id}")
    recipient = f"user:{bo_user.id}:default"

    added = words(await ana.post(f"{base}/rules", minutes="7", condition="if-not-closed", recipient=recipient))
    changed = words(
        await ana.post(f"{base}/rules/2", minutes="30", condition="if-not-acked", recipient=f"team:{team_id}:admins")
    )
    removed = words(await ana.post(f"{base}/rules/0/remove"))

    assert f"after 7 min, if not closed: {bo_user.full_name}" in added
    assert "after 7 min" not in changed
    assert "after 30 min, if not acknowledged: the admins of the team Web" in changed
    assert "at once, if not acknowledged" not in removed
    stored = await rows(
        tenant, "select position, delay from escalation_rules where account_id = %(account_id)s order by position"
    )
    assert [(row["position"], row["delay"] // timedelta(minutes=1)) for row in stored] == [(0, 5), (1, 10), (2, 30)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"minutes": "9999"},
        {"minutes": "-1"},
        {"condition": "if-it-rains"},
        {"recipient": "schedule:00000000-0000-4000-8000-000000000000:default"},
        {"recipient": "nonsense"},
    ],
)
async def test_a_rule_that_makes_no_sense_is_refused_with_a_reason(
    ana: Browsing, databases: Databases, tenant: Tenant, wrong: dict[str, str]
) -> None:
    team_id = await add_team(databases, tenant, "Web", (tenant.owner, "admin"))
    await ana.get(f"/teams/{team_id}")
    form = {"minutes": "1", "condition": "if-not-acked", "recipient": f"team:{team_id}:all"} | wrong

    page = await ana.post(f"/escalations/{await escalation_id(tenant)}/rules", **form)

    assert 'class="flash danger"' in page.text
    stored = await rows(tenant, "select position from escalation_rules where account_id = %(account_id)s")
    assert len(stored) == 3


async def test_the_pages_speak_polish(ana: Browsing, databases: Databases, tenant: Tenant) -> None:
    team_id = await add_team(databases, tenant, "Web", (tenant.owner, "admin"))
    await ana.get("/teams")
    await ana.post("/language", locale="pl")

    on_call, team = words(await ana.get("/on-call")), words(await ana.get(f"/teams/{team_id}"))

    assert "Masz teraz dyżur." in on_call
    assert "po 5 min, jeśli niepotwierdzony: kto ma następny dyżur w Web_schedule" in team
    assert "po 1 tygodniu" in team


@pytest.mark.parametrize("path", ["/teams/nonsense", "/teams/00000000-0000-4000-8000-000000000000"])
async def test_a_team_that_is_not_there_is_a_page_that_says_so(ana: Browsing, path: str) -> None:
    page = await ana.get(path)

    assert page.status == 404
