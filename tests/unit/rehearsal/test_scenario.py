from datetime import UTC, datetime, timedelta
from textwrap import dedent

import pytest

from tocsin.accounts.directory import Reference
from tocsin.accounts.model import Role
from tocsin.errors import Invalid
from tocsin.rehearsal.commands import AddResponder, Create, Snooze
from tocsin.rehearsal.scenario import Scenario, parse_scenario

START = datetime(2026, 11, 22, 2, 10, tzinfo=UTC)
WHOLE = dedent("""\
    start: 2026-11-22T03:10:00+01:00
    account:
      timeZone: Europe/Warsaw
      users:
        - {username: ana@example.com}
        - {username: bo@example.com, role: {name: Admin}}
      teams:
        - name: Web
          members: [{user: {username: ana@example.com}}]
      schedules:
        - name: Nights
          rotations:
            - {name: First, type: daily, startDate: -7d, participants: [{type: user, username: bo@example.com}]}
          overrides:
            - {user: {type: none}, startDate: +1h, endDate: +2h, rotations: [{name: First}]}
      escalations:
        - name: Wake
          rules: [{delay: {timeAmount: 5, timeUnit: minutes}, recipient: {type: schedule, name: Nights}}]
          repeat: {waitInterval: 10, count: 2}
    commands:
      - {at: +10m, acknowledge: {alert: disk, user: ana@example.com}}
      - {at: +0m, create-alert: {message: Disk full, alias: disk}}
    failures:
      - {contact: {method: email, to: ana@example.com}, until: +5m}
    end: +2h
    expect:
      - {at: +0m, event: notification, who: ana@example.com}
    """)


def parse(*changes: tuple[str, str]) -> Scenario:
    text = WHOLE
    for before, after in changes:
        assert before in text, before
        text = text.replace(before, after)
    return parse_scenario(text)


def test_a_whole_file_is_understood() -> None:
    scenario = parse()

    assert (scenario.start, scenario.end) == (START, START + timedelta(hours=2))
    assert [command.name for command in scenario.commands] == ["create-alert", "acknowledge"]
    assert scenario.commands[1].at == START + timedelta(minutes=10)
    assert scenario.account is not None
    [schedule] = scenario.account.schedules
    assert schedule.rotations[0].starts_at == datetime(2026, 11, 15, 2, 0, tzinfo=UTC)  # 03:10, on the half hour
    assert schedule.time_zone == "Europe/Warsaw"
    assert schedule.overrides[0].username is None
    [escalation] = scenario.account.escalations
    assert (escalation.rules[0].delay, escalation.repeat.count) == (timedelta(minutes=5), 2)
    [failure] = scenario.failures
    assert failure.covers("email", "ana@example.com", START)
    assert not failure.covers("email", "ana@example.com", START + timedelta(minutes=5))


def test_what_is_absent_is_as_the_product_makes_it() -> None:
    account = parse().account

    assert account is not None
    ana, bo, owner = account.users
    assert (ana.role, bo.role) == (Role.USER, Role.ADMIN)
    assert [(it.method.value, it.to) for it in ana.contacts] == [("email", "ana@example.com")]
    assert [(rule.action_type, rule.steps[0].after) for rule in ana.rules] == [("create-alert", timedelta(0))]
    assert (owner.role, owner.username) == (Role.OWNER, "owner@example.com")
    assert account.responders == (Reference("team", name="Web"),)


def test_a_team_brings_a_schedule_and_an_escalation_that_others_may_name() -> None:
    scenario = parse(("{type: schedule, name: Nights}", "{type: schedule, name: Web_schedule}"))

    assert scenario.account is not None
    assert scenario.account.escalations[0].rules[0].recipient == Reference("schedule", name="Web_schedule")


def test_a_rotation_begins_on_the_half_hour_of_its_schedules_clock() -> None:
    account = parse(
        ("startDate: -7d,", "startDate: 2026-11-15T20:50:00+01:00, endDate: 2026-11-15T20:55:00+01:00,")
    ).account

    assert account is not None
    [rotation] = account.schedules[0].rotations
    assert rotation.starts_at == datetime(2026, 11, 15, 20, 0, tzinfo=UTC)
    assert rotation.ends_at == datetime(2026, 11, 15, 20, 30, tzinfo=UTC)


def test_a_live_account_is_not_described() -> None:
    with pytest.raises(Invalid, match=r"line 2, account: .*without --live"):
        parse_scenario(WHOLE, live=True)
    with pytest.raises(Invalid, match=r"'account' is missing.*--live"):
        parse_scenario("start: 2026-11-22T03:10:00Z\nend: +1h\n")
    live = parse_scenario("start: 2026-11-22T03:10:00Z\nend: +1h\n", live=True)
    assert live.account is None


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("alias: disk}", "alais: disk}", "commands[1].create-alert.alais: There is no key 'alais' here. Did you mean"),
        ("message: Disk full, ", "", "commands[1].create-alert: Message can not be empty."),
        ("message: Disk full,", "message: x, priority: P9,", "create-alert.priority: Priority should be one of"),
        ("message: Disk full,", "message: x, responders: [{typ: team}],", "responders[0].typ: There is no key 'typ'"),
        ("acknowledge:", "acknowlegde:", "commands[0].acknowlegde: There is no key 'acknowlegde' here. Did you mean"),
        ("alert: disk, user", "alert: dsk, user", "No create-alert up to then has the alias 'dsk'. Did you mean 'di"),
        ("alert: disk, user", "user", "commands[0].acknowledge: The key 'alert' is missing."),
        ("at: +10m", "at: 10m", "commands[0].at: '10m' is no instant; write an instant like"),
        ("at: +10m", "at: -10m", "commands[0].at: A command cannot come before the start."),
        ("at: +10m", "at: +3h", "commands[0].at: A command cannot come after the end."),
        ("at: +10m, acknowledge: {alert: disk, user: ana@example.com}", "at: +10m", "e.g. create-alert: none"),
        ("+10m, acknowledge", "+10m, close: {alert: disk}, acknowledge", "acknowledge and close are given"),
        ("acknowledge: {alert: disk,", "snooze: {endTime: +5m, alert: disk,", "A snooze ends after its command"),
        ("acknowledge: {alert: disk,", "add-note: {alert: disk,", "commands[0].add-note: The key 'note' is missing."),
        ("acknowledge: {alert: disk,", "assign: {owner: {type: team, name: x}, alert: disk,", "Type should be one of"),
        ("acknowledge: {alert: disk,", "escalate: {escalation: {}, alert: disk,", "escalation: Nobody is named"),
        ("{user: {username: ana@example.com}}", "{user: {username: anna@example.com}}",
         "line 9, account.teams[0].members[0].user.username: There is no user 'anna@example.com'. Did you mean 'ana@"),
        ("role: {name: Admin}", "role: boss", "account.users[1].role: There is no role 'boss'. Known: admin, owner,"),
        ("username: bo@example.com, role", "username: ana@example.com, role", "'ana@example.com' is there twice."),
        ("- {username: ana@example.com}\n", "- {username: ana}\n", "'ana' is no e-mail address"),
        ("timeZone: Europe/Warsaw", "timeZone: Europe/Warsawa", "There is no time zone 'Europe/Warsawa'. Did you"),
        ("timeZone: Europe/Warsaw", "locale: xx", "There is no language 'xx'. Known: en, pl."),
        ("type: daily", "type: monthly", "rotations[0].type: There is no type 'monthly'. Known: daily, hourly"),
        ("type: daily", "type: daily, length: 0", "a whole number from 1 to"),
        ("participants: [{type: user, username: bo@example.com}]", "participants: []", "at least one participant"),
        ("startDate: +1h", "startDate: +2h", "overrides[0].endDate: The end does not lie after the start."),
        ("rotations: [{name: First}]", "rotations: [{name: Frist}]", "Did you mean 'First'?"),
        ("type: schedule, name: Nights", "type: schedul, name: Nights", "There is no type 'schedul'. Did you mean"),
        ("timeUnit: minutes", "timeUnit: weeks", "There is no time unit 'weeks'."),
        ("role: {name: Admin}", "contacts: [{method: email, to: x}, {method: email, to: x}]",
         "line 6, account.users[1].contacts[1]: The same is there twice."),
        ("- {user: {type: none}, ", "- {user: {type: none}, alias: a, startDate: +5h, endDate: +6h}\n"
         "        - {user: {type: none}, alias: a, ", "overrides[1]: The same is there twice."),
        ("username: bo@example.com, role", "username: owner@example.com, role", "Nobody has the role owner"),
        ("end: +2h", "end: 2300-01-01T00:00:00Z", "no instant of the years 1970 to 2200"),
        ("count: 2", "count: 21", "repeat.count: '21' stands where a whole number from 0 to 20 belongs."),
        ("to: ana@example.com}, until", "to: eve@example.com}, until", "contact.to: There is no email contact"),
        ("until: +5m", "until: -5m", "A failure ends after it begins."),
        ("end: +2h", "end: -2h", "The end lies after the start"),
        ("end: +2h", "end: +4000d", "by ten years at most"),
        ("end: +2h\n", "", "The key 'end' is missing."),
        ("event: notification", "event: notifikation", "There is no kind of event 'notifikation'. Did you mean 'notif"),
        ("who: ana", "whom: ana", "expect[0].whom: There is no key 'whom' here. Did you mean 'who'?"),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused_with_the_place_and_what_would_be_right(before: str, after: str, message: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse((before, after))

    assert message in caught.value.message


def test_an_alert_cannot_be_named_before_it_is_created() -> None:
    with pytest.raises(Invalid, match="No create-alert up to then has the alias 'disk'"):
        parse(("at: +0m, create", "at: +20m, create"))


def test_a_tiny_id_names_an_alert_without_an_alias() -> None:
    scenario = parse(("alert: disk", 'alert: "#1"'), (", alias: disk", ""))

    assert scenario.commands[1].alert == "#1"


def test_calls_take_the_fields_of_the_api() -> None:
    added = parse(("acknowledge: {alert: disk,", "add-team: {team: {name: Web}, alert: disk,")).commands[1].action
    snoozed = parse(("acknowledge: {alert: disk,", "snooze: {endTime: +1h, alert: disk,")).commands[1].action
    created = parse(("message: Disk full", "message: Disk full, teams: [Web], tags: [a, a, b]")).commands[0].action

    assert added == AddResponder(Reference("team", name="Web"), "Add Team")
    assert snoozed == Snooze(START + timedelta(hours=1))
    assert isinstance(created, Create)
    assert (created.alert.tags, created.alert.responders) == (["a", "b"], [Reference("team", name="Web")])


def test_commands_of_one_instant_keep_the_order_of_the_file() -> None:
    scenario = parse(("at: +10m", "at: +0m"), ("alert: disk,", 'alert: "#1",'))

    assert [command.name for command in scenario.commands] == ["acknowledge", "create-alert"]
