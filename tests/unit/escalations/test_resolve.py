from datetime import timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.escalations.makers import (
    START,
    WEEK,
    after,
    make_directory,
    make_escalation,
    make_rule,
    make_schedule,
    make_team,
    recipient,
)

from tocsin.alerts.facts import UNREAD
from tocsin.escalations.directory import Directory
from tocsin.escalations.escalation import Escalation, NotifyType, Tell
from tocsin.escalations.reason import Reason, ReasonKind, as_json, from_json
from tocsin.escalations.resolve import (
    NobodyReason,
    Resolution,
    merge,
    pick,
    resolve,
    resolve_responders,
    resolve_rule,
    start_path,
)
from tocsin.escalations.routing import RoutedTo, route
from tocsin.schedules.on_call import Schedule, on_call_at, on_call_next, on_call_previous
from tocsin.schedules.overrides import Override
from tocsin.schedules.rotation import ParticipantKind

USERS = ["ana", "bo", "cy", "dee", "suspended", "gone"]


def told(who: str, directory: Directory, how: NotifyType = NotifyType.DEFAULT, seed: str = "") -> Resolution:
    return resolve(recipient(who), how, directory, START, seed=seed)


def people(resolution: Resolution) -> list[str]:
    return [person.user_id for person in resolution.people]


def dead_ends(resolution: Resolution) -> list[NobodyReason]:
    return [nobody.reason for nobody in resolution.nobody]


def test_a_user_is_told() -> None:
    [ana] = told("user:ana", make_directory()).people

    assert (ana.user_id, ana.username, ana.path) == ("ana", "ana@example.com", ())


def test_the_person_on_call_is_told_with_the_shift_that_decided() -> None:
    [bo] = told("schedule:main", make_directory(make_schedule("user:ana", "user:bo"))).people

    [reason] = bo.path
    assert bo.user_id == "bo"
    assert (reason.kind, reason.id, reason.name) == (ReasonKind.SCHEDULE, "main", "Main")
    assert (reason.rotation, reason.override, reason.notify_type) == ("Weekly", None, NotifyType.DEFAULT)
    assert (reason.shift_starts_at, reason.shift_ends_at) == (START, START + WEEK)


def test_an_override_is_named_in_the_path() -> None:
    override = Override("swap", "cy", after(-10), after(10), after(-60))

    [cy] = told("schedule:main", make_directory(make_schedule("user:ana", overrides=(override,)))).people

    assert (cy.user_id, cy.path[0].override, cy.path[0].shift_ends_at) == ("cy", "swap", after(10))


def test_what_is_for_a_person_reaches_whom_they_forward_to_with_each_step_in_the_path() -> None:
    directory = make_directory(make_schedule("user:ana"), forwards=(("ana", "bo"), ("bo", "cy")))

    [cy] = told("schedule:main", directory).people

    assert (cy.user_id, [(it.kind, it.name) for it in cy.path[1:]]) == (
        "cy",
        [(ReasonKind.FORWARDING, "ana@example.com"), (ReasonKind.FORWARDING, "bo@example.com")],
    )
    assert cy.path[1].shift_ends_at == after(60)
    assert from_json(as_json(cy.path)) == cy.path


def test_two_ways_that_end_at_one_person_tell_once() -> None:
    directory = make_directory(make_team("ana", "bo"), forwards=(("ana", "bo"),))

    assert people(told("team:ops", directory, NotifyType.ALL)) == ["bo"]


def test_a_forwarding_to_somebody_who_is_told_nothing_rests() -> None:
    directory = make_directory(suspended=("dee",), forwards=(("ana", "dee"), ("bo", "gone")))

    assert people(told("user:ana", directory)) == ["ana"]
    assert people(told("user:bo", directory)) == ["bo"]


def test_a_suspended_person_may_be_stood_in_for() -> None:
    assert people(told("user:dee", make_directory(suspended=("dee",), forwards=(("dee", "ana"),)))) == ["ana"]


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        (NotifyType.DEFAULT, "bo"),
        (NotifyType.NEXT, "cy"),
        (NotifyType.PREVIOUS, "ana"),
        (NotifyType.ALL, "bo"),  # means something to teams only
    ],
)
def test_next_and_previous_are_the_neighbours_of_the_person_on_call(how: NotifyType, expected: str) -> None:
    directory = make_directory(make_schedule("user:ana", "user:bo", "user:cy"))

    assert people(told("schedule:main", directory, how)) == [expected]


def test_a_team_goes_where_its_routing_rule_says() -> None:
    schedule, team = make_schedule("user:ana"), make_team("bo", to="schedule:main")

    [ana] = told("team:ops", make_directory(schedule, team)).people

    assert ana.user_id == "ana"
    assert [reason.kind for reason in ana.path] == [ReasonKind.TEAM, ReasonKind.ROUTING_RULE, ReasonKind.SCHEDULE]


def test_an_escalation_starts_a_run_that_remembers_the_way() -> None:
    directory = make_directory(make_team("bo", to="escalation:night"), make_escalation(make_rule(0)))

    [run] = told("team:ops", directory).runs

    assert run.escalation_id == "night"
    assert [reason.kind for reason in run.path] == [ReasonKind.TEAM, ReasonKind.ROUTING_RULE, ReasonKind.ESCALATION]


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        (NotifyType.ALL, ["ana", "bo", "cy"]),
        (NotifyType.ADMINS, ["ana"]),
        (NotifyType.USERS, ["bo", "cy"]),
    ],
)
def test_a_rule_may_name_all_of_a_team_or_some(how: NotifyType, expected: list[str]) -> None:
    team = make_team("ana!", "bo", "cy", to="none")

    assert people(told("team:ops", make_directory(team), how)) == expected


def test_the_last_step_of_a_teams_own_escalation_may_tell_the_whole_team() -> None:
    rule = make_rule(10, "team:ops", notify_type=NotifyType.ALL)
    escalation = make_escalation(rule)
    directory = make_directory(escalation, make_team("ana", "bo", to="escalation:night"))
    [run] = told("team:ops", directory).runs

    found = resolve_rule(escalation, Tell(rule, 0, after(10)), directory, after(10), run.path, "")

    assert people(found) == ["ana", "bo"]
    step = found.people[0].path[3]
    assert (step.kind, step.position, step.round, step.delay) == (ReasonKind.RULE, 0, 0, timedelta(minutes=10))


def test_a_random_member_is_one_who_can_be_told_and_the_seed_decides_which() -> None:
    directory = make_directory(make_team("ana", "bo", "cy", "dee"), suspended=("dee",))
    random = partial(told, "team:ops", directory, NotifyType.RANDOM)

    picks = [people(random(seed=str(number))) for number in range(60)]

    assert {tuple(pick) for pick in picks} == {("ana",), ("bo",), ("cy",)}
    assert picks == [people(random(seed=str(number))) for number in range(60)]


def test_a_random_member_of_a_suspended_team_is_nobody() -> None:
    directory = make_directory(make_team("dee"), suspended=("dee",))

    assert dead_ends(told("team:ops", directory, NotifyType.RANDOM)) == [NobodyReason.SUSPENDED]


def test_a_team_on_duty_is_opened_to_all_its_members() -> None:
    directory = make_directory(make_schedule("team:ops"), make_team("ana!", "bo", to="schedule:main"))

    assert people(told("schedule:main", directory)) == ["ana", "bo"]
    assert people(told("team:ops", directory)) == ["ana", "bo"]


def test_an_escalation_on_duty_is_everyone_its_rules_name_at_any_delay() -> None:
    directory = make_directory(
        make_schedule("escalation:night"),
        make_schedule("user:cy", name="other"),
        make_team("bo!", "dee"),
        make_escalation(
            make_rule(30, "team:ops", notify_type=NotifyType.ADMINS),
            make_rule(0, "user:ana"),
            make_rule(60, "schedule:other"),
            make_rule(90, "user:ana"),
        ),
        people=("ana", "bo", "cy", "dee"),
    )

    found = told("schedule:main", directory)

    assert people(found) == ["ana", "bo", "cy"]
    assert found.people[0].path[-1].delay == timedelta(0)  # by the way found first
    assert not found.runs
    assert not found.nobody


def test_a_circle_adds_nobody_and_is_said_so() -> None:
    one = make_escalation(make_rule(0, "schedule:two"), make_rule(0, "user:ana"), name="one")
    directory = make_directory(one, make_schedule("escalation:one", name="two"))

    found = told("schedule:two", directory)

    assert people(found) == ["ana"]
    assert dead_ends(found) == [NobodyReason.CIRCLE]


def test_a_team_or_escalation_already_on_the_way_tells_nobody_more() -> None:
    rule = make_rule(0, "team:ops")
    escalation = make_escalation(rule)
    directory = make_directory(escalation, make_team("ana", to="escalation:night"))
    tell = Tell(rule, 0, START)
    [run] = told("team:ops", directory).runs

    by_team = resolve_rule(escalation, tell, directory, START, run.path, "")
    by_escalation = resolve_rule(escalation, tell, directory, START, start_path(escalation), "")

    assert dead_ends(by_team) == dead_ends(by_escalation) == [NobodyReason.CIRCLE]
    assert by_team.runs == by_escalation.runs == ()


def test_a_team_already_on_the_way_tells_nobody_more_wherever_it_would_go_now() -> None:
    directory = make_directory(make_team("ana", to="schedule:main"), make_schedule("user:ana"))
    way = (Reason(ReasonKind.TEAM, "ops", "Ops"),)

    found = resolve(recipient("team:ops"), NotifyType.DEFAULT, directory, START, way)

    assert (people(found), dead_ends(found)) == ([], [NobodyReason.CIRCLE])


SILENCES = {
    "a gap in the schedule": ("schedule:main", make_directory(make_schedule()), NobodyReason.NOBODY_ON_CALL),
    "a turn of nobody": ("schedule:main", make_directory(make_schedule("none")), NobodyReason.NOBODY_ON_CALL),
    "a disabled schedule": (
        "schedule:main",
        make_directory(make_schedule("user:ana", enabled=False)),
        NobodyReason.SCHEDULE_DISABLED,
    ),
    "a suspended person": ("user:dee", make_directory(suspended=("dee",)), NobodyReason.SUSPENDED),
    "an empty team on duty": (
        "schedule:main",
        make_directory(make_schedule("team:ops"), make_team()),
        NobodyReason.EMPTY_TEAM,
    ),
    "routing to none": ("team:ops", make_directory(make_team("ana", to="none")), NobodyReason.ROUTED_NOWHERE),
    "a team without a routing rule": ("team:ops", make_directory(make_team("ana")), NobodyReason.UNROUTED),
    "a person who is gone": ("user:eve", make_directory(), NobodyReason.MISSING),
    "a team that is gone": ("team:eve", make_directory(), NobodyReason.MISSING),
    "a schedule that is gone": ("schedule:eve", make_directory(), NobodyReason.MISSING),
    "an escalation without rules": (
        "escalation:night",
        make_directory(make_escalation()),
        NobodyReason.EMPTY_ESCALATION,
    ),
    "an escalation without rules on duty": (
        "schedule:main",
        make_directory(make_schedule("escalation:night"), make_escalation()),
        NobodyReason.EMPTY_ESCALATION,
    ),
    "an escalation that is gone": ("escalation:eve", make_directory(), NobodyReason.MISSING),
}
ASKED_FOR = {"a disabled schedule", "routing to none"}


@pytest.mark.parametrize("silence", SILENCES)
def test_silence_has_its_reason_and_wakes_the_last_resort_unless_asked_for(silence: str) -> None:
    who, directory, reason = SILENCES[silence]

    found = told(who, directory)

    assert (people(found), found.runs, dead_ends(found)) == ([], (), [reason])
    assert found.nobody[0].asked_for == (silence in ASKED_FOR)
    assert found.needs_last_resort == (silence not in ASKED_FOR)


def test_a_team_without_administrators_says_so() -> None:
    found = told("team:ops", make_directory(make_team("ana")), NotifyType.ADMINS)

    assert dead_ends(found) == [NobodyReason.NO_SUCH_MEMBER]
    assert found.needs_last_resort


def test_an_override_by_nobody_is_named_as_the_cause_of_the_gap() -> None:
    override = Override("off", None, after(-10), after(10), after(-60))

    [nobody] = told("schedule:main", make_directory(make_schedule("user:ana", overrides=(override,)))).nobody

    assert nobody.path[-1].override == "off"
    assert not nobody.asked_for


def test_an_alert_without_responders_asked_for_silence() -> None:
    found = resolve_responders([], make_directory(), START)

    assert dead_ends(found) == [NobodyReason.NO_RESPONDERS]
    assert not found.needs_last_resort


def test_one_who_is_told_keeps_the_last_resort_asleep() -> None:
    directory = make_directory(suspended=("dee",))

    found = resolve_responders([recipient("user:dee"), recipient("user:ana")], directory, START)

    assert (people(found), dead_ends(found)) == (["ana"], [NobodyReason.SUSPENDED])
    assert not found.needs_last_resort


def test_an_escalation_that_starts_keeps_the_last_resort_asleep() -> None:
    directory = make_directory(make_escalation(make_rule(0)), suspended=("dee",))

    found = resolve_responders([recipient("user:dee"), recipient("escalation:night")], directory, START)

    assert not found.needs_last_resort


def test_each_person_and_each_escalation_comes_once_by_the_first_way() -> None:
    directory = make_directory(
        make_schedule("user:ana", "user:ana"),
        make_team("ana", "bo", to="escalation:night"),
        make_escalation(make_rule(0)),
    )
    ways = ["user:ana", "schedule:main", "team:ops", "escalation:night"]

    found = resolve_responders(map(recipient, ways), directory, START)

    assert people(found) == ["ana"]
    assert found.people[0].path == ()
    assert [(run.escalation_id, len(run.path)) for run in found.runs] == [("night", 3)]


def test_a_path_survives_its_journey_through_a_json_column() -> None:
    everything = Reason(
        ReasonKind.SCHEDULE, "s", "S", 1, 0, timedelta(minutes=5), NotifyType.NEXT, "R", START, after(5), "o", "admin"
    )
    path = (Reason(ReasonKind.TEAM, "t", "T"), everything)

    stored = as_json(path)

    assert stored[0] == {"kind": "team", "id": "t", "name": "T"}
    assert from_json(stored) == path


@given(seed=st.text(max_size=20), count=st.integers(1, 50))
def test_a_pick_is_one_of_the_count(seed: str, count: int) -> None:
    assert 0 <= pick(seed, count) < count


names = st.sampled_from(["x", "y", "z"])
whoever = st.builds("{}:{}".format, st.sampled_from(["user"]), st.sampled_from(USERS))
on_duty = whoever | st.just("none") | st.builds("{}:{}".format, st.sampled_from(["team", "escalation"]), names)
named = whoever | st.builds("{}:{}".format, st.sampled_from(["team", "schedule", "escalation"]), names)
destinations = st.just("none") | st.builds("{}:{}".format, st.sampled_from(["schedule", "escalation"]), names)
how_told = st.sampled_from([how for how in NotifyType if how is not NotifyType.RANDOM])


@st.composite
def directories(draw: st.DrawFn) -> Directory:
    """Three teams, schedules and escalations that refer to one another in any way, circles included."""
    things: list[Schedule | Escalation] = []
    for name in ("x", "y"):
        things.append(make_schedule(*draw(st.lists(on_duty, max_size=3)), name=name, enabled=draw(st.booleans())))
        rules = draw(st.lists(st.tuples(named, how_told), max_size=3))
        made = (make_rule(at, who, position=at, notify_type=how) for at, (who, how) in enumerate(rules))
        things.append(make_escalation(*made, name=name))
    teams = [
        make_team(
            *draw(st.lists(st.sampled_from([*USERS, "ana!"]), max_size=3, unique_by=lambda it: it.rstrip("!"))),
            name=name,
            to=draw(st.none() | destinations),
        )
        for name in ("x", "y")
    ]
    return make_directory(*things, *teams, people=("ana", "bo", "cy", "dee"), suspended=("suspended",))


def reachable(who: str, how: NotifyType, directory: Directory, way: tuple[str, ...], opens: bool) -> set[str]:
    """Everybody that a recipient means, by following every way to its end; runs appear as `run:x`."""
    kind, _, name = who.partition(":")
    if kind == "user":
        return {name} & {"ana", "bo", "cy", "dee"}
    if kind == "schedule" and name in directory.schedules:
        schedule = directory.schedules[name]
        look = {NotifyType.NEXT: on_call_next, NotifyType.PREVIOUS: on_call_previous}.get(how, on_call_at)
        ways = [
            reachable(f"{it.participant.kind}:{it.participant.id}", NotifyType.ALL, directory, way, True)
            for it in look(schedule, START)
            if it.participant.kind is not ParticipantKind.NONE
        ]
        return set().union(*ways)
    if kind == "escalation" and name in directory.escalations and who not in way:
        if not opens:
            return {f"run:{name}"} if directory.escalations[name].rules else set()
        rules = directory.escalations[name].rules
        ways = [
            reachable(f"{it.recipient.kind}:{it.recipient.id}", it.notify_type, directory, (*way, who), True)
            for it in rules
        ]
        return set().union(*ways)
    if kind == "team" and name in directory.teams:
        team = directory.teams[name]
        if opens or how in {NotifyType.ALL, NotifyType.USERS, NotifyType.ADMINS}:
            role = {NotifyType.USERS: "user", NotifyType.ADMINS: "admin"}.get(how)
            return {it.user_id for it in team.members if role in {None, it.role}} & {"ana", "bo", "cy", "dee"}
        routed = route(team.routing_rules, UNREAD, START)
        if who not in way and isinstance(routed, RoutedTo):
            to = f"{routed.recipient.kind}:{routed.recipient.id}"
            return reachable(to, NotifyType.DEFAULT, directory, (*way, who), False)
    return set()


@given(directory=directories(), who=named, how=how_told)
def test_everybody_meant_is_told_once_or_the_silence_has_a_reason(
    directory: Directory, who: str, how: NotifyType
) -> None:
    found = told(who, directory, how)

    told_or_run = [*people(found), *(f"run:{run.escalation_id}" for run in found.runs)]
    assert sorted(told_or_run) == sorted(reachable(who, how, directory, (), False))
    assert told_or_run or found.nobody
    for run in found.runs:
        again = resolve(recipient(f"escalation:{run.escalation_id}"), how, directory, START, run.path)
        assert dead_ends(again) == [NobodyReason.CIRCLE]


@given(directory=directories(), one=named, other=named)
def test_merging_loses_nobody(directory: Directory, one: str, other: str) -> None:
    apart = told(one, directory), told(other, directory)

    together = merge(apart)

    assert set(people(together)) == {name for it in apart for name in people(it)}
    assert len(people(together)) == len(set(people(together)))
    assert len(together.nobody) == sum(len(it.nobody) for it in apart)
