from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from tests.unit.escalations.makers import START, WEEK, after, make_directory, make_schedule, make_team
from tests.unit.schedules.oracle import watch
from tests.unit.schedules.test_oracle import CHANGES, PEOPLE, Made, planned

from tocsin.escalations.directory import Directory
from tocsin.escalations.snapshot import Snapshot
from tocsin.notifications.plan import ActionType, Contact, NotificationRule, NotificationTime, Step
from tocsin.on_call.turns import AHEAD, Notice, next_at, notices, wanted
from tocsin.schedules.overrides import Override
from tocsin.schedules.restrictions import from_json
from tocsin.schedules.rotation import ParticipantKind

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
START_KIND, END_KIND = ActionType.SCHEDULE_START, ActionType.SCHEDULE_END
NOW = NotificationTime.JUST_BEFORE


def rule(kind: ActionType, *times: NotificationTime, position: int = 0, **changes: object) -> NotificationRule:
    made = NotificationRule(f"{kind}-{position}", "Turns", kind, position, (Step("step", "mail"),), times=times)
    return replace(made, **changes)  # type: ignore[arg-type]  # the caller names fields of a rule


def snapshot(directory: Directory, *rules: NotificationRule, people: tuple[str, ...] = ("ana",)) -> Snapshot:
    contacts = {it: (Contact("mail", "email", f"{it}@example.com"),) for it in people}
    zones = dict.fromkeys(people, ZoneInfo("Europe/Warsaw"))
    return Snapshot(1, directory, contacts, dict.fromkeys(people, rules), (), zones)


def told(found: list[Notice]) -> list[tuple[str, ActionType, datetime]]:
    return [(it.user_id, it.action_type, it.at) for it in found]


BOTH = rule(START_KIND, NOW), rule(END_KIND, NOW)


@settings(max_examples=150, deadline=None)
@given(made=planned(CHANGES, longest=1440))
def test_a_person_is_told_whenever_a_minute_of_being_on_call_follows_one_of_not(made: Made) -> None:
    schedule, forward, start, minutes = made
    lanes = {it.id for rotation in schedule.rotations for it in rotation.participants}
    directory = replace(make_directory(people=PEOPLE), schedules={schedule.id: schedule}, forwardings=tuple(forward))
    assert lanes <= {*PEOPLE, None}
    expected = []
    before: set[str | None] = set()
    for minute, (at, found) in enumerate(watch(schedule, forward, start, minutes + 1)):
        present = {person for _, person in found}
        if minute:
            expected += [(who, START_KIND, at) for who in present - before]
            expected += [(who, END_KIND, at) for who in before - present]
        before = present

    everything = snapshot(directory, *BOTH, people=PEOPLE)
    end = start + minutes * MINUTE
    steps = [start + n * HOUR for n in range(minutes // 60 + 1)]
    found_notices = [
        it for since, until in zip(steps, [*steps[1:], end], strict=True) for it in notices(everything, since, until)
    ]

    assert sorted(told(found_notices)) == sorted(expected)
    upcoming = [at for _, _, at in expected if start < at]
    assert next_at(everything, start) <= min(upcoming, default=start + AHEAD)


def test_a_turn_of_a_team_is_its_members() -> None:
    directory = make_directory(make_schedule("team:ops", "user:cy"), make_team("ana", "bo"))

    found = notices(snapshot(directory, *BOTH, people=("ana", "bo", "cy")), START - MINUTE, START)

    assert told(found) == [("ana", END_KIND, START), ("bo", END_KIND, START), ("cy", START_KIND, START)]


def test_a_notice_comes_as_long_before_as_the_rule_says() -> None:
    directory = make_directory(make_schedule("user:bo", "user:ana"))
    times = NotificationTime.MINUTES_15, NotificationTime.HOUR_1, NotificationTime.DAY_1
    wants = snapshot(directory, rule(START_KIND, *times))
    start = START + WEEK  # the second of two is on call at START, so the first is again after a week
    wants_end = snapshot(directory, rule(END_KIND, *times))

    before = {at - start: told(notices(wants_end, at - MINUTE, at)) for at in (start - it.before for it in times)}

    assert before == {-it.before: [("ana", END_KIND, start - it.before)] for it in times}
    assert next_at(wants_end, START) == start - timedelta(days=1)
    assert next_at(wants, START) == START + AHEAD


def test_of_several_rules_the_first_that_fits_the_schedule_and_the_hour_counts() -> None:
    directory = make_directory(make_schedule("user:bo", "user:ana"))
    by_night = from_json({"type": "time-of-day", "restriction": {"startHour": 22, "endHour": 6}})
    rules = (
        rule(START_KIND, NOW, restriction=by_night),
        rule(START_KIND, NOW, position=1, schedule_ids=frozenset({"other"})),
        rule(START_KIND, NotificationTime.DAY_1, position=2),
        rule(START_KIND, NOW, position=3, enabled=False),
        rule(START_KIND, NOW, position=4),
        rule(START_KIND, NOW, position=5),
    )

    [found] = notices(snapshot(directory, *rules), START - MINUTE, START)

    assert found.plan.rule.position == 4
    assert (found.schedule, found.boundary) == ("Main", START)


def test_what_happened_long_ago_is_not_told_any_more() -> None:
    directory = make_directory(make_schedule("user:bo", "user:ana"))
    wants = snapshot(directory, *BOTH)

    assert told(notices(wants, START - MINUTE, START + HOUR - MINUTE)) == [("ana", START_KIND, START)]
    assert notices(wants, START - MINUTE, START + HOUR) == []


def test_a_handoff_to_oneself_is_no_news_and_a_disabled_schedule_none() -> None:
    alone = make_directory(make_schedule("user:ana"))
    again = Override("again", "ana", after(-10), after(10), START)
    covered = make_directory(make_schedule("user:ana", overrides=(again,)))
    disabled = make_directory(make_schedule("user:bo", "user:ana", enabled=False))

    for directory in (alone, covered, disabled):
        assert notices(snapshot(directory, *BOTH), START - HOUR, START + HOUR / 2) == []


def test_only_accounts_with_a_rule_about_turns_are_looked_at() -> None:
    directory = make_directory(make_schedule("user:bo", "user:ana"))
    alerts = rule(ActionType.CREATE_ALERT)

    assert wanted(snapshot(directory, *BOTH))
    assert not wanted(snapshot(directory, alerts, rule(START_KIND, NOW, enabled=False)))
    assert notices(snapshot(directory, alerts), START - MINUTE, START) == []


def test_a_forwarding_to_somebody_who_is_told_nothing_changes_no_turn() -> None:
    directory = make_directory(make_schedule("user:bo", "user:ana"), suspended=("dee",), forwards=(("ana", "dee"),))

    assert told(notices(snapshot(directory, *BOTH), START - MINUTE, START)) == [("ana", START_KIND, START)]
    assert directory.standing_in == ()


def test_somebody_who_is_told_nothing_is_not_told_of_turns() -> None:
    schedule = make_schedule("user:bo", "user:dee")
    assert schedule.rotations[0].participants[1].kind is ParticipantKind.USER

    directory = make_directory(schedule, suspended=("dee",))

    assert notices(snapshot(directory, *BOTH, people=("dee",)), START - MINUTE, START) == []
