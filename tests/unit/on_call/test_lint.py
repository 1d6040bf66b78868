"""Lint: for each finding a configuration that has it, and one that has it nearly."""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from tests.unit.escalations.makers import (
    START,
    WEEK,
    make_directory,
    make_escalation,
    make_route,
    make_rule,
    make_schedule,
    make_team,
    participant,
)

from tocsin.alerts.criteria import Condition, Criteria, CriteriaType, Field, Operation
from tocsin.escalations.directory import Directory, Person, Team
from tocsin.escalations.escalation import NotifyType
from tocsin.escalations.routing import RoutingRule, TargetKind
from tocsin.escalations.snapshot import Snapshot
from tocsin.i18n import LOCALES
from tocsin.notifications.plan import ActionType, Contact, NotificationRule, Step
from tocsin.on_call.lint.check import HORIZON, lint
from tocsin.on_call.lint.findings import Code, Finding, ObjectType, Severity
from tocsin.on_call.lint.rest import too_little_rest
from tocsin.on_call.lint.scope import of_team
from tocsin.on_call.lint.words import Places, Reader, say
from tocsin.schedules.forwarding import Forwarding
from tocsin.schedules.on_call import Schedule
from tocsin.schedules.overrides import Override
from tocsin.schedules.restrictions import Restriction, RestrictionKind, Window
from tocsin.schedules.rotation import Rotation, RotationKind

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
UTC = ZoneInfo("UTC")
DOCUMENTED = Path(__file__).parents[3] / "docs" / "api" / "lint.md"
OFFICE = Restriction(RestrictionKind.TIME_OF_DAY, (Window(8 * HOUR, 8 * HOUR),))


def contacts_of(name: str, *methods: str) -> tuple[Contact, ...]:
    return tuple(Contact(f"{name}-{it}", it, it) for it in methods)


def rule_of(name: str, contact: str, **more: object) -> NotificationRule:
    made = NotificationRule(name, "New alert", ActionType.CREATE_ALERT, 0, (Step("s", contact),))
    return replace(made, **more)  # type: ignore[arg-type]


def make_snapshot(directory: Directory, **contacts: Iterable[Contact]) -> Snapshot:
    """Everybody has two ways to be reached, and a rule that uses one, but for those in `contacts`."""
    found = {name: contacts_of(name, "email", "sms") for name in directory.people}
    found |= {name: tuple(it) for name, it in contacts.items()}
    rules = {name: (rule_of(name, f"{name}-email"),) for name in directory.people}
    return Snapshot(1, directory, found, rules, ("ana",))


def lint_of(directory: Directory) -> list[Finding]:
    return lint(make_snapshot(directory), START)


def found(things: Directory | Snapshot, code: Code) -> list[Finding]:
    snapshot = things if isinstance(things, Snapshot) else make_snapshot(things)
    return [it for it in lint(snapshot, START) if it.code is code]


def directory(*things: Team | Schedule | object, **more: object) -> Directory:
    return make_directory(*things, **more)  # type: ignore[arg-type]


def good(schedule: Schedule | None = None) -> tuple[Schedule, object, Team]:
    """Two take turns of a week; if they do not answer, the third is told."""
    return (
        schedule or make_schedule("user:ana", "user:bo"),
        make_escalation(make_rule(0, "schedule:main"), make_rule(5, "user:cy", position=1)),
        make_team("ana!", "bo", "cy", to="escalation:night"),
    )


def limited(schedule: Schedule, restriction: Restriction | None) -> Schedule:
    return replace(schedule, rotations=tuple(replace(it, restriction=restriction) for it in schedule.rotations))


def override(
    user: str | None, hours: int, lasts: int, *, created: int = 0, of: frozenset[str] = frozenset()
) -> Override:
    starts_at = START + hours * HOUR
    return Override(f"{user}-{hours}", user, starts_at, starts_at + lasts * HOUR, START + created * HOUR, of)


def test_a_configuration_without_faults_has_no_finding() -> None:
    assert lint_of(directory(*good())) == []


def test_an_empty_account_has_no_finding() -> None:
    assert lint_of(directory()) == []


# Coverage


def test_a_gap_in_a_schedule_that_an_escalation_uses_is_told_with_the_first_three_and_the_total() -> None:
    [gap] = found(directory(*good(limited(make_schedule("user:ana", "user:bo"), OFFICE))), Code.COVERAGE_GAP)

    assert gap.severity is Severity.WARNING  # cy is told all the same
    assert gap.facts["gaps"][:2] == (
        (START + 7 * HOUR, START + 23 * HOUR), (START + 31 * HOUR, START + 47 * HOUR),
    )  # fmt: skip
    assert (len(gap.facts["gaps"]), gap.facts["count"]) == (3, 28)
    assert gap.facts["total"] == 28 * 16 * HOUR


def test_a_gap_in_which_nobody_at_all_is_told_is_an_error() -> None:
    schedule = limited(make_schedule("user:ana", "user:bo"), OFFICE)
    night = make_escalation(make_rule(0, "schedule:main"), make_rule(5, "schedule:main", notify_type=NotifyType.NEXT))

    [by_escalation] = found(directory(schedule, night), Code.COVERAGE_GAP)
    [by_routing] = found(directory(schedule, make_team("ana", to="schedule:main")), Code.COVERAGE_GAP)

    assert by_escalation.severity is by_routing.severity is Severity.ERROR
    assert by_escalation.facts["user"] == ("escalation", "Night")
    assert by_routing.facts["user"] == ("team", "Ops")


def test_a_gap_in_a_schedule_that_nothing_uses_is_none() -> None:
    assert found(directory(limited(make_schedule("user:ana", "user:bo"), OFFICE)), Code.COVERAGE_GAP) == []


def test_a_gap_outside_of_the_hours_of_the_routing_rule_is_none() -> None:
    schedule = limited(make_schedule("user:ana", "user:bo"), OFFICE)
    by_day = replace(make_route("schedule:main", is_default=False), restriction=OFFICE)
    default = make_route("escalation:night", position=1)
    night = make_escalation(make_rule(0, "user:cy"))
    team = replace(make_team("ana"), routing_rules=(by_day, default))
    shorter = replace(schedule, overrides=(override(None, 1, 2),))

    assert found(directory(schedule, team, night), Code.COVERAGE_GAP) == []
    [gap] = found(directory(shorter, team, night), Code.COVERAGE_GAP)
    assert gap.facts["gaps"] == ((START + HOUR, START + 3 * HOUR),)


def test_a_schedule_that_is_switched_off_and_used_is_told() -> None:
    off = replace(make_schedule("user:ana", "user:bo"), enabled=False)

    [finding] = found(directory(*good(off)), Code.DISABLED_IN_USE)

    assert finding.facts["reason"] == "disabled"
    assert found(directory(off), Code.DISABLED_IN_USE) == []
    [resting] = found(replace(directory(*good()), inactive=frozenset({"main"})), Code.DISABLED_IN_USE)
    assert resting.facts["reason"] == "plan"


def test_a_rotation_of_one_person_is_told_however_often_he_is_in_it() -> None:
    [finding] = found(directory(*good(make_schedule("user:ana", "none", "user:ana"))), Code.ONE_PERSON_ROTATION)

    assert finding.facts["person"] == "ana"
    assert found(directory(*good(make_schedule("team:ops"))), Code.ONE_PERSON_ROTATION) == []


def test_a_rotation_that_has_ended_is_no_rotation_of_one() -> None:
    schedule = make_schedule("user:ana")
    ended = replace(schedule, rotations=(replace(schedule.rotations[0], ends_at=START),))

    assert found(directory(ended), Code.ONE_PERSON_ROTATION) == []


@pytest.mark.parametrize(
    ("one", "other", "severity"),
    [
        (override("ana", 1, 4), override("bo", 4, 4, created=1), Severity.WARNING),
        (override("ana", 1, 9), override("bo", 4, 2, created=1), Severity.HINT),  # cut out of the longer one
        (override("bo", 4, 2), override("ana", 1, 9, created=1), Severity.WARNING),  # covered by it
        (override("ana", 1, 4), override(None, 1, 4, created=1), Severity.WARNING),
        (override("ana", 1, 4), override("bo", 5, 4, created=1), None),  # one after the other
        (override("ana", 1, 4), override("ana", 3, 4, created=1), None),
        (override("ana", -9, 4), override("bo", -9, 4, created=1), None),  # over
        (
            override("ana", 1, 4, of=frozenset({"main-1"})),
            override("bo", 1, 4, created=1, of=frozenset({"other"})), None,
        ),
    ],
)  # fmt: skip
def test_overrides_by_different_people_at_one_time_clash(
    one: Override, other: Override, severity: Severity | None
) -> None:
    clashes = found(
        directory(replace(make_schedule("user:ana", "user:bo"), overrides=(one, other))), Code.OVERRIDE_CLASH
    )

    assert [it.severity for it in clashes] == ([severity] if severity else [])
    assert all(it.facts["wins"] == other.user_id for it in clashes)


# Routing rules


def condition(
    field: Field, operation: Operation, expected: str = "", *, negated: bool = False, key: str = ""
) -> Condition:
    return Condition(field, operation, expected, negated, key)


def each(*conditions: Condition) -> Criteria:
    return Criteria(CriteriaType.MATCH_EACH, conditions)


def some(*conditions: Condition) -> Criteria:
    return Criteria(CriteriaType.MATCH_ANY, conditions)


def team_of(*rules: RoutingRule) -> Directory:
    default = make_route("escalation:night", position=9)
    return directory(*good()[:2], replace(make_team("ana", "bo"), routing_rules=(*rules, default)))


def routing(criteria: Criteria, position: int = 0, **more: object) -> RoutingRule:
    made = replace(make_route("escalation:night", position=position, is_default=False), criteria=criteria)
    return replace(made, **more)  # type: ignore[arg-type]


PROD = condition(Field.TAGS, Operation.CONTAINS, "prod")
P1 = condition(Field.PRIORITY, Operation.GREATER_THAN, "P1")  # which nothing is


@pytest.mark.parametrize(
    ("criteria", "never"),
    [
        (each(condition(Field.SOURCE, Operation.EQUALS, "a"), condition(Field.SOURCE, Operation.EQUALS, "b")), True),
        (some(condition(Field.SOURCE, Operation.EQUALS, "a"), condition(Field.SOURCE, Operation.EQUALS, "b")), False),
        (each(condition(Field.SOURCE, Operation.EQUALS, "a"), condition(Field.ENTITY, Operation.EQUALS, "b")), False),
        (each(condition(Field.SOURCE, Operation.EQUALS, "b"), condition(Field.SOURCE, Operation.CONTAINS, "b")), False),
        (each(condition(Field.SOURCE, Operation.EQUALS, "ab"), condition(Field.SOURCE, Operation.MATCHES, "b+")), True),
        (each(condition(Field.SOURCE, Operation.IS_EMPTY), condition(Field.SOURCE, Operation.STARTS_WITH, "b")), True),
        (each(PROD, replace(PROD, negated=True)), True),
        (each(PROD, replace(PROD, expected="test", negated=True)), False),
        (each(PROD, condition(Field.TAGS, Operation.IS_EMPTY)), True),
        (each(PROD, condition(Field.TAGS, Operation.IS_EMPTY, negated=True)), False),
        (each(P1), True),
        (some(P1, PROD), False),
        (some(P1), True),
        (each(replace(P1, operation=Operation.EQUALS), replace(P1, operation=Operation.EQUALS, expected="P2")), True),
        (each(replace(P1, operation=Operation.LESS_THAN), replace(P1, expected="P3")), False),
        (each(condition(Field.EXTRA_PROPERTIES, Operation.EQUALS, "a", key="host"),
              condition(Field.EXTRA_PROPERTIES, Operation.EQUALS, "b", key="host")), True),
        (each(condition(Field.EXTRA_PROPERTIES, Operation.EQUALS, "a"),
              condition(Field.EXTRA_PROPERTIES, Operation.EQUALS, "b")), False),
    ],
)  # fmt: skip
def test_conditions_that_no_alert_can_answer_together_are_told_and_no_others(criteria: Criteria, never: bool) -> None:
    assert len(found(team_of(routing(criteria)), Code.RULE_NEVER_MATCHES)) == int(never)


@pytest.mark.parametrize(
    ("earlier", "later", "never"),
    [
        (routing(Criteria()), routing(each(PROD), 1), True),
        (routing(each(PROD)), routing(Criteria(), 1), False),
        (routing(each(PROD)), routing(each(PROD), 1), True),
        (routing(each(PROD)), routing(each(PROD, condition(Field.SOURCE, Operation.EQUALS, "a")), 1), True),
        (routing(each(PROD, condition(Field.SOURCE, Operation.EQUALS, "a"))), routing(each(PROD), 1), False),
        (routing(some(PROD, condition(Field.SOURCE, Operation.EQUALS, "a"))), routing(some(PROD), 1), True),
        (routing(Criteria(), restriction=OFFICE), routing(each(PROD), 1), False),
        (routing(Criteria(), restriction=OFFICE), routing(each(PROD), 1, restriction=OFFICE), True),
        (routing(Criteria(), restriction=OFFICE, zone=ZoneInfo("Europe/Warsaw")),
         routing(each(PROD), 1, restriction=OFFICE), False),
    ],
)  # fmt: skip
def test_a_rule_behind_one_that_takes_all_that_it_could_is_told(
    earlier: RoutingRule, later: RoutingRule, never: bool
) -> None:
    told = found(team_of(earlier, later), Code.RULE_NEVER_MATCHES)

    assert [it.object_id for it in told] == ([later.id] if never else [])


def test_a_routing_rule_to_what_is_gone_or_rests_is_told() -> None:
    [gone] = found(team_of(replace(make_route("escalation:gone", is_default=False))), Code.ROUTED_TO_NOTHING)
    [rests] = found(replace(team_of(), inactive=frozenset({"night"})), Code.ROUTED_TO_NOTHING)

    assert (gone.facts["reason"], rests.facts["reason"]) == ("deleted", "plan")
    assert found(team_of(), Code.ROUTED_TO_NOTHING) == []


def test_a_routing_rule_to_nobody_is_a_hint_and_the_default_one_a_warning() -> None:
    [silent] = found(team_of(routing(each(PROD), target_kind=TargetKind.NONE, target_id=None)), Code.ROUTED_TO_NOBODY)
    [default] = found(directory(make_team("ana", to="none")), Code.ROUTED_TO_NOBODY)

    assert (silent.severity, default.severity) == (Severity.HINT, Severity.WARNING)


# Escalations


def test_an_escalation_that_tells_nobody_is_an_error() -> None:
    [empty] = found(directory(make_escalation()), Code.ESCALATION_TELLS_NOBODY)
    silent = make_escalation(make_rule(0, "schedule:main"), make_rule(5, "user:dee", position=1))
    [nobody] = found(directory(silent, make_schedule(), suspended=("dee",)), Code.ESCALATION_TELLS_NOBODY)

    assert (empty.facts["empty"], nobody.facts["empty"]) == (True, False)


def test_an_escalation_that_tells_somebody_once_within_the_time_is_none() -> None:
    late = replace(make_schedule(), overrides=(override("ana", 24 * 27, 1),))

    assert found(directory(make_escalation(make_rule(0, "schedule:main")), late), Code.ESCALATION_TELLS_NOBODY) == []


def test_an_escalation_whose_last_step_tells_nobody_is_told() -> None:
    made = make_escalation(
        make_rule(0, "user:ana"), make_rule(9, "team:ops", position=1, notify_type=NotifyType.ADMINS)
    )
    beside = make_escalation(*made.rules, make_rule(9, "user:bo", position=2))
    team = make_team("ana", "bo", to="escalation:night")

    [finding] = found(directory(made, team), Code.ESCALATION_ENDS_WITH_NOBODY)

    assert finding.facts["after"] == timedelta(minutes=9)
    assert found(directory(beside, team), Code.ESCALATION_ENDS_WITH_NOBODY) == []


def test_the_same_person_first_and_second_is_told_with_when() -> None:
    night = make_escalation(make_rule(0, "schedule:main"), make_rule(5, "user:bo", position=1))

    [finding] = found(directory(make_schedule("user:ana", "user:bo", "user:cy"), night), Code.FIRST_AND_SECOND)

    assert (finding.facts["person"], finding.facts["always"]) == ("bo", False)
    assert (finding.facts["since"], finding.facts["until"]) == (START, START + WEEK)


def test_the_next_of_a_rotation_of_one_is_the_same_person_always() -> None:
    rules = make_rule(0, "schedule:main"), make_rule(5, "schedule:main", position=1, notify_type=NotifyType.NEXT)

    [finding] = found(directory(make_schedule("user:ana"), make_escalation(*rules)), Code.FIRST_AND_SECOND)

    assert finding.facts["always"] is True
    assert found(directory(make_schedule("user:ana", "user:bo"), make_escalation(*rules)), Code.FIRST_AND_SECOND) == []


def test_two_first_and_one_of_them_second_is_not_the_same_person() -> None:
    night = make_escalation(make_rule(0, "user:ana"), make_rule(0, "user:bo", position=1), make_rule(5, "user:ana"))

    assert found(directory(night), Code.FIRST_AND_SECOND) == []


def test_whom_a_team_s_routing_rules_tell_is_the_same_person_only_if_it_is_so_whatever_the_alert_says() -> None:
    other = make_escalation(make_rule(0, "user:bo"), name="other")
    night = make_escalation(make_rule(0, "user:ana"), make_rule(5, "team:ops", position=1))
    only_ana = make_escalation(make_rule(0, "user:ana"), name="only")
    default = make_route("escalation:only", position=1)
    by_content = replace(make_route("escalation:other", is_default=False), criteria=each(PROD))
    team = replace(make_team("ana"), routing_rules=(default,))

    assert len(found(directory(night, other, only_ana, team), Code.FIRST_AND_SECOND)) == 1
    depends = replace(team, routing_rules=(by_content, default))
    assert found(directory(night, other, only_ana, depends), Code.FIRST_AND_SECOND) == []
    ana_by_content = replace(by_content, target_id="only")
    else_bo = replace(team, routing_rules=(ana_by_content, replace(default, target_id="other")))
    assert found(directory(night, other, only_ana, else_bo), Code.FIRST_AND_SECOND) == []


def test_one_at_random_is_the_same_person_only_where_one_alone_can_be_told() -> None:
    at_random = make_rule(5, "team:ops", position=1, notify_type=NotifyType.RANDOM)
    night = make_escalation(make_rule(0, "user:ana"), at_random)

    alone = directory(night, make_team("ana", "dee"), suspended=("dee",))
    assert len(found(alone, Code.FIRST_AND_SECOND)) == 1
    assert found(directory(night, make_team("ana", "bo")), Code.FIRST_AND_SECOND) == []
    nobody = directory(night, make_team("dee"), suspended=("dee",))
    assert len(found(nobody, Code.ESCALATION_ENDS_WITH_NOBODY)) == 1
    forwarded = replace(nobody, forwardings=(forwarding("dee", "bo"),))
    assert found(forwarded, Code.ESCALATION_ENDS_WITH_NOBODY) == []


def test_a_circle_of_escalations_and_teams_is_told_once() -> None:
    night = make_escalation(make_rule(0, "user:ana"), make_rule(5, "escalation:day", position=1))
    day = make_escalation(make_rule(0, "user:bo"), make_rule(5, "team:ops", position=1), name="day")
    routed = make_team("ana", to="escalation:night")

    [finding] = found(directory(night, day, routed), Code.LOOP)

    assert [name for _kind, name in finding.facts["way"]] == ["Day", "Ops", "Night", "Day"]
    members = make_escalation(
        make_rule(0, "user:bo"), make_rule(5, "team:ops", position=1, notify_type=NotifyType.ALL), name="day"
    )
    assert found(directory(night, members, routed), Code.LOOP) == []


# Forwardings


def forwarding(from_user: str, to_user: str, hours: int = 1, lasts: int = 5) -> Forwarding:
    ident, starts_at = f"{from_user}-{to_user}", START + hours * HOUR
    return Forwarding(ident, ident, from_user, to_user, starts_at, starts_at + lasts * HOUR, START)


def test_three_who_forward_in_a_circle_are_told_and_two_who_swap_are_not() -> None:
    circle = forwarding("ana", "bo"), forwarding("bo", "cy"), forwarding("cy", "ana", 2)
    [finding] = found(replace(directory(), forwardings=circle), Code.FORWARDING_LOOP)

    assert finding.facts["people"] == ("ana", "bo", "cy", "ana")
    assert finding.facts["at"] == START + 2 * HOUR
    swap = forwarding("ana", "bo"), forwarding("bo", "ana")
    assert found(replace(directory(), forwardings=swap), Code.FORWARDING_LOOP) == []
    after_one_another = forwarding("ana", "bo"), forwarding("bo", "cy"), forwarding("cy", "ana", 6)
    assert found(replace(directory(), forwardings=after_one_another), Code.FORWARDING_LOOP) == []


def test_a_forwarding_to_somebody_who_is_told_nothing_is_told() -> None:
    made = directory(suspended=("dee",))

    assert len(found(replace(made, forwardings=(forwarding("ana", "dee"),)), Code.FORWARDING_RESTS)) == 1
    assert found(replace(made, forwardings=(forwarding("ana", "bo"),)), Code.FORWARDING_RESTS) == []
    assert found(replace(made, forwardings=(forwarding("ana", "dee", -9),)), Code.FORWARDING_RESTS) == []


# People


@pytest.mark.parametrize("place", ["schedule", "escalation", "team", "override"])
def test_somebody_meant_to_be_told_without_a_usable_contact_is_told(place: str) -> None:
    things = {
        "schedule": make_schedule("user:ana", "user:dee"),
        "escalation": make_escalation(make_rule(0, "user:dee")),
        "team": make_team("dee"),
        "override": replace(make_schedule("user:ana", "user:bo"), overrides=(override("dee", 3, 2),)),
    }
    made = directory(things[place], people=("ana", "bo", "dee"))
    off = Contact("dee-email", "email", "x", enabled=False)
    unverified = Contact("dee-sms", "sms", "x", verified=False)

    [finding] = found(make_snapshot(made, dee=[off, unverified]), Code.NO_CONTACT)

    assert finding.object_id == "dee"
    assert found(make_snapshot(made), Code.NO_CONTACT) == []
    assert found(make_snapshot(directory(people=("ana", "dee")), dee=[]), Code.NO_CONTACT) == []


def test_somebody_with_one_channel_is_told_of_as_a_hint() -> None:
    made = directory(make_team("ana"))
    twice = (*contacts_of("ana", "email"), Contact("second", "email", "other"))

    [finding] = found(make_snapshot(made, ana=twice), Code.ONE_CHANNEL)

    assert (finding.severity, finding.facts["method"]) == (Severity.HINT, "email")


EMAIL = rule_of("n", "ana-email")


@pytest.mark.parametrize(
    ("rules", "fault"),
    [
        ((), True),
        ((replace(EMAIL, enabled=False),), True),
        ((replace(EMAIL, steps=()),), True),
        ((replace(EMAIL, action_type=ActionType.CLOSED_ALERT),), True),
        ((rule_of("n", "gone"),), True),
        ((rule_of("n", "gone"), replace(EMAIL, position=1)), True),  # the first one that fits decides
        ((rule_of("n", "gone", criteria=each(PROD)), replace(EMAIL, position=1)), False),
        ((rule_of("n", "gone", restriction=OFFICE), replace(EMAIL, position=1)), False),
        ((EMAIL,), False),
    ],
)
def test_somebody_whose_rules_lead_from_no_new_alert_to_a_contact_is_told(
    rules: tuple[NotificationRule, ...], fault: bool
) -> None:
    snapshot = replace(make_snapshot(directory(make_team("ana"))), rules={"ana": rules})

    assert len(found(snapshot, Code.NO_RULE)) == int(fault)


@pytest.mark.parametrize(
    ("person", "reason"),
    [
        (Person("dee", "dee@example.com", suspended=True), "suspended"),
        (Person("dee", "dee@example.com", stakeholder=True), "stakeholder"),
        (Person("dee", "dee@example.com", over_limit=True), "plan"),
        (None, "deleted"),
        (Person("dee", "dee@example.com"), None),
    ],
)
def test_a_participant_who_is_told_nothing_is_told_of(person: Person | None, reason: str | None) -> None:
    made = directory(make_schedule("user:ana", "user:dee"), make_escalation(make_rule(0, "user:dee"), name="x"))
    made = replace(made, people={**made.people, **({"dee": person} if person else {})})

    told = found(made, Code.TOLD_NOTHING)

    assert [it.facts["reason"] for it in told] == ([reason] * 2 if reason else [])


# Rest


def turns(*hours: tuple[int, int]) -> list[tuple[datetime, datetime]]:
    return [(START + since * HOUR, START + until * HOUR) for since, until in hours]


@pytest.mark.parametrize(
    ("spans", "rest"),
    [
        (turns((0, 8), (24, 32), (48, 56)), None),  # office hours
        (turns((0, 3), (4, 8), (24, 27), (28, 32)), None),  # the same with a break
        (turns((0, 14), (24, 38), (48, 62)), 10),
        (turns((0, 13), (24, 37), (48, 61)), None),  # eleven hours
        (turns((0, 30), (35, 45)), 5),
        (turns((0, 168), (336, 504)), None),  # whole weeks
        ([], None),
    ],
)
def test_turns_with_less_than_eleven_hours_of_rest_in_a_day_are_told(
    spans: list[tuple[datetime, datetime]], rest: int | None
) -> None:
    told = too_little_rest(spans, START)

    assert (told[1] // HOUR if told else None) == rest


def test_who_is_on_call_in_two_schedules_has_the_rest_of_both() -> None:
    def of(name: str, *who: str, start: int) -> Schedule:
        people = tuple(map(participant, who))
        rotation = Rotation(name, name, people, START + start * HOUR, None, RotationKind.HOURLY, 12)
        return Schedule(name, name, UTC, True, (rotation,))

    one = of("one", "user:ana", "user:bo", start=0)
    other = of("other", "user:cy", "user:ana", start=6)

    [ana] = [it for it in found(directory(one, other), Code.LITTLE_REST) if it.object_id == "ana"]

    assert ana.severity is Severity.HINT
    assert ana.facts["rest"] < 11 * HOUR
    assert found(directory(one), Code.LITTLE_REST) == []


def test_turns_of_more_than_a_week_without_a_break_are_told_and_those_of_a_week_are_not() -> None:
    weekly = make_schedule("user:ana", "user:bo")
    fortnightly = replace(weekly, rotations=(replace(weekly.rotations[0], length=2),))

    assert {it.object_id for it in found(directory(fortnightly), Code.LONG_DUTY)} == {"ana", "bo"}
    away = (forwarding("ana", "cy", -24, 24 * 40), forwarding("bo", "dee", -24, 24 * 40))  # dee is told nothing
    forwarded = replace(directory(fortnightly, suspended=("dee",)), forwardings=away)
    assert {it.object_id for it in found(forwarded, Code.LONG_DUTY)} == {"cy", "bo"}
    assert found(directory(weekly), Code.LONG_DUTY) == []


# All together


def a_mess() -> Snapshot:
    """Nearly everything at once."""
    schedule = limited(make_schedule("user:ana"), OFFICE)
    schedule = replace(schedule, overrides=(override("bo", 1, 4), override("dee", 3, 4, created=1)))
    long = make_schedule("user:cy", name="long")
    off = replace(make_schedule("user:ana", "user:bo", name="off"), enabled=False)
    night = make_escalation(
        make_rule(0, "schedule:main"), make_rule(5, "schedule:main", position=1, notify_type=NotifyType.NEXT),
        make_rule(9, "schedule:off", position=2),
    )  # fmt: skip
    day = make_escalation(make_rule(0, "escalation:day"), name="day")
    empty = make_escalation(name="empty")
    rules = (
        routing(Criteria()), routing(each(PROD), 1),
        routing(each(P1), 2),
        replace(make_route("schedule:gone", position=3, is_default=False)), make_route("none", position=9),
    )  # fmt: skip
    made = directory(
        schedule, long, off, night, day, empty, replace(make_team("ana", "bo", "cy"), routing_rules=rules),
        suspended=("dee",),
    )  # fmt: skip
    forwards = (
        forwarding("ana", "bo"), forwarding("bo", "cy"), forwarding("cy", "ana"), forwarding("ana", "dee", 9),
    )  # fmt: skip
    snapshot = make_snapshot(replace(made, forwardings=forwards), bo=[], cy=contacts_of("cy", "email"))
    return replace(snapshot, rules={"ana": ()})


def test_findings_come_gravest_first_and_each_once() -> None:
    told = lint(a_mess(), START)

    assert [it.severity for it in told] == sorted((it.severity for it in told), key=list(Severity).index)
    assert len({repr(it) for it in told}) == len(told)
    assert lint(a_mess(), START) == told


def test_a_team_is_shown_what_is_its_own_and_its_members() -> None:
    snapshot, places = a_mess(), Places({"main": "ops", "long": "other"}, {"night": "ops", "day": "other"})
    told = lint(snapshot, START)

    own = of_team(told, "ops", snapshot.directory, places)

    names = {(it.object_type, it.object_id) for it in own}
    assert {(ObjectType.SCHEDULE, "main"), (ObjectType.ESCALATION, "night"), (ObjectType.USER, "bo")} <= names
    assert {ObjectType.ROUTING_RULE, ObjectType.FORWARDING} <= {kind for kind, _ in names}
    assert not {"long", "day", "off", "empty"} & {ident for _, ident in names}
    assert of_team(told, "gone", snapshot.directory, places) == []


def test_every_code_is_documented_with_its_severities() -> None:
    table = dict(re.findall(r"^[|] `([a-z-]+)` [|] ([a-z, ]+) [|]", DOCUMENTED.read_text(), re.MULTILINE))

    assert table.keys() == {code.value for code in Code}
    for it in lint(a_mess(), START):
        assert it.severity in table[it.code].split(", ")


@pytest.mark.parametrize("locale", LOCALES)
def test_each_finding_says_what_it_is_and_costs_in_a_sentence_each_and_where_it_is_mended(locale: str) -> None:
    snapshot = a_mess()
    places = Places({"main": "ops"}, {"night": "ops"})
    reader = Reader(snapshot.directory, locale, UTC, {"ana": "Ana Nowak"}, places=places)
    told = lint(snapshot, START)

    said = [say(it, reader) for it in told]

    assert {it.code for it in told} >= {*Code} - {
        Code.LITTLE_REST,
        Code.ESCALATION_ENDS_WITH_NOBODY,
        Code.FORWARDING_RESTS,
    }
    for it in said:
        for text in (it.sentence, it.cost):
            assert text[0].isupper() or text.split()[0].endswith("@example.com")
            assert text.endswith(".")
            assert "%(" not in text
            assert "None" not in text
        assert it.link.startswith("/")


def test_a_gap_is_told_in_the_reader_s_hours_with_the_total() -> None:
    snapshot = make_snapshot(directory(*good(limited(make_schedule("user:ana", "user:bo"), OFFICE))))
    [gap] = found(snapshot, Code.COVERAGE_GAP)

    said = say(gap, Reader(snapshot.directory, "en", ZoneInfo("Europe/Warsaw")))

    assert said.sentence == (
        "Nobody is on call in Main from 2 Nov 2026, 17:00 to 3 Nov 2026, 09:00, from 3 Nov 2026, 17:00 to 4 Nov 2026, "
        "09:00, from 4 Nov 2026, 17:00 to 5 Nov 2026, 09:00, 25 times more: 18 d 16 h in the next 28 days."
    )
    assert said.cost == "An alert that comes then by the escalation Night waits for the rules that name others."
    assert said.link == "/schedules/main"


def test_the_horizon_is_four_weeks() -> None:
    beyond = replace(make_schedule("user:ana", "user:bo"), overrides=(override(None, 28 * 24, 5),))

    assert timedelta(days=28) == HORIZON
    assert found(directory(*good(beyond)), Code.COVERAGE_GAP) == []
