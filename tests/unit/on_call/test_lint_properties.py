"""Lint against the slow and obvious way: every minute watched, every alert tried, every instant asked."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.escalations.makers import START, make_directory, make_escalation, make_rule, make_schedule, make_team
from tests.unit.schedules.makers import schedules
from tests.unit.schedules.oracle import watch

from tocsin.alerts.criteria import OPERATIONS, Condition, Criteria, CriteriaType, Field, Operation, matches
from tocsin.alerts.facts import AlertContent
from tocsin.escalations.directory import Directory
from tocsin.escalations.escalation import Escalation, NotifyType, Tell
from tocsin.escalations.resolve import resolve_rule, start_path
from tocsin.escalations.routing import RoutingRule, TargetKind
from tocsin.escalations.snapshot import Snapshot
from tocsin.on_call.lint.check import lint
from tocsin.on_call.lint.coverage import gaps
from tocsin.on_call.lint.findings import Code
from tocsin.on_call.lint.routing_rules import contradiction, covers
from tocsin.schedules.on_call import Schedule
from tocsin.schedules.overrides import Override
from tocsin.schedules.restrictions import Restriction, RestrictionKind, Window

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
SLOW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@given(schedules(), st.integers(-1000, 1000), st.integers(1, 2000))
@SLOW
def test_gaps_are_the_minutes_in_which_nobody_is_seen_on_call(
    made: tuple[Schedule, datetime], offset: int, minutes: int
) -> None:
    schedule, around = made
    start = around.replace(second=0, microsecond=0) + offset * MINUTE

    found = gaps(schedule, start, start + minutes * MINUTE)

    told = {minute for since, until in found for minute in range((since - start) // MINUTE, (until - start) // MINUTE)}
    seen = watch(schedule, (), start, minutes)
    assert told == {(at - start) // MINUTE for at, lanes in seen if not lanes}


WORDS = st.sampled_from(["a", "b", "ab", "ba", " a"])
FIELDS = [Field.SOURCE, Field.MESSAGE, Field.TAGS, Field.DETAILS, Field.EXTRA_PROPERTIES, Field.PRIORITY]


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    field = draw(st.sampled_from(FIELDS))
    operation = draw(st.sampled_from(OPERATIONS[field]))
    expected = draw(st.sampled_from(["P1", "P2", "P4", "P5"]) if field is Field.PRIORITY else WORDS)
    key = draw(st.sampled_from(["", "a", "b"])) if field is Field.EXTRA_PROPERTIES else ""
    return Condition(field, operation, "" if operation is Operation.IS_EMPTY else expected, draw(st.booleans()), key)


def criteria_of(*types: CriteriaType) -> st.SearchStrategy[Criteria]:
    made = st.lists(conditions(), min_size=1, max_size=3).map(tuple)
    return st.builds(Criteria, st.sampled_from(types), made)


TEXTS = st.sampled_from(["", "a", "b", "ab", "ba", "aab", " a"])
CONTENTS = st.builds(
    AlertContent,
    message=TEXTS,
    source=TEXTS,
    priority=st.integers(1, 5),
    tags=st.lists(WORDS, max_size=2).map(tuple),
    details=st.dictionaries(WORDS, TEXTS, max_size=2),
)
CRITERIA = criteria_of(CriteriaType.MATCH_EACH, CriteriaType.MATCH_ANY) | st.just(Criteria())


@given(criteria_of(CriteriaType.MATCH_EACH), st.lists(CONTENTS, min_size=20, max_size=20))
@settings(max_examples=400, deadline=None)
def test_no_alert_matches_conditions_that_are_said_to_contradict_each_other(
    criteria: Criteria, tried: list[AlertContent]
) -> None:
    if contradiction(criteria):
        assert not any(matches(criteria, content) for content in tried)


HOURS = st.none() | st.builds(
    Restriction,
    st.sampled_from(RestrictionKind),
    st.lists(
        st.builds(Window, st.integers(0, 3).map(lambda n: n * 6 * HOUR), st.integers(1, 4).map(lambda n: n * 6 * HOUR)),
        min_size=1, max_size=2,
    ).map(tuple),
)  # fmt: skip
RULES = st.builds(
    RoutingRule, st.just("r"), st.just("r"), st.just(0), st.just(False), st.just(TargetKind.NONE), st.none(), CRITERIA,
    HOURS,
)  # fmt: skip


@given(RULES, RULES, st.booleans(), st.lists(st.tuples(CONTENTS, st.integers(0, 336)), min_size=20, max_size=20))
@settings(max_examples=400, deadline=None)
def test_a_rule_that_is_said_to_cover_another_one_takes_whatever_that_takes(
    earlier: RoutingRule, later: RoutingRule, alike: bool, tried: list[tuple[AlertContent, int]]
) -> None:
    later = replace(later, criteria=earlier.criteria, restriction=earlier.restriction) if alike else later
    if alike:
        assert covers(earlier, later)
    if covers(earlier, later):
        for content, halves in tried:
            at = START + halves * HOUR / 2
            assert earlier.takes(content, at) or not later.takes(content, at)


PEOPLE = ["user:ana", "user:bo", "none", "team:ops"]
NOTIFY = st.sampled_from([NotifyType.DEFAULT, NotifyType.NEXT, NotifyType.PREVIOUS])


@st.composite
def escalations(draw: st.DrawFn) -> Directory:
    """An escalation of two or three steps over a schedule with overrides, a team and people, one of them suspended."""
    who = draw(st.lists(st.sampled_from([*PEOPLE, "user:dee"]), min_size=1, max_size=3))
    cover = tuple(
        Override(
            f"o{index}", draw(st.sampled_from(["ana", "bo", "dee", None])), START + start * HOUR,
            START + (start + draw(st.integers(1, 60))) * HOUR, START,
        )
        for index, start in enumerate(draw(st.lists(st.integers(-30, 200), max_size=3)))
    )  # fmt: skip
    recipients = st.sampled_from(["schedule:main", "user:ana", "user:bo", "user:dee", "team:ops"])
    rules = []
    for position in range(draw(st.integers(1, 3))):
        to = draw(recipients)
        kind = draw(NOTIFY) if to == "schedule:main" else NotifyType.ALL if to == "team:ops" else NotifyType.DEFAULT
        rules.append(make_rule(5 * position, to, position=position, notify_type=kind))
    members = draw(st.lists(st.sampled_from(["ana", "bo", "dee"]), max_size=2, unique=True))
    schedule = make_schedule(*who, overrides=cover)
    return make_directory(schedule, make_escalation(*rules), make_team(*members), suspended=("dee",))


def told(directory: Directory, escalation: Escalation, index: int, at: datetime) -> set[str]:
    rule = escalation.in_due_order()[index]
    found = resolve_rule(escalation, Tell(rule, 0, at), directory, at, start_path(escalation), "")
    return {person.user_id for person in found.people}


@given(escalations())
@SLOW
def test_what_is_said_of_an_escalation_s_steps_is_so_at_every_hour(directory: Directory) -> None:
    escalation = directory.escalations["night"]
    horizon = timedelta(days=9)
    steps = [
        [told(directory, escalation, index, START + hour * HOUR) for hour in range(9 * 24)]
        for index in range(len(escalation.rules))
    ]
    same = any(
        one == other and len(one) == 1
        for first, second in pairwise(steps) for one, other in zip(first, second, strict=True)
    )  # fmt: skip
    nobody = not any(one for step in steps for one in step)

    codes = {it.code for it in lint(Snapshot(1, directory, {}, {}, ()), START, horizon)}

    assert (Code.ESCALATION_TELLS_NOBODY in codes) == nobody
    assert (Code.FIRST_AND_SECOND in codes) == same
    assert (Code.ESCALATION_ENDS_WITH_NOBODY in codes) == (not nobody and not any(steps[-1]))
