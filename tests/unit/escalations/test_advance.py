from collections.abc import Collection
from dataclasses import replace

from tests.unit.escalations.makers import (
    START,
    after,
    make_directory,
    make_escalation,
    make_repeat,
    make_rule,
    make_schedule,
    make_team,
    recipient,
)

from tocsin.alerts.facts import AlertFacts
from tocsin.escalations.advance import Outcome, Run, advance, needs_last_resort, plan_tellings
from tocsin.escalations.directory import Directory
from tocsin.escalations.escalation import begin
from tocsin.escalations.resolve import NobodyReason
from tocsin.escalations.snapshot import Snapshot

UNTOUCHED = AlertFacts()


def make_run(responder: str = "escalation:night") -> Run:
    return Run(1, 7, "alert", recipient(responder), None, (), START, begin(START))


def make_snapshot(directory: Directory) -> Snapshot:
    return Snapshot(1, directory, {}, {}, ())


def run_to(minute: int, run: Run, directory: Directory, alert: AlertFacts, running: Collection[str] = ()) -> Outcome:
    return advance(run, alert, make_snapshot(directory), running, after(minute))


def told(outcome: Outcome) -> list[str]:
    return [telling.user_id for telling in outcome.tellings]


def test_a_run_that_starts_another_tells_its_first_step_at_the_same_instant() -> None:
    directory = make_directory(make_team("bo", to="escalation:night"), make_escalation(make_rule(0), make_rule(5)))

    outcome = run_to(0, make_run("team:ops"), directory, UNTOUCHED)

    assert told(outcome) == ["ana"]
    assert [(run.escalation_id, due_at) for run, due_at in outcome.runs] == [("night", after(5))]


def test_an_escalation_that_runs_for_the_alert_already_is_not_started_again() -> None:
    directory = make_directory(make_team("bo", to="escalation:night"), make_escalation(make_rule(0)))

    outcome = run_to(0, make_run("team:ops"), directory, UNTOUCHED, running={"night"})

    assert told(outcome) == []
    assert [due_at for _, due_at in outcome.runs] == [None]


def test_an_acknowledgement_taken_back_does_not_stop_a_run_that_begins_at_that_instant() -> None:
    parent = make_escalation(make_rule(0, "team:ops"), repeat=make_repeat(10, 1, resets=True), name="parent")
    directory = make_directory(parent, make_team("bo", to="escalation:night"), make_escalation(make_rule(0)))
    begun = run_to(0, make_run("escalation:parent"), directory, UNTOUCHED)
    [going_on] = [run for run, due_at in begun.runs if due_at is not None]
    acknowledged = AlertFacts(acknowledged=True, last_acknowledged_at=after(5))

    outcome = run_to(10, going_on, directory, acknowledged)

    assert outcome.unacknowledges
    assert told(begun) == told(outcome) == ["ana"]


def test_a_responder_is_not_told_of_what_was_acknowledged_since_it_was_named() -> None:
    acknowledged = AlertFacts(acknowledged=True, last_acknowledged_at=after(1))

    outcome = run_to(2, make_run("user:ana"), make_directory(), acknowledged)

    assert told(outcome) == []
    assert [entry.data["reason"] for entry in outcome.entries] == ["acknowledged"]


def test_a_gap_in_the_schedule_needs_the_last_resort_and_a_disabled_one_does_not() -> None:
    gap = run_to(0, make_run("schedule:main"), make_directory(make_schedule()), UNTOUCHED)
    disabled = make_schedule("user:ana", enabled=False)
    silence = run_to(0, make_run("schedule:main"), make_directory(disabled), UNTOUCHED)

    assert [it.reason for it in gap.dead_ends] == [NobodyReason.NOBODY_ON_CALL]
    assert needs_last_resort([], gap.dead_ends)
    assert [it.reason for it in silence.dead_ends] == [NobodyReason.SCHEDULE_DISABLED]
    assert not needs_last_resort([], silence.dead_ends)


def test_a_person_without_a_notification_rule_needs_the_last_resort() -> None:
    directory = make_directory()
    outcome = run_to(0, make_run("user:ana"), directory, UNTOUCHED)

    planned = plan_tellings(outcome.tellings, (), make_snapshot(directory), START)

    assert needs_last_resort(planned, outcome.dead_ends)


def test_r3_4_whoever_is_over_the_plans_limit_is_passed_over_at_once() -> None:
    rules = make_escalation(make_rule(0, "user:ana"), make_rule(10, "user:bo"), make_rule(20, "user:cy"))
    directory = over_limit(make_directory(rules), "ana")

    outcome = run_to(0, make_run(), directory, UNTOUCHED)

    assert told(outcome) == ["bo"]
    assert [(it.reason, it.name) for it in outcome.dead_ends] == [(NobodyReason.PLAN_LIMIT, "ana@example.com")]
    assert [due_at for _, due_at in outcome.runs] == [after(20)]


def test_r3_4_where_everybody_is_over_the_limit_the_last_resort_follows_at_once() -> None:
    directory = make_directory(make_escalation(make_rule(0, "user:ana"), make_rule(10, "user:bo")))

    outcome = run_to(0, make_run(), over_limit(directory, "ana", "bo"), UNTOUCHED)

    assert told(outcome) == []
    assert needs_last_resort([], outcome.dead_ends)
    assert [due_at for _, due_at in outcome.runs] == [None]


def test_r3_4_a_schedule_that_the_plan_does_not_include_tells_nobody_and_says_so() -> None:
    directory = make_directory(
        make_schedule("user:bo"), make_escalation(make_rule(0, "schedule:main"), make_rule(5, "user:cy"))
    )

    outcome = run_to(0, make_run(), replace(directory, inactive=frozenset({"main"})), UNTOUCHED)

    assert told(outcome) == ["cy"]
    assert [it.reason for it in outcome.dead_ends] == [NobodyReason.PLAN_LIMIT]


def over_limit(directory: Directory, *user_ids: str) -> Directory:
    people = {id_: replace(it, over_limit=id_ in user_ids) for id_, it in directory.people.items()}
    return replace(directory, people=people)
