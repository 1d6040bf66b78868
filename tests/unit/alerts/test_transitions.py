"""What an action makes of an alert."""

from datetime import datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from tests.support.alerts import make_alert
from tests.support.makers import START

from tocsin.accounts.directory import Entry
from tocsin.alerts import transitions
from tocsin.alerts.model import Alert, AlertStatus
from tocsin.alerts.transitions import Change, Refusal

LATER = START + timedelta(minutes=5)
TEAM = Entry(1, "team", UUID(int=7), "infra", "infra")
ANA = Entry(1, "user", UUID(int=8), "ana@example.com", "Ana")


def changed(decision: Change | Refusal) -> Alert:
    assert isinstance(decision, Change), decision
    return decision.alert


def test_the_first_to_acknowledge_becomes_the_owner_unless_there_is_one() -> None:
    free, owned = make_alert(), make_alert(owner="bo")

    assert changed(transitions.acknowledge(free, "ana", "ana", LATER)).owner == "ana"
    assert changed(transitions.acknowledge(owned, "ana", "ana", LATER)).owner == "bo"
    assert changed(transitions.acknowledge(free, "Alert API", "", LATER)).owner == ""


def test_an_acknowledgement_that_was_taken_back_stays_known() -> None:
    acknowledged = changed(transitions.acknowledge(make_alert(), "ana", "ana", LATER))
    after = changed(transitions.unacknowledge(acknowledged, LATER + timedelta(minutes=1)))

    assert not after.acknowledged
    assert (after.acknowledged_at, after.acknowledged_by) == (LATER, "ana")


def test_a_snooze_ends_with_closing_taking_the_acknowledgement_back_or_escalating() -> None:
    snoozed = changed(transitions.snooze(make_alert(), LATER + timedelta(hours=1), "ana", "ana", LATER))

    assert snoozed.is_snoozed(LATER)
    assert not snoozed.is_snoozed(LATER + timedelta(hours=1))
    for decision in (
        transitions.close(snoozed, "ana", LATER),
        transitions.unacknowledge(snoozed, LATER),
        transitions.escalate(snoozed, TEAM, LATER),
        transitions.delete(snoozed, LATER),
    ):
        assert changed(decision).snoozed_until is None


def test_snoozing_an_acknowledged_alert_keeps_its_acknowledgement() -> None:
    acknowledged = changed(transitions.acknowledge(make_alert(), "ana", "ana", LATER))
    snoozed = changed(transitions.snooze(acknowledged, START + timedelta(days=1), "bo", "bo", START))

    assert (snoozed.acknowledged_by, snoozed.acknowledged_at, snoozed.owner) == ("ana", LATER, "ana")


def test_an_alert_has_at_most_fifty_responders() -> None:
    full = make_alert(responders=[{"type": "team", "id": str(UUID(int=n))} for n in range(100, 150)])

    assert isinstance(transitions.add_responder(full, TEAM, LATER), Refusal)


def test_what_is_too_long_already_is_not_cut_by_adding_to_it() -> None:
    tagged = make_alert(tags=[f"t{number}" for number in range(30)])

    assert transitions.add_tags(tagged, ["new"], LATER).alert == tagged


def test_added_details_are_cut_where_all_of_them_together_are_too_long() -> None:
    after = transitions.add_details(make_alert(details={"a": "x" * 7990}), {"b": "y" * 100}, LATER).alert

    assert after.details == {"a": "x" * 7990, "b": "y" * 8}


def every_action(alert: Alert, at: datetime) -> list[Change | Refusal]:
    return [
        transitions.acknowledge(alert, "ana", "ana", at),
        transitions.unacknowledge(alert, at),
        transitions.close(alert, "ana", at),
        transitions.delete(alert, at),
        transitions.snooze(alert, at + timedelta(hours=1), "ana", "ana", at),
        transitions.escalate(alert, TEAM, at),
        transitions.add_responder(alert, TEAM, at),
        transitions.assign(alert, ANA, at),
        transitions.execute(alert, "reboot", at),
        transitions.add_tags(alert, ["new"], at),
        transitions.remove_tags(alert, ["old"], at),
        transitions.add_details(alert, {"new": "x"}, at),
        transitions.remove_details(alert, ["old"], at),
        transitions.set_message(alert, "new", at),
        transitions.set_description(alert, "new", at),
        transitions.set_priority(alert, 1, at),
    ]


@given(st.lists(st.integers(0, 15), max_size=12))
def test_whatever_is_done_in_whatever_order_an_alert_stays_whole(steps: list[int]) -> None:
    alert, at = make_alert(tags=["old"], details={"old": "x"}, actions=["reboot"]), START
    for step in steps:
        at += timedelta(minutes=1)
        decision = every_action(alert, at)[step]
        if isinstance(decision, Refusal):
            assert decision.status
            continue
        after = decision.alert
        assert bool(decision.entries) == (after != alert)
        assert (after.updated_at == at) == (after != alert)
        identity = ("account_id", "id", "tiny_id", "alias", "created_at", "count")
        assert all(getattr(after, name) == getattr(alert, name) for name in identity)
        if after.status is not AlertStatus.OPEN:
            assert after.snoozed_until is None
        if after.acknowledged:
            assert after.acknowledged_at is not None
            assert after.acknowledged_by
        if after.status is AlertStatus.CLOSED:
            assert after.closed_at is not None
            assert after.closed_by
        alert = after
