"""Timelines, who is on call and who comes next, and calendars, by API, through real HTTP.

GET /v2/schedules/{identifier}/timeline
GET /v2/schedules/{identifier}/on-calls
GET /v2/schedules/{identifier}/next-on-calls
GET /v2/schedules/on-calls
GET /v2/schedules/{identifier}.ics
GET /v2/schedules/on-calls/{user}.ics
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import pytest
from icalendar import Calendar
from tests.support.alert_api import AlertApi
from tests.support.makers import START, Tenant, add_team, add_user, make_tenant
from yarl import URL

from tocsin.accounts.model import User
from tocsin.clock import SetClock
from tocsin.db import Databases
from tocsin.escalations import config_store

PATH = "/v2/schedules"
MONDAY = "2026-03-02T09:00:00Z"  # START; 10:00 in Warsaw


@pytest.fixture
async def tenant(databases: Databases) -> Tenant:
    return await make_tenant(databases)


@pytest.fixture
def api(http: aiohttp.ClientSession, url: str, clock: SetClock, tenant: Tenant) -> AlertApi:
    clock.at = START
    return At(http, dict(tenant.headers), url)


class At(AlertApi):
    """The API of the application that takes its time from the test's clock."""

    def __init__(self, http: aiohttp.ClientSession, headers: dict[str, str], base: str) -> None:
        super().__init__(http, headers)
        object.__setattr__(self, "base", base)

    async def call(self, method: str, path: str, json: Any = None, **options: Any) -> Any:
        return await super().call(method, f"{self.base}{path}", json, **options)  # type: ignore[attr-defined]


@pytest.fixture
async def people(databases: Databases, tenant: Tenant) -> list[User]:
    return [
        await add_user(databases, tenant, f"{name}-{tenant.account_id}@example.com") for name in ("ana", "bo", "cy")
    ]


def daily(*who: dict[str, str], **changes: Any) -> dict[str, Any]:
    """Days from Monday 10:00 in Warsaw on."""
    return {"name": "Days", "startDate": MONDAY, "type": "daily", "participants": [*who], **changes}


def user(person: User) -> dict[str, str]:
    return {"type": "user", "id": str(person.id)}


def object_of(person: User) -> dict[str, str]:
    return {"id": str(person.id), "name": person.username, "type": "user"}


async def made(api: AlertApi, *rotations: dict[str, Any], **changes: Any) -> str:
    answer = await api.call("POST", PATH, {"name": "Duty", "rotations": [*rotations], **changes})
    assert answer.status == 201, answer.body
    ident: str = answer.data["id"]
    return ident


async def forward(databases: Databases, tenant: Tenant, one: User, other: User, hours: int) -> None:
    async with databases.engine.transaction() as tx:
        await tx.execute(
            """
            insert into forwarding_rules (account_id, id, alias, from_user_id, to_user_id, starts_at, ends_at,
                                          created_at)
            values (%(account_id)s, %(id)s, %(alias)s, %(one)s, %(other)s, %(starts_at)s, %(ends_at)s, %(starts_at)s)
            """,
            account_id=tenant.account_id, id=uuid4(), alias=uuid4().hex, one=one.id, other=other.id, starts_at=START,
            ends_at=START + timedelta(hours=hours),
        )  # fmt: skip


async def test_who_is_on_call_now_and_at_an_instant(api: AlertApi, people: list[User]) -> None:
    ana, bo, _ = people
    ident = await made(api, daily(user(ana), user(bo)))
    parent = {"id": ident, "name": "Duty", "enabled": True}

    nested = await api.get(f"{PATH}/{ident}/on-calls")
    flat = await api.get(f"{PATH}/Duty/on-calls?scheduleIdentifierType=name&flat=true")
    tomorrow = await api.get(f"{PATH}/{ident}/on-calls?flat=true&date=2026-03-03T09:00:00%2B00:00")
    unescaped = await api.get(f"{PATH}/{ident}/on-calls?flat=true&date=2026-03-03T10:00:00+01:00")
    before = await api.get(f"{PATH}/{ident}/on-calls?date=2026-03-02T08:59:59Z")
    all_of_them = await api.get(f"{PATH}/on-calls")

    assert nested.data == {"_parent": parent, "onCallParticipants": [object_of(ana)]}
    assert flat.data == {"_parent": parent, "onCallRecipients": [ana.username]}
    assert tomorrow.data["onCallRecipients"] == unescaped.data["onCallRecipients"] == [bo.username]
    assert before.data == {"_parent": parent, "onCallParticipants": []}
    assert all_of_them.data == [nested.data]


async def test_teams_and_escalations_are_opened_and_forwardings_followed(
    api: AlertApi, databases: Databases, tenant: Tenant, people: list[User]
) -> None:
    ana, bo, cy = people
    team_id = await add_team(databases, tenant, ana, bo, name="Web")
    escalation_id = uuid4()
    async with databases.engine.transaction() as tx:
        await config_store.insert_escalation(tx, tenant.account_id, escalation_id, "Nights", team_id=None, at=START)
        for position, recipient in enumerate((("user", cy.id), ("team", team_id))):
            await config_store.insert_escalation_rule(
                tx, tenant.account_id, escalation_id, position=position, condition="if-not-acked",
                notify_type="default", delay=timedelta(minutes=5 * position), recipient_type=recipient[0],
                recipient_id=recipient[1],
            )  # fmt: skip
    await forward(databases, tenant, bo, cy, 5)
    of_team = daily({"type": "team", "name": "Web"})
    of_escalation = daily({"type": "escalation", "id": str(escalation_id)}, name="Other")
    ident = await made(api, of_team, of_escalation)

    nested = (await api.get(f"{PATH}/{ident}/on-calls")).data["onCallParticipants"]
    flat = (await api.get(f"{PATH}/{ident}/on-calls?flat=true")).data["onCallRecipients"]

    instead = {**object_of(cy), "forwardedFrom": [object_of(bo)]}
    team = {"id": str(team_id), "name": "Web", "type": "team", "onCallParticipants": [object_of(ana), instead]}
    assert nested == [
        team,
        {
            "id": str(escalation_id),
            "name": "Nights",
            "type": "escalation",
            "onCallParticipants": [
                {**object_of(cy), "escalationTime": 0, "notifyType": "default"},
                {**team, "escalationTime": 5, "notifyType": "default"},
            ],
        },
    ]
    assert flat == [ana.username, cy.username]


async def test_a_disabled_schedule_has_nobody_on_call_and_still_shows_its_plan(
    api: AlertApi, people: list[User]
) -> None:
    ident = await made(api, daily(user(people[0])), enabled=False)

    assert (await api.get(f"{PATH}/{ident}/on-calls")).data["onCallParticipants"] == []
    assert (await api.get(f"{PATH}/{ident}/on-calls?flat=true")).data["onCallRecipients"] == []
    periods = (await api.get(f"{PATH}/{ident}/timeline")).data["finalTimeline"]["rotations"][0]["periods"]
    assert [it["recipient"] for it in periods] == [object_of(people[0])]


async def test_who_comes_next_is_told_under_the_other_names(api: AlertApi, people: list[User]) -> None:
    ana, bo, _ = people
    ident = await made(api, daily(user(ana), user(ana), user(bo)))
    parent = {"id": ident, "name": "Duty", "enabled": True}

    nested = await api.get(f"{PATH}/{ident}/next-on-calls")
    flat = await api.get(f"{PATH}/{ident}/next-on-calls?flat=true")

    assert nested.data == {
        "_parent": parent,
        "nextOnCallRecipients": [object_of(ana)],
        "exactNextOnCallRecipients": [object_of(bo)],
    }
    assert flat.data == {
        "_parent": parent,
        "nextOnCallParticipants": [ana.username],
        "exactNextOnCallParticipants": [bo.username],
    }


async def test_next_waits_out_the_hours_when_nobody_is_on_call(
    api: AlertApi, databases: Databases, tenant: Tenant, people: list[User]
) -> None:
    ana, bo, cy = people
    hours = {"type": "time-of-day", "restriction": {"startHour": 8, "startMin": 0, "endHour": 16, "endMin": 0}}
    ident = await made(api, daily(user(ana), user(bo), startDate="2026-03-01T23:00:00Z", timeRestriction=hours))
    await forward(databases, tenant, bo, cy, 48)

    found = (await api.get(f"{PATH}/{ident}/next-on-calls?flat=true")).data

    assert (found["nextOnCallParticipants"], found["exactNextOnCallParticipants"]) == ([cy.username], [cy.username])


async def test_with_one_person_alone_there_is_no_other_next(api: AlertApi, people: list[User]) -> None:
    ident = await made(api, daily(user(people[0])))
    empty = await made(api, name="Empty")

    alone = (await api.get(f"{PATH}/{ident}/next-on-calls?flat=true")).data
    nobody = (await api.get(f"{PATH}/{empty}/next-on-calls?flat=true")).data

    assert alone["exactNextOnCallParticipants"] == []
    assert (nobody["nextOnCallParticipants"], nobody["exactNextOnCallParticipants"]) == ([], [])


async def test_the_timeline_has_each_layer(
    api: AlertApi, databases: Databases, tenant: Tenant, people: list[User]
) -> None:
    ana, bo, cy = people
    ident = await made(api, daily(user(ana), user(bo)))
    await forward(databases, tenant, ana, cy, 6)
    await api.call(
        "POST",
        f"{PATH}/{ident}/overrides",
        {"user": {"id": str(bo.id)}, "startDate": "2026-03-02T12:00:00Z", "endDate": "2026-03-02T18:00:00Z"},
    )

    answer = await api.get(
        f"{PATH}/{ident}/timeline?interval=1&intervalUnit=days&date={MONDAY}&expand=base,forwarding,override"
    )

    def period(start: str, end: str, who: User, kind: str = "default", **more: Any) -> dict[str, Any]:
        return {"startDate": f"2026-03-{start}:00:00Z", "endDate": f"2026-03-{end}:00:00Z", "type": kind,
                "recipient": object_of(who), **more}  # fmt: skip

    data = answer.data
    assert answer.body["expandable"] == ["base", "forwarding", "override"]
    assert (data["startDate"], data["endDate"]) == (MONDAY, "2026-03-03T09:00:00Z")
    assert data["_parent"] == {"id": ident, "name": "Duty", "enabled": True}
    [final] = data["finalTimeline"]["rotations"]
    assert UUID(final.pop("id"))
    assert final == {
        "name": "Days",
        "order": 0,
        "periods": [
            period("02T09", "02T12", cy, "forwarding", fromUser=object_of(ana)),
            period("02T12", "02T18", bo, "override"),
            period("02T18", "03T09", ana),
        ],
    }
    layers = {name: data[f"{name}Timeline"]["rotations"][0]["periods"] for name in ("base", "forwarding", "override")}
    assert layers == {
        "base": [period("02T09", "03T09", ana)],
        "forwarding": [period("02T09", "02T12", cy, "forwarding", fromUser=object_of(ana))],
        "override": [period("02T12", "02T18", bo, "override")],
    }


@pytest.mark.parametrize(
    ("query", "end"),
    [
        ("", "2026-03-09T09:00:00Z"),
        ("interval=2&intervalUnit=days", "2026-03-04T09:00:00Z"),
        ("interval=4", "2026-03-30T08:00:00Z"),  # the clock went forward: still 10:00 in Warsaw
        ("interval=1&intervalUnit=months&date=2026-01-31T09:00:00Z", "2026-02-28T09:00:00Z"),
        ("interval=12&intervalUnit=months", "2027-03-02T09:00:00Z"),
    ],
)
async def test_the_window_of_a_timeline_is_counted_on_the_wall_clock(
    api: AlertApi, people: list[User], query: str, end: str
) -> None:
    ident = await made(api, daily(user(people[0])))

    assert (await api.get(f"{PATH}/{ident}/timeline?{query}")).data["endDate"] == end


@pytest.mark.parametrize(
    "query",
    ["interval=0", "interval=54", "interval=x", "intervalUnit=years", "date=monday", "interval=400&intervalUnit=days"],
)
async def test_a_window_that_cannot_be_is_refused(api: AlertApi, people: list[User], query: str) -> None:
    ident = await made(api, daily(user(people[0])))

    assert (await api.get(f"{PATH}/{ident}/timeline?{query}")).status == 422


async def calendar(api: AlertApi, path: str) -> list[tuple[str, datetime, datetime]]:
    """The calendar's events, as another program reads them."""
    address = URL(f"{api.base}{path}", encoded=True)  # type: ignore[attr-defined]
    async with api.http.get(address, headers=api.headers) as response:
        assert (response.status, response.content_type) == (200, "text/calendar")
        read = Calendar.from_ical(await response.read())
    events = read.walk("VEVENT")
    assert len({event["uid"] for event in events}) == len(events)
    return [(str(event["summary"]), event.decoded("dtstart"), event.decoded("dtend")) for event in events]


async def test_a_schedule_and_a_persons_shifts_are_calendars(
    api: AlertApi, databases: Databases, tenant: Tenant, people: list[User]
) -> None:
    ana, bo, cy = people
    await add_team(databases, tenant, cy, name="Web")
    who = daily(user(ana), {"type": "team", "name": "Web"}, user(bo))
    ident = await made(api, who, timezone="Europe/Warsaw")

    of_schedule = await calendar(api, f"{PATH}/{ident}.ics")
    by_name = await calendar(api, f"{PATH}/Duty.ics?identifierType=name")
    of_cy = await calendar(api, f"{PATH}/on-calls/{cy.username}.ics")

    first = datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert of_schedule[:2] == [
        (ana.full_name, first, first + timedelta(days=1)),
        ("Web", first + timedelta(days=1), first + timedelta(days=2)),
    ]
    assert by_name == of_schedule
    assert of_schedule[-1][2] == first + timedelta(days=92)
    assert of_cy[0] == ("On call: Duty", first + timedelta(days=1), first + timedelta(days=2))
    assert len(of_cy) == len([it for it in of_schedule if it[0] == "Web"])
    assert (await api.get(f"{PATH}/on-calls/nobody.ics")).status == 404
