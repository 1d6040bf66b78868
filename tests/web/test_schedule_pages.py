"""The pages of schedules: the list, one from nothing, the timeline, rotations, overrides, shifts that change hands."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from tests.support.browsing import Answer, Browsing
from tests.support.mailbox import mails
from tests.support.makers import Tenant

from tocsin.accounts.model import User
from tocsin.clock import SystemClock
from tocsin.db import Databases
from tocsin.escalations import team_defaults

WARSAW = ZoneInfo("Europe/Warsaw")
NOBODY_S = "00000000-0000-4000-8000-000000000000"


def words(page: Answer) -> str:
    """The page's text, white space as one blank."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


async def rows(tenant: Tenant, sql: str) -> list[dict[str, Any]]:
    async with tenant.app.transaction() as tx:
        return await tx.dicts(sql, account_id=tenant.account_id)


async def add_schedule(databases: Databases, tenant: Tenant, *members: tuple[User, str]) -> str:
    """The address of a team's schedule in Warsaw: one weekly rotation of the members, a month old."""
    async with databases.engine.transaction() as tx:
        await team_defaults.create_team(
            tx,
            tenant.account_id,
            "Web",
            [(member.id, role) for member, role in members],
            time_zone="Europe/Warsaw",
            at=SystemClock().now() - timedelta(days=30),
        )
    [row] = await rows(tenant, "select id::text from schedules where account_id = %(account_id)s")
    return f"/schedules/{row['id']}"


async def rotations(tenant: Tenant) -> list[dict[str, Any]]:
    return await rows(
        tenant,
        "select id::text, name, kind, length, starts_at, ends_at, participants, restriction from rotations "
        "where account_id = %(account_id)s order by position",
    )


async def overrides(tenant: Tenant) -> list[dict[str, Any]]:
    return await rows(
        tenant,
        "select alias, user_id, starts_at, ends_at, rotation_ids from overrides where account_id = %(account_id)s",
    )


def nights(*participants: str, **changes: str | list[str]) -> dict[str, str | list[str]]:
    """The form of a rotation at night."""
    form: dict[str, str | list[str]] = {
        "name": "Nights", "kind": "daily", "length": "1", "starts": "2026-03-02T20:00", "ends": "",
        "participant": list(participants), "restriction": "time-of-day",
        "window_start_day": "monday", "window_start": "20:00", "window_end_day": "monday", "window_end": "08:00",
    }  # fmt: skip
    return form | changes


async def test_without_schedules_the_way_to_a_new_one_is_shown(ana: Browsing, bo: Browsing) -> None:
    page, his = await ana.get("/schedules"), await bo.get("/schedules")

    assert "No schedules yet" in page
    assert 'href="/schedules/new"' in page.text
    assert 'href="/schedules/new"' not in his.text
    assert (await bo.get("/schedules/new")).status == 403


async def test_a_schedule_is_made_from_nothing(ana: Browsing, tenant: Tenant, bo_user: User) -> None:
    await ana.get("/schedules/new")

    form = await ana.post("/schedules", name="Payments", time_zone="Europe/Warsaw", team="", description="Card traffic")
    base = form.path.removesuffix("/rotations/new")
    empty = await ana.get(base)
    page = await ana.post(form.path, do="save", **nights(f"user:{bo_user.id}", "", "none:", f"user:{tenant.owner.id}"))

    assert "Payments is there. Now say who takes turns." in form
    assert "No rotation yet" in empty
    assert page.path == base
    [rotation] = await rotations(tenant)
    assert rotation["starts_at"] == datetime(2026, 3, 2, 19, tzinfo=UTC)
    assert [it["type"] for it in rotation["participants"]] == ["user", "none", "user"]
    assert rotation["restriction"]["restriction"] == {"startHour": 20, "startMin": 0, "endHour": 8, "endMin": 0}
    told = f"Nights : 1 day each, daily 20:00–08:00, since 2 Mar 2026, 20:00 {bo_user.full_name} → nobody"
    assert told in words(page)
    assert "Card traffic" in page


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": ""}, "A name has 1 to 100 characters."),
        ({"time_zone": "Mars/Olympus"}, "There is no such time zone."),
    ],
)
async def test_a_schedule_that_makes_no_sense_is_refused_with_a_reason(
    ana: Browsing, tenant: Tenant, wrong: dict[str, str], said: str
) -> None:
    await ana.get("/schedules/new")

    page = await ana.post("/schedules", **({"name": "Payments", "time_zone": "UTC", "team": ""} | wrong))

    assert page.status == 422
    assert said in page
    assert await rows(tenant, "select id from schedules where account_id = %(account_id)s") == []


async def test_a_team_admin_makes_schedules_for_the_own_team_alone(
    bo: Browsing, databases: Databases, tenant: Tenant, bo_user: User
) -> None:
    await add_schedule(databases, tenant, (bo_user, "admin"))
    [team] = await rows(tenant, "select id::text from teams where account_id = %(account_id)s")
    form = await bo.get("/schedules/new")

    without = await bo.send("POST", "/schedules", name="Mine", time_zone="UTC", team="")
    unknown = await bo.send("POST", "/schedules", name="Mine", time_zone="UTC", team=NOBODY_S)
    made = await bo.post("/schedules", name="Mine", time_zone="UTC", team=team["id"])

    assert "no team" not in form
    assert (without.status, unknown.status) == (403, 404)
    assert made.path.endswith("/rotations/new")


@pytest.mark.parametrize(("view", "days"), [("day", 1), ("week", 7), ("2-weeks", 14), ("month", 31)])
async def test_the_timeline_shows_a_day_a_week_two_weeks_and_a_month(
    ana: Browsing, databases: Databases, tenant: Tenant, view: str, days: int
) -> None:
    base = await add_schedule(databases, tenant, (tenant.owner, "admin"))

    page = await ana.get(f"{base}?view={view}&date=2026-12-07")

    first = "1 Dec 2026" if view == "month" else "7 Dec 2026"
    last = datetime(2026, 12, 1 if view == "month" else 7, tzinfo=UTC) + timedelta(days=days)
    assert f"{first}, 00:00 – {last.day} {last:%b %Y}, 00:00" in words(page)
    assert f"date={last:%Y-%m-%d}" in page
    assert 'aria-current="page"' in page.text


async def test_a_query_that_makes_no_sense_shows_this_week(ana: Browsing, databases: Databases, tenant: Tenant) -> None:
    base = await add_schedule(databases, tenant, (tenant.owner, "admin"))

    pages = [await ana.get(f"{base}?{query}") for query in ("", "view=year&date=soon", "date=9999-12-31&undo=x")]

    assert [page.status for page in pages] == [200] * 3
    assert len({page.find('id="timeline">([^<]+)<') for page in pages}) == 1


async def test_bars_say_who_when_and_why_in_both_clocks(ana: Browsing, databases: Databases, tenant: Tenant) -> None:
    base = await add_schedule(databases, tenant, (tenant.owner, "admin"))
    async with databases.engine.transaction() as tx:
        await tx.execute("update users set time_zone = 'America/New_York' where id = %(id)s", id=tenant.owner.id)

    page = await ana.get(f"{base}?view=day&date=2026-12-08")

    assert "your clock: America/New_York" in words(page)
    assert (
        f"{tenant.owner.full_name}, 8 Dec 2026, 00:00 – 9 Dec 2026, 00:00 (Europe/Warsaw), by turn; "
        "for you: 7 Dec 2026, 18:00 – 8 Dec 2026, 18:00"
    ) in page


async def test_gaps_are_said_and_lead_to_an_override(ana: Browsing, databases: Databases, tenant: Tenant) -> None:
    base = await add_schedule(databases, tenant, (tenant.owner, "admin"))
    [rotation] = await rotations(tenant)
    await ana.get(base)
    await ana.post(f"{base}/rotations/{rotation['id']}/edit", do="save", **nights(f"user:{tenant.owner.id}"))

    page = await ana.get(f"{base}?view=day&date=2030-12-07")

    assert "Gaps: nobody is on call" in page
    assert "Nobody, 7 Dec 2030, 08:00 – 7 Dec 2030, 20:00 (Europe/Warsaw), gap" in page
    form = await ana.get(unescape(page.find(r'<a href="([^"]+overrides/new[^"]+)" aria-label="Nobody')))
    assert 'value="2030-12-07T08:00"' in form.text
    assert 'value="2030-12-07T20:00"' in form.text


async def test_a_preview_shows_two_weeks_and_saves_nothing(ana: Browsing, databases: Databases, tenant: Tenant) -> None:
    base = await add_schedule(databases, tenant, (tenant.owner, "admin"))
    await ana.get(base)
    form = nights(f"user:{tenant.owner.id}", starts="2030-03-02T20:00", restriction="weekday-and-time-of-day",
                  window_start_day=["monday", "friday"], window_start=["08:00", "18:00"],
                  window_end_day=["monday", "monday"], window_end=["20:00", "08:00"])  # fmt: skip

    page = await ana.post(f"{base}/rotations/new", do="preview", **form)

    assert page.status == 200
    assert "Nothing is saved yet." in page
    assert "Mon 08:00–Mon 20:00, Fri 18:00–Mon 08:00" in page
    assert "8 Mar 2030, 18:00 – 11 Mar 2030, 20:00" in page
    assert [row["name"] for row in await rotations(tenant)] == ["Weekly rotation"]


@pytest.mark.parametrize(
    ("do", "turns", "windows"),
    [
        ("add-participant", ["ana", "bo", ""], 1),
        ("up:1", ["bo", "ana"], 1),
        ("down:0", ["bo", "ana"], 1),
        ("remove:0", ["bo"], 1),
        ("add-window", ["ana", "bo"], 2),
        ("drop-window:0", ["ana", "bo"], 1),
        ("nonsense:99", ["ana", "bo"], 1),
    ],
)
async def test_lines_of_the_form_come_go_and_move_without_a_script(
    ana: Browsing, databases: Databases, tenant: Tenant, bo_user: User, do: str, turns: list[str], windows: int
) -> None:
    base = await add_schedule(databases, tenant, (tenant.owner, "admin"))
    people = {"ana": f"user:{tenant.owner.id}", "bo": f"user:{bo_user.id}", "": ""}
    await ana.get(base)

    page = await ana.post(f"{base}/rotations/new", do=do, **nights(people["ana"], people["bo"]))

    selects = re.findall(r'<select name="participant".*?</select>', page.text, re.DOTALL)
    chosen = [re.findall(r'value="([^"]*)" selected', it) for it in selects]
    assert chosen == [[people[turn]] if turn else [] for turn in turns]
    assert page.text.count('name="window_start"') == windows
    assert ("over midnight, until 08:00 of the next day" in page) is (do != "drop-window:0")
    assert len(await rotations(tenant)) == 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"length": "0"}, "A turn lasts 1 to 365 units."),
        ({"length": "9" * 5000}, "A turn lasts 1 to 365 units."),
        ({"kind": "yearly"}, "Choose days, weeks or hours."),
        ({"starts": "tomorrow"}, "Give day and time"),
        ({"name": ""}, "A name has 1 to 100 characters."),
        ({"participant": ""}, "Choose who takes turns."),
        ({"participant": f"user:{NOBODY_S}"}, "Choose who takes turns."),
        ({"ends": "2026-03-01T20:00"}, "A rotation ends after it starts."),
        ({"restriction": "moonlight"}, "Choose when the rotation holds."),
        ({"window_start": "dusk"}, "Give the hours as in 09:00."),
        ({"window_start": "99:00"}, "The time restriction is not valid."),
    ],
)
async def test_a_rotation_that_makes_no_sense_is_refused_with_what_was_typed(
    ana: Browsing, databases: Databases, tenant: Tenant, wrong: dict[str, str], said: str
) -> None:
    base = await add_schedule(databases, tenant, (tenant.owner, "admin"))
    await ana.get(base)
    form = nights(f"user:{tenant.owner.id}") | wrong

    saved = await ana.post(f"{base}/rotations/new", do="save", **form)
    previewed = await ana.post(f"{base}/rotations/new", do="preview", **form)

    assert saved.status == 422
    assert said in saved
    assert previewed.status == (200 if "name" in wrong else 422)
    assert len(await rotations(tenant)) == 1


async def test_a_rotation_is_changed_moved_removed_and_brought_back(
    ana: Browsing, databases: Databases, tenant: Tenant
) -> None:
    base = await add_schedule(databases, tenant, (tenant.owner, "admin"))
    await ana.get(base)
    await ana.post(f"{base}/rotations/new", do="save", **nights(f"user:{tenant.owner.id}", ends="2031-01-01T08:00"))
    before = await rotations(tenant)
    ident = before[1]["id"]

    form = await ana.get(f"{base}/rotations/{ident}/edit")
    await ana.post(f"{base}/rotations/{ident}/move", to="up")
    moved = [row["name"] for row in await rotations(tenant)]
    removed = await ana.post(f"{base}/rotations/{ident}/delete")
    without = [row["name"] for row in await rotations(tenant)]
    token = removed.field("undo")
    back = await ana.post(f"{base}/undo", undo=token)
    again = await ana.post(f"{base}/undo", undo=token)

    assert 'value="2031-01-01T08:00"' in form.text
    assert "over midnight, until 08:00 of the next day" in form
    assert moved == ["Nights", "Weekly rotation"]
    assert without == ["Weekly rotation"]
    assert "It is there again." in back
    assert "It is there already." in again
    assert await rotations(tenant) == [before[1], before[0]]
    actions = await rows(
        tenant,
        "select action from audit_log where account_id = %(account_id)s and object_type = 'schedule' order by id",
    )
    assert [row["action"] for row in actions][-4:] == [
        "added a rotation to", "reordered the rotations of", "removed a rotation from", "added a rotation to",
    ]  # fmt: skip


async def test_an_undo_of_another_schedule_or_a_forged_one_is_not_there(
    ana: Browsing, databases: Databases, tenant: Tenant
) -> None:
    base = await add_schedule(databases, tenant, (tenant.owner, "admin"))
    [rotation] = await rotations(tenant)
    other = (await ana.get("/schedules/new"), await ana.post("/schedules", name="Other", time_zone="UTC", team=""))[1]
    token = (await ana.post(f"{base}/rotations/{rotation['id']}/delete")).field("undo")

    answers = [
        await ana.send("POST", f"{base}/undo", undo=token[:-2] + "AA"),
        await ana.send("POST", f"{other.path.removesuffix('/rotations/new')}/undo", undo=token),
    ]

    assert [answer.status for answer in answers] == [404, 404]
    assert await rotations(tenant) == []


async def test_an_override_is_made_for_chosen_rotations_removed_and_brought_back(
    ana: Browsing, databases: Databases, tenant: Tenant, bo_user: User
) -> None:
    base = await add_schedule(databases, tenant, (tenant.owner, "admin"))
    [rotation] = await rotations(tenant)
    form = await ana.get(f"{base}/overrides/new?start=2030-01-01T07:00:00Z&end=2030-01-01T19:00:00Z")

    made = await ana.post(
        f"{base}/overrides/new", user=str(bo_user.id), starts="2030-01-01T08:00", ends="2030-01-01T20:00",
        rotation=rotation["id"],
    )  # fmt: skip
    [before] = await overrides(tenant)
    removed = await ana.post(f"{base}/overrides/delete", alias=made.field("alias"))
    gone = await overrides(tenant)
    back = await ana.post(f"{base}/undo", undo=removed.field("undo"))

    assert 'value="2030-01-01T08:00"' in form.text
    assert f"{bo_user.full_name} 1 Jan 2030, 08:00 – 1 Jan 2030, 20:00 Weekly rotation" in words(made)
    assert before["rotation_ids"] == [UUID(rotation["id"])]
    assert gone == []
    assert "It is there again." in back
    assert await overrides(tenant) == [before]


@pytest.mark.parametrize(
    ("starts", "ends", "said"),
    [
        ("2030-01-01T08:00", "2030-01-01T08:00", "An override ends after it starts."),
        ("2020-01-01T08:00", "2020-01-01T20:00", "This override would be over already."),
        ("2030-01-01T08:00", "2032-01-01T08:00", "An override lasts a year at most."),
        ("soon", "2030-01-01T08:00", "Give day and time"),
    ],
)
async def test_an_override_that_makes_no_sense_is_refused_with_what_was_typed(
    ana: Browsing, databases: Databases, tenant: Tenant, starts: str, ends: str, said: str
) -> None:
    base = await add_schedule(databases, tenant, (tenant.owner, "admin"))
    await ana.get(base)

    page = await ana.post(f"{base}/overrides/new", user="none", starts=starts, ends=ends)

    assert page.status == 422
    assert said in page
    assert f'value="{ends}"' in page.text
    assert await overrides(tenant) == []


def shift_address(base: str, rotation_id: str, at: datetime) -> str:
    return f"{base}/shift?at={at:%Y-%m-%dT%H:%M:%SZ}&rotation={rotation_id}"


async def shift_form(browsing: Browsing, base: str, rotation_id: str, at: datetime) -> dict[str, str]:
    page = await browsing.get(shift_address(base, rotation_id, at))
    return {name: page.field(name) for name in ("at", "rotation", "who", "do")}


async def test_my_shift_is_given_and_the_other_is_told(
    bo: Browsing, databases: Databases, tenant: Tenant, bo_user: User
) -> None:
    base = await add_schedule(databases, tenant, (bo_user, "user"))
    [rotation] = await rotations(tenant)
    soon = SystemClock().now() + timedelta(days=20)
    form = await shift_form(bo, base, rotation["id"], soon)

    page = await bo.post(f"{base}/shift", user=str(tenant.owner.id), **form)

    assert "has the shift now, and is told by mail." in page
    [override] = await overrides(tenant)
    assert override["user_id"] == tenant.owner.id
    assert override["starts_at"] <= soon < override["ends_at"]
    assert override["ends_at"] - override["starts_at"] <= timedelta(days=7, hours=1)
    assert override["rotation_ids"] == [UUID(rotation["id"])]
    [mail] = [it for it in await mails(tenant) if it.purpose == "shift"]
    assert mail.to_address == tenant.owner.username
    assert mail.subject == f"{bo_user.full_name} gave you a shift"
    actions = await rows(
        tenant, "select actor, action from audit_log where account_id = %(account_id)s and action like '%%shift of'"
    )
    assert actions == [{"actor": bo_user.username, "action": "gave a shift of"}]


async def test_a_shift_is_taken_and_who_had_it_is_told(
    ana: Browsing, databases: Databases, tenant: Tenant, bo_user: User
) -> None:
    base = await add_schedule(databases, tenant, (bo_user, "user"))
    [rotation] = await rotations(tenant)
    at = SystemClock().now()
    form = await shift_form(ana, base, rotation["id"], at)

    page = await ana.post(f"{base}/shift", **form)
    stale = await ana.post(f"{base}/shift", **form)

    assert "The shift is yours now." in page
    assert "This shift has changed meanwhile" in stale
    [override] = await overrides(tenant)
    assert override["user_id"] == tenant.owner.id
    assert at - timedelta(minutes=1) <= override["starts_at"]  # from now on: what was, stays
    [mail] = [it for it in await mails(tenant) if it.purpose == "shift"]
    assert (mail.to_address, mail.subject) == (bo_user.username, f"{tenant.owner.full_name} took your shift")


async def test_who_is_not_of_the_team_takes_and_gives_nothing(
    bo: Browsing, databases: Databases, tenant: Tenant
) -> None:
    base = await add_schedule(databases, tenant, (tenant.owner, "admin"))
    [rotation] = await rotations(tenant)
    at = SystemClock().now() + timedelta(days=1)
    page = await bo.get(shift_address(base, rotation["id"], at))
    fields = {"at": f"{at:%Y-%m-%dT%H:%M:%SZ}", "rotation": rotation["id"], "who": str(tenant.owner.id)}

    answers = [
        await bo.send("POST", f"{base}/shift", do="take", **fields),
        await bo.send("POST", f"{base}/shift", do="give", user=str(tenant.owner.id), **fields),
        await bo.send("GET", f"{base}/overrides/new"),
        await bo.send("POST", f"{base}/overrides/new", user="none", starts="2030-01-01T08:00", ends="2030-01-01T20:00"),
        await bo.send("GET", f"{base}/rotations/new"),
        await bo.send("POST", f"{base}/rotations/new", do="save", **nights("none:")),
        await bo.send("POST", f"{base}/rotations/{rotation['id']}/edit", do="save", **nights("none:")),
        await bo.send("POST", f"{base}/rotations/{rotation['id']}/delete"),
        await bo.send("POST", f"{base}/rotations/{rotation['id']}/move", to="up"),
        await bo.send("POST", f"{base}/overrides/delete", alias="x"),
        await bo.send("POST", f"{base}/settings", name="Mine", time_zone="UTC", team=""),
        await bo.send("POST", f"{base}/delete"),
    ]

    assert page.status == 200
    assert "Take this shift" not in page
    assert "New rotation" not in await bo.get(base)
    assert [answer.status for answer in answers] == [403] * len(answers)


async def test_a_member_of_the_team_overrides_and_changes_no_rotation(
    bo: Browsing, databases: Databases, tenant: Tenant, bo_user: User
) -> None:
    base = await add_schedule(databases, tenant, (tenant.owner, "admin"), (bo_user, "user"))

    page = await bo.get(base)
    made = await bo.post(
        f"{base}/overrides/new", user=str(bo_user.id), starts="2030-01-01T08:00", ends="2030-01-01T20:00"
    )

    assert "New override" in page
    assert "New rotation" not in page
    assert "The override is there." in made
    assert len(await overrides(tenant)) == 1


async def test_a_shift_that_is_not_there_says_so(ana: Browsing, databases: Databases, tenant: Tenant) -> None:
    base = await add_schedule(databases, tenant, (tenant.owner, "admin"))
    [rotation] = await rotations(tenant)

    answers = [
        await ana.get(shift_address(base, rotation["id"], datetime(2001, 1, 1, tzinfo=UTC))),
        await ana.get(shift_address(base, NOBODY_S, SystemClock().now())),
        await ana.get(f"{base}/shift?at=soon&rotation={rotation['id']}"),
    ]

    assert [answer.status for answer in answers] == [404, 404, 422]


async def test_settings_are_saved_and_a_schedule_in_use_is_not_deleted(
    ana: Browsing, databases: Databases, tenant: Tenant
) -> None:
    base = await add_schedule(databases, tenant, (tenant.owner, "admin"))
    [team] = await rows(tenant, "select id::text from teams where account_id = %(account_id)s")
    await ana.get(base)

    saved = await ana.post(
        f"{base}/settings", name="Day and night", time_zone="America/New_York", team=team["id"], description="All of it"
    )
    refused = await ana.post(f"{base}/delete")
    async with databases.engine.transaction() as tx:
        for table in ("routing_rules", "escalation_rules"):
            await tx.execute(f"delete from {table} where account_id = %(id)s", id=tenant.account_id)
    deleted = await ana.post(f"{base}/delete")

    assert "Day and night" in saved
    assert "Disabled" in saved
    assert "It is still used by: escalation Web_escalation" in refused
    assert "Day and night is deleted." in deleted
    assert (await ana.get(base)).status == 404


async def test_stakeholders_and_other_accounts_see_no_schedule(
    stakeholder: Browsing, eve: Browsing, databases: Databases, tenant: Tenant
) -> None:
    base = await add_schedule(databases, tenant, (tenant.owner, "admin"))

    assert [(await stakeholder.get(path)).status for path in ("/schedules", base)] == [403, 403]
    assert (await eve.get(base)).status == 404
    assert "Web_schedule" not in await eve.get("/schedules")


async def test_a_schedule_over_the_plan_says_so_in_its_forms(
    ana: Browsing, databases: Databases, tenant: Tenant
) -> None:
    base = await add_schedule(databases, tenant, (tenant.owner, "admin"))
    async with databases.engine.transaction() as tx:
        await tx.execute(
            "update schedules set inactive_since = %(at)s where account_id = %(id)s",
            at=SystemClock().now(), id=tenant.account_id,
        )  # fmt: skip
    await ana.get(base)

    rotation = await ana.post(f"{base}/rotations/new", do="save", **nights(f"user:{tenant.owner.id}"))
    override = await ana.post(f"{base}/overrides/new", user="none", starts="2030-01-01T08:00", ends="2030-01-01T20:00")

    assert "Inactive: over the plan" in await ana.get(base)
    assert [page.status for page in (rotation, override)] == [422, 422]
    assert "Nights" in rotation
    assert await overrides(tenant) == []


async def test_a_rotation_too_long_for_an_address_is_removed_without_an_undo(
    ana: Browsing, databases: Databases, tenant: Tenant
) -> None:
    base = await add_schedule(databases, tenant, (tenant.owner, "admin"))
    await ana.get(base)
    long = nights(*[f"user:{tenant.owner.id}"] * 50, restriction="weekday-and-time-of-day")
    many = {"window_start_day": ["monday"] * 40, "window_end_day": ["monday"] * 40,
            "window_start": [f"{it // 2:02}:{it % 2 * 30:02}" for it in range(40)],
            "window_end": [f"{it // 2:02}:{it % 2 * 30:02}" for it in range(1, 41)]}  # fmt: skip
    await ana.post(f"{base}/rotations/new", do="save", **(long | many))
    ident = (await rotations(tenant))[1]["id"]

    page = await ana.post(f"{base}/rotations/{ident}/delete")

    assert "The rotation Nights is removed." in page
    assert 'name="undo"' not in page.text


async def test_the_pages_speak_polish(ana: Browsing, databases: Databases, tenant: Tenant) -> None:
    base = await add_schedule(databases, tenant, (tenant.owner, "admin"))
    async with databases.engine.transaction() as tx:
        await tx.execute("update users set locale = 'pl' where id = %(id)s", id=tenant.owner.id)

    pages = {path: await ana.get(path) for path in ("/schedules", base, f"{base}/rotations/new", "/my-shifts")}

    assert "Grafiki" in pages["/schedules"]
    assert "To samo w tabeli" in pages[base]
    assert "Całą dobę" in pages[f"{base}/rotations/new"]
    assert "Moje dyżury" in pages["/my-shifts"]
